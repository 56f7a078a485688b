"""Arguments to JSON: every kind of parameter, and what is said about a wrong value."""

import enum
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args, get_origin

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async._id import HasId
from ngrok_async._json import dumps
from ngrok_async._model import Model
from ngrok_async._operation import Operation, operations
from ngrok_async._wire.arguments import Id, JSONText, Nested, encoder, id_of
from ngrok_async.resources import Ref
from ngrok_async.resources.edges.edge_modules import (
    EndpointBackend,
    EndpointBackendMutate,
    EndpointIPPolicy,
    EndpointIPPolicyMutate,
    EndpointMutualTLS,
    EndpointMutualTLSMutate,
    EndpointOAuth,
    EndpointOAuthGitHub,
    EndpointOAuthProvider,
    EndpointSAML,
    EndpointSAMLMutate,
    EndpointTLSTermination,
    EndpointTLSTerminationAtEdge,
)
from ngrok_async.unset import UNSET, Unset
from tools.contract.declared import resources

AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
Open: TypeAlias = Literal["a"] | str  # noqa: PYI051 # the form that resources use


@attrs.frozen(kw_only=True)
class Header(Model):
    """A model inside of another."""

    name: str
    value: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class Policy(Model):
    """A model with a field of each kind that bodies have."""

    enabled: bool | None = None
    count: int = 0
    ratio: float | None = None
    since: datetime | None = None
    mode: Literal["allow", "deny"] | str = ""  # noqa: PYI051 # the form that resources use
    names: Sequence[str] = ()
    headers: tuple[Header, ...] = ()
    by_name: Mapping[str, Header] = attrs.field(factory=dict[str, Header])
    first: Header | None = None
    next: "Policy | None" = None


class Described:
    """An object of a caller's own that has an id."""

    id = "own_1"


class Anonymous:
    """An object whose id is no text."""

    id = 7


class Mode(enum.StrEnum):
    """A caller's own enum of texts."""

    DENY = "deny"


class Nowhere(tzinfo):
    """A time zone that does not know its offset."""

    def utcoffset(self, _: datetime | None) -> None:
        """Return nothing, which makes a datetime naive."""

    tzname = dst = utcoffset


def zone(hours: int) -> timezone:
    """Return a fixed time zone."""
    return timezone(timedelta(hours=hours))


