"""Where the link to the next page may lead."""

from collections.abc import Mapping

import pytest

from ngrok_async import (
    NgrokError,
    PaginationError,
)
from tests.lists import Things, pager_of, take, walked

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.mark.parametrize(
    "link",
    [
        "https://api.ngrok.com/things?before_id=@1",
        "https://api.ngrok.com:443/things?before_id=@1",
        "HTTPS://API.NGROK.COM/things?before_id=@1",
        "https://api.ngrok.com/things?before_id=%401#top",
        "//api.ngrok.com/things?before_id=@1",
        "/things?before_id=@1",
        "things?before_id=@1",
        "?before_id=@1",
    ],
    ids=[
        "absolute",
        "with the usual port",
        "in capitals",
        "with a fragment",
        "without a scheme",
        "from the root",
        "from the folder",
        "only a query",
    ],
)
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_links_to_the_same_list_are_followed(link: str, *, prefetch: bool) -> None:
    """Absolute or relative, it is the same place."""
    things = Things("abc", "d", prefetch=prefetch, links={0: link})

    assert "abcd" == await walked(pager_of(things))
    assert [(), (("before_id", "@1"),)] == things.asked


async def test_the_cursor_is_taken_from_the_link_as_it_is() -> None:
    """The server's text goes back to it, decoded once; the last item's id plays no part."""
    link = "?before_id=a%20b%2Bc%2F%C3%BC%26%3D&page=2&flag="
    things = Things("abc", links={0: link})
    with pytest.raises(ValueError, match="a b"):  # `Things` does not know this cursor
        await walked(pager_of(things))

    assert [("before_id", "a b+c/ü&="), ("page", "2"), ("flag", "")] == list(things.asked[1])


@pytest.mark.parametrize(
    ("link", "second"),
    [
        pytest.param(
            "?before_id=@1",
            {"before_id": "@1", "limit": "3", "filter": "a && b"},
            id="both dropped",
        ),
        pytest.param(
            "?before_id=@1&limit=3&filter=a+%26%26+b",
            {"before_id": "@1", "limit": "3", "filter": "a && b"},
            id="both kept",
        ),
        pytest.param(
            "?limit=100&filter=&before_id=@1",
            {"before_id": "@1", "limit": "3", "filter": "a && b"},
            id="both changed",
        ),
    ],
)
async def test_filter_and_limit_hold_for_the_whole_walk(
    link: str, second: Mapping[str, str]
) -> None:
    """What the caller asked for is asked for on each page, whatever the server writes."""
    things = Things("abc", "d", links={0: link})
    pager = pager_of(things, ("before_id", "@0"), ("limit", "3"), ("filter", "a && b"))

    assert "abcd" == await walked(pager)
    assert second == dict(things.asked[1])


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/things?before_id=@1", id="other host"),
        pytest.param("https://api.ngrok.com.evil.example/things?before_id=@1", id="longer host"),
        pytest.param("https://ngrok.com/things?before_id=@1", id="parent host"),
        pytest.param("https://api.ngrok.com./things?before_id=@1", id="host with a dot"),
        pytest.param("//evil.example/things?before_id=@1", id="other host without a scheme"),
        pytest.param("https://api.ngrok.com\\@evil.example/things?before_id=@1", id="backslash"),
        pytest.param("https://api.ngrok.com:444/things?before_id=@1", id="other port"),
        pytest.param("https://api.ngrok.com:0/things?before_id=@1", id="port 0"),
        pytest.param("https://api.ngrok.com:99999/things?before_id=@1", id="port out of range"),
        pytest.param("https://api.ngrok.com:x/things?before_id=@1", id="port of letters"),
        pytest.param("http://api.ngrok.com/things?before_id=@1", id="without TLS"),
        pytest.param("http://api.ngrok.com:443/things?before_id=@1", id="without TLS on 443"),
        pytest.param("https://me@api.ngrok.com/things?before_id=@1", id="user"),
        pytest.param("https://me:pw@api.ngrok.com/things?before_id=@1", id="user and password"),
        pytest.param("https://@api.ngrok.com/things?before_id=@1", id="empty user"),
        pytest.param("https://api.ngrok.com/api_keys?before_id=@1", id="other path"),
        pytest.param("https://api.ngrok.com/things/?before_id=@1", id="slash behind the path"),
        pytest.param("https://api.ngrok.com/things/t_1?before_id=@1", id="longer path"),
        pytest.param("https://api.ngrok.com/x/../things?before_id=@1", id="path with dots"),
        pytest.param("https://api.ngrok.com//things?before_id=@1", id="path with two slashes"),
        pytest.param("../api_keys?before_id=@1", id="relative path elsewhere"),
        pytest.param("things;before_id=@1", id="semicolon"),
        pytest.param("@1", id="only a cursor"),
        pytest.param("javascript:things?before_id=@1", id="javascript"),
        pytest.param("file:///things?before_id=@1", id="file"),
        pytest.param("https://[::1/things?before_id=@1", id="broken IPv6 address"),
        pytest.param("?before_id=%ff", id="query that is not UTF-8"),
        pytest.param("https://api.ngrok.com\uff0f@evil.example/things", id="full-width slash"),
    ],
)
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_links_that_lead_elsewhere_are_refused(link: str, *, prefetch: bool) -> None:
    """The items that are there are given, then the link is refused; nothing is asked for."""
    things = Things("abc", "d", prefetch=prefetch, links={0: link})
    pager = pager_of(things, ("before_id", "@0"))
    items = aiter(pager)

    assert "abc" == await take(items, 3)
    for _ in range(2):
        with pytest.raises(PaginationError, match="next page cannot be followed") as caught:
            await anext(items)
        assert ("GET", "/things", "@0") == (
            caught.value.method,
            caught.value.path,
            caught.value.cursor,
        )
    assert isinstance(caught.value, NgrokError)
    assert "evil" not in str(caught.value)
    assert [(("before_id", "@0"),)] == things.asked
    assert "@0" == pager.cursor  # the last good place


