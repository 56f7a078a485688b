"""The window as a value: what holds for any schedule, any clock and whatever ngrok states."""

import logging
from collections.abc import Iterator

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngrok_async._limits.stated import NOTHING, Stated
from ngrok_async._limits.window import Window

NEVER = float("inf")
TINY = 1e-9


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> Iterator[None]:
    """Keep hundreds of simulated statements out of reports."""
    log = logging.getLogger("ngrok_async.rate_limit")
    log.disabled = True
    yield
    log.disabled = False


def window(
    requests: int = 3, seconds: float = 60.0, in_flight: int = 1000, *, is_share: bool = True
) -> Window:
    """Make a window whose staggered requests leave at equal distances."""
    return Window(requests, seconds, in_flight, jitter=lambda: 0.5, is_share=is_share)


@attrs.define
class Server:
    """Counts each request at some moment between its leaving and its answer."""

    limit: int
    seconds: float
    counted: list[float] = attrs.field(factory=list)

    def worst(self) -> int:
        """Return the largest number within any window."""
        times = sorted(self.counted)
        return max(
            (sum(start <= time < start + self.seconds - TINY for time in times) for start in times),
            default=0,
        )


class Play:
    """Plays steps on a window, with a server beside it, on two clocks.

    Attributes:
        real: The real time, by which the server counts.
        shift: How far the clock that the window is told differs from it.
    """

    def __init__(self, known: Window) -> None:
        """Begin at 0."""
        self.window = known
        self.server = Server(known.limit, known.seconds)
        self.real = 1000.0
        self.shift = 0.0
        self.out: list[tuple[float, float]] = []  # when each left, and where it is counted
        self.open_predictions: list[tuple[float, float]] = []

    @property
    def now(self) -> float:
        """The time that the window is told."""
        return self.real + self.shift

    def leave(self, share: float) -> None:
        """Send one if there is a slot; it is counted after this share of its way."""
        expected = self.window.expected(self.now, 0)
        if self.window.take(self.now):
            assert expected <= TINY  # no prediction exceeds what happens
            self.out.append((self.real, share))

    def end(self, index: int, *, late: bool, never_left: bool) -> None:
        """Have an answer come, or be given up."""
        if self.out:
            left, share = self.out.pop(index % len(self.out))
            if never_left:
                self.window.give_back(self.now, counts=False)
                return
            until = self.real + (self.window.seconds / 60 if late else 0.0)
            self.server.counted.append(left + share * (until - left))
            self.window.give_back(self.now, late=late)


SHARES = st.sampled_from([0.0, 0.3, 1.0])
STEP = st.one_of(
    st.tuples(st.just("leave"), SHARES),
    st.tuples(st.just("leave"), SHARES),
    st.tuples(st.just("end"), st.tuples(st.integers(0, 9), st.booleans(), st.booleans())),
    st.tuples(st.just("wait"), st.integers(0, 200).map(lambda n: n / 8)),
)
BACK = st.tuples(st.just("turn back"), st.sampled_from([0.1, 0.9, 2.0, 100.0, 3600.0]))
RATES = st.tuples(st.integers(1, 6), st.sampled_from([0.5, 10.0, 60.0, 3600.0]))
SAY = st.tuples(
    st.just("say"),
    st.one_of(
        RATES.map(lambda rate: Stated(*rate)),
        st.integers(1, 4).map(lambda number: Stated(in_flight=number)),
        st.just(NOTHING),
    ),
)


def play(
    limits: tuple[int, float, int], steps: list[tuple[str, object]], *, is_share: bool = True
) -> Play:
    """Play all steps, then let everything end."""
    played = Play(window(*limits, is_share=is_share))
    for what, how in steps:
        if what == "leave":
            played.leave(how)  # type: ignore[arg-type] # one strategy for all kinds of steps
        elif what == "end":
            index, late, never_left = how  # type: ignore[misc] # as above
            played.end(index, late=late, never_left=never_left)
        elif what == "wait":
            played.real += how  # type: ignore[operator] # as above
        elif what == "turn back":
            played.shift -= how  # type: ignore[operator] # as above
        else:
            too_many = isinstance(how, Stated) and how.in_flight > 0
            retry_after = 1.0 if isinstance(how, Stated) and how.requests else None
            played.window.refuse(
                played.now,
                how,  # type: ignore[arg-type] # as above
                retry_after=retry_after,
                too_many_at_once=too_many,
            )
    while played.out:
        played.end(0, late=False, never_left=False)
    return played


