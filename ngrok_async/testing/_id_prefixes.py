"""How ids of each kind begin."""

import re
from collections.abc import Mapping
from typing import Final

# Nearly all of them are those of ngrok's published examples.
_PREFIXES: Final[Mapping[str, str]] = {
    "/abuse_reports": "abrp_",
    "/agent_ingresses": "agin_",
    "/api_keys": "ak_",
    "/backends/failover": "bkdfo_",
    "/backends/http_response": "bkdhr_",
    "/backends/static": "bkdsc_",
    "/backends/tunnel_group": "bkdtg_",
    "/backends/weighted": "bkdwd_",
    "/bot_users": "bot_",
    "/certificate_authorities": "ca_",
    "/credentials": "cr_",
    "/edges/https": "edghts_",
    "/edges/https/{}/routes": "edghtsrt_",
    "/edges/tcp": "edgtcp_",
    "/edges/tls": "edgtls_",
    "/endpoints": "ep_",
    "/event_destinations": "ed_",
    "/event_subscriptions": "esb_",
    "/ip_policies": "ipp_",
    "/ip_policy_rules": "ipr_",
    "/ip_restrictions": "ipx_",
    "/kubernetes_operators": "k8sop_",
    "/reserved_addrs": "ra_",
    "/reserved_domains": "rd_",
    "/service_users": "service_",
    "/ssh_certificate_authorities": "sshca_",
    "/ssh_credentials": "sshcr_",
    "/ssh_host_certificates": "shcrt_",
    "/ssh_user_certificates": "sucrt_",
    "/tls_certificates": "cert_",
    "/tunnel_sessions": "ts_",
    "/tunnels": "tn_",
    "/vault_secrets": "secret_",
    "/vaults": "vault_",
}
_MADE_UP: Final[Mapping[str, str]] = {
    # No example of these shows an id.
    "/ai_gateway_api_keys": "aigk_",
    "/app/sessions": "as_",
    "/app/users": "au_",
}


def prefix_of(template: str) -> str:
    """Return how ids in a collection begin; for one that is not in the tables, by its name."""
    # "/ip_policies" would get "ip_".
    initials = "".join(word[0] for word in template.rpartition("/")[2].split("_"))
    return _PREFIXES.get(template) or _MADE_UP.get(template, f"{initials}_")


def is_malformed(template: str, id_: str) -> bool:
    """Tell whether a text cannot be the id of anything in a collection.

    ngrok does not say what it takes for malformed. Here it is what does not begin like an id, or
    has other letters than ids have; the length, 27 after the prefix, is not looked at.
    """
    is_known = id_.startswith(tuple(_PREFIXES.values()))
    return template in _PREFIXES and not (
        is_known and re.fullmatch(r"\w+_[0-9A-Za-z]+", id_, re.ASCII)
    )


def is_of_another_kind(template: str, id_: str) -> bool:
    """Tell whether a text begins like the ids of another collection."""
    return template in _PREFIXES and not id_.startswith(_PREFIXES[template])
