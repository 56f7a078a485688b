"""The types that callers see. This file is checked by mypy and pyright, and never run.

A wrong call is marked with what each of them says about it; a mark without a mistake is a mistake
itself, so this proves that the call is refused.
"""

# Both take the same marks, and both say when one is superfluous (mypy in its strict mode).
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from datetime import datetime
from typing import Any, Literal, assert_type

import aiohttp
import attrs
from pydantic import HttpUrl
from redis.asyncio import Redis
from yarl import URL

import ngrok_async
from ngrok_async import (
    JSON,
    UNSET,
    APIError,
    AuthenticationError,
    BadRequestError,
    Budget,
    CameBackError,
    CannotStopError,
    Client,
    ClientClosedError,
    Clock,
    ConfigurationError,
    ConflictError,
    ConnectError,
    ConnectionLostError,
    Filter,
    FilterError,
    Id,
    JobError,
    LeftOverError,
    LockedOutError,
    Middleware,
    NgrokError,
    NotFoundError,
    NothingFoundError,
    OtherURLsError,
    Page,
    Pager,
    PaginationError,
    PermissionDeniedError,
    PlanOutdatedError,
    RateLimit,
    RateLimitedError,
    Request,
    RequestTimeoutError,
    Response,
    ResponseError,
    ResponseTooLargeError,
    Retry,
    RolloutFailedError,
    Send,
    ServerError,
    SeveralFoundError,
    Timeout,
    TransportError,
    Unset,
    WaitTimeoutError,
    __version__,
)
from ngrok_async.events import (
    AttemptEvent,
    Event,
    PauseEvent,
    RetryEvent,
    SharingEvent,
    WaitEvent,
)
from ngrok_async.redis import RedisRateLimit, Scripts
from ngrok_async.resources import Described, Ref
from ngrok_async.resources.api_keys import APIKey, APIKeys, NewAPIKey
from ngrok_async.resources.credentials import NewCredential
from ngrok_async.resources.edges import Backends, EdgeModules, Edges
from ngrok_async.resources.edges.backends import FailoverBackend, FailoverBackends, WeightedBackend
from ngrok_async.resources.edges.edge_modules import (
    EndpointBackend,
    EndpointBackendMutate,
    EndpointCompression,
    EndpointOAuth,
)
from ngrok_async.resources.edges.https import EdgesHTTPS, HTTPSEdge
from ngrok_async.resources.edges.https_routes import HTTPSEdgeRoute
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.event_sources import EventSource
from ngrok_async.resources.ip_policies import IPPolicies, IPPolicy
from ngrok_async.resources.ip_policy_rules import IPPolicyRule
from ngrok_async.resources.reserved_domains import ReservedDomain, ReservedDomainCertPolicy
from ngrok_async.resources.secrets import Secret
from ngrok_async.resources.ssh_user_certificates import SSHUserCertificate
from ngrok_async.resources.tunnel_sessions import TunnelSession, TunnelSessions
from ngrok_async.resources.tunnels import Tunnel, Tunnels
from ngrok_async.testing import FakeNgrok

version: str = __version__


# The client


class Bot(Client):
    """A client of the caller's own."""