@pytest.mark.parametrize(
    ("port", "link"),
    [
        pytest.param(":8080", "http://127.0.0.1:8080/things?before_id=@1", id="same port"),
        pytest.param("", "http://127.0.0.1:80/things?before_id=@1", id="usual port"),
    ],
)
async def test_links_are_held_against_the_base_url_in_use(port: str, link: str) -> None:
    """A list on another base URL follows links to that one."""
    things = Things("abc", "d", links={0: link})
    things.url = f"http://127.0.0.1{port}/things"

    assert "abcd" == await walked(pager_of(things))


GATEWAYS = {
    "gateway": "https://gw.example/things",
    "gateway with a prefix": "https://gw.example/ngrok/things",
    "recorded answers": "http://127.0.0.1:8080/things",
}


@pytest.mark.parametrize("url", GATEWAYS.values(), ids=GATEWAYS)
@pytest.mark.parametrize("host", ["api.ngrok.com", "API.NGROK.COM:443"])
async def test_links_of_ngrok_itself_are_followed_under_another_base_url(
    url: str, host: str
) -> None:
    """What stands between does not rewrite the answers; only the query is taken, as ever."""
    things = Things("abc", "d", links={0: f"https://{host}/things?before_id=@1"})
    things.url = url

    assert "abcd" == await walked(pager_of(things, ("limit", "3")))
    assert (("before_id", "@1"), ("limit", "3")) == things.asked[1]


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://api.ngrok.com/ngrok/things?before_id=@1", id="with the prefix"),
        pytest.param("https://api.ngrok.com/api_keys?before_id=@1", id="other path"),
        pytest.param("https://api.ngrok.com/things/?before_id=@1", id="slash behind the path"),
        pytest.param("https://api.ngrok.com/x/../things?before_id=@1", id="path with dots"),
        pytest.param("https://api.ngrok.com/%74hings?before_id=@1", id="encoded path"),
        pytest.param("http://api.ngrok.com/things?before_id=@1", id="without TLS"),
        pytest.param("https://api.ngrok.com:8443/things?before_id=@1", id="other port"),
        pytest.param("https://me@api.ngrok.com/things?before_id=@1", id="user"),
        pytest.param("https://api.eu.ngrok.com/things?before_id=@1", id="other host of ngrok"),
        pytest.param("https://api.ngrok.com.evil.example/things?before_id=@1", id="longer host"),
        pytest.param("https://evil.example/things?before_id=@1", id="third host"),
        pytest.param("https://gw.example/things?before_id=@1", id="without the prefix"),
        pytest.param("/things?before_id=@1", id="from the root"),
    ],
)
async def test_other_links_are_refused_under_another_base_url(link: str) -> None:
    """That address is the one exception, and for the list's own path alone."""
    things = Things("abc", "d", links={0: link})
    things.url = "https://gw.example/ngrok/things"

    with pytest.raises(PaginationError, match="leads away from the list"):
        await walked(pager_of(things))
    assert [()] == things.asked


@pytest.mark.parametrize("link", [None, ""], ids=["null", "empty"])
async def test_a_walk_ends_where_there_is_no_link(link: str | None) -> None:
    """Without a link there is no further request, even if the page is full."""
    things = Things("abc", "d", prefetch=True, links={0: link})

    assert "abc" == await walked(pager_of(things))
    assert [0] == things.numbers


@pytest.mark.parametrize("last", [0, 1, 2], ids=["itself", "a cycle of two", "a cycle of three"])
@pytest.mark.parametrize("prefetch", [True, False], ids=["prefetch", "no prefetch"])
async def test_a_cycle_is_an_error_and_not_an_end(last: int, *, prefetch: bool) -> None:
    """A page that leads back is refused after its items: who ends silently there loses pages."""
    links = {last: "?before_id=@0"}
    things = Things("abc", "def", "ghi", prefetch=prefetch, links=links)
    pager = pager_of(things, ("before_id", "@0"))
    items = aiter(pager)

    assert "abcdefghi"[: 3 * last + 3] == await take(items, 3 * last + 3)
    with pytest.raises(PaginationError, match="already seen") as caught:
        await anext(items)
    assert f"@{last}" == caught.value.cursor
    assert list(range(last + 1)) == things.numbers


async def test_a_cycle_that_spares_the_first_page_is_an_error_too() -> None:
    """Every page of the walk is remembered, not just the first and the last one."""
    things = Things("a", "b", "c", "d", links={3: "?before_id=@1"})
    pager = pager_of(things)

    with pytest.raises(PaginationError, match="already seen"):
        await walked(pager)
    assert [0, 1, 2, 3] == things.numbers


async def test_a_page_that_links_to_itself_under_another_name_is_given_once() -> None:
    """The first page has no cursor yet: its own address looks new, its items do not."""
    things = Things("abc", links={0: "https://api.ngrok.com/things?limit=100"})
    items = aiter(pager_of(things))

    assert "abc" == await take(items, 3)
    with pytest.raises(PaginationError, match="already seen"):
        await anext(items)
    assert 2 == len(things.asked)
