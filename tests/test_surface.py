"""The public surface: what can be imported, what it costs, and that it is documented."""

import inspect
import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules, walk_packages
from types import FunctionType, ModuleType
from typing import Final

import pytest

import ngrok_async
from ngrok_async import Client, errors, resources, testing
from ngrok_async._operation import Operation, Resource, operations
from ngrok_async.client import _Lazy

# Where a word begins in `TunnelSessions`, and in `IPPolicies`.
WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
TYPING: Final = Path(__file__).parent / "typing" / "api.py"


def modules() -> list[str]:
    """Return the names of all modules of the package but the programs."""
    found = walk_packages(ngrok_async.__path__, "ngrok_async.")
    return [module.name for module in found if not module.name.endswith("__main__")]


def resource_classes() -> list[type[Resource]]:
    """Return the resource classes, from where each of them is written."""
    return [
        member
        for name in modules()
        for member in vars(import_module(name)).values()
        if isinstance(member, type) and issubclass(member, Resource) and member is not Resource
        if member.__module__ == name
    ]


def declared() -> list[tuple[str, Operation]]:
    """Return all operations, each with the name that a reader would use."""
    return [
        (f"{resource.__name__}.{name}", operation)
        for resource in resource_classes()
        for name, operation in operations(resource).items()
    ]


RESOURCES: Final = resource_classes()
OPERATIONS: Final = declared()
LINES: Final = [name for name, line in vars(Client).items() if isinstance(line, _Lazy)]
CLASSES: Final = [name for name in ngrok_async.__all__ if isinstance(vars(ngrok_async)[name], type)]


def constants_first(name: str) -> tuple[int, str]:
    """Return the key that names are sorted by: CONSTANTS, Classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("module", [ngrok_async, errors, testing], ids=lambda m: m.__name__)
def test_all_is_sorted_and_complete(module: ModuleType) -> None:
    """`__all__` has each name once, in order, and whatever else a reader would find there."""
    names = module.__all__
    found = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
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
    value = vars(ngrok_async)[name]

    assert inspect.cleandoc(value.__doc__ or "")
    members = {name: member for name, member in vars(value).items() if not name.startswith("_")}
    described = (property, FunctionType, classmethod)
    assert [] == [
        name
        for name, member in members.items()
        if isinstance(member, described) and not inspect.getdoc(member)
    ]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.__name__)
def test_every_resource_says_what_it_is_and_where_ngrok_documents_it(
    resource: type[Resource],
) -> None:
    """A sentence first, and a link to the reference."""
    text = inspect.getdoc(resource) or ""

    assert re.match(r"[A-Z].*\.$", text.partition("\n")[0])
    assert re.search(r"^https://ngrok\.com/docs/\S+$", text, re.MULTILINE)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_operation_documents_its_keywords(name: str, operation: Operation) -> None:
    """The docstring begins with a sentence, names each keyword, and no other under `Args:`."""
    text = inspect.getdoc(operation.function) or ""
    keywords = [
        parameter.name
        for parameter in operation.parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]

    assert re.match(r"[A-Z][^.]*[.;]", text), name
    assert [] == [keyword for keyword in keywords if not re.search(rf"\b{keyword}\b", text)]
    described = re.findall(r"^    (\w+): \S", text.partition("\nArgs:\n")[2], re.MULTILINE)
    assert set(described) <= set(operation.parameters)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_operation_is_typed_as_it_is_sent(name: str, operation: Operation) -> None:
    """Ids come by position, all else by name; each name in the path is a parameter."""
    positional = [
        parameter.name
        for parameter in operation.parameters.values()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]

    assert list(operation.path_names) == positional, name
    assert {*operation.parameters, "return"} == set(operation.hints)


@pytest.mark.parametrize("name", LINES)
def test_every_line_of_the_client_loads_its_resource(name: str) -> None:
    """Attribute and module have one name, and the class is the only one in it."""
    client = Client("key", limiter=None)
    resource = getattr(client, name)

    assert isinstance(resource, Resource)
    assert f"ngrok_async.resources.{name}" == type(resource).__module__
    assert name == WORDS.sub("_", type(resource).__name__).lower()
    assert client is resource.caller
    assert resource is getattr(client, name)


def test_the_client_has_a_line_for_every_resource() -> None:
    """What is in `resources` can be reached, and nothing else can."""
    names = {module.name for module in iter_modules(resources.__path__)}

    assert {name for name in names if not name.startswith("_")} == set(LINES)
    assert len(RESOURCES) == len(LINES)


@pytest.mark.parametrize("name", LINES)
def test_a_line_of_the_client_loads_nothing_on_the_class(name: str) -> None:
    """Tools that look at the class find the line itself."""
    assert vars(Client)[name] is getattr(Client, name)


def test_import_loads_no_more_than_a_client_needs() -> None:
    """Resources come on first use; the test double and the extras never come along."""
    program = (
        "import sys; before = set(sys.modules); import ngrok_async, json; "
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(ngrok_async.__file__).parents[1],
        capture_output=True,
        check=True,
        text=True,
    )
    loaded = json.loads(done.stdout)

    assert "" == done.stderr
    assert "ngrok_async.client" in loaded
    ours = [name for name in loaded if name.startswith("ngrok_async.")]
    assert [] == [name for name in ours if name.startswith("ngrok_async.resources.")]
    assert [] == [name for name in ours if name.startswith("ngrok_async.testing")]
    extras = {"celpy", "lark", "orjson", "msgspec", "hypothesis", "pytest", "unittest"}
    assert set() == extras.intersection(name.partition(".")[0] for name in loaded)
