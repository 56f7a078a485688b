"""Updates, restarts or stops agents in waves, and sees that each of them is back.

The first wave is one agent, the next five, then 25 at a time. Once more agents than --max-failures
have failed, no further wave begins. Nothing is sent twice: where it is unclear whether an agent got
a command, it is looked for. `plan` sends nothing and shows who would get it when.

With --journal, `resume` goes on after a crash or Ctrl-C. An update cannot be undone.

Exit code 4: some agents are done and some are not; 1: none is.
"""

from argparse import ArgumentTypeError, Namespace
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, cast

import ngrok_async
from ngrok_async.cli._command_line import Parser, add_confirmation, seconds_of
from ngrok_async.cli._ends import FAILED, NOT_FOUND, OK, PARTLY, PROGRAM, Stop, UsageError
from ngrok_async.cli._jobs._lists import told
from ngrok_async.cli._jobs._progress import Progress, progress
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async._request import JSON
    from ngrok_async.cli._out import Rows
    from ngrok_async.jobs import Rollout, RolloutPlan, Step

EXAMPLES: Final = (
    (
        "See who would be updated, and when",
        f"{PROGRAM} fleet plan --older-than 3.39.0",
    ),
    (
        "Update what is old, one agent at a time, and be able to go on",
        f"{PROGRAM} fleet update --older-than 3.39.0 --waves 1 --journal update.jsonl",
    ),
    ("Go on after a crash", f"{PROGRAM} fleet resume update.jsonl"),
    (
        "Restart those of a region, from a script",
        f"{PROGRAM} fleet restart --filter 'obj.region == \"eu\"' --yes -o jsonl",
    ),
    ("Stop all agents that share no URL in one wave", f"{PROGRAM} fleet stop --all --apart pool"),
)

_VERBS: Final = {
    "update": "Have agents fetch the newest version, restart them, and see that they run it",
    "restart": "Restart agents, and see that each is back",
    "stop": "Stop agents, and see that each is gone",
}
_STEP: Final = ("name", "id", "state", "phase", "reason", "new", "match")
_PLAN: Final = ("wave", "name", "id", "version", "os", "reason")


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    commands = parser.add_subparsers(metavar="COMMAND", dest="what", required=True)
    plan = commands.add_parser("plan", description="Show who would get a command, and when")
    plan.add_argument(
        "--to-do", choices=tuple(_VERBS), default="update", help="the command; default: update"
    )
    _add_options(plan, update=True)
    for verb, description in _VERBS.items():
        command = commands.add_parser(verb, description=description)
        _add_options(command, update=verb == "update")
        _add_journal(command)
        add_confirmation(command)
    resume = commands.add_parser("resume", description="Go on with what a journal began")
    resume.add_argument("journal", metavar="FILE", help="what --journal named")
    add_confirmation(resume)


def _add_options(parser: Parser, *, update: bool) -> None:
    add = parser.add_argument
    add("--filter", metavar="CEL", help="""which agents, such as 'obj.region == "eu"'""")
    add("--older-than", metavar="VERSION", help="only agents with a lower version, such as 3.39.0")
    add("--all", action="store_true", help="all agents: it is never the default")
    if update:
        add("--to", metavar="VERSION", help="what they are to run; default: what the first gets")
        add("--fetch-only", action="store_true", help="only fetch it, without a restart")
    add("--waves", type=_sizes, metavar="N,N", default=(1, 5, 25), help="default: 1,5,25")
    add("--max-failures", type=int, metavar="N", default=0, help="default: 0")
    add("--share", type=float, metavar="PART", default=0.5, help="of the limit; default: 0.5")
    add("--settle", type=seconds_of, metavar="SECONDS", default=20.0, help="default: 20")
    add("--patience", type=seconds_of, metavar="SECONDS", default=300.0, help="default: 300")
    add("--apart", choices=("pool",), help="never agents that share a URL in one wave")


def _add_journal(parser: Parser) -> None:
    parser.add_argument("--journal", metavar="FILE", help="a new file, which `resume` goes on from")


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise ArgumentTypeError(f"must be sizes from 1 on, such as 1,5,25; got {text!r}")
    return sizes


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> int | None:
    """Plan it, ask, and do it."""
    import asyncio  # noqa: PLC0415 # not for the help

    rollout = await _rollout(client, args)
    plan = await rollout.plan()
    if args.what == "plan":
        _show(plan, out)
        return None
    agents = [agent for wave in plan.waves for agent in wave]
    out.note(f"{told(len(agents), 'agent', 'agents')} in {told(len(plan.waves), 'wave', 'waves')}")
    if not agents and args.what != "resume":
        return _end(rollout, out)
    verb = "go on with" if args.what == "resume" else args.what
    out.confirm(verb, [_called(agent) for agent in agents])
    try:
        return await _run(rollout, plan, args.what, out)
    except asyncio.CancelledError:
        journal = args.journal and f"; `{PROGRAM} fleet resume {args.journal}` goes on"
        out.note(f"no further command is sent{journal or ''}")
        raise


