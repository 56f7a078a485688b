"""The `filter` of lists, as ngrok's guide describes it: https://ngrok.com/docs/api/api-filtering."""

import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from ngrok_async import Client, FilterError
from ngrok_async._model import Model
from ngrok_async.resources._shared import Ref
from ngrok_async.testing import FakeNgrok
from ngrok_async.testing._filter import condition
from ngrok_async.testing._filter_terms import instant, known_fields
from ngrok_async.testing._messages import RefusedError
from ngrok_async.testing._store import timestamp

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

Call = Callable[..., Awaitable[tuple[int, Any]]]


@attrs.frozen(kw_only=True)
class Toy(Model):
    """An item with a field of each kind."""

    id: str
    owner_id: str = ""
    name: str = ""
    made_at: datetime
    sold_at: datetime | None = None
    is_sold: bool
    tags: tuple[str, ...] = ()
    seller: Ref | None = None
    maker: Ref
    colors: tuple[str, ...] = ()


KNOWN = known_fields(
    "/toys",
    [
        "id",
        "owner_id",
        "name",
        "made_at",
        "sold_at",
        "is_sold",
        "tags",
        "seller.id",
        "maker",
        "color",
    ],
    Toy,
)
FULL: dict[str, Any] = {
    "id": "toy_1",
    "owner_id": "usr_1",
    "name": "brïck😀",
    "made_at": "2026-01-01T00:00:00Z",
    "sold_at": "2026-01-31T09:30:00Z",
    "is_sold": True,
    "tags": ["red", "small"],
    "seller": {"id": "usr_2", "uri": "https://api.ngrok.com/users/usr_2"},
    "maker": {"id": "usr_3", "uri": "https://api.ngrok.com/users/usr_3"},
    "colors": ["red"],
}
NULLS: dict[str, Any] = dict.fromkeys(FULL)
BLANK = FULL | {"name": "", "tags": [], "colors": [], "is_sold": False}


def meets(expression: str, item: dict[str, Any]) -> bool:
    """Tell whether an item meets a condition."""
    return bool(condition(expression, KNOWN, NOW).meets(item))


def refused(expression: str) -> str:
    """Return why a condition is refused."""
    with pytest.raises(RefusedError) as caught:
        condition(expression, KNOWN, NOW)
    assert (400, "ERR_NGROK_250") == (caught.value.status, caught.value.code)
    assert caught.value.message.startswith("Invalid CEL query: ")
    return caught.value.message


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("true", id="always"),
        pytest.param("!false", id="not never"),
        pytest.param("!!true", id="not not"),
        pytest.param("!!!false", id="not not not"),
        pytest.param("true || false && false", id="and binds more than or"),
        pytest.param("!(true && false)", id="parentheses"),
        pytest.param("!false && true", id="not binds most"),
        pytest.param("1 < 2 == true", id="from left to right"),
        pytest.param("obj.is_sold", id="truth alone"),
        pytest.param("obj.is_sold == true", id="truth"),
        pytest.param("obj.is_sold != false", id="other truth"),
        pytest.param('obj.id == "toy_1"', id="id"),
        pytest.param("obj.id in ['toy_0', 'toy_1']", id="one of several"),
        pytest.param("!(obj.id in [])", id="one of none"),
        pytest.param('obj.id in [obj.owner_id, obj.id, "x"]', id="one of several fields"),
        pytest.param('obj.owner_id == "usr_1"', id="id of another thing"),
        pytest.param('obj.seller.id == "usr_2"', id="id of a reference"),
        pytest.param('obj.maker == "usr_3"', id="reference is its id"),
        pytest.param('obj.maker.id != "usr_4"', id="reference has its id"),
        pytest.param('obj.color == "red"', id="singular of a list"),
        pytest.param('"red" in obj.colors', id="list of the singular"),
        pytest.param('"small" in obj.tags && !("big" in obj.tags)', id="in a list"),
        pytest.param("obj.tags == obj.tags", id="lists"),
        pytest.param("size(obj.tags) == 2", id="size of a list"),
        pytest.param("size(obj.name) == 6 && obj.name.size() == 0x6", id="size in characters"),
        pytest.param('obj.name.startsWith("brï")', id="beginning"),
        pytest.param('obj.name.contains("ïck")', id="middle"),
        pytest.param('obj.name.endsWith("😀")', id="end"),
        pytest.param('!obj.name.contains("brick")', id="not in it"),
        pytest.param('obj.name > "bricks" && obj.name <= obj.name', id="order of texts"),
        pytest.param('obj.made_at < timestamp("2026-01-01T00:00:01Z")', id="before"),
        pytest.param('obj.made_at == timestamp("2026-01-01T01:30:00+01:30")', id="offset"),
        pytest.param('obj.made_at == timestamp("2026-01-01Z")', id="date"),
        pytest.param('obj.made_at < timestamp("2026-01-01t00:00:00.1234567z")', id="fraction"),
        pytest.param("obj.sold_at == timestamp(time.now)", id="now"),
        pytest.param('obj.sold_at > timestamp(time.now).subtract("1m")', id="a minute ago"),
        pytest.param('obj.sold_at.add("24h") == timestamp(time.now).add("1d")', id="tomorrow"),
        pytest.param("timestamp(obj.sold_at) >= timestamp(time.now)", id="time of a time"),
        pytest.param('timestamp(time.now).add("999999999d") > obj.made_at', id="end of time"),
        pytest.param(
            'timestamp(time.now).subtract("999999999d") < obj.made_at', id="its beginning"
        ),
        pytest.param("obj.sold_at in [timestamp(time.now)]", id="one of several times"),
        pytest.param("null == null", id="nothing"),
        pytest.param('obj.name == "x" // what is it?\r\n\t|| true', id="comment"),
        pytest.param(" || ".join(["false"] * 500 + ["true"]), id="many conditions"),
        pytest.param("(" * 29 + "true" + ")" * 29, id="deep"),
    ],
)
def test_what_conditions_mean(expression: str) -> None:
    """Each of these holds, and its opposite does not."""
    assert meets(expression, FULL)
    assert not meets(f"!({expression}\n)", FULL)


