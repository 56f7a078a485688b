"""The aiohttp service, driven as its users do: as a process, over HTTP and in a browser."""

import asyncio
import contextlib
import importlib.resources
import json
import math
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict

import attrs
import fleet  # the service is a program: its modules stand beside it
import pretend
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from rollouts import Plan, Progress, told_of

from examples.aiohttp_service import agents_page
from examples.aiohttp_service.agents_page import Row, Settings, explain, make_app
from ngrok_async import ClientClosedError, NgrokError, RequestTimeoutError
from ngrok_async.jobs import Step
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok

PROGRAM = Path(agents_page.__file__)
slow_restarts = pytest.mark.parametrize("fake", [600], ids=["slow restarts"], indirect=True)
KEY = "2keyThatNobodyMaySee00000000_000000000000000000"
COMMAND = "POST /tunnel_sessions/{id}/*"
Scheme: TypeAlias = Literal["light", "dark"]
EVERY: tuple[tuple[Scheme, int], ...] = (
    ("light", 390),
    ("light", 1280),
    ("dark", 390),
    ("dark", 1280),
)
SOME = EVERY[1:3]  # each once
NO_CHROMIUM = "chromium was not found: install it (Debian and Ubuntu: apt-get install chromium)"

Http: TypeAlias = TestClient[web.Request, web.Application]
Serve: TypeAlias = Callable[..., Awaitable[Http]]
Posted: TypeAlias = asyncio.Task[tuple[int, str]]


class Look(TypedDict):
    """How good what the page gets is."""

    known: bool
    tunnels: bool
    trouble: str | None


class Seen(TypedDict):
    """What the page gets."""

    agents: list[Row]
    look: Look
    rollout: Progress | None


# --- the process -----------------------------------------------------------------------------


@attrs.frozen
class Service:
    """The program as a process, and a browser's way to it."""

    process: asyncio.subprocess.Process
    http: ClientSession
    headers: dict[str, str]

    async def post(self, path: str) -> tuple[int, str]:
        """Send a command as the page does."""
        async with self.http.post(path, headers=self.headers) as answer:
            return answer.status, await answer.text()

    async def wait_for_budget(self, name: str, wanted: Callable[[float], bool]) -> None:
        """Ask the health route until it tells this."""
        async with asyncio.timeout(30):
            while True:
                async with self.http.get("/health") as answer:
                    if wanted((await answer.json())["budget"][name]):
                        return
                await asyncio.sleep(0.01)

    async def end(self) -> tuple[str, str]:
        """Send SIGTERM; returns what is left on standard output, and standard error."""
        self.process.send_signal(signal.SIGTERM)
        # The promise is two seconds; the rest is for a busy machine. What the tests let it wait
        # for takes a minute.
        output, errors = await asyncio.wait_for(self.process.communicate(), 10)
        return output.decode(), errors.decode()


@asynccontextmanager
async def service(fake: FakeNgrok | None, *arguments: str) -> AsyncGenerator[Service]:
    """Run the program on any free port."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("NGROK_")}
    if fake is not None:
        env |= {"NGROK_API_KEY": fake.api_key, "NGROK_API_URL": fake.url}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", str(PROGRAM), "--port", "0", *arguments),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        url = None
        while url is None:
            line = (await process.stdout.readline()).decode()
            assert line, "the program has ended"
            assert (fake is None) or "fake" not in line
            url = re.search(r"http://\S+", line)
        async with ClientSession(url[0]) as http:
            yield Service(process, http, {"Origin": url[0]})
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_runs_without_an_account() -> None:
    """Without a key it says that it talks to a fake, which has agents."""
    async with service(None) as running:
        async with running.http.get("/agents") as answer:
            seen: Seen = await answer.json()
        output, errors = await running.end()

    assert 4 == len(seen["agents"])
    assert (0, "") == (running.process.returncode, errors)
    assert "fake" not in output  # it was said before the address


@asynccontextmanager
async def paused_service() -> AsyncGenerator[tuple[FakeNgrok, Service, list[Posted]]]:
    """Run a service that ngrok told to pause for a minute; two calls wait, one more pauses."""
    async with FakeNgrok(api_key=KEY, agents=1) as fake:
        fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "60"})
        async with service(fake, "--patience", "100") as running:
            path = f"/agents/{fake.agents[0].id}/update"
            calls = [asyncio.create_task(running.post(path))]
            await running.wait_for_budget("paused", lambda seconds: seconds > 0)
            calls += [asyncio.create_task(running.post(path)) for _ in range(2)]
            await running.wait_for_budget("waiting", lambda count: count == 2)
            yield fake, running, calls


async def test_ends_while_calls_wait() -> None:
    """SIGTERM answers the calls that wait for the rate limit, and ends the process with 0."""
    async with paused_service() as (fake, running, calls):
        output, errors = await running.end()
        answers = await asyncio.gather(*calls)

    assert 0 == running.process.returncode
    assert [503] * 3 == [status for status, _ in answers]
    assert all("is being stopped" in text for _, text in answers)
    assert 1 == len(fake.requests)
    assert "Unclosed" not in errors
    assert "Traceback" not in errors
    assert KEY not in output + errors


async def test_a_browser_that_leaves_gives_up_its_place_in_the_queue() -> None:
    """A closed tab waits for the rate limit no longer, and its command is not sent."""
    async with paused_service() as (fake, running, calls):
        calls[-1].cancel()
        await running.wait_for_budget("waiting", lambda count: count == 1)
        await running.end()
        await asyncio.gather(*calls, return_exceptions=True)

    assert 1 == len(fake.requests)


async def test_a_browser_that_leaves_gives_up_its_connection() -> None:
    """Nor does a closed tab hold one of the requests at a time."""
    async with FakeNgrok(agents=1) as fake:
        fake.fail(stall=True)
        async with service(fake) as running:
            call = asyncio.create_task(running.post(f"/agents/{fake.agents[0].id}/update"))
            await running.wait_for_budget("in_flight", lambda count: count == 1)
            call.cancel()
            await running.wait_for_budget("in_flight", lambda count: count == 0)
            _, errors = await running.end()

    assert (0, "") == (running.process.returncode, errors)


async def test_the_key_is_nowhere() -> None:
    """Neither pages nor answers nor logs hold the key, not even when ngrok's answer does."""
    async with FakeNgrok(api_key=KEY, agents=1) as fake:
        fake.fail(400, code="ERR_NGROK_804", message=f"Not with {KEY}.", route=COMMAND)
        async with service(fake) as running:
            texts: list[str] = []
            for path in ("/", "/page/page.js", "/agents", "/health"):
                async with running.http.get(path) as answer:
                    assert 200 == answer.status
                    texts.append(await answer.text())
            status, text = await running.post(f"/agents/{fake.agents[0].id}/restart")
            texts += [text, *await running.end()]

    assert 502 == status
    assert "ERR_NGROK_804" in text
    assert not [text for text in texts if KEY in text]


