"""What may leave: a request as middlewares have left it, held to the base URL."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from ngrok_async._request import EFFECTS, Request, Response, Send, is_whole
from ngrok_async.errors import ConfigurationError

# What `encode_path` returns.
_SENDABLE: Final = re.compile(
    r"(?:/(?!(?:\.|%2[eE]){1,2}(?:/|\Z))[\w.~%:@!$&'()*+,;=-]+)+", re.ASCII
)
# https://www.rfc-editor.org/rfc/rfc9110#name-tokens
_NAME: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]*")
# The first would give the key to another site of the same host. The others say where the request
# ends, and what follows would be taken for another one.
_NOT_TO_SET: Final = frozenset({"host", "content-length", "transfer-encoding"})


def target(request: Request) -> str:
    """Return path and query of a request as they are sent.

    Raises:
        ConfigurationError: A middleware, or who made the request, has written what would lead
            elsewhere than to a path below the base URL, or cannot be sent.
    """
    path = request.path
    if not is_whole(request):
        _check(path, request.method)
    if not request.query:
        return path
    try:
        return f"{path}?{urlencode(request.query, quote_via=quote)}"
    except (TypeError, ValueError) as error:
        reason = type(error).__name__
    raise ConfigurationError(
        f"the query of a request must be pairs of texts that can be sent as UTF-8 ({reason})"
    )


def _check(path: str, method: str) -> None:
    if not _matches(_SENDABLE, path):
        raise ConfigurationError(
            "the path of a request must be percent-encoded, begin with '/' and have no query, "
            f"such as '/tunnels/tn_1'; a middleware, or who made it, has {str(path)[:100]!r}"
        )
    if method not in EFFECTS:
        raise ConfigurationError(
            f"the method of a request must be one of {', '.join(EFFECTS)}; "
            f"a middleware, or who made it, has {str(method)[:20]!r}"
        )


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse what a middleware must not set.

    Raises:
        ConfigurationError: A header could not be sent, or would change where the request goes.
    """
    for name, value in headers.items():
        if not _matches(_NAME, name) or name.lower() in _NOT_TO_SET:
            raise ConfigurationError(
                f"a middleware must not set the header {str(name)[:100]!r}: it is no name of one, "
                "or would change where or how the request is sent; the host is that of base_url"
            )
        if not _matches(_VALUE, value):
            raise ConfigurationError(
                f"the value of the header {name} must be a text without control characters"
            )


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


async def checked(request: Request, send: Send) -> Response:
    """Stand behind middlewares, so that nothing waits for a slot that cannot be sent."""
    target(request)
    check_headers(request.headers)
    return await send(request)
