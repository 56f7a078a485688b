"""The comparison with an OpenAPI document, on a small one of our own."""

import json
from copy import deepcopy
from pathlib import Path

import pytest

from tools import agreed, drift, openapi
from tools.agreed import Agreed
from tools.facts import Facts

FILE = Path(__file__).with_name("openapi.json")
UPSTREAM = openapi.read(FILE)
AGREED = Agreed(
    where=["*.list.query.colour"], theirs="it", ours="-", reason="No.", link="https://example.com"
)


def test_a_document_is_read_into_the_form_of_the_facts() -> None:
    """Wrappers are unwrapped, ids of the path left out, and names freed from their tag."""
    operations = UPSTREAM["services"]["APIWidgets"]["operations"]

    assert ["list", "create", "update", "delete", "turn_around", "replace"] == list(operations)
    assert {
        "method": "GET",
        "path": "/api_widgets",
        "response": "Widget",
        "items": "widgets",
        "query": {
            "before_id": {"type": "string"},
            "limit": {"type": "string"},
            "colour": {"type": "string"},
        },
    } == operations["list"]
    assert {"name": {"type": "string", "required": True}}.items() <= operations["create"][
        "body"
    ].items()
    assert {"description": {"type": "string"}} == operations["update"]["body"]
    assert {} == operations["turn_around"]["body"]
    assert "WidgetLock" == operations["replace"]["body_schema"]
    assert {"method": "DELETE", "path": "/api_widgets/{id}", "query": {}} == operations["delete"]
    assert ["Ref", "Widget", "WidgetLock"] == list(UPSTREAM["schemas"])
    assert {
        "id": "string",
        "created_at": "datetime",
        "description": "string",
        "metadata": "string",
        "uri": "string",
        "owner": "Ref",
        "parts": "[Ref]",
        "tags": "[string]",
        "labels": "object",
        "lock": "WidgetLock",
        "size": "integer",
        "weight": "number",
        "token": "string",
    } == {name: field["type"] for name, field in UPSTREAM["schemas"]["Widget"].items()}


def ours() -> Facts:
    """Return a declaration that says all that the document says, and more than it can say."""
    declaration = deepcopy(UPSTREAM)
    service = declaration["services"]["APIWidgets"]
    service["attribute"] = "api_widgets"
    service["operations"]["list"]["query"]["limit"] = {"type": "integer"}
    del service["operations"]["list"]["query"]["colour"]
    widget = declaration["schemas"]["Widget"]
    widget["labels"] = {"type": "{string}"}
    widget["token"] = {"type": "string", "nullable": True, "secret": True, "enum": ["a"]}
    declaration["schemas"]["WidgetLock"]["opens_at"] = {"type": "string"}
    return declaration


def test_what_the_document_cannot_say_is_no_difference() -> None:
    """Null, values, secrets, the types of maps and of queries, and timestamps are not compared."""
    assert [] == drift.report(UPSTREAM, ours(), [AGREED])


def test_the_list_names_what_to_act_on() -> None:
    """What is new, what is gone, what has changed and what is out of date, each by its name."""
    declaration = ours()
    operations = declaration["services"]["APIWidgets"]["operations"]
    del operations["turn_around"], operations["create"]["body"]["name"]
    del declaration["schemas"]["Widget"]["size"]
    operations["purge"] = {"method": "DELETE", "path": "/api_widgets"}
    operations["update"]["path"] = "/widgets/{id}"
    declaration["schemas"]["Widget"]["weight"]["type"] = "integer"
    declaration["services"]["Gadgets"] = {"operations": {}}
    stale = Agreed(where=["Widget.uri"], theirs="it", ours="-", reason="No.", link="https://")

    assert [
        "ngrok's document has, we have not:",
        "  APIWidgets.create.body.name",
        "  APIWidgets.turn_around (POST /api_widgets/{id}/turn_around)",
        "  Widget.size",
        "We have, ngrok's document has not:",
        "  APIWidgets.purge (DELETE /api_widgets)",
        "  Gadgets",
        "Not the same:",
        "  APIWidgets.update.path: /api_widgets/{id} there, /widgets/{id} here",
        "  Widget.weight.type: number there, integer here",
        "Agreed on, but not so now:",
        "  Widget.uri (it there, - here)",
    ] == drift.report(UPSTREAM, declaration, [AGREED, stale])


def test_a_difference_is_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """The program prints the list and fails; our package knows no widgets."""
    assert 1 == drift.main([str(FILE)])

    printed = capsys.readouterr().out.splitlines()
    assert "ngrok's document has, we have not:" == printed[0]
    assert "  APIWidgets" in printed


def nothing(_: str) -> list[Agreed]:
    """Agree on nothing."""
    return []


def test_no_difference_is_success(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program says that there is nothing to do."""
    monkeypatch.setattr(drift, "declared", lambda: UPSTREAM)
    monkeypatch.setattr(agreed, "load", nothing)

    assert 0 == drift.main([str(FILE)])

    assert "Nothing new.\n" == capsys.readouterr().out


def test_a_draft_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """`--draft` prints a module instead of the list."""
    assert 0 == drift.main([str(FILE), "--draft", "APIWidgets"])

    assert "class APIWidgets(Resource):" in capsys.readouterr().out


def test_a_draft_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever misspells a service is told which ones there are."""
    with pytest.raises(SystemExit):
        drift.main([str(FILE), "--draft", "Widgets"])

    assert "there is no Widgets; it has APIWidgets" in capsys.readouterr().err


def test_yaml_is_read_where_it_can_be(tmp_path: Path) -> None:
    """YAML is what ngrok publishes; there, the keys of `responses` are numbers."""
    yaml = pytest.importorskip("yaml")
    document = json.loads(FILE.read_text(encoding="utf-8"))
    for item in document["paths"].values():
        for operation in item.values():
            answers = operation["responses"]
            operation["responses"] = {int(status): answers[status] for status in answers}
    file = tmp_path / "ngrok.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")

    assert UPSTREAM == openapi.read(file)


@pytest.mark.parametrize("text", ["[]", '{"swagger": "2.0"}'], ids=["no object", "version 2"])
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    """A file that is no OpenAPI 3 document is not taken for an empty one."""
    file = tmp_path / "other.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"other\.json is not an OpenAPI 3 document"):
        openapi.read(file)
