"""Every operation, as a command beside the fake."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from ngrok_async.cli._table import kebab, table
from ngrok_async.testing import FakeNgrok
from tests.cli.running import Command
from tests.contract.test_requests import OPERATIONS, Call, Values, differences
from tools.contract.cli_operations import name


def words_of(operation: str, call: Call) -> Iterator[str]:
    """Yield the words that make a call."""
    yield from name(operation).split()
    named = dict(call.named)
    places = list(call.positional)
    if OPERATIONS[operation]["method"] == "PUT":
        named["module"] = places.pop()
    yield from places
    for option, value in named.items():
        kind = table()["operations"][name(operation)]["options"][option]["type"]
        yield from _option(f"--{kebab(option)}", kind, value)


def _option(flag: str, kind: str, value: Any) -> Iterator[str]:  # noqa: ANN401 # of any type
    if kind.startswith("["):
        for item in value:
            yield f"{flag}={item if isinstance(item, str) else json.dumps(item)}"
    elif isinstance(value, str):
        yield f"{flag}={value}"
    else:
        yield f"{flag}={value.isoformat() if isinstance(value, datetime) else json.dumps(value)}"


async def test_every_operation_can_be_called(fake: FakeNgrok, command: Command) -> None:
    """With everything that it takes: what arrives is what the API takes."""
    wrong: list[str] = []
    for operation, fact in OPERATIONS.items():
        fake.requests.clear()
        call = Call.of(fact, Values(objects=False))
        ended = await command(*words_of(operation, call))
        wrong += [
            f"{operation}: {line}" for line in differences(call, fact["method"], fake.requests)
        ]
        if ended.code not in {0, 1, 3}:  # most refer to things that there are not
            wrong.append(f"{operation}: {ended}")

    assert not wrong, "\n".join(wrong)
    assert 252 == len(OPERATIONS)
