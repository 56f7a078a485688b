"""TLS certificates: what domains prove themselves with."""

from datetime import datetime
from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, TextField, TimeField
from ngrok_async.resources._shared import Described, DescribedFields, Model


@attrs.frozen(kw_only=True)
class TLSCertificateSANs(Model):
    """Further names that a certificate is good for.

    Attributes:
        dns_names: Host names, wildcards among them.
        ips: IP addresses.
    """

    dns_names: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class TLSCertificate(Described):
    """A certificate whose private key ngrok has; the parts are those of the leaf.

    Attributes:
        certificate_pem: The chain in PEM format, leaf first.
        subject_common_name: The subject's common name.
        subject_alternative_names: Further names that it is good for.
        issued_at: When ngrok obtained it; None if it was uploaded.
        not_before: From when it is good.
        not_after: Until when it is good.
        key_usages: What its key may be used for.
        extended_key_usages: What else its key may be used for.
        private_key_type: The type of its key.
        issuer_common_name: The issuer's common name.
        serial_number: Its serial number.
        subject_organization: The subject's organization.
        subject_organizational_unit: The subject's unit of the organization.
        subject_locality: The subject's town.
        subject_province: The subject's province.
        subject_country: The subject's country.
    """

    certificate_pem: str = ""
    subject_common_name: str = ""
    subject_alternative_names: TLSCertificateSANs
    issued_at: datetime | None = None
    not_before: datetime
    not_after: datetime
    key_usages: tuple[str, ...] = ()
    extended_key_usages: tuple[str, ...] = ()
    private_key_type: Literal["rsa", "ecdsa", "ed25519"] | str = ""
    issuer_common_name: str = ""
    serial_number: str = ""
    subject_organization: str = ""
    subject_organizational_unit: str = ""
    subject_locality: str = ""
    subject_province: str = ""
    subject_country: str = ""


class TLSCertificateFields(DescribedFields[TLSCertificate]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    subject_common_name: TextField[TLSCertificate]
    not_after: TimeField[TLSCertificate]
    not_before: TimeField[TLSCertificate]
    serial_number: TextField[TLSCertificate]


class TLSCertificates(Resource):
    """Upload certificates for reserved domains, and see those that ngrok obtained.

    https://ngrok.com/docs/api-reference/tlscertificates/list
    """

    fields: ClassVar[TLSCertificateFields] = TLSCertificateFields()

    @paged("GET /tls_certificates", items="tls_certificates")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[TLSCertificate] | None = None,
    ) -> Pager[TLSCertificate]:
        """Walk over all certificates, newest first.

        `before_id`, `limit` and `filter` as on `Pager`; `filter` knows `id`, `created_at`,
        `description`, `metadata`, `subject_common_name`, `not_after`, `not_before` and
        `serial_number`.
        """
        ...

    @operation("GET /tls_certificates/{id}")
    async def get(self, id: Id) -> TLSCertificate:
        """Return one certificate; never its private key."""
        ...

    @operation("POST /tls_certificates")
    async def create(
        self,
        *,
        certificate_pem: str,
        private_key_pem: str,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
    ) -> TLSCertificate:
        """Upload a certificate; `reserved_domains` takes its id as `certificate_id`.

        Args:
            certificate_pem: The chain in PEM format, leaf first.
            private_key_pem: The leaf's private key in PEM format.
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
        """
        ...

    @operation("PATCH /tls_certificates/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> TLSCertificate:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /tls_certificates/{id}")
    async def delete(self, id: Id) -> None:
        """Delete one certificate."""
        ...
