"""Names that are taken, and things that are in use."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from .conftest import TARGET, Call

Create = Callable[..., Awaitable[Any]]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param("/reserved_domains", {"domain": "a.example.com"}, 413, id="domain"),
        pytest.param("/vaults", {"name": "prod"}, 23004, id="vault"),
        pytest.param("/ssh_credentials", {"public_key": "k"}, 609, id="key"),
    ],
)
async def test_names_are_unique(
    call: Call, create: Create, path: str, body: dict[str, str], code: int
) -> None:
    """A second one is refused, also by an update."""
    await create(path, **body)
    status, error = await call("POST", path, body)

    assert (400, f"ERR_NGROK_{code}") == (status, error["error_code"])


async def test_an_update_may_keep_the_name_but_not_take_another_ones(
    call: Call, create: Create
) -> None:
    """A resource is not in its own way."""
    first, second = await create("/vaults", name="a"), await create("/vaults", name="b")
    assert 200 == (await call("PATCH", f"/vaults/{first['id']}", {"name": "a"}))[0]
    assert 400 == (await call("PATCH", f"/vaults/{second['id']}", {"name": "a"}))[0]
    assert "b" == (await call("GET", f"/vaults/{second['id']}"))[1]["name"]


async def test_one_ip_restriction_per_type(call: Call, create: Create) -> None:
    """A second one of another type is fine."""
    policies = [(await create("/ip_policies"))["id"]]
    await create("/ip_restrictions", type="api", ip_policy_ids=policies)
    await create("/ip_restrictions", type="agent", ip_policy_ids=policies)
    body = {"type": "api", "ip_policy_ids": policies}
    status, error = await call("POST", "/ip_restrictions", body)

    assert (400, "ERR_NGROK_1802") == (status, error["error_code"])


async def test_names_of_secrets_are_unique_in_their_vault(call: Call, create: Create) -> None:
    """The same name in another vault is fine."""
    vaults = [(await create("/vaults", name=name))["id"] for name in "ab"]
    for vault in vaults:
        await create("/vault_secrets", vault_id=vault, name="x", value="v")
    body = {"vault_id": vaults[0], "name": "x", "value": "v"}
    status, error = await call("POST", "/vault_secrets", body)

    assert (400, "ERR_NGROK_24005") == (status, error["error_code"])


async def refused(call: Call, item: Any) -> int:  # noqa: ANN401 # a body
    """Delete something that is in use; returns the code, and makes sure that it is still there."""
    path = "/" + item["uri"].split("/", 3)[3]
    status, error = await call("DELETE", path)

    assert 400 == status
    assert 200 == (await call("GET", path))[0]
    return int(error["error_code"].removeprefix("ERR_NGROK_"))


async def test_what_is_in_use_stays(call: Call, create: Create) -> None:
    """A resource that others refer to is not deleted."""
    policy = await create("/ip_policies")
    await create("/ip_restrictions", type="api", ip_policy_ids=[policy["id"]])
    destination = await create("/event_destinations", target=TARGET)
    await create("/event_subscriptions", destination_ids=[destination["id"]])
    authority = await create("/ssh_certificate_authorities")
    await create(
        "/ssh_user_certificates", ssh_certificate_authority_id=authority["id"], public_key="k"
    )
    vault = await create("/vaults", name="v")
    await create("/vault_secrets", vault_id=vault["id"], name="x")
    domain = await create("/reserved_domains", domain="a.example.com")
    await create("/endpoints", url="https://a.example.com", type="cloud", traffic_policy="{}")
    static, teapot = await create("/backends/static"), await create("/backends/http_response")
    weighted = await create("/backends/weighted", backends={static["id"]: 1})
    await create("/backends/failover", backends=[weighted["id"], teapot["id"]])

    assert 1420 == await refused(call, policy)
    assert 5112 == await refused(call, destination)
    assert 1964 == await refused(call, authority)
    assert 23003 == await refused(call, vault)
    assert 446 == await refused(call, domain)
    assert [6502] * 3 == [await refused(call, each) for each in (static, teapot, weighted)]


async def test_what_is_not_in_use_goes(call: Call, create: Create) -> None:
    """Once nobody refers to it, a resource is deleted."""
    vault, other = await create("/vaults", name="v"), await create("/vaults", name="o")
    secret = await create("/vault_secrets", vault_id=vault["id"], name="x")

    assert 204 == (await call("DELETE", f"/vaults/{other['id']}"))[0]
    assert 204 == (await call("DELETE", f"/vault_secrets/{secret['id']}"))[0]
    assert 204 == (await call("DELETE", f"/vaults/{vault['id']}"))[0]
