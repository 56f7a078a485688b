"""Writes `docs/faults.md` from the catalogue of faults: `python -m tools.pages.faults`."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).parents[2]
CATALOGUE: Final = ROOT / "tests" / "faults" / "catalogue.toml"
PAGE: Final = ROOT / "docs" / "faults.md"
HEAD: Final = """\
# Faults and their tests

What happens when something goes wrong, and the tests that prove it. All of them run with the other
tests, against real connections or a clock that is turned by hand; none waits for real. The list is
made by `python -m tools.pages.faults` from `tests/faults/catalogue.toml`; a test compares the two.

What holds for any input is proven by properties: the tests named `*_properties.py`, and those of
answers, bodies, ids and keys that begin with "any". Two programs are for people to run:
`python -m tools.mutants` breaks the code on purpose and counts what the tests notice, and
`python benchmarks/soak.py` mixes calls, faults and cancellations for minutes.
"""


@attrs.frozen(kw_only=True)
class Case:
    """A fault, what comes of it, and the tests that prove it.

    Attributes:
        number: Its place in the catalogue, from 1.
        fault: What goes wrong.
        outcome: What must happen then.
        tests: Ids of tests below `tests/`.
        area: What this case and those after it are about; None: as the one before.
    """

    number: int
    fault: str
    outcome: str
    tests: Sequence[str]
    area: str | None = None


def load() -> tuple[Case, ...]:
    """Read the catalogue."""
    content = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return tuple(Case(**entry) for entry in content["case"])


def page(cases: Sequence[Case]) -> str:
    """Return the page."""
    return "\n".join([HEAD, *_lines(cases)]) + "\n"


def _lines(cases: Sequence[Case]) -> Iterator[str]:
    for index, case in enumerate(cases):
        if case.area is not None:
            if index:
                yield ""
            yield from (f"## {case.area}", "", "| | fault | outcome | tests |", "|-|-|-|-|")
        tests = "<br>".join(f"`{test}`" for test in case.tests)
        row = (str(case.number), case.fault, case.outcome, tests)
        yield f"| {' | '.join(text.replace('|', chr(92) + '|') for text in row)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(load()), encoding="utf-8")


if __name__ == "__main__":
    main()
