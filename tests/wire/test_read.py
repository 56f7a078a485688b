"""JSON bytes to values: nothing is coerced, and what does not fit is named."""

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Literal, TypeAlias

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async._json import dumps
from ngrok_async._model import Model
from ngrok_async._wire.read import MismatchError, decode, loads


@attrs.frozen(kw_only=True)
class Part(Model):
    """A model inside of another."""

    id: str


@attrs.frozen(kw_only=True)
class Thing(Model):
    """A model with a field of each kind that resources declare."""

    id: str
    made_at: datetime
    part: Part
    text: str = ""
    flag: bool = False
    count: int = 0
    ratio: float = 0.0
    ended_at: datetime | None = None
    kind: Literal["a", "b"] | str = ""  # noqa: PYI051 # the form that resources use
    maybe_kind: Literal["a", "b"] | str | None = None  # noqa: PYI051 # the same
    maybe_text: str | None = None
    maybe_flag: bool | None = None
    maybe_count: int | None = None
    maybe_part: "Part | None" = None
    names: tuple[str, ...] = ()
    maybe_names: tuple[str, ...] | None = None
    parts: tuple[Part, ...] = ()
    labels: Mapping[str, str] = attrs.field(factory=dict[str, str])
    maybe_labels: Mapping[str, str] | None = None
    weights: Mapping[str, int] = attrs.field(factory=dict[str, int])
    by_name: Mapping[str, Part] = attrs.field(factory=dict[str, Part])
    anything: Any = None
    inner: "Thing | None" = None


@attrs.frozen(kw_only=True)
class Nullable(Model):
    """A model whose fields must be there, and may be null."""

    at: datetime | None
    text: str | None
    kind: Literal["a"] | str | None  # noqa: PYI051 # the form that resources use
    part: Part | None
    names: tuple[str, ...] | None


SMALLEST: Mapping[str, Any] = {
    "id": "th_1",
    "made_at": "2026-11-22T10:00:00Z",
    "part": {"id": "p_1"},
}
MADE_AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def thing(**fields: object) -> Thing:
    """Decode a thing with these fields on top of the required ones."""
    decoded = decode({**SMALLEST, **fields}, Thing)
    assert isinstance(decoded, Thing)
    return decoded


def mismatch(value: object, kind: object = Thing) -> str:
    """Decode what does not fit and return the message."""
    with pytest.raises(MismatchError) as caught:
        decode(value, kind)
    # A chained error would carry the offending values along, into logs.
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    return str(caught.value)


