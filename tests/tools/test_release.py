"""What a release needs, and what PyPI shows of it."""

import re
from pathlib import Path
from typing import Any, Final

import pytest

from tools import readme, release
from tools.pages import changelog, installing

ROOT: Final = release.ROOT
URLS: Final = {"Documentation": "https://docs.test", "Repository": "https://git.test/us/it"}
READY: Final = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2027-01-31

### Added

- Something else.

## [0.1.0] - 2026-11-26

- Something.

[Unreleased]: https://git.test
"""
UNDATED: Final = READY.replace("## [0.2.0] - 2027-01-31", "## 0.2.0")
FORGOTTEN: Final = READY.replace(
    "## [Unreleased]\n", "## [Unreleased]\n\n### Fixed\n\n- A fault.\n"
)
PLACEHOLDERS: Final = {"Repository": "https://github.example/x"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"tag": "0.2.0"}, ["v0.2.0 is due"]),
        ({"tag": "v0.3.0"}, ["v0.2.0 is due"]),
        ({"changelog": UNDATED}, ["YYYY-MM-DD", "'## 0.2.0'"]),
        ({"changelog": FORGOTTEN}, ["'### Fixed'"]),
        ({"addresses": PLACEHOLDERS}, ["github.example/x"]),
        ({"owners": "# a placeholder"}, ["CODEOWNERS"]),
        ({"on_pypi": False}, ["ON_PYPI"]),
        ({"tag": "v9", "owners": "# a placeholder", "on_pypi": False}, ["v9", "CODE", "ON_PYPI"]),
    ],
)
def test_what_is_missing(changes: dict[str, Any], expected: list[str]) -> None:
    """A tag is a release only where nothing is missing, and each thing is told by its name."""
    there: dict[str, Any] = {
        "tag": "v0.2.0",
        "version": "0.2.0",
        "changelog": READY,
        "addresses": URLS,
        "owners": "* @somebody\n",
        "on_pypi": True,
    }

    found = [*release.missing(**there | changes)]

    assert len(expected) == len(found)
    assert all(part in problem for part, problem in zip(expected, found, strict=True))


@pytest.mark.skipif(not (ROOT / ".github").exists(), reason="a source distribution has none")
def test_the_program_tells_of_the_first_release(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing can be released under placeholders, and the program says where they are."""
    assert 2 == release.main([])
    assert 1 == release.main(["v9.9.9"])

    told = capsys.readouterr()
    assert "" == told.out
    assert "v9.9.9" in told.err
    assert ("pyproject.toml" in told.err) == (".example" in "".join(release.urls().values()))


def test_notes_are_what_the_changelog_says() -> None:
    """From the heading of the version to the next one, or to the links."""
    assert "### Added\n\n- Something else." == release.notes(READY, "0.2.0")
    assert "- Something." == release.notes(READY, "0.1.0")
    assert "" == release.notes(READY, "0.3.0")


def test_links_of_a_changelog() -> None:
    """Each version leads to what has changed since the one before."""
    assert (
        "[Unreleased]: https://git.test/us/it/compare/v0.2.0...HEAD\n"
        "[0.2.0]: https://git.test/us/it/compare/v0.1.0...v0.2.0\n"
        "[0.1.0]: https://git.test/us/it/releases/tag/v0.1.0\n"
    ) == release.links(READY, "https://git.test/us/it")
    assert "[Unreleased]: https://git.test\n" == release.links("", "https://git.test")


def test_the_changelog_ends_with_its_links() -> None:
    """It is what `python -m tools.pages.changelog` makes of it."""
    page = changelog.PAGE.read_text("utf-8")

    assert page == changelog.written(page)


