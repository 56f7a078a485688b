"""Conditions as values: what is sent, what is refused, and what they mean."""

import copy
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache
from typing import Any, Final, get_args, get_origin

import attrs
import celpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async import Client, filters
from ngrok_async._model import Model
from ngrok_async._operation import operations
from ngrok_async._wire.read import decode
from ngrok_async.filters import (
    BoolField,
    Condition,
    Field,
    Fields,
    Reference,
    ReferenceField,
    SetField,
    TextField,
    TimeField,
    ago,
    ahead,
    all_of,
    any_of,
    quote,
)
from ngrok_async.resources import Ref
from ngrok_async.resources.endpoints import Endpoint, Endpoints
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions
from ngrok_async.resources.tunnels import Tunnels
from ngrok_async.testing import FakeNgrok
from ngrok_async.testing._declared_types import choices
from ngrok_async.testing._declared_types import fields as fields_of
from ngrok_async.testing._filter import condition as read_by_the_fake
from ngrok_async.testing._filter_terms import Term, known_fields
from tools.contract import facts
from tools.contract.declared import resources

f: Final = TunnelSessions.fields
ef: Final = Endpoints.fields
AT: Final = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
NOW: Final = datetime(2026, 2, 1, tzinfo=UTC)
SESSION: Final = TunnelSession(
    id="ts_1", credential=Ref(id="cr_1"), started_at=AT, os="linux", region="eu"
)
ENDPOINT: Final = Endpoint(
    id="ep_1",
    created_at=AT,
    updated_at=AT,
    type="ephemeral",
    url="https://a.example",
    bindings=("public",),
    pooling_enabled=True,
)


class Color(StrEnum):
    """A text that prints as another one would."""

    RED = "red"

    def __str__(self) -> str:
        """Return what is not to be sent."""
        return "Color"


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (f.region == "eu", 'obj.region == "eu"'),
        (f.region != "eu", 'obj.region != "eu"'),
        (f.region == Color.RED, 'obj.region == "red"'),
        (f.region.in_(["eu", "us", "eu"]), 'obj.region in ["eu", "us"]'),
        (f.region.in_({"us", "eu"}), 'obj.region in ["eu", "us"]'),
        (f.region.in_(("eu",)), 'obj.region in ["eu"]'),
        (f.metadata.startswith("a"), 'obj.metadata.startsWith("a")'),
        (f.metadata.contains('"'), 'obj.metadata.contains("\\"")'),
        (f.metadata.endswith("\\"), 'obj.metadata.endsWith("\\\\")'),
        (f.metadata.empty, 'obj.metadata == ""'),
        (f.id == SESSION, 'obj.id == "ts_1"'),
        (f.id.in_([SESSION, "ts_2"]), 'obj.id in ["ts_1", "ts_2"]'),
        (f.credential == SESSION.credential, 'obj.credential == "cr_1"'),
        (f.credential.id != "cr_1", 'obj.credential.id != "cr_1"'),
        (ef.principal.id == "usr_1", 'obj.principal.id == "usr_1"'),
        (ef.binding == "public", 'obj.binding == "public"'),
        (ef.bindings.has("public"), '"public" in obj.bindings'),
        (ef.pooling_enabled, "obj.pooling_enabled"),
        (ef.pooling_enabled == False, "obj.pooling_enabled == false"),  # noqa: E712 # as one may
        (ef.pooling_enabled != True, "obj.pooling_enabled != true"),  # noqa: E712 # as one may
        (~ef.pooling_enabled, "!obj.pooling_enabled"),
        (f.started_at < AT, 'obj.started_at < timestamp("2026-01-31T09:30:00Z")'),
        (AT <= f.started_at, 'obj.started_at >= timestamp("2026-01-31T09:30:00Z")'),
        (
            f.started_at == AT.astimezone(timezone(timedelta(hours=2))).replace(microsecond=5),
            'obj.started_at == timestamp("2026-01-31T09:30:00.000005Z")',
        ),
        (f.started_at < ago(days=7), 'obj.started_at < timestamp(time.now).subtract("7d")'),
        (f.started_at > ago(hours=36), 'obj.started_at > timestamp(time.now).subtract("36h")'),
        (f.started_at > ago(hours=48), 'obj.started_at > timestamp(time.now).subtract("2d")'),
        (ago(minutes=90) < f.started_at, 'obj.started_at > timestamp(time.now).subtract("90m")'),
        (f.started_at >= ago(seconds=61), 'obj.started_at >= timestamp(time.now).subtract("2m")'),
        (f.started_at <= ahead(seconds=1), 'obj.started_at <= timestamp(time.now).add("1m")'),
        (f.started_at < ahead(days=0.5), 'obj.started_at < timestamp(time.now).add("12h")'),
        (f.started_at < ago(), "obj.started_at < timestamp(time.now)"),
        (~(f.os == "linux"), '!(obj.os == "linux")'),
        (~~(f.os == "linux"), 'obj.os == "linux"'),
        (~f.metadata.contains("x"), '!(obj.metadata.contains("x"))'),
        (
            (f.os == "a") & ((f.os == "b") & (f.os == "c")),
            'obj.os == "a" && obj.os == "b" && obj.os == "c"',
        ),
        (
            (f.os == "a") & ((f.os == "b") | (f.os == "c")),
            'obj.os == "a" && (obj.os == "b" || obj.os == "c")',
        ),
        (
            (f.os == "a") | (f.os == "b") & (f.os == "c"),
            'obj.os == "a" || obj.os == "b" && obj.os == "c"',
        ),
        (
            ~(ef.pooling_enabled | ef.bindings.has("x")),
            '!(obj.pooling_enabled || "x" in obj.bindings)',
        ),
        (all_of(f.os == "a"), 'obj.os == "a"'),
        (any_of(f.os == "a", f.os == "b"), 'obj.os == "a" || obj.os == "b"'),
    ],
)
def test_it_is_written_so(condition: Condition[Any], text: str) -> None:
    """In ngrok's subset of CEL, with no parentheses but those that it needs."""
    assert text == str(condition)
    assert f"<Condition {text}>" == repr(condition)


