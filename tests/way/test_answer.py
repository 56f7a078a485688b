"""What an answer means: for any bytes a value of the declared type, or an error of ours."""

import json
import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from ngrok_async._api_key import APIKey
from ngrok_async._operation import Operation, operations
from ngrok_async._request import Effect, Request, Response
from ngrok_async._way.answer import Envelope, envelope, is_ambiguous, is_throttled, read
from ngrok_async.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    FilterError,
    NgrokError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ResponseError,
    ServerError,
)
from ngrok_async.pagination import Page
from ngrok_async.resources._shared import Ref
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions
from ngrok_async.resources.tunnels import Tunnel, Tunnels
from tests.way.answers import KEY, answer, api_failure, failure, labels, ref

# What is a success


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_is_decoded(status: int) -> None:
    """Every 2xx is a success; its body becomes the declared value."""
    request = Request(method="GET", path="/refs/r_1")

    assert Ref(id="r_1") == read(request, answer(status, {"id": "r_1"}), ref, str)


@pytest.mark.parametrize("body", [b"", b"null", b"<html>", b"{"], ids=repr)
def test_an_operation_that_returns_nothing_ignores_the_body(body: bytes) -> None:
    """`stop`, `restart`, `update` and deletions are answered with 204 and give None."""
    stop = operations(TunnelSessions)["stop"]
    request = stop.request({"id": "ts_1"})

    assert read(request, answer(204, body), stop.decode, str) is None


UNFIT: Mapping[str, tuple[bytes, str]] = {
    "empty": (b"", "not valid JSON: Expecting value: line 1 column 1 (char 0)"),
    "null": (b"null", "expected an object, got null @ $; the body begins 'null'"),
    "a text": (b'"x"', "expected an object, got a string @ $; the body begins '\"x\"'"),
    "a list": (b"[]", "expected an object, got an array @ $"),
    "an empty object": (b"{}", "required field missing @ $.id"),
    "a wrong type": (b'{"id": null}', "expected a string, got null @ $.id"),
    "HTML": (
        b"<html>\r\n  <p>Sign in</p>",
        (
            "not valid JSON: Expecting value: line 1 column 1 (char 0); "
            "the body begins '<html> <p>Sign in</p>'"
        ),
    ),
    "not a number": (b'{"id": NaN}', "not valid JSON: NaN is not a JSON number"),
    "nested deeply": (b"[" * 100_000, "not valid JSON: nested too deeply"),
}


@pytest.mark.parametrize(("body", "reason"), UNFIT.values(), ids=UNFIT)
def test_a_success_that_does_not_fit_is_a_response_error(body: bytes, reason: str) -> None:
    """The error says what is wrong and where, and shows the beginning of what is no JSON."""
    error = failure(answer(200, body))
    message = f"HTTP 200: {reason}"

    assert isinstance(error, ResponseError)
    assert 200 == error.status
    assert message == error.message
    assert f"{message} on GET /refs/r_1" == str(error)
    assert (None, None) == (error.__cause__, error.__context__)


def test_json_of_the_wrong_shape_is_not_shown() -> None:
    """The answer to a create holds a new token: it stays out of the message."""
    for start in (b"", b" \n", b"\xef\xbb\xbf"):
        body = start + b'{"id": 7, "token": "new-token"}'

        assert "new-token" not in str(failure(answer(201, body)))


def test_little_is_shown_of_a_long_body() -> None:
    """A message is for people: 200 characters of a page, 2000 of a message."""
    page = failure(answer(200, b"<p>" + b"x" * 10_000))
    name = failure(answer(200, {"a" * 9999: 1}), decode=labels)
    error = api_failure(answer(400, {"msg": "x" * 10_000}))
    proxy = api_failure(answer(502, b"x" * 10_000))

    assert page.message.endswith("the body begins '<p>" + "x" * 197 + "'")
    assert name.message.endswith("got an integer @ $['<a name of 9999 characters>']")
    assert "x" * 2000 == error.message
    assert "no error message in the answer: " + "x" * 200 == proxy.message


