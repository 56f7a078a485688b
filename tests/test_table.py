"""Pages as tables, for people who look at one."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, Final

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async import Page
from ngrok_async.resources import Ref
from ngrok_async.resources.api_keys import APIKey
from ngrok_async.resources.edges.edge_modules import EndpointWebhookValidation
from ngrok_async.resources.edges.https_routes import HTTPSEdgeRoute
from ngrok_async.resources.endpoints import Endpoint
from tests import drawn
from tools.contract.declared import models

MADE: Final = datetime(2026, 11, 25, 12, 30, 15, tzinfo=UTC)
LINK: Final = "https://api.ngrok.com/api_keys?before_id=ak_1"
KEYS: Final = Page(
    items=(
        APIKey(id="ak_2", created_at=MADE, token="s3cret", metadata="<b>&\"'"),
        APIKey(id="ak_1", created_at=MADE, description="d" * 50, extra={"other": "0ther"}),
    ),
    next_page_uri=LINK,
)
MODELS: Final = models()


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no terminal, whatever the tests run in."""

    def none(_: int) -> None:
        raise OSError

    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", none)


def text_of(page: Page[Any], width: int = 79) -> str:
    """Return what IPython shows of a page."""
    parts: list[str] = []
    page._repr_pretty_(SimpleNamespace(text=parts.append, max_width=width), cycle=False)
    return "".join(parts)


class Cells(HTMLParser):
    """Reads a table back."""

    def __init__(self, text: str) -> None:
        """Read it."""
        super().__init__()
        self.lines: list[list[str]] = []
        self.tags: set[str] = set()
        self.note = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Begin a line or a cell."""
        assert [] == attrs
        self.tags.add(tag)
        if tag == "tr":
            self.lines.append([])
        elif tag in {"td", "th"}:
            self.lines[-1].append("")

    def handle_data(self, data: str) -> None:
        """Take a piece of a text."""
        if "p" in self.tags:
            self.note += data
        elif self.lines and self.lines[-1]:
            self.lines[-1][-1] += data.rstrip("\n")


def test_a_page_is_a_table() -> None:
    """A line for each item; columns of which there is nothing are left out, and so is `uri`."""
    assert (
        "id    created_at            description                               metadata\n"
        "ak_2  2026-11-25T12:30:15Z                                            <b>&\"'\n"
        f"ak_1  2026-11-25T12:30:15Z  {'d' * 39}…\n"
        "\n"
        "2 items; more behind before_id='ak_1'"
    ) == text_of(KEYS)


def test_a_page_is_a_table_in_a_notebook() -> None:
    """With the same cells; what they say is no markup."""
    text = KEYS._repr_html_()
    table = Cells(text)

    assert "<b>" not in text
    assert [
        ["id", "created_at", "description", "metadata"],
        ["ak_2", "2026-11-25T12:30:15Z", "", "<b>&\"'"],
        ["ak_1", "2026-11-25T12:30:15Z", "d" * 39 + "…", ""],
    ] == table.lines
    assert "2 items; more behind before_id='ak_1'" == table.note


@pytest.mark.parametrize("value", [text_of(KEYS), KEYS._repr_html_()], ids=["text", "HTML"])
def test_neither_shows_what_is_secret_or_unknown(value: str) -> None:
    """As `repr`: nobody knows what a field of ngrok's that came later is."""
    assert "s3cret" not in value
    assert "0ther" not in value


def test_secrets_inside_of_items_are_left_out_too() -> None:
    """What is not a text, a list or a reference is shown as its JSON."""
    route = HTTPSEdgeRoute(
        id="r",
        created_at=MADE,
        webhook_verification=EndpointWebhookValidation(provider="SLACK", secret="s3cret"),
    )
    text = Page(items=(route,))._repr_html_()

    assert "s3cret" not in text
    assert "SLACK" in text


def test_references_and_lists_are_short() -> None:
    """Of a reference the id will do."""
    endpoint = Endpoint(
        id="ep_1",
        created_at=MADE,
        updated_at=MADE,
        tunnel_session=Ref(id="ts_1", uri="u"),
        bindings=("public", "internal"),
        pooling_enabled=False,
    )
    [names, cells] = Cells(Page(items=(endpoint,))._repr_html_()).lines
    shown = dict(zip(names, cells, strict=True))

    assert ("ts_1", "public, internal") == (shown["tunnel_session"], shown["bindings"])
    assert "false" == shown["pooling_enabled"]


@pytest.mark.parametrize(
    ("page", "note"),
    [
        (Page(items=()), "0 items; the last page"),
        (Page(items=(), next_page_uri=LINK), "0 items; more behind before_id='ak_1'"),
        (Page(items=(), next_page_uri="/x?page=2"), "0 items; more follow"),
    ],
    ids=["empty", "empty and not the last", "without a cursor"],
)
def test_a_page_without_items_says_so(page: Page[Ref], note: str) -> None:
    """And whether it is the last one."""
    assert note == text_of(page)
    assert f"<p>{note}</p>".replace("'", "&#x27;") == page._repr_html_()


def test_what_is_wider_goes_on_below() -> None:
    """With the first column again, so each line tells whose it is; no line is wider than asked."""
    text = text_of(KEYS, 50)

    assert (
        "id    created_at\n"
        "ak_2  2026-11-25T12:30:15Z\n"
        "ak_1  2026-11-25T12:30:15Z\n"
        "\n"
        "id    description\n"
        "ak_2\n"
        f"ak_1  {'d' * 39}…\n"
        "\n"
        "id    metadata\n"
        "ak_2  <b>&\"'\n"
        "ak_1\n"
    ) == text.partition("\n2 items")[0]


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython's own idea of it is 79, whatever the terminal has."""
    monkeypatch.setenv("COLUMNS", "200")

    assert text_of(KEYS, 200) == text_of(KEYS, 40)


@pytest.mark.parametrize("width", [1, 30, 79, 1000])
@settings(max_examples=20)
@given(data=st.data())
def test_any_page_is_a_table(width: int, data: st.DataObject) -> None:
    """Whatever the account has: a line for each item and part, no control character or markup."""
    kind = data.draw(st.sampled_from(list(MODELS.values())))
    items = data.draw(st.lists(drawn.of(kind), max_size=3))
    page = Page(items=tuple(items))
    text = text_of(page, width)

    assert text.replace("\n", "").isprintable()
    *lines, note = text.split("\n")
    assert note.startswith(f"{len(items)} item")
    assert 0 == len(lines) % (len(items) + 2)  # in each part the names, the items, a blank line
    table = Cells(page._repr_html_())
    assert {"table", "thead", "tbody", "tr", "th", "td", "p"} >= table.tags
    assert not table.lines or len(items) + 1 == len(table.lines)
    assert 1 >= len(set(map(len, table.lines)))


def test_terminals_and_texts_are_not_driven_by_names() -> None:
    """Escape sequences, line breaks and changes of direction are shown as what they are."""
    text = text_of(Page(items=(Ref(id="a\x1b[2J\n\u202eb"),)))

    assert "a\\x1b[2J\\n\\u202eb" in text


def test_items_of_other_kinds_are_shown_by_their_repr() -> None:
    """A page may hold anything."""

    @attrs.frozen
    class Thing:
        name: str

    text = text_of(Page(items=(Thing("x"), Ref(id="r"))))

    assert re.search(r"Thing\(name='x'\)", text)
    assert "r" in text.split()
