"""`Retry-After`: a number of seconds where it is clear, else nothing, and never an exception."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from ngrok_async._retry_after import retry_after

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HTTP_NOW = "Sun, 22 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("2", 2.0),
        ("002", 2.0),
        ("1.5", 1.5),
        ("120.000000001", 120.000000001),
        (" 3\t", 3.0),
        ("3600", 3600.0),
        ("9999999999", 9999999999.0),
        ("Sun, 22 Nov 2026 10:00:03 GMT", 3.0),
        ("Sunday, 22-Nov-26 10:00:03 GMT", 3.0),
        ("Sun Nov 22 10:00:03 2026", 3.0),
        ("Sun, 22 Nov 2026 11:00:03 +0100", 3.0),
        ("Sun, 22 Nov 2026 10:00:03 -0000", 3.0),
        (HTTP_NOW, 0.0),
        ("Sun, 22 Nov 2126 10:00:00 GMT", 3155673600.0),
    ],
)
def test_seconds_and_dates_are_understood(value: str, seconds: float) -> None:
    """Seconds, with decimals as some servers have them, and dates in each form of HTTP."""
    assert seconds == retry_after({"Retry-After": value}, NOW)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        "soon",
        "-5",
        "+5",
        "-0",
        "nan",
        "inf",
        "-inf",
        "1e3",
        "1e400",
        "0x10",
        "1_000",
        ".5",
        "5.",
        "5s",
        "5, 6",
        "5 6",
        pytest.param("٣", id="Arabic digit"),
        pytest.param("²", id="superscript"),
        pytest.param("9" * 5000, id="5000 digits"),
        pytest.param("9" * 11, id="11 digits"),
        pytest.param("0." + "9" * 5000, id="5000 decimals"),
        pytest.param("5\x00", id="NUL"),
        "Sun, 22 Nov 2026 09:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sun, 99 Nov 2026 10:00:00 GMT",
        "Sun, 22 Nov 2026 25:00:00 GMT",
        "Sun, 22 Nov 99999 10:00:00 GMT",
        "Sun, 22 Nov 2026 10:00:00 +9999999",
        "2026-11-22T10:00:03Z",
        pytest.param(f"Sun, {'9' * 5000} Nov 2026 10:00:03 GMT", id="day of 5000 digits"),
        pytest.param("(" * 10_000, id="open comments"),
    ],
)
def test_junk_counts_as_absent(value: str) -> None:
    """What is no number of seconds and no date to come is ignored."""
    assert retry_after({"Retry-After": value}, NOW) is None


def test_no_header_is_no_wait() -> None:
    """Without the header there is nothing to obey."""
    assert retry_after({}) is None
    assert retry_after(CIMultiDictProxy(CIMultiDict())) is None


def several(*values: str, **others: str) -> Mapping[str, str]:
    """Return headers as the wire has them, with `Retry-After` in lower case and repeated."""
    headers = CIMultiDict((("retry-after", value) for value in values), **others)
    return CIMultiDictProxy(headers)


def test_two_headers_count_only_if_they_agree() -> None:
    """A proxy may repeat the header; two different waits are no clear word."""
    assert 5.0 == retry_after(several("5"))
    assert 5.0 == retry_after(several("5", "5"))
    assert retry_after(several("5", "6")) is None
    assert retry_after(several("5", "soon")) is None


def test_a_date_is_held_against_the_servers_clock() -> None:
    """Our clock may be off by minutes: the answer's own `Date` counts, if it makes sense."""
    in_three = "Sun, 22 Nov 2026 10:00:03 GMT"
    ours = NOW - timedelta(minutes=5)

    assert 3.0 == retry_after(several(in_three, Date=HTTP_NOW), ours)
    assert 303.0 == retry_after(several(in_three, Date="yesterday"), ours)
    assert 303.0 == retry_after(several(in_three), ours)


def test_a_date_without_a_server_clock_is_held_against_ours() -> None:
    """Without `Date` the present time counts."""
    value = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    seconds = retry_after({"Retry-After": value})

    assert seconds is not None
    assert 3500 < seconds <= 3600


tokens = st.sampled_from([
    "Sun", "Nov", "06", "1994", "08:49:37", "8:49", "GMT", "Z", "+0000", "+99999999", "-1", "-",
    "5", "99999999999", "1e400", "nan", "inf", ".", ",", ":", "(", ")", "\\", '"', " ", "\x00", "٣",
])  # fmt: skip
joined: list[Callable[[list[str]], str]] = [" ".join, "".join]
junk = st.text(max_size=30) | st.builds(
    lambda join, parts: join(parts), st.sampled_from(joined), st.lists(tokens, max_size=8)
)


@settings(max_examples=300)
@given(values=st.lists(junk, max_size=3), date=junk)
def test_any_text_is_a_wait_or_nothing(values: list[str], date: str) -> None:
    """Whatever both headers hold: a finite number that is not negative, or None."""
    for headers in (several(*values, Date=date), several(HTTP_NOW, Date=date)):
        seconds = retry_after(headers)

        assert seconds is None or (seconds >= 0 and math.isfinite(seconds))
