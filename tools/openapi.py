"""An OpenAPI document of ngrok's, in the form of `tools.facts`.

What its documents have of their own (https://github.com/ngrok/ngrok-openapi):

- A tag is a service; the operation id is the tag, in other capitals, and the operation's name.
- A body names the ids of the path as fields too, and that of a PUT wraps the module it sets.
- Timestamps are strings, told by their description only. Maps are objects without fields.
- Nothing is said of null and of known values.
"""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

from tools.facts import BODY_METHODS, Facts, reachable

Document: TypeAlias = Mapping[str, Any]

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_PAGE: Final = {"uri", "next_page_uri"}


def read(file: Path) -> Facts:
    """Read a document, in JSON or, where PyYAML is installed, in YAML.

    Raises:
        ValueError: It is not an OpenAPI 3 document.
    """
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        document: object = json.loads(text)
    else:
        document = import_module("yaml").safe_load(text)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3"):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        raise ValueError(f"{file} is not an OpenAPI 3 document")
    return facts_of(document)  # pyright: ignore[reportUnknownArgumentType]


def facts_of(document: Document) -> Facts:
    """Return what a document says, in the form of the facts."""
    services: Facts = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                service, name = _name(item[method], f"{method.upper()} {path}")
                table = services.setdefault(service, {"operations": {}})["operations"]
                table[name] = _operation(document, method.upper(), path, item[method])
    schemas = {
        name: {field: _field(content) for field, content in _properties(schema).items()}
        for name, schema in document.get("components", {}).get("schemas", {}).items()
    }
    facts: Facts = {"services": services, "schemas": schemas}
    facts["schemas"] = {name: schemas[name] for name in reachable(facts, schemas)}
    return facts


def _name(operation: Document, route: str) -> tuple[str, str]:
    service: str = operation.get("tags", [route])[0]
    name: str = operation.get("operationId", route)
    if name.lower().startswith(service.lower()):
        name = name[len(service) :]
    return service, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _operation(document: Document, method: str, path: str, operation: Document) -> Facts:
    fact: Facts = {"method": method, "path": path}
    fact.update(_answer(document, operation))
    schema = _json_schema(document, operation.get("requestBody", {}))
    if method in BODY_METHODS:
        ids = set(re.findall(r"\{(\w+)\}", path))
        fields = {n: f for n, f in _properties(schema).items() if n not in ids}
        if method == "PUT" and list(fields) == ["module"]:
            fact["body_schema"] = type_name(fields["module"])
        else:
            required = schema.get("required", ())
            fact["body"] = {
                name: _field(field) | ({"required": True} if name in required else {})
                for name, field in fields.items()
            }
    else:
        parameters = [_resolve(document, p) for p in operation.get("parameters", ())]
        fact["query"] = {
            p["name"]: _field(p.get("schema", {})) for p in parameters if p["in"] == "query"
        }
    return fact


def _answer(document: Document, operation: Document) -> Iterator[tuple[str, str]]:
    success = [r for status, r in operation["responses"].items() if str(status).startswith("2")]
    content = [schema for r in success if (schema := _media_schema(_resolve(document, r)))]
    if not content:
        return
    fields = _properties(_resolve(document, content[0]))
    lists = [n for n in fields.keys() - _PAGE if fields[n].get("type") == "array"]
    if len(lists) == 1 and fields.keys() <= {*lists, *_PAGE} and "uri" in fields:
        yield "response", type_name(fields[lists[0]]["items"])
        yield "items", lists[0]
    else:
        yield "response", type_name(content[0])


def _media_schema(content: Document) -> Document:
    schema: Document = content.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _json_schema(document: Document, body: Document) -> Document:
    return _resolve(document, _media_schema(_resolve(document, body)))


def _resolve(document: Document, value: Document) -> Document:
    while "$ref" in value:
        target: Any = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        value = target
    return value


def _properties(schema: Document) -> Mapping[str, Document]:
    properties: Mapping[str, Document] = schema.get("properties", {})
    return properties


def _field(schema: Document) -> Facts:
    return {"type": type_name(schema)}


def type_name(schema: Document) -> str:
    """Return a type as the facts write it; "object" for a map of whatever."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"[{type_name(schema.get('items', {}))}]"
    is_time = schema.get("format") == "date-time" or "RFC 3339" in schema.get("description", "")
    return "datetime" if kind == "string" and is_time else kind
