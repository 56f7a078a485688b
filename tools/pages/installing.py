"""Writes how one installs the package into every page: `python -m tools.pages.installing`.

`ON_PYPI` decides it, in the commit that is released; the tests hold the pages to it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ON_PYPI: Final[bool] = False
"""Whether `pip install ngrok-async` works. As long as it does not, no page says it."""

ROOT: Final = Path(__file__).parents[2]
_INSTALL: Final = re.compile(
    r"(?<=python -m pip install )"
    r'(?:"(?:\.|ngrok-async)\[(?P<extra>[a-z,]+)\]"|(?:\.|ngrok-async)(?=[\s`]))'
)


def command(extra: str | None = None, *, on_pypi: bool = ON_PYPI) -> str:
    """Return what a reader types after `python -m pip install`.

    Args:
        extra: What to install with it.
        on_pypi: Whether it can be had there; else it is installed from a checkout.
    """
    name = "ngrok-async" if on_pypi else "."
    return f'"{name}[{extra}]"' if extra else name


def written(page: str, *, on_pypi: bool = ON_PYPI) -> str:
    """Return a page in which each such line says what works."""
    return _INSTALL.sub(lambda found: command(found["extra"], on_pypi=on_pypi), page)


def pages() -> Iterator[Path]:
    """Return what tells people how to install it."""
    yield ROOT / "README.md"
    yield from sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
    yield from sorted((ROOT / "examples").rglob("*.md"))


if __name__ == "__main__":
    for path in pages():
        path.write_text(written(path.read_text("utf-8")), encoding="utf-8")
