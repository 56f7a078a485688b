"""Write what the fake knows of ngrok from the facts: `python -m tools.contract.fake_facts`.

The package cannot read the facts of the contract tests, which no wheel has. A test holds the copy
to them. `ngrok_async.testing._facts` tells its form.
"""

import json
from pathlib import Path
from typing import Final

import ngrok_async.testing
from tools.contract import facts
from tools.contract.facts import Facts

COPY: Final = Path(ngrok_async.testing.__file__).with_name("facts.json")

_OF_FIELDS: Final = ("max_bytes", "enum", "nullable", "answers")
_OF_OPERATIONS: Final = ("status", "filter_fields")


def copy(theirs: Facts) -> Facts:
    """Return the part of the facts that the fake needs and that no declaration has."""
    return {
        "operations": {
            f"{operation['method']} {operation['path']}": _operation(operation)
            for operation in facts.operations(theirs)
        },
        "schemas": {
            name: {
                field: _part(fact, _OF_FIELDS) for field, fact in theirs["schemas"][name].items()
            }
            for name in facts.reachable(theirs, theirs["schemas"])
        },
    }


def _operation(fact: Facts) -> Facts:
    limits = {name: _part(field, _OF_FIELDS) for name, field in fact.get("body", {}).items()}
    known = {name: limit for name, limit in limits.items() if limit}
    return _part(fact, _OF_OPERATIONS) | ({"body": known} if known else {})


def _part(fact: Facts, keys: tuple[str, ...]) -> Facts:
    return {key: fact[key] for key in keys if key in fact}


def written(content: Facts) -> str:
    """Return the text of the file: a line for each operation and schema, so that changes show."""
    blocks = (f' "{part}": {{\n{_lines(facts)}\n }}' for part, facts in content.items())
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _lines(entries: Facts) -> str:
    return ",\n".join(f"  {json.dumps(name)}: {json.dumps(fact)}" for name, fact in entries.items())


if __name__ == "__main__":
    COPY.write_text(written(copy(facts.load())), encoding="utf-8")
