"""Which keys were pressed, read from the bytes of a terminal."""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Final

_NAMES: Final = {
    "\r": "enter",
    "\n": "enter",
    "\t": "tab",
    "\x7f": "backspace",
    "\b": "backspace",
    "\x04": "ctrl-d",
}
_SEQUENCES: Final = {
    "A": "up",
    "B": "down",
    "H": "home",
    "F": "end",
    "1~": "home",
    "4~": "end",
    "5~": "pageup",
    "6~": "pagedown",
    "7~": "home",
    "8~": "end",
}


class Keys:
    """What comes from a terminal, in pieces as it pleases."""

    def __init__(self) -> None:
        """Begin between two keys."""
        self._decoder = getincrementaldecoder("utf-8")("replace")

    def read(self, chunk: bytes) -> Iterator[str]:
        """Yield the keys in what was read at once; a character that is one is itself.

        A key that sends several bytes sends them at once, so an escape at the end is that key.
        """
        text = self._decoder.decode(chunk)
        while text:
            if text[0] == "\x1b" and text[1:2] in {"[", "O"} and text[2:]:
                end = next((i for i, c in enumerate(text[2:], 2) if "@" <= c <= "~"), len(text) - 1)
                name = _SEQUENCES.get(text[2 : end + 1])
                text = text[end + 1 :]
                if name:
                    yield name
                continue
            character, text = text[0], text[1:]
            if character == "\x1b":
                yield "esc"
            elif character in _NAMES:
                yield _NAMES[character]
            elif character.isprintable():
                yield character
