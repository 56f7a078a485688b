"""The aiohttp service, driven as its users do: as a process, over HTTP and in a browser."""

import asyncio
import contextlib
import importlib.resources
import itertools
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict

import attrs
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from examples.aiohttp_service import agents_page
from examples.aiohttp_service.agents_page import Row, Settings, explain, make_app
from ngrok_async import ClientClosedError, NgrokError, RequestTimeoutError
from ngrok_async.testing import FakeNgrok

PROGRAM = Path(agents_page.__file__)
slow_restarts = pytest.mark.parametrize("fake", [600], ids=["slow restarts"], indirect=True)
KEY = "2keyThatNobodyMaySee00000000_000000000000000000"
COMMAND = "POST /tunnel_sessions/{id}/*"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
NO_CHROMIUM = "chromium was not found: install it (Debian and Ubuntu: apt-get install chromium)"

Http: TypeAlias = TestClient[web.Request, web.Application]
Serve: TypeAlias = Callable[..., Awaitable[Http]]
Posted: TypeAlias = asyncio.Task[tuple[int, str]]


class Seen(TypedDict):
    """What the page gets."""

    agents: list[Row]
    next_in: float


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


# --- the routes ------------------------------------------------------------------------------


@pytest.fixture
async def fake(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FakeNgrok]:
    """The account whose key is in the environment."""
    restart_delay: float = getattr(request, "param", 0.0)
    async with FakeNgrok(api_key=KEY, restart_delay=restart_delay) as fake:
        monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
        monkeypatch.setenv("NGROK_API_URL", fake.url)
        yield fake


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start the service inside this process; by default it looks as often as it is asked to."""
    async with AsyncExitStack() as stack:

        async def start(*, share: float = 1e6, patience: float = 3.0) -> Http:
            app = make_app(Settings(share=share, patience=patience))
            return await stack.enter_async_context(TestClient(TestServer(app)))

        yield start


async def see(http: Http) -> Seen:
    """Return what the page would show."""
    async with http.get("/agents") as answer:
        assert 200 == answer.status
        seen: Seen = await answer.json()
        return seen


async def send(http: Http, id_: str, command: str) -> tuple[int, str, str | None]:
    """Send a command as the page does; returns status, message and `Retry-After`."""
    headers = {"Origin": str(http.make_url("/")).removesuffix("/")}
    async with http.post(f"/agents/{id_}/{command}", headers=headers) as answer:
        return answer.status, (await answer.json())["message"], answer.headers.get("Retry-After")


async def test_all_viewers_share_one_look(fake: FakeNgrok, serve: Serve) -> None:
    """However many look at the same time or soon after, ngrok is asked once for each list."""
    fake.add_agents(2)
    http = await serve(share=1)
    seen = await asyncio.gather(*(see(http) for _ in range(20)))
    later = await see(http)

    assert ["/tunnel_sessions", "/tunnels"] == [request.path for request in fake.requests]
    assert {agent.id for agent in fake.agents} == {row["id"] for row in later["agents"]}
    assert all(later["agents"] == one["agents"] for one in seen)
    assert 60 < later["next_in"] <= 120  # two requests, one a minute


async def test_trouble_is_shared_too(fake: FakeNgrok, serve: Serve) -> None:
    """Viewers of a failing ngrok do not ask it one after the other."""
    fake.fail(500, times=None)
    http = await serve(share=1)
    answers = await asyncio.gather(*(http.get("/agents") for _ in range(5)))

    assert [502] * 5 == [answer.status for answer in answers]
    assert 1 == len(fake.requests)


async def test_a_viewer_who_leaves_does_not_end_the_look(fake: FakeNgrok, serve: Serve) -> None:
    """Another one who waits for the same look gets it."""
    fake.add_agents(1)
    fake.fail(delay=600, route="GET /tunnel_sessions")
    http = await serve(share=1)
    leaves = asyncio.create_task(see(http))
    await fake.wait_for_requests(1)
    stays = asyncio.create_task(see(http))
    leaves.cancel()
    await asyncio.wait([leaves])
    await health(http)  # by now the server has noticed
    fake.clock.advance(600)

    assert 1 == len((await stays)["agents"])


@slow_restarts
async def test_a_restart_is_followed(fake: FakeNgrok, serve: Serve) -> None:
    """The agent stays in view while it is away, and the new session tells the former id."""
    fake.add_agents(2)
    http = await serve()
    before = fake.agents[0].id
    await see(http)
    answer = await send(http, before, "restart")
    away = await see(http)
    fake.clock.advance(600)
    back = await see(http)

    assert 202 == answer[0]
    assert [None, "restart"] == sorted((row["doing"] for row in away["agents"]), key=str)
    assert {before} == {row["id"] for row in away["agents"] if row["doing"]}
    assert fake.agents[0].id != before
    assert {fake.agents[0].id: before, fake.agents[1].id: None} == {
        row["id"]: row["was"] for row in back["agents"]
    }
    assert [row["name"] for row in away["agents"]] == [row["name"] for row in back["agents"]]


async def test_a_lost_answer_is_followed_too(fake: FakeNgrok, serve: Serve) -> None:
    """Where nobody knows whether a restart was done, the page says so, then shows that it was."""
    before = fake.add_agents(1)[0].id
    http = await serve()
    await see(http)
    fake.fail(drop=True, applied=True, route=COMMAND)
    status, message, _ = await send(http, before, "restart")
    [row] = (await see(http))["agents"]

    assert 502 == status
    assert "It is not known whether" in message
    assert (fake.agents[0].id, before) == (row["id"], row["was"])


async def test_a_stopped_agent_leaves(fake: FakeNgrok, serve: Serve) -> None:
    """It is not shown any more, and commands for it are told so."""
    stays, stops = fake.add_agents(2)
    id_ = stops.id
    http = await serve()
    await see(http)
    done = await send(http, id_, "stop")
    seen = await see(http)
    again = await send(http, id_, "restart")

    assert 202 == done[0]
    assert [stays.id] == [row["id"] for row in seen["agents"]]
    assert 404 == again[0]
    assert "The agent is gone" in again[1]


@slow_restarts
async def test_an_agent_that_does_not_come_back_is_dropped(
    fake: FakeNgrok, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute (none, here) nobody waits for it any more."""
    monkeypatch.setattr(agents_page, "_PATIENT", 0.0)
    [agent] = fake.add_agents(1)
    http = await serve()
    await see(http)
    await send(http, agent.id, "restart")

    assert [] == (await see(http))["agents"]


