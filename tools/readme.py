"""The README as PyPI shows it: hatchling asks this for it, whatever builds the package.

In the repository its links are relative, so that they lead somewhere in a checkout, on a branch
and at a tag. PyPI has none of the files beside it: there they lead to the site and to the
repository, whose addresses `[project.urls]` in pyproject.toml has and no other place.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK: Final = re.compile(r"""(\]\(|(?:src|srcset|href)=")(?![a-z]+:|#)([^)"\s]+)""")
_IMAGES: Final = (".gif", ".png", ".svg")


def absolute(text: str, urls: Mapping[str, str], version: str) -> str:
    """Return a text whose relative links are absolute.

    Args:
        text: Markdown, with or without HTML in it.
        urls: The table `[project.urls]`.
        version: Whose tag they lead to in the repository.
    """

    def address(found: re.Match[str]) -> str:
        before, link = found.groups()
        path, hash_, anchor = link.partition("#")
        page = Path(path)
        if page.is_relative_to("docs") and page.suffix == ".md":
            html = page.relative_to("docs").with_suffix(".html").as_posix()
            return f"{before}{urls['Documentation']}/{html}{hash_}{anchor}"
        kind = "raw" if page.suffix in _IMAGES else "blob"
        return f"{before}{urls['Repository']}/{kind}/v{version}/{link}"

    return _LINK.sub(address, text)


class ReadmeHook(MetadataHookInterface):
    """Gives the README to the metadata; `readme` is dynamic in pyproject.toml."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Put it in."""
        root = Path(self.root)
        # By its text: the package cannot be imported in the environment that builds it.
        version_file = (root / "ngrok_async" / "_version.py").read_text("utf-8")
        [version] = re.findall(r'^__version__ = "(.+)"$', version_file, re.MULTILINE)
        text = (root / "README.md").read_text("utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute(text, metadata["urls"], version),
        }
