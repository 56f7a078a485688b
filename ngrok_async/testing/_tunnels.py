"""What agents offer: tunnels, and the endpoints at which these are reached."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast

import attrs

from ngrok_async.testing._agent import Agent, flag, text
from ngrok_async.testing._store import Item, Store, timestamp, without_empty
from ngrok_async.testing._urls import described, reservation

SESSIONS: Final = "/tunnel_sessions"
TUNNELS: Final = "/tunnels"
ENDPOINTS: Final = "/endpoints"

_HOSTS: Final = {"public": "ngrok.app", "internal": "internal", "kubernetes": "default"}
_FIRST_PORT: Final = 10_000
_PORTS_OF_A_HOST: Final = 10_000

SCHEMES: Final = ("https", "http", "tcp", "tls")
BINDINGS: Final = tuple(_HOSTS)


def _texts(_offer: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if value is None:
        return
    given = cast("Mapping[object, object]", value) if isinstance(value, Mapping) else {0: 0}
    if not all(isinstance(part, str) for pair in given.items() for part in pair):
        raise ValueError(f"{field.name} must be texts by name, got {value!r}")


@attrs.define(eq=False, kw_only=True)
class Offer:
    """What an agent offers each time that it connects.

    Attributes:
        url: Where it is reached, or was when the agent was last connected; "" without one.
        is_told: Whether the URL was told. Others are made up, each time anew.
        proto: What it speaks.
        forwards_to: The address that the agent forwards to.
        metadata: The text from the agent's configuration.
        labels: Those of a labelled tunnel, which has neither URL nor endpoint; None: no such one.
        name: The name of the endpoint.
        description: The description of the endpoint.
        binding: Who reaches the endpoint.
        pooling_enabled: Whether other endpoints may have the same URL.
    """

    url: str
    is_told: bool
    proto: str = attrs.field(validator=text)
    forwards_to: str = attrs.field(validator=text)
    metadata: str = attrs.field(validator=text)
    labels: Mapping[str, str] | None = attrs.field(validator=_texts)
    name: str = attrs.field(validator=text)
    description: str = attrs.field(validator=text)
    binding: str
    pooling_enabled: bool = attrs.field(validator=flag)


class Offers:
    """The tunnels and endpoints of all agents that are connected."""

    def __init__(self, store: Store) -> None:
        """Begin without any."""
        self._store = store
        self._addresses = 0

    def open(self, agent: Agent, offer: Offer, at: datetime) -> str | None:
        """Open a tunnel; returns its id, or None where somebody else has its URL."""
        store, endpoint = self._store, None
        tunnel: Item = {
            "id": store.new_id("tn_", at),
            "started_at": timestamp(at),
            "region": agent.region,
            "tunnel_session": store.ref(SESSIONS, agent.id),
            "forwards_to": offer.forwards_to,
            "metadata": offer.metadata,
        }
        if offer.labels is not None:
            tunnel["labels"] = dict(offer.labels)
        else:
            if not offer.is_told and not reservation(store, offer.url):
                offer.url = self._made_up(agent, offer)
            elif self._is_taken(offer):
                return None
            endpoint = self._endpoint(tunnel, offer, store.new_id("ep_", at))
            tunnel |= {
                "public_url": offer.url,
                "proto": offer.proto,
                "endpoint": store.ref(ENDPOINTS, endpoint["id"]),
            }
            store[ENDPOINTS].add(without_empty(endpoint), at=at)
        store[TUNNELS].add(without_empty(tunnel), at=at)
        return str(tunnel["id"])

    def close(self, tunnel_id: str) -> None:
        """Close a tunnel that is open."""
        tunnel = self._store[TUNNELS].get(tunnel_id) or {}
        if "endpoint" in tunnel:
            self._store[ENDPOINTS].remove(tunnel["endpoint"]["id"])
        self._store[TUNNELS].remove(tunnel_id)

    def _endpoint(self, tunnel: Item, offer: Offer, id_: str) -> Item:
        """Return what the list of endpoints has of a tunnel."""
        return {
            "id": id_,
            "uri": self._store.uri(ENDPOINTS, id_),
            "created_at": tunnel["started_at"],
            "updated_at": tunnel["started_at"],
            **described(offer.url),
            "proto": offer.proto,
            "type": "ephemeral",
            "name": offer.name,
            "description": offer.description,
            "metadata": offer.metadata,
            "bindings": [offer.binding],
            "pooling_enabled": offer.pooling_enabled,
            "principal": {"id": self._store.user, "uri": ""},
            "tunnel": self._store.ref(TUNNELS, tunnel["id"]),
            "tunnel_session": tunnel["tunnel_session"],
            "upstream_url": offer.forwards_to,
        } | reservation(self._store, offer.url)

    def _is_taken(self, offer: Offer) -> bool:
        """Tell whether an endpoint keeps another one from having its URL too."""
        return any(
            endpoint.get("url") == offer.url
            and not (offer.pooling_enabled and endpoint.get("pooling_enabled", False))
            for _, endpoint in self._store[ENDPOINTS].older_than(None)
        )

    def _made_up(self, agent: Agent, offer: Offer) -> str:
        if offer.proto != "tcp":
            return f"{offer.proto}://{self._store.letters(12)}.{_HOSTS[offer.binding]}"
        host, port = divmod(self._addresses, _PORTS_OF_A_HOST)
        self._addresses += 1
        region = "" if agent.region in {"", "us"} else f".{agent.region}"
        return f"tcp://{host}.tcp{region}.ngrok.io:{_FIRST_PORT + port}"
