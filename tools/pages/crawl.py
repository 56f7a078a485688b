"""Reads the built site as a reader would: `python -m tools.pages.crawl docs/_build/html`.

Every link inside of it leads to a page and to a place on it, every picture is there, and on a
telephone nothing of a table is beyond the edge. That needs a `chromium`; without one it is left
out.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urldefrag, urlsplit

from playwright.async_api import Page, ViewportSize, async_playwright

_TELEPHONE: Final[ViewportSize] = {"width": 390, "height": 844}
_TABLES: Final = """() => {
    const edge = document.documentElement.clientWidth;
    const cut = [];
    for (const table of document.querySelectorAll("article table")) {
        let room = edge;
        for (let box = table.parentElement; box !== document.body; box = box.parentElement)
            if (getComputedStyle(box).overflowX !== "visible")  // it hides what is beside it
                room = Math.min(room, box.getBoundingClientRect().left + box.clientWidth);
        if (table.getBoundingClientRect().right > room + 1)
            cut.push(table.innerText.trim().split("\\n")[0]);
    }
    if (document.documentElement.scrollWidth > edge) cut.push("the page itself");
    return cut;
}"""
"""What of a page is wider than the screen, by the first words of it."""


class Reader(HTMLParser):
    """Collects where a page leads, and what on it can be led to."""

    def __init__(self, text: str) -> None:
        """Read the text of a page."""
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.said: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at the attributes; what a page loads counts as a link too."""
        if tag == "meta":
            found = dict(attrs)
            self.said[found.get("name") or found.get("property") or ""] = found.get("content") or ""
            return
        for name, value in attrs:
            if value and name in {"href", "src"}:
                self.links.add(value)
            elif value and name in {"id", "name"}:
                self.places.add(value)


def unsaid(site: Path) -> Iterator[str]:
    """Return what pages do not say to those who show a link to them, with the page."""
    for path in sorted(site.rglob("*.html")):
        said = Reader(path.read_text("utf-8")).said
        for name in ("description", "og:title", "og:image"):
            if not said.get(name):
                yield f"{path.relative_to(site)}: {name}"
        card = said.get("og:image", "").rpartition("/_static/")[2]
        if card and not (site / "_static" / card).is_file():
            yield f"{path.relative_to(site)}: there is no {card}"


def dead_links(site: Path) -> Iterator[str]:
    """Return each link of a site that leads to nothing in it, with the page that has it."""
    pages = {path: Reader(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for link in sorted(page.links):
            if not urlsplit(link).scheme and not _leads(path, link, pages):
                yield f"{path.relative_to(site)}: {link}"


def _leads(path: Path, link: str, pages: Mapping[Path, Reader]) -> bool:
    address, place = urldefrag(link)
    where = unquote(urlsplit(address).path)
    target = (path.parent / where).resolve() if where else path
    if target not in pages:
        return target.is_file()
    return not place or unquote(place) in pages[target].places


async def cut_tables(pages: Iterable[Path], chromium: str) -> list[str]:
    """Return the tables that do not fit on a telephone."""
    found: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport=_TELEPHONE)
        for path in pages:
            found += [f"{path.name}: {text}" for text in await _cut(page, path)]
        await browser.close()
    return found


async def _cut(page: Page, path: Path) -> list[str]:
    await page.goto(path.as_uri(), wait_until="domcontentloaded")
    cut: list[str] = await page.evaluate(_TABLES)
    return cut


def main(site: Path) -> int:
    """Print what is wrong."""
    wrong = [f"leads nowhere: {link}" for link in dead_links(site)]
    wrong += [f"not said: {text}" for text in unsaid(site)]
    chromium = shutil.which("chromium")
    if chromium is not None:
        pages = sorted(site.rglob("*.html"))
        cut = asyncio.run(cut_tables(pages, chromium))
        wrong += [f"cut on a telephone: {text}" for text in cut]
    elif "CI" in os.environ:
        wrong.append("there is no chromium to look at the tables with: apt-get install chromium")
    else:
        print("no chromium (apt-get install chromium): nobody has looked at the tables")
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
