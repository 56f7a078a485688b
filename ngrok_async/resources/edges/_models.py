"""The modules of edges and routes, as answers and requests have them, and the routes."""

from collections.abc import Mapping
from typing import Literal

import attrs

from ngrok_async._api import UNSET, Id, Unset
from ngrok_async.resources._shared import Described, Model, Ref


@attrs.frozen(kw_only=True)
class EndpointModule(Model):
    """What every module has, in answers and where a request takes the same.

    Attributes:
        enabled: Whether the module is applied; None in a request counts as True.
    """

    enabled: bool | None = None


@attrs.frozen(kw_only=True)
class EndpointModuleMutate(Model):
    """What every module has that requests write in another way than answers.

    Attributes:
        enabled: Whether to apply the module; not sent: True.
    """

    enabled: Unset[bool] = UNSET


@attrs.frozen(kw_only=True)
class EndpointOAuthLogin(Model):
    """Login with an OAuth provider, and who gets in.

    Attributes:
        client_id: The id of your own OAuth app; None: ngrok's app, which can do less.
        client_secret: The app's secret; needed along with `client_id`. Answers have it too.
        scopes: Scopes to ask for; only with an app of your own.
        email_addresses: Users who get in, by address.
        email_domains: Users who get in, by the domain of their address.
    """

    client_id: str | None = None
    client_secret: str | None = attrs.field(default=None, repr=False)
    scopes: tuple[str, ...] = ()
    email_addresses: tuple[str, ...] = ()
    email_domains: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointBackend(EndpointModule):
    """Where the traffic goes, in answers; also taken where an `EndpointBackendMutate` is.

    Attributes:
        backend: The backend that gets the traffic.
    """

    backend: Ref | None = None


@attrs.frozen(kw_only=True)
class EndpointBackendMutate(EndpointModuleMutate):
    """Where the traffic goes, in requests.

    Attributes:
        backend_id: The backend that gets the traffic, of any of the five kinds.
    """

    backend_id: Id = ""


