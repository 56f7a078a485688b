"""Bytes to models with msgspec, where the extra `speed` has installed it.

msgspec makes structs of the bytes and is strict about it; a generated loop makes models of the
structs. What they are is learned of the first bodies: fields that ngrok has added, and the texts of
few values, which msgspec then finds instead of making them. A body that does not fit is read
without types, as with json, and learned of, so that the next one fits again.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from threading import Lock
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import attrs
import msgspec
from msgspec import UNSET

from ngrok_async._kinds import TypeForm, is_time
from ngrok_async._request import JSON
from ngrok_async._wire import text
from ngrok_async._wire.fields import (
    SCALARS,
    Field,
    Parts,
    are_few,
    fields_of,
    is_list,
    is_map,
    is_model,
    item_kind,
)
from ngrok_async._wire.writer import Many, One, UnusualError, Writer, indented

_INT64: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
# Types are made when so many models have come, and anew when as many have been read without.
_ENOUGH: Final = 100
_MOST_TEXTS: Final = 16
_LONGEST_TEXT: Final = 64
_MOST_IN_VAIN: Final = 3
_ONE_OF: Final[TypeForm] = Literal
_NO_TEXTS: Final[Mapping[str, Collection[str]]] = {}

_loads: Final = msgspec.json.Decoder().decode


@attrs.frozen
class _Empty:
    """A model without fields."""

    _extra: None = None


def probe() -> None:
    """Use what is used of msgspec: a build for another Python, or an old one, fails here."""
    page = way(_Empty, "models")(b'{"models":[{}],"uri":"u"}')
    large = 12345678901234567890123
    numbers = msgspec.json.decode(b"[7]", type=list[_INT64]), _loads(b"[%d]" % large)
    if (page, numbers) != (Parts((_Empty(),), "u", None, None), ([7], [large])):
        raise ValueError("it does not decode what it was given")


@cache
def reader(model: TypeForm, items: str | None) -> "Reader":
    """Return what reads the bodies of a declaration; the arguments are those of `read.read`."""
    return Reader(model, items)


class Reader:
    """Reads the bodies of one declaration."""

    def __init__(self, model: TypeForm, items: str | None) -> None:
        """Know nothing: types are made when some bodies have come."""
        self._model = model
        self._items = items
        self._lock = Lock()  # clients of other threads learn too
        self._way: Callable[[bytes], Any] | None = None
        self._gives_up = not is_model(model)
        self._seen = self._in_vain = 0
        self._is_new = True
        self._names = set[str]()
        self._page_names = set[str]()
        self._texts: dict[str, set[str]] = {}
        if not self._gives_up:
            self._texts = {field.name: set() for field in fields_of(model) if field.repeated}

    def read(self, body: bytes) -> Any:  # noqa: ANN401 # a model, or `Parts`
        """Read a body with types; None where it does not fit."""
        if self._way is None:
            return None
        try:
            found = self._way(body)
        except Exception:  # noqa: BLE001 # whatever it was, the closer look finds it
            return None
        self._in_vain = 0
        return found

    def loads(self, body: bytes) -> JSON:
        """Do what `text.loads` does."""
        try:
            if text.are_bounded():
                value: JSON = _loads(body)
                return value
        except Exception:  # noqa: BLE001,S110 # as above
            pass
        return text.loads(body)

    def learn(self, found: Any) -> None:  # noqa: ANN401 # a model, or `Parts`
        """Look at what was read without types, and make types that fit."""
        if not self._gives_up:
            with self._lock:
                self._learn(found)

    def _learn(self, found: Any) -> None:  # noqa: ANN401 # as above
        if self._items is None:
            self._look([found])
        else:
            self._look(found.items)
            self._add(self._page_names, found.extra or ())
        if self._is_new:
            if self._seen >= _ENOUGH and not self._gives_up:
                self._make()
        else:
            self._in_vain += 1
            self._gives_up |= self._in_vain >= _MOST_IN_VAIN
        if self._gives_up:
            self._way = None

    def _look(self, models: Iterable[Any]) -> None:
        for model in models:
            self._seen += 1
            if model._extra:  # noqa: SLF001 # our own; `extra` is a copy
                self._add(self._names, model._extra)  # noqa: SLF001 # the same
            for name, texts in self._texts.items():
                self._add(texts, (getattr(model, name),))
        for name, texts in [*self._texts.items()]:
            if len(texts) > _MOST_TEXTS or any(len(text) > _LONGEST_TEXT for text in texts):
                del self._texts[name]

    def _add(self, known: set[str], names: Collection[str]) -> None:
        if not known.issuperset(names):
            known.update(names)
            self._is_new = True
            self._gives_up |= not (are_few(self._names) and are_few(self._page_names))

    def _make(self) -> None:
        try:
            self._way = way(self._model, self._items, self._names, self._page_names, self._texts)
        except Exception:  # noqa: BLE001 # a model of a kind that is left to the exact pass, say
            self._gives_up = True
        self._seen, self._is_new = 0, False


def way(
    model: TypeForm,
    items: str | None,
    names: Collection[str] = (),
    page_names: Collection[str] = (),
    texts: Mapping[str, Collection[str]] = _NO_TEXTS,
) -> Callable[[bytes], Any]:
    """Return what reads a body with types, and raises where it does not fit.

    Args:
        model: As in `read.read`.
        items: The same.
        names: What models have that is not declared.
        page_names: The same, of pages.
        texts: All texts that these fields may have.
    """
    struct = _struct(model, names, texts)
    decode = _decoder(struct, items, page_names)
    writer = _OfStructs(model, names, texts)
    if items is None:
        one = writer.one()
        return lambda body: one(decode(body))
    many = writer.many()
    unknown = _unknown_fields(page_names)

    def page(body: bytes) -> Parts:
        content = decode(body)
        given = ((name, getattr(content, field)) for field, name in unknown)
        return Parts(
            tuple(many(content.items or [])),
            content.uri or "",
            content.next_page_uri or None,
            {name: value for name, value in given if value is not UNSET} or None,
        )

    return page


def _unknown_fields(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the attributes of structs that stand for names which ngrok has added."""
    return [(f"unknown_{number}", name) for number, name in enumerate(sorted(names))]


