"""What the fake insists on, as ngrok does: key, version, route, query, body."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from yarl import URL

from ngrok_async.testing import FakeNgrok

from .conftest import Call

Create = Callable[..., Awaitable[Any]]
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        pytest.param(None, "ERR_NGROK_200", id="no header"),
        pytest.param("secret", "ERR_NGROK_201", id="no scheme"),
        pytest.param("Basic c2VjcmV0", "ERR_NGROK_201", id="another scheme"),
        pytest.param("Bearer sec-ret", "ERR_NGROK_202", id="malformed"),
        pytest.param("Bearer secret", "ERR_NGROK_203", id="unknown key"),
        pytest.param("Bearer ak_secret", "ERR_NGROK_208", id="the id of a key"),
    ],
)
async def test_asks_for_the_key(fake: FakeNgrok, authorization: str | None, code: str) -> None:
    """Without the right key the answer is a 403, which repeats the credential as ngrok's does."""
    headers = {"ngrok-version": "2"}
    if authorization:
        headers["authorization"] = authorization
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{fake.url}/tunnels", headers=headers) as answer,
    ):
        body = await answer.json()

    assert (403, code) == (answer.status, body["error_code"])
    assert bool(authorization) == ("Your credential: " in body["msg"])
    assert authorization is None or authorization.split()[-1] in body["msg"]


async def test_takes_the_scheme_in_any_case(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """The name of an authorization scheme has no case."""
    async with http.get("/tunnels", headers={"authorization": f"bearer {fake.api_key}"}) as answer:
        assert 200 == answer.status


@pytest.mark.parametrize(
    ("version", "code"),
    [
        pytest.param(None, "ERR_NGROK_218", id="missing"),
        pytest.param("1", "ERR_NGROK_217", id="unknown"),
    ],
)
async def test_asks_for_the_version(fake: FakeNgrok, version: str | None, code: str) -> None:
    """Without `ngrok-version: 2` the answer is a 400."""
    headers = {"authorization": f"Bearer {fake.api_key}"}
    if version:
        headers["ngrok-version"] = version
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{fake.url}/tunnels") as answer,
    ):
        body = await answer.json()

    assert (400, code) == (answer.status, body["error_code"])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/", id="root"),
        pytest.param("GET", "/nothing", id="unknown"),
        pytest.param("GET", "/tunnels/", id="empty id"),
        pytest.param("DELETE", "/tunnels/tn_1", id="unknown method"),
        pytest.param("POST", "/tunnel_sessions/ts_1/dance", id="unknown command"),
        pytest.param("GET", "/%zz?x=1", id="no path at all"),
    ],
)
@pytest.mark.parametrize("key", [{}, {"authorization": "Bearer nobody"}], ids=["ours", "theirs"])
async def test_an_address_that_no_operation_has(
    http: aiohttp.ClientSession, method: str, path: str, key: dict[str, str]
) -> None:
    """It is answered with the path, and neither a code nor the id of an operation."""
    async with http.request(method, URL(path, encoded=True), headers=key) as answer:
        body = await answer.json()

    assert 404 == answer.status
    assert {
        "status_code": 404,
        "msg": "Not Found",
        "details": {"path": path.partition("?")[0]},
    } == body
    assert "ngrok-operation-id" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/tunnels/tn_1", id="tunnel"),
        pytest.param("DELETE", "/api_keys/ak_1", id="key"),
    ],
)
async def test_answers_404_as_recorded(http: aiohttp.ClientSession, method: str, path: str) -> None:
    """What is not there is answered with an envelope that has no `error_code`."""
    async with http.request(method, path) as answer:
        body = await answer.json()

    assert 404 == answer.status == body["status_code"]
    assert {"status_code", "msg", "details"} == body.keys()
    assert body["details"]["operation_id"] == answer.headers["ngrok-operation-id"]
    assert body["details"]["operation_id"].startswith("op_")


@pytest.mark.parametrize("command", ["restart", "stop", "update"])
async def test_commands_for_a_session_that_is_gone(
    http: aiohttp.ClientSession, command: str
) -> None:
    """A command for nobody is a 404."""
    async with http.post(f"/tunnel_sessions/ts_1/{command}", json={}) as answer:
        assert 404 == answer.status


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("page=2", "ERR_NGROK_231", id="unknown"),
        pytest.param("filter=true", "ERR_NGROK_231", id="not on this list"),
        pytest.param("limit=1&limit=2", "ERR_NGROK_232", id="twice"),
        pytest.param("limit=ten", "ERR_NGROK_233", id="limit is no number"),
        pytest.param("limit=", "ERR_NGROK_233", id="limit is empty"),
        pytest.param("limit=1_0", "ERR_NGROK_233", id="limit as in Python"),
        pytest.param("limit=%205", "ERR_NGROK_233", id="limit with a space"),
        pytest.param("limit=%D9%A5", "ERR_NGROK_233", id="limit in another script"),
        pytest.param("limit=0", "ERR_NGROK_244", id="limit too low"),
        pytest.param("limit=101", "ERR_NGROK_244", id="limit too high"),
        pytest.param("before_id=tn_1", "ERR_NGROK_223", id="no cursor"),
        pytest.param("before_id=L3R1b", "ERR_NGROK_223", id="badly padded cursor"),
        pytest.param(
            "before_id=L3R1bm5lbHMgeA%3D%3D", "ERR_NGROK_223", id="cursor without a place"
        ),
        pytest.param("before_id=L290aGVyIDE%3D", "ERR_NGROK_223", id="cursor of another list"),
    ],
)
async def test_is_strict_about_the_query(
    http: aiohttp.ClientSession, query: str, code: str
) -> None:
    """A parameter that does not fit is refused."""
    async with http.get(f"/tunnels?{query}") as answer:
        body = await answer.json()

    assert (400, code) == (answer.status, body["error_code"])


