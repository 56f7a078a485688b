"""The fast pass of decoding: it may give up, but never differ from the exact one."""

import random
from datetime import UTC, datetime
from typing import Any, Final, get_type_hints

import attrs
import pytest

from ngrok_async._model import Model
from ngrok_async._wire import _EXACT, _FAST, decode
from tools.declared import models

TIME: Final = "2026-01-02T03:04:05Z"
VALUES: Final[tuple[Any, ...]] = (
    None,
    "",
    "text",
    "http",
    TIME,
    "2026-01-02T03:04:05z",
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


def outcome(converter: Any, value: Any, model: type[Model]) -> Any:  # noqa: ANN401 # any JSON, any model
    """Return what a converter makes of a value, or that it refuses it."""
    try:
        return converter.structure(value, model)
    except Exception:  # noqa: BLE001 # whatever the hooks raise
        return NOTHING


def fitting(model: type[Model]) -> dict[str, list[Any]]:
    """Return for each field the values that the exact pass takes, in an otherwise bare object."""
    fields = [field for field in attrs.fields(model) if field.name != "_extra"]
    hints = get_type_hints(model)
    given = {str: "x", datetime: TIME}
    bare = {
        field.name: given.get(hints[field.name], {"id": "x_1"})
        for field in fields
        if field.default is attrs.NOTHING
    }
    return {
        field.name: [
            value
            for value in VALUES
            if outcome(_EXACT, {**bare, field.name: value}, model) is not NOTHING
        ]
        for field in fields
    }


@pytest.mark.parametrize("name", DECODED)
def test_agrees_with_the_exact_pass(name: str) -> None:
    """What the fast pass takes, the exact one takes too, with the same result to the last field."""
    model, chance = DECODED[name], random.Random(name)  # noqa: S311 # no secrets here
    values = fitting(model)
    taken = 0
    for _ in range(60):
        value = {
            field: chance.choice(fits if chance.random() < 0.97 else VALUES)
            for field, fits in values.items()
            if chance.random() < 0.9
        }
        if chance.random() < 0.3:
            value["brand_new"] = chance.choice(VALUES)
        fast, exact = outcome(_FAST, value, model), outcome(_EXACT, value, model)
        if fast is not NOTHING:
            taken += 1
            assert repr(exact) == repr(fast)
            assert exact == fast
            assert exact.extra == fast.extra
    assert taken


@pytest.mark.parametrize("value", [None, 1, "x", [], [{}]], ids=repr)
def test_gives_up_on_what_is_no_object(value: object) -> None:
    """Only an object can be a model."""
    assert NOTHING == outcome(_FAST, value, DECODED["Ref"])


def test_unusual_forms_are_decoded_all_the_same() -> None:
    """What the fast pass gives up on, the exact one may take: a lower-case z, another offset."""
    value = {"id": "ipp_1", "created_at": "2026-01-02t05:04:05+02:00"}
    policy = decode(value, DECODED["IPPolicy"])

    assert NOTHING == outcome(_FAST, value, DECODED["IPPolicy"])
    assert "2026-01-02T03:04:05+00:00" == policy.created_at.isoformat()


@attrs.frozen(kw_only=True)
class Appointment(Model):
    """A model with a time that has to be there and may be null."""

    at: datetime | None


@pytest.mark.parametrize("at", [None, TIME, "0001-01-01T00:00:00Z"])
def test_a_required_time_may_be_null(at: str | None) -> None:
    """Both passes take null where the type has it, and Go's zero time for null."""
    fast, exact = (outcome(c, {"at": at}, Appointment) for c in (_FAST, _EXACT))

    assert Appointment(at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) if at == TIME else None) == fast
    assert exact == fast


@attrs.frozen(kw_only=True)
class Nest(Model):
    """A model that holds its own kind."""

    id: str
    inner: "Nest | None" = None
    others: tuple["Nest", ...] = ()


def test_a_model_may_hold_its_own_kind() -> None:
    """It is decoded by the fast pass too, as deep as it goes."""
    value = {"id": "a", "inner": {"id": "b", "others": [{"id": "c"}, {"id": "d", "new": 1}]}}
    fast, exact = (outcome(converter, value, Nest) for converter in (_FAST, _EXACT))

    others = (Nest(id="c"), Nest(id="d", extra={"new": 1}))
    assert Nest(id="a", inner=Nest(id="b", others=others)) == fast
    assert exact == fast
