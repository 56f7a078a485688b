"""The options of a client, checked before anything else happens.

What is wrong is named together with what would be right. A value that may hold a secret is not
shown.
"""

import ipaddress
import math
import os
import platform
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp

from ngrok_async._credentials import Proxy
from ngrok_async._request import Middleware, OnEvent, encode_path
from ngrok_async._secret import APIKey, AskedKey, AskForKey
from ngrok_async._text import as_float, is_int64, shown, unencodable_at
from ngrok_async._version import __version__
from ngrok_async.errors import ConfigurationError
from ngrok_async.unset import UNSET, Unset

T = TypeVar("T")

_LONGEST_NAME: Final = 80
DEFAULT_BASE_URL: Final = "https://api.ngrok.com"


def instance(name: str, value: T, kind: type[T], example: str) -> T:
    """Return `value` if it is of its kind."""
    if not isinstance(value, kind):
        msg = f"{name} must be a {kind.__name__}, such as {example}; got {shown(value)}"
        raise ConfigurationError(msg)
    return value


def session_of(given: aiohttp.ClientSession | None) -> aiohttp.ClientSession | None:
    """Return the session that was passed, if it is one."""
    # The class itself has a `closed` that counts as true.
    if given is not None and not isinstance(given, aiohttp.ClientSession):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
        msg = f"session must be an open aiohttp.ClientSession, got {_kind(given)}"
        raise ConfigurationError(msg)
    return given


def limiter_of(given: Unset[Middleware | None]) -> Unset[Middleware | None]:
    """Return the limiter that was passed, if it is one."""
    if given is not UNSET and given is not None and not _is_middleware(given):
        msg = f"limiter must be a RateLimit, such as RateLimit(40), or None; got {_kind(given)}"
        raise ConfigurationError(msg)
    return given