# Bytes to JSON


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b' {"a": [1, 2.5, true, null]}\r\n', {"a": [1, 2.5, True, None]}, id="object"),
        pytest.param(b"\xef\xbb\xbf{}", {}, id="byte order mark"),
        pytest.param(b"null", None, id="null"),
        pytest.param(b'"x"', "x", id="string"),
        pytest.param('"é😀"'.encode(), "é😀", id="UTF-8"),
        pytest.param(rb'"\ud83d\ude00"', "😀", id="escaped surrogate pair"),
        pytest.param(rb'"\\ud800"', r"\ud800", id="backslash that is no escape"),
        pytest.param(rb'"\uD83D\uDE00\ud83d\ude00x"', "😀😀x", id="pairs beside each other"),
        pytest.param(rb'"\\\ud83d\ude00"', "\\😀", id="a pair behind a backslash"),
        pytest.param(rb'"\\ud83d \\ude00"', r"\ud83d \ude00", id="a pair of plain text"),
        pytest.param(b"1e308", 1e308, id="large number"),
        pytest.param(b"9" * 400, int("9" * 400), id="400 digits"),
        pytest.param(b"[" * 100 + b"]" * 100, None, id="nested 100 deep"),
    ],
)
def test_valid_json_is_read(body: bytes, expected: object) -> None:
    """What RFC 8259 allows is decoded, also with a byte order mark in front."""
    value = loads(body)

    if b"[[" in body:
        for _ in range(99):
            [value] = value
        expected = []
    assert expected == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "Expecting value", id="empty"),
        pytest.param(b" \n", "Expecting value", id="blank"),
        pytest.param(b"<html>", "Expecting value", id="HTML"),
        pytest.param(b"{} {}", "Extra data", id="two values"),
        pytest.param(b'{"a": 1', "Expecting ',' delimiter", id="broken off"),
        pytest.param(b"{'a': 1}", "Expecting property name", id="single quotes"),
        pytest.param(b'"a\nb"', "Invalid control character", id="raw line break"),
        pytest.param(b"\xef\xbb\xbf" * 2 + b"{}", "Expecting value", id="two byte order marks"),
        pytest.param(b'{"a": NaN}', "NaN is not a JSON number", id="NaN"),
        pytest.param(b"[Infinity]", "Infinity is not a JSON number", id="infinity"),
        pytest.param(b"[-Infinity]", "-Infinity is not a JSON number", id="minus infinity"),
        pytest.param(b"[1e400]", "a number is too large (1e400)", id="number beyond floats"),
        pytest.param(b"[-1e400]", "a number is too large (-1e400)", id="minus beyond floats"),
        pytest.param(b"9" * 5000, "of 5000 digits does not fit in 64 bits @ $", id="5000 digits"),
        pytest.param(b'"\xe9"', "can't decode byte 0xe9", id="latin-1"),
        pytest.param('{"a": 1}'.encode("utf-16"), "can't decode byte 0xff", id="UTF-16"),
        pytest.param(rb'"\ud800"', "surrogates not allowed", id="lone surrogate"),
        pytest.param(rb'"\ude00"', "surrogates not allowed", id="the other half"),
        pytest.param(rb'"\\ud83d\ude00"', "surrogates not allowed", id="half after plain text"),
        pytest.param(rb'"\ud83d\ud83d\ude00"', "surrogates not allowed", id="half before a pair"),
        pytest.param(rb'"\ud83d\ude00\ude00"', "surrogates not allowed", id="half after a pair"),
        pytest.param(rb'"\ud83d\\ude00"', "surrogates not allowed", id="half before plain text"),
        pytest.param(rb'{"a\uDFFF": 1}', "surrogates not allowed", id="lone surrogate in a name"),
        pytest.param(b'"\xed\xa0\x80"', "can't decode byte 0xed", id="raw surrogate"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="100000 arrays"),
        pytest.param(b'{"a":' * 100_000, "nested too deeply", id="100000 objects"),
    ],
)
def test_other_bytes_are_refused_with_a_reason(body: bytes, reason: str) -> None:
    """Whatever is no JSON, or could not be written back, is one kind of error that says why."""
    with pytest.raises(MismatchError) as caught:
        loads(body)

    assert str(caught.value).startswith("not valid JSON: ")
    assert reason in str(caught.value)
    # The decoders' own errors hold the whole body.
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    # Surrogates alone are no text.
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner),
    max_leaves=10,
)  # fmt: skip
fragments = st.lists(
    st.sampled_from([
        b"{", b"}", b"[", b"]", b",", b":", b'"', b'"a"', b"1", b"-", b"1e999", b"0.5", b"null",
        b"NaN", b"true", rb'"\ud800"', rb'"\ud83d\ude00"', b"\xef\xbb\xbf", b"\xff", b" ",
    ]),
    max_size=12,
).map(b"".join)  # fmt: skip


@given(body=st.binary() | fragments | json_values.map(dumps))
def test_whatever_is_read_can_be_written_back(body: bytes) -> None:
    """Any bytes give a value that survives another round trip, or a `MismatchError`."""
    try:
        value = loads(body)
    except MismatchError:
        return

    assert value == loads(dumps(value))


@given(value=json_values)
def test_json_survives_a_round_trip(value: object) -> None:
    """What is written reads back the same."""
    assert value == loads(dumps(value))


def test_bodies_are_compact_utf_8() -> None:
    """A body has no needless spaces and no ASCII escapes."""
    assert '{"a":["é",1,null]}'.encode() == dumps({"a": ["é", 1, None]})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"], ids=repr)