async def clients(session: aiohttp.ClientSession, limiter: RateLimit) -> None:
    """All options, and what comes of them."""
    assert_type(Client(), Client)
    assert_type(Client("key"), Client)
    assert_type(Client(None, base_url=None, session=None, proxy=None, app_info=None), Client)
    client = Client(
        "key",
        base_url="https://api.ngrok.com",
        session=session,
        proxy="http://127.0.0.1:3128",
        timeout=Timeout(connect=1, attempt=2.5, total=None),
        max_wait=1.5,
        retry=Retry(max_attempts=2, codes=frozenset({"ERR_NGROK_18016"})),
        limiter=limiter,
        middlewares=(log, Tracer(), gate),
        prefetch=False,
        app_info="mybot/1.2",
        allow_insecure=True,
    )
    Client(retry=None, limiter=None, middlewares=[log], max_wait=3)
    async with Bot() as bot:
        assert_type(bot, Bot)
        assert_type(bot.with_options(timeout=Timeout(), retry=None, max_wait=None), Bot)
        assert_type(bot.with_options(retry=Retry(), max_wait=2, prefetch=True), Bot)
    assert_type(client.base_url, str)
    assert_type(client.budget, Budget | None)
    assert_type(client.clock, Clock)
    assert_type(client.tunnel_sessions, TunnelSessions)
    assert_type(client.tunnels, Tunnels)
    assert_type(client.tunnels.client, Client)
    assert_type(client.backends.failover.client.with_options(), Client)
    await client.aclose()

    Client(api_kye="key")  # type: ignore[call-arg]
    Client("key", "url")  # type: ignore[call-arg]
    Client(5)  # type: ignore[arg-type]
    Client(timeout=30)  # type: ignore[arg-type]
    Client(timeout=None)  # type: ignore[arg-type]
    Client(retry=3)  # type: ignore[arg-type]
    Client(middlewares=log)  # type: ignore[arg-type]
    Client(middlewares=[not_async])  # type: ignore[list-item]
    client.with_options(limiter=None)  # type: ignore[call-arg]
    _ = client.tunnel_session  # type: ignore[attr-defined]
    with client:  # type: ignore[attr-defined]
        pass
    await client  # type: ignore[misc]
    Client(clock=3)  # type: ignore[arg-type]
    Client(base_url=URL("https://gw.example"), proxy=HttpUrl("http://10.0.0.1:3128"))
    Client(base_url=object())  # type: ignore[arg-type]


async def requests_by_hand(client: Client) -> None:
    """The way to a route that the package does not know yet."""
    assert_type(await client.request("GET", "/ip_policies"), JSON)
    answer: dict[str, Any] = await client.request(
        "POST", "/ip_policies", params={"a": "b", "c": 1, "d": True}, json={"description": "x"}
    )
    assert_type(answer, dict[str, Any])

    await client.request("GET")  # type: ignore[call-arg]
    await client.request("GET", "/x", {"a": "b"})  # type: ignore[call-arg]
    await client.request("GET", "/x", params={"a": None})  # type: ignore[dict-item]


def options() -> None:
    """The values that set a client up."""
    assert_type(Timeout().connect, float | None)
    assert_type(Timeout().attempt, float | None)
    assert_type(Timeout().total, float | None)
    assert_type(Retry().max_attempts, int)
    assert_type(Retry().max_retry_after, float)
    limit = RateLimit(100, 60, in_flight=5)
    assert_type(limit.budget, Budget)
    assert_type(limit.budget.limit, int)
    assert_type(limit.budget.window, float)
    assert_type(limit.budget.used, int)
    assert_type(limit.budget.in_flight, int)
    assert_type(limit.budget.waiting, int)
    assert_type(limit.budget.paused, float)
    assert_type(limit.budget.remaining, int)
    middleware: Middleware = limit
    del middleware

    Timeout(totla=30)  # type: ignore[call-arg]
    Timeout().total = 3  # type: ignore[misc]
    Retry(max_attempts="3")  # type: ignore[arg-type]
    RateLimit(in_flight=None)  # type: ignore[arg-type]


# Lists


