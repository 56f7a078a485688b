"""Commands and walks when the server or the line to it fails."""

import pytest

from ngrok_async import Client, ConnectionLostError, NgrokError, Retry, ServerError
from ngrok_async.testing import FakeNgrok

SOON = Retry(backoff=0.001)


async def test_lost_answer_to_restart_is_reported_not_repeated() -> None:
    """Killed after the body was read: one request on the wire, and the error says so."""
    async with (
        FakeNgrok(agents=1) as fake,
        Client(fake.api_key, base_url=fake.url, retry=SOON) as ngrok,
    ):
        fake.fail(drop=True, applied=True)
        with pytest.raises(ConnectionLostError) as caught:
            await ngrok.tunnel_sessions.restart(fake.agents[0])

        assert 1 == len(fake.requests)
        assert caught.value.maybe_applied
        assert 1 == caught.value.attempts


async def test_lost_answer_to_stop_is_repeated_and_done() -> None:
    """A `stop` may be repeated: that the agent is gone by then is what was asked for."""
    async with (
        FakeNgrok(agents=1) as fake,
        Client(fake.api_key, base_url=fake.url, retry=SOON) as ngrok,
    ):
        fake.fail(drop=True, applied=True)
        await ngrok.tunnel_sessions.stop(fake.agents[0])

        assert [None, 404] == [request.status for request in fake.requests]
        assert [] == await ngrok.tunnel_sessions.list().collect()


async def test_walk_goes_on_at_the_page_that_failed() -> None:
    """1,000 sessions, page 4 fails until the retries are spent: the next step asks again."""
    async with (
        FakeNgrok(agents=1000, limit=None) as fake,
        Client(fake.api_key, base_url=fake.url, retry=SOON, limiter=None) as ngrok,
    ):
        walk = aiter(ngrok.tunnel_sessions.list())
        seen = [(await anext(walk)).id for _ in range(300)]
        fake.fail(503, times=SOON.max_attempts)
        with pytest.raises(ServerError) as caught:
            seen.append((await anext(walk)).id)
        seen += [session.id async for session in walk]

    assert SOON.max_attempts == caught.value.attempts
    assert 1000 == len(seen) == len(set(seen))


async def test_walk_goes_on_with_a_second_loop() -> None:
    """`async for` over the same pager resumes as well."""
    async with (
        FakeNgrok(agents=250) as fake,
        Client(fake.api_key, base_url=fake.url, retry=None) as ngrok,
    ):
        pager = ngrok.tunnel_sessions.list(limit=50)
        fake.fail(500, route="GET /tunnel_sessions", delay=0, times=1)
        seen: list[str] = []
        failures = 0
        for _ in range(2):
            try:
                async for session in pager:
                    seen.append(session.id)  # noqa: PERF401 # the failure must leave what there is
            except NgrokError:
                failures += 1

    assert 1 == failures
    assert 250 == len(seen) == len(set(seen))
