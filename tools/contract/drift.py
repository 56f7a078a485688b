"""Show what an OpenAPI document of ngrok's has that this package has not, and the reverse.

    python -m tools.contract.drift FILE  # the list; exit code 1 if there is anything on it,
                                         # 2 if the file is no such document
    python -m tools.contract.drift FILE --draft SERVICE   # a first draft of a resource module

FILE is a copy of https://raw.githubusercontent.com/ngrok/ngrok-openapi/refs/heads/main/ngrok.yaml .
It says what it says in rough types (a map of whatever, a text that is a time), and lags behind
ngrok's clients: what it lacks on that account is listed under `upstream` in
`tests/contract/differences.toml`. What changes in the package because of the list, changes in
`tests/contract/facts.json` too.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.contract import differences, facts, openapi
from tools.contract.compare import Difference, compare
from tools.contract.declared import declared
from tools.contract.draft import draft
from tools.contract.facts import Facts


def stated_differences(upstream: Facts, ours: Facts) -> list[Difference]:
    """Return the differences in what the document states; what it leaves out is no statement."""
    found = compare(_stated(upstream), _stated(ours))
    return [difference for difference in found if not _leaves_room(difference)]


def _stated(of: Facts) -> Facts:
    """Return the part of a description that a document can have."""
    return {
        "services": {
            name: {"operations": {n: _operation(o) for n, o in service["operations"].items()}}
            for name, service in of["services"].items()
        },
        "schemas": {
            name: _fields(fields, "type", "enum", "needed", "nullable")
            for name, fields in of["schemas"].items()
        },
    }


def _operation(fact: Facts) -> Facts:
    tables = {
        part: _fields(fact.get(part, {}), "type", "enum", "required", "nullable")
        for part in ("query", "header", "cookie", "body")
    }
    return {k: v for k, v in fact.items() if k not in {"effect", "fields", *tables}} | tables


def _fields(fields: Facts, *kept: str) -> Facts:
    return {
        name: {key: fact[key] for key in kept if key in fact and not _says_nothing(key, fact)}
        for name, fact in fields.items()
    }


def _says_nothing(key: str, fact: Facts) -> bool:
    # A null array or map is the empty one.
    return key == "nullable" and fact["type"][0] in "[{"


def _leaves_room(found: Difference) -> bool:
    kind = found.where.rpartition(".")[2]
    if kind == "type":
        # The size of a page, too, is a text there.
        is_size = ".query." in found.where and (found.theirs, found.ours) == ("string", "integer")
        return is_size or _is_rougher(found.theirs, found.ours)
    if kind == "enum":
        return found.theirs == "-" or {*found.theirs.split(", ")} <= {*found.ours.split(", ")}
    return kind == "nullable" and found.theirs == "-"


def _is_rougher(theirs: str, ours: str) -> bool:
    """Tell whether a type is ours but for what ngrok's documents leave out."""
    if theirs[0] in "[{" and theirs[0] == ours[0]:
        inner = theirs[1:-1]
        return inner == "any" or _is_rougher(inner, ours[1:-1])
    rougher = {"string": ours == "datetime", "object": ours[0] == "{" or ours[0].isupper()}
    return theirs == ours or rougher.get(theirs, False)


def report(upstream: Facts, ours: Facts, table: Sequence[differences.Agreed]) -> list[str]:
    """Return what a person has to look at, a line each, under headings."""
    news, reverse, changes = list[str](), list[str](), list[str]()
    unlisted, stale = differences.split(stated_differences(upstream, ours), table)
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
    parser = argparse.ArgumentParser(prog="python -m tools.contract.drift")
    parser.add_argument("file", type=Path, help="an OpenAPI 3 document, as JSON or YAML")
    parser.add_argument("--draft", metavar="SERVICE", help="print a resource module to begin with")
    options = parser.parse_args(arguments)
    try:
        upstream = openapi.read(options.file)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    if options.draft is not None:
        if options.draft not in upstream["services"]:
            parser.error(f"there is no {options.draft}; it has {', '.join(upstream['services'])}")
        print(draft(upstream, options.draft))
        return 0
    lines = report(
        upstream, facts.completed(declared(), facts.load()), differences.load("upstream")
    )
    print("\n".join(lines) or "Nothing new.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