async def lists(ngrok: Client) -> None:
    """One page, all items, all pages, a list."""
    pager = ngrok.tunnel_sessions.list(limit=10, filter='obj.os == "linux"', before_id="ts_1")
    assert_type(pager, Pager[TunnelSession])
    page = await pager
    assert_type(page, Page[TunnelSession])
    assert_type(page.items, tuple[TunnelSession, ...])
    assert_type(page.uri, str)
    assert_type(page.next_page_uri, str | None)
    assert_type(page.extra, Mapping[str, JSON])
    assert_type(aiter(pager), AsyncIterator[TunnelSession])
    assert_type(pager.pages(), AsyncIterator[Page[TunnelSession]])
    async for session in ngrok.tunnel_sessions.list():
        assert_type(session, TunnelSession)
    async for one in ngrok.tunnel_sessions.list().pages():
        assert_type(one, Page[TunnelSession])
    assert_type(await pager.collect(), list[TunnelSession])
    assert_type(await pager.collect(5), list[TunnelSession])
    assert_type(await pager.collect(max_items=None), list[TunnelSession])
    assert_type(await ngrok.tunnels.list(before_id=None, limit=None), Page[Tunnel])
    assert_type([tunnel async for tunnel in ngrok.tunnels.list()], list[Tunnel])

    assert_type(pager.cursor, str | None)
    assert_type(page.cursor, str | None)
    assert_type(await pager.first(), TunnelSession | None)
    assert_type(await pager.one(), TunnelSession)
    assert_type(await ngrok.tunnels.list().one(), Tunnel)
    ngrok.tunnel_sessions.list(before_id=pager.cursor)
    ngrok.tunnel_sessions.list(before_id=page.items[-1])
    ngrok.tunnels.list(before_id=Ref(id="tn_1"))
    anything: Page[object] = page  # a page is read-only, so it is one of its items' bases, too
    del anything

    ngrok.tunnel_sessions.list(limits=5)  # type: ignore[call-arg]
    ngrok.tunnel_sessions.list(limit="5")  # type: ignore[arg-type]
    ngrok.tunnel_sessions.list(limit=5.0)  # type: ignore[arg-type]
    ngrok.tunnel_sessions.list(filter=True)  # type: ignore[arg-type]
    ngrok.tunnel_sessions.list(before_id=5)  # type: ignore[arg-type]
    ngrok.tunnel_sessions.list("ts_1")  # type: ignore[call-arg]
    ngrok.tunnels.list(filter="true")  # type: ignore[call-arg]
    await pager.collect("5")  # type: ignore[arg-type]
    page.items.append(page.items[0])  # type: ignore[attr-defined]
    page.uri = ""  # type: ignore[misc]
    pager.cursor = "x"  # type: ignore[misc]
    page.cursor = "x"  # type: ignore[misc]
    _ = (await pager.first()).id  # type: ignore[union-attr]
    await pager.one(2)  # type: ignore[call-arg]
    for _ in pager:  # type: ignore[attr-defined]
        pass


# Operations


@attrs.frozen
class OfMyOwn:
    """Anything with an id goes where an id goes."""

    id: str


@attrs.frozen
class WithoutId:
    """Anything else does not."""

    name: str


async def operations(ngrok: Client, session: TunnelSession) -> None:
    """One resource; commands; ids in all their forms."""
    assert_type(await ngrok.tunnel_sessions.get("ts_1"), TunnelSession)
    assert_type(session.to_dict(), dict[str, JSON])
    assert_type(session.to_dict(secrets=True), dict[str, JSON])
    assert_type(TunnelSession.from_dict({"id": "ts_1"}), TunnelSession)
    assert_type(TunnelSession.from_dict(session.to_dict()), TunnelSession)
    assert_type((await ngrok.tunnels.list()).to_dict(secrets=False), dict[str, JSON])
    session.to_dict(secret=True)  # type: ignore[call-arg]
    TunnelSession.from_dict([])  # type: ignore[arg-type]
    assert_type(await ngrok.tunnel_sessions.get(session), TunnelSession)
    assert_type(await ngrok.tunnel_sessions.get(Ref(id="ts_1")), TunnelSession)
    assert_type(await ngrok.tunnel_sessions.get(id=OfMyOwn("ts_1")), TunnelSession)
    assert_type(await ngrok.tunnels.get("tn_1"), Tunnel)
    command: Callable[[str | TunnelSession | Ref | OfMyOwn], Awaitable[None]]
    command = ngrok.tunnel_sessions.restart
    command = ngrok.tunnel_sessions.stop
    command = ngrok.tunnel_sessions.update
    await command("ts_1")

    await ngrok.tunnel_sessions.get(None)  # type: ignore[arg-type]
    await ngrok.tunnel_sessions.get(5)  # type: ignore[arg-type]
    await ngrok.tunnel_sessions.get(WithoutId("x"))  # type: ignore[arg-type]
    await ngrok.tunnel_sessions.get()  # type: ignore[call-arg]
    await ngrok.tunnel_sessions.get(ids="ts_1")  # type: ignore[call-arg]
    await ngrok.tunnel_sessions.stop(None)  # type: ignore[arg-type]
    await ngrok.tunnel_sessions.update("ts_1", version="4")  # type: ignore[call-arg]
    ngrok.tunnel_sessions.restart("ts_1")  # type: ignore[unused-coroutine]
    _ = ngrok.tunnel_sessions.get("ts_1").os  # type: ignore[attr-defined]


