"""One loop per model, generated: what decoding costs is mostly calls and checks.

A generated function makes a list of models of a list of objects. It takes the usual forms of a
value and raises at anything else, without saying what or where: the exact pass of `read.decode`
looks again then, and it decides. So nothing here may accept what the exact hooks refuse;
`tests/wire/test_loop.py` holds the two against each other.

The objects are decoded JSON, whose types the loop checks, or structs that `structs` has made of the
bytes, whose types are right already.

A frozen class stores attributes in a roundabout way. So the loop fills an object of a class that
has the same slots and is not frozen, and then gives it its true class.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    NamedTuple,
    NoReturn,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

from ngrok_async._model import is_time
from ngrok_async._unfrozen import unfrozen

Many: TypeAlias = Callable[[list[Any]], list[Any]]
Parts: TypeAlias = tuple[list[Any], str, str | None]
"""The models of a body, the page's own address and that of the next."""

SCALARS: Final = (str, bool, int)
# Texts of few values, in many objects. So are those of open enumerations.
_REPEATED: Final = frozenset({"agent_version", "os", "region", "scheme", "upstream_protocol"})
# Repeated texts and references are kept for the objects to come, but no more than this.
_MOST_KEPT: Final = 1000
_LONGEST_KEPT: Final = 64
_LONGEST_REFERENCE: Final = 256
_ZERO_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)
# Looked up now: a loop that is made while freezegun has replaced `datetime` outlives that.
_FROM_TEXT: Final = datetime.fromisoformat


class UnusualError(Exception):
    """A value that the exact pass has to look at."""


class Field(NamedTuple):
    """A field of a model, as far as decoding goes.

    Attributes:
        name: Its name, in JSON too.
        default: What stands for an absent value; `attrs.NOTHING` where it has to be there.
        kind: The type without null; for an open enumeration `str`.
        nullable: Whether null is a value of its own.
        repeated: Whether it holds one of few texts.
    """

    name: str
    default: Any
    kind: Any
    nullable: bool
    repeated: bool

    @property
    def required(self) -> bool:
        """Whether it has to be there."""
        return self.default is attrs.NOTHING


def fields_of(model: type[Any]) -> list[Field]:
    """Return the fields that a model has in JSON."""
    hints = get_type_hints(model)
    fields = [field for field in attrs.fields(model) if field.name != "_extra"]
    return [_field(field.name, field.default, hints[field.name]) for field in fields]


def _field(name: str, default: Any, hint: Any) -> Field:  # noqa: ANN401 # a type form
    members = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    rest = [member for member in members if member is not NoneType]
    # An open enumeration is a text that may be anything.
    is_text = str in rest and all(m is str or get_origin(m) is Literal for m in rest)
    kind = str if is_text else rest[0] if len(rest) == 1 else hint
    return Field(
        name=name,
        default=default,
        kind=kind,
        nullable=len(rest) < len(members),
        repeated=is_text and default == "" and (len(rest) > 1 or name in _REPEATED),
    )


def item_kind(hint: Any) -> Any:  # noqa: ANN401 # type forms
    """Return the type of the items of a list or map; as it is where null may be among them."""
    field = _field("", attrs.NOTHING, hint)
    return hint if field.nullable else field.kind


def is_model(kind: object) -> bool:
    """Tell whether a type is an attrs class."""
    return isinstance(kind, type) and attrs.has(kind)


def _is_reference(kind: Any) -> bool:  # noqa: ANN401 # a type form
    return is_model(kind) and [field.name for field in fields_of(kind)] == ["id", "uri"]


@cache
def compiled(model: Any, *, typed: bool = False) -> Many:  # noqa: ANN401 # a class
    """Return a function that makes a list of models of a list of objects.

    Args:
        model: An attrs class of ours.
        typed: Whether the objects are structs of the declared types, and not decoded JSON.
    """
    loop = _Loop(model, typed=typed)
    exec(loop.source(), loop.scope)  # noqa: S102 # made of our own declarations alone
    structure: Callable[[list[Any], int], list[Any]] = loop.scope["structure"]
    known = len(loop.fields)

    def many(objects: list[Any]) -> list[Any]:
        try:
            return structure(objects, known)
        except KeyError:
            # An object had as many fields as are known, but one of them is new and one is missing.
            return structure(objects, -1)

    return many


