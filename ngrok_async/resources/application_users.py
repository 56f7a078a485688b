"""Application users: people who have logged in at your endpoints."""

from datetime import datetime

import attrs

from ngrok_async._api import Id, Pager, Resource, operation, paged
from ngrok_async.resources._shared import Model


@attrs.frozen(kw_only=True)
class IdentityProvider(Model):
    """Who vouches for a person.

    Attributes:
        name: Such as "Google".
        url: Such as "https://accounts.google.com".
    """

    name: str = ""
    url: str = ""


@attrs.frozen(kw_only=True)
class ApplicationUser(Model):
    """A person, as an identity provider knows them; what it does not tell is empty.

    Attributes:
        id: The user's id at ngrok.
        uri: The user's own address.
        identity_provider: Who vouches for them.
        provider_user_id: Their id at that provider.
        username: Their user name there.
        email: Their email address there.
        name: Their full name there.
        created_at: When this record was created, UTC.
        last_active: When they were last active, UTC.
        last_login: When they last logged in, UTC.
    """

    id: str
    uri: str = ""
    identity_provider: IdentityProvider | None = None
    provider_user_id: str = ""
    username: str = ""
    email: str = ""
    name: str = ""
    created_at: datetime | None = None
    last_active: datetime | None = None
    last_login: datetime | None = None


class ApplicationUsers(Resource):
    """See who has logged in at your endpoints through OAuth, OpenID Connect or SAML.

    https://ngrok.com/docs/api-reference/applicationusers/list
    """

    @paged("GET /app/users", items="application_users")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[ApplicationUser]:
        """Walk over all users, newest first; `before_id` and `limit` as on `Pager`."""
        ...

    @operation("GET /app/users/{id}")
    async def get(self, id: Id) -> ApplicationUser:
        """Return one user."""
        ...

    @operation("DELETE /app/users/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a user; it is not documented whether their sessions end with them."""
        ...
