"""A resource that is declared is served, without code of its own."""
# ruff: noqa: A002, PIE790 # a resource is written as those of the package are

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import attrs
import pytest

from ngrok_async._model import Model
from ngrok_async._operation import Resource, operation, operations, paged
from ngrok_async._wire.arguments import Id
from ngrok_async.filters import Filter
from ngrok_async.pagination import Pager
from ngrok_async.resources._shared import Ref
from ngrok_async.testing import TurnableClock
from ngrok_async.testing._agents import Agents
from ngrok_async.testing._api import API
from ngrok_async.testing._commands import DEEDS, Command, Deed
from ngrok_async.testing._messages import Incoming, RefusedError
from ngrok_async.testing._routes import declared
from ngrok_async.testing._store import Store, timestamp
from ngrok_async.unset import UNSET, Unset


@attrs.frozen(kw_only=True)
class Shop(Model):
    """An object that a toy has."""

    opened_at: datetime


@attrs.frozen(kw_only=True)
class Part(Model):
    """A resource without a time."""

    id: str


@attrs.frozen(kw_only=True)
class Toy(Model):
    """A resource with all kinds of fields."""

    id: str
    uri: str = ""
    created_at: datetime
    updated_at: datetime | None = None
    sold_at: datetime | None = None
    not_after: datetime
    name: str = ""
    price: float
    size: int
    is_sold: bool
    label: str
    tags: tuple[str, ...]
    shop: "Shop"
    parts: tuple["Part", ...] = ()
    labels: Mapping[str, str] = attrs.field(factory=dict[str, str])
    seller: Ref | None = None
    maker: Ref
    created_by: Ref | None = None
    owner_id: str = ""
    token: str = attrs.field(default="", repr=False)


class ToyShelves(Resource):
    """Manage toys."""

    @operation("POST /toy_shelves")
    async def create(
        self, *, name: Unset[str] = UNSET, sold_at: Unset[datetime] = UNSET, seller_id: Id = ""
    ) -> Toy:
        """Add a toy."""
        ...

    @operation("GET /toy_shelves/{id}")
    async def get(self, id: Id) -> Toy:
        """Get a toy."""
        ...

    @paged("GET /toy_shelves", items="toys")
    def list(self, *, limit: int | None = None, filter: Filter[Toy] | None = None) -> Pager[Toy]:
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

    @operation("GET /toy_shelves/{id}/seller")
    async def seller(self, id: Id) -> Ref:
        """Get a part of a toy."""
        ...

    @operation("GET /toy_shelves/newest")
    async def newest(self) -> Toy:
        """Get the newest toy."""
        ...

    @operation("POST /toy_shelves/{id}/dance")
    async def dance(self, id: Id) -> None:
        """Do what no fake can."""
        ...

    @operation("POST /toy_shelves/{id}/rename")
    async def rename(self, id: Id, *, name: str) -> Toy:
        """Do what a test tells the fake to do."""
        ...

    @operation("GET /toy_shelves/{id}/smell")
    async def smell(self, id: Id) -> Part:
        """Get what no toy has."""
        ...


class Fake:
    """The API of toys, without a server."""

    def __init__(self) -> None:
        """Begin without toys."""
        self.clock = TurnableClock(running=False)
        self.store = Store(self.clock.now)
        self.store.url = "http://fake"
        agents = Agents(self.store, self.clock)
        self.api = API(operations(ToyShelves).values(), self.store, self.clock, "key", agents)

    def now(self) -> str:
        """Return the time as answers have it."""
        return timestamp(self.clock.now())

    def __call__(
        self, method: str, path: str, body: object = None, **query: str
    ) -> tuple[int, Any]:
        """Return the status and the body of an answer."""
        headers = {"authorization": "Bearer key", "ngrok-version": "2"}
        if body is not None:
            headers["content-type"] = "application/json"
        request = Incoming(
            method=method,
            path=path,
            query=tuple(query.items()),
            headers=headers,
            body=b"" if body is None else json.dumps(body).encode(),
        )
        answer = asyncio.run(self.api.answer(request))
        return answer.status, json.loads(answer.body or b"null")


def test_what_is_created_can_be_read() -> None:
    """A create makes an id, a time and an address; get and list show the same."""
    fake = Fake()
    status, toy = fake("POST", "/toy_shelves", {"name": "Teddy"})
    token, toy["token"] = toy["token"], ""

    assert 201 == status
    assert toy["id"].startswith("ts_")
    assert {
        "id": toy["id"],
        "uri": f"http://fake/toy_shelves/{toy['id']}",
        "name": "Teddy",
        "created_at": fake.now(),
    }.items() <= toy.items()
    assert (200, toy) == fake("GET", f"/toy_shelves/{toy['id']}")
    assert [toy] == fake("GET", "/toy_shelves")[1]["toys"]
    assert token.startswith(toy["id"].removeprefix("ts_"))


def test_makes_up_what_no_answer_lacks() -> None:
    """Required fields get a value; all others are there too, empty or null."""
    fake = Fake()
    toy = fake("POST", "/toy_shelves", {})[1]
    later = fake.clock.now() + timedelta(days=90)

    assert {
        "updated_at": fake.now(),
        "not_after": timestamp(later),
        "price": 0.0,
        "size": 0,
        "is_sold": False,
        "tags": [],
        "shop": {"opened_at": fake.now()},
        "parts": [],
        "owner_id": fake.store.user,
        "created_by": {"id": fake.store.user, "uri": ""},
    }.items() <= toy.items()
    assert toy["maker"]["id"].startswith("maker_")
    assert {"name": "", "label": "", "sold_at": None, "seller": None, "labels": {}}.items() <= (
        toy.items()
    )