def test_all_addresses_are_in_one_place() -> None:
    """All in that table begin with the repository's, and only the changelog has them too."""
    urls = release.urls()
    repository = urls["Repository"]
    host = repository.split("/")[2]
    files = [
        path
        for pattern in (
            "*.md",
            "*.py",
            ".github/**/*",
            "docs/*.*",
            "ngrok_async/**/*.py",
            "tools/**/*.py",
        )
        for path in ROOT.glob(pattern)
        if path.is_file() and path.name != "CHANGELOG.md"
    ]

    assert all(urls[name].startswith(f"{repository}/") for name in ("Changelog", "Issues"))
    assert len(files) > 100
    if host.endswith(".example"):
        assert [] == [path for path in files if host in path.read_text("utf-8", "replace")]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](docs/jobs.md)", "[a](https://docs.test/jobs.html)"),
        ("[a](docs/guides/domains.md)", "[a](https://docs.test/guides/domains.html)"),
        ("[a](docs/jobs.md#wait)", "[a](https://docs.test/jobs.html#wait)"),
        ("[a](LICENSE)", "[a](https://git.test/us/it/blob/v1.2.3/LICENSE)"),
        ("[a](examples/bot.py#L3)", "[a](https://git.test/us/it/blob/v1.2.3/examples/bot.py#L3)"),
        ("![a](docs/images/a.png)", "![a](https://git.test/us/it/raw/v1.2.3/docs/images/a.png)"),
        ('<img src="docs/a.svg">', '<img src="https://git.test/us/it/raw/v1.2.3/docs/a.svg">'),
        (
            '<source srcset="docs/a.png">',
            '<source srcset="https://git.test/us/it/raw/v1.2.3/docs/a.png">',
        ),
        ("[a](https://ngrok.com)", "[a](https://ngrok.com)"),
        ("[a](mailto:a@b.c) [b](#install)", "[a](mailto:a@b.c) [b](#install)"),
        ("call(docs/a.md)", "call(docs/a.md)"),
    ],
)
def test_links_on_pypi(link: str, expected: str) -> None:
    """What is relative in the repository leads there, or to the site, from everywhere."""
    assert expected == readme.absolute(link, URLS, "1.2.3")


def test_pypi_shows_no_relative_link() -> None:
    """The build puts a README into the metadata whose links work there."""
    metadata: dict[str, Any] = {"urls": dict(release.urls())}
    readme.ReadmeHook(str(ROOT), {}).update(metadata)
    shown: dict[str, str] = metadata["readme"]

    assert "text/markdown" == shown["content-type"]
    links = re.findall(r"\]\(([^)]*)\)|(?:src|srcset|href)=\"([^\"]*)\"", shown["text"])
    assert len(links) > 5
    assert [] == [
        link for pair in links for link in pair if link and not re.match("https?://|#", link)
    ]


def test_relative_links_of_the_readme_lead_somewhere() -> None:
    """In a checkout, and so on a branch and at a tag."""
    text = (ROOT / "README.md").read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]*)|(?:src|srcset)=\"(?!https?:)([^\"]*)\"", text)

    assert [] == [link for pair in links for link in pair if link and not (ROOT / link).exists()]


@pytest.mark.parametrize(
    "page", [*installing.pages()], ids=lambda page: str(page.relative_to(ROOT))
)
def test_pages_say_what_can_be_installed(page: Path) -> None:
    """`pip install ngrok-async` is said nowhere while it does not work, and everywhere after."""
    text = page.read_text("utf-8")

    assert text == installing.written(text)
    if not installing.ON_PYPI:
        command = r"(?:pipx? install|(?:uv|poetry|pdm) add|uvx|uv tool install)(?: -\S+)*"
        assert not re.search(command + r" [\"']?ngrok-async", text)


def test_one_variable_decides_how_to_install() -> None:
    """The pages are written anew from it, there and back."""
    here = (
        "python -m pip install .\n"
        '`python -m pip install ".[speed,redis]"`, and `python -m pip install nox`'
    )
    there = (
        "python -m pip install ngrok-async\n"
        '`python -m pip install "ngrok-async[speed,redis]"`, and `python -m pip install nox`'
    )

    assert there == installing.written(here, on_pypi=True)
    assert here == installing.written(there, on_pypi=False)


WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_workflows_use_what_is_pinned() -> None:
    """Each action by its digest with the version beside it, the same one everywhere."""
    uses = {use for path in WORKFLOWS for use in re.findall(r"uses: (.*)", path.read_text("utf-8"))}

    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use) for use in uses)
    assert len(uses) == len({use.partition("@")[0] for use in uses})


def test_ci_runs_every_session_of_plain_nox() -> None:
    """A check that is added to noxfile.py is not forgotten there."""
    if not WORKFLOWS:
        pytest.skip("a source distribution has none")
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    [listed] = re.findall(r"session: \[(.*)\]", text)
    noxfile = (ROOT / "noxfile.py").read_text("utf-8")
    default = set(
        re.findall(r"^@nox\.session(?:\(python=\w+\))?\ndef (\w+)", noxfile, re.MULTILINE)
    )

    assert {"lint", "docs", "speed"} <= default
    assert default - {"tests"} <= set(listed.split(", "))
