"""TCP edges: addresses whose connections go to a backend. Deprecated."""

from collections.abc import Sequence

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import Described
from ngrok_async.resources.edges._models import (
    EndpointBackend,
    EndpointBackendMutate,
    EndpointIPPolicy,
    EndpointIPPolicyMutate,
    EndpointTrafficPolicy,
)


@attrs.frozen(kw_only=True)
class TCPEdge(Described):
    """A TCP edge; a module that is not set up is None.

    Attributes:
        hostports: The hosts and ports that it serves, such as "1.tcp.ngrok.io:12345".
        backend: Where the connections go.
        ip_restriction: Which addresses may connect.
        traffic_policy: A traffic policy.
    """

    hostports: tuple[str, ...] = ()
    backend: EndpointBackend | None = None
    ip_restriction: EndpointIPPolicy | None = None
    traffic_policy: EndpointTrafficPolicy | None = None


class EdgesTCP(Resource):
    """Manage TCP edges.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/edgestcp/list
    """

    @paged("GET /edges/tcp", items="tcp_edges")
    def list(self, *, before_id: Id | None = None, limit: int | None = None) -> Pager[TCPEdge]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /edges/tcp/{id}")
    async def get(self, id: Id) -> TCPEdge:
        """Return one TCP edge. Deprecated by ngrok."""
        ...

    @operation("POST /edges/tcp")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        hostports: Unset[Sequence[str]] = UNSET,
        backend: Unset[Nested[EndpointBackendMutate | EndpointBackend] | None] = UNSET,
        ip_restriction: Unset[Nested[EndpointIPPolicyMutate | EndpointIPPolicy] | None] = UNSET,
        traffic_policy: Unset[Nested[EndpointTrafficPolicy] | None] = UNSET,
    ) -> TCPEdge:
        """Create a TCP edge. Deprecated by ngrok.

        Args:
            description: A note for people, at most 255 bytes.
            metadata: Data for programs, often JSON, at most 4096 bytes.
            hostports: The hosts and ports to serve, such as "1.tcp.ngrok.io:12345".
            backend: Where the connections go; None for no such module.
            ip_restriction: Which addresses may connect; None for no such module.
            traffic_policy: A traffic policy; None for no such module.
        """
        ...

    @operation("PATCH /edges/tcp/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        hostports: Unset[Sequence[str]] = UNSET,
        backend: Unset[Nested[EndpointBackendMutate | EndpointBackend] | None] = UNSET,
        ip_restriction: Unset[Nested[EndpointIPPolicyMutate | EndpointIPPolicy] | None] = UNSET,
        traffic_policy: Unset[Nested[EndpointTrafficPolicy] | None] = UNSET,
    ) -> TCPEdge:
        """Change the fields that you pass and leave the others alone. Deprecated by ngrok.

        They are `description`, `metadata`, `hostports`, `backend`, `ip_restriction` and
        `traffic_policy`; sizes as in `create`. `hostports=[]` asks for none.
        """
        ...

    @operation("DELETE /edges/tcp/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a TCP edge. Deprecated by ngrok."""
        ...
