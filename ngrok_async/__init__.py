"""The asyncio client of the ngrok HTTP API.

    import asyncio
    from ngrok_async import Client

    async def main():
        async with Client() as ngrok:  # the key is in NGROK_API_KEY
            async for agent in ngrok.tunnel_sessions.list():
                print(agent.id, agent.agent_version)

    asyncio.run(main())

What to look at next, with `help(...)`:

    Client                      the options; `dir(Client)` has the resources, such as `endpoints`
    Pager, Page                 what a list is: `await` it for a page, `async for` for all items
    Timeout, Retry, RateLimit   how long to wait, what to repeat, how many requests to send
    NgrokError, APIError        what to catch; the others are in `ngrok_async.errors`
    UNSET                       leaves a field of an update alone, where None is sent as null

    ngrok_async.resources       a module per kind of resource, with its models and operations
    ngrok_async.filters         conditions for the `filter` of lists, as values
    ngrok_async.jobs            what people do with the calls: wait, release, lend, ensure
    ngrok_async.errors          everything that may be raised, drawn as a tree
    ngrok_async.events          what `Client(on_event=...)` is told: attempts, waits, pauses
    ngrok_async.redis           a rate limit that several processes share
    ngrok_async.testing         `FakeNgrok`, an ngrok API inside your tests

All of it is loaded when it is first used: importing the package loads no aiohttp.
"""

from ngrok_async._version import __version__

# A new name stands among these imports and in `__all__`, and if it is no error in `_HOMES`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ngrok_async import client as client
    from ngrok_async import errors as errors
    from ngrok_async import events as events
    from ngrok_async import filters as filters
    from ngrok_async import jobs as jobs
    from ngrok_async import pagination as pagination
    from ngrok_async import resources as resources
    from ngrok_async import unset as unset
    from ngrok_async._clock import Clock
    from ngrok_async._limits.budget import Budget
    from ngrok_async._limits.rate_limit import RateLimit
    from ngrok_async._request import JSON, Middleware, Request, Response, Send, Timeout
    from ngrok_async._way.retry import Retry
    from ngrok_async._wire.arguments import Id
    from ngrok_async.client import Client
    from ngrok_async.errors import (
        APIError,
        AuthenticationError,
        BadRequestError,
        CameBackError,
        CannotStopError,
        ClientClosedError,
        ConfigurationError,
        ConflictError,
        ConnectError,
        ConnectionLostError,
        FilterError,
        JobError,
        LeftOverError,
        LockedOutError,
        NgrokError,
        NotFoundError,
        NothingFoundError,
        OtherURLsError,
        PaginationError,
        PermissionDeniedError,
        PlanOutdatedError,
        RateLimitedError,
        RequestTimeoutError,
        ResponseError,
        ResponseTooLargeError,
        RolloutFailedError,
        ServerError,
        SeveralFoundError,
        TransportError,
        WaitTimeoutError,
    )
    from ngrok_async.filters import Filter
    from ngrok_async.pagination import Page, Pager
    from ngrok_async.testing import FakeNgrok as FakeNgrok
    from ngrok_async.unset import UNSET, Unset

__all__ = [
    "JSON",
    "UNSET",
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "Budget",
    "CameBackError",
    "CannotStopError",
    "Client",
    "ClientClosedError",
    "Clock",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "Filter",
    "FilterError",
    "Id",
    "JobError",
    "LeftOverError",
    "LockedOutError",
    "Middleware",
    "NgrokError",
    "NotFoundError",
    "NothingFoundError",
    "OtherURLsError",
    "Page",
    "Pager",
    "PaginationError",
    "PermissionDeniedError",
    "PlanOutdatedError",
    "RateLimit",
    "RateLimitedError",
    "Request",
    "RequestTimeoutError",
    "Response",
    "ResponseError",
    "ResponseTooLargeError",
    "Retry",
    "RolloutFailedError",
    "Send",
    "ServerError",
    "SeveralFoundError",
    "Timeout",
    "TransportError",
    "Unset",
    "WaitTimeoutError",
    "__version__",
]

if not TYPE_CHECKING:  # type checkers would take every misspelt name for one that is found here
    del TYPE_CHECKING

    _MODULES = ("client", "errors", "events", "filters", "jobs", "pagination", "resources", "unset")
    _HOMES = {  # of what is not in `errors`
        "JSON": "_request",
        "UNSET": "unset",
        "Budget": "_limits.budget",
        "Client": "client",
        "Clock": "_clock",
        "FakeNgrok": "testing",  # not in `__all__`: `import *` shall not load it
        "Filter": "filters",
        "Id": "_wire.arguments",
        "Middleware": "_request",
        "Page": "pagination",
        "Pager": "pagination",
        "RateLimit": "_limits.rate_limit",
        "Request": "_request",
        "Response": "_request",
        "Retry": "_way.retry",
        "Send": "_request",
        "Timeout": "_request",
        "Unset": "unset",
    }

    def __getattr__(name: str) -> object:
        from importlib import import_module  # noqa: PLC0415 # what costs time is loaded on use

        if name in _MODULES:
            value = import_module(f"ngrok_async.{name}")
        elif name in _HOMES or name in __all__:
            value = getattr(import_module(f"ngrok_async.{_HOMES.get(name, 'errors')}"), name)
        else:
            from ngrok_async._hints import missing_name  # noqa: PLC0415 # as above

            raise missing_name(name, __dir__())
        globals()[name] = value  # the next time, it is an attribute like any other
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_HOMES, *_MODULES})
