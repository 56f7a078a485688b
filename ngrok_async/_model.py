"""The base of all models."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import attrs

from ngrok_async._pickles import Stored
from ngrok_async._request import JSON


@attrs.frozen(kw_only=True)
class Model(Stored):
    """A frozen value made of an answer.

    It holds no client: it compares, copies, pickles and logs as plain data. A text that ngrok left
    out is "", as in ngrok's own Go code, where empty values are not sent.
    """

    # Private and None in nearly every object, since a dictionary each would cost 64 bytes.
    _extra: Mapping[str, JSON] | None = attrs.field(
        default=None, repr=False, hash=False, alias="extra"
    )

    @property
    def extra(self) -> Mapping[str, JSON]:
        """Fields of the answer that this version of the package does not know, read-only."""
        return MappingProxyType(dict(self._extra or {}))


def is_time(kind: object) -> bool:
    """Tell whether a type is that of instants.

    Not by identity: freezegun puts a subclass in the place of `datetime` wherever a module has it
    (https://github.com/spulec/freezegun), so a type and what it is compared with may be of before
    and after.
    """
    return isinstance(kind, type) and issubclass(kind, datetime)
