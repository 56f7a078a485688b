"""JSON bytes to values: strict about types, lenient about what is absent or new.

Stock converters coerce (`str(None)` is "None", `list("abc")` has three items), so each primitive
and each container has a hook of its own here that checks and never converts.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from types import NoneType, UnionType
from typing import Any, Final, Literal, NoReturn, Union, cast, get_args, get_origin

import attrs
from cattrs import Converter, transform_error
from cattrs.cols import list_structure_factory
from cattrs.gen import (
    make_dict_structure_fn,
    mapping_structure_factory,  # pyright: ignore[reportUnknownVariableType] # half typed upstream
    override,
)

from ngrok_async._fast import Parts, UnusualError, compiled, is_model
from ngrok_async._model import Model
from ngrok_async._request import JSON

# What makes values of bytes: msgspec where the extra `speed` has installed it.
DECODER: Final[str] = "msgspec" if find_spec("msgspec") else "json"

_BOM: Final = b"\xef\xbb\xbf"
# How Go writes a time that was never set.
ZERO_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)
_LONGEST_SHOWN: Final = 40
_KINDS: Final[Mapping[type, str]] = {
    NoneType: "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


class MismatchError(Exception):
    """Bytes that are not JSON, or JSON that is not of the declared type; the text says where."""


def loads(body: bytes) -> JSON:
    """Decode JSON as RFC 8259 has it, without Python's extensions.

    Raises:
        MismatchError: It is not UTF-8, not JSON, nested too deeply, or holds what no other program
            could read back: NaN, a lone surrogate, a number of thousands of digits or beyond 1e308.
    """
    try:
        # Go ends a body with a line break. `decode` would look for one with regular expressions.
        text = body.removeprefix(_BOM).decode().strip(" \t\n\r")
        value: JSON
        value, end = _DECODER.raw_decode(text)
        if end != len(text):
            _DECODER.decode(text)  # says what is wrong
        if "\\" in text and text.rfind("\\u") >= 0:  # the only way for a lone surrogate to get in
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        failure = MismatchError(f"not valid JSON: {reason}")
    else:
        return value
    raise failure


def decode(value: JSON, kind: Any, path: str = "$") -> Any:  # noqa: ANN401 # a type form
    """Turn decoded JSON into `kind`.

    Raises:
        MismatchError: A required field is missing or a value has the wrong type; names its path.
    """
    try:
        return _quick(kind)(value)
    except Exception:  # noqa: BLE001,S110 # whatever it was, the second pass finds where
        pass
    return _explain(value, kind, path)


def read_quickly(
    body: bytes,
    model: Any,  # noqa: ANN401 # a type form
    items: str | None,
) -> Parts | None:
    """Read a body of the usual form with msgspec, if that is there.

    Args:
        body: What came.
        model: What the body holds, or in a page the items.
        items: The field of a page that holds them; None where the body is no page.

    Returns:
        The parts, or None where `loads` and `decode` have to look.
    """
    return None if DECODER == "json" else _speedy()(body, model, items)


@cache
def _speedy() -> Callable[[bytes, Any, str | None], Parts | None]:
    from ngrok_async import _speed  # noqa: PLC0415 # imports msgspec: not before it is of use

    return _speed.read


@cache
def _quick(kind: Any) -> Callable[[JSON], Any]:  # noqa: ANN401 # a type form
    """Return what takes the usual values of a kind, and raises at others."""
    if is_model(kind):
        one = compiled(kind)
        return lambda value: one([value])[0]
    if _is_tuple(kind) and is_model(item := get_args(kind)[0]):
        many = compiled(item)
        return lambda value: tuple(many(_list(value)))
    return _text if kind is str else _none


def _text(value: JSON) -> str:
    return _string(value, str)


def _list(value: JSON) -> list[JSON]:
    if type(value) is not list:
        raise UnusualError
    return value  # pyright: ignore[reportUnknownVariableType] # JSON


def _none(_: JSON) -> NoReturn:
    raise UnusualError


def _explain(value: JSON, kind: Any, path: str) -> Any:  # noqa: ANN401 # a type form
    try:
        return exact_converter().structure(value, kind)
    except Exception as error:  # noqa: BLE001 # hooks raise several kinds; all mean a mismatch
        first = transform_error(error, path=path, format_exception=_describe)[0]
    raise MismatchError(first)


def _describe(error: BaseException, _kind: type | None) -> str:
    return "required field missing" if isinstance(error, KeyError) else str(error)


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not a JSON number"
    raise ValueError(msg)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        msg = f"a number is too large ({digits[:20]})"
        raise ValueError(msg)
    return number


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


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
    return value


def _number(value: object, _: object) -> float:
    # JSON has one number type: 50 and 50.0 are the same text to it.
    if type(value) is not float and type(value) is not int:
        raise _expected("a number", value)
    return float(value)


def _timestamp(value: object, _: object) -> datetime:
    if type(value) is not str:
        raise _expected("a timestamp", value)
    try:
        # RFC 3339 allows a lower-case z, fromisoformat does not.
        at = datetime.fromisoformat(f"{value[:-1]}Z" if value.endswith("z") else value)
    except ValueError:
        raise _no_timestamp("a timestamp", value) from None
    if at.tzinfo is None:
        raise _no_timestamp("a timestamp with its offset from UTC", value)
    if at.tzinfo is UTC:
        return at
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise _no_timestamp("a timestamp between the years 1 and 9999", value) from None


def _no_timestamp(expected: str, value: str) -> ValueError:
    # Whole or not at all: half of an API key would not be recognised and taken out.
    got = repr(value) if len(value) <= _LONGEST_SHOWN else f"a text of {len(value)} characters"
    return ValueError(f"expected {expected}, got {got}")


def _optional_timestamp(value: object, _: object) -> datetime | None:
    if value is None:
        return None
    at = _timestamp(value, _)
    return None if at == ZERO_TIME else at


def _optional_string(value: object, _: object) -> str | None:
    return None if value is None else _string(value, _)


def _is_open_enum(kind: object) -> bool:
    members = get_args(kind)
    return (
        get_origin(kind) in {Union, UnionType}
        and str in members
        and all(m in {str, NoneType} or get_origin(m) is Literal for m in members)
        and any(get_origin(m) is Literal for m in members)
    )


def _is_tuple(kind: object) -> bool:
    return get_origin(kind) is tuple


def _is_mapping(kind: object) -> bool:
    return get_origin(kind) is Mapping


Hook = Callable[[Any, Any], Any]


def _open_enum_hook(kind: Any) -> Hook:  # noqa: ANN401 # a type form
    return _optional_string if NoneType in get_args(kind) else _string


def _tuple_hook(kind: Any, converter: Converter) -> Hook:  # noqa: ANN401 # a type form
    items: Any = list.__class_getitem__(get_args(kind)[0])
    structure = list_structure_factory(items, converter)

    def hook(value: object, _: object) -> tuple[object, ...]:
        if type(value) is not list:
            raise _expected("an array", value)
        return tuple(structure(value, kind))

    return hook


def _mapping_hook(kind: Any, converter: Converter) -> Hook:  # noqa: ANN401 # a type form
    structure = mapping_structure_factory(kind, converter, structure_to=dict)

    def hook(value: object, _: object) -> Mapping[str, object]:
        if type(value) is not dict:
            raise _expected("an object", value)
        return cast("Mapping[str, object]", structure(cast("Any", value), kind))

    return hook


def _model_hook(kind: type[Model], converter: Converter) -> Hook:
    structure = make_dict_structure_fn(
        kind,
        converter,
        _extra=override(omit=True),
    )
    fields = [field for field in attrs.fields(kind) if field.name != "_extra"]
    known = frozenset(field.name for field in fields)
    required = frozenset(field.name for field in fields if field.default is attrs.NOTHING)

    def hook(value: object, _: object) -> Model:
        if type(value) is not dict:
            raise _expected("an object", value)
        given = content = cast("dict[str, Any]", value)
        if None in given.values():
            # Go writes null for an empty list or map: the same as leaving it out.
            content = {k: v for k, v in given.items() if v is not None or k in required}
        model = structure(content, kind)
        if not given.keys() <= known:
            extra = {k: v for k, v in given.items() if k not in known}
            object.__setattr__(model, "_extra", extra)
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
    converter.register_structure_hook(datetime, _timestamp)
    converter.register_structure_hook_func(lambda t: t == datetime | None, _optional_timestamp)
    converter.register_structure_hook_factory(_is_open_enum, _open_enum_hook)
    converter.register_structure_hook_factory(_is_tuple, _tuple_hook)
    converter.register_structure_hook_factory(_is_mapping, _mapping_hook)
    converter.register_structure_hook_factory(
        lambda t: isinstance(t, type) and issubclass(t, Model), _model_hook
    )
    return converter
