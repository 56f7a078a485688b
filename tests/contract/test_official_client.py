"""ngrok's own Python client against the fake: each of its methods, and all that it reads."""

import asyncio
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final, cast

import attrs
import pytest

from tools.contract.documented import (
    FACTS,
    Account,
    Answer,
    Body,
    answered,
    ask_for_everything,
    explained,
    serving,
    session,
    stale,
    unexplained,
)
from tools.contract.facts import Facts

THEIRS: Final[Any] = import_module("ngrok")  # it has no types
KNOWN: Final = explained("official")
CALLS: Final = re.compile(r'path = "(.+?)"\n.*http_client\.(\w+)\(', re.DOTALL)


@pytest.fixture(scope="module", name="problems")
def _problems() -> frozenset[str]:
    """Call everything once."""

    async def call() -> frozenset[str]:
        async with serving() as fake, session(fake) as http:
            account = TheirAccount(http, client=THEIRS.Client(fake.api_key, fake.url))
            await ask_for_everything(account)

            assert not account.unused
            # All but what only bodies have.
            assert not (vars(import_module("ngrok.datatypes")).keys() & answered()) - account.read
            return frozenset(account.problems)

    return asyncio.run(call())


def test_it_can_do_and_read_everything(problems: frozenset[str]) -> None:
    """What it cannot is its own fault, and listed with the reason."""
    assert not unexplained(problems, KNOWN)


def test_what_it_cannot_is_so(problems: frozenset[str]) -> None:
    """A fault that is listed is one."""
    assert not stale(problems, KNOWN)


def test_it_misses_only_what_ngrok_leaves_out(problems: frozenset[str]) -> None:
    """A field that it cannot read is one that some documented answers lack."""
    for problem in problems:
        place, _, kind = problem.partition(": ")
        if kind == "KeyError":
            schema, _, field = place.partition(".")

            assert FACTS["schemas"][schema][field]["answers"] in {"sometimes", "never"}, place


def methods(client: Any) -> dict[str, tuple[str, Callable[..., Any]]]:  # noqa: ANN401 # theirs
    """Return the names and the methods of a client by what they send, such as "GET /tunnels"."""
    found: dict[str, tuple[str, Callable[..., Any]]] = {}
    for place, service in _services(client, ""):
        for name, method in inspect.getmembers(service, inspect.ismethod):
            if not name.startswith("_"):
                call = CALLS.search(inspect.getsource(method))
                assert call, f"{place}{name}"
                found[f"{call[2].upper()} {call[1]}"] = (f"{place}{name}", method)
    return found


def _services(owner: Any, place: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 # theirs
    names = getattr(owner, "_fields", None)
    for name in names or [
        n for n, p in vars(cast("type[object]", type(owner))).items() if isinstance(p, property)
    ]:
        member = getattr(owner, name)
        if hasattr(member, "_fields"):
            yield from _services(member, f"{place}{name}.")
        else:
            yield f"{place}{name}.", member


@attrs.define
class TheirAccount(Account):
    """An account that is used through ngrok's client, where that has a method.

    Attributes:
        client: The client.
        unused: What it can do and has not done yet.
        problems: What failed.
        read: The names of the classes of which an object was read.
    """

    client: Any = None
    unused: dict[str, tuple[str, Callable[..., Any]]] = attrs.field(
        factory=dict[str, tuple[str, Callable[..., Any]]]
    )
    problems: set[str] = attrs.field(factory=set[str])
    read: set[str] = attrs.field(factory=set[str])
    _raw: Any = attrs.field(init=False, default=None)
    _all: Mapping[str, tuple[str, Callable[..., Any]]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Find its methods, and keep what it is answered, before it makes objects of that."""
        self._all = methods(self.client)
        self.unused = dict(self._all)
        send: Callable[..., Any] = self.client.http_client.do

        def do(*args: object, **kwargs: object) -> Any:  # noqa: ANN401 # JSON
            answer = send(*args, **kwargs)
            self._raw = deepcopy(answer)
            return answer

        self.client.http_client.do = do

    async def ask(self, operation: Facts, body: Body | None = None) -> Answer:
        """Call their method; if there is none or it fails, send the request as it should be."""
        route = f"{operation['method']} {operation['path']}"
        if route not in self._all:
            return await super().ask(operation, body)
        self.unused.pop(route, None)
        name, method = self._all[route]
        ids = dict(zip(re.findall(r"\{(\w+)\}", operation["path"]), self._ids(route), strict=True))
        arguments = _arguments(operation, self.put(dict(body or {})))
        try:
            got = await asyncio.to_thread(method, **ids, **arguments)
        except Exception as error:  # noqa: BLE001 # whatever it is, it is their way to fail
            code = getattr(error, "error_code", None) or type(error).__name__
            self.problems.add(f"{name}: {code}")
            return await super().ask(operation, body)
        self.problems.update(self._unreadable(got))
        answer = Answer(route, operation, operation["status"], self._raw)
        self.answers.append(answer)
        return answer

    def _ids(self, route: str) -> list[str]:
        template = route.partition(" ")[2].split("/")
        path = self.path(route.partition(" ")[2]).split("/")
        return [value for part, value in zip(template, path, strict=True) if part[:1] == "{"]

    def _unreadable(self, value: Any) -> Iterator[str]:  # noqa: ANN401 # JSON, or an object of theirs
        """Read all that an object has, at any depth."""
        kind = cast("type[object]", type(value))
        if kind is list:
            for item in value:
                yield from self._unreadable(item)
        if kind.__module__ != "ngrok.datatypes":
            return
        self.read.add(kind.__name__)
        for name, member in vars(kind).items():
            if isinstance(member, property):
                try:
                    yield from self._unreadable(getattr(value, name))
                except Exception as error:  # noqa: BLE001 # as above
                    yield f"{kind.__name__}.{name}: {type(error).__name__}"


def _arguments(operation: Facts, body: Body) -> Body:
    if operation["method"] == "PUT":
        return {"module": SimpleNamespace(_props=body)}
    known = operation.get("body", {})
    return {name: _argument(known[name]["type"], value) for name, value in body.items()}


def _argument(kind: str, value: Any) -> Any:  # noqa: ANN401 # JSON in, objects like theirs out
    if kind[0] == "[" and kind[1:-1] in FACTS["schemas"]:
        return [SimpleNamespace(_props=item) for item in value]
    return SimpleNamespace(_props=value) if kind in FACTS["schemas"] else value
