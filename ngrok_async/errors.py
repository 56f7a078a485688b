"""Everything that this package raises on purpose.

    NgrokError
    ├── ConfigurationError (also a ValueError)   the client was set up wrongly
    ├── ClientClosedError                        it was used after `aclose()`
    ├── TransportError                           no whole answer arrived
    │   ├── ConnectError                         nothing was sent
    │   ├── ConnectionLostError                  the connection broke after something was sent
    │   └── RequestTimeoutError (also a TimeoutError)
    ├── ResponseError                            an answer that is not what the API promises
    │   └── ResponseTooLargeError
    ├── PaginationError                          a list's link to its next page cannot be followed
    └── APIError                                 ngrok refused or failed
        ├── BadRequestError      400, 422
        │   └── FilterError      the `filter` expression was not understood
        ├── AuthenticationError  401
        ├── PermissionDeniedError 403
        ├── NotFoundError        404
        ├── ConflictError        409
        ├── RateLimitedError     429, or the wait for the limit would be too long
        └── ServerError          5xx

A wrong argument (an empty id, `limit=500`) is a plain `ValueError`, raised before anything is sent.
ngrok's own list of codes: https://ngrok.com/docs/errors
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "ClientClosedError",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "FilterError",
    "NgrokError",
    "NotFoundError",
    "PaginationError",
    "PermissionDeniedError",
    "RateLimitedError",
    "RequestTimeoutError",
    "ResponseError",
    "ResponseTooLargeError",
    "ServerError",
    "TransportError",
]

_NO_DETAILS: Final[Mapping[str, str]] = MappingProxyType({})


class NgrokError(Exception):
    """The base of all errors of this package.

    Attributes:
        message: What went wrong, without the facts below.
        method: The HTTP method, or None where no request was at hand.
        path: The encoded path below the base URL, or None.
        attempts: How many requests went out for this call; 0 when none did.
        maybe_applied: Whether the call may have had its effect although it failed. Look before you
            repeat it.
        operation_id: ngrok's id of the failed operation, to quote to their support, or None.
        retry_budget_exhausted: Whether a further attempt was due but the client's retry budget
            was spent.
        cursor: Where the walk over a list stood that this ended: what `before_id=` takes to go on
            there. None at its beginning, and for other calls.
    """

    cursor: str | None = None  # of the class, so that older pickles and subclasses have it too

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        path: str | None = None,
        attempts: int = 0,
        maybe_applied: bool = False,
        operation_id: str | None = None,
    ) -> None:
        """Keep the facts; see the class for their meaning."""
        super().__init__(message)
        self.message = message
        self.method = method
        self.path = path
        self.attempts = attempts
        self.maybe_applied = maybe_applied
        self.operation_id = operation_id
        self.retry_budget_exhausted = False

    def _headline(self) -> str:
        operation = f" (operation {self.operation_id})" if self.operation_id else ""
        return f"{self.message}{operation}"

    def __str__(self) -> str:
        """Tell what failed, on which request, after how many attempts."""
        text = self._headline()
        if self.method:
            text += f" on {self.method} {self.path}"
        if self.attempts > 1:
            text += f" after {self.attempts} attempts"
        if self.retry_budget_exhausted:
            text += "; the retry budget is spent"
        if self.maybe_applied:
            text += "; it may have been applied"
        return text

    # BaseException's own __reduce__ calls the class with `args`, which cannot carry keywords.
    def __reduce__(self) -> tuple[object, ...]:
        """Pickle and copy with all attributes."""
        return _restore, (type(self), self.args), self.__dict__


def _restore(cls: type[NgrokError], args: tuple[object, ...]) -> NgrokError:
    error = cls.__new__(cls, *args)
    error.args = args
    return error


class ConfigurationError(NgrokError, ValueError):
    """The client cannot work the way it was set up: no key, an unsafe base URL, and the like."""


class ClientClosedError(NgrokError):
    """The client, or the aiohttp session that it was given, has been closed."""


class TransportError(NgrokError):
    """No whole answer arrived. One of the subclasses says how far the request got."""


class ConnectError(TransportError):
    """No connection came about, so nothing was sent: DNS, TCP, TLS or a proxy failed.

    Attributes:
        permanent: Whether another try would fail the same way: a certificate that is not trusted.
    """

    permanent: bool = False


class ConnectionLostError(TransportError):
    """The connection broke after the request, or a part of it, had been sent."""


class RequestTimeoutError(TransportError, TimeoutError):
    """A limit of `Timeout` passed, or a wait that is known beforehand would pass it."""


class ResponseError(NgrokError):
    """An answer that does not fit the API: no JSON, the wrong type somewhere, a redirect.

    Attributes:
        status: The HTTP status of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        method: str | None = None,
        path: str | None = None,
        attempts: int = 1,
        maybe_applied: bool = False,
        operation_id: str | None = None,
    ) -> None:
        """Keep the facts; see the class for their meaning."""
        super().__init__(
            message,
            method=method,
            path=path,
            attempts=attempts,
            maybe_applied=maybe_applied,
            operation_id=operation_id,
        )
        self.status = status


