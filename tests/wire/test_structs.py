"""Bodies mean the same with msgspec and without: it makes decoding quicker and nothing else."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async import _wire
from ngrok_async._json import dumps
from ngrok_async._model import Model
from ngrok_async._operation import Operation, operations
from ngrok_async._wire import read as reading
from ngrok_async._wire.read import MismatchError, decode, loads
from ngrok_async.pagination import Page
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions
from tests.wire.session import SESSION, TIME

NOTHING: Final = "refused"
needs_msgspec = pytest.mark.skipif(not find_spec("msgspec"), reason="the extra `speed` is missing")
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
    "tunnel_sessions": [
        SESSION,
        {**SESSION, "id": "ts_2", "started_at": "2026-01-02T03:04:05.123456789Z"},
    ],
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


# What is learned


@pytest.fixture
def pages() -> Callable[..., bytes]:
    """Return what makes pages of a hundred sessions; the arguments are fields of the 50th."""

    def page(every: Mapping[str, Any] | None = None, **fields: object) -> bytes:
        items = [{**SESSION, "id": f"ts_{number}", **(every or {})} for number in range(100)]
        items[50].update(fields)
        return dumps({"tunnel_sessions": items, "uri": "u", "next_page_uri": None})

    return page


class Seen:
    """A reader, and how often it had to read without types."""

    def __init__(self) -> None:
        """Make a reader that knows nothing."""
        from ngrok_async._wire import structs  # noqa: PLC0415 # msgspec may be missing

        self.reader = structs.Reader(TunnelSession, "tunnel_sessions")

    def read(self, body: bytes) -> bool:
        """Read a body in all ways; tell whether it was read with types."""
        exact = LIST.decode(body)
        found = self.reader.read(body)
        if found is not None:
            assert repr(exact) == repr(Page(**found._asdict()))
            assert exact == Page(**found._asdict())
            return True
        self.reader.learn(exact)
        return False


@needs_msgspec
@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="as usual"),
        pytest.param({"new": 1}, id="a new field in one item"),
        pytest.param({"every": {"new": {"a": [1.5, None]}}}, id="a new field in each item"),
        pytest.param({"new": 1, "newer": 2}, id="two new fields"),
        pytest.param({"new": 10**30}, id="a large number in a new field"),
        pytest.param({"new": None}, id="null in a new field"),
        pytest.param({"os": "plan9"}, id="a new text"),
        pytest.param({"metadata": None}, id="null for a text"),
        pytest.param({"os": None}, id="null for a text of few"),
        pytest.param({"uri": None}, id="null for an address"),
        pytest.param({"started_at": "2026-01-02T03:04:05+02:00"}, id="an offset"),
        pytest.param({"started_at": "2026-01-02T03:04:05z"}, id="a lower-case z"),
        pytest.param({"metadata": "\N{GRINNING FACE} &"}, id="an emoji"),
    ],
)
def test_the_next_page_of_a_kind_is_read_with_types(
    change: Mapping[str, Any], pages: Callable[..., bytes]
) -> None:
    """What is new costs one page, and not each of those to come."""
    seen = Seen()
    assert not seen.read(pages())
    assert seen.read(pages())
    seen.read(pages(**change))

    assert seen.read(pages(**change))
    assert seen.read(pages())


@needs_msgspec
def test_a_new_field_of_pages_is_learned(pages: Callable[..., bytes]) -> None:
    """A page may have fields of the future, too."""
    seen = Seen()
    body = b'{"new":[1],"newer":2,' + pages()[1:]
    assert [False, True, True] == [seen.read(each) for each in (body, body, pages())]


@needs_msgspec
def test_single_objects_are_learned_of() -> None:
    """Types are made when a hundred objects have come, whether in pages or not."""
    from ngrok_async._wire import structs  # noqa: PLC0415 # msgspec may be missing

    reader = structs.Reader(TunnelSession, None)
    session = decode(SESSION, TunnelSession)
    for _ in range(100):
        assert reader.read(dumps(SESSION)) is None
        reader.learn(session)

    assert session == reader.read(dumps(SESSION))


@needs_msgspec
@pytest.mark.parametrize(
    "every",
    [
        pytest.param(lambda n: {"new": 1, f"new{n}": 1}, id="ever more names"),
        pytest.param(lambda _: {"x" * 65: 1}, id="a long name"),
        pytest.param(lambda _: {'say "so"': 1}, id="a name with quotes"),
        pytest.param(lambda _: {f"new{n}": 1 for n in range(9)}, id="many names"),
    ],
)
def test_a_server_cannot_have_us_make_types_without_end(
    every: Callable[[int], Mapping[str, Any]], pages: Callable[..., bytes]
) -> None:
    """There is a bound for what is learned; then all is read without types."""
    seen = Seen()
    for number in range(20):
        seen.read(pages(every(number)))

    assert not seen.read(pages())
    assert not seen.read(pages())


@needs_msgspec
def test_texts_of_many_values_are_read_as_texts(pages: Callable[..., bytes]) -> None:
    """What turns out to have many values, or long ones, is like any other text."""
    seen = Seen()
    for number in range(20):
        seen.read(pages({"region": f"r{number}"}, os="x" * 65))

    assert seen.read(pages({"region": "another"}, os="y" * 70))
    assert not seen.read(pages(transport="ngrok/3"))


@needs_msgspec
def test_types_that_never_fit_are_given_up(pages: Callable[..., bytes]) -> None:
    """Trying them costs something; what is rare and cannot be learned is read without them."""
    seen = Seen()
    seen.read(pages())
    odd = b"\xef\xbb\xbf" + pages()
    assert [False, False, True] == [seen.read(body) for body in (odd, odd, pages())]

    assert [False] * 4 == [seen.read(body) for body in (odd, odd, odd, pages())]


@needs_msgspec
def test_models_of_other_kinds_are_read_without_types() -> None:
    """What is declared to return plain JSON, or holds it, is left to the exact pass."""
    from ngrok_async._wire import structs  # noqa: PLC0415 # msgspec may be missing

    texts, odd = structs.Reader(tuple[str, ...], None), structs.Reader(Odd, None)
    for _ in range(200):
        texts.learn(("a",))
        odd.learn(Odd())

    assert texts.read(b'["a"]') is None
    assert odd.read(b"{}") is None
    assert ("a",) == reading.read(b'["a"]', tuple[str, ...], None)


@attrs.frozen(kw_only=True)
class Odd(Model):
    """A model of a type that no resource has so far."""

    anything: Any = None


@pytest.mark.parametrize("name", ["json", pytest.param("msgspec", marks=needs_msgspec)])
def test_threads_learn_side_by_side(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is learned belongs to the process, and programs have clients in several threads."""
    monkeypatch.setattr(reading, "DECODER", name)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as threads:
            found = [*threads.map(read_many, range(8))]
    finally:
        sys.setswitchinterval(before)

    assert [True] * 8 == found


