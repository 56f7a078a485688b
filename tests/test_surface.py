"""The public surface: what can be imported, what it costs, and that it is documented."""

import inspect
import json
import pickle
import pydoc
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from pkgutil import walk_packages
from types import FunctionType, ModuleType
from typing import Any, Final, get_type_hints

import pytest

import ngrok_async
from ngrok_async import Client, errors, resources, testing
from ngrok_async._lazy import Group, Lazy
from ngrok_async._operation import Operation, Resource, operations
from tools.contract import facts

# Where a word begins in `TunnelSessions`, and in `IPPolicies`.
WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
TYPING: Final = Path(__file__).parent / "typing" / "api.py"


def modules() -> list[str]:
    """Return the names of all modules of the package but the programs."""
    found = walk_packages(ngrok_async.__path__, "ngrok_async.")
    return [module.name for module in found if not module.name.endswith("__main__")]


def resource_classes() -> list[type[Resource]]:
    """Return the resource classes that callers meet, from where each of them is written."""
    return [
        member
        for name in modules()
        if "._" not in name
        for member in vars(import_module(name)).values()
        if isinstance(member, type) and issubclass(member, Resource)
        if member.__module__ == name
    ]


def lines(owner: type, prefix: str = "") -> Iterator[tuple[str, type, Lazy[Any]]]:
    """Return all lazy lines of the client and its groups: path, owner, and the line."""
    for name, line in vars(owner).items():
        if isinstance(line, Lazy):
            yield f"{prefix}{name}", owner, line
            kind = line.load(owner)
            if isinstance(kind, type) and issubclass(kind, Group):
                yield from lines(kind, f"{prefix}{name}.")


def plain(name: str) -> str:
    """Return a name without what sets its words apart."""
    return name.replace("_", "").replace(".", "").lower()


LINES: Final = {path: (owner, line) for path, owner, line in lines(Client)}
KINDS: Final[Mapping[str, Any]] = {path: line.load(owner) for path, (owner, line) in LINES.items()}
GROUPS: Final = {path: kind for path, kind in KINDS.items() if issubclass(kind, Group)}
RESOURCES: Final = {path: kind for path, kind in KINDS.items() if issubclass(kind, Resource)}
OPERATIONS: Final[Mapping[str, Operation]] = {
    f"{path}.{verb}": operation
    for path, kind in RESOURCES.items()
    for verb, operation in operations(kind).items()
}
PLAIN: Final = [path for path in RESOURCES if "." not in path]
MODULES: Final = [path for path in RESOURCES if path.startswith("edge_modules.")]
OTHER_ROOTS: Final = {
    "application_sessions": "/app/sessions",
    "application_users": "/app/users",
    "backends.static_address": "/backends/static",
    "edges.https_routes": "/edges/https/{edge_id}/routes",
    "event_sources": "/event_subscriptions/{subscription_id}/sources",
    "secrets": "/vault_secrets",
}
"""Where ngrok itself has two words: the official client's, and the API's."""
CLASSES: Final = [
    name for name in ngrok_async.__all__ if isinstance(getattr(ngrok_async, name), type)
]