def chain() -> object:
    """Ask for what is between two moments, as Python does."""
    return AT < f.started_at < AT


REFUSED: Final[dict[str, tuple[Callable[[], object], type[Exception], str]]] = {
    "and": (lambda: (f.os == "a") and (f.os == "b"), TypeError, r"by & \| ~"),
    "or": (lambda: (f.os == "a") or (f.region == "b"), TypeError, r"by & \| ~"),
    "not": (lambda: not f.os.contains("a"), TypeError, r"by & \| ~"),
    "not, of a field": (lambda: not f.os, TypeError, r"obj\.os is a field .* by & \| ~"),
    "chain": (chain, TypeError, "low < field"),
    "in, a list": (lambda: f.os in ["a", "b"], TypeError, r"field\.in_"),
    "in, a field": (lambda: "a" in f.metadata, TypeError, r"field\.has\(\.\.\.\)"),
    "in, a set": (lambda: "a" in ef.bindings, TypeError, r"field\.has\(\.\.\.\)"),
    "no parentheses before &": (lambda: f.os == "a" & (f.os == "b"), TypeError, "parentheses"),
    "no parentheses after &": (lambda: (f.os == "a") & f.os == "b", TypeError, "parentheses"),
    "no parentheses before |": (lambda: f.os == "a" | (f.os == "b"), TypeError, "parentheses"),
    "none on both sides": (lambda: f.os == "a" & f.region == "b", TypeError, "parentheses"),
    "none with a bool": (
        lambda: (ef.url == "a") & ef.pooling_enabled == True,  # noqa: E712 # the mistake
        TypeError,
        "parentheses",
    ),
    "no condition": (lambda: (f.os == "a") & 'obj.os == "b"', TypeError, "expected a condition"),
    "text of CEL": (lambda: (f.os == "a") & 'obj.os == "b"', TypeError, "got a text.* && "),
    "empty with parentheses": (f.metadata.empty, TypeError, "`field.empty` has no paren"),
    "called": (lambda: [*filter(f.os == "a", [SESSION])], TypeError, r"condition\.matches\(item\)"),
    "span of a text": (lambda: ago(days="7"), TypeError, r"ago\(\) takes numbers.*got str"),
    "span without a unit": (lambda: ago(days=timedelta(1)), TypeError, "numbers.* got timedelta"),
    "a list of conditions": (lambda: any_of([f.os == "a"]), TypeError, "one by one.* list .*\\*"),
    "a generator": (lambda: all_of(x for x in [f.os == "a"]), TypeError, "one by one"),
    "all of nothing": (all_of, ValueError, "at least one condition"),
    "any of nothing": (any_of, ValueError, "at least one condition"),
    "naive time": (lambda: f.started_at < datetime(2026, 1, 1), ValueError, "its zone"),  # noqa: DTZ001
    "no such time": (
        lambda: f.started_at < datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        ValueError,
        "between the years 1 and 9999",
    ),
    "date": (lambda: f.started_at < date(2026, 1, 1), TypeError, "aware datetime, ago.*got date"),
    "time as text": (lambda: f.started_at == "2026-01-01", TypeError, "aware datetime"),
    "time of two kinds": (lambda: f.started_at != AT, TypeError, "is a time: it has == < <= > >="),
    "in nothing": (lambda: f.os.in_([]), ValueError, "at least one value"),
    "text for a list": (lambda: f.os.in_("abc"), TypeError, "takes a list, tuple or set.*got str"),
    "id for a list": (lambda: f.id.in_("ts_1"), TypeError, "takes a list, tuple or set.*got str"),
    "generator for a list": (lambda: f.os.in_(x for x in "ab"), TypeError, "got generator"),
    "list of numbers": (lambda: f.os.in_([1]), TypeError, "with a text, got int"),
    "number": (lambda: f.os == 5, TypeError, "with a text, got int"),
    "null": (lambda: f.os == None, TypeError, r"write \.empty"),  # noqa: E711 # the mistake
    "null for a time": (lambda: f.started_at == None, TypeError, "got NoneType$"),  # noqa: E711
    "field": (lambda: f.os == f.region, TypeError, "with a text, got TextField"),
    "no id": (lambda: f.id == 5, TypeError, "an id or what has one, got int"),
    "half of a character": (lambda: f.os == "a\ud800", ValueError, "half .* position 1"),
    "half of one in an id": (lambda: f.id == "\udfff", ValueError, "half .* position 0"),
    "half of one in a list": (lambda: f.os.in_(["\ud800"]), ValueError, "half .* position 0"),
    "order of texts": (lambda: f.agent_version < "3.9", TypeError, "is a text.* no order"),
    "order of texts, turned": (lambda: "3.9" <= f.agent_version, TypeError, "no order"),
    "order of ids": (lambda: f.id > "ts_1", TypeError, "is an id"),
    "part of an id": (lambda: f.id.contains("ts"), AttributeError, "looks for no part of an id"),
    "other case": (lambda: f.os.startsWith("a"), AttributeError, "did you mean 'startswith'"),
    "isin": (lambda: f.os.isin(["a"]), AttributeError, "did you mean 'in_'"),
    "not in": (lambda: f.os.not_in(["a"]), AttributeError, "write `~field"),
    "reference": (lambda: ef.principal == "usr_1", TypeError, r"compare its id.*\.id"),
    "set": (lambda: ef.bindings == "public", TypeError, r"write \.has"),
    "set of several": (lambda: ef.bindings.has(["public"]), TypeError, "with a text, got list"),
    "text for a bool": (lambda: ef.pooling_enabled == "true", TypeError, "True or False, got str"),
    "misspelt": (lambda: f.regoin, AttributeError, "did you mean 'region'"),
    "set, not compared": (lambda: setattr(f, "os", "a"), AttributeError, r"fields\.os == "),
    "no such field": (lambda: f.transport, AttributeError, "no attribute 'transport'"),
    "negative span": (lambda: ago(days=-1), ValueError, r"ago\(\) takes spans from 0"),
    "no span": (lambda: ahead(days=float("nan")), ValueError, r"ahead\(\) takes spans"),
    "endless span": (lambda: ago(hours=float("inf")), ValueError, r"ago\(\) takes spans"),
    "long span": (lambda: ago(days=36_501), ValueError, r"36,500 days"),
    "quoted number": (lambda: quote(5), TypeError, "takes a text, got int"),
    "quoted half": (lambda: quote("a\ud800"), ValueError, "position 1"),
    "other kind": (lambda: (ef.url == "a").matches(SESSION), TypeError, "no TunnelSession has"),
    "other kind, deeper": (lambda: (f.credential.id == "a").matches(ENDPOINT), TypeError, "no End"),
    "no filter": (lambda: Tunnels(None).fields, AttributeError, "no filter for this list"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_the_cure(name: str) -> None:
    """What cannot be meant is an error where it is written, and the text says what to write."""
    write, kind, text = REFUSED[name]

    with pytest.raises(kind, match=text):
        write()


def test_it_is_a_value() -> None:
    """The same question is equal, has one hash, and survives copies and pickles."""

    def ask() -> list[Condition[Any]]:
        return [
            (f.os.in_({"a", "b", "c"}) | ~f.metadata.empty) & (f.started_at < ago(days=1)),
            f.started_at < AT,
            ef.pooling_enabled,
            ~ef.pooling_enabled & (ef.url == "a"),
        ]

    for one, other in zip(ask(), ask(), strict=True):
        for same in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):  # noqa: S301 # our own
            assert str(one) == str(same)
            assert hash(one) == hash(same) == hash(other)
            assert Condition.__eq__(one, same) is True
            assert Condition.__eq__(one, other) is True
    assert (f.os == "a") != (f.os == "b")
    assert (f.os == "a") != object()
    assert (f.os == "a") != 'obj.os == "a"'  # so that a mock can compare its arguments
    assert 1 == len({f.os == "a", f.os == "a"})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        (f.os == "a").sign = "!="


def test_the_order_of_a_set_is_the_same_in_each_process() -> None:
    """A list of `in` made of a set is written in one order, whatever the hashes are."""
    program = (
        "from ngrok_async.resources.tunnel_sessions import TunnelSessions as T\n"
        "print(T.fields.os.in_({'a', 'b', 'c', 'd', 'e'}))"
    )
    command = [sys.executable, "-c", program]
    texts = {
        subprocess.run(command, env={"PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, check=True)
        .stdout.decode()
        .strip()
        for seed in "12"
    }

    assert {'obj.os in ["a", "b", "c", "d", "e"]'} == texts


def test_fields_show_what_they_are() -> None:
    """Their names are in the text, for a filter that is put together by hand."""
    assert "obj.region" == str(f.region)
    assert "<TextField obj.region>" == repr(f.region)
    assert "obj.credential.id" == f"{f.credential.id}"
    assert "obj.pooling_enabled" == str(ef.pooling_enabled)
    assert "<TunnelSessionFields: agent_version, credential, id, " in repr(f)
    assert copy.copy(f.region)._condition("empty") == f.region.empty


def test_resources_have_fields_if_their_lists_have_a_filter() -> None:
    """On the class and on what a client has; 19 of them, as ngrok's guide names them."""
    documented = {
        service["attribute"]
        for service in facts.load()["services"].values()
        if "filter_fields" in service["operations"].get("list", {})
    }
    kinds = resources()
    ngrok: Any = Client("key")

    assert 19 == len(documented)
    for path, kind in kinds.items():
        instance = kind(ngrok)
        if path in documented:
            assert isinstance(instance.fields, Fields)
            assert getattr(kind, "fields") is instance.fields  # noqa: B009 # not all have it
        else:
            assert not hasattr(kind, "fields")
            assert not hasattr(instance, "fields")


async def test_it_is_sent() -> None:
    """A list takes it as it takes a text; pages after the first have it too."""
    async with FakeNgrok(agents=3) as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        condition = (f.os == "linux") | (f.region == "eu")
        await ngrok.tunnel_sessions.list(filter=condition, limit=1).collect()

        sent = [dict(request.query).get("filter") for request in fake.requests]
        assert len(sent) > 1
        assert {str(condition)} == set(sent)


LONG: Final = "é" * 1_333 + "a" * 2


@pytest.mark.parametrize(
    "filter_",
    [f.os == LONG + "a" * 8_000, f'obj.os == "{LONG}"', f.os == "\U0001f600" * 667],
    ids=["condition", "text", "emoji"],
)
def test_what_no_url_holds_is_refused(filter_: Any) -> None:  # noqa: ANN401 # either form
    """Above 8,000 bytes of the URL, with that reason, before anything is sent."""
    with pytest.raises(ValueError, match=r"filter would be [0-9,]+ bytes of the URL.*8,000"):
        Client("key").tunnel_sessions.list(filter=filter_)


def test_the_longest_filter_is_sent() -> None:
    """At 8,000 bytes of the URL it is taken."""
    text = f'obj.os == "{"a" * (8_000 - 24)}"'

    Client("key").tunnel_sessions.list(filter=text)
    with pytest.raises(ValueError, match="8,001 bytes"):
        Client("key").tunnel_sessions.list(filter=text.replace("a", "aa", 1))


# What they mean


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (f.os == "linux", True),
        (f.metadata.empty, True),
        (f.started_at < ago(minutes=1), True),
        (f.started_at > ago(days=1), False),
        (f.started_at < ahead(days=1), True),
        (f.credential == "cr_1", True),
        (f.credential.id.in_(["cr_1"]), True),
    ],
    ids=str,
)
def test_it_is_answered_here(condition: Condition[TunnelSession], *, holds: bool) -> None:
    """With ngrok's meaning of what is absent, and by this machine's time."""
    assert holds is condition.matches(SESSION)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (ef.type == "agent", True),
        (ef.type == "ephemeral", True),
        (ef.type == "cloud", False),
        (ef.pooling_enabled, True),
        (ef.principal.id == "", True),
        (ef.binding == "public", True),
        (ef.bindings.has("internal"), False),
        (ef.url.startswith("https://a"), True),
    ],
    ids=str,
)
def test_endpoints_are_as_ngrok_has_them(condition: Condition[Endpoint], *, holds: bool) -> None:
    """An agent's has two types, and no reference has an empty id."""
    assert holds is condition.matches(ENDPOINT)


