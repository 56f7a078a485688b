"""The declarations against the facts of the API, and the facts against the declarations."""

import inspect
from typing import get_type_hints

import attrs

from ngrok_async._operation import operations
from tools.contract import differences, facts
from tools.contract.check import check, explained, summary
from tools.contract.declared import declared, models, resources, schema_of


def test_the_declarations_are_the_facts() -> None:
    """Each differs from the other only where `differences.toml` says so, and why."""
    theirs, ours = facts.expected(facts.load()), declared()

    problems = check(theirs, ours)

    print(summary(theirs, ours))  # noqa: T201 # pytest -s shows it
    assert not problems, explained(problems, theirs)


def test_what_is_declared_is_not_said_to_be_missing() -> None:
    """What is typed now leaves `unspecified` and `extra_fields`, and so `docs/not-offered.md`."""
    known = facts.load()
    offered = declared()
    bodies = {
        f"{operation['response']}{name.capitalize()}": operation["body"]
        for service in offered["services"].values()
        for name, operation in service["operations"].items()
        if name in {"create", "update"} and "response" in operation
    }
    commands = {
        f"{service['attribute']}.{name}"
        for service in offered["services"].values()
        for name in service["operations"]
    }

    missing = {
        f"{n}.{verb}" for n, verbs in known["unspecified"]["cli_only"].items() for verb in verbs
    }
    for schema, fields in known["extra_fields"].items():
        assert not {*fields} & {*offered["schemas"].get(schema, {}), *bodies.get(schema, {})}, (
            schema
        )

    assert not missing & commands


def test_what_only_create_tells_is_there_in_its_answer() -> None:
    """A secret that only `create` tells is a text there, and no reader has to rule None out."""
    told = {
        (schema, field)
        for schema, fields in facts.load()["schemas"].items()
        for field, fact in fields.items()
        if fact.get("only_on_create")
    }
    found = {
        (schema_of(operation.model), field): get_type_hints(operation.model)[field]
        for kind in resources().values()
        for name, operation in operations(kind).items()
        if name == "create"
        for field in get_type_hints(operation.model)
        if (schema_of(operation.model), field) in told
    }

    assert {("APIKey", "token"), ("Credential", "token"), ("AIGatewayAPIKey", "token")} == told
    assert dict.fromkeys(told, str) == found


def test_what_create_answers_differs_in_its_secrets_alone() -> None:
    """A model of its own is the kind that `get` answers with, with those fields typed anew."""
    own = {name: model for name, model in models().items() if schema_of(model) != name}

    assert {"NewAPIKey", "NewCredential"} == own.keys()
    for name, model in own.items():
        base = models()[schema_of(model)]
        hints, before = get_type_hints(model), get_type_hints(base)
        assert f"New{base.__name__}" == name
        assert {"token"} == {field for field in hints if hints[field] != before.get(field)}
        assert hints.keys() == before.keys()
        assert not attrs.fields_dict(model)["token"].repr


def test_each_agreement_has_its_address() -> None:
    """An agreed difference says why, and where to read about it."""
    for entry in (*differences.load("contract"), *differences.load("upstream")):
        assert entry.reason.endswith("."), entry
        assert entry.link.startswith("https://"), entry


def test_keys_are_what_create_takes_and_answers_have() -> None:
    """What tells items apart is passed to `create`, and comes back under the same name."""
    found = {path: getattr(kind, "key", None) for path, kind in resources().items()}
    keys = {path: key for path, key in found.items() if key is not None}

    assert {
        "agent_ingresses": "domain",
        "endpoints": "url",
        "ip_policies": "metadata",
        "reserved_domains": "domain",
        "service_users": "name",
        "vaults": "name",
    } == keys
    for path, key in keys.items():
        create = operations(resources()[path])["create"]
        assert key in create.parameters
        assert key in attrs.fields_dict(create.model)


def test_ids_of_the_path_are_positional_and_all_else_has_a_name() -> None:
    """The ids come in the order of the path; a PUT's module is the one other argument by place."""
    for attribute, resource in resources().items():
        for name, operation in operations(resource).items():
            place = f"{attribute}.{name}"
            by_place = [
                parameter
                for parameter, details in operation.parameters.items()
                if details.kind is not inspect.Parameter.KEYWORD_ONLY
            ]
            module = ["module"] if operation.method == "PUT" else []
            assert [*operation.path_names, *module] == by_place, place
