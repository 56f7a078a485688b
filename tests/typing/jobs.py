"""Jobs as callers write them, right and wrong; checked by mypy and pyright, and never run.

As in `api.py` beside it: each wrong use is marked with what is said about it, and a mark without a
mistake is one.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from typing import Literal, assert_type

from ngrok_async import Client
from ngrok_async.jobs import ensure, temporary
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.ip_policies import IPPolicy
from ngrok_async.resources.ip_policy_rules import IPPolicyRule
from ngrok_async.resources.reserved_domains import ReservedDomain
from ngrok_async.resources.service_users import ServiceUser
from ngrok_async.resources.vaults import Vault


async def lend(ngrok: Client, policy: IPPolicy) -> str:
    """It takes what `create` takes, gives what it gives, and lets exceptions through."""
    rules = ngrok.ip_policy_rules
    async with temporary(
        rules, cidr="203.0.113.7/32", ip_policy_id=policy, action="allow", description="abuse"
    ) as rule:
        assert_type(rule, IPPolicyRule)
    async with temporary(ngrok.endpoints, url="u", type="cloud", traffic_policy={}) as endpoint:
        assert_type(endpoint, Endpoint)
    async with (
        temporary(ngrok.ip_policies) as another,
        temporary(ngrok.backends.static_address, address="a:1", tls={"enabled": True}),
        temporary(ngrok.vaults, name="v", metadata={"a": [1, None]}) as vault,
        temporary(ngrok.secrets, name="s", value="v", vault_id=vault.id),
    ):
        assert_type(another, IPPolicy)
        assert_type(vault, Vault)
        return vault.id


async def lend_wrong(ngrok: Client, policy: IPPolicy) -> None:
    """A misspelt argument, a value of another type, a resource that cannot be lent."""
    rules = ngrok.ip_policy_rules
    temporary(rules, cdir="c", ip_policy_id=policy, action="allow")  # type: ignore[call-arg]
    temporary(rules, cidr="c", ip_policy_id=policy)  # type: ignore[call-arg]
    temporary(rules, cidr=5, ip_policy_id=policy, action="allow")  # type: ignore[arg-type]
    temporary(rules, "c", ip_policy_id=policy, action="allow")  # type: ignore[call-arg]
    temporary(ngrok.vaults, "name")  # type: ignore[call-arg]
    temporary(ngrok.vaults, name=b"v")  # type: ignore[arg-type]
    temporary(ngrok.vaults, cidr="c")  # type: ignore[call-arg]
    temporary(ngrok.vaults.create, name="v")  # type: ignore[arg-type]
    temporary(ngrok.tunnel_sessions)  # type: ignore[arg-type]
    temporary(ngrok.event_sources, subscription_id="e", type="t")  # type: ignore[arg-type]
    temporary(ngrok.edges)  # type: ignore[arg-type]
    temporary(ngrok)  # type: ignore[arg-type]
    await temporary(ngrok.vaults, name="v")  # type: ignore[misc]
    with temporary(ngrok.vaults, name="v"):  # type: ignore[attr-defined]
        pass
    async with temporary(ngrok.vaults, name="v") as vault:
        _ = vault.nam  # type: ignore[attr-defined]
    _ = temporary(ngrok.vaults, name="v").id  # type: ignore[attr-defined]


async def have(ngrok: Client, policy: IPPolicy) -> None:
    """It takes what `create` takes, and tells what it did."""
    found = await ensure(ngrok.endpoints, url="u", type="cloud", traffic_policy={"a": [1]})
    assert_type(found, tuple[Endpoint, Literal["created", "updated", "unchanged"]])
    domain, what = await ensure(ngrok.reserved_domains, domain="d", certificate_id=policy)
    assert_type(domain, ReservedDomain)
    if what == "created":
        assert_type(what, Literal["created"])
    vault, _ = await ensure(ngrok.vaults, name="v")
    assert_type(vault, Vault)
    user, _ = await ensure(ngrok.service_users, name="u", active=True)
    assert_type(user, ServiceUser)
    assert_type((await ensure(ngrok.ip_policies, metadata={"for": "office"}))[0], IPPolicy)
    _ = (await ensure(ngrok.agent_ingresses, domain="d"))[0].ns_targets


async def have_wrong(ngrok: Client, policy: IPPolicy) -> None:
    """A misspelt argument, a value of another type, a resource without a key."""
    rules = ngrok.ip_policy_rules
    await ensure(ngrok.vaults, nam="v")  # type: ignore[call-arg]
    await ensure(ngrok.vaults, "v")  # type: ignore[call-arg]
    await ensure(ngrok.vaults, name=5)  # type: ignore[arg-type]
    await ensure(ngrok.endpoints, url="u", type="cloud")  # type: ignore[call-arg]
    await ensure(ngrok.endpoints, url="u", traffic_policy={})  # type: ignore[call-arg]
    await ensure(ngrok.agent_ingresses)  # type: ignore[call-arg]
    await ensure(ngrok.service_users, name="u", metadata="m")  # type: ignore[call-arg]
    await ensure(rules, cidr="c", ip_policy_id=policy, action="allow")  # type: ignore[arg-type]
    await ensure(ngrok.api_keys, description="d")  # type: ignore[arg-type]
    await ensure(ngrok.secrets, name="s", value="v")  # type: ignore[arg-type]
    await ensure(ngrok.tunnel_sessions)  # type: ignore[arg-type]
    await ensure(ngrok)  # type: ignore[arg-type]
    item = await ensure(ngrok.vaults, name="v")
    _ = item.id  # type: ignore[attr-defined]
    _ = item[1] == "create"  # type: ignore[comparison-overlap]
    _ = ensure(ngrok.vaults, name="v")[0]  # type: ignore[index]