def constants_first(name: str) -> tuple[int, str]:
    """Return the key that names are sorted by: CONSTANTS, Classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize(
    "module", [ngrok_async, errors, resources, testing], ids=lambda m: m.__name__
)
def test_all_is_sorted_and_complete(module: ModuleType) -> None:
    """`__all__` has each name once, in order, and whatever else a reader would find there."""
    names = module.__all__
    found = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    if module is ngrok_async:  # it has the fake by name, but `import *` shall not load it
        found.discard("FakeNgrok")
    if module is errors:  # it has what it imports beside what it defines
        found = {name for name in found if isinstance(vars(errors)[name], type)}
        found = {name for name in found if vars(errors)[name].__module__ == errors.__name__}

    assert sorted(set(names), key=constants_first) == names
    assert found == {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("name", ngrok_async.__all__)
def test_every_public_name_is_held_to_its_type(name: str) -> None:
    """No public name without a line in the file that the type checkers read."""
    assert re.search(rf"\b{re.escape(name)}\b", TYPING.read_text("utf-8"))


@pytest.mark.parametrize("name", CLASSES)
def test_every_public_class_is_documented(name: str) -> None:
    """So is each of its public methods and properties."""
    value = getattr(ngrok_async, name)

    assert inspect.cleandoc(value.__doc__ or "")
    members = {name: member for name, member in vars(value).items() if not name.startswith("_")}
    described = (property, FunctionType, classmethod)
    assert [] == [
        name
        for name, member in members.items()
        if isinstance(member, described) and not inspect.getdoc(member)
    ]


@pytest.mark.parametrize("path", KINDS)
def test_every_resource_says_what_it_is(path: str) -> None:
    """So does every group: a sentence first."""
    text = inspect.getdoc(KINDS[path]) or ""

    assert re.match(r"[A-Z].*\.$", text.partition("\n")[0])


@pytest.mark.parametrize("path", RESOURCES)
def test_every_resource_says_where_ngrok_documents_it(path: str) -> None:
    """With a link to the reference, or where there is no page to an error's or the commands'."""
    text = inspect.getdoc(RESOURCES[path]) or ""
    links = re.findall(r"^https://ngrok\.com/docs/\S+$", text, re.MULTILINE)

    assert 1 == len(links), f"{RESOURCES[path].__name__} needs a line with its page at ngrok"
    assert re.match(".*/docs/(api-reference/.+|errors/.+|agent/cli-api)", links[0])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_documents_its_keywords(name: str) -> None:
    """The docstring begins with a sentence, names each keyword, and no other under `Args:`."""
    operation = OPERATIONS[name]
    text = inspect.getdoc(operation.function) or ""
    keywords = [
        parameter.name
        for parameter in operation.parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]

    assert re.match(r"[A-Z][^.]*[.;]", text)
    assert [] == [keyword for keyword in keywords if not re.search(rf"\b{keyword}\b", text)]
    described = re.findall(r"^    (\w+): \S", text.partition("\nArgs:\n")[2], re.MULTILINE)
    assert set(described) <= set(operation.parameters)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_typed_as_it_is_sent(name: str) -> None:
    """What is in the path comes by position, all else by name; so does the module of a PUT."""
    operation = OPERATIONS[name]
    positional = [
        parameter.name
        for parameter in operation.parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    module = ["module"] if operation.method == "PUT" else []

    assert [*operation.path_names, *module] == positional
    assert {*operation.parameters, "return"} == set(operation.hints)
    assert operation.method != "PUT" or len(positional) == len(operation.parameters)


@pytest.mark.parametrize("name", ["before_id", "limit", "filter"])
def test_the_pager_describes_what_lists_refer_to(name: str) -> None:
    """The docstrings of lists say "as on `Pager`" of the parameters that they all have."""
    assert re.search(rf"^- `{name}`: \w", inspect.getdoc(ngrok_async.Pager) or "", re.MULTILINE)


def public_callables() -> Iterator[tuple[str, Any]]:
    """Return all that callers can call or subclass: functions, classes, methods and properties."""
    seen: set[object] = set()
    for module in ("ngrok_async", *modules()):
        if "._" in module:
            continue  # what callers get of these, the public ones have as well
        for name, value in vars(import_module(module)).items():
            ours = getattr(value, "__module__", "").startswith("ngrok_async")
            if name.startswith("_") or not ours or not isinstance(value, type | FunctionType):
                continue
            if value in seen:
                continue
            seen.add(value)
            yield f"{module}.{name}", value
            for member, found in vars(value).items() if isinstance(value, type) else ():
                inner = found.fget if isinstance(found, property) else found
                inner = getattr(inner, "__func__", inner)
                private = member.startswith("_") and not member.endswith("__")
                if isinstance(inner, FunctionType) and not private:
                    yield f"{module}.{name}.{member}", inner


def test_every_annotation_can_be_resolved() -> None:
    """Dependency injectors and validators do so; a name that is there for type checkers fails."""
    wrong: list[str] = []
    count = 0
    for name, value in public_callables():
        count += 1
        try:
            get_type_hints(value, include_extras=True)
            inspect.signature(value, eval_str=True)
        except Exception as error:  # noqa: BLE001 # all of them are to be seen
            if "no signature found" not in str(error):  # enumerations and the like, in C
                wrong.append(f"{name}: {error!r}")

    assert [] == wrong
    assert count > 1200


# The law of one name


@pytest.mark.parametrize("path", PLAIN)
def test_attribute_module_and_class_have_one_name(path: str) -> None:
    """Find one and you have all."""
    kind = RESOURCES[path]

    assert f"ngrok_async.resources.{path}" == kind.__module__
    assert path == WORDS.sub("_", kind.__name__).lower()


@pytest.mark.parametrize("path", [path for path in RESOURCES if path not in MODULES])
def test_the_url_has_the_name_of_the_attribute(path: str) -> None:
    """The shortest path of a resource is its name, except where ngrok has another word."""
    root = min((operation.template for operation in operations(RESOURCES[path]).values()), key=len)
    root = root.removesuffix("/{id}")

    assert OTHER_ROOTS.get(path, "/" + path.replace(".", "/")) == root


def test_exceptions_from_the_law_are_needed() -> None:
    """No exception for what does not exist, nor for what keeps to the law."""
    assert set() == OTHER_ROOTS.keys() - RESOURCES.keys()
    assert [] == [
        path for path, root in OTHER_ROOTS.items() if root == "/" + path.replace(".", "/")
    ]


@pytest.mark.parametrize("path", GROUPS)
def test_groups_have_one_name_with_their_class(path: str) -> None:
    """All of them are in the package `edges`: the family that ngrok has switched off."""
    assert "ngrok_async.resources.edges" == GROUPS[path].__module__
    assert path == WORDS.sub("_", GROUPS[path].__name__).lower()


@pytest.mark.parametrize("path", [path for path in RESOURCES if path not in PLAIN])
def test_members_of_groups_are_in_the_module_of_their_group(path: str) -> None:
    """Edges have a module each; backends and edge modules are one table each."""
    group, _, name = path.partition(".")
    module = f"edges.{name}" if group == "edges" else f"edges.{group}"

    assert f"ngrok_async.resources.{module}" == RESOURCES[path].__module__


@pytest.mark.parametrize("path", [path for path in RESOURCES if path.startswith("edges.")])
def test_edges_have_the_name_of_their_path(path: str) -> None:
    """`edges.https_routes` is `EdgesHTTPSRoutes`."""
    assert plain(path) == plain(RESOURCES[path].__name__)


@pytest.mark.parametrize("path", [path for path in RESOURCES if path.startswith("backends.")])
def test_backends_have_the_name_of_their_path(path: str) -> None:
    """`backends.tunnel_group` is `TunnelGroupBackends`; ngrok has two words for a static one."""
    name = path.removeprefix("backends.").removesuffix("_address")

    assert plain(f"{name}_backends") == plain(RESOURCES[path].__name__)


@pytest.mark.parametrize("path", MODULES)
def test_edge_modules_have_the_name_of_their_url(path: str) -> None:
    """`https_edge_route_oauth` is the last part of a route's URL, and `EdgeRouteOAuthModule`."""
    name = path.removeprefix("edge_modules.")
    kind, _, module = name.partition("_edge_")
    of_a_route = module.startswith("route_")
    between = "{edge_id}/routes/{id}" if of_a_route else "{id}"
    templates = {operation.template for operation in operations(RESOURCES[path]).values()}
    shown = name.removeprefix("https_") if of_a_route else name

    assert {f"/edges/{kind}/{between}/{module.removeprefix('route_')}"} == templates
    assert plain(f"{shown}_module") == plain(RESOURCES[path].__name__)
    assert ["get", "replace", "delete"] == list(operations(RESOURCES[path]))


