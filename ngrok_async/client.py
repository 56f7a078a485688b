"""The client: set up once, then one attribute per kind of resource."""

from __future__ import annotations  # each would be compiled when the class is made

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, NoReturn, Self, TypeVar

import aiohttp

from ngrok_async._api_key import SentKeys
from ngrok_async._callables import held, limiter_of, middlewares_of, on_event_of
from ngrok_async._clock import LOOP_CLOCK, Clock
from ngrok_async._hints import OF_CLIENT, ExplainedContext, Instead, explained_options
from ngrok_async._lazy import Group, Lazy
from ngrok_async._limits.accounts import shared_rate_limit
from ngrok_async._limits.budget import Budget
from ngrok_async._operation import Resource
from ngrok_async._options import (
    URLLike,
    allow_insecure_of,
    api_key_of,
    base_url_of,
    clock_of,
    instance,
    max_wait_of,
    proxy_of,
    session_of,
    user_agent,
)
from ngrok_async._request import (
    DEFAULT_TIMEOUT,
    JSON,
    Limits,
    Middleware,
    OnEvent,
    Options,
    Progress,
    Request,
    Send,
    Timeout,
)
from ngrok_async._request_by_hand import request_of
from ngrok_async._tracebacks import forget_locals
from ngrok_async._way import answer
from ngrok_async._way.call import Call, end_all
from ngrok_async._way.retry import Retry, RetryDebt, RetryMiddleware
from ngrok_async._way.sendable import checked
from ngrok_async._way.transport import Transport, running_loop
from ngrok_async._wire.read import loads
from ngrok_async.errors import ClientClosedError, ConfigurationError
from ngrok_async.unset import UNSET, Unset

if TYPE_CHECKING:
    from ngrok_async.resources.abuse_reports import AbuseReports
    from ngrok_async.resources.agent_ingresses import AgentIngresses
    from ngrok_async.resources.ai_gateway_api_keys import AIGatewayAPIKeys
    from ngrok_async.resources.api_keys import APIKeys
    from ngrok_async.resources.application_sessions import ApplicationSessions
    from ngrok_async.resources.application_users import ApplicationUsers
    from ngrok_async.resources.bot_users import BotUsers
    from ngrok_async.resources.certificate_authorities import CertificateAuthorities
    from ngrok_async.resources.credentials import Credentials
    from ngrok_async.resources.edges import Backends, EdgeModules, Edges
    from ngrok_async.resources.endpoints import Endpoints
    from ngrok_async.resources.event_destinations import EventDestinations
    from ngrok_async.resources.event_sources import EventSources
    from ngrok_async.resources.event_subscriptions import EventSubscriptions
    from ngrok_async.resources.ip_policies import IPPolicies
    from ngrok_async.resources.ip_policy_rules import IPPolicyRules
    from ngrok_async.resources.ip_restrictions import IPRestrictions
    from ngrok_async.resources.kubernetes_operators import KubernetesOperators
    from ngrok_async.resources.reserved_addrs import ReservedAddrs
    from ngrok_async.resources.reserved_domains import ReservedDomains
    from ngrok_async.resources.secrets import Secrets
    from ngrok_async.resources.service_users import ServiceUsers
    from ngrok_async.resources.ssh_certificate_authorities import SSHCertificateAuthorities
    from ngrok_async.resources.ssh_credentials import SSHCredentials
    from ngrok_async.resources.ssh_host_certificates import SSHHostCertificates
    from ngrok_async.resources.ssh_user_certificates import SSHUserCertificates
    from ngrok_async.resources.tls_certificates import TLSCertificates
    from ngrok_async.resources.tunnel_sessions import TunnelSessions
    from ngrok_async.resources.tunnels import Tunnels
    from ngrok_async.resources.vaults import Vaults

T = TypeVar("T")

DEFAULT_RETRY: Final = Retry()


