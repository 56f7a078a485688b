"""Frozen objects, made in a straightforward way."""

from typing import Any


def unfrozen(kind: type[Any]) -> type[Any]:
    """Return a class with the slots of a frozen one, whose attributes can be set.

    A frozen class sets its own in a roundabout way, which is most of what making an object costs.
    Give the object its true class when all are set: `made.__class__ = kind`. Python allows that
    where `kind` has no `__weakref__` of its own, or inherits it.
    """
    content = {
        "__slots__": getattr(kind, "__slots__"),  # noqa: B009 # no member for type checkers
        "__init__": object.__init__,
        # Both: of either that is inherited, Python would make a slow call.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    return type(kind.__name__, kind.__bases__, content)
