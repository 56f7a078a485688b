"""What arguments of the fake may be. One that cannot be is a `ValueError` at the call."""

import math
from datetime import datetime

from ngrok_async._numbers import as_float
from ngrok_async._shown import shown


def wrong(name: str, must: str, value: object) -> ValueError:
    """Return the error of an argument that cannot be."""
    return ValueError(f"{name} must be {must}; got {shown(value)}")


def whole(name: str, value: object, must: str, *, least: int = 0, most: float = math.inf) -> int:
    """Return a number of things.

    Raises:
        ValueError: It is none, or outside of the bounds.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise wrong(name, must, value)
    return int(value)  # an `http.HTTPStatus` is shown as one


def span(name: str, value: object, *, above: float = -math.ulp(0.0)) -> float:
    """Return a finite span of time.

    Raises:
        ValueError: It is none, or not above a bound.
    """
    number = as_float(value)
    if not above < number < math.inf:
        raise wrong(name, "seconds above 0" if above == 0 else "seconds from 0 on", value)
    return number


def text(name: str, value: object, example: str) -> str:
    """Return a text.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, str):
        raise wrong(name, f"a text such as {example!r}", value)
    return value


def flag(name: str, value: object) -> bool:
    """Return a truth value.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, bool):
        raise wrong(name, "True or False", value)
    return value


def moment(name: str, value: object) -> datetime | None:
    """Return a time with its zone, or None for none.

    Raises:
        ValueError: It is something else.
    """
    if value is not None and (not isinstance(value, datetime) or value.utcoffset() is None):
        raise wrong(name, "a datetime with a time zone, such as datetime.now(UTC)", value)
    return value
