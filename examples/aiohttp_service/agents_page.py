"""A web service whose page shows your agents and their tunnels, commands them and rolls them over.

    python examples/aiohttp_service/agents_page.py

Without NGROK_API_KEY it runs against a fake ngrok inside this process. With a key it shows and
commands the agents of your account.
"""

import argparse
import asyncio
import json
import logging
import os
import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import attrs
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler
from fleet import Fleet, Row
from pretend import connect_agents
from rollouts import Order, Refused, Rollouts
from words import explain, seconds_until_retry

from ngrok_async import UNSET, Client, Clock, NgrokError, RateLimit
from ngrok_async.testing import FakeNgrok

__all__ = ["Row", "Settings", "explain", "make_app"]

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
BEAT: Final = 10.0  # seconds after which the page hears that nothing has changed
PAUSE: Final = 0.25  # seconds between two messages: what comes together goes together

_log: Final = logging.getLogger("agents_page")


@attrs.frozen(kw_only=True)
class Settings:
    """How the service behaves.

    Attributes:
        names: Host names that browsers may call it by, besides those of this machine.
        patience: Seconds that a call may wait for the rate limit.
        share: How much of the rate limit looking may cost.
        limit: Requests a minute that the account has, where they are not the usual 120.
        journal: The file of the rollout that is under way.
        clock: What waiting goes by, where it is not the event loop's.
        pretend: How many agents the fake has where there is no key.
    """

    names: tuple[str, ...] = ()
    patience: float = 3.0
    share: float = 0.25
    limit: int | None = None
    journal: Path = Path("agents-rollout.jsonl")
    clock: Clock | None = None
    pretend: int = 4


SETTINGS: Final = web.AppKey("SETTINGS", Settings)
SESSION: Final = web.AppKey("SESSION", ClientSession)
NGROK: Final = web.AppKey("NGROK", Client)
FLEET: Final = web.AppKey("FLEET", Fleet)
ROLLOUTS: Final = web.AppKey("ROLLOUTS", Rollouts)


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
    app.router.add_get("/events", events)
    app.router.add_post("/agents/{id}/{command:update|restart|stop}", command)
    app.router.add_post("/look", look)
    app.router.add_post("/rollout/plan", plan)
    app.router.add_post("/rollout/start", start)
    app.router.add_post("/rollout/{change:pause|resume|dismiss}", change)
    app.router.add_get("/health", health)
    return app


# --- life ----------------------------------------------------------------------------------------


async def http_session(app: web.Application) -> AsyncIterator[None]:
    """Keep one session for all that this service sends. It is ours, so we close it."""
    async with ClientSession() as session:
        app[SESSION] = session
        yield


async def ngrok_client(app: web.Application) -> AsyncIterator[None]:
    """Keep two clients on that session, to look and to command; without a key, of a fake ngrok."""
    settings = app[SETTINGS]
    async with AsyncExitStack() as stack:
        key = url = None  # the client takes them from the environment
        journal = settings.journal
        if not os.environ.get("NGROK_API_KEY"):
            fake = await stack.enter_async_context(FakeNgrok(restart_delay=2.0, update_delay=2.0))
            connect_agents(fake, settings.pretend)
            key, url = fake.api_key, fake.url
            # Its agents end with this process, and so does what was begun with them.
            journal = Path(stack.enter_context(tempfile.TemporaryDirectory()), journal.name)
            print(f"No NGROK_API_KEY: this is a fake ngrok with {settings.pretend} agents.")
        limit, clock = settings.limit, settings.clock
        connect = partial(
            Client,
            key,
            base_url=url,
            session=app[SESSION],
            limiter=UNSET if limit is None else RateLimit(limit, clock=clock),
            clock=clock,
            max_wait=settings.patience,
            app_info="agents-page/1",
        )
        # Both are called when there is a fleet, which is made of them.
        eyes = connect(on_event=lambda event: app[FLEET].noted(event))  # noqa: PLW0108
        await stack.enter_async_context(eyes)
        app[NGROK] = ngrok = await stack.enter_async_context(connect())
        rollouts = Rollouts(ngrok, journal, changed=lambda: app[FLEET].tell())  # noqa: PLW0108
        app[FLEET] = Fleet(eyes, ngrok, share=settings.share, steps=rollouts.steps)
        app[ROLLOUTS] = rollouts
        yield


async def end_calls(app: web.Application) -> None:
    """Fail the calls that wait: aiohttp lets their handlers end before it cleans up."""
    await app[ROLLOUTS].aclose()
    await app[FLEET].aclose()
    await app[NGROK].aclose()


