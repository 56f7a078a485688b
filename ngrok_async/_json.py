"""JSON that is sent, and the place of what cannot be."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Final, cast

from ngrok_async._numbers import is_int64
from ngrok_async._shown import shown

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_LONG_NUMBER: Final = re.compile(rb"[0-9]{19}")  # none outside of the range is shorter


class Body(bytes):
    """A body in JSON, made once and the same in every attempt of a call."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Hide the value: tracebacks print local variables, those of aiohttp too."""
        return f"<{len(self)} bytes, not shown>"

    __str__ = __repr__


def timestamp(at: datetime) -> str:
    """Return an aware time as the API writes it: in UTC with a Z, no more digits than it takes.

    Raises:
        ValueError: It is naive, or before the year 1 or after 9999 in UTC.
    """
    if at.utcoffset() is None:
        raise ValueError(f"expected an aware datetime, got {at.isoformat()} without an offset")
    try:
        text = at.astimezone(UTC).isoformat().removesuffix("+00:00")
    except OverflowError:
        raise ValueError("expected a time between the years 1 and 9999 in UTC") from None
    return f"{text.rstrip('0')}Z" if "." in text else f"{text}Z"


def dumps(value: object, name: str = "json") -> Body:
    """Encode a body.

    Args:
        value: Plain JSON values.
        name: What the message calls it.

    Raises:
        ValueError: Something in it cannot be sent; names its place.
    """
    try:
        return Body(_ENCODER.encode(value).encode())
    except (TypeError, ValueError, RecursionError) as error:
        message = _misfit(value, name) or f"{name} cannot be encoded as JSON: {error}"
    raise ValueError(message)


def checked_dumps(value: object, name: str = "json") -> Body:
    """Encode a body as `dumps` does, of values that nobody has looked at yet.

    Raises:
        ValueError: As there, and for integers of more than 64 bits.
    """
    body = dumps(value, name)
    if _LONG_NUMBER.search(body) and (message := _misfit(value, name)):
        raise ValueError(message)
    return body


def _misfit(value: object, name: str) -> str | None:
    """Return what is wrong in a value, and where; None where nothing is found."""
    try:
        found = _wrong(value)
    except RecursionError:
        found = "", "it is nested too deeply, or contains itself"
    return None if found is None else f"{name}{found[0]} cannot be encoded as JSON: {found[1]}"


def _wrong(value: object) -> tuple[str, str] | None:
    """Return the place of the first wrong value from here on down, and what is wrong with it."""
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            if what := _wrong_scalar(key):
                return "", f"a key: {what}"
            if found := _wrong(item):
                return f"[{shown(key)}]{found[0]}", found[1]
        return None
    if isinstance(value, list | tuple):
        for index, item in enumerate(cast("list[object]", value)):
            if found := _wrong(item):
                return f"[{index}]{found[0]}", found[1]
        return None
    what = _wrong_scalar(value)
    return None if what is None else ("", what)


def _wrong_scalar(value: object) -> str | None:
    if isinstance(value, str):
        at = unencodable_at(value)
        return None if at is None else f"surrogates not allowed (at position {at})"
    if isinstance(value, int):
        return None if is_int64(value) else f"integers have at most 64 bits, got {shown(value)}"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{value!r} is not JSON compliant"
    return None if value is None else f"JSON has no value such as {shown(value)}"


def unencodable_at(value: str) -> int | None:
    """Return the position of the first character that UTF-8 does not have, half of a pair."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None
