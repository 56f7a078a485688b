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
    ├── APIError                                 ngrok refused or failed
    │   ├── BadRequestError       400, 415, 422
    │   │   ├── FilterError       the `filter` expression was not understood
    │   │   └── ConflictError     409; what is taken, or stands in the way
    │   ├── AuthenticationError   401; no key, a wrong one, or none of ngrok's
    │   ├── PermissionDeniedError 403
    │   ├── NotFoundError         404
    │   ├── RateLimitedError      429, or the wait for the limit would be too long
    │   └── ServerError           5xx
    ├── NothingFoundError (also a LookupError)   the one item that was asked for is not there
    ├── SeveralFoundError (also a LookupError)   there is more than one
    ├── WaitTimeoutError (also a TimeoutError)   what was waited for did not come in time
    └── JobError                                 a job cannot be done, or not as it was asked for
        ├── CannotStopError       an agent that does not stop on command holds what is to be freed
        ├── OtherURLsError        stopping it would take other URLs down too
        ├── CameBackError         something started it again
        ├── LeftOverError         something that was to be deleted may be left
        ├── PlanOutdatedError     what a plan was made for has changed since
        ├── LockedOutError        a plan would shut out somebody who is to be let in
        └── RolloutFailedError    agents of a rollout failed, or it is unclear what became of them

ngrok's code decides the class, and where it has no class of its own, the HTTP status: ngrok answers
a wrong key with 403, and a name that is taken with 400.

A wrong argument (an empty id, `limit=500`) is a plain `ValueError`, raised before anything is sent.
ngrok's own list of codes: https://ngrok.com/docs/errors
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

from ngrok_async._base_error import NgrokError
from ngrok_async._job_errors import (
    CameBackError,
    CannotStopError,
    JobError,
    LeftOverError,
    LockedOutError,
    NothingFoundError,
    OtherURLsError,
    PlanOutdatedError,
    RolloutFailedError,
    SeveralFoundError,
    WaitTimeoutError,
)

__all__ = [
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "CameBackError",
    "CannotStopError",
    "ClientClosedError",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "FilterError",
    "JobError",
    "LeftOverError",
    "LockedOutError",
    "NgrokError",
    "NotFoundError",
    "NothingFoundError",
    "OtherURLsError",
    "PaginationError",
    "PermissionDeniedError",
    "PlanOutdatedError",
    "RateLimitedError",
    "RequestTimeoutError",
    "ResponseError",
    "ResponseTooLargeError",
    "RolloutFailedError",
    "ServerError",
    "SeveralFoundError",
    "TransportError",
    "WaitTimeoutError",
]

# Statuses, for all who look at answers.
ERRORS_FROM: Final = 400
SERVER_ERRORS_FROM: Final = 500

_NO_DETAILS: Final[Mapping[str, str]] = MappingProxyType({})


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
    """A limit of `Timeout` passed. Waiting for the rate limit is not part of any."""


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
        if self.code is None or not re.fullmatch("ERR_NGROK_[0-9]+", self.code):
            return None
        return f"https://ngrok.com/docs/errors/{self.code.lower()}"

    def _headline(self) -> str:
        code = f" [{self.code}]" if self.code else ""
        operation = f" (operation {self.operation_id})" if self.operation_id else ""
        return f"HTTP {self.status}: {self.message}{code}{operation}"

    @classmethod
    def for_answer(cls, status: int, code: str | None) -> type[Self]:
        """Return the subclass for an answer, by its code or else by its status."""
        kind = CLASSES_BY_CODE.get(code)
        if kind is None and status >= SERVER_ERRORS_FROM:
            kind = ServerError
        elif kind is None:
            kind = _BY_STATUS.get(status, APIError)
        return kind if issubclass(kind, cls) else cls


class BadRequestError(APIError):
    """ngrok did not accept the request's content."""


class FilterError(BadRequestError):
    """The `filter` expression is wrong; see https://ngrok.com/docs/api/api-filtering ."""


class ConflictError(BadRequestError):
    """The change collides with what exists: a name in use, a resource still referred to.

    ngrok answers so with status 400, so `except BadRequestError` catches it too.
    """


class AuthenticationError(APIError):
    """The API key is missing, malformed or unknown, or is no API key (an authtoken, a key's id).

    ngrok answers so with status 403.
    """

    def __str__(self) -> str:
        """Tell where a key comes from as well: ngrok's own texts do not."""
        return (
            f"{super().__str__()}; API keys are made at https://dashboard.ngrok.com/api-keys, and "
            "an access token works too, but neither an agent's authtoken nor the id of a key does"
        )


class PermissionDeniedError(APIError):
    """The key is valid, but the account, its plan or an IP restriction forbids the operation."""


class NotFoundError(APIError):
    """There is no such resource, or none that this account may see."""


class RateLimitedError(APIError):
    """The account's limit is used up.

    Raised when ngrok answered so to every attempt, and also, with `attempts` 0, before anything was
    sent when the wait for a free slot would be, or was, longer than `max_wait`.

    Attributes:
        retry_after: Seconds until another try makes sense, or None when unknown.
    """

    retry_after: float | None = None


class ServerError(APIError):
    """ngrok, or a proxy on the way, failed."""


_BY_STATUS: Final[Mapping[int, type[APIError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    415: BadRequestError,
    422: BadRequestError,
    429: RateLimitedError,
}
# The n of each ERR_NGROK_n that tells more than the status does; docs/errors.md has their meanings.
# What is wrong with the content of a request, or beyond a quota, is left to the status.
# https://ngrok.com/docs/errors
_NUMBERS: Final[Mapping[type[APIError], tuple[int, ...]]] = {
    AuthenticationError: (200, 201, 202, 203, 206, 207, 208),
    PermissionDeniedError: (
        *(204, 205, 220, 221, 247, 630, 633, 635, 638),
        *(401, 412, 419, 460, 501, 607, 620, 621, 622),  # not in this plan, to the end
        *(1412, 1700, 1701, 1702, 1805, 1806, 1807, 1808, 1904, 1905, 1918, 1953, 4012, 4023),
        *(5124, 5128, 5135, 5141, 6500, 6529, 18008, 18019),
    ),
    FilterError: (250,),
    NotFoundError: (
        *(222, 380, 1402, 1404, 1600, 1949, 1951, 1965, 5103, 5123, 5125, 6514, 7000, 7124),
        *(24006, 24009, 27509),
    ),
    ConflictError: (
        *(381, 413, 414, 417, 430, 446, 448, 449, 511, 512),
        *(609, 610, 1407, 1408, 1419, 1420, 1619, 1802, 1964, 1966, 5112, 6502, 6706),
        *(7019, 7113, 7114, 7115, 7117, 7118, 7119, 7122, 7126, 7132),
        *(18009, 18016, 18017, 19002, 23003, 23004, 24005),
    ),
    RateLimitedError: (225, 226, 432, 509, 614, 7071),
    ServerError: (722, 741, 802, 803, 1500, 1501),
}
CLASSES_BY_CODE: Final[Mapping[str | None, type[APIError]]] = {
    "invalid_cel_expression": FilterError,
    **{f"ERR_NGROK_{number}": kind for kind, numbers in _NUMBERS.items() for number in numbers},
}
