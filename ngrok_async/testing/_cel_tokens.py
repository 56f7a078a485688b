"""The words, signs and values of which expressions in CEL are made.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from ngrok_async._numbers import is_int64


class CELError(ValueError):
    """An expression that is not in ngrok's subset of CEL; says what is wrong."""


class Token(NamedTuple):
    """A part of an expression that has no parts.

    Attributes:
        kind: "name", "sign", "end", or one of `VALUES`.
        text: How it is written.
        start: Where it begins.
        end: Where the next may begin.
    """

    kind: str
    text: str
    start: int
    end: int


_TOKEN: Final = re.compile(
    r"""
    (?P<space> [\t\n\f\r\x20]+ | //[^\r\n]* )
  | (?P<raw> [rR] (?: '{3} [\s\S]*? '{3} | "{3} [\s\S]*? "{3} | ' [^'\r\n]* ' | " [^"\r\n]* " ) )
  | (?P<text> '{3} (?: [^\\] | \\[\s\S] )*? '{3} | "{3} (?: [^\\] | \\[\s\S] )*? "{3}
            | ' (?: [^'\\\r\n] | \\[^\r\n] )* ' | " (?: [^"\\\r\n] | \\[^\r\n] )* " )
  | (?P<number> [0-9] [0-9a-zA-Z_.]* )
  | (?P<name> [a-zA-Z_] [0-9a-zA-Z_]* )
  | (?P<sign> && | \|\| | [=!<>]= | [\s\S] )
    """,
    re.VERBOSE,
)
_WHOLE_NUMBER: Final = re.compile("[0-9]{1,19}|0x[0-9a-fA-F]{1,16}")
_ESCAPE: Final = re.compile(
    r"""\\(?:
        (?P<letter> [abfnrtv\\"'`?] )
      | [xX] (?P<two> [0-9a-fA-F]{2} )
      | u (?P<four> [0-9a-fA-F]{4} )
      | U (?P<eight> [0-9a-fA-F]{8} )
      | (?P<octal> [0-3][0-7]{2} )
      | (?P<wrong> [\s\S] )
    )""",
    re.VERBOSE,
)
_LETTERS: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SURROGATES: Final = range(0xD800, 0xE000)
_LAST_CHARACTER: Final = 0x10FFFF


def tokens(expression: str) -> list[Token]:
    """Take an expression apart; the last token is its end.

    Raises:
        CELError: A text in it is not closed.
    """
    found: list[Token] = []
    for match in _TOKEN.finditer(expression):
        if match[0] in {"'", '"'}:
            raise CELError(f"the text from character {match.start() + 1} on is not closed")
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], *match.span()))
    return [*found, Token("end", "", len(expression), len(expression))]


def cut(source: str) -> str:
    """Return what a message shows of a part of an expression."""
    longest = 60
    return source if len(source) <= longest else f"{source[:longest]}..."


def _number(text: str) -> int:
    if _WHOLE_NUMBER.fullmatch(text):
        value = int(text, 16 if "x" in text else 10)
        if is_int64(value):
            return value
    raise CELError(f"not supported: {cut(text)} (numbers are whole, of at most 64 bits)")


def _raw(text: str) -> str:
    return _unquoted(text[1:])


def _text(text: str) -> str:
    return _ESCAPE.sub(_character, _unquoted(text))


def _unquoted(text: str) -> str:
    size = 3 if text.startswith(("'''", '"""')) else 1
    return text[size:-size]


def _character(escape: re.Match[str]) -> str:
    kind = str(escape.lastgroup)
    value = escape[kind]
    if kind == "letter":
        return _LETTERS.get(value, value)
    if kind != "wrong":
        code = int(value, 8 if kind == "octal" else 16)
        if code not in _SURROGATES and code <= _LAST_CHARACTER:
            return chr(code)
    raise CELError(f"{escape[0]} in a text stands for no character")


VALUES: Final[Mapping[str, Callable[[str], str | int]]] = {
    "number": _number,
    "raw": _raw,
    "text": _text,
}
"""By kind of token: what returns its value."""
