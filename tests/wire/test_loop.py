"""The fast passes of decoding: they may give up, but never differ from the exact one."""

import json
import logging
import pickle
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final, get_type_hints

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async import _wire
from ngrok_async._json import dumps
from ngrok_async._model import Model
from ngrok_async._operation import Operation, operations
from ngrok_async._wire import loop
from ngrok_async._wire import read as reading
from ngrok_async._wire.loop import compiled
from ngrok_async._wire.read import MismatchError, decode, exact_converter, loads
from ngrok_async.pagination import Page
from ngrok_async.resources._shared import Ref
from ngrok_async.resources.endpoints import Endpoint, Endpoints
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions
from tools.contract.declared import models

TIME: Final = "2026-01-02T03:04:05Z"
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


def by_loop(value: Any, model: type[Model]) -> Any:  # noqa: ANN401 # any JSON, any model
    """Decode with the loop over decoded JSON."""
    [made] = compiled(model)([value])
    return made


def by_msgspec(value: Any, model: type[Model]) -> Any:  # noqa: ANN401 # any JSON, any model
    """Decode with msgspec and the loop over structs."""
    from ngrok_async._wire import structs  # noqa: PLC0415 # msgspec may be missing

    parts = structs.read(dumps(value), model, None)
    assert parts  # as good as an exception: the closer look decides
    [made], uri, link = parts
    assert ("", None) == (uri, link)
    return made


