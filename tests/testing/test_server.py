"""The fake as a server: what it notes, its limits, the faults that one scripts, start and stop."""

import asyncio

import aiohttp
import pytest

from ngrok_async.testing import FakeNgrok, TurnableClock


def session(fake: FakeNgrok) -> aiohttp.ClientSession:
    """Open a session that sends what the API asks for."""
    headers = {"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"}
    return aiohttp.ClientSession(fake.url, headers=headers)


async def status(http: aiohttp.ClientSession, path: str = "/tunnels") -> int:
    """Return the status of a GET."""
    async with http.get(path) as answer:
        await answer.read()
        return answer.status


async def stop(http: aiohttp.ClientSession, id_: str) -> int:
    """Send the command to stop; aiohttp repeats a GET on its own, but not this."""
    async with http.post(f"/tunnel_sessions/{id_}/stop", json={}) as answer:
        await answer.read()
        return answer.status


# --- what it notes ---------------------------------------------------------------------------


async def test_notes_what_it_receives(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """Every request is kept with its answer's status, but not the key."""
    fake.clock.advance(5)
    async with http.post("/tunnel_sessions/a%2Fb/stop?x=%C3%A9", json={"b": 1}):
        pass
    async with aiohttp.ClientSession() as stranger, stranger.get(f"{fake.url}/tunnels", data=b"?"):
        pass
    first, second = fake.requests

    assert ("POST", "/tunnel_sessions/a%2Fb/stop") == (first.method, first.path)
    assert {"x": "é"} == first.query
    assert {"b": 1} == first.json
    assert (400, 5.0) == (first.status, first.time)
    assert "2" == first.headers["ngrok-version"]
    assert "***" == first.headers["authorization"]
    assert fake.api_key not in repr(first)
    assert ("GET", "/tunnels", {}, None, 403) == (
        second.method,
        second.path,
        second.query,
        second.json,
        second.status,
    )
    assert "authorization" not in second.headers


async def test_each_status_belongs_to_its_request(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """Answers may come in another order than the requests."""
    fake.fail(503, delay=1)
    pending = asyncio.create_task(status(http))
    await fake.wait_for_requests()

    assert 200 == await status(http)
    assert [None, 200] == [request.status for request in fake.requests]

    fake.clock.advance(1)

    assert 503 == await pending
    assert [503, 200] == [request.status for request in fake.requests]


async def test_requests_may_be_forgotten(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """Clearing the list is fine, even while a request is being answered."""
    fake.fail(delay=1)
    pending = asyncio.create_task(status(http))
    await fake.wait_for_requests()
    (pending_request,) = fake.requests

    assert pending_request.status is None

    fake.requests.clear()
    fake.clock.advance(1)

    assert 200 == await pending
    assert [] == fake.requests


# --- limits ----------------------------------------------------------------------------------


async def test_limits_requests_in_a_rolling_window() -> None:
    """No more than the limit in any window; rejected requests do not count."""
    clock = TurnableClock(running=False)
    async with FakeNgrok(limit=2, window=10, clock=clock) as fake, session(fake) as http:
        assert 200 == await status(http)
        clock.advance(6)

        assert [404, 429] == [await status(http, "/nothing"), await status(http)]

        async with http.get("/tunnels") as answer:
            body = await answer.json()

        assert 429 == answer.status == body["status_code"]
        assert "ERR_NGROK_226" == body["error_code"]
        assert "Your account is rate limited to 2 API requests per 10 seconds." == body["msg"]

        clock.advance(3.9)

        assert 429 == await status(http)

        clock.advance(0.1)

        assert [200, 429] == [await status(http), await status(http)]

        clock.advance(6)

        assert 200 == await status(http)
        assert 4 == fake.rejections


async def test_the_real_limit_by_default() -> None:
    """120 requests in 60 seconds pass, the next one does not; strangers do not count."""
    async with FakeNgrok() as fake, session(fake) as http:
        async with aiohttp.ClientSession() as stranger:
            assert 403 == await status(stranger, f"{fake.url}/tunnels")
        assert {200} == {await status(http) for _ in range(120)}

        async with http.get("/tunnels") as answer:
            body = await answer.json()

        assert "Your account is rate limited to 120 API requests per 60 seconds." == body["msg"]


async def test_limits_simultaneous_requests() -> None:
    """One more at a time than allowed is refused; a place is free again after the answer."""
    async with FakeNgrok(max_in_flight=1) as fake, session(fake) as http:
        fake.fail(delay=30)
        pending = asyncio.create_task(status(http))
        await fake.wait_for_requests()
        async with http.get("/tunnels") as answer:
            body = await answer.json()

        assert (429, "ERR_NGROK_225") == (answer.status, body["error_code"])
        assert "Your account is limited to 1 simultaneous API requests." == body["msg"]

        fake.clock.advance(30)

        assert 200 == await pending
        assert 200 == await status(http)
        assert 1 == fake.rejections


# --- faults ----------------------------------------------------------------------------------


async def test_fails_as_often_as_told(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """A status without more is answered with an envelope that has no code."""
    fake.fail(503, times=2)
    async with http.get("/tunnels") as answer:
        body = await answer.json()

    assert 503 == answer.status == body["status_code"]
    assert body.keys() == {"status_code", "msg", "details"}
    assert [503, 200] == [await status(http), await status(http)]


async def test_fails_until_healed(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """A fault may last."""
    fake.fail(500, times=None)

    assert [500] * 3 == [await status(http) for _ in range(3)]

    fake.heal()

    assert 200 == await status(http)


async def test_answers_what_it_is_told(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """Code, message, headers or the whole body may be scripted; the first fault comes first."""
    fake.fail(429, code="ERR_NGROK_226", message="slow down", headers={"Retry-After": "2"})
    fake.fail(502, body=b"<h1>Bad gateway</h1>")
    fake.fail(200, body=b"{", content_type="application/json", headers={"X-Name": "a"})
    async with http.get("/tunnels") as answer:
        body = await answer.json()

    assert (429, "2") == (answer.status, answer.headers["retry-after"])
    assert ("ERR_NGROK_226", "slow down") == (body["error_code"], body["msg"])
    assert body["details"]["operation_id"] == answer.headers["ngrok-operation-id"]
    assert 1 == fake.rejections

    async with http.get("/tunnels") as answer:
        assert (502, "text/html") == (answer.status, answer.content_type)
        assert "<h1>Bad gateway</h1>" == await answer.text()
        assert "ngrok-operation-id" not in answer.headers

    async with http.get("/tunnels") as answer:
        assert (200, "application/json") == (answer.status, answer.content_type)
        assert ("a", b"{") == (answer.headers["x-name"], await answer.read())


@pytest.mark.parametrize(
    ("route", "hit"),
    [
        pytest.param("*", True, id="all"),
        pytest.param("POST", True, id="method"),
        pytest.param("GET", False, id="other method"),
        pytest.param("/tunnel_sessions*", True, id="prefix"),
        pytest.param("/tunnel_sessions", False, id="parent"),
        pytest.param("/tunnel_sessions/{id}/stop", True, id="path"),
        pytest.param("POST /tunnel_sessions/{id}/stop", True, id="route"),
        pytest.param("POST /tunnel_sessions/{id}", False, id="shorter route"),
        pytest.param("POST /tunnel_sessions/{id}/restart", False, id="other route"),
        pytest.param("DELETE /tunnel_sessions/{id}/stop", False, id="route of another method"),
    ],
)
async def test_faults_are_for_routes(
    fake: FakeNgrok, http: aiohttp.ClientSession, route: str, *, hit: bool
) -> None:
    """A fault waits for a request that it is meant for."""
    fake.fail(500, route=route)

    assert (500 if hit else 404) == await stop(http, "ts_1")


@pytest.mark.parametrize("route", ["", "tunnels", "FETCH /tunnels", "GET tunnels", "POST GET"])
def test_a_route_that_can_never_fit_is_refused(route: str) -> None:
    """A misspelt route would never be met."""
    with pytest.raises(ValueError, match="route must be like"):
        FakeNgrok().fail(500, route=route)


def test_a_fault_must_do_something() -> None:
    """A fault without status, delay, drop or stall is a mistake."""
    with pytest.raises(ValueError, match="a fault needs"):
        FakeNgrok().fail()


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
async def test_drops_the_connection(
    fake: FakeNgrok, http: aiohttp.ClientSession, *, applied: bool
) -> None:
    """The request is read, and has its effect if told so, but there is no answer."""
    agent = fake.add_agent()
    fake.fail(drop=True, applied=applied)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await stop(http, agent.id)

    assert applied is not agent.online
    assert [("POST", None)] == [(request.method, request.status) for request in fake.requests]


async def test_an_applied_command_may_be_answered_with_an_error(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """A 504 after the fact: done, but nobody knows."""
    agent = fake.add_agent()
    fake.fail(504, applied=True)

    assert 504 == await stop(http, agent.id)
    assert not agent.online


async def test_delays(fake: FakeNgrok, http: aiohttp.ClientSession) -> None:
    """Nothing happens before the delay has passed on the clock."""
    agent = fake.add_agent()
    fake.fail(delay=5)
    pending = asyncio.create_task(stop(http, agent.id))
    await fake.wait_for_requests(1)
    fake.clock.advance(4.9)

    assert agent.online

    fake.clock.advance(0.1)

    assert 204 == await pending
    assert not agent.online


async def test_delays_the_answer_of_an_applied_command(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """With `applied` only the answer is late."""
    agent = fake.add_agent()
    fake.fail(delay=5, applied=True)
    pending = asyncio.create_task(stop(http, agent.id))
    await fake.wait_for_requests()

    assert not agent.online

    fake.clock.advance(5)

    assert 204 == await pending


async def test_a_stalled_request_ends_with_its_client() -> None:
    """When the client gives up, its place is free again."""
    async with FakeNgrok(limit=0, max_in_flight=1) as fake, session(fake) as http:
        fake.fail(stall=True)
        pending = asyncio.create_task(status(http))
        await fake.wait_for_requests()
        pending.cancel()
        statuses = [0]
        async with asyncio.timeout(5):
            while statuses[-1] != 200:
                statuses.append(await status(http))

        assert {0, 429, 200} >= set(statuses)
        assert fake.requests[0].status is None


# --- start and stop --------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [{"stall": True}, {"delay": 99}], ids=["stalled", "delayed"])
async def test_stops_at_once(fake: FakeNgrok, fault: dict[str, float]) -> None:
    """Neither stalled nor delayed requests nor idle connections hold up a stop."""
    async with session(fake) as http:
        assert 200 == await status(http)  # leaves an idle connection
        fake.fail(**fault)  # type: ignore[arg-type]
        pending = asyncio.create_task(stop(http, "ts_1"))
        await fake.wait_for_requests(2)
        async with asyncio.timeout(5):
            await fake.stop()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await pending


async def test_a_delay_may_end_with_the_fake(fake: FakeNgrok) -> None:
    """A request whose delay ends at the very moment of the stop is cut like the others."""
    agent = fake.add_agent()
    async with session(fake) as http:
        fake.fail(delay=1)
        pending = asyncio.create_task(stop(http, agent.id))
        await fake.wait_for_requests()
        fake.clock.advance(1)
        await fake.stop()
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await pending

    assert agent.online


async def test_starts_again_on_the_same_port() -> None:
    """After a stop nobody answers; after another start all is as it was."""
    async with FakeNgrok(agents=2) as fake, session(fake) as http:
        before, agents = fake.url, fake.agents
        await fake.stop()
        await fake.stop()
        with pytest.raises(aiohttp.ClientConnectorError):
            await status(http)
        await fake.start()

        assert (before, agents) == (fake.url, fake.agents)
        assert 200 == await status(http, f"/tunnel_sessions/{agents[0].id}")


async def test_cannot_be_started_twice(fake: FakeNgrok) -> None:
    """A second start without a stop is a mistake."""
    with pytest.raises(RuntimeError, match="started already"):
        await fake.start()


async def test_listens_where_it_is_told() -> None:
    """Port and key may be chosen."""
    async with FakeNgrok() as first:
        port = int(first.url.rpartition(":")[2])
    async with FakeNgrok(port=port, api_key="mine") as fake, session(fake) as http:
        assert (first.url, "mine") == (fake.url, fake.api_key)
        assert 200 == await status(http)


def test_has_no_address_before_the_start() -> None:
    """The port is not known before."""
    with pytest.raises(RuntimeError, match="start the fake first"):
        _ = FakeNgrok().url