def middlewares_of(given: Sequence[Middleware]) -> tuple[Middleware, ...]:
    """Return the middlewares, each of which can be called."""
    if not isinstance(given, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
        msg = f"middlewares must be a list or tuple, got {_kind(given)}"
        raise ConfigurationError(msg)
    for index, middleware in enumerate(given):
        if not _is_middleware(middleware):
            msg = (
                f"middlewares[{index}] must be `async (request, send) -> response`, "
                f"got {_kind(middleware)}"
            )
            raise ConfigurationError(msg)
    return tuple(given)


def on_event_of(given: OnEvent | None) -> OnEvent | None:
    """Return the listener that was passed, if it can be called."""
    if given is not None and not callable(given):
        msg = f"on_event must be a function of one event, got {_kind(given)}"
        raise ConfigurationError(msg)
    return given


def _is_middleware(value: object) -> bool:
    # A class can be called too, and makes no response.
    return callable(value) and not isinstance(value, type)


def _kind(value: object) -> str:
    """Tell what was passed without its text, such as a Redis URL with a password."""
    return type(value).__name__ if isinstance(value, str) else shown(value)


def query_of(params: Mapping[str, str | int | float] | None) -> tuple[tuple[str, str], ...]:
    """Return a query's names and values as texts.

    Raises:
        ValueError: One of them cannot be sent.
    """
    return tuple((_name(name), _query_text(name, value)) for name, value in (params or {}).items())


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise ValueError(f"a name in params must be a string, got {shown(name)}")  # noqa: TRY004 # one type for every bad argument value
    return _sendable("a name in params", name)


def _query_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _sendable(_short(name), value)
    # Not str(): a subclass, such as an enumeration, may have a text of its own.
    if isinstance(value, int) and is_int64(value):
        return int.__repr__(value)
    if isinstance(value, float) and math.isfinite(value):
        return float.__repr__(value)
    raise ValueError(
        f"{_short(name)} must be a string, a number or a boolean (integers of at most 64 bits, and "
        f"no NaN or infinity), got {_kind(value)}"
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else shown(name)


def _sendable(what: str, text: str) -> str:
    at = unencodable_at(text)
    if at is not None:
        raise ValueError(f"{what} cannot be sent: surrogates not allowed (at position {at})")
    return str.__str__(text)


def max_wait_of(value: object) -> float | None:
    """Return the longest wait in seconds, or None for no limit."""
    if value is None:
        return None
    seconds = as_float(value)
    if not seconds >= 0:
        raise ConfigurationError(
            f"max_wait must be seconds from 0 on, or None for no limit; got {shown(value)}"
        )
    return seconds


def api_key_of(given: str | AskForKey | None) -> APIKey | AskedKey:
    """Return the key that was given, or the one of the environment."""
    if callable(given) and not isinstance(given, type):
        return AskedKey(given)
    key = os.environ.get("NGROK_API_KEY") if given is None else given
    if key is None:
        hint = (
            "; NGROK_AUTHTOKEN is set, but an authtoken is for agents and this API refuses it"
            if "NGROK_AUTHTOKEN" in os.environ
            else ""
        )
        msg = (
            "no API key: pass api_key= or set NGROK_API_KEY "
            f"(keys are made at https://dashboard.ngrok.com/api-keys){hint}"
        )
        raise ConfigurationError(msg)
    if isinstance(key, str):
        return APIKey(key)
    raise ConfigurationError(
        f"api_key must be a string, got {type(key).__name__}; or a function that returns one"
    )


def base_url_of(given: str | None, *, allow_insecure: bool) -> str:
    """Return the base URL without a slash at its end, if the key may be sent there."""
    url = given or os.environ.get("NGROK_API_URL") or DEFAULT_BASE_URL
    parts = _split(url)
    # The value is not in the messages where it may hold a password.
    if parts is None:
        msg = "base_url must be like https://api.ngrok.com"
        raise ConfigurationError(msg)
    if "@" in parts.netloc:
        msg = "base_url must not hold a user name or password; the API key is passed as api_key="
        raise ConfigurationError(msg)
    if parts.query or parts.fragment:
        msg = f"base_url must not have a query or a fragment, got {shown(url)}"
        raise ConfigurationError(msg)
    if parts.scheme == "http" and not allow_insecure and not _is_loopback(parts.hostname or ""):
        msg = (
            f"base_url must be https, got {shown(url)}: the API key would be readable on the way "
            "(http is for this machine only, or with allow_insecure=True)"
        )
        raise ConfigurationError(msg)
    path = parts.path.rstrip("/")
    try:
        return f"{parts.scheme}://{parts.netloc}{encode_path(path) if path else ''}"
    except ValueError as error:
        msg = f"base_url: {error}"
    raise ConfigurationError(msg)


def proxy_of(given: str | None) -> Proxy | None:
    """Return the proxy that was given."""
    if given is None:
        return None
    parts = _split(given)
    if parts is not None and _is_basic(parts):
        return Proxy(given)
    raise ConfigurationError(  # without the value, which may hold a password
        "proxy must be the URL of an HTTP proxy, such as http://user:password@10.0.0.1:3128"
    )


def _split(url: object) -> SplitResult | None:
    """Take a URL apart that aiohttp can use; None for others."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable():
        return None
    if " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
        # What the resolver would trip over: empty labels and long ones.
        host = (parts.hostname or "").encode("idna")
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and host and port != 0 else None


def _is_basic(parts: SplitResult) -> bool:
    """Tell whether user name and password can be sent; an encoding for them was never agreed on."""
    try:
        unquote(parts.netloc.rpartition("@")[0]).encode("latin-1")
    except UnicodeError:
        return False
    return ":" not in unquote(parts.username or "")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def user_agent(app_info: object) -> str:
    """Return the user agent, with the program that uses us in front."""
    major, minor, _ = platform.python_version_tuple()
    own = f"ngrok-async/{__version__} Python/{major}.{minor} aiohttp/{aiohttp.__version__}"
    if app_info is None:
        return own
    if (
        not isinstance(app_info, str)
        or not app_info.strip()
        or not app_info.isprintable()
        or not app_info.isascii()
    ):
        msg = f"app_info must be printable ASCII such as 'mybot/1.2', got {shown(app_info)}"
        raise ConfigurationError(msg)
    return f"{app_info.strip()} {own}"
