"""Which operation a request means, looked up in the declarations of the SDK."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from urllib.parse import unquote

import attrs

from ngrok_async import resources
from ngrok_async._operation import Operation, Resource, operations


@cache
def declared() -> tuple[Operation, ...]:
    """Return all operations that the SDK declares."""
    found = (
        operation
        for module in walk_packages(resources.__path__, f"{resources.__name__}.")
        for resource in _resources(module.name)
        for operation in operations(resource).values()
    )
    return tuple(dict.fromkeys(found))  # a module may import the resources of another


def _resources(module_name: str) -> Iterator[type[Resource]]:
    for member in vars(import_module(module_name)).values():
        if isinstance(member, type) and issubclass(member, Resource) and not _is_abstract(member):
            yield member


def _is_abstract(resource: type[Resource]) -> bool:
    # A generic class lends its operations to concrete ones; its own routes lead nowhere.
    return resource is Resource or bool(getattr(resource, "__parameters__", ()))


@attrs.frozen
class Match:
    """The operation that a request means, and the decoded parameters of its path."""

    operation: Operation
    parameters: Mapping[str, str]
    segments: tuple[str, ...]


class Routes:
    """The routes of some operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        """Sort the operations so that they are found quickly."""
        self._table: dict[tuple[str, str, int], list[tuple[tuple[str, ...], Operation]]]
        self._table = defaultdict(list)
        for operation in operations:
            template = tuple(operation.template[1:].split("/"))
            self._table[operation.method, template[0], len(template)].append((template, operation))
        for routes in self._table.values():
            # "/app/users" is meant before "/app/{id}".
            routes.sort(key=lambda route: sum(part.startswith("{") for part in route[0]))

    def match(self, method: str, path: str) -> Match | None:
        """Find the operation for a percent-encoded path."""
        segments = tuple(unquote(segment) for segment in path[1:].split("/"))
        for template, operation in self._table.get((method, segments[0], len(segments)), ()):
            pairs = list(zip(template, segments, strict=True))
            if all(part == segment or (part[0] == "{" and segment) for part, segment in pairs):
                names = {part[1:-1]: segment for part, segment in pairs if part[0] == "{"}
                return Match(operation, names, segments)
        return None
