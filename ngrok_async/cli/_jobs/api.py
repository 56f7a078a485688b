"""Calls a route with the same key, limit, retries and errors as the other commands.

The answer is printed as it is.
"""

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ngrok_async.cli._cells import as_json
from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._ends import PROGRAM, UsageError, standard_input
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    import ngrok_async
    from ngrok_async._request import JSON

EXAMPLES: Final = (
    ("Read a list", f"{PROGRAM} api GET /tunnel_sessions --param limit=1"),
    ("Change something", f"""{PROGRAM} api PATCH /vaults/v_1 --data '{{"name": "prod"}}'"""),
)

_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    parser.add_argument("method", help="GET, POST, PUT, PATCH or DELETE")
    parser.add_argument("path", help="below the base URL, such as /tunnel_sessions")
    parser.add_argument(
        "--param",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="of the query; repeatable",
    )
    parser.add_argument(
        "--data",
        metavar="JSON",
        help="the body; @FILE reads it from a file, - from standard input, where secrets belong",
    )


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Send it, and print what comes back."""
    if out.format in {"csv", "id"} or out.fields:
        raise UsageError("an answer is printed as JSON, whatever it is: without --fields, as json")
    method = args.method.upper()
    params = dict(_pair(text) for text in args.param)
    body: JSON = _body(args.data) if args.data is not None else None
    if body is None and method in _WITH_BODY:
        body = {}
    answer = await client.request(method, args.path, params=params, json=body)
    if answer is None:
        out.nothing()
    else:
        out.stdout.write(f"{as_json(answer, indent=None if out.format == 'jsonl' else 2)}\n")


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"--param is NAME=VALUE, got {text!r}")
    return name, value


def _body(given: str) -> "JSON":
    """Return what is sent. It may be secret, so no message shows it."""
    try:
        if given == "-":
            given = standard_input()
        elif given.startswith("@"):
            given = Path(given[1:]).read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot read --data {given}: {error}") from None
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        raise UsageError("--data is no JSON") from None
