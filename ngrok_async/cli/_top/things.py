"""Agents and endpoints as rows of the live view."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ngrok_async.cli._agent_names import name_of
from ngrok_async.cli._top.state import Thing

if TYPE_CHECKING:
    from ngrok_async.resources.endpoints import Endpoint
    from ngrok_async.resources.tunnel_sessions import TunnelSession


def agent(session: "TunnelSession", urls: Sequence[str]) -> Thing:
    """Return an agent's row.

    Args:
        session: Its session.
        urls: What it offers.
    """
    cells = {
        "name": name_of(session.metadata),
        "id": session.id,
        "version": session.agent_version,
        "os": session.os,
        "region": session.region,
        "address": session.ip,
        "tunnels": " ".join(urls),
    }
    more: dict[str, Sequence[str]] = {name: (text,) for name, text in cells.items()}
    more |= {
        "up since": (session.started_at.isoformat(),),
        "credential": (session.credential.id,),
        "transport": (session.transport,),
        "metadata": (session.metadata,),
        "tunnels": urls,
    }
    return Thing(id=session.id, cells=cells, more=more, since=session.started_at)


def url_of(point: "Endpoint") -> str:
    """Return where an endpoint takes traffic."""
    return point.url or point.public_url


def endpoint(point: "Endpoint", agents: Mapping[str, Thing]) -> Thing:
    """Return an endpoint's row.

    Args:
        point: The endpoint.
        agents: The rows of the agents that are known, by the ids of their sessions.
    """
    session = point.tunnel_session.id if point.tunnel_session else ""
    name = agents[session].cells["name"] if session in agents else ""
    cells = {
        "url": url_of(point),
        "id": point.id,
        "type": point.type,
        "forwards to": point.upstream_url,
        "agent": name or session,
    }
    more: dict[str, Sequence[str]] = {label: (text,) for label, text in cells.items()}
    more |= {
        "up since": (point.created_at.isoformat(),),
        "agent": (name, session) if name else (session,),
        "bindings": point.bindings,
        "pooling": ("yes" if point.pooling_enabled else "no",),
        "description": (point.description,),
        "metadata": (point.metadata,),
        "traffic policy": (point.traffic_policy,),
    }
    return Thing(id=point.id, cells=cells, more=more, since=point.created_at)
