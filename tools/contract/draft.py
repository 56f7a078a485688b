"""A resource module to begin with, made of what an OpenAPI document says.

It is for a person to finish: each TODO is a text to write; what may be null, which values there are
and what is always there has to be looked up, since the document does not say; then `ruff format`.
"""

import re
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Final

import attrs

from ngrok_async.resources._shared import Described
from tools.contract.declared import models
from tools.contract.facts import BODY_METHODS, SECRETS, Facts, reachable

_ORDER: Final = ("list", "get", "create", "update", "replace", "delete")
_SCALARS: Final[Mapping[str, tuple[str, str]]] = {
    "string": ("str", '""'),
    "datetime": ("datetime | None", "None"),
    "integer": ("int", "0"),
    "number": ("float", "0.0"),
    "boolean": ("bool", "False"),
    "any": ("JSON", "None"),
}
_QUERY: Final[Mapping[str, str]] = {"before_id": "Id", "limit": "int", "filter": "Filter[{}]"}
_IMPORTS: Final[Mapping[str, str]] = {
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "datetime": "datetime",
    "attrs": "attrs",
    "Id": "ngrok_async._api",
    "JSONText": "ngrok_async._api",
    "Nested": "ngrok_async._api",
    "Model": "ngrok_async.resources._shared",
    "Filter": "ngrok_async.filters",
    "Resource": "ngrok_async._api",
    "operation": "ngrok_async._api",
    "paged": "ngrok_async._api",
    "JSON": "ngrok_async._request",
    "Pager": "ngrok_async._api",
    "Described": "ngrok_async.resources._shared",
    "UNSET": "ngrok_async._api",
    "Unset": "ngrok_async._api",
}
_COMMON: Final = {field.name for field in attrs.fields(Described)} - {"_extra"}
_WIDTH: Final = 100


def draft(upstream: Facts, service: str) -> str:
    """Return a module with the resource and those of its models that the package does not have."""
    own = {"services": {service: upstream["services"][service]}, "schemas": upstream["schemas"]}
    known = models()
    used = _inner_first(reachable(own, upstream["schemas"]), upstream["schemas"])
    classes = [_model(name, upstream["schemas"][name]) for name in used if name not in known]
    classes.append(_resource(service, own["services"][service]["operations"]))
    body = "\n\n\n".join(classes)
    there = {name: known[name].__module__ for name in used if name in known}
    return f'"""TODO."""\n\n{_imports(body, there)}\n\n\n{body}'


def _inner_first(names: list[str], schemas: Facts) -> list[str]:
    ordered = list[str]()

    def add(name: str) -> None:
        if name in ordered or name not in names:
            return
        for field in schemas[name].values():
            for inner in re.findall(r"\w+", field["type"]):
                add(inner)
        ordered.append(name)

    for name in names:
        add(name)
    return ordered


def _imports(body: str, models_there: Mapping[str, str]) -> str:
    by_module: dict[str, list[str]] = {}
    for name, module in {**_IMPORTS, **models_there}.items():
        if re.search(rf"\b{name}\b", body):
            by_module.setdefault(module, []).append(name)
    others = "import attrs" if by_module.pop("attrs", None) else ""
    lines = [
        # As ruff sorts them: constants, classes, functions.
        f"from {module} import {', '.join(sorted(names, key=lambda n: (not n.isupper(), n)))}"
        for module, names in sorted(by_module.items())
    ]
    own = [line for line in lines if line.startswith("from ngrok_async")]
    standard = [line for line in lines if line not in own]
    return "\n\n".join(filter(None, ["\n".join(standard), others, "\n".join(own)]))


def _model(name: str, fields: Facts) -> str:
    base = "Described" if fields.keys() >= _COMMON else "Model"
    own = {n: f for n, f in fields.items() if base == "Model" or n not in _COMMON}
    head = f'@attrs.frozen(kw_only=True)\nclass {name}({base}):\n    """TODO.'
    if not own:
        return f'{head}"""'
    texts = "".join(f"        {field}: TODO.\n" for field in own)
    lines = "\n".join(f"    {line}" for line in _fields(name, own))
    return f'{head}\n\n    Attributes:\n{texts}    """\n\n{lines}'


