"""The exact pass of decoding: it is slow, decides, and finds the place of what is wrong.

Stock converters coerce (`str(None)` is "None", `list("abc")` has three items), so each primitive
and each container has a hook of its own here that checks and never converts.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, Final, cast, get_args

import attrs
from cattrs import Converter
from cattrs.errors import IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, override

from ngrok_async._id import HasId
from ngrok_async._kinds import TypeForm, is_time
from ngrok_async._numbers import as_float, is_int64
from ngrok_async._shown import shown
from ngrok_async._wire.fields import (
    ZERO_TIME,
    field_of,
    fields_of,
    instant,
    is_list,
    is_map,
    is_model,
    unknown,
)
from ngrok_async._wire.text import name_shown
from ngrok_async.unset import UnsetType

# What fields of requests may be as well, and JSON is not.
_NEVER_SENT: Final = frozenset({HasId, UnsetType})
_KINDS: Final[Mapping[type, str]] = {
    NoneType: "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def _expected(what: str, value: object) -> TypeError:
    return TypeError(f"expected {what}, got {_KINDS.get(type(value), type(value).__name__)}")


def _string(value: object, _: object) -> str:
    if type(value) is not str:
        raise _expected("a string", value)
    return value


def _boolean(value: object, _: object) -> bool:
    if type(value) is not bool:
        raise _expected("a boolean", value)
    return value


def _integer(value: object, _: object) -> int:
    if type(value) is not int:  # a bool is an int to isinstance
        raise _expected("an integer", value)
    if not is_int64(value):
        raise ValueError(f"expected an integer of at most 64 bits, got {shown(value)}")
    return value


def _number(value: object, _: object) -> float:
    # JSON has one number type: 50 and 50.0 are the same text to it.
    if type(value) is not float and type(value) is not int:
        raise _expected("a number", value)
    if math.isnan(number := as_float(value)):
        raise ValueError(f"expected a number up to 1e308, got {shown(value)}")
    return number


def _timestamp(value: object, _: object) -> datetime:
    if type(value) is not str:
        raise _expected("a timestamp", value)
    return instant(value)


def _optional_timestamp(value: object, _: object) -> datetime | None:
    if value is None:
        return None
    at = _timestamp(value, _)
    return None if at == ZERO_TIME else at


def _optional_string(value: object, _: object) -> str | None:
    return None if value is None else _string(value, _)


def _is_optional_time(kind: object) -> bool:
    field = field_of("", attrs.NOTHING, kind)
    return field.nullable and is_time(field.kind)


def _is_open_enum(kind: object) -> bool:
    return field_of("", attrs.NOTHING, kind).kind is str


def _is_of_requests(kind: object) -> bool:
    return not _NEVER_SENT.isdisjoint(get_args(kind))


Hook = Callable[[Any, Any], Any]


def _open_enum_hook(kind: TypeForm) -> Hook:
    return _optional_string if NoneType in get_args(kind) else _string


def _hook_of_requests(kind: TypeForm, converter: Converter) -> Hook:
    (sent,) = (member for member in get_args(kind) if member not in _NEVER_SENT)
    hook = converter.get_structure_hook(sent)
    return lambda value, _: hook(value, sent)


def _tuple_hook(kind: TypeForm, converter: Converter) -> Hook:
    # cattrs would go on after a wrong item, and collect as many errors as there are items.
    item_kind = get_args(kind)[0]

    def hook(value: object, _: object) -> tuple[object, ...]:
        if type(value) is not list:
            raise _expected("an array", value)
        exact = converter.get_structure_hook(item_kind)
        return tuple(_each(exact, item_kind, enumerate(cast("list[object]", value))))

    return hook


def _mapping_hook(kind: TypeForm, converter: Converter) -> Hook:
    item_kind = get_args(kind)[1]

    def hook(value: object, _: object) -> Mapping[str, object]:
        if type(value) is not dict:
            raise _expected("an object", value)
        content = cast("dict[str, object]", value)
        exact = converter.get_structure_hook(item_kind)
        return dict(zip(content, _each(exact, item_kind, content.items()), strict=True))

    return hook


def _each(
    one: Hook,
    kind: TypeForm,
    items: Iterable[tuple[int | str, object]],
) -> list[object]:
    """Make values of the items of a list or a map, up to the first that is wrong."""
    made: list[object] = []
    place: int | str = 0
    try:
        for place, item in items:  # noqa: B007 # told if one fails
            made.append(one(item, kind))
    except Exception as error:  # noqa: BLE001 # hooks raise several kinds; all mean a mismatch
        where = place if isinstance(place, int) else name_shown(place)
        error.add_note(IterableValidationNote("", where, kind))
        wrong = error
    else:
        return made
    raise IterableValidationError("", [wrong], kind)  # pyright: ignore[reportCallIssue] # half typed upstream


def _model_hook(kind: TypeForm, converter: Converter) -> Hook:
    structure = make_dict_structure_fn(
        kind,
        converter,
        _extra=override(omit=True),
    )
    fields = fields_of(kind)
    known = frozenset(field.name for field in fields)
    required = frozenset(field.name for field in fields if field.required)

    def hook(value: object, _: object) -> object:
        if type(value) is not dict:
            raise _expected("an object", value)
        given = content = cast("dict[str, Any]", value)
        if None in given.values():
            # Go writes null for an empty list or map: the same as leaving it out.
            content = {k: v for k, v in given.items() if v is not None or k in required}
        model = structure(content, kind)
        if not given.keys() <= known:
            object.__setattr__(model, "_extra", unknown(known, given))
        return model

    return hook


@cache
def exact_converter() -> Converter:
    """Return what decides, made when it is first needed: strict, and able to name the place."""
    converter = Converter()
    converter.register_structure_hook(str, _string)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook_func(is_time, _timestamp)
    converter.register_structure_hook_func(_is_optional_time, _optional_timestamp)
    converter.register_structure_hook_factory(_is_of_requests, _hook_of_requests)
    converter.register_structure_hook_factory(_is_open_enum, _open_enum_hook)
    converter.register_structure_hook_factory(is_list, _tuple_hook)
    converter.register_structure_hook_factory(is_map, _mapping_hook)
    converter.register_structure_hook_factory(is_model, _model_hook)
    return converter
