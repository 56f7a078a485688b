"""The FastAPI service: its answers one by one, and two workers of uvicorn under load."""

import asyncio
import gc
import os
import re
import shutil
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from examples.fastapi_service import app, lifespan, ngrok_client
from ngrok_async import Client, ClientClosedError, RateLimit
from ngrok_async.testing import FakeNgrok

EXAMPLES = Path(__file__).parent.parent


@pytest.fixture
async def fake() -> AsyncGenerator[FakeNgrok]:
    """Serve a fake ngrok with three agents."""
    async with FakeNgrok(agents=3) as running:
        yield running


@asynccontextmanager
async def visitor(ngrok: Client) -> AsyncGenerator[httpx.AsyncClient]:
    """Give the service a client of the test's, and return a way to call the service."""
    app.dependency_overrides[ngrok_client] = lambda: ngrok
    transport = httpx.ASGITransport(app)
    try:
        async with ngrok, httpx.AsyncClient(transport=transport, base_url="http://test") as web:
            yield web
    finally:
        app.dependency_overrides.clear()


@pytest.fixture
async def web(fake: FakeNgrok) -> AsyncGenerator[httpx.AsyncClient]:
    """Call the service, which has a client of the fake that repeats nothing."""
    async with visitor(Client(fake.api_key, base_url=fake.url, retry=None)) as calls:
        yield calls


async def test_pages_lead_to_one_another(fake: FakeNgrok, web: httpx.AsyncClient) -> None:
    """Each page is one request; the last one leads nowhere."""
    newest, middle, oldest = (agent.id for agent in reversed(fake.agents))
    first = (await web.get("/agents", params={"limit": 2})).json()
    last = (await web.get("/agents", params={"limit": 2, "after": first["next"]})).json()

    assert [newest, middle] == [agent["id"] for agent in first["agents"]]
    assert [oldest] == [agent["id"] for agent in last["agents"]]
    assert last["next"] is None
    assert 2 == len(fake.requests)


async def test_agent_shows_what_the_service_names(fake: FakeNgrok, web: httpx.AsyncClient) -> None:
    """Fields that the service does not declare, such as the credential, stay inside."""
    answer = await web.get(f"/agents/{fake.agents[0].id}")

    assert 200 == answer.status_code
    assert {"id", "agent_version", "ip", "metadata", "os", "region", "started_at"} == set(
        answer.json()
    )


async def test_restart(fake: FakeNgrok, web: httpx.AsyncClient) -> None:
    """The agent comes back under another id, and the old one is not found."""
    before = fake.agents[0].id
    answer = await web.post(f"/agents/{before}/restart")
    again = await web.post(f"/agents/{before}/restart")

    assert (204, b"") == (answer.status_code, answer.content)
    assert before != fake.agents[0].id
    assert 404 == again.status_code
    assert again.json()["detail"].startswith("There is no such agent;")
    assert re.fullmatch(r"op_\w+", again.json()["operation_id"])


@pytest.mark.parametrize(
    "path",
    ["/agents/ak_1", "/agents/ts_1%20", "/agents?limit=101", "/agents?limit=0", "/agents?after="],
    ids=["other kind of id", "odd character", "limit too high", "limit too low", "empty cursor"],
)
async def test_bad_arguments_are_the_visitors(
    fake: FakeNgrok, web: httpx.AsyncClient, path: str
) -> None:
    """They are answered with 422 and cost no request."""
    assert 422 == (await web.get(path)).status_code
    assert [] == fake.requests


async def test_health_spends_no_budget(fake: FakeNgrok, web: httpx.AsyncClient) -> None:
    """It tells what is used, and asking adds nothing to that."""
    await web.get("/agents")
    answers = [(await web.get("/health")).json() for _ in range(3)]

    assert [(os.getpid(), 1, 120)] * 3 == [(a["worker"], a["used"], a["limit"]) for a in answers]
    assert 1 == len(fake.requests)


async def test_impatience_is_a_503(fake: FakeNgrok) -> None:
    """Who would wait too long is told when to come back, and nothing is sent."""
    limiter = RateLimit(1, 60)
    async with visitor(Client(fake.api_key, base_url=fake.url, limiter=limiter, max_wait=1)) as web:
        assert 200 == (await web.get("/agents")).status_code
        refused = await web.get("/agents")

    assert 503 == refused.status_code
    assert 50 < int(refused.headers["retry-after"]) <= 60
    assert f"try again in {refused.headers['retry-after']} s" in refused.json()["detail"]
    assert refused.json()["operation_id"] is None
    assert 1 == len(fake.requests)


async def test_refusal_by_ngrok_is_a_503(fake: FakeNgrok, web: httpx.AsyncClient) -> None:
    """Its Retry-After is passed on."""
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "7"})
    answer = await web.get("/agents")

    assert (503, "7") == (answer.status_code, answer.headers["retry-after"])


