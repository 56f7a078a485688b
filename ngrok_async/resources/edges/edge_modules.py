"""The modules of edges and routes, one by one. Deprecated.

`replace` takes what is said at each, or a mapping with its fields, or what `get` returned. ngrok's
sunset date was 2025-12-31: endpoints with a traffic policy take their place.
"""

from ngrok_async.resources.edges._models import (
    EndpointBackend,
    EndpointBackendMutate,
    EndpointCircuitBreaker,
    EndpointCompression,
    EndpointIPPolicy,
    EndpointIPPolicyMutate,
    EndpointModule,
    EndpointModuleMutate,
    EndpointMutualTLS,
    EndpointMutualTLSMutate,
    EndpointOAuth,
    EndpointOAuthAmazon,
    EndpointOAuthFacebook,
    EndpointOAuthGitHub,
    EndpointOAuthGitLab,
    EndpointOAuthGoogle,
    EndpointOAuthLinkedIn,
    EndpointOAuthLogin,
    EndpointOAuthMicrosoft,
    EndpointOAuthProvider,
    EndpointOAuthTwitch,
    EndpointOIDC,
    EndpointRequestHeaders,
    EndpointResponseHeaders,
    EndpointSAML,
    EndpointSAMLMutate,
    EndpointTLSTermination,
    EndpointTLSTerminationAtEdge,
    EndpointTrafficPolicy,
    EndpointUserAgentFilter,
    EndpointWebhookValidation,
    EndpointWebsocketTCPConverter,
)
from ngrok_async.resources.edges._module import EdgeModule, RouteModule

__all__ = [
    "EdgeRouteBackendModule",
    "EdgeRouteCircuitBreakerModule",
    "EdgeRouteCompressionModule",
    "EdgeRouteIPRestrictionModule",
    "EdgeRouteOAuthModule",
    "EdgeRouteOIDCModule",
    "EdgeRouteRequestHeadersModule",
    "EdgeRouteResponseHeadersModule",
    "EdgeRouteSAMLModule",
    "EdgeRouteTrafficPolicyModule",
    "EdgeRouteUserAgentFilterModule",
    "EdgeRouteWebhookVerificationModule",
    "EdgeRouteWebsocketTCPConverterModule",
    "EndpointBackend",
    "EndpointBackendMutate",
    "EndpointCircuitBreaker",
    "EndpointCompression",
    "EndpointIPPolicy",
    "EndpointIPPolicyMutate",
    "EndpointModule",
    "EndpointModuleMutate",
    "EndpointMutualTLS",
    "EndpointMutualTLSMutate",
    "EndpointOAuth",
    "EndpointOAuthAmazon",
    "EndpointOAuthFacebook",
    "EndpointOAuthGitHub",
    "EndpointOAuthGitLab",
    "EndpointOAuthGoogle",
    "EndpointOAuthLinkedIn",
    "EndpointOAuthLogin",
    "EndpointOAuthMicrosoft",
    "EndpointOAuthProvider",
    "EndpointOAuthTwitch",
    "EndpointOIDC",
    "EndpointRequestHeaders",
    "EndpointResponseHeaders",
    "EndpointSAML",
    "EndpointSAMLMutate",
    "EndpointTLSTermination",
    "EndpointTLSTerminationAtEdge",
    "EndpointTrafficPolicy",
    "EndpointUserAgentFilter",
    "EndpointWebhookValidation",
    "EndpointWebsocketTCPConverter",
    "HTTPSEdgeMutualTLSModule",
    "HTTPSEdgeTLSTerminationModule",
    "TCPEdgeBackendModule",
    "TCPEdgeIPRestrictionModule",
    "TCPEdgeTrafficPolicyModule",
    "TLSEdgeBackendModule",
    "TLSEdgeIPRestrictionModule",
    "TLSEdgeMutualTLSModule",
    "TLSEdgeTLSTerminationModule",
    "TLSEdgeTrafficPolicyModule",
]


class HTTPSEdgeMutualTLSModule(
    EdgeModule[EndpointMutualTLSMutate | EndpointMutualTLS, EndpointMutualTLS],
    path="/edges/https/{id}/mutual_tls",
):
    """Ask for client certificates. `replace` takes an `EndpointMutualTLSMutate`.

    https://ngrok.com/docs/api-reference/httpsedgemutualtlsmodule/get
    """


