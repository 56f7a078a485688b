"""Declarations and what they send, without a network."""

import asyncio
import inspect
import json
import pydoc
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import attrs
import pytest

from ngrok_async import UNSET, Page, Pager, PaginationError, Request, Timeout, Unset
from ngrok_async._model import Model
from ngrok_async._operation import (
    Operation,
    Resource,
    at_route,
    operation,
    operations,
    paged,
)
from ngrok_async._request import Limits, Progress
from ngrok_async._wire.arguments import Id, Nested
from ngrok_async._wire.read import MismatchError
from ngrok_async.filters import Filter
from ngrok_async.resources._shared import Ref

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


@attrs.frozen(kw_only=True)
class PartOfAnswer(Model):
    """The same as answers have it."""

    size: int = 0
    made_by: str = ""


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
    assert __name__ == Gadgets.replace.__module__
    assert inspect.iscoroutinefunction(gadgets.get)
    assert not inspect.iscoroutinefunction(gadgets.list)


def test_a_resource_shows_its_name_and_not_its_client(gadgets: Gadgets) -> None:
    """The repr leads to the documentation, and to no secrets."""
    assert "<Gadgets>" == repr(gadgets)


# Arguments that do not fit


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


# Path, query, body


async def test_ids_go_into_the_path_and_the_rest_into_the_body(
    gadgets: Gadgets, desk: Desk
) -> None:
    """PUT with two ids and a module, which is the whole body: by position or by name."""
    desk.body = b'{"id": "g_1"}'
    await gadgets.replace("o_1", id="p_1", module=Part(size=3))

    assert [
        Request(
            method="PUT",
            path="/gadgets/o_1/parts/p_1",
            json={"size": 3},
            route="PUT /gadgets/{owner}/parts/{id}",
            effect="set",
            max_wait=7,  # as the client's options have it
        )
    ] == desk.requests


@pytest.mark.parametrize(
    "given",
    ["g_1", Gadget(id="g_1", name="x"), Ref(id="g_1", uri="https://evil.example/")],
    ids=["text", "model", "Ref"],
)
async def test_an_id_is_a_text_a_model_or_a_ref(
    gadgets: Gadgets, desk: Desk, given: str | Gadget | Ref
) -> None:
    """Whatever has the id goes wherever the id goes: path, query and body."""
    await gadgets.start(given)
    desk.body = b'{"gadgets": []}'
    await gadgets.list(given, before_id=given)
    desk.body = b'{"id": "g_1"}'
    await gadgets.create(name="n", part_ids=[given, "g_2"])

    assert ["/gadgets/g_1/start", "/gadgets/g_1/all"] == [r.path for r in desk.requests[:2]]
    assert (("before_id", "g_1"),) == desk.requests[1].query
    assert {"name": "n", "part_ids": ["g_1", "g_2"]} == desk.requests[2].json


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        ("../api_keys/x", "..%2Fapi_keys%2Fx"),
        ("%2e%2e", "%252e%252e"),
        ("a/b", "a%2Fb"),
        ("a?x", "a%3Fx"),
        ("a#f", "a%23f"),
        ("{id}", "%7Bid%7D"),
        ("ü", "%C3%BC"),
        ("ip_policy_created.v0", "ip_policy_created.v0"),
    ],
    ids=lambda value: value,
)
async def test_ids_are_encoded_into_one_segment(
    gadgets: Gadgets, desk: Desk, given: str, segment: str
) -> None:
    """No id leads out of its place in the path, nor into that of another parameter."""
    desk.body = b'{"id": "g_1"}'
    await gadgets.replace(given, given, {"size": 1})

    assert f"/gadgets/{segment}/parts/{segment}" == desk.requests[0].path


@pytest.mark.parametrize(
    "given",
    ["", ".", "..", "\r\n", "a\0", "\ud800", None, 5, b"g_1", UNSET, Ref, Part(size=1)],
    ids=[
        "empty",
        "dot",
        "dots",
        "line break",
        "NUL",
        "half a character",
        "None",
        "number",
        "bytes",
        "UNSET",
        "a class",
        "a model without an id",
    ],
)
async def test_what_cannot_be_an_id_is_refused(
    gadgets: Gadgets,
    desk: Desk,
    given: Any,  # noqa: ANN401 # that is the point
) -> None:
    """The error names the parameter; nothing is sent, by no operation."""
    with pytest.raises(ValueError, match=r"^id must"):
        await gadgets.get(given)
    with pytest.raises(ValueError, match=r"^owner must"):
        gadgets.list(given)
    assert [] == desk.requests


