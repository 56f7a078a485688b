"""What ngrok itself makes of certain resources, beyond keeping what was sent."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import attrs

from ngrok_async._request import JSON
from ngrok_async.testing._certificates import (
    SIGNING_CERTIFICATE,
    certificate_facts,
    made_up_facts,
)
from ngrok_async.testing._conflicts import OWN_ONLY, is_ngroks
from ngrok_async.testing._refusals import refusal, wrong_value
from ngrok_async.testing._store import Item, Store
from ngrok_async.testing._urls import described, reservation

_REGIONS: Final = ("us", "eu", "ap", "au", "sa", "jp", "in")
_BASE_DOMAIN: Final = "ngrok.app"
_TARGETS: Final = "ngrok-cname.com"
_ALGORITHMS: Final = {"rsa": "ssh-rsa", "ecdsa": "ecdsa-sha2-nistp256", "ed25519": "ssh-ed25519"}


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

    def derive(self, **values: JSON) -> None:
        """Set what follows from the rest, unless a test that adds the resource has said it."""
        self.item.update((name, value) for name, value in values.items() if name not in self.body)


def _whole_url(url: str) -> Item:
    try:
        return described(url)
    except ValueError:
        raise wrong_value("url", f"is no URL: {url!r}") from None


def _in_lower_case(headers: Mapping[str, str]) -> Item:
    return {name.lower(): value for name, value in headers.items()}


def _abuse_report(change: Change) -> None:
    hosts = [_whole_url(url)["host"] or url for url in change.item.get("urls", ())]
    hostnames: JSON = [{"hostname": host, "status": "PENDING"} for host in hosts]
    change.derive(hostnames=hostnames, status="PENDING")


def _agent_ingress(change: Change) -> None:
    domain: str = change.item["domain"].lower()
    change.item["domain"] = domain
    change.derive(
        ns_targets=[f"{number}.ns.ngrok.com." for number in range(1, 5)],
        region_domains=[f"tunnel.{region}.{domain}" for region in _REGIONS],
    )


def _certificate(change: Change) -> None:
    if change.before:
        return
    pem: str = change.item.get("certificate_pem", "")
    change.derive(**(certificate_facts(pem) or made_up_facts(change.store.letters(20))))


def _authority(change: Change) -> None:
    if not change.before:
        change.derive(**certificate_facts(change.item.get("ca_pem", "")))


def _endpoint(change: Change) -> None:
    item = change.item
    item |= {"domain": None, "tcp_addr": None, **_whole_url(item.get("url", ""))}
    item |= reservation(change.store, item["url"])
    is_internal = item["host"].endswith(".internal")
    item["bindings"] = item.get("bindings") or ["internal" if is_internal else "public"]


def _http_response(change: Change) -> None:
    if headers := change.item.get("headers"):
        change.item["headers"] = _in_lower_case(headers)


def _operator(change: Change) -> None:
    for name in ("binding", "deployment"):
        # The update of either has not all of its fields.
        if change.before.get(name):
            change.item[name] = change.before[name] | (change.item[name] or {})
    features = change.item.get("enabled_features", [])
    change.item["enabled_features"] = [feature.lower() for feature in features]


def _reserved_addr(change: Change) -> None:
    region = change.item.get("region") or "us"
    host = "tcp" if region == "us" else f"tcp.{region}"
    port = 20000 + sum(1 for _ in change.store["/reserved_addrs"].older_than(None))
    change.item.setdefault("addr", f"1.{host}.ngrok.io:{port}")


def _reserved_domain(change: Change) -> None:
    item, store = change.item, change.store
    name = change.body.get("name") or store.letters(12)
    domain = item["domain"] = (item.get("domain") or f"{name}.{_BASE_DOMAIN}").lower()
    policy = change.body.get("certificate_management_policy")
    if change.body.get("certificate_id"):
        if is_ngroks(domain):
            raise wrong_value("certificate_id", OWN_ONLY, 440)
        item["certificate_management_policy"] = None
    elif policy:
        item["certificate"] = None
    is_managed = item.get("certificate_management_policy") is not None
    if policy or not is_managed:
        change.derive(certificate_management_status=None)
    item["region"] = ""  # domains are served from everywhere, whatever one asks for
    if not change.before and not is_ngroks(domain):
        change.derive(cname_target=f"{store.letters(17)}.{_TARGETS}")
    if is_managed and domain.startswith("*.") and not item.get("acme_challenge_cname_target"):
        change.derive(acme_challenge_cname_target=f"{store.letters(17)}.{_TARGETS}")


def _route(change: Change) -> None:
    item = change.item
    for name in ("request_headers", "response_headers"):
        if module := item.get(name):
            removed = [header.lower() for header in module.get("remove") or ()]
            item[name] = module | {
                "add": _in_lower_case(module.get("add") or {}),
                "remove": removed,
            }
    if saml := item.get("saml"):
        url = f"https://idp.ngrok.com/saml/{item['id']}"
        item["saml"] = saml | {
            "entity_id": url,
            "metadata_url": url,
            "assertion_consumer_service_url": f"{url}/acs",
            "single_logout_url": f"{url}/slo",
            "request_signing_certificate_pem": SIGNING_CERTIFICATE,
        }


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
    kind = str(change.body.get("private_key_type", "ed25519"))
    if not change.before:
        key = f"{_ALGORITHMS.get(kind, f'ssh-{kind}')} {change.store.new_id('AAAA')}"
        change.derive(key_type=kind, public_key=key)


def _ssh_certificate(change: Change) -> None:
    if change.before:
        return
    algorithm, *rest = change.item["public_key"].split() or [""]
    kind = next((kind for kind in _ALGORITHMS if kind in algorithm), "")
    signed = f"{algorithm}-cert-v01@openssh.com {rest[0] if rest else ''} {change.item['id']}"
    change.derive(key_type=kind, certificate=signed)


RULES: Final[Mapping[str, Callable[[Change], None]]] = {
    "/abuse_reports": _abuse_report,
    "/agent_ingresses": _agent_ingress,
    "/backends/http_response": _http_response,
    "/certificate_authorities": _authority,
    "/edges/https/{}/routes": _route,
    "/endpoints": _endpoint,
    "/kubernetes_operators": _operator,
    "/reserved_addrs": _reserved_addr,
    "/reserved_domains": _reserved_domain,
    "/ssh_certificate_authorities": _ssh_authority,
    "/ssh_host_certificates": _ssh_certificate,
    "/ssh_user_certificates": _ssh_certificate,
    "/tls_certificates": _certificate,
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