async def test_ends_while_pages_are_open() -> None:
    """SIGTERM ends the streams of news, with the watches behind them."""
    async with (
        FakeNgrok(agents=1) as fake,
        service(fake) as running,
        running.http.get("/events") as stream,
    ):
        first = await stream.content.readline()
        output, errors = await running.end()

    assert b'"full": true' in first
    assert (0, "") == (running.process.returncode, errors), output


# --- the routes ------------------------------------------------------------------------------


@pytest.fixture
async def fake(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FakeNgrok]:
    """The account whose key is in the environment."""
    restart_delay: float = getattr(request, "param", 0.0)
    async with FakeNgrok(api_key=KEY, restart_delay=restart_delay, limit=None) as fake:
        monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
        monkeypatch.setenv("NGROK_API_URL", fake.url)
        yield fake


@pytest.fixture
async def serve(fake: FakeNgrok, tmp_path: Path) -> AsyncIterator[Serve]:
    """Start the service inside this process; by default it looks without a pause."""
    async with AsyncExitStack() as stack:

        async def start(*, limit: int = 60_000, patience: float = 3.0) -> Http:
            settings = Settings(
                limit=limit,
                patience=patience,
                clock=fake.clock,
                journal=tmp_path / "rollout.jsonl",
            )
            app = make_app(settings)
            return await stack.enter_async_context(TestClient(TestServer(app)))

        yield start


async def see(http: Http, wanted: Callable[[Seen], bool] = bool) -> Seen:
    """Return what the page shows as soon as it is this; follows the news as the page does."""
    rows: dict[str, Row] = {}
    rollout: Progress | None = None
    async with asyncio.timeout(30), http.get("/events") as stream:
        assert 200 == stream.status
        async for line in stream.content:
            if not line.startswith(b"data: "):
                continue
            message = json.loads(line.removeprefix(b"data: "))
            rows |= {row["key"]: row for row in message["agents"]}
            for key in message["gone"]:
                del rows[key]
            rollout = message.get("rollout", rollout)
            seen = Seen(agents=list(rows.values()), look=message["look"], rollout=rollout)
            if (seen["look"]["known"] or seen["look"]["trouble"]) and wanted(seen):
                return seen
    raise AssertionError("the stream has ended")


def states(seen: Seen) -> dict[str, str]:
    """Return what the agents do, by the ids of their sessions."""
    return {row["id"]: row["state"] for row in seen["agents"]}


def origin(http: Http) -> dict[str, str]:
    """Return the header that shows that a request comes from the page."""
    return {"Origin": str(http.make_url("/")).removesuffix("/")}


async def send(http: Http, id_: str, command: str) -> tuple[int, str, str | None]:
    """Send a command as the page does; returns status, message and `Retry-After`."""
    async with http.post(f"/agents/{id_}/{command}", headers=origin(http)) as answer:
        return answer.status, (await answer.json())["message"], answer.headers.get("Retry-After")


async def test_all_viewers_share_one_look(fake: FakeNgrok, serve: Serve) -> None:
    """However many look at the same time or soon after, ngrok is asked once for each list."""
    fake.add_agents(2)
    http = await serve(limit=2)

    def knows_both(seen: Seen) -> bool:
        return seen["look"]["known"] and seen["look"]["tunnels"]

    seen = await asyncio.gather(*(see(http, knows_both) for _ in range(20)))

    assert ["/tunnel_sessions", "/tunnels"] == sorted(request.path for request in fake.requests)
    assert {agent.id for agent in fake.agents} == {row["id"] for row in seen[0]["agents"]}
    assert all(seen[0]["agents"] == one["agents"] for one in seen)


async def test_nothing_is_asked_while_nobody_looks(fake: FakeNgrok, serve: Serve) -> None:
    """The watches rest with the last viewer, and go on with the next."""
    fake.add_agents(1)
    http = await serve()
    await see(http)
    watches = (task for task in asyncio.all_tasks() if "Fleet._follow" in repr(task))
    await asyncio.gather(*watches, return_exceptions=True)  # they end when it is noticed
    asked = len(fake.requests)
    await asyncio.sleep(0.1)

    assert asked == len(fake.requests)

    late = fake.add_agents(1)[0]
    await see(http, lambda seen: late.id in states(seen))


async def test_programs_get_all_at_once(fake: FakeNgrok, serve: Serve) -> None:
    """`/agents` is what the page shows, as one answer."""
    [agent] = fake.add_agents(1)
    http = await serve()
    async with http.get("/agents") as answer:
        seen: Seen = await answer.json()

    assert {agent.id: "connected"} == states(seen)
    assert seen["look"]["known"]


