"""ngrok's subset of CEL, from a text to a tree.

https://ngrok.com/docs/api/api-filtering tells what is in the subset, and
https://github.com/google/cel-spec/blob/master/doc/langdef.md how that is written. A library for all
of CEL would take what ngrok refuses, and refuse in words of its own.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

import attrs

from ngrok_async.testing._cel_tokens import VALUES, CELError, Token, cut, tokens


@attrs.frozen(kw_only=True)
class Node:
    """A part of an expression.

    Attributes:
        source: How it is written.
        depth: How many others are nested in it.
    """

    source: str
    depth: int = 0


@attrs.frozen(kw_only=True)
class Literal(Node):
    """A value: a text, a whole number, true, false or null."""

    value: str | int | None


@attrs.frozen(kw_only=True)
class Name(Node):
    """A variable and its fields, such as "obj.credential.id"."""

    path: str


@attrs.frozen(kw_only=True)
class Items(Node):
    """A list that is written out."""

    items: tuple[Node, ...]


@attrs.frozen(kw_only=True)
class Call(Node):
    """An operator, a function such as "size", or a method such as ".contains"."""

    name: str
    arguments: tuple[Node, ...]


class Parsed(NamedTuple):
    """An expression, and of how many words and signs it is made."""

    node: Node
    size: int


def parse(expression: str) -> Parsed:
    """Read an expression.

    Raises:
        CELError: It is not in the subset.
    """
    parser = _Parser(expression)
    return Parsed(parser.whole(), parser.size)


_Part: TypeAlias = Callable[[], Node]

# So that no expression can exhaust the stack: about ten calls are made for each pair of
# parentheses. Nobody's condition is nested as deep.
_DEEPEST: Final = 30
_RELATIONS: Final = frozenset({"<", "<=", "==", "!=", ">=", ">", "in"})
_CONSTANTS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "null": None}

_FUNCTIONS: Final = {
    "size": 1,
    "timestamp": 1,
    ".add": 2,
    ".contains": 2,
    ".endsWith": 2,
    ".size": 1,
    ".startsWith": 2,
    ".subtract": 2,
}
"""How many values each takes; of a method, what it stands behind is one of them."""

_CONVERSIONS: Final = "type checks and conversions"
_MACROS: Final = "macros"
_LEFT_OUT: Final = {
    "all": _MACROS,
    "bool": _CONVERSIONS,
    "bytes": _CONVERSIONS,
    "double": _CONVERSIONS,
    "dyn": _CONVERSIONS,
    "exists": _MACROS,
    "exists_one": _MACROS,
    "filter": _MACROS,
    "has": _MACROS,
    "int": _CONVERSIONS,
    "map": _MACROS,
    "matches": "regular expressions",
    "string": _CONVERSIONS,
    "type": _CONVERSIONS,
    "uint": _CONVERSIONS,
    "?": "conditional values",
    "+": "arithmetic",
    "-": "arithmetic",
    "*": "arithmetic",
    "/": "arithmetic",
    "%": "arithmetic",
    "[": "access by index",
    "{": "maps and messages",
}
"""Functions and signs of CEL that ngrok does not take, and what they are."""

_INSTEAD: Final = {
    "=": "==",
    "&": "&&",
    "|": "||",
    "and": "&&",
    "or": "||",
    "duration": 'a text such as "7d"',
    "now": "timestamp(time.now)",
    "daysAgo": 'timestamp(time.now).subtract("7d")',
}
"""What to write in place of something that is often tried."""


class _Parser:
    """Reads one expression, from the operators that bind least to those that bind most."""

    def __init__(self, expression: str) -> None:
        self._text = expression
        self._tokens = tokens(expression)
        self.size = len(self._tokens)
        self._at = 0
        self._open = 0

    def whole(self) -> Node:
        node = self._condition()
        if self._token.kind != "end":
            raise self._unexpected()
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self, *texts: str) -> str | None:
        """Go on behind one of these words and signs, if that is what comes next."""
        text = self._token.text
        if text not in texts:
            return None
        self._at += 1
        return text

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            raise self._unexpected()

    def _condition(self) -> Node:
        return self._joined("||", self._conjunction)

    def _conjunction(self) -> Node:
        return self._joined("&&", self._relation)

    def _joined(self, sign: str, part: _Part) -> Node:
        start, parts = self._token.start, [part()]
        while self._take(sign):
            parts.append(part())
        return parts[0] if len(parts) == 1 else self._call(sign, parts, start)

    def _relation(self) -> Node:
        start, node = self._token.start, self._negation()
        while sign := self._take(*_RELATIONS):
            node = self._call(sign, [node, self._negation()], start)
        return node

    def _negation(self) -> Node:
        start, count = self._token.start, 0
        while self._take("!"):
            count += 1
        node = self._member()
        # Twice is enough to ask for a condition and to leave it as it is.
        for _ in range(min(count, 2 - count % 2)):
            node = self._call("!", [node], start)
        return node

    def _member(self) -> Node:
        start, node = self._token.start, self._primary()
        while self._take("."):
            name = self._name()
            if self._take("("):
                node = self._function(f".{name}", [node], start)
            elif isinstance(node, Name):
                node = Name(path=f"{node.path}.{name}", source=self._since(start))
            else:
                raise CELError(f"{cut(node.source)} has no fields")
        return node

    def _primary(self) -> Node:
        token = self._token
        if self._take(*_CONSTANTS):
            return Literal(value=_CONSTANTS[token.text], source=token.text)
        if token.kind in VALUES:
            self._at += 1
            return Literal(value=VALUES[token.kind](token.text), source=token.text)
        if token.kind == "name" and token.text != "in":
            name = self._name()
            if self._take("("):
                return self._function(name, [], token.start)
            return Name(path=name, source=name)
        if self._take("["):
            items = self._list("]")
            return Items(items=tuple(items), source=self._since(token.start), depth=_above(items))
        if self._take("("):
            node = self._nested(self._condition)
            self._expect(")")
            return node
        raise self._unexpected()

    def _list(self, end: str) -> list[Node]:
        """Read what is between commas, up to a closing sign."""
        parts: list[Node] = []
        if self._token.text != end:
            parts.append(self._nested(self._condition))
            while self._take(","):
                parts.append(self._nested(self._condition))
        self._expect(end)
        return parts

    def _nested(self, part: _Part) -> Node:
        self._open += 1
        if self._open > _DEEPEST:
            raise _too_deep()
        node = part()
        self._open -= 1
        return node

    def _name(self) -> str:
        token = self._token
        if token.kind != "name":
            raise self._unexpected()
        self._at += 1
        return token.text

    def _function(self, name: str, receiver: list[Node], start: int) -> Node:
        bare = name.removeprefix(".")
        if bare in _LEFT_OUT or bare in _INSTEAD:
            raise _left_out(bare)
        if name not in _FUNCTIONS:
            raise CELError(f"there is no function {cut(bare)}()")
        arguments = [*receiver, *self._list(")")]
        if len(arguments) != _FUNCTIONS[name]:
            count = _FUNCTIONS[name] - len(receiver)
            raise CELError(f"{bare}() takes {('nothing', 'one value')[count]}")
        return self._call(name, arguments, start)

    def _call(self, name: str, arguments: list[Node], start: int) -> Node:
        depth = _above(arguments)
        if depth > _DEEPEST:
            raise _too_deep()
        source = self._since(start)
        return Call(name=name, arguments=tuple(arguments), source=source, depth=depth)

    def _since(self, start: int) -> str:
        return self._text[start : self._tokens[self._at - 1].end]

    def _unexpected(self) -> CELError:
        token = self._token
        if token.kind == "end":
            return CELError("something is missing at its end")
        if token.text in _LEFT_OUT or token.text in _INSTEAD:
            return _left_out(token.text)
        return CELError(f"unexpected {cut(token.text)} at character {token.start + 1}")


def _above(nodes: list[Node]) -> int:
    return 1 + max((node.depth for node in nodes), default=0)


def _too_deep() -> CELError:
    return CELError(f"it is nested more than {_DEEPEST} deep")


def _left_out(text: str) -> CELError:
    if text in _INSTEAD:
        return CELError(f"not supported: {text} (write {_INSTEAD[text]})")
    return CELError(f"not supported: {_LEFT_OUT[text]} ({text})")
