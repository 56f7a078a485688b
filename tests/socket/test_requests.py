"""What leaves: headers, bodies, addresses, connections."""

import json
import platform
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp
import pytest

from ngrok_async import APIError, Request, Response, ResponseError, Send, __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from ngrok_async import Client
    from tests.fault_server import FaultServer

    Connect = Callable[..., Client]

AGENT = "/tunnel_sessions/ts_1"


async def test_sends_these_headers(server: "FaultServer", connect: "Connect", key: str) -> None:
    """Key, version and user agent go along, and no content type where there is no content."""
    await connect(server).request("GET", "/tunnels")

    python = ".".join(platform.python_version_tuple()[:2])
    headers = dict(server.requests[0].headers)
    assert "gzip" in headers.pop("accept-encoding")
    assert {
        "host": f"127.0.0.1:{server.port}",
        "authorization": f"Bearer {key}",
        "ngrok-version": "2",
        "user-agent": f"ngrok-async/{__version__} Python/{python} aiohttp/{aiohttp.__version__}",
        "accept": "application/json",
    } == headers


async def test_app_info_leads_the_user_agent(server: "FaultServer", connect: "Connect") -> None:
    """The program that uses the package introduces itself first."""
    await connect(server, app_info=" mybot/1.2 (ops@example.com) ").request("GET", "/tunnels")

    user_agent = server.requests[0].headers["user-agent"]
    assert user_agent.startswith(f"mybot/1.2 (ops@example.com) ngrok-async/{__version__} Python/")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_sends_no_body_with(server: "FaultServer", connect: "Connect", method: str) -> None:
    """Ngrok refuses a GET or DELETE that has a body."""
    await connect(server).request(method, "/things/t_1")

    received = server.requests[0]
    assert b"" == received.body
    assert received.headers.get("content-length", "0") == "0"
    assert not {"content-type", "transfer-encoding"} & received.headers.keys()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_names_no_content_type_without_content(
    server: "FaultServer", connect: "Connect", method: str
) -> None:
    """A request without JSON does not claim to have a body of any type."""
    await connect(server).request(method, "/things")

    assert b"" == server.requests[0].body
    assert "content-type" not in server.requests[0].headers


@pytest.mark.parametrize("command", ["restart", "stop", "update"])
async def test_commands_send_an_empty_object(
    server: "FaultServer", connect: "Connect", command: str
) -> None:
    """A command without fields has the body `{}` with its type; its 204 is None."""
    server.answers(204, b"")
    result = await getattr(connect(server).tunnel_sessions, command)("ts_1")

    received = server.requests[0]
    assert result is None
    assert ("POST", f"{AGENT}/{command}") == (received.method, received.target)
    assert b"{}" == received.body
    assert "application/json" == received.headers["content-type"]


async def test_sends_json_as_utf_8(server: "FaultServer", connect: "Connect") -> None:
    """Text of any script arrives as it was given, without escapes."""
    content = {"description": "Zürich, 東京", "n": 1, "null": None, "list": [True]}
    await connect(server).request("post", "/things", json=content)

    received = server.requests[0]
    assert "POST" == received.method
    assert content == json.loads(received.body)
    assert "東京".encode() in received.body


async def test_encodes_query_and_path(server: "FaultServer", connect: "Connect") -> None:
    """Reserved characters in values are encoded; what is encoded in the path already, stays."""
    await connect(server).request(
        "GET", "/things/a%2Fb/ü", params={"filter": 'obj.os == "x&y+z"', "n": 5, "on": True}
    )

    path, _, query = server.requests[0].target.partition("?")
    assert "/things/a%2Fb/%C3%BC" == path
    assert "filter=obj.os%20%3D%3D%20%22x%26y%2Bz%22&n=5&on=true" == query


async def test_keeps_the_path_of_the_base_url(server: "FaultServer", connect: "Connect") -> None:
    """A gateway may serve the API below a path of its own."""
    await connect(server, base_url=f"{server.url}/gate%20way/").request("GET", "/tunnels")

    assert [(0, "GET", "/gate%20way/tunnels")] == server.seen


async def test_middleware_may_add_headers(server: "FaultServer", connect: "Connect") -> None:
    """What a middleware puts on the request is sent beside the headers of the package."""

    async def trace(request: Request, send: Send) -> Response:
        return await send(
            Request(method="GET", path=request.path, headers={"traceparent": "00-abc"})
        )

    await connect(server, middlewares=[trace]).request("GET", "/tunnels")

    headers = server.requests[0].headers
    assert ("00-abc", "2") == (headers["traceparent"], headers["ngrok-version"])


async def test_reuses_its_connection(server: "FaultServer", connect: "Connect") -> None:
    """Calls in a row share one connection, whatever the server answers."""
    ngrok = connect(server, retry=None)
    server.answers()
    server.answers(404)
    server.answers(204, b"")
    server.answers(302, b"moved", location="/elsewhere")
    server.answers(200, b"<html>")
    for _ in range(6):
        with suppress(APIError, ResponseError):
            await ngrok.request("GET", "/tunnels")

    assert [0] * 6 == [request.connection for request in server.requests]


async def test_reads_an_answer_that_comes_in_bytes(
    server: "FaultServer", connect: "Connect"
) -> None:
    """How the network cuts an answer into pieces does not matter."""
    server.trickles(server.answer(200, b'{"tunnels": [], "uri": "u"}'))

    assert "u" == (await connect(server).tunnels.list()).uri


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "place",
    [
        pytest.param("http://{other}/tunnels", id="another host"),
        pytest.param("//{other}/tunnels", id="another host without a scheme"),
        pytest.param("/elsewhere", id="the same host"),
    ],
)
async def test_follows_no_redirect(
    server: "FaultServer",
    another: "FaultServer",
    connect: "Connect",
    status: int,
    place: str,
) -> None:
    """A redirect is an error that names its target: the key would go along."""
    place = place.format(other=f"127.0.0.1:{another.port}")
    server.answers(status, b"", location=place)
    with pytest.raises(ResponseError, match="redirect to") as caught:
        await connect(server).request("GET", "/tunnels")

    assert status == caught.value.status
    assert place in str(caught.value)
    assert (1, 0) == (len(server.requests), another.connections)


async def test_redirected_command_may_have_been_applied(
    server: "FaultServer", connect: "Connect"
) -> None:
    """A 303 is what servers answer after the work was done."""
    server.answers(303, b"", location="/done")
    with pytest.raises(ResponseError) as caught:
        await connect(server).tunnel_sessions.restart("ts_1")

    assert caught.value.maybe_applied
    assert 1 == len(server.requests)
