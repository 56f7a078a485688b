"""Resources that are imported on first use."""

import json
import subprocess
import sys
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, TypeVar

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
    assert owner is found.caller
    assert {"tunnels": found} == vars(owner)
    assert found is owner.tunnels


def test_each_owner_has_resources_of_its_own() -> None:
    """They send through whom they were reached through."""
    one, other = Owner(), Owner()

    assert one.tunnels is not other.tunnels
    assert (one, other) == (one.tunnels.caller, other.tunnels.caller)


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
    assert owner is found.caller


def test_a_group_is_reached_like_a_resource() -> None:
    """Through it, requests go to the client that it was reached from."""
    owner = Owner()

    assert owner.backends is owner.backends
    assert owner.backends.failover is owner.backends.failover
    assert owner is owner.backends.failover.caller
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

    assert client is before.caller
    assert view is attrgetter(path)(view).caller


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