def test_now_can_be_given() -> None:
    """What is told from now is told from the given moment."""
    assert not (f.started_at < ago(days=1)).matches(SESSION, now=NOW)
    assert (f.started_at < ago(days=1)).matches(SESSION, now=NOW + timedelta(days=1))
    with pytest.raises(ValueError, match="a time needs its zone"):
        (f.started_at < ago(days=1)).matches(SESSION, now=NOW.replace(tzinfo=None))


# Few of them, so that comparisons often hold.
TEXTS = st.sampled_from(
    ["", "a", "ab", "b", "é😀", '"', "https://*.a", "ephemeral", "agent", "cloud"]
)
IDS = st.sampled_from(["", "a", "usr_1", "usr_2"])
MOMENTS = st.integers(-3, 3).map(lambda days: NOW + timedelta(days))
SPANS = st.integers(0, 4 * 24).flatmap(
    lambda hours: st.sampled_from([ago(hours=hours), ahead(hours=hours, seconds=30)])
)


def questions(fields: Sequence[Any]) -> st.SearchStrategy[Condition[Any]]:
    """Return comparisons of any of these fields, of each kind that it has."""

    def ask(field: Any) -> st.SearchStrategy[Condition[Any]]:  # noqa: ANN401 # of any kind
        if isinstance(field, BoolField):
            return st.sampled_from([field, field == True, field != True])  # noqa: E712 # as one may
        if isinstance(field, SetField):
            return TEXTS.map(field.has)
        if isinstance(field, TimeField):
            moments = MOMENTS | SPANS
            signs = ["__eq__", "__lt__", "__le__", "__gt__", "__ge__"]
            return st.one_of(moments.map(getattr(field, sign)) for sign in signs)
        values = TEXTS if isinstance(field, TextField) else IDS
        ways = [field.__eq__, field.__ne__]
        if isinstance(field, TextField):
            ways += [field.startswith, field.contains, field.endswith]
        several = st.lists(values, min_size=1, max_size=3).map(field.in_)
        one = st.one_of(values.map(way) for way in ways) | several
        return one | st.just(field.empty) if isinstance(field, TextField) else one

    return st.sampled_from(fields).flatmap(ask)


