"""API keys: what clients of this API show."""

from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, IdField
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class APIKey(Described):
    """A key to this API.

    Attributes:
        token: None: only the answer to `create`, a `NewAPIKey`, has the secret.
        owner_id: The id of the user, service user or bot user that it belongs to.
    """

    token: str | None = attrs.field(default=None, repr=False)
    owner_id: str | None = None


@attrs.frozen(kw_only=True)
class NewAPIKey(APIKey):
    """A key that was just created, with its secret.

    Attributes:
        token: The secret itself: keep it, nothing shows it again.
    """

    token: str = attrs.field(default="", repr=False)


class APIKeyFields(DescribedFields[APIKey]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    owner_id: IdField[APIKey]


class APIKeys(Resource):
    """Manage the keys to this API; the first one comes from ngrok's dashboard.

    https://ngrok.com/docs/api-reference/apikeys/list
    """

    fields: ClassVar[APIKeyFields] = APIKeyFields()

    @paged("GET /api_keys", items="keys")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[APIKey] | None = None,
    ) -> Pager[APIKey]:
        """Walk over all keys, newest first; `before_id`, `limit` and `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata` and `owner_id`.
        """
        ...

    @operation("GET /api_keys/{id}")
    async def get(self, id: Id) -> APIKey:
        """Return one key, without its token."""
        ...

    @operation("POST /api_keys")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        owner_id: Unset[Id] = UNSET,
    ) -> NewAPIKey:
        """Create a key; keep the answer's `token`, nothing shows it again.

        Args:
            description: What will use it, at most 255 bytes.
            metadata: Free text for your own use, at most 4096 bytes.
            owner_id: Who owns it; by default its creator. Only admins may choose another.
        """
        ...

    @operation("PATCH /api_keys/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> APIKey:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /api_keys/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a key."""
        ...