class HTTPSEdgeTLSTerminationModule(
    EdgeModule[EndpointTLSTerminationAtEdge | EndpointTLSTermination, EndpointTLSTermination],
    path="/edges/https/{id}/tls_termination",
):
    """Say how TLS ends at an HTTPS edge. `replace` takes an `EndpointTLSTerminationAtEdge`.

    https://ngrok.com/docs/api-reference/httpsedgetlsterminationmodule/get
    """


class EdgeRouteBackendModule(
    RouteModule[EndpointBackendMutate | EndpointBackend, EndpointBackend],
    path="/edges/https/{edge_id}/routes/{id}/backend",
):
    """Say where the requests of a route go. `replace` takes an `EndpointBackendMutate`.

    https://ngrok.com/docs/api-reference/edgeroutebackendmodule/get
    """


class EdgeRouteIPRestrictionModule(
    RouteModule[EndpointIPPolicyMutate | EndpointIPPolicy, EndpointIPPolicy],
    path="/edges/https/{edge_id}/routes/{id}/ip_restriction",
):
    """Let IP policies decide who gets through. `replace` takes an `EndpointIPPolicyMutate`.

    https://ngrok.com/docs/api-reference/edgerouteiprestrictionmodule/get
    """


class EdgeRouteRequestHeadersModule(
    RouteModule[EndpointRequestHeaders, EndpointRequestHeaders],
    path="/edges/https/{edge_id}/routes/{id}/request_headers",
):
    """Change the headers of requests. `replace` takes an `EndpointRequestHeaders`.

    https://ngrok.com/docs/api-reference/edgerouterequestheadersmodule/get
    """


class EdgeRouteResponseHeadersModule(
    RouteModule[EndpointResponseHeaders, EndpointResponseHeaders],
    path="/edges/https/{edge_id}/routes/{id}/response_headers",
):
    """Change the headers of responses. `replace` takes an `EndpointResponseHeaders`.

    https://ngrok.com/docs/api-reference/edgerouteresponseheadersmodule/get
    """


class EdgeRouteCompressionModule(
    RouteModule[EndpointCompression, EndpointCompression],
    path="/edges/https/{edge_id}/routes/{id}/compression",
):
    """Compress responses. `replace` takes an `EndpointCompression`.

    https://ngrok.com/docs/api-reference/edgeroutecompressionmodule/get
    """


class EdgeRouteCircuitBreakerModule(
    RouteModule[EndpointCircuitBreaker, EndpointCircuitBreaker],
    path="/edges/https/{edge_id}/routes/{id}/circuit_breaker",
):
    """Refuse requests while the backend fails. `replace` takes an `EndpointCircuitBreaker`.

    https://ngrok.com/docs/api-reference/edgeroutecircuitbreakermodule/get
    """


class EdgeRouteWebhookVerificationModule(
    RouteModule[EndpointWebhookValidation, EndpointWebhookValidation],
    path="/edges/https/{edge_id}/routes/{id}/webhook_verification",
):
    """Let only signed webhooks through. `replace` takes an `EndpointWebhookValidation`.

    https://ngrok.com/docs/api-reference/edgeroutewebhookverificationmodule/get
    """


class EdgeRouteOAuthModule(
    RouteModule[EndpointOAuth, EndpointOAuth], path="/edges/https/{edge_id}/routes/{id}/oauth"
):
    """Have users log in with an OAuth provider. `replace` takes an `EndpointOAuth`.

    https://ngrok.com/docs/api-reference/edgerouteoauthmodule/get
    """


class EdgeRouteSAMLModule(
    RouteModule[EndpointSAMLMutate | EndpointSAML, EndpointSAML],
    path="/edges/https/{edge_id}/routes/{id}/saml",
):
    """Have users log in with SAML. `replace` takes an `EndpointSAMLMutate`.

    https://ngrok.com/docs/api-reference/edgeroutesamlmodule/get
    """


class EdgeRouteOIDCModule(
    RouteModule[EndpointOIDC, EndpointOIDC], path="/edges/https/{edge_id}/routes/{id}/oidc"
):
    """Have users log in with OpenID Connect. `replace` takes an `EndpointOIDC`.

    https://ngrok.com/docs/api-reference/edgerouteoidcmodule/get
    """


