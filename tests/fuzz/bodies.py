"""Bodies of any form, and whether all ways of reading them agree."""

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from unittest.mock import patch

import attrs

from ngrok_async._operation import Operation, Resource, operations
from ngrok_async._wire import read as reading
from ngrok_async._wire.read import MismatchError
from tools.contract.declared import resources

# One of them, and a zone: what RFC 3339 allows, what it does not, and what Python takes for a time.
_TIMES: Final = (
    *("2024-01-02T03:04:05", "2024-01-02t03:04:05", "2024-01-02 03:04:05", "2024-01-02T03:04"),
    *("2024-01-02T24:00:00", "2024-01-02T23:59:60", "2024-02-30T00:00:00", "2024-W01-2T03:04:05"),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59", "0000-01-01T00:00:00", "20240102T030405"),
    *(f"2024-01-02T03:04:05.{'123456789012'[:count]}" for count in range(13)),
    *(f"2024-01-02T03:04:05{end}" for end in (",5", " ", ".9999999")),
    *("\uff12024-01-02T03:04:05", "12024-01-02T03:04:05", "2024-01-02", "", "soon"),
)
_ZONES: Final = (
    *("Z", "z", "", "+00:00", "-00:00", "+05:30", "-12:00", "+23:59", "+24:00", "+0000", "+00"),
    *("+01:00", "-01:00", "+00:00:00", "+00:00:01.5", "ZZ", " Z", "Z+00:00"),
)
_ODD: Final = (
    *("null", "true", "false", "0", "-0", "1", "1.0", "-1.0", "-0.0", "1e0", "1e2", "1E400", "0.1"),
    *("1e308", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e-400"),
    *("18446744073709551616", f"1{'0' * 400}", f"1{'0' * 5000}", "NaN", "-Infinity", "01", "+1"),
    *("1.", '""', '"1"', "[]", "{}", "[null]", "[[]]", '{"":1}', '{"id":"a"}', '[{"id":"a"}]'),
    *(r'"\ud800"', r'"\ud83d\ude00"', r'"\udc00\ud800"', r'"\\\ud83d\ude00"', r'"\\ud83d\ude00"'),
    *(r'"\u0000"', r'"\u00e9\u0026"', '"\u00e9"', r'"\/"', r'"\x"', '"\t"', '"\x7f"', '"\u2028"'),
    *("'a'", "undefined", "[1,]", '{"a":1,}', f'"{"x" * 65}"', f'"{"y" * 5000}"', "[" * 2000),
)
_TEXTS: Final = ("", "a", "us", "eu", "linux", "ngrok/2", "é", "😀", "x" * 64, "x" * 65)
_NAMES: Final = ("id", "uri", "extra", "_extra", "__class__", "v", "self", "unknown_0", "é")
_INTEGERS: Final = ("0", "1", "443", "-1", "-0", "9223372036854775807", "9223372036854775808")
_NUMBERS: Final = ("0", "-0", "-0.0", "0.5", "1e3", "5e-324", "123456789012345678901234567890")


def declared() -> list[Operation]:
    """Return the operations whose answers have content."""
    found: list[type[Resource]] = [*resources().values()]
    every = [operation for resource in found for operation in operations(resource).values()]
    return [operation for operation in every if operation.model is not NoneType]


class Bodies:
    """Makes JSON that mostly fits a declaration."""

    def __init__(self, dice: random.Random) -> None:
        """Take what decides."""
        self._dice = dice
        self._rate = 0.0

    def of(self, operation: Operation) -> bytes:
        """Return a body for an operation; more or less of it is odd."""
        dice = self._dice
        self._rate = dice.choice([0, 0, 0.003, 0.02, 0.1])
        text = self._text(operation.model)
        if operation.items is not None:
            items = ",".join(self._text(operation.model) for _ in range(dice.choice([0, 1, 2, 5])))
            ends = [dice.choice(["null", '"u"', '""', self._odd("null")]) for _ in range(2)]
            content = [f'"uri":{ends[0]}', f'"next_page_uri":{ends[1]}']
            content.append(f'"{operation.items}":{self._odd(f"[{items}]")}')
            if dice.random() < 0.05:
                content.append(f'"{dice.choice(_NAMES)}":{dice.choice(_ODD)}')
            text = f"{{{','.join(dice.sample(content, len(content)))}}}"
        body = bytearray(text.encode())
        if dice.random() < self._rate:
            body[dice.randrange(len(body))] = dice.randrange(256)
        if dice.random() < self._rate:
            body = (
                bytearray(dice.choice([b"\xef\xbb\xbf", b" "]))
                + body
                + dice.choice(b"\n ]\x00").to_bytes()
            )
        return bytes(body)

    def _odd(self, usual: str) -> str:
        return self._dice.choice(_ODD) if self._dice.random() < self._rate else usual

    def _quoted(self, text: str) -> str:
        if self._dice.random() < 0.05:
            return '"' + "".join(f"\\u{unit:04x}" for unit in _units(text)) + '"'
        return json.dumps(text, ensure_ascii=self._dice.random() < 0.5)

    def _text(self, hint: Any, depth: int = 0) -> str:  # noqa: ANN401 # a type form
        return self._odd(self._usual(hint, depth))

    def _usual(self, hint: Any, depth: int) -> str:  # noqa: ANN401 # a type form
        if isinstance(hint, type) and attrs.has(hint):
            return self._object(hint, depth)
        if isinstance(hint, type):
            return self._scalar(hint)
        dice, origin, arguments = self._dice, get_origin(hint), get_args(hint)
        if origin in {Union, UnionType}:
            return self._usual(dice.choice(arguments), depth)
        if origin is Literal:
            return self._quoted(dice.choice(arguments))
        if origin is tuple:
            items = (self._text(arguments[0], depth + 1) for _ in range(dice.choice([0, 1, 2])))
            return f"[{','.join(items)}]"
        if origin is Mapping:
            names = dice.sample(_TEXTS, dice.choice([0, 1, 2]))
            items = (f"{self._quoted(n)}:{self._text(arguments[1], depth + 1)}" for n in names)
            return f"{{{','.join(items)}}}"
        raise TypeError(hint)

    def _scalar(self, kind: type[Any]) -> str:
        dice = self._dice
        if issubclass(kind, datetime):
            usual = dice.random() > self._rate * 5
            at, zone = (_TIMES[0], "Z") if usual else (dice.choice(_TIMES), dice.choice(_ZONES))
            return self._quoted(at + zone)
        few: Mapping[object, Callable[[], str]] = {
            str: lambda: self._quoted(dice.choice([*_TEXTS, f"k{dice.randrange(3000)}"])),
            bool: lambda: dice.choice(["true", "false"]),
            int: lambda: dice.choice(_INTEGERS[: 3 if dice.random() > self._rate * 5 else None]),
            float: lambda: dice.choice(_NUMBERS),
            NoneType: lambda: "null",
        }
        return few[kind]()

    def _object(self, model: type[Any], depth: int) -> str:
        dice, hints = self._dice, get_type_hints(model)
        pairs = [
            (field.name, self._text(hints[field.name], depth + 1))
            for field in attrs.fields(model)
            if field.name != "_extra"
            if field.default is attrs.NOTHING or dice.random() > (0.15 if depth < 4 else 0.9)
            if dice.random() >= self._rate
        ]
        while dice.random() < self._rate * 2:
            pairs.append((dice.choice(_NAMES), dice.choice(_ODD[:20])))
        if pairs and dice.random() < self._rate:
            pairs.insert(0, (dice.choice(pairs)[0], dice.choice(_ODD)))
        if dice.random() < 0.3:
            dice.shuffle(pairs)
        space = dice.choice(["", "", " ", "\n"])
        return "{" + f",{space}".join(f"{self._quoted(n)}:{space}{v}" for n, v in pairs) + "}"


def _units(text: str) -> Iterator[int]:
    units = text.encode("utf-16-be")
    yield from (units[at] << 8 | units[at + 1] for at in range(0, len(units), 2))


def _plain(value: object) -> object:
    """Return a value so that what is of another type or order is not equal to it."""
    if attrs.has(type(value)):
        names = [field.name for field in attrs.fields(type(value))]
        return type(value).__name__, [(name, _plain(getattr(value, name))) for name in names]
    if isinstance(value, datetime):
        return "time", value.isoformat(), str(value.tzinfo), value.fold
    if isinstance(value, dict):
        return "dict", [(name, _plain(item)) for name, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value).__name__, [_plain(item) for item in value]
    return type(value).__name__, repr(value)


def _outcome(operation: Operation, body: bytes) -> tuple[object, object]:
    try:
        value = operation.decode(body)
    except MismatchError as error:
        return str(error), None
    return _plain(value), value


def _refuse(_kind: object) -> Callable[[object], object]:
    def refuse(_value: object) -> object:
        raise ValueError

    return refuse


@contextmanager
def _patient() -> Iterator[None]:
    """Let types be tried again and again, although most bodies do not fit."""
    if not find_spec("msgspec"):
        yield
        return
    with patch("ngrok_async._wire.structs._MOST_IN_VAIN", sys.maxsize):
        yield


def differences(cases: int, seed: int) -> tuple[list[str], Counter[str]]:
    """Read bodies in all ways; return what differs, and how many were read how."""
    dice = random.Random(seed)  # noqa: S311 # no secret
    bodies, every = Bodies(dice), declared()
    counts, found = Counter[str](), list[str]()
    decoders = ["json", "msgspec"] if reading.decoder() == "msgspec" else ["json"]
    # What is usual comes often, and is learned, where there are few to choose from.
    few = dice.sample(every, 6)
    with _patient():
        for number in range(cases):
            if number % 5000 == 0:
                few = dice.sample(every, 6)
            operation = dice.choice(few)
            body = bodies.of(operation)
            with (
                patch.object(reading, "DECODER", "json"),
                patch.object(reading, "quick_way", _refuse),
            ):
                exact = _outcome(operation, body)
            counts["refused" if exact[1] is None else "read"] += 1
            for decoder in decoders:
                with patch.object(reading, "DECODER", decoder):
                    other = _outcome(operation, body)
                if exact != other:
                    found.append(f"{decoder}, {operation.route}: {body!r}\n{exact}\n{other}")
            counts["with types"] += "msgspec" in decoders and _fits(operation, body)
    return found, counts


def _fits(operation: Operation, body: bytes) -> bool:
    from ngrok_async._wire import structs  # noqa: PLC0415 # msgspec may be missing

    return structs.reader(operation.model, operation.items).read(body) is not None
