"""The asyncio client of the ngrok HTTP API.

    async with Client() as ngrok:  # the key is in NGROK_API_KEY
        async for session in ngrok.tunnel_sessions.list():
            print(session.id, session.agent_version)

See `Client` for the options and `ngrok_async.errors` for what may be raised. Models and resources
are in `ngrok_async.resources`, a fake ngrok for tests is in `ngrok_async.testing`.
"""

from ngrok_async._clock import Clock
from ngrok_async._encode import Id
from ngrok_async._operation import Filter
from ngrok_async._rate_limit import Budget, RateLimit
from ngrok_async._request import JSON, Middleware, Request, Response, Send, Timeout
from ngrok_async._retry import Retry
from ngrok_async._version import __version__
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
