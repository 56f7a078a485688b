"""Endpoints: the URLs that take traffic, of agents and in the cloud."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import BoolField, Filter, Reference, SetField, TextField
from ngrok_async.resources._endpoint import Endpoint
from ngrok_async.resources._shared import DescribedFields

__all__ = ["Endpoint", "EndpointFields", "Endpoints"]


class EndpointFields(DescribedFields[Endpoint]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    principal: Reference[Endpoint]
    type: TextField[Endpoint]
    binding: TextField[Endpoint]
    bindings: SetField[Endpoint]
    url: TextField[Endpoint]
    pooling_enabled: BoolField[Endpoint]
    scheme: TextField[Endpoint]
    region: TextField[Endpoint]
    name: TextField[Endpoint]


class Endpoints(Resource):
    """See all endpoints that are online, and manage those in the cloud.

    https://ngrok.com/docs/api-reference/endpoints/list
    """

    fields: ClassVar[EndpointFields] = EndpointFields()
    key: ClassVar[str] = "url"

    @paged("GET /endpoints", items="endpoints")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        id: Sequence[Id] | None = None,
        url: Sequence[str] | None = None,
        filter: Filter[Endpoint] | None = None,
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
        traffic_policy: JSONText,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        bindings: Unset[Sequence[Literal["public", "internal", "kubernetes"] | str]] = UNSET,
        pooling_enabled: Unset[bool] = UNSET,
    ) -> Endpoint:
        """Create a cloud endpoint; those of agents come and go with the agents.

        Args:
            url: Where it takes traffic.
            type: "cloud"; ngrok creates no others.
            traffic_policy: What to do with the traffic: JSON or YAML as a text, or a mapping.
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
        traffic_policy: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
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