@pytest.mark.parametrize("item", [{}, NULLS], ids=["absent", "null"])
@pytest.mark.parametrize(
    "expression",
    [
        'obj.name == ""',
        "obj.name == null",
        "null == obj.name",
        "size(obj.name) == 0",
        'obj.name in ["x", null]',
        'obj.tags == ""',
        "obj.tags == null",
        '"" == obj.tags',
        "size(obj.tags) == 0",
        '!("red" in obj.tags)',
        'obj.color == "" && obj.colors == null',
        'obj.id == "" && obj.owner_id == null',
        'obj.seller.id == "" && obj.seller.id == null',
        'obj.maker == null && obj.maker.id == ""',
        "obj.sold_at == null",
        "!(obj.sold_at < timestamp(time.now)) && !(obj.sold_at >= timestamp(time.now))",
        'obj.sold_at.add("1d") == null',
        "obj.sold_at != timestamp(time.now)",
        "obj.is_sold == null && obj.is_sold == false && !obj.is_sold",
    ],
)
def test_what_is_absent_is_empty(expression: str, item: dict[str, Any]) -> None:
    """What ngrok leaves out can be asked for as null, and as the empty value of its kind."""
    assert meets(expression, item)


def test_empty_values() -> None:
    """What is there and empty counts as absent; false is there."""
    assert meets('obj.name == null && obj.tags == null && obj.color == ""', BLANK)
    assert meets("obj.is_sold != null", BLANK)
    assert not meets("obj.name == null || obj.tags == null || obj.sold_at == null", FULL)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        pytest.param("", "something is missing at its end", id="empty"),
        pytest.param("obj.name ==", "something is missing at its end", id="broken off"),
        pytest.param("(true", "something is missing at its end", id="open parenthesis"),
        pytest.param(
            'obj.name == "x', "the text from character 13 on is not closed", id="open text"
        ),
        pytest.param("obj.name == 'a\nb'", "the text from character 13", id="line break in a text"),
        pytest.param("true true", "unexpected true at character 6", id="no operator"),
        pytest.param("()", "unexpected ) at character 2", id="nothing in parentheses"),
        pytest.param("in", "unexpected in at character 1", id="word of the language"),
        pytest.param("obj.", "something is missing at its end", id="no name"),
        pytest.param("obj.3", "unexpected 3 at character 5", id="number as a name"),
        pytest.param("obj.(true)", "unexpected ( at character 5", id="no name but a sign"),
        pytest.param("true # no", "unexpected # at character 6", id="no sign of CEL"),
        # What CEL has and ngrok has not.
        pytest.param("true ? true : false", "not supported: conditional values (?)", id="ternary"),
        pytest.param('obj.name + "x" == "xx"', "not supported: arithmetic (+)", id="plus"),
        pytest.param("size(obj.name) - 1 > 0", "not supported: arithmetic (-)", id="minus"),
        pytest.param("size(obj.name) > -1", "not supported: arithmetic (-)", id="negative"),
        pytest.param("size(obj.name) * 2 > 0", "not supported: arithmetic (*)", id="times"),
        pytest.param("size(obj.name) / 2 > 0", "not supported: arithmetic (/)", id="divided"),
        pytest.param("size(obj.name) % 2 == 0", "not supported: arithmetic (%)", id="rest"),
        pytest.param('obj["name"] == "x"', "not supported: access by index ([)", id="index"),
        pytest.param(
            'obj.tags[0] == "x"', "not supported: access by index ([)", id="first of a list"
        ),
        pytest.param('{"a": 1} == null', "not supported: maps and messages ({)", id="map"),
        pytest.param("obj{} == null", "not supported: maps and messages ({)", id="message"),
        pytest.param('obj.name.matches("x.*")', "not supported: regular expressions", id="regex"),
        pytest.param(
            'matches(obj.name, "x.*")', "not supported: regular expressions", id="regex too"
        ),
        pytest.param("type(obj.name) == string", "not supported: type checks", id="type"),
        pytest.param('string(obj.is_sold) == "x"', "not supported: type checks", id="conversion"),
        pytest.param("has(obj.name)", "not supported: macros (has)", id="has"),
        pytest.param('obj.tags.exists(t, t == "x")', "not supported: macros (exists)", id="exists"),
        pytest.param('obj.tags.all(t, t == "x")', "not supported: macros (all)", id="all"),
        pytest.param("size(obj.name) > 1.5", "not supported: 1.5 (numbers are whole", id="float"),
        pytest.param("size(obj.name) > 1u", "not supported: 1u (numbers are whole", id="unsigned"),
        pytest.param("size(obj.name) > 9223372036854775808", "not supported: 9223", id="65 bits"),
        pytest.param("size(obj.name) > " + "9" * 5000, "not supported: 999", id="huge number"),
        pytest.param('b"x" == obj.name', 'unexpected "x" at character 2', id="bytes"),
        # What people try.
        pytest.param('obj.name = "x"', "not supported: = (write ==)", id="one equals sign"),
        pytest.param("true & true", "not supported: & (write &&)", id="one and"),
        pytest.param("true | true", "not supported: | (write ||)", id="one or"),
        pytest.param("true and true", "not supported: and (write &&)", id="and of Python"),
        pytest.param("true or true", "not supported: or (write ||)", id="or of Python"),
        pytest.param("obj.made_at < now()", "write timestamp(time.now)", id="older guide: now"),
        pytest.param("obj.made_at < daysAgo(7)", 'subtract("7d"))', id="older guide: daysAgo"),
        pytest.param(
            'obj.made_at.add(duration("1h")) == null', '(write a text such as "7d")', id="span"
        ),
        pytest.param(
            'dance(obj.name) == "x"', "there is no function dance()", id="unknown function"
        ),
        pytest.param(
            'obj.name.dance() == "x"', "there is no function dance()", id="unknown method"
        ),
        pytest.param(
            'contains(obj.name, "x")', "there is no function contains()", id="no function"
        ),
        pytest.param("size() == 0", "size() takes one value", id="too few"),
        pytest.param("size(obj.name, obj.name) == 0", "size() takes one value", id="too many"),
        pytest.param("obj.name.size(1) == 0", "size() takes nothing", id="too many behind"),
        pytest.param("obj.name.contains()", "contains() takes one value", id="too few behind"),
        # Fields.
        pytest.param(
            'obj.weight == "x"',
            "unsupported field: obj.weight (must be one of obj.id, obj.o",
            id="field",
        ),
        pytest.param(
            'obj.name.first == "x"', "unsupported field: obj.name.first", id="part of a text"
        ),
        pytest.param(
            'obj.seller == "usr_1"', "unsupported field: obj.seller (must", id="only its id"
        ),
        pytest.param("obj == null", "unsupported field: obj (must be", id="all of it"),
        pytest.param(
            'name == "x"', "unknown name: name (fields are written as obj.id)", id="without obj"
        ),
        pytest.param(
            "obj.made_at < time.now", "has its place in timestamp(time.now)", id="time.now"
        ),
        pytest.param('"x".name == "x"', '"x" has no fields', id="field of a text"),
        pytest.param(
            'obj.id.startsWith("t")',
            "field obj.id does not support substring matching (startsWith)",
            id="beginning of an id",
        ),
        pytest.param(
            'obj.owner_id.contains("t")', "field obj.owner_id does not support", id="part of an id"
        ),
        pytest.param(
            'obj.seller.id.endsWith("t")', "field obj.seller.id does not support", id="end of an id"
        ),
        pytest.param(
            'obj.maker.contains("t")', "field obj.maker does not support", id="part of a reference"
        ),
        # Kinds.
        pytest.param("obj.name", "obj.name is no condition, it is a text", id="no condition"),
        pytest.param("null", "null is no condition, it is null", id="null"),
        pytest.param("!obj.name", "obj.name is no condition, it is a text", id="not a text"),
        pytest.param(
            'true && "x"', '"x" is no condition, it is a text', id="text in a conjunction"
        ),
        pytest.param(
            "1 || true", "1 is no condition, it is a number", id="number in an alternative"
        ),
        pytest.param(
            "obj.name == 3", "== does not go with a text and a number", id="text and number"
        ),
        pytest.param(
            "obj.is_sold == 1",
            "== does not go with true or false and a number",
            id="truth and number",
        ),
        pytest.param(
            "size(obj.name) == null", "== does not go with a number and null", id="number and null"
        ),
        pytest.param("obj.is_sold < true", "< does not go with true or false", id="order of truth"),
        pytest.param("obj.name < null", "< does not go with a text and null", id="order of null"),
        pytest.param(
            "obj.tags < obj.tags", "< does not go with a list and a list", id="order of lists"
        ),
        pytest.param(
            'obj.made_at < "2026-01-01T00:00:00Z"', '(write timestamp("..."))', id="time and text"
        ),
        pytest.param('obj.tags == "red"', '(write "..." in obj.tags)', id="list and text"),
        pytest.param(
            'obj.tags in ["red"]',
            'obj.tags is a list (write "..." in obj.tags)',
            id="list in a list",
        ),
        pytest.param(
            '["red"] in obj.tags',
            '["red"] is a list, which has its place after `in`',
            id="list first",
        ),
        pytest.param(
            'obj.tags == ["red"]',
            '["red"] is a list, which has its place after `in`',
            id="list alone",
        ),
        pytest.param('"r" in obj.name', "in does not go with a text and a text", id="in a text"),
        pytest.param(
            "1 in obj.tags", "in does not go with a number and a list", id="number in a list"
        ),
        pytest.param(
            'obj.name in ["x", 1]', "in does not go with a text and a number", id="mixed list"
        ),
        pytest.param(
            "size(obj.is_sold) == 0", "size() asks for a text or a list", id="size of truth"
        ),
        pytest.param(
            "obj.name.contains(1)",
            "contains does not go with a text and a number",
            id="number in a text",
        ),
        pytest.param(
            'obj.tags.contains("red")',
            "contains does not go with a list and a text",
            id="text in a list",
        ),
        # Times.
        pytest.param('timestamp("x") == null', '"x" is no time in RFC 3339', id="no time"),
        pytest.param(
            'timestamp("2026-02-30T00:00:00Z") == null', "is no time in RFC 3339", id="no day"
        ),
        pytest.param(
            'timestamp("2026-01-01T00:00:00") == null', "is no time in RFC 3339", id="no offset"
        ),
        pytest.param(
            "timestamp(obj.name) == null",
            "timestamp() asks for a text in RFC 3339",
            id="time of a field",
        ),
        pytest.param(
            "timestamp(1) == null", "timestamp() asks for a text in RFC 3339", id="time of a number"
        ),
        pytest.param('obj.made_at.add("7w") == null', '"7w" is no span of time', id="weeks"),
        pytest.param('obj.made_at.add("10s") == null', '"10s" is no span of time', id="seconds"),
        pytest.param(
            'obj.made_at.add("1h30m") == null', '"1h30m" is no span of time', id="two units"
        ),
        pytest.param(
            'obj.made_at.add("-1h") == null', '"-1h" is no span of time', id="negative span"
        ),
        pytest.param("obj.made_at.add(7) == null", "7 is no span of time", id="number as a span"),
        pytest.param(
            "obj.made_at.add(obj.name) == null", "obj.name is no span of time", id="field as a span"
        ),
        pytest.param(
            'obj.name.add("7d") == null',
            "add() belongs to times, obj.name is a text",
            id="text as a time",
        ),
        # Sizes.
        pytest.param(
            "(" * 5000 + "true" + ")" * 5000, "nested more than 30 deep", id="parentheses"
        ),
        pytest.param("true" + " == true" * 1000, "nested more than 30 deep", id="chain"),
        pytest.param("obj.made_at" + '.add("1d")' * 1000 + " == null", "nested more", id="methods"),
        pytest.param("!" * 8001 + '"x"', '"x" is no condition', id="many a not"),
        pytest.param("size(" * 1000, "nested more than 30 deep", id="functions"),
        pytest.param("[" * 1000, "nested more than 30 deep", id="lists"),
        pytest.param(
            "obj." + "x" * 8000 + ' == "x"',
            f"unsupported field: obj.{'x' * 56}... (",
            id="long name",
        ),
    ],
)
def test_what_is_refused(expression: str, why: str) -> None:
    """A condition that is not in the subset is refused in few words, in terms of the condition."""
    message = refused(expression)

    assert why in message
    assert len(message) < 300


