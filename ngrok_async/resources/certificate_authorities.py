"""Certificate authorities: whose client certificates mutual TLS accepts."""

from datetime import datetime
from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, TextField, TimeField
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class CertificateAuthority(Described):
    """The certificate of an authority; ngrok never has its private key.

    Attributes:
        ca_pem: The certificate as PEM.
        subject_common_name: The common name of its subject.
        not_before: When it begins to be valid, UTC.
        not_after: When it ceases to be valid, UTC.
        key_usages: What its key may be used for, such as signing certificates.
        extended_key_usages: The same, from the certificate's extension.
    """

    ca_pem: str = ""
    subject_common_name: str = ""
    not_before: datetime
    not_after: datetime
    key_usages: tuple[str, ...] = ()
    extended_key_usages: tuple[str, ...] = ()


class CertificateAuthorityFields(DescribedFields[CertificateAuthority]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    subject_common_name: TextField[CertificateAuthority]
    not_before: TimeField[CertificateAuthority]
    not_after: TimeField[CertificateAuthority]


class CertificateAuthorities(Resource):
    """Manage the authorities that mutual TLS trusts.

    https://ngrok.com/docs/api-reference/certificateauthorities/list
    """

    fields: ClassVar[CertificateAuthorityFields] = CertificateAuthorityFields()

    @paged("GET /certificate_authorities", items="certificate_authorities")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[CertificateAuthority] | None = None,
    ) -> Pager[CertificateAuthority]:
        """Walk over all authorities, newest first; `before_id`, `limit`, `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata`, `subject_common_name`,
        `not_before` and `not_after`.
        """
        ...

    @operation("GET /certificate_authorities/{id}")
    async def get(self, id: Id) -> CertificateAuthority:
        """Return one authority."""
        ...

    @operation("POST /certificate_authorities")
    async def create(
        self, *, ca_pem: str, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> CertificateAuthority:
        """Upload an authority's certificate.

        Args:
            ca_pem: The certificate as PEM, without its private key.
            description: What it is for, at most 255 bytes.
            metadata: Free text for your own use, at most 4096 bytes.
        """
        ...

    @operation("PATCH /certificate_authorities/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> CertificateAuthority:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /certificate_authorities/{id}")
    async def delete(self, id: Id) -> None:
        """Delete an authority."""
        ...
