"""What kind of type a type is."""

from datetime import datetime
from typing import Any, TypeAlias, get_args, get_origin

from ngrok_async._id import HasId

TypeForm: TypeAlias = Any
"""A class, or what stands in an annotation in place of one."""


def parts_of(form: TypeForm) -> tuple[Any, tuple[Any, ...]]:
    """Return what a type form is made with, None for a plain class, and what is in its brackets."""
    return get_origin(form), get_args(form)


def is_time(kind: object) -> bool:
    """Tell whether a type is that of instants.

    Not by identity: freezegun puts a subclass in the place of `datetime` wherever a module has it
    (https://github.com/spulec/freezegun), so a type and what it is compared with may be of before
    and after.
    """
    return isinstance(kind, type) and issubclass(kind, datetime)


def is_id(kind: object) -> bool:
    """Tell whether a type is that of ids of requests, or of a list of them."""
    return kind is HasId or any(map(is_id, get_args(kind)))