@pytest.mark.parametrize("quote", ['"', "'", '"""', "'''"])
@pytest.mark.parametrize(
    ("written", "text"),
    [
        (r"\a\b\f\n\r\t\v", "\a\b\f\n\r\t\v"),
        (r"\\\"\'\`\?", "\\\"'`?"),
        (r"\x41\X42\103", "ABC"),
        (r"\u00e9\U0001F600", "é😀"),
        ("é😀", "é😀"),
        ("// no comment", "// no comment"),
    ],
)
def test_texts(quote: str, written: str, text: str) -> None:
    """Every quote and escape of CEL is read; a raw text has none."""
    assert meets(f"obj.name == {quote}{written}{quote}", FULL | {"name": text})
    if quote not in written:
        assert meets(f"obj.name == r{quote}{written}{quote}", FULL | {"name": written})


def test_texts_of_several_lines() -> None:
    """Three quotes allow line breaks, and the quote itself."""
    item = FULL | {"name": "a\n'b'"}

    assert meets("obj.name == '''a\n'b\\''''", item)
    assert meets('obj.name == R"""a\n\'b\'"""', item)


@pytest.mark.parametrize(
    "escape", [r"\q", r"\x4", r"\u12", r"\ud83d", r"\U00110000", r"\400", r"\8"]
)
def test_escapes_that_stand_for_nothing(escape: str) -> None:
    """A text with half a character, or an escape that CEL has not, is refused."""
    assert "in a text stands for no character" in refused(f'obj.name == "{escape}zz"')


