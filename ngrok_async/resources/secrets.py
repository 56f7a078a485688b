"""Secrets: values for traffic policies that nobody can read back."""

from typing import ClassVar

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, TextField
from ngrok_async.resources._secret import Secret
from ngrok_async.resources._shared import DescribedFields

__all__ = ["Secret", "SecretFields", "Secrets"]


class SecretFields(DescribedFields[Secret]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    name: TextField[Secret]


class Secrets(Resource):
    """Manage the secrets in vaults; a traffic policy reads one by the names of both.

    https://ngrok.com/docs/api-reference/secrets/list
    """

    fields: ClassVar[SecretFields] = SecretFields()

    @paged("GET /vault_secrets", items="secrets")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[Secret] | None = None,
    ) -> Pager[Secret]:
        """Walk over all secrets, newest first; `before_id`, `limit` and `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata` and `name`. For the secrets
        of one vault see `vaults.get_secrets_by_vault`.
        """
        ...

    @operation("GET /vault_secrets/{id}")
    async def get(self, id: Id) -> Secret:
        """Return one secret, without its value."""
        ...

    @operation("POST /vault_secrets")
    async def create(
        self,
        *,
        name: Unset[str] = UNSET,
        value: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
        vault_id: Unset[Id] = UNSET,
        vault_name: Unset[str] = UNSET,
    ) -> Secret:
        """Put a secret into a vault; without `vault_id` or `vault_name` ngrok refuses it.

        Args:
            name: Of letters, digits, "_", "/" and "."; unique in the vault.
            value: What is secret; not empty.
            metadata: Free text for your own use; no limit is documented.
            description: What it is for; no limit is documented.
            vault_id: The vault to put it into.
            vault_name: The same vault by its name.
        """
        ...

    @operation("PATCH /vault_secrets/{id}")
    async def update(
        self,
        id: Id,
        *,
        name: Unset[str] = UNSET,
        value: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
    ) -> Secret:
        """Change the fields that you pass and leave the others alone.

        These are `name`, `value`, `metadata` and `description`. A new value takes effect in all
        traffic policies that use the secret.
        """
        ...

    @operation("DELETE /vault_secrets/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a secret."""
        ...