# The lines of the client


@pytest.mark.parametrize("path", KINDS)
def test_every_line_loads_what_it_names(path: str) -> None:
    """The second access finds the same object, which sends through the client."""
    client = Client("key", limiter=None)
    found = attrgetter(path)(client)

    assert KINDS[path] is type(found)
    assert found is attrgetter(path)(client)
    assert client is found.client


def test_there_is_a_line_for_every_resource() -> None:
    """What is in `resources` can be reached, under one path, and nothing else can."""
    names = [kind.__name__ for kind in resource_classes()]

    assert sorted(facts.load()["services"]) == sorted(names)
    assert sorted(names) == sorted(kind.__name__ for kind in RESOURCES.values())


@pytest.mark.parametrize("path", LINES)
def test_a_line_loads_nothing_on_the_class(path: str) -> None:
    """Tools that look at the class find the line itself."""
    owner, line = LINES[path]

    assert line is getattr(owner, path.rpartition(".")[2])


def test_the_lines_are_in_order() -> None:
    """The client is the table of contents."""
    names = [path for path in LINES if "." not in path]

    assert sorted(names) == names


# The package itself: names that are loaded on first use


def loaded(program: str) -> set[str]:
    """Return which modules a new process has loaded by the end of a program."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; import json, sys; print(json.dumps([*sys.modules]))"],
        cwd=Path(ngrok_async.__file__).parents[1],
        capture_output=True,
        check=True,
        text=True,
    )

    assert "" == done.stderr
    return set(json.loads(done.stdout))


def ours(names: set[str]) -> list[str]:
    """Return the modules of the package itself among others."""
    return sorted(name for name in names if name.startswith("ngrok_async"))


def test_import_loads_nothing_yet() -> None:
    """Neither aiohttp nor anything of ours: a command line and a test plugin want to begin fast."""
    names = loaded("import ngrok_async; dir(ngrok_async)")

    assert ["ngrok_async", "ngrok_async._version"] == ours(names)
    assert set() == {"aiohttp", "asyncio", "attr", "cattrs", "typing"} & (names - loaded("pass"))


@pytest.mark.parametrize("name", ["NotFoundError", "UNSET", "Filtre", "errors", "resources"])
def test_what_is_no_client_loads_no_aiohttp(name: str) -> None:
    """Errors can be caught, and a misspelt name be told of, without it."""
    assert "aiohttp" not in loaded(f"import ngrok_async; getattr(ngrok_async, {name!r}, None)")


def test_a_client_loads_no_more_than_it_needs() -> None:
    """Resources come on first use; the test double and the extras never come along."""
    names = loaded("from ngrok_async import *; Client")

    assert "ngrok_async.client" in ours(names)
    assert [] == [name for name in ours(names) if name.startswith("ngrok_async.resources")]
    assert [] == [name for name in ours(names) if name.startswith("ngrok_async.testing")]
    extras = {"celpy", "lark", "orjson", "msgspec", "hypothesis", "pytest", "redis", "unittest"}
    extras |= {"fastapi", "pydantic", "pydantic_core"}
    assert set() == extras.intersection(name.partition(".")[0] for name in names)


MEMBERS: Final = [
    "client",
    "errors",
    "events",
    "filters",
    "jobs",
    "pagination",
    "resources",
    "unset",
]


@pytest.mark.parametrize("name", [*ngrok_async.__all__, *MEMBERS, "FakeNgrok"])
def test_every_name_is_found_and_kept(name: str) -> None:
    """By attribute and by import, and the second time without asking for it again."""
    namespace: dict[str, object] = {}
    vars(ngrok_async).pop("FakeNgrok", None)  # whoever used it before has kept it
    exec(f"from ngrok_async import {name}", namespace)  # noqa: S102 # a line of this file

    assert namespace[name] is vars(ngrok_async)[name] is getattr(ngrok_async, name)
    assert name in dir(ngrok_async)


def test_modules_and_the_fake_are_those_of_their_own_import() -> None:
    """No second copy of anything: `except ngrok_async.errors.APIError` catches what is raised."""
    assert testing.FakeNgrok is ngrok_async.FakeNgrok
    assert [import_module(f"ngrok_async.{name}") for name in MEMBERS] == [
        getattr(ngrok_async, name) for name in MEMBERS
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Clinet", "; did you mean 'Client'?"),
        ("NotFoundEror", "; did you mean 'NotFoundError'?"),
        ("AsyncClient", "; did you mean 'Client'?"),
        ("eventz", "; did you mean 'events'?"),
        ("AttemptEvent", "; write `from ngrok_async.events import AttemptEvent`"),
        ("Ref", "; write `from ngrok_async.resources import Ref`"),
        ("RedisRateLimit", "; write `from ngrok_async.redis import RedisRateLimit`"),
        ("nothing_like_it", ""),
        ("__wrapped__", ""),
        ("_Client", ""),
    ],
)
def test_a_misspelt_name_is_an_attribute_error_with_a_hint(name: str, hint: str) -> None:
    """It says what is alike, or where that name is."""
    with pytest.raises(AttributeError) as caught:
        getattr(ngrok_async, name)

    assert f"module 'ngrok_async' has no attribute {name!r}{hint}" == str(caught.value)
    with pytest.raises(ImportError, match=f"cannot import name '{name}'"):
        exec(f"from ngrok_async import {name}")  # noqa: S102 # a line of this file


@pytest.mark.parametrize("name", ["redis", "testing"])
def test_what_needs_more_is_imported_by_name(name: str) -> None:
    """An attribute that appears with an import elsewhere is no name of the package."""
    program = f"import ngrok_async; getattr(ngrok_async, {name!r})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(ngrok_async.__file__).parents[1],
        capture_output=True,
        check=False,
        text=True,
    )

    assert f"write `import ngrok_async.{name}`" in done.stderr


def test_classes_are_pickled_by_their_names() -> None:
    """A process that has loaded nothing yet finds them."""
    classes = [getattr(ngrok_async, name) for name in CLASSES]
    names = [kind.__name__ for kind in classes]
    check = f"assert [kind.__name__ for kind in pickle.loads({pickle.dumps(classes)!r})] == {names}"

    assert "ngrok_async.client" in loaded(f"import pickle; {check}")


def test_help_shows_every_name() -> None:
    """Pydoc asks for each of them."""
    text = pydoc.plain(pydoc.render_doc(ngrok_async))

    assert [] == [name for name in ngrok_async.__all__[:-1] if name not in text]
    assert f"VERSION\n    {ngrok_async.__version__}" in text
