"""What the server of the benchmarks answers with: sessions and endpoints as accounts have them.

Ids, addresses, times and most metadata are distinct; credentials, versions, systems and regions
repeat, as they do where one team runs many agents.
"""

import hashlib
import json
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
    """Return an endpoint: two in three are an agent's, the third is in the cloud."""
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
    if number % 3:
        value["metadata"] = f'{{"store": {number}}}'
        value["tunnel"] = _ref("tunnels", "tn", number)
        value["tunnel_session"] = _ref("tunnel_sessions", "ts", number // 4)
        value["upstream_url"] = f"http://localhost:{8000 + number % 4}"
    else:
        value["description"] = "Made by the console"
        value["domain"] = _ref("reserved_domains", "rd", number)
        value["traffic_policy"] = '{"on_http_request":[{"actions":[{"type":"deny"}]}]}'
        value["type"] = "cloud"
    return value


def sessions_page(first: int, total: int, base_url: str = _API) -> bytes:
    """Return the page of a list of `total` sessions that begins with the number `first`."""
    end = min(first + PAGE, total)
    url = f"{base_url}/tunnel_sessions"
    link = f"{url}?before_id={session_id(end - 1)}&limit={PAGE}" if end < total else None
    items = [session(number) for number in range(first, end)]
    return dumps({"next_page_uri": link, "tunnel_sessions": items, "uri": url})


def endpoints_page() -> bytes:
    """Return a page of endpoints."""
    items = [endpoint(number) for number in range(PAGE)]
    return dumps({"endpoints": items, "next_page_uri": None, "uri": f"{_API}/endpoints"})


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