def trees(fields: Sequence[Any]) -> st.SearchStrategy[Condition[Any]]:
    """Return conditions that are joined in any way."""
    return st.recursive(
        questions(fields),
        lambda inner: st.one_of(
            inner.map(lambda one: ~one),
            st.builds(lambda one, other: one & other, inner, inner),
            st.builds(lambda one, other: one | other, inner, inner),
            st.lists(inner, min_size=1, max_size=3).map(lambda some: all_of(*some)),
        ),
        max_leaves=6,
    )


def every_field(fields: Any) -> list[Any]:  # noqa: ANN401 # any class of them
    """Return the fields, and the ids of those that are references."""
    found = [getattr(fields, name) for name in dir(fields) if not name.startswith("_")]
    ids = [field.id for field in found if isinstance(field, Reference | ReferenceField)]
    return [*(field for field in found if not isinstance(field, Reference)), *ids]


def timestamp(moment: datetime) -> str:
    """Write a moment as answers have it."""
    return moment.isoformat().replace("+00:00", "Z")


SERVICES: Final = facts.load()["services"]
KINDS: Final = {
    path: kind
    for path, kind in resources().items()
    if isinstance(getattr(kind, "fields", 0), Fields)
}
MODELS: Final[dict[str, type[Model]]] = {
    path: operations(kind)["list"].model for path, kind in KINDS.items()
}


