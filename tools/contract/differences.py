"""The differences that are agreed on: `tests/contract/differences.toml`."""

import tomllib
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, Literal

import attrs

from tools.contract.compare import Difference
from tools.contract.facts import CONTRACT


@attrs.frozen(kw_only=True)
class Agreed:
    """A difference that is meant to be, in one place or several.

    Attributes:
        where: The places; `*` stands for any text.
        theirs: What the API has there; "-" for nothing.
        ours: What the package has there; "-" for nothing.
        reason: Why it is so.
        link: Where to read about it.
    """

    where: tuple[str, ...] = attrs.field(converter=tuple[str, ...])
    theirs: str
    ours: str
    reason: str
    link: str

    def covers(self, place: str, difference: Difference) -> bool:
        """Tell whether `difference` is what was agreed on for one of the places."""
        agreed = (self.theirs, self.ours) == (difference.theirs, difference.ours)
        return agreed and fnmatchcase(difference.where, place)


def load(table: Literal["contract", "upstream"]) -> list[Agreed]:
    """Return one of the two tables: for the facts, or for an OpenAPI document of ngrok's."""
    text = (CONTRACT / "differences.toml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)[table]
    return [Agreed(**entry) for entry in entries]


def split(
    found: Iterable[Difference], agreed: Sequence[Agreed]
) -> tuple[list[Difference], list[str]]:
    """Return the differences that are not agreed on, and the agreed places that have none."""
    differences = list(found)
    places = [(place, entry) for entry in agreed for place in entry.where]
    unlisted = [d for d in differences if not any(e.covers(place, d) for place, e in places)]
    stale = [
        f"{place} ({entry.theirs} there, {entry.ours} here)"
        for place, entry in places
        if not any(entry.covers(place, d) for d in differences)
    ]
    return unlisted, stale


def problems(found: Iterable[Difference], agreed: Sequence[Agreed]) -> list[str]:
    """Return a line for each difference that is not agreed on, and each agreement out of date."""
    unlisted, stale = split(found, agreed)
    return [*map(str, unlisted), *(f"{place}: agreed on, but not so now" for place in stale)]
