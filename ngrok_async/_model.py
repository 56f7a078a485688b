"""The base of all models."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from operator import attrgetter
from reprlib import recursive_repr
from types import MappingProxyType
from typing import Any

import attrs

from ngrok_async._pickles import Stored
from ngrok_async._request import JSON


@attrs.frozen(kw_only=True)
class Model(Stored):
    """A frozen value made of an answer.

    It holds no client: it compares, copies, pickles and logs as plain data. A text that ngrok left
    out is "", as in ngrok's own Go code, where empty values are not sent.
    """

    # Private and None in nearly every object, since a dictionary each would cost 64 bytes.
    _extra: Mapping[str, JSON] | None = attrs.field(
        default=None, repr=False, hash=False, alias="extra"
    )

    @property
    def extra(self) -> Mapping[str, JSON]:
        """Fields of the answer that this version of the package does not know, read-only."""
        return MappingProxyType(dict(self._extra or {}))

    def __init_subclass__(cls) -> None:
        """Keep attrs from writing these for each class, which is half of what a class costs."""
        super().__init_subclass__()
        for method in (Model.__eq__, Model.__hash__, Model.__repr__):
            setattr(cls, method.__name__, method)

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


def is_time(kind: object) -> bool:
    """Tell whether a type is that of instants.

    Not by identity: freezegun puts a subclass in the place of `datetime` wherever a module has it
    (https://github.com/spulec/freezegun), so a type and what it is compared with may be of before
    and after.
    """
    return isinstance(kind, type) and issubclass(kind, datetime)
