"""TLS edges: domains whose connections go to a backend, decrypted or not. Deprecated."""

from collections.abc import Sequence

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import Described
from ngrok_async.resources.edges._models import (
    EndpointBackend,
    EndpointBackendMutate,
    EndpointIPPolicy,
    EndpointIPPolicyMutate,
    EndpointMutualTLS,
    EndpointMutualTLSMutate,
    EndpointTLSTermination,
    EndpointTrafficPolicy,
)


@attrs.frozen(kw_only=True)
class TLSEdge(Described):
    """A TLS edge; a module that is not set up is None.

    Attributes:
        hostports: The hosts and ports that it serves, such as "example.com:443".
        backend: Where the connections go.
        ip_restriction: Which addresses may connect.
        mutual_tls: Which client certificates are accepted.
        tls_termination: Where TLS ends, and how.
        traffic_policy: A traffic policy.
    """

    hostports: tuple[str, ...] = ()
    backend: EndpointBackend | None = None
    ip_restriction: EndpointIPPolicy | None = None
    mutual_tls: EndpointMutualTLS | None = None
    tls_termination: EndpointTLSTermination | None = None
    traffic_policy: EndpointTrafficPolicy | None = None


class EdgesTLS(Resource):
    """Manage TLS edges.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/edgestls/list
    """

    @paged("GET /edges/tls", items="tls_edges")
    def list(self, *, before_id: Id | None = None, limit: int | None = None) -> Pager[TLSEdge]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /edges/tls/{id}")
    async def get(self, id: Id) -> TLSEdge:
        """Return one TLS edge. Deprecated by ngrok."""
        ...

    @operation("POST /edges/tls")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        hostports: Unset[Sequence[str]] = UNSET,
        backend: Unset[Nested[EndpointBackendMutate | EndpointBackend] | None] = UNSET,
        ip_restriction: Unset[Nested[EndpointIPPolicyMutate | EndpointIPPolicy] | None] = UNSET,
        mutual_tls: Unset[Nested[EndpointMutualTLSMutate | EndpointMutualTLS] | None] = UNSET,
        tls_termination: Unset[Nested[EndpointTLSTermination] | None] = UNSET,
        traffic_policy: Unset[Nested[EndpointTrafficPolicy] | None] = UNSET,
    ) -> TLSEdge:
        """Create a TLS edge. Deprecated by ngrok.

        Args:
            description: A note for people, at most 255 bytes.
            metadata: Data for programs, often JSON, at most 4096 bytes.
            hostports: The hosts and ports to serve, such as "example.com:443".
            backend: Where the connections go; None for no such module.
            ip_restriction: Which addresses may connect; None for no such module.
            mutual_tls: Which client certificates to accept; None for no such module.
            tls_termination: Where TLS ends, and how; None for no such module.
            traffic_policy: A traffic policy; None for no such module.
        """
        ...

    @operation("PATCH /edges/tls/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        hostports: Unset[Sequence[str]] = UNSET,
        backend: Unset[Nested[EndpointBackendMutate | EndpointBackend] | None] = UNSET,
        ip_restriction: Unset[Nested[EndpointIPPolicyMutate | EndpointIPPolicy] | None] = UNSET,
        mutual_tls: Unset[Nested[EndpointMutualTLSMutate | EndpointMutualTLS] | None] = UNSET,
        tls_termination: Unset[Nested[EndpointTLSTermination] | None] = UNSET,
        traffic_policy: Unset[Nested[EndpointTrafficPolicy] | None] = UNSET,
    ) -> TLSEdge:
        """Change the fields that you pass and leave the others alone. Deprecated by ngrok.

        They are `description`, `metadata`, `hostports`, `backend`, `ip_restriction`, `mutual_tls`,
        `tls_termination` and `traffic_policy`; sizes as in `create`. `hostports=[]` asks for none.
        """
        ...

    @operation("DELETE /edges/tls/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a TLS edge. Deprecated by ngrok."""
        ...
