"""What a declaration says, and what comes back of its calls."""

import asyncio
import inspect
import json
import pydoc
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs
import pytest

from ngrok_async import Page, PaginationError
from ngrok_async._model import Model
from ngrok_async._operation import (
    Operation,
    Resource,
    at_route,
    operation,
    operations,
)
from ngrok_async._wire.arguments import Id, Nested
from ngrok_async._wire.read import MismatchError
from tests.gadgets import Desk, Gadget, Gadgets, Part


@attrs.frozen(kw_only=True)
class PartOfAnswer(Model):
    """The same as answers have it."""

    size: int = 0
    made_by: str = ""


@pytest.fixture
def desk() -> Desk:
    """Return what sees the requests."""
    return Desk()


@pytest.fixture
def gadgets(desk: Desk) -> Gadgets:
    """Return the resource."""
    return Gadgets(desk)


# What a declaration says


NAMES = [
    *("list", "get", "create", "update", "replace", "delete"),
    *("find", "sieve", "touch", "start", "stop"),
]


@pytest.mark.parametrize(
    ("name", "method", "template", "items", "effect", "sends_json", "model"),
    [
        ("list", "GET", "/gadgets/{owner}/all", "gadgets", "read", False, Gadget),
        ("get", "GET", "/gadgets/{id}", None, "read", False, Gadget),
        ("create", "POST", "/gadgets", None, "act", True, Gadget),
        ("update", "PATCH", "/gadgets/{id}", None, "set", True, Gadget),
        ("replace", "PUT", "/gadgets/{owner}/parts/{id}", None, "set", True, Gadget),
        ("delete", "DELETE", "/gadgets/{id}", None, "remove", False, type(None)),
        ("find", "GET", "/gadgets", None, "read", False, Gadget),
        ("sieve", "POST", "/gadgets/sieve", None, "act", True, type(None)),
        ("touch", "PATCH", "/gadgets/{id}/touch", None, "set", True, Gadget),
        ("start", "POST", "/gadgets/{id}/start", None, "act", True, type(None)),
        ("stop", "POST", "/gadgets/{id}/stop", None, "remove", True, type(None)),
    ],
    ids=NAMES,
)
def test_a_declaration_is_data(  # noqa: PLR0917 # a table
    name: str,
    method: str,
    template: str,
    items: str | None,
    effect: str,
    sends_json: bool,  # noqa: FBT001 # a table
    model: type,
) -> None:
    """Everything that it says can be looked up without a call."""
    declared = operations(Gadgets)[name]

    assert (method, template, items, effect, sends_json, model) == (
        declared.method,
        declared.template,
        declared.items,
        declared.effect,
        declared.sends_json,
        declared.model,
    )
    assert f"{method} {template}" == declared.route


def test_operations_finds_all_that_a_resource_declares() -> None:
    """The order is that of the class; what is no operation is left out."""
    assert NAMES == list(operations(Gadgets))
    assert {} == operations(Resource)


def test_parameters_are_those_of_the_signature() -> None:
    """`parameters` has all but `self`; `path_names` has those that the path takes."""
    declared = operations(Gadgets)["list"]

    assert ["owner", "before_id", "limit", "filter"] == list(declared.parameters)
    assert ("owner",) == declared.path_names
    assert ("owner", "id") == operations(Gadgets)["replace"].path_names


def test_an_operation_looks_like_its_declaration(gadgets: Gadgets) -> None:
    """`help()` and tools see the name, the signature and the docstring that are written down."""
    # Since Python 3.13 a long signature is shown with one parameter on a line.
    shown = " ".join(pydoc.plain(pydoc.render_doc(Gadgets.replace)).split()).replace("( ", "(")

    assert "replace(self, owner: " in shown
    assert "id: str | ngrok_async._id.HasId, module: " in shown
    assert "Replace a part." in shown
    assert ["owner", "id", "module"] == list(inspect.signature(gadgets.replace).parameters)
    assert "Gadgets.replace" == Gadgets.replace.__qualname__
    assert Gadgets.__module__ == Gadgets.replace.__module__
    assert inspect.iscoroutinefunction(gadgets.get)
    assert not inspect.iscoroutinefunction(gadgets.list)


def test_a_resource_shows_its_name_and_not_its_client(gadgets: Gadgets) -> None:
    """The repr leads to the documentation, and to no secrets."""
    assert "<Gadgets>" == repr(gadgets)


# Arguments that do not fit

# `id` and `filter` are the API's own names.
# ruff: noqa: A002