async def secrets(ngrok: Client) -> None:
    """What only `create` tells is there in its answer, and may be missing in others."""
    assert_type(await ngrok.api_keys.create(owner_id="bot_1"), NewAPIKey)
    assert_type((await ngrok.api_keys.create()).token, str)
    assert_type(await ngrok.credentials.create(acl=["bind:*"]), NewCredential)
    assert_type((await ngrok.credentials.create()).token, str)
    assert_type((await ngrok.api_keys.update("ak_1", metadata="x")).token, str | None)
    key: APIKey = await ngrok.api_keys.create()
    assert_type((await ngrok.credentials.get("cr_1")).token, str | None)
    del key
    _ = (await ngrok.api_keys.get("ak_1")).token.upper()  # type: ignore[union-attr]


async def all_verbs(ngrok: Client, at: datetime) -> None:
    """Create, read, change and delete, on resources of several kinds."""
    assert_type(ngrok.ip_policies, IPPolicies)
    assert_type(ngrok.api_keys, APIKeys)
    assert_type(ngrok.ip_policies.key, str)
    assert_type(IPPolicies.key, str)
    _ = APIKeys.key  # type: ignore[attr-defined]
    policy = await ngrok.ip_policies.create(description="office")
    assert_type(policy, IPPolicy)
    assert_type(await ngrok.ip_policies.create(), IPPolicy)
    assert_type(await ngrok.ip_policies.update(policy, metadata="{}"), IPPolicy)
    assert_type(await ngrok.ip_policies.update(policy, description=UNSET), IPPolicy)
    assert_type(await ngrok.ip_policies.update(policy, metadata={"site": 5}), IPPolicy)
    assert_type(policy.metadata, str)
    rules: Mapping[str, JSON] = {"on_http_request": []}
    await ngrok.endpoints.create(url="https://a.internal", type="cloud", traffic_policy=rules)
    await ngrok.endpoints.update("ep_1", traffic_policy="on_http_request: []")
    rule = await ngrok.ip_policy_rules.create(
        cidr="203.0.113.0/24", ip_policy_id=policy, action="allow"
    )
    assert_type(rule, IPPolicyRule)
    assert_type(rule.ip_policy, Ref)
    assert_type(rule.action, Literal["allow", "deny"] | str)  # noqa: PYI051 # as it is declared
    assert_type([one async for one in ngrok.ip_policy_rules.list(limit=5)], list[IPPolicyRule])
    assert_type(await ngrok.endpoints.list(id=[policy, "ep_1"], url=None), Page[Endpoint])
    assert_type(await ngrok.event_sources.get("esb_1", "ip_policy_created.v0"), EventSource)
    assert_type(ngrok.vaults.get_secrets_by_vault("vault_1", limit=10), Pager[Secret])
    certificate = await ngrok.ssh_user_certificates.create(
        ssh_certificate_authority_id=Ref(id="sshca_1"), public_key="ssh-rsa A", valid_until=at
    )
    assert_type(certificate, SSHUserCertificate)
    deletion: Callable[[str | IPPolicy], Awaitable[None]] = ngrok.ip_policies.delete
    await deletion(policy)
    described: Described = policy
    assert_type(described.created_at, datetime)
    assert_type(described.description, str)

    await ngrok.ip_policies.create(descripton="x")  # type: ignore[call-arg]
    await ngrok.ip_policies.create(description=None)  # type: ignore[arg-type]
    await ngrok.ip_policies.create(metadata={5: "site"})  # type: ignore[dict-item]
    await ngrok.ip_policies.create(metadata=["site"])  # type: ignore[arg-type]
    await ngrok.ip_policies.create(description={"a": "b"})  # type: ignore[arg-type]
    await ngrok.ip_policies.create("office")  # type: ignore[call-arg]
    await ngrok.ip_policies.update(description="x")  # type: ignore[call-arg]
    await ngrok.ip_policies.update("ipp_1", description=5)  # type: ignore[arg-type]
    await ngrok.ip_policy_rules.create(cidr="::/0", action="deny")  # type: ignore[call-arg]
    await ngrok.ip_policy_rules.update("ipr_1", action="deny")  # type: ignore[call-arg]
    ngrok.endpoints.list(url="https://example.com", id=5)  # type: ignore[arg-type]
    ngrok.event_sources.list("esb_1", limit=1)  # type: ignore[call-arg]
    await ngrok.event_sources.get("esb_1")  # type: ignore[call-arg]
    _ = ngrok.ip_policy  # type: ignore[attr-defined]


