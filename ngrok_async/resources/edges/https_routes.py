"""Routes of HTTPS edges: what happens to the requests for a path. Deprecated."""

from typing import Literal

from ngrok_async._api import UNSET, Id, JSONText, Nested, Resource, Unset, operation
from ngrok_async.resources.edges._models import (
    EndpointBackend,
    EndpointBackendMutate,
    EndpointCircuitBreaker,
    EndpointCompression,
    EndpointIPPolicy,
    EndpointIPPolicyMutate,
    EndpointOAuth,
    EndpointOIDC,
    EndpointRequestHeaders,
    EndpointResponseHeaders,
    EndpointSAML,
    EndpointSAMLMutate,
    EndpointTrafficPolicy,
    EndpointUserAgentFilter,
    EndpointWebhookValidation,
    EndpointWebsocketTCPConverter,
    HTTPSEdgeRoute,
)

__all__ = ["EdgesHTTPSRoutes", "HTTPSEdgeRoute"]


class EdgesHTTPSRoutes(Resource):
    """Manage the routes of HTTPS edges; `edges.https.get` lists those of an edge.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/edgeshttpsroutes/create
    """

    @operation("GET /edges/https/{edge_id}/routes/{id}")
    async def get(self, edge_id: Id, id: Id) -> HTTPSEdgeRoute:
        """Return one route of an edge. Deprecated by ngrok."""
        ...

    @operation("POST /edges/https/{edge_id}/routes")
    async def create(
        self,
        edge_id: Id,
        *,
        match_type: Literal["exact_path", "path_prefix"] | str,
        match: str,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        backend: Unset[Nested[EndpointBackendMutate | EndpointBackend] | None] = UNSET,
        ip_restriction: Unset[Nested[EndpointIPPolicyMutate | EndpointIPPolicy] | None] = UNSET,
        circuit_breaker: Unset[Nested[EndpointCircuitBreaker] | None] = UNSET,
        compression: Unset[Nested[EndpointCompression] | None] = UNSET,
        request_headers: Unset[Nested[EndpointRequestHeaders] | None] = UNSET,
        response_headers: Unset[Nested[EndpointResponseHeaders] | None] = UNSET,
        webhook_verification: Unset[Nested[EndpointWebhookValidation] | None] = UNSET,
        oauth: Unset[Nested[EndpointOAuth] | None] = UNSET,
        saml: Unset[Nested[EndpointSAMLMutate | EndpointSAML] | None] = UNSET,
        oidc: Unset[Nested[EndpointOIDC] | None] = UNSET,
        websocket_tcp_converter: Unset[Nested[EndpointWebsocketTCPConverter] | None] = UNSET,
        user_agent_filter: Unset[Nested[EndpointUserAgentFilter] | None] = UNSET,
        traffic_policy: Unset[Nested[EndpointTrafficPolicy] | None] = UNSET,
    ) -> HTTPSEdgeRoute:
        """Add a route to an edge; None for a module leaves it out. Deprecated by ngrok.

        Args:
            edge_id: The edge.
            match_type: Whether `match` is the whole path or its beginning.
            match: What requests must be for, such as "/blog" or "example.com/blog".
            description: A note for people, at most 255 bytes.
            metadata: Data for programs, often JSON, at most 4096 bytes.
            backend: Where the requests go.
            ip_restriction: Which addresses may send them.
            circuit_breaker: When to refuse them because the backend fails.
            compression: Whether to compress the responses.
            request_headers: Changes to their headers.
            response_headers: Changes to the headers of the responses.
            webhook_verification: Which provider's signature they need.
            oauth: Login with an OAuth provider.
            saml: Login with SAML.
            oidc: Login with OpenID Connect.
            websocket_tcp_converter: Whether websockets go on as TCP.
            user_agent_filter: Which user agents get through.
            traffic_policy: A traffic policy.
        """
        ...

    @operation("PATCH /edges/https/{edge_id}/routes/{id}")
    async def update(
        self,
        edge_id: Id,
        id: Id,
        *,
        match_type: Unset[Literal["exact_path", "path_prefix"] | str] = UNSET,
        match: Unset[str] = UNSET,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        backend: Unset[Nested[EndpointBackendMutate | EndpointBackend] | None] = UNSET,
        ip_restriction: Unset[Nested[EndpointIPPolicyMutate | EndpointIPPolicy] | None] = UNSET,
        circuit_breaker: Unset[Nested[EndpointCircuitBreaker] | None] = UNSET,
        compression: Unset[Nested[EndpointCompression] | None] = UNSET,
        request_headers: Unset[Nested[EndpointRequestHeaders] | None] = UNSET,
        response_headers: Unset[Nested[EndpointResponseHeaders] | None] = UNSET,
        webhook_verification: Unset[Nested[EndpointWebhookValidation] | None] = UNSET,
        oauth: Unset[Nested[EndpointOAuth] | None] = UNSET,
        saml: Unset[Nested[EndpointSAMLMutate | EndpointSAML] | None] = UNSET,
        oidc: Unset[Nested[EndpointOIDC] | None] = UNSET,
        websocket_tcp_converter: Unset[Nested[EndpointWebsocketTCPConverter] | None] = UNSET,
        user_agent_filter: Unset[Nested[EndpointUserAgentFilter] | None] = UNSET,
        traffic_policy: Unset[Nested[EndpointTrafficPolicy] | None] = UNSET,
    ) -> HTTPSEdgeRoute:
        """Change the fields that you pass and leave the others alone. Deprecated by ngrok.

        They are `match_type`, `match`, `description` and `metadata`, sizes as in `create`, and the
        modules: `backend`, `ip_restriction`, `circuit_breaker`, `compression`, `request_headers`,
        `response_headers`, `webhook_verification`, `oauth`, `saml`, `oidc`,
        `websocket_tcp_converter`, `user_agent_filter` and `traffic_policy`.
        """
        ...

    @operation("DELETE /edges/https/{edge_id}/routes/{id}")
    async def delete(self, edge_id: Id, id: Id) -> None:
        """Remove a route from an edge. Deprecated by ngrok."""
        ...