@pytest.mark.parametrize("path", ["agents", "command"])
async def test_a_long_wait_becomes_503(fake: FakeNgrok, serve: Serve, path: str) -> None:
    """A call that ngrok's limit holds back for longer than our patience says when to come again."""
    [agent] = fake.add_agents(1)
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "29.5"})
    http = await serve(patience=0.05)
    refused = await send(http, agent.id, "update")
    asked = len(fake.requests)
    if path == "command":
        status, message, retry_after = await send(http, agent.id, "update")
    else:
        async with http.get("/agents") as answer:
            status, retry_after = answer.status, answer.headers["Retry-After"]
            message = (await answer.json())["message"]

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
async def test_strangers_command_nothing(
    fake: FakeNgrok, serve: Serve, headers: dict[str, str]
) -> None:
    """A POST that another site makes a browser send does not reach ngrok."""
    [agent] = fake.add_agents(1)
    http = await serve()
    async with http.post(f"/agents/{agent.id}/stop", headers=headers) as answer:
        assert (421 if "Host" in headers else 403) == answer.status

    assert [] == fake.requests


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/page/page.js", 200),
        ("/agents", 200),
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
    fake.fail(**fault)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] # one of several options
    http = await serve()
    async with http.get("/agents") as answer:
        assert 502 == answer.status
        assert re.search(words, (await answer.json())["message"])
    await see(http)  # it was only once


@pytest.mark.parametrize(
    ("error", "status"),
    [(RequestTimeoutError("late"), 504), (ClientClosedError("closed"), 503)],
    ids=["too late", "closed"],
)
def test_tells_what_takes_long_to_happen(error: NgrokError, status: int) -> None:
    """The same for errors that a test would have to wait for."""
    assert status == explain(error)[0]


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
async def page(
    fake: FakeNgrok, serve: Serve, browser: Browser, complaints: list[str]
) -> AsyncIterator[Page]:
    """The page with three agents, looking once a second."""
    for name in ("Checkout, Lisbon", "Build server", "Warehouse scanner"):
        fake.add_agent(metadata=name)
    http = await serve(share=120)
    page = await browser.new_page(viewport={"width": 1000, "height": 760}, color_scheme="light")
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(str(http.make_url("/")))
    await expect(page.get_by_role("list", name="Agents", exact=True)).to_be_visible()
    await expect(page.get_by_role("heading", level=2)).to_have_count(3)
    yield page
    await page.close()  # first, or it would complain about a service that has ended


async def screenshot(page: Page, name: str, default: Path) -> None:
    """Keep a picture of the page in $SCREENSHOTS, or with the other files of the test."""
    directory = Path(os.environ.get("SCREENSHOTS") or default)
    await page.screenshot(path=directory / f"service-{name}.png")


