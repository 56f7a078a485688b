"""Credentials: the authtokens that agents show."""

from collections.abc import Sequence
from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, IdField, SetField
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class Credential(Described):
    """An agent's authtoken.

    Attributes:
        token: None: only the answer to `create`, a `NewCredential`, has the secret.
        acl: What agents may serve with it; empty for no restriction.
        owner_id: The id of the user, service user or bot user that it belongs to.
    """

    token: str | None = attrs.field(default=None, repr=False)
    acl: tuple[str, ...] = ()
    owner_id: str | None = None


@attrs.frozen(kw_only=True)
class NewCredential(Credential):
    """An authtoken that was just created, with its secret.

    Attributes:
        token: The secret itself: keep it, nothing shows it again.
    """

    token: str = attrs.field(default="", repr=False)


class CredentialFields(DescribedFields[Credential]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    owner_id: IdField[Credential]
    acl: SetField[Credential]


class Credentials(Resource):
    """Manage the authtokens that agents connect with.

    https://ngrok.com/docs/api-reference/credentials/list
    """

    fields: ClassVar[CredentialFields] = CredentialFields()

    @paged("GET /credentials", items="credentials")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[Credential] | None = None,
    ) -> Pager[Credential]:
        """Walk over all credentials, newest first; `before_id`, `limit`, `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata`, `owner_id` and `acl`.
        """
        ...

    @operation("GET /credentials/{id}")
    async def get(self, id: Id) -> Credential:
        """Return one credential, without its token."""
        ...

    @operation("POST /credentials")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        acl: Unset[Sequence[str]] = UNSET,
        owner_id: Unset[Id] = UNSET,
    ) -> NewCredential:
        """Create a credential; keep the answer's `token`, nothing shows it again.

        Args:
            description: Who or what will use it, at most 255 bytes.
            metadata: Free text for your own use, at most 4096 bytes.
            acl: What agents may serve with it, as rules "bind:" and a domain ("bind:*.example.com"
                for all below one), an address or a label ("bind:team=*"); none is no restriction.
            owner_id: Who owns it; by default its creator. Only admins may choose another.
        """
        ...

    @operation("PATCH /credentials/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        acl: Unset[Sequence[str]] = UNSET,
    ) -> Credential:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        These are `description`, `metadata` and `acl`, whose rules replace all there were.
        """
        ...

    @operation("DELETE /credentials/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a credential; ngrok refuses (ERR_NGROK_601) if it is your own tunnel token."""
        ...
