"""What the fake reads and what it answers, as plain values."""

import json
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import attrs

from ngrok_async._request import JSON

_JSON: Final = "application/json"


@attrs.frozen(kw_only=True)
class Incoming:
    """A request as it arrived.

    Attributes:
        method: The HTTP method.
        path: The path, percent-encoded as on the wire.
        query: Names and values in their order, decoded.
        headers: The headers, looked up in any case.
        body: The body's bytes.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes


@attrs.frozen
class Answer:
    """An answer to a request.

    Attributes:
        status: The HTTP status.
        body: The body's bytes.
        content_type: What they are.
        headers: Further headers by name.
        is_ngroks: Whether ngrok answers, and so tells the id of the operation, or a proxy.
    """

    status: int
    body: bytes = b""
    content_type: str = _JSON
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    is_ngroks: bool = True


Behaviour: TypeAlias = Callable[[Mapping[str, str], JSON], Answer]
"""Answers one route: takes the parameters of its path, decoded, and the JSON body."""


class RefusedError(Exception):
    """The request is answered with ngrok's error envelope."""

    def __init__(self, message: str, *, code: int | None = None, status: int = 400) -> None:
        """Keep the parts; `code` is the number in ERR_NGROK_n."""
        super().__init__(message)
        self.message = message
        self.code = None if code is None else f"ERR_NGROK_{code}"
        self.status = status


def json_answer(status: int, content: JSON) -> Answer:
    """Answer with a JSON body."""
    return Answer(status, json.dumps(content).encode())


def envelope(status: int, code: str | None, message: str, operation_id: str) -> Answer:
    """Answer with ngrok's error body. Recorded 404s have no `error_code`, so it may be None."""
    content: dict[str, JSON] = {} if code is None else {"error_code": code}
    content |= {
        "status_code": status,
        "msg": message,
        "details": {"operation_id": operation_id},
    }
    return json_answer(status, content)
