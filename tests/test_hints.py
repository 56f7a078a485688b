"""What people try first, and what they are told to write instead."""

import asyncio
import copy
import pickle
from collections.abc import Awaitable, Callable
from operator import attrgetter, itemgetter
from typing import Any, cast

import pytest

import ngrok_async
from ngrok_async import Client, Page
from ngrok_async._hints import ITEMS, OF_CLIENT, OF_RESOURCE, RESOURCES
from ngrok_async._lazy import Group, Lazy
from ngrok_async._operation import Resource, operations
from ngrok_async.resources import Ref

KEY = "2key-of-some-length"
LINES: dict[str, Any] = {
    name: line.load(Client) for name, line in vars(Client).items() if isinstance(line, Lazy)
}


def classes(found: dict[str, Any]) -> list[type[Resource]]:
    """Return all resource classes behind the lines of a client or group."""
    every: list[type[Resource]] = []
    for kind in found.values():
        if issubclass(kind, Group):
            inner = {n: m.load(kind) for n, m in vars(kind).items() if isinstance(m, Lazy)}
            every += classes(inner)
        else:
            every.append(kind)
    return every


CLASSES = classes(LINES)


# Names


def test_the_tables_know_every_name() -> None:
    """A resource, or the name of a list's items, that is added has to be in them."""
    items = {o.items for kind in CLASSES for o in operations(kind).values() if o.items}

    assert LINES.keys() == RESOURCES, "edit RESOURCES in ngrok_async/_hints.py"
    assert ITEMS == RESOURCES | items, "edit ITEMS in ngrok_async/_hints.py"


def test_what_the_tables_lead_to_exists() -> None:
    """No advice leads to what is missing too, and none is about what exists."""
    verbs = {verb for kind in CLASSES for verb in operations(kind)}

    for names in OF_CLIENT.values():
        assert all(name.startswith("`") or hasattr(Client, name) for name in names)
    for names in OF_RESOURCE.values():
        assert all(name.startswith("`") or name in verbs for name in names)
    assert [] == [name for name in OF_CLIENT if hasattr(Client, name)]


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("agents", "did you mean 'tunnel_sessions'?"),
        ("sessions", "did you mean 'tunnel_sessions'?"),
        ("tunnel_session", "did you mean 'tunnel_sessions'?"),
        ("tunnelsessions", "did you mean 'tunnel_sessions'?"),
        ("domains", "did you mean 'reserved_domains'?"),
        ("domain", "did you mean 'reserved_domains'?"),
        ("endpoint", "did you mean 'endpoints'?"),
        ("tunnel", "did you mean 'tunnels'?"),
        ("keys", "did you mean 'api_keys'?"),
        ("webhooks", "did you mean 'event_destinations'?"),
        ("close", "write `await ngrok.aclose()`"),
        ("wait_for", "write `from ngrok_async.jobs import wait_for`"),
        ("watch", "write `from ngrok_async.jobs import watch`"),
        ("tunnel_sessions.watch", "write `from ngrok_async.jobs import watch`"),
        ("tunnel_sessions.first", "write `await ...list().first()`"),
        ("tunnel_sessions.one", "write `await ...list().one()`"),
        ("get", 'write `await ngrok.request("GET", ...)`'),
        ("backends.failovr", "did you mean 'failover'?"),
        ("edges.http", "did you mean 'https'?"),
        ("tunnel_sessions.lst", "did you mean 'list'?"),
        ("tunnel_sessions.all", "did you mean 'list'?"),
        ("tunnel_sessions.retrieve", "did you mean 'get'?"),
        ("tunnel_sessions.delete", "did you mean 'stop'?"),
        ("tunnel_sessions.kill", "did you mean 'stop'?"),
        ("tunnel_sessions.reboot", "did you mean 'restart'?"),
        ("ip_policies.add", "did you mean 'create'?"),
        ("ip_policies.remove", "did you mean 'delete'?"),
        ("ip_policies.edit", "did you mean 'update'?"),
        ("edge_modules.tcp_edge_backend.update", "did you mean 'replace'?"),
    ],
)
def test_a_name_that_is_missing(path: str, instead: str) -> None:
    """What is near, or what other programs call it, is named; `hasattr` says no all the same."""
    owner, _, name = path.rpartition(".")
    found = attrgetter(owner)(Client(KEY)) if owner else Client(KEY)
    with pytest.raises(AttributeError) as caught:
        getattr(found, name)

    assert f"{type(found).__name__!r} object has no attribute {name!r}; {instead}" == str(
        caught.value
    )
    assert not hasattr(found, name)


@pytest.mark.parametrize("name", ["xylophone", "_agents", "__agents__"])
def test_a_name_that_nobody_knows(name: str) -> None:
    """There is Python's own text, and no guess. Private names are what tools ask for."""
    for owner in (Client(KEY), Client(KEY).tunnels, Client(KEY).backends):
        with pytest.raises(AttributeError, match=f"^'{type(owner).__name__}' .* '{name}'$"):
            getattr(owner, name)


