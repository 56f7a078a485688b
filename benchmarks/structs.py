"""Sessions and endpoints as typed msgspec structs, which check all types."""

from datetime import datetime

from msgspec import Struct


class Ref(Struct):
    """A reference."""

    id: str
    uri: str = ""


class TunnelSession(Struct, kw_only=True):
    """A tunnel session."""

    id: str
    uri: str = ""
    agent_version: str = ""
    credential: Ref
    ip: str = ""
    metadata: str = ""
    os: str = ""
    region: str = ""
    started_at: datetime
    transport: str = ""


class Endpoint(Struct, kw_only=True):
    """An endpoint."""

    id: str
    uri: str = ""
    created_at: datetime
    description: str = ""
    metadata: str = ""
    region: str = ""
    updated_at: datetime
    public_url: str = ""
    proto: str = ""
    scheme: str = ""
    hostport: str = ""
    host: str = ""
    port: int = 0
    type: str = ""
    domain: Ref | None = None
    tcp_addr: Ref | None = None
    tunnel: Ref | None = None
    edge: Ref | None = None
    upstream_url: str = ""
    upstream_protocol: str = ""
    url: str = ""
    principal: Ref | None = None
    traffic_policy: str = ""
    bindings: tuple[str, ...] = ()
    tunnel_session: Ref | None = None
    name: str = ""
    pooling_enabled: bool = False


class Sessions(Struct):
    """A page of sessions."""

    tunnel_sessions: list[TunnelSession]
    next_page_uri: str | None = None


class Endpoints(Struct):
    """A page of endpoints."""

    endpoints: list[Endpoint]
    next_page_uri: str | None = None
