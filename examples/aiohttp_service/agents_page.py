"""A web service whose page shows your agents and their tunnels, and commands them.

    python examples/aiohttp_service/agents_page.py

Without NGROK_API_KEY it runs against a fake ngrok inside this process. With a key it shows and
commands the agents of your account.
"""

import argparse
import asyncio
import logging
import math
import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, TypedDict, TypeVar

import attrs
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler

from ngrok_async import (
    APIError,
    AuthenticationError,
    Client,
    ClientClosedError,
    NgrokError,
    NotFoundError,
    Pager,
    RateLimitedError,
    RequestTimeoutError,
    Timeout,
    TransportError,
)
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok

T = TypeVar("T")

PAGE: Final = Path(__file__).parent / "page"
LOCAL: Final = ("127.0.0.1", "localhost", "[::1]")
# Markup that somebody smuggled in could not load, run or send anything.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
ACCEPTED: Final = {
    "update": "The agent fetches the newest version now. It runs it after its next restart; give it"
    " ten seconds before that.",
    "restart": "The agent restarts. It will come back as a new session, with a new id.",
    "stop": "The agent stops. Nothing starts it again unless its machine does.",
}
_PATIENT: Final = 60.0  # seconds that an agent may take to do as it was told

_log: Final = logging.getLogger("agents_page")


class Offer(TypedDict):
    """What the page shows of a tunnel; one that only has labels has no URL."""

    url: str
    forwards_to: str


class Row(TypedDict):
    """What the page shows of an agent; `was` is the session id that it had before a restart."""

    id: str
    was: str | None
    doing: str | None
    name: str
    version: str
    os: str
    region: str
    ip: str
    started_at: str
    tunnels: list[Offer]


@attrs.frozen
class Told:
    """An agent that has taken a command which will end its session.

    Attributes:
        command: "restart" or "stop".
        session: The session, as it was last seen.
        others: The sessions that there were besides: none of them is the new one.
        until: When to expect nothing any more, on the clock of the event loop.
    """

    command: str
    session: TunnelSession
    others: frozenset[str]
    until: float


class Fleet:
    """The agents and tunnels of the account, as they were last seen.

    All viewers share one look at ngrok: however many watch, it costs no more than a share of the
    rate limit, and nothing while nobody does.
    """

    def __init__(self, ngrok: Client, *, share: float) -> None:
        """Begin without a look.

        Args:
            ngrok: The client.
            share: Requests a minute that looking may cost.
        """
        self._commands = ngrok.tunnel_sessions
        self._eyes = ngrok.with_options(retry=None, timeout=Timeout(total=10))  # it looks again
        self._seconds_per_page = 60 / share
        self._pages = 0  # of the latest look
        self._due = -math.inf  # when the next look may begin
        self._look: asyncio.Task[None] | None = None
        self._trouble: NgrokError | None = None
        self._sessions: dict[str, TunnelSession] = {}
        self._tunnels: dict[str, list[Offer]] = {}  # by session id
        self._told: dict[str, Told] = {}
        self._was: dict[str, str] = {}  # by the new session's id, the one before the restart

    async def see(self) -> tuple[list[Row], float]:
        """Return the agents, and in how many seconds there may be news."""
        loop = asyncio.get_running_loop()
        if self._look is None and loop.time() >= self._due:
            self._look = asyncio.create_task(self._ask())
        if self._look is not None:
            await asyncio.shield(self._look)  # a viewer who leaves must not end it for the others
        if self._trouble is not None:
            raise self._trouble.with_traceback(None)
        return list(self._rows()), max(0.0, self._due - loop.time())

    async def command(self, command: str, id_: str) -> None:
        """Have an agent update, restart or stop itself."""
        session, others = self._sessions.get(id_), frozenset(self._sessions)
        send = {
            "update": self._commands.update,
            "restart": self._commands.restart,
            "stop": self._commands.stop,
        }[command]
        try:
            await send(id_)
        except NgrokError as error:
            if not error.maybe_applied:
                raise
            self._expect(command, session, others)
            raise
        self._expect(command, session, others)

    def _expect(self, command: str, session: TunnelSession | None, others: frozenset[str]) -> None:
        if session is not None and command != "update":
            until = asyncio.get_running_loop().time() + _PATIENT
            self._told[session.id] = Told(command, session, others, until)

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        self._pages = 0
        try:
            sessions = await self._all(self._eyes.tunnel_sessions.list())
            tunnels = await self._all(self._eyes.tunnels.list())
            self._sessions = {session.id: session for session in sessions}
            self._tunnels = {}
            for tunnel in tunnels:
                offer = Offer(url=tunnel.public_url, forwards_to=tunnel.forwards_to)
                self._tunnels.setdefault(tunnel.tunnel_session.id, []).append(offer)
            self._follow(loop.time())
            self._trouble = None
        except NgrokError as error:
            self._trouble = error
        finally:
            self._due = loop.time() + self._seconds_per_page * max(1, self._pages)
            self._look = None

    async def _all(self, pager: Pager[T]) -> list[T]:
        items: list[T] = []
        async for page in pager.pages():
            self._pages += 1
            items += page.items
        return items

    def _follow(self, now: float) -> None:
        """See what became of the agents that were told to restart or to stop."""
        self._was = {new: old for new, old in self._was.items() if new in self._sessions}
        for old, told in list(self._told.items()):
            gone = old not in self._sessions
            new = self._successor(told) if gone and told.command == "restart" else None
            if new is not None:
                self._was[new] = old
            if new is not None or now > told.until or (gone and told.command == "stop"):
                del self._told[old]

    def _successor(self, told: Told) -> str | None:
        # Only what the agent shows ties the new session to the old one. Two agents that show the
        # same and restart at the same time may be taken for one another.
        for id_, session in self._sessions.items():
            is_new = id_ not in told.others and id_ not in self._was
            if is_new and shown(session) == shown(told.session):
                return id_
        return None

    def _rows(self) -> Iterator[Row]:
        away = [told.session for id_, told in self._told.items() if id_ not in self._sessions]
        # An order that a restart does not change; the nameless ones last.
        sessions = [*self._sessions.values(), *away]
        for session in sorted(sessions, key=lambda s: (not s.metadata, s.metadata, s.ip)):
            told = self._told.get(session.id)
            yield Row(
                id=session.id,
                was=self._was.get(session.id),
                doing=told.command if told else None,
                name=session.metadata or session.ip or "An agent",
                version=session.agent_version,
                os=session.os,
                region=session.region,
                ip=session.ip,
                started_at=session.started_at.isoformat(),
                tunnels=self._tunnels.get(session.id, []),
            )