@pytest.mark.parametrize("name", sorted(ITEMS | {"items", "pages", "collect", "first"}))
def test_the_items_of_a_page_have_one_name(name: str) -> None:
    """The official client has a name for each kind; whoever moves over is told ours."""
    page: Page[str] = Page(items=("a",))
    pager = Client(KEY).tunnels.list()
    for found, instead in ((page, "take page.items"), (pager, "`page = await ...list()`")):
        if hasattr(type(found), name):
            continue
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'; ") as caught:
            getattr(found, name)
        assert instead in str(caught.value)


@pytest.mark.parametrize(
    ("found", "name", "instead"),
    [
        (Page(items=()), "model_dump", "did you mean 'to_dict'?"),
        (Page(items=()), "next_cursor", "did you mean 'cursor'?"),
        (Page(items=()), "has_more", "did you mean 'cursor'?"),
        (Page(items=()), "first", "this is one page of a list: "),
        (Client(KEY).tunnels.list(), "one_or_none", "did you mean 'one'?"),
        (Client(KEY).tunnels.list(), "first_or_none", "did you mean 'first'?"),
        (Client(KEY).tunnels.list(), "filter", "write `list(filter=...)`"),
        (Client(KEY).tunnels.list(), "to_dict", "nothing has been fetched yet: "),
        (Ref(id="x"), "model_dump", "did you mean 'to_dict'?"),
        (Ref(id="x"), "json", "did you mean 'to_dict'?"),
        (Ref(id="x"), "dict", "did you mean 'to_dict'?"),
        (Ref(id="x"), "to_dcit", "did you mean 'to_dict'?"),
        (Ref(id="x"), "restart", "write `await ngrok.<resource>.restart(item)`"),
        (Ref(id="x"), "refresh", "write `await ngrok.<resource>.get(item)`"),
        (Ref(id="x"), "copy", "write `attrs.evolve(item, ...)`"),
        (ngrok_async, "ago", "write `from ngrok_async.filters import ago`"),
        (ngrok_async, "Condition", "write `from ngrok_async.filters import Condition`"),
        (ngrok_async, "wait_for", "write `from ngrok_async.jobs import wait_for`"),
        (ngrok_async, "watch", "write `from ngrok_async.jobs import watch`"),
        (ngrok_async, "plan_ip_rules", "write `from ngrok_async.jobs import plan_ip_rules`"),
    ],
)
def test_what_other_libraries_call_it(found: object, name: str, instead: str) -> None:
    """Of pages, pagers, models and the package itself: each is told what it is here."""
    with pytest.raises(AttributeError) as caught:
        getattr(found, name)

    assert f" has no attribute {name!r}; {instead}" in str(caught.value)


def test_a_model_is_no_dictionary() -> None:
    """It says what gives one, and is nothing to walk over either."""
    ref: Any = Ref(id="x")
    with pytest.raises(TypeError, match=r"^'Ref' object is not subscriptable; .*item\.to_dict\(\)"):
        ref["id"]
    with pytest.raises(TypeError, match=r"^'Ref' object is not iterable"):
        dict(ref)


def test_pages_and_pagers_have_no_length() -> None:
    """A page is a part, and ngrok does not tell how many there are; both still count as true."""
    page: Any = Page(items=())
    pager: Any = Client(KEY).tunnels.list()
    with pytest.raises(TypeError, match=r"^object of type 'Page' has no len\(\); .*page\.items"):
        len(page)
    with pytest.raises(TypeError, match=r"^object of type 'Pager' has no len\(\); .*`async for"):
        len(pager)

    assert page
    assert pager
    assert page == copy.deepcopy(page) == pickle.loads(pickle.dumps(page))  # noqa: S301 # our own


async def test_a_resource_is_no_list() -> None:
    """Its list is what it has, and a single item is to be asked for."""
    tunnels: Any = Client(KEY).tunnels
    with pytest.raises(TypeError, match=r"<Tunnels> is not iterable; write `async for .*list\(\)`"):
        aiter(tunnels)
    with pytest.raises(TypeError, match=r"<Tunnels> is not subscriptable; .*get\(id\)"):
        tunnels["tn_1"]
    with pytest.raises(TypeError, match=r"list\(\)"):
        list(tunnels)


