"""What the fields of a list are in a filter, and how they are read from an item.

https://ngrok.com/docs/api/api-filtering
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeAlias, get_origin

import attrs

from ngrok_async._kinds import is_time
from ngrok_async._model import Model
from ngrok_async.testing._declared_types import choices, fields, model_in
from ngrok_async.testing._store import Item

Way: TypeAlias = Callable[[Item], Any]

TEXT: Final = "a text"
ID: Final = "an id"
TIME: Final = "a time"
TRUTH: Final = "true or false"
NUMBER: Final = "a number"
LIST: Final = "a list"
NULL: Final = "null"


@attrs.frozen
class Term:
    """What an expression, or a part of it, gives for an item.

    Attributes:
        kind: What it is.
        ways: Functions that give it; several where one thing has two names. A comparison holds if
            it does for one of them.
        source: How it is written.
    """

    kind: str
    ways: Sequence[Way]
    source: str = ""


def known_fields(template: str, names: Iterable[str], model: type[Model]) -> Mapping[str, Term]:
    """Find out what the documented fields of a list are, by their names in a filter.

    Where the guide can be read in two ways, both are taken: a reference is its id (`credential`)
    and has it (`credential.id`), and what it calls `binding` are the `bindings` of an endpoint.

    Args:
        template: The path of the list.
        names: What the guide documents.
        model: What the items of the list are.
    """
    hints = fields(model)
    known: dict[str, Term] = {}
    for name in names:
        first = name.removesuffix(".id")
        if first != name or model_in(hints.get(name)):
            known[f"obj.{name}"] = known[f"obj.{first}.id"] = Term(ID, [partial(_id, first)])
        elif name in hints:
            known[f"obj.{name}"] = _plain(template, name, choices(hints[name]))
        else:
            known[f"obj.{name}"] = Term(TEXT, [partial(_first, f"{name}s")])
            known[f"obj.{name}s"] = Term(LIST, [partial(_list, f"{name}s")])
    return known


def _plain(template: str, name: str, kinds: tuple[Any, ...]) -> Term:
    if any(map(is_time, kinds)):
        return Term(TIME, [partial(_time, name)])
    if bool in kinds:
        return Term(TRUTH, [partial(_truth, name)])
    if any(get_origin(kind) is tuple for kind in kinds):
        return Term(LIST, [partial(_list, name)])
    if name == "id" or name.endswith("_id"):
        return Term(ID, [partial(_text, name)])
    ways = _UNLIKE_OTHERS.get((template, name), (_text,))
    return Term(TEXT, [partial(way, name) for way in ways])


def _text(name: str, item: Item) -> str:
    return item.get(name) or ""


def _truth(name: str, item: Item) -> bool | None:
    return item.get(name)


def _list(name: str, item: Item) -> Sequence[str]:
    return item.get(name) or []


def _first(name: str, item: Item) -> str:
    return next(iter(_list(name, item)), "")


def _id(name: str, item: Item) -> str:
    reference: Mapping[str, str] = item.get(name) or {}
    return reference.get("id", "")


def _time(name: str, item: Item) -> datetime | None:
    return instant(_text(name, item))


# No text in a filter is the same: CEL has no halves of characters.
_NOT_TO_BE_FOUND: Final = "\udfff"


def _url(name: str, item: Item) -> str:
    # `obj.url == "https://*.example.com"` did not find that endpoint at ngrok, in 2026-04.
    url = _text(name, item)
    return _NOT_TO_BE_FOUND if "*" in url else url


def _other_type(name: str, item: Item) -> str:
    # The guide asks for "agent", and answers have "ephemeral".
    text = _text(name, item)
    return {"agent": "ephemeral", "ephemeral": "agent"}.get(text, text)


_UNLIKE_OTHERS: Final[Mapping[tuple[str, str], Sequence[Callable[[str, Item], str]]]] = {
    ("/endpoints", "type"): (_text, _other_type),
    ("/endpoints", "url"): (_url,),
}
"""By list and field: how a text is read that is not simply what answers have."""


_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def instant(text: str) -> datetime | None:
    """Read a time in RFC 3339, or a date with its offset: the guide has "2025-05-10Z".

    Returns:
        The time; None where the text is none.
    """
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    date, time, fraction, offset = found.groups()
    precise = f"{time or '00:00:00'}.{(fraction or '')[:6]:0<6}"
    try:
        return datetime.fromisoformat(f"{date}T{precise}{offset.upper()}")
    except ValueError:  # such as a 30th of February
        return None
