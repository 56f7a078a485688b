"""Tunnel sessions: what is sent, and what is made of ngrok's answers."""

import copy
import pickle
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from aioresponses import aioresponses

from ngrok_async import (
    APIError,
    BadRequestError,
    Client,
    FilterError,
    NotFoundError,
    Page,
    PaginationError,
    ResponseError,
    ServerError,
)
from ngrok_async._wire.arguments import Id
from ngrok_async.resources._shared import Ref
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions

# The fields and the forms of values are those of ngrok's documentation; the values are made up.
LINUX = {
    "agent_version": "3.22.1",
    "credential": {"id": "cr_2aBcD", "uri": "https://api.ngrok.com/credentials/cr_2aBcD"},
    "id": "ts_2aBcD",
    "ip": "203.0.113.7",
    "os": "linux",
    "region": "us",
    "started_at": "2025-09-04T17:12:36Z",
    "transport": "ngrok/2",
    "uri": "https://api.ngrok.com/tunnel_sessions/ts_2aBcD",
}
SESSION = TunnelSession(
    agent_version="3.22.1",
    credential=Ref(id="cr_2aBcD", uri="https://api.ngrok.com/credentials/cr_2aBcD"),
    id="ts_2aBcD",
    ip="203.0.113.7",
    os="linux",
    region="us",
    started_at=datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC),
    transport="ngrok/2",
    uri="https://api.ngrok.com/tunnel_sessions/ts_2aBcD",
)
COMMANDS = ["restart", "stop", "update"]


# Requests


async def test_list_sends_its_arguments_and_reads_a_page(ngrok: Client, wire: aioresponses) -> None:
    """One GET with the three parameters, percent-encoded; no body."""
    query = "limit=1&before_id=ts_9&filter=obj.os%20%3D%3D%20%22linux%22%20%26%26%20true"
    link = f"https://api.ngrok.com/tunnel_sessions?before_id=ts_2aBcD&{query[:7]}"
    answer = {
        "next_page_uri": link,
        "tunnel_sessions": [LINUX],
        "uri": "https://api.ngrok.com/tunnel_sessions",
    }
    wire.get(f"/tunnel_sessions?{query}", payload=answer)
    page = await ngrok.tunnel_sessions.list(
        limit=1, before_id="ts_9", filter='obj.os == "linux" && true'
    )

    assert Page(items=(SESSION,), uri=answer["uri"], next_page_uri=link) == page
    [((method, url), [call])] = wire.requests.items()
    arguments = {"limit": "1", "before_id": "ts_9", "filter": 'obj.os == "linux" && true'}
    assert ("GET", arguments) == (method, dict(url.query))
    assert None is call.kwargs["data"]
    assert "Content-Type" not in call.kwargs["headers"]


async def test_list_without_arguments_has_no_query(
    ngrok: Client, wire: aioresponses, sent: Callable[[], Sequence[str]]
) -> None:
    """What is not given is left to ngrok."""
    wire.get("/tunnel_sessions", payload={"tunnel_sessions": []})

    assert [] == await ngrok.tunnel_sessions.list().collect()
    assert ["GET /tunnel_sessions"] == sent()


