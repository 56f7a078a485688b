"""What a test leaves behind: open clients and sessions, tasks that still run, unmet faults."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

import aiohttp

from ngrok_async._request import Request, Response, Send
from ngrok_async._way.transport import Transport
from ngrok_async.errors import ConfigurationError
from ngrok_async.testing._fake import FakeNgrok

# For what is about to end, such as the fetch of a page that nobody wants any more.
_GRACE_S: Final = 1.0

Task = asyncio.Task[object]
Open = Callable[[Transport], aiohttp.ClientSession]


class Calls:
    """A middleware that knows the calls which a client has not finished."""

    def __init__(self) -> None:
        """Begin without any."""
        self._routes: dict[Task | None, str] = {}

    async def __call__(self, request: Request, send: Send) -> Response:
        """Note a call for as long as it takes."""
        task = asyncio.current_task()
        self._routes[task] = request.route
        try:
            return await send(request)
        finally:
            del self._routes[task]

    async def leftovers(self) -> list[str]:
        """Name the calls that do not end, and cancel them."""
        tasks = await _ending(lambda: filter(None, self._routes))
        left = [f"{_name(task)} in the call {self._routes[task]}" for task in tasks]
        await _end(tasks)
        return left


class Watch:
    """Notes the sessions that lead to a fake, and the tasks that come after it."""

    def __init__(self, fake: FakeNgrok) -> None:
        """Begin in the event loop of the fake."""
        self._fake = fake
        self._loop = asyncio.get_running_loop()
        self._before = asyncio.all_tasks()
        self._transports: dict[aiohttp.ClientSession, Transport] = {}

    def noting(self, open_session: Open) -> Open:
        """Return a `Transport.open` that lets this object know."""

        def noting_open(transport: Transport) -> aiohttp.ClientSession:
            if transport.base_url != self._fake.url:
                return open_session(transport)
            if not self._loop.is_running():  # nobody would answer, until all time limits are over
                raise ConfigurationError(
                    "fake_ngrok serves in an event loop that does not run now: the test must be "
                    "`async def`, nothing in it may call asyncio.run(), and with pytest-asyncio "
                    "the loop scope of the test must be that of its fixtures "
                    "(asyncio_default_fixture_loop_scope)"
                )
            session = open_session(transport)
            self._transports[session] = transport
            return session

        return noting_open

    async def leftovers(self) -> list[str]:
        """Name what is open or runs, and put an end to it for the sake of the next test."""
        tasks = await _ending(self._of_the_test)
        left = [_name(task) for task in tasks]
        await _end(tasks)
        left += [f"a fault that no request met: {fault}" for fault in self._fake.unmet_faults]
        for session, transport in self._transports.items():
            if session.closed:
                continue
            left.append(
                "an aiohttp.ClientSession that was passed to a Client: close it before fake_ngrok "
                "ends (a fixture that opens it must use fake_ngrok)"
                if transport.closed
                else "an open Client: use `async with Client()`, or await its aclose()"
            )
            await session.close()
        return left

    def _of_the_test(self) -> Iterable[Task]:
        for task in asyncio.all_tasks() - self._before:
            # The fake has tasks for each connection, and anyio one that waits for this fixture.
            if not _coroutine(task).startswith(("RequestHandler.", "TestRunner.")):
                yield task


async def _ending(running: Callable[[], Iterable[Task]]) -> list[Task]:
    """Wait a moment for tasks that come to their end, and return those that do not."""
    loop, this = asyncio.get_running_loop(), asyncio.current_task()
    end = loop.time() + _GRACE_S
    while tasks := [task for task in running() if task is not this]:
        if (seconds := end - loop.time()) <= 0:
            break
        await asyncio.wait(tasks, timeout=seconds)
    return sorted(tasks, key=_name)


async def _end(tasks: list[Task]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_GRACE_S)


def _name(task: Task) -> str:
    return f"the task {task.get_name()}, running {_coroutine(task)}()"


def _coroutine(task: Task) -> str:
    return getattr(task.get_coro(), "__qualname__", "a coroutine")
