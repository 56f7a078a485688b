"""What has an id."""

from typing import Protocol


class HasId(Protocol):
    """Anything with an `id`: a model, a `Ref`, an object of your own."""

    @property
    def id(self) -> str:
        """The id of a resource."""
        ...