async def test_trouble_is_told_and_goes(fake: FakeNgrok, serve: Serve) -> None:
    """What is known stays while ngrok fails, and it is said that it fails."""
    [agent] = fake.add_agents(1)
    http = await serve()
    await see(http)
    fake.fail(500, times=None)
    troubled = await see(http, lambda seen: bool(seen["look"]["trouble"]))
    fake.heal()
    async with http.post("/look", headers=origin(http)) as answer:
        assert 202 == answer.status
    await see(http, lambda seen: not seen["look"]["trouble"])

    assert {agent.id: "connected"} == states(troubled)


@slow_restarts
async def test_a_restart_is_followed(fake: FakeNgrok, serve: Serve) -> None:
    """The agent stays in view while it is away, and the new session tells the former id."""
    first, other = fake.add_agents(2)
    http = await serve()
    before = first.id
    await see(http)
    answer = await send(http, before, "restart")
    away = await see(http)
    fake.clock.advance(600)
    back = await see(http, lambda seen: first.id in states(seen))

    assert 202 == answer[0]
    assert {before: "restarting", other.id: "connected"} == states(away)
    assert first.id != before
    assert {first.id: "connected", other.id: "connected"} == states(back)
    assert {before, ""} == {row["was"] for row in back["agents"]}
    assert {row["key"] for row in away["agents"]} == {row["key"] for row in back["agents"]}


async def test_an_agent_that_connects_anew_by_itself_stays_the_same(
    fake: FakeNgrok, serve: Serve
) -> None:
    """Nobody told it to, and still it is one agent, in its place on the page."""
    [agent] = fake.add_agents(1, metadata="till 4")
    before = agent.id
    http = await serve()
    await see(http)
    fake.drop(agent)
    [row] = (await see(http, lambda seen: agent.id in states(seen)))["agents"]

    assert (before, before) == (row["key"], row["was"])


async def test_who_left_and_comes_again_is_the_same(fake: FakeNgrok, serve: Serve) -> None:
    """An agent with metadata of its own has one row, however long it was away."""
    named = fake.add_agent(metadata="till 4", os="linux")
    nameless = fake.add_agent(metadata="", os="linux")
    before = {named.id, nameless.id}
    http = await serve()
    await see(http)
    for agent in (named, nameless):
        fake.drop(agent, back_after=math.inf)
    await see(http, lambda seen: set(states(seen).values()) == {"left"})
    again = fake.add_agent(
        metadata="till 4", os="linux", credential=named.credential, agent_version="3.39.0"
    )
    other = fake.add_agent(metadata="", os="linux", credential=nameless.credential)
    seen = await see(http, lambda seen: {again.id, other.id} < set(states(seen)))

    assert before | {other.id} == {row["key"] for row in seen["agents"]}
    assert {again.id: "connected", other.id: "connected", nameless.id: "left"} == states(seen)


async def test_a_lost_answer_is_followed_too(fake: FakeNgrok, serve: Serve) -> None:
    """Where nobody knows whether a restart was done, the page says so, then shows that it was."""
    [agent] = fake.add_agents(1)
    before = agent.id
    http = await serve()
    await see(http)
    fake.fail(drop=True, applied=True, route=COMMAND)
    status, message, _ = await send(http, before, "restart")
    [row] = (await see(http, lambda seen: agent.id in states(seen)))["agents"]

    assert 502 == status
    assert "It is not known whether" in message
    assert before == row["was"]


async def test_a_stopped_agent_leaves(fake: FakeNgrok, serve: Serve) -> None:
    """It is shown as one that left for a while, and commands for it are told so."""
    stays, stops = fake.add_agents(2)
    id_ = stops.id
    http = await serve()
    await see(http)
    done = await send(http, id_, "stop")
    seen = await see(http, lambda seen: "left" in states(seen).values())
    again = await send(http, id_, "restart")

    assert 202 == done[0]
    assert {stays.id: "connected", id_: "left"} == states(seen)
    assert 404 == again[0]
    assert "The agent is gone" in again[1]


async def test_who_left_is_forgotten(fake: FakeNgrok, serve: Serve) -> None:
    """After a quarter of an hour it is not shown any more."""
    [agent] = fake.add_agents(1)
    http = await serve()
    await see(http)
    await send(http, agent.id, "stop")
    await see(http, lambda seen: "left" in states(seen).values())
    fake.clock.advance(900)
    await see(http, lambda seen: not seen["agents"])


@slow_restarts
async def test_an_agent_that_does_not_come_back_has_left(fake: FakeNgrok, serve: Serve) -> None:
    """After a minute nobody waits for it any more."""
    [agent] = fake.add_agents(1)
    http = await serve()
    await see(http)
    await send(http, agent.id, "restart")
    await see(http, lambda seen: "restarting" in states(seen).values())
    await asyncio.sleep(0.1)  # by now it is known to be away
    fake.clock.advance(60)
    [row] = (await see(http, lambda seen: "left" in states(seen).values()))["agents"]

    assert "not come back" in row["note"]


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ("Checkout, Lisbon", "Checkout, Lisbon"),
        ('{"name": "till 4", "site": "Lisbon"}', "till 4"),
        ('{"site": "Lisbon", "Hostname": " pos-4 "}', "pos-4"),
        ('{"device": {"id": 17}, "v": 2}', "17"),
        ('{"name": "", "host": "pos-4"}', "pos-4"),
        ('{"name": true, "v": [1]}', '{"name": true, "v": [1]}'),
        ('{"name": ', '{"name":'),
        ("[1, 2]", "[1, 2]"),
        ('{"a":' * 5000, '{"a":' * 5000),
        (" ", "192.0.2.1"),
    ],
)
def test_names_come_out_of_metadata(metadata: str, name: str) -> None:
    """JSON tells a name by the keys that people use for one; any other text is the name."""
    session = TunnelSession.from_dict(
        {
            "id": "ts_1",
            "credential": {"id": "cr_1", "uri": ""},
            "started_at": "2026-01-01T00:00:00Z",
            "metadata": metadata,
            "ip": "192.0.2.1",
        }
    )

    assert name == fleet.name_of(session)


