"""The model that `endpoints` and `kubernetes_operators` share."""

from datetime import datetime
from typing import Literal

import attrs

from ngrok_async.resources._shared import Described, Ref


@attrs.frozen(kw_only=True)
class Endpoint(Described):
    """A URL that ngrok takes traffic at; which fields are filled depends on its type.

    Attributes:
        region: The region that it belongs to.
        updated_at: When it was last changed, UTC.
        public_url: Deprecated: use `url`.
        proto: What it speaks.
        scheme: The scheme of the URL.
        hostport: Deprecated: host and port in one, with a colon between.
        host: The host of the URL.
        port: The port of the URL; 0 when ngrok did not send it.
        type: An agent's ("ephemeral"), an edge's, or one that lives at ngrok ("cloud").
        domain: The reserved domain that it uses.
        tcp_addr: The reserved address that it uses.
        tunnel: The tunnel behind an agent's endpoint.
        edge: The edge behind an edge's endpoint.
        upstream_url: Where the agent forwards to.
        upstream_protocol: What the agent speaks there.
        url: Where it takes traffic.
        principal: The user, service user or bot user that it belongs to.
        traffic_policy: What is done with the traffic, as JSON or YAML text.
        bindings: Who can reach it: the internet, other endpoints, or Kubernetes clusters.
        tunnel_session: The session of the agent that offers it.
        name: The name that its agent gave it.
        pooling_enabled: Whether other endpoints may share its URL.
    """

    region: str = ""
    updated_at: datetime
    public_url: str = ""
    proto: Literal["http", "https", "tcp", "tls"] | str = ""
    scheme: str = ""
    hostport: str = ""
    host: str = ""
    port: int = 0
    type: Literal["ephemeral", "edge", "cloud"] | str = ""
    domain: Ref | None = None
    tcp_addr: Ref | None = None
    tunnel: Ref | None = None
    edge: Ref | None = None
    upstream_url: str = ""
    upstream_protocol: str = ""
    url: str = ""
    principal: Ref | None = None
    traffic_policy: str = ""
    bindings: tuple[Literal["public", "internal", "kubernetes"] | str, ...] = ()
    tunnel_session: Ref | None = None
    name: str = ""
    pooling_enabled: bool = False