def read_many(number: int) -> bool:
    """Read pages that no other thread has; tell whether they are right."""
    for turn in range(10):
        items = [
            {**SESSION, "region": f"{number} {turn} {item % 30}", f"new{item % 3}": item}
            for item in range(60)
        ]
        page = LIST.decode(dumps({"tunnel_sessions": items}))
        if [item["region"] for item in items] != [session.region for session in page.items]:
            return False
        if [{f"new{item % 3}": item} for item in range(60)] != [s.extra for s in page.items]:
            return False
    return True


# Whether it is there, and works


def test_msgspec_is_loaded_with_the_first_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is installed it is asked first, and where it is not, never."""
    asked: list[object] = []
    monkeypatch.setattr(reading, "_structs", lambda: asked.append(1))
    for name in ("json", "msgspec"):
        monkeypatch.setattr(reading, "DECODER", name)
        assert "ts_1" == GET.decode(dumps(SESSION)).id

    assert 1 == len(asked)


def test_what_is_read_with_types_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is not is read without, and shown to the reader."""
    session, learned = decode(SESSION, TunnelSession), list[object]()
    found: list[object] = [session, None]
    reader = SimpleNamespace(
        read=lambda _: found.pop(0), loads=lambda _: SESSION, learn=learned.append
    )
    monkeypatch.setattr(reading, "DECODER", "msgspec")
    monkeypatch.setattr(reading, "_structs", lambda: SimpleNamespace(reader=lambda *_: reader))

    assert session is GET.decode(b"")
    assert [] == learned
    assert session == GET.decode(b"")
    assert [session] == learned


