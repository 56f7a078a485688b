"""All of an account at one moment, as plain JSON and without what is secret."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Final, TypeAlias, cast

import attrs

from ngrok_async._request import JSON
from ngrok_async.client import Client
from ngrok_async.errors import NotFoundError, PermissionDeniedError

Item: TypeAlias = Mapping[str, JSON]

LIVE: Final = frozenset(
    {"application_sessions", "application_users", "endpoints", "tunnel_sessions", "tunnels"}
)
"""What comes and goes by itself: the attributes of the client that have it."""

# Should ngrok begin to send one where this version of the package does not know it.
_SECRET: Final = frozenset(
    {
        "api_key",
        "authtoken",
        "aws_secret_access_key",
        "client_secret",
        "password",
        "private_key",
        "private_key_pem",
        "secret",
        "token",
    }
)


@attrs.frozen
class Snapshot:
    """What an account had.

    Attributes:
        kinds: The items of each kind, by their ids.
        refused: The kinds that the key may not read or the account does not have, and why.
    """

    kinds: Mapping[str, Mapping[str, Item]]
    refused: Mapping[str, str] = attrs.field(factory=dict[str, str])


async def taken(ngrok: Client, kinds: Mapping[str, str]) -> Snapshot:
    """Walk over all lists.

    Args:
        ngrok: The client.
        kinds: The client's attribute for each name, such as "backends.failover".

    Raises:
        NgrokError: A list could not be read, for a reason that is not that of its kind alone.
    """
    found: dict[str, Mapping[str, Item]] = {}
    refused: dict[str, str] = {}
    for name, attribute in kinds.items():
        try:
            items = await attrgetter(attribute)(ngrok).list().collect()
        except (PermissionDeniedError, NotFoundError) as error:
            refused[name] = error.code or f"HTTP {error.status}"
            continue
        hidden = _SECRET | {"value"} if attribute == "secrets" else _SECRET
        found[name] = _by_id((item.to_dict() for item in items), hidden)
    return Snapshot(found, refused)


def _by_id(items: Iterable[Item], hidden: AbstractSet[str]) -> dict[str, Item]:
    known = {str(item["id"]): cast("Item", _without(item, hidden)) for item in items}
    return dict(sorted(known.items()))


def _without(value: object, hidden: AbstractSet[str]) -> JSON:
    if isinstance(value, Mapping):
        content = cast("Item", value)
        return {
            name: _without(part, hidden)
            for name, part in content.items()
            if not (name in hidden and isinstance(part, str))
        }
    if isinstance(value, list):
        return [_without(part, hidden) for part in cast("list[object]", value)]
    return value
