"""IP restrictions: the addresses from which parts of the account can be reached."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter
from ngrok_async.resources._shared import Described, DescribedFields, Ref


@attrs.frozen(kw_only=True)
class IPRestriction(Described):
    """IP policies that hold for one part of the account.

    Attributes:
        enforced: Whether it blocks; False if it only warns.
        type: The part of the account that it holds for.
        ip_policies: The policies that say which addresses may come in.
    """

    enforced: bool = False
    type: Literal["dashboard", "api", "agent", "endpoints"] | str = ""
    ip_policies: tuple[Ref, ...] = ()


class IPRestrictions(Resource):
    """Restrict from where the dashboard, this API, agents and endpoints can be used.

    An enforced restriction of type "api" can lock out the program that makes it (ERR_NGROK_220).

    https://ngrok.com/docs/api-reference/iprestrictions/list
    """

    fields: ClassVar[DescribedFields[IPRestriction]] = DescribedFields()

    @paged("GET /ip_restrictions", items="ip_restrictions")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[IPRestriction] | None = None,
    ) -> Pager[IPRestriction]:
        """Walk over all restrictions, newest first.

        `before_id`, `limit` and `filter` as on `Pager`; `filter` knows `id`, `created_at`,
        `description` and `metadata`.
        """
        ...

    @operation("GET /ip_restrictions/{id}")
    async def get(self, id: Id) -> IPRestriction:
        """Return one restriction."""
        ...

    @operation("POST /ip_restrictions")
    async def create(
        self,
        *,
        type: Literal["dashboard", "api", "agent", "endpoints"] | str,
        ip_policy_ids: Sequence[Id],
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        enforced: Unset[bool] = UNSET,
    ) -> IPRestriction:
        """Create a restriction.

        Args:
            type: The part of the account; a second one of a type is refused (ERR_NGROK_1802).
            ip_policy_ids: The policies to apply, at least one (ERR_NGROK_1804).
            description: Text for people; at most 255 bytes.
            metadata: Text for programs; at most 4096 bytes.
            enforced: True blocks, False only warns.
        """
        ...

    @operation("PATCH /ip_restrictions/{id}")
    async def update(
        self,
        id: Id,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        enforced: Unset[bool] = UNSET,
        ip_policy_ids: Unset[Sequence[Id]] = UNSET,
    ) -> IPRestriction:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        They are `description`, `metadata`, `enforced` and `ip_policy_ids`, which replaces all
        former policies and must not be empty; the type is fixed.
        """
        ...

    @operation("DELETE /ip_restrictions/{id}")
    async def delete(self, id: Id) -> None:
        """Delete one restriction."""
        ...