async def test_other_failures_are_a_502(
    fake: FakeNgrok, web: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Visitors get our words and the operation id, the log gets ngrok's; nobody gets the key."""
    fake.fail(401, code="ERR_NGROK_206", message=f"Your credential: {fake.api_key}")
    answer = await web.get("/agents")
    content = answer.json()

    assert (502, "ngrok could not do this.") == (answer.status_code, content["detail"])
    assert re.fullmatch(r"op_\w+", content["operation_id"])
    assert content["operation_id"] in caplog.text
    assert "ERR_NGROK_206" in caplog.text
    assert fake.api_key not in answer.text + caplog.text


async def test_unclear_outcome_is_told(fake: FakeNgrok, web: httpx.AsyncClient) -> None:
    """A restart whose answer was lost is not to be repeated blindly."""
    fake.fail(drop=True, applied=True, route="POST")
    answer = await web.post(f"/agents/{fake.agents[0].id}/restart")

    assert 502 == answer.status_code
    assert "It may have happened all the same" in answer.json()["detail"]


def test_problems_are_documented() -> None:
    """The OpenAPI document names them for each route that can meet them."""
    paths = app.openapi()["paths"]

    for path, verb in (("/agents", "get"), ("/agents/{agent_id}/restart", "post")):
        assert {"404", "502", "503"} <= set(paths[path][verb]["responses"])


# --- with uvicorn and Redis, in processes of their own -------------------------------------------


@asynccontextmanager
async def process(
    *command: str, ready: str, times: int = 1, **environment: str
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, str]]:
    """Start a program, wait until it has said a few times that it is ready; kill what is left."""
    program = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # so that its workers end with it, whatever happens
    )
    try:
        assert program.stdout is not None
        said = ""
        async with asyncio.timeout(60):
            while said.count(ready) < times:
                line = (await program.stdout.readline()).decode()
                assert line, said
                said += line
        yield program, said
    finally:
        if program.returncode is None:
            os.killpg(program.pid, signal.SIGKILL)
        await program.communicate()


@pytest.fixture
async def redis_url(tmp_path: Path) -> AsyncGenerator[str]:
    """Start a Redis that keeps nothing; without redis-server, skip, but not in CI."""
    program = shutil.which("redis-server")
    if program is None:
        missing = "redis-server was not found (Debian and Ubuntu: apt-get install redis-server)"
        pytest.fail(missing) if "CI" in os.environ else pytest.skip(missing)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    options = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    async with process(program, *options, ready="Ready to accept connections"):
        yield f"redis://127.0.0.1:{port}"


async def test_two_workers_share_the_budget(redis_url: str) -> None:
    """Twice the limit at once on two workers: all is answered, ngrok refuses nothing.

    Each worker alone gets no more than the limit: if they did not share it, half would be refused.
    """
    limit, window, connections, calls = 40, 2.0, 4, 10
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(FakeNgrok(agents=1, limit=limit, window=window))
        server, said = await stack.enter_async_context(
            process(
                *(sys.executable, "-W", "always::ResourceWarning", "-m", "uvicorn"),
                *("--app-dir", str(EXAMPLES), "--workers", "2", "--port", "0"),
                *("--timeout-keep-alive", "60", "fastapi_service:app"),
                ready="Application startup complete",
                times=2,
                PYTHONUNBUFFERED="1",
                NGROK_API_KEY=fake.api_key,
                NGROK_API_URL=fake.url,
                NGROK_REQUESTS=str(limit),
                NGROK_WINDOW=str(window),
                REDIS_URL=redis_url,
            )
        )
        found = re.search(r"running on (http://\S+)", said)
        assert found

        # A connection stays with the worker that took it: collect some of each.
        workers: dict[int, list[httpx.AsyncClient]] = {}
        async with asyncio.timeout(60):
            while len(workers) < 2 or min(map(len, workers.values())) < connections:
                web = httpx.AsyncClient(base_url=found[1], timeout=60, trust_env=False)
                await stack.enter_async_context(web)
                worker = (await web.get("/health")).json()["worker"]
                workers.setdefault(worker, []).append(web)
        assert 0 == len(fake.requests)

        async def call(web: httpx.AsyncClient) -> list[int]:
            return [(await web.get("/agents")).status_code for _ in range(calls)]

        chosen = [web for webs in workers.values() for web in webs[:connections]]
        statuses = [status for each in await asyncio.gather(*map(call, chosen)) for status in each]

        assert {200: 2 * limit} == Counter(statuses)
        assert 2 * limit == len(fake.requests)
        assert 0 == fake.rejections

        server.terminate()
        async with asyncio.timeout(30):
            rest, _ = await server.communicate()
        assert 0 == server.returncode
        assert 2 == rest.decode().count("Application shutdown complete")
        for trouble in ("Unclosed", "unclosed Connection", "Traceback", "destroyed", "ERROR"):
            assert trouble not in rest.decode()


async def test_closes_what_it_opened(
    fake: FakeNgrok, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client is closed, and no connection to Redis is left for the garbage collector."""
    monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
    monkeypatch.setenv("NGROK_API_URL", fake.url)
    monkeypatch.setenv("REDIS_URL", redis_url)
    async with lifespan(app) as state:
        await state["ngrok"].tunnel_sessions.list()
    with pytest.raises(ClientClosedError):
        await state["ngrok"].tunnel_sessions.list()
    del state
    gc.collect()  # a warning of it is an error


async def test_starts_without_a_key_and_without_redis() -> None:
    """One worker brings a fake ngrok along, and does without Redis if need be."""
    options = ["--app-dir", str(EXAMPLES), "--port", "0", "fastapi_service:app"]
    async with process(
        *(sys.executable, "-m", "uvicorn", *options),
        ready="running on",
        NGROK_API_KEY="",
        REDIS_URL="redis://127.0.0.1:9",
    ) as (_, said):
        url = said.split("running on ")[1].split()[0]
        async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as web:
            agents = (await web.get("/agents")).json()["agents"]

    assert 5 == len(agents)
