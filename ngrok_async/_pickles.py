"""Values that people keep: pickles outlive the release that wrote them."""

from typing import Any, cast

import attrs


def default_of(field: "attrs.Attribute[Any]") -> Any:  # noqa: ANN401 # of the field's type
    """Return what stands for a field that is absent; `attrs.NOTHING` where it has to be there."""
    default: Any = field.default
    return default.factory() if hasattr(default, "factory") else default


def _fields(value: "Stored") -> tuple["attrs.Attribute[Any]", ...]:
    # Each class below is one of attrs.
    fields: tuple[attrs.Attribute[Any], ...]
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", type(value)))
    return fields


class Stored:
    """A base of attrs classes, whose pickles of older releases lack the fields that came later.

    attrs writes a `__setstate__` into each class that leaves such a field unset, which is an
    AttributeError when it is read, in code that has nothing to do with pickles.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Give each class its own: attrs leaves a method alone only where the class has it."""
        super().__init_subclass__()
        setattr(cls, "__setstate__", cls.__setstate__)  # noqa: B010 # a method, to type checkers

    def __getstate__(self) -> dict[str, object]:
        """Return the fields by name, as attrs does."""
        return {field.name: getattr(self, field.name) for field in _fields(self)}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take the fields that a pickle has, and the defaults of the others.

        Raises:
            UnpicklingError: A field without a default is missing.
        """
        for field in _fields(self):
            value = state[field.name] if field.name in state else default_of(field)
            if value is attrs.NOTHING:
                from pickle import UnpicklingError  # noqa: PLC0415 # where pickles are read it is

                raise UnpicklingError(
                    f"the {type(self).__name__} lacks {field.name!r}, which it must have: another "
                    "version of ngrok-async has pickled it; get it again"
                )
            object.__setattr__(self, field.name, value)