def item(page: Page, name: str) -> Locator:
    """Return an agent's place in the list."""
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))


def without_failures(complaints: list[str]) -> None:
    """Drop what the browser notes by itself when an answer says that something failed."""
    complaints[:] = [text for text in complaints if "502 (Bad Gateway)" not in text]


@pytest.mark.parametrize("way", ["click", "keyboard"])
async def test_restart_shows_the_new_session(
    page: Page, fake: FakeNgrok, way: str, tmp_path: Path
) -> None:
    """Press Restart: the same item shows another session id, says so, and keeps the focus."""
    agent, before = fake.agents[0], fake.agents[0].id
    place = item(page, "Checkout, Lisbon")
    restart = page.get_by_role("button", name="Restart Checkout, Lisbon")
    await expect(place).to_contain_text(before)
    if way == "click":
        await screenshot(page, "before", tmp_path)
        await restart.click()
    else:
        while not await restart.evaluate("button => button === document.activeElement"):
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
    note = place.get_by_role("status")
    await expect(note).to_contain_text("as a new session")

    assert agent.id != before
    await expect(note).to_contain_text(before)
    await expect(place.locator(".id")).to_have_text(agent.id)
    await expect(page.get_by_role("heading", level=2)).to_have_count(3)
    await expect(restart).to_be_focused()
    if way == "click":
        await screenshot(page, "after", tmp_path)


async def test_stop_asks_first(page: Page, fake: FakeNgrok) -> None:
    """Stop opens a question: Escape sends nothing, a yes ends the agent; the focus is not lost."""
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
    await expect(page.locator("#news")).to_have_text("Build server has left.")

    assert not fake.agents[1].online
    await expect(page.get_by_role("heading", level=2)).to_have_count(2)
    await expect(page.get_by_role("heading", level=1)).to_be_focused()


async def test_update_tells_what_comes_next(page: Page) -> None:
    """The message stays, as nothing else is to be seen of an update."""
    await page.get_by_role("button", name="Update Build server").click()
    note = item(page, "Build server").get_by_role("status")
    await expect(note).to_contain_text("after its next restart")
    async with page.expect_response("**/agents"):
        pass  # the next look
    await expect(note).to_contain_text("after its next restart")


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
    place = item(page, '<img src=x onerror="alert(1)">')
    await expect(place).to_contain_text("javascript:alert(2) to <b>here</b>")

    await expect(place).to_contain_text("By its labels")
    await expect(place.get_by_role("link")).to_have_count(0)
    await expect(page.locator("img, b")).to_have_count(0)
    await expect(page.get_by_role("link")).to_have_count(3)


async def test_is_accessible(page: Page, fake: FakeNgrok, complaints: list[str]) -> None:
    """Axe finds nothing in any state, light or dark, wide or narrow, and no text is cut off."""
    axe = importlib.resources.files("axe_playwright_python") / "axe.min.js"
    # A message of each colour.
    fake.fail(400, code="ERR_NGROK_804", message="This agent cannot.", route=COMMAND)
    await page.get_by_role("button", name="Update Build server").click()
    await expect(item(page, "Build server")).to_contain_text("ngrok refused: This agent cannot.")
    await page.get_by_role("button", name="Update Warehouse scanner").click()
    await expect(item(page, "Warehouse scanner")).to_contain_text("next restart")
    await page.get_by_role("button", name="Restart Checkout").click()
    await expect(item(page, "Checkout")).to_contain_text("as a new session")
    await page.evaluate(axe.read_text())
    for state in ("list", "question"):
        if state == "question":
            await page.get_by_role("button", name="Stop Build server").click()
        for scheme, width in itertools.product(SCHEMES, (320, 1000)):
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size({"width": width, "height": 760})

            assert [] == await page.evaluate("axe.run().then(({violations}) => violations)")
            assert width == await page.evaluate("document.documentElement.scrollWidth")
    without_failures(complaints)


async def test_tells_of_trouble(page: Page, fake: FakeNgrok, complaints: list[str]) -> None:
    """While ngrok fails the page keeps what it knew and says that it is not live, then recovers."""
    fake.fail(500, times=1)
    await expect(page.get_by_role("alert")).to_contain_text("ngrok refused")
    await expect(page.get_by_text("Not live")).to_be_visible()
    await expect(page.get_by_role("heading", level=2)).to_have_count(3)
    async with asyncio.timeout(30):
        while await page.get_by_role("alert").inner_text():
            # It tries again every five seconds, or when somebody comes back to the tab.
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            await asyncio.sleep(0.05)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    without_failures(complaints)
