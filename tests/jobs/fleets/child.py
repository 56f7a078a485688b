"""A process that runs a rollout, to be killed: its time goes faster than that of others.

    python child.py URL KEY JOURNAL restart|update|stop SPEED

It begins a rollout, or resumes the one in the journal, and prints its report as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ngrok_async import Client, RateLimit, Timeout
from ngrok_async.jobs import Rollout


class FastClock:
    """The clock of the running loop, faster."""

    def __init__(self, speed: float) -> None:
        """Go so many times as fast."""
        self._speed = speed

    def time(self) -> float:
        """Return the fast time."""
        return time.monotonic() * self._speed

    def call_at(self, when: float, callback: Callable[[], object], /) -> asyncio.TimerHandle:
        """Call back at a fast time."""
        delay = max(0.0, when - self.time()) / self._speed
        return asyncio.get_running_loop().call_later(delay, callback)


def is_begun(journal: Path) -> bool:
    """Tell whether there is something to resume; what was killed before that leaves nothing."""
    if journal.exists() and b"\n" in journal.read_bytes():
        return True
    journal.unlink(missing_ok=True)
    return False


async def main(url: str, key: str, path: str, verb: str, speed: str) -> None:
    """Run until the end, or until somebody kills it."""
    journal, clock = Path(path), FastClock(float(speed))
    begin = {"restart": Rollout.restart, "update": Rollout.update, "stop": Rollout.stop}[verb]
    client = Client(
        key,
        base_url=url,
        clock=clock,
        limiter=RateLimit(clock=clock),
        timeout=Timeout(total=None, attempt=600),
    )
    async with client as ngrok:
        if is_begun(journal):
            rollout = Rollout.resume(ngrok, journal)
        else:
            rollout = begin(ngrok, None, max_failures=99, journal=journal)
        report = await rollout.run()
    print(json.dumps(report.to_dict()))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