async def _rollout(client: "ngrok_async.Client", args: Namespace) -> "Rollout":
    """Return what is to be done.

    Raises:
        UsageError: It is not said which agents are meant.
    """
    kind = ngrok_async.jobs.Rollout
    if args.what == "resume":
        return kind.resume(client, args.journal)
    if not args.all and args.filter is None and args.older_than is None:
        raise UsageError("say which agents: --filter, --older-than, or --all")
    if args.all and (args.filter is not None or args.older_than is not None):
        raise UsageError("--all is said alone, without --filter and --older-than")
    verb = args.to_do if args.what == "plan" else args.what
    names = ("waves", "max_failures", "share", "settle", "patience", "apart")
    options: dict[str, Any] = {name: getattr(args, name) for name in names}
    if verb == "update":
        options |= {"to": args.to, "fetch_only": args.fetch_only}
    if args.what != "plan":
        options["journal"] = args.journal
    where = args.filter
    if args.older_than is not None:
        where = await _older(client, args.filter, args.older_than)
    make = {"update": kind.update, "restart": kind.restart, "stop": kind.stop}[verb]
    return make(client, where, **options)


async def _older(client: "ngrok_async.Client", condition: str | None, version: str) -> str:
    """Return a filter for lower versions: ngrok compares them as texts, which is another order."""
    limit = _version(version)
    if limit is None:
        raise UsageError(f"--older-than is a version such as 3.39.0, got {version!r}")
    versions = {s.agent_version async for s in client.tunnel_sessions.list(filter=condition)}
    old = [v for v in sorted(versions) if (known := _version(v)) is not None and known < limit]
    if not old:
        raise Stop(OK, f"no agent is older than {version}")
    older = str(client.tunnel_sessions.fields.agent_version.in_(old))
    return older if condition is None else f"({condition}) && ({older})"


def _version(text: str) -> tuple[int, ...] | None:
    """Return the numbers of a version; a beta counts as what it becomes."""
    numbers = text.partition("-")[0].split(".")
    if not all(part.isascii() and part.isdigit() for part in numbers):
        return None
    return tuple(int(part) for part in numbers)


def _show(plan: "RolloutPlan", out: Out) -> None:
    from ngrok_async.cli._agent_names import name_of  # noqa: PLC0415 # not for the help

    waves = {agent.id: number for number, wave in enumerate(plan.waves, 1) for agent in wave}
    with out.rows(_PLAN, known=_PLAN) as rows:
        for step in sorted(plan.steps, key=lambda step: waves.get(step.id, len(waves) + 1)):
            agent = step.agent
            row: dict[str, JSON] = {"wave": waves.get(step.id), "id": step.id}
            row["name"] = name_of(agent.metadata) if agent else ""
            row |= {
                "version": agent.agent_version if agent else "",
                "os": agent.os if agent else "",
            }
            rows.add({**row, "reason": step.reason})
    for group in plan.alike:
        out.note(f"look alike, so never in one wave: {', '.join(map(_called, group))}")
    out.note(f"about {told(plan.requests, 'request', 'requests')}, {plan.minutes:.0f} min or more")


async def _run(rollout: "Rollout", plan: "RolloutPlan", verb: str, out: Out) -> int:
    """Do it, and print what became of each agent when that is known."""
    waves = {agent.id: number for number, wave in enumerate(plan.waves, 1) for agent in wave}
    left = Counter(waves.values())
    known: set[str] = set()
    with (
        out.rows(_STEP, known=_STEP) as rows,
        progress(out, len(waves), verb, is_told=False) as shown,
    ):
        async for step in rollout:
            if step.state == "pending" or step.id in known:
                continue
            known.add(step.id)
            _add(step, out, rows)
            wave = waves.get(step.id)
            if wave is None:  # skipped
                continue
            shown.advance(f"{_name(step)} {step.state}")
            left[wave] -= 1
            if not left[wave]:
                _tell_wave(rollout, wave, waves, shown)
        for step in rollout.report.steps:
            if step.id not in known:
                _add(step, out, rows)
    return _end(rollout, out)


def _tell_wave(rollout: "Rollout", wave: int, waves: dict[str, int], shown: Progress) -> None:
    steps = [step for step in rollout.report.steps if waves.get(step.id) == wave]
    counts = Counter(step.state for step in steps)
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    shown.note(f"wave {wave} of {max(waves.values())}: {states}")


def _add(step: "Step", out: Out, rows: "Rows") -> None:
    rows.add({"name": _name(step), **step.to_dict()})
    if out.format != "table":  # whose columns are as wide as all of them need
        rows.flush()


def _end(rollout: "Rollout", out: Out) -> int:
    report = rollout.report
    if report.stopped:
        out.note(report.stopped)
    if not report.steps:
        raise Stop(NOT_FOUND, "no agent is like this")
    if report.ok:
        return OK
    return PARTLY if any(step.state == "done" for step in report.steps) else FAILED


def _name(step: "Step") -> str:
    from ngrok_async.cli._agent_names import name_of  # noqa: PLC0415 # not for the help

    return name_of(step.agent.metadata) if step.agent else ""


def _called(agent: Any) -> str:  # noqa: ANN401 # a session
    from ngrok_async.cli._agent_names import name_of  # noqa: PLC0415 # not for the help

    name = name_of(cast("str", agent.metadata))
    return f"{agent.id} ({name})" if name else str(agent.id)
