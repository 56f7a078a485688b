"""SSH certificate authorities: keys at ngrok that sign SSH certificates."""

from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class SSHCertificateAuthority(Described):
    """A key pair that signs SSH certificates; ngrok keeps the private key.

    Attributes:
        public_key: The public key, which SSH servers and clients have to trust.
        key_type: The type of the private key.
    """

    public_key: str = ""
    key_type: str = ""


class SSHCertificateAuthorities(Resource):
    """Manage the keys that sign SSH host certificates and SSH user certificates.

    https://ngrok.com/docs/api-reference/sshcertificateauthorities/list
    """

    fields: ClassVar[DescribedFields[SSHCertificateAuthority]] = DescribedFields()

    @paged("GET /ssh_certificate_authorities", items="ssh_certificate_authorities")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[SSHCertificateAuthority] | None = None,
    ) -> Pager[SSHCertificateAuthority]:
        """Walk over all authorities, newest first.

        `before_id`, `limit` and `filter` as on `Pager`; `filter` knows `id`, `created_at`,
        `description` and `metadata`.
        """
        ...

    @operation("GET /ssh_certificate_authorities/{id}")
    async def get(self, id: Id) -> SSHCertificateAuthority:
        """Return one authority."""
        ...

    @operation("POST /ssh_certificate_authorities")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        private_key_type: Unset[Literal["rsa", "ecdsa", "ed25519"] | str] = UNSET,
        elliptic_curve: Unset[str] = UNSET,
        key_size: Unset[int] = UNSET,
    ) -> SSHCertificateAuthority:
        """Have ngrok make a key pair.

        Args:
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
            private_key_type: The type of key; ngrok does not document its default.
            elliptic_curve: The curve of an ECDSA key; its names are not documented.
            key_size: The bits of an RSA key, 2048 or 4096.
        """
        ...

    @operation("PATCH /ssh_certificate_authorities/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> SSHCertificateAuthority:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /ssh_certificate_authorities/{id}")
    async def delete(self, id: Id) -> None:
        """Delete an authority; refused while a certificate of its exists (ERR_NGROK_1964)."""
        ...
