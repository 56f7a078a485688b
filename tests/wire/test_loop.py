"""The fast passes of decoding: they may give up, but never differ from the exact one."""

import json
import pickle
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Final, get_type_hints

import attrs
import pytest

from ngrok_async._json import dumps
from ngrok_async._model import Model
from ngrok_async._wire import exact, loop, shared
from ngrok_async._wire.exact import exact_converter
from ngrok_async._wire.read import MismatchError, decode
from ngrok_async.resources._shared import Ref
from ngrok_async.resources.tunnel_sessions import TunnelSession
from tests.wire.session import SESSION, TIME
from tools.contract.declared import models

VALUES: Final[tuple[Any, ...]] = (
    None,
    "",
    "text",
    "http",
    TIME,
    "2026-01-02T03:04:05z",
    "2026-01-02ß03:04:05Z",
    "2026-01-02T03:04:05.123456789Z",
    "2026-01-02T03:04:05+02:00",
    "2026-01-02T03:04:05",
    "0001-01-01T00:00:00Z",
    0,
    7,
    1.5,
    True,
    [],
    ["a"],
    [None],
    [{"id": "x_1"}],
    [{"type": "x"}, 3],
    {},
    {"id": "x_1"},
    {"id": "x_1", "uri": "u", "new": 1},
    {"a": "b"},
    {"a": 1},
    {"created_at": TIME},
)
NOTHING: Final = "refused"
# `EndpointBackendMutate` and its like are never decoded: they have ids of any kind.
DECODED: Final = {
    name: model for name, model in models().items() if not name.endswith(("Mutate", "AtEdge"))
}

Decode = Callable[[Any, type[Model]], Any]


def by_names(value: Any, model: type[Model]) -> Any:  # noqa: ANN401 # any JSON, any model
    """Decode with the function for the names that an object has."""
    assert type(value) is dict
    assert value
    return loop.function(model, value)(value)


def by_loop(value: Any, model: type[Model]) -> Any:  # noqa: ANN401 # any JSON, any model
    """Decode with the function for objects with any names."""
    return loop.function(model)(value)


def by_msgspec(value: Any, model: type[Model]) -> Any:  # noqa: ANN401 # any JSON, any model
    """Decode with msgspec and the loop over structs."""
    from ngrok_async._wire import structs  # noqa: PLC0415 # msgspec may be missing

    return structs.way(model, None)(dumps(value))


needs_msgspec = pytest.mark.skipif(not find_spec("msgspec"), reason="the extra `speed` is missing")
EACH: Final = pytest.mark.parametrize(
    "fast",
    [by_names, by_loop, pytest.param(by_msgspec, marks=needs_msgspec)],
    ids=["names", "loop", "msgspec"],
)


def outcome(fast: Decode, value: Any, model: type[Model]) -> Any:  # noqa: ANN401 # any JSON, any model
    """Return what a decoder makes of a value, or that it refuses it."""
    try:
        return fast(value, model)
    except Exception:  # noqa: BLE001 # whatever it raises
        return NOTHING


def fitting(model: type[Model], taking: Decode) -> dict[str, list[Any]]:
    """Return for each field the values that a decoder takes, in an otherwise bare object."""
    fields = [field for field in attrs.fields(model) if field.name != "_extra"]
    hints = get_type_hints(model)
    given = {str: "x", datetime: TIME}
    bare = {
        field.name: given.get(hints[field.name], {"id": "x_1"} if "Ref" in str(field.type) else {})
        for field in fields
        if field.default is attrs.NOTHING
    }
    return {
        field.name: [
            value
            for value in VALUES
            if outcome(taking, {**bare, field.name: value}, model) is not NOTHING
        ]
        for field in fields
    }


