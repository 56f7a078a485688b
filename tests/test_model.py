"""Models are values: they compare, hash, copy and pickle, and never change."""

import copy
import pickle
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async._model import Model
from ngrok_async._wire.read import decode
from ngrok_async.pagination import Page
from ngrok_async.resources._shared import Ref
from tools.contract.declared import models


@attrs.frozen(kw_only=True)
class Key(Model):
    """A model with a secret."""

    id: str
    owner: Ref | None = None
    made_at: datetime = datetime(2026, 11, 22, tzinfo=UTC)
    tags: tuple[str, ...] = ()
    token: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Labelled(Model):
    """A model with a field that cannot be hashed."""

    labels: Mapping[str, str] = attrs.field(factory=dict[str, str])


KEY = Key(
    id="ak_1",
    owner=Ref(id="usr_1", uri="u", extra={"name": "me"}),
    tags=("a",),
    token="secret",
    extra={"later": [1, {"deep": None}]},
)

COPIES: Mapping[str, Callable[[Key], Key]] = {
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "evolve": attrs.evolve,
    **{
        f"pickle {protocol}": lambda key, p=protocol: pickle.loads(pickle.dumps(key, p))  # noqa: S301
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_is_equal(copied: Callable[[Key], Key]) -> None:
    """Each way of copying keeps all fields, the secret and the unknown ones included."""
    other = copied(KEY)

    assert KEY == other
    assert hash(KEY) == hash(other)
    assert "secret" == other.token
    assert {"later": [1, {"deep": None}]} == other.extra
    assert other.owner is not None
    assert {"name": "me"} == other.owner.extra


class _Old:
    """Pickles as an older release did: without the fields that came later."""

    def __init__(self, kind: type[object], state: Mapping[str, object]) -> None:
        self.parts = kind, state

    def __reduce__(self) -> tuple[object, ...]:
        kind, state = self.parts
        return object.__new__, (kind,), state


STORED: Mapping[str, type[Any]] = {**models(), "Page": Page}


@pytest.mark.parametrize("kind", STORED.values(), ids=STORED)
@given(data=st.data())
@settings(max_examples=20)  # of each of a hundred models, and all are made by one mechanism
def test_a_pickle_from_before_a_field_existed_gets_the_default(
    kind: type[Any], data: st.DataObject
) -> None:
    """Caches outlive releases; what a field means when it is absent does not depend on that."""
    fields = attrs.fields(kind)
    optional = [field for field in fields if field.default is not attrs.NOTHING]
    later = data.draw(st.sets(st.sampled_from(optional)))
    content = {f.name: f"the {f.name}" for f in fields if f not in later}
    content.pop("_extra", None)

    found = pickle.loads(pickle.dumps(_Old(kind, content | {"gone": 1})))  # noqa: S301 # ours
    assert kind(**content) == found
    assert repr(kind(**content)) == repr(found)
    assert {} == found.extra
    assert found == copy.copy(found) == copy.deepcopy(found) == attrs.evolve(found)


@pytest.mark.parametrize("kind", STORED.values(), ids=STORED)
def test_a_pickle_without_what_must_be_there_is_refused(kind: type[Any]) -> None:
    """There is nothing to put in its place, and whoever reads it finds out at once."""
    fields = attrs.fields(kind)
    for missing in (field for field in fields if field.default is attrs.NOTHING):
        content = {field.name: "x" for field in fields if field is not missing}
        with pytest.raises(pickle.UnpicklingError) as caught:
            pickle.loads(pickle.dumps(_Old(kind, content)))  # noqa: S301 # ours

        assert f"the {kind.__name__} lacks {missing.name!r}, which it must have" in str(
            caught.value
        )


def test_lists_and_maps_of_defaults_are_not_shared() -> None:
    """Each value has its own."""
    first, second = (
        pickle.loads(pickle.dumps(_Old(Labelled, {"_extra": None})))  # noqa: S301 # ours
        for _ in range(2)
    )

    assert {} == first.labels == second.labels
    assert first.labels is not second.labels


@pytest.mark.parametrize("kind", models().values(), ids=models())
def test_what_all_models_do_alike_is_written_once(kind: type[Any]) -> None:
    """An attrs class that brings its own comparison takes twice as long to make."""
    for name in ("__eq__", "__hash__", "__repr__"):
        assert vars(kind)[name] is vars(Model)[name]


def test_a_model_is_shown_as_it_is_made() -> None:
    """With the names of its fields, the known ones, and without secrets or end."""
    assert "Ref(id='a', uri='')" == repr(Ref(id="a", extra={"new": 1}))
    assert "secret" not in repr(KEY)
    endless = Labelled(labels={})
    vars_of_labels: Any = endless.labels
    vars_of_labels["again"] = endless
    assert "Labelled(labels={'again': ...})" == repr(endless)


def test_models_of_two_classes_differ() -> None:
    """Equal fields do not make an edge a backend, nor its subclass."""

    @attrs.frozen(kw_only=True)
    class Other(Ref):
        """A reference of another kind."""

    assert Ref(id="a") != Other(id="a")
    assert hash(Ref(id="a")) != hash(Other(id="a"))
    assert hash(Model()) == hash(Model(extra={"new": []}))


def test_models_are_equal_when_all_fields_are() -> None:
    """Every field counts, also unknown ones and those on other levels; so does the class."""
    same = attrs.evolve(KEY)
    others: list[object] = [
        attrs.evolve(KEY, id="ak_2"),
        attrs.evolve(KEY, token="other"),
        attrs.evolve(KEY, owner=Ref(id="usr_1", uri="u")),
        attrs.evolve(KEY, extra={}),
        Ref(id="ak_1"),
        "ak_1",
    ]

    assert same == KEY
    assert [] == [other for other in others if other == KEY]
    assert 1 == len({KEY, same})


def test_a_model_without_unhashable_fields_can_be_hashed() -> None:
    """Models go into sets and dicts; one with a mapping cannot, and says so."""
    assert "here" == {KEY: "here"}[attrs.evolve(KEY)]
    with pytest.raises(TypeError, match="unhashable"):
        hash(Labelled())


@pytest.mark.parametrize("name", ["id", "owner", "extra", "_extra", "new"])
def test_a_model_cannot_be_changed(name: str) -> None:
    """No attribute can be set, removed or added: a value stays what the server said."""
    with pytest.raises(AttributeError):
        setattr(KEY, name, "x")
    with pytest.raises(AttributeError):
        delattr(KEY, name)


def test_unknown_fields_are_read_only() -> None:
    """`extra` can be looked at, and what somebody does to it changes no model."""
    extra = KEY.extra

    with pytest.raises(TypeError):
        extra["later"] = 2  # type: ignore[index]
    assert {"later": [1, {"deep": None}]} == KEY.extra == dict(extra)


def test_no_unknown_fields_are_an_empty_mapping() -> None:
    """`extra` is never None, however the model was made."""
    decoded = decode({"id": "r"}, Ref)

    assert ({}, {}, {}) == (Ref(id="r").extra, Ref(id="r", extra={}).extra, decoded.extra)


def test_a_model_shows_its_fields_without_secrets() -> None:
    """A log gets the known fields by name; no token, and nothing that nobody has looked at."""
    assert (
        "Key(id='ak_1', owner=Ref(id='usr_1', uri='u'), "
        "made_at=datetime.datetime(2026, 11, 22, 0, 0, tzinfo=datetime.timezone.utc), tags=('a',))"
    ) == repr(KEY)


def test_fields_are_passed_by_name() -> None:
    """A field that is added in the middle must not shift others."""
    with pytest.raises(TypeError, match="positional"):
        Ref("r_1")  # type: ignore[call-arg]


def test_a_class_of_the_callers_keeps_what_it_defines() -> None:
    """Whoever hides something in `__repr__` wants it hidden; so does a class below."""

    @attrs.frozen(kw_only=True)
    class Own(Ref):
        def __repr__(self) -> str:
            return "hidden"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

        def __setstate__(self, state: dict[str, object]) -> None:
            super().__setstate__(state | {"id": "own"})

    class Below(Own):
        """Has nothing of its own."""

    for kind in (Own, Below):
        own = kind(id="a", uri="")
        assert ("hidden", 7) == (repr(own), hash(own))
        assert own == 1
        own.__setstate__({"id": "b", "uri": ""})
        assert "own" == own.id
