"""From the words of a command line to an exit code."""

import io
import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from ngrok_async._version import __version__
from ngrok_async.cli._command_line import split
from ngrok_async.cli._ends import OK, PROGRAM, USAGE, UsageError
from ngrok_async.cli._find import Found, find
from ngrok_async.cli._out import Out, say


def run(arguments: Sequence[str] | None) -> int:
    """Do what `ngrok_async.cli.main` promises."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    try:
        code = _run(words) or OK
    except BrokenPipeError:  # of `| head`: who reads has had enough
        _forget_stdout()
        return OK
    except BaseException as error:  # noqa: BLE001 # the end of the program
        return _end(error, debug="--debug" in words)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # what was done before that is done
        _forget_stdout()
    except OSError as error:
        return code or _end(error, debug=False)
    return code


def _prepare_streams() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us: nobody wants to hear it
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):  # an encoding may lack some characters
            stream.reconfigure(errors="backslashreplace")


def _end(error: BaseException, *, debug: bool) -> int:
    from ngrok_async.cli._errors import ended_by  # noqa: PLC0415 # only then

    code, line = ended_by(error)
    try:
        sys.stdout.flush()
    except OSError:
        _forget_stdout()
    if debug and not isinstance(error, UsageError):
        import traceback  # noqa: PLC0415 # only then

        for text in "".join(traceback.format_exception(error)).splitlines():
            say(text)
    say(line)
    return code


def _forget_stdout() -> None:
    """Let nothing be written at the end of the process, which would complain."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):  # it is no file
        sys.stdout = io.StringIO()


def _run(words: list[str]) -> int | None:
    if words[:1] == ["__complete"]:  # a shell asks, see `_completion`
        from ngrok_async.cli._completion import completed  # noqa: PLC0415 # only then

        sys.stdout.write(completed("".join(words[1:2]), words[2:]))
        return OK
    before, rest = split(words)
    if not rest:
        return _overview(USAGE)
    if rest[0] in {"-h", "--help"}:
        return _overview(OK)
    if rest[0] == "--version":
        sys.stdout.write(f"{PROGRAM} {__version__}\n")
        return OK
    if rest[0].startswith("-"):
        raise UsageError(f"there is no option {rest[0]} before a command")
    end = rest.index("--") if "--" in rest else len(rest)
    if {"-h", "--help"}.intersection(rest[:end]):
        return _show_help([word for word in rest if not word.startswith("-")])
    found = find([*rest[:end], *before, *rest[end:]])
    try:
        return _call(found)
    except UsageError as error:
        error.command = error.command or " ".join(found.words)
        raise


def _call(found: Found) -> int | None:
    args = found.parser.parse_all(found.rest)
    out = out_of(args)
    if args.debug:
        _log()
    if found.alone is not None:
        return found.alone(args, out)
    from ngrok_async.cli._client import with_client  # noqa: PLC0415 # loads asyncio

    run = found.with_client
    assert run is not None  # noqa: S101 # one of the two is there
    return with_client(lambda client: run(client, args, out), args, out)


def _overview(code: int) -> int:
    from ngrok_async.cli._help import overview  # noqa: PLC0415 # only then

    (sys.stdout if code == OK else sys.stderr).write(overview())
    return code


def _show_help(words: Sequence[str]) -> int:
    from ngrok_async.cli._help import page  # noqa: PLC0415 # only then

    sys.stdout.write(page(words))
    return OK


def _log() -> None:
    """Write what the package logs to standard error; it never logs a key."""
    import logging  # noqa: PLC0415 # takes as long to load as the rest of the parser

    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("ngrok_async").setLevel(logging.DEBUG)


def out_of(args: Namespace) -> Out:
    """Return where a command writes to, by its options."""
    fields: str | None = args.fields
    names = [] if fields is None else [name.strip() for name in fields.split(",")]
    if not all(names):
        raise UsageError("--fields must be names with commas between, such as id,metadata")
    return Out(
        args.output,
        names,
        yes=getattr(args, "yes", False),
        dry_run=getattr(args, "dry_run", False),
    )
