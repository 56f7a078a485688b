"""What the arguments of a call become: path, query and body."""

from typing import Any

import pytest

from ngrok_async import UNSET, Request
from ngrok_async.resources._shared import Ref
from tests.gadgets import Desk, Gadget, Gadgets, Part


@pytest.fixture
def desk() -> Desk:
    """Return what sees the requests."""
    return Desk()


@pytest.fixture
def gadgets(desk: Desk) -> Gadgets:
    """Return the resource."""
    return Gadgets(desk)


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
