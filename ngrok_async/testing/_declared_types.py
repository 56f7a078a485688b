"""What declared types say, for checking bodies and making up answers."""

from collections.abc import Mapping
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from ngrok_async._kinds import TypeForm
from ngrok_async._model import Model
from ngrok_async.unset import UnsetType

_KNOWN: Final[dict[object, Mapping[str, Any]]] = {}


def choices(hint: TypeForm) -> tuple[Any, ...]:
    """Return the members of a union, or the type alone; "not sent" is no member.

    A mapping beside a text is none either: the client sends its JSON as the text.
    """
    members = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    is_text = str in members
    return tuple(
        member
        for member in members
        if member is not UnsetType and not (is_text and get_origin(member) is Mapping)
    )


def is_model(kind: object) -> bool:
    """Tell whether a type is a model."""
    return isinstance(kind, type) and issubclass(kind, Model)


def model_in(hint: TypeForm) -> type[Model] | None:
    """Return the first model that a type allows: in a request, the one that is sent."""
    return next((kind for kind in choices(hint) if is_model(kind)), None)


def fields(model: type[Model]) -> Mapping[str, Any]:
    """Return the types of a model's fields by name."""
    if model not in _KNOWN:
        hints = get_type_hints(model)
        _KNOWN[model] = {name: hint for name, hint in hints.items() if name != "_extra"}
    return _KNOWN[model]
