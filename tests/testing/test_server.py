"""The fake as a server: what it notes, its limits, the faults that one scripts, start and stop."""

import asyncio
import copy
import inspect
import logging
import pickle
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import QueueHandler
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async.testing import FakeNgrok, TurnableClock
from ngrok_async.testing._route_patterns import pattern
from ngrok_async.testing._routes import declared


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


async def test_keeps_parameters_that_are_repeated(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """`query` is a mapping of texts, and has all values of a name besides."""
    assert 200 == await status(http, "/endpoints?id=ep_1&limit=5&id=ep_2")
    query = fake.requests[0].query

    assert ["ep_1", "ep_2"] == query.getall("id")
    assert ("ep_1", "5", None) == (query["id"], query["limit"], query.get("before_id"))
    assert {"id", "limit"} == {*query}
    assert query != {"id": "ep_1", "limit": "5"}
    assert query == copy.deepcopy(query) == pickle.loads(pickle.dumps(query))  # noqa: S301 # our own
    assert fake.requests[0] == copy.deepcopy(fake.requests[0])


async def test_logs_each_request(
    fake: FakeNgrok, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """A line has the method, the address and what became of it, and no key."""
    caplog.set_level(logging.DEBUG, "ngrok_async.testing")
    records: asyncio.Queue[logging.LogRecord] = asyncio.Queue()
    handler = QueueHandler(records)  # type: ignore[arg-type] # has the one method that is used
    logging.getLogger("ngrok_async.testing").addHandler(handler)
    try:
        assert 200 == await status(http, "/tunnels?limit=5")
        fake.fail(drop=True, route="POST")
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await stop(http, "ts_1")
        fake.fail(stall=True)
        call = asyncio.create_task(status(http, "/a%0Ab"))
        await fake.wait_for_requests(3)
        call.cancel()
        async with asyncio.timeout(5):
            lines = [(await records.get()).getMessage() for _ in range(3)]
    finally:
        logging.getLogger("ngrok_async.testing").removeHandler(handler)

    assert [
        "GET /tunnels?limit=5 200",
        "POST /tunnel_sessions/ts_1/stop cut",
        "GET /a%0Ab no answer",
    ] == lines
    assert fake.api_key not in caplog.text


async def test_two_fakes_have_nothing_in_common() -> None:
    """Neither keys nor ids, of operations too: what belongs to one is a stranger to the other."""
    async with FakeNgrok(agents=2) as one, FakeNgrok(agents=2) as other:
        assert one.api_key != other.api_key
        seen: list[set[str]] = []
        for fake in (one, other):
            async with session(fake) as http, http.get("/tunnel_sessions") as answer:
                made = {agent.id for agent in fake.agents} | {fake.add("/ip_policies")}
                seen.append({*made, answer.headers["ngrok-operation-id"]})
        async with session(one) as http:
            assert 404 == await status(http, f"/tunnel_sessions/{other.agents[0].id}")
            http.headers["authorization"] = f"Bearer {other.api_key}"
            assert 403 == await status(http)

    assert not seen[0] & seen[1]
    assert [4, 4] == [len(ids) for ids in seen]


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
        pytest.param("/tunnel_sessions/{id}", False, id="shorter route"),
        pytest.param("POST /tunnel_sessions/{id}/restart", False, id="other route"),
        pytest.param("DELETE /api_keys/{id}", False, id="route of another method"),
    ],
)
async def test_faults_are_for_routes(
    fake: FakeNgrok, http: aiohttp.ClientSession, route: str, *, hit: bool
) -> None:
    """A fault waits for a request that it is meant for."""
    fake.fail(500, route=route)

    assert (500 if hit else 404) == await stop(http, "ts_1")


def test_a_route_that_no_operation_has_is_refused() -> None:
    """A misspelt route would never be met; the error has one that is near."""
    says = "no operation has the route 'GET /tunel_sessions'; GET /tunnel_sessions is near"
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        FakeNgrok().fail(500, route="GET /tunel_sessions")


def test_every_route_may_fail() -> None:
    """Each operation is found by its route, by its path, with an id in it, and by a part of it."""
    fake = FakeNgrok()
    for operation in declared():
        template = operation.template
        for path in (template, re.sub(r"\{\w+\}", "abc_1%2F", template), f"*{template[4:]}"):
            for route in (path, f"{operation.method} {path}"):
                fake.fail(500, route=route)
                fake.heal()


@given(
    st.lists(st.sampled_from(["/", "a", "b", "{x}", "*"]), max_size=6).map("".join),
    st.lists(st.sampled_from(["/", "a", "b", "{x}"]), max_size=5).map("".join),
    st.lists(st.sampled_from("/ab"), max_size=6).map("".join),
)
def test_a_route_is_refused_only_if_nothing_fits(route: str, template: str, path: str) -> None:
    """Where some path fits both, a route is taken; without a path that fits, it may not be."""
    operation: Any = SimpleNamespace(method="GET", template=f"/{template}")
    wild = re.compile(re.escape(f"/{template}").replace(r"\{x\}", "[^/]+"))
    try:
        found = pattern(f"/{route}", [operation])
    except ValueError:
        anything = re.escape(f"/{route}").replace(r"\{x\}", "[^/]+").replace(r"\*", ".*")
        found = re.compile(f"GET {anything}")

        assert not (found.fullmatch(f"GET /{path}") and wild.fullmatch(f"/{path}"))
    else:
        assert "*" in route or "{" in route or wild.fullmatch(f"/{route}")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ({}, "a fault needs a status, delay=, drop= or stall="),
        ({"applied": True}, "a fault needs a status"),
        ({"stall": True, "drop": True}, "stall= excludes delay= and drop="),
        ({"stall": True, "delay": 5}, "stall= excludes delay= and drop="),
        ({"drop": True, "code": "ERR_NGROK_226"}, "need a status to go with"),
        ({"delay": 1, "body": b""}, "need a status to go with"),
        ({"delay": 1, "headers": {"a": "b"}}, "need a status to go with"),
        ({"status": 429, "code": "ERR_NGROK_226", "body": b""}, "code= and body= exclude"),
        ({"status": 204, "body": b"x"}, "an answer with 204 has no body"),
    ],
    ids=str,
)
def test_a_fault_that_contradicts_itself_is_refused(fault: dict[str, Any], says: str) -> None:
    """What would have no effect is a mistake."""
    fake = FakeNgrok()
    with pytest.raises(ValueError, match=says):
        fake.fail(**fault)

    assert () == fake.unmet_faults