async def nested(ngrok: Client, policy: ReservedDomainCertPolicy) -> None:
    """A value with fields is its class or a mapping; None is taken where it means something."""
    domains = ngrok.reserved_domains
    assert_type(
        await domains.create(domain="a.example.com", certificate_management_policy=policy),
        ReservedDomain,
    )
    await domains.update("rd_1", certificate_management_policy={"authority": "letsencrypt"})
    await domains.update("rd_1", certificate_management_policy=None)
    await domains.update("rd_1", certificate_management_policy=UNSET)
    domain = await domains.update("rd_1", resolves_to=[{"value": "eu"}], certificate_id=Ref(id="c"))
    assert_type(domain.certificate_management_policy, ReservedDomainCertPolicy | None)
    await domains.update(domain, resolves_to=domain.resolves_to)

    await domains.update("rd_1", certificate_id=None)  # type: ignore[arg-type]
    await domains.update("rd_1", metadata=None)  # type: ignore[arg-type]
    await domains.update("rd_1", resolves_to=None)  # type: ignore[arg-type]
    await domains.update("rd_1", certificate_management_policy="x")  # type: ignore[arg-type]
    await domains.update("rd_1", certificate_management_policy=domain)  # type: ignore[arg-type]
    await domains.update("rd_1", domain="b.example.com")  # type: ignore[call-arg]
    ReservedDomainCertPolicy(autority="letsencrypt")  # type: ignore[call-arg]


async def groups(ngrok: Client, backend: EndpointBackend) -> None:
    """Resources under one name, and the modules of edges."""
    assert_type(ngrok.backends, Backends)
    assert_type(ngrok.edges, Edges)
    assert_type(ngrok.edge_modules, EdgeModules)
    assert_type(ngrok.backends.failover, FailoverBackends)
    assert_type(ngrok.edges.https, EdgesHTTPS)
    assert_type(ngrok.edges.https.list(limit=5), Pager[HTTPSEdge])
    assert_type(await ngrok.backends.failover.update("b_1", backends=["b_2"]), FailoverBackend)
    assert_type(await ngrok.backends.weighted.create(backends={"b_1": 1}), WeightedBackend)
    assert_type(await ngrok.edge_modules.https_edge_route_oauth.get("e", "r"), EndpointOAuth)
    oauth = ngrok.edge_modules.https_edge_route_oauth
    assert_type(await oauth.replace("e", "r", EndpointOAuth(cookie_prefix="x.")), EndpointOAuth)
    assert_type(await oauth.replace("e", "r", {"cookie_prefix": "x."}), EndpointOAuth)
    assert_type(await oauth.replace(edge_id="e", id="r", module={}), EndpointOAuth)
    route = await ngrok.edges.https_routes.update("e", "r", backend=backend, compression=None)
    assert_type(route, HTTPSEdgeRoute)
    tcp = ngrok.edge_modules.tcp_edge_backend
    assert_type(await tcp.get("e"), EndpointBackend)
    assert_type(await tcp.replace("e", backend), EndpointBackend)
    assert_type(await tcp.replace("e", EndpointBackendMutate(backend_id=route)), EndpointBackend)
    assert_type(await tcp.replace("e", {"backend_id": "b_1"}), EndpointBackend)
    removal: Callable[[str, str], Awaitable[None]] = oauth.delete
    await removal("e", "r")

    await ngrok.backends.failover.update("b_1", description="x")  # type: ignore[call-arg]
    await ngrok.backends.weighted.create(backends={"b_1": "1"})  # type: ignore[dict-item]
    await ngrok.edges.https.create(mutual_tls=backend)  # type: ignore[arg-type]
    await oauth.get("e")  # type: ignore[call-arg]
    await oauth.replace("e", "r")  # type: ignore[call-arg]
    await oauth.replace("e", "r", EndpointCompression())  # type: ignore[arg-type]
    await oauth.replace("e", "r", None)  # type: ignore[arg-type]
    await oauth.replace("e", "r", cookie_prefix="x.")  # type: ignore[call-arg]
    await tcp.get("e", "r")  # type: ignore[call-arg]
    _ = ngrok.backends.static  # type: ignore[attr-defined]
    _ = ngrok.edge_modules.https_edge_route_oath  # type: ignore[attr-defined]