@cache
def quick_way(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 # a type form
    """Return what takes the usual values of a kind, and raises at others."""
    if is_model(kind):
        one = compiled(kind)
        return lambda value: one([value])[0]
    if get_origin(kind) is tuple and is_model(item := get_args(kind)[0]):
        many = compiled(item)
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


class _Loop:
    """The text of a function, and what its names stand for.

    In it `o` is the object, `m` the model that is being made, `v` the value of a field and `r` a
    reference that was made before. An object of `complete` fields is taken to have all that are
    known and no others; to one of another number the missing ones are added, as null.
    """

    def __init__(self, model: type[Any], *, typed: bool) -> None:
        self.typed = typed
        self.fields = fields_of(model)
        names = [field.name for field in self.fields]
        self.scope: dict[str, Any] = {
            "absent": {field.name: None for field in self.fields if not field.required},
            "blank": unfrozen(model),
            "from_text": _FROM_TEXT,
            "model": model,
            "text": _text,
            "texts": _TEXTS,
            "unknown": partial(_unknown, frozenset(names)),
            "Unusual": UnusualError,
            "UTC": UTC,
            "zero": _ZERO_TIME,
        }

    def source(self) -> str:
        lines = [
            "m = blank()",
            *self._extra(),
            *self._repeated([field for field in self.fields if field.repeated]),
            *(line for field in self.fields if not field.repeated for line in self._stored(field)),
            "m.__class__ = model",
            "add(m)",
        ]
        return "\n".join([
            "def structure(objects, complete):",
            "    made = []",
            "    add = made.append",
            "    for o in objects:",
            *(f"        {line}" for line in lines),
            "    return made",
        ])  # fmt: skip

    def _extra(self) -> list[str]:
        if self.typed:
            return ["m._extra = None"]
        return [
            "if type(o) is not dict: raise Unusual",
            "if len(o) == complete: m._extra = None",
            "else:",
            "    o = absent | o",
            f"    m._extra = None if len(o) == {len(self.fields)} else unknown(o)",
        ]

    def _repeated(self, fields: list[Field]) -> list[str]:
        if not fields:
            return []
        return [
            "try:",  # what is found there needs no other check
            *(f"    m.{field.name} = texts[{self._given(field)}]" for field in fields),
            "except KeyError:",
            *(f"    m.{field.name} = text({self._given(field)})" for field in fields),
        ]

    def _stored(self, field: Field) -> list[str]:
        given, target = self._given(field), f"m.{field.name}"
        if field.kind in SCALARS:
            if self.typed and not field.nullable:
                return [f"{target} = {given}"]
            return [
                f"v = {given}",
                f"if {_fits(field.kind, 'v')}: {target} = v",
                f"elif v is None: {self._null(field)}",
                "else: raise Unusual",
            ]
        return [
            f"v = {given}",
            f"if v is None: {self._null(field)}",
            "else:",
            *(f"    {line}" for line in self._converted(field.kind, field)),
        ]

    def _given(self, field: Field) -> str:
        return f"o.{field.name}" if self.typed else f"o[{field.name!r}]"

    def _null(self, field: Field) -> str:
        """Return the statement for null, which Go also writes for an empty list or map."""
        if field.required:
            return f"m.{field.name} = None" if field.nullable else "raise Unusual"
        name = f"default_{field.name}"
        if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type] # a class in truth
            self.scope[name] = field.default.factory
            return f"m.{field.name} = {name}()"
        self.scope[name] = field.default
        return f"m.{field.name} = {name}"

    def _converted(self, kind: Any, field: Field) -> list[str]:  # noqa: ANN401 # a type form
        """Return the lines that check `v`, which is not null, and store what it stands for."""
        target, make = f"m.{field.name}", f"make_{field.name}"
        if is_time(kind):
            value = "None if v == zero else v" if field.nullable else "v"
            check = ["v = from_text(v)", "if v.tzinfo is not UTC: raise Unusual"]
            return [*check, f"{target} = {value}"]
        if kind is float:
            # JSON has one number type: 50 and 50.0 are the same text to it.
            check = ["if type(v) is not int and type(v) is not float: raise Unusual"]
            return [*check, f"{target} = float(v)"]
        if _is_reference(kind):
            return self._shared(kind, field)
        if is_model(kind):
            self.scope[make] = self._many(kind)
            return [f"[{target}] = {make}([v])"]
        return self._collected(kind, field)

    def _collected(self, kind: Any, field: Field) -> list[str]:  # noqa: ANN401 # a type form
        target, make, arguments = f"m.{field.name}", f"make_{field.name}", get_args(kind)
        if get_origin(kind) is tuple and is_model(arguments[0]):
            self.scope[make] = self._many(arguments[0])
            return [*self._is("list"), f"{target} = tuple({make}(v))"]
        if get_origin(kind) is tuple:
            return [*self._checked("list", arguments[0], "v"), f"{target} = tuple(v)"]
        if get_origin(kind) is Mapping:
            check = self._checked("dict", arguments[1], "v.values()")
            return [*check, f"{target} = dict(v)"]
        return ["raise Unusual"]

    def _is(self, name: str) -> list[str]:
        return [] if self.typed else [f"if type(v) is not {name}: raise Unusual"]

    def _checked(self, name: str, hint: Any, values: str) -> list[str]:  # noqa: ANN401 # a type form
        item = item_kind(hint)
        if item not in SCALARS:
            return ["raise Unusual"]
        if self.typed:
            return []
        check = f"    if not ({_fits(item, 'x')}): raise Unusual"
        return [*self._is(name), f"for x in {values}:", check]

    def _shared(self, kind: Any, field: Field) -> list[str]:  # noqa: ANN401 # a type form
        known, make = f"known_{field.name}", f"make_{field.name}"
        self.scope[known], self.scope[make] = _references(kind, typed=self.typed)
        if self.typed:
            ident, is_other = "v.id", "r.uri != v.uri"
        else:
            ident, is_other = "v['id']", "len(v) != 2 or r.uri != v['uri']"
        return [
            f"r = {known}({ident})",
            f"if r is None or {is_other}: r = {make}(v)",
            f"m.{field.name} = r",
        ]

    def _many(self, model: Any) -> Many:  # noqa: ANN401 # a class
        # A model may hold its own kind, whose function is not made yet.
        def many(objects: list[Any]) -> list[Any]:
            return compiled(model, typed=self.typed)(objects)

        return many


