"""The text of functions that make models; what is common to those of JSON and of structs.

A frozen class stores attributes in a roundabout way. So the functions fill an object of a subclass
that is not frozen, and then give it its true class.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any, TypeAlias, get_args

import attrs

from ngrok_async._kinds import TypeForm, is_time
from ngrok_async._unfrozen import unfrozen
from ngrok_async._wire.fields import (
    SCALARS,
    ZERO_TIME,
    Field,
    fields_of,
    from_text,
    instant,
    is_list,
    is_map,
    is_model,
    is_reference,
    item_kind,
)
from ngrok_async._wire.shared import TEXTS, references, text

One: TypeAlias = Callable[[Any], Any]
Many: TypeAlias = Callable[[list[Any]], list[Any]]


class UnusualError(Exception):
    """A value that the exact pass has to look at."""


def indented(lines: Iterable[str], by: int = 1) -> list[str]:
    """Return lines further to the right."""
    return [f"{'    ' * by}{line}" for line in lines]


class Writer(ABC):
    """The text of a function, and what its names stand for.

    In it `o` is the object, `m` the model that is being made, `v` the value of a field and `r` a
    reference that was made before.
    """

    def __init__(self, model: TypeForm) -> None:
        """Name what any function needs."""
        self.fields = fields_of(model)
        self.scope: dict[str, Any] = {
            "blank": unfrozen(model),
            "from_text": from_text,
            "instant": instant,
            "model": model,
            "text": text,
            "texts": TEXTS,
            "Unusual": UnusualError,
            "UTC": UTC,
            "zero": ZERO_TIME,
        }

    def compiled(self, lines: Iterable[str], name: str) -> One:
        """Return the function of that name."""
        exec("\n".join(lines), self.scope)  # noqa: S102 # made of our own declarations alone
        made: One = self.scope[name]
        return made

    def lines(self) -> list[str]:
        """Return the lines that make `m` of `o`."""
        looked_up = [field for field in self.fields if self.is_looked_up(field)]
        rest = [field for field in self.fields if field not in looked_up]
        return [
            "m = blank()",
            *self.extra(),
            *self._looked_up(looked_up),
            *(line for field in rest for line in self.stored(field)),
            "m.__class__ = model",
        ]

    @abstractmethod
    def extra(self) -> list[str]:
        """Return the lines that store what is not known."""

    @abstractmethod
    def given(self, field: Field) -> str:
        """Return the expression for the value of a field."""

    @abstractmethod
    def is_looked_up(self, field: Field) -> bool:
        """Tell whether a text is taken from those that came before."""

    @abstractmethod
    def may_be_null(self, field: Field) -> bool:
        """Tell whether null stands for the default."""

    def stored(self, field: Field) -> list[str]:
        """Return the lines that store the value of a field."""
        lines = [f"v = {self.given(field)}"]
        if not self.may_be_null(field):
            return [*lines, *self._converted(field)]
        return [
            *lines,
            f"if v is None: m.{field.name} = {self.default(field)}",
            "else:",
            *indented(self._converted(field)),
        ]

    def default(self, field: Field) -> str:
        """Return the expression for what null stands for, and an absent value."""
        name = f"default_{field.name}"
        if isinstance(field.null, attrs.Factory):  # type: ignore[arg-type] # a class in truth
            self.scope[name] = field.null.factory
            return f"{name}()"
        self.scope[name] = field.null
        return repr(field.null) if field.null is None or type(field.null) in SCALARS else name

    @abstractmethod
    def scalar(self, kind: TypeForm, name: str) -> list[str]:
        """Return the lines that refuse what is not of a kind."""

    @abstractmethod
    def container(self, kind: str) -> list[str]:
        """Return the lines that refuse what is no list, or no dict."""

    @abstractmethod
    def shared(self, known: str, keep: str, one: str) -> list[str]:
        """Return the lines that make `r` of `v`, a reference."""

    @abstractmethod
    def maker_of(self, model: TypeForm) -> tuple[One, Many]:
        """Return what makes models within this one."""

    def _looked_up(self, fields: list[Field]) -> list[str]:
        if not fields:
            return []
        return [
            "try:",  # what is found there needs no other check
            *(f"    m.{field.name} = texts[{self.given(field)}]" for field in fields),
            "except KeyError:",
            *(f"    m.{field.name} = text({self.given(field)})" for field in fields),
        ]

    def _converted(self, field: Field) -> list[str]:
        """Return the lines that check `v`, which is not null, and store what it stands for."""
        kind, target = field.kind, f"m.{field.name}"
        if kind in SCALARS:
            return [*self.scalar(kind, "v"), f"{target} = v"]
        if is_time(kind):
            return [
                "try: t = from_text(v)",
                "except ValueError: t = instant(v)",
                "if t.tzinfo is not UTC: t = t.astimezone(UTC) if t.tzinfo else instant(v)",
                f"{target} = {'None if t == zero else t' if field.nullable else 't'}",
            ]
        if kind is float:  # JSON has one number type: 50 and 50.0 are the same text to it
            return [*self.scalar(kind, "v"), f"{target} = float(v)"]
        if is_reference(kind):
            kept = references(kind)
            known, keep, one = (f"{what}_{field.name}" for what in ("known", "keep", "one"))
            self.scope |= {known: kept.known, keep: kept.keep, one: self.maker_of(kind)[0]}
            return [*self.shared(known, keep, one), f"{target} = r"]
        if is_model(kind):
            self.scope[f"one_{field.name}"] = self.maker_of(kind)[0]
            return [f"{target} = one_{field.name}(v)"]
        return self._collected(field)

    def _collected(self, field: Field) -> list[str]:
        arguments, target = get_args(field.kind), f"m.{field.name}"
        if is_list(field.kind) and is_model(arguments[0]):
            self.scope[f"many_{field.name}"] = self.maker_of(arguments[0])[1]
            return [*self.container("list"), f"{target} = tuple(many_{field.name}(v))"]
        if is_list(field.kind) and (item := item_kind(arguments[0])) in SCALARS:
            return [
                *self.container("list"),
                *self._each(item, "v"),
                f"{target} = tuple(v)",
            ]
        if is_map(field.kind) and (item := item_kind(arguments[1])) in SCALARS:
            return [
                *self.container("dict"),
                *self._each(item, "v.values()"),
                f"{target} = dict(v)",
            ]
        return ["raise Unusual"]

    def _each(self, kind: TypeForm, values: str) -> list[str]:
        check = self.scalar(kind, "x")
        return [f"for x in {values}:", *indented(check)] if check else []
