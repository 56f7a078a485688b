"""What kind of type a type is."""

from datetime import datetime


def is_time(kind: object) -> bool:
    """Tell whether a type is that of instants.

    Not by identity: freezegun puts a subclass in the place of `datetime` wherever a module has it
    (https://github.com/spulec/freezegun), so a type and what it is compared with may be of before
    and after.
    """
    return isinstance(kind, type) and issubclass(kind, datetime)