async def test_tells_the_faults_that_nobody_met(
    fake: FakeNgrok, http: aiohttp.ClientSession
) -> None:
    """Each with what it does and where it was scripted, but those that were met, or healed."""
    fake.fail(404, times=2, route="GET /tunnels")
    fake.fail(503, delay=0.5, route="/ip_policies*")
    fake.fail(drop=True, times=None)
    fake.refuse("ERR_NGROK_808")
    fake.meanwhile(fake.add_agent, route="/tunnels", after=0)
    fake.meanwhile(fake.add_agent, route="GET /tunnels")
    line = inspect.stack()[0].lineno
    assert 404 == await status(http)

    assert (
        f"503, delay 0.5 for /ip_policies*, at {__file__}:{line - 5}",
        f"drop for *, at {__file__}:{line - 4}",
        f"400 for POST /tunnel_sessions/{{id}}/restart, at {__file__}:{line - 3}",
        f"something meanwhile, for GET /tunnels, at {__file__}:{line - 1}",
    ) == fake.unmet_faults

    fake.heal()

    assert () == fake.unmet_faults


@pytest.mark.parametrize("code", [204, 304])
async def test_an_answer_that_has_no_body(
    fake: FakeNgrok, http: aiohttp.ClientSession, code: int
) -> None:
    """Nothing is sent with it, so that the connection can be used again."""
    fake.fail(code)
    async with http.get("/tunnels") as answer:
        assert (code, b"") == (answer.status, await answer.read())
    assert 200 == await status(http)


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


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")],  # noqa: S104 # for a moment
)
async def test_listens_at_a_host(host: str, address: str) -> None:
    """The URL leads there, or if it listens everywhere, to this machine."""
    async with FakeNgrok(host=host) as fake, session(fake) as http:
        assert 200 == await status(http)
        if host != "localhost":  # which may be ::1
            assert fake.url.startswith(f"http://{address}:")


async def test_listens_at_ipv6() -> None:
    """The URL has the address in brackets."""
    try:
        async with FakeNgrok(host="::") as fake, session(fake) as http:
            assert fake.url.startswith("http://[::1]:")
            assert 200 == await status(http)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")


async def test_a_start_that_fails_may_be_tried_again() -> None:
    """Where the port is taken, the fake is as it was before."""
    async with FakeNgrok() as taken:
        fake = FakeNgrok(port=int(taken.url.rpartition(":")[2]), agents=1)
        with pytest.raises(OSError, match="in use"):
            await fake.start()
    async with fake, session(fake) as http:
        assert 200 == await status(http)


def test_in_one_event_loop_after_another() -> None:
    """It goes on with what it holds, also where a loop was closed and nobody had stopped it."""
    fake = FakeNgrok(agents=2)

    async def use(*, stops: bool) -> str:
        await fake.start()
        async with session(fake) as http:
            assert 200 == await status(http, f"/tunnel_sessions/{fake.agents[0].id}")
        if stops:
            await fake.stop()
        return fake.url

    assert 1 == len({asyncio.run(use(stops=stops)) for stops in (True, False, False, True)})
    asyncio.run(fake.stop())


def test_for_tests_that_are_not_async() -> None:
    """It serves in a thread; the rest is used from another, and only its own loop may stop it."""
    clock = TurnableClock(running=False)
    fake = FakeNgrok(clock=clock)
    with serving(fake):
        fake.add_agent()
        fake.fail(503, delay=30)

        async def use() -> int:
            async with session(fake) as http:
                call = asyncio.create_task(status(http))
                await fake.wait_for_requests()
                clock.advance(await clock.wait_for_timer())
                return await call

        assert 503 == asyncio.run(use())
        with pytest.raises(RuntimeError, match="in another event loop: stop it there"):
            asyncio.run(fake.stop())
        with pytest.raises(RuntimeError, match="started already"):
            asyncio.run(fake.start())


def test_a_running_clock_in_a_thread() -> None:
    """Whoever turns it, the thread that serves goes on at once."""
    fake = FakeNgrok()
    with serving(fake):
        fake.fail(503, delay=600)

        async def use() -> int:
            async with session(fake) as http:
                call = asyncio.create_task(status(http))
                fake.clock.advance(await fake.clock.wait_for_timer())
                return await call

        assert 503 == asyncio.run(asyncio.wait_for(use(), 60))


@contextmanager
def serving(fake: FakeNgrok) -> Iterator[None]:
    """Serve in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(fake.start(), loop).result(10)
        yield
        asyncio.run_coroutine_threadsafe(fake.stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_has_no_address_before_the_start() -> None:
    """The port is not known before."""
    with pytest.raises(RuntimeError, match="start the fake first"):
        _ = FakeNgrok().url