async def test_list_walks_by_the_cursor_of_the_link(ngrok: Client, wire: aioresponses) -> None:
    """The cursor of `next_page_uri` pages on, also where it is not the last item's id."""
    wire.get(
        "/tunnel_sessions?limit=1",
        payload={
            "tunnel_sessions": [LINUX],
            "next_page_uri": "https://api.ngrok.com/tunnel_sessions?before_id=opaque&limit=1",
        },
    )
    wire.get(
        "/tunnel_sessions?before_id=opaque&limit=1",
        payload={"tunnel_sessions": [{**LINUX, "id": "ts_1"}], "next_page_uri": None},
    )
    ids = [session.id async for session in ngrok.tunnel_sessions.list(limit=1)]

    assert ["ts_2aBcD", "ts_1"] == ids


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://api.ngrok.com", "https://api.ngrok.com:8443", "//evil"],
    ids=["other host", "without TLS", "other port", "no scheme"],
)
async def test_list_sends_nothing_to_another_origin(
    ngrok: Client, wire: aioresponses, sent: Callable[[], Sequence[str]], origin: str
) -> None:
    """The items of the page are given, then the link is refused: the key goes nowhere else."""
    wire.get(
        "/tunnel_sessions",
        payload={
            "tunnel_sessions": [LINUX],
            "next_page_uri": f"{origin}/tunnel_sessions?before_id=ts_1",
        },
    )
    items = aiter(ngrok.tunnel_sessions.list())

    assert SESSION == await anext(items)
    with pytest.raises(PaginationError):
        await anext(items)
    assert ["GET /tunnel_sessions"] == sent()
    assert {"https://api.ngrok.com"} == {str(url.origin()) for _, url in wire.requests}


async def test_get_reads_one_session(ngrok: Client, wire: aioresponses) -> None:
    """`get` is a GET on the session's own path, with the API's version."""
    wire.get("/tunnel_sessions/ts_2aBcD", payload=LINUX)

    assert SESSION == await ngrok.tunnel_sessions.get("ts_2aBcD")
    [((method, url), [call])] = wire.requests.items()
    headers = call.kwargs["headers"]
    assert ("GET", "/tunnel_sessions/ts_2aBcD") == (method, url.raw_path_qs)
    assert None is call.kwargs["data"]
    assert "Content-Type" not in headers
    # aiohttp has a stand-in for the key until the moment of sending, which these tests replace.
    assert ("Bearer ***", "2") == (headers["Authorization"], headers["Ngrok-Version"])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "given",
    ["ts_2aBcD", SESSION, Ref(id="ts_2aBcD"), SimpleNamespace(id="ts_2aBcD")],
    ids=["id", "session", "Ref", "object"],
)
async def test_commands_post_an_empty_object(
    ngrok: Client, wire: aioresponses, command: str, given: Id
) -> None:
    """`{}` with its content type, without which ngrok refuses; the 204 gives None."""
    wire.post(f"/tunnel_sessions/ts_2aBcD/{command}", status=204)

    assert None is await getattr(ngrok.tunnel_sessions, command)(given)
    [((method, url), [call])] = wire.requests.items()
    assert ("POST", f"/tunnel_sessions/ts_2aBcD/{command}") == (method, url.raw_path_qs)
    assert b"{}" == call.kwargs["data"]
    assert "application/json" == call.kwargs["headers"]["Content-Type"]


@pytest.mark.parametrize("verb", ["get", *COMMANDS])
async def test_ids_cannot_lead_to_another_resource(
    ngrok: Client, wire: aioresponses, sent: Callable[[], Sequence[str]], verb: str
) -> None:
    """An id is one segment of the path, or it is refused."""
    for wrong in ("", "..", "\r\n", None):
        with pytest.raises(ValueError, match=r"^id must"):
            await getattr(ngrok.tunnel_sessions, verb)(wrong)

    assert [] == sent()
    action = "" if verb == "get" else f"/{verb}"
    method = "GET" if verb == "get" else "POST"
    wire.add(f"/tunnel_sessions/..%2Fapi_keys%2Fx{action}", method, payload=LINUX)
    await getattr(ngrok.tunnel_sessions, verb)("../api_keys/x")
    assert [f"{method} /tunnel_sessions/..%2Fapi_keys%2Fx{action}"] == sent()


def test_only_what_is_safe_twice_may_be_repeated() -> None:
    """An agent that was told to stop may be told again; a restart or an update is sent once."""
    declared = {name: getattr(TunnelSessions, name).operation.effect for name in COMMANDS}

    assert {"restart": "act", "stop": "remove", "update": "act"} == declared
    assert "read" == TunnelSessions.list.operation.effect
    assert "read" == TunnelSessions.get.operation.effect


