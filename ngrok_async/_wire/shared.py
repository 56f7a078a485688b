"""Texts and references that many objects have in common, kept as one object each."""

from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeAlias

from ngrok_async._unfrozen import unfrozen

# They are kept for the objects to come, but no more than this.
_MOST: Final = 1000
_FULL_FOR: Final = 10_000
_LONGEST_TEXT: Final = 64
_LONGEST_REFERENCE: Final = 256

Known: TypeAlias = Callable[[str], Any]
Keep: TypeAlias = Callable[[str, str], Any]

TEXTS: Final[dict[str | None, str]] = {None: ""}


def text(value: Any) -> str:  # noqa: ANN401 # whatever was sent
    """Return a text, the same object for equal ones, or "" for null.

    Raises:
        TypeError: It is no text.
    """
    if value in TEXTS:
        return TEXTS[value]
    if type(value) is not str:
        raise TypeError("expected a text")
    if len(value) <= _LONGEST_TEXT:
        if len(TEXTS) >= _MOST:
            TEXTS.clear()
            TEXTS[None] = ""
        TEXTS[value] = value
    return value


class References:
    """The references of one class."""

    def __init__(self, model: Any) -> None:  # noqa: ANN401 # a class
        """Keep none so far."""
        kept: dict[str, Any] = {}
        blank = unfrozen(model)
        full_for = 0

        def keep(id_: str, uri: str) -> Any:  # noqa: ANN401 # a model
            nonlocal full_for
            made: Any = blank()
            made._extra = None  # noqa: SLF001 # its own class
            made.id = id_
            made.uri = uri
            made.__class__ = model
            if len(kept) < _MOST:
                if len(id_) + len(uri) <= _LONGEST_REFERENCE:
                    kept[id_] = made
            else:
                # So many are hardly ever met again, and keeping one costs more than making it.
                full_for += 1
                if full_for > _FULL_FOR:
                    kept.clear()
                    full_for = 0
            return made

        self.known: Known = kept.get
        self.keep: Keep = keep


@cache
def references(model: Any) -> References:  # noqa: ANN401 # a class
    """Return the references of a class."""
    return References(model)
