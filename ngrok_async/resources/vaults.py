"""Vaults: named groups of secrets."""

from datetime import datetime
from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, TextField
from ngrok_async.resources._secret import Secret
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class Vault(Described):
    """A named group of secrets.

    Attributes:
        updated_at: When it was last changed, UTC.
        name: Its name, which traffic policies use; unique in the account.
        created_by: Who created it; plain text here, a `Ref` on `Secret`.
        last_updated_by: Who changed it last; likewise.
    """

    updated_at: datetime
    name: str = ""
    created_by: str = ""
    last_updated_by: str = ""


class VaultFields(DescribedFields[Vault]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    name: TextField[Vault]


class Vaults(Resource):
    """Manage vaults; what is in them is managed in `secrets`.

    https://ngrok.com/docs/api-reference/vaults/list
    """

    fields: ClassVar[VaultFields] = VaultFields()
    key: ClassVar[str] = "name"

    @paged("GET /vaults", items="vaults")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[Vault] | None = None,
    ) -> Pager[Vault]:
        """Walk over all vaults, newest first; `before_id`, `limit` and `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata` and `name`.
        """
        ...

    @operation("GET /vaults/{id}")
    async def get(self, id: Id) -> Vault:
        """Return one vault."""
        ...

    @operation("POST /vaults")
    async def create(
        self,
        *,
        name: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
    ) -> Vault:
        """Create an empty vault.

        Args:
            name: Of letters, digits, "_", "/" and "."; unique in the account and not empty.
            metadata: Free text for your own use; no limit is documented.
            description: What it is for; no limit is documented.
        """
        ...

    @operation("PATCH /vaults/{id}")
    async def update(
        self,
        id: Id,
        *,
        name: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
    ) -> Vault:
        """Change the fields that you pass: `name`, `metadata`, `description`."""
        ...

    @operation("DELETE /vaults/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a vault; refused (ERR_NGROK_23003) until all its secrets are deleted."""
        ...

    @paged("GET /vaults/{id}/secrets", items="secrets")
    def get_secrets_by_vault(
        self, id: Id, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[Secret]:
        """Walk over the secrets of one vault; `before_id` and `limit` as on `Pager`."""
        ...
