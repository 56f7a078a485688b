"""Endpoints: the URLs that take traffic, of agents and in the cloud."""

from collections.abc import Sequence
from typing import Literal

from ngrok_async._operation import Filter, Resource, operation, paged
from ngrok_async._wire.arguments import Id
from ngrok_async.pagination import Pager
from ngrok_async.resources._endpoint import Endpoint
from ngrok_async.unset import UNSET, Unset

__all__ = ["Endpoint", "Endpoints"]


class Endpoints(Resource):
    """See all endpoints that are online, and manage those in the cloud.

    https://ngrok.com/docs/api-reference/endpoints/list
    """

    @paged("GET /endpoints", items="endpoints")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        id: Sequence[Id] | None = None,
        url: Sequence[str] | None = None,
        filter: Filter | None = None,
    ) -> Pager[Endpoint]:
        """Walk over the endpoints, newest first; `before_id`, `limit`, `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata`, `principal.id`, `type`,
        `binding`, `url`, `pooling_enabled`, `scheme`, `region` and `name`. ngrok's guide also has
        `"public" in obj.bindings`, and compares `type` with "agent", where answers say "ephemeral".

        `id` and `url` keep the endpoints with one of the given values. Deprecated: use `filter`.
        """
        ...

    @operation("GET /endpoints/{id}")
    async def get(self, id: Id) -> Endpoint:
        """Return one endpoint."""
        ...

    @operation("POST /endpoints")
    async def create(
        self,
        *,
        url: str,
        type: Literal["cloud"] | str,
        traffic_policy: str,
        description: Unset[str] = UNSET,
        metadata: Unset[str] = UNSET,
        bindings: Unset[Sequence[Literal["public", "internal", "kubernetes"] | str]] = UNSET,
        pooling_enabled: Unset[bool] = UNSET,
    ) -> Endpoint:
        """Create a cloud endpoint; those of agents come and go with the agents.

        Args:
            url: Where it takes traffic.
            type: "cloud"; ngrok creates no others.
            traffic_policy: What to do with the traffic, as JSON or YAML text.
            description: What it is for, at most 255 characters.
            metadata: Free text for your own use, at most 4096 characters.
            bindings: Who can reach it.
            pooling_enabled: Whether other endpoints may share its URL; all of them must allow it.
        """
        ...

    @operation("PATCH /endpoints/{id}")
    async def update(
        self,
        id: Id,
        *,
        url: Unset[str] = UNSET,
        traffic_policy: Unset[str] = UNSET,
        description: Unset[str] = UNSET,
        metadata: Unset[str] = UNSET,
        bindings: Unset[Sequence[Literal["public", "internal", "kubernetes"] | str]] = UNSET,
        pooling_enabled: Unset[bool] = UNSET,
    ) -> Endpoint:
        """Change the fields of a cloud endpoint that you pass and leave the others alone.

        These are `url`, whose scheme must stay as it is (ERR_NGROK_18005), `traffic_policy`,
        `description`, `metadata`, `bindings` and `pooling_enabled`; sizes as in `create`.
        """
        ...

    @operation("DELETE /endpoints/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a cloud endpoint."""
        ...
