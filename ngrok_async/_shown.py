"""What a message shows of a value."""

import math
from typing import Final

from ngrok_async._numbers import is_int64

_LONGEST_SHOWN: Final = 80
_BITS_PER_DIGIT: Final = math.log2(10)


def shown(value: object) -> str:
    """Return what a message shows of a value: all of a short one, else its beginning and size.

    Not for what may be a secret.
    """
    if value is None or value is True or value is False:
        return str(value)
    if isinstance(value, str):
        # Not repr(): a subclass may have one of its own.
        text = str.__repr__(value[:_LONGEST_SHOWN])
        return text if len(value) <= _LONGEST_SHOWN else f"{text}... ({len(value)} characters)"
    if isinstance(value, int):
        about = int(value.bit_length() / _BITS_PER_DIGIT) + 1
        return int.__repr__(value) if is_int64(value) else f"an integer of about {about} digits"
    if isinstance(value, float):
        return float.__repr__(value)
    # Its own text may be endless, fail, or have secrets in it.
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
