"""The options of a client: what each takes, and what is refused before anything happens."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock
from urllib.parse import urlparse, urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyHttpUrl, HttpUrl
from yarl import URL

from ngrok_async import (
    Client,
    ConfigurationError,
    ConnectError,
    RateLimit,
)
from ngrok_async._api_key import APIKey

KEY = "2key"


def _sent(client: Client) -> str:
    key = client._account[1]
    assert isinstance(key, APIKey)
    return key.reveal()


# The key


def test_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument, NGROK_API_KEY is the key; space around it does not count."""
    monkeypatch.setenv("NGROK_API_KEY", " 2fromEnvironment\n")

    assert "2fromEnvironment" == _sent(Client())


def test_argument_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is passed is the key."""
    monkeypatch.setenv("NGROK_API_KEY", "2fromEnvironment")

    assert "2key" == _sent(Client(KEY))


def test_no_key() -> None:
    """The message says how to pass a key and where they are made."""
    with pytest.raises(ConfigurationError, match="set NGROK_API_KEY") as caught:
        Client()

    assert "https://dashboard.ngrok.com/api-keys, and an access token works" in str(caught.value)
    assert "authtoken" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_no_key_but_an_authtoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has set the agent's token is told when it will do and when not, without its value."""
    monkeypatch.setenv("NGROK_AUTHTOKEN", "2token")
    with pytest.raises(ConfigurationError, match="an authtoken is for agents") as caught:
        Client()

    assert "if it is an access token" in str(caught.value)
    assert "2token" not in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param(" \n", "empty", id="blank"),
        pytest.param("2ke y", "position 3", id="a space inside"),
        pytest.param("2key\r\nx: 1", "position 4", id="a line break"),
        pytest.param("2key\0", "position 4", id="NUL"),
        pytest.param("2kéy", "position 2", id="not ASCII"),
        pytest.param(b"2key", "must be a string, got bytes", id="bytes"),
    ],
)
def test_key_that_cannot_be_sent(wrong: Any, reason: str) -> None:  # noqa: ANN401 # also bytes
    """A key that no header can carry is refused where it is given, and not repeated."""
    with pytest.raises(ConfigurationError, match=reason) as caught:
        Client(wrong)

    assert "2k" not in str(caught.value)