async def test_commands_take_no_query(http: aiohttp.ClientSession) -> None:
    """Where arguments go into the body, a query is refused."""
    async with http.post("/tunnel_sessions/ts_1/stop?id=ts_1", json={}) as answer:
        body = await answer.json()

    assert (400, "ERR_NGROK_231") == (answer.status, body["error_code"])


@pytest.mark.parametrize(
    ("headers", "data", "code"),
    [
        pytest.param({}, None, "ERR_NGROK_216", id="neither type nor body"),
        pytest.param(JSON, None, "ERR_NGROK_213", id="empty"),
        pytest.param(JSON, b"{", "ERR_NGROK_213", id="not JSON"),
        pytest.param(JSON, b"[]", "ERR_NGROK_213", id="no object"),
        pytest.param(JSON, b'{"nope": "ts_1"}', "ERR_NGROK_214", id="unknown field"),
    ],
)
async def test_is_strict_about_the_body(
    http: aiohttp.ClientSession, headers: dict[str, str], data: bytes | None, code: str
) -> None:
    """A command needs a JSON object with its content type, and nothing in it."""
    async with http.post(
        "/tunnel_sessions/ts_1/stop", headers=headers, data=data, skip_auto_headers=["content-type"]
    ) as answer:
        body = await answer.json()

    assert (400, code) == (answer.status, body["error_code"])


async def test_another_content_type(http: aiohttp.ClientSession) -> None:
    """It is a 415, and the details are null, as in a recorded answer."""
    headers = {"content-type": "text/plain; charset=utf-8"}
    async with http.post("/tunnel_sessions/ts_1/stop", headers=headers, data=b"{}") as answer:
        body = await answer.json()

    assert 415 == answer.status == body["status_code"]
    assert ("ERR_NGROK_210", None) == (body["error_code"], body["details"])
    assert answer.headers["ngrok-operation-id"].startswith("op_")


async def test_reads_take_no_body(http: aiohttp.ClientSession) -> None:
    """A body on a GET is refused."""
    async with http.get("/tunnels", json={}) as answer:
        body = await answer.json()

    assert (400, "ERR_NGROK_211") == (answer.status, body["error_code"])


async def test_takes_parameters_of_the_content_type(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """A charset after the content type is fine."""
    (agent,) = fake.add_agents(1)
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    async with http.post(
        f"/tunnel_sessions/{agent.id}/stop", data=b"{}", headers=headers
    ) as answer:
        assert 204 == answer.status


async def test_the_fake_knows_the_tokens_that_it_gave(
    fake: FakeNgrok, call: Call, create: Create
) -> None:
    """A new API key is let in until it is deleted, an authtoken is told apart."""
    key, authtoken = await create("/api_keys"), await create("/credentials")

    async def reads(token: str) -> tuple[int, str | None]:
        headers = {"authorization": f"Bearer {token}", "ngrok-version": "2"}
        async with (
            aiohttp.ClientSession(fake.url, headers=headers) as http,
            http.get("/tunnels") as answer,
        ):
            return answer.status, (await answer.json()).get("error_code")

    assert (200, None) == await reads(key["token"])
    assert (403, "ERR_NGROK_206") == await reads(authtoken["token"])
    assert (403, "ERR_NGROK_208") == await reads(key["id"])

    await call("DELETE", f"/api_keys/{key['id']}")
    await call("DELETE", f"/credentials/{authtoken['id']}")

    assert (403, "ERR_NGROK_203") == await reads(key["token"]) == await reads(authtoken["token"])


@pytest.mark.parametrize("text", ["+5", "5"])
async def test_limits_are_numbers_as_on_the_wire(http: aiohttp.ClientSession, text: str) -> None:
    """A sign is fine, as for the parser that ngrok uses."""
    async with http.get(URL(f"/tunnels?limit={text.replace('+', '%2B')}", encoded=True)) as answer:
        assert 200 == answer.status
