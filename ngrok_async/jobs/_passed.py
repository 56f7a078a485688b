"""What was passed to a create, and whether an item is like that."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, cast

from ngrok_async._id import HasId
from ngrok_async._model import as_json
from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async._wire.arguments import sources_of
from ngrok_async.jobs._cidrs import written
from ngrok_async.jobs._urls import as_written
from ngrok_async.unset import UNSET

_IGNORED: Final = frozenset({"region"})
"""What ngrok may take and not keep: it serves reserved domains worldwide, whatever was passed."""


class Item(HasId, Protocol):
    """A model that has an id."""

    def to_dict(self) -> dict[str, JSON]:
        """Return its JSON form."""
        ...


def sent_for(
    method: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> dict[str, JSON]:
    """Return what a declared operation sends for these arguments, by name.

    Of what somebody's tests have in the place of an operation it is what they were passed.

    Raises:
        TypeError: They do not fit the signature.
        ValueError: A value cannot be sent.
    """
    declared = getattr(method, "operation", None)
    if isinstance(declared, Operation):
        return declared.content(declared.bind(args, kwargs))
    return {name: as_json(value) for name, value in kwargs.items() if value is not UNSET}


def differing(sent: Mapping[str, JSON], item: Item) -> list[str]:
    """Return the names of what was passed and is otherwise in an answer.

    What answers do not have, such as a private key, differs from nothing.
    """
    form = item.to_dict()
    return [name for name, value in sent.items() if not _agrees(name, value, form)]


def is_like(sent: Mapping[str, JSON], item: Item) -> bool:
    """Tell whether an item may be what a create has made."""
    form = item.to_dict()
    return all(name in _IGNORED and not form[name] for name in differing(sent, item))


def _agrees(name: str, sent: JSON, form: Mapping[str, JSON]) -> bool:
    for answered in (name, *sources_of(name)):
        if answered in form:
            return _is_same(name, sent, form[answered])
    return True


def _is_same(name: str, sent: JSON, got: JSON) -> bool:
    if isinstance(sent, dict):
        fields, form = cast("dict[str, JSON]", sent), cast("dict[str, JSON]", got)
        is_form = isinstance(got, dict)
        return is_form and all(_agrees(field, value, form) for field, value in fields.items())
    if isinstance(sent, list) and isinstance(got, list):
        return _have_the_same(name, cast("list[object]", sent), cast("list[object]", got))
    if isinstance(sent, str) and got:
        return _is_same_text(name, sent, got)
    # ngrok leaves out what is empty.
    return bool(sent == got) if sent and got else not sent and not got


def _is_same_text(name: str, sent: str, got: JSON) -> bool:
    if isinstance(got, dict):  # a reference, of which the id was passed
        return sent == cast("dict[str, JSON]", got).get("id")
    form = _FORMS.get(name, str)
    return isinstance(got, str) and form(sent) == form(got)


def _have_the_same(name: str, sent: Iterable[object], got: Iterable[object]) -> bool:
    """Compare lists without regard to their order, which means nothing in the fields that exist."""
    rest = list(got)
    for value in sent:
        same = [index for index, each in enumerate(rest) if _is_same(name, value, each)]
        if not same:
            return False
        del rest[same[0]]
    return not rest


def by_value(text: str) -> str:
    """Return JSON of an object or a list in a form that is the same for the same value."""
    try:
        value = json.loads(text, parse_float=_number)
    except (ValueError, RecursionError):
        return text
    return json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else text


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _to_the_second(moment: str) -> str:
    return moment[: len("2026-01-01T00:00:00")]


_FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "ca_pem": str.strip,
    "certificate_pem": str.strip,
    "cidr": written,
    "domain": as_written,
    "metadata": by_value,
    "traffic_policy": by_value,
    "url": as_written,
    "valid_after": _to_the_second,
    "valid_until": _to_the_second,
}
"""In what form the texts of these fields are compared."""
