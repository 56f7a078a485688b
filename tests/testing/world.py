"""An account with one of most things, to try refusals and odd requests in."""

from collections.abc import Mapping
from typing import Any, Final

from .conftest import CERTIFICATE, PRIVATE_KEY, TARGET, Call

CLOUD: Final = {"type": "cloud", "traffic_policy": "{}"}
POLICY: Final = {"authority": "letsencrypt"}
WORLD: Final[Mapping[str, tuple[str, dict[str, Any]]]] = {
    "policy": ("/ip_policies", {}),
    "rule": (
        "/ip_policy_rules",
        {"ip_policy_id": "{policy}", "cidr": "2001:DB8::/32", "action": "deny"},
    ),
    "restriction": ("/ip_restrictions", {"type": "api", "ip_policy_ids": ["{policy}"]}),
    "certificate": (
        "/tls_certificates",
        {"certificate_pem": CERTIFICATE, "private_key_pem": PRIVATE_KEY},
    ),
    "domain": ("/reserved_domains", {"domain": "a.example.com"}),
    "wildcard": ("/reserved_domains", {"domain": "*.b.example.com"}),
    "managed": (
        "/reserved_domains",
        {"domain": "m.example.com", "certificate_management_policy": POLICY},
    ),
    "ingress": ("/agent_ingresses", {"domain": "connect.example.com"}),
    "own": ("/reserved_domains", {"domain": "mine.ngrok.app"}),
    "address": ("/reserved_addrs", {}),
    "credential": ("/credentials", {}),
    "endpoint": ("/endpoints", {"url": "https://a.example.com", **CLOUD}),
    "pooled": ("/endpoints", {"url": "https://p.example.com", "pooling_enabled": True, **CLOUD}),
    "edge": ("/edges/https", {"hostports": ["a.example.com:443"]}),
    "tcp": ("/edges/tcp", {"hostports": ["1.tcp.ngrok.io:20000"]}),
    "tls": ("/edges/tls", {"hostports": ["x.b.example.com:443"]}),
    "backend": ("/backends/static", {"address": "localhost:80"}),
    "weighted": ("/backends/weighted", {"backends": {"{backend}": 1}}),
    "destination": ("/event_destinations", {"target": TARGET}),
    "subscription": (
        "/event_subscriptions",
        {"destination_ids": ["{destination}"], "sources": [{"type": "ip_policy_created.v0"}]},
    ),
    "operator": (
        "/kubernetes_operators",
        {"deployment": {"name": "n", "namespace": "ns", "cluster_name": "c", "version": "1"}},
    ),
    "authority": ("/ssh_certificate_authorities", {}),
    "user_certificate": (
        "/ssh_user_certificates",
        {"ssh_certificate_authority_id": "{authority}", "public_key": "k"},
    ),
    "ssh": ("/ssh_credentials", {"public_key": "k"}),
    "vault": ("/vaults", {"name": "prod"}),
    "secret": ("/vault_secrets", {"vault_id": "{vault}", "name": "n", "value": "v"}),
}
"""What there is when the requests of the table are sent, by a name that stands for its id."""


def filled(value: Any, ids: Mapping[str, str]) -> Any:  # noqa: ANN401 # any JSON
    """Put the ids of the world in the place of names."""
    if isinstance(value, str):
        name = value.removeprefix("{").removesuffix("}")
        return ids[name] if value == f"{{{name}}}" and name in ids else value
    if isinstance(value, list):
        return [filled(each, ids) for each in value]  # pyright: ignore[reportUnknownVariableType] # any JSON
    if isinstance(value, dict):
        return {filled(name, ids): filled(each, ids) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType] # any JSON
    return value


async def populate(call: Call) -> dict[str, str]:
    """Create everything; returns the ids by the names that stand for them."""
    ids: dict[str, str] = {}
    for name, (path, body) in WORLD.items():
        status, item = await call("POST", path, filled(body, ids))

        assert 201 == status, (name, item)
        ids[name] = item["id"]
    return ids
