"""Writes the links that CHANGELOG.md ends with: `python -m tools.pages.changelog`."""

import re
from pathlib import Path
from typing import Final

from tools import release

PAGE: Final = Path(__file__).parents[2] / "CHANGELOG.md"


def written(page: str) -> str:
    """Return the page with the links of its versions, to the addresses of pyproject.toml."""
    text = re.split(r"^\[Unreleased\]: ", page, maxsplit=1, flags=re.MULTILINE)[0]
    return f"{text.rstrip()}\n\n{release.links(text, release.urls()['Repository'])}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), encoding="utf-8")
