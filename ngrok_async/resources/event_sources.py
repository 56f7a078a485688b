"""Event sources: the types of events that one subscription passes on."""

from ngrok_async._api import UNSET, Id, Pager, Resource, Unset, operation, paged
from ngrok_async.resources._event_source import EventSource

__all__ = ["EventSource", "EventSources"]


class EventSources(Resource):
    """Change one by one which types of events a subscription passes on.

    A source has no id: its subscription and its `type`, such as "ip_policy_created.v0", name it.

    https://ngrok.com/docs/api-reference/eventsources/list
    """

    @paged("GET /event_subscriptions/{subscription_id}/sources", items="sources")
    def list(self, subscription_id: Id) -> Pager[EventSource]:
        """Walk over the sources of a subscription; they all come in one page."""
        ...

    @operation("GET /event_subscriptions/{subscription_id}/sources/{type}")
    async def get(self, subscription_id: Id, type: str) -> EventSource:
        """Return the source of this `type`; ERR_NGROK_5125 if the subscription has none."""
        ...

    @operation("POST /event_subscriptions/{subscription_id}/sources")
    async def create(self, subscription_id: Id, *, type: Unset[str] = UNSET) -> EventSource:
        """Have a subscription pass on events of one more `type`; ERR_NGROK_5127 if it does so."""
        ...

    @operation("PATCH /event_subscriptions/{subscription_id}/sources/{type}")
    async def update(self, subscription_id: Id, type: str) -> EventSource:
        """Send an empty change and return the source of this `type`; it has no field to change."""
        ...

    @operation("DELETE /event_subscriptions/{subscription_id}/sources/{type}")
    async def delete(self, subscription_id: Id, type: str) -> None:
        """Have a subscription no longer pass on events of this `type`."""
        ...