LIMITS = st.tuples(st.integers(1, 5), st.sampled_from([1.0, 10.0, 60.0]), st.integers(1, 5))


@settings(max_examples=200)
@given(limits=LIMITS, steps=st.lists(STEP, max_size=60))
def test_server_never_counts_more(
    limits: tuple[int, float, int], steps: list[tuple[str, object]]
) -> None:
    """Wherever between leaving and answer a server counts: never more than the limit."""
    assert play(limits, steps).server.worst() <= limits[0]


@settings(max_examples=200)
@given(limits=LIMITS, steps=st.lists(STEP | BACK, max_size=60))
def test_server_never_counts_more_when_the_clock_goes_back(
    limits: tuple[int, float, int], steps: list[tuple[str, object]]
) -> None:
    """A clock that goes back lets nothing leave too early, and nobody waits for as long."""
    played = play(limits, steps)

    assert played.server.worst() <= limits[0]
    # A window, and what a late one is kept longer; the lag that two clocks may have comes on top.
    played.window.tick(played.now)
    played.real += limits[1] * (1 + 1 / 60) + 1.0
    assert 0 == played.window.expected(played.now, 0)
    assert 0 == played.window.used


@settings(max_examples=200)
@given(limits=LIMITS, steps=st.lists(STEP | SAY, max_size=60), is_share=st.booleans())
def test_statements_never_loosen_a_share_and_are_over_in_the_end(
    limits: tuple[int, float, int],
    steps: list[tuple[str, object]],
    *,
    is_share: bool,
) -> None:
    """Whatever ngrok states and when: a share is kept, and after an hour all is as it was set."""
    played = play(limits, steps, is_share=is_share)
    if is_share:
        assert played.server.worst() <= limits[0]
    played.real += 3600 + 2 * 3600 + 120
    played.window.tick(played.now)

    assert limits == (
        played.window.limit,
        played.window.seconds,
        played.window.max_in_flight,
    )
    assert 0 == played.window.expected(played.now, 0)


@settings(max_examples=150)
@given(
    limits=LIMITS,
    steps=st.lists(STEP | SAY | BACK, max_size=40),
    ahead=st.integers(0, 12),
)
def test_predictions_never_exceed_what_happens(
    limits: tuple[int, float, int], steps: list[tuple[str, object]], ahead: int
) -> None:
    """However things stand: no call that could leave sooner is told to wait for longer."""
    played = Play(window(*limits))
    played = play(limits, steps)
    known = played.window
    begin = played.now
    expected = known.expected(begin, ahead)
    left, now = 0, begin
    for _ in range(10_000):
        while known.take(now):
            known.give_back(now)  # answers that take no time
            left += 1
            if left > ahead:
                assert expected <= now - begin + 1e-6
                return
        at = known.next_look(now)
        assert at is not None
        assert at > now
        now = at
    pytest.fail("there is no end")


# --- what ngrok states --------------------------------------------------------------------------


def state(known: Window, now: float, stated: Stated) -> None:
    """Have ngrok refuse a request with this statement."""
    known.refuse(now, stated, retry_after=0.0, too_many_at_once=stated.in_flight > 0)


def in_force(known: Window, now: float) -> tuple[int, float, int]:
    """Return what holds at this time."""
    known.tick(now)
    return known.limit, known.seconds, known.max_in_flight


@pytest.mark.parametrize(
    ("stated", "holds", "until"),
    [
        (Stated(20, 60.0), (20, 60.0, 10), 600),
        (Stated(5, 1.0), (5, 1.0, 10), 600),
        (Stated(100, 360.0), (100, 360.0, 10), 3600),
        (Stated(100, 600.0), (100, 600.0, 10), 3600),
        (Stated(100, 3600.0), (100, 3600.0, 10), 3600),
        (Stated(in_flight=2), (120, 60.0, 2), 600),
    ],
)
def test_statement_holds_for_ten_windows(
    stated: Stated, holds: tuple[int, float, int], until: float
) -> None:
    """Or for an hour; then what was set is tried again."""
    known = window(120, 60, 10, is_share=False)
    state(known, 0, stated)
    assert holds == in_force(known, until - 0.1)

    assert (120, 60.0, 10) == in_force(known, until)


