"""Ids begin as those of ngrok do."""

import pytest

from ngrok_async.testing._id_prefixes import _MADE_UP, _PREFIXES, prefix_of
from ngrok_async.testing._kinds import kinds
from ngrok_async.testing._routes import declared

ALL = kinds(declared())


@pytest.mark.parametrize("template", [*_PREFIXES, *_MADE_UP])
def test_the_table_has_only_what_there_is(template: str) -> None:
    """A row that nothing uses is a mistake."""
    assert template in ALL


def test_no_two_kinds_look_alike() -> None:
    """An id tells what it is of, also where the prefix is made of a name: see `_MADE_UP`."""
    named = [template for template, kind in ALL.items() if kind.key == "id"]

    assert len(named) == len({prefix_of(template) for template in named})


def test_only_what_is_not_named_by_an_id_has_no_prefix() -> None:
    """That is one kind."""
    assert {"/event_subscriptions/{}/sources"} == {t for t, k in ALL.items() if k.key != "id"}


def test_a_new_kind_gets_a_prefix_by_its_name() -> None:
    """No row is needed for a fake id."""
    assert "ts_" == prefix_of("/toy_shelves")