@pytest.mark.parametrize(
    "expression", ["obj.sold_at == timestamp(time.now)", 'obj.sold_at.add("1d") == null']
)
def test_a_stored_time_that_is_none(expression: str) -> None:
    """A test may put anything into the fake: what is no time is absent."""
    assert instant("soon") is None
    assert meets(expression, FULL | {"sold_at": "soon"}) is ("null" in expression)


USER = "usr_2tEpN0yrxDI4j8jVnhVRoTNN2Tx"
OLD = "2025-05-01T00:00:00Z"
RECENT, SOON, LATER = (
    timestamp(datetime.now(UTC) + timedelta(hours=hours)) for hours in (-72, 12, 48)
)
RULE = {"ip_policy": {"id": "ipp_1", "uri": ""}}


@pytest.mark.parametrize(
    ("path", "expression", "items"),
    [
        pytest.param(
            "/endpoints",
            'obj.type == "cloud" || obj.type == "agent"',
            ([{"type": "cloud"}, {"type": "ephemeral"}], [{"type": "edge"}]),
            id="type",
        ),
        pytest.param(
            "/endpoints",
            'obj.type in ["agent", "cloud"]',
            ([{"type": "cloud"}, {"type": "ephemeral"}], [{"type": "edge"}]),
            id="one of the types",
        ),
        pytest.param(
            "/endpoints",
            'obj.type == "ephemeral" && !(obj.type != "agent") && size(obj.type) == 9',
            ([{"type": "ephemeral"}], [{"type": "cloud"}]),
            id="type as in answers",
        ),
        pytest.param(
            "/endpoints",
            '"public" in obj.bindings || "internal" in obj.bindings',
            (
                [{"bindings": ["public"]}, {"bindings": ["internal"], "url": "https://a.internal"}],
                [{"bindings": ["kubernetes"]}],
            ),
            id="bindings",
        ),
        pytest.param(
            "/endpoints",
            'obj.binding in ["public", "internal"]',
            (
                [{"bindings": ["public"]}, {"bindings": ["internal"], "url": "https://a.internal"}],
                [{"bindings": ["kubernetes"]}],
            ),
            id="binding",
        ),
        pytest.param(
            "/vaults",
            'obj.created_at < timestamp("2025-10-31T09:23:45-07:00")',
            (
                [{"created_at": OLD}, {"created_at": "2025-10-31T16:23:44Z"}],
                [{"created_at": RECENT}, {"created_at": "2025-10-31T16:23:45Z"}],
            ),
            id="time",
        ),
        pytest.param(
            "/endpoints",
            'obj.created_at >= timestamp(time.now).subtract("7d")',
            ([{"created_at": RECENT}], [{"created_at": OLD}]),
            id="days ago",
        ),
        pytest.param(
            "/tls_certificates",
            'obj.not_after <= timestamp(time.now).add("24h")',
            ([{"not_after": SOON}, {"not_after": OLD}], [{"not_after": LATER}]),
            id="hours from now",
        ),
        pytest.param(
            "/endpoints",
            'obj.type == "cloud" && obj.created_at >= timestamp(time.now).subtract("6d")',
            (
                [{"type": "cloud", "created_at": RECENT}],
                [{"type": "edge", "created_at": RECENT}, {"type": "cloud", "created_at": OLD}],
            ),
            id="type and time",
        ),
        pytest.param(
            "/reserved_domains",
            'obj.domain.startsWith("myapi.ngrok")',
            (
                [{"domain": "myapi.ngrok.app"}],
                [{"domain": "my.ngrok.app"}, {"domain": "a.myapi.ngrok.app"}],
            ),
            id="prefix",
        ),
        pytest.param(
            "/ip_policy_rules",
            'obj.cidr.contains("1.1.0.0/16") && obj.action == "deny"',
            (
                [{"cidr": "1.1.0.0/16", "action": "deny", **RULE}],
                [
                    {"cidr": "1.1.0.0/17", "action": "deny", **RULE},
                    {"cidr": "11.1.0.0/16", "action": "allow", **RULE},
                ],
            ),
            id="cidr",
        ),
        pytest.param(
            "/credentials",
            f'obj.owner_id == "{USER}" && (obj.acl == null || obj.acl == "")',
            (
                [{"owner_id": USER, "acl": []}, {"owner_id": USER}],
                [{"owner_id": USER, "acl": ["bind:*.example.com"]}, {"acl": []}],
            ),
            id="empty list",
        ),
        pytest.param(
            "/agent_ingresses",
            'obj.domain in ["foo.com","bar.com","baz.com"] || '
            '(obj.created_at < timestamp("2025-05-10Z") && obj.description.contains("yes"))',
            (
                [{"domain": "bar.com"}, {"domain": "x.com", "created_at": OLD}],
                [{"domain": "y.com", "created_at": RECENT}],
            ),
            id="nested",
        ),
    ],
)
async def test_examples_of_the_guide(
    fake: FakeNgrok, call: Call, path: str, expression: str, items: tuple[list[Any], list[Any]]
) -> None:
    """What the guide shows finds the first of these items, and none of the others."""
    asked, others = items
    ids: list[str] = []
    for number, fields in enumerate([*asked, *others]):
        url = {"url": f"https://{number}.example.com"} if path == "/endpoints" else {}
        description = "yes" if number < len(asked) else "no"
        ids.append(fake.add(path, **{**url, "description": description, **fields}))
    status, body = await call("GET", path, filter=expression)

    assert 200 == status, body
    (found,) = (value for value in body.values() if isinstance(value, list))
    assert ids[: len(asked)][::-1] == [item["id"] for item in found]


