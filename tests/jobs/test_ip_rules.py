"""The rules of an IP policy are made what they should be, safely whenever it ends."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async import Client, ConfigurationError, ConnectionLostError
from ngrok_async.errors import APIError, LockedOutError, PlanOutdatedError
from ngrok_async.jobs import IPRule, IPRulesPlan, IPRuleStep, plan_ip_rules
from ngrok_async.jobs._cidrs import written
from ngrok_async.jobs.ip_rules import Rule, moves, steps_between
from ngrok_async.testing import FakeNgrok
from tests.jobs.conftest import turned

# All ranges within eight addresses.
RANGES = [
    str(n) for size in range(29, 33) for n in ip_network("192.0.2.0/29").subnets(new_prefix=size)
]
ADDRESSES = [str(a) for a in ip_network("192.0.2.0/29")]

Wanted = Mapping[str, str]


def verdicts(rules: Mapping[str, str]) -> dict[str, bool]:
    """Tell of each address whether it is let in, as ngrok decides it."""
    nets = [(ip_network(cidr), action) for cidr, action in rules.items()]
    return {
        text: {action for net, action in nets if ip_address(text) in net} == {"allow"}
        for text in ADDRESSES
    }


actions = st.dictionaries(st.sampled_from(RANGES), st.sampled_from(["allow", "deny"]))


@given(before=actions, wanted=actions, prune=st.booleans())
def test_every_prefix_of_a_plan_is_safe(before: Wanted, wanted: Wanted, prune: bool) -> None:  # noqa: FBT001 # drawn
    """Whoever is treated alike before and after is treated so after each request on the way."""
    check_prefixes(before, wanted, prune=prune)


def check_prefixes(before: Wanted, wanted: Wanted, *, prune: bool) -> None:
    """Hold the verdicts after each request against those before and after."""
    rules = dict(before)
    known = {cidr: Rule(action, "", "") for cidr, action in before.items()}
    asked = {cidr: Rule(action, "", "") for cidr, action in wanted.items()}
    gone = {cidr: rule for cidr, rule in known.items() if prune and cidr not in wanted}
    steps = tuple(steps_between(known, asked, gone))
    seen = [verdicts(rules)]
    for move in moves(steps, known):
        if move.after is None:
            del rules[move.step.cidr]
        else:
            assert move.step.cidr not in rules, "a range can be there once"
            rules[move.step.cidr] = move.after.action
        seen.append(verdicts(rules))

    assert rules == (dict(wanted) if prune else {**before, **wanted})
    first, last = seen[0], seen[-1]
    for now in seen:
        for address in ADDRESSES:
            if first[address] == last[address]:
                assert now[address] == first[address], (before, wanted, address)


async def policy_with(ngrok: Client, rules: Mapping[str, str]) -> str:
    """Make a policy that has rules."""
    policy = await ngrok.ip_policies.create()
    for cidr, action in rules.items():
        await ngrok.ip_policy_rules.create(cidr=cidr, ip_policy_id=policy, action=action)
    return policy.id


async def rules_of(ngrok: Client, policy: str) -> dict[str, str]:
    """Return what a policy has now."""
    rules = await ngrok.ip_policy_rules.list().collect()
    return {rule.cidr: rule.action for rule in rules if rule.ip_policy.id == policy}


BEFORE = {
    "192.0.2.0/30": "allow",
    "192.0.2.4/32": "deny",
    "192.0.2.5/32": "allow",
    "192.0.2.6/32": "deny",
    "2001:db8::/64": "allow",
}
ALLOW = ["192.0.2.0/29", "192.0.2.6/32"]
DENY = [IPRule("192.0.2.5/32", description="abuse"), "192.0.2.7/32"]


async def test_a_plan_shows_its_lines_and_does_them(ngrok: Client, fake: FakeNgrok) -> None:
    """More denied, more allowed, less allowed, less denied."""
    policy = await policy_with(ngrok, BEFORE)
    fake.requests.clear()

    plan = await plan_ip_rules(ngrok, policy, allow=ALLOW, deny=DENY, prune=True)

    assert str(plan).splitlines() == [
        "+ deny  192.0.2.7/32",
        "~ deny  192.0.2.5/32 (was allow)",
        "+ allow 192.0.2.0/29",
        "~ allow 192.0.2.6/32 (was deny)",
        "- allow 2001:db8::/64",
        "- allow 192.0.2.0/30",
        "- deny  192.0.2.4/32",
    ]
    assert (10, 0.0, False) == (plan.requests, plan.seconds, plan.empty)
    assert 1 == len(fake.requests)
    told: list[IPRuleStep] = []
    result = await plan.apply(on_step=told.append)

    assert plan.requests == len(fake.requests) - 1
    assert (plan.steps, ()) == (result.done, result.skipped)
    assert [*plan.steps] == told
    assert await rules_of(ngrok, policy) == {
        "192.0.2.0/29": "allow",
        "192.0.2.6/32": "allow",
        "192.0.2.5/32": "deny",
        "192.0.2.7/32": "deny",
    }
    rules = await ngrok.ip_policy_rules.list().collect()
    assert {"abuse"} == {rule.description for rule in rules} - {""}


async def test_a_plan_without_steps(ngrok: Client) -> None:
    """It says so, and applying it reads once."""
    policy = await policy_with(ngrok, {"192.0.2.0/30": "allow"})

    plan = await plan_ip_rules(ngrok, policy, allow=["192.0.2.0/30"], prune=True)

    assert plan.empty
    assert f"{policy}: nothing to do" == str(plan)
    assert () == (await plan.apply()).done


@pytest.mark.parametrize("cut", range(9))
@pytest.mark.parametrize("again", ["same plan", "new plan"])
async def test_cut_at_any_step_it_goes_on(ngrok: Client, cut: int, again: str) -> None:
    """Whether the request that was cut had been carried out or not."""
    policy = await policy_with(ngrok, BEFORE)
    plan = await plan_ip_rules(ngrok, policy, allow=ALLOW, deny=DENY, prune=True)
    taken: list[IPRuleStep] = []

    def stop(step: IPRuleStep) -> None:
        if len(taken) == cut:
            raise KeyboardInterrupt
        taken.append(step)

    if cut < len(plan.steps):
        with pytest.raises(KeyboardInterrupt):
            await plan.apply(on_step=stop)
    if again == "new plan":
        plan = await plan_ip_rules(ngrok, policy, allow=ALLOW, deny=DENY, prune=True)
        assert len(plan.steps) == max(0, 6 - cut) if cut < 7 else 7
    result = await plan.apply()

    assert plan.steps == (*result.skipped, *result.done)
    assert {"192.0.2.0/29", "192.0.2.6/32", "192.0.2.5/32", "192.0.2.7/32"} == {
        *(await rules_of(ngrok, policy))
    }


async def test_a_lost_answer_is_found_out(ngrok: Client, fake: FakeNgrok) -> None:
    """A create that was carried out is not sent again, and half of a flip is gone on with."""
    policy = await policy_with(ngrok, BEFORE)
    plan = await plan_ip_rules(ngrok, policy, allow=ALLOW, deny=DENY, prune=True)
    for applied in (True, False) * 4:
        fake.fail(drop=True, applied=applied, route="POST /ip_policy_rules")
        with suppress(ConnectionLostError):
            await plan.apply()

    await plan.apply()

    assert 4 == len(await rules_of(ngrok, policy))


async def test_other_changes_make_a_plan_outdated(ngrok: Client) -> None:
    """Also a change that leads to where the plan would."""
    policy = await policy_with(ngrok, BEFORE)
    plan = await plan_ip_rules(ngrok, policy, allow=ALLOW, deny=DENY, prune=True)
    await ngrok.ip_policy_rules.create(cidr="203.0.113.0/24", ip_policy_id=policy, action="allow")

    with pytest.raises(PlanOutdatedError, match="have changed since") as caught:
        await plan.apply()

    assert plan is caught.value.plan
    assert 1 == len(caught.value.changes)
    assert caught.value.changes[0].startswith("203.0.113.0/24: no rule when planned, allow, ipr")


async def test_changed_words_are_told_by_their_names(ngrok: Client) -> None:
    """And not shown: they may be private."""
    policy = await ngrok.ip_policies.create()
    rule = await ngrok.ip_policy_rules.create(
        cidr="192.0.2.0/24", ip_policy_id=policy, action="allow"
    )
    plan = await plan_ip_rules(ngrok, policy, deny=["192.0.2.7/32"])
    await ngrok.ip_policy_rules.update(rule, description="a", metadata="b")

    with pytest.raises(PlanOutdatedError) as caught:
        await plan.apply()

    told = f"192.0.2.0/24: allow, {rule.id}: another description and metadata now"
    assert (told,) == caught.value.changes


async def test_words_are_changed_where_they_were_passed(ngrok: Client) -> None:
    """What was not passed stays, through a flip too."""
    policy = await ngrok.ip_policies.create()
    for cidr in ("192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"):
        await ngrok.ip_policy_rules.create(
            cidr=cidr, ip_policy_id=policy, action="allow", description="d", metadata="m"
        )

    plan = await plan_ip_rules(
        ngrok,
        policy,
        allow=[IPRule("192.0.2.1/32", description="new"), IPRule("192.0.2.3/32", metadata="")],
        deny=["192.0.2.2/32"],
    )

    assert ["~ deny  192.0.2.2/32 (was allow)", "~ allow 192.0.2.1/32", "~ allow 192.0.2.3/32"] == (
        str(plan).splitlines()
    )
    await plan.apply()
    rules = await ngrok.ip_policy_rules.list().collect()
    assert {
        ("192.0.2.1/32", "allow", "new", "m"),
        ("192.0.2.2/32", "deny", "d", "m"),
        ("192.0.2.3/32", "allow", "d", ""),
    } == {(rule.cidr, rule.action, rule.description, rule.metadata) for rule in rules}
    assert (await plan.apply()).done == ()


async def test_owned_rules_are_marked_and_only_they_are_pruned(ngrok: Client) -> None:
    """Those of others stay; what is theirs and wanted is taken as it is but for the mark."""
    policy = await policy_with(ngrok, {"192.0.2.1/32": "allow", "192.0.2.9/32": "deny"})
    await (
        await plan_ip_rules(ngrok, policy, allow=["192.0.2.2/32", "192.0.2.3/32"], owned="ci")
    ).apply()

    plan = await plan_ip_rules(ngrok, policy, allow=["192.0.2.3/32"], owned="ci", prune=True)

    assert "- allow 192.0.2.2/32" == str(plan)
    assert {"ci", ""} == {r.metadata for r in await ngrok.ip_policy_rules.list().collect()}


async def test_rules_of_others_stay_theirs(ngrok: Client) -> None:
    """Also where they are wanted: they get no mark, and so are never pruned."""
    policy = await ngrok.ip_policies.create()
    await ngrok.ip_policy_rules.create(
        cidr="192.0.2.0/24", ip_policy_id=policy, action="allow", metadata="theirs"
    )

    wanted = await plan_ip_rules(ngrok, policy, allow=["192.0.2.0/24"], owned="ci")
    gone = await plan_ip_rules(ngrok, policy, allow=[], owned="ci", prune=True)

    assert wanted.empty
    assert gone.empty


@pytest.mark.parametrize(
    ("asked", "lines"),
    [
        ({"allow": None, "deny": []}, ["- deny  192.0.2.4/32"]),
        ({"allow": [], "deny": None}, ["- allow 192.0.2.0/30"]),
        ({"allow": None, "deny": None}, []),
        ({"allow": ["192.0.2.4/32"]}, ["~ allow 192.0.2.4/32 (was deny)", "- allow 192.0.2.0/30"]),
    ],
)
async def test_what_is_not_named_is_left_alone(
    ngrok: Client, asked: Mapping[str, Any], lines: Sequence[str]
) -> None:
    """A forgotten argument clears nothing."""
    policy = await policy_with(ngrok, {"192.0.2.0/30": "allow", "192.0.2.4/32": "deny"})

    plan = await plan_ip_rules(ngrok, policy, prune=True, **asked)

    assert [*lines] == [str(step) for step in plan.steps]


@pytest.mark.parametrize(
    ("kept", "out"),
    [
        (["192.0.2.1"], []),
        ([ip_address("192.0.2.1"), "192.0.2.0/30"], []),
        (["192.0.2.4"], ["192.0.2.4/32"]),
        (["::ffff:192.0.2.1", "2001:db8::1"], ["2001:db8::1/128"]),
        (["192.0.2.0/29"], ["192.0.2.0/29"]),
        (["192.0.2.2"], ["192.0.2.2/32"]),
    ],
)
async def test_whom_to_keep_is_kept(ngrok: Client, kept: Sequence[Any], out: Sequence[str]) -> None:
    """A plan that shuts one of them out is not made."""
    policy = await policy_with(ngrok, {"192.0.2.4/30": "deny"})
    make = plan_ip_rules(ngrok, policy, allow=["192.0.2.0/31", "192.0.2.2/31"], keep_allowed=kept)
    if out == ["192.0.2.2/32"]:
        make.close()
        make = plan_ip_rules(
            ngrok, policy, allow=["192.0.2.0/30"], deny=["192.0.2.2/32"], keep_allowed=kept
        )
    if not out:
        assert not (await make).empty
        return
    with pytest.raises(LockedOutError, match="would shut out") as caught:
        await make
    assert tuple(out) == caught.value.addresses
    assert isinstance(caught.value.plan, IPRulesPlan)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"allow": ["192.0.2.1"]}, "allow: '192.0.2.1' has no mask; .* write '192.0.2.1/32'"),
        ({"deny": ["192.0.2.1/24"]}, "deny: '192.0.2.1/24' is not the lowest .* '192.0.2.0/24' .*"),
        ({"allow": ["example.com"]}, "allow must be a range such as .*, got 'example.com'"),
        ({"allow": [IPv4Address("192.0.2.1")]}, "allow must be a range .*, got IPv4Address"),
        ({"allow": ["::ffff:192.0.2.0/120"]}, "allow: write 192.0.2.0/24 instead of ::ffff:.*"),
        ({"allow": [IPv6Network("::ffff:0:0/96")]}, "allow: write 0.0.0.0/0 instead of .*"),
        ({"allow": ["192.0.2.0/24"] * 2}, "allow: 192.0.2.0/24 is there twice.*"),
        (
            {"allow": ["192.0.2.0/24"], "deny": [IPv4Network("192.0.2.0/24")]},
            "deny: 192.0.2.0/24 is there twice.*",
        ),
        (
            {"allow": "192.0.2.0/24"},
            r"allow must be a list of ranges, got '192.0.2.0/24'; write \['192.0.2.0/24'\]",
        ),
        ({"allow": [{"cidr": "192.0.2.0/24"}]}, r"allow must be .* or an IPRule\(.*, got dict"),
        (
            {"allow": [IPRule("192.0.2.0/24", metadata=cast("str", {"a": 1}))]},
            r"allow: .* must be texts, got dict for 192.0.2.0/24; .* json.dumps\(...\)",
        ),
        (
            {"allow": ["192.0.2.0/24"], "owned": True},
            "allow: .* `owned` must be texts, got bool .*",
        ),
        (
            {"keep_allowed": ["192.0.2.1/24"]},
            "keep_allowed: .* host bits set; leave the mask out for one address",
        ),
        ({"deny": 7}, "deny must be a list of ranges, got 7"),
        ({"allow": {"192.0.2.0/24": "office"}}, "allow must be a list of ranges, got dict"),
        ({"keep_allowed": "192.0.2.1"}, "keep_allowed must be a list of ranges, got .*"),
        ({"keep_allowed": ["me"]}, "keep_allowed: 'me' does not appear .*"),
        ({"keep_allowed": [3]}, "keep_allowed must be an address, got 3"),
        (
            {"allow": [IPRule("192.0.2.0/24", metadata="x")], "owned": "y"},
            "allow: 192.0.2.0/24 has metadata, which `owned` is written into",
        ),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    ngrok: Client, fake: FakeNgrok, asked: Mapping[str, Any], problem: str
) -> None:
    """Before a request is sent, with what was probably meant."""
    with pytest.raises(ValueError, match=f"^{problem}$"):
        await plan_ip_rules(ngrok, "ipp_1", **asked)

    assert [] == [*fake.requests]


@pytest.mark.parametrize(
    ("cidr", "text"),
    [
        ("2001:DB8::/64", "2001:db8::/64"),
        ("192.0.2.1/24", "192.0.2.0/24"),
        ("new form", "new form"),
    ],
)
def test_ranges_are_compared_in_one_form(cidr: str, text: str) -> None:
    """Whatever ngrok answers with; what is no range is only equal to itself."""
    assert text == written(cidr)


async def test_who_is_told_is_a_plain_function(ngrok: Client) -> None:
    """An async one would never run."""
    plan = await plan_ip_rules(ngrok, await policy_with(ngrok, {}), allow=["192.0.2.0/24"])

    async def late(step: IPRuleStep) -> None: ...

    with pytest.raises(ConfigurationError, match="on_step must be a plain function of one step"):
        await plan.apply(on_step=late)


async def test_a_refusal_of_ngrok_is_raised_as_it_is(ngrok: Client, fake: FakeNgrok) -> None:
    """Nothing is taken away to make room."""
    policy = await policy_with(ngrok, {"192.0.2.0/30": "allow"})
    plan = await plan_ip_rules(ngrok, policy, allow=["192.0.2.4/30"], prune=True)
    fake.fail(400, code="ERR_NGROK_1411", route="POST /ip_policy_rules")

    with pytest.raises(APIError, match="ERR_NGROK_1411"):
        await plan.apply()

    assert {"192.0.2.0/30": "allow"} == await rules_of(ngrok, policy)


async def test_a_filter_that_is_refused_is_done_without(ngrok: Client, fake: FakeNgrok) -> None:
    """Whether this one is taken is stated nowhere."""
    policy = await policy_with(ngrok, {"192.0.2.0/30": "allow"})
    await policy_with(ngrok, {"192.0.2.4/30": "deny"})
    fake.fail(400, code="ERR_NGROK_250", route="GET /ip_policy_rules")

    plan = await plan_ip_rules(ngrok, policy, allow=[], deny=[], prune=True)

    assert "- allow 192.0.2.0/30" == str(plan)


async def test_a_thousand_ranges(ngrok: Client, fake: FakeNgrok) -> None:
    """Two looks, and one request for each change; nothing is refused for the limit."""
    ranges = [f"10.{n // 256}.{n % 256}.0/24" for n in range(1000)]
    policy = (await ngrok.ip_policies.create()).id

    plan = await turned(ngrok, fake, plan_ip_rules(ngrok, policy, allow=ranges))
    assert (1001, 8 * 60) == (plan.requests, plan.seconds)
    await turned(ngrok, fake, plan.apply())
    made = len(fake.requests)
    assert 1 + 1 + 1 + 1000 == made

    again = await turned(ngrok, fake, plan_ip_rules(ngrok, policy, allow=ranges, prune=True))
    assert again.empty
    await turned(ngrok, fake, again.apply())
    await turned(ngrok, fake, plan.apply())
    assert 3 * 10 == len(fake.requests) - made
    assert {"GET"} == {request.method for request in [*fake.requests][made:]}
    assert 429 not in {request.status for request in fake.requests}
