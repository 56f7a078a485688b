"""Reserved domains: the host names that belong to the account."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, Reference, TextField
from ngrok_async.resources._shared import Described, DescribedFields, Model, Ref


@attrs.frozen(kw_only=True)
class ReservedDomainCertPolicy(Model):
    """How ngrok obtains certificates for a domain.

    Attributes:
        authority: Who issues them; "letsencrypt" is the only choice.
        private_key_type: The type of their keys; ngrok's default is "ecdsa".
    """

    authority: Literal["letsencrypt"] | str = ""
    private_key_type: Literal["rsa", "ecdsa"] | str = ""


@attrs.frozen(kw_only=True)
class ReservedDomainCertJob(Model):
    """An attempt to obtain or renew a certificate.

    Attributes:
        error_code: Why it fails: "INTERNAL_ERROR" passes, "DNS_ERROR" needs you; None if it works.
        msg: How it stands, in words.
        started_at: When it began.
        retries_at: When it is tried again.
    """

    error_code: Literal["INTERNAL_ERROR", "DNS_ERROR"] | str | None = None
    msg: str = ""
    started_at: datetime | None = None
    retries_at: datetime | None = None


@attrs.frozen(kw_only=True)
class ReservedDomainCertStatus(Model):
    """How the certificates that ngrok obtains for a domain stand.

    Attributes:
        renews_at: When the next renewal is due.
        provisioning_job: The attempt under way; None if nothing is to be obtained now.
    """

    renews_at: datetime | None = None
    provisioning_job: ReservedDomainCertJob | None = None


@attrs.frozen(kw_only=True)
class ReservedDomainResolvesToEntry(Model):
    """A place that a domain is pinned to.

    Attributes:
        value: The code of a point of presence, such as "eu"; or a dedicated IP address.
    """

    value: str = ""


@attrs.frozen(kw_only=True)
class ReservedDomain(Described):
    """A host name that only this account can listen on.

    Attributes:
        domain: The host name.
        region: Deprecated, as domains are served worldwide; None or "" as a rule.
        cname_target: Where your CNAME record has to point; None for names under ngrok's domains.
        certificate: The TLS certificate in use, whether uploaded or obtained by ngrok.
        certificate_management_policy: How ngrok obtains certificates; None if it does not.
        certificate_management_status: How that stands; None if ngrok obtains none.
        acme_challenge_cname_target: Where the CNAME record of `_acme-challenge` has to point; only
            for wildcards on domains of your own.
        resolves_to: The places that the domain is pinned to; empty if it is not.
        is_dev: Whether ngrok gave it to the account for development.
    """

    domain: str = ""
    region: Literal["au", "eu", "ap", "us", "jp", "in", "sa"] | str | None = None
    cname_target: str | None = None
    certificate: Ref | None = None
    certificate_management_policy: ReservedDomainCertPolicy | None = None
    certificate_management_status: ReservedDomainCertStatus | None = None
    acme_challenge_cname_target: str | None = None
    resolves_to: tuple[ReservedDomainResolvesToEntry, ...] = ()
    is_dev: bool = False


class ReservedDomainFields(DescribedFields[ReservedDomain]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    domain: TextField[ReservedDomain]
    region: TextField[ReservedDomain]
    cname_target: TextField[ReservedDomain]
    certificate: Reference[ReservedDomain]
    acme_challenge_cname_target: TextField[ReservedDomain]


class ReservedDomains(Resource):
    """Manage the host names that belong to the account, and their TLS certificates.

    https://ngrok.com/docs/api-reference/reserveddomains/list
    """

    fields: ClassVar[ReservedDomainFields] = ReservedDomainFields()
    key: ClassVar[str] = "domain"

    @paged("GET /reserved_domains", items="reserved_domains")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[ReservedDomain] | None = None,
    ) -> Pager[ReservedDomain]:
        """Walk over all domains, newest first; `before_id`, `limit` and `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata`, `domain`, `region`,
        `cname_target`, `certificate.id` and `acme_challenge_cname_target`.
        """
        ...

    @operation("GET /reserved_domains/{id}")
    async def get(self, id: Id) -> ReservedDomain:
        """Return one domain."""
        ...

    @operation("POST /reserved_domains")
    async def create(
        self,
        *,
        domain: Unset[str] = UNSET,
        name: Unset[str] = UNSET,
        region: Unset[Literal["au", "eu", "ap", "us", "jp", "in", "sa"] | str] = UNSET,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        certificate_id: Unset[Id] = UNSET,
        certificate_management_policy: Unset[Nested[ReservedDomainCertPolicy] | None] = UNSET,
        resolves_to: Unset[Sequence[Nested[ReservedDomainResolvesToEntry]]] = UNSET,
    ) -> ReservedDomain:
        """Reserve a domain; ERR_NGROK_413 if you have it already, 414 if somebody else has.

        Args:
            domain: The host name; on a domain of your own, or under one of ngrok's.
            name: In its place, the first label alone: the rest is the base domain of the account's
                plan. Excludes `domain` (ERR_NGROK_449).
            region: Deprecated: domains are served worldwide; see `resolves_to`.
            description: Text for people.
            metadata: Text for programs; at most 4096 bytes.
            certificate_id: An uploaded certificate to use; not for names under ngrok's domains.
            certificate_management_policy: How ngrok is to obtain certificates, None if it is not
                to; excludes `certificate_id` (ERR_NGROK_434).
            resolves_to: The places to pin the domain to; left out, it is served from everywhere.
        """
        ...

    @operation("PATCH /reserved_domains/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        certificate_id: Unset[Id] = UNSET,
        certificate_management_policy: Unset[Nested[ReservedDomainCertPolicy] | None] = UNSET,
        resolves_to: Unset[Sequence[Nested[ReservedDomainResolvesToEntry]]] = UNSET,
    ) -> ReservedDomain:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        They are `description`, `metadata`, `certificate_id` or `certificate_management_policy`
        (None: ngrok obtains no more certificates; a policy takes the place of a certificate) and
        `resolves_to`, which replaces all former places: `[]` un-pins the domain.
        """
        ...

    @operation("DELETE /reserved_domains/{id}")
    async def delete(self, id: Id) -> None:
        """Give a domain up; refused while a cloud endpoint or edge uses it (ERR_NGROK_446)."""
        ...

    @operation("DELETE /reserved_domains/{id}/certificate")
    async def delete_certificate(self, id: Id) -> None:
        """Detach an uploaded certificate; ERR_NGROK_436 if ngrok manages the certificate."""
        ...

    @operation("DELETE /reserved_domains/{id}/certificate_management_policy")
    async def delete_certificate_management_policy(self, id: Id) -> None:
        """Have ngrok obtain no more certificates for a domain."""
        ...
