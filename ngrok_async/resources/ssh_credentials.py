"""SSH credentials: the public keys that may start tunnels over SSH."""

from collections.abc import Sequence
from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, IdField, SetField
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class SSHCredential(Described):
    """A public key that may start tunnels over SSH.

    Attributes:
        public_key: The public half of an SSH key pair.
        acl: Rules for what it may listen on, such as "bind:*.example.com"; empty allows all.
        owner_id: The user or bot that it belongs to.
    """

    public_key: str = ""
    acl: tuple[str, ...] = ()
    owner_id: str | None = None


class SSHCredentialFields(DescribedFields[SSHCredential]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    owner_id: IdField[SSHCredential]
    acl: SetField[SSHCredential]


class SSHCredentials(Resource):
    """Manage the public keys that may start tunnels with an ordinary SSH client.

    https://ngrok.com/docs/api-reference/sshcredentials/list
    """

    fields: ClassVar[SSHCredentialFields] = SSHCredentialFields()

    @paged("GET /ssh_credentials", items="ssh_credentials")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[SSHCredential] | None = None,
    ) -> Pager[SSHCredential]:
        """Walk over all credentials, newest first.

        `before_id`, `limit` and `filter` as on `Pager`; `filter` knows `id`, `created_at`,
        `description`, `metadata`, `owner_id` and `acl`.
        """
        ...

    @operation("GET /ssh_credentials/{id}")
    async def get(self, id: Id) -> SSHCredential:
        """Return one credential."""
        ...

    @operation("POST /ssh_credentials")
    async def create(
        self,
        *,
        public_key: str,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        acl: Unset[Sequence[str]] = UNSET,
        owner_id: Unset[Id] = UNSET,
    ) -> SSHCredential:
        """Register a public key.

        Args:
            public_key: The public half of an SSH key pair, as in `authorized_keys`.
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
            acl: "bind:" rules for domains ("bind:*.example.com"), addresses and labels
                ("bind:app=*"); left out, the key may listen on everything.
            owner_id: The user or bot to own it, by default who asks; only admins can choose.
        """
        ...

    @operation("PATCH /ssh_credentials/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        acl: Unset[Sequence[str]] = UNSET,
    ) -> SSHCredential:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        They are `description`, `metadata` and `acl`, which replaces all former rules.
        """
        ...

    @operation("DELETE /ssh_credentials/{id}")
    async def delete(self, id: Id) -> None:
        """Delete one credential."""
        ...
