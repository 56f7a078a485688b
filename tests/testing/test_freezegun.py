"""The fake and its client where freezegun or time-machine has stopped the time of Python."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

import freezegun
import pytest

from ngrok_async import Client
from ngrok_async.testing import FakeNgrok, TurnableClock

NOW = datetime(2020, 2, 29, 12, tzinfo=UTC)


class Frozen(Protocol):
    """What a freezer gives to whoever wants to turn its time."""

    def tick(self, delta: float) -> object:
        """Turn the time on."""


@contextmanager
def frozen() -> Iterator[Frozen]:
    """Stop the time, that of asyncio too."""
    with freezegun.freeze_time(NOW) as time:
        yield cast("Frozen", time)


async def test_the_time_of_day_is_the_frozen_one() -> None:
    """What is created has the frozen time, and later what it was turned on by, either way."""
    with frozen() as time:
        async with FakeNgrok(agents=1) as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
            first = await ngrok.ip_policies.create(description="frozen")
            time.tick(60)
            second = await ngrok.ip_policies.create(description="turned on")
            fake.clock.advance(60)
            third = await ngrok.ip_policies.create(description="turned on by the clock")
            [agent] = await ngrok.tunnel_sessions.list().collect()

    minute = timedelta(minutes=1)
    assert [NOW, NOW + minute, NOW + 2 * minute] == [
        policy.created_at for policy in (first, second, third)
    ]
    assert agent.started_at < NOW


async def test_limits_go_by_the_frozen_time() -> None:
    """A window ends when the time is turned on, and not before."""
    with frozen() as time:
        async with FakeNgrok(limit=1, window=60) as fake:
            client = Client(fake.api_key, base_url=fake.url, limiter=None, retry=None)
            async with client as ngrok:
                statuses: list[int | None] = []
                for seconds in (0, 59, 1):
                    time.tick(seconds)
                    await asyncio.gather(ngrok.tunnels.list(), return_exceptions=True)
                    statuses.append(fake.requests[-1].status)

    assert [200, 429, 200] == statuses


async def test_pauses_end_when_the_clock_is_turned() -> None:
    """With one clock for both, a retry waits on it."""
    with frozen():
        clock = TurnableClock()
        async with FakeNgrok(clock=clock) as fake:
            fake.fail(503, headers={"Retry-After": "30"}, times=1)
            async with Client(fake.api_key, base_url=fake.url, clock=clock) as ngrok:
                call = asyncio.create_task(ngrok.tunnels.list().collect())
                pause = await clock.wait_for_timer()
                clock.advance(pause)

                assert [] == await call
                assert pause >= 30


async def test_nothing_waits_for_decades_when_the_time_is_let_go() -> None:
    """The end of a freeze turns Python's time back, and a clock does not go back with it."""
    clock = TurnableClock()
    seen = [clock.time()]
    with frozen():
        async with FakeNgrok(clock=clock):
            seen.append(clock.time())
    seen.append(clock.time())
    async with FakeNgrok(clock=clock) as fake:
        fake.clock.advance(1)
        seen.append(clock.time())

    assert sorted(seen) == seen
    assert abs(datetime.now(UTC) + timedelta(seconds=1) - clock.now()) < timedelta(minutes=1)


EVERY = """
import asyncio, json, sys
from datetime import UTC, datetime
from freezegun import freeze_time

order, late = sys.argv[1], sys.argv[2] == "late"
if not late:
    from ngrok_async import Client
    from ngrok_async.testing import FakeNgrok

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

async def every():
    import datetime as d
    from ngrok_async import Client
    from ngrok_async.testing import FakeNgrok

    async with FakeNgrok(agents=2) as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        given = {
            "/ssh_user_certificates": {"public_key": KEY},
            "/ssh_host_certificates": {"public_key": KEY},
            "/agent_ingresses": {"domain": "a.example"},
        }
        for path in ("/ip_policies", "/reserved_domains", "/app/users", "/vaults", "/api_keys",
                     "/tls_certificates", "/certificate_authorities", "/kubernetes_operators",
                     *given):
            fake.add(path, **given.get(path, {}))
        seen = 0
        for name in ("ip_policies", "reserved_domains", "application_users", "vaults", "api_keys",
                     "tls_certificates", "certificate_authorities", "kubernetes_operators",
                     "ssh_user_certificates", "ssh_host_certificates", "agent_ingresses",
                     "tunnels", "tunnel_sessions", "endpoints"):
            seen += len(await getattr(ngrok, name).list().collect()) > 0
        until = d.datetime.now(UTC) + d.timedelta(days=1)
        certificate = await ngrok.ssh_user_certificates.create(
            ssh_certificate_authority_id=fake.add("/ssh_certificate_authorities"),
            public_key=KEY,
            valid_until=until,
        )
        assert abs(certificate.valid_until - until) < d.timedelta(seconds=1)
        assert await ngrok.endpoints.list(filter='obj.created_at < timestamp(time.now)').collect()
        return seen

freezer, seen = freeze_time("2020-02-29"), []
for place in order:
    if place == "i":
        with freezer:
            seen.append(asyncio.run(every()))
    else:
        seen.append(asyncio.run(every()))
print(json.dumps(seen))
"""


@pytest.mark.parametrize("order", ["i", "oi", "io"])
@pytest.mark.parametrize("imported", ["early", "late"])
def test_all_times_are_read_and_sent(order: str, imported: str) -> None:
    """Types that were looked up before, in and after a freeze work before, in and after it.

    freezegun replaces `datetime` in all modules, and we compare types.
    """
    program = [sys.executable, "-c", EVERY, order, imported]
    done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)

    assert "" == done.stderr[-2000:]
    assert [14] * len(order) == json.loads(done.stdout)


async def test_what_is_read_later_is_as_ever() -> None:
    """A decoder that was made in a freeze goes on without what freezegun put there."""
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        with frozen():
            await ngrok.abuse_reports.create(urls=["https://a.example"])
        report = await ngrok.abuse_reports.create(urls=["https://a.example"])

    assert datetime is type(report.created_at)
