"""An environment without an account, and a fake to call."""

from collections.abc import AsyncIterator

import pytest

from ngrok_async.testing import FakeNgrok, TurnableClock


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what the client reads out of the environment."""
    names = ("NGROK_API_KEY", "NGROK_API_URL", "NGROK_ALLOW_INSECURE", "NGROK_AUTHTOKEN")
    for name in names:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake without a limit."""
    async with FakeNgrok(limit=None, clock=TurnableClock(running=False)) as fake:
        yield fake
