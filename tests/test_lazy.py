"""Resources that are imported on first use, and what test doubles make of them."""

import inspect
import json
import pydoc
import subprocess
import sys
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from unittest.mock import AsyncMock, MagicMock, Mock, create_autospec, patch

import pytest

import ngrok_async
from ngrok_async import Client, Request, Timeout
from ngrok_async._lazy import Group, Lazy
from ngrok_async._request import Limits, Progress
from ngrok_async.resources.edges import Backends
from ngrok_async.resources.edges.backends import FailoverBackends
from ngrok_async.resources.edges.tcp import EdgesTCP
from ngrok_async.resources.tunnels import Tunnels

T = TypeVar("T")


class Pair(Group):
    """A group whose resources each name their module."""

    tcp: ClassVar[Lazy[EdgesTCP]] = Lazy("EdgesTCP", module="edges.tcp")
    tunnels: ClassVar[Lazy[Tunnels]] = Lazy("Tunnels")


class Shelf(Group, module="edges.backends"):
    """A group whose resources are in one module."""

    failover: ClassVar[Lazy[FailoverBackends]] = Lazy("FailoverBackends")
    tcp: ClassVar[Lazy[EdgesTCP]] = Lazy("EdgesTCP", module="edges.tcp")


class Owner:
    """What a resource needs of the client, with a few of its lines."""

    base_url = "https://api.ngrok.com"
    prefetch = False

    tunnels: Lazy[Tunnels] = Lazy("Tunnels")
    backends: Lazy[Backends] = Lazy("Backends", module="edges")
    nowhere: Lazy[Any] = Lazy("Nowhere")
    tunnel_sessions: Lazy[Any] = Lazy("Misspelt")

    def limits(self) -> Limits:
        """Set none."""
        return {"timeout": Timeout(), "max_wait": None, "on_event": None, "progress": Progress()}

    async def call(self, request: Request, decode: Callable[[bytes], T]) -> T:
        """Answer with an empty object."""
        self.request = request
        return decode(b"{}")


def test_a_line_names_its_class() -> None:
    """In `help(Client)` it would be an address otherwise."""
    assert "<Tunnels, loaded when it is used>" == repr(Owner.tunnels)


def test_a_line_becomes_the_resource() -> None:
    """The module is found under the attribute's name; from then on it is a plain attribute."""
    owner = Owner()
    found = owner.tunnels

    assert isinstance(found, Tunnels)
    assert owner is found.client
    assert {"tunnels": found} == vars(owner)
    assert found is owner.tunnels


def test_each_owner_has_resources_of_its_own() -> None:
    """They send through whom they were reached through."""
    one, other = Owner(), Owner()

    assert one.tunnels is not other.tunnels
    assert (one, other) == (one.tunnels.client, other.tunnels.client)


def test_on_the_class_it_is_the_line_itself() -> None:
    """Looking at a class imports nothing."""
    assert vars(Owner)["nowhere"] is Owner.nowhere


def test_a_line_can_be_loaded_without_an_owner() -> None:
    """Tools find the class behind a line, and no object comes into being."""
    assert Tunnels is Owner.tunnels.load(Owner)
    assert FailoverBackends is Shelf.failover.load(Shelf)


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [
        (Pair, "tcp", EdgesTCP),
        (Pair, "tunnels", Tunnels),
        (Shelf, "failover", FailoverBackends),
        (Shelf, "tcp", EdgesTCP),
    ],
    ids=["own module", "attribute's name", "group's module", "own module before the group's"],
)
def test_groups_say_where_their_resources_are(
    group: type[Group], name: str, expected: type
) -> None:
    """A line's own module comes first, then the group's, then the attribute's name."""
    owner = Owner()
    found = getattr(group(owner), name)

    assert expected is type(found)
    assert owner is found.client


def test_a_group_is_reached_like_a_resource() -> None:
    """Through it, requests go to the client that it was reached from."""
    owner = Owner()

    assert owner.backends is owner.backends
    assert owner.backends.failover is owner.backends.failover
    assert owner is owner.backends.failover.client
    assert "<Backends>" == repr(owner.backends)


