"""What the fake insists on, as ngrok does: key, version, route, query, body."""

import aiohttp
import pytest

from ngrok_async.testing import FakeNgrok

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
    """Without the right key the answer is a 401, which repeats the credential as ngrok's does."""
    headers = {"ngrok-version": "2"}
    if authorization:
        headers["authorization"] = authorization
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{fake.url}/tunnels", headers=headers) as answer,
    ):
        body = await answer.json()

    assert (401, code) == (answer.status, body["error_code"])
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
        pytest.param("GET", "/tunnels/tn_1", id="unknown tunnel"),
        pytest.param("GET", "/tunnels/a%2F..%2Fb", id="encoded slashes"),
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
        pytest.param({"content-type": "text/plain"}, b"{}", "ERR_NGROK_210", id="wrong type"),
        pytest.param(JSON, None, "ERR_NGROK_213", id="empty"),
        pytest.param(JSON, b"{", "ERR_NGROK_213", id="not JSON"),
        pytest.param(JSON, b"[]", "ERR_NGROK_213", id="no object"),
        pytest.param(JSON, b'{"id": "ts_1"}', "ERR_NGROK_214", id="unknown field"),
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
