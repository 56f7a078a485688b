"""Event subscriptions: which events go to which destinations."""

from collections.abc import Sequence
from typing import ClassVar

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter
from ngrok_async.resources._event_source import EventSource
from ngrok_async.resources._shared import Described, DescribedFields, Model, Ref


@attrs.frozen(kw_only=True)
class EventSubscription(Described):
    """A choice of event types and the destinations that get them.

    Attributes:
        sources: The types of events that it passes on.
        destinations: The event destinations that it sends them to.
    """

    sources: tuple[EventSource, ...] = ()
    destinations: tuple[Ref, ...] = ()


@attrs.frozen(kw_only=True)
class EventSourceReplace(Model):
    """A type of event to pass on, in a request.

    Attributes:
        type: The type, such as "ip_policy_created.v0".
    """

    type: str = ""


class EventSubscriptions(Resource):
    """Send events about the account and its traffic to event destinations.

    https://ngrok.com/docs/api-reference/eventsubscriptions/list
    """

    fields: ClassVar[DescribedFields[EventSubscription]] = DescribedFields()

    @paged("GET /event_subscriptions", items="event_subscriptions")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[EventSubscription] | None = None,
    ) -> Pager[EventSubscription]:
        """Walk over all subscriptions, newest first.

        `before_id`, `limit` and `filter` as on `Pager`; `filter` knows `id`, `created_at`,
        `description` and `metadata`.
        """
        ...

    @operation("GET /event_subscriptions/{id}")
    async def get(self, id: Id) -> EventSubscription:
        """Return one subscription."""
        ...

    @operation("POST /event_subscriptions")
    async def create(
        self,
        *,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
        sources: Unset[Sequence[Nested[EventSourceReplace | EventSource]]] = UNSET,
        destination_ids: Unset[Sequence[Id]] = UNSET,
    ) -> EventSubscription:
        """Create a subscription.

        Args:
            metadata: Text for programs; at most 4096 bytes.
            description: Text for people; at most 255 bytes.
            sources: The types of events to pass on, each at most once (ERR_NGROK_5127).
            destination_ids: The event destinations to send them to.
        """
        ...

    @operation("PATCH /event_subscriptions/{id}")
    async def update(
        self,
        id: Id,
        *,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
        sources: Unset[Sequence[Nested[EventSourceReplace | EventSource]]] = UNSET,
        destination_ids: Unset[Sequence[Id]] = UNSET,
    ) -> EventSubscription:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        They are `metadata`, `description`, `sources` and `destination_ids`. A list replaces the
        whole former one, so an empty list asks for none; `event_sources` changes single sources.
        """
        ...

    @operation("DELETE /event_subscriptions/{id}")
    async def delete(self, id: Id) -> None:
        """Delete one subscription."""
        ...