# --- answers -------------------------------------------------------------------------------------


async def index(_request: web.Request) -> web.FileResponse:
    """Show the page."""
    return web.FileResponse(PAGE / "index.html")


async def agents(request: web.Request) -> web.Response:
    """Tell all that the page shows, for programs."""
    fleet = request.app[FLEET]
    async with fleet.viewer():
        await fleet.seen_by(patience=request.app[SETTINGS].patience + 10)
    return web.json_response(state(request, fleet.rows(), None))


async def events(request: web.Request) -> web.StreamResponse:
    """Tell the page what changes, as server-sent events, until it leaves."""
    fleet = request.app[FLEET]
    stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await stream.prepare(request)
    seen: dict[str, Row] | None = None
    told: object = ""
    with suppress(ConnectionResetError):  # it has left
        async with fleet.viewer():
            while not fleet.is_closed:
                rows = fleet.rows()
                message = state(request, rows, seen)
                if message["rollout"] == told:
                    del message["rollout"]
                seen, told = rows, message.get("rollout", told)
                await stream.write(f"data: {json.dumps(message)}\n\n".encode())
                await asyncio.sleep(PAUSE)
                await fleet.news(seen, within=BEAT)
    return stream


def state(
    request: web.Request, rows: dict[str, Row], seen: dict[str, Row] | None
) -> dict[str, object]:
    """Return what a page has to know of these rows that has seen those; None: nothing yet."""
    before = seen or {}
    return {
        "full": seen is None,
        "agents": [row for key, row in rows.items() if before.get(key) != row],
        "gone": [key for key in before if key not in rows],
        "look": request.app[FLEET].look(),
        "rollout": request.app[ROLLOUTS].progress(),
        "budget": budget(request),
    }


async def command(request: web.Request) -> web.Response:
    """Give an agent a command."""
    verb = request.match_info["command"]
    message = await request.app[FLEET].command(verb, request.match_info["id"])
    return web.json_response({"message": message}, status=202)


async def look(request: web.Request) -> web.Response:
    """Look again as soon as the limit allows."""
    request.app[FLEET].poke()
    return web.json_response({"message": "It looks again."}, status=202)


async def plan(request: web.Request) -> web.Response:
    """Tell what a rollout would do."""
    order = Order(**await body(request))
    return web.json_response(await request.app[ROLLOUTS].plan(order))


async def start(request: web.Request) -> web.Response:
    """Begin the rollout that was planned."""
    request.app[ROLLOUTS].start(str((await body(request)).get("plan")))
    return web.json_response({"message": "It has begun."}, status=202)


async def change(request: web.Request) -> web.Response:
    """Pause the rollout, go on with it, or put it away."""
    rollouts = request.app[ROLLOUTS]
    match request.match_info["change"]:
        case "pause":
            await rollouts.pause()
        case "resume":
            rollouts.resume()
        case _:
            rollouts.dismiss()
    return web.json_response({"message": "Done."}, status=202)


async def body(request: web.Request) -> dict[str, Any]:
    """Return the object of JSON that the page sent."""
    found: object = await request.json()
    if not isinstance(found, dict):
        raise TypeError("it is no object")
    return cast("dict[str, Any]", found)


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
    except Refused as refusal:
        return web.json_response({"message": str(refusal)}, status=409)
    except (TypeError, ValueError) as error:
        if not request.path.startswith("/rollout/"):
            raise
        return web.json_response({"message": f"This cannot be meant: {error.args[0]}"}, status=400)
    except NgrokError as error:
        _log.warning("%s: %s", type(error).__name__, error)
        status, message = explain(error)
        answer = web.json_response({"message": message}, status=status)
        if status == web.HTTPServiceUnavailable.status_code:
            answer.headers["Retry-After"] = str(seconds_until_retry(error))
        return answer


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
    parser.add_argument(
        "--journal",
        type=Path,
        default=Settings().journal,
        help="file of the rollout that is under way (%(default)s)",
    )
    parser.add_argument(
        "--agents", type=int, default=4, help="of the fake, without a key (%(default)s)"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    settings = Settings(
        names=tuple(options.name),
        patience=options.patience,
        journal=options.journal,
        pretend=options.agents,
    )
    web.run_app(
        make_app(settings),
        host=options.host,
        port=options.port,
        access_log=None,
        handler_cancellation=True,  # a browser that goes away gives up its place at the rate limit
        shutdown_timeout=1.0,  # aiohttp's default is a minute
    )


if __name__ == "__main__":
    main()