async def test_a_long_wait_becomes_503(fake: FakeNgrok, serve: Serve) -> None:
    """A call that ngrok's limit holds back for longer than our patience says when to come again."""
    [agent] = fake.add_agents(1)
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "29.5"})
    http = await serve(patience=0.05)
    refused = await send(http, agent.id, "update")
    asked = len(fake.requests)
    status, message, retry_after = await send(http, agent.id, "update")

    assert (503, "30") == (refused[0], refused[2])
    assert 503 == status
    assert retry_after is not None
    assert re.fullmatch("[0-9]+", retry_after)
    assert 0 < int(retry_after) <= 30
    assert f"Try again in {retry_after} s" in message
    assert asked == len(fake.requests)


async def health(http: Http) -> dict[str, float]:
    """Return what the health route tells of the limit."""
    async with http.get("/health") as answer:
        assert 200 == answer.status
        budget: dict[str, float] = (await answer.json())["budget"]
        return budget


async def test_health_spends_nothing(fake: FakeNgrok, serve: Serve) -> None:
    """It tells the state of the rate limit without a request."""
    http = await serve()

    assert 0 == (await health(http))["waiting"]
    assert [] == fake.requests


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no origin"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({"Origin": "http://127.0.0.1:1"}, id="another port"),
        pytest.param({"Origin": "http://evil.example", "Host": "evil.example"}, id="another name"),
    ],
)
@pytest.mark.parametrize("path", ["/agents/{}/stop", "/look", "/rollout/plan", "/rollout/start"])
async def test_strangers_command_nothing(
    fake: FakeNgrok, serve: Serve, headers: dict[str, str], path: str
) -> None:
    """A POST that another site makes a browser send does not reach ngrok."""
    [agent] = fake.add_agents(1)
    http = await serve()
    async with http.post(path.format(agent.id), headers=headers) as answer:
        assert (421 if "Host" in headers else 403) == answer.status

    assert [] == fake.requests


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/page/page.js", 200),
        ("/agents", 200),
        ("/events", 200),
        ("/health", 200),
        ("/nothing", 404),
        ("/page/../agents_page.py", 404),
    ],
)
async def test_every_answer_is_protected(
    fake: FakeNgrok, serve: Serve, path: str, status: int
) -> None:
    """Pages, data and errors carry the policy; other names for this address get nothing."""
    fake.add_agents(1)
    http = await serve()
    async with http.get(path) as answer:
        assert status == answer.status
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "nosniff" == answer.headers["X-Content-Type-Options"]
    async with http.get(path, headers={"Host": "evil.example"}) as answer:
        assert 421 == answer.status


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 401}, "does not accept the API key"),
        ({"status": 403, "code": "ERR_NGROK_1700"}, r"ngrok refused: .* \(ERR_NGROK_1700\)"),
        ({"drop": True}, "cannot be reached"),
        ({"status": 200, "body": b"<h1>Hello</h1>"}, "does not understand"),
    ],
    ids=["key refused", "not allowed", "connection lost", "not ngrok"],
)
async def test_tells_what_is_wrong(
    fake: FakeNgrok, serve: Serve, fault: dict[str, object], words: str
) -> None:
    """Errors of ngrok are sentences on the page."""
    fake.fail(**fault, times=None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # one of several options
    http = await serve()
    seen = await see(http, lambda seen: bool(seen["look"]["trouble"]))

    assert re.search(words, seen["look"]["trouble"] or "")
    assert not seen["look"]["known"]


@pytest.mark.parametrize(
    ("error", "status"),
    [(RequestTimeoutError("late"), 504), (ClientClosedError("closed"), 503)],
    ids=["too late", "closed"],
)
def test_tells_what_takes_long_to_happen(error: NgrokError, status: int) -> None:
    """The same for errors that a test would have to wait for."""
    assert status == explain(error)[0]


# --- rollouts ------------------------------------------------------------------------------------


def order(**changes: object) -> dict[str, object]:
    """Return what the page sends, with something changed."""
    return {"kind": "restart", "versions": ["3.18.4"]} | changes


async def ask(http: Http, path: str, body: object = None) -> tuple[int, str]:
    """Send what the page sends about a rollout; returns status and text."""
    async with http.post(
        f"/rollout/{path}", headers=origin(http), json={} if body is None else body
    ) as answer:
        return answer.status, await answer.text()


async def planned(http: Http, **changes: object) -> Plan:
    """Return the plan of a rollout that restarts all agents of the oldest version."""
    status, text = await ask(http, "plan", order(**changes))

    assert 200 == status, text
    plan: Plan = json.loads(text)
    return plan


async def begun(http: Http, **changes: object) -> None:
    """Plan and begin."""
    status, text = await ask(http, "start", {"plan": (await planned(http, **changes))["plan"]})

    assert 202 == status, text


async def until(http: Http, fake: FakeNgrok, state: str) -> Progress:
    """Let time go by until the rollout is in a state."""

    def reached(seen: Seen) -> bool:
        fake.clock.advance(5)
        return seen["rollout"] is not None and seen["rollout"]["state"] == state

    rollout = (await see(http, reached))["rollout"]
    assert rollout is not None
    return rollout


def commands(fake: FakeNgrok) -> list[str]:
    """Return the paths of the commands that agents got."""
    return [request.path for request in fake.requests if request.method == "POST"]


async def test_a_plan_sends_nothing(fake: FakeNgrok, serve: Serve) -> None:
    """It tells who would get a command in which wave, who not and why, and what it costs."""
    for number in range(7):
        name = json.dumps({"name": f"till {number}"})
        fake.add_agent(metadata=name, agent_version="3.18.4", os="linux", region="eu")
    fake.add_agent(metadata="till 7", agent_version="3.18.4", os="linux", region="jp")
    fake.add_agent(metadata="till 8", agent_version="3.18.4", os="windows")
    fake.add_agent(metadata="till 9", agent_version="3.22.0")
    http = await serve()
    plan = await planned(http, kind="update", waves=[1, 5], metadata="till", to="3.39.0")
    here = await planned(http, region="jp")

    assert [1, 5, 2] == [len(wave) for wave in plan["waves"]]
    assert {f"till {number}" for number in range(8)} == {
        name for wave in plan["waves"] for name in wave
    }
    assert [["till 8"]] == [skipped["names"] for skipped in plan["skipped"]]
    assert "Windows" in plan["skipped"][0]["reason"]
    assert 0 < plan["requests"] < 60
    assert [["till 7"]] == here["waves"]
    assert [] == commands(fake)


async def test_a_rollout_comes_to_its_end(fake: FakeNgrok, serve: Serve, tmp_path: Path) -> None:
    """Those that were planned get their command once each, and keep their rows."""
    old = fake.add_agents(7, agent_version="3.18.4", os="linux")
    other = fake.add_agent(agent_version="3.22.0")
    before = {agent.id for agent in old}
    http = await serve()
    await see(http)
    await begun(http)
    end = await until(http, fake, "finished")
    seen = await see(http, lambda seen: {agent.id for agent in fake.agents} == set(states(seen)))

    assert 7 == end["counts"]["done"]
    assert [] == end["steps"]
    assert {f"/tunnel_sessions/{id_}/restart" for id_ in before} == set(commands(fake))
    assert 7 == len(commands(fake))
    assert before | {other.id} == {row["key"] for row in seen["agents"]}
    assert ["done"] * 7 == [row["phase"] for row in seen["agents"] if row["phase"]]
    assert not (tmp_path / "rollout.jsonl").exists()  # it has its time as its name

    assert 202 == (await ask(http, "dismiss"))[0]
    await see(http, lambda seen: seen["rollout"] is None)


async def test_a_rollout_stops_on_failures(fake: FakeNgrok, serve: Serve) -> None:
    """No further wave begins once too many have failed; it is told who, and why."""
    for number in range(6):
        fake.add_agent(metadata=f"till {number}", agent_version="3.18.4", os="linux")
    fake.fail(400, code="ERR_NGROK_808", message="It could not.", route=COMMAND)
    http = await serve()
    await begun(http, waves=[2])
    end = await until(http, fake, "stopped")

    assert {"done": 1, "failed": 1, "pending": 4} == {
        name: count for name, count in end["counts"].items() if count
    }
    assert "1 failed or unclear, more than the allowed 0" == end["message"]
    [failed] = end["steps"]
    assert failed["name"].startswith("till")
    assert "It could not." in failed["reason"]


def test_tells_what_to_do_where_it_is_unclear() -> None:
    """Nobody knows what became of it, so a person has to look; after a resume it has no name."""
    step = Step("ts_1", None, state="unclear", phase="away", reason="two sessions could be it.")
    told = told_of(step)

    assert ("ts_1", "unclear") == (told["name"], told["state"])
    assert told["reason"].startswith("two sessions could be it. It is not known what became of it")


async def test_there_is_one_rollout_at_a_time(fake: FakeNgrok, serve: Serve) -> None:
    """A second one is refused until the first is at its end or put away, paused or not."""
    fake.add_agents(3, agent_version="3.18.4", os="linux")
    http = await serve()
    first, second = await planned(http), await planned(http)

    assert 409 == (await ask(http, "start", {"plan": first["plan"]}))[0]  # it may have changed
    assert 202 == (await ask(http, "start", {"plan": second["plan"]}))[0]
    for path in ("plan", "start", "resume", "dismiss"):
        assert 409 == (await ask(http, path, order(kind="stop")))[0]

    assert 202 == (await ask(http, "pause"))[0]
    paused = await until(http, fake, "paused")
    for path in ("plan", "pause"):
        assert 409 == (await ask(http, path, order(kind="stop")))[0]

    assert 3 > paused["counts"]["done"]
    assert 202 == (await ask(http, "resume"))[0]
    assert 3 == (await until(http, fake, "finished"))["counts"]["done"]
    assert 3 == len(commands(fake))


@pytest.mark.parametrize("fake", [30], ids=["slow restarts"], indirect=True)
async def test_a_rollout_goes_on_after_the_service(fake: FakeNgrok, serve: Serve) -> None:
    """A new service tells that it was interrupted, goes on when told, and sends nothing twice."""
    old = fake.add_agents(3, agent_version="3.18.4", os="linux")
    first = await serve()
    await begun(first, waves=[2, 1])
    while len(commands(fake)) < 2:  # noqa: ASYNC110 # it has no event for that
        await asyncio.sleep(0.01)
    await first.close()
    again = await serve()
    told = (await see(again, lambda seen: seen["rollout"] is not None))["rollout"]
    asked = len(commands(fake))

    assert told is not None
    assert "interrupted" == told["state"]
    assert (2, 409) == (asked, (await ask(again, "pause"))[0])
    assert 202 == (await ask(again, "resume"))[0]
    end = await until(again, fake, "finished")
    assert 3 == end["counts"]["done"]
    assert 3 == len(commands(fake))
    assert all(agent.online for agent in old)


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        {},
        order(kind="delete"),
        order(versions=[]),
        order(versions="3.18.4"),
        order(versions=[3]),
        order(waves=[]),
        order(waves=[0]),
        order(waves=["5"]),
        order(max_failures=-1),
        order(max_failures="1"),
        order(region=None),
        order(everywhere=True),
    ],
    ids=str,
)
async def test_an_order_that_cannot_be_meant_is_refused(
    fake: FakeNgrok, serve: Serve, wanted: object
) -> None:
    """Before anything is asked, in words for the page."""
    http = await serve()
    status, text = await ask(http, "plan", wanted)

    assert 400 == status
    assert json.loads(text)["message"].startswith("This cannot be meant: ")
    assert [] == fake.requests


