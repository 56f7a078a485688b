"""JSON text to plain values, as RFC 8259 has it and not as Python does."""

import json
import math
import re
import sys
from typing import Final, NamedTuple, NoReturn, cast

from ngrok_async._request import JSON

_BOM: Final = b"\xef\xbb\xbf"
_MOST_DIGITS: Final = sys.int_info.default_max_str_digits
_LONGEST: Final = 20  # characters of an integer of 64 bits
_LONGEST_SHOWN: Final = 40
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
# One half of a pair without the other. The first half counts only where no backslash is before it,
# which may have made it plain text: the closer look decides.
_HALF: Final = re.compile(
    r"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])"
    r"|(?<!(?<!\\)\\u[dD][89abAB]..\\u[dD])[c-fC-F])"
)


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
        decoder = _DECODER if are_bounded() else _CAREFUL
        value, end = decoder.raw_decode(text)
        if end != len(text):
            decoder.decode(text)  # says what is wrong
        # The only way for a lone surrogate to get in.
        if "\\" in text and _SURROGATE.search(text) and _HALF.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        failure = MismatchError(f"not valid JSON: {_long_integer(body) or reason}")
    else:
        return value
    raise failure


def are_bounded() -> bool:
    """Tell whether Python bounds the digits of an integer.

    It reads long ones in a time that grows with the square of their length, and has a limit for
    that, which a program may have lifted.
    """
    return 0 < sys.get_int_max_str_digits() <= _MOST_DIGITS


def name_shown(text: str) -> str:
    """Return a name that a server has chosen, as a message shows it."""
    # Whole or not at all: half of an API key would not be recognised and taken out.
    return text if len(text) <= _LONGEST_SHOWN else f"<a name of {len(text)} characters>"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"a number is too large ({digits[:20]})")
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
