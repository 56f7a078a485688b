"""What counts as a number, and which integers ngrok can read."""

import math
from typing import Final

# What Go, in which ngrok is written, has as an integer.
_INT64: Final = (-(2**63), 2**63 - 1)


def as_float(value: object) -> float:
    """Return a number as a float; for what is none NaN, which every comparison refuses."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # an integer beyond the largest float
        return math.nan


def is_int64(value: int) -> bool:
    """Tell whether an integer has at most 64 bits, its sign included."""
    # Not with a range: of a subclass such as an enumeration it would try one number after another.
    return _INT64[0] <= value <= _INT64[1]
