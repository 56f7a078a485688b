"""Checks the types of all pieces of Python on the pages: `python -m tools.pages.typed`.

A page's pieces are put into one coroutine, as its tests run them, and its programs and tests into
files of their own; mypy --strict and pyright's strict mode then read them as a caller's code.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.pages.examples import EXAMPLES
from tools.pages.start_here import blocks

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
LEFT_OUT: Final = {
    "first-contact.md": "it shows mistakes, and type checkers find many of them",
    "coming-from-ngrok-api.md": "half of it is another package, which has no types",
}
"""Pages that are not checked, and why."""
ALLOWED: Final = {
    "how-it-is-built.md": (
        '# mypy: disable-error-code="empty-body"',  # declarations, as in `ngrok_async.resources`
    ),
    "redis.md": ("# pyright: reportUnknownMemberType=false",),  # redis-py has bare **kwargs,
    "testing.md": ("# pyright: reportUnknownMemberType=false",),  # and so has aioresponses
}
"""What a page may do, by the comment that says so."""
_FIXTURES: Final = {
    "fake": "FakeNgrok",
    "fake_ngrok": "FakeNgrok",
    "monkeypatch": "pytest.MonkeyPatch",
    "ngrok": "Client",
    "ngrok_clock": "TurnableClock",
}
_PREAMBLE: Final = """\
import pytest

from ngrok_async import Client
from ngrok_async.testing import FakeNgrok, TurnableClock
"""
# Names that stand at the top of a reader's program are locals here.
_UNUSED: Final = ("Variable", "Import", "Function", "Class")
_OPTIONS: Final = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "extraPaths": [str(ROOT)],
    "reportDuplicateImport": "none",  # of what the preamble has
    **{f"reportUnused{kind}": "none" for kind in _UNUSED},
}


class _Annotated(ast.NodeTransformer):
    """Functions as strict checkers want them: pages leave out what tests and scripts leave out."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """See `visit_FunctionDef`."""
        return self._annotate(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Give fixtures their types, and say of what returns nothing that it does."""
        return self._annotate(node)

    def _annotate(self, node: ast.AsyncFunctionDef | ast.FunctionDef) -> ast.AST:
        for argument in node.args.args:
            if argument.annotation is None and argument.arg in _FIXTURES:
                argument.annotation = ast.Name(_FIXTURES[argument.arg])
        returns = (each for each in ast.walk(node) if isinstance(each, ast.Return))
        if node.returns is None and not any(each.value for each in returns):
            node.returns = ast.Constant(None)
        return self.generic_visit(node)


def files() -> Iterator[tuple[str, str]]:
    """Return names and texts of the files that the pages' pieces make."""
    yield "reference", "\n".join((_PREAMBLE, *map(_example, EXAMPLES)))
    for path in (ROOT / "README.md", *sorted(DOCS.glob("**/*.md"))):
        if "_build" not in path.parts and path.name not in LEFT_OUT:
            yield from _files_of(path)


def _files_of(path: Path) -> Iterator[tuple[str, str]]:
    folder = () if path.parent in {ROOT, DOCS} else (path.parent.name,)
    page = re.sub(r"\W", "_", "_".join((*folder, path.stem)))
    python = [block.text for block in blocks(path.read_text("utf-8")) if block.language == "python"]
    head = "\n".join((*ALLOWED.get(path.name, ()), _PREAMBLE))
    pieces: list[str] = []
    for number, text in enumerate(python):
        if named := re.match(r"# (\w+)\.py\n", text):
            yield named[1], _annotated(text)
        elif not folder and re.search(
            r"^(async )?def (main|test_)|^@pytest|^await_", text, re.MULTILINE
        ):
            yield f"{page}_{number}", f"{head}\n{_annotated(text)}"
        else:
            pieces.append(textwrap.indent(text, "    "))
    if pieces:
        yield page, f"{head}\n\nasync def pieces(ngrok: Client) -> None:\n{''.join(pieces)}"


def _example(name: str) -> str:
    return f"async def {name}(ngrok: Client) -> None:\n{textwrap.indent(EXAMPLES[name], '    ')}"


def _annotated(text: str) -> str:
    return ast.unparse(ast.fix_missing_locations(_Annotated().visit(ast.parse(text)))) + "\n"


def main() -> None:
    """Write the files, and let both checkers read them."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        for name, text in files():
            (directory / f"{name}.py").write_text(text, encoding="utf-8")
        configured = directory / "pyrightconfig.json"
        configured.write_text(json.dumps(_OPTIONS), encoding="utf-8")
        # A name is used for several things on one page, as one does at a prompt.
        mypy = (
            "mypy",
            "--strict",
            "--config-file=",
            "--allow-redefinition",
            "--python-version=3.11",
        )
        cache = f"--cache-dir={ROOT / '.mypy_cache' / 'pages'}"
        checked = [str(path) for path in sorted(directory.glob("*.py"))]
        failed = [
            command[0]
            for command in ((*mypy, cache, *checked), ("pyright", "-p", str(configured)))
            if subprocess.run((sys.executable, "-m", *command), check=False).returncode
        ]
    if failed:
        sys.exit(f"{' and '.join(failed)} found something in the pages")


if __name__ == "__main__":
    main()
