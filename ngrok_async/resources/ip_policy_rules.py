"""IP policy rules: the address ranges that IP policies allow or deny."""

from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, ReferenceField, TextField
from ngrok_async.resources._shared import Described, DescribedFields, Ref


@attrs.frozen(kw_only=True)
class IPPolicyRule(Described):
    """A range of addresses that a policy allows or denies.

    Attributes:
        cidr: The range in CIDR notation, IPv4 or IPv6.
        ip_policy: The policy that the rule is part of.
        action: What the policy does with addresses in the range.
    """

    cidr: str = ""
    ip_policy: Ref
    action: Literal["allow", "deny"] | str = ""


class IPPolicyRuleFields(DescribedFields[IPPolicyRule]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    ip_policy: ReferenceField[IPPolicyRule]
    cidr: TextField[IPPolicyRule]
    action: TextField[IPPolicyRule]


class IPPolicyRules(Resource):
    """Manage the rules of all IP policies.

    https://ngrok.com/docs/api-reference/ippolicyrules/list
    """

    fields: ClassVar[IPPolicyRuleFields] = IPPolicyRuleFields()

    @paged("GET /ip_policy_rules", items="ip_policy_rules")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[IPPolicyRule] | None = None,
    ) -> Pager[IPPolicyRule]:
        """Walk over the rules of all policies, newest first.

        `before_id`, `limit` and `filter` as on `Pager`; `filter` knows `id`, `created_at`,
        `description`, `metadata`, `ip_policy`, `cidr` and `action`.
        """
        ...

    @operation("GET /ip_policy_rules/{id}")
    async def get(self, id: Id) -> IPPolicyRule:
        """Return one rule."""
        ...

    @operation("POST /ip_policy_rules")
    async def create(
        self,
        *,
        cidr: str,
        ip_policy_id: Id,
        action: Literal["allow", "deny"] | str,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
    ) -> IPPolicyRule:
        """Add a rule to a policy.

        Args:
            cidr: The range in CIDR notation, IPv4 or IPv6.
            ip_policy_id: The policy that gets the rule.
            action: What to do with addresses in the range.
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
        """
        ...

    @operation("PATCH /ip_policy_rules/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        cidr: Unset[str] = UNSET,
    ) -> IPPolicyRule:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        They are `description`, `metadata` and `cidr`; the policy and the action are fixed.
        """
        ...

    @operation("DELETE /ip_policy_rules/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a rule; refused for the last one behind a dashboard restriction.

        That is ERR_NGROK_1419: take the policy out of the IP restriction first.
        """
        ...
