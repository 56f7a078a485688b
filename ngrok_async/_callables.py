"""What callers hand over to be called: middlewares, a limiter, a listener.

Whatever can be told beforehand is refused when the client is made. What only a call shows is named
at that call.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from ngrok_async._limits.rate_limit import RateLimit
from ngrok_async._request import Middleware, OnEvent, Request, Response, Send
from ngrok_async._shown import shown
from ngrok_async.errors import ConfigurationError
from ngrok_async.unset import UNSET, Unset

_MIDDLEWARE: Final = "`async (request, send) -> response`"


def limiter_of(given: Unset[Middleware | None]) -> Unset[Middleware | None]:
    """Return the limiter that was passed, if it is one."""
    if given is not UNSET and given is not None:
        problem = _problem(given, 2)
        if problem is not None:
            raise ConfigurationError(
                f"limiter must be a RateLimit, such as RateLimit(40), or None; got {problem}"
            )
    return given


def middlewares_of(given: Sequence[Middleware]) -> tuple[Middleware, ...]:
    """Return the middlewares, each held to what a middleware returns."""
    if not isinstance(given, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
        raise ConfigurationError(f"middlewares must be a list or tuple, got {kind_of(given)}")
    for index, middleware in enumerate(given):
        problem = _problem(middleware, 2)
        if problem is not None:
            raise ConfigurationError(f"middlewares[{index}] must be {_MIDDLEWARE}, got {problem}")
    return tuple(held(each, f"middlewares[{index}]") for index, each in enumerate(given))


def on_event_of(given: OnEvent | None) -> OnEvent | None:
    """Return the listener that was passed, if it can be called and does its work at once."""
    if given is not None:
        check_plain(given, "on_event", "event")
    return given


def check_plain(given: Callable[..., object], name: str, of: str) -> None:
    """Refuse what cannot be called with one argument, or would have to be awaited."""
    problem = _problem(given, 1)
    if problem is None and _is(inspect.iscoroutinefunction, given):
        problem = "an async one, which nobody would await: let it start a task for what takes time"
    if problem is not None:
        raise ConfigurationError(f"{name} must be a plain function of one {of}, got {problem}")


def held(middleware: Middleware, name: str) -> Middleware:
    """Return a middleware or limiter of the caller that is named when it returns no response."""
    if type(middleware).__call__ is RateLimit.__call__:
        return middleware

    async def call(request: Request, send: Send) -> Response:
        made: object = middleware(request, send)
        if not inspect.isawaitable(made):
            problem = f"returned {kind_of(made)}, which cannot be awaited; write `async def`"
        else:
            response = await made
            if isinstance(response, Response):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
                return response
            problem = f"returned {kind_of(response)}; end it with `return await send(request)`"
        raise ConfigurationError(
            f"{name} must be {_MIDDLEWARE}; {_name(middleware)} {problem}",
            method=request.method,
            path=request.path,
        )

    return call


def kind_of(value: object) -> str:
    """Tell what was passed without its text, such as a Redis URL with a password."""
    return type(value).__name__ if isinstance(value, str) else shown(value)


def _problem(value: object, count: int) -> str | None:
    """Tell why a value cannot be called with so many arguments; None if it can, or may."""
    # A class can be called too, and makes nothing that is of use here.
    if not callable(value) or isinstance(value, type):
        return kind_of(value)
    if _is(inspect.isgeneratorfunction, value) or _is(inspect.isasyncgenfunction, value):
        return f"{_name(value)}, which has a `yield`"
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return None  # a function in C need not have one
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return f"{_name(value)}, which takes {signature}"
    return None


def _is(kind: Callable[[object], bool], value: object) -> bool:
    while isinstance(value, partial):
        value = value.func  # pyright: ignore[reportUnknownVariableType] # of whatever type
    return kind(value) or kind(getattr(type(value), "__call__", None))  # noqa: B004 # not whether


def _name(value: object) -> str:
    name: object = getattr(value, "__qualname__", None)
    return name if isinstance(name, str) else type(value).__name__
