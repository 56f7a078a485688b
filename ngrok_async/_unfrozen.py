"""Frozen objects, made in a straightforward way."""

from typing import Any


def unfrozen(kind: type[Any]) -> type[Any]:
    """Return a class with the slots of a frozen one, whose attributes can be set.

    A frozen class sets its own in a roundabout way, which is most of what making an object costs.
    Give the object its true class when all are set: `made.__class__ = kind`. Python allows that of
    a subclass without attributes of its own, and checks it faster than of a class beside it.
    """
    content = {
        "__slots__": (),
        "__init__": object.__init__,
        # Both: of either that is inherited, Python would make a slow call.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    return type(kind.__name__, (kind,), content)
