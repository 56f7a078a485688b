"""Models as the API's JSON, and back."""

import copy
import json
import pickle
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, Final, cast

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async import UNSET, Page
from ngrok_async._json import timestamp
from ngrok_async._model import Model
from ngrok_async._operation import operations
from ngrok_async._wire.arguments import encoder
from ngrok_async.resources import Ref
from ngrok_async.resources.api_keys import APIKey
from ngrok_async.resources.edges.edge_modules import (
    EndpointBackendMutate,
    EndpointIPPolicyMutate,
    EndpointOAuth,
    EndpointOAuthGitHub,
    EndpointOAuthProvider,
)
from ngrok_async.resources.edges.https_routes import HTTPSEdgeRoute
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.ip_policies import IPPolicy
from tests import drawn
from tools.contract.declared import models, resources

MODELS: Final = models()
ANSWERS: Final = {
    operation.model.__name__: operation.model
    for kind in resources().values()
    for operation in operations(kind).values()
    if isinstance(operation.model, type) and issubclass(operation.model, Model)
}
MADE: Final = datetime(2026, 11, 25, 12, 30, 15, 120_000, tzinfo=UTC)
KEY: Final = APIKey(
    id="ak_1", created_at=MADE, token="s3cret", owner_id="usr_1", extra={"later": [1, {"a": None}]}
)
ROUTE: Final = HTTPSEdgeRoute(
    id="edghtsrt_1",
    created_at=MADE,
    oauth=EndpointOAuth(
        provider=EndpointOAuthProvider(
            github=EndpointOAuthGitHub(client_id="id", client_secret="s3cret", teams=("a",))
        )
    ),
)


def secrets_in(value: object) -> Iterator[tuple[str, object]]:
    """Return names and values of all secrets of a model, and of those in it."""
    if isinstance(value, Model):
        for field in attrs.fields(cast("Any", type(value))):
            found = getattr(value, field.name)
            if not field.repr and field.name != "_extra":
                yield field.name, found
            yield from secrets_in(found)
    elif isinstance(value, tuple):
        for item in cast("tuple[object, ...]", value):
            yield from secrets_in(item)
    elif isinstance(value, Mapping):
        for item in cast("Mapping[str, object]", value).values():
            yield from secrets_in(item)


def without_secrets(value: Any) -> Any:  # noqa: ANN401 # whatever a field may be
    """Return a model, and those in it, with the defaults of all secrets."""
    if isinstance(value, tuple):
        return tuple(map(without_secrets, value))
    if not isinstance(value, Model):
        return value
    fields = {field.name: field for field in attrs.fields(cast("Any", type(value)))}
    content = {
        name: without_secrets(getattr(value, name))
        for name, field in fields.items()
        if field.repr or name == "_extra"
    }
    return type(value)(**{name.lstrip("_"): item for name, item in content.items()})


# There and back


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
@settings(max_examples=20)
@given(data=st.data())
def test_every_model_comes_back(kind: type[Model], data: st.DataObject) -> None:
    """With its secrets as the same value, without them with their defaults; as text, too."""
    value = data.draw(drawn.of(kind))
    content = value.to_dict(secrets=True)
    found = kind.from_dict(json.loads(json.dumps(content)))

    assert value == found == kind.from_dict(content)
    assert value.extra == found.extra
    assert content == found.to_dict(secrets=True)
    shown = kind.from_dict(json.loads(json.dumps(value.to_dict())))
    assert without_secrets(value) == shown
    assert value.to_dict() == shown.to_dict()


def test_every_answer_is_a_model_of_these() -> None:
    """No operation answers with what is not tried here."""
    assert ANSWERS.keys() <= MODELS.keys()
    assert len(ANSWERS) > 50


@pytest.mark.parametrize("kind", MODELS.values(), ids=MODELS)
def test_every_secret_has_a_default(kind: type[Model]) -> None:
    """Else nothing could be read back that was stored without it."""
    assert [] == [
        field.name
        for field in attrs.fields(cast("Any", kind))
        if not field.repr and field.default is attrs.NOTHING
    ]


# The form