# What is a failure


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, None, BadRequestError),
        (400, "ERR_NGROK_223", BadRequestError),
        (400, "invalid_cel_expression", FilterError),
        (400, "ERR_NGROK_250", FilterError),
        (400, "ERR_NGROK_404", BadRequestError),
        (401, None, AuthenticationError),
        (401, "ERR_NGROK_206", AuthenticationError),
        (403, None, PermissionDeniedError),
        (403, "ERR_NGROK_202", AuthenticationError),
        (403, "ERR_NGROK_220", PermissionDeniedError),
        (400, "ERR_NGROK_413", ConflictError),
        (400, "ERR_NGROK_18017", ConflictError),
        (400, "ERR_NGROK_439", BadRequestError),
        (415, "ERR_NGROK_210", BadRequestError),
        (404, None, NotFoundError),
        (404, "ERR_NGROK_429", NotFoundError),
        (407, None, APIError),
        (409, None, ConflictError),
        (418, "unheard_of", APIError),
        (422, None, BadRequestError),
        (429, None, RateLimitedError),
        (400, "ERR_NGROK_225", RateLimitedError),
        (503, "ERR_NGROK_226", RateLimitedError),
        (500, None, ServerError),
        (503, "ERR_NGROK_803", ServerError),
        (999, None, ServerError),
    ],
)
def test_status_and_code_decide_the_class(
    status: int, code: str | None, kind: type[APIError]
) -> None:
    """A code of a family with a class of its own decides, else the HTTP status."""
    assert kind is type(api_failure(answer(status, {"error_code": code, "msg": "m"})))


def test_an_error_carries_all_facts() -> None:
    """Status, code, message, operation and details come from the body, the rest from the call."""
    body = {
        "error_code": "ERR_NGROK_404",
        "status_code": 404,
        "msg": "Not here.",
        "details": {"operation_id": "op_1", "resource": "refs"},
    }
    error = api_failure(answer(404, body))

    assert "HTTP 404: Not here. [ERR_NGROK_404] (operation op_1) on GET /refs/r_1" == str(error)
    assert (404, "ERR_NGROK_404", "Not here.") == (error.status, error.code, error.message)
    assert {"operation_id": "op_1", "resource": "refs"} == error.details
    assert ("op_1", "GET", "/refs/r_1") == (error.operation_id, error.method, error.path)
    assert (1, False, False) == (error.attempts, error.maybe_applied, error.retry_budget_exhausted)
    assert (None, None) == (error.__cause__, error.__context__)


def test_an_error_tells_what_the_retries_found() -> None:
    """Attempts, doubt and a spent budget are handed on by the retries in the response."""
    response = Response(
        status=503, attempts=4, maybe_applied=True, retry_budget_exhausted=True, body=b"down"
    )
    error = api_failure(response, effect="set")

    assert (4, True, True) == (error.attempts, error.maybe_applied, error.retry_budget_exhausted)
    assert (
        "HTTP 503: no error message in the answer: down on GET /refs/r_1 after 4 attempts; "
        "the retry budget is spent; it may have been applied"
    ) == str(error)


def test_doubt_about_an_earlier_attempt_stays() -> None:
    """A clear refusal of the last attempt says nothing about the one before it."""
    response = Response(status=429, attempts=2, maybe_applied=True)

    assert [True, False] == [failure(response, effect=e).maybe_applied for e in ("act", "read")]


JUNK: Mapping[str, tuple[object, Envelope]] = {
    "empty": (b"", Envelope()),
    "HTML": (b"<h1>Bad Gateway</h1>", Envelope()),
    "latin-1": (b'{"msg": "\xe9"}', Envelope()),
    "nested deeply": (b"[" * 100_000, Envelope()),
    "null": (None, Envelope()),
    "a list": ([{"msg": "m"}], Envelope()),
    "a text": ("no", Envelope()),
    "an empty object": ({}, Envelope()),
    "another API's error": ({"error": {"message": "no"}}, Envelope()),
    "only a status": ({"status_code": 400}, Envelope()),
    "null everywhere": ({"error_code": None, "msg": None, "details": None}, Envelope()),
    "empty texts": ({"error_code": "", "msg": "", "details": {}}, Envelope()),
    "wrong types": ({"error_code": 5, "msg": ["m"], "details": "d"}, Envelope()),
    "no code": ({"msg": "m", "details": {}}, Envelope(message="m")),
    "details without texts": (
        {"msg": "m", "details": {"operation_id": 5, "a": None, "b": {}, "c": "x"}},
        Envelope(message="m", details={"c": "x"}),
    ),
    "an empty operation": (
        {"details": {"operation_id": ""}},
        Envelope(details={"operation_id": ""}),
    ),
    "a list of details": ({"msg": "m", "details": ["a"]}, Envelope(message="m")),
}


