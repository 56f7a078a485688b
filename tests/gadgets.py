"""A resource that no API has, and a desk that notes what it sends."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import attrs

from ngrok_async import UNSET, Pager, Request, Timeout, Unset
from ngrok_async._model import Model
from ngrok_async._operation import (
    Resource,
    operation,
    paged,
)
from ngrok_async._request import Limits, Progress
from ngrok_async._wire.arguments import Id, Nested
from ngrok_async.filters import Filter

T = TypeVar("T")


class Desk:
    """What a resource needs of the client; notes the requests and answers with one body."""

    base_url = "https://api.ngrok.com"
    prefetch = False

    def __init__(self) -> None:
        """Have seen nothing yet."""
        self.requests: list[Request] = []
        self.body = b""

    def limits(self) -> Limits:
        """Set none."""
        return {"timeout": Timeout(), "max_wait": 7, "on_event": None, "progress": Progress()}

    async def call(self, request: Request, decode: Callable[[bytes], T]) -> T:
        """Note the request and decode the body."""
        self.requests.append(request)
        return decode(self.body)


@attrs.frozen(kw_only=True)
class Gadget(Model):
    """A model with the least that there can be."""

    id: str
    name: str = ""


@attrs.frozen(kw_only=True)
class Part(Model):
    """A nested body."""

    size: int
    note: Unset[str] = UNSET


class Gadgets(Resource):
    """All shapes of operations, on one made-up resource."""

    # The parameters have the names that ngrok's have.
    # ruff: noqa: A002

    @paged("GET /gadgets/{owner}/all", items="gadgets")
    def list(
        self,
        owner: Id,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[Gadget] | None = None,
    ) -> Pager[Gadget]:
        """Walk over the gadgets of `owner`."""

    @operation("GET /gadgets/{id}")
    async def get(self, id: Id) -> Gadget:
        """Return one gadget."""

    @operation("POST /gadgets")
    async def create(
        self,
        *,
        name: str,
        note: Unset[str | None] = UNSET,
        labels: Unset[Mapping[str, str]] = UNSET,
        part_ids: Unset[Sequence[Id]] = UNSET,
        part: Unset[Part] = UNSET,
    ) -> Gadget:
        """Make a gadget."""

    @operation("PATCH /gadgets/{id}")
    async def update(self, id: Id, *, name: Unset[str] = UNSET) -> Gadget:
        """Change a gadget."""

    @operation("PUT /gadgets/{owner}/parts/{id}")
    async def replace(self, owner: Id, id: Id, module: Nested[Part]) -> Gadget:
        """Replace a part."""

    @operation("DELETE /gadgets/{id}")
    async def delete(self, id: Id, *, reason: Unset[str | None] = UNSET) -> None:
        """Remove a gadget."""

    @operation("GET /gadgets")
    async def find(
        self,
        *,
        id: Sequence[Id] | None = None,
        size: Sequence[int | None] | None = None,
        whole: bool | None = None,
        share: float | None = None,
        limit: int | None = None,
    ) -> Gadget:
        """Return the gadget that fits."""

    @operation("POST /gadgets/sieve")
    async def sieve(self, *, filter: str, limit: int, before_id: str) -> None:
        """Send fields that are called as those of lists."""

    @operation("PATCH /gadgets/{id}/touch")
    async def touch(self, id: Id) -> Gadget:
        """Change nothing."""

    @operation("POST /gadgets/{id}/start")
    async def start(self, id: Id) -> None:
        """Give a command."""

    @operation("POST /gadgets/{id}/stop", effect="remove")
    async def stop(self, id: Id) -> None:
        """Give a command that may be repeated."""