needs_msgspec = pytest.mark.skipif(not find_spec("msgspec"), reason="the extra `speed` is missing")
BOTH: Final = pytest.mark.parametrize(
    "fast", [by_loop, pytest.param(by_msgspec, marks=needs_msgspec)], ids=["loop", "msgspec"]
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


@BOTH
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


@BOTH
@pytest.mark.parametrize("value", [None, 1, "x", [], [{}], ["a", "b"], "ab"], ids=repr)
def test_gives_up_on_what_is_no_object(value: object, fast: Decode) -> None:
    """Only an object can be a model."""
    assert NOTHING == outcome(fast, value, Ref)


@BOTH
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


@BOTH
def test_unusual_forms_are_decoded_all_the_same(fast: Decode) -> None:
    """What a fast pass gives up on, the exact one may take: a lower-case z, another offset."""
    value = {"id": "ipp_1", "created_at": "2026-01-02T05:04:05+02:00"}
    policy = decode(value, DECODED["IPPolicy"])

    assert NOTHING == outcome(fast, value, DECODED["IPPolicy"])
    assert "2026-01-02T03:04:05+00:00" == policy.created_at.isoformat()


@attrs.frozen(kw_only=True)
class Appointment(Model):
    """A model with a time that has to be there and may be null."""

    at: datetime | None


@BOTH
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


@BOTH
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


def test_structs_are_taken_as_they_are() -> None:
    """Objects whose types were checked before are read by attribute, and not checked again."""
    reference = SimpleNamespace(id="rd_1", uri="u")
    struct = SimpleNamespace(
        **{
            **{field.name: field.default for field in loop.fields_of(Endpoint)},
            "id": "ep_1",
            "created_at": TIME,
            "updated_at": TIME,
            "bindings": ["public"],
            "domain": reference,
            "region": "us",
        }
    )
    [made] = compiled(Endpoint, typed=True)([struct])

    assert Ref(id="rd_1", uri="u") == made.domain
    assert (("public",), "us", None) == (made.bindings, made.region, made.tcp_addr)
    assert decode({"id": "ep_1", "created_at": TIME, "updated_at": TIME}, Endpoint) == attrs.evolve(
        made, domain=None, bindings=(), region=""
    )


# What is kept

SESSION: Final[dict[str, Any]] = {
    "id": "ts_1",
    "uri": "https://api.ngrok.com/tunnel_sessions/ts_1",
    "agent_version": "3.19.1",
    "credential": {"id": "cr_1", "uri": "https://api.ngrok.com/credentials/cr_1"},
    "ip": "203.0.113.7",
    "metadata": '{"host":"edge"}',
    "os": "linux",
    "region": "us",
    "started_at": TIME,
    "transport": "ngrok/2",
}


def copied(**changed: object) -> dict[str, Any]:
    """Return a session whose texts are objects of their own."""
    value: dict[str, Any] = json.loads(json.dumps({**SESSION, **changed}))
    return value


@BOTH
def test_equal_references_and_repeated_texts_are_one_object(fast: Decode) -> None:
    """A fleet has many sessions of few regions, versions and credentials."""
    first, second = fast(copied(), TunnelSession), fast(copied(id="ts_2"), TunnelSession)

    assert first.credential is second.credential
    assert first.agent_version is second.agent_version
    assert (first.os is second.os, first.region is second.region) == (True, True)
    assert first.transport is second.transport


@BOTH
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


@BOTH
@pytest.mark.parametrize("text", [None, "", "x" * 65, "é", 1, 1.5, True, [], {}], ids=repr)
def test_a_repeated_text_is_a_text(text: object, fast: Decode) -> None:
    """The texts that are kept are checked like others."""
    value = copied(region=text)
    made, exact = (
        outcome(each, value, TunnelSession) for each in (fast, exact_converter().structure)
    )

    assert made in (NOTHING, exact)


@BOTH
def test_what_is_kept_has_a_bound(fast: Decode, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many values come by, only so many stay; and long texts do not."""
    monkeypatch.setattr(loop, "_MOST_KEPT", 3)
    for number in range(10):
        reference = {"id": f"cr_{number}", "uri": ""}
        value = copied(credential=reference, region=f"r{number}", os=str(number) * 65)
        made = fast(value, TunnelSession)

        assert (f"cr_{number}", f"r{number}") == (made.credential.id, made.region)
        assert len(loop._TEXTS) <= 4  # the one for null is never given up
    find, _ = loop._references(Ref, typed=fast is by_msgspec)
    assert len([number for number in range(10) if find(f"cr_{number}")]) <= 3
    assert "" == fast({**copied(), "region": ""}, TunnelSession).region


@BOTH
def test_a_huge_reference_is_not_kept(fast: Decode) -> None:
    """A server that sends addresses of a megabyte must not fill the memory for good."""
    huge = {"id": "cr_huge", "uri": "u" * 1000}
    made = fast(copied(credential=huge), TunnelSession)

    find, _ = loop._references(Ref, typed=fast is by_msgspec)
    assert Ref(**huge) == made.credential
    assert find("cr_huge") is None


# Bodies, with msgspec and without

LIST: Final[Operation] = operations(TunnelSessions)["list"]
GET: Final[Operation] = operations(TunnelSessions)["get"]


def read(body: bytes, operation: Operation = LIST) -> object:
    """Decode a body, or return the message."""
    try:
        value = operation.decode(body)
    except MismatchError as error:
        return str(error)
    if isinstance(value, Page):
        return repr(value), dict(value.extra), [dict(item.extra) for item in value.items]
    return repr(value), dict(value.extra)


def both_ways(body: bytes, operation: Operation = LIST) -> tuple[object, object]:
    """Decode a body with msgspec, or what is there, and without."""
    found = read(body, operation)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "DECODER", "json")
        return found, read(body, operation)


PAGE: Final = dumps({
    "tunnel_sessions": [SESSION, copied(id="ts_2", started_at="2026-01-02T03:04:05.123456789Z")],
    "uri": "https://api.ngrok.com/tunnel_sessions",
    "next_page_uri": None,
})  # fmt: skip
BODIES: Final[Mapping[str, bytes]] = {
    "usual": PAGE,
    "byte order mark": b"\xef\xbb\xbf" + PAGE,
    "white space": b" " + PAGE + b"\r\n",
    "empty list": b'{"tunnel_sessions":[],"uri":"u"}',
    "null for the list": b'{"tunnel_sessions":null,"uri":null}',
    "no list": b'{"uri":"u"}',
    "no page": b"[]",
    "next page": PAGE.replace(b"null}", b'"https://api.ngrok.com/x?before_id=y"}'),
    "empty next page": PAGE.replace(b"null}", b'""}'),
    "new field of the page": b'{"new":1,' + PAGE[1:],
    "new field of an item": PAGE.replace(b'"ip":', b'"new":12345678901234567890123,"ip":'),
    "lower-case z": PAGE.replace(b"05Z", b"05z"),
    "other offset": PAGE.replace(b"05Z", b"05+01:00"),
    "no offset": PAGE.replace(b"05Z", b"05"),
    "a tenth of a microsecond": PAGE.replace(b"05Z", b"05.9999999Z"),
    "zero time": PAGE.replace(b"2026-01-02T03:04:05Z", b"0001-01-01T00:00:00Z"),
    "null for a text": PAGE.replace(b'"linux"', b"null"),
    "number for a text": PAGE.replace(b'"linux"', b"1"),
    "null for a reference": PAGE.replace(dumps(SESSION["credential"]), b"null"),
    "name twice": PAGE.replace(b'"ip":', b'"os":"x","ip":'),
    "name twice, first of another type": PAGE.replace(b'"id":"ts_1"', b'"id":1,"id":"ts_1"'),
    "escaped name": PAGE.replace(b'"ip":', b'"\\u0069p":'),
    "escaped surrogate pair": PAGE.replace(b"edge", rb"\ud83d\ude00"),
    "lone surrogate": PAGE.replace(b"edge", rb"\ud83d"),
    "lone surrogate in a name": PAGE.replace(b'"ip":', b'"\\ud83d":1,"ip":'),
    "raw surrogate": PAGE.replace(b"edge", b"\xed\xa0\xbd"),
    "latin-1": PAGE.replace(b"edge", b"\xe9"),
    "raw line break": PAGE.replace(b"edge", b"\n"),
    "NaN": PAGE.replace(b'"linux"', b"NaN"),
    "broken off": PAGE[:-20],
    "two values": PAGE + b"{}",
    "nothing": b"",
    "HTML": b"<html>",
    "deep": b"[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_means_the_same_with_msgspec_and_without(body: bytes) -> None:
    """The extra makes decoding faster and nothing else: values and messages are the same."""
    found, expected = both_ways(body)

    assert expected == found


@given(
    start=st.integers(0, len(PAGE)),
    length=st.integers(0, 30),
    instead=st.binary(max_size=3)
    | st.sampled_from(
        [b"null", b"1", b'""', b"-0.0", b"[]", b"{}", b'"x":1,', b"\\", b"1e5", TIME.encode()]
    ),
)
def test_any_damage_means_the_same_with_msgspec_and_without(
    start: int, length: int, instead: bytes
) -> None:
    """Whatever is cut out of a body and put into its place."""
    found, expected = both_ways(PAGE[:start] + instead + PAGE[start + length :])

    assert expected == found


@pytest.mark.parametrize(
    "body", [dumps(SESSION), dumps({**SESSION, "new": [1.5]}), b"{}", b"[]", b"null", b""], ids=repr
)
def test_one_object_means_the_same_with_msgspec_and_without(body: bytes) -> None:
    """A single object is no page, and is treated the same."""
    found, expected = both_ways(body, GET)

    assert expected == found


def test_an_answer_without_a_type_is_left_to_the_exact_pass() -> None:
    """What is declared to return plain JSON gets plain JSON."""
    assert reading.read_quickly(b'["a"]', tuple[str, ...], None) is None
    assert reading.read_quickly(b'{"x":["a"]}', str, "x") is None


def test_msgspec_is_loaded_with_the_first_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is installed it is asked first, and where it is not, never."""
    calls: list[tuple[bytes, object, str | None]] = []

    def stub(body: bytes, model: object, items: str | None) -> None:
        calls.append((body, model, items))

    monkeypatch.setattr(reading, "_speedy", lambda: stub)
    for decoder in ("json", "msgspec"):
        monkeypatch.setattr(reading, "DECODER", decoder)
        assert "ts_1" == GET.decode(dumps(SESSION)).id
    assert [(dumps(SESSION), TunnelSession, None)] == calls


def test_who_reads_with_msgspec_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module that imports msgspec is not asked for with each answer."""
    module = SimpleNamespace(read=lambda *_: None, probe=lambda: None)
    monkeypatch.setattr(_wire, "structs", module, raising=False)

    assert module.read is reading._speedy.__wrapped__()
    assert reading._speedy.cache_info().maxsize is None


WORKING: Final = """
class Meta:
    def __init__(self, **_): pass
def defstruct(*_, **__): return object
class json:
    class Decoder:
        def __init__(self, *_): pass
        def decode(self, body): return type("Page", (), {"uri": "u", "items": [None]})
    @staticmethod
    def decode(body, type): return [7]
"""
BROKEN: Final[Mapping[str, str]] = {
    "another build": "raise ImportError('undefined symbol: _PyFoo')",
    "another Python": "match 1: pass",
    "something else within": "import no_such_module",
    "another package of that name": "",
    "too old": WORKING.replace("def defstruct", "def made"),
    "too old for options": WORKING.replace("*_, **__", "name, fields"),
    "no constraints": WORKING.replace("class Meta", "class Other"),
    "no decoder": WORKING.replace("class Decoder", "class Other"),
    "fails at use": WORKING.replace("return [7]", "raise SystemError('no')"),
    "decodes wrongly": WORKING.replace("return [7]", "return [8]"),
}


@contextmanager
def replaced_modules(*names: str) -> Iterator[None]:
    """Let modules be imported anew for a while."""
    before = {name: sys.modules.pop(name, None) for name in names}
    known = vars(_wire).pop("structs", None)
    try:
        yield
    finally:
        vars(_wire).pop("structs", None)
        if known is not None:
            _wire.structs = known
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN)
def test_a_msgspec_that_does_not_work_is_told_once_and_left_alone(
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An extra that is installed for another Python, say, must not break calls."""
    (tmp_path / "msgspec.py").write_text(source)
    monkeypatch.setattr(reading, "DECODER", "msgspec")
    monkeypatch.setattr(reading, "_speedy", cache(reading._speedy.__wrapped__))
    names = [n for n in sys.modules if n.split(".")[0] == "msgspec"]
    with replaced_modules(*names, "msgspec", "ngrok_async._wire.structs"):
        monkeypatch.syspath_prepend(tmp_path)
        answers = [GET.decode(dumps(SESSION)).id for _ in range(3)]

    assert ["ts_1"] * 3 == answers
    assert 1 == len(LIST.decode(dumps({"tunnel_sessions": [SESSION]})).items)
    assert "json" == reading.decoder()
    [record] = caplog.records
    assert ("ngrok_async", logging.WARNING) == (record.name, record.levelno)
    assert "msgspec is installed, but does not work here (" in record.getMessage()


def test_a_msgspec_that_seems_to_work_is_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is said then."""
    module = SimpleNamespace(read=lambda *_: None, probe=lambda: None)
    monkeypatch.setattr(_wire, "structs", module, raising=False)
    monkeypatch.setattr(reading, "DECODER", "msgspec")
    monkeypatch.setattr(reading, "_speedy", reading._speedy.__wrapped__)

    assert "msgspec" == reading.decoder()
    assert [] == caplog.records


@pytest.mark.parametrize(
    ("stand_in", "expected"),
    [(None, False), (ModuleType("msgspec"), True)],
    ids=["kept away", "a stand-in"],
)
def test_what_is_in_the_place_of_msgspec_breaks_no_import(
    stand_in: ModuleType | None, expected: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Programs keep a module away so, and tests put something else in its place."""
    monkeypatch.setitem(sys.modules, "msgspec", stand_in)  # type: ignore[arg-type] # None is allowed

    assert expected == reading._is_installed("msgspec")


INTEGERS: Final = [2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 2**64, 10**30]


@attrs.frozen(kw_only=True)
class Numbers(Model):
    """Integers wherever they may be."""

    one: int = 0
    needed: int
    maybe: int | None = None
    many: tuple[int, ...] = ()
    named: Mapping[str, int] = attrs.field(factory=dict[str, int])


@pytest.mark.parametrize("number", INTEGERS)
@pytest.mark.parametrize(
    ("form", "place"),
    [
        ('{"one":%d,"needed":1}', "one"),
        ('{"needed":%d}', "needed"),
        ('{"needed":1,"maybe":%d}', "maybe"),
        ('{"needed":1,"many":[1,%d]}', "many[1]"),
        ('{"needed":1,"named":{"a":%d}}', "named['a']"),
    ],
    ids=str,
)
def test_integers_have_64_bits(number: int, form: str, place: str) -> None:
    """Go has no larger ones, and whoever stores them in a database neither."""
    body = (form % number).encode()
    quick = reading.read_quickly(body, Numbers, None)
    if -(2**63) <= number < 2**63:
        assert str(number) in repr(decode(loads(body), Numbers))
        assert (reading.decoder() == "msgspec") == bool(quick)
        return
    with pytest.raises(MismatchError) as caught:
        decode(loads(body), Numbers)

    assert str(caught.value).startswith("expected an integer of at most 64 bits, got an integer of")
    assert str(caught.value).endswith(f" @ $.{place}")
    assert quick is None


def test_a_quick_answer_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read at once is not read again."""
    session = decode(SESSION, TunnelSession)
    monkeypatch.setattr(reading, "DECODER", "msgspec")
    monkeypatch.setattr(reading, "_speedy", lambda: lambda *_: ([session], "u", "v"))

    assert session is GET.decode(b"")
    assert Page(items=(session,), uri="u", next_page_uri="v") == LIST.decode(b"")


@pytest.mark.parametrize("resource", [TunnelSessions, Endpoints])
def test_a_page_of_the_usual_form_is_read_at_once(resource: type[Any]) -> None:
    """With msgspec installed, the usual page does not take the long way."""
    listing = operations(resource)["list"]
    body = dumps({listing.items or "": [copied()] if resource is TunnelSessions else []})

    assert (reading.DECODER == "msgspec") == bool(
        reading.read_quickly(body, listing.model, listing.items)
    )


def test_the_import_does_not_load_msgspec() -> None:
    """Who only imports the package does not wait for an extra."""
    code = (
        "import sys; from ngrok_async import Client; from ngrok_async._wire import read; "
        "print('msgspec' in sys.modules, read.DECODER)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert ["False", reading.DECODER] == run.stdout.split()


def test_the_decoder_is_what_is_installed() -> None:
    """One can see which one is at work."""
    assert ("msgspec" if find_spec("msgspec") else "json") == reading.DECODER
    assert loads(dumps(SESSION)) == SESSION