@pytest.mark.parametrize(("body", "expected"), JUNK.values(), ids=JUNK)
@pytest.mark.parametrize("status", [400, 404, 500, 502])
def test_an_error_body_is_read_as_far_as_it_goes(
    body: object, expected: Envelope, status: int
) -> None:
    """Whatever a server or proxy sends, the error has its HTTP status and what could be read."""
    response = answer(status, body)
    error = api_failure(response)

    assert expected == envelope(response)
    assert status == error.status
    assert expected.code == error.code
    assert error.operation_id is None
    assert expected.details == error.details
    if expected.message:
        assert expected.message == error.message
    elif body == b"":
        assert "no error message in the answer" == error.message
    else:
        assert error.message.startswith("no error message in the answer: ")


def test_the_operation_is_taken_from_the_header_if_need_be() -> None:
    """The official Go client reads it there when the body has none; an empty one is none."""
    page = answer(502, b"<html>", ngrok_operation_id="op_h")
    other = answer(502, [], ngrok_operation_id="op_h")
    both = answer(500, {"details": {"operation_id": "op_b"}}, ngrok_operation_id="op_h")
    unusable = answer(200, b"<html>", ngrok_operation_id="op_h")
    empty = answer(200, b"<html>", ngrok_operation_id="")

    operation_ids = [failure(r).operation_id for r in (page, other, both, unusable, empty)]
    assert ["op_h", "op_h", "op_b", "op_h", None] == operation_ids
    assert api_failure(answer(502, b"", ngrok_operation_id="")).operation_id is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["https://evil.example/x", "/elsewhere", "http://api.ngrok.com"])
def test_a_redirect_is_named_and_not_followed(status: int, target: str) -> None:
    """A redirect is no answer of this API: the error says where it points."""
    error = failure(answer(status, b"moved", location=target))

    assert isinstance(error, ResponseError)
    assert f"HTTP {status}: redirect to {target!r} not followed" == error.message


@pytest.mark.parametrize("status", [100, 199, 300, 304, 399])
def test_other_statuses_below_400_are_unexpected(status: int) -> None:
    """Neither a success nor an error of the API."""
    error = failure(answer(status))

    assert isinstance(error, ResponseError)
    assert f"HTTP {status}: unexpected status" == error.message


def test_a_refusal_for_the_rate_says_how_long() -> None:
    """`retry_after` is what the server asked for, or None where it made no sense."""
    now = datetime.now(UTC).replace(microsecond=0)
    in_three = format_datetime(now + timedelta(seconds=3), usegmt=True)
    date = format_datetime(now, usegmt=True)
    answers = [
        answer(429, retry_after="3600"),
        answer(429, retry_after=in_three, date=date),
        answer(429, retry_after="soon"),
        answer(429),
    ]

    errors = [failure(response) for response in answers]
    waits = [error.retry_after for error in errors if isinstance(error, RateLimitedError)]
    assert [3600.0, 3.0, None, None] == waits


# What may be repeated


@pytest.mark.parametrize(
    ("status", "code", "throttled"),
    [
        (200, "ERR_NGROK_226", False),
        (302, "ERR_NGROK_226", False),
        (400, "ERR_NGROK_226", True),
        (403, "ERR_NGROK_225", True),
        (400, "ERR_NGROK_212", False),
        (429, None, True),
        (503, None, False),
    ],
)
def test_what_the_rate_limit_refused(status: int, code: str | None, *, throttled: bool) -> None:
    """429 and the codes of both limits, but no success whose fields look like an error."""
    assert throttled is is_throttled(answer(status, {"error_code": code}))


