"""Breaks the code on purpose and counts how many of the breaks a test notices.

`python -m tools.mutants` applies each entry of `mutants.toml` to a copy of the work tree, one at a
time, and runs the tests of that module on it. A number or two as arguments pick entries; with
`--jobs 2`, two are tried at a time.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Literal

import attrs

ROOT: Final = Path(__file__).parent.parent
DATA: Final = Path(__file__).with_suffix(".toml")
PACKAGE: Final = "ngrok_async"
PATIENCE_S: Final = 600.0  # for tests of which nobody knows yet how long they take
# A mutant that hangs shows by tests that take several times as long as without it, on a machine
# that has just become busy too.
TIMEOUT_S: Final = 60.0
TIMES: Final = 5.0
TESTS: Final[Mapping[str, Sequence[str]]] = {
    "_way/retry.py": (
        "tests/way/test_retry.py",
        "tests/way/test_retry_budget.py",
        "tests/way/test_retry_decision.py",
        "tests/test_events.py",
    ),
    **dict.fromkeys(
        (
            f"_limits/{name}.py"
            for name in (
                *("accounts", "budget", "line", "rate_limit", "refusals", "sides", "stated"),
                "window",
            )
        ),
        ("tests/limits",),
    ),
    **dict.fromkeys(
        (
            f"_limits/redis_{name}.py"
            for name in ("answer", "link", "part", "report", "script", "state", "turns", "waiting")
        ),
        (
            "tests/limits/test_redis_state.py",
            "tests/redis/test_sharing.py",
            "tests/redis/test_redis.py",
        ),
    ),
    **dict.fromkeys(
        (
            f"jobs/_{name}.py"
            for name in (
                *("fleet_account", "fleet_begin", "fleet_known", "fleet_plan", "fleet_run"),
                *("fleet_sight", "fleet_told", "identity", "journal"),
            )
        ),
        (
            "tests/jobs/test_identity.py",
            "tests/jobs/test_rollout.py",
            "tests/jobs/test_rollout_answers.py",
            "tests/jobs/test_rollout_who.py",
            "tests/jobs/test_rollout_journal.py",
        ),
    ),
    "_model.py": ("tests/test_json_form.py",),
    "_page.py": ("tests/test_pagination.py", "tests/test_walk.py", "tests/test_json_form.py"),
    "_pydantic.py": ("tests/test_pydantic.py",),
    "_printable.py": ("tests/cli", "tests/test_table.py"),
    "_table.py": ("tests/test_table.py",),
    **dict.fromkeys(
        ("_walk.py", "pagination.py"),
        (
            "tests/test_pagination.py",
            "tests/test_pagination_properties.py",
            "tests/test_walk.py",
            "tests/test_walk_links.py",
            "tests/test_walk_prefetch.py",
            "tests/faults/test_pages.py",
        ),
    ),
    "_way/answer.py": (
        "tests/way/test_answer.py",
        "tests/way/test_answer_texts.py",
        "tests/test_events.py",
    ),
    "_way/attempt.py": (
        "tests/socket/test_leaving.py",
        "tests/socket/test_attempts.py",
        "tests/socket/test_sessions.py",
        "tests/way/test_transport.py",
    ),
    "_way/call.py": ("tests/socket/test_leaving.py", "tests/socket/test_closing.py"),
    "_way/connector.py": ("tests/socket/test_reuse.py",),
    "_way/credentials.py": (
        "tests/way/test_credentials.py",
        "tests/socket/test_sessions.py",
        "tests/socket/test_proxies.py",
        "tests/test_no_secret_left.py",
    ),
    "_wire/exact.py": ("tests/wire/test_loop.py", "tests/wire/test_read.py"),
    "_wire/fields.py": ("tests/wire/test_loop.py", "tests/wire/test_read.py"),
    "_wire/loop.py": ("tests/wire/test_loop.py", "tests/wire/test_read.py"),
    "_wire/text.py": ("tests/wire/test_hostile_bodies.py", "tests/wire/test_read.py"),
    "_tracebacks.py": (
        "tests/test_tracebacks.py",
        "tests/way/test_credentials.py",
        "tests/test_no_secret_left.py",
    ),
    "_callables.py": ("tests/test_callables.py",),
    "_way/sendable.py": ("tests/way/test_credentials.py", "tests/way/test_transport.py"),
    "_json.py": ("tests/test_json.py",),
    "_numbers.py": ("tests/test_numbers.py",),
    "_shown.py": ("tests/test_shown.py",),
    "_pickles.py": ("tests/test_model.py",),
    "_way/timers.py": ("tests/way/test_timers.py",),
    "_way/transport.py": (
        "tests/socket/test_attempts.py",
        "tests/socket/test_error_bodies.py",
        "tests/socket/test_requests.py",
        "tests/socket/test_sessions.py",
        "tests/way/test_transport.py",
    ),
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
    """Copy the work tree, without what tools keep in it."""
    # All of it: any test may read a page of the documentation, or use a tool.
    ignore = shutil.ignore_patterns("__pycache__", ".*", "dist", "htmlcov", "node_modules")
    shutil.copytree(ROOT, into, ignore=ignore, dirs_exist_ok=True)


def run(root: Path, file: str, seconds: float) -> tuple[Literal["survived", "killed", "hung"], str]:
    """Run the tests of a module on the copy; return what became of the mutant, and the output."""
    # The copy comes before an installed package; no byte code, as a mutant may be as old and as
    # long as the one before it. Fixed examples: a survivor is one in the next run, too.
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
    command = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *TESTS[file])
    try:
        done = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        return "hung", (error.stdout or b"").decode()  # nobody would miss that either
    output = done.stdout.decode() + done.stderr.decode()
    if done.returncode not in {0, 1}:  # neither passed nor failed: it did not run
        raise RuntimeError(output)
    return "killed" if done.returncode else "survived", output


def patience(file: str) -> float | None:
    """Return how long to wait for the tests of a module; None, and why, where they do not pass."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(Path(folder))
        fate, output = run(Path(folder), file, PATIENCE_S)
    if fate == "survived":
        return max(TIMEOUT_S, TIMES * (time.monotonic() - begin))
    word = "do not end" if fate == "hung" else "fail"
    print(f"{output}\nthe tests of {file} {word} without a mutant", flush=True)
    return None


