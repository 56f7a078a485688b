"""Texts of the command line as the values that an operation takes."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from ngrok_async.cli._ends import UsageError, standard_input

if TYPE_CHECKING:
    from ngrok_async._request import JSON
    from ngrok_async.cli._table import Option

NOTHING: Final = object()
"""What `--no-x` stands for."""

_TRUE: Final = {"true": True, "false": False}


class Reader:
    """Reads values, some of them from files, and one of them from standard input."""

    def __init__(self) -> None:
        """Begin; standard input was not read yet."""
        self._reading: str | None = None

    def value(self, option: str, kind: "Option", given: object) -> object:
        """Return what an option stands for.

        Args:
            option: Its name, for messages.
            kind: What it takes.
            given: Its text, the texts of one that may be repeated, or `NOTHING`.

        Raises:
            UsageError: It cannot be meant so.
        """
        of = kind["type"]
        if given is NOTHING:
            return _nothing(kind)
        if of == "[string]":
            return list(cast("list[str]", given))
        if of.startswith("["):
            return self._objects(option, cast("list[str]", given))
        text = cast("str", given)
        return _SCALARS[of](option, text) if of in _SCALARS else self._long(option, of, text)

    def _long(self, option: str, of: str, given: str) -> object:
        text = self.text(option, given)
        return text if of == "string" else _parsed(option, text)

    def _objects(self, option: str, texts: list[str]) -> "list[JSON]":
        """Return objects of JSON, each given alone, or several as an array."""
        found: list[JSON] = []
        for text in texts:
            value = _parsed(option, self.text(option, text))
            found += value if isinstance(value, list) else [value]
        return found

    def text(self, option: str, given: str) -> str:
        """Return a text that may be in a file, as `@name`, or on standard input, as `-`."""
        if given == "-":
            return _without_end(self._stdin(option))
        if not given.startswith("@"):
            return given
        if given.startswith("@@"):  # a text that begins with the sign itself
            return given[1:]
        try:
            with open(given[1:], encoding="utf-8") as file:  # noqa: PTH123 # pathlib loads slowly
                return _without_end(file.read())
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text in UTF-8"
            raise UsageError(
                f"{option}: cannot read {given[1:]!r}: {why} (a text that begins with @: write @@)"
            ) from None

    def lines(self, what: str) -> list[str]:
        """Return the lines of standard input that are not blank."""
        return self._stdin(what).split()

    def _stdin(self, what: str) -> str:
        if self._reading is not None:
            raise UsageError(f"standard input is read for {self._reading} already, not for {what}")
        self._reading = what
        return standard_input()


def _nothing(kind: "Option") -> object:
    if kind["type"] == "boolean":
        return False
    if kind.get("nullable"):
        return None
    return [] if kind["type"].startswith("[") else {}


def _without_end(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _parsed(option: str, text: str) -> "JSON":
    try:
        value: JSON = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{option} must be JSON: {error}") from None
    return value


def _boolean(option: str, text: str) -> bool:
    if text not in _TRUE:
        raise UsageError(f"{option} must be true or false; got {text!r}")
    return _TRUE[text]


def _integer(option: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{option} must be a whole number; got {text!r}") from None


def _time(option: str, text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise UsageError(f"{option} must be a time such as 2027-01-31T12:00:00Z; got {text!r}")
    return time


_SCALARS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "boolean": _boolean,
    "integer": _integer,
    "datetime": _time,
}