def test_empty_environment_variable_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty NGROK_API_KEY is a mistake, and said to be one."""
    monkeypatch.setenv("NGROK_API_KEY", "")
    with pytest.raises(ConfigurationError, match="the API key is empty"):
        Client()


# The base URL


@pytest.mark.parametrize(
    ("given_", "used"),
    [
        pytest.param(None, "https://api.ngrok.com", id="default"),
        pytest.param("", "https://api.ngrok.com", id="empty"),
        pytest.param("https://api.eu.example/", "https://api.eu.example", id="slash at the end"),
        pytest.param("HTTPS://api.example", "https://api.example", id="capitals"),
        pytest.param("https://h:8443/a/b%20c", "https://h:8443/a/b%20c", id="port and path"),
        pytest.param("http://localhost:4040", "http://localhost:4040", id="localhost"),
        pytest.param("http://127.8.9.1", "http://127.8.9.1", id="loopback"),
        pytest.param("http://[::1]:80", "http://[::1]:80", id="loopback in IPv6"),
    ],
)
def test_base_url(given_: str | None, used: str) -> None:
    """Https anywhere, and http on this machine."""
    assert used == Client(KEY, base_url=given_).base_url


class Text:
    """Has a text that is a URL, and is none."""

    def __str__(self) -> str:
        """Look like one."""
        return "https://gw.example"


class OfAnother(Text):
    """A URL as httpx, starlette and others have it."""

    def __init__(self, text: str) -> None:
        """Take the text apart."""
        self._text = text
        self.scheme = text.partition(":")[0]

    def __str__(self) -> str:
        """Return the text."""
        return self._text


@pytest.mark.parametrize(
    "url",
    [
        URL("https://gw.example/ngrok"),
        AnyHttpUrl("https://gw.example/ngrok"),
        HttpUrl("https://gw.example/ngrok"),
        OfAnother("https://gw.example/ngrok/"),
        urlsplit("https://gw.example/ngrok"),
        urlparse("https://gw.example/ngrok"),
    ],
    ids=lambda url: type(url).__name__,
)
def test_base_url_of_another_type(url: Any) -> None:  # noqa: ANN401 # URLs of all kinds
    """Settings have URLs of yarl, pydantic and others; so may a proxy be one."""
    assert "https://gw.example/ngrok" == Client(KEY, base_url=url, proxy=url).base_url


@pytest.mark.parametrize("wrong", [Text(), MagicMock(), Path("https://gw.example"), b"https://h"])
def test_base_url_that_is_no_url(wrong: Any) -> None:  # noqa: ANN401 # anything
    """An object is not taken by its text alone."""
    with pytest.raises(ConfigurationError, match="base_url must be like"):
        Client(KEY, base_url=wrong)
    with pytest.raises(ConfigurationError, match="proxy must be the URL"):
        Client(KEY, proxy=wrong)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("https://api.ngrok.com/tunnels", "https://api.ngrok.com"),
        ("https://api.ngrok.com/tunnel_sessions/ts_1/restart", "https://api.ngrok.com"),
        ("https://api.ngrok.com:443/v2/", "https://api.ngrok.com:443"),
        ("https://gw.example/endpoints/", "https://gw.example"),
        ("https://gw.example/tunnels/tn_2abcDEF", "https://gw.example"),
        ("http://127.0.0.1:8080/vault_secrets", "http://127.0.0.1:8080"),
    ],
)
def test_base_url_with_a_route(wrong: str, right: str) -> None:
    """Every call would get a 404; what is before the route is what was meant."""
    with pytest.raises(ConfigurationError, match=f"the route of a call .*; write {right}$"):
        Client(KEY, base_url=wrong)


@pytest.mark.parametrize("path", ["/ngrok", "/tunnels/ngrok", "/api/tunnels", "/tunnels/a/b"])
def test_base_url_of_a_gateway(path: str) -> None:
    """A path of its own may have any words."""
    assert f"https://gw.example{path}" == Client(KEY, base_url=f"https://gw.example{path}").base_url


PROXIES: list[tuple[dict[str, str], str | None]] = [
    ({"HTTPS_PROXY": "http://user:hidden@10.0.0.1:3128"}, "HTTPS_PROXY"),
    ({"https_proxy": "http://10.0.0.1:3128"}, "https_proxy"),
    ({"ALL_PROXY": "http://10.0.0.1:3128"}, "ALL_PROXY"),
    ({"HTTPS_PROXY": "http://10.0.0.1:3128", "NO_PROXY": "localhost"}, None),
    ({"HTTP_PROXY": "http://10.0.0.1:3128"}, None),
    ({}, None),
]


@pytest.mark.parametrize(("variables", "named"), PROXIES)
@pytest.mark.parametrize("options", [{}, {"proxy": "http://localhost:1"}], ids=["none", "one"])
async def test_a_proxy_of_the_environment_is_mentioned(
    monkeypatch: pytest.MonkeyPatch,
    variables: Mapping[str, str],
    named: str | None,
    options: Mapping[str, Any],
) -> None:
    """It is not used; who relies on it reads so where no connection comes about."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    async with Client(KEY, base_url="https://localhost:1", retry=None, **options) as ngrok:
        with pytest.raises(ConnectError) as caught:
            await ngrok.tunnels.list()

    hint = f"; {named} is set, but not used: pass its value as proxy="
    assert (named is not None and not options) == (hint in str(caught.value))
    assert "proxy=" not in str(caught.value).replace(hint, "")
    assert "hidden" not in str(caught.value)


async def test_a_session_that_uses_the_environment_is_told_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With `trust_env` the proxy of the environment is the one that failed."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    async with aiohttp.ClientSession(trust_env=True) as session:
        ngrok = Client(KEY, base_url="https://api.example", session=session, retry=None)
        with pytest.raises(ConnectError) as caught:
            await ngrok.tunnels.list()

    assert "but not used" not in str(caught.value)


