"""Functions that make models, generated: what decoding costs is mostly calls and checks.

A generated function makes one model of one object of decoded JSON. It takes the usual forms of a
value and raises at anything else, without saying what or where. There is one for each set of names
that objects of a model have, found by their number: as it looks each name up, an object that has as
many names has the same, or is a KeyError. What is rare goes through a function that takes objects
with any names, and what that one refuses too is looked at by the exact pass, which decides. So
nothing here may accept what the exact hooks refuse; `tests/wire/test_differential.py` holds the two
against each other.
"""

from collections.abc import Iterable, Mapping
from functools import cache, partial
from threading import Lock
from typing import Any, Final, NoReturn, cast, get_args

from ngrok_async._kinds import TypeForm
from ngrok_async._wire.fields import (
    Field,
    are_few,
    fields_of,
    is_list,
    is_model,
    is_reference,
    unknown,
)
from ngrok_async._wire.writer import Many, One, UnusualError, Writer, indented

# An object's names get a function of their own when so many of them have come: making one takes as
# long as reading some hundred objects.
_OFTEN: Final = 20
_MOST_FUNCTIONS: Final = 64


class WrongItemError(Exception):
    """An item of a list that is not of its declared type."""

    def __init__(self, place: int) -> None:
        """Keep its index."""
        super().__init__(place)
        self.place = place


class Maker:
    """Makes models of one class.

    Attributes:
        one: Makes a model of an object.
        many: Makes a list of models of a list of objects.
    """

    def __init__(self, model: TypeForm) -> None:
        """Make nothing yet: a function is made when the first object comes."""
        self._model = model
        fields = fields_of(model)
        self._known = frozenset(field.name for field in fields)
        self._required = frozenset(field.name for field in fields if field.required)
        self._optional = self._known - self._required
        self._lock = Lock()  # clients of other threads learn too
        self._any: One | None = None
        self._seen: dict[frozenset[str], int] = {}
        self._made: dict[frozenset[str], One] = {}
        self._nulls: dict[frozenset[str], frozenset[str]] = {}
        self._by_number: dict[int, One] = {}
        self.one, self.many = self._ways()

    def _ways(self) -> tuple[One, Many]:
        by_number, other = self._by_number, self._other

        def one(given: Any) -> Any:  # noqa: ANN401 # whatever was sent
            try:
                return by_number[len(given)](given)
            except WrongItemError:  # something within
                raise
            except Exception:  # noqa: BLE001 # whatever it was, the closer look finds it
                return other(given)

        def many(objects: list[Any]) -> list[Any]:
            made: list[Any] = []
            add = made.append
            for given in objects:
                try:
                    add(by_number[len(given)](given))
                except WrongItemError:
                    raise WrongItemError(len(made)) from None
                except Exception:  # noqa: BLE001 # as above
                    add(other(given, len(made)))
            return made

        return one, many

    def _other(self, given: Any, place: int = 0) -> Any:  # noqa: ANN401 # whatever was sent
        try:
            if type(given) is dict:
                content = cast("dict[str, Any]", given)
                with self._lock:
                    self._learn(content)
                return self._of_any(content)
        except WrongItemError:
            raise WrongItemError(place) from None
        except Exception:  # noqa: BLE001,S110 # as above
            pass
        from ngrok_async._wire.exact import exact_converter  # noqa: PLC0415 # imports cattrs

        try:
            return exact_converter().structure(given, self._model)
        except Exception:  # noqa: BLE001 # who wants to know what is wrong asks again
            raise WrongItemError(place) from None

    def _of_any(self, given: dict[str, Any]) -> Any:  # noqa: ANN401 # a model
        if self._any is None:
            self._any = function(self._model)
        return self._any(given)

    def _learn(self, given: dict[str, Any]) -> None:
        """Make a function for an object's names, and nulls, when such objects come often."""
        names = frozenset(given)
        if not names or not self._required <= names or not are_few(names - self._known):
            return
        if len(self._seen) >= _MOST_FUNCTIONS and names not in self._seen:
            self._seen.clear()
        seen = self._seen[names] = self._seen.get(names, 0) + 1
        if seen < _OFTEN or len(self._made) >= _MOST_FUNCTIONS:
            return
        self._seen[names] = 0
        nulls = {name for name in names & self._optional if given[name] is None}
        if names in self._made and nulls <= self._nulls[names]:
            return  # something else is unusual about it
        self._nulls[names] = self._nulls.get(names, frozenset()) | nulls
        self._made[names] = function(self._model, names, self._nulls[names])
        same = {these: one for these, one in self._made.items() if len(these) == len(names)}
        self._by_number[len(names)] = _chosen(same)


