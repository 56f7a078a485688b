"""Conditions: trees of values that are written in CEL for ngrok, and can be asked here."""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeAlias, TypeVar

import attrs

from ngrok_async._filters.cel import FromNow, utc, written
from ngrok_async._pickles import Stored

M = TypeVar("M")

PARENTHESES: Final = (
    "& and | join conditions and bind more than == or <, so each comparison beside them needs "
    'parentheses: (f.region == "eu") & (f.os != "windows")'
)
NO_TRUTH: Final = (
    "it is a question to ngrok, neither true nor false here: join conditions by & | ~ and not by "
    "`and`, `or`, `not`; write (low < field) & (field < high) for a chain, and field.in_([...]) or "
    "field.has(...) for `in`; condition.matches(item) gives an answer here"
)


@attrs.frozen(eq=False, repr=False)
class Condition(Stored, Generic[M]):
    """What an item has to meet to be in a list; made by comparing the `fields` of a resource.

    It is a value: it can be compared, hashed, pickled and kept, and `str(condition)` is what ngrok
    is sent. Conditions are joined by `&`, `|` and `~`, with parentheses around each comparison.

    Attributes:
        sign: What it asks: an operator or method of CEL, "has", "empty" or "true".
        parts: The conditions that it joins by that; else the field and what it is compared with.
    """

    sign: str
    parts: tuple[Any, ...]

    def matches(self, item: M, *, now: datetime | None = None) -> bool:
        """Tell whether an item meets it, as ngrok would.

        What is absent is empty, as it is for ngrok. An agent's endpoint has the type "agent" as
        well as "ephemeral", and the `url` of a wildcard endpoint is not found.

        Args:
            item: What a list or `get` gave.
            now: What `ago` and `ahead` count from; by default the time of this machine.

        Raises:
            TypeError: The item is of a kind that the condition is not about.
        """
        return _holds(self, item, datetime.now(UTC) if now is None else utc(now))

    def __and__(self, other: "Condition[M]") -> "Condition[M]":
        """Return what holds where both do."""
        return joined("&&", (self, other))

    def __or__(self, other: "Condition[M]") -> "Condition[M]":
        """Return what holds where one of them does, or both."""
        return joined("||", (self, other))

    def __invert__(self) -> "Condition[M]":
        """Return what holds where it does not."""
        inner = _plain(self)
        return inner.parts[0] if inner.sign == "!" else Condition("!", (inner,))

    def __eq__(self, other: object) -> bool:
        """Tell whether it is the same question in the same words."""
        if isinstance(other, Condition):
            return (self.sign, self.parts) == (other.sign, other.parts)
        if isinstance(other, bool):  # `(f.x == a) & f.flag == True`, as Python reads it
            raise TypeError(PARENTHESES)
        return NotImplemented

    def __hash__(self) -> int:
        """Hash the question."""
        return hash((self.sign, self.parts))

    def __bool__(self) -> NoReturn:
        """Refuse `and`, `or`, `not`, `in` and chains of comparisons.

        Raises:
            TypeError: Always.
        """
        raise TypeError(NO_TRUTH)

    def __str__(self) -> str:
        """Write it in CEL, as ngrok is sent it."""
        return _text(self)

    def __repr__(self) -> str:
        """Show what it asks."""
        return f"<Condition {self}>"

    if not TYPE_CHECKING:  # pragma: no branch # for checkers there is no such operand

        def __rand__(self, other: object) -> NoReturn:
            """Refuse a value in front of `&`: its comparison has no parentheses."""
            raise TypeError(PARENTHESES)

        __ror__ = __rand__

        def __call__(self, *_: object) -> NoReturn:
            """Refuse `field.empty()`, and a condition in the place of a function."""
            raise TypeError(
                "a condition is not called: `field.empty` has no parentheses, and of an item it is "
                "condition.matches(item)"
            )


Filter: TypeAlias = str | Condition[M]
"""What a list takes as `filter`: a condition on its items, or a text in ngrok's subset of CEL."""


def all_of(*conditions: Condition[M]) -> Condition[M]:
    """Return what holds where each of the conditions does.

    Raises:
        ValueError: There is none.
        TypeError: One is no condition; those in a list are passed as `all_of(*conditions)`.
    """
    return joined("&&", conditions)


def any_of(*conditions: Condition[M]) -> Condition[M]:
    """Return what holds where at least one of the conditions does.

    Raises:
        ValueError: There is none.
        TypeError: One is no condition; those in a list are passed as `any_of(*conditions)`.
    """
    return joined("||", conditions)


def joined(sign: str, conditions: Sequence[Condition[M]]) -> Condition[M]:
    """Join conditions by "&&" or "||"; of those that are joined so already, take the parts."""
    parts: list[Condition[M]] = []
    for one in conditions:
        _check(one)
        part = _plain(one)
        parts.extend(part.parts if part.sign == sign else (part,))
    if not parts:
        raise ValueError(f"pass at least one condition: there is nothing to join by {sign}")
    return parts[0] if len(parts) == 1 else Condition(sign, tuple(parts))


