"""The rules of an IP policy, made what they should be in an order that is safe at each step."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from math import ceil
from typing import Final, Literal, TypeAlias, cast

import attrs

from ngrok_async._callables import check_plain
from ngrok_async._id import HasId
from ngrok_async._shown import shown
from ngrok_async._wire.arguments import id_of
from ngrok_async.client import Client
from ngrok_async.errors import FilterError, LockedOutError, PlanOutdatedError
from ngrok_async.jobs._cidrs import Network, addresses_of, admits, range_of, written
from ngrok_async.unset import UNSET

Action: TypeAlias = Literal["allow", "deny"]
_ACTIONS: Final[tuple[Action, Action]] = ("allow", "deny")
CIDR: TypeAlias = str | IPv4Network | IPv6Network

# What ngrok allows an account that nothing else is known of.
_LIMIT: Final = (120, 60.0)
_PAGE: Final = 100


@attrs.frozen
class IPRule:
    """A rule that a policy should have; a bare text stands for one without words.

    Attributes:
        cidr: The range, with its mask, beginning at its lowest address.
        description: Text for people; None leaves what is there.
        metadata: Text for programs; None leaves what is there.
    """

    cidr: CIDR
    description: str | None = attrs.field(default=None, kw_only=True)
    metadata: str | None = attrs.field(default=None, kw_only=True)


@attrs.frozen
class IPRuleStep:
    """A step of a plan; `str()` is its line.

    Attributes:
        sign: "+" adds a rule, "-" takes one away, "~" changes one.
        action: What the rule does once the step is done, or did before it was taken away.
        cidr: Its range.
        flips: Whether its action changes, for which it is deleted and made anew.
        description: The description that it gets; None: none is sent.
        metadata: The metadata that it gets; None: none is sent.
    """

    sign: Literal["+", "-", "~"]
    action: Action
    cidr: str
    flips: bool = False
    description: str | None = attrs.field(default=None, repr=False)
    metadata: str | None = attrs.field(default=None, repr=False)

    @property
    def requests(self) -> int:
        """How many requests it takes."""
        return 2 if self.flips else 1

    def __str__(self) -> str:
        """Return the line that shows it."""
        line = f"{self.sign} {self.action:5} {self.cidr}"
        was = "deny" if self.action == "allow" else "allow"
        return f"{line} (was {was})" if self.flips else line


@attrs.frozen
class IPRulesResult:
    """What `apply` did.

    Attributes:
        done: The steps that it took.
        skipped: The steps that had been taken before, by an `apply` that did not get to its end.
    """

    done: tuple[IPRuleStep, ...]
    skipped: tuple[IPRuleStep, ...]


@attrs.frozen
class Rule:
    """What of a rule a plan looks at; by its id it is changed or taken away."""

    action: str
    description: str
    metadata: str
    id: str = attrs.field(default="", eq=False)


Rules: TypeAlias = dict[str, Rule]


@attrs.frozen(eq=False)
class IPRulesPlan:
    """What is to be done to the rules of a policy; nothing is done before `apply`.

    `print(plan)` shows a line for each step: `+ allow 203.0.113.0/24`.

    Attributes:
        policy_id: The policy.
        steps: What is to be done, in this order.
        requests: How many requests `apply` makes: those of the steps, and one for each hundred
            rules, to see whether anything has changed since.
        seconds: How long these take where nothing else uses the account's limit.
    """

    policy_id: str
    steps: tuple[IPRuleStep, ...]
    requests: int
    seconds: float
    _ngrok: Client = attrs.field(repr=False)
    _before: Mapping[str, Rule] = attrs.field(repr=False)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    def __str__(self) -> str:
        """Return a line for each step."""
        return "\n".join(map(str, self.steps)) or f"{self.policy_id}: nothing to do"

    async def apply(
        self, *, on_step: Callable[[IPRuleStep], object] | None = None
    ) -> IPRulesResult:
        """Take the steps, one request at a time.

        Whenever it ends, by an error or a cancellation too, nobody has been let in or shut out
        whom the whole plan treats as before. Call it again to go on: steps that were taken are
        left out.

        Args:
            on_step: Is told of each step that has been taken.

        Raises:
            PlanOutdatedError: The rules have changed since, by more than the first steps of this
                plan.
            APIError: ngrok refuses a step, for instance one rule more than the policy may have;
                nothing is taken away to make room.
        """
        if on_step is not None:
            check_plain(on_step, "on_step", "step")
        rules = await _read(self._ngrok, self.policy_id)
        requests = tuple(moves(self.steps, self._before))
        begin = self._progress(requests, rules)
        for move in requests[begin:]:
            await self._make(move, rules)
            if move.is_last and on_step is not None:
                on_step(move.step)
        done = [
            tuple(m.step for m in part if m.is_last)
            for part in (requests[begin:], requests[:begin])
        ]
        return IPRulesResult(*done)

    def _progress(self, requests: "Sequence[Move]", rules: Mapping[str, Rule]) -> int:
        """Return how many moves were made before, if the rules are as they are after these."""
        expected = dict(self._before)
        differing = {c for c in {*expected, *rules} if expected.get(c) != rules.get(c)}
        for index, move in enumerate(requests):
            if not differing:
                return index
            cidr = move.step.cidr
            (differing.discard if move.after == rules.get(cidr) else differing.add)(cidr)
        if not differing:
            return len(requests)
        changes = sorted(
            f"{cidr}: {_change(self._before.get(cidr), rules.get(cidr))}"
            for cidr in {*self._before, *rules}
            if self._before.get(cidr) != rules.get(cidr)
        )
        raise PlanOutdatedError(
            f"the rules of {self.policy_id} have changed since this was planned; plan anew",
            plan=self,
            changes=changes,
        )

    async def _make(self, move: "Move", rules: Mapping[str, Rule]) -> None:
        step, resource = move.step, self._ngrok.ip_policy_rules
        if move.after is None:
            await resource.delete(rules[step.cidr].id)
        elif step.sign == "~" and not step.flips:
            await resource.update(
                rules[step.cidr].id,
                description=UNSET if step.description is None else step.description,
                metadata=UNSET if step.metadata is None else step.metadata,
            )
        else:
            await resource.create(
                cidr=step.cidr,
                ip_policy_id=self.policy_id,
                action=step.action,
                description=step.description or UNSET,
                metadata=step.metadata or UNSET,
            )


@attrs.frozen
class Move:
    """One request of a plan.

    Attributes:
        step: What it is part of.
        after: The rule of that range which there is afterwards.
        is_last: Whether the step is done then.
    """

    step: IPRuleStep
    after: Rule | None
    is_last: bool = attrs.field(default=True, kw_only=True)


async def plan_ip_rules(
    ngrok: Client,
    policy: str | HasId,
    *,
    allow: Iterable[CIDR | IPRule] | None = None,
    deny: Iterable[CIDR | IPRule] | None = None,
    prune: bool = False,
    owned: str | None = None,
    keep_allowed: Iterable[str | IPv4Address | IPv6Address | IPv4Network | IPv6Network] = (),
) -> IPRulesPlan:
    """Compare the rules of a policy with those it should have, and plan the way there.

        plan = await plan_ip_rules(ngrok, policy, allow=["203.0.113.0/24"], prune=True)
        print(plan)
        await plan.apply()

    A policy lets an address in if a rule allows it and none denies it. The steps stand in an order
    in which nobody whose verdict is the same before and after is let in or shut out on the way:
    more denied, more allowed, less allowed, less denied.
    https://ngrok.com/docs/api-reference/ippolicyrules/list

    Args:
        ngrok: The client.
        policy: The policy, or its id.
        allow: The ranges to allow; None leaves the rules that allow alone, `[]` wants none.
        deny: The ranges to deny; None leaves the rules that deny alone, `[]` wants none.
        prune: Whether to take away what is not wanted.
        owned: Marks what is made with this metadata, and takes away what has this mark and is not
            wanted any more, also without `prune`; rules of others stay, also with it.
        keep_allowed: Addresses that must be let in afterwards, such as your own.

    Returns:
        The plan. Reading the rules took a request for each hundred.

    Raises:
        ValueError: A range has no mask, does not begin at its lowest address, or is there twice.
        LockedOutError: An address of `keep_allowed` would be shut out.
    """
    wanted = _wanted(allow, deny, owned)
    kept = [addresses_of(each, "keep_allowed") for each in _items(keep_allowed, "keep_allowed")]
    policy_id = id_of("policy", policy)
    before = await _read(ngrok, policy_id)
    named = {action for action, ranges in (("allow", allow), ("deny", deny)) if ranges is not None}
    gone = {
        cidr: rule
        for cidr, rule in before.items()
        if cidr not in wanted
        and rule.action in named
        and (rule.metadata == owned if owned is not None else prune)
    }
    if owned is not None:  # what stays as it is stays its owner's
        wanted |= {
            cidr: attrs.evolve(rule, metadata=before[cidr].metadata)
            for cidr, rule in wanted.items()
            if cidr in before and before[cidr].action == rule.action
        }
    steps = tuple(steps_between(before, wanted, gone))
    requests = sum(step.requests for step in steps) + max(1, ceil(len(before) / _PAGE))
    budget = ngrok.budget
    limit, window = (budget.limit, budget.window) if budget else _LIMIT
    plan = IPRulesPlan(
        policy_id, steps, requests, (ceil(requests / limit) - 1) * window, ngrok, before
    )
    _check(plan, before, kept)
    return plan


def _items(given: object, name: str) -> Iterable[object]:
    got = shown(given)
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        return cast("Iterable[object]", given)
    one = f"; write [{got}]" if isinstance(given, str) else ""
    raise ValueError(f"{name} must be a list of ranges, got {got}{one}")


def _wanted(
    allow: Iterable[CIDR | IPRule] | None, deny: Iterable[CIDR | IPRule] | None, owned: str | None
) -> Rules:
    """Return the rules that there should be; None as a text means: whatever is there."""
    found: dict[str, Rule] = {}
    for action, given in (("allow", allow), ("deny", deny)):
        for each in () if given is None else _items(given, action):
            rule = each if isinstance(each, IPRule) else IPRule(cast("str", each))
            cidr = str(range_of(rule.cidr, action))
            for text in (rule.description, rule.metadata, owned):
                if text is not None and not isinstance(cast("object", text), str):
                    raise ValueError(
                        f"{action}: description, metadata and `owned` must be texts, got"
                        f" {type(text).__name__} for {cidr}; of JSON pass json.dumps(...)"
                    )
            if cidr in found:
                raise ValueError(f"{action}: {cidr} is there twice; a policy has a range once")
            if owned is not None and rule.metadata not in {None, owned}:
                raise ValueError(f"{action}: {cidr} has metadata, which `owned` is written into")
            metadata = rule.metadata if owned is None else owned
            found[cidr] = Rule(action, cast("str", rule.description), cast("str", metadata))
    return found


async def _read(ngrok: Client, policy_id: str) -> Rules:
    resource = ngrok.ip_policy_rules
    try:
        rules = await resource.list(filter=resource.fields.ip_policy.id == policy_id).collect()
    except FilterError:  # whether ngrok takes this field in a filter is not stated
        rules = await resource.list().collect()
    return {
        written(rule.cidr): Rule(rule.action, rule.description, rule.metadata, rule.id)
        for rule in rules
        if rule.ip_policy.id == policy_id
    }


def steps_between(before: Rules, wanted: Rules, gone: Rules) -> Iterator[IPRuleStep]:
    """Yield the steps in the one order that is safe whenever it ends."""
    for action in reversed(_ACTIONS):
        for flips in (False, True):
            yield from _added(before, wanted, action, flips=flips)
    for action in _ACTIONS:
        for cidr, rule in gone.items():
            if rule.action == action:
                yield IPRuleStep("-", action, cidr)
    yield from _reworded(before, wanted)


def moves(steps: Iterable[IPRuleStep], before: Mapping[str, Rule]) -> Iterator[Move]:
    """Yield the requests that steps are made of."""
    for step in steps:
        if step.flips:
            yield Move(step, None, is_last=False)
        yield Move(step, _after(step, before))


def _added(before: Rules, wanted: Rules, action: Action, *, flips: bool) -> Iterator[IPRuleStep]:
    """Yield the rules that are made: where there is none yet, or where one does the opposite."""
    for cidr, rule in wanted.items():
        known = before.get(cidr)
        if rule.action != action or (known is not None and known.action == action):
            continue
        if flips is (known is not None):
            sign: Literal["~", "+"] = "~" if flips else "+"
            description, metadata = _words(rule, known)
            yield IPRuleStep(sign, action, cidr, flips, description, metadata)


def _reworded(before: Rules, wanted: Rules) -> Iterator[IPRuleStep]:
    """Yield the rules that stay as they are but for their words."""
    for cidr, rule in wanted.items():
        known = before.get(cidr)
        if known is None or known.action != rule.action:
            continue
        description = rule.description if rule.description != known.description else None
        metadata = rule.metadata if rule.metadata != known.metadata else None
        if description is not None or metadata is not None:
            action = cast("Action", rule.action)
            yield IPRuleStep("~", action, cidr, description=description, metadata=metadata)


def _words(rule: Rule, known: Rule | None) -> tuple[str | None, str | None]:
    """Return the words of a rule that is made; one that is made anew keeps those it had."""
    old = ("", "") if known is None else (known.description, known.metadata)
    new = cast("tuple[str | None, str | None]", (rule.description, rule.metadata))
    first, second = (o if n is None else n for n, o in zip(new, old, strict=True))
    return first or None, second or None


def _after(step: IPRuleStep, before: Mapping[str, Rule]) -> Rule | None:
    """Return the rule that there is after a step."""
    if step.sign == "-":
        return None
    known = None if step.sign == "+" or step.flips else before.get(step.cidr)
    description, metadata = ("", "") if known is None else (known.description, known.metadata)
    return Rule(
        step.action,
        description if step.description is None else step.description,
        metadata if step.metadata is None else step.metadata,
    )


def _check(plan: IPRulesPlan, before: Mapping[str, Rule], kept: Sequence[Network]) -> None:
    """Refuse a plan that shuts out whom it must not.

    That somebody is let in or not after a step is so after the plan too, or was so before.
    """
    after = {**before, **{step.cidr: _after(step, before) for step in plan.steps}}
    allowed, denied = (
        [cidr for cidr, rule in after.items() if rule is not None and rule.action == action]
        for action in ("allow", "deny")
    )
    out = [str(each) for each in kept if not admits(allowed, denied, each)]
    if out:
        raise LockedOutError(
            f"after this plan {plan.policy_id} would shut out {', '.join(out)}, which keep_allowed"
            " names; nothing was done",
            plan=plan,
            addresses=out,
        )


def _change(before: Rule | None, now: Rule | None) -> str:
    """Tell how a rule has changed. Its words may be private, so they are not shown."""
    if before is None or now is None or before.action != now.action:
        return f"{_told(before)} when planned, {_told(now)} now"
    words = ("description", "metadata")
    other = [name for name in words if getattr(before, name) != getattr(now, name)]
    return f"{_told(now)}: another {' and '.join(other)} now"


def _told(rule: Rule | None) -> str:
    return "no rule" if rule is None else f"{rule.action}, {rule.id}"