@EACH
@pytest.mark.parametrize("name", DECODED)
def test_agrees_with_the_exact_pass(name: str, fast: Decode) -> None:
    """What a fast pass takes, the exact one takes too, with the same result to the last field."""
    model, chance = DECODED[name], random.Random(name)  # noqa: S311 # no secrets here
    usual, right = fitting(model, fast), fitting(model, exact_converter().structure)
    required = {field.name for field in attrs.fields(model) if field.default is attrs.NOTHING}
    taken = 0
    for turn in range(60):
        if is_usual := turn % 2 == 0:
            value = {
                field: chance.choice(fits)
                for field, fits in usual.items()
                if field in required or chance.random() < 0.9
            }
        else:
            value = {
                field: chance.choice(fits if chance.random() < 0.97 else VALUES)
                for field, fits in right.items()
                if chance.random() < 0.9
            }
        if not is_usual and chance.random() < 0.3:
            value["brand_new"] = chance.choice(VALUES)
        before = repr(value)
        made, exact = (
            outcome(fast, value, model),
            outcome(exact_converter().structure, value, model),
        )
        assert before == repr(value)
        if made is not NOTHING:
            taken += 1
            assert repr(exact) == repr(made)
            assert exact == made
            assert exact.extra == made.extra
            assert model is type(made)
            assert exact == pickle.loads(pickle.dumps(made))  # noqa: S301 # our own
    assert taken >= 30


@EACH
@pytest.mark.parametrize("value", [None, 1, "x", [], [{}], ["a", "b"], "ab"], ids=repr)
def test_gives_up_on_what_is_no_object(value: object, fast: Decode) -> None:
    """Only an object can be a model."""
    assert NOTHING == outcome(fast, value, Ref)


@EACH
def test_what_is_made_is_frozen(fast: Decode) -> None:
    """It was filled as an object that was not frozen, but is none any more."""
    made = fast({"id": "x_1"}, Ref)

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.id = "x_2"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del made.id
    assert hash(Ref(id="x_1")) == hash(made)


def test_a_new_field_beside_a_missing_one_is_no_reason_to_look_closer() -> None:
    """An object with as many fields as are known may still have others."""
    assert Ref(id="x_1", extra={"new": 1}) == by_loop({"id": "x_1", "new": 1}, Ref)


@EACH
@pytest.mark.parametrize(
    "at", ["2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05z", "2026-01-02T03:04:05-00:00"]
)
def test_no_form_of_a_time_needs_the_exact_pass(at: str, fast: Decode) -> None:
    """A lower-case z and other offsets are rare, but one in a page must not slow it down."""
    policy = fast({"id": "ipp_1", "created_at": at}, DECODED["IPPolicy"])

    assert "2026-01-02T03:04:05+00:00" == policy.created_at.isoformat()
    assert UTC is policy.created_at.tzinfo


@attrs.frozen(kw_only=True)
class Appointment(Model):
    """A model with a time that has to be there and may be null."""

    at: datetime | None


@EACH
@pytest.mark.parametrize("at", [None, TIME, "0001-01-01T00:00:00Z"])
def test_a_required_time_may_be_null(at: str | None, fast: Decode) -> None:
    """All passes take null where the type has it, and Go's zero time for null."""
    made, exact = (
        outcome(each, {"at": at}, Appointment) for each in (fast, exact_converter().structure)
    )

    assert Appointment(at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) if at == TIME else None) == made
    assert exact == made


@attrs.frozen(kw_only=True)
class Nest(Model):
    """A model that holds its own kind."""

    id: str
    inner: "Nest | None" = None
    others: tuple["Nest", ...] = ()


def test_a_model_may_hold_its_own_kind() -> None:
    """The loop decodes it as deep as it goes, and msgspec leaves it alone."""
    value = {"id": "a", "inner": {"id": "b", "others": [{"id": "c"}, {"id": "d", "new": 1}]}}
    made, exact = (outcome(each, value, Nest) for each in (by_loop, exact_converter().structure))

    others = (Nest(id="c"), Nest(id="d", extra={"new": 1}))
    assert Nest(id="a", inner=Nest(id="b", others=others)) == made
    assert exact == made
    assert exact == loop.maker(Nest).one(value)
    assert NOTHING == outcome(by_msgspec, {"id": "a"}, Nest)


