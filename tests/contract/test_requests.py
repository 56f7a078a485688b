"""Each operation sent to the fake API, and what arrives there against the facts of the API."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import attrs
import pytest

from ngrok_async import Client, NgrokError
from ngrok_async.resources._shared import Ref
from ngrok_async.testing import FakeNgrok, ReceivedRequest
from tools.contract import facts
from tools.contract.declared import models
from tools.contract.facts import Facts

FACTS = facts.load()
OPERATIONS: Mapping[str, Facts] = {
    f"{service['attribute']}.{name}": operation
    for service in FACTS["services"].values()
    for name, operation in service["operations"].items()
}
MODELS = models()
START = datetime(2030, 1, 1, tzinfo=UTC)


class Values:
    """Makes a value of its own for each parameter and field: as an argument and as JSON."""

    def __init__(self, *, objects: bool) -> None:
        """Make models and references, or else mappings and plain ids."""
        self.objects = objects
        self.numbers = count(1)

    def id(self, name: str) -> tuple[object, str]:
        """Return an id; in its second form the one of an object."""
        wire = f"{name}_{next(self.numbers)}"
        return Ref(id=wire) if self.objects else wire, wire

    def of(self, kind: str, name: str) -> tuple[Any, Any]:
        """Return a value of a type that is written as in the facts."""
        number = next(self.numbers)
        if kind in FACTS["schemas"]:
            fields = FACTS["schemas"][kind]
            pairs = {field: self.of(fact["type"], field) for field, fact in fields.items()}
            arguments = {field: argument for field, (argument, _) in pairs.items()}
            wire = {field: wire for field, (_, wire) in pairs.items()}
            return MODELS[kind](**arguments) if self.objects else arguments, wire
        if kind[0] in "[{":
            (argument, wire), (other, other_wire) = (self.of(kind[1:-1], name) for _ in "12")
            if kind[0] == "[":
                return (argument, other), [wire, other_wire]
            key, other_key = f"a{number}", f"b{number}"
            return {key: argument, other_key: other}, {key: wire, other_key: other_wire}
        if kind == "datetime":
            at = START + timedelta(seconds=number)
            return at, at.isoformat().replace("+00:00", "Z")
        simple = {"string": f"{name} {number}", "integer": number, "number": number + 0.5}
        value = simple.get(kind, True)
        return value, value

    def parameter(self, name: str, fact: Facts) -> tuple[Any, Any]:
        """Return a value for a parameter, where what ends in `_id` refers to something."""
        if fact["type"] == "string" and name.endswith("_id"):
            return self.id(name)
        if fact["type"] == "[string]" and name.endswith("_ids"):
            argument, wire = self.id(name)
            return [argument], [wire]
        return self.of(fact["type"], name)


@attrs.frozen
class Call:
    """One call with everything that it can be given, and the request that has to come of it."""

    positional: tuple[Any, ...]
    named: dict[str, Any]
    path: str
    query: dict[str, str]
    json: Any

    @classmethod
    def of(cls, fact: Facts, values: Values) -> "Call":
        """Make up values for all parameters of an operation."""
        names = re.findall(r"\{(\w+)\}", fact["path"])
        ids = {n: ("type.v0", "type.v0") if n == "type" else values.id(n) for n in names}
        path = fact["path"].format_map({name: wire for name, (_, wire) in ids.items()})
        positional = tuple(argument for argument, _ in ids.values())
        if fact["method"] == "PUT":
            module, wire = values.of(fact["body_schema"], "module")
            return cls((*positional, module), {}, path, {}, wire)
        if fact["method"] in facts.BODY_METHODS:
            body = {n: values.parameter(n, f) for n, f in fact.get("body", {}).items()}
            named = {name: argument for name, (argument, _) in body.items()}
            return cls(
                positional, named, path, {}, {name: wire for name, (_, wire) in body.items()}
            )
        query = {name: QUERY[name](values) for name in fact.get("query", ())}
        named = {name: argument for name, (argument, _) in query.items()}
        return cls(positional, named, path, {n: wire for n, (_, wire) in query.items()}, None)


def _ids(values: Values) -> tuple[Any, str]:
    argument, wire = values.id("id")
    return [argument], wire


QUERY: Mapping[str, Callable[[Values], tuple[Any, str]]] = {
    "before_id": lambda values: values.id("before_id"),
    "limit": lambda values: (number := next(values.numbers), str(number)),
    "filter": lambda _: ('obj.id == "1"', 'obj.id == "1"'),
    "id": _ids,
    "url": lambda _: (["https://example.com/?a=1&b=2"], "https://example.com/?a=1&b=2"),
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake API without a limit."""
    async with FakeNgrok(limit=None) as fake:
        yield fake


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Connect a client that sends each request once and at once."""
    async with Client(fake.api_key, base_url=fake.url, limiter=None, retry=None) as client:
        yield client


async def send(ngrok: Client, operation: str, call: Call) -> None:
    """Make a call; what the fake answers does not matter here."""
    target: Any = ngrok
    for name in operation.split("."):
        target = getattr(target, name)
    answer: Awaitable[object] = target(*call.positional, **call.named)
    with suppress(NgrokError):
        await answer


def differences(call: Call, method: str, received: list[ReceivedRequest]) -> list[str]:
    """Return a line for each part of the request that is not what it has to be."""
    if len(received) != 1:
        return [f"{len(received)} requests instead of one"]
    (request,) = received
    pairs = {
        "method": (method, request.method),
        "path": (call.path, request.path),
        "query": (call.query, dict(request.query)),
        "body": (call.json, request.json),
        "content type": (
            None if call.json is None else "application/json",
            request.headers.get("content-type"),
        ),
    }
    return [f"{part}: {want!r}, got {got!r}" for part, (want, got) in pairs.items() if want != got]


async def check(fake: FakeNgrok, ngrok: Client, operation: str, *, objects: bool) -> list[str]:
    """Send an operation; returns a line for each thing that is wrong with it."""
    fact = OPERATIONS[operation]
    fake.requests.clear()
    try:
        call = Call.of(fact, Values(objects=objects))
        await send(ngrok, operation, call)
    except (TypeError, ValueError) as error:
        return [f"{operation}: {error}"]
    found = differences(call, fact["method"], fake.requests)
    return [f"{operation}: {difference}" for difference in found]


@pytest.mark.parametrize("objects", [True, False], ids=["objects", "plain values"])
async def test_what_arrives_is_what_the_api_takes(
    fake: FakeNgrok, ngrok: Client, *, objects: bool
) -> None:
    """Each argument goes into path, query or body under the name that the API has for it."""
    wrong = [
        line
        for operation in OPERATIONS
        for line in await check(fake, ngrok, operation, objects=objects)
    ]

    assert not wrong, "\n".join(wrong)


TEXTS = [
    (operation, name)
    for operation, fact in OPERATIONS.items()
    for name in ("metadata", "traffic_policy")
    if fact.get("body", {}).get(name, {}).get("type") == "string"
]


@pytest.mark.parametrize(("operation", "name"), TEXTS, ids=map(".".join, TEXTS))
async def test_a_mapping_is_sent_as_its_json(
    fake: FakeNgrok, ngrok: Client, operation: str, name: str
) -> None:
    """Wherever the API takes a text that is often JSON."""
    call = Call.of(OPERATIONS[operation], Values(objects=True))
    call.named[name] = {"on": [{"a": "é"}, None, True]}
    call.json[name] = '{"on":[{"a":"é"},null,true]}'

    await send(ngrok, operation, call)

    assert [] == differences(call, OPERATIONS[operation]["method"], fake.requests)
    for wrong in (float("nan"), "\ud800", object()):
        call.named[name] = {"on": [wrong]}
        with pytest.raises(ValueError, match=rf"^{name}\['on'\]\[0\] cannot be encoded as JSON"):
            await send(ngrok, operation, call)
    assert 1 == len(fake.requests)


async def test_a_wrong_request_is_reported(fake: FakeNgrok, ngrok: Client) -> None:
    """Each part of a request counts."""
    call = Call.of(OPERATIONS["ip_policies.update"], Values(objects=True))
    await send(ngrok, "ip_policies.update", call)
    other = attrs.evolve(call, path="/ip_policies/ipp_0", query={"limit": "1"}, json=None)

    found = differences(other, "GET", fake.requests)

    assert [] == differences(call, "PATCH", fake.requests)
    assert ["0 requests instead of one"] == differences(call, "PATCH", [])
    assert ["method", "path", "query", "body", "content type"] == [
        line.partition(":")[0] for line in found
    ]
