"""Every change of a whole document of the API is seen: a change of each place, counted.

Changes of one kind are made at all places at once, and each has to be named. The document is made
of the facts (`tools.contract.document`), so it grows with them.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from tools.contract import drift, facts, openapi
from tools.contract.compare import Difference
from tools.contract.declared import declared
from tools.contract.document import document
from tools.contract.facts import Facts

FACTS = facts.load()
OURS = facts.completed(declared(), FACTS)
OPERATIONS: Mapping[str, Facts] = {
    f"{service}.{name}": fact
    for service, content in FACTS["services"].items()
    for name, fact in content["operations"].items()
}
OTHER = {"type": "boolean"}

Place = tuple[str, Facts]
Change = Callable[[Facts], Iterator[str]]


def whole() -> Facts:
    """Return the document, in which an operation of ours keeps each schema in use."""
    made = document(FACTS)
    fields = {name: {"$ref": f"#/{name}"} for name in made["components"]["schemas"]}
    made["components"]["schemas"]["Everything"] = {"type": "object", "properties": fields}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Everything"}}}
    made["paths"]["/everything"] = {"get": {"responses": {"200": {"content": content}}}}
    return made


DOCUMENT = whole()


def differences(changed: Facts) -> set[Difference]:
    """Return what the document and the declarations differ in."""
    return set(drift.stated_differences(openapi.facts_of(changed), OURS))


def operations(changed: Facts) -> Iterator[Place]:
    """Walk over the operations of a document, under the names of the facts."""
    for where, fact in OPERATIONS.items():
        yield where, changed["paths"][fact["path"]][fact["method"].lower()]


def bodies(changed: Facts) -> Iterator[tuple[str, Facts, list[str]]]:
    """Walk over the bodies that are given field by field; with the names of their own fields."""
    for where, operation in operations(changed):
        if "body" in OPERATIONS[where]:
            yield f"{where}.body", schema_of(changed, operation), [*OPERATIONS[where]["body"]]


def schema_of(changed: Facts, operation: Facts) -> Facts:
    """Return the schema of a body."""
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: Facts = changed["components"]["schemas"][reference.rpartition("/")[2]]
    return schema


def models(changed: Facts) -> Iterator[tuple[str, Facts, list[str]]]:
    """Walk over the schemas that are models; with the names of their fields."""
    for name in facts.reachable(FACTS, FACTS["schemas"]):
        yield name, changed["components"]["schemas"][name], [*FACTS["schemas"][name]]


def objects(changed: Facts) -> Iterator[tuple[str, Facts, list[str]]]:
    """Walk over both."""
    yield from bodies(changed)
    yield from models(changed)


def success(changed: Facts) -> Iterator[str]:
    """Answer each operation with another status."""
    for where, operation in operations(changed):
        (status,) = operation["responses"]
        operation["responses"] = {"202": operation["responses"][status]}
        yield f"{where}.status"


def second_success(changed: Facts) -> Iterator[str]:
    """Answer each operation with one more status."""
    for where, operation in operations(changed):
        operation["responses"]["2XX"] = {"description": ""}
        yield f"{where}.status"


def new_parameter(place: str) -> Change:
    """Return what gives each operation a parameter."""

    def change(changed: Facts) -> Iterator[str]:
        for where, operation in operations(changed):
            operation["parameters"].append({"name": "dry_run", "in": place, "schema": OTHER})
            yield f"{where}.{place}.dry_run"

    return change


def shared_parameter(changed: Facts) -> Iterator[str]:
    """Give each path a parameter of all its operations."""
    for item in changed["paths"].values():
        item["parameters"] = [{"name": "X-Team", "in": "header", "schema": OTHER}]
    yield from (f"{where}.header.x-team" for where in OPERATIONS)


def queries(changed: Facts) -> Iterator[tuple[str, Facts]]:
    """Walk over the parameters of queries."""
    for where, operation in operations(changed):
        for parameter in operation["parameters"]:
            if parameter.get("in") == "query":
                yield f"{where}.query.{parameter['name']}", parameter


def no_parameter(changed: Facts) -> Iterator[str]:
    """Take all parameters of queries away."""
    found = [where for where, _ in queries(changed)]
    for _, operation in operations(changed):
        operation["parameters"].clear()
    yield from found


def needed_parameter(changed: Facts) -> Iterator[str]:
    """Require all parameters of queries."""
    for where, parameter in queries(changed):
        parameter["required"] = True
        yield f"{where}.required"


def other_parameter(changed: Facts) -> Iterator[str]:
    """Give all parameters of queries another type."""
    for where, parameter in queries(changed):
        parameter["schema"] = OTHER
        yield f"{where}.type"


def required(changed: Facts) -> Iterator[str]:
    """Require what was optional in a body, and the reverse."""
    for where, schema, names in bodies(changed):
        schema["required"] = [name for name in names if name not in schema.get("required", ())]
        yield from (f"{where}.{name}.required" for name in names)


def needed(changed: Facts) -> Iterator[str]:
    """The same in the objects that are in bodies and answers."""
    for where, schema, names in models(changed):
        schema["required"] = [name for name in names if name not in schema.get("required", ())]
        yield from (f"{where}.{name}.needed" for name in names)


def typed(new: Callable[[Facts], Facts | None]) -> Change:
    """Return what gives fields another type, where `new` has one."""

    def change(changed: Facts) -> Iterator[str]:
        for where, schema, names in objects(changed):
            for name in names:
                if (other := new(schema["properties"][name])) is not None:
                    schema["properties"][name] = other
                    yield f"{where}.{name}.type"

    return change


def otherwise(old: Facts) -> Facts:
    """Return another type than the one given."""
    return {"type": "integer"} if old.get("type") != "integer" else OTHER


def in_maps(old: Facts) -> Facts | None:
    """Return a map to other values."""
    if "additionalProperties" not in old:
        return None
    return {"type": "object", "additionalProperties": otherwise(old["additionalProperties"])}


def in_arrays(old: Facts) -> Facts | None:
    """Return an array of other items."""
    if old.get("type") != "array":
        return None
    return {"type": "array", "items": otherwise(old["items"])}


def in_references(old: Facts) -> Facts | None:
    """Return an object that is spelt out, with a field that nobody knows."""
    return {"allOf": [old]} if "$ref" in old else None


def time(old: Facts) -> Facts | None:
    """Return a time in the place of a text."""
    is_text = old.get("type") == "string" and "format" not in old
    return {"type": "string", "format": "date-time"} if is_text else None


def nothing(_: Facts) -> Facts:
    """Return no type at all."""
    return {}


def added(changed: Facts) -> Iterator[str]:
    """Give each object one more field."""
    for where, schema, _ in objects(changed):
        schema["properties"]["colour"] = OTHER
        yield f"{where}.colour"


def removed(changed: Facts) -> Iterator[str]:
    """Take all fields of bodies, and those of objects, away."""
    for where, schema, names in objects(changed):
        for name in names:
            del schema["properties"][name]
            yield f"{where}.{name}"


def values(changed: Facts) -> Iterator[str]:
    """Say of each field that it has values which nobody knows."""
    for where, schema, names in objects(changed):
        for name in names:
            schema["properties"][name]["enum"] = ["violet"]
            yield f"{where}.{name}.enum"


def null(changed: Facts) -> Iterator[str]:
    """Say of each field of a model that cannot be null that it can; arrays and maps are empty."""
    for where, schema, names in models(changed):
        for name in names:
            ours = OURS["schemas"][where][name]
            if "nullable" not in ours and ours["type"][0] not in "[{":
                schema["properties"][name]["nullable"] = True
                yield f"{where}.{name}.nullable"


def other_body(changed: Facts) -> Iterator[str]:
    """Have a PUT take another object."""
    for where, operation in operations(changed):
        if "body_schema" in OPERATIONS[where]:
            schema_of(changed, operation)["properties"]["module"] = OTHER
            yield f"{where}.body_schema"


def new_body(changed: Facts) -> Iterator[str]:
    """Have the operations that take no body take one."""
    for where, operation in operations(changed):
        if "requestBody" not in operation:
            schema = {"type": "object", "properties": {"force": OTHER}}
            operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
            yield f"{where}.body.force"


def other_answer(changed: Facts) -> Iterator[str]:
    """Answer with something else, or with something in the place of nothing."""
    for where, operation in operations(changed):
        (answer,) = operation["responses"].values()
        answer["content"] = {"application/json": {"schema": {"type": "string"}}}
        yield f"{where}.response"


def other_list(changed: Facts) -> Iterator[str]:
    """Give the items of lists another name."""
    for where, operation in operations(changed):
        if items := OPERATIONS[where].get("items"):
            content = operation["responses"]["200"]["content"]["application/json"]
            name = content["schema"]["$ref"].rpartition("/")[2]
            properties = changed["components"]["schemas"][name]["properties"]
            properties["rows"] = properties.pop(items)
            yield f"{where}.items"


def renamed(changed: Facts) -> Iterator[str]:
    """Give each operation another name: the old one is gone, and there is a new one."""
    for where, operation in operations(changed):
        operation["operationId"] += "Now"
        yield from (where, f"{where}_now")


def other_method(changed: Facts) -> Iterator[str]:
    """Have each operation under a method of its path that nothing has yet."""
    for item in changed["paths"].values():
        for method, other in zip([*item], ("head", "options", "trace"), strict=False):
            item[other] = item.pop(method)
    yield from (f"{where}.method" for where in OPERATIONS)


def moved(changed: Facts) -> Iterator[str]:
    """Give each operation another path."""
    changed["paths"] = {f"/v3{path}": item for path, item in changed["paths"].items()}
    yield from (f"{where}.path" for where in OPERATIONS)


CHANGES: Mapping[str, Change] = {
    "another status": success,
    "a second status": second_success,
    "new parameter": new_parameter("query"),
    "new header": new_parameter("header"),
    "new cookie": new_parameter("cookie"),
    "new parameter of a path": shared_parameter,
    "no parameter": no_parameter,
    "needed parameter": needed_parameter,
    "another parameter": other_parameter,
    "required in a body": required,
    "required in an object": needed,
    "another type": typed(otherwise),
    "another type of values": typed(in_maps),
    "another type of items": typed(in_arrays),
    "another kind of object": typed(in_references),
    "a time": typed(time),
    "no type": typed(nothing),
    "new field": added,
    "no field": removed,
    "values": values,
    "null": null,
    "another module": other_body,
    "new body": new_body,
    "another answer": other_answer,
    "another list": other_list,
    "another name": renamed,
    "another method": other_method,
    "another path": moved,
}


def test_the_document_says_what_the_package_declares() -> None:
    """What they differ in without a change is what the package declares on purpose."""
    on_purpose = {
        "FailoverBackends.update.body.backends.required",
        "WeightedBackends.update.body.backends.required",
    }

    assert on_purpose == {found.where for found in differences(document(FACTS))}


@pytest.mark.parametrize("kind", CHANGES)
def test_each_change_is_seen(kind: str, record_property: Callable[[str, Any], None]) -> None:
    """Changed at every place where it can be, it is named at each of them."""
    changed = deepcopy(DOCUMENT)
    places = set(CHANGES[kind](changed))

    seen = {found.where for found in differences(changed) ^ differences(DOCUMENT)}

    record_property("changes", len(places))
    assert places
    assert sorted(places) == sorted(places & seen)
