"""Backends: what edges send their traffic to. Deprecated along with edges."""

from collections.abc import Mapping, Sequence

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import Described, Model, Ref


@attrs.frozen(kw_only=True)
class FailoverBackend(Described):
    """Other backends, of which the first one that works gets the traffic.

    Attributes:
        backends: The ids of the other backends, the preferred one first.
    """

    backends: tuple[str, ...] = ()


class FailoverBackends(Resource):
    """Send traffic to the first backend of a list that works.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/failoverbackends/list
    """

    @paged("GET /backends/failover", items="backends")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[FailoverBackend]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /backends/failover/{id}")
    async def get(self, id: Id) -> FailoverBackend:
        """Return one failover backend. Deprecated by ngrok."""
        ...

    @operation("POST /backends/failover")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        backends: Unset[Sequence[Id]] = UNSET,
    ) -> FailoverBackend:
        """Create a failover backend. Deprecated by ngrok.

        Args:
            description: A note for people.
            metadata: Data for programs, often JSON.
            backends: The backends to try, the preferred one first.
        """
        ...

    @operation("PATCH /backends/failover/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        backends: Sequence[Id],
    ) -> FailoverBackend:
        """Change `backends` and, if you pass them, `description` and `metadata`.

        `backends` is required since ngrok would empty the list without it: pass what `get` returned
        to leave it alone. Deprecated by ngrok.
        """
        ...

    @operation("DELETE /backends/failover/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a failover backend. Deprecated by ngrok."""
        ...


@attrs.frozen(kw_only=True)
class HTTPResponseBackend(Described):
    """One and the same HTTP response to all requests.

    Attributes:
        body: The body of the response.
        headers: The headers of the response; their names come back in lower case.
        status_code: The status of the response.
    """

    body: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    status_code: int = 0


class HTTPResponseBackends(Resource):
    """Answer all requests with a fixed HTTP response.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/httpresponsebackends/list
    """

    @paged("GET /backends/http_response", items="backends")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[HTTPResponseBackend]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /backends/http_response/{id}")
    async def get(self, id: Id) -> HTTPResponseBackend:
        """Return one HTTP response backend. Deprecated by ngrok."""
        ...

    @operation("POST /backends/http_response")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        body: Unset[str] = UNSET,
        headers: Unset[Mapping[str, str]] = UNSET,
        status_code: Unset[int] = UNSET,
    ) -> HTTPResponseBackend:
        """Create an HTTP response backend. Deprecated by ngrok.

        Args:
            description: A note for people.
            metadata: Data for programs, often JSON.
            body: The body of the response.
            headers: The headers of the response, by name.
            status_code: The status of the response; ngrok's default is not documented.
        """
        ...

    @operation("PATCH /backends/http_response/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        body: Unset[str] = UNSET,
        headers: Unset[Mapping[str, str]] = UNSET,
        status_code: Unset[int] = UNSET,
    ) -> HTTPResponseBackend:
        """Change the fields that you pass and leave the others alone. Deprecated by ngrok.

        They are `description`, `metadata`, `body`, `headers` and `status_code`.
        """
        ...

    @operation("DELETE /backends/http_response/{id}")
    async def delete(self, id: Id) -> None:
        """Delete an HTTP response backend. Deprecated by ngrok."""
        ...


@attrs.frozen(kw_only=True)
class StaticBackendTLS(Model):
    """How a static backend is connected to.

    Attributes:
        enabled: Whether with TLS.
    """

    enabled: bool = False


@attrs.frozen(kw_only=True)
class StaticBackend(Described):
    """An address on the public internet that gets the traffic.

    Attributes:
        address: Host and port, such as "example.com:443".
        tls: Whether ngrok connects to it with TLS.
    """

    address: str = ""
    tls: StaticBackendTLS


