"""What a process of a shared rate limit knows and tells, without an event loop or a Redis."""

import json
from typing import Any

import attrs
import pytest

from ngrok_async import Response
from ngrok_async._limits.redis_answer import Answer
from ngrok_async._limits.redis_state import State
from ngrok_async._limits.stated import NOTHING

INFINITY = float("inf")
ENDED = 22  # the words before those that tell what has ended
ANSWER = Answer(
    born=7,
    granted=0,
    wait=0.0,
    careful=0.0,
    processes=1,
    others=0,
    ahead=0,
    in_flight=0,
    limit=(100, 60.0, 10),
    paused=0.0,
    spread=0.0,
    next_start=0.0,
    stated=NOTHING,
    ages=(),
)


def make(**options: Any) -> State:  # noqa: ANN401 # those of State
    """Make one of 100 requests per minute, 10 at a time."""
    defaults: dict[str, Any] = {"lease": 15.0, "share": 0.25, "jitter": lambda: 0.5}
    return State((100, 60.0, 10), **(defaults | options))


def ask(state: State, now: float, want: int = 1, **answer: Any) -> list[str | int]:  # noqa: ANN401 # fields of Answer
    """Ask, learn what is answered at once, and return what was told."""
    words = state.words(now, want)
    state.learn(now, attrs.evolve(ANSWER, **answer))
    return words


def end(state: State, now: float, *, counts: bool = True, hurry: bool = False) -> None:
    """End a request that took a second."""
    state.end(now, now - 1, counts=counts, late=False, hurry=hurry)


def test_answer_is_read() -> None:
    """Times come in microseconds, ends as pairs of an age and a number, as text or bytes."""
    numbers = [5, 2, 1_500_000, 0, 3, 2, 1, 4, 100, 60_000_000, 10, 1, 2, 3, 50, 30_000_000, 7]
    for text in ("2000000 2 -500000 1", b"2000000 2 -500000 1"):
        answer = Answer.of([*numbers, text])
        assert (5, 2, 1.5, 3) == (answer.born, answer.granted, answer.wait, answer.processes)
        assert (100, 60.0, 10) == answer.limit
        assert (50, 30.0, 7) == answer.stated
        assert (2.0, 2.0, -0.5) == answer.ages
    assert () == Answer.of([*map(str, numbers), ""]).ages
    numbers[11] = 4 * 3_600_000_000
    assert 3600 == Answer.of([*numbers, ""]).paused


@pytest.mark.parametrize("reply", [[], "OK", [1, 2, 3], [*range(17), "1 2 3"], [*range(17), "x y"]])
def test_what_is_no_answer_is_refused(reply: Any) -> None:  # noqa: ANN401 # what is wrong about it
    """Whatever else there is on the other side."""
    with pytest.raises((ValueError, TypeError)):
        Answer.of(reply)


def test_end_is_told_until_it_was_heard() -> None:
    """It goes with the next command, with its age, and again if that one is not answered."""
    state = make()
    ask(state, 0, granted=2)
    assert 5.0 == state.due(0, waits=False)  # two are in flight: a third of the lease
    end(state, 1)
    assert 1 < state.due(1, waits=False) < 1.01  # a moment, in which the next call may come
    assert [500_000] == state.words(1.5, 0)[ENDED:]
    state.lose(2, "away")
    end(state, 2)
    words = ask(state, 3, 0)

    assert [2_000_000, 1_000_000] == words[ENDED:]
    assert 0 == words[3]
    assert [2, []] == [(told := state.words(3, 0))[3], told[ENDED:]]


def test_end_is_told_at_once_where_others_wait() -> None:
    """In this process or in another one."""
    state = make()
    ask(state, 0, granted=2)
    end(state, 1, hurry=True)
    assert 1 == state.due(1, waits=False)
    ask(state, 1, 0, others=1)
    end(state, 2)
    assert 2 == state.due(2, waits=False)


def test_what_ended_long_ago_is_not_told() -> None:
    """Then nobody remembers this process either, so it begins anew."""
    state = make()
    ask(state, 0, granted=3)
    end(state, 1)
    state.words(2, 0)
    state.lose(2, "away")
    end(state, 50)
    words = state.words(61, 0)

    assert (0, 1) == (words[1], words[3])  # no state is missed, and one end was not told
    assert [11_000_000] == words[ENDED:]


def test_nothing_is_told_for_ever() -> None:
    """While Redis is away it is tried for as long as there is something that it needs to hear."""
    state = make()
    now, tries = 0.0, 0
    while now < INFINITY:
        state.words(now, 1)
        state.lose(now, "away")
        now = state.due(now, waits=False)
        tries += 1
    assert 25 <= tries <= 35  # twice a second while a slot that it may have granted is out


def test_part_is_spread_where_processes_are_more_than_places() -> None:
    """Each may have one in flight, which were too many at the same time."""
    state = make(jitter=lambda: 0.25)
    ask(state, 0, processes=20)
    state.words(1, 1)
    state.lose(1, "away")

    assert (5, 1) == (state.part.window.limit, state.part.window.max_in_flight)
    assert not state.take(1)
    assert 4 == state.part.window.next_look(1)  # a quarter of 60 s in five
    assert state.take(4)
    end(state, 5)
    assert not state.take(6)
    assert 13 == state.part.window.next_look(6)


