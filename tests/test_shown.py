"""What messages show of a value: all of a short one, and never what may be a secret."""

import enum
import math
import sys
from typing import Any

import pytest

from ngrok_async._shown import shown

DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


class Untold:
    """Cannot be shown."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


class Code(enum.IntEnum):
    """A number with a name."""

    ONE = 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("us", "'us'", id="text"),
        pytest.param(b"us", "bytes", id="bytes"),
        pytest.param("x" * 80, repr("x" * 80), id="80 characters"),
        pytest.param("x" * 81, f"{'x' * 80!r}... (81 characters)", id="81 characters"),
        pytest.param(500, "500", id="integer"),
        pytest.param(-(2**63), "-9223372036854775808", id="64 bits"),
        pytest.param(10**5000, "an integer of about 5001 digits", id="5001 digits"),
        pytest.param(-(10**5000), "an integer of about 5001 digits", id="as many below zero"),
        pytest.param(math.nan, "nan", id="NaN"),
        pytest.param(True, "True", id="true"),
        pytest.param(None, "None", id="None"),
        pytest.param(Code.ONE, "1", id="enumeration"),
        pytest.param(["secret"] * 10**6, "list", id="list"),
        pytest.param(DEEP, "list", id="deep list"),
        pytest.param({"token": "secret"}, "dict", id="dictionary"),
        pytest.param(Untold(), "Untold", id="cannot be shown"),
        pytest.param(Untold, "the class Untold", id="class"),
    ],
)
def test_a_value_is_shown_shortened(value: object, expected: str) -> None:
    """Short values are shown whole, the others by their beginning, size or kind."""
    limit = sys.get_int_max_str_digits()

    assert expected == shown(value)
    assert limit == sys.get_int_max_str_digits()