RIGHT: Mapping[str, tuple[object, object, object]] = {
    "a text": (str, "é", "é"),
    "an empty text": (str, "", ""),
    "false": (bool, False, False),
    "zero": (int, 0, 0),
    "the least integer of 64 bits": (int, -(2**63), -(2**63)),
    "the greatest integer of 64 bits": (int, 2**63 - 1, 2**63 - 1),
    "a fraction": (float, 0.5, 0.5),
    "an integer as a number": (float, 3, 3),
    "a large integer as a number": (float, 10**30, 10**30),
    "a time": (datetime, AT, "2026-11-22T10:00:00Z"),
    "a time with a fraction": (datetime, AT.replace(microsecond=500_000), "2026-11-22T10:00:00.5Z"),
    "a time with microseconds": (
        datetime,
        AT.replace(microsecond=5),
        "2026-11-22T10:00:00.000005Z",
    ),
    "a time in another zone": (
        datetime,
        datetime(2026, 11, 22, 12, tzinfo=zone(2)),
        "2026-11-22T10:00:00Z",
    ),
    "the first time there is": (
        datetime,
        datetime.min.replace(tzinfo=UTC),
        "0001-01-01T00:00:00Z",
    ),
    "any JSON": (Any, {"a": [1, None, "x"]}, {"a": [1, None, "x"]}),
    "null as any JSON": (Any, None, None),
    "a text that may be JSON": (JSONText, "not JSON", "not JSON"),
    "a mapping for a text": (
        Unset[JSONText],
        {"site": "é😀", "tags": ["a", None, True, 1.5], "to": {}},
        '{"site":"é😀","tags":["a",null,true,1.5],"to":{}}',
    ),
    "an empty mapping for a text": (JSONText, {}, "{}"),
    "a read-only mapping for a text": (
        JSONText,
        MappingProxyType({"b": 1, "a": 2}),
        '{"b":1,"a":2}',
    ),
    "an enum for a text": (JSONText, Mode.DENY, "deny"),
    "a known value": (Literal["a", "b"], "a", "a"),
    "an unknown value": (Literal["a", "b"], "later", "later"),
    "an enum of texts": (Open, Mode.DENY, "deny"),
    "null for a known value": (Open | None, None, None),
    "a text that may be unset": (Unset[str], "x", "x"),
    "null for a text": (Unset[str | None], None, None),
    "true where null is allowed": (Unset[bool | None], True, True),
    "an integer where null is allowed": (int | None, 5, 5),
    "a list": (Sequence[str], ["a", "b"], ["a", "b"]),
    "an empty tuple": (Sequence[str], (), []),
    "a tuple": (tuple[str, ...], ("a",), ["a"]),
    "integers": (Unset[Sequence[int] | None], (1, 2), [1, 2]),
    "a mapping": (Mapping[str, str], {"a": "b"}, {"a": "b"}),
    "a read-only mapping": (Mapping[str, int], MappingProxyType({"a": 1}), {"a": 1}),
    "a mapping to any JSON": (Unset[Mapping[str, Any]], {"a": [1]}, {"a": [1]}),
    "an id": (Id, "ip_1", "ip_1"),
    "null for an id": (Id | None, None, None),
    "an object with an id": (Unset[Id], Described(), "own_1"),
    "ids and objects": (Sequence[Id], ["a", Described()], ["a", "own_1"]),
    "a model": (Header, Header(name="a", value="b"), {"name": "a", "value": "b"}),
    "a mapping for a model": (Header, {"name": "a"}, {"name": "a"}),
    "a part of a model": (Nested[Header], {"value": "b"}, {"value": "b"}),
    "null for a model": (Unset[Nested[Header] | None], None, None),
    "models and mappings": (
        Sequence[Header],
        [{"name": "a"}, Header(name="b")],
        [{"name": "a"}, {"name": "b"}],
    ),
}


@pytest.mark.parametrize(("hint", "value", "expected"), RIGHT.values(), ids=RIGHT)
def test_each_kind_of_parameter_becomes_json(hint: object, value: object, expected: object) -> None:
    """What a parameter is declared to accept is turned into plain JSON."""
    encoded = encoder(hint)("field", value)

    assert expected == encoded
    assert json.dumps(expected) == json.dumps(encoded)  # also not True for 1, nor a StrEnum
    assert expected == json.loads(dumps(encoded))


