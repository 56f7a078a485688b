"""Prints the public URL under which a local address is reached now, for scripts and webhooks.

The address is that of the service on the agent's side, such as localhost:8080 or just 8080;
localhost, 127.0.0.1 and [::1] are the same. Several machines may have a localhost: where more than
one URL leads to such an address, say which one is meant, or --all.
"""

from argparse import Namespace
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import ngrok_async
from ngrok_async._printable import printable
from ngrok_async.cli._command_line import Parser, seconds_of
from ngrok_async.cli._ends import FAILED, NOT_FOUND, PROGRAM, Stop, UsageError
from ngrok_async.cli._out import Out

if TYPE_CHECKING:
    from ngrok_async.resources.endpoints import Endpoint

EXAMPLES: Final = (
    ("Tell under which URL port 8080 is reached", f"{PROGRAM} url localhost:8080"),
    ("Wait until it is, and keep it", f"URL=$({PROGRAM} url 8080 --wait 30)"),
    ("Ask for that of one machine", f"{PROGRAM} url 8080 --agent till-7 --scheme https"),
)

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104 # compared
_PORTS: Final = {"http": 80, "https": 443}


class Address(NamedTuple):
    """Where something is forwarded to; what is None fits anything."""

    scheme: str | None
    host: str
    port: int | None


def arguments(parser: Parser) -> None:
    """Add what it takes."""
    parser.add_argument("address", help="where it is forwarded to, such as localhost:8080 or 8080")
    parser.add_argument("--scheme", metavar="NAME", help="only URLs such as https, tcp or tls")
    parser.add_argument("--agent", metavar="ID|NAME", help="only those of this agent")
    parser.add_argument("--all", action="store_true", help="all of them, a line each")
    parser.add_argument(
        "--wait",
        type=seconds_of,
        metavar="SECONDS",
        default=0.0,
        help="until there is one, for so long at most; default: not at all",
    )


async def run(client: "ngrok_async.Client", args: Namespace, out: Out) -> None:
    """Print it, or fail."""
    from ngrok_async.cli._jobs import _sessions  # noqa: PLC0415 # not for the help

    wanted = address_of(args.address)
    sessions = await _meant(client, args.agent) if args.agent is not None else None

    def is_it(endpoint: "Endpoint") -> bool:
        by = endpoint.tunnel_session
        return (
            leads_to(endpoint.upstream_url, wanted)
            and args.scheme in {None, endpoint.scheme, endpoint.proto}
            and (sessions is None or (by is not None and by.id in sessions))
        )

    if args.wait:
        try:
            await ngrok_async.jobs.wait_for(client.endpoints, is_it, timeout=args.wait)
        except ngrok_async.WaitTimeoutError:
            raise _nothing(args.address, f" within {args.wait:g} s") from None
    found = [endpoint async for endpoint in client.endpoints.list() if is_it(endpoint)]
    urls = list(dict.fromkeys(_sessions.url_of(endpoint) for endpoint in found))
    if not urls:
        raise _nothing(args.address, "")
    if len(urls) > 1 and not args.all:
        raise Stop(
            FAILED,
            f"{len(urls)} URLs lead to {args.address}: {', '.join(urls)}; say which one by --scheme"
            " or --agent, or --all",
        )
    if out.format == "table" and not out.fields:  # alone: it goes into a variable
        out.stdout.write("".join(f"{printable(url)}\n" for url in urls))
        return
    with out.rows(
        ("url", "upstream_url", "id"), id="url", known=("url", "upstream_url", "id")
    ) as rows:
        for endpoint in found:
            row = {"url": _sessions.url_of(endpoint), "upstream_url": endpoint.upstream_url}
            rows.add({**row, "id": endpoint.id})


def _nothing(address: str, when: str) -> Stop:
    return Stop(NOT_FOUND, f"no URL leads to {address}{when}")


async def _meant(client: "ngrok_async.Client", agent: str) -> set[str]:
    """Return the sessions of the agents that are called so."""
    from ngrok_async.cli._agent_names import name_of  # noqa: PLC0415 # not for the help

    found = {
        session.id
        async for session in client.tunnel_sessions.list()
        if agent in {session.id, name_of(session.metadata)}
    }
    if not found:
        raise Stop(NOT_FOUND, f"no agent {agent} is connected")
    return found


def address_of(text: str) -> Address:
    """Return the address that somebody means.

    Raises:
        UsageError: It is none.
    """
    if text.lstrip(":").isascii() and text.lstrip(":").isdigit():
        text = f"localhost:{text.lstrip(':')}"
    address = _split(text)
    if address is None or not address.host:
        raise UsageError(f"an address is one such as localhost:8080 or 8080; got {text!r}")
    return address


def leads_to(upstream: str, wanted: Address) -> bool:
    """Tell whether an endpoint is forwarded to an address."""
    address = _split(upstream)
    return (
        address is not None
        and address.host == wanted.host
        and wanted.port in {None, address.port}
        and wanted.scheme in {None, address.scheme}
    )


def _split(text: str) -> Address | None:
    has_scheme = "://" in text
    try:
        parts = urlsplit(text if has_scheme else f"//{text}")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    scheme = parts.scheme if has_scheme else None
    port = port if port is not None else _PORTS.get(scheme or "")
    return Address(scheme, "localhost" if host in _HERE else host, port)
