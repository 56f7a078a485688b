"""The value of a field that the caller did not pass."""

import enum
from typing import Final, TypeAlias, TypeVar

_T = TypeVar("_T")


# A one-member enum is the form of a sentinel that mypy and pyright both narrow; PEP 661's
# `sentinel` takes its place once Python 3.15 is the oldest supported version.
class UnsetType(enum.Enum):
    """The type of `UNSET`; it has no other value."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        """Show the name under which it is imported."""
        return self.value

    def __bool__(self) -> bool:
        """Be false, as every other way of saying "nothing"."""
        return False


UNSET: Final = UnsetType.UNSET
"""Leave the field out of the request. `None` is sent as JSON null instead."""

Unset: TypeAlias = _T | UnsetType
"""`Unset[str]` is a string, or `UNSET`."""
