"""Edges, their modules and their backends: the family that ngrok has switched off.

ngrok's sunset date was 2025-12-31, and ERR_NGROK_7008 says that edges are no longer available.
Endpoints with a traffic policy take their place.

https://ngrok.com/docs/universal-gateway/overview
"""

from typing import TYPE_CHECKING

from ngrok_async._lazy import Group, Lazy

if TYPE_CHECKING:
    from ngrok_async.resources.edges.backends import (
        FailoverBackends,
        HTTPResponseBackends,
        StaticBackends,
        TunnelGroupBackends,
        WeightedBackends,
    )
    from ngrok_async.resources.edges.edge_modules import (
        EdgeRouteBackendModule,
        EdgeRouteCircuitBreakerModule,
        EdgeRouteCompressionModule,
        EdgeRouteIPRestrictionModule,
        EdgeRouteOAuthModule,
        EdgeRouteOIDCModule,
        EdgeRouteRequestHeadersModule,
        EdgeRouteResponseHeadersModule,
        EdgeRouteSAMLModule,
        EdgeRouteTrafficPolicyModule,
        EdgeRouteUserAgentFilterModule,
        EdgeRouteWebhookVerificationModule,
        EdgeRouteWebsocketTCPConverterModule,
        HTTPSEdgeMutualTLSModule,
        HTTPSEdgeTLSTerminationModule,
        TCPEdgeBackendModule,
        TCPEdgeIPRestrictionModule,
        TCPEdgeTrafficPolicyModule,
        TLSEdgeBackendModule,
        TLSEdgeIPRestrictionModule,
        TLSEdgeMutualTLSModule,
        TLSEdgeTLSTerminationModule,
        TLSEdgeTrafficPolicyModule,
    )
    from ngrok_async.resources.edges.https import EdgesHTTPS
    from ngrok_async.resources.edges.https_routes import EdgesHTTPSRoutes
    from ngrok_async.resources.edges.tcp import EdgesTCP
    from ngrok_async.resources.edges.tls import EdgesTLS


class Backends(Group, module="edges.backends"):
    """What edges send their traffic to."""

    failover: Lazy["FailoverBackends"] = Lazy("FailoverBackends")
    http_response: Lazy["HTTPResponseBackends"] = Lazy("HTTPResponseBackends")
    static_address: Lazy["StaticBackends"] = Lazy("StaticBackends")
    tunnel_group: Lazy["TunnelGroupBackends"] = Lazy("TunnelGroupBackends")
    weighted: Lazy["WeightedBackends"] = Lazy("WeightedBackends")


class Edges(Group):
    """Edges and the routes of HTTPS edges."""

    https_routes: Lazy["EdgesHTTPSRoutes"] = Lazy("EdgesHTTPSRoutes", module="edges.https_routes")
    https: Lazy["EdgesHTTPS"] = Lazy("EdgesHTTPS", module="edges.https")
    tcp: Lazy["EdgesTCP"] = Lazy("EdgesTCP", module="edges.tcp")
    tls: Lazy["EdgesTLS"] = Lazy("EdgesTLS", module="edges.tls")


class EdgeModules(Group, module="edges.edge_modules"):
    """The modules of edges and routes, one by one."""

    https_edge_mutual_tls: Lazy["HTTPSEdgeMutualTLSModule"] = Lazy("HTTPSEdgeMutualTLSModule")
    https_edge_tls_termination: Lazy["HTTPSEdgeTLSTerminationModule"] = Lazy(
        "HTTPSEdgeTLSTerminationModule"
    )
    https_edge_route_backend: Lazy["EdgeRouteBackendModule"] = Lazy("EdgeRouteBackendModule")
    https_edge_route_ip_restriction: Lazy["EdgeRouteIPRestrictionModule"] = Lazy(
        "EdgeRouteIPRestrictionModule"
    )
    https_edge_route_request_headers: Lazy["EdgeRouteRequestHeadersModule"] = Lazy(
        "EdgeRouteRequestHeadersModule"
    )
    https_edge_route_response_headers: Lazy["EdgeRouteResponseHeadersModule"] = Lazy(
        "EdgeRouteResponseHeadersModule"
    )
    https_edge_route_compression: Lazy["EdgeRouteCompressionModule"] = Lazy(
        "EdgeRouteCompressionModule"
    )
    https_edge_route_circuit_breaker: Lazy["EdgeRouteCircuitBreakerModule"] = Lazy(
        "EdgeRouteCircuitBreakerModule"
    )
    https_edge_route_webhook_verification: Lazy["EdgeRouteWebhookVerificationModule"] = Lazy(
        "EdgeRouteWebhookVerificationModule"
    )
    https_edge_route_oauth: Lazy["EdgeRouteOAuthModule"] = Lazy("EdgeRouteOAuthModule")
    https_edge_route_saml: Lazy["EdgeRouteSAMLModule"] = Lazy("EdgeRouteSAMLModule")
    https_edge_route_oidc: Lazy["EdgeRouteOIDCModule"] = Lazy("EdgeRouteOIDCModule")
    https_edge_route_websocket_tcp_converter: Lazy["EdgeRouteWebsocketTCPConverterModule"] = Lazy(
        "EdgeRouteWebsocketTCPConverterModule"
    )
    https_edge_route_user_agent_filter: Lazy["EdgeRouteUserAgentFilterModule"] = Lazy(
        "EdgeRouteUserAgentFilterModule"
    )
    https_edge_route_traffic_policy: Lazy["EdgeRouteTrafficPolicyModule"] = Lazy(
        "EdgeRouteTrafficPolicyModule"
    )
    tcp_edge_backend: Lazy["TCPEdgeBackendModule"] = Lazy("TCPEdgeBackendModule")
    tcp_edge_ip_restriction: Lazy["TCPEdgeIPRestrictionModule"] = Lazy("TCPEdgeIPRestrictionModule")
    tcp_edge_traffic_policy: Lazy["TCPEdgeTrafficPolicyModule"] = Lazy("TCPEdgeTrafficPolicyModule")
    tls_edge_backend: Lazy["TLSEdgeBackendModule"] = Lazy("TLSEdgeBackendModule")
    tls_edge_ip_restriction: Lazy["TLSEdgeIPRestrictionModule"] = Lazy("TLSEdgeIPRestrictionModule")
    tls_edge_mutual_tls: Lazy["TLSEdgeMutualTLSModule"] = Lazy("TLSEdgeMutualTLSModule")
    tls_edge_tls_termination: Lazy["TLSEdgeTLSTerminationModule"] = Lazy(
        "TLSEdgeTLSTerminationModule"
    )
    tls_edge_traffic_policy: Lazy["TLSEdgeTrafficPolicyModule"] = Lazy("TLSEdgeTrafficPolicyModule")
