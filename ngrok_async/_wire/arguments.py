"""Arguments to JSON: what a declared parameter accepts, checked before anything is sent."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import UnionType
from typing import (
    Any,
    Final,
    Literal,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    get_origin,
    get_type_hints,
)

import attrs

from ngrok_async._id import HasId
from ngrok_async._json import checked_dumps, timestamp, unencodable_at
from ngrok_async._kinds import TypeForm, is_time, parts_of
from ngrok_async._numbers import as_float, is_int64
from ngrok_async._pickles import default_of
from ngrok_async._request import JSON
from ngrok_async._shown import shown
from ngrok_async.unset import UNSET, UnsetType

Id: TypeAlias = str | HasId
"""The id of a resource, or a model or `Ref` that has it."""

_M = TypeVar("_M")

Nested: TypeAlias = _M | Mapping[str, JSON]
"""A value with fields: its class, or a mapping with some of the fields."""

JSONText: TypeAlias = str | Mapping[str, JSON]
"""A text, or a mapping whose JSON is sent as that text."""

Encoder: TypeAlias = Callable[[str, object], JSON]
"""Turns the argument of a name into JSON; raises ValueError."""


def id_of(name: str, value: object) -> str:
    """Return the id that `value` is or has."""
    if isinstance(value, str):
        return value
    found = getattr(value, "id", None)
    if isinstance(found, str):
        return found
    raise _wrong(name, "an id or an object that has one", value)


def _wrong(name: str, expected: str, value: object) -> ValueError:
    # No text: it may be a secret. Numbers and booleans are harmless and help.
    harmless = isinstance(value, bool | int | float)
    got = shown(value) if harmless else type(value).__name__
    return ValueError(f"{name} must be {expected}, got {got}")


def _id(name: str, value: object) -> JSON:
    return _string(name, id_of(name, value))


def _string(name: str, value: object) -> JSON:
    if not isinstance(value, str):
        raise _wrong(name, "a string", value)
    at = unencodable_at(value)
    if at is not None:
        raise ValueError(f"{name} has a character at position {at} that cannot be encoded as UTF-8")
    return value if type(value) is str else str.__str__(value)  # an enumeration has another text


def _boolean(name: str, value: object) -> JSON:
    if not isinstance(value, bool):
        raise _wrong(name, "True or False", value)
    return value


def _integer(name: str, value: object) -> JSON:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(name, "an integer", value)
    if not is_int64(value):
        raise _wrong(name, "an integer of at most 64 bits", value)
    return value


def _number(name: str, value: object) -> JSON:
    if not math.isfinite(as_float(value)):
        raise _wrong(name, "a finite number", value)
    return value


def _timestamp(name: str, value: object) -> JSON:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise _wrong(name, "an aware datetime", value)
    try:
        return timestamp(value)
    except ValueError:
        pass
    raise ValueError(f"{name} must be between the years 1 and 9999 in UTC")


def _anything(name: str, value: object) -> JSON:
    checked_dumps(value, name)
    return value


def _json_text(name: str, value: object) -> JSON:
    if isinstance(value, str):
        return _string(name, value)
    if not isinstance(value, Mapping):
        raise _wrong(name, "a string, or a mapping that is sent as JSON", value)
    content = dict(cast("Mapping[object, object]", value))
    text = checked_dumps(content, name).decode()
    _check_keys(name, content)
    return text


def _check_keys(name: str, value: object) -> None:
    """Refuse keys that are no strings; `json` makes strings of numbers, true and null."""
    if isinstance(value, dict):
        for key, item in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise _wrong(f"a key of {name}", "a string", key)
            _check_keys(f"{name}[{shown(key)}]", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(cast("Sequence[object]", value)):
            _check_keys(f"{name}[{index}]", item)


_SCALARS: Final[Mapping[object, Encoder]] = {
    str: _string,
    bool: _boolean,
    int: _integer,
    float: _number,
    Any: _anything,
}


def encoder(hint: TypeForm) -> Encoder:
    """Return the encoder for a parameter declared as `hint`.

    Raises:
        TypeError: No parameter may be declared so; a mistake in a declaration, not of a caller.
    """
    scalar = _timestamp if is_time(hint) else _SCALARS.get(hint)
    if scalar is not None:
        return scalar
    origin, members = parts_of(hint)
    if origin in {Union, UnionType}:
        return _union(members)
    if origin is Literal:
        return _string
    if origin is Sequence or origin is tuple:
        return _sequence(encoder(members[0]))
    if origin is Mapping:
        return _mapping(encoder(members[1]))
    if isinstance(hint, type) and attrs.has(hint):
        return _nested(hint)
    raise TypeError(f"no parameter can be declared as {hint!r}")


def _union(members: tuple[Any, ...]) -> Encoder:
    nullable = type(None) in members
    rest = [m for m in members if m not in {type(None), UnsetType}]
    encode: Encoder
    if HasId in rest:
        encode = _id
    elif str in rest and any(get_origin(m) is Mapping for m in rest):
        encode = _json_text
    elif models := tuple(m for m in rest if isinstance(m, type) and attrs.has(m)):
        encode = _nested(*models)
    elif any(get_origin(m) is Literal for m in rest):
        encode = _string
    elif len(rest) == 1:
        encode = encoder(rest[0])
    else:
        raise TypeError(f"no parameter can be declared as a union of {rest!r}")
    if not nullable:
        return encode
    return lambda name, value: None if value is None else encode(name, value)


def _sequence(encode: Encoder) -> Encoder:
    def encode_all(name: str, value: object) -> JSON:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise _wrong(name, "a list or tuple", value)
        items = cast("Sequence[object]", value)
        return [encode(f"{name}[{index}]", item) for index, item in enumerate(items)]

    return encode_all


def _mapping(encode: Encoder) -> Encoder:
    def encode_all(name: str, value: object) -> JSON:
        if not isinstance(value, Mapping):
            raise _wrong(name, "a mapping", value)
        content = cast("Mapping[object, object]", value)
        return {
            cast("str", _string(f"a key of {name}", key)): encode(f"{name}[{shown(key)}]", item)
            for key, item in content.items()
        }

    return encode_all


def _nested(model: type[Any], *also: type[Any]) -> Encoder:
    """Encode an instance of `model` or a mapping with some of its fields.

    Args:
        model: What the request takes.
        also: What answers have in its place, with references where `model` has ids.
    """
    table: dict[str, Encoder] = {}

    def encoders() -> dict[str, Encoder]:
        # On first use, since models may refer to each other.
        if not table:
            hints = get_type_hints(model)
            table.update((field.name, encoder(hints[field.name])) for field in _fields(model))
        return table

    def encode(name: str, value: object) -> JSON:
        if isinstance(value, Mapping):
            given = dict(cast("Mapping[str, object]", value))
        elif isinstance(value, (model, *also)):
            given = _given(value, encoders())
        else:
            raise _wrong(name, f"an instance of {model.__name__} or a mapping", value)
        if unknown := [field for field in given if field not in encoders()]:
            raise ValueError(
                f"{name} has no field {shown(unknown[0])}; it has {', '.join(sorted(encoders()))}"
            )
        return {
            field: None if item is None else encoders()[field](f"{name}.{field}", item)
            for field, item in given.items()
            if item is not UNSET
        }

    return encode


def _fields(model: type[Any]) -> list["attrs.Attribute[Any]"]:
    return [field for field in attrs.fields(model) if not field.name.startswith("_")]


def _given(value: object, names: Iterable[str]) -> dict[str, object]:
    """Return the fields of an instance that differ from their defaults.

    In answers a default stands for "not there", so ngrok's own Go client leaves it out too. Only a
    mapping can ask for a null, an empty text or an empty list.
    """
    names = tuple(names)
    sent_as = {source: name for name in names for source in sources_of(name)}
    sent_as.update((name, name) for name in names)
    content: dict[str, object] = {}
    for field in _fields(type(value)):
        item = getattr(value, field.name)
        if field.name in sent_as and item is not None and item != default_of(field):
            content[sent_as[field.name]] = item
    return content


def sources_of(name: str) -> tuple[str, ...]:
    """Return where an answer may have the references whose ids a request has as `name`."""
    if name.endswith("_id"):
        return (name.removesuffix("_id"),)
    stem = name.removesuffix("_ids")
    return () if stem == name else (f"{stem}s", f"{stem.removesuffix('y')}ies")
