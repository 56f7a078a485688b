"""Writes the pages for language models: `llms.txt` lists them, `llms-full.txt` joins them.

Sphinx calls it at the end of a build (`docs/conf.py`), so both are as fresh as the site.
"""

import re
from pathlib import Path
from typing import Final

SUMMARY: Final = """\
# ngrok-async

> The asyncio SDK for the ngrok HTTP API (`import ngrok_async`): typed, with retries that repeat
> only what is safe and a rate limit that keeps within 120 requests per 60 seconds. For Python 3.11
> or newer.

Each page is linked as Markdown; the page for people has the ending `.html`.
"""


def pages(docs: Path) -> list[Path]:
    """Return the Markdown pages in the order of the site."""
    index = (docs / "index.md").read_text("utf-8")
    listed = re.findall(r"^(?:.+ <)?([\w/-]+)>?$", "\n".join(_toctrees(index)), re.MULTILINE)
    return [path for name in listed if (path := docs / f"{name}.md").exists()]


def _toctrees(index: str) -> list[str]:
    return re.findall(r"^```\{toctree\}\n(.*?)^```$", index, re.MULTILINE | re.DOTALL)


def listing(docs: Path) -> str:
    """Return `llms.txt`: a line for each page, with its title and its first sentence."""
    return f"{SUMMARY}\n## Pages\n\n" + "".join(_line(path, docs) for path in pages(docs))


def text(path: Path) -> str:
    """Return a page with what it includes, without the lists that Sphinx makes menus of."""
    page = re.sub(
        r"^```\{toctree\}\n.*?^```\n", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    included = re.compile(r"^```\{include\} (\S+)\n```\n", re.MULTILINE)
    return included.sub(lambda found: (path.parent / found[1]).read_text("utf-8"), page)


def _line(path: Path, docs: Path) -> str:
    title, paragraph, *_ = text(path).split("\n\n")
    sentence = " ".join(paragraph.split()).partition(". ")[0].rstrip(".:")
    return f"- [{title.removeprefix('# ')}]({path.relative_to(docs).as_posix()}): {sentence}.\n"


def everything(docs: Path) -> str:
    """Return `llms-full.txt`: all pages, one after the other."""
    return SUMMARY + "".join(f"\n\n{text(path)}" for path in pages(docs))


def write(docs: Path, site: Path) -> None:
    """Write both files and the pages that they name into a built site."""
    (site / "llms.txt").write_text(listing(docs), encoding="utf-8")
    (site / "llms-full.txt").write_text(everything(docs), encoding="utf-8")
    for path in pages(docs):
        (site / path.relative_to(docs)).write_text(text(path), encoding="utf-8")
