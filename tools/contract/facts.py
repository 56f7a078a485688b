"""The facts of the API, and what a package that follows them declares.

Facts are nested dictionaries; those of the API are in `tests/contract/facts.json`, with their
sources and dates at its top. What `expected` and `declared` of `declared.py` return has the same
form, so that the two can be compared:

    {"services": {"IPPolicies": {"attribute": "ip_policies", "operations": {"list": {...}}}},
     "schemas": {"IPPolicy": {"id": {"type": "string", "required": True}}}}

Types are "string", "datetime", "integer", "number", "boolean", "any", the name of a schema,
`[type]` for an array and `{type}` for a map.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

Facts: TypeAlias = dict[str, Any]

CONTRACT: Final = Path(__file__).parents[2] / "tests" / "contract"

# What must be in no log, by the name of the field or, where that is a common word, by its place;
# also what is only ever sent, should an answer have it some day.
SECRETS: Final = frozenset(
    {
        "aws_secret_access_key",
        "client_secret",
        "private_key_pem",
        "token",
        "EndpointWebhookValidation.secret",
        "EventTargetDatadog.api_key",
        "Secret.value",
    }
)
BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})


def load() -> Facts:
    """Return the facts of the API."""
    facts: Facts = json.loads((CONTRACT / "facts.json").read_text(encoding="utf-8"))
    return facts


def expected(facts: Facts) -> Facts:
    """Return what the package has to declare.

    Wrapper schemas are no models: the fields of `IPPolicyCreate` are parameters, and `IPPolicyList`
    is a `Page`. All other schemas that an operation takes or returns are.
    """
    return {
        "services": {
            name: {
                "attribute": service["attribute"],
                "operations": {
                    n: _operation(o, facts["schemas"]) for n, o in service["operations"].items()
                },
            }
            for name, service in facts["services"].items()
        },
        "schemas": {
            name: _model(name, facts["schemas"]) for name in reachable(facts, facts["schemas"])
        },
    }


def completed(declared: Facts, facts: Facts) -> Facts:
    """Return declarations with what the facts say and no declaration does.

    That is the status of a success, and which fields of an object a request cannot leave out.
    """
    services, schemas = facts["services"], facts["schemas"]
    return {
        "services": {
            name: service
            | {
                "operations": {
                    n: o | {"status": status(_at(services, name, "operations", n) or o)}
                    for n, o in service["operations"].items()
                }
            }
            for name, service in declared["services"].items()
        },
        "schemas": {
            name: {
                n: field | {k: v for k, v in _at(schemas, name, n).items() if k == "needed"}
                for n, field in fields.items()
            }
            for name, fields in declared["schemas"].items()
        },
    }


def _at(facts: Facts, *place: str) -> Facts:
    for name in place:
        facts = facts.get(name, {})
    return facts


def status(fact: Facts) -> str:
    """Return the status of a success; where it is not noted, that of all others of its kind."""
    answered = "201" if fact["method"] == "POST" else "200"
    return str(fact.get("status", answered if "response" in fact else "204"))


def reachable(facts: Facts, schemas: Facts) -> list[str]:
    """Return the names of the schemas that operations take or return, at any depth."""
    found: set[str] = set()
    fresh = {name for operation in operations(facts) for name in _mentioned(operation, schemas)}
    while fresh:
        found |= fresh
        inner = {name for f in fresh for name in _schemas_in(schemas[f].values(), schemas)}
        fresh = inner - found
    return sorted(found)


def operations(facts: Facts) -> Iterator[Facts]:
    """Walk over all operations."""
    for service in facts["services"].values():
        yield from service["operations"].values()


def _mentioned(operation: Facts, schemas: Facts) -> Iterator[str]:
    for key in ("response", "body_schema"):
        if operation.get(key) in schemas:
            yield operation[key]
    yield from _schemas_in(operation.get("body", {}).values(), schemas)


def _schemas_in(fields: Iterable[Mapping[str, str]], schemas: Facts) -> Iterator[str]:
    for field in fields:
        yield from (name for name in re.findall(r"\w+", field["type"]) if name in schemas)


def _operation(fact: Facts, schemas: Facts) -> Facts:
    """Return an operation as it has to be declared.

    - A PUT takes the module alone; POST and PATCH take the fields of their body one by one.
    - A parameter is required where the facts say so; where no source says anything, it is not.
    - No parameter takes null, as no source types one so: what does is in `differences.toml`.
    - The size of a page is an integer, though the API's documents call it a string.
    - What a filter knows are fields of the items: `fields`, of the types that they have there.
    """
    names = "method", "path", "response", "items", "effect"
    shape = {name: fact[name] for name in names if name in fact}
    if fact["method"] == "PUT":
        return shape | {"body_schema": fact["body_schema"]}
    if fact["method"] in BODY_METHODS:
        return shape | {"body": {n: _parameter(f) for n, f in fact.get("body", {}).items()}}
    repeatable = fact.get("repeatable", ())
    types = {"limit": "integer"} | dict.fromkeys(repeatable, "[string]")
    query = {name: {"type": types.get(name, "string")} for name in fact.get("query", ())}
    if "filter_fields" in fact:
        item = schemas[fact["response"]]
        shape["fields"] = {n: {"type": _filtered_by(n, item)} for n in fact["filter_fields"]}
    return shape | {"query": query}


def _filtered_by(name: str, item: Facts) -> str:
    """Return the type of what a filter knows; an id, and a reference that is compared as one."""
    kind: str = item.get(name, {"type": "string"})["type"]
    if re.search(r"(^|_|\.)id$", name) or kind == "Ref":
        return "id"
    return kind


def _parameter(fact: Facts) -> Facts:
    return {key: fact[key] for key in ("type", "enum", "required") if key in fact}


def _model(schema: str, schemas: Facts) -> Facts:
    return {
        name: _field(f"{schema}.{name}", name, fact, schemas)
        for name, fact in schemas[schema].items()
    }


def _field(place: str, name: str, fact: Facts, schemas: Facts) -> Facts:
    """Return a field as it has to be declared.

    - Required are `id`, and in a schema that has an `id` the timestamps and objects that every
      example has: they have no empty value to stand in for them.
    - None is in the type of the other timestamps and objects, and of scalars that are nullable. A
      null array or map is the empty one.
    - A secret is not in the repr.
    """
    schema = place.removesuffix(f".{name}")
    has_empty_value = fact["type"] != "datetime" and fact["type"] not in schemas
    nullable = fact.get("nullable", False)
    required = name == "id" or (
        not has_empty_value
        and not nullable
        and fact.get("answers") == "set"
        and "id" in schemas[schema]
    )
    is_container = fact["type"][0] in "[{"
    result: Facts = {key: fact[key] for key in ("type", "enum") if key in fact}
    if required:
        result["required"] = True
    if not is_container and (nullable if has_empty_value else not required):
        result["nullable"] = True
    if name in SECRETS or place in SECRETS:
        result["secret"] = True
    return result
