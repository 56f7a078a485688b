"""Bytes to models with msgspec, where the extra `speed` has installed it.

msgspec makes structs of the bytes and is strict about it; the loop of `loop.py` makes models of the
structs. What is rare is not read here (unknown fields, null for a text, times in other zones,
whatever is wrong): the decoder that works without msgspec looks at it then, and it decides.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, TypeAlias, get_args, get_origin

import msgspec

from ngrok_async._model import Model, is_time
from ngrok_async._wire.loop import (
    SCALARS,
    Field,
    Parts,
    UnusualError,
    compiled,
    fields_of,
    is_model,
    item_kind,
)

_INT64: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


def probe() -> None:
    """Use what is used of msgspec: a build for another Python, or an old one, fails here."""
    page = _decoder(Model, "models")(b'{"models":[{}],"uri":"u"}')
    if (page.uri, len(page.items), msgspec.json.decode(b"[7]", type=list[_INT64])) != ("u", 1, [7]):
        raise ValueError("it does not decode what it was given")


def read(body: bytes, model: Any, items: str | None) -> Parts | None:  # noqa: ANN401 # a type form
    """Return what `read.read_quickly` does."""
    try:
        content = _decoder(model, items)(body)
        many = compiled(model, typed=True)
        if items is None:
            return many([content]), "", None
        return many(content.items or []), content.uri or "", content.next_page_uri or None
    except Exception:  # noqa: BLE001 # whatever it was, the closer look finds it
        return None


@cache
def _decoder(model: Any, items: str | None) -> Callable[[bytes], Any]:  # noqa: ANN401 # a type form
    try:
        struct = _struct(model)
    except (UnusualError, RecursionError):  # the latter of a model that holds its own kind
        return _unreadable
    return msgspec.json.Decoder(struct if items is None else _page(struct, items)).decode


def _unreadable(_: bytes) -> Any:  # noqa: ANN401 # as a decoder
    raise UnusualError


def _page(struct: Any, items: str) -> Any:  # noqa: ANN401 # type forms
    content: list[tuple[str, Any] | tuple[str, Any, Any]] = [
        ("items", list.__class_getitem__(struct) | None),
        ("uri", str | None, None),
        ("next_page_uri", str | None, None),
    ]
    renamed = {"items": items}
    return msgspec.defstruct("Page", content, rename=renamed, forbid_unknown_fields=True)


@cache
def _struct(model: Any) -> Any:  # noqa: ANN401 # type forms
    if not is_model(model):
        raise UnusualError
    return msgspec.defstruct(
        model.__name__,
        [_declared(field) for field in fields_of(model)],
        kw_only=True,
        forbid_unknown_fields=True,
        gc=False,  # they live for a moment, and never hold one another in circles
    )


def _declared(field: Field) -> tuple[str, Any] | tuple[str, Any, Any]:
    kind = _kind(field.kind)
    if field.kind in SCALARS and not field.nullable:
        return (field.name, kind) if field.required else (field.name, kind, field.default)
    return (field.name, kind | None) if field.required else (field.name, kind | None, None)


def _kind(kind: Any) -> Any:  # noqa: ANN401 # type forms
    """Return what msgspec reads a value as, before the loop makes a `kind` of it."""
    if kind is int:
        return _INT64
    if kind in SCALARS or kind is float:
        return kind
    if is_time(kind):
        return str  # msgspec rounds to microseconds, Python cuts off
    if get_origin(kind) is tuple:
        return list.__class_getitem__(_kind(item_kind(get_args(kind)[0])))
    if get_origin(kind) is Mapping:
        return dict.__class_getitem__((str, _kind(item_kind(get_args(kind)[1]))))
    return _struct(kind)
