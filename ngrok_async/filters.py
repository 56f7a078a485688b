"""Conditions for the `filter` of lists, as values.

    from ngrok_async.filters import ago

    f = ngrok.tunnel_sessions.fields
    old = (f.os != "windows") & (f.started_at < ago(days=7))
    async for session in ngrok.tunnel_sessions.list(filter=old):
        print(session.id)

The resources whose lists ngrok can filter have `fields`, one for each that ngrok knows there. A
field that is compared with a value gives a `Condition`. Conditions are joined by `&`, `|` and `~`,
with parentheses around each comparison. Type checkers know all of it: a misspelt field, a value of
another type, a condition on things of another kind.

https://ngrok.com/docs/api/api-filtering
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from inspect import get_annotations
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    NoReturn,
    TypeAlias,
    TypeVar,
    cast,
    get_origin,
    overload,
)

from ngrok_async._filters.cel import FromNow, ago, ahead, quote, utc
from ngrok_async._filters.condition import (
    NO_TRUTH,
    PARENTHESES,
    Condition,
    Filter,
    M,
    all_of,
    any_of,
)
from ngrok_async._hints import OF_FIELD, Explained, Instead
from ngrok_async._json import unencodable_at
from ngrok_async._wire.arguments import Id

__all__ = [
    "BoolField",
    "Condition",
    "Field",
    "Fields",
    "Filter",
    "FromNow",
    "IdField",
    "Reference",
    "ReferenceField",
    "SetField",
    "TextField",
    "TimeField",
    "ago",
    "ahead",
    "all_of",
    "any_of",
    "quote",
]

_S = TypeVar("_S", bound=str)
_I = TypeVar("_I", bound=Id)
_V = TypeVar("_V")

Several: TypeAlias = list[_V] | tuple[_V, ...] | set[_V] | frozenset[_V]
"""What `in_` takes. No text and no generator is among them."""


class Fields(Explained):
    """The fields that ngrok's filter knows in a list: what `ngrok.<resource>.fields` is.

    A class of them has each as an annotation, with its kind.
    """

    def __init_subclass__(cls) -> None:
        """Make each field out of its annotation."""
        super().__init_subclass__()
        for name, kind in get_annotations(cls).items():
            setattr(cls, name, cast("type[Field[Any]]", get_origin(kind))(name))

    def __repr__(self) -> str:
        """Show their names."""
        names = ", ".join(name for name in dir(self) if not name.startswith("_"))
        return f"<{type(self).__name__}: {names}>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse to change: a condition is written with two signs, `fields.id == "..."`.

        Raises:
            AttributeError: Always.
        """
        raise AttributeError(f"fields are compared, not set: write `fields.{name} == ...`")


class Field(Explained, Generic[M]):
    """One field, on its own; `str(field)` is its name in a filter, such as "obj.region"."""

    _synonyms: ClassVar[Instead] = OF_FIELD
    _has: ClassVar[str] = "is a field"

    def __init__(self, path: str) -> None:
        """Take the field's name, below `obj`."""
        self._path = path

    def __str__(self) -> str:
        """Return its name in a filter that is put together by hand."""
        return f"obj.{self._path}"

    def __repr__(self) -> str:
        """Show its kind and name."""
        return f"<{type(self).__name__} {self}>"

    def _condition(self, sign: str, *values: object) -> Condition[M]:
        return Condition(sign, (self._path, *values))

    if not TYPE_CHECKING:  # pragma: no branch # checkers refuse these by themselves

        def __and__(self, other: object) -> NoReturn:
            """Refuse `f.x == a & f.y == b`, which Python reads as `f.x == (a & f.y) == b`."""
            raise TypeError(PARENTHESES)

        __rand__ = __or__ = __ror__ = __and__

        def __bool__(self) -> NoReturn:
            """Refuse `not f.x`, and `and`."""
            raise TypeError(f"{self} is a field of a list's items: {NO_TRUTH}")

        def __contains__(self, value: object) -> NoReturn:
            """Refuse `value in f.x`, of which Python makes true or false."""
            raise TypeError("`in` cannot be sent: write field.has(...) or field.contains(...)")

        def __eq__(self, other: object) -> NoReturn:
            """Refuse what this kind of field has not; those that have it are below."""
            raise TypeError(f"{self} {self._has}")

        __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__

        def _hint(self, name: str) -> str:
            return super()._hint(name) or f"; {self} {self._has}"


class TextField(Field[M]):
    """A text. One that is absent is empty; there is no order, for which "3.18" is before "3.9"."""

    _has = "is a text: it has == != in_ startswith contains endswith empty, and no order"

    def __eq__(self, other: str) -> Condition[M]:  # type: ignore[override] # gives a question
        """Ask whether it is this text."""
        return self._condition("==", _text(self, other))

    def __ne__(self, other: str) -> Condition[M]:  # type: ignore[override] # gives a question
        """Ask whether it is another text."""
        return self._condition("!=", _text(self, other))

    def in_(self, values: Several[_S]) -> Condition[M]:
        """Ask whether it is one of these texts."""
        return self._condition("in", _several(self, values, _text))

    def startswith(self, text: str) -> Condition[M]:
        """Ask whether it begins so."""
        return self._condition(".startsWith", _text(self, text))

    def contains(self, text: str) -> Condition[M]:
        """Ask whether this is a part of it, in the same case."""
        return self._condition(".contains", _text(self, text))

    def endswith(self, text: str) -> Condition[M]:
        """Ask whether it ends so."""
        return self._condition(".endsWith", _text(self, text))

    @property
    def empty(self) -> Condition[M]:
        """Ask whether it is absent or empty, which is the same."""
        return self._condition("empty")