class Plain:
    """The same signatures as plain methods: what Python itself says."""

    async def get(self, id: Id) -> None:
        """Do nothing."""

    async def replace(self, owner: Id, id: Id, module: Nested[Part]) -> None:
        """Do nothing."""

    async def sieve(self, *, filter: str, limit: int, before_id: str) -> None:
        """Do nothing."""


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        pytest.param("get", (), {}, id="nothing"),
        pytest.param("get", ("a", "b"), {}, id="too many"),
        pytest.param("get", ("a",), {"id": "b"}, id="twice"),
        pytest.param("get", (), {"ids": "b"}, id="misspelt"),
        pytest.param("get", ("a",), {"limit": 1}, id="unknown"),
        pytest.param("get", ("a",), {"self": 1}, id="self"),
        pytest.param("replace", ("a", "b"), {}, id="module missing"),
        pytest.param("replace", ("a",), {"module": {}}, id="second id missing"),
        pytest.param("replace", (), {}, id="all missing"),
        pytest.param("sieve", (), {"filter": "x", "limit": 1}, id="keyword missing"),
        pytest.param("sieve", (), {}, id="all keywords missing"),
        pytest.param("sieve", ("x",), {}, id="keyword by position"),
    ],
)
async def test_wrong_calls_get_the_message_that_python_gives(
    gadgets: Gadgets, desk: Desk, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> None:
    """A misspelt, missing or surplus argument is a `TypeError` that names the method."""
    with pytest.raises(TypeError) as expected:
        getattr(Plain(), name)(*args, **kwargs)
    with pytest.raises(TypeError) as caught:
        await getattr(gadgets, name)(*args, **kwargs)

    by_position = "; pass by name: filter=..., limit=..., before_id=..." if args == ("x",) else ""
    assert str(expected.value).replace("Plain.", "Gadgets.") + by_position == str(caught.value)
    assert f"Gadgets.{name}()" in str(caught.value)
    assert [] == desk.requests


def test_a_list_complains_before_it_is_walked(gadgets: Gadgets) -> None:
    """A wrong call of `list` fails where it is written, not where it is awaited."""
    with pytest.raises(TypeError, match=r"Gadgets\.list\(\) got an unexpected .* 'limits'"):
        gadgets.list("o_1", limits=5)


# Answers


async def test_answers_are_decoded_into_what_is_declared(gadgets: Gadgets, desk: Desk) -> None:
    """A model comes back, with what is not known of it in `extra`."""
    desk.body = b'{"id": "g_1", "name": "n", "colour": "red"}'
    gadget = await gadgets.get("g_1")

    assert Gadget(id="g_1", name="n", extra={"colour": "red"}) == gadget


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>"], ids=["empty", "object", "HTML"])
async def test_commands_return_none_whatever_the_body(
    gadgets: Gadgets, desk: Desk, body: bytes
) -> None:
    """The status says that it worked; there is nothing to read."""
    desk.body = body

    assert None is await gadgets.start("g_1")


@pytest.mark.parametrize(
    ("body", "page"),
    [
        pytest.param(
            {"gadgets": [{"id": "a"}], "uri": "u", "next_page_uri": "n"},
            Page(items=(Gadget(id="a"),), uri="u", next_page_uri="n"),
            id="whole",
        ),
        pytest.param({"gadgets": []}, Page(items=()), id="only items"),
        pytest.param({"gadgets": None}, Page(items=()), id="null for no items"),
        pytest.param(
            {"gadgets": [], "uri": None, "next_page_uri": None}, Page(items=()), id="nulls"
        ),
        pytest.param({"gadgets": [], "next_page_uri": ""}, Page(items=()), id="empty link"),
        pytest.param(
            {"gadgets": [], "total": 3}, Page(items=(), extra={"total": 3}), id="unknown field"
        ),
    ],
)
async def test_pages_are_read_leniently(
    gadgets: Gadgets, desk: Desk, body: Mapping[str, object], page: Page[Gadget]
) -> None:
    """What may be left out may be left out; what is new is kept."""
    desk.body = json.dumps(body).encode()

    assert page == await gadgets.list("o_1")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "not valid JSON", id="empty"),
        pytest.param(b"null", r"expected an object with 'gadgets' @ \$", id="null"),
        pytest.param(b"[]", r"expected an object with 'gadgets' @ \$", id="array"),
        pytest.param(b"{}", r"required field missing @ \$\.gadgets", id="no items"),
        pytest.param(
            b'{"gadgets": {}}', r"expected an array, got an object @ \$\.gadgets", id="object"
        ),
        pytest.param(
            b'{"gadgets": [{"id": "a"}, {"id": 5}]}',
            r"expected a string, got an integer @ \$\.gadgets\[1\]\.id",
            id="wrong item",
        ),
        pytest.param(
            b'{"gadgets": [{}]}', r"required field missing @ \$\.gadgets\[0\]\.id", id="no id"
        ),
        pytest.param(
            b'{"gadgets": [], "uri": 5}', r"expected a string.* @ \$\.uri", id="wrong uri"
        ),
        pytest.param(
            b'{"gadgets": [], "next_page_uri": false}',
            r"expected a string.* @ \$\.next_page_uri",
            id="wrong link",
        ),
    ],
)
async def test_pages_of_another_shape_are_an_error_with_its_place(
    gadgets: Gadgets, desk: Desk, body: bytes, message: str
) -> None:
    """A wrong type is never coerced, and the message says where it is."""
    desk.body = body

    with pytest.raises(MismatchError, match=f"^{message}"):
        await gadgets.list("o_1")