# Answers


async def test_absent_and_null_fields_take_their_defaults(
    ngrok: Client, wire: aioresponses
) -> None:
    """Empty texts are left out by ngrok; id, credential and start are always there."""
    answer = {"id": "ts_1", "credential": {"id": "cr_1"}, "started_at": "2025-09-04T17:12:36Z"}
    wire.get("/tunnel_sessions/ts_1", payload={**answer, "metadata": None})
    session = await ngrok.tunnel_sessions.get("ts_1")

    assert ("", "", "", "", "", "", "") == (
        session.uri,
        session.agent_version,
        session.ip,
        session.metadata,
        session.os,
        session.region,
        session.transport,
    )
    assert Ref(id="cr_1", uri="") == session.credential


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-09-04T17:12:36Z", datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC)),
        ("2025-09-04t17:12:36z", datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC)),
        ("2025-09-04T19:12:36+02:00", datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC)),
        ("2025-09-04T17:12:36.5Z", datetime(2025, 9, 4, 17, 12, 36, 500_000, tzinfo=UTC)),
    ],
    ids=["UTC", "small letters", "offset", "fraction"],
)
async def test_the_start_is_an_aware_datetime(
    ngrok: Client, wire: aioresponses, text: str, expected: datetime
) -> None:
    """Whatever the form, the same instant in UTC."""
    wire.get("/tunnel_sessions/ts_1", payload={**LINUX, "started_at": text})
    session = await ngrok.tunnel_sessions.get("ts_1")

    assert expected == session.started_at
    assert timedelta(0) == session.started_at.utcoffset()


async def test_new_fields_and_new_values_are_let_through(ngrok: Client, wire: aioresponses) -> None:
    """Both come without notice; the first are in `extra`."""
    wire.get("/tunnel_sessions/ts_1", payload={**LINUX, "transport": "quic/1", "cpu": {"cores": 4}})
    session = await ngrok.tunnel_sessions.get("ts_1")

    assert "quic/1" == session.transport
    assert {"cpu": {"cores": 4}} == session.extra


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"id": None}, "id", id="id null"),
        pytest.param({"id": 5}, "id", id="id a number"),
        pytest.param({"started_at": ""}, "started_at", id="no time"),
        pytest.param({"started_at": None}, "started_at", id="time null"),
        pytest.param({"started_at": "2025-09-04T17:12:60Z"}, "started_at", id="leap second"),
        pytest.param({"started_at": "2025-09-04T17:12:36"}, "started_at", id="time without zone"),
        pytest.param({"credential": "cr_1"}, "credential", id="text for an object"),
        pytest.param({"credential": {"id": 1}}, "credential.id", id="nested"),
        pytest.param({"os": ["linux"]}, "os", id="array for a text"),
    ],
)
async def test_wrong_types_are_an_error_with_their_place(
    ngrok: Client, wire: aioresponses, change: Mapping[str, object], place: str
) -> None:
    """Nothing is coerced: alone and in a list, the message says where it is."""
    wire.get("/tunnel_sessions/ts_1", payload={**LINUX, **change})
    wire.get("/tunnel_sessions", payload={"tunnel_sessions": [LINUX, {**LINUX, **change}]})

    with pytest.raises(ResponseError, match=re.escape(f"@ $.{place}") + "[ ;]"):
        await ngrok.tunnel_sessions.get("ts_1")
    with pytest.raises(ResponseError, match=re.escape(f"@ $.tunnel_sessions[1].{place}")):
        await ngrok.tunnel_sessions.list()


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"x"', b"<html>"], ids=["empty", "null", "array", "text", "HTML"]
)
@pytest.mark.parametrize("verb", ["get", "list"])
async def test_a_success_without_the_object_is_an_error(
    ngrok: Client, wire: aioresponses, verb: str, body: bytes
) -> None:
    """A 200 of a captive portal is no session and no empty list."""
    path = "/tunnel_sessions" + ("/ts_1" if verb == "get" else "")
    wire.get(path, body=body)
    arguments = ["ts_1"] if verb == "get" else []

    with pytest.raises(ResponseError) as caught:
        await getattr(ngrok.tunnel_sessions, verb)(*arguments)
    assert (200, "GET", path) == (caught.value.status, caught.value.method, caught.value.path)