def _chosen(functions: Mapping[frozenset[str], One]) -> One:
    """Return what gives an object to one of several functions, by a name that it has."""
    first, *others = functions
    if not others:
        return functions[first]
    [name, *_] = first - others[0]
    with_it = _chosen({names: one for names, one in functions.items() if name in names})
    without = _chosen({names: one for names, one in functions.items() if name not in names})
    return lambda given: with_it(given) if name in given else without(given)


@cache
def maker(model: TypeForm) -> Maker:
    """Return what makes models of a class."""
    return Maker(model)


@cache
def quick_way(kind: TypeForm) -> One:
    """Return what takes the usual values of a kind, and raises at others."""
    if is_model(kind):
        return maker(kind).one
    if is_list(kind) and is_model(item := get_args(kind)[0]):
        many = maker(item).many
        return lambda value: tuple(many(_list(value)))
    return _plain_text if kind is str else _none


def _plain_text(value: Any) -> str:  # noqa: ANN401 # whatever was sent
    if type(value) is not str:
        raise UnusualError
    return value


def _list(value: Any) -> list[Any]:  # noqa: ANN401 # whatever was sent
    if type(value) is not list:
        raise UnusualError
    return value  # pyright: ignore[reportUnknownVariableType] # JSON


def _none(_: object) -> NoReturn:
    raise UnusualError


def function(
    model: TypeForm, names: Iterable[str] | None = None, nulls: frozenset[str] = frozenset()
) -> One:
    """Generate what makes a model of an object.

    Args:
        model: Its class.
        names: What the object has; None where it may have any.
        nulls: Which of them may be null.
    """
    writer = _OfJSON(model, names, nulls)
    return writer.compiled(["def make(o):", *indented(writer.lines()), "    return m"], "make")


class _OfJSON(Writer):
    """Makes models of decoded JSON."""

    def __init__(self, model: TypeForm, names: Iterable[str] | None, nulls: frozenset[str]) -> None:
        super().__init__(model)
        self._names = None if names is None else frozenset(names)
        self._nulls = nulls
        known = frozenset(field.name for field in self.fields)
        self._unknown = sorted((self._names or known) - known)
        self.scope["absent"] = {field.name: None for field in self.fields if not field.required}
        self.scope["unknown"] = partial(unknown, known)

    def extra(self) -> list[str]:
        if self._names is None:
            number = len(self.fields)
            return ["o = absent | o", f"m._extra = None if len(o) == {number} else unknown(o)"]
        content = ", ".join(f"{name!r}: o[{name!r}]" for name in self._unknown)
        return [f"m._extra = {f'{{{content}}}' if content else None}"]

    def given(self, field: Field) -> str:
        return f"o[{field.name!r}]"

    def is_looked_up(self, field: Field) -> bool:
        return field.repeated and self._has(field)

    def may_be_null(self, field: Field) -> bool:
        if field.required:
            return field.nullable
        # What makes models within takes nothing else.
        is_within = is_model(field.kind) and not is_reference(field.kind)
        return is_within or self._names is None or field.name in self._nulls

    def stored(self, field: Field) -> list[str]:
        if not self._has(field):
            return (
                ["raise Unusual"] if field.required else [f"m.{field.name} = {self.default(field)}"]
            )
        if field.kind is str and not self.may_be_null(field):
            return [f"m.{field.name} = {self.given(field)} + ''"]  # see `scalar`
        return super().stored(field)

    def scalar(self, kind: TypeForm, name: str) -> list[str]:
        if kind is str:
            return [f"{name} + ''"]  # fails for all but texts, and is the quickest check
        if kind is bool:
            return [f"if {name} is not True and {name} is not False: raise Unusual"]
        if kind is float:
            return [f"if type({name}) is not float and type({name}) is not int: raise Unusual"]
        # Go has integers of 64 bits. A bool is one to isinstance.
        fits = f"type({name}) is int and {-(2**63)} <= {name} < {2**63}"
        return [f"if not ({fits}): raise Unusual"]

    def container(self, kind: str) -> list[str]:
        return [f"if type(v) is not {kind}: raise Unusual"]

    def shared(self, known: str, keep: str, one: str) -> list[str]:
        return [
            "if len(v) != 2: r = " + f"{one}(v)",
            "else:",
            "    i = v['id']",
            "    u = v['uri']",
            f"    r = {known}(i)",
            f"    if r is None or r.uri != u: r = {keep}(i + '', u + '')",
        ]

    def maker_of(self, model: TypeForm) -> tuple[One, Many]:
        return maker(model).one, maker(model).many

    def _has(self, field: Field) -> bool:
        return self._names is None or field.name in self._names
