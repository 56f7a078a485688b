"""Kubernetes operators: installations of ngrok's operator in clusters."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._endpoint import Endpoint
from ngrok_async.resources._shared import Described, Model, Ref


@attrs.frozen(kw_only=True)
class KubernetesOperatorDeployment(Model):
    """Where an operator runs.

    Attributes:
        name: The name of its Kubernetes deployment.
        namespace: The Kubernetes namespace of that.
        version: The operator's version.
        cluster_name: Your name for the cluster.
    """

    name: str = ""
    namespace: str = ""
    version: str = ""
    cluster_name: str = ""


@attrs.frozen(kw_only=True)
class KubernetesOperatorCert(Model):
    """The certificate that an operator shows to ngrok.

    Attributes:
        cert: The certificate; it is public, and empty before there is one.
        not_before: When it begins to be valid, UTC; None before there is one.
        not_after: When it ceases to be valid, UTC; None before there is one.
    """

    cert: str = ""
    not_before: datetime | None = None
    not_after: datetime | None = None


@attrs.frozen(kw_only=True)
class KubernetesOperatorBinding(Model):
    """How an operator brings endpoints into its cluster.

    Attributes:
        endpoint_selectors: CEL expressions that choose the endpoints.
        cert: The certificate that secures its connection with ngrok.
        ingress_endpoint: Where the cluster connects to ngrok.
    """

    endpoint_selectors: tuple[str, ...] = ()
    cert: KubernetesOperatorCert | None = None
    ingress_endpoint: str = ""


@attrs.frozen(kw_only=True)
class KubernetesOperator(Described):
    """An operator in a cluster.

    Attributes:
        updated_at: When it was last changed, UTC.
        principal: Who registered it.
        enabled_features: What it does; in lower case, however it was sent.
        region: The ngrok region that takes its traffic; "global" unless chosen.
        deployment: Where it runs.
        binding: How it brings endpoints into the cluster; None without that feature.
    """

    updated_at: datetime
    principal: Ref
    enabled_features: tuple[Literal["bindings", "ingress", "gateway"] | str, ...] = ()
    region: str = ""
    deployment: KubernetesOperatorDeployment
    binding: KubernetesOperatorBinding | None = None


@attrs.frozen(kw_only=True)
class KubernetesOperatorBindingCreate(Model):
    """What `create` takes for the feature "bindings".

    Attributes:
        endpoint_selectors: CEL expressions that choose the endpoints.
        csr: The request for a client certificate; internal to ngrok's operator, may change.
        ingress_endpoint: Where the cluster connects to ngrok.
    """

    endpoint_selectors: tuple[str, ...] = ()
    csr: str = ""
    ingress_endpoint: str = ""


@attrs.frozen(kw_only=True)
class KubernetesOperatorBindingUpdate(Model):
    """What `update` takes for the feature "bindings".

    Attributes:
        endpoint_selectors: As in `KubernetesOperatorBindingCreate`.
        csr: As there.
        ingress_endpoint: As there.
    """

    endpoint_selectors: tuple[str, ...] = ()
    csr: str = ""
    ingress_endpoint: str = ""


@attrs.frozen(kw_only=True)
class KubernetesOperatorDeploymentUpdate(Model):
    """What can change about where an operator runs.

    Attributes:
        name: The name of its Kubernetes deployment.
        version: The operator's version.
    """

    name: str = ""
    version: str = ""


class KubernetesOperators(Resource):
    """See the operators in your clusters; the rest is meant for ngrok's operator itself.

    https://ngrok.com/docs/api-reference/kubernetes-operators
    """

    @paged("GET /kubernetes_operators", items="operators")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[KubernetesOperator]:
        """Walk over all operators, newest first; `before_id` and `limit` as on `Pager`."""
        ...

    @operation("GET /kubernetes_operators/{id}")
    async def get(self, id: Id) -> KubernetesOperator:
        """Return one operator."""
        ...

    @operation("POST /kubernetes_operators")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        enabled_features: Unset[Sequence[Literal["bindings", "ingress", "gateway"] | str]] = UNSET,
        region: Unset[str] = UNSET,
        deployment: Unset[Nested[KubernetesOperatorDeployment]] = UNSET,
        binding: Unset[Nested[KubernetesOperatorBindingCreate | KubernetesOperatorBinding]] = UNSET,
    ) -> KubernetesOperator:
        """Register an operator; no source says which of the fields it must have.

        Args:
            description: What it is for, at most 255 bytes.
            metadata: Free text for your own use, at most 4096 bytes.
            enabled_features: What it does.
            region: The ngrok region that takes its traffic; by default "global".
            deployment: Where it runs.
            binding: How it brings endpoints into the cluster; only with the feature "bindings". Of
                what an answer has, the certificate is left out.
        """
        ...

    @operation("PATCH /kubernetes_operators/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        enabled_features: Unset[Sequence[Literal["bindings", "ingress", "gateway"] | str]] = UNSET,
        region: Unset[str] = UNSET,
        binding: Unset[Nested[KubernetesOperatorBindingUpdate | KubernetesOperatorBinding]] = UNSET,
        deployment: Unset[
            Nested[KubernetesOperatorDeploymentUpdate | KubernetesOperatorDeployment]
        ] = UNSET,
    ) -> KubernetesOperator:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        These are `description`, `metadata`, `enabled_features`, `region`, `binding` and, of the
        `deployment`, name and version. What an answer has can be passed as it is; the rest of it is
        left out.
        """
        ...

    @operation("DELETE /kubernetes_operators/{id}")
    async def delete(self, id: Id) -> None:
        """Delete an operator's registration."""
        ...

    @paged("GET /kubernetes_operators/{id}/bound_endpoints", items="endpoints")
    def get_bound_endpoints(
        self, id: Id, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[Endpoint]:
        """Walk over the endpoints bound to it; `before_id` and `limit` as on `Pager`."""
        ...
