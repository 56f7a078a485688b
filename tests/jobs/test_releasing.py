"""Freeing a URL: who holds it is stopped, and is gone."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ngrok_async import Client, Middleware, Request, Response, Send, Timeout
from ngrok_async.errors import (
    CameBackError,
    CannotStopError,
    OtherURLsError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    WaitTimeoutError,
)
from ngrok_async.jobs import release
from ngrok_async.testing import Agent, FakeNgrok, TurnableClock
from tests.jobs.conftest import turned

URL = "https://shop.example.com"


def agent_with(fake: FakeNgrok, *urls: str) -> Agent:
    """Connect an agent that offers URLs."""
    agent = fake.add_agent(tunnels=0)
    for url in urls:
        fake.add_tunnel(agent, public_url=url)
    return agent


def told(fake: FakeNgrok) -> list[str]:
    """Return what was sent that changes something."""
    return [f"{r.method} {r.path}" for r in fake.requests if r.method != "GET"]


async def test_a_url_among_150_agents(ngrok: Client, fake: FakeNgrok) -> None:
    """Two pages, then three requests for the agent, and one look at the end."""
    fake.add_agents(149)
    agent = agent_with(fake, URL)
    session = agent.id

    released = await release(ngrok, "HTTPS://Shop.Example.com:443/")

    assert [session] == [gone.id for gone in released]
    assert [f"POST /tunnel_sessions/{session}/stop"] == told(fake)
    assert 2 + 3 + 1 == len(fake.requests)
    assert 149 == len(await ngrok.tunnel_sessions.list().collect())


async def test_a_url_that_nobody_has(ngrok: Client, fake: FakeNgrok) -> None:
    """It is free."""
    fake.add_agents(3)

    assert () == await release(ngrok, URL)
    assert [] == told(fake)


async def test_all_of_a_pool_are_stopped(ngrok: Client, fake: FakeNgrok) -> None:
    """Endpoints of one URL, and each agent once."""
    agents = [fake.add_agent(tunnels=0) for _ in range(3)]
    for agent in agents:
        fake.add_tunnel(agent, public_url=URL, pooling_enabled=True)
    sessions = {agent.id for agent in agents}

    released = await release(ngrok, URL)

    assert sessions == {gone.id for gone in released}
    assert 3 == len(told(fake))


async def test_it_waits_until_they_are_gone() -> None:
    """An agent takes its time; the looks become rarer."""
    clock = TurnableClock(running=False)
    async with FakeNgrok(clock=clock, stop_delay=12.0) as fake:
        agent_with(fake, URL)
        async with Client(fake.api_key, base_url=fake.url, clock=clock) as ngrok:
            released = await turned(ngrok, fake, release(ngrok, URL))
            assert 1 == len(released)
            assert 12 < clock.time() < 14
            agent_with(fake, URL)
            with pytest.raises(WaitTimeoutError, match="was not free within 5 s") as caught:
                await turned(ngrok, fake, release(ngrok, URL, timeout=5))
            assert 1 == len(caught.value.released)
            assert caught.value.last == caught.value.released[0]
            assert isinstance(caught.value, TimeoutError)


async def test_other_urls_are_not_taken_down_unasked(ngrok: Client, fake: FakeNgrok) -> None:
    """They are named, and nothing is stopped; with `others` they go too."""
    agent_with(fake, URL, "https://blog.example.com", "tcp://1.tcp.ngrok.io:12345")

    with pytest.raises(OtherURLsError, match="would go down too") as caught:
        await release(ngrok, URL)

    assert {"https://blog.example.com", "tcp://1.tcp.ngrok.io:12345"} == {*caught.value.urls}
    assert [] == told(fake)
    assert () == caught.value.released
    assert 1 == len(await release(ngrok, URL, others=True))


async def test_a_cloud_endpoint_is_deleted_when_it_may_be(ngrok: Client, fake: FakeNgrok) -> None:
    """It lives at ngrok, and nobody brings it back by starting an agent."""
    endpoint = await ngrok.endpoints.create(type="cloud", url=URL, traffic_policy="{}")
    fake.requests.clear()

    with pytest.raises(CannotStopError, match="pass cloud=True") as caught:
        await release(ngrok, URL)
    assert (endpoint.id, None, []) == (caught.value.id, caught.value.credential, told(fake))

    released = await release(ngrok, URL, cloud=True)

    assert [endpoint.id] == [gone.id for gone in released]
    assert [f"DELETE /endpoints/{endpoint.id}"] == told(fake)


async def test_a_cloud_endpoint_that_is_gone_already(ngrok: Client, fake: FakeNgrok) -> None:
    """It is as free as can be."""
    endpoint = await ngrok.endpoints.create(type="cloud", url=URL, traffic_policy="{}")
    fake.fail(404, route=f"DELETE /endpoints/{endpoint.id}", applied=True)

    assert () == await release(ngrok, URL, cloud=True)


@pytest.mark.parametrize("code", ["ERR_NGROK_804", "ERR_NGROK_805", "ERR_NGROK_806"])
async def test_an_agent_that_does_not_stop(ngrok: Client, fake: FakeNgrok, code: str) -> None:
    """The credential is named that keeps it out; what was done before is told."""
    first, second = (fake.add_agent(tunnels=0, credential=f"cr_{n}") for n in range(2))
    for agent in (first, second):
        fake.add_tunnel(agent, public_url=URL, pooling_enabled=True)
    fake.fail(501, code=code, route="POST /tunnel_sessions/{id}/stop", agent=first)

    with pytest.raises(CannotStopError, match=f"{code}.*cr_0 is deleted") as caught:
        await release(ngrok, URL)

    assert (first.id, "cr_0") == (caught.value.id, caught.value.credential)
    assert len(told(fake)) - 1 == len(caught.value.released)


@pytest.mark.parametrize("fault", [{"status": 502, "code": "ERR_NGROK_810"}, {"drop": True}])
@pytest.mark.parametrize("applied", [True, False])
async def test_a_stop_that_is_unclear_is_looked_at(
    fake: FakeNgrok,
    applied: bool,  # noqa: FBT001 # a parameter
    fault: dict[str, Any],
) -> None:
    """After an error on the way to the agent, or a lost answer, the session tells."""
    agent_with(fake, URL)
    fake.fail(**fault, route="POST /tunnel_sessions/{id}/stop", applied=applied)
    async with Client(
        fake.api_key, base_url=fake.url, retry=None, clock=fake.clock, timeout=Timeout(total=None)
    ) as ngrok:
        job = turned(ngrok, fake, release(ngrok, URL))

        if applied:
            assert 1 == len(await job)
        else:
            with pytest.raises(WaitTimeoutError):
                await job
    assert 1 == len(told(fake))


async def test_an_agent_that_is_gone_before_it_is_told(ngrok: Client, fake: FakeNgrok) -> None:
    """At either of the two requests."""
    agent_with(fake, URL)
    fake.fail(404, route="POST /tunnel_sessions/{id}/stop")
    assert () == await release(ngrok, URL)
    fake.fail(404, route="GET /tunnel_sessions/{id}")
    assert () == await release(ngrok, URL)


def when_gone(session: str, then: Callable[[], Awaitable[object]]) -> Middleware:
    """Return what does something as soon as a session is seen to be gone."""

    async def look(request: Request, send: Send) -> Response:
        response = await send(request)
        if response.status == 404 and request.path.endswith(session):
            await then()
        return response

    return look


async def test_a_supervisor_brings_it_back(fake: FakeNgrok) -> None:
    """The new session is named."""
    old = agent_with(fake, URL).id
    returned: list[Agent] = []

    async def start() -> None:
        returned.append(agent_with(fake, URL))

    middlewares = [when_gone(old, start)]
    async with Client(fake.api_key, base_url=fake.url, middlewares=middlewares) as ngrok:
        with pytest.raises(CameBackError, match="it is held again by ts_") as caught:
            await release(ngrok, URL)

    assert caught.value.session is not None
    assert returned[0].id == caught.value.session.id
    assert [old] == [gone.id for gone in caught.value.released]


async def test_a_cloud_endpoint_takes_its_place(ngrok: Client, fake: FakeNgrok) -> None:
    """There is no session to name then, nor when the new agent has left again."""
    old = agent_with(fake, URL).id

    async def deploy() -> None:
        await ngrok.endpoints.create(type="cloud", url=URL, traffic_policy="{}")

    middlewares = [when_gone(old, deploy)]
    async with Client(fake.api_key, base_url=fake.url, middlewares=middlewares) as other:
        with pytest.raises(CameBackError, match="it is held again by ep_") as caught:
            await release(other, URL)

    assert caught.value.session is None


async def test_an_edge_is_not_stopped(ngrok: Client, fake: FakeNgrok) -> None:
    """Its endpoint is named."""
    body = (
        b'{"endpoints":[{"id":"ep_1","uri":"","created_at":"2026-01-01T00:00:00Z",'
        b'"updated_at":"2026-01-01T00:00:00Z","type":"edge","url":"https://shop.example.com",'
        b'"edge":{"id":"edghts_1","uri":""}}],"uri":"","next_page_uri":null}'
    )
    fake.fail(200, body=body, content_type="application/json", route="GET /endpoints")

    with pytest.raises(CannotStopError, match="behind ep_1 with this URL is edge edghts_1"):
        await release(ngrok, URL)
    fake.fail(
        200,
        body=body.replace(b',"edge":{"id":"edghts_1","uri":""}', b""),
        content_type="application/json",
        route="GET /endpoints",
    )
    with pytest.raises(CannotStopError, match="behind ep_1 with this URL is no agent"):
        await release(ngrok, URL)


@pytest.mark.parametrize(
    "route", ["GET /endpoints", "GET /tunnel_sessions/{id}", "POST /tunnel_sessions/{id}/stop"]
)
async def test_a_call_that_fails_is_raised_as_it_is(
    ngrok: Client, fake: FakeNgrok, route: str
) -> None:
    """Whichever it is; nothing was done before."""
    agent_with(fake, URL)
    fake.fail(403, route=route)

    with pytest.raises(PermissionDeniedError) as caught:
        await release(ngrok, URL)

    assert () == caught.value.released


async def test_a_call_that_fails_late_has_what_was_done(fake: FakeNgrok) -> None:
    """The agent was told to stop, and nobody knows whether it did."""
    agent = agent_with(fake, URL)

    async def fail_then(request: Request, send: Send) -> Response:
        response = await send(request)
        if request.method == "POST":
            fake.fail(403, route="GET /tunnel_sessions/{id}")
        return response

    async with Client(fake.api_key, base_url=fake.url, middlewares=[fail_then]) as ngrok:
        session = agent.id
        with pytest.raises(PermissionDeniedError) as caught:
            await release(ngrok, URL)

    assert [session] == [gone.id for gone in caught.value.released]


async def test_a_429_of_the_last_attempt_is_no_timeout(fake: FakeNgrok) -> None:
    """It is raised as it is, with what was done."""
    agent_with(fake, URL)
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "1"})
    async with Client(fake.api_key, base_url=fake.url, retry=None, limiter=None) as ngrok:
        with pytest.raises(RateLimitedError) as caught:
            await release(ngrok, URL)

    assert () == caught.value.released


async def test_a_call_that_takes_too_long_is_not_the_job(fake: FakeNgrok) -> None:
    """It is told as the client's own timeout."""
    fake.fail(stall=True)
    timeout = Timeout(attempt=0.01)
    async with Client(fake.api_key, base_url=fake.url, retry=None, timeout=timeout) as ngrok:
        with pytest.raises(RequestTimeoutError) as caught:
            await release(ngrok, URL)
    assert () == caught.value.released


@pytest.mark.parametrize("url", ["shop.example.com", "", "https://", "://x", 7, None])
async def test_what_is_no_url_is_refused(ngrok: Client, fake: FakeNgrok, url: Any) -> None:  # noqa: ANN401 # a mistake
    """Before anything is sent."""
    with pytest.raises(ValueError, match="url must be one such as"):
        await release(ngrok, url)

    assert [] == [*fake.requests]
