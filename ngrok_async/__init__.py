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
    ngrok_async.errors          everything that may be raised, drawn as a tree
    ngrok_async.events          what `Client(on_event=...)` is told: attempts, waits, pauses
    ngrok_async.redis           a rate limit that several processes share
    ngrok_async.testing         `FakeNgrok`, an ngrok API inside your tests
"""

from ngrok_async._clock import Clock
from ngrok_async._limits.rate_limit import Budget, RateLimit
from ngrok_async._operation import Filter
from ngrok_async._request import JSON, Middleware, Request, Response, Send, Timeout
from ngrok_async._version import __version__
from ngrok_async._way.retry import Retry
from ngrok_async._wire.arguments import Id
from ngrok_async.client import Client
from ngrok_async.errors import (
    APIError,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    FilterError,
    NgrokError,
    NotFoundError,
    PaginationError,
    PermissionDeniedError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
)
from ngrok_async.pagination import Page, Pager
from ngrok_async.unset import UNSET, Unset

__all__ = [
    "JSON",
    "UNSET",
    "APIError",
    "AuthenticationError",
    "BadRequestError",
    "Budget",
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
    "Middleware",
    "NgrokError",
    "NotFoundError",
    "Page",
    "Pager",
    "PaginationError",
    "PermissionDeniedError",
    "RateLimit",
    "RateLimitedError",
    "Request",
    "RequestTimeoutError",
    "Response",
    "ResponseError",
    "ResponseTooLargeError",
    "Retry",
    "Send",
    "ServerError",
    "Timeout",
    "TransportError",
    "Unset",
    "__version__",
]