def _fields(model: str, fields: Facts) -> Iterator[str]:
    for name, fact in fields.items():
        kind: str = fact["type"]
        if name == "id":
            yield "id: str"
        elif name == "created_at" and "id" in fields:
            yield "created_at: datetime"
        elif kind.startswith("["):
            yield f"{name}: tuple[{_item(kind)}, ...] = ()"
        elif kind == "object" or kind.startswith("{"):
            pair = f"[str, {_value(kind)}]"
            yield f"{name}: Mapping{pair} = attrs.field(factory=dict{pair})"
        else:
            annotation, default = _SCALARS.get(kind, (f"{kind} | None", "None"))
            if name in SECRETS or f"{model}.{name}" in SECRETS:
                default = f"attrs.field(default={default}, repr=False)"
            yield f"{name}: {annotation} = {default}"


def _item(kind: str) -> str:
    inner = kind[1:-1]
    return _SCALARS.get(inner, (inner,))[0].removesuffix(" | None")


def _value(kind: str) -> str:
    return "str" if kind == "object" else _item(kind)


def _resource(service: str, operations: Facts) -> str:
    link = f"https://ngrok.com/docs/api-reference/{service.lower()}/{min(operations, key=_place)}"
    methods = [_method(name, operations[name]) for name in sorted(operations, key=_place)]
    return f'class {service}(Resource):\n    """TODO.\n\n    {link}\n    """\n\n' + "\n\n".join(
        methods
    )


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name), "") if name in _ORDER else (len(_ORDER), name)


def _method(name: str, fact: Facts) -> str:
    items = fact.get("items")
    route = f"{fact['method']} {fact['path']}"
    decorator = f'@paged("{route}", items="{items}")' if items else f'@operation("{route}")'
    answer = fact.get("response")
    returned = f"Pager[{answer}]" if items else answer
    places = [
        f"{n}: {'str' if n == 'type' else 'Id'}" for n in re.findall(r"\{(\w+)\}", fact["path"])
    ]
    if "body_schema" in fact:
        places.append(f"module: Nested[{fact['body_schema']}]")
    named = list(_parameters(fact))
    signature = ["self", *places, *(["*", *named] if named else [])]
    start, end = f"    {'' if items else 'async '}def {name}(", f") -> {returned}:"
    # As ruff has it: on one line, else all parameters on the next, else each on its own.
    forms = (
        f"{start}{', '.join(signature)}{end}",
        f"{start}\n        {', '.join(signature)}\n    {end}",
        "\n".join([start, *(f"        {argument}," for argument in signature), f"    {end}"]),
    )
    line = next((f for f in forms if max(map(len, f.splitlines())) <= _WIDTH), forms[-1])
    return f'    {decorator}\n{line}\n        """{_docstring(fact, places, named)}"""\n        ...'


def _docstring(fact: Facts, places: list[str], named: list[str]) -> str:
    names = [parameter.partition(":")[0] for parameter in named]
    quoted = ", ".join(f"`{name}`" for name in names)
    if "items" in fact and set(names) <= {*_QUERY}:
        return f"Walk over all TODO, newest first; {quoted} as on `Pager`."
    if fact["method"] == "PATCH" and names:
        indent = " " * 8
        text = fill(f"These are {quoted}.", _WIDTH, initial_indent=indent, subsequent_indent=indent)
        return f"Change the fields that you pass and leave the others alone.\n\n{text}\n{indent}"
    if not names:
        return "TODO."
    names = [*(place.partition(":")[0] for place in places), *names]
    texts = "".join(f"            {name}: TODO.\n" for name in names)
    return f"TODO.\n\n        Args:\n{texts}        "


def _parameters(fact: Facts) -> Iterator[str]:
    if fact["method"] not in BODY_METHODS:
        for name in fact.get("query", ()):
            kind = _QUERY.get(name, "str").format(fact.get("response"))
            yield f"{name}: {kind} | None = None"
        return
    body = fact.get("body", {})
    for name in sorted(body, key=lambda name: "required" not in body[name]):
        annotation = _argument(name, body[name]["type"])
        required = "required" in body[name]
        yield f"{name}: {annotation}" if required else f"{name}: Unset[{annotation}] = UNSET"


def _argument(name: str, kind: str) -> str:
    if kind.startswith("["):
        return f"Sequence[{_argument(name.removesuffix('s'), kind[1:-1])}]"
    if kind == "object" or kind.startswith("{"):
        return f"Mapping[str, {_value(kind)}]"
    if kind == "string" and name.endswith("_id"):
        return "Id"
    if kind == "string" and name in {"metadata", "traffic_policy"}:
        return "JSONText"
    return _SCALARS[kind][0].removesuffix(" | None") if kind in _SCALARS else f"Nested[{kind}]"
