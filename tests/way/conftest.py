"""What the tests of the way share."""

import pytest

from ngrok_async.testing import TurnableClock


@pytest.fixture
def clock() -> TurnableClock:
    """Stop the time."""
    return TurnableClock(running=False)
