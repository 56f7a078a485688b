"""AI gateway API keys: what callers of a legacy AI gateway show."""

from datetime import datetime

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import Model, Ref


@attrs.frozen(kw_only=True)
class AIGatewayAPIKey(Model):
    """A key for one AI gateway endpoint.

    Attributes:
        id: The key's id, which is no secret.
        uri: The key's own address.
        created_at: When it was created, UTC.
        updated_at: When it was last changed, UTC.
        description: What it is for.
        metadata: Free text for your own use.
        created_by: The user who created it.
        last_updated_by: The user who changed it last.
        endpoint: The gateway's endpoint, the only one that takes the key.
        token: The secret itself, only in the answer to `create`; empty later.
        display_name: A name to show people; how it is made is not documented.
        last_used: When it was last used, as ngrok wrote it; the format is not documented.
    """

    id: str
    uri: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    description: str = ""
    metadata: str = ""
    created_by: Ref | None = None
    last_updated_by: Ref | None = None
    endpoint: Ref | None = None
    token: str = attrs.field(default="", repr=False)
    display_name: str = ""
    last_used: str | None = None


class AIGatewayAPIKeys(Resource):
    """Manage the keys of AI gateways that exist already.

    Retired by ngrok: only legacy gateways are served, else ERR_NGROK_18024. The successor is
    another API, at https://api.ngrok.ai, which this package does not speak. The API reference
    has no page on these keys.

    https://ngrok.com/docs/errors/err_ngrok_18024
    """

    @paged("GET /ai_gateway_api_keys", items="ai_gateway_api_keys")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[AIGatewayAPIKey]:
        """Walk over all keys, newest first; `before_id` and `limit` as on `Pager`."""
        ...

    @operation("GET /ai_gateway_api_keys/{id}")
    async def get(self, id: Id) -> AIGatewayAPIKey:
        """Return one key, without its token."""
        ...

    @operation("POST /ai_gateway_api_keys")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        endpoint_id: Unset[Id] = UNSET,
    ) -> AIGatewayAPIKey:
        """Create a key; keep the answer's `token`, nothing shows it again.

        Args:
            description: What it is for.
            metadata: Free text for your own use.
            endpoint_id: The gateway's endpoint; it is not documented what leaving it out does.
        """
        ...

    @operation("PATCH /ai_gateway_api_keys/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        endpoint_id: Unset[Id] = UNSET,
    ) -> AIGatewayAPIKey:
        """Change the fields that you pass: `description`, `metadata`, `endpoint_id`."""
        ...

    @operation("DELETE /ai_gateway_api_keys/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a key."""
        ...