def test_the_form_is_that_of_the_api() -> None:
    """Its names, times with a Z, lists and objects; `extra` comes last, the secret is left out."""
    assert {
        "id": "ak_1",
        "uri": "",
        "created_at": "2026-11-25T12:30:15.12Z",
        "description": "",
        "metadata": "",
        "owner_id": "usr_1",
        "later": [1, {"a": None}],
    } == KEY.to_dict()
    assert "later" == list(KEY.to_dict())[-1]
    assert KEY.to_dict() | {"token": "s3cret"} == KEY.to_dict(secrets=True)


def test_secrets_are_left_out_at_any_depth() -> None:
    """Two models down as well; asked for, they are there."""
    assert [("client_secret", "s3cret")] == [
        (name, value) for name, value in secrets_in(ROUTE) if value
    ]
    assert "s3cret" not in json.dumps(ROUTE.to_dict())
    assert "client_secret" not in json.dumps(ROUTE.to_dict())
    github = ROUTE.to_dict(secrets=True)["oauth"]["provider"]["github"]
    assert ("s3cret", ["a"]) == (github["client_secret"], github["teams"])


def test_what_is_unknown_never_takes_the_place_of_a_field() -> None:
    """Fields win, and a secret that is left out stays so."""
    odd = attrs.evolve(KEY, extra={"id": "other", "token": "other", "new": 1})

    assert KEY.to_dict() | {"new": 1} == odd.to_dict() | {"later": KEY.extra["later"]}
    assert "s3cret" == odd.to_dict(secrets=True)["token"]


def test_the_form_is_a_copy_both_ways() -> None:
    """Nobody changes a value through its JSON."""
    before = copy.deepcopy(KEY)
    content = KEY.to_dict()
    content["later"].append(2)
    content["later"][1]["a"] = 3
    assert before == KEY

    content = before.to_dict(secrets=True)
    made = APIKey.from_dict(content)
    content["later"][1]["a"] = 3
    assert before == made


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))],  # noqa: S301 # ours
    ids=["copy", "deep copy", "pickle"],
)
def test_what_was_read_is_a_value_like_any_other(copied: Any) -> None:  # noqa: ANN401 # generic
    """It compares, hashes and pickles."""
    made = APIKey.from_dict(KEY.to_dict(secrets=True))

    assert KEY == made == copied(made)
    assert hash(KEY) == hash(made)


TIMES: Final[Mapping[str, datetime]] = {
    "2026-11-25T12:30:15Z": MADE.replace(microsecond=0),
    "2026-11-25T12:30:00Z": MADE.replace(second=0, microsecond=0),
    "2026-11-25T12:30:15.12Z": MADE.astimezone(timezone(timedelta(hours=-9))),
    "2026-11-25T12:30:15.000001Z": MADE.replace(microsecond=1),
    "0002-01-01T00:00:00Z": datetime(2, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize(("text", "at"), TIMES.items(), ids=TIMES)
def test_times_are_written_as_go_does(text: str, at: datetime) -> None:
    """In UTC, and of a fraction no digit more than it takes (RFC3339Nano)."""
    policy = IPPolicy(id="ipp_1", created_at=at)

    assert text == policy.to_dict()["created_at"]
    assert policy == IPPolicy.from_dict({"id": "ipp_1", "created_at": text})


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (MADE.replace(tzinfo=None), "expected an aware datetime"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "between the years 1 and 9999"),
    ],
    ids=["naive", "before the year 1"],
)
def test_what_is_no_instant_is_refused(at: datetime, message: str) -> None:
    """Nobody knows what it would be in UTC."""
    with pytest.raises(ValueError, match=message):
        timestamp(at)


def test_what_is_for_requests_has_the_form_that_is_sent() -> None:
    """Ids in the place of what has them, and nothing that was not set."""
    assert {"backend_id": "bkdtg_1"} == EndpointBackendMutate(
        backend_id=Ref(id="bkdtg_1")
    ).to_dict()
    both = EndpointIPPolicyMutate(enabled=False, ip_policy_ids=("ipp_1", Ref(id="ipp_2")))
    assert {"enabled": False, "ip_policy_ids": ["ipp_1", "ipp_2"]} == both.to_dict()
    assert EndpointBackendMutate() == EndpointBackendMutate.from_dict({})
    assert UNSET is EndpointBackendMutate.from_dict({"backend_id": "b"}).enabled
    assert both.to_dict() == encoder(EndpointIPPolicyMutate)("module", both)


