"""The kinds of resources: what the declarations say about the items of each collection."""

import re
from collections.abc import Iterable, Mapping

import attrs

from ngrok_async._model import Model
from ngrok_async._operation import Operation
from ngrok_async.testing._declared_types import fields, is_model


@attrs.frozen(kw_only=True)
class Kind:
    """What is known about the items of one collection.

    Attributes:
        template: The collection's path with `{}` for parameters, such as "/edges/https/{}/routes".
        model: What answers have.
        key: The field that names an item: "id" as a rule.
        children: Fields that show the items of a collection below an item.
    """

    template: str
    model: type[Model]
    key: str = "id"
    children: tuple[str, ...] = ()


def plain(template: str) -> str:
    """Return a template without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", template)


def kinds(operations: Iterable[Operation]) -> Mapping[str, Kind]:
    """Return the kinds by the plain templates of their collections."""
    found: dict[str, Kind] = {}
    for operation in operations:
        template = plain(operation.template)
        if operation.items is not None or not is_model(operation.model):
            continue
        if template.endswith("/{}"):
            key, template = operation.path_names[-1], template.removesuffix("/{}")
            found[template] = Kind(template=template, model=operation.model, key=key)
        elif operation.method == "POST":
            found.setdefault(template, Kind(template=template, model=operation.model))
    return {template: _with_children(kind, found) for template, kind in found.items()}


def _with_children(kind: Kind, found: Mapping[str, Kind]) -> Kind:
    names = (name for name in fields(kind.model) if f"{kind.template}/{{}}/{name}" in found)
    return attrs.evolve(kind, children=tuple(names))
