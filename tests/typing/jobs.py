"""Jobs as callers write them, right and wrong; checked by mypy and pyright, and never run.

As in `api.py` beside it: each wrong use is marked with what is said about it, and a mark without a
mistake is one.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, assert_never, assert_type

from ngrok_async import Client
from ngrok_async.filters import all_of
from ngrok_async.jobs import (
    Added,
    Changed,
    Notice,
    Reconnected,
    Removed,
    Rollout,
    RolloutPlan,
    RolloutReport,
    Step,
    Synced,
    Trouble,
    Watch,
    ensure,
    temporary,
    watch,
)
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.ip_policies import IPPolicy
from ngrok_async.resources.ip_policy_rules import IPPolicyRule
from ngrok_async.resources.reserved_domains import ReservedDomain
from ngrok_async.resources.service_users import ServiceUser
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.resources.tunnels import Tunnel
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


async def look(ngrok: Client) -> None:
    """It takes what has `list` and `get`, and knows what kind of items there are."""
    f = ngrok.tunnel_sessions.fields
    async with watch(ngrok.tunnel_sessions, filter=f.os == "linux", share=0.1) as agents:
        assert_type(agents, Watch[TunnelSession])
        assert_type(agents.items, Mapping[str, TunnelSession])
        assert_type(agents.poke(), None)
        async for notice in agents:
            see(notice)
    async for tunnel in watch(ngrok.tunnels):
        assert_type(tunnel, Notice[Tunnel])
    assert_type(watch(ngrok.endpoints, filter='obj.type == "cloud"'), Watch[Endpoint])
    assert_type(
        watch(ngrok.endpoints, filter=all_of(ngrok.endpoints.fields.url == "u")), Watch[Endpoint]
    )
    assert_type(watch(ngrok.endpoints, filter=None, share=1), Watch[Endpoint])
    assert_type(watch(ngrok.ip_policies), Watch[IPPolicy])


def see(notice: Notice[TunnelSession]) -> str:
    """A match over the six of them leaves nothing out."""
    match notice:
        case Added(item, first=True):
            assert_type(item, TunnelSession)
            return item.os
        case Added(item):
            return item.id
        case Removed(item, reason=reason):
            assert_type(reason, Literal["gone", "left"])
            return item.id
        case Changed(item, before=old) | Reconnected(item, before=old):
            assert_type(old, TunnelSession)
            return item.id
        case Synced(count, again=again):
            assert_type(again, bool)
            return str(count)
        case Trouble(error, failures):
            return str(error) * failures
        case _:
            assert_never(notice)


async def look_wrong(ngrok: Client) -> None:
    """What cannot be watched, another resource's condition, a list without a filter."""
    condition = ngrok.tunnel_sessions.fields.os == "linux"
    watch(ngrok.endpoints, filter=condition)  # type: ignore[misc]
    watch(ngrok.tunnels, filter=condition)  # type: ignore[call-overload]
    watch(ngrok.event_sources)  # type: ignore[call-overload]
    watch(ngrok.edges.https_routes)  # type: ignore[call-overload]
    watch(ngrok.edge_modules.https_edge_mutual_tls)  # type: ignore[call-overload]
    watch(ngrok.tunnel_sessions.list)  # type: ignore[call-overload]
    watch(ngrok)  # type: ignore[call-overload]
    watch(ngrok.tunnel_sessions, share="0.1")  # type: ignore[call-overload]
    watch(ngrok.tunnel_sessions, 0.1)  # type: ignore[call-overload]
    await watch(ngrok.tunnel_sessions)  # type: ignore[misc]
    with watch(ngrok.tunnel_sessions):  # type: ignore[attr-defined]
        pass
    for _ in watch(ngrok.tunnel_sessions):  # type: ignore[attr-defined]
        pass
    watch(ngrok.tunnel_sessions).items["ts_1"] = 5  # type: ignore[index]
    async for notice in watch(ngrok.tunnel_sessions):
        _ = notice.item  # type: ignore[union-attr]


async def roll(ngrok: Client, path: Path) -> None:
    """It tells of steps, and the plan and the report are values."""
    f = ngrok.tunnel_sessions.fields
    rollout = Rollout.update(ngrok, f.os == "linux", to="3.39.0", apart="pool", journal=path)
    assert_type(rollout, Rollout)
    plan = await rollout.plan()
    assert_type(plan, RolloutPlan)
    assert_type(plan.waves, tuple[tuple[TunnelSession, ...], ...])
    async for step in rollout:
        assert_type(step, Step)
        assert_type(step.agent, TunnelSession | None)
        assert_type(step.new, str | None)
        assert_type(step.match, Literal["url", "ip", "only"] | None)
    report = await rollout.run()
    assert_type(report, RolloutReport)
    assert_type(rollout.report.steps, tuple[Step, ...])
    await Rollout.restart(ngrok, "obj.os == 'linux'", waves=[1, 2], max_failures=3).run()
    await Rollout.stop(ngrok, None, journal="rollout.jsonl", share=1, patience=60).run()
    await Rollout.resume(ngrok, "rollout.jsonl").run()


async def roll_wrong(ngrok: Client) -> None:
    """Nobody named, a condition on other things, an option that another verb has."""
    Rollout.update(ngrok)  # type: ignore[call-arg]
    Rollout.update(ngrok, ngrok.endpoints.fields.type == "agent")  # type: ignore[arg-type]
    Rollout.update(ngrok, lambda _: True)  # type: ignore[arg-type]
    Rollout.update(ngrok, None, to=3)  # type: ignore[arg-type]
    Rollout.update(ngrok, None, apart="region")  # type: ignore[arg-type]
    Rollout.update(ngrok, None, waves=5)  # type: ignore[arg-type]
    Rollout.restart(ngrok, None, to="3.39.0")  # type: ignore[call-arg]
    Rollout.stop(ngrok, None, fetch_only=True)  # type: ignore[call-arg]
    Rollout.resume(ngrok)  # type: ignore[call-arg]
    Rollout.resume(ngrok, "rollout.jsonl", share=1)  # type: ignore[call-arg]
    for _ in Rollout.stop(ngrok, None):  # type: ignore[attr-defined]
        pass
