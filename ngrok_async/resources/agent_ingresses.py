"""Agent ingresses: domains of your own that agents connect to."""

from datetime import datetime
from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, TextField
from ngrok_async.resources._shared import Described, DescribedFields, Model


@attrs.frozen(kw_only=True)
class AgentIngressCertPolicy(Model):
    """How ngrok gets TLS certificates for the domain.

    Attributes:
        authority: Who issues them.
        private_key_type: The kind of key that is made for them.
    """

    authority: Literal["letsencrypt"] | str = ""
    private_key_type: Literal["rsa", "ecdsa"] | str = ""


@attrs.frozen(kw_only=True)
class AgentIngressCertJob(Model):
    """An attempt to get a certificate that has not succeeded yet.

    Attributes:
        error_code: Why the last try failed, if one did.
        msg: The same in words.
        started_at: When the job began, UTC.
        retries_at: When it tries again, UTC; None without a planned retry.
    """

    error_code: Literal["INTERNAL_ERROR", "DNS_ERROR"] | str | None = None
    msg: str = ""
    started_at: datetime | None = None
    retries_at: datetime | None = None


@attrs.frozen(kw_only=True)
class AgentIngressCertStatus(Model):
    """How the automatic management of certificates is doing.

    Attributes:
        renews_at: When the current certificate is renewed, UTC.
        provisioning_job: The job that gets a certificate; None when none is under way.
    """

    renews_at: datetime | None = None
    provisioning_job: AgentIngressCertJob | None = None


@attrs.frozen(kw_only=True)
class AgentIngress(Described):
    """A domain that agents connect to in place of ngrok's.

    Attributes:
        domain: The domain that the regional names are made under.
        ns_targets: The values for the domain's NS records, which hand it over to ngrok.
        region_domains: The names that agents connect to; grows as ngrok adds regions.
        certificate_management_policy: How certificates are got; None when you see to that.
        certificate_management_status: How that goes; None without a policy.
    """

    domain: str = ""
    ns_targets: tuple[str, ...] = ()
    region_domains: tuple[str, ...] = ()
    certificate_management_policy: AgentIngressCertPolicy | None = None
    certificate_management_status: AgentIngressCertStatus | None = None


class AgentIngressFields(DescribedFields[AgentIngress]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    domain: TextField[AgentIngress]


class AgentIngresses(Resource):
    """Let agents reach ngrok through a domain of your own.

    https://ngrok.com/docs/api-reference/agentingresses/list
    """

    fields: ClassVar[AgentIngressFields] = AgentIngressFields()
    key: ClassVar[str] = "domain"

    @paged("GET /agent_ingresses", items="ingresses")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[AgentIngress] | None = None,
    ) -> Pager[AgentIngress]:
        """Walk over all ingresses, newest first; `before_id`, `limit`, `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata` and `domain`.
        """
        ...

    @operation("GET /agent_ingresses/{id}")
    async def get(self, id: Id) -> AgentIngress:
        """Return one ingress."""
        ...

    @operation("POST /agent_ingresses")
    async def create(
        self,
        *,
        domain: str,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        certificate_management_policy: Unset[Nested[AgentIngressCertPolicy] | None] = UNSET,
    ) -> AgentIngress:
        """Create an ingress; agents can use it once the domain's NS records are `ns_targets`.

        Args:
            domain: A domain that you own.
            description: What it is for, at most 255 bytes.
            metadata: Free text for your own use, at most 4096 bytes.
            certificate_management_policy: How ngrok gets certificates; None for not at all.
        """
        ...

    @operation("PATCH /agent_ingresses/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        certificate_management_policy: Unset[Nested[AgentIngressCertPolicy] | None] = UNSET,
    ) -> AgentIngress:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        These are `description`, `metadata` and `certificate_management_policy`, where None turns
        the automatic certificates off. The domain cannot change.
        """
        ...

    @operation("DELETE /agent_ingresses/{id}")
    async def delete(self, id: Id) -> None:
        """Delete an ingress."""
        ...