class IdField(Field[M]):
    """An id, compared with an id or with what has one: a model, a `Ref`."""

    _has = "is an id: it has == != in_, and ngrok looks for no part of an id"

    def __eq__(self, other: Id) -> Condition[M]:  # type: ignore[override] # gives a question
        """Ask whether it is this id."""
        return self._condition("==", _id(self, other))

    def __ne__(self, other: Id) -> Condition[M]:  # type: ignore[override] # gives a question
        """Ask whether it is another id."""
        return self._condition("!=", _id(self, other))

    # mypy reads a list with an id and a model in it by the first of these, and a list of models by
    # the second; pyright reads both by either.
    @overload
    def in_(self, values: Several[Id]) -> Condition[M]: ...
    @overload
    def in_(self, values: Several[_I]) -> Condition[M]: ...  # pyright: ignore[reportOverlappingOverload] # see above
    def in_(self, values: Several[Id] | Several[_I]) -> Condition[M]:
        """Ask whether it is one of these ids."""
        return self._condition("in", _several(self, values, _id))


class Reference(Field[M]):
    """A reference to another resource, of which ngrok filters by the id alone."""

    _has = "is a reference: compare its id, which is `.id` of it"

    @property
    def id(self) -> IdField[M]:
        """The id of what it refers to; empty where there is no reference."""
        return IdField(f"{self._path}.id")


class ReferenceField(IdField[M]):
    """A reference that is compared as its id is; ngrok's guide has it without the `.id`."""

    @property
    def id(self) -> IdField[M]:
        """The same, written with `.id`; ngrok's guide leaves open which of them it wants."""
        return IdField(f"{self._path}.id")


class TimeField(Field[M]):
    """A moment, compared with an aware `datetime`, with `ago(...)` or `ahead(...)`."""

    _has = "is a time: it has == < <= > >="

    def __eq__(self, other: datetime | FromNow) -> Condition[M]:  # type: ignore[override] # gives a question
        """Ask whether it is this moment."""
        return self._condition("==", _moment(self, other))

    def __lt__(self, other: datetime | FromNow) -> Condition[M]:
        """Ask whether it is before."""
        return self._condition("<", _moment(self, other))

    def __le__(self, other: datetime | FromNow) -> Condition[M]:
        """Ask whether it is no later."""
        return self._condition("<=", _moment(self, other))

    def __gt__(self, other: datetime | FromNow) -> Condition[M]:
        """Ask whether it is after."""
        return self._condition(">", _moment(self, other))

    def __ge__(self, other: datetime | FromNow) -> Condition[M]:
        """Ask whether it is no sooner."""
        return self._condition(">=", _moment(self, other))


class SetField(Field[M]):
    """Several texts, in no order."""

    _has = "is several texts: write .has(...) for one of them"

    def has(self, text: str) -> Condition[M]:
        """Ask whether this is one of them."""
        return self._condition("has", _text(self, text))


class BoolField(Condition[M]):
    """What is true or false: a condition by itself, and its opposite with `~`."""

    __slots__ = ()

    def __init__(self, path: str) -> None:
        """Take the field's name, below `obj`."""
        super().__init__("true", (path,))

    def __eq__(self, other: bool) -> Condition[M]:  # type: ignore[override] # gives a question
        """Ask whether it is so."""
        return self._is("==", other)

    def __ne__(self, other: bool) -> Condition[M]:  # type: ignore[override] # gives a question
        """Ask whether it is not so."""
        return self._is("!=", other)

    def __hash__(self) -> int:
        """Hash the question."""
        return super().__hash__()

    def _is(self, sign: str, other: object) -> Condition[M]:
        if not isinstance(other, bool):
            raise _wrong(self, "True or False", other)
        return Condition(sign, (*self.parts, other))


def _text(field: object, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(field, "a text", value)
    at = unencodable_at(value)
    if at is not None:
        raise ValueError(f"{field} is compared with half of a character, at position {at}")
    return str.__str__(value)  # an enumeration has another text


def _id(field: object, value: object) -> str:
    if isinstance(value, str):
        return _text(field, value)
    found = getattr(value, "id", None)
    if not isinstance(found, str):
        raise _wrong(field, "an id or what has one", value)
    return _text(field, found)


def _moment(field: object, value: object) -> datetime | FromNow:
    if isinstance(value, FromNow):
        return value
    if not isinstance(value, datetime):
        raise _wrong(field, "an aware datetime, ago(...) or ahead(...)", value)
    return utc(value)


def _several(
    field: object, values: object, check: Callable[[object, object], str]
) -> tuple[str, ...]:
    if not isinstance(values, list | tuple | set | frozenset):
        raise TypeError(
            f"{field}.in_() takes a list, tuple or set of values, got {type(values).__name__}"
        )
    found = dict.fromkeys(check(field, value) for value in cast("Iterable[object]", values))
    if not found:
        raise ValueError(f"{field}.in_() of nothing would find nothing: pass at least one value")
    # A set has another order in each process.
    return tuple(sorted(found) if isinstance(values, set | frozenset) else found)


def _wrong(field: object, expected: str, value: object) -> TypeError:
    hint = (
        ": None is not sent, write .empty" if value is None and isinstance(field, TextField) else ""
    )
    return TypeError(f"{field} is compared with {expected}, got {type(value).__name__}{hint}")