async def test_closes_its_session_once(
    fake: FakeNgrok, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client leaves the session open that it shares; the service closes it, once."""
    closed: list[ClientSession] = []
    close = ClientSession.close

    async def noted(session: ClientSession) -> None:
        closed.append(session)
        await close(session)

    monkeypatch.setattr(ClientSession, "close", noted)
    http = await serve()
    await see(http)
    app = http.app
    assert app is not None
    session, ngrok = app[agents_page.SESSION], app[agents_page.NGROK]
    await ngrok.aclose()

    assert not session.closed

    await http.close()

    assert 1 == closed.count(session)
    assert fake.requests[0].headers["user-agent"].startswith("agents-page/1")


# --- the page --------------------------------------------------------------------------------


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Run a headless Chromium."""
    path = shutil.which("chromium")
    if path is None and "CI" in os.environ:
        pytest.fail(NO_CHROMIUM)
    if path is None:
        pytest.skip(NO_CHROMIUM)
    expect.set_options(timeout=30_000)  # a busy machine is no bug
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def complaints() -> AsyncIterator[list[str]]:
    """What the browser complains about; there is to be nothing."""
    found: list[str] = []
    yield found

    assert [] == found


@pytest.fixture
async def opened(
    serve: Serve, browser: Browser, complaints: list[str]
) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """Open the page, and wait for the first look unless it is one that fails."""
    pages: list[Page] = []

    async def show(*, width: int = 1280, waits: bool = True) -> Page:
        http = await serve(limit=2400)  # ten looks a second
        page = await browser.new_page(
            viewport={"width": width, "height": 800}, color_scheme="light"
        )
        pages.append(page)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(str(http.make_url("/")))
        if waits:
            await expect(page.locator("#live")).to_contain_text("Live looked")
        return page

    yield show
    for page in pages:
        await page.close()  # first, or it would complain about a service that has ended


@pytest.fixture
async def page(fake: FakeNgrok, opened: Callable[..., Awaitable[Page]]) -> Page:
    """The page with three agents."""
    for name in ("Checkout, Lisbon", "Build server", "Warehouse scanner"):
        fake.add_agent(metadata=name, os="linux")
    page = await opened()
    await expect(rows(page)).to_have_count(3)
    return page


async def screenshot(page: Page, name: str, default: Path) -> None:
    """Keep a picture of the page in $SCREENSHOTS, or with the other files of the test."""
    directory = Path(os.environ.get("SCREENSHOTS") or default)
    await page.screenshot(path=directory / f"service-{name}.png")


def rows(page: Page) -> Locator:
    """Return the agents of the list."""
    return page.locator("#agents tr.agent")


def item(page: Page, name: str) -> Locator:
    """Return an agent's place in the list, with what is open of it."""
    opener = page.get_by_role("button", name=name, exact=True)
    return page.locator("#agents tbody").filter(has=opener)


async def unfold(page: Page, name: str) -> Locator:
    """Open an agent and return its place."""
    await page.get_by_role("button", name=name, exact=True).click()
    return item(page, name)


async def choose(page: Page, name: str, choice: str) -> None:
    """Choose from one of the lists above the table."""
    await page.get_by_role("search").get_by_role("combobox", name=name).select_option(choice)


def without_failures(complaints: list[str]) -> None:
    """Drop what the browser notes by itself when an answer says that something failed."""
    complaints[:] = [text for text in complaints if "502 (Bad Gateway)" not in text]


@pytest.mark.parametrize("way", ["click", "keyboard"])
async def test_restart_shows_the_new_session(
    page: Page, fake: FakeNgrok, way: str, tmp_path: Path
) -> None:
    """Press Restart: the same row shows another session id, says so, and keeps the focus."""
    agent, before = fake.agents[0], fake.agents[0].id
    restart = page.get_by_role("button", name="Restart Checkout, Lisbon")
    if way == "click":
        place = await unfold(page, "Checkout, Lisbon")
        await restart.click()
    else:
        place = item(page, "Checkout, Lisbon")
        await page.keyboard.press("/")
        while not await page.evaluate("document.activeElement.matches('.open')"):
            await page.keyboard.press("Tab")
        for key in ("ArrowDown", "Enter", "Tab", "Tab", "Enter"):
            await page.keyboard.press(key)
    note = place.get_by_role("status")
    await expect(note).to_contain_text("as a new session. Before")

    assert agent.id != before
    await expect(note).to_contain_text(before)
    await expect(place.locator("[data-field=id]")).to_have_text(agent.id)
    await expect(rows(page)).to_have_count(3)
    await expect(restart).to_be_focused()
    await screenshot(page, way, tmp_path)


async def test_stop_asks_first(page: Page, fake: FakeNgrok) -> None:
    """Stop opens a question: Escape sends nothing, a yes ends the agent, which is told."""
    place = await unfold(page, "Build server")
    stop = page.get_by_role("button", name="Stop Build server")
    question = page.get_by_role("dialog", name="Stop Build server?")
    await stop.click()
    await expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(question).to_be_hidden()
    await expect(stop).to_be_focused()

    assert fake.agents[1].online

    await stop.click()
    await question.get_by_role("button", name="Stop the agent").click()
    await expect(place.locator("td.state")).to_contain_text("Left")
    await expect(page.locator("#said")).to_contain_text("Build server has left.")
    await expect(page.locator("#count")).to_contain_text("2 agents")
    await expect(page.locator("#count")).to_contain_text("1 left lately")

    assert not fake.agents[1].online


async def test_update_tells_what_comes_next(page: Page) -> None:
    """The message stays, as nothing else is to be seen of an update."""
    place = await unfold(page, "Build server")
    await page.get_by_role("button", name="Update Build server").click()
    await expect(place.get_by_role("status")).to_contain_text("after its next restart")


async def test_what_agents_say_is_text(page: Page, fake: FakeNgrok) -> None:
    """Markup in what ngrok tells is shown as it is, and only web addresses are links."""
    evil = fake.add_agent(metadata='<img src=x onerror="alert(1)">', tunnels=0)
    fake.add(
        "/tunnels",
        public_url="javascript:alert(2)",
        forwards_to="<b>here</b>",
        tunnel_session={"id": evil.id, "uri": ""},
    )
    fake.add_tunnel(evil, labels={"app": "x"})
    place = await unfold(page, '<img src=x onerror="alert(1)">')
    await expect(place).to_contain_text("javascript:alert(2) to <b>here</b>")

    await expect(place).to_contain_text("By its labels")
    await expect(page.get_by_role("link")).to_have_count(0)
    await expect(page.locator("img, b")).to_have_count(0)
    await unfold(page, "Build server")
    await expect(page.get_by_role("link")).to_have_count(1)


@pytest.mark.parametrize("count", [0, 30, 300, 2000])
async def test_is_small_however_many_agents_there_are(
    fake: FakeNgrok, opened: Callable[..., Awaitable[Page]], count: int
) -> None:
    """A page of the list has a height and stops of the tab key that a person can bear."""
    pretend.connect_agents(fake, count)
    page = await opened()
    if not count:
        await expect(page.get_by_role("heading", name="No agent is connected")).to_be_visible()
        await expect(page.get_by_text("ngrok http 8080")).to_be_visible()
    await expect(rows(page)).to_have_count(min(count, 50))
    await expect(page.locator("#count")).to_contain_text(f"{count:,} agents")
    stops = "[...document.querySelectorAll('*')].filter((one) => one.tabIndex >= 0)"

    assert 25 > await page.evaluate(f"{stops}.filter((one) => one.checkVisibility()).length")
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})

        assert 4500 > await page.evaluate("document.documentElement.scrollHeight")
        assert width == await page.evaluate("document.documentElement.scrollWidth")


