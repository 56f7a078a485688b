"""Write the command's table of operations: `python -m tools.contract.cli_operations`.

The command cannot read the declarations themselves: that would load aiohttp, and take longer than
what it shows. A test holds the copy to them. `ngrok_async.cli._table` tells its form.
"""

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Final

import attrs

import ngrok_async.cli
from ngrok_async._model import Model
from ngrok_async._operation import Operation, Resource, operations
from tools.contract.declared import describe, models, resources
from tools.contract.facts import Facts

COPY: Final = Path(ngrok_async.cli.__file__).with_name("operations.json")

_OF_PARAMETERS: Final = ("type", "required", "nullable", "enum")
_FROM: Final = re.compile(r"^    (\w+): ((?:.|\n(?!    \w+: ))*)", re.MULTILINE)
_PAGING: Final = re.compile(
    r"(; |)`before_id`(,| and) `limit`((,| and) `filter`)? as on `Pager`(; |\. ?|)"
)
# What the docstrings say in words of Python.
_WORDS: Final[Mapping[str, str]] = {
    "None for": "null for",
    "None turns": "null turns",
    "(None:": "(null:",
    "None for a module": "null for a module",
    "True blocks, False only warns": "true blocks, false only warns",
    "False suspends": "false suspends",
    ": JSON or YAML as a text, or a mapping": ": JSON or YAML",
    "None if": "null if",
    "`filter`, as there, knows": "`filter` knows",
}
_CALL: Final = re.compile(r"`(\w+)\.(\w+)`")


def copy() -> Facts:
    """Return what the command has to know of the operations, from the declarations."""
    kinds = resources()
    return {
        "resources": {name(attribute): _about(kind) for attribute, kind in kinds.items()},
        "operations": {
            f"{name(attribute)} {name(verb)}": _operation(attribute, verb, operation, kind)
            for attribute, kind in kinds.items()
            for verb, operation in operations(kind).items()
        },
        "models": dict(sorted(_answers())),
    }


def name(python: str) -> str:
    """Return words of the command for a name of Python: `ip_policies`, `backends.failover`."""
    return python.replace("_", "-").replace(".", " ")


def _about(kind: type[Resource]) -> str:
    first = (inspect.getdoc(kind) or "").partition("\n\n")[0]
    return re.sub(r" `replace` takes an? `\w+`\.", "", _plain(first))


def _operation(attribute: str, verb: str, operation: Operation, kind: type[Resource]) -> Facts:
    text, told = _documented(operation)
    if verb == "update" and "create" in operations(kind):
        told = _documented(operations(kind)["create"])[1] | told
    help_, _, more = text.partition("\n\n")
    fact = describe(operation)
    found: Facts = {"call": f"{attribute}.{verb}", "help": help_, "text": more}
    found |= {"places": list(operation.path_names), "effect": operation.effect}
    found |= {"options": {n: _option(n, f, told) for n, f in _parameters(fact)}}
    if operation.model is not NoneType:
        found["answers"] = operation.model.__name__
    if operation.items:
        found["list"] = True
    if verb == "create" and "token" in secrets_of(operation.model):
        found["token"] = True
    return {key: value for key, value in found.items() if value}


def _parameters(fact: Facts) -> Iterator[tuple[str, Facts]]:
    if "body_schema" in fact:
        yield "module", {"type": fact["body_schema"], "required": True}
    yield from fact.get("body", {}).items()
    yield from fact.get("query", {}).items()


def _option(parameter: str, fact: Facts, told: Mapping[str, str]) -> Facts:
    found: Facts = {key: fact[key] for key in _OF_PARAMETERS if key in fact}
    schema = models().get(fact["type"].strip("[]{}"))
    if schema is not None:
        found["fields"] = [field.name for field in attrs.fields(schema) if field.name != "_extra"]
    help_ = told.get(parameter) or _COMMON.get(parameter, "")
    return found | ({"help": help_} if help_ else {})


_COMMON: Final[Mapping[str, str]] = {
    "before_id": "go on behind this item",
    "limit": "items of a page, at most 100; all pages are read",
    "filter": "keep what meets a condition, such as 'obj.description == \"x\"'",
    "id": "keep these; deprecated by ngrok, use --filter",
    "url": "keep these; deprecated by ngrok, use --filter",
    "description": "a note for people",
    "metadata": "data for programs, often JSON",
    "module": "the settings",
    "type": "the kind",
}


def _documented(operation: Operation) -> tuple[str, dict[str, str]]:
    """Return what a docstring says of an operation, and of each parameter."""
    whole = _plain(inspect.getdoc(operation.function) or "")
    text, _, parameters = whole.partition("\n\nArgs:\n")
    found = _FROM.finditer(parameters)
    return _without_paging(text), {m[1]: " ".join(m[2].split()).rstrip(".") for m in found}


def _without_paging(text: str) -> str:
    # The sentence goes on before it, behind it, or not at all.
    text = _PAGING.sub(lambda m: ". " if m[1] and m[5] != "; " else "", text)
    blocks = text.split("\n\n")
    return "\n\n".join(block.strip() for block in blocks if block.strip())


def _plain(text: str) -> str:
    """Return a docstring without words of Python."""
    for python, plain in _WORDS.items():
        text = text.replace(python, plain)
    known = resources()
    return _CALL.sub(lambda m: f"`{name(m[1])} {name(m[2])}`" if m[1] in known else m[0], text)


def _answers() -> Iterator[tuple[str, list[str]]]:
    """Yield the fields of what operations answer, without the secrets."""
    for kind in resources().values():
        for operation in operations(kind).values():
            model = operation.model
            if model is not NoneType:
                hidden = secrets_of(model)
                fields = [f.name for f in attrs.fields(model) if f.name != "_extra"]
                yield model.__name__, [field for field in fields if field not in hidden]


def secrets_of(model: Any) -> set[str]:  # noqa: ANN401 # a model, or NoneType
    """Return the names of a model's own secrets."""
    if not (isinstance(model, type) and issubclass(model, Model)):
        return set()
    return {f.name for f in attrs.fields(model) if not f.repr and f.name != "_extra"}


def written(content: Facts) -> str:
    """Return the text of the file: a line for each entry, so that changes show."""
    blocks = (f' "{part}": {{\n{_lines(facts)}\n }}' for part, facts in content.items())
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _lines(entries: Facts) -> str:
    return ",\n".join(f"  {json.dumps(name)}: {json.dumps(fact)}" for name, fact in entries.items())


if __name__ == "__main__":
    COPY.write_text(written(copy()), encoding="utf-8")
