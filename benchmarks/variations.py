"""Distinct pages, as they usually come and with what may be in them on some day.

Whoever decodes one page again and again measures something else: every text and every reference
was seen before.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from bodies import PAGE, dumps, page, whole_endpoint

PAGES: Final = 24

Page: TypeAlias = dict[str, Any]
Change: TypeAlias = Callable[[Page, list[dict[str, Any]]], bytes]


def _plain(content: Page, _: list[dict[str, Any]]) -> bytes:
    return dumps(content)


def _escapes(content: Page, items: list[dict[str, Any]]) -> bytes:
    """Write & in each item as Go does."""
    for item in items:
        item["metadata"] = '{"site": "Food & Drink"}'
    return _as_go(content)


def _escape_in_link(content: Page, _: list[dict[str, Any]]) -> bytes:
    return _as_go(content)


def _as_go(content: Page) -> bytes:
    return dumps(content).replace(b"&", rb"\u0026")


def _pairs(content: Page, items: list[dict[str, Any]]) -> bytes:
    """Write an emoji in each item with two escapes, as JavaScript and Python do."""
    for item in items:
        item["metadata"] = '{"site": "@"}'
    return dumps(content).replace(b"@", rb"\ud83d\ude00")


def _one_new(content: Page, items: list[dict[str, Any]]) -> bytes:
    items[50]["new_field"] = "new"
    return dumps(content)


def _all_new(content: Page, items: list[dict[str, Any]]) -> bytes:
    for item in items:
        item["new_field"] = "new"
    return dumps(content)


def _new_object(content: Page, items: list[dict[str, Any]]) -> bytes:
    for item in items:
        item["new_field"] = {"level": 3, "names": ["a", "b"]}
    return dumps(content)


def _new_beside(content: Page, _: list[dict[str, Any]]) -> bytes:
    return dumps(content | {"new_field": 1})


def _null(content: Page, items: list[dict[str, Any]]) -> bytes:
    items[50]["metadata"] = None
    return dumps(content)


def _offset(content: Page, items: list[dict[str, Any]]) -> bytes:
    return _other_time(content, items[50:51], "+02:00")


def _offsets(content: Page, items: list[dict[str, Any]]) -> bytes:
    return _other_time(content, items, "+02:00")


def _lower_case(content: Page, items: list[dict[str, Any]]) -> bytes:
    return _other_time(content, items[50:51], "z")


def _other_time(content: Page, items: Iterable[dict[str, Any]], zone: str) -> bytes:
    for item in items:
        name = "started_at" if "started_at" in item else "updated_at"
        item[name] = item[name].replace("Z", zone)
    return dumps(content)


def _references(content: Page, items: list[dict[str, Any]]) -> bytes:
    """Refer from each item to others that no other item refers to."""
    for item in items:
        for name, value in item.items():
            if isinstance(value, dict):
                id_ = f"{name[:2]}_{item['id']}"
                item[name] = {"id": id_, "uri": f"https://api.ngrok.com/{name}s/{id_}"}
    return dumps(content)


def _whole(content: Page, items: list[dict[str, Any]]) -> bytes:
    """Fill in each field of an endpoint; a session has them all anyway."""
    for item in items:
        if "hostport" in item:
            item.update(whole_endpoint(int(item["id"][3:10])))
        item.setdefault("metadata", "{}")
    return dumps(content)


VARIATIONS: Final[Mapping[str, Change]] = {
    "as usual": _plain,
    r"\u0026 in each item": _escapes,
    r"\u0026 in next_page_uri": _escape_in_link,
    "a surrogate pair in each item": _pairs,
    "an unknown field in one item": _one_new,
    "an unknown field in each item": _all_new,
    "an unknown object in each item": _new_object,
    "an unknown field of the page": _new_beside,
    "null for a text in one item": _null,
    "a time with an offset in one item": _offset,
    "a time with an offset in each item": _offsets,
    "a time with a lower-case z in one item": _lower_case,
    "references that differ in each item": _references,
    "all fields in each item": _whole,
}


def distinct_pages(name: str, variation: str = "as usual") -> list[bytes]:
    """Return distinct pages of a list, with a variation."""
    total = (PAGES + 1) * PAGE
    change = VARIATIONS[variation]
    contents = [page(name, PAGE * number, total) for number in range(PAGES)]
    return [change(content, content[name]) for content in contents]
