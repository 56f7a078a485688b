"""The options of a client, checked before anything else happens.

What is wrong is named together with what would be right. A value that may hold a secret is not
shown.
"""

import ipaddress
import os
import platform
import re
from typing import Final, Protocol, TypeAlias, TypeVar, cast
from urllib.parse import ParseResult, SplitResult, unquote, urlsplit

import aiohttp
from yarl import URL

from ngrok_async._api_key import APIKey, AskedKey, AskForKey
from ngrok_async._callables import kind_of
from ngrok_async._clock import Clock
from ngrok_async._hints import RESOURCES
from ngrok_async._numbers import as_float
from ngrok_async._request import encode_path
from ngrok_async._shown import shown
from ngrok_async._version import __version__
from ngrok_async._way.credentials import Proxy
from ngrok_async.errors import ConfigurationError

T = TypeVar("T")

_NGROK: Final = "api.ngrok.com"
DEFAULT_BASE_URL: Final = f"https://{_NGROK}"
# Where routes of the API begin, and what an id looks like in one.
_ROOTS: Final = RESOURCES | {"app", "vault_secrets"}
_ID: Final = r"[a-z]+_\w+"


class SupportsURL(Protocol):
    """A URL as pydantic or httpx have it: `str()` gives its text."""

    @property
    def scheme(self) -> str:
        """Such as "https"."""
        ...


URLLike: TypeAlias = str | URL | SupportsURL
"""A URL, or its text."""


def instance(name: str, value: T, kind: type[T], example: str) -> T:
    """Return `value` if it is of its kind."""
    if not isinstance(value, kind):
        raise ConfigurationError(
            f"{name} must be a {kind.__name__}, such as {example}; got {shown(value)}"
        )
    return value


def session_of(given: aiohttp.ClientSession | None) -> aiohttp.ClientSession | None:
    """Return the session that was passed, if it is one."""
    # The class itself has a `closed` that counts as true.
    if given is not None and not isinstance(given, aiohttp.ClientSession):  # pyright: ignore[reportUnnecessaryIsInstance] # untyped callers
        raise ConfigurationError(
            f"session must be an open aiohttp.ClientSession, got {kind_of(given)}"
        )
    return given


def clock_of(given: Clock | None) -> Clock | None:
    """Return the clock that was passed, if it is one."""
    if given is None or all(callable(getattr(given, name, None)) for name in ("time", "call_at")):
        return given
    raise ConfigurationError(
        "clock must have time() and call_at(when, callback), such as TurnableClock() of "
        f"ngrok_async.testing; got {kind_of(given)}"
    )


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
            "; NGROK_AUTHTOKEN is set: what it has can be passed if it is an access token, but an "
            "authtoken is for agents and this API refuses it"
            if "NGROK_AUTHTOKEN" in os.environ
            else ""
        )
        raise ConfigurationError(
            "no API key: pass api_key= or set NGROK_API_KEY (keys are made at "
            f"https://dashboard.ngrok.com/api-keys, and an access token works too){hint}"
        )
    if isinstance(key, str):
        return APIKey(key)
    raise ConfigurationError(
        f"api_key must be a string, got {type(key).__name__}; or a function that returns one"
    )


def allow_insecure_of(given: object) -> bool:
    """Return whether the key may be sent unencrypted: as given, or as the environment has it."""
    # Of neither does a text such as "no" count as yes, and give the key away.
    if given is not None:
        return instance("allow_insecure", cast("bool", given), bool, "True")
    wanted = os.environ.get("NGROK_ALLOW_INSECURE", "")
    if wanted not in {"", "0", "1"}:
        raise ConfigurationError(f"NGROK_ALLOW_INSECURE must be 1 or 0; got {shown(wanted)}")
    return wanted == "1"


def base_url_of(given: URLLike | None, *, allow_insecure: bool) -> str:
    """Return the base URL without a slash at its end, if the key may be sent there."""
    url = _url_text(given) or os.environ.get("NGROK_API_URL") or DEFAULT_BASE_URL
    parts = _split(url)
    # The value is not in the messages where it may hold a password.
    if parts is None:
        raise ConfigurationError("base_url must be like https://api.ngrok.com")
    if "@" in parts.netloc:
        raise ConfigurationError(
            "base_url must not hold a user name or password; the API key is passed as api_key="
        )
    if parts.query or parts.fragment:
        raise ConfigurationError(f"base_url must not have a query or a fragment, got {shown(url)}")
    if parts.scheme == "http" and not allow_insecure and not _is_loopback(parts.hostname or ""):
        raise ConfigurationError(
            f"base_url must be https, got {shown(url)}: the API key would be readable on the way "
            "(http is for this machine only, or with allow_insecure=True or NGROK_ALLOW_INSECURE=1)"
        )
    path = parts.path.rstrip("/")
    if path and (parts.hostname == _NGROK or _is_route(path)):
        raise ConfigurationError(
            f"base_url must not have the route of a call in it, got {shown(url)}; write "
            f"{parts.scheme}://{parts.netloc}"
        )
    try:
        return f"{parts.scheme}://{parts.netloc}{encode_path(path) if path else ''}"
    except ValueError as error:
        msg = f"base_url: {error}"
    raise ConfigurationError(msg)


def proxy_of(given: URLLike | None) -> Proxy | None:
    """Return the proxy that was given."""
    if given is None:
        return None
    text = _url_text(given)
    parts = _split(text)
    if parts is not None and _is_basic(parts):
        return Proxy(cast("str", text))
    raise ConfigurationError(  # without the value, which may hold a password
        "proxy must be the URL of an HTTP proxy, such as http://user:password@10.0.0.1:3128"
    )


def _url_text(value: object) -> object:
    """Return the text of an object that is a URL; all else as it is."""
    if isinstance(value, ParseResult | SplitResult):
        return value.geturl()
    is_url = not isinstance(value, str) and isinstance(getattr(value, "scheme", None), str)
    return str(value) if is_url else value


def _is_route(path: str) -> bool:
    # A longer path may be where a gateway has the whole API.
    root, *rest = path[1:].split("/")
    return root in _ROOTS and (not rest or (len(rest) == 1 and bool(re.fullmatch(_ID, rest[0]))))


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
        raise ConfigurationError(
            f"app_info must be printable ASCII such as 'mybot/1.2', got {shown(app_info)}"
        )
    return f"{app_info.strip()} {own}"
