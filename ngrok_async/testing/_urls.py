"""URLs of endpoints: as ngrok writes them, their parts, and what is reserved for them."""

from typing import Final
from urllib.parse import urlsplit

from ngrok_async.testing._store import Item, Store

_PORTS: Final = {"http": 80, "https": 443, "tls": 443}
_DOMAINS: Final = "/reserved_domains"
_ADDRESSES: Final = "/reserved_addrs"


def host_of(url: str) -> str:
    """Return the host of a URL, or "" of one that has none.

    Raises:
        ValueError: It cannot be taken apart.
    """
    return urlsplit(url).hostname or ""


def described(url: str) -> Item:
    """Return what an endpoint tells of its URL, which loses the port that its scheme implies.

    Raises:
        ValueError: It cannot be taken apart.
    """
    parts = urlsplit(url)
    scheme, host = parts.scheme, parts.hostname or ""
    implied = _PORTS.get(scheme, 0)
    port = parts.port or implied
    hostport = f"{host}:{port}"
    if host and port:
        url = f"{scheme}://{host if port == implied else hostport}"
    return {
        "url": url,
        "public_url": url,
        "proto": scheme,
        "hostport": hostport if host and port else "",
        "scheme": scheme,
        "host": host,
        "port": port,
    }


def reservation(store: Store, url: str) -> Item:
    """Return the references of an endpoint to what the account has reserved for its URL."""
    if url.startswith("tcp:"):
        field, path, name, wanted = "tcp_addr", _ADDRESSES, "addr", {described(url)["hostport"]}
    else:
        host = host_of(url)
        field, path, name = "domain", _DOMAINS, "domain"
        wanted = {host, f"*.{host.partition('.')[2]}"}
    for _, item in store[path].older_than(None):
        if item.get(name) in wanted:
            return {field: store.ref(path, item["id"])}
    return {}
