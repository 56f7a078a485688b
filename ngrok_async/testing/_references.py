"""References between resources: `ip_policy_ids` in, `ip_policies` with ids and addresses out."""

from collections.abc import Mapping
from typing import Final

from ngrok_async.testing._id_prefixes import is_malformed, is_of_another_kind, prefix_of
from ngrok_async.testing._messages import RefusedError
from ngrok_async.testing._refusals import absent, refusal
from ngrok_async.testing._store import Item, Store

_BACKENDS: Final = tuple(
    f"/backends/{kind}"
    for kind in ("failover", "http_response", "static", "tunnel_group", "weighted")
)

TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "backend_id": _BACKENDS,
    "backends": _BACKENDS,
    "certificate_authority_ids": ("/certificate_authorities",),
    "certificate_id": ("/tls_certificates",),
    "destination_ids": ("/event_destinations",),
    "endpoint_id": ("/endpoints",),
    "ip_policy_id": ("/ip_policies",),
    "ip_policy_ids": ("/ip_policies",),
    "owner_id": ("/bot_users", "/service_users"),
    "ssh_certificate_authority_id": ("/ssh_certificate_authorities",),
    "vault_id": ("/vaults",),
}
"""The collections that the ids in a field of a request are from; any other id is taken as it is."""

CODES: Final[Mapping[str, int]] = {
    **dict.fromkeys(_BACKENDS, 6514),
    **dict.fromkeys(("/edges/https", "/edges/tcp", "/edges/tls"), 7000),
    "/event_destinations": 5103,
    "/event_subscriptions": 5123,
    "/event_subscriptions/{}/sources": 5125,
    "/ip_policies": 1402,
    "/ip_policy_rules": 1404,
    "/ssh_certificate_authorities": 1949,
    "/tls_certificates": 1965,
    "/vaults": 24006,
}
"""What ngrok calls it when an item is not there; recorded answers for others have no code."""


def not_found(template: str, id_: str | None = None) -> RefusedError:
    """Return the refusal for an item that is not in a collection.

    Args:
        template: The collection.
        id_: What should have been its id; None: not an id at all, or whatever it is like.
    """
    if id_ is not None and is_malformed(template, id_):
        return refusal(222, id=id_)
    if id_ is not None and is_of_another_kind(template, id_):
        return refusal(227, id=id_, prefix=prefix_of(template))
    code = CODES.get(template)
    return absent() if code is None else refusal(code)


def refers(field: str) -> bool:
    """Tell whether a field of a request has ids of a known kind, or is named as if it had any."""
    return field in TARGETS or field.endswith(("_id", "_ids"))


def refer(store: Store, field: str, id_: str) -> Item:
    """Return the reference for an id that was sent in a field.

    Raises:
        RefusedError: There is no such item. ngrok does not document the status; here it is 404.
    """
    targets = TARGETS.get(field, ())
    for path in targets:
        if store[path].get(id_) is not None:
            return store.ref(path, id_)
    # The people of an account have ids too, and no list that would tell them.
    if not targets or (field == "owner_id" and id_.startswith("usr_")):
        return {"id": id_, "uri": ""}
    raise not_found(targets[0])
