"""Breaks the code on purpose and counts how many of the breaks a test notices.

`python -m tools.mutants` applies each entry of `mutants.toml` to a copy of the work tree, one at a
time, and runs the tests of that module on it. A number or two as arguments pick entries.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import attrs

ROOT: Final = Path(__file__).parent.parent
DATA: Final = Path(__file__).with_suffix(".toml")
PACKAGE: Final = "ngrok_async"
TIMEOUT_S: Final = 60.0
TESTS: Final[Mapping[str, Sequence[str]]] = {
    "_retry.py": ("tests/test_retry.py", "tests/test_events.py"),
    **dict.fromkeys(
        (f"_limits/{name}.py" for name in ("accounts", "line", "rate_limit", "stated", "window")),
        ("tests/limits",),
    ),
    "pagination.py": (
        "tests/test_pagination.py",
        "tests/test_pagination_properties.py",
        "tests/faults/test_pages.py",
    ),
    "_answer.py": ("tests/test_answer.py", "tests/test_events.py"),
    "_attempt.py": (
        "tests/wire/test_leaving.py",
        "tests/wire/test_attempts.py",
        "tests/test_transport.py",
    ),
    "_call.py": ("tests/wire/test_leaving.py",),
    "_connector.py": ("tests/wire/test_reuse.py",),
    "_timeouts.py": ("tests/test_timeouts.py",),
    "_transport.py": ("tests/wire/test_error_bodies.py",),
}


@attrs.frozen(kw_only=True)
class Mutant:
    """A fault that somebody could have made.

    Attributes:
        file: The module of the package.
        breaks: What is wrong then.
        old: The text in the module; occurs there once.
        new: What takes its place.
        equivalent: Why nobody could tell the difference; None where a test has to.
    """

    file: str
    breaks: str
    old: str
    new: str
    equivalent: str | None = None

    def apply(self, root: Path) -> None:
        """Put the fault into the copy below `root`."""
        path = root / PACKAGE / self.file
        source = path.read_text()
        if source.count(self.old) != 1:
            raise ValueError(f"{self.file} does not have this text once: {self.old!r}")
        path.write_text(source.replace(self.old, self.new))


def load() -> tuple[Mutant, ...]:
    """Read the list."""
    return tuple(Mutant(**entry) for entry in tomllib.loads(DATA.read_text())["mutant"])


def copy_tree(into: Path) -> None:
    """Copy what the tests of a module need."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in (PACKAGE, "tests"):
        shutil.copytree(ROOT / name, into / name, ignore=ignore)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, into / name)


def run(root: Path, file: str) -> Literal["survived", "killed", "hung"]:
    """Run the tests of a module on the copy, and tell what became of the mutant in it."""
    # The copy comes before an installed package; no byte code, as a mutant may be as old and as
    # long as the one before it. Fixed examples: a survivor is one in the next run, too.
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS[file])
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "hung"  # nobody would miss that either
    if done.returncode not in {0, 1}:  # neither passed nor failed: it did not run
        raise RuntimeError(done.stdout.decode() + done.stderr.decode())
    return "killed" if done.returncode else "survived"


def check(number: int, mutant: Mutant) -> tuple[str, bool]:
    """Try one mutant and print how that went; return what became of it, and if it was meant to."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copy_tree(root)
        mutant.apply(root)
        fate = run(root, mutant.file)
    as_told = (fate == "survived") == (mutant.equivalent is not None)
    took = time.monotonic() - begin
    print(f"{number:3} {fate:8} {took:5.1f} s  {mutant.file}: {mutant.breaks}", flush=True)
    if mutant.equivalent is not None:
        verdict = "equivalent" if as_told else "a test noticed it, but it was said to be equivalent"
        print(f"    {verdict}: {mutant.equivalent.strip()}", flush=True)
    elif not as_told:
        print("    NO TEST NOTICED", flush=True)
    return fate, as_told


def main() -> int:
    """Try all mutants, or those whose numbers are given."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants")
    parser.add_argument("numbers", nargs="*", type=int, help="default: all of them")
    mutants = load()
    numbers = parser.parse_args().numbers or range(1, len(mutants) + 1)
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(Path(folder))
        for file in TESTS:
            if run(Path(folder), file) != "survived":
                print(f"the tests of {file} fail without a mutant")
                return 2
    results = [check(number, mutants[number - 1]) for number in numbers]
    fates = Counter(fate for fate, _ in results)
    wrong = sum(not as_told for _, as_told in results)
    print(f"{len(results)} mutants: {dict(fates)}; {wrong} not as mutants.toml says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