def check(number: int, mutant: Mutant, seconds: float) -> tuple[str, bool]:
    """Try one mutant and print how that went; return what became of it, and if it was meant to."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        copy_tree(root)
        mutant.apply(root)
        fate, _ = run(root, mutant.file, seconds)
    as_told = (fate == "survived") == (mutant.equivalent is not None)
    took = time.monotonic() - begin
    lines = [f"{number:3} {fate:8} {took:5.1f} s  {mutant.file}: {mutant.breaks}"]
    if mutant.equivalent is not None:
        verdict = "equivalent" if as_told else "a test noticed it, but it was said to be equivalent"
        lines.append(f"    {verdict}: {mutant.equivalent.strip()}")
    elif not as_told:
        lines.append("    NO TEST NOTICED")
    print("\n".join(lines), flush=True)
    return fate, as_told


def main() -> int:
    """Try all mutants, or those whose numbers are given."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants")
    parser.add_argument("numbers", nargs="*", type=int, help="default: all of them")
    parser.add_argument("--jobs", type=int, default=1, help="how many to try at a time")
    arguments = parser.parse_args()
    mutants = load()
    numbers: Sequence[int] = arguments.numbers or range(1, len(mutants) + 1)
    chosen = [mutants[number - 1] for number in numbers]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        files = list(dict.fromkeys(mutant.file for mutant in chosen))
        waits = dict(zip(files, pool.map(patience, files), strict=True))
        known = {file: wait for file, wait in waits.items() if wait is not None}
        if known.keys() != waits.keys():
            return 2
        results = list(pool.map(check, numbers, chosen, [known[mutant.file] for mutant in chosen]))
    fates = Counter(fate for fate, _ in results)
    wrong = sum(not as_told for _, as_told in results)
    print(f"{len(results)} mutants: {dict(fates)}; {wrong} not as mutants.toml says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