async def test_shows_what_is_looked_for(
    fake: FakeNgrok, opened: Callable[..., Awaitable[Page]]
) -> None:
    """Search, filters, groups, order and pages; the address keeps the choice."""
    pretend.connect_agents(fake, 120)
    page = await opened()
    count, search = page.locator("#count"), page.get_by_role("searchbox", name="Search")
    await search.fill("till-not-there")
    await expect(page.get_by_role("heading", name="No agent fits")).to_be_visible()
    await expect(page.locator("#empty")).to_contain_text("120 agents are hidden")
    await page.get_by_role("button", name="Show all").click()
    await expect(search).to_be_focused()
    await expect(rows(page)).to_have_count(50)
    await search.fill("checkout LISBON")  # words, wherever they stand
    await expect(count).to_contain_text("3 shown of 120 agents")
    await search.fill("")
    await choose(page, "Version", "behind")
    await choose(page, "Group by", "version")
    oldest = re.compile("^3.18.4 · .* 21 minor versions behind")
    await expect(page.locator(".group").first).to_have_text(oldest)
    await page.get_by_role("button", name="Version", exact=True).click()
    await page.get_by_role("button", name="Next page").click()
    await expect(page.locator("#pages")).to_contain_text("Page 2 of 2")
    shown = await page.locator(".open").all_inner_texts()
    await page.reload()
    await expect(page.locator("#pages")).to_contain_text("Page 2 of 2")

    assert shown == await page.locator(".open").all_inner_texts()

    await choose(page, "State", "bare")
    await choose(page, "Version", "")
    await expect(rows(page).first).to_contain_text("None")