# Calls


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda ngrok: ngrok.ip_policies.create("office"), "description=..., metadata=..."),
        (lambda ngrok: ngrok.ip_policies.update("ipp_1", "x"), "description=..., metadata=..."),
        (lambda ngrok: ngrok.endpoints.create("https://a"), "url=..., "),
        (lambda ngrok: ngrok.tunnel_sessions.list(10), "before_id=..., limit=..., filter=..."),
        (lambda ngrok: ngrok.credentials.create("x", 1), "acl=..."),
    ],
    ids=["create", "update", "many fields", "list", "two"],
)
async def test_arguments_by_position(call: Callable[[Any], Any], instead: str) -> None:
    """What has a name is passed by it, and which names there are is said."""
    async with Client(KEY) as ngrok:
        with pytest.raises(TypeError, match=r"positional argument.*; pass by name: ") as caught:
            await call(ngrok)

    assert instead in str(caught.value)
    assert "office" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda ngrok: ngrok.tunnels.list(filter="x"), "; ngrok has no filter for this list, "),
        (lambda ngrok: ngrok.tunnels.list(os="x"), "'os'"),
        (lambda ngrok: ngrok.tunnel_sessions.list(os="x"), "; conditions go into filter=, "),
        (lambda ngrok: ngrok.tunnel_sessions.list(where="x"), "; conditions go into filter=, "),
        (lambda ngrok: ngrok.tunnels.list(cursor="x"), "; a cursor is passed as before_id="),
        (lambda ngrok: ngrok.tunnel_sessions.list(limt=1), "argument 'limt'"),
    ],
    ids=["no filter", "no field", "field", "where", "cursor", "slip"],
)
def test_keywords_that_a_list_does_not_have(call: Callable[[Any], Any], instead: str) -> None:
    """A condition has one place, and so has a cursor; of a slip of the pen Python says enough."""
    with pytest.raises(TypeError, match=r"unexpected keyword argument") as caught:
        call(Client(KEY))

    text = str(caught.value)
    assert instead in text
    assert instead.startswith(";") == (";" in text)


async def test_what_is_no_list_has_no_filter() -> None:
    """And nothing is said of lists there."""
    ngrok: Any = Client(KEY)
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'filter'$"):
        await ngrok.endpoints.get("a", filter="x")


@pytest.mark.parametrize("arguments", [("a", "b"), ()], ids=["surplus", "missing"])
async def test_calls_that_take_no_names(arguments: tuple[str, ...]) -> None:
    """There is nothing to add to Python's own text."""
    ngrok: Any = Client(KEY)
    with pytest.raises(TypeError) as caught:
        await ngrok.tunnel_sessions.get(*arguments)

    assert "by name" not in str(caught.value)


CONSTRUCTOR = ["api_key", "base_url", "clock", "limiter", "middlewares", "on_event", "session"]


@pytest.mark.parametrize("name", CONSTRUCTOR)
def test_options_that_only_a_client_has(name: str) -> None:
    """A view shares them, so it takes another client; the value is not shown."""
    client: Any = Client(KEY)
    with pytest.raises(TypeError, match=rf"'{name}'; .*Client\({name}=...\)") as caught:
        client.with_options(**{name: "hidden"})

    assert "hidden" not in str(caught.value)


def test_options_that_nobody_has() -> None:
    """Python's own text, as for any misspelt keyword."""
    client: Any = Client(KEY)
    with pytest.raises(TypeError, match=r"^Client.with_options\(\) got an unexpected .* 'tineout'"):
        client.with_options(tineout=3)
    with pytest.raises(TypeError, match="positional"):
        client.with_options(3)


def test_a_client_is_for_async_with() -> None:
    """A plain `with` could not close the connections."""
    client: Any = Client(KEY)
    with pytest.raises(TypeError, match="write `async with Client"), client:
        pass


async def test_a_client_is_nothing_to_await() -> None:
    """Frameworks await whatever can be awaited, so it must not pretend to be."""
    assert not isinstance(Client(KEY), Awaitable)


@pytest.mark.parametrize(
    "wrong",
    ["https://api.ngrok.com/tunnels?before_id=tn_1", "https://api.ngrok.com/tunnels/tn_1"],
    ids=["link", "uri"],
)
async def test_an_address_in_place_of_an_id(wrong: str) -> None:
    """Answers have both, and only ids go into calls."""
    ngrok = Client(KEY)
    with pytest.raises(ValueError, match=r"before_id must be an id .*got a URL.*`before_id=`"):
        ngrok.tunnels.list(before_id=wrong)
    with pytest.raises(ValueError, match="id must be the id of a resource, and not its address"):
        await ngrok.tunnels.get(wrong)


@pytest.mark.parametrize(
    "way",
    [asyncio.gather, lambda pager: asyncio.wait_for(pager, 9)],
    ids=["gather", "wait_for"],
)
async def test_what_takes_an_awaitable_takes_a_pager(way: Callable[[Any], Any]) -> None:
    """It is awaited there, so it is a call as any other."""
    ngrok = Client(KEY)
    await ngrok.aclose()
    with pytest.raises(Exception, match="closed"):
        await way(ngrok.tunnels.list())


async def test_a_task_is_made_of_a_coroutine() -> None:
    """That is asyncio's own rule and text, in which the pager says that `collect()` is one."""
    pager: Any = Client(KEY).tunnels.list()
    with pytest.raises(
        TypeError, match=r"a coroutine was expected, got <Pager /.* its collect\(\)"
    ):
        asyncio.create_task(pager)  # noqa: RUF006 # there is none
    async with asyncio.TaskGroup() as tasks:
        with pytest.raises(TypeError, match=r"its collect\(\) for all items"):
            tasks.create_task(pager)
    with pytest.raises(TypeError, match="'Pager' object is not subscriptable"):
        itemgetter(0)(cast("Any", pager))