# Pages


def test_a_page_is_its_items_and_where_it_goes_on() -> None:
    """Without the secrets of its items; they come if they are asked for."""
    link = "https://api.ngrok.com/api_keys?before_id=ak_1&limit=1"
    page = Page(items=(KEY,), uri="u", next_page_uri=link, extra={"total": [3], "cursor": "no"})

    assert {
        "items": [KEY.to_dict()],
        "uri": "u",
        "next_page_uri": link,
        "cursor": "ak_1",
        "total": [3],
    } == page.to_dict()
    assert [KEY.to_dict(secrets=True)] == page.to_dict(secrets=True)["items"]
    assert Page(items=()).to_dict() == json.loads(json.dumps(Page(items=()).to_dict()))
    assert "total" == list(page.to_dict())[-1]


def test_no_unknown_fields_are_none_however_written() -> None:
    """So what was read is equal to what was made."""
    assert Ref(id="x", extra={}) == Ref(id="x", extra=None) == Ref(id="x")
    assert Page(items=(), extra={}) == Page(items=())


# What cannot be read


WRONG: Final[Mapping[str, tuple[type[Model], Any, str]]] = {
    "a list": (Ref, [], "expected an object, got an array @ $"),
    "a text": (Ref, "ts_1", "got a string @ $; read a text by json.loads() first"),
    "JSON that was not read": (
        Ref,
        '{"id": "x"}',
        "got a string @ $; read a text by json.loads() first",
    ),
    "nothing": (Ref, None, "expected an object, got null @ $"),
    "without an id": (Ref, {}, "required field missing @ $.id"),
    "a number for an id": (Ref, {"id": 1}, "expected a string, got an integer @ $.id"),
    "no time": (
        IPPolicy,
        {"id": "ipp_1", "created_at": "yesterday"},
        "expected a timestamp, got 'yesterday' @ $.created_at",
    ),
    "a time without a zone": (
        IPPolicy,
        {"id": "ipp_1", "created_at": "2026-01-02T03:04:05"},
        "offset from UTC, got '2026-01-02T03:04:05' @ $.created_at",
    ),
    "a datetime": (
        Endpoint,
        {"id": "ep_1", "created_at": 5},
        "expected a timestamp, got an integer @ $.created_at",
    ),
    "deep down": (
        HTTPSEdgeRoute,
        ROUTE.to_dict() | {"oauth": {"provider": {"github": {"teams": ["a", 3]}}}},
        "expected a string, got an integer @ $.oauth.provider.github.teams[1]",
    ),
    "an id of no text": (
        EndpointBackendMutate,
        {"backend_id": 7},
        "expected a string, got an integer @ $.backend_id",
    ),
}


@pytest.mark.parametrize(("kind", "content", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_with_its_place(
    kind: type[Model],
    content: Any,  # noqa: ANN401 # any JSON
    message: str,
) -> None:
    """As an answer's is, but as a `ValueError`: it is the caller's."""
    with pytest.raises(ValueError, match=r"^this is no ") as caught:
        kind.from_dict(content)

    assert f"this is no {kind.__name__}: " in str(caught.value)
    assert str(caught.value).endswith(message)
    assert caught.value.__context__ is None


def test_what_contains_itself_is_refused() -> None:
    """And is no endless loop."""
    content: dict[str, Any] = {"id": "x"}
    content["me"] = content

    with pytest.raises(ValueError, match="nested too deeply"):
        Ref.from_dict(content)


def test_any_mapping_can_be_read() -> None:
    """At any depth; tuples are lists."""
    content = MappingProxyType({"id": "x", "new": MappingProxyType({"a": (1, 2)})})

    assert Ref(id="x", extra={"new": {"a": [1, 2]}}) == Ref.from_dict(content)


def test_what_is_absent_or_null_gets_its_default() -> None:
    """As in answers."""
    assert Ref(id="x") == Ref.from_dict({"id": "x"}) == Ref.from_dict({"id": "x", "uri": None})
