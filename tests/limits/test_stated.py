"""Arithmetic of limits; what texts mean is with the rate limit that reads them."""

import pytest

from ngrok_async._limits.stated import allows


@pytest.mark.parametrize(
    ("stated", "limit", "window", "expected"),
    [
        ((120, 60.0), 120, 60.0, True),
        ((119, 60.0), 120, 60.0, False),
        ((240, 61.0), 120, 60.0, True),
        ((239, 61.0), 120, 60.0, False),
        ((55, 1.1), 5, 0.1, True),  # 1.1 / 0.1 is a little more than 11
        ((54, 1.1), 5, 0.1, False),
        ((1, 3600.0), 120, 60.0, False),
    ],
)
def test_what_a_limit_allows(
    stated: tuple[int, float], limit: int, window: float, *, expected: bool
) -> None:
    """In any window of the stated length fall so many of the own windows, begun ones included."""
    assert expected == allows(stated, limit, window)
