"""What an agent is called: ngrok has no names for agents, people write them into the metadata."""

import json
from collections.abc import Iterator
from typing import Final, cast

_NAMES: Final = (
    "name",
    "hostname",
    "host",
    "device",
    "device_name",
    "device_id",
    "agent",
    "label",
    "site",
    "store",
)
"""Keys of JSON that hold what a person would call it, the likeliest first."""


def name_of(metadata: str) -> str:
    """Return what an agent with this metadata is called, or "" where it has no name.

    That is the text itself, or of a JSON object the likeliest of its texts: that of "name", of
    "hostname", and so on, at any depth, those further out first. It is not fit to be printed yet.
    """
    text = metadata.strip()
    if not text or text[0] not in '{["':
        return text
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(content, str):
        return content.strip()
    for level in _levels(content):
        for key in _NAMES:
            if level.get(key):
                return level[key]
    return next((next(iter(level.values())) for level in _levels(content) if level), text)


def _levels(content: object) -> Iterator[dict[str, str]]:
    """Yield the texts and numbers of a value, level by level, by their keys in lower case."""
    level: list[object] = [content]
    while level:
        found: dict[str, str] = {}
        below: list[object] = []
        for value in level:
            if isinstance(value, list):
                items = cast("list[object]", value)
                below += [item for item in items if isinstance(item, dict | list)]
                continue
            for key, item in cast("dict[str, object]", value).items():
                if isinstance(item, dict | list):
                    below.append(cast("object", item))
                elif isinstance(item, str | int) and not isinstance(item, bool):
                    found.setdefault(key.lower(), str(item).strip())
        yield found
        level = below