def filterable() -> Iterator[tuple[str, str]]:
    """Find the fields of each list that ngrok documents for filters."""
    facts = json.loads((Path(__file__).parent.parent / "contract" / "facts.json").read_text())
    for service in facts["services"].values():
        for operation in service["operations"].values():
            for field in operation.get("filter_fields", ()):
                yield operation["path"], field


FILTERABLE = list(filterable())


@pytest.mark.parametrize(("path", "field"), FILTERABLE)
async def test_filters_know_what_is_documented(call: Call, path: str, field: str) -> None:
    """Each documented field can be compared with itself, and asked for where it is empty."""
    for expression in (f"obj.{field} == obj.{field}", f"obj.{field} != null"):
        assert 200 == (await call("GET", path, filter=expression))[0]


@pytest.mark.parametrize("path", sorted({path for path, _ in FILTERABLE}))
async def test_filters_know_nothing_else(call: Call, path: str) -> None:
    """A field of the answers that the guide does not name is refused with those that it names."""
    status, body = await call("GET", path, filter='obj.uri == ""')

    assert (400, "ERR_NGROK_250") == (status, body["error_code"])
    assert "unsupported field: obj.uri (must be one of obj.id, obj." in body["msg"]
    for other, field in FILTERABLE:
        assert other != path or f"obj.{field}" in body["msg"]