def _decoder(
    struct: TypeForm, items: str | None, names: Iterable[str] = ()
) -> Callable[[bytes], Any]:
    if items is None:
        one: Callable[[bytes], Any] = msgspec.json.Decoder(struct).decode
        return one
    added = _unknown_fields(names)
    page = msgspec.defstruct(
        "Page",
        [
            ("items", list.__class_getitem__(struct) | None),
            ("uri", str | None, None),
            ("next_page_uri", str | None, None),
            *((field, Any, UNSET) for field, _ in added),
        ],
        rename={"items": items, **dict(added)},
        forbid_unknown_fields=True,
    )
    decode: Callable[[bytes], Any] = msgspec.json.Decoder(page).decode
    return decode


def _struct(
    model: TypeForm, names: Iterable[str] = (), texts: Mapping[str, Collection[str]] = _NO_TEXTS
) -> TypeForm:
    if not is_model(model):
        raise UnusualError
    added = _unknown_fields(names)
    return msgspec.defstruct(
        model.__name__,
        [
            *(_declared(field, texts.get(field.name)) for field in fields_of(model)),
            *((field, Any, UNSET) for field, _ in added),
        ],
        rename=dict(added),
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,  # they live for a moment, and never hold one another in circles
    )


@cache
def _plain_struct(model: TypeForm) -> TypeForm:
    return _struct(model)


def _declared(field: Field, texts: Collection[str] | None) -> tuple[Any, ...]:
    kind: TypeForm = _kind(field.kind)
    if texts:
        kind = _ONE_OF[tuple(sorted(texts))]
    if field.required:
        return field.name, kind | None if field.nullable else kind
    return field.name, kind | None, None


def _kind(kind: TypeForm) -> TypeForm:
    """Return what msgspec reads a value as, before the loop makes a `kind` of it."""
    if kind is int:
        return _INT64
    if kind in SCALARS or kind is float:
        return kind
    if is_time(kind):
        return str  # msgspec rounds to microseconds, Python cuts off
    if is_list(kind):
        return list.__class_getitem__(_kind(item_kind(get_args(kind)[0])))
    if is_map(kind):
        return dict.__class_getitem__((str, _kind(item_kind(get_args(kind)[1]))))
    return _plain_struct(kind)


class _OfStructs(Writer):
    """Makes models of structs, whose types are right already."""

    def __init__(
        self, model: TypeForm, names: Iterable[str] = (), texts: Collection[str] = ()
    ) -> None:
        super().__init__(model)
        self._added = _unknown_fields(names)
        self._texts = texts
        self.scope["unset"] = UNSET

    def one(self) -> One:
        lines = ["def make(o):", *indented(self.lines()), "    return m"]
        return self.compiled(lines, "make")

    def many(self) -> Many:
        lines = [
            "def make_all(objects):",
            "    made = []",
            "    add = made.append",
            "    for o in objects:",
            *indented(self.lines(), 2),
            "        add(m)",
            "    return made",
        ]
        return self.compiled(lines, "make_all")

    def extra(self) -> list[str]:
        added = [
            f"if o.{field} is not unset: m._extra = {{**(m._extra or {{}}), {name!r}: o.{field}}}"
            for field, name in self._added
        ]
        return ["m._extra = None", *added]

    def given(self, field: Field) -> str:
        return f"o.{field.name}"

    def is_looked_up(self, field: Field) -> bool:
        return field.repeated and field.name not in self._texts

    def may_be_null(self, field: Field) -> bool:
        return not field.required or field.nullable

    def stored(self, field: Field) -> list[str]:
        if field.kind in SCALARS:
            if not self.may_be_null(field) or field.null is None:
                return [f"m.{field.name} = o.{field.name}"]
            if not field.null:  # "", 0 or False
                return [f"m.{field.name} = o.{field.name} or {field.null!r}"]
        return super().stored(field)

    def scalar(self, kind: TypeForm, name: str) -> list[str]:
        del kind, name  # checked by msgspec
        return []

    def container(self, kind: str) -> list[str]:
        del kind  # the same
        return []

    def shared(self, known: str, keep: str, one: str) -> list[str]:
        del one  # a struct has no other fields
        return [
            "i = v.id",
            "u = v.uri or ''",
            f"r = {known}(i)",
            f"if r is None or r.uri != u: r = {keep}(i, u)",
        ]

    def maker_of(self, model: TypeForm) -> tuple[One, Many]:
        return _within(model)


@cache
def _within(model: TypeForm) -> tuple[One, Many]:
    """Return what makes models that are within others."""
    return _OfStructs(model).one(), _OfStructs(model).many()
