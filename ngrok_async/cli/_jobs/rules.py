"""Makes the rules of an IP policy what they should be; `plan` only shows what would be done.

On the way, nobody is let in or shut out who is not so in the end.

A file has a range in each line, and behind a # a description. Ranges that are there and not named
stay, unless --prune. Where it ends early, the same command goes on.
"""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import ngrok_async
from ngrok_async.cli._command_line import Parser, add_confirmation
from ngrok_async.cli._ends import PARTLY, PROGRAM, Stop, UsageError, standard_input
from ngrok_async.cli._jobs._lists import told
from ngrok_async.cli._jobs._progress import progress
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ngrok_async._request import JSON
    from ngrok_async.jobs import IPRule, IPRulesPlan, IPRuleStep

EXAMPLES: Final = (
    (
        "See what a new list of ranges would change",
        f"{PROGRAM} rules plan ipp_1 --allow-file office.txt --prune",
    ),
    (
        "Change it, from a script, and never shut yourself out",
        f"{PROGRAM} rules apply ipp_1 --allow-file office.txt --keep-allowed 192.0.2.10 --yes",
    ),
    ("Shut an address out", f"{PROGRAM} rules apply ipp_1 --deny 198.51.100.7/32"),
)

_COLUMNS: Final = ("change", "action", "cidr", "was")


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    commands = parser.add_subparsers(metavar="COMMAND", dest="what", required=True)
    _common(commands.add_parser("plan", description="Show what would be done to the rules"))
    apply = commands.add_parser("apply", description="Make the rules what they should be")
    _common(apply)
    add_confirmation(apply)


def _common(parser: Parser) -> None:
    add = parser.add_argument
    add("policy", metavar="POLICY", help="the id of the IP policy")
    for action in ("allow", "deny"):
        add(
            f"--{action}",
            metavar="CIDR",
            action="append",
            help=f"a range to {action}, such as 203.0.113.0/24; repeatable",
        )
        add(
            f"--{action}-file",
            metavar="FILE",
            action="append",
            help=f"a file with ranges to {action}; -: standard input",
        )
    add("--prune", action="store_true", help="take away the rules that are not named")
    add("--owned", metavar="TEXT", help="mark rules by this metadata, and prune those alone")
    add(
        "--keep-allowed",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="refuse a plan that shuts this address out; repeatable",
    )


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> int | None:
    """Plan, show it, and take the steps."""
    if [*(args.allow_file or ()), *(args.deny_file or ())].count("-") > 1:
        raise UsageError("standard input can be read once: name one file -")
    plan = await ngrok_async.jobs.plan_ip_rules(
        client,
        args.policy,
        allow=_ranges(args.allow, args.allow_file),
        deny=_ranges(args.deny, args.deny_file),
        prune=args.prune,
        owned=args.owned,
        keep_allowed=args.keep_allowed,
    )
    out.note(
        f"{told(len(plan.steps), 'step', 'steps')}, {told(plan.requests, 'request', 'requests')},"
        f" {plan.seconds:g} s at the limit"
        if plan.steps
        else f"{plan.policy_id}: nothing to do"
    )
    if args.what == "plan" or args.dry_run:
        _print(plan.steps, out)
        return None
    out.confirm("delete", [str(step) for step in plan.steps if step.sign == "-" or step.flips])
    return await _apply(plan, out)


async def _apply(plan: "IPRulesPlan", out: Out) -> int | None:
    import asyncio  # noqa: PLC0415 # not for the help

    done: list[IPRuleStep] = []
    try:
        with progress(out, len(plan.steps), "rules") as shown:

            def told_of(step: "IPRuleStep") -> None:
                done.append(step)
                shown.advance(str(step))

            await plan.apply(on_step=told_of)
    except (ngrok_async.NgrokError, asyncio.CancelledError) as error:
        _print(done, out)
        left = f"{len(done)} of {len(plan.steps)} steps were taken; the same command goes on"
        if isinstance(error, asyncio.CancelledError):
            out.note(left)
            raise
        if not done:
            raise
        raise Stop(PARTLY, f"{error}; {left}") from error
    _print(done, out)
    return None


def _print(steps: "Iterable[IPRuleStep]", out: Out) -> None:
    with out.rows(_COLUMNS, id="cidr", known=_COLUMNS) as rows:
        for step in steps:
            was = ("deny" if step.action == "allow" else "allow") if step.flips else ""
            row: dict[str, JSON] = {"change": step.sign, "action": step.action, "cidr": step.cidr}
            rows.add({**row, "was": was})


def _ranges(given: list[str] | None, files: list[str] | None) -> "list[str | IPRule] | None":
    """Return what is named; None where nothing is said of this action."""
    if given is None and files is None:
        return None
    ranges: list[Any] = list(given or ())
    for name in files or ():
        ranges += _read(name)
    return ranges


def _read(name: str) -> "Iterator[str | IPRule]":
    try:
        text = standard_input() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot read {name}: {error}") from None
    for line in text.splitlines():
        cidr, _, description = (part.strip() for part in line.partition("#"))
        if cidr:
            yield ngrok_async.jobs.IPRule(cidr, description=description or None)
