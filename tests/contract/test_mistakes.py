"""Mistakes in declarations turn the contract red, and are called by their names."""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Literal

import attrs
import pytest

from ngrok_async._model import Model
from ngrok_async._operation import Resource, operation, operations, paged
from ngrok_async._wire.arguments import Id
from ngrok_async.pagination import Pager
from ngrok_async.unset import UNSET, Unset
from tools.contract import differences, facts, places
from tools.contract.check import check, explained
from tools.contract.compare import compare
from tools.contract.declared import declared, describe, describe_model
from tools.contract.differences import Agreed
from tools.contract.facts import Facts

THEIRS = facts.expected(facts.load())
OURS = declared()
KNOWN = check(THEIRS, OURS)  # nothing, unless there is a real mistake: one test is enough
OPERATIONS = "services", "IPPolicies", "operations"
BODY = *OPERATIONS, "create", "body"
MODEL = "schemas", "IPPolicy"
ROOT = Path(__file__).parents[2]
EMPTYING = "FailoverBackends.update.body.backends"

Change = Callable[[Facts], object]


def change(place: tuple[str, ...], values: Mapping[str, object]) -> Change:
    """Return what sets values at a place."""
    return lambda ours: at(ours, place).update(values)


def drop(place: tuple[str, ...]) -> Change:
    """Return what removes a place."""
    return lambda ours: at(ours, place[:-1]).pop(place[-1])


def rename(place: tuple[str, ...], name: str) -> Change:
    """Return what gives a place another name."""
    return lambda ours: at(ours, place[:-1]).update({name: at(ours, place[:-1]).pop(place[-1])})


def at(ours: Facts, place: tuple[str, ...]) -> Facts:
    """Return what is at a place."""
    for name in place:
        ours = ours[name]
    return ours


