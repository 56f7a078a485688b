"""The catalogue of faults names tests that exist, and the page about it is up to date."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator

import pytest

from tools import mutants
from tools.pages import faults

CASES = faults.load()


def test_every_case_is_there() -> None:
    """The numbers have no gap, and each has a fault, an outcome and a test."""
    assert list(range(1, len(CASES) + 1)) == [case.number for case in CASES]
    assert all(case.fault and case.outcome and case.tests for case in CASES)
    assert None is not CASES[0].area


def _collected(files: Iterable[str]) -> Iterator[str]:
    """Yield the ids of all tests in these files, as pytest has them."""
    command = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")
    done = subprocess.run(
        [*command, *files], cwd=faults.ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout
    return (line for line in done.stdout.splitlines() if "::" in line)


def _names(test: str) -> Iterator[str]:
    """Yield what a test may be called: with its parameters, without them, by its class alone."""
    yield test
    bare = test.partition("[")[0]
    yield bare
    yield bare.rpartition("::")[0]


def test_every_test_of_the_catalogue_exists(request: pytest.FixtureRequest) -> None:
    """What pytest does not find is misspelt, renamed or gone.

    A run of all tests knows them already; what is not in this one is looked for.
    """
    there = {name for item in request.session.items for name in _names(item.nodeid)}
    missing = {f"tests/{test}" for case in CASES for test in case.tests} - there
    if missing:
        files = sorted({test.partition("::")[0] for test in missing})
        there = {name for id_ in _collected(files) for name in _names(id_)}

    assert [] == sorted(missing - there)


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