def _check(value: object) -> None:
    if isinstance(value, Condition):
        return
    kind = type(value).__name__
    if isinstance(value, list | tuple | set | frozenset | Iterator):
        raise TypeError(f"pass conditions one by one, those of a {kind} with a * before it")
    if isinstance(value, str):
        raise TypeError(
            "expected a condition, got a text, which is joined with texts only: write it as a "
            "condition too, or all as one text: f'{condition} && (...)'"
        )
    raise TypeError(f"expected a condition, got {kind}: {PARENTHESES}")


def _plain(condition: Condition[M]) -> Condition[M]:
    """Return a condition that compares as one, where it is a field that compares as a field."""
    if type(condition) is Condition:
        return condition
    return Condition(condition.sign, condition.parts)


# How it is written


_WRITTEN: Final[Mapping[str, str]] = {
    **{sign: f"{{}} {sign} {{}}" for sign in ("==", "!=", "<", "<=", ">", ">=", "in")},
    **{f".{name}": f"{{}}.{name}({{}})" for name in ("startsWith", "contains", "endsWith")},
    "empty": '{} == ""',
    "has": "{1} in {0}",
    "true": "{}",
}
_INSIDE: Final[Mapping[str, frozenset[str]]] = {
    "&&": frozenset({"||"}),
    "||": frozenset(),
    "!": frozenset(_WRITTEN.keys() | {"&&", "||"}) - {"true"},
}
"""By what is around: what has to be in parentheses. The others bind more by themselves."""


def _text(condition: Condition[Any]) -> str:
    sign, parts = condition.sign, condition.parts
    if sign == "!":
        return f"!{_inside(sign, parts[0])}"
    if sign in _INSIDE:
        return f" {sign} ".join(_inside(sign, part) for part in parts)
    path, *values = parts
    return _WRITTEN[sign].format(f"obj.{path}", *map(written, values))


def _inside(sign: str, part: Condition[Any]) -> str:
    return f"({part})" if part.sign in _INSIDE[sign] else str(part)


# What it means


_Ways: TypeAlias = tuple[Any, ...]
"""What a field is for an item, twice if it has two names; a comparison need hold for one only."""

_Holds: TypeAlias = Callable[[_Ways, Any], bool]


def _holds(condition: Condition[Any], item: object, now: datetime) -> bool:
    sign, parts = condition.sign, condition.parts
    if sign == "!":
        return not _holds(parts[0], item, now)
    if sign in _INSIDE:
        return (all if sign == "&&" else any)(_holds(part, item, now) for part in parts)
    path, *values = parts
    value = values[0] if values else None
    return _MEANING[sign](_read(item, path), value.at(now) if isinstance(value, FromNow) else value)


def _any(holds: Callable[[Any, Any], bool]) -> _Holds:
    return lambda ways, value: any(holds(way, value) for way in ways)


def _ordered(holds: Callable[[datetime, datetime], bool]) -> _Holds:
    return _any(lambda at, moment: isinstance(at, datetime) and holds(at, moment))


_MEANING: Final[Mapping[str, _Holds]] = {
    "==": _any(operator.eq),
    "!=": lambda ways, value: value not in ways,
    "<": _ordered(operator.lt),
    "<=": _ordered(operator.le),
    ">": _ordered(operator.gt),
    ">=": _ordered(operator.ge),
    "in": _any(lambda way, values: way in values),
    "empty": lambda ways, _: "" in ways,
    "has": lambda ways, value: value in ways[0],
    "true": lambda ways, _: bool(ways[0]),
    ".startsWith": _any(str.startswith),
    ".contains": _any(str.__contains__),
    ".endsWith": _any(str.endswith),
}


def _read(item: object, path: str) -> _Ways:
    first, _, below = _STORED_AS.get(path, path).partition(".")
    try:
        value: Any = getattr(item, first)
        value = getattr(value, below) if below and value is not None else value
    except AttributeError:
        raise TypeError(
            f"the condition is on obj.{path}, which no {type(item).__name__} has"
        ) from None
    if value is None:
        return ("",)
    if path in _UNLIKE_OTHERS:
        return _UNLIKE_OTHERS[path](value)
    return (value.id if hasattr(value, "id") else value,)


def _binding(bindings: tuple[str, ...]) -> _Ways:
    return bindings[:1] or ("",)


def _type(text: str) -> _Ways:
    # The guide asks for "agent", and answers have "ephemeral".
    return text, {"agent": "ephemeral", "ephemeral": "agent"}.get(text, text)


def _url(text: str) -> _Ways:
    # `obj.url == "https://*.example.com"` did not find that endpoint at ngrok, in 2026-04. What
    # stands here is in no filter: CEL has no halves of characters.
    return ("\udfff" if "*" in text else text,)


_STORED_AS: Final[Mapping[str, str]] = {"binding": "bindings"}
_UNLIKE_OTHERS: Final[Mapping[str, Callable[[Any], _Ways]]] = {
    "binding": _binding,
    "type": _type,
    "url": _url,
}
"""By field, all of them of endpoints: what it is that is not simply what answers have."""
