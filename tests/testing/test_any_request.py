"""Requests of any kind, made from an OpenAPI document of the API, break nothing in the fake.

The document is our own, made from the facts: ngrok's are not ours to copy, and lack a part.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from ngrok_async.testing import FakeNgrok
from ngrok_async.testing._references import TARGETS
from tools.contract import facts
from tools.contract.document import document

from .conftest import CERTIFICATE, PRIVATE_KEY, call_of
from .world import WORLD, populate

DOCUMENT: Final[Mapping[str, Any]] = document(facts.load())
KNOWN: Final = [f"{{{number}}}" for number in range(8)]
"""Texts that stand for ids which the fake has told."""

LIKELY: Final[Mapping[str, tuple[object, ...]]] = {
    "action": ("allow", "deny"),
    "acl": (["bind:*"], []),
    "authority": ("letsencrypt",),
    "bindings": (["public"], ["internal"], []),
    "ca_pem": (CERTIFICATE,),
    "certificate_pem": (CERTIFICATE,),
    "cidr": ("203.0.113.0/24", "::/0", "10.0.0.1/8", "::1", "1.2.3.4/99999"),
    "domain": ("a.example.com", "*.example.com", "b.ngrok.app"),
    "enabled_features": (["Ingress"], ["bindings"]),
    "filter": ('obj.id == "x"', "size(obj.metadata) > 0", "((", "true", "obj", "obj.a.b.c"),
    "format": ("json",),
    "hostports": (["a.example.com:443"], ["x.example.com:443"], [":"]),
    "key_size": (2048, 0),
    "limit": ("1", "100", "1_0", "-1", "9" * 5000),
    "match_type": ("exact_path",),
    "private_key_pem": (PRIVATE_KEY,),
    "private_key_type": ("rsa", "ecdsa"),
    "region": ("us", "eu", ""),
    "terminate_at": ("edge",),
    "traffic_policy": ("{}", "a: &a [*a]", "!!python/name:os.system x", "- " * 3000),
    "type": ("cloud", "api", "agent", "ip_policy_created.v0"),
    "url": ("https://a.example.com", "tcp://b:1", "https://a.example.com:443", "//", "https://["),
}
"""Values by the names of fields, so that much is taken; others are anything."""

TEXTS: Final = st.sampled_from(["", "x", "é" * 130, "y" * 5000, "\x00", "a/b", "..", "%2F", *KNOWN])
ANYTHING: Final = st.none() | st.booleans() | st.integers() | TEXTS | st.just([]) | st.just({})


@attrs.frozen
class Sent:
    """A request; texts such as "{0}" in it become ids."""

    method: str
    path: str
    query: list[tuple[str, str]]
    body: object


def resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema, also where it is only referred to."""
    if "$ref" in schema:
        return DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return one in twenty of the odd ones; `one_of` has no weights."""
    return st.sampled_from(range(20)).flatmap(lambda number: odd if number == 19 else usual)


def values(name: str, schema: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Return values for a field: mostly of its schema, and sometimes anything."""
    schema = resolved(schema)
    fitting: st.SearchStrategy[Any]
    match schema.get("type"):
        case "string" if "format" in schema:
            fitting = st.sampled_from(["2026-01-02T03:04:05Z", "9999-12-31T23:59:59.9+14:00", "x"])
        case "string":
            fitting = st.sampled_from(KNOWN) if name.endswith(("id", "ids")) else TEXTS
        case "integer" | "number":
            fitting = st.integers(-1, 10**20) | st.floats(0, 1)
        case "boolean":
            fitting = st.booleans()
        case "array":
            fitting = st.lists(values(name, schema["items"], depth), max_size=2)
        case "object" if "properties" in schema and depth < 3:
            fitting = objects(schema, depth)
        case "object":
            fitting = st.dictionaries(TEXTS, TEXTS | st.integers(-1, 2), max_size=2)
        case _:
            fitting = ANYTHING
    if name in LIKELY and schema.get("type") != "object":
        fitting = st.sampled_from(LIKELY[name]) | fitting
    return mostly(fitting, ANYTHING)


