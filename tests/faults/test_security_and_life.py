"""Cases 47 to 52 of the catalogue: what goes into a path, and the end of a client."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import aiohttp
import pytest

from ngrok_async import Client, ClientClosedError, NgrokError, RateLimit
from ngrok_async.testing import FakeNgrok, TurnableClock

if TYPE_CHECKING:
    from tests.fault_server import FaultServer

Connect = Callable[..., Client]


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        pytest.param("..", None, id=".."),
        pytest.param(".", None, id="."),
        pytest.param("", None, id="empty"),
        pytest.param("\r\n", None, id="line break"),
        pytest.param("../api_keys/x", "..%2Fapi_keys%2Fx", id="../api_keys/x"),
        pytest.param("%2e%2e", "%252e%252e", id="%2e%2e"),
        pytest.param("a/b", "a%2Fb", id="a/b"),
        pytest.param("a?x", "a%3Fx", id="a?x"),
        pytest.param("a#f", "a%23f", id="a#f"),
    ],
)
@pytest.mark.parametrize("verb", ["get", "restart"])
async def test_case_47_id_that_leads_elsewhere(
    fake: FakeNgrok, connect: Connect, given: str, segment: str | None, verb: str
) -> None:
    """On the wire it is one segment below its resource, or it is refused before that."""
    with pytest.raises(NgrokError if segment else ValueError):
        await getattr(connect(fake).tunnel_sessions, verb)(given)

    action = "" if verb == "get" else f"/{verb}"
    expected = [] if segment is None else [f"/tunnel_sessions/{segment}{action}"]
    assert expected == [request.path for request in fake.requests]


@pytest.mark.parametrize("status", [302, 307])
async def test_case_48_redirect_and_a_middleware_that_authenticates(
    raw: "FaultServer", another: "FaultServer", connect: Connect, status: int
) -> None:
    """A session's middleware that puts a key on each request runs once: nobody is called again."""
    signed: list[str] = []

    async def sign(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        signed.append(str(request.url))
        request.headers["Authorization"] = "Bearer of the session"
        return await handler(request)

    raw.answers(status, b"", location=f"{another.url}/tunnels")
    async with aiohttp.ClientSession(middlewares=[sign]) as session:
        with pytest.raises(NgrokError, match=f"redirect to '{another.url}/tunnels' not followed"):
            await connect(raw, session=session).tunnels.list()

    assert [f"{raw.url}/tunnels"] == signed
    assert (1, 0) == (len(raw.heads), another.connections)


@pytest.fixture
def limiter(clock: TurnableClock) -> RateLimit:
    """Return a limit of five at a time, and ten a minute."""
    return RateLimit(10, 60, in_flight=5, clock=clock)


async def test_case_52_close_while_calls_wait(
    fake: FakeNgrok, connect: Connect, limiter: RateLimit, clock: TurnableClock
) -> None:
    """Five in flight, five in the queue, five in a pause: all fail at once, and no slot is lost."""
    async with aiohttp.ClientSession() as session:
        ngrok = connect(fake, session=session, limiter=limiter)
        fake.fail(503, times=5)
        fake.fail(stall=True, times=None)
        pausing = [asyncio.ensure_future(ngrok.tunnel_sessions.stop(f"ts_{n}")) for n in range(5)]
        while clock.next_due is None or limiter.budget.in_flight:  # noqa: ASYNC110 # no event
            await asyncio.sleep(0)
        sent = [asyncio.ensure_future(ngrok.tunnel_sessions.restart(f"ts_{n}")) for n in range(5)]
        await fake.wait_for_requests(10)
        queued = [asyncio.ensure_future(ngrok.tunnel_sessions.update(f"ts_{n}")) for n in range(5)]
        await asyncio.sleep(0)
        assert (5, 5) == (limiter.budget.in_flight, limiter.budget.waiting)
        await ngrok.aclose()
        done, hanging = await asyncio.wait([*pausing, *sent, *queued], timeout=5)

        assert set() == hanging
        assert 15 == len(done)
        for calls, attempts, maybe_applied in (
            (pausing, 1, True),
            (sent, 1, True),
            (queued, 0, False),
        ):
            for call in calls:
                error = call.exception()
                assert isinstance(error, ClientClosedError)
                assert (attempts, maybe_applied) == (error.attempts, error.maybe_applied)
        budget = limiter.budget
        assert (0, 0, 10) == (budget.in_flight, budget.waiting, budget.used)
        assert None is clock.next_due
        assert 10 == len(fake.requests)
        assert not session.closed
        fake.heal()
        async with session.get(f"{fake.url}/tunnels") as answer:
            assert 403 == answer.status


async def test_case_52_use_after_close(fake: FakeNgrok, connect: Connect) -> None:
    """A call after the end fails at once; another close does nothing, nor at the same time."""
    async with aiohttp.ClientSession() as session:
        ngrok = connect(fake, session=session)
        await ngrok.tunnels.list()
        await asyncio.gather(ngrok.aclose(), ngrok.aclose())
        await ngrok.aclose()
        with pytest.raises(ClientClosedError):
            await ngrok.tunnels.list()

        assert not session.closed
    assert 1 == len(fake.requests)