def test_no_body_is_made_of_what_is_no_json(value: object) -> None:
    """NaN and lone surrogates are a `ValueError`, not an invalid body."""
    with pytest.raises(ValueError, match=r"not JSON compliant|surrogates"):
        dumps([value])


# JSON to values


def test_a_whole_object_becomes_a_model() -> None:
    """Each kind of field gets the value of its declared type."""
    decoded = thing(
        text="t",
        flag=True,
        count=3,
        ratio=50,
        ended_at="2026-11-22T11:00:00Z",
        kind="a",
        maybe_kind="b",
        maybe_text="m",
        maybe_flag=False,
        maybe_count=0,
        maybe_part={"id": "p_2"},
        names=["x", "y"],
        maybe_names=[],
        parts=[{"id": "p_3"}],
        labels={"k": "v"},
        maybe_labels={},
        weights={"bkdhr_1": 2},
        by_name={"n": {"id": "p_4"}},
        anything={"deep": [None, 1.5]},
        inner=SMALLEST,
    )

    assert decoded == Thing(
        id="th_1",
        made_at=MADE_AT,
        part=Part(id="p_1"),
        text="t",
        flag=True,
        count=3,
        ratio=50.0,
        ended_at=datetime(2026, 11, 22, 11, tzinfo=UTC),
        kind="a",
        maybe_kind="b",
        maybe_text="m",
        maybe_flag=False,
        maybe_count=0,
        maybe_part=Part(id="p_2"),
        names=("x", "y"),
        maybe_names=(),
        parts=(Part(id="p_3"),),
        labels={"k": "v"},
        maybe_labels={},
        weights={"bkdhr_1": 2},
        by_name={"n": Part(id="p_4")},
        anything={"deep": [None, 1.5]},
        inner=Thing(id="th_1", made_at=MADE_AT, part=Part(id="p_1")),
    )
    assert float is type(decoded.ratio)  # 50 and 50.0 are the same JSON number
    assert -0.25 == thing(ratio=-0.25).ratio


COERCIBLE: Sequence[tuple[dict[str, object], str]] = [
    ({"id": None}, "expected a string, got null @ $.id"),
    ({"id": 1}, "expected a string, got an integer @ $.id"),
    ({"text": True}, "expected a string, got a boolean @ $.text"),
    ({"text": ["a"]}, "expected a string, got an array @ $.text"),
    ({"text": {}}, "expected a string, got an object @ $.text"),
    ({"flag": "false"}, "expected a boolean, got a string @ $.flag"),
    ({"flag": 0}, "expected a boolean, got an integer @ $.flag"),
    ({"maybe_flag": "true"}, "expected a boolean, got a string @ $.maybe_flag"),
    ({"count": "1"}, "expected an integer, got a string @ $.count"),
    ({"count": 1.0}, "expected an integer, got a number @ $.count"),
    ({"count": True}, "expected an integer, got a boolean @ $.count"),
    ({"maybe_count": 1.5}, "expected an integer, got a number @ $.maybe_count"),
    ({"ratio": "0.5"}, "expected a number, got a string @ $.ratio"),
    ({"ratio": True}, "expected a number, got a boolean @ $.ratio"),
    (
        {"ratio": 10**400},
        "expected a number up to 1e308, got an integer of about 401 digits @ $.ratio",
    ),
    ({"kind": 1}, "expected a string, got an integer @ $.kind"),
    ({"maybe_kind": 1}, "expected a string, got an integer @ $.maybe_kind"),
    ({"maybe_text": 1}, "expected a string, got an integer @ $.maybe_text"),
    ({"made_at": None}, "expected a timestamp, got null @ $.made_at"),
    ({"made_at": 1}, "expected a timestamp, got an integer @ $.made_at"),
    ({"ended_at": False}, "expected a timestamp, got a boolean @ $.ended_at"),
    ({"names": "abc"}, "expected an array, got a string @ $.names"),
    ({"names": {"a": 1}}, "expected an array, got an object @ $.names"),
    ({"names": ["a", None]}, "expected a string, got null @ $.names[1]"),
    ({"maybe_names": "public"}, "expected an array, got a string @ $.maybe_names"),
    ({"labels": [["a", "b"]]}, "expected an object, got an array @ $.labels"),
    ({"labels": {"a": 1}}, "expected a string, got an integer @ $.labels['a']"),
    ({"labels": {"a": None}}, "expected a string, got null @ $.labels['a']"),
    ({"maybe_labels": "x"}, "expected an object, got a string @ $.maybe_labels"),
    ({"weights": {"a": 1.5}}, "expected an integer, got a number @ $.weights['a']"),
    ({"part": None}, "expected an object, got null @ $.part"),
    ({"part": "p_1"}, "expected an object, got a string @ $.part"),
    ({"part": {}}, "required field missing @ $.part.id"),
    ({"maybe_part": []}, "expected an object, got an array @ $.maybe_part"),
    ({"maybe_part": {"id": 1}}, "expected a string, got an integer @ $.maybe_part.id"),
    ({"parts": [{"id": "a"}, {"id": None}]}, "expected a string, got null @ $.parts[1].id"),
    ({"parts": [None]}, "expected an object, got null @ $.parts[0]"),
    ({"by_name": {"n": {"id": 1}}}, "expected a string, got an integer @ $.by_name['n'].id"),
    ({"inner": {"id": "x"}}, "required field missing @ $.inner.made_at"),
    (
        {"inner": {**SMALLEST, "parts": [{"id": 1}]}},
        "expected a string, got an integer @ $.inner.parts[0].id",
    ),
]


