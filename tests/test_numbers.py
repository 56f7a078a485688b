"""What counts as a number."""

import enum
import math

import pytest

from ngrok_async._numbers import as_float


class Code(enum.IntEnum):
    """A number with a name."""

    ONE = 1


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (7, 7.0),
        (0.5, 0.5),
        (Code.ONE, 1.0),
        (math.inf, math.inf),
        (2**1023, 2.0**1023),
    ],
)
def test_what_is_a_number(value: object, number: float) -> None:
    """Also one with a name, and the largest power of two."""
    assert number == as_float(value)


@pytest.mark.parametrize("value", [True, False, None, "7", 2**1024, 1j, [7], math.nan])
def test_what_is_no_number(value: object) -> None:
    """A comparison refuses it: `Timeout(attempt=True)` is a slip, and no second."""
    assert math.isnan(as_float(value))
