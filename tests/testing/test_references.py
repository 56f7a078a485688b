"""References: ids in requests, ids and addresses in answers."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ngrok_async.testing import FakeNgrok

from .conftest import CERTIFICATE, Call

Create = Callable[..., Awaitable[Any]]


async def test_builds_references(fake: FakeNgrok, create: Create) -> None:
    """A field with an id becomes one with an id and an address, a list becomes a list."""
    policy = await create("/ip_policies")
    rule = await create("/ip_policy_rules", ip_policy_id=policy["id"], cidr="::/0", action="deny")
    restriction = await create("/ip_restrictions", type="api", ip_policy_ids=[policy["id"]])
    authority = await create("/certificate_authorities", ca_pem=CERTIFICATE)
    edge = await create("/edges/tls", mutual_tls={"certificate_authority_ids": [authority["id"]]})
    reference = {"id": policy["id"], "uri": f"{fake.url}/ip_policies/{policy['id']}"}

    assert reference == rule["ip_policy"]
    assert [reference] == restriction["ip_policies"]
    assert {
        "enabled": True,
        "certificate_authorities": [
            {"id": authority["id"], "uri": f"{fake.url}/certificate_authorities/{authority['id']}"}
        ],
    } == edge["mutual_tls"]
    assert {"ip_policy_id", "ip_policy_ids"}.isdisjoint({*rule, *restriction})


@pytest.mark.parametrize("kind", ["http_response", "static", "tunnel_group"])
async def test_a_backend_may_be_of_any_kind(fake: FakeNgrok, create: Create, kind: str) -> None:
    """The address in the reference tells which one."""
    backend = await create(f"/backends/{kind}")
    edge = await create("/edges/tcp", backend={"backend_id": backend["id"], "enabled": False})
    failover = await create("/backends/failover", backends=[backend["id"]])
    weighted = await create("/backends/weighted", backends={backend["id"]: 3})

    assert {"id": backend["id"], "uri": backend["uri"]} == edge["backend"]["backend"]
    assert backend["uri"].startswith(f"{fake.url}/backends/{kind}/")
    assert edge["backend"]["enabled"] is False
    assert ([backend["id"]], {backend["id"]: 3}) == (failover["backends"], weighted["backends"])


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param(
            "/ip_policy_rules",
            {"ip_policy_id": "ipp_1", "cidr": "::/0", "action": "deny"},
            "1402",
            id="policy",
        ),
        pytest.param("/event_subscriptions", {"destination_ids": ["ed_1"]}, "5103", id="list"),
        pytest.param("/edges/tcp", {"backend": {"backend_id": "bkdsc_1"}}, "6514", id="below"),
        pytest.param("/backends/failover", {"backends": ["bkdsc_1"]}, "6514", id="plain ids"),
        pytest.param("/backends/weighted", {"backends": {"bkdsc_1": 1}}, "6514", id="map"),
        pytest.param("/reserved_domains", {"certificate_id": "cert_1"}, "1965", id="certificate"),
        pytest.param("/vault_secrets", {"vault_id": "vault_1", "name": "n"}, "24006", id="vault"),
        pytest.param(
            "/vault_secrets", {"vault_name": "v", "name": "n"}, "24009", id="name of a vault"
        ),
        pytest.param(
            "/ssh_host_certificates",
            {"ssh_certificate_authority_id": "sshca_1", "public_key": "k"},
            "1949",
            id="id that stays an id",
        ),
    ],
)
async def test_refuses_references_to_nothing(
    call: Call, path: str, body: dict[str, Any], code: str
) -> None:
    """What is referred to must be there; nothing is created otherwise."""
    status, error = await call("POST", path, body)
    name = (await call("GET", path))[1]

    assert (404, f"ERR_NGROK_{code}") == (status, error["error_code"])
    assert [] in name.values()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param("/ip_policy_rules/ipr_1", "ERR_NGROK_1404", id="with a code"),
        pytest.param("/edges/tcp/edgtcp_1", "ERR_NGROK_7000", id="edge"),
        pytest.param("/event_subscriptions/esb_1/sources", "ERR_NGROK_5123", id="list below"),
        pytest.param("/vaults/vault_1/secrets", "ERR_NGROK_24006", id="list of a parent"),
        pytest.param("/api_keys/ak_1", None, id="without a code"),
    ],
)
async def test_answers_404_with_a_code_where_there_is_one(
    call: Call, path: str, code: str | None
) -> None:
    """What is not there is not found."""
    status, error = await call("GET", path)

    assert (404, code) == (status, error.get("error_code"))
