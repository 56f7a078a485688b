"""The catalogue of faults names tests that exist, and the page about it is up to date."""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tools import mutants
from tools.pages import faults

CASES = faults.load()
FILES = sorted({test.partition("::")[0] for case in CASES for test in case.tests})


def test_every_case_is_there() -> None:
    """The numbers have no gap, and each has a fault, an outcome and a test."""
    assert list(range(1, len(CASES) + 1)) == [case.number for case in CASES]
    assert all(case.fault and case.outcome and case.tests for case in CASES)
    assert None is not CASES[0].area


@pytest.fixture(scope="session")
def collected() -> set[str]:
    """Return the ids of all tests in the files that the catalogue names, as pytest has them."""
    command = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")
    files = [f"tests/{file}" for file in FILES]
    done = subprocess.run(
        [*command, *files], cwd=faults.ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout
    ids = (line.removeprefix("tests/") for line in done.stdout.splitlines() if "::" in line)
    return {name for id_ in ids for name in _names(id_)}


def _names(test: str) -> Iterator[str]:
    """Yield what a test may be called: with its parameters, without them, by its class alone."""
    yield test
    bare = test.partition("[")[0]
    yield bare
    yield bare.rpartition("::")[0]


def test_every_test_of_the_catalogue_exists(collected: set[str]) -> None:
    """What pytest does not find is misspelt, renamed or gone."""
    assert [] == [test for case in CASES for test in case.tests if test not in collected]


def test_every_test_here_belongs_to_its_case() -> None:
    """A test that is named after a case stands there."""
    named = {test.partition("[")[0] for case in CASES for test in case.tests}
    for path in sorted((faults.ROOT / "tests" / "faults").glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                name = f"faults/{path.name}::{node.name}"
                assert not node.name.startswith("test_case_") or name in named


def test_the_page_is_up_to_date() -> None:
    """`docs/faults.md` is what `python -m tools.pages.faults` writes."""
    assert faults.PAGE.read_text(encoding="utf-8") == faults.page(CASES)


@pytest.mark.parametrize("mutant", mutants.load(), ids=lambda mutant: mutant.breaks)
def test_every_mutant_can_be_made(mutant: mutants.Mutant) -> None:
    """Its text stands in the module exactly once, and what takes its place is Python."""
    source = (mutants.ROOT / mutants.PACKAGE / mutant.file).read_text(encoding="utf-8")

    assert 1 == source.count(mutant.old)
    assert mutant.old != mutant.new
    ast.parse(source.replace(mutant.old, mutant.new))
    assert mutant.file in mutants.TESTS
