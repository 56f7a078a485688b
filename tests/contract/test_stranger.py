"""A resource that is added as CONTRIBUTING says, in a copy of the project, by somebody new here.

It is the agent's `personal_access_tokens`, whose fields are made up where its reference is silent.
Whoever changes the steps below changes "Add a resource" in CONTRIBUTING.md too.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.contract import facts

ROOT = Path(__file__).parents[2]
STRANGER = Path(__file__).with_name("stranger")
COPIED = ("CONTRIBUTING.md", "README.md", "pyproject.toml")
FOLDERS = ("docs", "examples", "ngrok_async", "tests", "tools")
NAME = "personal_access_tokens"
DEED = """\
    "POST /personal_access_tokens/{id}/revoke": lambda command: command.item.update(
        revoked_at="2030-01-01T00:00:00Z"
    ),
"""
# Each of these names every resource, and was red at the first try.
CHECKS = (
    "tests/contract/test_contract.py",
    "tests/contract/test_commands.py",
    "tests/contract/test_docstrings.py",
    "tests/contract/test_fake_facts.py",
    "tests/contract/test_requests.py",
    "tests/resources/test_models.py",
    "tests/test_hints.py",
    "tests/test_surface.py",
    "tests/testing/test_prefixes.py",
    "tests/test_docs.py::test_what_is_not_offered_is_listed",
    "tests/test_docs.py::test_what_the_fake_checks_is_up_to_date",
    "tests/test_docs.py::test_tab_completion_goes_all_the_way",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project, and add the resource to it."""
    root = tmp_path_factory.mktemp("stranger")
    for name in COPIED:
        shutil.copy(ROOT / name, root / name)
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "_build", ".*")
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    text = (STRANGER / f"{NAME}.py.txt").read_text(encoding="utf-8")
    (root / "ngrok_async" / "resources" / f"{NAME}.py").write_text(text, encoding="utf-8")
    insert(
        root / "ngrok_async/client.py",
        "    from ngrok_async.resources.reserved_addrs ",
        f"    from ngrok_async.resources.{NAME} import PersonalAccessTokens\n",
    )
    insert(
        root / "ngrok_async/client.py",
        "    reserved_addrs: Lazy[",
        f'    {NAME}: Lazy[PersonalAccessTokens] = Lazy("PersonalAccessTokens")\n',
    )
    insert(root / "ngrok_async/_hints.py", '"reserved_addrs",', f'"{NAME}", ')
    insert(root / "tools/pages/reference.py", '"service_users", ', f'"{NAME}", ')
    example = f'    "{NAME}": """\n        await ngrok.{NAME}.list()\n    """,\n'
    insert(root / "tools/pages/examples.py", '    "reserved_addrs": """', example)
    insert(
        root / "ngrok_async/testing/_commands.py", '    "POST /tunnel_sessions/{id}/restart"', DEED
    )
    add_facts(root / "tests/contract/facts.json")
    page = root / "docs/not-offered.md"
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    rest = "".join(line for line in lines if not line.startswith(f"| `{NAME}`"))
    page.write_text(rest, encoding="utf-8")
    for tool in ("contract.fake_facts", "contract.cli_operations", "pages.testing"):
        done = run(root, "-m", f"tools.{tool}")
        assert not done.returncode, done.stderr
    return root


def insert(file: Path, before: str, text: str) -> None:
    """Insert a text before another one, which stands there once."""
    first, found, rest = file.read_text(encoding="utf-8").partition(before)
    assert found, f"{file.name} has no {before!r}"
    file.write_text(first + text + found + rest, encoding="utf-8")


def add_facts(file: Path) -> None:
    """Add what is known of the resource, in the form of the file; it is unspecified no more."""
    text = (STRANGER / "facts.json").read_text(encoding="utf-8")
    services, _, schemas = text.partition('\n },\n "schemas": {\n')
    insert(file, '  "ReservedAddrs": {', services.partition('"services": {\n')[2] + ",\n")
    insert(file, '  "ReservedAddr": {', schemas.removesuffix("\n }\n}\n") + ",\n")
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    known = (line for line in lines if not line.startswith(f'   "{NAME}": ['))
    file.write_text("".join(known), encoding="utf-8")


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, which comes before the package that the tests have."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("COV", "PYTEST"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env=inherited | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contract_holds(copy: Path) -> None:
    """Facts and declarations agree, and the new ones are counted."""
    known = facts.load()["services"]

    done = run(copy, "-m", "tools.contract")

    assert f"{len(known) + 1} of {len(known) + 1} services, " in done.stdout
    assert 0 == done.returncode, done.stdout


def test_no_other_test_is_red(copy: Path) -> None:
    """Neither one that looks at every resource, nor one that holds a file to what it is made of."""
    done = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *CHECKS)

    assert 0 == done.returncode, done.stdout[-5000:]


def test_the_fake_does_all_of_it(copy: Path) -> None:
    """The example, in which nothing is written for one resource, calls each operation."""
    done = run(copy, "examples/every_resource.py")

    verbs = re.findall(rf"^{NAME}\.(\w+) ", done.stdout, re.MULTILINE)
    assert ["create", "list", "get", "update", "revoke", "delete"] == verbs, done.stderr
    assert 0 == done.returncode


def files_that_name_everything() -> Iterator[str]:
    """Find the files of the project that name nine of ten resources, but for single tests."""
    names = [service["attribute"] for service in facts.load()["services"].values()]
    plain = {name for name in names if "." not in name}
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.*"):
            if file.suffix not in {".py", ".md", ".json", ".toml"} or "_build" in file.parts:
                continue
            words = set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
            if len(words & plain) >= 0.9 * len(plain) and not file.name.startswith("test_"):
                yield file.relative_to(ROOT).as_posix()


def test_each_file_that_names_every_resource_is_told_of() -> None:
    """One more such file is one more step, which a newcomer would learn of by a red test."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    steps = text.partition("## Add a resource")[2].partition("\n## ")[0]

    assert [] == [file for file in files_that_name_everything() if f"`{file}`" not in steps]