async def test_unset_is_not_sent_and_none_is_null(gadgets: Gadgets, desk: Desk) -> None:
    """A field that is not passed leaves things alone; null is sent where it means something."""
    desk.body = b'{"id": "g_1"}'
    await gadgets.create(name="n")
    await gadgets.create(name="n", note=UNSET, labels=UNSET)
    await gadgets.create(name="n", note=None)

    assert [{"name": "n"}, {"name": "n"}, {"name": "n", "note": None}] == [
        request.json for request in desk.requests
    ]


async def test_nested_bodies_are_a_model_or_a_mapping(gadgets: Gadgets, desk: Desk) -> None:
    """Both send the same; fields that are not set stay out."""
    desk.body = b'{"id": "g_1"}'
    await gadgets.create(name="n", labels={"a": "b"}, part=Part(size=1))
    await gadgets.create(name="n", labels={"a": "b"}, part={"size": 1})

    assert [{"name": "n", "labels": {"a": "b"}, "part": {"size": 1}}] * 2 == [
        request.json for request in desk.requests
    ]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        pytest.param("name", None, "name must be a string", id="null for a text"),
        pytest.param("name", 5, "name must be a string, got 5", id="number for a text"),
        pytest.param("name", "\udfff", "name has a character", id="half a character"),
        pytest.param("labels", {"a": 1}, r"labels\['a'\] must be a string", id="within a map"),
        pytest.param("part_ids", "p_1", "part_ids must be a list", id="text for a list"),
        pytest.param("part_ids", [None], r"part_ids\[0\] must be an id", id="within a list"),
        pytest.param("part", {"sice": 1}, "part has no field 'sice'", id="misspelt field"),
        pytest.param("part", {"size": "1"}, r"part\.size must be an integer", id="nested field"),
    ],
)
async def test_fields_are_checked_before_anything_is_sent(
    gadgets: Gadgets,
    desk: Desk,
    field: str,
    value: Any,  # noqa: ANN401 # that is the point
    message: str,
) -> None:
    """The error says which field, by its path."""
    with pytest.raises(ValueError, match=f"^{message}"):
        await gadgets.create(**{"name": "n", field: value})
    assert [] == desk.requests


async def test_operations_without_fields_send_an_empty_object(gadgets: Gadgets, desk: Desk) -> None:
    """A POST or PATCH without a body is refused by ngrok; `{}` is what it wants to see."""
    await gadgets.start("g_1")
    await gadgets.stop("g_1")
    desk.body = b'{"id": "g_1"}'
    await gadgets.touch("g_1")

    assert [{}, {}, {}] == [request.json for request in desk.requests]
    assert ["act", "remove", "set"] == [request.effect for request in desk.requests]


async def test_get_and_delete_send_no_body(gadgets: Gadgets, desk: Desk) -> None:
    """A body is refused there; what is not in the path goes into the query, but never None."""
    await gadgets.delete("g_1")
    await gadgets.delete("g_1", reason=None)
    await gadgets.delete("g_1", reason="a b")
    desk.body = b'{"id": "g_1"}'
    await gadgets.get("g_1")

    assert [None] * 4 == [request.json for request in desk.requests]
    assert [(), (), (("reason", "a b"),), ()] == [request.query for request in desk.requests]


@pytest.mark.parametrize("given", [{}, {"name": UNSET}], ids=["no field", "UNSET"])
async def test_a_change_of_nothing_is_refused_before_anything_is_sent(
    gadgets: Gadgets, desk: Desk, given: dict[str, Any]
) -> None:
    """It is a mistake of the caller's, and the message says what could be changed."""
    with pytest.raises(ValueError, match=r"^nothing to change; pass at least one of name$"):
        await gadgets.update("g_1", **given)
    assert [] == desk.requests


@pytest.mark.parametrize("given", [Part(size=3), {"size": 3}], ids=["model", "mapping"])
async def test_a_put_sends_its_module_alone(
    gadgets: Gadgets, desk: Desk, given: Part | dict[str, int]
) -> None:
    """Neither the names in the path nor the parameter's own name are in the body."""
    desk.body = b'{"id": "g_1"}'
    await gadgets.replace("o_1", "p_1", given)

    assert [{"size": 3}] == [request.json for request in desk.requests]


async def test_what_is_required_cannot_be_unset(gadgets: Gadgets, desk: Desk) -> None:
    """Only what has a default may be left out, also by the value that says so."""
    unset: Any = UNSET
    with pytest.raises(ValueError, match=r"^name must be a string, got UnsetType$"):
        await gadgets.create(name=unset)
    with pytest.raises(ValueError, match=r"^module must be an instance of Part or a mapping"):
        await gadgets.replace("o_1", "p_1", unset)
    assert [] == desk.requests


