"""What is found on a site that has faults; `nox -s docs` crawls the one that we build."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="in the group docs")
from tools.pages import crawl

PAGE = """<!doctype html><meta name="viewport" content="width=device-width">
<article><p id="here"><a href="{}">link</a></p>
<div style="overflow-x: auto"><table><tr><td><div style="width: {}px">cell</div></table></div>"""

SAID = """<meta name="description" content="a"><meta property="og:title" content="b">
<meta property="og:image" content="https://c.test/_static/d.png">"""


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("b.html", True),
        ("b.html#here", True),
        ("#here", True),
        ("#", True),
        ("in/c.html?a=b#here", True),
        ("picture%201.png", True),
        ("https://ngrok.com/nowhere", True),
        ("mailto:a@b.test", True),
        ("c.html", False),
        ("b.html#there", False),
        ("#there", False),
        ("picture.png", False),
        ("in", False),
    ],
)
def test_links(tmp_path: Path, link: str, found: bool) -> None:  # noqa: FBT001 # a column of the table
    """A link inside of the site leads to a file, and to a place on its page."""
    (tmp_path / "in").mkdir()
    (tmp_path / "picture 1.png").touch()
    (tmp_path / "a.html").write_text(PAGE.format(link, 1), encoding="utf-8")
    for name in ("b.html", "in/c.html"):
        (tmp_path / name).write_text(PAGE.format("#here", 1), encoding="utf-8")

    assert ([] if found else [f"a.html: {link}"]) == [*crawl.dead_links(tmp_path)]


@pytest.mark.parametrize(
    ("head", "missing"),
    [
        ("", ["a.html: description", "a.html: og:title", "a.html: og:image"]),
        ('<meta name="description" content="">', ["description", "og:title", "og:image"]),
        (SAID, ["there is no d.png"]),
    ],
    ids=["nothing", "empty", "no card"],
)
def test_what_a_page_says_of_itself(tmp_path: Path, head: str, missing: list[str]) -> None:
    """Whoever shows a link to a page finds its title, its first sentence and a card."""
    (tmp_path / "a.html").write_text(head, encoding="utf-8")

    found = [*crawl.unsaid(tmp_path)]

    assert len(missing) == len(found)
    assert all(text.endswith(part) for text, part in zip(found, missing, strict=True))


async def test_tables(tmp_path: Path) -> None:
    """What one would have to move aside on a telephone is named, with its page."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: apt-get install chromium")
    pages = [tmp_path / "narrow.html", tmp_path / "wide.html"]
    for path, width in zip(pages, (300, 500), strict=True):
        path.write_text(PAGE.format("#here", width), encoding="utf-8")

    assert ["wide.html: cell"] == await crawl.cut_tables(pages, chromium)
