"""Ids in ngrok's form, which sort by time, and lists in their order."""

import string
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ngrok_async.testing import TurnableClock
from ngrok_async.testing._store import Collection, Store

NOW = datetime(2026, 11, 25, 16, 30, tzinfo=UTC)
LAST = datetime(2150, 6, 12, tzinfo=UTC)  # what 32 bits of seconds since 2014 can tell

times = st.datetimes(datetime(2014, 5, 14), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 # hypothesis adds the zone


@given(st.lists(times, max_size=20))
def test_ids_sort_by_time(times: list[datetime]) -> None:
    """Of two ids the one of the later second is the greater text, and of one second the later."""
    store = Store(lambda: NOW)
    made = [
        (int(at.timestamp()), number, store.new_id("ts_", at)) for number, at in enumerate(times)
    ]

    assert [id_ for *_, id_ in sorted(made)] == sorted(id_ for *_, id_ in made)
    assert len(made) == len({id_ for *_, id_ in made})


def test_ids_have_the_form_of_ngroks() -> None:
    """A prefix and 27 letters and digits, of which the first ones are the time."""
    clock = TurnableClock(running=False)
    store = Store(clock.now)
    first = store.new_id("ts_")
    clock.advance(1)
    second = store.new_id("ts_")

    assert len("ts_") + 27 == len(first) == len(second)
    assert set(first[3:]) <= set(string.digits + string.ascii_letters)
    assert first < second


def test_times_beyond_an_id_are_its_first_or_last() -> None:
    """Whatever time a test makes up, there is an id."""
    store = Store(lambda: NOW)

    assert store.new_id("x_", datetime(1970, 1, 1, tzinfo=UTC)) < store.new_id("x_")
    assert (
        store.new_id("x_")
        < store.new_id("x_", LAST)
        < store.new_id("x_", datetime.max.replace(tzinfo=UTC) - timedelta(1))
    )


@given(st.lists(times, max_size=20))
def test_lists_are_in_the_order_of_creation(times: list[datetime]) -> None:
    """An item that is told to be older has its place among the older ones."""
    collection = Collection(lambda: NOW)
    for number, at in enumerate(times):
        collection.add({"id": str(number)}, at=at)
    found = [int(item["id"]) for _, item in collection.older_than(None)]

    assert sorted(found, key=lambda n: (int(times[n].timestamp()), n), reverse=True) == found