class Frozen:
    """A clock of a caller's own, for tests."""

    def time(self) -> float:
        """Return the seconds since some moment."""
        return 0.0

    def call_at(self, when: float, callback: Callable[[], object], /) -> asyncio.Handle:
        """Call at once."""
        del when
        return asyncio.get_running_loop().call_soon(callback)


def names_for_annotations(id_: Id, condition: Filter[TunnelSession], clock: Clock) -> None:
    """What a program needs to annotate its own functions with."""
    given: Id = "ip_1"
    given = Ref(id="ip_1")
    given = OfMyOwn("ip_1")
    own: Clock = Frozen()
    Client(clock=own)
    own = asyncio.new_event_loop()
    Client(clock=clock)
    Client().tunnel_sessions.list(before_id=id_, filter=condition)
    text: str = condition  # type: ignore[assignment]
    wrong: Id = WithoutId("x")  # type: ignore[assignment]
    own = at_rest  # type: ignore[assignment]
    del given, text, wrong, own


def at_rest() -> float:
    """No clock: a function is not enough."""
    return 0.0


def models(session: TunnelSession, tunnel: Tunnel, ref: Ref) -> None:
    """The fields of the models."""
    assert_type(session.id, str)
    assert_type(session.uri, str)
    assert_type(session.agent_version, str)
    assert_type(session.credential, Ref)
    assert_type(session.ip, str)
    assert_type(session.metadata, str)
    assert_type(session.os, str)
    assert_type(session.region, str)
    assert_type(session.started_at, datetime)
    assert_type(session.transport, Literal["ngrok/v2", "ngrok/2", "ssh"] | str)  # noqa: PYI051 # as it is declared
    assert_type(session.extra, Mapping[str, JSON])
    assert_type(tunnel.id, str)
    assert_type(tunnel.public_url, str)
    assert_type(tunnel.started_at, datetime)
    assert_type(tunnel.metadata, str)
    assert_type(tunnel.proto, Literal["http", "https", "tcp", "tls"] | str)  # noqa: PYI051 # as it is declared
    assert_type(tunnel.region, str)
    assert_type(tunnel.tunnel_session, Ref)
    assert_type(tunnel.endpoint, Ref | None)
    assert_type(tunnel.labels, Mapping[str, str])
    assert_type(tunnel.backends, tuple[Ref, ...])
    assert_type(tunnel.forwards_to, str)
    assert_type(ref.id, str)
    assert_type(ref.uri, str)
    Ref(id="ts_1", uri="")

    _ = session.regoin  # type: ignore[attr-defined]
    session.os = "windows"  # type: ignore[misc]
    tunnel.labels["a"] = "b"  # type: ignore[index]
    _ = tunnel.endpoint.id  # type: ignore[union-attr]
    Ref(uri="https://api.ngrok.com/")  # type: ignore[call-arg]