@pytest.mark.parametrize(
    ("name", "error"), [("nowhere", ImportError), ("tunnel_sessions", AttributeError)]
)
def test_a_wrong_line_is_an_error_that_names_what_is_missing(
    name: str, error: type[Exception]
) -> None:
    """A mistake in the table of contents; nothing half-made is kept."""
    owner = Owner()

    with pytest.raises(error, match=r"resources\.(nowhere|tunnel_sessions)"):
        getattr(owner, name)
    assert {} == vars(owner)


@pytest.mark.parametrize("path", ["tunnels", "backends.failover", "edges.https", "backends"])
def test_views_have_resources_of_their_own(path: str) -> None:
    """Else the options of `with_options` would not apply to what was used before."""
    client = Client("key", limiter=None)
    before = attrgetter(path)(client)
    view = client.with_options(max_wait=1)

    assert client is before.client
    assert view is attrgetter(path)(view).client


def test_only_what_is_used_is_imported() -> None:
    """A resource brings its own module and what that needs; a group alone brings no table."""
    program = """
import json, sys
from ngrok_async import Client
def loaded(): return sorted(n for n in sys.modules if n.startswith("ngrok_async.resources."))
client, steps = Client("key", limiter=None), []
client.tunnels; steps.append(loaded())
client.edge_modules; steps.append(loaded())
client.edges.tcp; steps.append(loaded())
print(json.dumps([[n.removeprefix("ngrok_async.resources.") for n in step] for step in steps]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(ngrok_async.__file__).parents[1],
        capture_output=True,
        check=True,
        text=True,
    )

    assert [
        ["_shared", "tunnels"],
        ["_shared", "edges", "tunnels"],
        ["_shared", "edges", "edges._models", "edges.tcp", "tunnels"],
    ] == json.loads(done.stdout)


# Looking at the class and at a client

KEY = "2key-of-some-length"
LOOK = {
    "dir": "dir(Client)",
    "getmembers": "inspect.getmembers(Client)",
    "classify_class_attrs": "inspect.classify_class_attrs(Client)",
    "help": "pydoc.render_doc(Client)",
    "type hints": "typing.get_type_hints(Client)",
    "create_autospec": "create_autospec(Client, instance=True)",
    "MagicMock": "MagicMock(spec=Client).tunnels.get",
    "AsyncMock": "AsyncMock(spec=Client).tunnels.get",
}


def test_looking_at_the_class_imports_nothing() -> None:
    """Neither tools nor test doubles make a program pay for what it does not use."""
    program = f"""
import inspect, json, pydoc, sys, typing
from unittest.mock import AsyncMock, MagicMock, create_autospec
from ngrok_async import Client
for step in {list(LOOK.values())}:
    eval(step)
    for name in sys.modules:
        assert not name.startswith("ngrok_async.resources."), (step, name)
