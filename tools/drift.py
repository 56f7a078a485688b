"""Show what an OpenAPI document of ngrok's has that this package has not, and the reverse.

    python -m tools.drift FILE                   # the list; exit code 1 if there is anything on it
    python -m tools.drift FILE --draft SERVICE   # a first draft of a resource module

FILE is a copy of https://raw.githubusercontent.com/ngrok/ngrok-openapi/refs/heads/main/ngrok.yaml .
It only has names and rough types, and lags behind ngrok's clients: what it lacks on that account is
listed under `upstream` in `tests/contract/differences.toml`. What changes in the package because of
the list, changes in `tests/contract/facts.json` too.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tools import agreed, openapi
from tools.compare import Difference, compare
from tools.declared import declared
from tools.draft import draft
from tools.facts import Facts


def differences(upstream: Facts, ours: Facts) -> list[Difference]:
    """Return the differences in what both can say: names, paths and rough types."""
    return [
        found
        for found in compare(_rough(upstream), _rough(ours))
        # A map without types is no statement, and neither is an object without fields.
        if not (found.where.endswith(".type") and "object" in {found.theirs, found.ours})
    ]


def _rough(of: Facts) -> Facts:
    return {
        "services": {
            name: {"operations": {n: _operation(o) for n, o in service["operations"].items()}}
            for name, service in of["services"].items()
        },
        "schemas": {name: _fields(fields) for name, fields in of["schemas"].items()},
    }


def _operation(fact: Facts) -> Facts:
    shape = {k: v for k, v in fact.items() if k not in {"query", "body"}}
    # The types of a query are no facts there: the size of a page is a string.
    return shape | {
        "query": {name: {} for name in fact.get("query", ())},
        "body": _fields(fact.get("body", {})),
    }


def _fields(fields: Facts) -> Facts:
    return {name: {"type": _type(fact["type"])} for name, fact in fields.items()}


def _type(name: str) -> str:
    plain = re.sub(r"\{.*\}|\bany\b", "object", name)
    return plain.replace("datetime", "string")


def report(upstream: Facts, ours: Facts, table: Sequence[agreed.Agreed]) -> list[str]:
    """Return what a person has to look at, a line each, under headings."""
    news, reverse, changes = list[str](), list[str](), list[str]()
    unlisted, stale = agreed.split(differences(upstream, ours), table)
    for found in unlisted:
        if found.ours == "-":
            news.append(f"{found.where}{_route(found.where, upstream)}")
        elif found.theirs == "-":
            reverse.append(f"{found.where}{_route(found.where, ours)}")
        else:
            changes.append(f"{found.where}: {found.theirs} there, {found.ours} here")
    parts = {
        "ngrok's document has, we have not:": news,
        "We have, ngrok's document has not:": reverse,
        "Not the same:": changes,
        "Agreed on, but not so now:": stale,
    }
    return [
        line
        for title, lines in parts.items()
        if lines
        for line in (title, *map("  {}".format, lines))
    ]


def _route(where: str, of: Facts) -> str:
    service, _, name = where.partition(".")
    operation = of["services"].get(service, {"operations": {}})["operations"].get(name)
    return "" if operation is None else f" ({operation['method']} {operation['path']})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the list or a draft; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.drift")
    parser.add_argument("file", type=Path, help="an OpenAPI 3 document, as JSON or YAML")
    parser.add_argument("--draft", metavar="SERVICE", help="print a resource module to begin with")
    options = parser.parse_args(arguments)
    upstream = openapi.read(options.file)
    if options.draft is not None:
        if options.draft not in upstream["services"]:
            parser.error(f"there is no {options.draft}; it has {', '.join(upstream['services'])}")
        print(draft(upstream, options.draft))
        return 0
    lines = report(upstream, declared(), agreed.load("upstream"))
    print("\n".join(lines) or "Nothing new.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