# Events, and the limit that processes share


def hear(event: Event) -> str:
    """Events are told apart by their class."""
    assert_type(event.route, str)
    if isinstance(event, AttemptEvent):
        assert_type(event.status, int | None)
        return event.error or ""
    if isinstance(event, RetryEvent):
        return event.reason
    if isinstance(event, SharingEvent):
        assert_type(event.shared, bool)
        assert_type(event.processes, int)
        assert_type(event.reason, str)
    if isinstance(event, WaitEvent | PauseEvent):
        assert_type(event.seconds, float)
    return ""


async def shared(redis: Redis) -> None:
    """Redis carries the limit; the client takes it as any other."""
    scripts: Scripts = redis
    limiter = RedisRateLimit(scripts, account="production")
    assert_type(await limiter.read_budget(), Budget)
    Client(limiter=limiter, on_event=hear)
    Client(on_event=print)
    RedisRateLimit(redis)  # type: ignore[call-arg]


# Middlewares


async def log(request: Request, send: Send) -> Response:
    """A middleware as a function."""
    assert_type(request.method, str)
    assert_type(request.path, str)
    assert_type(request.query, tuple[tuple[str, str], ...])
    assert_type(request.json, JSON)
    assert_type(request.route, str)
    assert_type(request.effect, Literal["read", "set", "remove", "act"])
    assert_type(request.headers, Mapping[str, str])
    assert_type(request.timeout, Timeout)
    assert_type(request.remaining(0.0), float)
    assert_type(request.max_wait, float | None)
    response = await send(attrs.evolve(request, headers={"X-Trace": "1"}))
    assert_type(response, Response)
    assert_type(response.status, int)
    assert_type(response.headers, Mapping[str, str])
    assert_type(response.body, bytes)
    assert_type(response.attempts, int)
    assert_type(response.maybe_applied, bool)

    request.method = "POST"  # type: ignore[misc]
    await send()  # type: ignore[call-arg]
    return attrs.evolve(response, status=200)


class Tracer:
    """A middleware as an object."""

    async def __call__(self, request: Request, send: Send) -> Response:
        """Hand the request on."""
        return await send(request)


def not_async(request: Request, send: Send) -> Response:
    """No middleware."""
    del request, send
    return Response(status=200)


class Later:
    """An answer that is awaited, but made by no coroutine."""

    def __await__(self) -> Generator[Any, Any, Response]:
        """Wait for nothing."""
        yield
        return Response(status=200)


def gate(request: Request, send: Send) -> Later:
    """A middleware that is not an `async def`."""
    del request, send
    return Later()


log_as_middleware: Middleware = log
tracer_as_middleware: Middleware = Tracer()
gate_as_middleware: Middleware = gate
not_one: Middleware = not_async  # type: ignore[assignment]


# Errors


def errors(error: NgrokError) -> None:
    """What every error tells, and what some of them add."""
    assert_type(error.message, str)
    assert_type(error.method, str | None)
    assert_type(error.path, str | None)
    assert_type(error.attempts, int)
    assert_type(error.maybe_applied, bool)
    assert_type(error.operation_id, str | None)
    assert_type(error.retry_budget_exhausted, bool)
    assert_type(error.cursor, str | None)
    if isinstance(error, APIError):
        assert_type(error.status, int)
        assert_type(error.code, str | None)
        assert_type(error.details, dict[str, str])
        assert_type(error.docs_url, str | None)
    if isinstance(error, RateLimitedError):
        assert_type(error.retry_after, float | None)
    if isinstance(error, ResponseError):
        assert_type(error.status, int)
    if isinstance(error, ConnectError):
        assert_type(error.permanent, bool)
    if isinstance(error, SeveralFoundError):
        assert_type(error.items, tuple[object, ...])
    if isinstance(error, WaitTimeoutError):
        assert_type(error.last, object)
        assert_type(error.looks, int)

    _ = error.status  # type: ignore[attr-defined]


