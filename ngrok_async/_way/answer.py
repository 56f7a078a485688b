"""What an answer means: a value, or which error.

The server, and every proxy before it, may send anything; from here on it is a value of the declared
type or an `NgrokError`.
"""

import re
from collections.abc import Callable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast

from ngrok_async._api_key import MASK
from ngrok_async._request import Request, Response, once
from ngrok_async._retry_after import retry_after
from ngrok_async._wire.read import MismatchError, loads
from ngrok_async.errors import (
    CLASSES_BY_CODE,
    ERRORS_FROM,
    SERVER_ERRORS_FROM,
    APIError,
    NgrokError,
    RateLimitedError,
    ResponseError,
    ServerError,
)

T = TypeVar("T")

Scrub: TypeAlias = Callable[[str], str]

# How much of a server's texts is shown: of ids, names and pages, and of messages.
_SNIPPET: Final = 200
_MESSAGE: Final = 2000
# They are cut after they were scrubbed, since half a key would not be recognised. This much of them
# is scrubbed.
_SCRUBBED: Final = 16_384
# ngrok's own error bodies have some hundred bytes, and one or two details. Decoding 10 MiB would
# hold up the event loop for seconds.
_ERROR_BODY: Final = 65_536
_DETAILS: Final = 20
# Public words, whatever the key is.
_CODE: Final = r"ERR_NGROK_[0-9]{1,6}"
_BEFORE_JSON: Final = b"\xef\xbb\xbf \t\r\n"
# Answers after which nobody knows whether the request was processed. 504 and 502 come from proxies.
_AMBIGUOUS_STATUS: Final = 408
_OK: Final = range(200, 300)
_TOO_MANY_REQUESTS: Final = 429

# "The operation may possibly, but is unlikely to, have succeeded", says 810 of an agent command.
_AMBIGUOUS_CODES: Final = frozenset({"ERR_NGROK_810"})
# Refused before anything was done: too many requests, too many at a time, the body could not be
# read, the server is shutting down or under maintenance. https://ngrok.com/docs/errors
UNPROCESSED_CODES: Final = frozenset({
    "ERR_NGROK_212",
    "ERR_NGROK_225",
    "ERR_NGROK_226",
    "ERR_NGROK_803",
    "ERR_NGROK_1500",
    "ERR_NGROK_1501",
})  # fmt: skip
THROTTLED_CODES: Final = frozenset({"ERR_NGROK_225", "ERR_NGROK_226"})


class Envelope(NamedTuple):
    """ngrok's error body, as far as it could be read."""

    code: str | None = None
    message: str | None = None
    operation_id: str | None = None
    details: Mapping[str, str] = MappingProxyType({})


def envelope(response: Response) -> Envelope:
    """Read an error body, once; whatever does not fit is left out."""
    return once(response, _envelope)


def _envelope(body: bytes) -> Envelope:
    try:
        content: Any = loads(body[:_ERROR_BODY])
    except MismatchError:
        content = None
    if not isinstance(content, dict):
        return Envelope(details={})
    fields = cast("dict[str, Any]", content)
    raw = fields.get("details")
    details = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
    texts = ((name, value) for name, value in details.items() if isinstance(value, str))
    return Envelope(
        code=_text(fields.get("error_code")),
        message=_text(fields.get("msg")),
        operation_id=_text(details.get("operation_id")),
        details=dict(islice(texts, _DETAILS)),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def operation_id(response: Response, scrub: Scrub) -> str | None:
    """Return the id of the operation as the headers have it, fit to be shown."""
    # ngrok's Go client falls back to this header when the body is unusable.
    return _shown_id(response.headers.get("ngrok-operation-id"), scrub)


def _shown_id(text: str | None, scrub: Scrub) -> str | None:
    return _shown(text, scrub, _SNIPPET) or None if text else None


def is_throttled(response: Response) -> bool:
    """Tell whether the account's rate or concurrency limit refused the request."""
    if response.status == _TOO_MANY_REQUESTS:
        return True
    return response.status >= ERRORS_FROM and envelope(response).code in THROTTLED_CODES


def is_ambiguous(response: Response) -> bool:
    """Tell whether the request may have been processed although the answer is an error."""
    if response.status in _OK:
        return False
    code = envelope(response).code
    if code in _AMBIGUOUS_CODES:
        return True
    if code in UNPROCESSED_CODES or CLASSES_BY_CODE.get(code, ServerError) is not ServerError:
        return False  # a refusal, whatever status it comes with
    # A redirect (3xx) may follow a processed request too: 303 means just that.
    refused = ERRORS_FROM <= response.status < SERVER_ERRORS_FROM
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
    if response.status < ERRORS_FROM:
        where = response.headers.get("location")
        target = _shown(where, scrub, _SNIPPET) if where else ""
        what = f"redirect to {target!r} not followed" if where else "unexpected status"
        return _unusable(request, response, what, scrub)
    parts = envelope(response)
    message = _shown(parts.message, scrub) if parts.message else ""
    error = APIError.for_answer(response.status, parts.code)(
        message or _fallback(response, scrub),
        status=response.status,
        code=_shown_code(parts.code, scrub),
        operation_id=_shown_id(parts.operation_id, scrub) or operation_id(response, scrub),
        details={
            _shown(name, scrub, _SNIPPET): _shown(text, scrub)
            for name, text in parts.details.items()
        },
        method=request.method,
        path=request.path,
        attempts=response.attempts,
        maybe_applied=_maybe_applied(request, response),
    )
    error.retry_budget_exhausted = response.retry_budget_exhausted
    if isinstance(error, RateLimitedError):
        error.retry_after = retry_after(response.headers)
    return error


def _shown_code(code: str | None, scrub: Scrub) -> str | None:
    if code is None or code in CLASSES_BY_CODE or re.fullmatch(_CODE, code):
        return code
    return _shown_id(code, scrub)


def _fallback(response: Response, scrub: Scrub) -> str:
    text = _beginning(response, scrub)
    return f"no error message in the answer: {text}" if text else "no error message in the answer"


def _beginning(response: Response, scrub: Scrub) -> str:
    return _shown(response.body[:_ERROR_BODY].decode(errors="replace"), scrub, _SNIPPET)


def _shown(text: str, scrub: Scrub, size: int = _MESSAGE) -> str:
    """Return a server's text as it may be shown: without the key, cut, and in one line.

    A line break would let a server write lines into a log, and other characters that are not
    printable change what a terminal shows.
    """
    clean = scrub(text[:_SCRUBBED])
    if len(text) > _SCRUBBED and len(clean) < _SCRUBBED // 2:
        clean = clean[: clean.rfind(MASK) + len(MASK)]  # behind it, half a key may come into sight
    line = " ".join(clean.split())[:size]
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def _unusable(request: Request, response: Response, why: str, scrub: Scrub) -> ResponseError:
    return ResponseError(
        f"HTTP {response.status}: {why}",
        status=response.status,
        method=request.method,
        path=request.path,
        attempts=response.attempts,
        maybe_applied=request.effect != "read",
        operation_id=operation_id(response, scrub),
    )


def _maybe_applied(request: Request, response: Response) -> bool:
    return request.effect != "read" and (response.maybe_applied or is_ambiguous(response))
