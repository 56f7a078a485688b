"""The comparison with an OpenAPI document, on a small one of our own."""

import json
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.contract import differences, drift, openapi
from tools.contract.differences import Agreed
from tools.contract.facts import Facts

FILE = Path(__file__).with_name("openapi.json")
UPSTREAM = openapi.read(FILE)
KEYS = st.sampled_from(sorted(set(re.findall(r'"([^"]+)":', FILE.read_text(encoding="utf-8")))))
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
        "status": "200",
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
    assert {"method": "DELETE", "path": "/api_widgets/{id}", "status": "204"} == operations[
        "delete"
    ]
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
    declaration["schemas"]["Widget"]["uri"]["nullable"] = True
    service = declaration["services"]["APIWidgets"]
    service["attribute"] = "api_widgets"
    service["operations"]["list"]["query"]["limit"] = {"type": "integer"}
    del service["operations"]["list"]["query"]["colour"]
    widget = declaration["schemas"]["Widget"]
    widget["labels"] = {"type": "{string}"}
    widget["token"] = {"type": "string", "nullable": True, "secret": True, "enum": ["a"]}
    widget["created_at"] = {"type": "datetime", "required": True}
    return declaration


def test_what_the_document_cannot_say_is_no_difference() -> None:
    """It is silent on null, values, secrets and the types in maps; a time may be a mere text."""
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
    monkeypatch.setattr(differences, "load", nothing)

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
    yaml = import_module("yaml")  # has no types
    document = json.loads(FILE.read_text(encoding="utf-8"))
    for item in document["paths"].values():
        for operation in item.values():
            answers = operation["responses"]
            operation["responses"] = {int(status): answers[status] for status in answers}
    file = tmp_path / "ngrok.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")

    assert UPSTREAM == openapi.read(file)


NO_DOCUMENTS: Mapping[str, tuple[str, bytes | None, str]] = {
    "missing": ("x.json", None, "cannot be read: No such file or directory"),
    "no text": ("x.json", b"\x89PNG\r\n\x1a\n\x00", "cannot be read: 'utf-8' codec can't decode"),
    "no text, no suffix": ("x", b"\xff\xfe\x00", "cannot be read: 'utf-8' codec can't decode"),
    "a page": ("x.json", b"<!doctype html>", "cannot be read: Expecting value: line 1 column 1"),
    "a page as YAML": ("x.yaml", b"<html><p>a: b: c</p>", "cannot be read: mapping values are not"),
    "cut off": ("x.json", b'{"openapi": "3.0.0", "paths": {', "cannot be read: Expecting"),
    "nested": ("x.json", b"[" * 100_000, "cannot be read: RecursionError"),
    "no object": ("x.json", b"[]", "is not an OpenAPI 3 document"),
    "empty": ("x.yaml", b"", "is not an OpenAPI 3 document"),
    "a text": ("x.yaml", b"Not Found", "is not an OpenAPI 3 document"),
    "version 2": ("x.json", b'{"swagger": "2.0"}', "is not an OpenAPI 3 document"),
    "no paths": ("x.json", b'{"openapi": "3.0.0"}', "is not a whole OpenAPI 3 document: KeyError"),
    "paths in a list": (
        "x.json",
        b'{"openapi": "3.0.0", "paths": []}',
        "is not a whole OpenAPI 3 document: AttributeError",
    ),
    "reference to itself": (
        "x.json",
        b"""{"openapi": "3.1.0", "components": {"x": {"$ref": "#/components/x"}}, "paths":
            {"/": {"get": {"responses": {"200": {"$ref": "#/components/x"}}}}}}""",
        "is not a whole OpenAPI 3 document: #/components/x leads to itself",
    ),
}


@pytest.mark.parametrize("kind", NO_DOCUMENTS)
def test_a_file_that_is_none_is_one_line(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the file is, a line says so, and not a traceback or "Nothing new"."""
    name, content, expected = NO_DOCUMENTS[kind]
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)

    assert 2 == drift.main([str(file)])

    printed, complaint = capsys.readouterr()
    assert "" == printed
    assert 1 == complaint.count("\n")
    assert complaint.startswith(f"{file} {expected}")


def test_a_folder_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither is what cannot be opened."""
    assert 2 == drift.main([str(tmp_path)])

    assert f"{tmp_path} cannot be read: Is a directory\n" == capsys.readouterr().err


def test_yaml_without_a_reader_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyYAML is no dependency of this package."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    file = tmp_path / "ngrok.yaml"
    file.write_text("openapi: 3.0.0\n", encoding="utf-8")

    assert 2 == drift.main([str(file)])

    assert f"{file} cannot be read: YAML needs PyYAML (pip install pyyaml)\n" == (
        capsys.readouterr().err
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=12,
    )
)
def test_what_is_only_like_a_document_is_refused_or_read(paths: object) -> None:
    """No shape under `paths` ends in another error than the one that `main` turns into a line."""
    text = json.dumps({"openapi": "3.0.0", "paths": paths, "components": paths})
    with NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        with suppress(ValueError):
            openapi.read(Path(file.name))
