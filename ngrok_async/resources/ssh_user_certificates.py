"""SSH user certificates: what SSH clients sign in with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import Described


@attrs.frozen(kw_only=True)
class SSHUserCertificate(Described):
    """A signed statement that a key may sign in as certain users.

    Attributes:
        public_key: The user's public key, in the format of `authorized_keys`.
        key_type: The type of that key.
        ssh_certificate_authority_id: The authority that signed.
        principals: The user names that it can sign in as; empty means every user.
        critical_options: Conditions that servers have to enforce.
        extensions: What servers may permit.
        valid_after: From when it is good.
        valid_until: Until when it is good; OpenSSH says "valid before".
        certificate: The certificate, for a file beside the private key that ends in `-cert.pub`.
    """

    public_key: str = ""
    key_type: Literal["rsa", "ecdsa", "ed25519"] | str = ""
    ssh_certificate_authority_id: str = ""
    principals: tuple[str, ...] = ()
    critical_options: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    extensions: Mapping[str, str] = attrs.field(factory=dict[str, str], hash=False)
    valid_after: datetime
    valid_until: datetime
    certificate: str = ""


class SSHUserCertificates(Resource):
    """Issue certificates that users sign in with on servers that trust the authority.

    https://ngrok.com/docs/api-reference/sshusercertificates/list
    """

    @paged("GET /ssh_user_certificates", items="ssh_user_certificates")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[SSHUserCertificate]:
        """Walk over all certificates, newest first; `before_id` and `limit` as on `Pager`."""
        ...

    @operation("GET /ssh_user_certificates/{id}")
    async def get(self, id: Id) -> SSHUserCertificate:
        """Return one certificate."""
        ...

    @operation("POST /ssh_user_certificates")
    async def create(
        self,
        *,
        ssh_certificate_authority_id: Id,
        public_key: str,
        principals: Unset[Sequence[str]] = UNSET,
        critical_options: Unset[Mapping[str, str]] = UNSET,
        extensions: Unset[Mapping[str, str]] = UNSET,
        valid_after: Unset[datetime] = UNSET,
        valid_until: Unset[datetime] = UNSET,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
    ) -> SSHUserCertificate:
        """Sign a user's public key.

        Args:
            ssh_certificate_authority_id: The authority that signs.
            public_key: The user's public key, in the format of `authorized_keys`.
            principals: The user names to sign in as. Beware: with none it is good for every user.
            critical_options: Conditions; OpenSSH knows "force-command" and "source-address".
            extensions: Permissions; by default "permit-pty" and "permit-user-rc", each with "".
            valid_after: From when it is good; by default from now.
            valid_until: Until when it is good; by default for 24 hours.
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
        """
        ...

    @operation("PATCH /ssh_user_certificates/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> SSHUserCertificate:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /ssh_user_certificates/{id}")
    async def delete(self, id: Id) -> None:
        """Delete one certificate."""
        ...