class EdgeRouteWebsocketTCPConverterModule(
    RouteModule[EndpointWebsocketTCPConverter, EndpointWebsocketTCPConverter],
    path="/edges/https/{edge_id}/routes/{id}/websocket_tcp_converter",
):
    """Carry websockets to the backend as TCP. `replace` takes an `EndpointWebsocketTCPConverter`.

    https://ngrok.com/docs/api-reference/edgeroutewebsockettcpconvertermodule/get
    """


class EdgeRouteUserAgentFilterModule(
    RouteModule[EndpointUserAgentFilter, EndpointUserAgentFilter],
    path="/edges/https/{edge_id}/routes/{id}/user_agent_filter",
):
    """Let requests through by their user agent. `replace` takes an `EndpointUserAgentFilter`.

    https://ngrok.com/docs/api-reference/edgerouteuseragentfiltermodule/get
    """


class EdgeRouteTrafficPolicyModule(
    RouteModule[EndpointTrafficPolicy, EndpointTrafficPolicy],
    path="/edges/https/{edge_id}/routes/{id}/traffic_policy",
):
    """Apply a traffic policy to a route. `replace` takes an `EndpointTrafficPolicy`.

    https://ngrok.com/docs/api-reference/edgeroutetrafficpolicymodule/get
    """


class TCPEdgeBackendModule(
    EdgeModule[EndpointBackendMutate | EndpointBackend, EndpointBackend],
    path="/edges/tcp/{id}/backend",
):
    """Say where the connections of a TCP edge go. `replace` takes an `EndpointBackendMutate`.

    https://ngrok.com/docs/api-reference/tcpedgebackendmodule/get
    """


class TCPEdgeIPRestrictionModule(
    EdgeModule[EndpointIPPolicyMutate | EndpointIPPolicy, EndpointIPPolicy],
    path="/edges/tcp/{id}/ip_restriction",
):
    """Let IP policies decide who gets through. `replace` takes an `EndpointIPPolicyMutate`.

    https://ngrok.com/docs/api-reference/tcpedgeiprestrictionmodule/get
    """


class TCPEdgeTrafficPolicyModule(
    EdgeModule[EndpointTrafficPolicy, EndpointTrafficPolicy], path="/edges/tcp/{id}/traffic_policy"
):
    """Apply a traffic policy to a TCP edge. `replace` takes an `EndpointTrafficPolicy`.

    https://ngrok.com/docs/api-reference/tcpedgetrafficpolicymodule/get
    """


class TLSEdgeBackendModule(
    EdgeModule[EndpointBackendMutate | EndpointBackend, EndpointBackend],
    path="/edges/tls/{id}/backend",
):
    """Say where the connections of a TLS edge go. `replace` takes an `EndpointBackendMutate`.

    https://ngrok.com/docs/api-reference/tlsedgebackendmodule/get
    """


class TLSEdgeIPRestrictionModule(
    EdgeModule[EndpointIPPolicyMutate | EndpointIPPolicy, EndpointIPPolicy],
    path="/edges/tls/{id}/ip_restriction",
):
    """Let IP policies decide who gets through. `replace` takes an `EndpointIPPolicyMutate`.

    https://ngrok.com/docs/api-reference/tlsedgeiprestrictionmodule/get
    """


class TLSEdgeMutualTLSModule(
    EdgeModule[EndpointMutualTLSMutate | EndpointMutualTLS, EndpointMutualTLS],
    path="/edges/tls/{id}/mutual_tls",
):
    """Ask for client certificates. `replace` takes an `EndpointMutualTLSMutate`.

    https://ngrok.com/docs/api-reference/tlsedgemutualtlsmodule/get
    """


class TLSEdgeTLSTerminationModule(
    EdgeModule[EndpointTLSTermination, EndpointTLSTermination],
    path="/edges/tls/{id}/tls_termination",
):
    """Say where TLS ends, at the edge or upstream. `replace` takes an `EndpointTLSTermination`.

    https://ngrok.com/docs/api-reference/tlsedgetlsterminationmodule/get
    """


class TLSEdgeTrafficPolicyModule(
    EdgeModule[EndpointTrafficPolicy, EndpointTrafficPolicy], path="/edges/tls/{id}/traffic_policy"
):
    """Apply a traffic policy to a TLS edge. `replace` takes an `EndpointTrafficPolicy`.

    https://ngrok.com/docs/api-reference/tlsedgetrafficpolicymodule/get
    """