@pytest.mark.parametrize(("fields", "message"), COERCIBLE, ids=[case[1] for case in COERCIBLE])
def test_nothing_is_coerced(fields: dict[str, object], message: str) -> None:
    """A value of another type than declared is an error that says where it is."""
    assert message == mismatch({**SMALLEST, **fields})


@pytest.mark.parametrize(
    ("value", "got"),
    [
        pytest.param(None, "null", id="null"),
        pytest.param([], "an array", id="array"),
        pytest.param("x", "a string", id="string"),
        pytest.param(1, "an integer", id="integer"),
        pytest.param(0.5, "a number", id="number"),
        pytest.param(True, "a boolean", id="boolean"),
    ],
)
def test_an_answer_that_is_no_object_is_refused(value: object, got: str) -> None:
    """Where a model is due, null, a list or a scalar does not do."""
    assert f"expected an object, got {got} @ $" == mismatch(value)


@pytest.mark.parametrize("name", ["id", "made_at", "part"])
def test_a_missing_required_field_is_named(name: str) -> None:
    """The first required field that is not there is in the message."""
    rest = {n: value for n, value in SMALLEST.items() if n != name}

    assert f"required field missing @ $.{name}" == mismatch(rest)


def test_the_path_begins_where_the_caller_says() -> None:
    """Items of a page are decoded apart from the page, and still have their path in it."""
    with pytest.raises(MismatchError, match=r"got null @ \$\.things\[1\]\.id$"):
        decode([{"id": "a"}, {"id": None}], tuple[Part, ...], "$.things")


@pytest.mark.parametrize("index", [0, 63, 64, 65, 127, 128, 200])
@pytest.mark.parametrize("kind", [tuple[Part, ...], tuple[str, ...]], ids=["models", "texts"])
def test_the_place_in_a_long_list(kind: Any, index: int) -> None:  # noqa: ANN401 # a type form
    """Lists are tried in parts; the place that is told is that in the whole."""
    items: list[Any] = [{"id": "a"} if kind == tuple[Part, ...] else "a"] * 250
    items[index] = {"id": 7} if kind == tuple[Part, ...] else 7
    with pytest.raises(MismatchError, match=rf"\$\[{index}\]"):
        decode(items, kind)


def test_null_means_absent_where_there_is_a_default() -> None:
    """Go writes null for empty lists and maps: every field with a default takes it then."""
    optional = [f.name for f in attrs.fields(Thing) if f.default is not attrs.NOTHING and f.init]
    nulls = dict.fromkeys(name for name in optional if name != "_extra")

    assert thing() == thing(**nulls)