def test_base_url_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """NGROK_API_URL is used unless another one is passed."""
    monkeypatch.setenv("NGROK_API_URL", "https://environment.example")

    assert "https://environment.example" == Client(KEY).base_url
    assert "https://argument.example" == Client(KEY, base_url="https://argument.example").base_url


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        pytest.param("http://api.ngrok.com", "must be https", id="http"),
        pytest.param("http://10.0.0.1", "must be https", id="http in the local network"),
        pytest.param("http://localhost.example", "must be https", id="almost localhost"),
        pytest.param("http://127.0.0.1.example", "must be https", id="almost loopback"),
        pytest.param("file:///etc/passwd", "must be like", id="file"),
        pytest.param("ftp://api.ngrok.com", "must be like", id="ftp"),
        pytest.param("api.ngrok.com", "must be like", id="no scheme"),
        pytest.param("//api.ngrok.com", "must be like", id="no scheme, but slashes"),
        pytest.param("https://", "must be like", id="no host"),
        pytest.param("https:///x", "must be like", id="no host, but a path"),
        pytest.param("https://h:port", "must be like", id="a word for a port"),
        pytest.param("https://h:65536", "must be like", id="port too large"),
        pytest.param("https://h:0", "must be like", id="port 0"),
        pytest.param("https://[::1", "must be like", id="half a bracket"),
        pytest.param("https://a..b", "must be like", id="empty label"),
        pytest.param(f"https://{'a' * 64}.example", "must be like", id="long label"),
        pytest.param("https://bücher.example", "must be like", id="not ASCII"),
        pytest.param("https://h\\@evil.example", "must be like", id="backslash"),
        pytest.param("https://h\n.example", "must be like", id="line break"),
        pytest.param("https://h /x", "must be like", id="space"),
        pytest.param(7, "must be like", id="a number"),
        pytest.param("https://user:secret@h", "user name or password", id="password"),
        pytest.param("https://user@h", "user name or password", id="user name"),
        pytest.param("https://@h", "user name or password", id="empty user name"),
        pytest.param("https://h?x=1", "query or a fragment", id="query"),
        pytest.param("https://h/#x", "query or a fragment", id="fragment"),
        pytest.param("https://h/a/../b", "dot segments", id="dot segments"),
        pytest.param("https://h//b", "empty or dot segments", id="empty segment"),
        pytest.param("https://h/%2e%2E", "dot segments", id="encoded dot segments"),
    ],
)
def test_base_url_that_is_refused(wrong: Any, reason: str) -> None:  # noqa: ANN401 # also numbers
    """A URL that would send the key in the clear, or nowhere, is refused; passwords not shown."""
    with pytest.raises(ConfigurationError, match=reason) as caught:
        Client(KEY, base_url=wrong)

    assert "secret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_base_url_from_the_environment_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment may be wrong as well."""
    monkeypatch.setenv("NGROK_API_URL", "http://api.ngrok.com")
    with pytest.raises(ConfigurationError, match="must be https"):
        Client(KEY)


def test_http_is_allowed_on_demand() -> None:
    """Who takes the risk may say so."""
    client = Client(KEY, base_url="http://gateway.internal", allow_insecure=True)

    assert "http://gateway.internal" == client.base_url


@pytest.mark.parametrize(
    ("variable", "argument", "allowed"),
    [
        (None, None, False),
        ("", None, False),
        ("0", None, False),
        ("1", None, True),
        ("1", False, False),
        ("0", True, True),
        ("no", True, True),  # nobody asks the environment
    ],
)
def test_the_environment_may_allow_http(
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
    *,
    argument: bool | None,
    allowed: bool,
) -> None:
    """Only a 1 does, and an argument has the last word."""
    monkeypatch.setenv("NGROK_API_URL", "http://ngrok:4040")
    if variable is not None:
        monkeypatch.setenv("NGROK_ALLOW_INSECURE", variable)
    if allowed:
        assert "http://ngrok:4040" == Client(KEY, allow_insecure=argument).base_url
    else:
        with pytest.raises(ConfigurationError, match=r"must be https.*NGROK_ALLOW_INSECURE=1"):
            Client(KEY, allow_insecure=argument)


