"""What the server of the benchmarks answers with: sessions and endpoints as accounts have them.

Ids, addresses, times and most metadata are distinct; credentials, versions, systems and regions
repeat, as they do where one team runs many agents.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

PAGE: Final = 100
_API: Final = "https://api.ngrok.com"
_NEWEST: Final = datetime(2026, 10, 25, 12, 0, 0)  # noqa: DTZ001 # written with a Z below
_SYSTEMS: Final = ("linux", "linux", "darwin", "windows", "freebsd")
_REGIONS: Final = ("us", "eu", "us", "ap", "au", "sa", "jp", "in")
_VERSIONS: Final = ("3.18.4", "3.19.1", "3.22.0", "3.30.0")


def session_id(number: int) -> str:
    """Return the id of the session with this number; 0 is the newest."""
    return _id("ts", number)


def number_of(id_: str) -> int:
    """Return the number that an id was made of."""
    return int(id_[3:10])


def session(number: int) -> dict[str, Any]:
    """Return a tunnel session."""
    value = {
        "agent_version": _VERSIONS[number % len(_VERSIONS)],
        "credential": _ref("credentials", "cr", number % 5),
        "id": session_id(number),
        "ip": _address(number),
        "os": _SYSTEMS[number % len(_SYSTEMS)],
        "region": _REGIONS[number % len(_REGIONS)],
        "started_at": _time(number),
        "transport": "ngrok/v2",
        "uri": f"{_API}/tunnel_sessions/{session_id(number)}",
    }
    if number % 10:  # ngrok leaves empty metadata out
        value["metadata"] = f'{{"host": "edge-{number:07d}", "site": "store {number % 97}"}}'
    return value


def endpoint(number: int) -> dict[str, Any]:
    """Return an endpoint: most are an agent's, the others an edge's or in the cloud."""
    id_ = _id("ep", number)
    host = f"store-{number}.example.ngrok.app"
    value: dict[str, Any] = {
        "bindings": ["public"],
        "created_at": _time(number),
        "hostport": f"{host}:443",
        "id": id_,
        "name": "",
        "pooling_enabled": number % 2 == 0,
        "principal": _ref("service_users", "usr", number % 5),
        "proto": "https",
        "public_url": f"https://{host}",
        "region": _REGIONS[number % len(_REGIONS)],
        "type": "ephemeral",
        "updated_at": _time(number),
        "uri": f"{_API}/endpoints/{id_}",
        "url": f"https://{host}",
    }
    return value | _KINDS[number % len(_KINDS)](number)


def whole_endpoint(number: int) -> dict[str, Any]:
    """Return an endpoint with all 27 fields, which no real one has."""
    more = _in_cloud(number) | _of_edge(number) | _over_tcp(number)
    return endpoint(number) | more


def _of_agent(number: int) -> dict[str, Any]:
    return {
        "metadata": f'{{"store": {number}}}',
        "tunnel": _ref("tunnels", "tn", number),
        "tunnel_session": _ref("tunnel_sessions", "ts", number // 4),
        "upstream_url": f"http://localhost:{8000 + number % 4}",
    }


def _over_tcp(number: int) -> dict[str, Any]:
    return {
        **_of_agent(number),
        "host": f"{number % 9}.tcp.ngrok.io",
        "port": 10_000 + number,
        "proto": "tcp",
        "scheme": "tcp",
        "tcp_addr": _ref("reserved_addrs", "ra", number),
        "upstream_protocol": "http1",
    }


def _in_cloud(number: int) -> dict[str, Any]:
    return {
        "description": "Made by the console",
        "domain": _ref("reserved_domains", "rd", number),
        "traffic_policy": '{"on_http_request":[{"actions":[{"type":"deny"}]}]}',
        "type": "cloud",
    }


def _of_edge(number: int) -> dict[str, Any]:
    return {
        "domain": _ref("reserved_domains", "rd", number),
        "edge": _ref("edges/https", "edghts", number % 7),
        "type": "edge",
    }


_KINDS: Final[Sequence[Callable[[int], dict[str, Any]]]] = (
    *(_of_agent, _of_agent, _in_cloud, _of_agent, _over_tcp),
    *(_of_agent, _of_edge, _in_cloud, _of_agent),
)


def sessions_page(first: int, total: int, base_url: str = _API) -> bytes:
    """Return the page of a list of `total` sessions that begins with the number `first`."""
    return dumps(page("tunnel_sessions", first, total, base_url))


def page(name: str, first: int, total: int, base_url: str = _API) -> dict[str, Any]:
    """Return the page of a list of `total` items that begins with the number `first`."""
    item = _ITEMS[name]
    end = min(first + PAGE, total)
    items = [item(number) for number in range(first, end)]
    url = f"{base_url}/{name}"
    link = f"{url}?before_id={items[-1]['id']}&limit={PAGE}" if end < total else None
    return {"next_page_uri": link, name: items, "uri": url}


_ITEMS: Final[Mapping[str, Callable[[int], dict[str, Any]]]] = {
    "tunnel_sessions": session,
    "endpoints": endpoint,
}


def dumps(value: object) -> bytes:
    """Encode as Go does: no spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def _id(prefix: str, number: int) -> str:
    noise = hashlib.sha256(f"{prefix}{number}".encode()).hexdigest()
    return f"{prefix}_{number:07d}{noise[:20]}"  # as long as ngrok's


def _ref(path: str, prefix: str, number: int) -> dict[str, str]:
    id_ = _id(prefix, number)
    return {"id": id_, "uri": f"{_API}/{path}/{id_}"}


def _time(number: int) -> str:
    return f"{(_NEWEST - timedelta(seconds=7 * number)).isoformat()}Z"


def _address(number: int) -> str:
    return f"203.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