def test_a_required_field_is_null_only_where_its_type_says_so() -> None:
    """Null is a value of its own for a required field, and leaving it out is none."""
    nulls: dict[str, object] = dict.fromkeys(["at", "text", "kind", "part", "names"])

    assert Nullable(at=None, text=None, kind=None, part=None, names=None) == decode(nulls, Nullable)
    assert "required field missing @ $.at" == mismatch({}, Nullable)


def test_unknown_enum_values_pass_through() -> None:
    """New values come without notice; they arrive as what they are."""
    decoded = thing(kind="new", maybe_kind="newer")

    assert ("new", "newer") == (decoded.kind, decoded.maybe_kind)


def test_unknown_fields_are_kept_on_each_level() -> None:
    """Fields from the future, null or deep, are in `extra` of the object that had them."""
    decoded = thing(
        later={"a": [1]},
        none=None,
        part={"id": "p_1", "more": 1},
        parts=[{"id": "p_2"}, {"id": "p_3", "more": 2}],
    )

    assert {"later": {"a": [1]}, "none": None} == decoded.extra
    assert {"none": None} == thing(none=None).extra
    assert {"more": 1} == decoded.part.extra
    assert [{}, {"more": 2}] == [part.extra for part in decoded.parts]


def test_a_field_may_be_called_like_our_own() -> None:
    """`extra` and `_extra` from the server are unknown fields as others; they set nothing."""
    assert {"extra": 1, "_extra": 2} == thing(extra=1, _extra=2).extra


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-22T10:00:00Z", MADE_AT),
        ("2026-11-22t10:00:00z", MADE_AT),
        ("2026-11-22 10:00:00Z", MADE_AT),
        ("2026-11-22T11:30:00+01:30", MADE_AT),
        ("2026-11-22T10:00:00-00:00", MADE_AT),
        ("2026-11-22T10:00:00.5Z", MADE_AT.replace(microsecond=500_000)),
        ("2026-11-22T10:00:00.123456789Z", MADE_AT.replace(microsecond=123_456)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_timestamps_are_aware_and_in_utc(text: str, expected: datetime) -> None:
    """Whatever form of RFC 3339 arrives, the value is an aware datetime in UTC."""
    decoded = thing(made_at=text, ended_at=text)

    assert (expected, expected) == (decoded.made_at, decoded.ended_at)
    assert (UTC, UTC) == (decoded.made_at.tzinfo, decoded.ended_at and decoded.ended_at.tzinfo)


Open: TypeAlias = Literal["a", "b"] | str  # noqa: PYI051 # the form that resources use


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Open, "a", "a"),
        (Open, "later", "later"),
        (Open, "", ""),
        (Open | None, "a", "a"),
        (Open | None, "later", "later"),
        (Open | None, None, None),
        (tuple[Open, ...], ["a", "later"], ("a", "later")),
        (tuple[Open | None, ...], ["a", None], ("a", None)),
        (Mapping[str, Open | None], {"x": None, "y": "b"}, {"x": None, "y": "b"}),
        (str | None, None, None),
        (str | None, "a", "a"),
    ],
    ids=lambda value: str(value).replace("typing.", ""),
)
def test_open_enums_let_everything_through_that_is_a_text(
    kind: object, value: object, expected: object
) -> None:
    """New values come without notice; null only where it is in the type."""
    assert expected == decode(value, kind)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Open, None, "expected a string, got null @ $"),
        (Open, 1, "expected a string, got an integer @ $"),
        (Open | None, True, "expected a string, got a boolean @ $"),
        (Open | None, ["a"], "expected a string, got an array @ $"),
        (tuple[Open, ...], ["a", None], "expected a string, got null @ $[1]"),
        (Mapping[str, Open | None], {"x": 1}, "expected a string, got an integer @ $['x']"),
        (str | None, 1, "expected a string, got an integer @ $"),
    ],
    ids=lambda value: str(value).replace("typing.", ""),
)
def test_open_enums_are_texts(kind: object, value: object, message: str) -> None:
    """Whatever the value: nothing else passes for one."""
    assert message == mismatch(value, kind)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a timestamp, got ''"),
        ("soon", "expected a timestamp, got 'soon'"),
        ("2016-12-31T23:59:60Z", "expected a timestamp, got '2016-12-31T23:59:60Z'"),
        ("2026-02-30T00:00:00Z", "expected a timestamp, got '2026-02-30T00:00:00Z'"),
        ("2026-11-22", "expected a timestamp with its offset from UTC, got '2026-11-22'"),
        (
            "2026-11-22T10:00:00",
            "expected a timestamp with its offset from UTC, got '2026-11-22T10:00:00'",
        ),
        (
            "0001-01-01T00:00:00+01:00",
            "expected a timestamp between the years 1 and 9999, got '0001-01-01T00:00:00+01:00'",
        ),
        (
            "9999-12-31T23:59:59-01:00",
            "expected a timestamp between the years 1 and 9999, got '9999-12-31T23:59:59-01:00'",
        ),
        ("x" * 1000, "expected a timestamp, got a text of 1000 characters"),
    ],
    ids=lambda case: case[:60],
)
@pytest.mark.parametrize("name", ["made_at", "ended_at"])
def test_what_is_no_timestamp_is_refused(name: str, text: str, message: str) -> None:
    """No guess is made about a time without its offset, a leap second or junk."""
    assert f"{message} @ $.{name}" == mismatch({**SMALLEST, name: text})


