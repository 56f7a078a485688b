"""An OpenAPI document of ngrok's, in the form of `tools.contract.facts`.

What its documents have of their own (https://github.com/ngrok/ngrok-openapi):

- A tag is a service; the operation id is the tag, in other capitals, and the operation's name.
- A body names the ids of the path as fields too, and that of a PUT wraps the module it sets.
- Timestamps are strings, told by their description only. Maps are objects without fields.
- Nothing is said of null and of known values. Should it be said some day, it is read.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

from tools.contract.facts import BODY_METHODS, Facts, reachable

Document: TypeAlias = Mapping[str, Any]

_METHODS: Final = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_PAGE: Final = {"uri", "next_page_uri"}
_VERSION: Final = "ngrok-version"  # the one header that the client sends of its own accord
_MIXED: Final = ("allOf", "anyOf", "oneOf", "not")


def read(file: Path) -> Facts:
    """Read a document, in JSON or, where PyYAML is installed, in YAML.

    Raises:
        ValueError: It is not an OpenAPI 3 document, or cannot be read.
    """
    try:
        document = _parsed(file)
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # of json, of the text's encoding, or our own
        raise ValueError(f"{file} cannot be read: {_line(error)}") from error
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3"):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        raise ValueError(f"{file} is not an OpenAPI 3 document: it has no `openapi: 3...`")
    try:
        return facts_of(document)  # pyright: ignore[reportUnknownArgumentType]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # What is not where OpenAPI has it can be anything; the first such place ends the reading.
        raise ValueError(f"{file} is not a whole OpenAPI 3 document: {_line(error)}") from error


def _parsed(file: Path) -> object:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        return json.loads(text)
    try:
        yaml = import_module("yaml")
    except ImportError as error:
        raise ValueError("YAML needs PyYAML (pip install pyyaml)") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"


def facts_of(document: Document) -> Facts:
    """Return what a document says, in the form of the facts."""
    services: Facts = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                service, name = _name(item[method], f"{method.upper()} {path}")
                table = services.setdefault(service, {"operations": {}})["operations"]
                table[name] = _operation(document, method.upper(), path, item[method], item)
    schemas = {
        name: _schema(schema)
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


def _operation(
    document: Document, method: str, path: str, operation: Document, item: Document
) -> Facts:
    fact: Facts = {"method": method, "path": path}
    fact.update(_answer(document, operation))
    shared = item.get("parameters", ())
    fact.update(_parameters(document, [*shared, *operation.get("parameters", ())]))
    schema = _json_schema(document, operation.get("requestBody", {}))
    ids = set(re.findall(r"\{(\w+)\}", path))
    fields = {n: f for n, f in _properties(schema).items() if n not in ids}
    if method == "PUT" and list(fields) == ["module"]:
        fact["body_schema"] = type_name(fields["module"])
    elif method in BODY_METHODS or fields:
        required = schema.get("required", ())
        fact["body"] = {
            name: _field(field) | ({"required": True} if name in required else {})
            for name, field in fields.items()
        }
    return fact


def _parameters(document: Document, given: Sequence[Document]) -> Iterator[tuple[str, Facts]]:
    tables: Facts = {"query": {}, "header": {}, "cookie": {}, "path": {}}
    for reference in given:
        parameter = _resolve(document, reference)
        fact = _field(parameter.get("schema", {}))
        if parameter.get("required"):
            fact["required"] = True
        name: str = parameter["name"]
        tables[parameter["in"]][name.lower() if parameter["in"] == "header" else name] = fact
    del tables["path"]  # the path itself has them
    tables["header"].pop(_VERSION, None)
    yield from ((place, table) for place, table in tables.items() if table)


def _answer(document: Document, operation: Document) -> Iterator[tuple[str, str]]:
    success = {s: r for status, r in operation["responses"].items() if (s := str(status))[0] == "2"}
    yield "status", ", ".join(sorted(success))
    content = [schema for r in success.values() if (schema := _media_schema(_resolve(document, r)))]
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
    seen = set[str]()
    while "$ref" in value:
        reference: str = value["$ref"]
        if reference in seen:
            raise ValueError(f"{reference} leads to itself")
        seen.add(reference)
        target: Any = document
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]
        value = target
    return value


def _properties(schema: Document) -> Mapping[str, Document]:
    properties: Mapping[str, Document] = schema.get("properties", {})
    return properties


def _schema(schema: Document) -> Facts:
    needed = schema.get("required", ())
    return {
        name: _field(content) | ({"needed": True} if name in needed else {})
        for name, content in _properties(schema).items()
    }


def _field(schema: Document) -> Facts:
    fact: Facts = {"type": type_name(schema)}
    if schema.get("nullable") or "null" in schema.get("type", ()):
        fact["nullable"] = True
    if values := [value for value in schema.get("enum", ()) if value is not None]:
        fact["enum"] = values
    return fact


def type_name(schema: Document) -> str:
    """Return a type as the facts write it; "object" for a map of whatever, "any" for anything."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = _kind(schema)
    if kind == "array":
        return f"[{type_name(schema.get('items', {}))}]"
    values = schema.get("additionalProperties")
    if kind == "object" and isinstance(values, Mapping) and values:
        return f"{{{type_name(values)}}}"  # pyright: ignore[reportUnknownArgumentType] # JSON
    is_time = schema.get("format") == "date-time" or "RFC 3339" in schema.get("description", "")
    return "datetime" if kind == "string" and is_time else kind


def _kind(schema: Document) -> str:
    kinds = schema.get("type", [mixed for mixed in _MIXED if mixed in schema] or "any")
    if isinstance(kinds, str):
        return kinds
    return " or ".join(kind for kind in kinds if kind != "null")  # of OpenAPI 3.1