@pytest.mark.parametrize("variable", ["true", "yes", "no", " 1", "2"])
def test_the_environment_may_not_be_unclear(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """What is neither 1 nor 0 is refused, whatever the base URL: it may be meant either way."""
    monkeypatch.setenv("NGROK_ALLOW_INSECURE", variable)
    with pytest.raises(ConfigurationError, match=f"must be 1 or 0; got '{variable}'"):
        Client(KEY)


@given(st.text(max_size=20), st.sampled_from(["", "https://", "https://h", "https://h/"]))
def test_any_base_url_is_taken_or_refused(text: str, start: str) -> None:
    """No text makes anything but a client or a ConfigurationError."""
    try:
        base_url = Client(KEY, base_url=start + text).base_url
    except ConfigurationError:
        return

    assert base_url.startswith(("https://", "http://localhost", "http://127.", "http://[::1]"))
    assert base_url == Client(KEY, base_url=base_url).base_url


# The other options


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("10.0.0.1:3128", id="no scheme"),
        pytest.param("socks5://user:secret@10.0.0.1:1080", id="SOCKS"),
        pytest.param("http://user:secret@10.0.0.1:99999", id="port too large"),
        pytest.param("http://user:secret@", id="no host"),
        pytest.param("http://us%C4%81er:secret@10.0.0.1", id="name that is not Latin-1"),
        pytest.param("http://us%FFer:secret@10.0.0.1", id="name that is not UTF-8"),
        pytest.param("http://user:secret@10.0.0.1\n", id="line break"),
        pytest.param("http://us%3Aer:secret@10.0.0.1", id="name with a colon"),
        pytest.param(3128, id="a number"),
    ],
)
def test_proxy_that_cannot_work(wrong: Any) -> None:  # noqa: ANN401 # also numbers
    """A proxy that aiohttp would trip over at each call is refused, without its password."""
    with pytest.raises(ConfigurationError, match="URL of an HTTP proxy") as caught:
        Client(KEY, proxy=wrong)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "url", "authorization"),
    [
        ("http://10.0.0.1:3128", "http://10.0.0.1:3128", None),
        ("https://us%C3%A9r:p%40ss@proxy/", "https://proxy/", "Basic dXPpcjpwQHNz"),
        ("http://user@10.0.0.1", "http://10.0.0.1", "Basic dXNlcjo="),
        ("http://:p%3Ass@10.0.0.1", "http://10.0.0.1", "Basic OnA6c3M="),
    ],
)
def test_proxy(proxy: str, url: str, authorization: str | None) -> None:
    """What is shown of a proxy is its URL without name and password."""
    client = Client(KEY, proxy=proxy)

    kept = client._transport._proxy
    assert kept is not None
    assert (url, authorization) == (kept.url, kept.authorization)
    assert "Basic" not in repr(vars(client._transport))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({"timeout": 30}, "such as Timeout(total=30); got 30", id="timeout"),
        pytest.param({"timeout": None}, "such as Timeout(total=30); got None", id="no timeout"),
        pytest.param({"retry": 3}, "such as Retry(max_attempts=3); got 3", id="retry"),
        pytest.param({"retry": False}, "such as Retry(max_attempts=3)", id="no retry"),
        pytest.param({"max_wait": -1}, "seconds from 0 on", id="negative wait"),
        pytest.param({"max_wait": float("nan")}, "seconds from 0 on", id="wait that is no number"),
        pytest.param({"max_wait": "5"}, "seconds from 0 on", id="wait as text"),
        pytest.param({"max_wait": True}, "seconds from 0 on", id="wait that is True"),
    ],
)
def test_options_of_the_wrong_kind(options: Any, reason: str) -> None:  # noqa: ANN401 # and wrong
    """An option that cannot work is refused by the client and by its views, with an example."""
    with pytest.raises(ConfigurationError) as caught:
        Client(KEY, **options)
    with pytest.raises(ConfigurationError) as caught_by_view:
        Client(KEY).with_options(**options)

    assert reason in str(caught.value)
    assert str(caught.value) == str(caught_by_view.value)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"limiter": 120}, r"limiter must be .* RateLimit\(40\), or None; got 120"),
        ({"limiter": "redis://:hidden@host"}, r"limiter must be .* got str$"),
        ({"limiter": RateLimit}, "limiter must be .* got the class RateLimit"),
        ({"session": aiohttp.ClientSession}, "session must be .* got the class ClientSession"),
        ({"middlewares": print}, "middlewares must be a list or tuple, got builtin"),
        ({"middlewares": [print, 5]}, r"middlewares\[1\] must be .* got 5"),
        ({"on_event": []}, "on_event must be a plain function of one event, got list"),
        ({"clock": 3}, r"clock must have time\(\) and call_at\(when, callback\), .* got 3"),
        ({"clock": time.monotonic}, r"clock must have time\(\) .* got builtin_function"),
        ({"prefetch": "no"}, "prefetch must be a bool, such as False; got 'no'"),
        ({"allow_insecure": "no"}, "allow_insecure must be a bool, such as True; got 'no'"),
    ],
    ids=[
        "number as limiter",
        "URL as limiter",
        "class as limiter",
        "class as session",
        "one middleware without a list",
        "number as middleware",
        "list as listener",
        "number as clock",
        "function as clock",
        "prefetch as text",
        "allow_insecure as text",
    ],
)
def test_options_that_would_fail_late(options: Any, reason: str) -> None:  # noqa: ANN401 # and wrong
    """What could never work is refused before there is a client, and not at its first call."""
    with pytest.raises(ConfigurationError, match=reason):
        Client(KEY, **options)


@pytest.mark.parametrize("wrong", ["", "  ", "my\nbot", "bot\r\nx: 1", "böt", 3])
def test_app_info_that_cannot_be_sent(wrong: Any) -> None:  # noqa: ANN401 # and wrong
    """A name that no header can carry is refused."""
    with pytest.raises(ConfigurationError, match="app_info must be printable ASCII"):
        Client(KEY, app_info=wrong)


@pytest.mark.parametrize("name", ["limit", "debug", "api_token"])
def test_unknown_options_are_refused(name: str) -> None:
    """A misspelt option is no silent default."""
    with pytest.raises(TypeError, match=name):
        Client(KEY, **{name: 1})


def test_needs_no_running_loop() -> None:
    """A client may be made at import time; so may views, pagers and resources."""
    client = Client(KEY)
    view = client.with_options(retry=None)
    pager = view.tunnel_sessions.list(limit=1)

    assert repr(pager).startswith("<Pager /tunnel_sessions cursor=None: ")
    assert client._transport._session is None
