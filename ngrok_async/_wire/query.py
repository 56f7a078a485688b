"""Arguments to a query: what a list takes, and how values are written in a URL."""

from collections.abc import Iterator, Mapping
from typing import Final, cast
from urllib.parse import quote

from ngrok_async._filters.condition import Condition
from ngrok_async._json import dumps
from ngrok_async._request import JSON
from ngrok_async._shown import shown
from ngrok_async._wire.arguments import Encoder, encoder, id_of

_PAGE_SIZES: Final = range(1, 101)
_LONGEST_CURSOR: Final = 2048
_LONGEST_FILTER: Final = 8000


def pairs(content: Mapping[str, JSON]) -> Iterator[tuple[str, str]]:
    """Yield names and values as a query has them; a list is its name several times."""
    for name, value in content.items():
        values = cast("list[object]", value) if isinstance(value, list) else [value]
        # As in JSON: true, and not Python's True.
        yield from (
            (name, item if isinstance(item, str) else dumps(item).decode())
            for item in values
            if item is not None
        )


def _limit(name: str, value: object) -> JSON:
    if value is None:
        return None
    if type(value) is not int or value not in _PAGE_SIZES:
        raise ValueError(
            f"{name} must be an integer from 1 to 100 (the size of a page), got {shown(value)}; "
            "for more items walk over the list, or use collect(max_items=...)"
        )
    return str(value)


def _cursor(name: str, value: object) -> JSON:
    if value is None:
        return None
    cursor = str.__str__(id_of(name, value))  # an enumeration has another text
    if "://" in cursor:
        raise ValueError(
            f"{name} must be an id or a pager's cursor, got a URL: of a `next_page_uri` it is what "
            "follows `before_id=`"
        )
    if not 0 < len(cursor) <= _LONGEST_CURSOR or not cursor.isprintable():
        raise ValueError(
            f"{name} must be an id or a pager's cursor, got a text of {len(cursor)} characters"
        )
    return cursor


def _filter(name: str, value: object) -> JSON:
    if value is None:
        return None
    text: object = str(cast("object", value)) if isinstance(value, Condition) else value
    if not isinstance(text, str) or not text.strip():
        raise ValueError(
            f"{name} must be a condition of the resource's `fields`, or a text such as "
            f"'obj.region == \"eu\"', got {shown(text)}"
        )
    encoded = encoder(str)(name, text)  # refuses what cannot be sent as UTF-8
    # No character takes more than 12 bytes of a URL.
    size = len(quote(text, safe="")) if len(text) > _LONGEST_FILTER // 12 else 0
    if size > _LONGEST_FILTER:
        raise ValueError(
            f"{name} would be {size:,} bytes of the URL, and servers take about "
            f"{_LONGEST_FILTER:,}: ask several times, such as for a part of the values of an `in`"
        )
    return encoded


QUERY: Final[Mapping[str, Encoder]] = {"limit": _limit, "before_id": _cursor, "filter": _filter}
