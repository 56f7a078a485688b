"""Requests as values, and paths that stay where they belong."""

from typing import cast
from urllib.parse import unquote, urlsplit

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from ngrok_async._request import EFFECTS, Request, Response, Timeout, encode_path, encode_segment

BASE = "https://api.ngrok.com"

# Ids


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("ip_2fTZ5k0bVxYp", "ip_2fTZ5k0bVxYp"),
        ("ip_policy_created.v0", "ip_policy_created.v0"),
        ("../api_keys/x", "..%2Fapi_keys%2Fx"),
        ("..\\x", "..%5Cx"),
        ("...", "..."),
        (".a", ".a"),
        ("%2e%2e", "%252e%252e"),
        (".%2E", ".%252E"),
        ("%2f", "%252f"),
        ("a/b", "a%2Fb"),
        ("a?x", "a%3Fx"),
        ("a#f", "a%23f"),
        ("a;b", "a%3Bb"),
        ("a b", "a%20b"),
        ("a+b", "a%2Bb"),
        ("a@b:c", "a%40b%3Ac"),
        ("{id}", "%7Bid%7D"),
        ("é", "%C3%A9"),
        ("😀", "%F0%9F%98%80"),
        ("//evil.example", "%2F%2Fevil.example"),
    ],
)
def test_an_id_is_one_segment(value: str, segment: str) -> None:
    """Whatever could end the segment or lead elsewhere is percent-encoded."""
    assert segment == encode_segment("id", value)


@pytest.mark.parametrize("value", ["", ".", ".."], ids=repr)
def test_an_id_that_leads_elsewhere_is_refused(value: str) -> None:
    """Empty and dot segments would address the list, or the resource above."""
    with pytest.raises(ValueError, match=r"edge_id must be the id of a resource, got "):
        encode_segment("edge_id", value)


@pytest.mark.parametrize(
    "value", ["\r\n", "a\nb", "a\x00", "\x7f", "a\u2028", "\u202e", "\ud800", "a\xa0"], ids=ascii
)
def test_an_id_with_control_characters_is_refused(value: str) -> None:
    """No id has them; the message shows them escaped, so that they do nothing to a terminal."""
    with pytest.raises(ValueError, match="id must not have control characters, got ") as caught:
        encode_segment("id", value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", [None, 5, b"x", ["x"]], ids=repr)
def test_an_id_that_is_no_text_is_refused(value: object) -> None:
    """One kind of error for every wrong argument."""
    with pytest.raises(ValueError, match="id must be a string, got "):
        encode_segment("id", value)  # type: ignore[arg-type]


paths = st.text() | st.lists(
    st.sampled_from(
        ["/", ".", "..", "%2e", "%2F", "%", "?", "#", "\\", "a", ":", "@", ";", " ", "\n", "é"]
    )
).map("".join)


@given(value=paths)
@example(value="../api_keys/ak_1")
@example(value="..")
@example(value="%2e%2e/x")
@example(value="//evil.example/x?y=1#z")
def test_any_text_stays_in_its_place(value: str) -> None:
    """For any text as id: the path stays below its prefix and decodes back, or `ValueError`."""
    try:
        segment = encode_segment("id", value)
    except ValueError:
        return
    url = f"{BASE}/ip_policies/{segment}/rules"

    assert segment.isascii()
    assert segment not in {"", ".", ".."}
    assert value == unquote(segment)
    parts = urlsplit(url)
    assert ("api.ngrok.com", "", "") == (parts.netloc, parts.query, parts.fragment)
    assert ["", "ip_policies", segment, "rules"] == parts.path.split("/")
    # What goes over the wire; yarl would resolve dot segments and decode what it thinks harmless.
    assert f"/ip_policies/{segment}/rules" == URL(url, encoded=True).raw_path_qs


# Paths that callers write


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("/ip_policies", "/ip_policies"),
        ("/ip_policies/ip_1/x.y", "/ip_policies/ip_1/x.y"),
        ("/a b/é", "/a%20b/%C3%A9"),
        ("/a%2Fb/%20", "/a%2Fb/%20"),
        ("/...", "/..."),
        ("/a..b/.c", "/a..b/.c"),
        ("/a:b@c;d=e,f+g!$&'()*~", "/a:b@c;d=e,f+g!$&'()*~"),
        ('/a"<>[]^`{|}', "/a%22%3C%3E%5B%5D%5E%60%7B%7C%7D"),
    ],
)
def test_a_path_is_encoded_where_needed(path: str, encoded: str) -> None:
    """Callers may encode themselves; what they did is kept."""
    assert encoded == encode_path(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "must start with '/'"),
        ("ip_policies", "must start with '/'"),
        ("https://evil.example/x", "must start with '/'"),
        (cast("str", 5), "must be a string, got 5"),
        ("//evil.example/x", "empty or dot segments"),
        ("/", "empty or dot segments"),
        ("/a/", "empty or dot segments"),
        ("/a//b", "empty or dot segments"),
        ("/a/../b", "empty or dot segments"),
        ("/./b", "empty or dot segments"),
        ("/a/%2e%2E/b", "empty or dot segments"),
        ("/a/.%2e", "empty or dot segments"),
        ("/a/%2e", "empty or dot segments"),
        ("/a?x=1", "must not have '?' (pass params= for a query)"),
        ("/a#x", "must not have '#' (a fragment is never sent)"),
        ("/a\\..\\b", "backslashes or control characters"),
        ("/a\r\nHost: evil", "backslashes or control characters"),
        ("/a\x00", "backslashes or control characters"),
        ("/\ud800", "backslashes or control characters"),
    ],
    ids=ascii,
)
def test_a_path_that_leads_elsewhere_is_refused(path: str, reason: str) -> None:
    """Another host, another level, a query or a line break: the message says which."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 # the message is compared
        encode_path(path)

    assert str(caught.value).startswith("the path must ")
    assert reason in str(caught.value)
    assert str(caught.value).isprintable()


@given(path=paths.map("/".__add__))
@example(path="//evil.example")
@example(path="/a/%2e%2e/b")
@example(path="/a/%252e%252e/b")
def test_any_path_stays_on_its_host(path: str) -> None:
    """For any text as path: the same origin, level and meaning, or `ValueError`."""
    try:
        encoded = encode_path(path)
    except ValueError:
        return
    url = URL(BASE + encoded, encoded=True)

    assert encoded.isascii()
    assert unquote(path) == unquote(encoded)
    assert encoded == encode_path(encoded)
    assert encoded == url.raw_path_qs
    assert BASE == str(url.origin())
    assert not {"", ".", ".."} & {unquote(segment) for segment in encoded[1:].split("/")}


# Values


@pytest.mark.parametrize("name", ["connect", "attempt", "total"])
@pytest.mark.parametrize(
    "seconds", [0, -1, 0.0, float("nan"), float("inf"), True, "5", (1, 2)], ids=repr
)
def test_a_timeout_is_a_time(name: str, seconds: object) -> None:
    """Seconds above 0; zero or infinity would mean something else to each reader."""
    with pytest.raises(ValueError, match=rf"{name} must be seconds above 0, or None for no limit"):
        Timeout(**{name: seconds})  # type: ignore[arg-type]


def test_a_timeout_can_be_switched_off() -> None:
    """None is no limit; the defaults are limits."""
    unlimited = Timeout(connect=None, attempt=None, total=None)
    short = Timeout(connect=1, attempt=0.5, total=2)
    default = Timeout()

    assert (None, None, None) == attrs.astuple(unlimited)
    assert (1, 0.5, 2) == attrs.astuple(short)
    assert (5.0, 30.0, 180.0) == attrs.astuple(default)


def test_a_request_shows_no_secrets() -> None:
    """Bodies hold tokens and headers hold keys: neither is in a log of the value."""
    request = Request(
        method="POST", path="/x", json={"token": "secret"}, headers={"X-Key": "secret"}
    )
    response = Response(status=200, headers={"Set-Cookie": "secret"}, body=b"secret")

    assert "secret" not in repr(request) + repr(response)
    assert "method='POST', path='/x'" in repr(request)
    assert "status=200" in repr(response)


@pytest.mark.parametrize(
    "value", [Request(method="GET", path="/x"), Response(status=200), Timeout()], ids=repr
)
def test_requests_and_responses_do_not_change(value: object) -> None:
    """A middleware makes a new value; nobody changes one under another's hands."""
    field = attrs.fields(type(value))[0].name  # type: ignore[arg-type, misc]
    with pytest.raises(AttributeError):
        setattr(value, field, None)