def objects(schema: Mapping[str, Any], depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects of a schema; some lack what is required, or have one field too many."""
    fields = {n: values(n, field, depth + 1) for n, field in schema["properties"].items()}
    needed = {n: fields.pop(n) for n in schema.get("required", ()) if n in fields}
    whole = st.fixed_dictionaries(needed, optional=fields)
    broken = st.fixed_dictionaries({}, optional={**needed, **fields, "nope": ANYTHING})
    return mostly(whole, broken)


def requests_of(path: str, method: str, operation: Mapping[str, Any]) -> st.SearchStrategy[Sent]:
    """Return requests for an operation."""
    ids = {
        p["name"]: values("id", p["schema"])
        for p in operation["parameters"]
        if p.get("in") == "path"
    }
    query = {
        p["name"]: values(p["name"], {"type": "string"})
        for p in operation["parameters"]
        if p.get("in") == "query"
    }
    body: st.SearchStrategy[object] = st.just(None)
    if "requestBody" in operation:
        schema = resolved(operation["requestBody"]["content"]["application/json"]["schema"])
        if method == "put":
            schema = resolved(schema["properties"]["module"])
        own = {n: field for n, field in schema["properties"].items() if n not in ids}
        body = objects({**schema, "properties": own})
    return st.builds(
        lambda names, query, body: Sent(
            method.upper(),
            re.sub(r"\{(\w+)\}", lambda match: quote(str(names[match[1]]), safe="{}"), path),
            [(name, str(value)) for name, value in query.items()],
            body,
        ),
        st.fixed_dictionaries(ids),
        st.fixed_dictionaries({}, optional=query),
        body,
    )


def all_requests() -> Iterator[st.SearchStrategy[Sent]]:
    """Return requests for each operation."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            found = requests_of(path, method, operation)
            yield found


class Ids:
    """The ids that there are, by the paths of their collections."""

    def __init__(self, agents: Iterable[str], named: Mapping[str, str]) -> None:
        """Begin with those of agents, and of what was created."""
        self._ids = {"/tunnel_sessions": [*agents]}
        for name, id_ in named.items():
            self._ids.setdefault(WORLD[name][0], []).append(id_)
        self._all = [id_ for some in self._ids.values() for id_ in some]

    def in_path(self, path: str) -> str:
        """Put ids of the right kind into a path."""
        done = ""
        for part in path[1:].split("/"):
            done += f"/{self._put(part, self._ids.get(done))}"
        return done

    def within(self, value: Any, name: str = "") -> Any:  # noqa: ANN401 # any JSON
        """Put ids into a value; of the right kind, where the name of its field tells that."""
        if isinstance(value, list):
            return [self.within(each, name) for each in value]  # pyright: ignore[reportUnknownVariableType] # any JSON
        if isinstance(value, dict):
            return {self.within(n, name): self.within(v, n) for n, v in value.items()}  # pyright: ignore[reportUnknownVariableType] # any JSON
        if not isinstance(value, str):
            return value
        return self._put(
            value, [id_ for path in TARGETS.get(name, ()) for id_ in self._ids.get(path, ())]
        )

    def _put(self, text: str, ids: list[str] | None) -> str:
        fitting = ids or self._all
        return re.sub(r"\{(\d)\}", lambda match: fitting[int(match[1]) % len(fitting)], text)


class Player:
    """Sends requests to a fake that has one of most things.

    Attributes:
        outcomes: How often each status was answered.
    """

    def __init__(self) -> None:
        """Begin with no answer."""
        self.outcomes: Counter[int] = Counter()

    async def play(self, requests: list[Sent]) -> None:
        """Send requests to a new fake, one after the other, and look at each answer."""
        async with FakeNgrok(limit=None, agents=2) as fake:
            headers = {"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"}
            async with aiohttp.ClientSession(fake.url, headers=headers) as http:
                named = await populate(call_of(http))
                ids = Ids([agent.id for agent in fake.agents], named)
                for sent in requests:
                    await self._send(http, sent, ids)

    async def _send(self, http: aiohttp.ClientSession, sent: Sent, ids: Ids) -> None:
        query = "&".join(
            f"{name}={quote(ids.within(value)[:2000], safe='')}" for name, value in sent.query
        )
        path = ids.in_path(sent.path)
        body = None
        if sent.body is not None:
            body = json.dumps(ids.within(sent.body)).encode()
        kind = {} if body is None else {"content-type": "application/json"}
        url = URL(f"{path}?{query}" if query else path, encoded=True)
        async with http.request(sent.method, url, data=body, headers=kind) as answer:
            content = await answer.json() if answer.content_length else None
        self.outcomes[answer.status] += 1

        assert answer.status < 500, content
        assert (answer.status == 204) == (content is None)
        if answer.status >= 400:
            assert answer.status == content["status_code"]
            assert content["msg"]


def test_any_request_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    """No request makes the fake fail, and each refusal has the form of ngrok's."""
    player = Player()

    @settings(max_examples=30)
    @given(st.lists(st.one_of(list(all_requests())), min_size=10, max_size=60))
    def play(requests: list[Sent]) -> None:
        runner.run(player.play(requests))

    with asyncio.Runner() as runner:
        # The first filter loads what reads filters, and that changes the limit of recursion.
        runner.run(player.play([Sent("GET", "/endpoints", [("filter", "true")], None)]))
        play()

    assert {200, 201, 400, 404} <= player.outcomes.keys()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
