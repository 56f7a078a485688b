"""Answers, and the errors that come of them."""

import json
from collections.abc import Callable, Mapping

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from ngrok_async._api_key import APIKey
from ngrok_async._request import Effect, Request, Response
from ngrok_async._way.answer import read
from ngrok_async._wire.read import decode, loads
from ngrok_async.errors import (
    APIError,
    NgrokError,
)
from ngrok_async.resources._shared import Ref

KEY = "2fTZ5k0bVxYp_7hQwE9rT6yUiO3pAsD"


def answer(status: int = 200, body: object = b"", **headers: str) -> Response:
    """Return a response as the transport makes it; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = CIMultiDict((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status=status, headers=CIMultiDictProxy(given), body=content)


def ref(body: bytes) -> Ref:
    """Decode a body whose type is small."""
    decoded = decode(loads(body), Ref)
    assert isinstance(decoded, Ref)
    return decoded


def labels(body: bytes) -> object:
    """Decode a body that is a mapping."""
    return decode(loads(body), Mapping[str, str])


def failure(
    response: Response,
    *,
    effect: Effect = "read",
    decode: Callable[[bytes], object] = ref,
    key: str = KEY,
) -> NgrokError:
    """Read an answer that is no success and return the error."""
    request = Request(method="GET", path="/refs/r_1", effect=effect)
    with pytest.raises(NgrokError) as caught:
        read(request, response, decode, APIKey(key).scrub)
    return caught.value


def api_failure(response: Response, *, effect: Effect = "read") -> APIError:
    """Read an answer with an error status and return the error."""
    error = failure(response, effect=effect)
    assert isinstance(error, APIError)
    return error