WRONG: Mapping[str, tuple[object, object, str]] = {
    "null for a text": (str, None, "field must be a string, got NoneType"),
    "an integer for a text": (str, 5, "field must be a string, got 5"),
    "bytes for a text": (str, b"x", "field must be a string, got bytes"),
    "true for a text or null": (str | None, True, "field must be a string, got True"),
    "a lone surrogate": (
        str,
        "ab\ud800",
        "field has a character at position 2 that cannot be encoded as UTF-8",
    ),
    "one for a boolean": (bool, 1, "field must be True or False, got 1"),
    "a text for a boolean": (bool, "true", "field must be True or False, got str"),
    "true for an integer": (int, True, "field must be an integer, got True"),
    "a fraction for an integer": (int, 1.5, "field must be an integer, got 1.5"),
    "65 bits": (
        int,
        2**63,
        "field must be an integer of at most 64 bits, got an integer of about 20 digits",
    ),
    "5001 digits": (
        int,
        -(10**5000),
        "field must be an integer of at most 64 bits, got an integer of about 5001 digits",
    ),
    "5001 digits for a number": (
        float,
        10**5000,
        "field must be a finite number, got an integer of about 5001 digits",
    ),
    "5001 digits for any JSON": (
        Any,
        [10**5000],
        (
            "field[0] cannot be encoded as JSON: "
            "integers have at most 64 bits, got an integer of about 5001 digits"
        ),
    ),
    "digits for an integer": (int, "1", "field must be an integer, got str"),
    "false for a number": (float, False, "field must be a finite number, got False"),
    "digits for a number": (float, "0.5", "field must be a finite number, got str"),
    "not a number": (float, float("nan"), "field must be a finite number, got nan"),
    "infinity": (float, float("-inf"), "field must be a finite number, got -inf"),
    "a text for a time": (
        datetime,
        "2026-11-22T10:00:00Z",
        "field must be an aware datetime, got str",
    ),
    "a date for a time": (datetime, AT.date(), "field must be an aware datetime, got date"),
    "a naive time": (
        datetime,
        AT.replace(tzinfo=None),
        "field must be an aware datetime, got datetime",
    ),
    "a time in no zone": (
        datetime,
        AT.replace(tzinfo=Nowhere()),
        "field must be an aware datetime, got datetime",
    ),
    "a time before the first": (
        datetime,
        datetime.min.replace(tzinfo=zone(1)),
        "field must be between the years 1 and 9999 in UTC",
    ),
    "a time after the last": (
        datetime,
        datetime.max.replace(tzinfo=zone(-1)),
        "field must be between the years 1 and 9999 in UTC",
    ),
    "a set for any JSON": (
        Any,
        {"a": {1}},
        "field['a'] cannot be encoded as JSON: JSON has no value such as set",
    ),
    "a lone surrogate for any JSON": (
        Any,
        ["\ud800"],
        ("field[0] cannot be encoded as JSON: surrogates not allowed (at position 0)"),
    ),
    "a list for a text": (
        JSONText,
        ["a"],
        "field must be a string, or a mapping that is sent as JSON, got list",
    ),
    "no number in a text": (
        JSONText,
        {"a": [1, float("nan")]},
        "field['a'][1] cannot be encoded as JSON: nan is not JSON compliant",
    ),
    "a lone surrogate in a text": (
        JSONText,
        {"a": {"b": "x\ud800"}},
        "field['a']['b'] cannot be encoded as JSON: surrogates not allowed (at position 1)",
    ),
    "a lone surrogate as a text": (
        JSONText,
        "\ud800",
        "field has a character at position 0 that cannot be encoded as UTF-8",
    ),
    "a long integer in a text": (
        JSONText,
        {"a": 2**63},
        (
            "field['a'] cannot be encoded as JSON: integers have at most 64 bits, got an integer "
            "of about 20 digits"
        ),
    ),
    "a time in a text": (
        JSONText,
        {"at": AT},
        "field['at'] cannot be encoded as JSON: JSON has no value such as datetime",
    ),
    "a number as a key in a text": (JSONText, {1: 2}, "a key of field must be a string, got 1"),
    "null as a key deep in a text": (
        JSONText,
        {"a": [{"b": {None: 2}}]},
        "a key of field['a'][0]['b'] must be a string, got NoneType",
    ),
    "an integer for a known value": (Literal["a"], 1, "field must be a string, got 1"),
    "a list for a known value": (Open, ["a"], "field must be a string, got list"),
    "a text for a list": (Sequence[str], "abc", "field must be a list or tuple, got str"),
    "bytes for a list": (Sequence[int], b"abc", "field must be a list or tuple, got bytes"),
    "a set for a list": (Sequence[str], {"a"}, "field must be a list or tuple, got set"),
    "null for a list": (Sequence[str], None, "field must be a list or tuple, got NoneType"),
    "null in a list": (Sequence[str], ["a", None], "field[1] must be a string, got NoneType"),
    "pairs for a mapping": (Mapping[str, str], [("a", "b")], "field must be a mapping, got list"),
    "a wrong value in a mapping": (
        Mapping[str, str],
        {"a": 1},
        "field['a'] must be a string, got 1",
    ),
    "a wrong key in a mapping": (
        Mapping[str, str],
        {1: "a"},
        "a key of field must be a string, got 1",
    ),
    "null for an id": (Id, None, "field must be an id or an object that has one, got NoneType"),
    "an integer for an id": (
        Sequence[Id],
        ["a", 1],
        "field[1] must be an id or an object that has one, got 1",
    ),
    "an object whose id is no text": (
        Id,
        Anonymous(),
        "field must be an id or an object that has one, got Anonymous",
    ),
    "unset for an id": (
        Id,
        UNSET,
        "field must be an id or an object that has one, got UnsetType",
    ),
    "a lone surrogate for an id": (
        Id,
        "\ud800",
        "field has a character at position 0 that cannot be encoded as UTF-8",
    ),
    "a text for a model": (
        Header,
        "x",
        "field must be an instance of Header or a mapping, got str",
    ),
    "another object for a model": (
        Header,
        Described(),
        "field must be an instance of Header or a mapping, got Described",
    ),
    "a misspelt field": (Header, {"nam": "x"}, "field has no field 'nam'; it has name, value"),
    "extra as a field": (Header, {"extra": {}}, "field has no field 'extra'; it has name, value"),
    "a private field": (Header, {"_extra": 1}, "field has no field '_extra'; it has name, value"),
    "an integer as a field": (Header, {1: "x"}, "field has no field 1; it has name, value"),
    "a wrong value in a model": (Header, {"value": 1}, "field.value must be a string, got 1"),
    "a wrong value deep inside": (
        Sequence[Policy],
        [{}, {"headers": [{"name": "a"}, {"value": 2}]}],
        "field[1].headers[1].value must be a string, got 2",
    ),
    "a wrong value in a mapping of models": (
        Policy,
        {"by_name": {"x": {"name": True}}},
        "field.by_name['x'].name must be a string, got True",
    ),
    "a list for a model in a model": (
        Policy,
        {"next": {"first": []}},
        "field.next.first must be an instance of Header or a mapping, got list",
    ),
}


