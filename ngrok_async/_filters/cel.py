"""How values are written in CEL, the language of ngrok's filters.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import attrs

from ngrok_async._json import timestamp, unencodable_at
from ngrok_async._pickles import Stored

_MINUTE: Final = timedelta(minutes=1)
# In Go, in which ngrok is written, no span is longer than 292 years.
_LONGEST: Final = timedelta(days=36_500)
_UNITS: Final = (("d", 24 * 60), ("h", 60), ("m", 1))
_ESCAPED: Final = re.compile(r'[\x00-\x1f\x7f"\\]')
_SHORT: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quote(text: str) -> str:
    r"""Write a text as a literal of CEL, for a filter that is put together by hand.

        ngrok.tunnel_sessions.list(filter=f"obj.metadata == {quote(site)}")

    CEL reads the same characters, whatever they are. (`json.dumps` writes an emoji as two halves of
    a pair, which CEL does not know.)

    Args:
        text: Any text.

    Returns:
        The text between double quotes, with what has a meaning there escaped.

    Raises:
        ValueError: It has half of a surrogate pair, which is no character.
        TypeError: It is no text.
    """
    if not isinstance(cast("object", text), str):
        raise TypeError(f"quote() takes a text, got {type(text).__name__}")
    at = unencodable_at(text)
    if at is not None:
        raise ValueError(f"the text has a half of a character at position {at}: CEL has none such")
    # An enumeration has another text of its own.
    return f'"{_ESCAPED.sub(_escape, str.__str__(text))}"'


def _escape(match: re.Match[str]) -> str:
    return _SHORT.get(match[0]) or f"\\u{ord(match[0]):04x}"


@attrs.frozen
class FromNow(Stored):
    """A moment that is told from now, by ngrok's clock; made by `ago` and `ahead`.

    Attributes:
        minutes: How far it is ahead; below zero, how far it is back.
    """

    minutes: int

    def at(self, now: datetime) -> datetime:
        """Return the moment, for somebody to whom it is `now`."""
        return now + self.minutes * _MINUTE

    def __str__(self) -> str:
        """Write it in CEL, in the longest of ngrok's three units that it is a multiple of."""
        count = abs(self.minutes)
        if not count:
            return "timestamp(time.now)"
        unit, size = next((unit, size) for unit, size in _UNITS if count % size == 0)
        verb = "add" if self.minutes > 0 else "subtract"
        return f'timestamp(time.now).{verb}("{count // size}{unit}")'


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> FromNow:
    """Return the moment that was so long ago, when ngrok reads the filter.

    The parts are added up. ngrok has no unit below a minute: a rest of seconds is rounded away from
    now, to the whole minute before. Without an argument it is now.

    Raises:
        ValueError: A part is negative, or they are more than a hundred years.
    """
    return FromNow(-_minutes("ago", days, hours, minutes, seconds))


def ahead(*, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> FromNow:
    """Return the moment that will be in so long, when ngrok reads the filter.

    As `ago`; a rest of seconds is rounded to the whole minute after.

    Raises:
        ValueError: A part is negative, or they are more than a hundred years.
    """
    return FromNow(_minutes("ahead", days, hours, minutes, seconds))


def _minutes(name: str, *parts: float) -> int:
    wrong = [
        type(part).__name__ for part in parts if not isinstance(cast("object", part), int | float)
    ]
    if wrong:
        raise TypeError(f"{name}() takes numbers, as in {name}(days=7, hours=12); got {wrong[0]}")
    days, hours, minutes, seconds = parts
    try:
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):  # NaN, or beyond what a timedelta holds
        span = timedelta.max
    if min(parts) < 0 or span > _LONGEST:
        raise ValueError(f"{name}() takes spans from 0 to 36,500 days, each part 0 or more")
    return -(-span // _MINUTE)


def written(value: object) -> str:
    """Write a value that a condition has: a text, true or false, a time, or several of them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f'timestamp("{timestamp(value)}")'
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, cast('tuple[object, ...]', value)))}]"
    return quote(value) if isinstance(value, str) else str(value)


def utc(value: datetime) -> datetime:
    """Return a moment in UTC.

    Raises:
        ValueError: Nothing says which moment it is, or UTC has no year for it.
    """
    if value.utcoffset() is None:
        raise ValueError(
            "a time needs its zone, as in datetime(2026, 1, 31, tzinfo=UTC) or datetime.now(UTC); "
            "without one it would be another moment on each machine"
        )
    try:
        return value.astimezone(UTC)
    except OverflowError:
        pass
    raise ValueError("a time must be between the years 1 and 9999 in UTC")
