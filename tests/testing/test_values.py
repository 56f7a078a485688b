"""What values the fake takes, at the edges of what it refuses; `test_refusals` has the rest."""

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any

import pytest

from ngrok_async.testing import FakeNgrok, _values
from tools.contract import facts

from .conftest import CERTIFICATE, PRIVATE_KEY, TARGET, Call

Create = Callable[..., Awaitable[Any]]
CLOUD = {"type": "cloud", "traffic_policy": "{}"}
YAML = "on_http_request:\n  - actions:\n      - type: deny\n"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/ip_policies", {"description": "é" * 127 + "x"}, id="255 bytes"),
        pytest.param("/ip_policies", {"metadata": "é" * 2048}, id="4096 bytes"),
        pytest.param("/reserved_domains", {"domain": "*.Shop.example.com"}, id="a wildcard"),
        pytest.param("/reserved_domains", {"region": ""}, id="a region that is not given"),
        pytest.param("/reserved_domains", {"domain": f"{'a' * 63}.example.com"}, id="a long label"),
        pytest.param("/endpoints", {"url": "tcp://1.tcp.ngrok.io:20000", **CLOUD}, id="tcp"),
        pytest.param("/endpoints", {"url": "https://*.example.com/", **CLOUD}, id="any host"),
        pytest.param("/endpoints", {"url": "tls://example.com:8443", **CLOUD}, id="a port"),
        pytest.param(
            "/endpoints",
            {"url": "http://db.prod:5432", "bindings": ["kubernetes"], **CLOUD},
            id="a service",
        ),
        pytest.param(
            "/endpoints",
            {"url": "https://db.internal:443", "bindings": ["internal"], **CLOUD},
            id="internal",
        ),
        pytest.param(
            "/endpoints",
            {"url": "https://e.example.com", **CLOUD, "traffic_policy": YAML},
            id="YAML",
        ),
        pytest.param("/credentials", {"acl": ["bind:*", "bind:app=shop"]}, id="rules of an ACL"),
        pytest.param("/credentials", {"acl": []}, id="no rules"),
        pytest.param("/event_destinations", {"target": TARGET, "format": "json"}, id="format"),
        pytest.param(
            "/kubernetes_operators", {"enabled_features": ["Ingress", "bindings"]}, id="features"
        ),
        pytest.param("/kubernetes_operators", {}, id="no deployment"),
        pytest.param(
            "/ssh_certificate_authorities",
            {"private_key_type": "", "elliptic_curve": "", "key_size": 0},
            id="as official clients send it",
        ),
        pytest.param(
            "/tls_certificates",
            {
                "certificate_pem": CERTIFICATE * 2,
                "private_key_pem": PRIVATE_KEY.replace("PRIVATE", "EC PRIVATE"),
            },
            id="a chain",
        ),
    ],
)
async def test_takes(create: Create, path: str, body: dict[str, Any]) -> None:
    """What is just inside is taken, twice if nothing is unique about it."""
    await create(path, **body)


@pytest.mark.parametrize("block", ["0.0.0.0/0", "203.0.113.7/32", "::/0", "2001:DB8::/32"])
async def test_takes_blocks(create: Create, block: str) -> None:
    """The lowest address with the length of its mask is a block."""
    policy = (await create("/ip_policies"))["id"]
    other = (await create("/ip_policies"))["id"]
    await create("/ip_policy_rules", ip_policy_id=policy, cidr=block, action="allow")
    await create("/ip_policy_rules", ip_policy_id=other, cidr=block, action="allow")


async def test_a_rule_that_is_not_needed_goes(call: Call, create: Create) -> None:
    """One of two, and one of a policy that nothing uses."""
    policy, other = (await create("/ip_policies"))["id"], (await create("/ip_policies"))["id"]
    rules = [
        (await create("/ip_policy_rules", ip_policy_id=policy, cidr=cidr, action="deny"))["id"]
        for cidr in ("203.0.113.0/24", "198.51.100.0/24")
    ]
    await create("/ip_restrictions", type="api", ip_policy_ids=[other])

    assert [204, 204] == [(await call("DELETE", f"/ip_policy_rules/{id_}"))[0] for id_ in rules]


async def test_hostports_of_an_edge(call: Call, create: Create) -> None:
    """An edge may keep its own, and take those of a domain with a wildcard."""
    for domain in ("a.example.com", "*.b.example.com"):
        await create("/reserved_domains", domain=domain)
    edge = await create("/edges/https", hostports=["A.example.com:443"])
    both = {"hostports": ["A.example.com:443", "x.b.example.com:443"]}

    assert 200 == (await call("PATCH", f"/edges/https/{edge['id']}", both))[0]
    assert 200 == (await call("PATCH", f"/edges/https/{edge['id']}", {"hostports": []}))[0]
    await create("/edges/tls", hostports=["x.b.example.com:443"])


async def test_secrets_of_a_destination_can_be_renewed(call: Call, create: Create) -> None:
    """An update may name the same service again, and must where it names one."""
    destination = await create("/event_destinations", target=TARGET)
    path = f"/event_destinations/{destination['id']}"
    sent = {"target": {"datadog": {"api_key": "other"}}}

    assert 200 == (await call("PATCH", path, sent))[0]
    assert 200 == (await call("PATCH", path, {"metadata": "m"}))[0]


async def test_owners_may_be_people(create: Create) -> None:
    """The API has a list of service users, but none of people."""
    user = await create("/service_users", name="ci")

    assert user["id"] == (await create("/api_keys", owner_id=user["id"]))["owner_id"]
    assert "usr_1" == (await create("/api_keys", owner_id="usr_1"))["owner_id"]


async def test_yaml_without_a_parser(
    call: Call, create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could be YAML is taken, what begins like JSON must be JSON."""
    monkeypatch.setattr(
        _values, "find_spec", lambda name: None if name == "yaml" else find_spec(name)
    )
    body = {"url": "https://a.example.com", "type": "cloud"}
    status, error = await call("POST", "/endpoints", body | {"traffic_policy": '{"a": '})

    assert (400, "ERR_NGROK_18002") == (status, error["error_code"])
    await create("/endpoints", **body, traffic_policy="- no mapping")


async def test_what_is_added_by_hand_may_be_odd(fake: FakeNgrok, call: Call) -> None:
    """A test may want to see what its program makes of it; rules about others look past it."""
    policy = fake.add("/ip_policies")
    reference = {"id": policy, "uri": ""}
    fake.add("/ip_policy_rules", cidr="nonsense", action="ask", ip_policy=reference)
    endpoint = fake.add("/endpoints", url="https://a.example.com", type="agent", id="ep_odd")
    body = {"cidr": "::/0", "action": "deny", "ip_policy_id": policy}

    assert 201 == (await call("POST", "/ip_policy_rules", body))[0]
    assert 404 == (await call("DELETE", f"/endpoints/{endpoint}"))[0]


def test_sizes_are_those_of_the_facts() -> None:
    """A limit that ngrok documents for another field needs a row, and no limit may differ."""
    everything = facts.load()
    bodies = [
        operation.get("body", {})
        for service in everything["services"].values()
        for operation in service["operations"].values()
    ]
    found = {
        (name, field["max_bytes"])
        for fields in (*bodies, *everything["schemas"].values())
        for name, field in fields.items()
        if "max_bytes" in field
    }

    assert set(_values.LIMITS.items()) == found