@attrs.frozen(kw_only=True)
class EndpointIPPolicy(EndpointModule):
    """Which addresses may connect, in answers; also taken where an `EndpointIPPolicyMutate` is.

    Attributes:
        ip_policies: The IP policies that decide.
    """

    ip_policies: tuple[Ref, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointIPPolicyMutate(EndpointModuleMutate):
    """Which addresses may connect, in requests.

    Attributes:
        ip_policy_ids: The IP policies that decide.
    """

    ip_policy_ids: tuple[Id, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointMutualTLS(EndpointModule):
    """Client certificates, in answers; also taken where an `EndpointMutualTLSMutate` is.

    Attributes:
        certificate_authorities: Whose client certificates are accepted.
    """

    certificate_authorities: tuple[Ref, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointMutualTLSMutate(EndpointModuleMutate):
    """Client certificates, in requests.

    Attributes:
        certificate_authority_ids: Whose client certificates to accept.
    """

    certificate_authority_ids: tuple[Id, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointTLSTermination(EndpointModule):
    """Where TLS ends; also taken where an `EndpointTLSTerminationAtEdge` is.

    Attributes:
        terminate_at: "edge" for at ngrok, "upstream" for behind the agent; most other modules
            cannot work then.
        min_version: The oldest TLS version that clients may use; None: ngrok's choice, and the
            only possibility with "upstream".
    """

    terminate_at: Literal["edge", "upstream"] | str = ""
    min_version: str | None = None


@attrs.frozen(kw_only=True)
class EndpointTLSTerminationAtEdge(EndpointModuleMutate):
    """How TLS ends at an HTTPS edge, in requests.

    Attributes:
        min_version: The oldest TLS version that clients may use; None: ngrok's choice.
    """

    min_version: str | None = None


@attrs.frozen(kw_only=True)
class EndpointCircuitBreaker(EndpointModule):
    """Refusing requests while the backend fails too many of them.

    Attributes:
        tripped_duration: Seconds of refusing before the backend gets another try.
        rolling_window: Seconds that are looked back on.
        num_buckets: Parts that the window is counted in, at most 128.
        volume_threshold: Requests in a window from which on the breaker may trip.
        error_threshold_percentage: The share of errors at which it trips: 0 to 1, not 0 to 100.
    """

    tripped_duration: int = 0
    rolling_window: int = 0
    num_buckets: int = 0
    volume_threshold: int = 0
    error_threshold_percentage: float = 0.0


@attrs.frozen(kw_only=True)
class EndpointCompression(EndpointModule):
    """Compressing responses for clients that ask for it."""


@attrs.frozen(kw_only=True)
class EndpointRequestHeaders(EndpointModule):
    """Changing the headers of requests before the backend gets them.

    Attributes:
        add: Headers to add, by name.
        remove: Names of headers to take out.
    """

    add: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    remove: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointResponseHeaders(EndpointModule):
    """Changing the headers of responses before the client gets them.

    Attributes:
        add: Headers to add, by name.
        remove: Names of headers to take out.
    """

    add: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    remove: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointWebhookValidation(EndpointModule):
    """Letting only signed webhooks of one provider through.

    Attributes:
        provider: ngrok's name of the provider.
        secret: What the provider signs with; only AWS SNS does without.
    """

    provider: str = ""
    secret: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class EndpointOAuthGitHub(EndpointOAuthLogin):
    """Login with GitHub, and who gets in.

    Attributes:
        teams: Members of these teams get in: "organization/team", both as in GitHub's URLs.
        organizations: Members of these organizations get in, named as in GitHub's URLs.
    """

    teams: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointOAuthFacebook(EndpointOAuthLogin):
    """Login with Facebook, and who gets in."""


@attrs.frozen(kw_only=True)
class EndpointOAuthMicrosoft(EndpointOAuthLogin):
    """Login with Microsoft, and who gets in."""


@attrs.frozen(kw_only=True)
class EndpointOAuthGoogle(EndpointOAuthLogin):
    """Login with Google, and who gets in."""


@attrs.frozen(kw_only=True)
class EndpointOAuthLinkedIn(EndpointOAuthLogin):
    """Login with LinkedIn, and who gets in."""


@attrs.frozen(kw_only=True)
class EndpointOAuthGitLab(EndpointOAuthLogin):
    """Login with GitLab, and who gets in."""


@attrs.frozen(kw_only=True)
class EndpointOAuthTwitch(EndpointOAuthLogin):
    """Login with Twitch, and who gets in."""


@attrs.frozen(kw_only=True)
class EndpointOAuthAmazon(EndpointOAuthLogin):
    """Login with Amazon, and who gets in."""


@attrs.frozen(kw_only=True)
class EndpointOAuthProvider(Model):
    """Who users log in with: one field has a value, the others are None.

    Attributes:
        github: Login with GitHub.
        facebook: Login with Facebook.
        microsoft: Login with Microsoft.
        google: Login with Google.
        linkedin: Login with LinkedIn.
        gitlab: Login with GitLab.
        twitch: Login with Twitch.
        amazon: Login with Amazon.
    """

    github: EndpointOAuthGitHub | None = None
    facebook: EndpointOAuthFacebook | None = None
    microsoft: EndpointOAuthMicrosoft | None = None
    google: EndpointOAuthGoogle | None = None
    linkedin: EndpointOAuthLinkedIn | None = None
    gitlab: EndpointOAuthGitLab | None = None
    twitch: EndpointOAuthTwitch | None = None
    amazon: EndpointOAuthAmazon | None = None


@attrs.frozen(kw_only=True)
class EndpointOAuth(EndpointModule):
    """Having users log in with an OAuth provider.

    Attributes:
        provider: The provider, and who gets in.
        options_passthrough: Whether OPTIONS requests need no login, as CORS wants it.
        cookie_prefix: The beginning of the session cookie's name; ngrok's default is "ngrok.".
        inactivity_timeout: Seconds without a request after which to log in again.
        maximum_duration: Seconds after which to log in again in any case.
        auth_check_interval: Seconds after which the provider is asked anew whether a user may in.
    """

    provider: EndpointOAuthProvider | None = None
    options_passthrough: bool = False
    cookie_prefix: str = ""
    inactivity_timeout: int = 0
    maximum_duration: int = 0
    auth_check_interval: int = 0


@attrs.frozen(kw_only=True)
class EndpointSAML(EndpointModule):
    """Having users log in with SAML, in answers; also taken where an `EndpointSAMLMutate` is.

    Attributes:
        options_passthrough: Whether OPTIONS requests need no login, as CORS wants it.
        cookie_prefix: The beginning of the session cookie's name; ngrok's default is "ngrok.".
        inactivity_timeout: Seconds without a request after which to log in again.
        maximum_duration: Seconds after which to log in again in any case.
        idp_metadata: The identity provider's EntityDescriptor, as XML.
        force_authn: Whether the provider must ask for credentials although it knows the user.
        allow_idp_initiated: Whether a login may begin at the provider.
        authorized_groups: Groups whose members get in; empty: all users.
        entity_id: ngrok's id, a URL, to be entered at the provider, as the next fields are.
        assertion_consumer_service_url: Where the provider sends users after login.
        single_logout_url: Where the provider sends users for logout.
        request_signing_certificate_pem: The certificate that ngrok signs its requests with.
        metadata_url: Where a provider can fetch all this by itself.
        nameid_format: The format in which the provider names users.
    """

    options_passthrough: bool = False
    cookie_prefix: str = ""
    inactivity_timeout: int = 0
    maximum_duration: int = 0
    idp_metadata: str = ""
    force_authn: bool = False
    allow_idp_initiated: bool | None = None
    authorized_groups: tuple[str, ...] = ()
    entity_id: str = ""
    assertion_consumer_service_url: str = ""
    single_logout_url: str = ""
    request_signing_certificate_pem: str = ""
    metadata_url: str = ""
    nameid_format: str = ""


@attrs.frozen(kw_only=True)
class EndpointSAMLMutate(EndpointModuleMutate):
    """Having users log in with SAML, in requests.

    Attributes:
        options_passthrough: Whether OPTIONS requests need no login, as CORS wants it.
        cookie_prefix: The beginning of the session cookie's name; ngrok's default is "ngrok.".
        inactivity_timeout: Seconds without a request after which to log in again.
        maximum_duration: Seconds after which to log in again in any case.
        idp_metadata: The identity provider's EntityDescriptor, as XML.
        force_authn: Whether the provider must ask for credentials although it knows the user.
        allow_idp_initiated: Whether a login may begin at the provider; ngrok's default is unknown.
        authorized_groups: Groups whose members get in; empty: all users.
        nameid_format: The format in which the provider names users; ngrok's default is
            "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".
    """

    options_passthrough: bool = False
    cookie_prefix: str = ""
    inactivity_timeout: int = 0
    maximum_duration: int = 0
    idp_metadata: str = ""
    force_authn: bool = False
    allow_idp_initiated: Unset[bool] = UNSET
    authorized_groups: tuple[str, ...] = ()
    nameid_format: str = ""


@attrs.frozen(kw_only=True)
class EndpointOIDC(EndpointModule):
    """Having users log in with an OpenID Connect provider.

    Attributes:
        options_passthrough: Whether OPTIONS requests need no login, as CORS wants it.
        cookie_prefix: The beginning of the session cookie's name; ngrok's default is "ngrok.".
        inactivity_timeout: Seconds without a request after which to log in again.
        maximum_duration: Seconds after which to log in again in any case.
        issuer: The provider's URL; discovery begins there.
        client_id: The id of your app at the provider, and the audience of its tokens.
        client_secret: The app's secret. Answers have it too.
        scopes: Scopes to ask for.
    """

    options_passthrough: bool = False
    cookie_prefix: str = ""
    inactivity_timeout: int = 0
    maximum_duration: int = 0
    issuer: str = ""
    client_id: str = ""
    client_secret: str = attrs.field(default="", repr=False)
    scopes: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointWebsocketTCPConverter(EndpointModule):
    """Carrying what comes in over websockets to the backend over TCP."""


@attrs.frozen(kw_only=True)
class EndpointUserAgentFilter(EndpointModule):
    """Letting requests through by their user agent.

    Attributes:
        enabled: As in every module; that None counts as True is likely, but not documented.
        allow: Regular expressions of user agents that get through.
        deny: Regular expressions of user agents that do not.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class EndpointTrafficPolicy(EndpointModule):
    """A traffic policy, as endpoints have one, too.

    Attributes:
        value: The policy itself, as text.
    """

    value: str = ""


@attrs.frozen(kw_only=True)
class HTTPSEdgeRoute(Described):
    """What an HTTPS edge does with the requests for a path; a module that is not set up is None.

    Attributes:
        edge_id: The edge that it belongs to.
        match_type: Whether `match` is the whole path or its beginning.
        match: What requests must be for, such as "/blog" or "example.com/blog".
        backend: Where the requests go.
        ip_restriction: Which addresses may send them.
        circuit_breaker: When to refuse them because the backend fails.
        compression: Whether responses are compressed.
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

    edge_id: str = ""
    match_type: Literal["exact_path", "path_prefix"] | str = ""
    match: str = ""
    backend: EndpointBackend | None = None
    ip_restriction: EndpointIPPolicy | None = None
    circuit_breaker: EndpointCircuitBreaker | None = None
    compression: EndpointCompression | None = None
    request_headers: EndpointRequestHeaders | None = None
    response_headers: EndpointResponseHeaders | None = None
    webhook_verification: EndpointWebhookValidation | None = None
    oauth: EndpointOAuth | None = None
    saml: EndpointSAML | None = None
    oidc: EndpointOIDC | None = None
    websocket_tcp_converter: EndpointWebsocketTCPConverter | None = None
    user_agent_filter: EndpointUserAgentFilter | None = None
    traffic_policy: EndpointTrafficPolicy | None = None