async def test_a_list_follows_its_own_links_only(gadgets: Gadgets, desk: Desk) -> None:
    """The link is held against base URL and encoded path; the next request is the same list."""
    follow = "https://api.ngrok.com/gadgets/o%2F1/all?before_id=c"
    desk.body = json.dumps({"gadgets": [{"id": "a"}], "next_page_uri": follow}).encode()
    items = aiter(gadgets.list("o/1", limit=1))
    await anext(items)
    desk.body = json.dumps(
        {
            "gadgets": [{"id": "b"}],
            "next_page_uri": follow.replace("o%2F1", "o/1").replace("=c", "=d"),
        }
    ).encode()

    assert Gadget(id="b") == await anext(items)
    with pytest.raises(PaginationError, match="leads away") as caught:
        await anext(items)
    assert "/gadgets/o%2F1/all" == caught.value.path
    assert [(("limit", "1"),), (("before_id", "c"), ("limit", "1"))] == [
        request.query for request in desk.requests
    ]
    assert {"/gadgets/o%2F1/all"} == {request.path for request in desk.requests}


@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_the_client_decides_about_prefetch(desk: Desk, *, prefetch: bool) -> None:
    """A list asks for its next page early if the client that it came from wants so."""
    desk.prefetch = prefetch
    desk.body = b'{"gadgets": [{"id": "a"}, {"id": "b"}], "next_page_uri": "?before_id=c"}'
    items = aiter(Gadgets(desk).list("o_1"))
    await anext(items)
    await anext(items)
    await asyncio.sleep(0)

    assert (2 if prefetch else 1) == len(desk.requests)


def test_routes_with_a_strange_method_are_mistakes_of_the_declaration() -> None:
    """A typo in a route fails when the resource is imported, not when it is called."""
    with pytest.raises(KeyError, match="FETCH"):
        Operation("FETCH /gadgets", lambda: None)


# Generic resources


B = TypeVar("B")
M = TypeVar("M")


class Holder(Resource, Generic[B, M]):
    """What several resources have in common."""

    @operation("PUT /holders/{id}", effect="act")
    async def replace(self, id: Id, module: Nested[B]) -> M:
        """Put a part in."""

    @operation("DELETE /holders/{id}")
    async def delete(self, id: Id) -> None:
        """Take the part out."""


class Box(Holder[Part | PartOfAnswer, PartOfAnswer]):
    """One of them."""

    replace = at_route(
        Holder.replace, "PUT /boxes/{id}/part", {B: Part | PartOfAnswer, M: PartOfAnswer}
    )
    delete = at_route(Holder.delete, "DELETE /boxes/{id}/part", {})


def test_a_concrete_resource_has_its_own_route_and_types() -> None:
    """All else is what the generic one declares, which stays as it is."""
    declared = operations(Box)

    assert {"replace": "PUT /boxes/{id}/part", "delete": "DELETE /boxes/{id}/part"} == {
        name: operation.route for name, operation in declared.items()
    }
    assert Nested[Part | PartOfAnswer] == declared["replace"].hints["module"]
    assert PartOfAnswer is declared["replace"].model
    assert Id == declared["replace"].hints["id"]
    assert "act" == declared["replace"].effect
    assert "PUT /holders/{id}" == operations(Holder)["replace"].route
    assert "Put a part in." == Box.replace.__doc__


@pytest.mark.parametrize(
    "given",
    [Part(size=3), PartOfAnswer(size=3, made_by="me"), {"size": 3}],
    ids=["model", "answer", "mapping"],
)
async def test_a_concrete_resource_sends_and_reads_its_own_types(
    desk: Desk, given: Part | PartOfAnswer | dict[str, Any]
) -> None:
    """What an answer has beyond the request's fields is not sent back."""
    desk.body = b'{"size": 4, "made_by": "you"}'
    part = await Box(desk).replace("b_1", given)

    assert PartOfAnswer(size=4, made_by="you") == part
    assert [("/boxes/b_1/part", {"size": 3})] == [(r.path, r.json) for r in desk.requests]
