"""The fake's reading of CEL, held against cel-python's where both know what a condition means."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import celpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async._model import Model
from ngrok_async.testing._cel import parse
from ngrok_async.testing._cel_tokens import CELError
from ngrok_async.testing._filter import condition
from ngrok_async.testing._filter_terms import known_fields


@attrs.frozen(kw_only=True)
class Toy(Model):
    """An item with fields of the kinds that CEL knows too."""

    name: str
    tags: tuple[str, ...]
    made_at: datetime
    sold_at: datetime
    is_sold: bool


NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
KNOWN = known_fields("/toys", ["name", "tags", "made_at", "sold_at", "is_sold"], Toy)

# Few of them, so that comparisons often hold.
TEXTS = st.sampled_from(["", "a", "ab", "b", "é", "😀", "\U0001f600a", '"', "'", "\\", "\n\t\x00"])
TIMES = st.integers(-3, 3).map(lambda days: f"{NOW + timedelta(days):%Y-%m-%dT%H:%M:%SZ}")
ITEMS = st.fixed_dictionaries(
    {
        "name": TEXTS,
        "tags": st.lists(TEXTS, max_size=3),
        "made_at": TIMES,
        "sold_at": TIMES,
        "is_sold": st.booleans(),
    }
)
ESCAPES = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n", "\t": "\\t", "\x00": "\\x00"}


@st.composite
def literals(draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """Write a text in one of the ways that CEL has."""
    quote = draw(st.sampled_from(["'", '"', "'''", '"""']))
    text = draw(TEXTS)
    # In a raw text cel-python takes a backslash and a quote for an escape, which CEL does not.
    if draw(st.booleans()) and not set(text) & {"'", '"', "\n", "\\"}:
        return f"r{quote}{text}{quote}"
    written = ""
    for character in text:
        code = ord(character)
        ways = [ESCAPES.get(character, character), f"\\U{code:08x}"]
        ways += [f"\\u{code:04x}"] * (code < 0x10000) + [f"\\x{code:02x}"] * (code < 0x100)
        ways += [f"\\{code:03o}"] * (code < 0x100)
        written += draw(st.sampled_from(ways))
    return f"{quote}{written}{quote}"


WORDS = st.one_of(st.just("obj.name"), literals())
SIZES = st.builds("size({})".format, st.one_of(WORDS, st.just("obj.tags")))
NUMBERS = st.one_of(SIZES, st.integers(0, 4).map(str), st.integers(0, 4).map(hex))
SPANS = st.sampled_from(['"1d"', '"24h"', '"90m"', '"0d"'])
INSTANTS = st.one_of(
    st.sampled_from(["obj.made_at", "obj.sold_at", "timestamp(time.now)"]),
    st.builds('timestamp("{}")'.format, TIMES),
    st.builds("timestamp(time.now).{}({})".format, st.sampled_from(["add", "subtract"]), SPANS),
)
ORDERS = st.sampled_from(["<", "<=", "==", "!=", ">=", ">"])
LISTS = st.one_of(
    st.just("obj.tags"), st.lists(WORDS, max_size=3).map(lambda items: f"[{', '.join(items)}]")
)
CONDITIONS = st.recursive(
    st.one_of(
        st.sampled_from(["true", "false", "obj.is_sold", "obj.is_sold == true"]),
        st.builds("{} {} {}".format, WORDS, ORDERS, WORDS),
        st.builds("{} {} {}".format, NUMBERS, ORDERS, NUMBERS),
        st.builds("{} {} {}".format, INSTANTS, ORDERS, INSTANTS),
        st.builds("{} in {}".format, WORDS, LISTS),
        st.builds(
            "{}.{}({})".format,
            WORDS,
            st.sampled_from(["startsWith", "contains", "endsWith"]),
            WORDS,
        ),
    ),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("!({})".format, inner),
        st.builds("!!({})".format, inner),
        st.builds("{} && {}".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("({}) == ({})".format, inner, inner),
    ),
    max_leaves=6,
)


def celpys(expression: str, item: dict[str, Any]) -> bool:
    """Return what cel-python makes of a condition."""

    def add(at: Any, span: Any) -> Any:  # noqa: ANN401 # CEL values
        return at + celpy.celtypes.DurationType(span)

    def subtract(at: Any, span: Any) -> Any:  # noqa: ANN401 # CEL values
        return at - celpy.celtypes.DurationType(span)

    limit = sys.getrecursionlimit()
    environment = celpy.Environment()
    sys.setrecursionlimit(limit)  # it raises that of the whole process
    functions = {"add": add, "subtract": subtract}
    program = environment.program(environment.compile(expression), functions=functions)
    obj: Any = celpy.json_to_cel(item)
    for name in ("made_at", "sold_at"):
        obj[name] = celpy.celtypes.TimestampType(item[name])
    now = celpy.celtypes.TimestampType(NOW.isoformat())
    time = celpy.celtypes.MapType({celpy.celtypes.StringType("now"): now})
    outcome = program.evaluate({"obj": obj, "time": time})
    assert isinstance(outcome, celpy.celtypes.BoolType)
    return bool(outcome)


@settings(max_examples=300)
@given(expression=CONDITIONS, item=ITEMS)
def test_it_means_what_cel_python_says(expression: str, item: dict[str, Any]) -> None:
    """On random conditions and items the two agree."""
    assert celpys(expression, item) == condition(expression, KNOWN, NOW).meets(item)


TOKENS = st.one_of(
    st.sampled_from(["obj", ".", "name", "true", "null", "1", "0x", '"a"', "'", "\\", "//"]),
    st.sampled_from(["(", ")", "[", "]", "!", "&&", "||", "==", "in", ",", "size", "add"]),
    st.sampled_from(["-", "?", ":", "{", "}"]),
)


@given(st.lists(TOKENS, max_size=12).map("".join) | st.text(max_size=30))
def test_no_text_breaks_it(expression: str) -> None:
    """Whatever stands in a filter is read or refused."""
    try:
        assert parse(expression).size > 0
    except CELError as error:
        assert str(error)  # noqa: PT017 # either way is fine


@pytest.mark.parametrize("text", ['"' + r"\"" * 50_000, "'''" + "'" * 50_001, "(" * 100_000])
def test_refuses_a_long_text_at_once(text: str) -> None:
    """What is refused is not read again from each of its characters."""
    with pytest.raises(CELError):
        parse(text)
