"""What an answer means: a value, or which error.

The server, and every proxy before it, may send anything; from here on it is a value of the declared
type or an `NgrokError`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast

from ngrok_async._request import Request, Response
from ngrok_async._retry_after import retry_after
from ngrok_async._wire import MismatchError, loads
from ngrok_async.errors import APIError, NgrokError, RateLimitedError, ResponseError

T = TypeVar("T")

Scrub: TypeAlias = Callable[[str], str]

_SNIPPET: Final = 200
_MESSAGE: Final = 2000
# Texts are cut after they were scrubbed, since half a key would not be recognised. This much of
# them is scrubbed.
_SCRUBBED: Final = 16_384
_BEFORE_JSON: Final = b"\xef\xbb\xbf \t\r\n"
# Answers after which nobody knows whether the request was processed. 504 and 502 come from proxies.
_AMBIGUOUS_STATUS: Final = 408
_SERVER_ERRORS_FROM: Final = 500
_ERRORS_FROM: Final = 400
_OK: Final = range(200, 300)
_TOO_MANY_REQUESTS: Final = 429

# "The operation may possibly, but is unlikely to, have succeeded", says 810 of an agent command.
_AMBIGUOUS_CODES: Final = frozenset({"ERR_NGROK_810"})
# Refused before anything was done: too many requests, too many at a time, the body could not be
# read, the server is shutting down. https://ngrok.com/docs/errors
UNPROCESSED_CODES: Final = frozenset({
    "ERR_NGROK_212",
    "ERR_NGROK_225",
    "ERR_NGROK_226",
    "ERR_NGROK_803",
})  # fmt: skip
THROTTLED_CODES: Final = frozenset({"ERR_NGROK_225", "ERR_NGROK_226"})


class Envelope(NamedTuple):
    """ngrok's error body, as far as it could be read."""

    code: str | None = None
    message: str | None = None
    operation_id: str | None = None
    details: Mapping[str, str] = MappingProxyType({})


def envelope(response: Response) -> Envelope:
    """Read an error body; whatever does not fit is left out."""
    # ngrok's Go client falls back to this header when the body is unusable.
    operation_id = _text(response.headers.get("ngrok-operation-id"))
    try:
        body = loads(response.body)
    except MismatchError:
        return Envelope(operation_id=operation_id)
    if not isinstance(body, dict):
        return Envelope(operation_id=operation_id)
    content = cast("dict[str, Any]", body)
    raw = content.get("details")
    pairs = cast("dict[str, Any]", raw).items() if isinstance(raw, dict) else ()
    details = {name: value for name, value in pairs if isinstance(value, str)}
    return Envelope(
        code=_text(content.get("error_code")),
        message=_text(content.get("msg")),
        operation_id=details.get("operation_id") or operation_id,
        details=details,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def is_throttled(response: Response) -> bool:
    """Tell whether the account's rate or concurrency limit refused the request."""
    if response.status == _TOO_MANY_REQUESTS:
        return True
    return response.status >= _ERRORS_FROM and envelope(response).code in THROTTLED_CODES


def is_ambiguous(response: Response) -> bool:
    """Tell whether the request may have been processed although the answer is an error."""
    if response.status in _OK:
        return False
    code = envelope(response).code
    if code in _AMBIGUOUS_CODES:
        return True
    if code in UNPROCESSED_CODES:
        return False
    # A redirect (3xx) may follow a processed request too: 303 means just that.
    refused = _ERRORS_FROM <= response.status < _SERVER_ERRORS_FROM
    return not refused or response.status == _AMBIGUOUS_STATUS


def read(request: Request, response: Response, decode: Callable[[bytes], T], scrub: Scrub) -> T:
    """Return the decoded body of a success.

    Raises:
        APIError: The status is an error.
        ResponseError: It is a redirect, or the body does not fit.
    """
    if response.status not in _OK:
        raise _failure(request, response, scrub)
    try:
        return decode(response.body)
    except MismatchError as error:
        reason = _shown(str(error), scrub)  # tracebacks print local variables
    # JSON of the wrong shape may hold a new token, and the reason tells where it is wrong.
    if response.body and response.body.lstrip(_BEFORE_JSON)[:1] not in {b"{", b"["}:
        reason += f"; the body begins {_beginning(response, scrub)!r}"
    raise _unusable(request, response, reason, scrub)


def _failure(request: Request, response: Response, scrub: Scrub) -> NgrokError:
    if response.status < _ERRORS_FROM:
        where = response.headers.get("location")
        what = f"redirect to {where!r} not followed" if where else "unexpected status"
        return _unusable(request, response, what, scrub)
    parts = envelope(response)
    code = parts.code and _shown(parts.code, scrub)
    error = APIError.for_answer(response.status, code)(
        _shown(parts.message, scrub) if parts.message else _fallback(response, scrub),
        status=response.status,
        code=code,
        operation_id=parts.operation_id and _shown(parts.operation_id, scrub),
        details={_shown(n, scrub): _shown(text, scrub) for n, text in parts.details.items()},
        method=request.method,
        path=request.path,
        attempts=response.attempts,
        maybe_applied=_maybe_applied(request, response),
    )
    error.retry_budget_exhausted = response.retry_budget_exhausted
    if isinstance(error, RateLimitedError):
        error.retry_after = retry_after(response.headers)
    return error


def _fallback(response: Response, scrub: Scrub) -> str:
    text = _beginning(response, scrub)
    return f"no error message in the answer: {text}" if text else "no error message in the answer"


def _beginning(response: Response, scrub: Scrub) -> str:
    text = scrub(response.body[:_SCRUBBED].decode(errors="replace"))
    return " ".join(text.split())[:_SNIPPET]


def _shown(text: str, scrub: Scrub) -> str:
    return scrub(text[:_SCRUBBED])[:_MESSAGE]


def _unusable(request: Request, response: Response, why: str, scrub: Scrub) -> ResponseError:
    operation_id = _text(response.headers.get("ngrok-operation-id"))
    return ResponseError(
        f"HTTP {response.status}: {_shown(why, scrub)}",
        status=response.status,
        method=request.method,
        path=request.path,
        attempts=response.attempts,
        maybe_applied=request.effect != "read",
        operation_id=operation_id and _shown(operation_id, scrub),
    )


def _maybe_applied(request: Request, response: Response) -> bool:
    return request.effect != "read" and (response.maybe_applied or is_ambiguous(response))
