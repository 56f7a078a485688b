"""Ids begin as those of ngrok do."""

import pytest

from ngrok_async.testing._kinds import kinds
from ngrok_async.testing._prefixes import _MADE_UP, _PREFIXES, prefix_of
from ngrok_async.testing._routes import declared

ALL = kinds(declared())


@pytest.mark.parametrize("template", [*_PREFIXES, *_MADE_UP])
def test_the_table_has_only_what_there_is(template: str) -> None:
    """A row that nothing uses is a mistake."""
    assert template in ALL


def test_no_two_kinds_look_alike() -> None:
    """An id tells what it is of."""
    prefixes = [*_PREFIXES.values(), *_MADE_UP.values()]

    assert len(prefixes) == len(set(prefixes))


def test_every_kind_has_a_prefix() -> None:
    """Only what is not named by an id is not in the tables."""
    assert {t for t, kind in ALL.items() if kind.key == "id"} == {*_PREFIXES, *_MADE_UP}
    assert {"/event_subscriptions/{}/sources"} == {t for t, k in ALL.items() if k.key != "id"}


def test_a_new_kind_gets_a_prefix_by_its_name() -> None:
    """No row is needed for a fake id."""
    assert "ts_" == prefix_of("/toy_shelves")
