"""What the declared fields of a model are, as far as reading them goes."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, Union, get_args, get_origin
from typing import get_type_hints as hints_of

import attrs

from ngrok_async._kinds import TypeForm
from ngrok_async._request import JSON

SCALARS: Final = (str, bool, int)
# How Go writes a time that was never set.
ZERO_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)
# Texts of few values, in many objects. So are those of open enumerations.
_REPEATED: Final = frozenset({"agent_version", "os", "region", "scheme", "upstream_protocol"})
_LONGEST_SHOWN: Final = 40
_MOST_NAMES: Final = 8
_LONGEST_NAME: Final = 64
# Looked up now: what is made while freezegun has replaced `datetime` outlives that.
from_text: Final = datetime.fromisoformat


class Field(NamedTuple):
    """A field of a model.

    Attributes:
        name: Its name, in JSON too.
        default: What stands for an absent value; `attrs.NOTHING` where it has to be there.
        kind: The type without null; for an open enumeration `str`.
        nullable: Whether null is a value of its own.
        repeated: Whether it holds one of few texts.
    """

    name: str
    default: Any
    kind: TypeForm
    nullable: bool
    repeated: bool

    @property
    def required(self) -> bool:
        """Whether it has to be there."""
        return self.default is attrs.NOTHING

    @property
    def null(self) -> Any:  # noqa: ANN401 # of the field's type
        """What null stands for, which Go also writes for an empty list; NOTHING: it is refused."""
        return None if self.required and self.nullable else self.default


class Parts(NamedTuple):
    """What a page holds.

    Attributes:
        items: The models.
        uri: The page's own address.
        next_page_uri: The address of the next page; None at the end.
        extra: What is not known.
    """

    items: tuple[Any, ...]
    uri: str
    next_page_uri: str | None
    extra: Mapping[str, JSON] | None


@cache
def fields_of(model: TypeForm) -> tuple[Field, ...]:
    """Return the fields that a model has in JSON."""
    hints = hints_of(model)
    return tuple(
        field_of(field.name, field.default, hints[field.name])
        for field in attrs.fields(model)
        if field.name != "_extra"
    )


def field_of(name: str, default: object, hint: TypeForm) -> Field:
    """Return a field that is declared as `hint`."""
    members = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    rest = [member for member in members if member is not NoneType]
    # An open enumeration is a text that may be anything.
    is_text = str in rest and all(m is str or get_origin(m) is Literal for m in rest)
    return Field(
        name=name,
        default=default,
        kind=str if is_text else rest[0] if len(rest) == 1 else hint,
        nullable=len(rest) < len(members),
        repeated=is_text and default == "" and (len(rest) > 1 or name in _REPEATED),
    )


def unknown(known: Collection[str], content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the fields that are not known, if there are any.

    By name: what the order was, not every way of reading can tell.
    """
    return {name: content[name] for name in sorted(content) if name not in known} or None


def are_few(names: Collection[str]) -> bool:
    """Tell whether names that a server has chosen may be kept."""
    return len(names) <= _MOST_NAMES and all(len(name) <= _LONGEST_NAME for name in names)


def item_kind(hint: TypeForm) -> TypeForm:
    """Return the type of the items of a list or map; as it is where null may be among them."""
    field = field_of("", attrs.NOTHING, hint)
    return hint if field.nullable else field.kind


def is_model(kind: object) -> bool:
    """Tell whether a type is an attrs class."""
    return isinstance(kind, type) and attrs.has(kind)


def is_list(kind: object) -> bool:
    """Tell whether a type is that of lists, which are tuples here."""
    return get_origin(kind) is tuple


def is_map(kind: object) -> bool:
    """Tell whether a type is that of maps from names."""
    return get_origin(kind) is Mapping


def is_reference(kind: TypeForm) -> bool:
    """Tell whether a type is a model of an id and an address, and nothing else."""
    return is_model(kind) and [field.name for field in fields_of(kind)] == ["id", "uri"]


def instant(text: str) -> datetime:
    """Return the time that a text of RFC 3339 tells, in UTC.

    Raises:
        ValueError: It tells none, or not which one; the message says so.
    """
    try:
        # RFC 3339 allows a lower-case z, fromisoformat does not.
        at = from_text(f"{text[:-1]}Z" if text.endswith("z") else text)
    except ValueError:
        raise _no_instant("a timestamp", text) from None
    if at.tzinfo is None:
        raise _no_instant("a timestamp with its offset from UTC", text)
    if at.tzinfo is UTC:
        return at
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise _no_instant("a timestamp between the years 1 and 9999", text) from None


def _no_instant(expected: str, text: str) -> ValueError:
    # Whole or not at all: half of an API key would not be recognised and taken out.
    got = repr(text) if len(text) <= _LONGEST_SHOWN else f"a text of {len(text)} characters"
    return ValueError(f"expected {expected}, got {got}")
