"""The house: where things lie, and how large they may be. `lint-imports` holds the arrows."""

from pathlib import Path

import pytest

import ngrok_async

PACKAGE = Path(ngrok_async.__file__).parent
PAGE = PACKAGE.parent / "docs" / "how-it-is-built.md"
WINGS = ("_limits", "_way", "_wire")
FILES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
MOST_LINES = 430


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("resources/")])
def test_no_file_is_a_hall(name: str) -> None:
    """Who opens a file sees all that it does; only tables of resources are as long as the API."""
    lines = (PACKAGE / name).read_text("utf-8").count("\n")

    assert lines <= MOST_LINES, f"{name} has {lines} lines: split it by what its parts know"


@pytest.mark.parametrize("wing", WINGS)
def test_the_page_names_every_module_of_a_wing(wing: str) -> None:
    """And no other: a reader finds on it what there is."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"| `{wing}/` |")
    table = rest.partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in row.replace("`", "").replace(",", "").split()}
    there = {path.name for path in (PACKAGE / wing).glob("*.py")} - {"__init__.py"}

    assert there == named


def test_the_package_stands_alone() -> None:
    """A wheel has one name of ours: what lies beside the package is for those who work on it."""
    beside = {path.name for path in PACKAGE.parent.glob("*.py")}

    assert beside <= {"noxfile.py"}
