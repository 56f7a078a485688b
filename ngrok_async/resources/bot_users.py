"""Bot users: owners of credentials that are no persons. Service users are their successor."""

import attrs

from ngrok_async._api import UNSET, Id, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._shared import User


@attrs.frozen(kw_only=True)
class BotUser(User):
    """An owner of credentials that is no person."""


class BotUsers(Resource):
    """Manage bot users.

    Deprecated by ngrok: they are called service users now, use `service_users`.

    https://ngrok.com/docs/api-reference/botusers/list
    """

    @paged("GET /bot_users", items="bot_users")
    def list(self, *, before_id: Id | None = None, limit: int | None = None) -> Pager[BotUser]:
        """Walk over all bots, newest first; `before_id` and `limit` as on `Pager`.

        Deprecated: use `service_users.list`, which can filter.
        """
        ...

    @operation("GET /bot_users/{id}")
    async def get(self, id: Id) -> BotUser:
        """Return one bot. Deprecated: use `service_users.get`."""
        ...

    @operation("POST /bot_users")
    async def create(self, *, name: Unset[str] = UNSET, active: Unset[bool] = UNSET) -> BotUser:
        """Create a bot. Deprecated: use `service_users.create`.

        Args:
            name: A name for people.
            active: Whether its credentials work; they do by default.
        """
        ...

    @operation("PATCH /bot_users/{id}")
    async def update(
        self, id: Id, *, name: Unset[str] = UNSET, active: Unset[bool] = UNSET
    ) -> BotUser:
        """Change `name` or `active`. Deprecated: use `service_users.update`."""
        ...

    @operation("DELETE /bot_users/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a bot with all its credentials. Deprecated: use `service_users.delete`."""
        ...
