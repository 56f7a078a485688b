"""A resource that is declared is served, without code of its own."""
# ruff: noqa: A002, PIE790 # a resource is written as those of the package are

import json
from datetime import datetime
from typing import Any

import attrs
import pytest

from ngrok_async._encode import Id
from ngrok_async._model import Model
from ngrok_async._operation import Filter, Resource, operation, operations, paged
from ngrok_async.pagination import Pager
from ngrok_async.resources._shared import Ref
from ngrok_async.testing import TurnableClock
from ngrok_async.testing._answers import Incoming, RefusedError
from ngrok_async.testing._api import API
from ngrok_async.testing._routes import declared
from ngrok_async.testing._store import Store
from ngrok_async.unset import UNSET, Unset


@attrs.frozen(kw_only=True)
class Toy(Model):
    """A resource with all kinds of fields."""

    id: str
    uri: str = ""
    created_at: datetime
    sold_at: datetime | None = None
    name: str = ""
    parts: tuple[str, ...] = ()
    labels: dict[str, str] = attrs.field(factory=dict[str, str])
    owner: Ref | None = None
    maker: Ref


@attrs.frozen(kw_only=True)
class Part(Model):
    """A resource without a time."""

    id: str


class ToyShelves(Resource):
    """Manage toys."""

    @operation("POST /toy_shelves")
    async def create(self, *, name: Unset[str] = UNSET) -> Toy:
        """Add a toy."""
        ...

    @operation("GET /toy_shelves/{id}")
    async def get(self, id: Id) -> Toy:
        """Get a toy."""
        ...

    @paged("GET /toy_shelves", items="toys")
    def list(self, *, limit: int | None = None, filter: Filter | None = None) -> Pager[Toy]:
        """List toys."""
        ...

    @operation("PATCH /toy_shelves/{id}")
    async def update(self, id: Id, *, name: Unset[str] = UNSET) -> Toy:
        """Change a toy."""
        ...

    @operation("DELETE /toy_shelves/{id}")
    async def delete(self, id: Id) -> None:
        """Drop a toy."""
        ...

    @operation("POST /toy_shelves/{id}/parts")
    async def create_part(self, id: Id) -> Part:
        """Add a part."""
        ...

    @operation("GET /toy_shelves/newest")
    async def newest(self) -> Toy:
        """Get the newest toy."""
        ...

    @operation("POST /toy_shelves/{id}/dance")
    async def dance(self, id: Id) -> None:
        """Do what no fake can."""
        ...


class Shop:
    """The API of toys, without a server."""

    def __init__(self) -> None:
        """Open the shop."""
        self.clock = TurnableClock(running=False)
        store = Store()
        store.url = "http://fake"
        self.api = API(operations(ToyShelves).values(), store, self.clock, "key", {})

    def __call__(
        self, method: str, path: str, body: object = None, **query: str
    ) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        headers = {"authorization": "Bearer key", "ngrok-version": "2"}
        if body is not None:
            headers["content-type"] = "application/json"
        answer = self.api.answer(
            Incoming(
                method=method,
                path=path,
                query=tuple(query.items()),
                headers=headers,
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )
        return answer.status, json.loads(answer.body or b"null")


def test_what_is_created_can_be_read() -> None:
    """A create makes an id, a time and an address; get and list show the same."""
    shop = Shop()
    status, toy = shop("POST", "/toy_shelves", {"name": "Teddy"})

    assert 201 == status
    assert toy["id"].startswith("ts_")
    assert {
        "id": toy["id"],
        "uri": f"http://fake/toy_shelves/{toy['id']}",
        "name": "Teddy",
        "created_at": shop.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
    } == toy
    assert (200, toy) == shop("GET", f"/toy_shelves/{toy['id']}")
    assert [toy] == shop("GET", "/toy_shelves")[1]["toys"]


def test_a_model_without_a_time_gets_none() -> None:
    """Only what the model declares is made up; a list below an item is one of its own."""
    shop = Shop()
    status, part = shop("POST", "/toy_shelves/ts_1/parts", {})

    assert 201 == status
    assert {"id", "uri"} == part.keys()
    assert part["uri"].startswith("http://fake/toy_shelves/ts_1/parts/p_")


def test_an_update_changes_what_is_sent() -> None:
    """Fields that are sent change, an empty text is left out from then on."""
    shop = Shop()
    toy = shop("POST", "/toy_shelves", {"name": "Teddy"})[1]
    path = f"/toy_shelves/{toy['id']}"

    assert (200, toy | {"name": "Bear"}) == shop("PATCH", path, {"name": "Bear"})
    assert (200, toy | {"name": "Bear"}) == shop("PATCH", path, {})

    del toy["name"]

    assert (200, toy) == shop("PATCH", path, {"name": ""}) == shop("GET", path)


def test_what_is_deleted_is_gone() -> None:
    """A delete has no body; afterwards there is nothing to read, change or delete."""
    shop = Shop()
    ids = [shop("POST", "/toy_shelves", {})[1]["id"] for _ in range(3)]

    assert (204, None) == shop("DELETE", f"/toy_shelves/{ids[1]}")
    assert [ids[2], ids[0]] == [toy["id"] for toy in shop("GET", "/toy_shelves")[1]["toys"]]
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        with pytest.raises(RefusedError) as refused:
            shop(method, f"/toy_shelves/{ids[1]}", body)
        assert 404 == refused.value.status


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("obj.sold_at == null", id="unset time"),
        pytest.param("obj.owner == null", id="unset reference"),
        pytest.param("size(obj.parts) == 0", id="list"),
        pytest.param("size(obj.labels) == 0", id="map"),
        pytest.param('obj.maker.id == ""', id="required reference"),
        pytest.param('obj.name == ""', id="text"),
        pytest.param('obj.created_at > timestamp("2020-01-01T00:00:00Z")', id="time"),
    ],
)
def test_filters_see_absent_fields_as_empty(expression: str) -> None:
    """Every declared field can be compared, whether ngrok sends it or not."""
    shop = Shop()
    shop("POST", "/toy_shelves", {})

    assert 1 == len(shop("GET", "/toy_shelves", filter=expression)[1]["toys"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "/toy_shelves/ts_1/dance", {}, id="command"),
        pytest.param("GET", "/toy_shelves/newest", None, id="fixed path"),
    ],
)
def test_says_what_it_cannot_do(method: str, path: str, body: object) -> None:
    """An operation that is like no other is answered with 501 until somebody writes it."""
    with pytest.raises(RefusedError, match=f"cannot do {method} /toy_shelves/") as refused:
        Shop()(method, path, body)

    assert 501 == refused.value.status


def test_serves_what_the_package_declares() -> None:
    """All resource modules are found."""
    routes = [operation.route for operation in declared()]

    assert {"GET /tunnels", "POST /tunnel_sessions/{id}/stop"} <= set(routes)
    assert len(set(routes)) == len(routes)
