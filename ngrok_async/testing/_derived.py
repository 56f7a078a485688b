"""What ngrok itself makes of certain resources, beyond keeping what was sent."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import attrs

from ngrok_async._request import JSON
from ngrok_async.testing._messages import refusal, wrong_value
from ngrok_async.testing._store import Item, Store, timestamp

_PORTS: Final = {"http": 80, "https": 443, "tls": 443}


@attrs.frozen
class Change:
    """A resource that is created or updated.

    Attributes:
        store: What else there is.
        now: What time it is.
        body: What was sent.
        before: The resource until now; nothing where it is created.
        item: The resource from now on, which a rule may alter.
    """

    store: Store
    now: datetime
    body: Mapping[str, JSON]
    before: Item
    item: Item


def _parts(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise wrong_value("url", f"is no URL: {url!r}") from None
    return parts.scheme, parts.hostname or "", port


def _abuse_report(change: Change) -> None:
    hosts = [_parts(url)[1] or url for url in change.item.get("urls", ())]
    change.item["hostnames"] = [{"hostname": host, "status": "PENDING"} for host in hosts]
    change.item["status"] = "PENDING"


def _endpoint(change: Change) -> None:
    item = change.item
    url: str = item.get("url", "")
    scheme, host, port = _parts(url)
    item |= {"public_url": url, "proto": scheme, "hostport": f"{host}:{port}"}
    domains = (domain for _, domain in change.store["/reserved_domains"].older_than(None))
    found = next((domain["id"] for domain in domains if domain.get("domain") == host), None)
    item["domain"] = found and change.store.ref("/reserved_domains", found)


def _http_response(change: Change) -> None:
    headers = change.item.get("headers", {})
    change.item["headers"] = {name.lower(): value for name, value in headers.items()}


def _operator(change: Change) -> None:
    for name in ("binding", "deployment"):
        # The update of either has not all of its fields.
        if name in change.before:
            change.item[name] = change.before[name] | change.item[name]
    features = change.item.get("enabled_features", [])
    change.item["enabled_features"] = [feature.lower() for feature in features]
    change.item.setdefault("region", "global")


def _reserved_addr(change: Change) -> None:
    region = change.item.setdefault("region", "us")
    host = "tcp" if region == "us" else f"tcp.{region}"
    port = 20000 + sum(1 for _ in change.store["/reserved_addrs"].older_than(None))
    change.item.setdefault("addr", f"1.{host}.ngrok.io:{port}")


def _reserved_domain(change: Change) -> None:
    item, certificate = change.item, "certificate_id" in change.body
    item["domain"] = item.get("domain") or f"{change.store.letters(12)}.ngrok.app"
    item.setdefault("cname_target", f"{change.store.letters(17)}.ngrok-cname.com")
    policy = change.body.get("certificate_management_policy")
    if certificate:
        item |= {"certificate_management_policy": None, "certificate_management_status": None}
    elif policy:
        job = {"msg": "Waiting for the certificate.", "started_at": timestamp(change.now)}
        item |= {"certificate": None, "certificate_management_status": {"provisioning_job": job}}
    elif item.get("certificate_management_policy") is None:
        item["certificate_management_status"] = None


def _secret(change: Change) -> None:
    name = change.body.get("vault_name")
    if change.before or "vault" in change.body or "vault_id" in change.body:
        return
    if name is None:
        raise refusal(24008)
    vaults = (vault for _, vault in change.store["/vaults"].older_than(None))
    found = next((vault["id"] for vault in vaults if vault.get("name") == name), None)
    if found is None:
        raise refusal(24009)
    change.item["vault"] = change.store.ref("/vaults", found)


def _ssh_authority(change: Change) -> None:
    kind = change.body.get("private_key_type", "ed25519")
    change.item.setdefault("key_type", kind)
    change.item.setdefault("public_key", f"ssh-{kind} {change.store.new_id('AAAA')}")


RULES: Final[Mapping[str, Callable[[Change], None]]] = {
    "/abuse_reports": _abuse_report,
    "/backends/http_response": _http_response,
    "/endpoints": _endpoint,
    "/kubernetes_operators": _operator,
    "/reserved_addrs": _reserved_addr,
    "/reserved_domains": _reserved_domain,
    "/ssh_certificate_authorities": _ssh_authority,
    "/vault_secrets": _secret,
}
"""By collection: what becomes of a resource each time that it is created or updated."""


VIEWS: Final[Mapping[str, tuple[str, Callable[[Item, Item], bool]]]] = {
    "/kubernetes_operators/{}/bound_endpoints": (
        "/endpoints",
        lambda operator, endpoint: (
            "bindings" in operator["enabled_features"]
            and "kubernetes" in endpoint.get("bindings", ())
        ),
    ),
    "/vaults/{}/secrets": (
        "/vault_secrets",
        lambda vault, secret: bool(secret["vault"]["id"] == vault["id"]),
    ),
}
"""Lists whose items are in another collection: which one, and which items belong to a parent."""


EMPTY_UPDATES: Final[Mapping[str, int]] = {
    "/credentials": 606,
    "/endpoints": 18004,
    "/ip_policies": 1400,
    "/ip_policy_rules": 1401,
    "/reserved_addrs": 506,
    "/reserved_domains": 422,
}
"""The codes for updates that change nothing; for others ngrok's is not known."""
