"""`UNSET` is one object, everywhere."""

import copy
import pickle

import pytest

from ngrok_async.unset import UNSET, UnsetType


def test_it_shows_the_name_that_is_imported() -> None:
    """In signatures and messages it is called `UNSET`."""
    assert "UNSET" == repr(UNSET)


def test_it_is_false() -> None:
    """`if value:` treats it as all other ways of saying nothing; it is not None, though."""
    assert not UNSET
    assert UNSET is not None


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_there_is_only_one(protocol: int) -> None:
    """Copies and pickles are the same object, so `is UNSET` always works."""
    assert UNSET is pickle.loads(pickle.dumps(UNSET, protocol))  # noqa: S301 # our own
    assert UNSET is copy.copy(UNSET)
    assert UNSET is copy.deepcopy(UNSET)
    assert [UNSET] == list(UnsetType)
