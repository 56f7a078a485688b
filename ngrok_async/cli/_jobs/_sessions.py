"""Agents, and what they offer."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ngrok_async.cli._agent_names import name_of

if TYPE_CHECKING:
    import ngrok_async
    from ngrok_async._request import JSON
    from ngrok_async.resources.endpoints import Endpoint
    from ngrok_async.resources.tunnel_sessions import TunnelSession


async def urls_by_session(client: "ngrok_async.Client") -> dict[str, list[str]]:
    """Return what each agent offers, by the id of its session."""
    return by_session([endpoint async for endpoint in client.endpoints.list()])


def by_session(endpoints: "Iterable[Endpoint]") -> dict[str, list[str]]:
    """Return the URLs of endpoints by the agents' sessions that offer them."""
    urls: dict[str, list[str]] = {}
    for endpoint in endpoints:
        if endpoint.tunnel_session is not None:
            urls.setdefault(endpoint.tunnel_session.id, []).append(url_of(endpoint))
    return urls


def url_of(endpoint: "Endpoint") -> str:
    """Return where an endpoint takes traffic."""
    return endpoint.url or endpoint.public_url


def row(session: "TunnelSession", urls: Mapping[str, list[str]]) -> dict[str, "JSON"]:
    """Return what people want to see of an agent."""
    return {
        "name": name_of(session.metadata),
        "id": session.id,
        "version": session.agent_version,
        "os": session.os,
        "region": session.region,
        "address": session.ip,
        "up_since": session.to_dict()["started_at"],
        "tunnels": urls.get(session.id, []),
        "credential": session.credential.id,
        "metadata": session.metadata,
    }
