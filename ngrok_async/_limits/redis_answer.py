"""What the script of the shared rate limit answers, as a value."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from ngrok_async._limits.stated import Stated

_MICRO: Final = 1e6
# A pause of a clock that was wrong must not end all calls for good.
_LONGEST_PAUSE: Final = 3600.0


@attrs.frozen
class Answer:
    """What the script answers; times are seconds from then on.

    Attributes:
        born: When the state came to be, which tells it from another one.
        granted: Slots that the process has got.
        wait: When to ask again for those that it has not.
        careful: For how long nobody may go beyond its share, since a part of the state was lost.
        processes: How many share the limit.
        others: How many of them wait, this one aside,
        ahead: and how many of these before it.
        in_flight: Requests of all that are out.
        limit: The smallest that is set for any of them: requests, seconds, in flight.
        paused: When the pause ends,
        spread: when requests need no longer leave one by one,
        next_start: when the next one may.
        stated: What ngrok states.
        ages: How long ago each request ended that counts.
    """

    born: int
    granted: int
    wait: float
    careful: float
    processes: int
    others: int
    ahead: int
    in_flight: int
    limit: tuple[int, float, int]
    paused: float
    spread: float
    next_start: float
    stated: Stated
    ages: tuple[float, ...]

    @classmethod
    def of(cls, reply: Sequence[Any]) -> "Answer":
        """Read it."""
        *numbers, text = reply
        born, granted, wait, careful, processes, others, ahead, in_flight, *more = map(int, numbers)
        limit, seconds, at_once, paused, spread, next_start, *stated = more
        words = (text.decode() if isinstance(text, bytes) else text).split()
        pairs = zip(map(float, words[::2]), map(int, words[1::2]), strict=True)
        requests, window, flights = stated
        return cls(
            born=born,
            granted=granted,
            wait=wait / _MICRO,
            careful=careful / _MICRO,
            processes=processes,
            others=others,
            ahead=ahead,
            in_flight=in_flight,
            limit=(limit, seconds / _MICRO, at_once),
            paused=min(paused / _MICRO, _LONGEST_PAUSE),
            spread=spread / _MICRO,
            next_start=next_start / _MICRO,
            stated=Stated(requests, window / _MICRO, flights),
            ages=tuple(age / _MICRO for age, number in pairs for _ in range(number)),
        )