double = create_autospec(Client, instance=True)
double.tunnels.get("tn_1").close()
print(sorted(name for name in sys.modules if name.startswith("ngrok_async.resources.")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(ngrok_async.__file__).parents[1],
        capture_output=True,
        check=False,
        text=True,
    )

    assert "" == done.stderr
    assert "['ngrok_async.resources._shared', 'ngrok_async.resources.tunnels']" in done.stdout


def test_a_client_can_be_looked_at() -> None:
    """Debuggers, completion and dependency injectors ask for every attribute."""
    client = Client(KEY)
    members = dict(inspect.getmembers(client))

    assert set(dir(client)) >= members.keys() >= {"tunnels", "backends", "budget", "clock"}
    assert {"get", "list", "restart", "client"} <= set(dir(Client.tunnel_sessions))
    assert "tunnel_sessions" in pydoc.render_doc(client)
    assert "update" in pydoc.render_doc(client.tunnel_sessions)


PATHS = ["tunnel_sessions", "reserved_domains", "backends.failover", "edges.https"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("of", ["the class", "a client", "the constructor"])
async def test_autospec_has_what_a_client_has(of: str, path: str) -> None:
    """Operations can be awaited and are held to their signatures, also in groups."""
    double = {
        "the class": lambda: create_autospec(Client, instance=True, spec_set=True),
        "a client": lambda: create_autospec(Client(KEY)),
        "the constructor": lambda: create_autospec(Client)(KEY),
    }[of]()
    resource = attrgetter(path)(double)
    resource.get.return_value = "it"

    assert "it" == await resource.get("x_1")
    resource.get.assert_awaited_once_with("x_1")
    with pytest.raises(TypeError, match="missing a required argument: 'id'"):
        resource.get()
    with pytest.raises(TypeError, match="unexpected keyword argument 'limits'"):
        resource.list(limits=3)
    with pytest.raises(AttributeError, match="fetch"):
        resource.fetch("x_1")
    with pytest.raises(AttributeError, match="tunel"):
        _ = double.tunel


async def test_autospec_has_pagers_that_can_be_walked() -> None:
    """As far as a double can know: what it is told to give."""
    double = create_autospec(Client, instance=True)
    double.tunnels.list.return_value.__aiter__.return_value = ["a", "b"]
    double.tunnels.list.return_value.collect = AsyncMock(return_value=["c"])

    assert ["a", "b"] == [item async for item in double.tunnels.list(limit=2)]
    assert ["c"] == await double.tunnels.list().collect()
    double.request.return_value = {}
    assert {} == await double.request("GET", "/x")


class Plain:
    """What other clients look like."""

    @property
    def tunnels(self) -> Tunnels:
        """A resource."""
        raise NotImplementedError

    async def request(self) -> None:
        """A call."""


@pytest.mark.parametrize("kind", [Mock, MagicMock, AsyncMock])
@pytest.mark.parametrize("option", ["spec", "spec_set"])
async def test_doubles_with_a_spec_are_as_those_of_properties(
    option: str, kind: Callable[..., Any]
) -> None:
    """Resources are there, calls of the client can be awaited, and what is misspelt is missing."""
    double, plain = kind(**{option: Client}), kind(**{option: Plain})

    for path in ("tunnels", "tunnels.get", "request"):
        found, expected = attrgetter(path)(double), attrgetter(path)(plain)
        assert type(expected).__name__ == type(found).__name__
    await double.request("GET", "/x")
    with pytest.raises(AttributeError, match="tunel"):
        _ = double.tunel


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("autospec", [None, True])
async def test_an_operation_can_be_patched(path: str, autospec: bool | None) -> None:  # noqa: FBT001 # as `patch` has it
    """On the client's resource, and the client is as before afterwards."""
    client = Client(KEY)
    resource = attrgetter(path)(client)
    before = resource.get
    with patch.object(resource, "get", autospec=autospec) as get:
        get.return_value = "it"

        assert "it" == await attrgetter(path)(client).get("x_1")
    assert before == resource.get


def test_a_resource_can_be_patched() -> None:
    """On a client, for its views as well, or on the class for all clients."""
    client = Client(KEY)
    with patch.object(client, "tunnels", autospec=True) as double:
        assert double is client.tunnels is client.with_options(retry=None).tunnels
    assert isinstance(client.tunnels, Tunnels)
    with patch.object(Client, "tunnels") as double:
        assert double is Client(KEY).tunnels
    assert isinstance(Client(KEY).tunnels, Tunnels)


def test_a_resource_on_the_class_says_that_a_client_is_missing() -> None:
    """`Client.tunnels.list()`, where `Client()` was meant."""
    cls: Any = Client
    with pytest.raises(
        AttributeError, match=r"Client\.tunnels is used on the class; make a client"
    ):
        cls.tunnels.list()
    with pytest.raises(AttributeError, match=r"Backends\.failover is used on the class"):
        cls.backends.failover.list()
    assert not hasattr(cls.tunnels, "lst")
    assert not hasattr(cls.tunnels, "_private")
