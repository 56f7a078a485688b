"""The `filter` of lists: what an expression in ngrok's subset of CEL means.

https://ngrok.com/docs/api/api-filtering
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any, Final, TypeAlias

import attrs

from ngrok_async.testing._cel import Call, Items, Literal, Name, Node, parse
from ngrok_async.testing._cel_tokens import CELError, cut
from ngrok_async.testing._filter_terms import (
    ID,
    LIST,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    TRUTH,
    Term,
    Way,
    instant,
)
from ngrok_async.testing._refusals import refusal
from ngrok_async.testing._store import Item

_Holds: TypeAlias = Callable[[Any, Any], bool]

_TEXTS: Final = frozenset({TEXT, ID})
_SPAN: Final = re.compile("([0-9]{1,9})([dhm])")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


@attrs.frozen
class Condition:
    """A filter, ready to be asked.

    Attributes:
        meets: Whether an item is to be in the list.
        cost: About how many steps that takes.
    """

    meets: Callable[[Item], bool]
    cost: int


def condition(expression: str, known: Mapping[str, Term], now: datetime) -> Condition:
    """Compile a filter.

    Args:
        expression: The filter.
        known: The fields that it may have, by their names in it.
        now: What time it is.

    Raises:
        RefusedError: The filter is not valid, whether or not there is anything to be filtered.
    """
    # The guide's example of a refusal has the code "invalid_cel_expression", and otherwise what
    # ngrok's list of errors has for 250. Refusals that people quote have 250.
    try:
        node, size = parse(expression)
        # A field that is absent is neither true nor false by itself.
        return Condition(_then(bool, _Meaning(known, now).test(node)), size)
    except CELError as error:
        raise refusal(250, why=error) from None


class _Meaning:
    """Makes functions of expressions, and refuses those that ngrok would."""

    def __init__(self, known: Mapping[str, Term], now: datetime) -> None:
        self._known = known
        self._now = now

    def test(self, node: Node) -> Way:
        """Return what tells whether a condition holds for an item."""
        term = self.term(node)
        if term.kind != TRUTH:
            raise CELError(f"{cut(node.source)} is no condition, it is {term.kind}")
        return term.ways[0]

    def term(self, node: Node) -> Term:
        """Return what a part of an expression gives."""
        if isinstance(node, Literal):
            return attrs.evolve(_constant(_KINDS[type(node.value)], node.value), source=node.source)
        if isinstance(node, Name):
            return attrs.evolve(self._field(node.path), source=node.source)
        if isinstance(node, Call):
            return attrs.evolve(_CALLS[node.name](self, node), source=node.source)
        raise CELError(f"{cut(node.source)} is a list, which has its place after `in`")

    def _field(self, path: str) -> Term:
        if path in self._known:
            return self._known[path]
        if path == "time.now":
            raise CELError("time.now has its place in timestamp(time.now)")
        if path.partition(".")[0] != "obj":
            raise CELError(f"unknown name: {cut(path)} (fields are written as obj.id)")
        known = ", ".join(self._known) or "none: no field of this list is documented"
        raise CELError(f"unsupported field: {cut(path)} (must be one of {known})")

    def _terms(self, call: Call) -> list[Term]:
        return [self.term(argument) for argument in call.arguments]

    def any_of(self, call: Call) -> Term:
        return _any([self.test(argument) for argument in call.arguments])

    def all_of(self, call: Call) -> Term:
        tests = [self.test(argument) for argument in call.arguments]
        return _truth(lambda item: all(test(item) for test in tests))

    def negated(self, call: Call) -> Term:
        return _not(self.test(call.arguments[0]))

    def equal(self, call: Call) -> Term:
        return self._equality(call, *call.arguments)

    def different(self, call: Call) -> Term:
        return _not(self.equal(call).ways[0])

    def _equality(self, call: Call, *nodes: Node) -> Term:
        left, right = (self.term(node) for node in nodes)
        if _asks_for_nothing(left, nodes[1], right):
            return _asked(_is_empty, left)
        if _asks_for_nothing(right, nodes[0], left):
            return _asked(_is_empty, right)
        if left.kind != right.kind and not {left.kind, right.kind} <= _TEXTS:
            raise _mismatch(call, left, right)
        return _compared(_same_truth if left.kind == TRUTH else operator.eq, left, right)

    def ordered(self, call: Call) -> Term:
        left, right = self._terms(call)
        kinds = {left.kind, right.kind}
        if not (kinds <= _TEXTS or kinds in ({TIME}, {NUMBER})):
            raise _mismatch(call, left, right)
        holds = _ORDERS[call.name]
        return _compared(partial(_both_there, holds) if TIME in kinds else holds, left, right)

    def one_of(self, call: Call) -> Term:
        node, others = call.arguments
        left = self.term(node)
        if left.kind == LIST:
            raise CELError(f'{cut(left.source)} is a list (write "..." in {cut(left.source)})')
        if not isinstance(others, Items):
            right = self.term(others)
            if right.kind != LIST or left.kind not in _TEXTS:
                raise _mismatch(call, left, right)
            return _compared(lambda value, values: value in values, left, right)
        tests = [self._equality(call, node, other).ways[0] for other in others.items]
        texts = {o.value for o in others.items if isinstance(o, Literal) and o.value is not None}
        if left.kind in _TEXTS and len(texts) == len(tests):  # one step, however many there are
            return _asked(texts.__contains__, left)
        return _any(tests)

    def size(self, call: Call) -> Term:
        (term,) = self._terms(call)
        if term.kind not in {TEXT, ID, LIST}:
            raise CELError(f"size() asks for a text or a list, {cut(term.source)} is {term.kind}")
        return Term(NUMBER, [_then(len, way) for way in term.ways])

    def timestamp(self, call: Call) -> Term:
        (node,) = call.arguments
        if isinstance(node, Name) and node.path == "time.now":
            return _constant(TIME, self._now)
        if isinstance(node, Literal) and isinstance(node.value, str):
            at = instant(node.value)
            if at is None:
                raise CELError(
                    f'{cut(node.source)} is no time in RFC 3339, such as "2026-01-31T09:30:00Z"'
                )
            return _constant(TIME, at)
        term = self.term(node)
        if term.kind != TIME:
            raise CELError(
                f"timestamp() asks for a text in RFC 3339 or time.now: {cut(call.source)}"
            )
        return term

    def shifted(self, call: Call) -> Term:
        node, span = call.arguments
        term = self.term(node)
        if term.kind != TIME:
            raise CELError(f"{call.name[1:]}() belongs to times, {cut(term.source)} is {term.kind}")
        text = span.value if isinstance(span, Literal) else None
        found = _SPAN.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise CELError(f'{cut(span.source)} is no span of time, such as "7d", "24h" or "15m"')
        by = int(found[1]) * _UNITS[found[2]] * _DIRECTIONS[call.name]
        return Term(TIME, [_then(partial(_moved, by), way) for way in term.ways])

    def substring(self, call: Call) -> Term:
        left, right = self._terms(call)
        name = call.name[1:]
        if left.kind == ID:  # ngrok's own words
            raise CELError(f"field {cut(left.source)} does not support substring matching ({name})")
        if left.kind != TEXT or right.kind not in _TEXTS:
            raise _mismatch(call, left, right)
        return _compared(_SUBSTRINGS[call.name], left, right)


_CALLS: Final[Mapping[str, Callable[[_Meaning, Call], Term]]] = {
    "||": _Meaning.any_of,
    "&&": _Meaning.all_of,
    "!": _Meaning.negated,
    "==": _Meaning.equal,
    "!=": _Meaning.different,
    "<": _Meaning.ordered,
    "<=": _Meaning.ordered,
    ">": _Meaning.ordered,
    ">=": _Meaning.ordered,
    "in": _Meaning.one_of,
    "size": _Meaning.size,
    ".size": _Meaning.size,
    "timestamp": _Meaning.timestamp,
    ".add": _Meaning.shifted,
    ".subtract": _Meaning.shifted,
    ".startsWith": _Meaning.substring,
    ".contains": _Meaning.substring,
    ".endsWith": _Meaning.substring,
}
_ORDERS: Final[Mapping[str, _Holds]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUBSTRINGS: Final[Mapping[str, _Holds]] = {
    ".startsWith": str.startswith,
    ".contains": str.__contains__,
    ".endsWith": str.endswith,
}
# What is before or after all times that there are.
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_DIRECTIONS: Final = {".add": 1, ".subtract": -1}
_KINDS: Final[Mapping[type, str]] = {str: TEXT, int: NUMBER, bool: TRUTH, type(None): NULL}


def _constant(kind: str, value: object) -> Term:
    return Term(kind, [lambda _: value])


def _truth(way: Way) -> Term:
    return Term(TRUTH, [way])


def _not(test: Way) -> Term:
    return _truth(lambda item: not test(item))


def _any(tests: Sequence[Way]) -> Term:
    if len(tests) == 1:
        return _truth(tests[0])
    return _truth(lambda item: any(test(item) for test in tests))


def _then(function: Callable[[Any], object], way: Way) -> Way:
    return lambda item: function(way(item))


def _asked(holds: Callable[[Any], bool], term: Term) -> Term:
    return _any([_then(holds, way) for way in term.ways])


def _compared(holds: _Holds, left: Term, right: Term) -> Term:
    def pair(one: Way, other: Way) -> Way:
        return lambda item: holds(one(item), other(item))

    return _any([pair(*ways) for ways in product(left.ways, right.ways)])


def _asks_for_nothing(term: Term, node: Node, other: Term) -> bool:
    """Tell whether a comparison with `other`, written as `node`, asks whether `term` is empty."""
    if term.kind == LIST:
        return other.kind == NULL or (isinstance(node, Literal) and node.value == "")
    return other.kind == NULL and term.kind != NUMBER


def _is_empty(value: object) -> bool:
    return value in (None, "", [])


def _same_truth(one: object, other: object) -> bool:
    return bool(one) is bool(other)


def _both_there(holds: _Holds, one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and holds(one, other)


def _moved(by: timedelta, at: datetime | None) -> datetime | None:
    try:
        return at and at + by
    except OverflowError:
        return _LAST if by > timedelta() else _FIRST


def _mismatch(call: Call, left: Term, right: Term) -> CELError:
    kinds = {left.kind, right.kind}
    hint = ""
    if kinds == {TIME, TEXT}:
        hint = ' (write timestamp("..."))'
    if LIST in kinds and call.name != "in":
        source = left.source if left.kind == LIST else right.source
        hint = f' (write "..." in {cut(source)})'
    return CELError(
        f"{call.name.lstrip('.')} does not go with {left.kind} and {right.kind}"
        f": {cut(call.source)}{hint}"
    )
