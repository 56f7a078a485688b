"""IP policies: named groups of rules about IP addresses."""

from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class IPPolicy(Described):
    """A group of IP policy rules."""


class IPPolicies(Resource):
    """Manage groups of rules that IP restrictions and traffic policies refer to.

    The rules themselves are in `ip_policy_rules`.

    https://ngrok.com/docs/api-reference/ippolicies/list
    """

    fields: ClassVar[DescribedFields[IPPolicy]] = DescribedFields()
    key: ClassVar[str] = "metadata"

    @paged("GET /ip_policies", items="ip_policies")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[IPPolicy] | None = None,
    ) -> Pager[IPPolicy]:
        """Walk over all policies, newest first; `before_id`, `limit` and `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description` and `metadata`.
        """
        ...

    @operation("GET /ip_policies/{id}")
    async def get(self, id: Id) -> IPPolicy:
        """Return one policy."""
        ...

    @operation("POST /ip_policies")
    async def create(
        self, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> IPPolicy:
        """Create a policy without rules, which matches no address.

        Args:
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
        """
        ...

    @operation("PATCH /ip_policies/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> IPPolicy:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /ip_policies/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a policy; refused while an IP restriction uses it (ERR_NGROK_1420)."""
        ...