def _fits(kind: type, name: str) -> str:
    """Return the condition that a value of JSON is of a kind; Go has integers of 64 bits."""
    is_kind = f"type({name}) is {kind.__name__}"
    return f"{is_kind} and {-(2**63)} <= {name} < {2**63}" if kind is int else is_kind


def _unknown(known: frozenset[str], content: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in content.items() if name not in known}


_TEXTS: Final[dict[str | None, str]] = {None: ""}


def _text(value: Any) -> str:  # noqa: ANN401 # whatever was sent
    """Return a text, the same object for equal ones, or "" for null."""
    if value in _TEXTS:
        return _TEXTS[value]
    if type(value) is not str:
        raise UnusualError
    if len(value) <= _LONGEST_KEPT:
        if len(_TEXTS) >= _MOST_KEPT:
            _TEXTS.clear()
            _TEXTS[None] = ""
        _TEXTS[value] = value
    return value


@cache
def _references(
    model: Any,  # noqa: ANN401 # a class
    *,
    typed: bool,
) -> tuple[Callable[[str], Any], Callable[[Any], Any]]:
    """Return what finds a reference by its id, and what makes and keeps one."""
    kept: dict[str, Any] = {}
    many = compiled(model, typed=typed)

    def make(given: Any) -> Any:  # noqa: ANN401 # whatever was sent
        [made] = many([given])
        if not made.extra and len(made.id) + len(made.uri) <= _LONGEST_REFERENCE:
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[made.id] = made
        return made

    return kept.get, make
