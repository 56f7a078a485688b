"""What happens during calls, as values for logs, metrics and traces.

Pass a function to a client as `on_event=`. It is called in the event loop, between the steps of a
call: it has to be quick and must not block. What it raises is logged and changes nothing else.

    def count(event: Event) -> None:
        if isinstance(event, AttemptEvent):
            attempts.labels(event.route, event.status).observe(event.seconds)

    Client(on_event=count)

No event holds a header, a body, a query or an id: the route has names in the place of ids.
"""

import attrs

__all__ = ["AttemptEvent", "Event", "PauseEvent", "RetryEvent", "SharingEvent", "WaitEvent"]


@attrs.frozen(kw_only=True)
class Event:
    """The base of all events.

    Attributes:
        method: The HTTP method of the call.
        route: Method and path with names in the place of ids, such as "GET /tunnels/{id}". For
            `client.request` it is the path as given.
        attempt: The number of the attempt that it belongs to, from 1.
    """

    method: str
    route: str
    attempt: int


@attrs.frozen(kw_only=True)
class AttemptEvent(Event):
    """A request went out and was answered, or was not, or found no connection.

    What is refused before it is tried, and what is cancelled, gives none.

    Attributes:
        status: The HTTP status, or None without an answer.
        error: The name of the error's class where there was no answer, such as "ConnectError".
        operation_id: ngrok's id of the operation, where the answer's headers have it.
        seconds: From sending to the end of the answer.
    """

    status: int | None
    error: str | None = None
    operation_id: str | None = None
    seconds: float


@attrs.frozen(kw_only=True)
class WaitEvent(Event):
    """A request had to wait for its slot in the rate limit, and got it.

    Attributes:
        seconds: How long it waited.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class RetryEvent(Event):
    """Another attempt follows.

    Attributes:
        reason: Why, such as "HTTP 503" or "ConnectionLostError".
        seconds: The pause before it.
    """

    reason: str
    seconds: float


@attrs.frozen(kw_only=True)
class PauseEvent(Event):
    """ngrok refused a request for the rate limit, so every call of the account pauses.

    Given once per refusal, to the client whose request it was.

    Attributes:
        status: The HTTP status of the refusal.
        seconds: How long the pause lasts from now on.
    """

    status: int
    seconds: float


@attrs.frozen(kw_only=True)
class SharingEvent(Event):
    """The processes of an account share their rate limit no longer, or do so again.

    Only a `RedisRateLimit` gives it, once per change: to a call that waits then, or to the next.

    Attributes:
        shared: Whether they share it from now on. If not, this process keeps to its part.
        processes: How many there are, as far as is known.
        reason: Why, such as "Redis does not answer (...)" or "Redis answers again".
    """

    shared: bool
    processes: int
    reason: str
