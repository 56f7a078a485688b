"""Application sessions: logins of people at your endpoints."""

from datetime import datetime

import attrs

from ngrok_async._api import Id, Pager, Resource, operation, paged
from ngrok_async.resources._shared import Model, Ref


@attrs.frozen(kw_only=True)
class UserAgent(Model):
    """A browser, as its User-Agent header tells.

    Attributes:
        raw: The header itself.
        browser_name: Such as "Chrome".
        browser_version: Such as "102".
        device_type: Such as "Desktop".
        os_name: Such as "MacOS".
        os_version: Such as "10.15.7".
    """

    raw: str = ""
    browser_name: str = ""
    browser_version: str = ""
    device_type: str = ""
    os_name: str = ""
    os_version: str = ""


@attrs.frozen(kw_only=True)
class Location(Model):
    """Where an IP address is thought to be; None is what is not known.

    Attributes:
        country_code: The country's ISO code.
        latitude: In degrees.
        longitude: In degrees.
        lat_long_radius_km: How exact the two are, in kilometres.
    """

    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    lat_long_radius_km: int | None = None


@attrs.frozen(kw_only=True)
class BrowserSession(Model):
    """The browser that a person logged in with.

    Attributes:
        user_agent: What it says it is.
        ip_address: Where it connects from.
        location: Where that address is thought to be; None when not known.
    """

    user_agent: UserAgent | None = None
    ip_address: str = ""
    location: Location | None = None


@attrs.frozen(kw_only=True)
class ApplicationSession(Model):
    """A login of one person at one endpoint.

    Attributes:
        id: The session's id.
        uri: The session's own address.
        public_url: The URL of the endpoint.
        browser_session: The browser that is logged in.
        application_user: The person.
        created_at: When it was created, UTC.
        last_active: When it was last used, UTC.
        expires_at: When it ends by itself, UTC.
        endpoint: The agent's endpoint that took the login, if one did.
        edge: The edge that took it; None when an agent's endpoint did.
        route: The edge's route; None likewise.
    """

    id: str
    uri: str = ""
    public_url: str = ""
    browser_session: BrowserSession | None = None
    application_user: Ref | None = None
    created_at: datetime | None = None
    last_active: datetime | None = None
    expires_at: datetime | None = None
    endpoint: Ref | None = None
    edge: Ref | None = None
    route: Ref | None = None


class ApplicationSessions(Resource):
    """See and end the logins that OAuth, OpenID Connect or SAML at your endpoints led to.

    https://ngrok.com/docs/api-reference/applicationsessions/list
    """

    @paged("GET /app/sessions", items="application_sessions")
    def list(
        self, *, before_id: Id | None = None, limit: int | None = None
    ) -> Pager[ApplicationSession]:
        """Walk over all sessions, newest first; `before_id` and `limit` as on `Pager`."""
        ...

    @operation("GET /app/sessions/{id}")
    async def get(self, id: Id) -> ApplicationSession:
        """Return one session."""
        ...

    @operation("DELETE /app/sessions/{id}")
    async def delete(self, id: Id) -> None:
        """Log the person out by deleting the session."""
        ...
