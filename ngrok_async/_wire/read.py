"""JSON bytes to values: strict about types, lenient about what is absent or new."""

import json
import logging
import math
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, Final, NamedTuple, NoReturn, cast

from cattrs import transform_error

from ngrok_async._request import JSON
from ngrok_async._wire.exact import exact_converter, name_shown
from ngrok_async._wire.loop import Parts, quick_way

_log: Final = logging.getLogger("ngrok_async")


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a stand-in that somebody has put into sys.modules
        return True


# What is asked to make values of bytes: msgspec where the extra `speed` has installed it. Whether
# it works is known when it is imported, for the first answer.
DECODER: Final[str] = "msgspec" if _is_installed("msgspec") else "json"

_BOM: Final = b"\xef\xbb\xbf"
_MOST_DIGITS: Final = sys.int_info.default_max_str_digits
_LONGEST: Final = 20  # characters of an integer of 64 bits


class MismatchError(Exception):
    """Bytes that are not JSON, or JSON that is not of the declared type; the text says where."""


def loads(body: bytes) -> JSON:
    """Decode JSON as RFC 8259 has it, without Python's extensions.

    Raises:
        MismatchError: It is not UTF-8, not JSON, nested too deeply, or holds what no other program
            could read back: NaN, a lone surrogate, an integer of thousands of digits, a number
            beyond 1e308.
    """
    try:
        # Go ends a body with a line break. `decode` would look for one with regular expressions.
        text = body.removeprefix(_BOM).decode().strip(" \t\n\r")
        value: JSON
        # Python reads long integers in a time that grows with the square of their length, and has
        # a limit for that, which a program may have lifted.
        decoder = _DECODER if 0 < sys.get_int_max_str_digits() <= _MOST_DIGITS else _CAREFUL
        value, end = decoder.raw_decode(text)
        if end != len(text):
            decoder.decode(text)  # says what is wrong
        if "\\" in text and text.rfind("\\u") >= 0:  # the only way for a lone surrogate to get in
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        failure = MismatchError(f"not valid JSON: {_long_integer(body) or reason}")
    else:
        return value
    raise failure


def decode(value: JSON, kind: Any, path: str = "$") -> Any:  # noqa: ANN401 # a type form
    """Turn decoded JSON into `kind`.

    Raises:
        MismatchError: A required field is missing or a value has the wrong type; names its path.
    """
    try:
        return quick_way(kind)(value)
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


def decoder() -> str:
    """Return the name of what makes values of bytes here: msgspec, or json."""
    return "json" if DECODER == "json" or _speedy() is _unread else "msgspec"


@cache
def _speedy() -> Callable[[bytes, Any, str | None], Parts | None]:
    try:
        from ngrok_async._wire import structs  # noqa: PLC0415 # imports msgspec: not before it is of use

        structs.probe()
    except Exception as error:  # noqa: BLE001 # a build for another Python fails in many ways
        _log.warning(
            "msgspec is installed, but does not work here (%s: %s); answers are decoded with json, "
            "which gives the same and takes longer",
            type(error).__name__,
            error,
        )
        return _unread
    return structs.read


def _unread(_body: bytes, _model: object, _items: str | None) -> None:
    return None


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


class _Long(NamedTuple):
    """Stands for an integer of too many digits."""

    digits: int


def _bounded(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("an integer of too many digits")
    return int(digits)


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
_CAREFUL: Final = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, parse_int=_bounded
)
_LOOKING: Final = json.JSONDecoder(
    parse_float=len, parse_int=lambda digits: _Long(len(digits)) if len(digits) > _LONGEST else 0
)


def _long_integer(body: bytes) -> str | None:
    """Return what is wrong with the first integer that Python does not read, and its place."""
    try:
        found = _place_of_long(_LOOKING.decode(body.removeprefix(_BOM).decode()))
    except ValueError as error:
        return str(error)  # something else is wrong
    except RecursionError:
        return None
    return found and f"an integer of {found[1]} digits does not fit in 64 bits @ ${found[0]}"


def _place_of_long(value: JSON) -> tuple[str, int] | None:
    if type(value) is _Long:
        return "", value.digits
    if isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            if found := _place_of_long(item):
                return f".{name_shown(name)}{found[0]}", found[1]
    elif isinstance(value, list):
        for index, item in enumerate(cast("list[object]", value)):
            if found := _place_of_long(item):
                return f"[{index}]{found[0]}", found[1]
    return None