@pytest.mark.parametrize(("hint", "value", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_named_with_what_would_be_right(
    hint: object, value: object, message: str
) -> None:
    """The message has the place of the value and what belongs there."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 # the whole message is compared
        encoder(hint)("field", value)

    assert message == str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")]], ids=repr)
def test_no_number_is_sent_that_is_no_json(value: object) -> None:
    """Python would write NaN into a body, which no server can read."""
    with pytest.raises(ValueError, match=r"^field.* is not JSON compliant"):
        encoder(Any)("field", value)


@pytest.mark.parametrize(
    "hint",
    [object, bytes, set[str], int | str, Sequence[str] | str, None, Unset[None], list[str]],
    ids=str,
)
def test_a_declaration_that_nobody_can_encode_is_a_type_error(hint: object) -> None:
    """A mistake in a resource shows when its operation is looked at, not as a wrong body."""
    with pytest.raises(TypeError, match="no parameter can be declared as"):
        encoder(hint)


def test_a_model_sends_what_it_has() -> None:
    """A default in a model means "not there": such a field is not sent, on no level."""
    policy = Policy(
        enabled=False,
        since=AT,
        mode="deny",
        names=("a",),
        headers=(Header(name="h"),),
        by_name={"x": Header(name="x", value="y")},
        next=Policy(count=1),
    )

    assert {
        "enabled": False,
        "since": "2026-11-22T10:00:00Z",
        "mode": "deny",
        "names": ["a"],
        "headers": [{"name": "h"}],
        "by_name": {"x": {"name": "x", "value": "y"}},
        "next": {"count": 1},
    } == encoder(Policy)("policy", policy)


@pytest.mark.parametrize(
    ("model", "mapping"),
    [
        (Policy(), {"enabled": None, "count": 0, "mode": "", "names": [], "by_name": {}}),
        (Header(name=""), {"name": "", "value": ""}),
    ],
    ids=["all defaults", "a required field"],
)
def test_only_a_mapping_sends_what_is_the_default(model: Model, mapping: object) -> None:
    """In a model a default stands for "not there"; in a mapping it was written on purpose."""
    required = {} if isinstance(model, Policy) else {"name": ""}

    assert required == encoder(Nested[type(model)])("field", model)
    assert mapping == encoder(Nested[type(model)])("field", mapping)


def test_a_mapping_sends_null_and_leaves_unset_out() -> None:
    """Only a mapping can ask for a null; `UNSET` is not sent, on no level."""
    given_ = {"count": None, "mode": UNSET, "first": {"name": "a", "value": UNSET}, "next": None}

    assert {"count": None, "first": {"name": "a"}, "next": None} == encoder(Policy)("p", given_)


def test_fields_that_the_answer_had_beyond_the_model_are_not_sent_back() -> None:
    """The server refuses what it does not know: `extra` is for reading."""
    header = Header(name="a", value="b", extra={"later": 1})

    assert {"name": "a", "value": "b"} == encoder(Header)("h", header)


def test_an_id_is_taken_from_whatever_has_one() -> None:
    """A text, a model and an object of one's own all name a resource."""
    assert ["x", "own_1"] == [id_of("id", value) for value in ("x", Described())]


# What answers have, where requests take something else

A, B = Ref(id="a", uri="https://api.ngrok.com/x/a"), Ref(id="b")
BACK: Mapping[str, tuple[object, object, object]] = {
    "a backend": (
        Nested[EndpointBackendMutate | EndpointBackend],
        EndpointBackend(enabled=True, backend=A),
        {"enabled": True, "backend_id": "a"},
    ),
    "no backend": (Nested[EndpointBackendMutate | EndpointBackend], EndpointBackend(), {}),
    "a backend that is off": (
        Nested[EndpointBackendMutate | EndpointBackend],
        EndpointBackend(enabled=False, backend=A, extra={"later": 1}),
        {"enabled": False, "backend_id": "a"},
    ),
    "IP policies": (
        Nested[EndpointIPPolicyMutate | EndpointIPPolicy],
        EndpointIPPolicy(ip_policies=(A, B)),
        {"ip_policy_ids": ["a", "b"]},
    ),
    "no IP policies": (
        Nested[EndpointIPPolicyMutate | EndpointIPPolicy],
        EndpointIPPolicy(enabled=True),
        {"enabled": True},
    ),
    "certificate authorities": (
        Nested[EndpointMutualTLSMutate | EndpointMutualTLS],
        EndpointMutualTLS(certificate_authorities=(B,)),
        {"certificate_authority_ids": ["b"]},
    ),
    "what only answers have": (
        Nested[EndpointSAMLMutate | EndpointSAML],
        EndpointSAML(idp_metadata="<x/>", entity_id="e", metadata_url="u"),
        {"idp_metadata": "<x/>"},
    ),
    "a field that the request does not have": (
        Nested[EndpointTLSTerminationAtEdge | EndpointTLSTermination],
        EndpointTLSTermination(terminate_at="edge", min_version="1.2"),
        {"min_version": "1.2"},
    ),
    "the request's own class": (
        Nested[EndpointBackendMutate | EndpointBackend],
        EndpointBackendMutate(backend_id="a"),
        {"backend_id": "a"},
    ),
    "a reference in the request's own class": (
        Nested[EndpointBackendMutate | EndpointBackend],
        EndpointBackendMutate(enabled=True, backend_id=Described()),
        {"enabled": True, "backend_id": "own_1"},
    ),
    "references in the request's own class": (
        Nested[EndpointIPPolicyMutate | EndpointIPPolicy],
        EndpointIPPolicyMutate(ip_policy_ids=(A, "c", Described())),
        {"ip_policy_ids": ["a", "c", "own_1"]},
    ),
    "a mapping with references": (
        Nested[EndpointIPPolicyMutate | EndpointIPPolicy],
        {"ip_policy_ids": [A, "c"], "enabled": UNSET},
        {"ip_policy_ids": ["a", "c"]},
    ),
    "models in models": (
        Nested[EndpointOAuth],
        EndpointOAuth(
            provider=EndpointOAuthProvider(github=EndpointOAuthGitHub(teams=("a/b",))),
            options_passthrough=True,
        ),
        {"provider": {"github": {"teams": ["a/b"]}}, "options_passthrough": True},
    ),
    "a mapping in a mapping, empty on purpose": (
        Nested[EndpointOAuth],
        {"provider": {"github": {}}, "options_passthrough": False},
        {"provider": {"github": {}}, "options_passthrough": False},
    ),
}


@pytest.mark.parametrize(("hint", "value", "expected"), BACK.values(), ids=BACK)
def test_what_came_back_can_be_sent_again(hint: object, value: object, expected: object) -> None:
    """References become the ids that a request takes; what is not set is not sent."""
    assert expected == encoder(hint)("module", value)


def test_names_of_the_answer_are_no_names_of_the_request() -> None:
    """A mapping is written for the request: what it would not know is a mistake."""
    encode = encoder(Nested[EndpointBackendMutate | EndpointBackend])

    with pytest.raises(ValueError, match=r"^m has no field 'backend'; it has backend_id, enabled$"):
        encode("m", {"backend": {"id": "a"}})


def test_a_wrong_id_in_a_model_is_named_with_its_place() -> None:
    """As in any other parameter."""
    policy: Any = EndpointIPPolicyMutate
    encode = encoder(Nested[EndpointIPPolicyMutate | EndpointIPPolicy])

    with pytest.raises(ValueError, match=r"^m\.ip_policy_ids\[1\] must be an id or .* got 5$"):
        encode("m", policy(ip_policy_ids=("a", 5)))


def declared_operations() -> dict[str, Operation]:
    """Return all operations with a body."""
    return {
        f"{path}.{verb}": operation
        for path, resource in resources().items()
        for verb, operation in operations(resource).items()
        if operation.sends_json
    }


@pytest.mark.parametrize("name", declared_operations())
def test_every_class_that_a_parameter_takes_can_be_sent(name: str) -> None:
    """An instance of each of them, with all that it must have, is encoded without an error."""
    operation = declared_operations()[name]
    for parameter in operation.parameters:
        hint = operation.hints[parameter]
        many = [a for a in get_args(hint) if get_origin(a) is Sequence]
        for kind in get_args(get_args(many[0])[0] if many else hint):
            if isinstance(kind, type) and attrs.has(kind):
                sent = encoder(hint)(parameter, [kind()] if many else kind())
                assert ([{}] if many else {}) == sent


# For any value


class Unprintable:
    """A value whose text gives a secret away."""

    def __repr__(self) -> str:
        """Return the secret."""
        return SECRET


SECRET = "hunter2-hunter2"


def _secrets() -> Iterator[object]:
    yield from (SECRET, SECRET.encode(), [SECRET], (SECRET,), {SECRET}, {"name": SECRET})
    yield from ({"value": [SECRET]}, {"value": {"x": SECRET}}, Unprintable(), [Unprintable()])
    yield Header(name=SECRET, value=SECRET)
    yield SECRET + "\ud800"
    yield [{"value": SECRET + "\ud800"}]


HINTS = [
    str,
    bool,
    int,
    float,
    datetime,
    Any,
    Literal["a"],
    Unset[Open | None],
    Sequence[str],
    tuple[int, ...],
    Mapping[str, str],
    Mapping[str, Any],
    JSONText,
    Id,
    HasId | str | None,
    Sequence[Id],
    Header,
    Nested[Policy],
    Nested[EndpointIPPolicyMutate | EndpointIPPolicy],
    Sequence[Nested[Policy]],
]


@pytest.mark.parametrize("hint", HINTS, ids=str)
def test_no_message_shows_a_value_that_may_be_secret(hint: object) -> None:
    """A token in the wrong place is not in the message, so not in anybody's log."""
    for value in _secrets():
        try:
            encoder(hint)("field", value)
        except ValueError as error:
            message = str(error)
        else:
            continue
        assert SECRET not in message


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.characters(categories=["Cs"]),
    st.binary(max_size=3),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.sampled_from([UNSET, Described(), Anonymous(), Header(name="a"), object(), Mode.DENY]),
)
keys = st.sampled_from(["name", "value", "enabled", "headers", "next", 1, None, "\ud800"])
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=3),
    ),
    max_leaves=5,
)


@given(hint=st.sampled_from(HINTS), value=values)
def test_any_value_is_json_or_a_value_error(hint: object, value: object) -> None:
    """Whatever is passed: JSON that can be sent, or a `ValueError` that names the parameter."""
    message = None
    try:
        encoded = encoder(hint)("field", value)
    except ValueError as error:
        message = str(error)
    else:
        assert dumps(encoded)

    assert message is None or "field" in message
