"""The one shape that all edge modules have."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, get_args

from ngrok_async._api import Id, Nested, Resource, operation
from ngrok_async._operation import at_route

B = TypeVar("B")
"""What `replace` takes: a class, or two where answers have references in the place of ids."""
M = TypeVar("M")
"""What answers have."""


class _Module(Resource):
    """A part of an edge or route that is read, replaced and removed as a whole."""

    def __init_subclass__(cls, *, path: str | None = None) -> None:
        """Declare the three operations anew for a module of its own.

        Args:
            path: Where the module is; its names in braces are the parameters of the operations.
                Only the generic classes have none.
        """
        super().__init_subclass__()
        if path is None:
            return
        (base,) = cls.__orig_bases__  # type: ignore[attr-defined] # any generic class has it
        types: Mapping[object, Any] = dict(zip((B, M), get_args(base), strict=True))
        for name, method in (("get", "GET"), ("replace", "PUT"), ("delete", "DELETE")):
            setattr(cls, name, at_route(getattr(cls, name), f"{method} {path}", types))


class EdgeModule(_Module, Generic[B, M]):
    """A module of a whole edge, whose `id` is the edge's."""

    @operation("GET /edges/{id}")
    async def get(self, id: Id) -> M:
        """Return the module. Deprecated by ngrok."""
        ...

    @operation("PUT /edges/{id}")
    async def replace(self, id: Id, module: Nested[B]) -> M:
        """Put `module` in the place of what was there; fields left out take ngrok's defaults.

        Deprecated by ngrok.
        """
        ...

    @operation("DELETE /edges/{id}")
    async def delete(self, id: Id) -> None:
        """Remove the module. Deprecated by ngrok."""
        ...


class RouteModule(_Module, Generic[B, M]):
    """A module of one route of an HTTPS edge, whose `id` is the route's."""

    @operation("GET /edges/{edge_id}/{id}")
    async def get(self, edge_id: Id, id: Id) -> M:
        """Return the module. Deprecated by ngrok."""
        ...

    @operation("PUT /edges/{edge_id}/{id}")
    async def replace(self, edge_id: Id, id: Id, module: Nested[B]) -> M:
        """Put `module` in the place of what was there; fields left out take ngrok's defaults.

        Deprecated by ngrok.
        """
        ...

    @operation("DELETE /edges/{edge_id}/{id}")
    async def delete(self, edge_id: Id, id: Id) -> None:
        """Remove the module. Deprecated by ngrok."""
        ...