@pytest.mark.parametrize(
    ("limits", "processes", "part"),
    [
        ((120, 10), 1, (30, 2)),
        ((120, 10), 4, (30, 2)),
        ((120, 10), 16, (7, 1)),
        ((120, 10), 48, (2, 1)),
        ((120, 10), 500, (1, 1)),
        ((98, 49), 49, (2, 1)),  # 98 / 49 is 1.9999999999999998
    ],
)
def test_part_of_a_process(limits: tuple[int, int], processes: int, part: tuple[int, int]) -> None:
    """A quarter, or as many as there are processes, and one at the least."""
    state = State((limits[0], 60.0, limits[1]), lease=15, share=0.25, jitter=lambda: 0.5)
    ask(state, 0, processes=processes, limit=(limits[0], 60.0, limits[1]))
    state.lose(0, "away")

    assert part == (state.part.window.limit, state.part.window.max_in_flight)


def test_coming_back_is_done_with_care() -> None:
    """For a second others tell what they sent alone: until then, no more than the part."""
    state = make()
    ask(state, 0, processes=5)
    state.lose(1, "away")
    assert [True, False] == [state.take(1) and state.take(1), state.take(1)]  # 2 at a time
    assert 0 == state.words(1.5, 9)[5]
    state.learn(1.5, attrs.evolve(ANSWER, processes=2))
    assert not state.shared
    assert 5 == state.processes  # not all have come back yet
    assert 0 == state.words(1.6, 9)[5]  # no room
    state.learn(1.6, attrs.evolve(ANSWER, processes=3))
    assert (5, 20) == (state.processes, state.part.window.limit)
    end(state, 1.7)
    words = state.words(1.8, 9)
    assert (1, 1) == (words[5], words[6])
    state.learn(1.8, attrs.evolve(ANSWER, granted=1))
    assert 2.5 == state.due(1.8, waits=True)
    ask(state, 2.5, 9, processes=2)

    assert state.shared
    assert 2 == state.processes
    assert [False, True] == [change.shared for change in state.changes]


def test_lost_data_is_borne_with_care_for_as_long_as_told() -> None:
    """Slots are asked for all the same, no more than the part has."""
    state = make()
    ask(state, 0, 99, granted=3)
    ask(state, 1, 0, careful=60.0)
    assert (25, "Redis has lost a part of what it knew") == (
        state.known(1).limit,
        state.changes[0].reason,
    )
    assert state.is_told_to_wait(1)
    assert 6 == state.due(1, waits=True)
    for now in (2, 3):
        end(state, now)
    assert not state.is_told_to_wait(3)
    assert 1 == state.words(3, 9)[5]


def test_part_that_is_used_up_is_looked_at_when_it_frees() -> None:
    """Nobody asks for what there is no room for."""
    state = State((4, 60.0, 10), lease=15, share=0.25, jitter=lambda: 0.5)
    ask(state, 0, granted=1, limit=(4, 60.0, 10))
    end(state, 10)
    ask(state, 10, 0, careful=90.0, limit=(4, 60.0, 10))

    assert 70 == state.due(10, waits=True)


def test_statement_that_comes_during_a_command_is_told_by_the_next() -> None:
    """The answer to what did not hold it takes nothing away."""
    state = make()
    ask(state, 0, granted=1)
    state.words(1, 0)
    text = "Your account is rate limited to 50 API requests per 60 seconds."
    state.refuse(1, Response(status=429, body=json.dumps({"msg": text}).encode()))
    state.learn(1, ANSWER)

    assert [50, 60_000_000, 0] == state.words(2, 0)[19:ENDED]
    state.learn(2, ANSWER)
    assert [0, 0, 0] == state.words(2, 0)[19:ENDED]


@pytest.mark.parametrize(
    ("own", "all_", "processes", "part"),
    [
        (0, 100, 5, 1),  # one at the least
        (8, 100, 5, 8),  # what is free of it as it leaves the window
        (50, 100, 5, 20),
        (0, 60, 5, 8),  # a fifth of what is free
        (3, 60, 5, 11),
        (0, 60, 1, 10),  # there may be others
        (0, 0, 5, 20),
    ],
)
def test_part_is_scarce_for_a_window(own: int, all_: int, processes: int, part: int) -> None:
    """Where some have used more than theirs, the others cannot have all of theirs."""
    state = make()
    ask(state, 0, granted=own)
    for _ in range(own):
        end(state, 1)
    ask(state, 2, 0, processes=processes, ages=(1.0,) * all_)
    state.lose(3, "away")
    assert part == state.part.window.limit
    assert state.take(61.5)

    end(state, 62)
    state.lose(62.5, "away")
    assert part == state.part.window.limit
    state.take(64)
    assert 100 // max(4, processes) == state.part.window.limit
