"""Tunnels: what the connected agents offer. Endpoints are their successor."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import attrs

from ngrok_async._api import Id, Pager, Resource, operation, paged
from ngrok_async.resources._shared import Model, Ref


@attrs.frozen(kw_only=True)
class Tunnel(Model):
    """A tunnel that is online.

    Attributes:
        id: The tunnel's id.
        public_url: Where it is reached; empty for a tunnel that only has labels.
        started_at: When it came online.
        metadata: The text that the agent's configuration sets.
        proto: What it speaks; empty for a tunnel that only has labels.
        region: The ngrok region that it is connected to.
        tunnel_session: The session of the agent that offers it.
        endpoint: The endpoint that it serves, if it serves one by itself.
        labels: Its labels, which edges pick tunnels by.
        backends: The tunnel group backends that it is part of.
        forwards_to: The address that the agent forwards to.
    """

    id: str
    public_url: str = ""
    started_at: datetime
    metadata: str = ""
    proto: Literal["http", "https", "tcp", "tls"] | str = ""
    region: str = ""
    tunnel_session: Ref
    endpoint: Ref | None = None
    labels: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    backends: tuple[Ref, ...] = ()
    forwards_to: str = ""


class Tunnels(Resource):
    """See the tunnels that are online.

    Deprecated by ngrok: `endpoints` lists these and cloud endpoints alike.

    https://ngrok.com/docs/api-reference/tunnels/list
    """

    @paged("GET /tunnels", items="tunnels")
    def list(self, *, before_id: Id | None = None, limit: int | None = None) -> Pager[Tunnel]:
        """Walk over the tunnels that are online, newest first. Deprecated: use endpoints.

        Args:
            before_id: Begin after this tunnel; or the `cursor` of another pager.
            limit: Items per page, 1 to 100; ngrok's default is 100.
        """
        ...

    @operation("GET /tunnels/{id}")
    async def get(self, id: Id) -> Tunnel:
        """Return one tunnel; `NotFoundError` once it is offline. Deprecated: use endpoints."""
        ...