@pytest.mark.parametrize(
    ("path", "expression", "reference"),
    [
        ("/tunnel_sessions", 'obj.credential == "{}"', "credential"),
        ("/tunnel_sessions", 'obj.credential.id == "{}"', "credential"),
        ("/ip_policy_rules", 'obj.ip_policy == "{}"', "ip_policy"),
        ("/ip_policy_rules", 'obj.ip_policy.id == "{}"', "ip_policy"),
        ("/reserved_domains", 'obj.certificate.id == "{}"', "certificate"),
        ("/endpoints", 'obj.principal.id == "{}"', "principal"),
    ],
)
async def test_references(
    fake: FakeNgrok, call: Call, path: str, expression: str, reference: str
) -> None:
    """What the guide lists by its name alone is found by its id under both names."""
    fake.add(path, **{reference: {"id": "x_1", "uri": ""}})
    counts: list[int] = []
    for id_ in ("x_1", "x_2"):
        _, body = await call("GET", path, filter=expression.format(id_))
        counts += [len(value) for value in body.values() if isinstance(value, list)]

    assert [1, 0] == counts


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('obj.url == "https://*.example.com"', ""),
        ('obj.url in ["https://*.example.com", "https://a.example.com"]', "a"),
        ('obj.url.contains("example.com")', "a"),
        ('obj.url.startsWith("https://*")', ""),
        ('obj.url != "https://a.example.com"', "*"),
        ('obj.scheme == "https"', "*a"),
    ],
)
async def test_no_url_finds_a_wildcard(
    fake: FakeNgrok, call: Call, expression: str, expected: str
) -> None:
    """Endpoints with a wildcard are not found by their URL, as was seen at ngrok."""
    for host in "a*":
        fake.add("/endpoints", url=f"https://{host}.example.com", scheme="https", type="cloud")
    _, body = await call("GET", "/endpoints", filter=expression)

    assert expected == "".join(endpoint["url"][8] for endpoint in body["endpoints"])


async def test_a_client_tells_why() -> None:
    """What was wrong with a filter is in the error that a client raises."""
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        with pytest.raises(FilterError, match=r"Invalid CEL query: unsupported field: obj\.nam "):
            await ngrok.vaults.list(filter='obj.nam == "x"')


async def test_filters_need_no_library(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fake reads conditions itself."""
    monkeypatch.setitem(sys.modules, "celpy", None)

    assert 200 == (await call("GET", "/tunnel_sessions", filter='obj.os == "linux"'))[0]