@pytest.mark.parametrize(
    ("given", "query"),
    [
        pytest.param({"id": ["a", Ref(id="b")]}, [("id", "a"), ("id", "b")], id="ids"),
        pytest.param({"id": []}, [], id="no ids"),
        pytest.param({"size": (2, None, 10)}, [("size", "2"), ("size", "10")], id="integers"),
        pytest.param({"whole": True}, [("whole", "true")], id="true"),
        pytest.param({"whole": False}, [("whole", "false")], id="false"),
        pytest.param({"share": 0.5}, [("share", "0.5")], id="number"),
        pytest.param(
            {"whole": None, "id": ["a"], "limit": 5}, [("id", "a"), ("limit", "5")], id="several"
        ),
    ],
)
async def test_queries_are_texts(
    gadgets: Gadgets, desk: Desk, given: dict[str, Any], query: list[tuple[str, str]]
) -> None:
    """Each value is written as in JSON; a list repeats its name; None is not sent."""
    desk.body = b'{"id": "g_1"}'
    await gadgets.find(**given)

    assert [tuple(query)] == [request.query for request in desk.requests]


async def test_fields_may_be_called_as_the_arguments_of_lists(gadgets: Gadgets, desk: Desk) -> None:
    """In a body they are what their types say: no page size, no cursor, no condition."""
    await gadgets.sieve(filter="", limit=500, before_id="")

    assert [{"filter": "", "limit": 500, "before_id": ""}] == [
        request.json for request in desk.requests
    ]


# The arguments of lists


async def test_lists_send_what_is_given_and_no_more(gadgets: Gadgets, desk: Desk) -> None:
    """None is a parameter that is not given, and the order does not matter."""
    desk.body = b'{"gadgets": []}'
    await gadgets.list("o_1")
    await gadgets.list("o_1", before_id=None, limit=None, filter=None)
    await gadgets.list("o_1", filter='obj.os == "linux"', limit=100, before_id="g_9")

    assert [
        (),
        (),
        (("filter", 'obj.os == "linux"'), ("limit", "100"), ("before_id", "g_9")),
    ] == [request.query for request in desk.requests]
    assert {("/gadgets/o_1/all", "GET /gadgets/{owner}/all", "read", None)} == {
        (request.path, request.route, request.effect, request.json) for request in desk.requests
    }


@pytest.mark.parametrize("limit", [1, 50, 100], ids=lambda limit: f"limit {limit}")
async def test_limits_from_1_to_100_are_sent(gadgets: Gadgets, desk: Desk, limit: int) -> None:
    """Pages of 1 to 100 items are what ngrok takes."""
    desk.body = b'{"gadgets": []}'
    await gadgets.list("o_1", limit=limit)

    assert (("limit", str(limit)),) == desk.requests[0].query


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("limit", 0, r"limit must be an integer from 1 to 100 .*, got 0", id="0"),
        pytest.param("limit", 101, "limit must be .*, got 101", id="101"),
        pytest.param("limit", -1, "limit must be .*, got -1", id="negative"),
        pytest.param("limit", True, "limit must be .*, got True", id="True"),
        pytest.param("limit", 5.0, r"limit must be .*, got 5\.0", id="float"),
        pytest.param("limit", "5", "limit must be .*, got '5'", id="text"),
        pytest.param("before_id", "", r"before_id must be an id or a .* 0 char", id="no cursor"),
        pytest.param("before_id", "x" * 2049, "before_id .* 2049 characters", id="huge cursor"),
        pytest.param("before_id", "a\nb", "before_id must be", id="cursor with a line break"),
        pytest.param("before_id", "\ud800", "before_id must be", id="half a character"),
        pytest.param("before_id", 5, "before_id must be an id", id="number as cursor"),
        pytest.param("filter", "", "filter must be a condition", id="empty filter"),
        pytest.param("filter", " \n", "filter must be a condition", id="blank filter"),
        pytest.param("filter", 5, "filter must be a condition .*, got 5", id="number as filter"),
        pytest.param("filter", "a == '\ud800'", "filter has a character", id="broken filter"),
    ],
)
def test_arguments_of_lists_are_checked_by_the_call_itself(
    gadgets: Gadgets,
    desk: Desk,
    name: str,
    value: Any,  # noqa: ANN401 # that is the point
    message: str,
) -> None:
    """What ngrok would refuse costs no request, and fails before the first `await`."""
    with pytest.raises(ValueError, match=f"^{message}"):
        gadgets.list("o_1", **{name: value})
    assert [] == desk.requests


async def test_the_longest_cursor_is_accepted(gadgets: Gadgets, desk: Desk) -> None:
    """Cursors need not look like ids."""
    desk.body = b'{"gadgets": []}'
    cursor = "é/+ %" + "x" * 2043
    await gadgets.list("o_1", before_id=cursor)

    assert (("before_id", cursor),) == desk.requests[0].query


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