def test_whatever_is_named_like_an_id_becomes_a_reference() -> None:
    """A reference to nobody knows what has no address; a time has whole seconds."""
    sent = {"seller_id": "x_1", "sold_at": "2026-01-02T03:04:05.678+01:00"}
    toy = Fake()("POST", "/toy_shelves", sent)[1]

    assert {"id": "x_1", "uri": ""} == toy["seller"]
    assert "2026-01-02T02:04:05Z" == toy["sold_at"]


def test_items_below_an_item() -> None:
    """They are a collection of their own, and the item above shows them, the oldest first."""
    fake = Fake()
    path = f"/toy_shelves/{fake('POST', '/toy_shelves', {})[1]['id']}"
    parts = [fake("POST", f"{path}/parts", {}) for _ in range(2)]

    assert [201, 201] == [status for status, _ in parts]
    assert {"id"} == parts[0][1].keys()
    assert parts[0][1]["id"].startswith("p_")
    assert [part for _, part in parts] == fake("GET", path)[1]["parts"]

    with pytest.raises(RefusedError) as refused:
        fake("POST", "/toy_shelves/ts_1/parts", {})

    assert 404 == refused.value.status


def test_a_part_of_an_item() -> None:
    """A field may have an address of its own; where it is not set there is nothing."""
    fake = Fake()
    sold, unsold = (fake("POST", "/toy_shelves", body)[1] for body in ({"seller_id": "x"}, {}))

    assert (200, sold["seller"]) == fake("GET", f"/toy_shelves/{sold['id']}/seller")

    with pytest.raises(RefusedError, match="There is no seller here") as refused:
        fake("GET", f"/toy_shelves/{unsold['id']}/seller")

    assert 404 == refused.value.status


def test_an_update_changes_what_is_sent() -> None:
    """Fields that are sent change, all others stay."""
    fake = Fake()
    toy = fake("POST", "/toy_shelves", {"name": "Teddy"})[1]
    toy["token"] = ""
    path = f"/toy_shelves/{toy['id']}"
    fake.clock.advance(10)
    toy["updated_at"] = fake.now()

    assert (200, toy | {"name": "Bear"}) == fake("PATCH", path, {"name": "Bear"})

    toy["name"] = ""

    assert (200, toy) == fake("PATCH", path, {"name": ""}) == fake("GET", path)


def test_an_update_must_change_something() -> None:
    """Nothing to change is an error."""
    fake = Fake()
    toy = fake("POST", "/toy_shelves", {})[1]

    with pytest.raises(RefusedError, match="nothing to change") as refused:
        fake("PATCH", f"/toy_shelves/{toy['id']}", {})

    assert (400, None) == (refused.value.status, refused.value.code)


def test_what_is_deleted_is_gone() -> None:
    """A delete has no body; afterwards there is nothing to read, change or delete."""
    fake = Fake()
    ids = [fake("POST", "/toy_shelves", {})[1]["id"] for _ in range(3)]

    assert (204, None) == fake("DELETE", f"/toy_shelves/{ids[1]}")
    assert [ids[2], ids[0]] == [toy["id"] for toy in fake("GET", "/toy_shelves")[1]["toys"]]
    for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
        with pytest.raises(RefusedError) as refused:
            fake(method, f"/toy_shelves/{ids[1]}", body)
        assert 404 == refused.value.status


def test_filters_know_only_what_is_documented() -> None:
    """Nobody documented the fields of this list: a condition takes none, and may have none."""
    fake = Fake()
    fake("POST", "/toy_shelves", {})

    assert 1 == len(fake("GET", "/toy_shelves", filter="true")[1]["toys"])
    with pytest.raises(RefusedError, match=r"unsupported field: obj\.name .*none") as refused:
        fake("GET", "/toy_shelves", filter='obj.name == ""')
    assert (400, "ERR_NGROK_250") == (refused.value.status, refused.value.code)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "/toy_shelves/ts_1/dance", {}, id="command"),
        pytest.param("GET", "/toy_shelves/newest", None, id="fixed path"),
        pytest.param("GET", "/toy_shelves/ts_1/smell", None, id="no field"),
    ],
)
def test_says_what_it_cannot_do(method: str, path: str, body: object) -> None:
    """An operation that is like no other is answered with 501 until somebody writes it."""
    with pytest.raises(RefusedError, match=f"cannot do {method} /toy_shelves/") as refused:
        Fake()(method, path, body)

    assert 501 == refused.value.status


def test_a_command_does_what_the_table_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line in the table is all that a command needs: it finds the item, and answers with it."""

    def rename(command: Command) -> None:
        command.item["name"] = command.body["name"]

    monkeypatch.setitem(cast("dict[str, Deed]", DEEDS), "POST /toy_shelves/{id}/rename", rename)
    monkeypatch.setitem(
        cast("dict[str, Deed]", DEEDS), "POST /toy_shelves/{id}/dance", lambda _command: None
    )
    fake = Fake()
    _, toy = fake("POST", "/toy_shelves", {"name": "a"})

    assert (204, None) == fake("POST", f"/toy_shelves/{toy['id']}/dance", {})

    status, renamed = fake("POST", f"/toy_shelves/{toy['id']}/rename", {"name": "b"})

    assert (200, "b") == (status, renamed["name"])
    assert renamed == fake("GET", f"/toy_shelves/{toy['id']}")[1]
    with pytest.raises(RefusedError) as refused:
        fake("POST", "/toy_shelves/ts_2/dance", {})

    assert 404 == refused.value.status


def test_serves_what_the_package_declares() -> None:
    """All resource modules are found."""
    routes = [operation.route for operation in declared()]

    assert {"GET /tunnels", "POST /tunnel_sessions/{id}/stop"} <= set(routes)
    assert len(set(routes)) == len(routes)