def test_the_time_that_go_never_set_is_none() -> None:
    """Year 1 means "not set": None where the field may be, else the time as it is."""
    decoded = thing(made_at="0001-01-01T00:00:00Z", ended_at="0001-01-01T00:00:00Z")

    assert datetime(1, 1, 1, tzinfo=UTC) == decoded.made_at
    assert decoded.ended_at is None


# For any JSON

near_misses = st.dictionaries(
    st.sampled_from([field.name for field in attrs.fields(Thing)]) | st.text(max_size=3),
    json_values | st.just("2026-11-22T10:00:00Z") | st.just({"id": "p"}) | st.just([{"id": "p"}]),
    max_size=8,
)


FIELD_TYPES: Mapping[str, set[type]] = {
    "id": {str},
    "made_at": {datetime},
    "part": {Part},
    "text": {str},
    "flag": {bool},
    "count": {int},
    "ratio": {float},
    "ended_at": {datetime, NoneType},
    "kind": {str},
    "maybe_kind": {str, NoneType},
    "maybe_text": {str, NoneType},
    "maybe_flag": {bool, NoneType},
    "maybe_count": {int, NoneType},
    "maybe_part": {Part, NoneType},
    "names": {tuple},
    "maybe_names": {tuple, NoneType},
    "parts": {tuple},
    "labels": {dict},
    "maybe_labels": {dict, NoneType},
    "weights": {dict},
    "by_name": {dict},
    "inner": {Thing, NoneType},
}


@settings(max_examples=300)
@given(fields=near_misses, start=st.sampled_from([SMALLEST, {}]))
def test_any_json_is_a_model_or_a_mismatch(
    fields: dict[str, object], start: Mapping[str, object]
) -> None:
    """For any JSON: a value whose every field has its type, or an error with a path."""
    value = {**start, **fields}
    before = copy.deepcopy(value)
    outcome: object
    try:
        outcome = decode(value, Thing)
    except MismatchError as error:
        outcome = error

    assert before == value  # the input is the caller's
    if isinstance(outcome, MismatchError):
        assert " @ $" in str(outcome)
        return
    assert isinstance(outcome, Thing)
    for name, kinds in FIELD_TYPES.items():
        assert type(getattr(outcome, name)) in kinds, name
    assert all(type(name) is str for name in outcome.names)
    assert all(type(part) is Part for part in (*outcome.parts, *outcome.by_name.values()))
    assert all(type(weight) is int for weight in outcome.weights.values())
    assert value.keys() - FIELD_TYPES.keys() <= outcome.extra.keys() | {"anything"}
