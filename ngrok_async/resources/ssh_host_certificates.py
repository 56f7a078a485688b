"""SSH host certificates: what SSH servers prove themselves with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import Described


@attrs.frozen(kw_only=True)
class SSHHostCertificate(Described):
    """A signed statement that a key belongs to certain hosts.

    Attributes:
        public_key: The server's public key, in the format of `authorized_keys`.
        key_type: The type of that key.
        ssh_certificate_authority_id: The authority that signed.
        principals: The host names and IP addresses that it is good for; empty means all hosts.
        valid_after: From when it is good.
        valid_until: Until when it is good; OpenSSH says "valid before".
        certificate: The certificate, for the file that sshd's `HostCertificate` names.
    """

    public_key: str = ""
    key_type: Literal["rsa", "ecdsa", "ed25519"] | str = ""
    ssh_certificate_authority_id: str = ""
    principals: tuple[str, ...] = ()
    valid_after: datetime
    valid_until: datetime
    certificate: str = ""


class SSHHostCertificates(Resource):
    """Issue certificates by which SSH clients know a server.

    https://ngrok.com/docs/api-reference/sshhostcertificates/list
    """

    @paged("GET /ssh_host_certificates", items="ssh_host_certificates")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[SSHHostCertificate]:
        """Walk over all certificates, newest first; `before_id` and `limit` as on `Pager`."""
        ...

    @operation("GET /ssh_host_certificates/{id}")
    async def get(self, id: Id) -> SSHHostCertificate:
        """Return one certificate."""
        ...

    @operation("POST /ssh_host_certificates")
    async def create(
        self,
        *,
        ssh_certificate_authority_id: Id,
        public_key: str,
        principals: Unset[Sequence[str]] = UNSET,
        valid_after: Unset[datetime] = UNSET,
        valid_until: Unset[datetime] = UNSET,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
    ) -> SSHHostCertificate:
        """Sign a server's public key.

        Args:
            ssh_certificate_authority_id: The authority that signs.
            public_key: The server's public key, in the format of `authorized_keys`.
            principals: The host names and IP addresses that it is good for. Beware: with none it
                is good for every host.
            valid_after: From when it is good; by default from now.
            valid_until: Until when it is good; by default for a year.
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
        """
        ...

    @operation("PATCH /ssh_host_certificates/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> SSHHostCertificate:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /ssh_host_certificates/{id}")
    async def delete(self, id: Id) -> None:
        """Delete one certificate."""
        ...
