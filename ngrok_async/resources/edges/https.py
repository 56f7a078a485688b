"""HTTPS edges: one or more domains, each request led on by its path. Deprecated."""

from collections.abc import Sequence

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import Described
from ngrok_async.resources.edges._models import (
    EndpointMutualTLS,
    EndpointMutualTLSMutate,
    EndpointTLSTermination,
    EndpointTLSTerminationAtEdge,
    HTTPSEdgeRoute,
)


@attrs.frozen(kw_only=True)
class HTTPSEdge(Described):
    """An HTTPS edge; a module that is not set up is None.

    Attributes:
        hostports: The hosts and ports that it serves, such as "example.com:443".
        mutual_tls: Which client certificates are accepted.
        tls_termination: How TLS ends.
        routes: What it does with the requests for which path.
    """

    hostports: tuple[str, ...] = ()
    mutual_tls: EndpointMutualTLS | None = None
    tls_termination: EndpointTLSTermination | None = None
    routes: tuple[HTTPSEdgeRoute, ...] = ()


class EdgesHTTPS(Resource):
    """Manage HTTPS edges; their routes are in `https_routes`.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/edgeshttps/list
    """

    @paged("GET /edges/https", items="https_edges")
    def list(self, *, before_id: Id | None = None, limit: int | None = None) -> Pager[HTTPSEdge]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /edges/https/{id}")
    async def get(self, id: Id) -> HTTPSEdge:
        """Return one HTTPS edge with its routes. Deprecated by ngrok."""
        ...

    @operation("POST /edges/https")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        hostports: Unset[Sequence[str]] = UNSET,
        mutual_tls: Unset[Nested[EndpointMutualTLSMutate | EndpointMutualTLS] | None] = UNSET,
        tls_termination: Unset[
            Nested[EndpointTLSTerminationAtEdge | EndpointTLSTermination] | None
        ] = UNSET,
    ) -> HTTPSEdge:
        """Create an HTTPS edge, at first without routes. Deprecated by ngrok.

        Args:
            description: A note for people, at most 255 bytes.
            metadata: Data for programs, often JSON, at most 4096 bytes.
            hostports: The hosts and ports to serve, such as "example.com:443".
            mutual_tls: Which client certificates to accept; None for no such module.
            tls_termination: How TLS ends; None for no such module.
        """
        ...

    @operation("PATCH /edges/https/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        hostports: Unset[Sequence[str]] = UNSET,
        mutual_tls: Unset[Nested[EndpointMutualTLSMutate | EndpointMutualTLS] | None] = UNSET,
        tls_termination: Unset[
            Nested[EndpointTLSTerminationAtEdge | EndpointTLSTermination] | None
        ] = UNSET,
    ) -> HTTPSEdge:
        """Change the fields that you pass and leave the others alone. Deprecated by ngrok.

        They are `description`, `metadata`, `hostports`, `mutual_tls` and `tls_termination`; sizes
        as in `create`. `hostports=[]` asks for none.
        """
        ...

    @operation("DELETE /edges/https/{id}")
    async def delete(self, id: Id) -> None:
        """Delete an HTTPS edge. Deprecated by ngrok."""
        ...