@attrs.frozen(kw_only=True)
class Rare(Model):
    """A model of what few resources have."""

    share: float = 0.0
    mode: str | None = "auto"


@attrs.frozen(kw_only=True)
class Odd(Model):
    """A model of types that no resource has so far."""

    anything: Any = None
    maybe_names: tuple[str | None, ...] = ()
    by_name: Mapping[str, Ref] = attrs.field(factory=dict[str, Ref])


@EACH
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"share": -0.5}, id="number"),
        pytest.param({"share": 1}, id="integer"),
        pytest.param({"share": 10**30}, id="large integer"),
        pytest.param({"share": 10**400}, id="integer beyond floats"),
        pytest.param({"share": "1"}, id="text for a number"),
        pytest.param({"share": True}, id="boolean for a number"),
        pytest.param({"share": None}, id="null for a number"),
        pytest.param({"mode": None}, id="null for a default"),
        pytest.param({"mode": "x"}, id="text"),
        pytest.param({"mode": 1}, id="integer for a text"),
    ],
)
def test_what_is_rare_is_the_same_too(value: Mapping[str, Any], fast: Decode) -> None:
    """Numbers may be written as integers, and null stands for a default, whatever it is."""
    made, exact = (outcome(each, value, Rare) for each in (fast, exact_converter().structure))

    assert repr(made) in {repr(NOTHING), repr(exact)}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"anything": {"a": 1}}, id="anything"),
        pytest.param({"maybe_names": ["a", None]}, id="null in a list"),
        pytest.param({"by_name": {"n": {"id": "x_1"}}}, id="models by name"),
    ],
)
def test_types_that_are_odd_are_left_to_the_exact_pass(value: Mapping[str, Any]) -> None:
    """A declaration may have any type: what the fast passes do not know, they do not touch."""
    exact = exact_converter().structure(value, Odd)

    assert exact == decode(value, Odd)
    assert (NOTHING if value else exact) == outcome(by_loop, value, Odd)
    assert NOTHING == outcome(by_msgspec, value, Odd)


# What is kept


def copied(**changed: object) -> dict[str, Any]:
    """Return a session whose texts are objects of their own."""
    value: dict[str, Any] = json.loads(json.dumps({**SESSION, **changed}))
    return value