class StaticBackends(Resource):
    """Send traffic to an address on the public internet.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/staticbackends/list
    """

    @paged("GET /backends/static", items="backends")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[StaticBackend]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /backends/static/{id}")
    async def get(self, id: Id) -> StaticBackend:
        """Return one static backend. Deprecated by ngrok."""
        ...

    @operation("POST /backends/static")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        address: Unset[str] = UNSET,
        tls: Unset[Nested[StaticBackendTLS]] = UNSET,
    ) -> StaticBackend:
        """Create a static backend. Deprecated by ngrok.

        Args:
            description: A note for people.
            metadata: Data for programs, often JSON.
            address: Host and port, such as "example.com:443".
            tls: Whether to connect to it with TLS.
        """
        ...

    @operation("PATCH /backends/static/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        address: Unset[str] = UNSET,
        tls: Unset[Nested[StaticBackendTLS]] = UNSET,
    ) -> StaticBackend:
        """Change what you pass of `description`, `metadata`, `address` and `tls`.

        ngrok's examples always pass `address` and `tls`; whether they stay as they are without that
        is not documented. Deprecated by ngrok.
        """
        ...

    @operation("DELETE /backends/static/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a static backend. Deprecated by ngrok."""
        ...


@attrs.frozen(kw_only=True)
class TunnelGroupBackend(Described):
    """All tunnels with certain labels; they share the traffic.

    Attributes:
        labels: What the tunnels have to be labelled with.
        tunnels: The tunnels with these labels that are online.
    """

    labels: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    tunnels: tuple[Ref, ...] = ()


class TunnelGroupBackends(Resource):
    """Spread traffic over all tunnels with certain labels.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/tunnelgroupbackends/list
    """

    @paged("GET /backends/tunnel_group", items="backends")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[TunnelGroupBackend]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /backends/tunnel_group/{id}")
    async def get(self, id: Id) -> TunnelGroupBackend:
        """Return one tunnel group backend. Deprecated by ngrok."""
        ...

    @operation("POST /backends/tunnel_group")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        labels: Unset[Mapping[str, str]] = UNSET,
    ) -> TunnelGroupBackend:
        """Create a tunnel group backend. Deprecated by ngrok.

        Args:
            description: A note for people.
            metadata: Data for programs, often JSON.
            labels: What tunnels have to be labelled with.
        """
        ...

    @operation("PATCH /backends/tunnel_group/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        labels: Unset[Mapping[str, str]] = UNSET,
    ) -> TunnelGroupBackend:
        """Change what you pass of `description`, `metadata` and `labels`, and leave the rest alone.

        Deprecated by ngrok.
        """
        ...

    @operation("DELETE /backends/tunnel_group/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a tunnel group backend. Deprecated by ngrok."""
        ...


@attrs.frozen(kw_only=True)
class WeightedBackend(Described):
    """Other backends that share the traffic by weight.

    Attributes:
        backends: The weights of the other backends, 0 to 10000, by their ids.
    """

    backends: Mapping[str, int] = attrs.field(factory=dict[str, int], hash=False)


class WeightedBackends(Resource):
    """Spread traffic over backends by weight: each gets its part of the sum of all weights.

    Deprecated by ngrok, sunset on 2025-12-31: endpoints with a traffic policy take their place.

    https://ngrok.com/docs/api-reference/weightedbackends/list
    """

    @paged("GET /backends/weighted", items="backends")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[WeightedBackend]:
        """Walk over all, newest first; `before_id`, `limit` as on `Pager`. Deprecated by ngrok."""
        ...

    @operation("GET /backends/weighted/{id}")
    async def get(self, id: Id) -> WeightedBackend:
        """Return one weighted backend. Deprecated by ngrok."""
        ...

    @operation("POST /backends/weighted")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        backends: Unset[Mapping[str, int]] = UNSET,
    ) -> WeightedBackend:
        """Create a weighted backend. Deprecated by ngrok.

        Args:
            description: A note for people.
            metadata: Data for programs, often JSON.
            backends: The weights of the backends, 0 to 10000, by their ids.
        """
        ...

    @operation("PATCH /backends/weighted/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        backends: Mapping[str, int],
    ) -> WeightedBackend:
        """Change `backends` and, if you pass them, `description` and `metadata`.

        `backends` is required since ngrok would empty it otherwise: pass what `get` returned to
        leave it alone. Deprecated by ngrok.
        """
        ...

    @operation("DELETE /backends/weighted/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a weighted backend. Deprecated by ngrok."""
        ...
