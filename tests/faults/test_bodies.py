"""Cases 27 to 37 of the catalogue: bodies that are no value of the declared type."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ngrok_async import APIError, Client, ResponseError, ServerError

if TYPE_CHECKING:
    from tests.fault_server import FaultServer

Connect = Callable[..., Client]

SESSION = b'{"id": "ts_1", "credential": {"id": "cr_1"}, "started_at": "2026-11-22T10:00:00Z"%b}'


@pytest.mark.parametrize("command", ["stop", "restart", "update"])
async def test_case_29_204_without_a_body(
    raw: "FaultServer", connect: Connect, command: str
) -> None:
    """A command that was obeyed gives None."""
    raw.sends(b"HTTP/1.1 204 No Content\r\n\r\n")

    assert None is await getattr(connect(raw).tunnel_sessions, command)("ts_1")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"msg": "m"}', id="no status_code"),
        pytest.param(b'{"status_code": 400, "msg": "m"}', id="no details"),
        pytest.param(b'{"status_code": 400, "details": {}}', id="no msg"),
        pytest.param(b'{"status_code": 400, "msg": "m", "details": null}', id="details null"),
        pytest.param(b'{"error": {"message": "m"}}', id="another API's"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"no"', id="a string"),
        pytest.param(b'{"details":' * 100_000, id="deep"),
    ],
)
@pytest.mark.parametrize("status", [400, 404, 409])
async def test_case_30_error_of_another_shape(
    raw: "FaultServer", connect: Connect, status: int, body: bytes
) -> None:
    """It is an `APIError` with the HTTP status, and nothing else."""
    raw.answers(status, body)
    with pytest.raises(APIError) as caught:
        await connect(raw).tunnel_sessions.restart("ts_1")

    assert (status, None, None) == (
        caught.value.status,
        caught.value.code,
        caught.value.operation_id,
    )
    assert 1 == len(raw.heads)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, ServerError), (200, ResponseError)], ids=["500", "200"]
)
async def test_case_32_deep_json(
    raw: "FaultServer", connect: Connect, status: int, kind: type[Exception]
) -> None:
    """100,000 brackets are an error of ours, not a `RecursionError`."""
    raw.answers(status, b"[" * 100_000)
    with pytest.raises(kind):
        await connect(raw, retry=None).tunnel_sessions.get("ts_1")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(
            SESSION % (b', "x": ' + b"9" * 5000),
            "of 5000 digits does not fit",
            id="5000 digits",
        ),
        pytest.param(SESSION % b', "x": NaN', "NaN is not a JSON number", id="NaN"),
        pytest.param(SESSION % rb', "os": "\ud800"', "surrogates not allowed", id="surrogate"),
        pytest.param(SESSION % b', "os": "\xe9"', "can't decode byte 0xe9", id="latin-1"),
    ],
)
async def test_case_33_json_that_is_none(
    raw: "FaultServer", connect: Connect, body: bytes, reason: str
) -> None:
    """What Python's decoder lets through, or stumbles over, is a `ResponseError` of one request."""
    raw.answers(body=body)
    with pytest.raises(ResponseError) as caught:
        await connect(raw).tunnel_sessions.get("ts_1")

    assert reason in str(caught.value)
    assert 1 == len(raw.heads)


async def test_case_33_byte_order_mark(raw: "FaultServer", connect: Connect) -> None:
    """A byte order mark is skipped."""
    raw.answers(body=b"\xef\xbb\xbf" + SESSION % b"")

    assert "ts_1" == (await connect(raw).tunnel_sessions.get("ts_1")).id


ENDPOINT = (
    b'{"id": "ep_1", "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z", '
    b'"public_url": "https://x.ngrok.app", "proto": "https", "type": "cloud"'
)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        pytest.param(b'"id": null', "expected a string, got null @ $.id", id="id: null"),
        pytest.param(
            b'"pooling_enabled": "false"',
            "expected a boolean, got a string @ $.pooling_enabled",
            id='pooling_enabled: "false"',
        ),
        pytest.param(
            b'"bindings": "public"',
            "expected an array, got a string @ $.bindings",
            id='bindings: "public"',
        ),
    ],
)
async def test_case_34_value_of_another_type(
    raw: "FaultServer", connect: Connect, field: bytes, message: str
) -> None:
    """No 'None', no True and no letters: a `ResponseError` with the place of the value."""
    raw.answers(body=b"%b, %b}" % (ENDPOINT, field))
    with pytest.raises(ResponseError) as caught:
        await connect(raw).endpoints.get("ep_1")

    assert message in str(caught.value)
    assert 1 == len(raw.heads)