async def test_tells_how_old_a_version_is(
    fake: FakeNgrok, opened: Callable[..., Awaitable[Page]]
) -> None:
    """Against the newest that was seen; nobody is behind a beta, nor behind what is no version."""
    fake.add_agent(agent_version="3.39.0")
    page = await opened()
    told: list[str] = await page.evaluate("""async () => {
        const { behind, newest } = await import("/page/versions.js");
        const seen = ["3.9.1", "3.39.2", "3.40.0-beta", "", "dev", "2.3.41"];
        const all = [...seen, "3.38.9", "3.39.1", "3.39.2-rc1", "3.39.0"];
        return [newest(seen), newest(["3.40.0-beta"]), newest([]), ...all.map((one) => behind(one, "3.39.2"))];
    }""")  # noqa: E501 # one value per line would be a page

    assert told[:3] == ["3.39.2", "3.40.0-beta", ""]
    assert told[3:] == [
        "30 minor versions behind",
        "",
        "",
        "",
        "",
        "1 major version behind",
        "1 minor version behind",
        "1 patch behind",
        "an early version",
        "2 patches behind",
    ]


async def test_the_keyboard_is_enough(
    fake: FakeNgrok, opened: Callable[..., Awaitable[Page]]
) -> None:
    """The list is one stop; arrows, Home, End and the page keys go through it, Escape closes."""
    for number in range(60):
        fake.add_agent(metadata=f"till {number:02}")
    page = await opened()
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    while not await page.evaluate("document.activeElement.matches('.open')"):
        await page.keyboard.press("Tab")
    for key, name in [
        ("ArrowDown", "till 01"),
        ("End", "till 49"),
        ("ArrowDown", "till 50"),  # on the next page
        ("ArrowUp", "till 49"),
        ("PageDown", "till 50"),
        ("PageUp", "till 00"),
        ("ArrowUp", "till 00"),
        ("Enter", "till 00"),
    ]:
        await page.keyboard.press(key)
        await expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Update till 00")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="till 00", exact=True)).to_be_focused()
    await expect(page.locator(".details")).to_have_count(0)


async def test_the_focus_outlasts_what_changes(page: Page, fake: FakeNgrok) -> None:
    """Agents that come move the row and not the focus; of one that goes the next row has it."""
    focused = page.get_by_role("button", name="Build server", exact=True)
    await focused.focus()
    fake.add_agent(metadata="A new one")
    await expect(rows(page)).to_have_count(4)
    await expect(focused).to_be_focused()
    await choose(page, "State", "connected")
    await focused.focus()
    fake.drop(fake.agents[1], back_after=math.inf)
    await expect(rows(page)).to_have_count(3)
    await expect(page.get_by_role("button", name="Checkout, Lisbon", exact=True)).to_be_focused()