class ResponseTooLargeError(ResponseError):
    """The answer's body is larger than this package reads (10 MiB when decompressed)."""


class PaginationError(NgrokError):
    """The link to a next page leads elsewhere, or to a page that the walk has already seen.

    Attributes:
        cursor: The `before_id` of the page that held the bad link (None: the first page).
    """

    def __init__(
        self,
        message: str,
        *,
        cursor: str | None = None,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Keep the facts; see the class for their meaning."""
        super().__init__(message, method=method, path=path, attempts=1)
        self.cursor = cursor


class APIError(NgrokError):
    """ngrok, or something in front of it, answered with an error.

    Attributes:
        status: The HTTP status.
        code: ngrok's error code ("ERR_NGROK_n", rarely another text), or None when it sent none.
        details: Further facts from the answer, texts by name.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        operation_id: str | None = None,
        details: Mapping[str, str] = _NO_DETAILS,
        method: str | None = None,
        path: str | None = None,
        attempts: int = 1,
        maybe_applied: bool = False,
    ) -> None:
        """Keep the facts; see the class for their meaning."""
        super().__init__(
            message,
            method=method,
            path=path,
            attempts=attempts,
            maybe_applied=maybe_applied,
            operation_id=operation_id,
        )
        self.status = status
        self.code = code
        self.details: dict[str, str] = dict(details)

    @property
    def docs_url(self) -> str | None:
        """The address of ngrok's page about `code`, or None without an ERR_NGROK code."""
        if self.code is None or not self.code.startswith("ERR_NGROK_"):
            return None
        return f"https://ngrok.com/docs/errors/{self.code.lower()}"

    def _headline(self) -> str:
        code = f" [{self.code}]" if self.code else ""
        operation = f" (operation {self.operation_id})" if self.operation_id else ""
        return f"HTTP {self.status}: {self.message}{code}{operation}"

    @classmethod
    def for_answer(cls, status: int, code: str | None) -> type[Self]:
        """Return the subclass for an answer: the rate limit and filters by code, else by status."""
        kind: type[APIError]
        if code in _BY_CODE:
            kind = _BY_CODE[code]
        elif status >= _SERVER_ERRORS_FROM:
            kind = ServerError
        else:
            kind = _BY_STATUS.get(status, APIError)
        return kind if issubclass(kind, cls) else cls


class BadRequestError(APIError):
    """ngrok did not accept the request's content."""


class FilterError(BadRequestError):
    """The `filter` expression is wrong; see https://ngrok.com/docs/api/api-filtering ."""


class AuthenticationError(APIError):
    """The API key is missing, malformed or unknown, or is no API key (an authtoken, a key's id)."""

    def __str__(self) -> str:
        """Tell where a key comes from as well: ngrok's own texts do not."""
        return (
            f"{super().__str__()}; API keys are made at https://dashboard.ngrok.com/api-keys, "
            "and neither an agent's authtoken nor the id of a key is one"
        )


class PermissionDeniedError(APIError):
    """The key is valid, but the account, its plan or an IP restriction forbids the operation."""


class NotFoundError(APIError):
    """There is no such resource, or none that this account may see."""


class ConflictError(APIError):
    """The change collides with what exists: a name in use, a resource still referred to."""


class RateLimitedError(APIError):
    """The account's limit is used up.

    Raised when ngrok answered so to every attempt, and also, with `attempts` 0, before anything was
    sent when the wait for a free slot would be longer than `max_wait`.

    Attributes:
        retry_after: Seconds until another try makes sense, or None when unknown.
    """

    retry_after: float | None = None


class ServerError(APIError):
    """ngrok, or a proxy on the way, failed."""


_SERVER_ERRORS_FROM: Final = 500
_BY_STATUS: Final[Mapping[int, type[APIError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: BadRequestError,
    429: RateLimitedError,
}
# By code where the documentation names no HTTP status (225), or where 400 is too coarse.
_BY_CODE: Final[Mapping[str | None, type[APIError]]] = {
    "ERR_NGROK_225": RateLimitedError,
    "ERR_NGROK_226": RateLimitedError,
    "ERR_NGROK_250": FilterError,
    "invalid_cel_expression": FilterError,
}
