"""Reading `Retry-After`, which real servers fill with anything.

https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from multidict import MultiMapping

# Ten digits are 300 years: longer numbers are junk, and Python refuses to convert 5,000 of them.
_SECONDS: Final = r"(?a)\s*\d{1,10}(?:\.\d{1,9})?\s*"


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Return the seconds that a server asks to wait, or None where it does not say so clearly.

    Args:
        headers: The answer's headers.
        now: The time to hold an HTTP-date against when the answer has no `Date`; default: now.

    Returns:
        Seconds, never negative, not a number or infinite. Junk, and two headers that contradict
        each other, count as absent.
    """
    values = set(_all(headers, "Retry-After"))
    if len(values) != 1:
        return None
    value = values.pop()
    if re.fullmatch(_SECONDS, value):
        return float(value)
    at = _date(value)
    if at is None:
        return None
    # The server's own clock, where it tells it: ours may be off by minutes.
    dates = _all(headers, "Date")
    start = (_date(dates[0]) if dates else None) or now or datetime.now(UTC)
    seconds = (at - start).total_seconds()
    return seconds if seconds >= 0 else None


def _all(headers: Mapping[str, str], name: str) -> list[str]:
    if isinstance(headers, MultiMapping):
        return headers.getall(name, [])
    value = headers.get(name)
    return [] if value is None else [value]


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # HTTP dates are in GMT; "-0000" parses as naive.
    return at if at.tzinfo else at.replace(tzinfo=UTC)