def test_who_reads_with_msgspec_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module that imports msgspec is not asked for with each answer."""
    module = SimpleNamespace(probe=lambda: None)
    monkeypatch.setattr(_wire, "structs", module, raising=False)

    assert module is reading._structs.__wrapped__()
    assert reading._structs.cache_info().maxsize is None


WORKING: Final = """
class Meta:
    def __init__(self, **_): pass
def defstruct(*_, **__): return object
UNSET = object()
class json:
    class Decoder:
        def __init__(self, *_): pass
        def decode(self, body):
            page = type("Page", (), {"uri": "u", "items": [None], "next_page_uri": None})
            return page if body.startswith(b"{") else [12345678901234567890123]
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
    "loses digits": WORKING.replace("[12345678901234567890123]", "[12345678901234567890123.0]"),
    "no word for absent": WORKING.replace("UNSET = ", "OTHER = "),
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
    monkeypatch.setattr(reading, "_structs", cache(reading._structs.__wrapped__))
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
    monkeypatch.setattr(reading, "_structs", reading._structs.__wrapped__)

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


def outcome_of_types(body: bytes) -> str:
    """Return what msgspec and types make of a body, if that is there."""
    if reading.decoder() != "msgspec":
        return NOTHING
    from ngrok_async._wire import structs  # noqa: PLC0415 # msgspec may be missing

    try:
        return repr(structs.way(Numbers, None)(body))
    except Exception:  # noqa: BLE001 # whatever it raises
        return NOTHING


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
    quick = outcome_of_types(body)
    if -(2**63) <= number < 2**63:
        assert str(number) in repr(decode(loads(body), Numbers))
        assert quick in {NOTHING, repr(decode(loads(body), Numbers))}
        return
    with pytest.raises(MismatchError) as caught:
        decode(loads(body), Numbers)

    assert str(caught.value).startswith("expected an integer of at most 64 bits, got an integer of")
    assert str(caught.value).endswith(f" @ $.{place}")
    assert NOTHING == quick


def test_the_import_does_not_load_msgspec() -> None:
    """Who only imports the package does not wait for an extra."""
    code = (
        "import sys; from ngrok_async import Client; from ngrok_async._wire import read; "
        "print('msgspec' in sys.modules, read.DECODER)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert ["False", reading.DECODER] == run.stdout.split()


def test_what_is_usual_does_not_load_cattrs() -> None:
    """It takes a while to import, and only what is odd needs it."""
    page = dumps({"tunnel_sessions": [SESSION, {**SESSION, "os": None, "new": 1}]})
    code = f"""
import sys
from ngrok_async import Client
from ngrok_async._operation import operations
read = operations(type(Client("made-up-key").tunnel_sessions))["list"].decode
read({bytes(page)!r})
print("cattrs" in sys.modules)
try: read(b'{{"tunnel_sessions":[1]}}')
except Exception: print("cattrs" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert ["False", "True"] == run.stdout.split()


def test_the_decoder_is_what_is_installed() -> None:
    """One can see which one is at work."""
    assert ("msgspec" if find_spec("msgspec") else "json") == reading.DECODER
    assert reading.DECODER == reading.decoder()
    assert loads(dumps(SESSION)) == SESSION
