"""Drafts of resource modules, made of a small OpenAPI document of our own."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from ngrok_async._operation import operations
from tools.contract import drift, facts, openapi
from tools.contract.declared import describe, describe_model
from tools.contract.draft import draft

UPSTREAM = openapi.read(Path(__file__).with_name("openapi.json"))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a draft."""
    file = tmp_path / "api_widgets.py"
    file.write_text(draft(UPSTREAM, "APIWidgets"), encoding="utf-8")
    spec = spec_from_file_location("api_widgets", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # Annotations are looked up there.
    monkeypatch.setitem(sys.modules, "api_widgets", module)
    spec.loader.exec_module(module)
    return module


def test_a_draft_declares_what_the_document_says(module: ModuleType) -> None:
    """It can be imported, and differs from the document in nothing."""
    found = {name: describe(o) for name, o in operations(module.APIWidgets).items()}
    ours = {
        "services": {"APIWidgets": {"operations": found}},
        "schemas": {
            name: describe_model(vars(module)[name]) for name in ("Ref", "Widget", "WidgetLock")
        },
    }

    assert [] == drift.stated_differences(UPSTREAM, facts.completed(ours, facts.load()))


def test_a_draft_is_in_the_style_of_the_house() -> None:
    """Imports, a model and a resource, with TODO where a person has to write."""
    text = draft(UPSTREAM, "APIWidgets")

    assert text.startswith('"""TODO."""\n\nfrom collections.abc import Mapping, Sequence\n')
    assert "\nfrom ngrok_async.resources._shared import Described, Model, Ref\n" in text
    assert "class Ref(" not in text
    assert "Unused" not in text
    assert text.index("class WidgetLock(Model)") < text.index("class Widget(Described)")
    assert '    token: str = attrs.field(default="", repr=False)\n' in text
    assert "    created_at: datetime" not in text
    assert (
        '    @operation("POST /api_widgets")\n'
        "    async def create(\n"
        "        self,\n"
        "        *,\n"
        "        name: str,\n"
        "        description: Unset[str] = UNSET,\n"
        "        owner_id: Unset[Id] = UNSET,\n"
        "        part_ids: Unset[Sequence[Id]] = UNSET,\n"
        "        labels: Unset[Mapping[str, str]] = UNSET,\n"
        "        lock: Unset[Nested[WidgetLock]] = UNSET,\n"
        "        valid_until: Unset[datetime] = UNSET,\n"
        "    ) -> Widget:\n"
    ) in text
    assert max(map(len, text.splitlines())) <= 100
