"""What a release needs: `python -m tools.release v0.1.0` says what is missing, or prints its notes.

The workflow of the release runs it before it builds anything. It uses the standard library only.
"""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ngrok_async._version import __version__
from tools.pages.installing import ON_PYPI

ROOT: Final = Path(__file__).parent.parent
_SECTION: Final = re.compile(r"^## \[(?P<version>[\d.]+)\] - \d{4}-\d\d-\d\d$", re.MULTILINE)


def urls() -> Mapping[str, str]:
    """Return the addresses of the project: the table `[project.urls]`."""
    found: Mapping[str, str] = tomllib.loads(_text("pyproject.toml"))["project"]["urls"]
    return found


def links(changelog: str, repository: str) -> str:
    """Return the lines that a changelog ends with, where its versions lead."""
    versions = [found["version"] for found in _SECTION.finditer(changelog)]
    before = [*versions[1:], None]
    lines = [
        f"[{version}]: {_tag_page(repository, version, older)}\n"
        for version, older in zip(versions, before, strict=False)  # there may be none
    ]
    newest = f"{repository}/compare/v{versions[0]}...HEAD" if versions else repository
    return f"[Unreleased]: {newest}\n" + "".join(lines)


def _tag_page(repository: str, version: str, before: str | None) -> str:
    if before is None:
        return f"{repository}/releases/tag/v{version}"
    return f"{repository}/compare/v{before}...v{version}"


def notes(changelog: str, version: str) -> str:
    """Return what a changelog says of a version, without its heading; "" where it has none."""
    _, found, rest = changelog.partition(f"\n## [{version}] - ")
    section = re.split(r"^(?:## |\[Unreleased\]: )", rest, maxsplit=1, flags=re.MULTILINE)[0]
    return section.partition("\n")[2].strip() if found else ""


def missing(
    tag: str,
    version: str,
    changelog: str,
    addresses: Mapping[str, str],
    owners: str,
    *,
    on_pypi: bool,
) -> Iterator[str]:
    """Return what stands between a commit and its release.

    Args:
        tag: The tag that somebody has set.
        version: What the package says it is.
        changelog: The text of CHANGELOG.md.
        addresses: What `urls` returns.
        owners: The text of .github/CODEOWNERS.
        on_pypi: Whether the pages say that one installs it from PyPI.
    """
    if tag != f"v{version}":
        yield f"The tag is {tag}, but ngrok_async/_version.py says {version}: v{version} is due."
    if not notes(changelog, version):
        yield f"CHANGELOG.md has nothing under a heading `## [{version}] - YYYY-MM-DD`."
    if unreleased := changelog.partition("\n## [Unreleased]\n")[2].partition("\n## [")[0].strip():
        first = unreleased.splitlines()[0]
        yield f"CHANGELOG.md has lines under [Unreleased] ({first!r}): they belong to {version}."
    for name, address in addresses.items():
        if ".example" in address:
            yield f"The address {name} in pyproject.toml is a placeholder: {address}."
    if "placeholder" in owners:
        yield ".github/CODEOWNERS has a placeholder."
    if not on_pypi:
        yield (
            "ON_PYPI in tools/pages/installing.py is False: the README on PyPI would not say how "
            "to install it from there."
        )


def main(arguments: list[str]) -> int:
    """Print the notes of a tag's release, or on standard error what is missing."""
    if len(arguments) != 1:
        print("python -m tools.release TAG", file=sys.stderr)
        return 2
    changelog = _text("CHANGELOG.md")
    problems = [
        *missing(
            arguments[0],
            __version__,
            changelog,
            urls(),
            _text(".github/CODEOWNERS"),
            on_pypi=ON_PYPI,
        )
    ]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(notes(changelog, __version__))
    return 1 if problems else 0


def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
