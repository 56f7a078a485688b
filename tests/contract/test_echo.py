"""What an answer has goes back: into each create, update and replace that takes a field of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import pytest

from ngrok_async._operation import Operation
from ngrok_async._wire.arguments import sources_of
from ngrok_async._wire.read import decode, loads
from ngrok_async.testing._routes import declared

DEEPEST = 8


def filled(hint: Any, depth: int = 0) -> Any:  # noqa: ANN401 # a type form, and JSON
    """Return JSON of a kind in which no field is absent, null or empty."""
    members = [member for member in get_args(hint) if member is not NoneType]
    if get_origin(hint) in {Union, UnionType}:
        return filled(members[0], depth)
    if get_origin(hint) is Literal:
        return members[0]
    if get_origin(hint) is tuple:
        return [filled(members[0], depth)] * 2
    if get_origin(hint) is Mapping:
        return {"a": filled(members[1], depth)}
    if isinstance(hint, type) and attrs.has(hint) and depth < DEEPEST:
        hints = get_type_hints(hint)
        fields = (field.name for field in attrs.fields(hint) if field.name != "_extra")
        return {name: filled(hints[name], depth + 1) for name in fields}
    plain: Mapping[Any, object] = {str: "text_1", int: 7, bool: True, float: 0.5}
    return "2026-01-02T03:04:05Z" if hint is datetime else plain[hint]


def echoes() -> Iterator[Any]:
    """Yield each parameter with the fields of the answer, and of the PUT's whole module."""
    for operation in declared():
        if not operation.sends_json or operation.model is NoneType:
            continue
        names = {field.name for field in attrs.fields(operation.model)}
        for name in operation.parameters:
            source = next((s for s in (name, *sources_of(name)) if s in names), None)
            if name == "module" or (source and name not in operation.path_names):
                id_ = f"{operation.route} {name}".replace("/", " ")
                yield pytest.param(operation, name, source, id=id_)


@pytest.mark.parametrize(("operation", "name", "source"), list(echoes()))
def test_what_an_answer_has_is_taken(operation: Operation, name: str, source: str | None) -> None:
    """As a model and as the mapping of its fields; and what is sent can be read again."""
    answer = decode(filled(operation.model), operation.model)
    value = answer if source is None else getattr(answer, source)
    ids = dict.fromkeys(operation.path_names, "x_1")
    request = operation.request({**ids, name: value})

    sent = loads(request.body or b"")
    assert sent if source is None else sent[name] not in (None, {}, [], "")


def test_nothing_is_left_out_of_an_operator() -> None:
    """What a request cannot have, such as the certificate, is left out, and nothing else."""
    [update] = [o for o in declared() if o.route == "PATCH /kubernetes_operators/{id}"]
    [create] = [o for o in declared() if o.route == "POST /kubernetes_operators"]
    operator = decode(filled(update.model), update.model)

    binding = {"endpoint_selectors": ["text_1", "text_1"], "ingress_endpoint": "text_1"}
    deployment = {"name": "text_1", "version": "text_1"}
    given = {"binding": operator.binding, "deployment": operator.deployment}
    where = {"namespace": "text_1", "cluster_name": "text_1"}
    assert {"binding": binding, "deployment": deployment} == update.request(
        {"id": "x_1", **given}
    ).json
    assert {"binding": binding, "deployment": deployment | where} == create.request(given).json