def shown(session: TunnelSession) -> tuple[str, ...]:
    """Return what an agent keeps when it restarts."""
    return session.credential.id, session.ip, session.os, session.metadata


@attrs.frozen(kw_only=True)
class Settings:
    """How the service behaves.

    Attributes:
        names: Host names that browsers may call it by, besides those of this machine.
        patience: Seconds that a call may wait for the rate limit.
        share: Requests a minute that looking may cost, of the 120 that an account has.
    """

    names: tuple[str, ...] = ()
    patience: float = 3.0
    share: float = 30.0


SETTINGS: Final = web.AppKey("SETTINGS", Settings)
SESSION: Final = web.AppKey("SESSION", ClientSession)
NGROK: Final = web.AppKey("NGROK", Client)
FLEET: Final = web.AppKey("FLEET", Fleet)


def make_app(settings: Settings) -> web.Application:
    """Put the service together; it does nothing before it is started."""
    app = web.Application(middlewares=[only_our_page, explain_errors])
    app[SETTINGS] = settings
    app.cleanup_ctx.extend([http_session, ngrok_client])  # cleaned up in reverse order
    app.on_shutdown.append(end_calls)
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/", index)
    app.router.add_static("/page/", PAGE)
    app.router.add_get("/agents", agents)
    app.router.add_post("/agents/{id}/{command:update|restart|stop}", command)
    app.router.add_get("/health", health)
    return app


# --- life ----------------------------------------------------------------------------------------


async def http_session(app: web.Application) -> AsyncIterator[None]:
    """Keep one session for all that this service sends. It is ours, so we close it."""
    async with ClientSession() as session:
        app[SESSION] = session
        yield


async def ngrok_client(app: web.Application) -> AsyncIterator[None]:
    """Keep one client on that session; without a key, one of a fake ngrok."""
    async with AsyncExitStack() as stack:
        key = url = None  # the client takes them from the environment
        if not os.environ.get("NGROK_API_KEY"):
            fake = await stack.enter_async_context(FakeNgrok(restart_delay=2.0))
            connect_agents(fake)
            key, url = fake.api_key, fake.url
            print("No NGROK_API_KEY: this is a fake ngrok with four agents, inside this process.")
        ngrok = Client(
            key,
            base_url=url,
            session=app[SESSION],
            max_wait=app[SETTINGS].patience,
            app_info="agents-page/1",
        )
        app[NGROK] = await stack.enter_async_context(ngrok)
        app[FLEET] = Fleet(ngrok, share=app[SETTINGS].share)
        yield


async def end_calls(app: web.Application) -> None:
    """Fail the calls that wait: aiohttp lets their handlers end before it cleans up."""
    await app[NGROK].aclose()


