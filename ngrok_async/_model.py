"""The base of all models."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from types import MappingProxyType
from typing import Any, Self, cast, get_type_hints

import attrs

from ngrok_async._hints import ExplainedModel
from ngrok_async._json import timestamp
from ngrok_async._kinds import is_id
from ngrok_async._pickles import Stored
from ngrok_async._request import JSON
from ngrok_async._wire.arguments import id_of
from ngrok_async._wire.read import MismatchError, decode
from ngrok_async.unset import UNSET


def some(extra: Mapping[str, JSON] | None) -> Mapping[str, JSON] | None:
    """Return what there is of unknown fields, or None: no fields are no fields, however written."""
    return extra or None


@attrs.frozen(kw_only=True)
class Model(ExplainedModel, Stored):
    """A frozen value made of an answer.

    It holds no client: it compares, copies, pickles and logs as plain data. A text that ngrok left
    out is "", as in ngrok's own Go code, where empty values are not sent.
    """

    # Private and None in nearly every object, since a dictionary each would cost 64 bytes.
    _extra: Mapping[str, JSON] | None = attrs.field(
        default=None, repr=False, hash=False, alias="extra", converter=some
    )

    @property
    def extra(self) -> Mapping[str, JSON]:
        """Fields of the answer that this version of the package does not know, read-only."""
        return MappingProxyType(dict(self._extra or {}))

    def __init_subclass__(cls) -> None:
        """Keep attrs from writing these for each class, which is half of what a class costs."""
        super().__init_subclass__()
        for name in ("__eq__", "__hash__", "__repr__"):
            setattr(cls, name, getattr(cls, name))

    def __eq__(self, other: object) -> bool:
        """Compare the fields, the unknown ones too, of two values of one class."""
        if type(other) is not type(self):
            return NotImplemented
        values = _parts_of(self).compared
        return bool(values(self) == values(other))

    def __hash__(self) -> int:
        """Put it into sets, where none of its fields is a map."""
        return hash((type(self), _parts_of(self).hashed(self)))

    @recursive_repr()
    def __repr__(self) -> str:
        """Show the fields that are known and not secret."""
        parts = _parts_of(self)
        shown = (f"{name}={getattr(self, name)!r}" for name in parts.shown)
        return f"{parts.name}({', '.join(shown)})"

    def to_dict(self, *, secrets: bool = False) -> dict[str, JSON]:
        """Return the API's own JSON form, which `json.dumps` takes: names, times, lists and maps.

        What is in `extra` comes after the fields. All of it is a copy.

        Args:
            secrets: Whether to put in what `repr` hides too, such as a `token`: for a place where
                secrets are kept, and for `from_dict`. What is in `extra` is always there.
        """
        kind: Any = type(self)
        known = flags_of(kind)
        content: dict[str, JSON] = {}
        for name, (is_secret, has_ids) in known.items():
            value = getattr(self, name)
            if value is not UNSET and (secrets or not is_secret):
                content[name] = _ids(name, value) if has_ids else as_json(value, secrets=secrets)
        return content | {k: as_json(v) for k, v in self.extra.items() if k not in known}

    @classmethod
    def from_dict(cls, content: Mapping[str, JSON]) -> Self:
        """Make a value of the API's JSON form, as `to_dict` gives it.

        Unknown names go into `extra`, and what is absent gets its default: secrets do too.

        Args:
            content: Plain JSON values; it is not kept.

        Raises:
            ValueError: A value has the wrong type, or one that must be there is missing; it says
                which, such as `$.endpoint.id`.
        """
        try:
            made: Self = decode(as_json(content), cls)
        except (MismatchError, RecursionError) as error:
            deep = "it is nested too deeply, or contains itself"
            why = error if isinstance(error, MismatchError) else deep
            message = f"this is no {cls.__name__}: {why}"
            if isinstance(cast("object", content), str | bytes):
                message += "; read a text by json.loads() first"
        else:
            return made
        raise ValueError(message)

    @classmethod
    def __get_pydantic_core_schema__(
        cls,
        source: object,
        handler: Any,  # noqa: ANN401 # pydantic's
    ) -> object:
        """Tell pydantic, and so FastAPI, what this is; nobody else calls it."""
        from ngrok_async._pydantic import model_schema  # noqa: PLC0415 # imports pydantic

        return model_schema(cls, handler.generate_schema)


class _Parts:
    """What of a class takes part in what."""

    def __init__(self, model: type[Model]) -> None:
        fields: tuple[attrs.Attribute[Any], ...] = attrs.fields(model)
        self.name = model.__qualname__.rpartition(">.")[2]
        self.shown = [field.name for field in fields if field.repr]
        self.compared: Callable[[object], object] = attrgetter(*(field.name for field in fields))
        hashed = [field.name for field in fields if field.hash is not False]
        self.hashed: Callable[[object], object] = attrgetter(*hashed) if hashed else lambda _: None


def _parts_of(value: Model) -> _Parts:
    kind: Any = type(value)  # mypy does not take the class of a model for hashable
    return _parts(kind)


_parts = cache(_Parts)


@cache
def flags_of(model: type[Any]) -> Mapping[str, tuple[bool, bool]]:
    """Return what is said of each field of a model: whether it is a secret, and whether an id."""
    hints = get_type_hints(model)
    return {
        field.name: (not field.repr, is_id(hints[field.name]))
        for field in attrs.fields(model)
        if field.name != "_extra"
    }


def _ids(name: str, value: object) -> JSON:
    """Return the ids in the place of what has them."""
    if isinstance(value, tuple):
        return [id_of(name, item) for item in cast("Iterable[object]", value)]
    return id_of(name, value)


def as_json(value: object, *, secrets: bool = False) -> JSON:
    """Return a copy of a value of a field, or of plain JSON, as plain JSON."""
    if isinstance(value, Model):
        return value.to_dict(secrets=secrets)
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, Mapping):
        content = cast("Mapping[str, object]", value)
        return {name: as_json(item, secrets=secrets) for name, item in content.items()}
    if isinstance(value, list | tuple):
        items = cast("Iterable[Any]", value)
        return [as_json(item, secrets=secrets) for item in items]
    return value
