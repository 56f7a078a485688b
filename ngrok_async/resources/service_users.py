"""Service users: owners of credentials that are no persons."""

from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Fields, Filter, IdField, TimeField
from ngrok_async.resources._shared import User


@attrs.frozen(kw_only=True)
class ServiceUser(User):
    """An owner of credentials that is no person, so it stays when people leave."""


class ServiceUserFields(Fields):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    id: IdField[ServiceUser]
    created_at: TimeField[ServiceUser]


class ServiceUsers(Resource):
    """Manage service users, which were called bot users before.

    https://ngrok.com/docs/api-reference/serviceusers/list
    """

    fields: ClassVar[ServiceUserFields] = ServiceUserFields()
    key: ClassVar[str] = "name"

    @paged("GET /service_users", items="service_users")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[ServiceUser] | None = None,
    ) -> Pager[ServiceUser]:
        """Walk over all service users, newest first; `before_id` and `limit` as on `Pager`.

        `filter`, as there, knows `id` and `created_at`.
        """
        ...

    @operation("GET /service_users/{id}")
    async def get(self, id: Id) -> ServiceUser:
        """Return one service user."""
        ...

    @operation("POST /service_users")
    async def create(self, *, name: Unset[str] = UNSET, active: Unset[bool] = UNSET) -> ServiceUser:
        """Create a service user.

        Args:
            name: A name for people.
            active: Whether its credentials work; they do by default.
        """
        ...

    @operation("PATCH /service_users/{id}")
    async def update(
        self, id: Id, *, name: Unset[str] = UNSET, active: Unset[bool] = UNSET
    ) -> ServiceUser:
        """Change `name` or `active`; False suspends its API keys, authtokens and SSH keys."""
        ...

    @operation("DELETE /service_users/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a service user with all its API keys, authtokens and SSH keys."""
        ...