class Client(ExplainedContext):
    """The way to the ngrok API.

    Make one per process and event loop and keep it: it holds the connections. All clients with the
    same key and base URL in a process share one rate limit. Close it with `aclose()`, or use it
    as `async with Client() as ngrok:`.

    Raises:
        ConfigurationError: An option cannot work, or there is no API key.
    """

    _synonyms: ClassVar[Instead] = OF_CLIENT

    abuse_reports: Lazy[AbuseReports] = Lazy("AbuseReports")
    agent_ingresses: Lazy[AgentIngresses] = Lazy("AgentIngresses")
    ai_gateway_api_keys: Lazy[AIGatewayAPIKeys] = Lazy("AIGatewayAPIKeys")
    api_keys: Lazy[APIKeys] = Lazy("APIKeys")
    application_sessions: Lazy[ApplicationSessions] = Lazy("ApplicationSessions")
    application_users: Lazy[ApplicationUsers] = Lazy("ApplicationUsers")
    backends: Lazy[Backends] = Lazy("Backends", module="edges")
    bot_users: Lazy[BotUsers] = Lazy("BotUsers")
    certificate_authorities: Lazy[CertificateAuthorities] = Lazy("CertificateAuthorities")
    credentials: Lazy[Credentials] = Lazy("Credentials")
    edge_modules: Lazy[EdgeModules] = Lazy("EdgeModules", module="edges")
    edges: Lazy[Edges] = Lazy("Edges")
    endpoints: Lazy[Endpoints] = Lazy("Endpoints")
    event_destinations: Lazy[EventDestinations] = Lazy("EventDestinations")
    event_sources: Lazy[EventSources] = Lazy("EventSources")
    event_subscriptions: Lazy[EventSubscriptions] = Lazy("EventSubscriptions")
    ip_policies: Lazy[IPPolicies] = Lazy("IPPolicies")
    ip_policy_rules: Lazy[IPPolicyRules] = Lazy("IPPolicyRules")
    ip_restrictions: Lazy[IPRestrictions] = Lazy("IPRestrictions")
    kubernetes_operators: Lazy[KubernetesOperators] = Lazy("KubernetesOperators")
    reserved_addrs: Lazy[ReservedAddrs] = Lazy("ReservedAddrs")
    reserved_domains: Lazy[ReservedDomains] = Lazy("ReservedDomains")
    secrets: Lazy[Secrets] = Lazy("Secrets")
    service_users: Lazy[ServiceUsers] = Lazy("ServiceUsers")
    ssh_certificate_authorities: Lazy[SSHCertificateAuthorities] = Lazy("SSHCertificateAuthorities")
    ssh_credentials: Lazy[SSHCredentials] = Lazy("SSHCredentials")
    ssh_host_certificates: Lazy[SSHHostCertificates] = Lazy("SSHHostCertificates")
    ssh_user_certificates: Lazy[SSHUserCertificates] = Lazy("SSHUserCertificates")
    tls_certificates: Lazy[TLSCertificates] = Lazy("TLSCertificates")
    tunnel_sessions: Lazy[TunnelSessions] = Lazy("TunnelSessions")
    tunnels: Lazy[Tunnels] = Lazy("Tunnels")
    vaults: Lazy[Vaults] = Lazy("Vaults")

    def __init__(
        self,
        api_key: str | Callable[[], str] | Callable[[], Awaitable[str]] | None = None,
        *,
        base_url: URLLike | None = None,
        session: aiohttp.ClientSession | None = None,
        proxy: URLLike | None = None,
        timeout: Timeout = DEFAULT_TIMEOUT,
        max_wait: float | None = None,
        retry: Retry | None = DEFAULT_RETRY,
        limiter: Unset[Middleware | None] = UNSET,
        middlewares: Sequence[Middleware] = (),
        prefetch: bool = True,
        app_info: str | None = None,
        on_event: OnEvent | None = None,
        allow_insecure: bool | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Check the options. Nothing is sent, and no event loop needs to run.

        Args:
            api_key: An API key or an access token, not an agent's authtoken. Default: the
                environment's NGROK_API_KEY. A function that returns it, also an `async` one, is
                asked before each attempt, for keys that are rotated; clients that are given the
                same function share a rate limit.
            base_url: A text, or a URL of yarl or pydantic. Default: the environment's
                NGROK_API_URL, else https://api.ngrok.com.
            session: A session of yours to send through; it is never closed. Its middlewares run,
                its cookies, timeout and `raise_for_status` do not apply.
            proxy: The URL of an HTTP proxy. The environment's proxy settings and netrc files are
                not used, except with a `session` that does so.
            timeout: Limits in seconds, see `Timeout`.
            max_wait: The longest a request may wait for the rate limit, in seconds, before it
                fails with `RateLimitedError`; None: as long as it takes, first come, first served.
            retry: When to repeat, see `Retry`; None: never.
            limiter: A `RateLimit` of your own, or None for no limit; by default the one that all
                clients of the account share.
            middlewares: `async (request, send) -> response`, around retry and rate limit, the first
                one outermost.
            prefetch: Whether lists get their next page while you work on the current one.
            app_info: Your program's name and version, such as "mybot/1.2", for the user agent.
            on_event: Is called with what happens: attempts, waits, repetitions and pauses, see
                `ngrok_async.events`.
            allow_insecure: Accept a base URL with http:// on another host. The key is then readable
                by everyone on the way. Default: whether the environment's NGROK_ALLOW_INSECURE is
                "1", for tests in containers; else False.
            clock: Where the time for limits and pauses comes from, for tests; default: the event
                loop.
        """
        try:
            key, checked_proxy = api_key_of(api_key), proxy_of(proxy)
        except BaseException as error:
            forget_locals(error)
            raise
        finally:
            del api_key, proxy  # tracebacks print local variables
        insecure = allow_insecure_of(allow_insecure)
        self._account = (base_url_of(base_url, allow_insecure=insecure), key)
        self._given_clock = clock_of(clock)
        self._limiter = limiter_of(limiter)
        self._middlewares = middlewares_of(middlewares)
        self._options: Options = {
            "timeout": instance("timeout", timeout, Timeout, "Timeout(total=30)"),
            "max_wait": max_wait_of(max_wait),
            "on_event": on_event_of(on_event),
        }
        self._debt = RetryDebt()
        self._retry = None if retry is None else self._retry_of(retry)
        self.prefetch: bool = instance("prefetch", prefetch, bool, "False")
        self._transport = Transport(
            base_url=self._account[0],
            key=key,
            user_agent=user_agent(app_info),
            session=session_of(session),
            proxy=checked_proxy,
            clock=clock,
        )
        self._chain: tuple[Middleware, ...] = ()  # not known before there is an event loop
        self._calls: dict[Call, None] = {}  # a set that keeps the order
        self._owner = True

    @explained_options
    def with_options(
        self,
        *,
        timeout: Unset[Timeout] = UNSET,
        retry: Unset[Retry | None] = UNSET,
        max_wait: Unset[float | None] = UNSET,
        prefetch: Unset[bool] = UNSET,
    ) -> Self:
        """Return a client with other options on the same session, rate limit and retry budget.

        It lives as long as the one it came from; closing it does nothing.
        """
        view = object.__new__(type(self))
        # By type: a test double in the place of a resource says that it is an instance of one.
        shared = {n: v for n, v in vars(self).items() if not issubclass(type(v), Resource | Group)}
        vars(view).update(shared, _owner=False, _chain=())
        view._options = self._options.copy()
        if timeout is not UNSET:
            checked_timeout = instance("timeout", timeout, Timeout, "Timeout(total=30)")
            view._options["timeout"] = checked_timeout
        if retry is not UNSET:
            view._retry = None if retry is None else self._retry_of(retry)
        if max_wait is not UNSET:
            view._options["max_wait"] = max_wait_of(max_wait)
        if prefetch is not UNSET:
            view.prefetch = instance("prefetch", prefetch, bool, "False")
        return view

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | bool] | None = None,
        json: JSON = None,
    ) -> JSON:
        """Call a route that this package does not know yet.

        Args:
            method: GET, POST, PUT, PATCH or DELETE. A POST is not repeated when it may have been
                processed.
            path: Below the base URL, such as "/tunnel_sessions/ts_1". Ids in it are yours to
                percent-encode.
            params: The query.
            json: The body; None sends none, while a POST without fields needs `{}`.

        Returns:
            Decoded JSON, or None for an empty body.

        Raises:
            ValueError: Method, path, params or json cannot be sent.
            NgrokError: See `ngrok_async.errors`.
        """
        try:
            request = request_of(method, path, params, json, self.limits())
        except ValueError as error:
            forget_locals(error)
            raise
        finally:
            del json, params  # they may be secret, and tracebacks print local variables
        return await self.call(request, lambda body: loads(body) if body.strip() else None)

    async def call(self, request: Request, decode: Callable[[bytes], T]) -> T:
        """Send a request through all middlewares; what the declared operations are made of.

        Args:
            request: Made with `self.limits()`.
            decode: Makes the result of the body of a success.
        """
        transport, calls = self._transport, self._calls
        transport.open()  # a closed client does not wait for a slot first
        task = asyncio.current_task()
        if task is None:
            raise ConfigurationError(
                "ngrok_async has to be awaited inside a task, such as asyncio.run() makes"
            )
        keys = SentKeys(self._account[1])
        call = Call(task, transport.send, keys)
        calls[call] = None
        try:
            send: Send = call.send
            *inner, outermost = self._chain or self._build_chain()
            for middleware in inner:
                send = _link(middleware, send)
            response = await outermost(request, send)
            return answer.read(request, response, decode, keys.scrub)
        except BaseException as error:
            forget_locals(error)
            call.complete(error, request)
            transport.complete(error)
            if not isinstance(error, asyncio.CancelledError) or call.cancelled_by_others:
                raise
        finally:
            del calls[call]
            call.close()
        raise ClientClosedError(
            "the client was closed during the call",
            method=request.method,
            path=request.path,
            attempts=call.attempts,
            maybe_applied=call.maybe_applied and request.effect != "read",
        )

    def limits(self) -> Limits:
        """Return what the client's options set for a request that is made now."""
        return {**self._options, "progress": Progress()}

    @property
    def base_url(self) -> str:
        """The base URL, without a slash at its end."""
        return self._account[0]

    @property
    def clock(self) -> Clock:
        """The clock that the client waits by, its `clock=` or that of the running event loop.

        Outside of a loop it tells the time all the same, and cannot wait.
        """
        return self._given_clock or LOOP_CLOCK

    @property
    def budget(self) -> Budget | None:
        """The state of the rate limit, for health pages.

        Asking costs no request and never fails. None where there is no state to tell: the limiter
        has none, or this is not the event loop that the client is used in.
        """
        loop = self._transport.loop
        try:
            if loop is not None and loop is not asyncio.get_running_loop():
                return None  # another thread may be about to change it
            budget: object = getattr(self._current_limiter(), "budget", None)
        except Exception:  # noqa: BLE001 # whoever shows a client, such as a debugger, looks here
            return None
        return budget if isinstance(budget, Budget) else None

    async def aclose(self) -> None:
        """Close the connections and end calls that wait with `ClientClosedError`.

        May be called twice. A session that was passed in stays open.

        Raises:
            ConfigurationError: There are connections, and no event loop to close them in.
        """
        if not self._owner or self._transport.closed:
            return
        if self._transport.loop is not None:
            running_loop()
        self._transport.closed = True
        if self._calls:  # without an event loop there are none
            end_all(self._calls)
        await self._transport.close()
        # Redis may be closed next, and other processes should know what has ended.
        tell_ended = getattr(type(self._limiter), "_tell_ended", None)  # a double has any itself
        if tell_ended is not None:
            await tell_ended(self._limiter)

    async def __aenter__(self) -> Self:
        """Return the client itself; it connects at its first request.

        Raises:
            ConfigurationError: No event loop of asyncio is running.
        """
        running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the client."""
        await self.aclose()

    def __repr__(self) -> str:
        """Show where it leads, not the key."""
        transport = vars(self).get("_transport")
        if transport is None:  # in a traceback of its own constructor
            return f"<{type(self).__name__}>"
        state = "closed" if transport.closed else "open"
        return f"<{type(self).__name__} {self.base_url} {state}>"

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled or copied: it holds connections and the key."""
        raise TypeError("a Client is not pickled or copied; make one in each process")

    def _clock(self) -> Clock:
        return self._given_clock or running_loop()

    def _retry_of(self, policy: Retry) -> RetryMiddleware:
        return RetryMiddleware(
            instance("retry", policy, Retry, "Retry(max_attempts=3)"),
            self._clock,
            debt=self._debt,
            paced=self._limiter is not None,
        )

    def _current_limiter(self) -> Middleware | None:
        if self._limiter is UNSET:
            return shared_rate_limit(self._account, self._given_clock)
        return self._limiter

    def _build_chain(self) -> tuple[Middleware, ...]:
        """Return the middlewares, at least one, that next to the wire first."""
        # Kept from the first call on, and not when somebody looks at the budget in another loop.
        self._limiter = self._current_limiter()
        others = (checked, *reversed(self._middlewares)) if self._middlewares else ()
        limiter = None if self._limiter is None else held(self._limiter, "limiter")
        every = (limiter, self._retry, *others)
        self._chain = tuple(each for each in every if each is not None) or (checked,)
        return self._chain


def _link(middleware: Middleware, send: Send) -> Send:
    return lambda request: middleware(request, send)