def errors_of_jobs(error: NgrokError) -> None:
    """What those of several calls know beside."""
    if isinstance(error, CannotStopError):
        assert_type(error.id, str | None)
        assert_type(error.credential, str | None)
    if isinstance(error, CameBackError) and error.session is not None:
        assert_type(error.session.id, str)
    if isinstance(error, LeftOverError):
        assert_type(error.id, str | None)
        assert_type([item.id for item in error.candidates], list[str])
    if isinstance(error, OtherURLsError):
        assert_type(error.urls, tuple[str, ...])
    if isinstance(error, PlanOutdatedError):
        assert_type(error.plan, object)
        assert_type(error.changes, tuple[str, ...])
    if isinstance(error, LockedOutError):
        assert_type(error.plan, object)
        assert_type(error.addresses, tuple[str, ...])
    if isinstance(error, RolloutFailedError):
        assert_type(error.report, object)
    assert_type([item.id for item in error.released], list[str])
    LeftOverError("m", candidates=[Ref(id="ip_1")], attempts=2, released=())

    LeftOverError("m", candidate=())  # type: ignore[call-arg]
    JobError("m", released=["ts_1"])  # type: ignore[list-item]


NGROK_ERRORS: tuple[type[NgrokError], ...] = (
    ConfigurationError,
    ClientClosedError,
    TransportError,
    ResponseError,
    PaginationError,
    APIError,
    NothingFoundError,
    SeveralFoundError,
    WaitTimeoutError,
    JobError,
)
TRANSPORT_ERRORS: tuple[type[TransportError], ...] = (
    ConnectError,
    ConnectionLostError,
    RequestTimeoutError,
)
API_ERRORS: tuple[type[APIError], ...] = (
    BadRequestError,
    AuthenticationError,
    PermissionDeniedError,
    NotFoundError,
    RateLimitedError,
    ServerError,
)
BAD_REQUESTS: tuple[type[BadRequestError], ...] = (FilterError, ConflictError)
RESPONSE_ERRORS: tuple[type[ResponseError], ...] = (ResponseTooLargeError,)
VALUE_ERRORS: tuple[type[ValueError], ...] = (ConfigurationError,)
TIMEOUTS: tuple[type[TimeoutError], ...] = (RequestTimeoutError, WaitTimeoutError)
LOOKUPS: tuple[type[LookupError], ...] = (NothingFoundError, SeveralFoundError)
JOB_ERRORS: tuple[type[JobError], ...] = (
    CannotStopError,
    OtherURLsError,
    CameBackError,
    LeftOverError,
    PlanOutdatedError,
    LockedOutError,
    RolloutFailedError,
)
NO_API_ERROR: type[APIError] = ConnectError  # type: ignore[assignment]


# Not given


def unset(description: Unset[str] = UNSET, metadata: Unset[str | None] = UNSET) -> None:
    """A value, or none given; `is` tells them apart."""
    if description is UNSET:
        assert_type(bool(description), bool)
    else:
        assert_type(description, str)
    if metadata is not UNSET:
        assert_type(metadata, str | None)

    description.upper()  # type: ignore[union-attr]
    unset(None)  # type: ignore[arg-type]
    unset("a", None)


# The test double


async def fake() -> None:
    """What tests need to connect."""
    async with FakeNgrok(agents=3, limit=None) as server:
        assert_type(server, FakeNgrok)
        assert_type(server.url, str)
        assert_type(server.api_key, str)
        Client(server.api_key, base_url=server.url)


# The package: its names are loaded on first use, and known all the same


def names() -> None:
    """A misspelt one is none of them, however they are loaded."""
    assert_type(ngrok_async.FakeNgrok, type[FakeNgrok])
    assert_type(ngrok_async.events.PauseEvent, type[PauseEvent])
    assert_type(ngrok_async.errors.APIError, type[APIError])
    assert_type(ngrok_async.pagination.Page(items=("a",)), Page[str])
    assert_type(ngrok_async.resources.Ref, type[Ref])

    str(ngrok_async.Clinet)  # type: ignore[attr-defined]
    str(ngrok_async.errors.APIErorr)  # type: ignore[attr-defined]