MISTAKES: Mapping[str, tuple[Change, list[str]]] = {
    "wrong path": (
        change((*OPERATIONS, "get"), {"path": "/ip_policy/{id}"}),
        ["IPPolicies.get.path: the API has /ip_policies/{id}, we have /ip_policy/{id}"],
    ),
    "wrong method": (
        change((*OPERATIONS, "update"), {"method": "POST"}),
        ["IPPolicies.update.method: the API has PATCH, we have POST"],
    ),
    "wrong effect": (
        change(("services", "TunnelSessions", "operations", "stop"), {"effect": "act"}),
        ["TunnelSessions.stop.effect: the API has remove, we have act"],
    ),
    "invented effect": (
        change(("services", "TunnelSessions", "operations", "restart"), {"effect": "set"}),
        ["TunnelSessions.restart.effect: the API has act, we have set"],
    ),
    "wrong attribute": (
        change(("services", "IPPolicies"), {"attribute": "policies"}),
        ["IPPolicies.attribute: the API has ip_policies, we have policies"],
    ),
    "wrong page": (
        change((*OPERATIONS, "list"), {"items": "policies"}),
        ["IPPolicies.list.items: the API has ip_policies, we have policies"],
    ),
    "no filter": (
        drop((*OPERATIONS, "list", "query", "filter")),
        ["IPPolicies.list.query.filter: the API has it, we have not"],
    ),
    "field that no filter knows": (
        change((*OPERATIONS, "list", "fields"), {"name": {"type": "string"}}),
        ["IPPolicies.list.fields.name: we have it, the API has not"],
    ),
    "forgotten field of a filter": (
        drop((*OPERATIONS, "list", "fields", "created_at")),
        ["IPPolicies.list.fields.created_at: the API has it, we have not"],
    ),
    "wrong kind of field": (
        change((*OPERATIONS, "list", "fields", "created_at"), {"type": "string"}),
        ["IPPolicies.list.fields.created_at.type: the API has datetime, we have string"],
    ),
    "missing operation": (
        drop((*OPERATIONS, "delete")),
        ["IPPolicies.delete: the API has it, we have not"],
    ),
    "missing resource": (
        drop(("services", "IPPolicies")),
        ["IPPolicies: the API has it, we have not"],
    ),
    "invented operation": (
        change(OPERATIONS, {"purge": {"method": "DELETE", "path": "/ip_policies"}}),
        ["IPPolicies.purge: we have it, the API has not"],
    ),
    "renamed parameter": (
        rename((*BODY, "description"), "text"),
        [
            "IPPolicies.create.body.description: the API has it, we have not",
            "IPPolicies.create.body.text: we have it, the API has not",
        ],
    ),
    "invented requirement": (
        change((*BODY, "metadata"), {"required": True}),
        ["IPPolicies.create.body.metadata.required: we have yes, the API has not"],
    ),
    "default that is sent": (
        change((*BODY, "metadata"), {"default": "'{}'"}),
        ["IPPolicies.create.body.metadata.default: we have '{}', the API has not"],
    ),
    "missing model": (
        drop(MODEL),
        ["IPPolicy: the API has it, we have not"],
    ),
    "missing field": (
        drop((*MODEL, "created_at")),
        ["IPPolicy.created_at: the API has it, we have not"],
    ),
    "wrong type": (
        change((*MODEL, "created_at"), {"type": "string"}),
        ["IPPolicy.created_at.type: the API has datetime, we have string"],
    ),
    "null that cannot be": (
        change((*MODEL, "metadata"), {"nullable": True}),
        ["IPPolicy.metadata.nullable: we have yes, the API has not"],
    ),
    "forgotten value": (
        change(("schemas", "IPPolicyRule", "action"), {"enum": ["allow"]}),
        ["IPPolicyRule.action.enum: the API has allow, deny, we have allow"],
    ),
    "secret in the repr": (
        change(("schemas", "APIKey", "token"), {"secret": False}),
        ["APIKey.token.secret: the API has yes, we have not"],
    ),
    "agreement out of date": (
        change(
            ("services", "FailoverBackends", "operations", "update", "body", "backends"),
            {"required": False},
        ),
        [f"{EMPTYING}.required (- there, yes here): agreed on, but not so now"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_name(mistake: str) -> None:
    """One change of what is declared makes one report, or two for another name."""
    make, expected = MISTAKES[mistake]
    ours = deepcopy(OURS)
    make(ours)

    assert expected == [line for line in check(THEIRS, ours) if line not in KNOWN]


def named(problem: str) -> list[str]:
    """Return the lines that a problem's text names, each with the two after it."""
    found = list[str]()
    for file, line in re.findall(r"([\w/]+\.\w+):(\d+)", places.to_edit(problem, THEIRS)):
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        found.append("\n".join(lines[int(line) - 1 : int(line) + 2]))
    return found


@pytest.mark.parametrize("service", OURS["services"])
def test_a_problem_of_an_operation_names_where_to_mend_it(service: str) -> None:
    """The method, whatever the problem in it, and its fact."""
    for name in OURS["services"][service]["operations"]:
        ours, theirs = named(f"{service}.{name}.effect: the API has set, we have act")
        assert f"def {name}(" in ours
        assert re.match(rf'\s+"({name}|effect)": ', theirs)


@pytest.mark.parametrize("model", OURS["schemas"])
def test_a_problem_of_a_model_names_where_to_mend_it(model: str) -> None:
    """The field, or the class that has it of another; and its fact."""
    for field in OURS["schemas"][model]:
        ours, theirs = named(f"{model}.{field}.type: the API has string, we have integer")
        assert f"    {field}: " in ours or f"class {model}(" in ours
        assert theirs.lstrip().startswith(f'"{field}":')


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ("IPPolicies.attribute: the API has a, we have b", ["ip_policies: Lazy", '"attribute":']),
        ("IPPolicies.purge: we have it, the API has not", ["class IPPolicies(", '"operations":']),
        ("IPPolicies.copy: the API has it, we have not", ["class IPPolicies(", '"operations":']),
        ("IPPolicies.list.query.colour: we have it", ["def list(", '"query": ["before_id"']),
        ("Ref.name: the API has it, we have not", ["class Ref(", '"Ref": {']),
        (f"{EMPTYING}.required (yes there, - here): agreed on, but not so now", [f'"{EMPTYING}.']),
    ],
    ids=["attribute", "invented", "missing", "query", "field", "agreement"],
)
def test_what_is_there_on_one_side_only_names_what_is_around_it(
    problem: str, expected: list[str]
) -> None:
    """As close as the side that lacks it gets; an agreement has a line of its own."""
    found = named(problem)

    assert len(expected) == len(found)
    assert all(text in lines for text, lines in zip(expected, found, strict=True))


def test_what_is_nowhere_names_the_files_to_make() -> None:
    """A resource is a new file, and a line of the client."""
    theirs: Facts = {"services": {"Gadgets": {"attribute": "toys.gadgets"}}, "schemas": {}}

    assert "ngrok_async/resources/toys/gadgets.py (new) and ngrok_async/client.py" in (
        places.to_edit("Gadgets: the API has it, we have not", theirs)
    )
    assert "a module in ngrok_async/resources" in (
        places.to_edit("Gadget: the API has it, we have not", theirs)
    )


def test_the_text_of_a_red_contract_has_both() -> None:
    """Each problem with what to edit under it."""
    text = explained(["Ref.name: the API has it, we have not"], THEIRS)

    assert re.fullmatch(
        r"Ref\.name: the API has it, we have not\n"
        r"    edit ngrok_async/resources/_shared\.py:\d+, or else tests/contract/facts\.json:\d+",
        text,
    )


@attrs.frozen(kw_only=True)
class IPPolicy(Model):
    """A model with mistakes."""

    id: str = ""
    created_at: str = ""
    description: str | None = None
    metadata: Literal["{}"] | str = attrs.field(  # noqa: PYI051 # as in the package
        default="{}", repr=False
    )


class IPPolicies(Resource):
    """A resource with mistakes."""

    @paged("GET /ip_policies", items="policies")
    def list(self, *, limit: int = 10) -> Pager[IPPolicy]:
        """Walk over all policies."""
        raise NotImplementedError

    @operation("POST /ip_policies/{id}")
    async def update(
        self,
        id: Id,  # noqa: A002 # as in the package
        *,
        description: str,
        tags: Unset[str | None] = UNSET,
    ) -> None:
        """Change a policy."""


def test_mistakes_are_read_off_real_declarations() -> None:
    """The same, from code: signature, annotations and fields."""
    theirs: Facts = {
        "services": {"IPPolicies": THEIRS["services"]["IPPolicies"]},
        "schemas": {"IPPolicy": THEIRS["schemas"]["IPPolicy"]},
    }
    found = {name: describe(declared) for name, declared in operations(IPPolicies).items()}
    ours: Facts = {
        "services": {"IPPolicies": {"attribute": "ip_policies", "operations": found}},
        "schemas": {"IPPolicy": describe_model(IPPolicy)},
    }

    differences = compare(theirs, ours)

    assert {
        "IPPolicies.create: the API has it, we have not",
        "IPPolicies.delete: the API has it, we have not",
        "IPPolicies.get: the API has it, we have not",
        "IPPolicies.list.fields.created_at: the API has it, we have not",
        "IPPolicies.list.fields.description: the API has it, we have not",
        "IPPolicies.list.fields.id: the API has it, we have not",
        "IPPolicies.list.fields.metadata: the API has it, we have not",
        "IPPolicies.list.items: the API has ip_policies, we have policies",
        "IPPolicies.list.query.before_id: the API has it, we have not",
        "IPPolicies.list.query.filter: the API has it, we have not",
        "IPPolicies.list.query.limit.default: we have 10, the API has not",
        "IPPolicies.update.body.description.required: we have yes, the API has not",
        "IPPolicies.update.body.metadata: the API has it, we have not",
        "IPPolicies.update.body.tags: we have it, the API has not",
        "IPPolicies.update.effect: the API has set, we have act",
        "IPPolicies.update.method: the API has PATCH, we have POST",
        "IPPolicies.update.response: the API has IPPolicy, we have not",
        "IPPolicy.created_at.required: the API has yes, we have not",
        "IPPolicy.created_at.type: the API has datetime, we have string",
        "IPPolicy.description.nullable: we have yes, the API has not",
        "IPPolicy.id.required: the API has yes, we have not",
        "IPPolicy.metadata.default: we have '{}', the API has not",
        "IPPolicy.metadata.enum: we have {}, the API has not",
        "IPPolicy.metadata.secret: we have yes, the API has not",
        "IPPolicy.uri: the API has it, we have not",
    } == set(map(str, differences))


def test_an_agreement_covers_its_difference_and_no_other() -> None:
    """What was agreed on is exact: the same place with another value is reported."""
    difference = compare(
        {"services": {}, "schemas": {"Ref": {"id": {"type": "string"}}}},
        {"services": {}, "schemas": {"Ref": {"id": {"type": "integer"}}}},
    )
    entry = Agreed(
        where=["Ref.id.type"], theirs="string", ours="integer", reason="Why.", link="https://"
    )
    other = attrs.evolve(entry, ours="number")

    assert [] == differences.problems(difference, [entry])
    assert [
        "Ref.id.type: the API has string, we have integer",
        "Ref.id.type (string there, number here): agreed on, but not so now",
    ] == differences.problems(difference, [other])
