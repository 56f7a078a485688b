"""Compare what the package declares with the facts of the API: `python -m tools.contract`."""

from tools.contract import differences, facts, places
from tools.contract.compare import compare
from tools.contract.declared import declared
from tools.contract.facts import Facts


def check(theirs: Facts, ours: Facts) -> list[str]:
    """Return a line for each difference that is not agreed on, and each agreement out of date."""
    return differences.problems(compare(theirs, ours), differences.load("contract"))


def explained(problems: list[str], theirs: Facts) -> str:
    """Return the lines of `check`, and under each the files to edit."""
    return "\n".join(f"{line}\n    {places.to_edit(line, theirs)}" for line in problems)


def summary(theirs: Facts, ours: Facts) -> str:
    """Return how many of the facts have a declaration."""
    known, covered = _places(theirs), _places(ours)
    counts = [f"{len(known[kind] & covered[kind])} of {len(known[kind])} {kind}" for kind in known]
    exceptions = sum(len(entry.where) for entry in differences.load("contract"))
    return f"{', '.join(counts)}; {exceptions} agreed differences"


def _places(of: Facts) -> dict[str, set[str]]:
    operations = {
        f"{service}.{name}": operation
        for service, content in of["services"].items()
        for name, operation in content["operations"].items()
    }
    return {
        "services": set(of["services"]),
        "operations": set(operations),
        "parameters": {
            f"{operation}.{part}.{name}"
            for operation, content in operations.items()
            for part in ("query", "body")
            for name in content.get(part, ())
        },
        "models": set(of["schemas"]),
        "fields": {f"{name}.{field}" for name, fields in of["schemas"].items() for field in fields},
    }


def main() -> int:
    """Print the problems and the summary; returns the exit code."""
    theirs, ours = facts.expected(facts.load()), declared()
    found = check(theirs, ours)
    if found:
        print(explained(found, theirs))
    print(summary(theirs, ours))
    return 1 if found else 0