async def test_is_accessible(page: Page, fake: FakeNgrok, complaints: list[str]) -> None:
    """Axe finds nothing in any state, light or dark, wide or narrow, and no text is cut off."""
    axe = importlib.resources.files("axe_playwright_python") / "axe.min.js"
    await page.evaluate(axe.read_text())

    async def check(combinations: Iterable[tuple[Scheme, int]] = EVERY) -> None:
        for scheme, width in combinations:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.set_viewport_size({"width": width, "height": 800})

            assert [] == await page.evaluate("axe.run().then(({violations}) => violations)")
            assert width == await page.evaluate("document.documentElement.scrollWidth")

    # A message of each colour, a name without a break, and one from right to left.
    fake.add_agent(metadata="w" * 300, os="linux")
    fake.add_agent(metadata="صندوق \u202e4", agent_version="3.18.4", os="linux")
    fake.fail(400, code="ERR_NGROK_804", message="This agent cannot.", route=COMMAND)
    await unfold(page, "Build server")
    await page.get_by_role("button", name="Update Build server").click()
    await expect(item(page, "Build server")).to_contain_text("ngrok refused: This agent cannot.")
    await unfold(page, "Warehouse scanner")
    await page.get_by_role("button", name="Restart Warehouse scanner").click()
    await expect(item(page, "Warehouse scanner")).to_contain_text("as a new session")
    await unfold(page, "w" * 300)
    await choose(page, "Group by", "version")
    await check()
    await page.get_by_role("button", name="Stop Build server").click()
    await check(SOME)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Roll out").click()
    await check(SOME)
    await page.get_by_role("button", name="All", exact=True).click()
    await page.get_by_role("button", name="Plan it").click()
    await expect(page.get_by_role("heading", name="Update 5 agents")).to_be_focused()
    await check(SOME)
    await page.keyboard.press("Escape")
    fake.fail(500, times=None)
    await expect(page.locator("#live")).to_contain_text("Not live as of")
    await check()
    without_failures(complaints)


async def test_rolls_a_fleet_over(
    fake: FakeNgrok, opened: Callable[..., Awaitable[Page]], tmp_path: Path
) -> None:
    """From the choice of versions over the plan to the end, by keyboard; it tells who failed."""
    axe = importlib.resources.files("axe_playwright_python") / "axe.min.js"
    for number in range(8):
        fake.add_agent(metadata=f"till {number}", agent_version="3.18.4", os="linux")
    fake.add_agent(metadata="office", agent_version=fake.newest_version)
    fake.refuse("ERR_NGROK_808", agent=fake.agents[3])
    page = await opened()
    await page.evaluate(axe.read_text())
    roll = page.get_by_role("button", name="Roll out")
    await roll.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Roll out")
    await dialog.get_by_role("radio", name="Restart", exact=True).check()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    await dialog.get_by_role("button", name="Plan it, send nothing").press("Enter")
    await expect(dialog.get_by_role("alert").first).to_contain_text("Choose at least one version")
    await dialog.get_by_role("button", name="All behind the newest").press("Enter")
    await dialog.get_by_label("Sizes of the waves").fill("1, 4")
    await dialog.get_by_label("Stop after more failures than").press("Enter")
    await expect(page.get_by_role("heading", name="Restart 8 agents")).to_be_focused()
    await expect(page.locator("#plan-waves li")).to_have_count(3)

    assert [] == commands(fake)

    await page.get_by_role("button", name="Restart 8 agents").press("Enter")
    await expect(page.locator("#rollout-state")).to_have_text("Running")
    await expect(roll).to_have_attribute("aria-disabled", "true")
    await page.get_by_role("button", name="Pause").press("Enter")
    await expect(page.locator("#rollout-state")).to_have_text("Paused")
    await expect(page.get_by_role("button", name="Go on")).to_be_focused()
    await page.keyboard.press("Enter")
    state = page.locator("#rollout-state")
    while await state.inner_text() != "Stopped":
        fake.clock.advance(5)
        await asyncio.sleep(0.05)
    await page.get_by_text("1 agent to look at").press("Enter")
    await expect(page.locator("#rollout-more")).to_contain_text("till 3 Failed:")
    counts = page.locator("#rollout-counts").get_by_role("listitem")
    await expect(counts).to_have_text(["4 done", "1 failed", "3 waiting"])
    for scheme, width in SOME:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": 800})

        assert [] == await page.evaluate("axe.run().then(({violations}) => violations)")
    await screenshot(page, "rollout", tmp_path)
    await page.get_by_role("button", name="Put away").press("Enter")
    await expect(page.locator("#rollout")).to_be_hidden()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(roll).to_have_attribute("aria-disabled", "false")


async def test_tells_of_trouble(page: Page, fake: FakeNgrok) -> None:
    """While ngrok fails the page keeps what it knew, dims and tells its age, then recovers."""
    fake.fail(500, times=None)
    await expect(page.locator("#live")).to_contain_text(re.compile("Not live as of .* ago"))
    await expect(page.locator("#trouble")).to_contain_text("ngrok refused")
    await expect(page.locator("main")).to_have_css("filter", "grayscale(1)")
    await expect(page.locator("#said")).to_contain_text("Not live.")
    await expect(rows(page)).to_have_count(3)
    fake.heal()
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#live")).to_contain_text("Live looked")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await expect(page.locator("main")).to_have_css("filter", "none")
    await expect(page.locator("#said")).to_contain_text("Live again.")


async def test_tells_of_a_key_that_is_refused(
    fake: FakeNgrok, opened: Callable[..., Awaitable[Page]]
) -> None:
    """A page that never saw anything says why, and what there will be."""
    fake.fail(401, times=None)
    page = await opened(waits=False)
    await expect(page.locator("#trouble")).to_contain_text("does not accept the API key")
    await expect(page.get_by_role("heading", name="Nothing could be seen yet")).to_be_visible()