def connect_agents(fake: FakeNgrok) -> None:
    """Give the fake something to look at."""
    shop = fake.add_agent(metadata="Checkout, Lisbon", agent_version="3.22.0", os="linux")
    fake.add_tunnel(shop, public_url="tcp://5.tcp.ngrok.io:20431", forwards_to="localhost:22")
    fake.add_agent(metadata="Build server", agent_version="3.30.0", os="darwin", region="eu")
    fake.add_agent(metadata="Warehouse scanner", agent_version="3.18.4", region="us", tunnels=0)
    fake.add_agent(metadata="", agent_version="3.39.0", os="freebsd", region="jp")


# --- answers -------------------------------------------------------------------------------------


async def index(_request: web.Request) -> web.FileResponse:
    """Show the page."""
    return web.FileResponse(PAGE / "index.html")


async def agents(request: web.Request) -> web.Response:
    """Tell what the page shows."""
    rows, next_in = await request.app[FLEET].see()
    return web.json_response({"agents": rows, "budget": budget(request), "next_in": next_in})


async def command(request: web.Request) -> web.Response:
    """Give an agent a command."""
    verb = request.match_info["command"]
    await request.app[FLEET].command(verb, request.match_info["id"])
    return web.json_response({"message": ACCEPTED[verb]}, status=202)


async def health(request: web.Request) -> web.Response:
    """Tell that the service is up, without a request to ngrok."""
    return web.json_response({"budget": budget(request)})


def budget(request: web.Request) -> dict[str, float] | None:
    """Return the state of the rate limit."""
    state = request.app[NGROK].budget
    return None if state is None else attrs.asdict(state)


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer, errors included."""
    response.headers.update(HEADERS)


@web.middleware
async def only_our_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what a stranger's page makes a browser send.

    Such a page has its own origin (CSRF), or a name of its own for our address (DNS rebinding).
    """
    name = re.sub(r":\d+$", "", request.host)
    if name not in (*LOCAL, *request.app[SETTINGS].names):
        raise web.HTTPMisdirectedRequest(text="Start the service with --name to use this name.")
    origin = request.headers.get("Origin", "").partition("://")[2]
    if request.method == "POST" and origin != request.host:
        raise web.HTTPForbidden(text="Commands are taken from the page of this service only.")
    return await handler(request)


@web.middleware
async def explain_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors in words for the page."""
    try:
        return await handler(request)
    except NgrokError as error:
        _log.warning("%s: %s", type(error).__name__, error)
        status, message = explain(error)
        answer = web.json_response({"message": message}, status=status)
        if status == web.HTTPServiceUnavailable.status_code:
            answer.headers["Retry-After"] = str(seconds_until_retry(error))
        return answer


def explain(error: NgrokError) -> tuple[int, str]:  # noqa: PLR0911 # it is a table
    """Return an HTTP status for an error, and what to tell a person."""
    match error:
        case NgrokError(maybe_applied=True):
            return 502, (
                "It is not known whether the agent got the command."
                " See what it does before you send it again."
            )
        case RateLimitedError():
            seconds = seconds_until_retry(error)
            return 503, (
                "The limit of requests to ngrok is used up, so nothing was done."
                f" Try again in {seconds} s."
            )
        case ClientClosedError():
            return 503, "This service is being stopped."
        case NotFoundError():
            return 404, "The agent is gone: it has ended, or is back as another session."
        case AuthenticationError():
            return 502, "ngrok does not accept the API key of this service."
        case APIError():
            return 502, f"ngrok refused: {error.message} ({error.code or error.status})"
        case RequestTimeoutError():
            return 504, "ngrok did not answer in time."
        case TransportError():
            return 502, "ngrok cannot be reached."
        case _:
            return 502, "ngrok answered something that this service does not understand."


def seconds_until_retry(error: NgrokError) -> int:
    """Return what to put into `Retry-After`: whole seconds, not too few."""
    wait = error.retry_after if isinstance(error, RateLimitedError) else None
    return math.ceil(wait or 5)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description="Show and command the agents of an account.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0: any free one (%(default)s)")
    parser.add_argument(
        "--name", action="append", default=[], help="host name in your browser's address bar"
    )
    parser.add_argument(
        "--patience", type=float, default=3.0, metavar="SECONDS", help="for the limit (%(default)s)"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    web.run_app(
        make_app(Settings(names=tuple(options.name), patience=options.patience)),
        host=options.host,
        port=options.port,
        access_log=None,
        handler_cancellation=True,  # a browser that goes away gives up its place at the rate limit
        shutdown_timeout=1.0,  # aiohttp's default is a minute
    )


if __name__ == "__main__":
    main()
