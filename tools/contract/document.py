"""The facts as an OpenAPI document, in the manner of ngrok's own: what it says, it says as they do.

For tests alone: of the drift, and of whatever wants a document. It is complete where ngrok's is
not: maps have the type of their values, timestamps a format, and filters are there.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tools.contract.facts import BODY_METHODS, Facts, reachable

_REFERENCE: Final = "#/components/schemas/"
_VERSION: Final = {"$ref": "#/components/parameters/ngrokVersion"}
_COMPONENT: Final = {
    "name": "ngrok-version",
    "in": "header",
    "required": True,
    "schema": {"type": "integer"},
}


def document(facts: Facts) -> dict[str, Any]:
    """Return an OpenAPI 3.0 document of all operations and of the schemas that they use."""
    paths: dict[str, Any] = {}
    schemas = {n: _object(facts["schemas"][n]) for n in reachable(facts, facts["schemas"])}
    for service, content in facts["services"].items():
        for name, fact in content["operations"].items():
            operation_id = service + "".join(part.capitalize() for part in name.split("_"))
            path = paths.setdefault(fact["path"], {})
            path[fact["method"].lower()] = {
                "tags": [service],
                "operationId": operation_id,
                **_operation(fact, operation_id, schemas),
            }
    return {
        "openapi": "3.0.0",
        "info": {"title": "ngrok's API, as far as it is known here", "version": "1.0.0"},
        "paths": paths,
        "components": {"parameters": {"ngrokVersion": _COMPONENT}, "schemas": schemas},
    }


def _operation(fact: Facts, operation_id: str, schemas: dict[str, Any]) -> Facts:
    ids = re.findall(r"\{(\w+)\}", fact["path"])
    parameters = [
        _VERSION,
        *({"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in ids),
        *(_query(name, fact.get("repeatable", ())) for name in fact.get("query", ())),
    ]
    answer: Facts = {"description": ""}
    if "response" in fact:
        schema = _type(fact["response"])
        if "items" in fact:
            schemas[f"{operation_id}Page"] = _page(fact["items"], schema)
            schema = _type(f"{operation_id}Page")
        answer["content"] = {"application/json": {"schema": schema}}
    operation: Facts = {"parameters": parameters, "responses": {str(fact["status"]): answer}}
    if fact["method"] in BODY_METHODS:
        fields = {"module": {"type": fact["body_schema"]}} if fact["method"] == "PUT" else {}
        texts = {name: {"type": "string"} for name in ids}
        fields = texts | fields | fact.get("body", {})
        schemas[f"{operation_id}Body"] = _object(fields)
        schema = _type(f"{operation_id}Body")
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _query(name: str, repeatable: Iterable[str]) -> Facts:
    kind = "[string]" if name in repeatable else "string"
    return {"name": name, "in": "query", "required": False, "schema": _type(kind)}


def _page(items: str, item: Facts) -> Facts:
    texts = {name: {"type": "string"} for name in ("uri", "next_page_uri")}
    return {"type": "object", "properties": {items: {"type": "array", "items": item}, **texts}}


def _object(fields: Mapping[str, Facts]) -> Facts:
    needed = [name for name, fact in fields.items() if "required" in fact or "needed" in fact]
    properties = {name: _type(fact["type"]) for name, fact in fields.items()}
    return {"type": "object", "properties": properties} | ({"required": needed} if needed else {})


def _type(name: str) -> Facts:
    if name[0] == "[":
        return {"type": "array", "items": _type(name[1:-1])}
    if name[0] == "{":
        return {"type": "object", "additionalProperties": _type(name[1:-1])}
    if name[0].isupper():
        return {"$ref": f"{_REFERENCE}{name}"}
    return {"type": "string", "format": "date-time"} if name == "datetime" else {"type": name}
