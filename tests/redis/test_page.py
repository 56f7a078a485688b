"""The code on the page about Redis, run from top to bottom with a Redis, and with none."""

import textwrap
from pathlib import Path
from typing import Any

import pytest

from ngrok_async.redis import RedisRateLimit
from ngrok_async.testing import FakeNgrok
from tests.redis.servers import RedisServer, free_port
from tools.pages.start_here import blocks

PAGE = (Path(__file__).parents[2] / "docs" / "redis.md").read_text("utf-8")


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "alone"])
async def test_page(
    server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    shared: bool,
) -> None:
    """Its pieces work one after the other, and the metrics tell whether the limit is shared."""
    pieces = "".join(block.text for block in blocks(PAGE) if block.language == "python")
    scope: dict[str, Any] = {}
    exec(f"async def page():\n{textwrap.indent(pieces, '    ')}", scope)  # noqa: S102 # the page is ours
    server.ask("FLUSHALL")
    if shared:  # also where a machine is busy with something else
        monkeypatch.setitem(RedisRateLimit.__init__.__kwdefaults__, "command_timeout", 5.0)
    url = server.url if shared else f"redis://127.0.0.1:{free_port()}"
    async with FakeNgrok(agents=1) as fake:
        monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
        monkeypatch.setenv("NGROK_API_URL", fake.url)
        monkeypatch.setenv("REDIS_URL", url)
        await scope["page"]()

    shown = capsys.readouterr().out
    assert f"ngrok_limit_shared {shared:d}\n" in shown
    assert "ngrok_limit_limit " in shown
