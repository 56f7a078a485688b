"""The lines to copy in the docstring of each job do what they say."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from ngrok_async import Client, jobs
from ngrok_async.testing import FakeNgrok
from tests.jobs.conftest import turned

JOBS: Final = [
    name for name in jobs.__all__ if inspect.isfunction(getattr(jobs, name)) or name == "Rollout"
]
PRINTED: Final = {
    "Rollout": "wave 1: ts_",
    "ensure": "created ep_",
    "plan_ip_rules": "+ allow 203.0.113.0/24\n",
    "release": "stopped: ts_",
    "temporary": "ipr_",
    "wait_for": "",
    "watch": "Added(item=TunnelSession(id='ts_",
}


def lines_of(job: Callable[..., object]) -> str:
    """Return the first indented block of a docstring."""
    parts = (inspect.getdoc(job) or "").split("\n\n")
    return textwrap.dedent(next(part for part in parts if part.startswith("    ")))


@pytest.mark.parametrize("name", JOBS)
async def test_the_lines_of_a_job(
    ngrok: Client, fake: FakeNgrok, capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    """They run as they stand, in a coroutine that has a client, a policy and a URL."""
    lines = lines_of(getattr(jobs, name))
    url = "https://shop.example.com"
    fake.add_tunnel(fake.add_agent(os="linux", tunnels=0), public_url=url)
    names: dict[str, Any] = {
        **{name: getattr(jobs, name) for name in JOBS},
        "ngrok": ngrok,
        "old": "ts_1",
        "path": tmp_path / "rollout.jsonl",
        "policy": await ngrok.ip_policies.create(),
        "text": "{}",
        "url": url if name != "ensure" else "https://other.example.com",
    }

    code = compile(lines, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    made = eval(code, names)  # noqa: S307 # lines of our own
    assert made is not None, "the lines await nothing"
    await turned(ngrok, fake, made)

    assert capsys.readouterr().out.startswith(PRINTED[name])


def test_the_lines_are_few() -> None:
    """Whoever hovers over the name sees all of them."""
    assert [] == [name for name in JOBS if lines_of(getattr(jobs, name)).count("\n") > 4]
