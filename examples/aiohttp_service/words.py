"""What the page says of errors."""

import math

from ngrok_async import (
    APIError,
    AuthenticationError,
    ClientClosedError,
    ConfigurationError,
    NgrokError,
    NotFoundError,
    RateLimitedError,
    RequestTimeoutError,
    TransportError,
)


def explain(error: NgrokError) -> tuple[int, str]:  # noqa: PLR0911 # it is a table
    """Return an HTTP status for an error, and what to tell a person."""
    match error:
        case NgrokError(maybe_applied=True):
            return 502, (
                "It is not known whether the agent got the command."
                " See what it does before you send it again."
            )
        case RateLimitedError():
            seconds = seconds_until_retry(error)
            return 503, (
                "The limit of requests to ngrok is used up, so nothing was done."
                f" Try again in {seconds} s."
            )
        case ClientClosedError():
            return 503, "This service is being stopped."
        case NotFoundError():
            return 404, "The agent is gone: it has ended, or is back as another session."
        case AuthenticationError():
            return 502, "ngrok does not accept the API key of this service."
        case APIError():
            return 502, f"ngrok refused: {error.message} ({error.code or error.status})"
        case RequestTimeoutError():
            return 504, "ngrok did not answer in time."
        case TransportError():
            return 502, "ngrok cannot be reached."
        case ConfigurationError():
            return 409, str(error)
        case _:
            return 502, "ngrok answered something that this service does not understand."


def seconds_until_retry(error: NgrokError) -> int:
    """Return what to put into `Retry-After`: whole seconds, not too few."""
    wait = error.retry_after if isinstance(error, RateLimitedError) else None
    return math.ceil(wait or 5)
