"""What type checkers say of waiting, of freeing a URL and of plans; never run.

As in `api.py` beside it: each wrong use is marked with what is said about it.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from typing import assert_type

from ngrok_async import Client
from ngrok_async.jobs import (
    IPRule,
    IPRulesPlan,
    IPRulesResult,
    IPRuleStep,
    plan_ip_rules,
    release,
    wait_for,
)
from ngrok_async.resources.bot_users import BotUser
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession


async def waits(ngrok: Client, absent: bool) -> None:  # noqa: FBT001 # never called
    """The item with its own type, or None where it is to be gone."""
    f, ef = ngrok.tunnel_sessions.fields, ngrok.endpoints.fields
    sessions = ngrok.tunnel_sessions
    assert_type(await wait_for(sessions, f.os == "linux", timeout=60), TunnelSession)
    assert_type(await wait_for(sessions, "obj.os == 'linux'", timeout=60), TunnelSession)
    assert_type(await wait_for(sessions, lambda s: s.os == "linux", timeout=60), TunnelSession)
    assert_type(await wait_for(ngrok.bot_users, lambda b: b.active, timeout=60), BotUser)
    assert_type(await wait_for(ngrok.endpoints, ef.url == "u", timeout=60, pace=2), Endpoint)
    await wait_for(sessions, f.os == "linux", absent=True, timeout=60)
    await wait_for(ngrok.bot_users, lambda b: b.active, absent=True, timeout=60)

    some = await wait_for(sessions, f.os == "linux", absent=absent, timeout=60)
    assert_type(some, TunnelSession | None)
    bot = await wait_for(ngrok.bot_users, lambda b: b.active, absent=absent, timeout=60)
    assert_type(bot, BotUser | None)

    await wait_for(sessions, f.os == "linux")  # type: ignore[call-overload]
    await wait_for(sessions, ef.url == "u", timeout=60)  # type: ignore[misc]
    await wait_for(ngrok.bot_users, "obj.name == 'x'", timeout=60)  # type: ignore[call-overload]
    await wait_for(ngrok.bot_users, f.os == "x", timeout=60)  # type: ignore[call-overload]
    await wait_for(sessions, lambda s: s.region_, timeout=60)  # type: ignore[attr-defined]
    await wait_for(sessions, 7, timeout=60)  # type: ignore[call-overload]
    await wait_for(sessions, f.os == "linux", timeout="60")  # type: ignore[call-overload]
    await wait_for(sessions, f.os == "linux", 60)  # type: ignore[call-overload]
    await wait_for(ngrok, f.os == "linux", timeout=60)  # type: ignore[call-overload]
    await wait_for(sessions, f.os == "linux", gone=True, timeout=60)  # type: ignore[call-overload]


async def frees(ngrok: Client) -> None:
    """What was stopped or deleted."""
    freed = await release(ngrok, "https://shop.example.com", timeout=5, cloud=True, others=True)
    assert_type(freed, tuple[TunnelSession | Endpoint, ...])

    await release(ngrok.endpoints, "https://shop.example.com")  # type: ignore[arg-type]
    await release(ngrok, ["https://shop.example.com"])  # type: ignore[arg-type]
    await release(ngrok, "https://shop.example.com", 5)  # type: ignore[call-arg]
    await release(ngrok, "https://shop.example.com", force=True)  # type: ignore[call-arg]


async def plans(ngrok: Client) -> None:
    """Texts and rules, mixed or not."""
    plan = await plan_ip_rules(ngrok, "ipp_1", allow=["192.0.2.0/24"], deny=[IPRule("::/0")])
    assert_type(plan, IPRulesPlan)
    assert_type(plan.steps, tuple[IPRuleStep, ...])
    assert_type(await plan.apply(on_step=print), IPRulesResult)
    policy = await ngrok.ip_policies.get("ipp_1")
    await plan_ip_rules(ngrok, policy, allow=[IPRule("::/0"), "192.0.2.0/24"], owned="ci")
    await plan_ip_rules(ngrok, policy, allow=["::/0"], keep_allowed=["::1"], prune=True)

    await plan_ip_rules(ngrok, "ipp_1", permit=["::/0"])  # type: ignore[call-arg]
    await plan_ip_rules(ngrok, "ipp_1", ["::/0"])  # type: ignore[call-arg]
    await plan_ip_rules(ngrok, allow=["::/0"])  # type: ignore[call-arg]
    await plan_ip_rules(ngrok, 5, allow=["::/0"])  # type: ignore[arg-type]
    await plan_ip_rules(ngrok, "ipp_1", allow=[5])  # type: ignore[list-item]
    IPRule("::/0", "abuse")  # type: ignore[call-arg]
    plan.steps = ()  # type: ignore[misc]
    await plan.apply(lambda step: step)  # type: ignore[call-arg]