@pytest.mark.parametrize("stated", [Stated(20, 60.0), Stated(in_flight=2)])
def test_statement_is_renewed(stated: Stated) -> None:
    """Each time that ngrok states it, it holds for as long from then on."""
    known = window(120, 60, 10)
    for now in (0, 599, 1100):
        state(known, now, stated)
    known.adopt(1500, stated, again=False)  # heard from others, who heard it before
    assert (120, 60.0, 10) != in_force(known, 1699)

    assert (120, 60.0, 10) == in_force(known, 1700)


def test_statements_end_one_by_one() -> None:
    """Of several that hold together, each is over in its own time."""
    known = window(120, 60, 10, is_share=False)
    state(known, 0, Stated(60, 60.0))
    state(known, 100, Stated(30, 60.0))
    state(known, 200, Stated(in_flight=3))

    assert [(30, 3), (30, 3), (120, 3), (120, 10)] == [
        in_force(known, now)[::2] for now in (500, 650, 750, 900)
    ]


def test_many_statements_are_not_all_kept() -> None:
    """A server that states something else each time does not fill the memory."""
    known = window(120, 60, 10)
    for number in range(1000):
        state(known, number / 1000, Stated(number + 1, 600.0))

    assert len(known._stated) <= 8


def test_what_was_sent_under_a_short_window_counts_afterwards() -> None:
    """When a shorter window is over, the longer one knows what was sent in it."""
    known = window(6, 60, is_share=False)
    state(known, 0, Stated(3, 1.0))
    sent: list[int] = []
    for now in range(2, 680):
        while known.take(now):
            known.give_back(now)
            sent.append(now)

    assert 3 * 597 <= len([at for at in sent if at < 600])  # three a second, as they leave at once
    assert [658, 658, 658, 659, 659, 659] == [at for at in sent if at >= 600]


def test_who_waits_looks_when_a_statement_is_over() -> None:
    """Nobody waits for the end of a window that is not in force any more."""
    known = window(120, 60, 10)
    known.adopt(0, Stated(1, 3600.0))
    assert known.take(60.0)
    known.give_back(60.0)

    assert not known.take(100.0)
    assert 3500 == known.expected(100.0, 0)  # not 3560
    assert 3600 == known.next_look(100.0)
    assert known.take(3600.0)


def test_who_waits_for_a_place_in_flight_looks_too() -> None:
    """ERR_NGROK_225 is over without an answer."""
    known = window(120, 60, 2)
    assert known.take(0)
    state(known, 0, Stated(in_flight=1))

    assert not known.take(1)
    assert 600 == known.next_look(1)
    assert known.take(600)
    assert None is known.next_look(601)


# --- clocks -------------------------------------------------------------------------------------


def test_pause_does_not_grow_when_the_clock_goes_back() -> None:
    """What is left of it is left by the new time."""
    known = window(120, 60, 10)
    state(known, 10_000, Stated(60, 60.0))
    known.refuse(10_000, NOTHING, retry_after=20.0, too_many_at_once=False)
    assert 20 == known.expected(10_000, 0) - known.seconds / known.limit / 2
    known.tick(10_005)
    known.tick(5)

    assert not known.take(5)
    assert 15.5 == known.expected(5, 0)
    assert not known.take(20.4)
    assert known.take(20.5)
    assert (120, 60.0, 10) == in_force(known, 600)
    assert 1 == known.turned_back


def test_timer_that_rang_tells_how_much_time_went_by() -> None:
    """Who is woken at a time knows that it was reached, whatever the clock says."""
    known = window(1, 60)
    assert known.take(5000)
    known.give_back(5000)

    known.tick(1460, reached=5060)  # an hour back
    assert known.take(1460)


def test_small_differences_are_those_of_event_loops() -> None:
    """Two clocks that differ by less than a second never make the time run faster."""
    known = window(1, 60)
    assert known.take(100)
    known.give_back(100)
    for step in range(590):
        assert not known.take(100 + step / 10)
        assert not known.take(100 + step / 10 - 0.9)

    assert 0 == known.turned_back
    assert known.take(160)