@EACH
def test_equal_references_and_repeated_texts_are_one_object(
    fast: Decode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fleet has many sessions of few regions, versions and credentials."""
    monkeypatch.setattr(shared, "_MOST", 10**6)  # other tests may have filled it
    first, second = fast(copied(), TunnelSession), fast(copied(id="ts_2"), TunnelSession)

    assert first.credential is second.credential
    assert first.agent_version is second.agent_version
    assert (first.os is second.os, first.region is second.region) == (True, True)
    assert first.transport is second.transport


@EACH
@pytest.mark.parametrize(
    "credential",
    [
        pytest.param({"id": "cr_1", "uri": "elsewhere"}, id="other address"),
        pytest.param({"id": "cr_1"}, id="no address"),
        pytest.param({"id": "cr_1", "uri": ""}, id="empty address"),
        pytest.param({"id": "cr_1", "uri": SESSION["credential"]["uri"], "new": 1}, id="new field"),
        pytest.param({"id": "cr_1", "new": 1}, id="new field and no address"),
        pytest.param({"uri": SESSION["credential"]["uri"]}, id="no id"),
        pytest.param({"id": 1, "uri": SESSION["credential"]["uri"]}, id="number for an id"),
        pytest.param({"id": [], "uri": ""}, id="list for an id"),
        pytest.param({"id": "cr_1", "uri": None}, id="null for an address"),
        pytest.param({"id": "cr_1", "uri": 1}, id="number for an address"),
        pytest.param("cr_1", id="text"),
        pytest.param(None, id="null"),
    ],
)
def test_only_equal_references_are_shared(credential: object, fast: Decode) -> None:
    """One with the same id that differs elsewhere is another one, or an error."""
    fast(copied(), TunnelSession)
    value = copied(credential=credential)
    made, exact = (
        outcome(each, value, TunnelSession) for each in (fast, exact_converter().structure)
    )

    assert made in (NOTHING, exact)
    if made is not NOTHING:
        assert exact.credential.extra == made.credential.extra


@EACH
@pytest.mark.parametrize("text", [None, "", "x" * 65, "é", 1, 1.5, True, [], {}], ids=repr)
def test_a_repeated_text_is_a_text(text: object, fast: Decode) -> None:
    """The texts that are kept are checked like others."""
    value = copied(region=text)
    made, exact = (
        outcome(each, value, TunnelSession) for each in (fast, exact_converter().structure)
    )

    assert made in (NOTHING, exact)


@EACH
def test_what_is_kept_has_a_bound(fast: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many values come by, only so many stay; and long texts do not."""
    monkeypatch.setattr(shared, "_MOST", 3)
    monkeypatch.setattr(shared, "_FULL_FOR", 3)
    for number in range(10):
        reference = {"id": f"cr_bound{number}", "uri": ""}
        value = copied(credential=reference, region=f"bound{number}", os=str(number) * 65)
        made = fast(value, TunnelSession)

        assert (f"cr_bound{number}", f"bound{number}") == (made.credential.id, made.region)
        assert len(shared.TEXTS) <= 4  # the one for null is never given up
    find = shared.references(Ref).known
    assert len([number for number in range(10) if find(f"cr_bound{number}")]) <= 3
    assert "" == fast({**copied(), "region": ""}, TunnelSession).region


@EACH
def test_a_huge_reference_is_not_kept(fast: Decode) -> None:
    """A server that sends addresses of a megabyte must not fill the memory for good."""
    huge = {"id": "cr_huge", "uri": "u" * 1000}
    made = fast(copied(credential=huge), TunnelSession)

    find = shared.references(Ref).known
    assert Ref(**huge) == made.credential
    assert find("cr_huge") is None


# What is made when


def made_for(model: type[Model], monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the names for which functions are made from now on."""
    found: list[object] = []
    function = loop.function

    def noting(model_: type[Model], names: Any = None, *nulls: Any) -> Any:  # noqa: ANN401 # as there
        if model_ is model:
            found.append(names if names is None else sorted(names))
        return function(model_, names, *nulls)

    monkeypatch.setattr(loop, "function", noting)
    return found


@attrs.frozen(kw_only=True)
class Small(Model):
    """A model with few fields."""

    id: str
    text: str = ""
    count: int = 0
    inner: Ref | None = None


def test_names_that_come_often_get_a_function_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one takes as long as reading many objects, so it is not made for a few."""
    made, small = made_for(Small, monkeypatch), loop.Maker(Small)
    small.many([{"id": "a"}] * 5)
    assert [None] == made

    small.many([{"id": "a"}] * 100)
    assert [None, ["id"]] == made


def test_objects_of_as_many_names_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of names leads to several functions; each object comes to its own."""
    made, small = made_for(Small, monkeypatch), loop.Maker(Small)
    objects = [{"id": "a", "text": "t"}, {"id": "a", "count": 7}, {"id": "a", "inner": {"id": "x"}}]
    expected = [Small(id="a", text="t"), Small(id="a", count=7), Small(id="a", inner=Ref(id="x"))]
    for _ in range(50):
        assert expected == small.many(objects)
    calls = len(made)

    assert expected == small.many(objects)
    assert (4, 4) == (len(made), calls)
    assert Small(id="a", extra={"new": 1}) == small.one({"id": "a", "new": 1})
    with pytest.raises(loop.WrongItemError):
        small.one({"text": "t", "count": 7})


def test_names_and_nulls_of_the_future_are_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day ngrok adds a field, or writes null in each item, is as quick as the day before."""
    small = loop.Maker(Small)
    given = [{"id": "a", "text": None, "new": [1], "also": None}] * 100
    expected = [Small(id="a", extra={"new": [1], "also": None})] * 100
    assert expected == small.many(given)
    monkeypatch.setattr(small, "_of_any", None)  # what takes any names is not needed any more

    assert expected[:3] == small.many(given[:3])
    assert [Small(id="a", text="t", extra={"new": 1, "also": 2})] == small.many(
        [{"id": "a", "text": "t", "new": 1, "also": 2}]
    )


def test_nulls_are_learned_on_top_of_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A null in a field that had none so far is taken, and the next ones are quick."""
    small = loop.Maker(Small)
    small.many([{"id": "a", "text": "t", "count": 1}] * 50)
    given = [{"id": "a", "text": None, "count": 1}, {"id": "a", "text": "t", "count": None}] * 100
    expected = [Small(id="a", count=1), Small(id="a", text="t")] * 100
    assert expected == small.many(given)
    monkeypatch.setattr(small, "_of_any", None)

    assert expected[:2] == small.many(given[:2])


def test_null_for_a_model_within_is_its_absence() -> None:
    """Also where all that came before had one, and the function makes nothing else of it."""
    nest = loop.Maker(Nest)
    nest.many([{"id": "a", "inner": {"id": "b"}}] * 50)

    assert Nest(id="a") == nest.one({"id": "a", "inner": None})


def test_a_server_cannot_make_us_make_functions_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many sets of names come, and however long they are: only so much is kept."""
    made, small = made_for(Small, monkeypatch), loop.Maker(Small)
    for number in range(200):
        many = [{"id": "a", f"new{number}": 1}] * 25
        assert [Small(id="a", extra={f"new{number}": 1})] * 25 == small.many(many)
    assert len(made) == len(small._made) + 1
    assert len(small._made) == loop._MOST_FUNCTIONS
    assert len(small._seen) <= loop._MOST_FUNCTIONS

    other = loop.Maker(Small)
    for new in ({"x" * 65: 1}, {f"new{number}": 1 for number in range(9)}):
        assert [Small(id="a", extra=new)] * 50 == other.many([{"id": "a", **new}] * 50)
    assert ({}, {}) == (other._made, other._seen)


def test_what_cannot_be_learned_makes_no_function_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unusual in another way than by names and nulls stays so, however often it comes."""
    made, sessions = made_for(TunnelSession, monkeypatch), loop.Maker(TunnelSession)
    odd = SESSION | {"credential": {"id": "cr_1", "uri": None}}
    sessions.many([odd] * 500)

    assert len(made) <= 2


def test_what_is_wrong_within_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep it is, the exact pass sees it once, and not twice as often for each level."""
    value: dict[str, Any] = {"id": 1}
    for _ in range(60):
        value = {"id": "a", "inner": value}

    assert mismatch_of(value).endswith(".inner" * 60 + ".id")
    looked, structure = list[object](), exact_converter().structure

    def noting(given: object, kind: type[object]) -> object:
        looked.append(given)
        return structure(given, kind)

    converter = SimpleNamespace(structure=noting)
    monkeypatch.setattr(exact, "exact_converter", lambda: converter)
    loop.maker.cache_clear()  # one that has learned nothing
    with pytest.raises(loop.WrongItemError):
        loop.maker(Nest).one(value)
    assert [{"id": 1}] == looked


def mismatch_of(value: object) -> str:
    """Decode what does not fit and return the message."""
    with pytest.raises(MismatchError) as caught:
        decode(value, Nest)
    return str(caught.value)