@pytest.mark.parametrize(
    ("status", "code", "ambiguous"),
    [
        (200, None, False),
        (204, "ERR_NGROK_810", False),
        (303, None, True),
        (400, None, False),
        (400, "ERR_NGROK_810", True),
        (404, None, False),
        (408, None, True),
        (408, "ERR_NGROK_212", False),
        (429, None, False),
        (499, None, False),
        (500, None, True),
        (500, "ERR_NGROK_803", False),
        (503, "ERR_NGROK_1501", False),
        (500, "ERR_NGROK_413", False),
        (500, "ERR_NGROK_203", False),
        (500, "ERR_NGROK_722", True),
        (502, None, True),
        (503, "ERR_NGROK_225", False),
        (503, "ERR_NGROK_226", False),
        (503, "unheard_of", True),
        (100, None, True),
    ],
)
def test_after_which_answers_nobody_knows(
    status: int, code: str | None, *, ambiguous: bool
) -> None:
    """A server error leaves open what happened, unless its code says that nothing was done."""
    response = answer(status, {"error_code": code})
    told = {"act": ambiguous, "set": ambiguous, "remove": ambiguous, "read": False}

    assert ambiguous is is_ambiguous(response)
    if status >= 400:
        effects: tuple[Effect, ...] = ("act", "set", "remove", "read")
        errors = {effect: failure(response, effect=effect) for effect in effects}
        assert told == {effect: error.maybe_applied for effect, error in errors.items()}


def test_an_unusable_success_may_have_been_applied() -> None:
    """A create whose answer makes no sense was most likely done."""
    for response in (answer(201, b"<html>"), answer(302, location="/x")):
        effects: tuple[Effect, ...] = ("act", "set", "remove", "read")
        applied = [failure(response, effect=effect).maybe_applied for effect in effects]

        assert [True, True, True, False] == applied


# For any answer


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


times = st.just("2026-11-22T10:00:00Z") | st.text()


sessions = st.fixed_dictionaries(
    {"id": st.text(), "credential": st.just({"id": "cr_1"})},
    optional={"started_at": times, "os": values},
)


tunnels = st.fixed_dictionaries(
    {"id": st.text(), "started_at": times, "tunnel_session": st.just({"id": "ts_1"})},
    optional={"labels": values, "backends": values},
)


pages = st.fixed_dictionaries(
    {},
    optional={
        "tunnels": st.lists(tunnels | values, max_size=2) | values,
        "tunnel_sessions": st.lists(sessions, max_size=2) | values,
        "uri": values,
        "next_page_uri": values,
        "more": values,
    },
)


failures = st.fixed_dictionaries(
    {}, optional={"error_code": values, "msg": values, "details": values}
)


bodies = st.binary() | (values | sessions | tunnels | pages | failures).map(
    lambda value: json.dumps(value).encode()
)


header_names = st.sampled_from(["retry-after", "date", "location", "ngrok-operation-id"])


DECLARED: Mapping[str, tuple[Operation, type]] = {
    "get session": (operations(TunnelSessions)["get"], TunnelSession),
    "list sessions": (operations(TunnelSessions)["list"], Page),
    "stop": (operations(TunnelSessions)["stop"], type(None)),
    "get tunnel": (operations(Tunnels)["get"], Tunnel),
    "list tunnels": (operations(Tunnels)["list"], Page),
}


@settings(max_examples=400)
@given(
    name=st.sampled_from(sorted(DECLARED)),
    status=st.sampled_from([200, 204]) | st.integers(100, 999),
    headers=st.dictionaries(header_names, st.text()),
    body=bodies,
)
def test_any_answer_is_a_value_or_an_error_of_ours(
    name: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    """For any status, headers and bytes: the declared type, or an `NgrokError`, nothing else."""
    operation, expected = DECLARED[name]
    response = Response(status=status, headers=CIMultiDict(headers), body=body)
    request = Request(method="POST", path="/x", effect=operation.effect)
    outcome: object
    try:
        outcome = read(request, response, operation.decode, APIKey(KEY).scrub)
    except NgrokError as error:
        outcome = error

    if 200 <= status < 300:
        assert type(outcome) in {expected, ResponseError}
    else:
        assert isinstance(outcome, ResponseError if status < 400 else APIError)
    if isinstance(outcome, Page):
        items = outcome.items
        assert all(type(item) in {Tunnel, TunnelSession} for item in items)
        assert type(outcome.uri) is str
    if isinstance(outcome, NgrokError):
        assert str(pickle.loads(pickle.dumps(outcome))) == str(outcome)  # noqa: S301 # our own
    assert is_ambiguous(response) in {True, False}
    assert is_throttled(response) in {True, False}
