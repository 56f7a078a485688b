"""Messages of HTTP: what the fake reads and what it answers, as plain values."""

import json
from collections.abc import Mapping
from typing import Final

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


class RefusedError(Exception):
    """The request is answered with ngrok's error envelope.

    `ngrok_async.testing._refusals` has the codes, and makes these.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int | None = None,
        status: int = 400,
        has_details: bool = True,
        path: str | None = None,
    ) -> None:
        """Keep the parts.

        Args:
            message: What ngrok would say.
            code: The number in ERR_NGROK_n; None where ngrok sends none.
            status: The HTTP status.
            has_details: Whether the envelope tells the id of the operation, or null.
            path: What the envelope tells in place of that id: no operation has this path.
        """
        super().__init__(message)
        self.message = message
        self.code = None if code is None else f"ERR_NGROK_{code}"
        self.status = status
        self._has_details = has_details
        self._path = path

    def answer(self, operation_id: str) -> Answer:
        """Return the envelope as an answer."""
        if self._path is not None:
            answer = _enveloped(self.status, self.code, self.message, {"path": self._path})
            return attrs.evolve(answer, is_ngroks=False)
        details: JSON = {"operation_id": operation_id} if self._has_details else None
        return _enveloped(self.status, self.code, self.message, details)


def json_answer(status: int, content: JSON) -> Answer:
    """Answer with a JSON body."""
    return Answer(status, json.dumps(content).encode())


def envelope(status: int, code: str | None, message: str, operation_id: str) -> Answer:
    """Answer with ngrok's error body. Recorded 404s have no `error_code`, so it may be None."""
    return _enveloped(status, code, message, {"operation_id": operation_id})


def _enveloped(status: int, code: str | None, message: str, details: JSON) -> Answer:
    content: dict[str, JSON] = {} if code is None else {"error_code": code}
    return json_answer(
        status, content | {"status_code": status, "msg": message, "details": details}
    )