def test_what_a_repetition_does_depends_on_the_method() -> None:
    """Only a POST is taken to do something anew each time; the other methods may be repeated."""
    assert {
        "GET": "read",
        "HEAD": "read",
        "PUT": "set",
        "PATCH": "set",
        "DELETE": "remove",
        "POST": "act",
    } == EFFECTS


def test_a_bare_response_is_a_first_and_clear_one() -> None:
    """A middleware that answers by itself needs to give a status only."""
    response = Response(status=204)

    assert (204, {}, b"", 1) == (
        response.status,
        dict(response.headers),
        response.body,
        response.attempts,
    )
    assert (False, False) == (response.maybe_applied, response.retry_budget_exhausted)


@pytest.mark.parametrize("kind", [Request, Response])
def test_fields_are_passed_by_name(kind: type[object]) -> None:
    """Values with this many fields are read by their names, and may grow."""
    with pytest.raises(TypeError, match="positional"):
        kind("GET", "/x")


def test_a_bare_request_is_taken_for_unsafe_to_repeat() -> None:
    """Who builds a request without saying what it does gets the careful treatment."""
    request = Request(method="GET", path="/x")

    assert "act" == request.effect
    assert (None, (), {}) == (request.json, request.query, dict(request.headers))
    assert ("", Timeout(), None, 1) == (
        request.route,
        request.timeout,
        request.max_wait,
        request.attempt,
    )
    assert request.progress is not Request(method="GET", path="/x").progress


def test_time_of_a_call_is_that_of_its_attempts_and_pauses() -> None:
    """What happens between them costs nothing, and what happens at the same time costs once."""
    request = Request(method="GET", path="/x", timeout=Timeout(total=10))
    progress = request.progress
    assert 10 == request.remaining(1000)
    progress.begin(1000)
    assert 8 == request.remaining(1002)
    progress.begin(1002)  # a second attempt beside the first
    progress.end(1003)
    assert 7 == request.remaining(1003)
    progress.end(1004)
    assert 6 == request.remaining(5000)
    progress.begin(5000)
    assert 6 == request.remaining(4000)  # a clock that goes back gives nothing back
    progress.end(4000)
    assert 6 == attrs.evolve(request, attempt=2).remaining(4000)
    assert float("inf") == attrs.evolve(request, timeout=Timeout(total=None)).remaining(4000)


def test_headers_of_a_response_are_found_in_any_case() -> None:
    """Also where a middleware made the response of a plain dictionary."""
    response = Response(status=429, headers={"Retry-After": "3"})

    assert "3" == response.headers["retry-after"] == response.headers["RETRY-AFTER"]


def test_limits_are_passed_in_their_order_too() -> None:
    """Three numbers in the order in which the limits apply: to connect, an attempt, the call."""
    assert Timeout(connect=1, attempt=2, total=3) == Timeout(1, 2, 3)