def values(name: str, hint: Any) -> st.SearchStrategy[Any] | None:  # noqa: ANN401 # a type form
    """Return what an answer may have in a field; None for what no filter knows."""
    kinds = choices(hint)
    null = st.none() if type(None) in kinds else st.nothing()
    if datetime in kinds:
        return MOMENTS.map(timestamp) | null
    if Ref in kinds:
        return IDS.map(lambda id_: {"id": id_, "uri": ""}) | null
    if bool in kinds:
        return st.booleans() | null
    if any(get_origin(kind) is tuple and str in choices(get_args(kind)[0]) for kind in kinds):
        return st.lists(TEXTS, max_size=2)
    if str in kinds:
        return (IDS if name == "id" or name.endswith("_id") else TEXTS) | null
    return None


def items(model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    """Return answers with the fields that a filter may know, and what must be there."""
    needed: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for field in attrs.fields(model):
        there = field.default is attrs.NOTHING
        strategy = values(field.name, fields_of(model).get(field.name))
        if there:
            needed[field.name] = st.just({}) if strategy is None else strategy
        elif strategy is not None:
            optional[field.name] = strategy
    return st.fixed_dictionaries(needed, optional=optional)


@cache
def known_to_the_fake(path: str) -> Mapping[str, Term]:
    """Return the fields that the fake's list knows."""
    fact = SERVICES[KINDS[path].__name__]["operations"]["list"]
    return known_fields(fact["path"], fact["filter_fields"], MODELS[path])


@cache
def drawn_for(
    path: str,
) -> tuple[st.SearchStrategy[Condition[Any]], st.SearchStrategy[dict[str, Any]]]:
    """Return conditions on the items of a list, and such items."""
    return trees(every_field(getattr(KINDS[path], "fields"))), items(MODELS[path])  # noqa: B009 # not all have it


# Endpoints have all kinds of fields, and the exceptions.
@given(path=st.just("endpoints") | st.sampled_from(sorted(KINDS)), data=st.data())
def test_it_means_what_the_fake_reads(path: str, data: st.DataObject) -> None:
    """On random trees and items of any list, the answer here is that of the reader of its text."""
    conditions, answers = drawn_for(path)
    condition, item = data.draw(conditions), data.draw(answers)

    theirs = read_by_the_fake(str(condition), known_to_the_fake(path), NOW).meets(item)

    assert theirs is condition.matches(decode(item, MODELS[path]), now=NOW)


@pytest.mark.parametrize("path", sorted(KINDS))
def test_the_fake_knows_each_field(path: str) -> None:
    """Nothing that can be written is refused by the fake as a field that it does not know."""
    offered = {str(field) for field in every_field(getattr(KINDS[path], "fields"))}  # noqa: B009 # not all have it

    assert offered == set(known_to_the_fake(path))


# Texts of all kinds, and those that break what quotes them.
HOSTILE: Final = st.text(
    st.one_of(
        st.sampled_from("\"'\\`\n\r\t\x00\x07\x1b\x7f\x85\u2028\u2029\ufeff\ufffe{}%$/*#?&=+;"),
        st.sampled_from("uUxX0123abrnt"),
        st.sampled_from("😀👩\u200d🚀\U0010ffff\U00010000\ud7ff\ue000e\u0301"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=20,
)


def environment() -> celpy.Environment:
    """Return cel-python's reader."""
    limit = sys.getrecursionlimit()
    made = celpy.Environment()
    sys.setrecursionlimit(limit)  # it raises that of the whole process
    return made


CEL: Final = environment()


@given(HOSTILE)
def test_cel_reads_the_text_that_was_quoted(text: str) -> None:
    """cel-python has the same characters, and so has the fake."""
    program = CEL.program(CEL.compile(quote(text)))

    assert text == str(program.evaluate({}))
    assert read_by_the_fake(
        f"{quote(text)} == obj.os", known_to_the_fake("tunnel_sessions"), NOW
    ).meets({"os": text})


def test_an_enumeration_is_quoted_as_its_value() -> None:
    """And not as what it prints."""
    assert '"red"' == quote(Color.RED)


def test_the_module_names_what_it_has() -> None:
    """`__all__` has each kind of field, the conditions and what makes them, in order."""
    kinds = {
        name
        for name, value in vars(filters).items()
        if isinstance(value, type) and issubclass(value, Fields | Field | Condition)
    }

    assert sorted(filters.__all__, key=lambda name: (name[0].islower(), name)) == filters.__all__
    assert kinds <= {*filters.__all__}
    assert {"Filter", "FromNow", "ago", "ahead", "all_of", "any_of", "quote"} <= {*filters.__all__}
    assert all(hasattr(filters, name) for name in filters.__all__)