# Errors


@pytest.mark.parametrize("verb", ["get", *COMMANDS])
async def test_a_session_that_has_ended_is_not_found(
    ngrok: Client, wire: aioresponses, verb: str
) -> None:
    """The error has all that ngrok says; its 404s have no code."""
    path = "/tunnel_sessions/ts_1" + ("" if verb == "get" else f"/{verb}")
    method = "GET" if verb == "get" else "POST"
    answer = {"status_code": 404, "msg": "Not found", "details": {"operation_id": "op_1"}}
    wire.add(path, method, payload=answer, status=404)
    with pytest.raises(NotFoundError) as caught:
        await getattr(ngrok.tunnel_sessions, verb)("ts_1")

    assert f"HTTP 404: Not found (operation op_1) on {method} {path}" == str(caught.value)
    assert caught.value.code is None
    assert not caught.value.maybe_applied


async def test_an_agent_that_cannot_is_a_bad_request(ngrok: Client, wire: aioresponses) -> None:
    """Agents on Windows cannot restart: ngrok's code says so."""
    answer = {
        "error_code": "ERR_NGROK_804",
        "status_code": 400,
        "msg": "The agent does not support this.",
        "details": {"operation_id": "op_1"},
    }
    wire.post("/tunnel_sessions/ts_1/restart", payload=answer, status=400)
    with pytest.raises(BadRequestError) as caught:
        await ngrok.tunnel_sessions.restart("ts_1")

    assert "ERR_NGROK_804" == caught.value.code
    assert not caught.value.maybe_applied


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("status", "code"), [(503, None), (500, "ERR_NGROK_810")], ids=["503", "outcome unknown"]
)
async def test_a_command_of_unknown_outcome_says_so(
    ngrok: Client, wire: aioresponses, command: str, status: int, code: str | None
) -> None:
    """Nobody knows whether the agent was told: the error says that it may have been."""
    answer = {"error_code": code, "msg": "trouble"}
    wire.post(f"/tunnel_sessions/ts_1/{command}", payload=answer, status=status)
    with pytest.raises(ServerError) as caught:
        await getattr(ngrok.tunnel_sessions, command)("ts_1")

    assert caught.value.maybe_applied


@pytest.mark.parametrize("code", ["ERR_NGROK_250", "invalid_cel_expression"])
async def test_a_wrong_filter_is_a_filter_error(
    ngrok: Client, wire: aioresponses, code: str
) -> None:
    """Under each of the codes that ngrok uses for it."""
    answer = {"error_code": code, "status_code": 400, "msg": "no", "details": {}}
    wire.get("/tunnel_sessions?filter=nonsense", payload=answer, status=400)

    with pytest.raises(FilterError) as caught:
        await ngrok.tunnel_sessions.list(filter="nonsense")
    assert isinstance(caught.value, APIError)
    assert code == caught.value.code


# Values


def test_a_session_is_a_plain_value() -> None:
    """It compares, hashes, copies, pickles and prints, and cannot be changed."""
    assert SESSION == pickle.loads(pickle.dumps(SESSION))  # noqa: S301 # made one line above
    assert SESSION == copy.deepcopy(SESSION)
    assert {SESSION} == {copy.copy(SESSION), SESSION}
    assert "TunnelSession(id='ts_2aBcD', " in repr(SESSION)
    with pytest.raises(AttributeError):
        SESSION.os = "windows"
