"""What cannot be because of something else that is: names that are taken, things in use.

ngrok documents the codes but not the status that goes with them; here it is 409.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from ngrok_async._request import JSON
from ngrok_async.testing._answers import RefusedError
from ngrok_async.testing._store import Item, Store

_CONFLICT: Final = 409

_UNIQUE: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "/event_subscriptions/{}/sources": (("type",), 5127),
    "/ip_restrictions": (("type",), 1802),
    "/reserved_domains": (("domain",), 413),
    "/ssh_credentials": (("public_key",), 609),
    "/vault_secrets": (("name", "vault"), 24005),
    "/vaults": (("name",), 23004),
}
"""Fields that no two items of a collection may have in common, and the code for it."""

_BACKENDS: Final = (("/backends/failover", "/backends/weighted"), 6502)
_USERS: Final[Mapping[str, tuple[tuple[str, ...], int]]] = {
    "/backends/failover": _BACKENDS,
    "/backends/http_response": _BACKENDS,
    "/backends/static": _BACKENDS,
    "/backends/tunnel_group": _BACKENDS,
    "/backends/weighted": _BACKENDS,
    "/event_destinations": (("/event_subscriptions",), 5112),
    "/ip_policies": (("/ip_restrictions",), 1420),
    "/reserved_domains": (("/endpoints",), 446),
    "/ssh_certificate_authorities": (("/ssh_host_certificates", "/ssh_user_certificates"), 1964),
    "/vaults": (("/vault_secrets",), 23003),
}
"""The collections whose items keep one from being deleted by referring to it, and the code."""


def conflict(message: str, code: int) -> RefusedError:
    """Return the refusal for something that is in the way."""
    return RefusedError(message, code=code, status=_CONFLICT)


def check_unique(template: str, items: list[Item], new: Item) -> None:
    """Compare an item with the others of its collection.

    Raises:
        RefusedError: One of them has the same name, domain or whatever must be unique.
    """
    names, code = _UNIQUE.get(template, ((), 0))
    wanted = [new.get(name) for name in names]
    if not names or None in wanted:
        return
    if any(wanted == [item.get(name) for name in names] for item in items):
        raise conflict(f"There is one with this {names[0]} already.", code)


def check_unused(template: str, store: Store, id_: str) -> None:
    """Look for items that refer to one that is to be deleted.

    Raises:
        RefusedError: There is one.
    """
    paths, code = _USERS.get(template, ((), 0))
    for path in paths:
        for _, item in store[path].older_than(None):
            if item["id"] != id_ and _mentions(item, id_):
                raise conflict(f"{item['id']} still uses it.", code)


def _mentions(value: JSON, id_: str) -> bool:
    if isinstance(value, dict):
        content = cast("Mapping[str, JSON]", value)
        return id_ in content or any(_mentions(part, id_) for part in content.values())
    if isinstance(value, list):
        return any(_mentions(part, id_) for part in cast("Sequence[JSON]", value))
    return bool(value == id_)
