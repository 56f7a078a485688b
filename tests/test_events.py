"""What a client tells about its calls."""

import contextlib
import logging
from collections.abc import AsyncIterator

import pytest

from ngrok_async import Client, ConnectionLostError, NgrokError, Retry
from ngrok_async.events import AttemptEvent, Event, PauseEvent, RetryEvent, WaitEvent
from ngrok_async.testing import FakeNgrok

ROUTE = "GET /tunnel_sessions/{id}"
SOON = Retry(backoff=0.001)


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """A fake with one agent."""
    async with FakeNgrok(agents=1) as server:
        yield server


async def test_attempts_and_repetitions_are_told(fake: FakeNgrok) -> None:
    """Each attempt has its number, status and operation, and each repetition its reason."""
    told: list[Event] = []
    fake.fail(503)
    fake.fail(drop=True)
    async with Client(fake.api_key, base_url=fake.url, retry=SOON, on_event=told.append) as ngrok:
        await ngrok.tunnel_sessions.get(fake.agents[0])

    failed, first, lost, second, done = told
    assert isinstance(failed, AttemptEvent)
    assert ("GET", ROUTE, 1, 503, None) == (
        failed.method,
        failed.route,
        failed.attempt,
        failed.status,
        failed.error,
    )
    assert failed.operation_id is not None
    assert failed.seconds >= 0
    assert isinstance(first, RetryEvent)
    assert (1, "HTTP 503") == (first.attempt, first.reason)
    assert isinstance(lost, AttemptEvent)
    assert (2, None, "ConnectionLostError") == (lost.attempt, lost.status, lost.error)
    assert isinstance(second, RetryEvent)
    assert (2, "ConnectionLostError") == (second.attempt, second.reason)
    assert isinstance(done, AttemptEvent)
    assert (3, 200, None) == (done.attempt, done.status, done.error)


async def test_pauses_and_waits_are_told(fake: FakeNgrok) -> None:
    """A 429 tells of the pause that it begins, and the next call of its wait."""
    told: list[Event] = []
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "0.01"})
    async with Client(fake.api_key, base_url=fake.url, retry=SOON, on_event=told.append) as ngrok:
        await ngrok.tunnel_sessions.get(fake.agents[0])

    (pause,) = [event for event in told if isinstance(event, PauseEvent)]
    assert (429, 1) == (pause.status, pause.attempt)
    assert pause.seconds >= 0
    (wait,) = [event for event in told if isinstance(event, WaitEvent)]
    assert 2 == wait.attempt
    assert wait.seconds > 0


async def test_a_listener_that_fails_changes_nothing(
    fake: FakeNgrok, caplog: pytest.LogCaptureFixture
) -> None:
    """What `on_event` raises is logged, and the call goes on."""

    def fail(event: Event) -> None:
        raise ValueError(event.route)

    async with Client(fake.api_key, base_url=fake.url, on_event=fail) as ngrok:
        session = await ngrok.tunnel_sessions.get(fake.agents[0])

    assert fake.agents[0].id == session.id
    (record,) = caplog.records
    assert ("ngrok_async.events", logging.ERROR) == (record.name, record.levelno)


async def test_events_hold_no_secrets(fake: FakeNgrok) -> None:
    """No event has an id, a query, a header or the key."""
    told: list[Event] = []
    agent = fake.agents[0]
    fake.fail(drop=True, route="POST /tunnel_sessions/{id}/restart")
    async with Client(fake.api_key, base_url=fake.url, retry=None, on_event=told.append) as ngrok:
        await ngrok.tunnels.list(limit=7)
        with pytest.raises(ConnectionLostError):
            await ngrok.tunnel_sessions.restart(agent)
        await ngrok.tunnel_sessions.list(limit=7)

    text = repr(told)
    assert len(told) == 3
    assert not [secret for secret in (fake.api_key, agent.id, "limit") if secret in text]


@pytest.mark.parametrize("status", [200, 302, 400, 503])
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("op_1", "op_1"),
        ("Bearer {key} of op_1", "Bearer *** of op_1"),
        ("{quoted}", "***"),
        ("x" * 5000, "x" * 200),
        ("op_1\x9b31m\u202e", "op_1\ufffd31m\ufffd"),
        (" ", None),
    ],
)
async def test_an_operation_id_is_no_way_for_the_key(
    fake: FakeNgrok, caplog: pytest.LogCaptureFixture, status: int, sent: str, told: str | None
) -> None:
    """A server may write anything there: in events as in errors it is cut, without the key."""
    events: list[Event] = []

    def tell(event: Event) -> None:
        events.append(event)
        raise ValueError  # so that it is logged as well

    quoted = "".join(f"%{ord(character):02X}" for character in fake.api_key)
    header = {"ngrok-operation-id": sent.format(key=fake.api_key, quoted=quoted)}
    fake.fail(status, body=b"{}", headers=header)
    async with Client(fake.api_key, base_url=fake.url, retry=None, on_event=tell) as ngrok:
        with contextlib.suppress(NgrokError):
            await ngrok.request("GET", "/tunnels")

    (event,) = events
    assert isinstance(event, AttemptEvent)
    assert (status, told) == (event.status, event.operation_id)
    assert not [secret for secret in (fake.api_key, quoted) if secret in caplog.text]
