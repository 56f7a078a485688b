"""What holds for the models of all resources, and for what changes them."""

import copy
import pickle
import re
from collections.abc import Mapping
from datetime import datetime
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

import attrs
import pytest

from ngrok_async._model import Model
from ngrok_async._operation import operations
from ngrok_async._wire.arguments import encoder
from ngrok_async._wire.read import MismatchError, decode
from tools.contract import facts
from tools.contract.declared import models, resources

FACTS: Final = facts.load()
# Classes that only requests have may hold ids of more than one form, and are never decoded.
OF_REQUESTS: Final = re.compile("(Mutate|AtEdge|Create|Update|Replace)$")
MODELS: Final = {n: m for n, m in models().items() if not OF_REQUESTS.search(n)}
ZERO: Final = "0001-01-01T00:00:00Z"
SECRETS: Final = re.compile("secret$|secret_access_key$|token$|password|^api_key$|private_key_pem")


def fields(model: type[Model]) -> dict[str, Any]:
    """Return the types of a model's fields by their names."""
    hints = get_type_hints(model)
    return {f.name: hints[f.name] for f in attrs.fields(model) if not f.name.startswith("_")}


def smallest(model: type[Model]) -> dict[str, Any]:
    """Return the least that an answer must have to become `model`."""
    required = [field for field in attrs.fields(model) if field.default is attrs.NOTHING]
    return {field.name: value_of(fields(model)[field.name]) for field in required}


def value_of(hint: Any) -> Any:  # noqa: ANN401 # a type form and its JSON
    """Return JSON of a type."""
    if isinstance(hint, type) and issubclass(hint, Model):
        return smallest(hint)
    return {datetime: "2026-11-22T10:00:00Z", str: "x"}[hint]


def places(kind: object) -> list[tuple[str, str]]:
    """Return the models and fields that are declared as `kind`."""
    return [
        (name, field)
        for name, m in MODELS.items()
        for field, hint in fields(m).items()
        if hint == kind
    ]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_a_plain_value(name: str) -> None:
    """It compares, hashes, copies and pickles, and cannot be changed."""
    model = decode(smallest(MODELS[name]), MODELS[name])

    assert model == pickle.loads(pickle.dumps(model))  # noqa: S301 # made in this line
    assert {model} == {copy.deepcopy(model)}
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        model._extra = {}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_keeps_what_is_new(name: str) -> None:
    """A field that this version does not know is in `extra`, whatever is in it."""
    new = {"brand_new": {"a": [1, None]}}
    model = decode({**smallest(MODELS[name]), **new}, MODELS[name])

    assert new == model.extra
    assert "brand_new" not in repr(model)


@pytest.mark.parametrize("name", MODELS)
def test_every_optional_field_may_be_null(name: str) -> None:
    """Go writes null for what is empty: it is the same as leaving the field out."""
    model = MODELS[name]
    required = smallest(model)

    assert decode(required, model) == decode(dict.fromkeys(fields(model)) | required, model)


@pytest.mark.parametrize(("name", "field"), places(datetime | None), ids=lambda value: value)
def test_a_time_that_was_never_set_is_none(name: str, field: str) -> None:
    """Go writes it as the first day of the year 1."""
    model = decode({**smallest(MODELS[name]), field: ZERO}, MODELS[name])

    assert None is getattr(model, field)


@pytest.mark.parametrize("uri", ["", "/reserved_domains/rd_1", "https://api.ngrok.com/x/y"])
@pytest.mark.parametrize("name", [name for name, m in MODELS.items() if "uri" in fields(m)])
def test_a_uri_is_taken_as_it_comes(name: str, uri: str) -> None:
    """Absolute, relative or empty: it is never asked for, so it is never refused."""
    assert uri == decode({**smallest(MODELS[name]), "uri": uri}, MODELS[name]).uri


def secrets() -> list[tuple[str, str]]:
    """Return the models and fields that hold a secret."""
    found = [(n, f) for n, m in models().items() for f in fields(m) if SECRETS.search(f)]
    assert len(found) >= 15
    return found


@pytest.mark.parametrize(("name", "field"), secrets(), ids=lambda value: value)
def test_no_secret_is_shown(name: str, field: str) -> None:
    """A model that is logged gives nothing away."""
    model = decode({**smallest(models()[name]), field: "hunter2"}, models()[name])

    assert "hunter2" == getattr(model, field)
    assert "hunter2" not in repr(model)
    assert "hunter2" not in str(model)


def test_nothing_is_hidden_that_is_no_secret() -> None:
    """`repr` is for people who look for a mistake."""
    hidden = {
        (name, field.name)
        for name, model in models().items()
        for field in attrs.fields(model)
        if not field.repr and field.name != "_extra"
    }

    assert set(secrets()) == hidden


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if smallest(model)])
def test_what_must_be_there_is_named_when_it_is_not(name: str) -> None:
    """The message has the path of the first field that is missing."""
    with pytest.raises(MismatchError, match=r"^required field missing @ \$\.\w+$"):
        decode({}, MODELS[name])


# Changes

BODIES: Final[Mapping[str, Mapping[str, Any]]] = {
    f"{path}.{verb}": {
        name: operation.hints[name]
        for name in operation.parameters
        if name not in operation.path_names
    }
    for path, resource in resources().items()
    for verb, operation in operations(resource).items()
    if operation.sends_json
}
EDGE_MODULES: Final = {
    name
    for path in ("edges.https", "edges.https_routes", "edges.tcp", "edges.tls")
    for name in BODIES[f"{path}.create"]
} - {"description", "metadata", "hostports", "match", "match_type"}


def nullable(parameters: Mapping[str, Any]) -> set[str]:
    """Return the parameters that take None."""
    return {name for name, hint in parameters.items() if NoneType in get_args(hint)}


@pytest.mark.parametrize("name", BODIES)
def test_null_is_sent_only_where_it_means_something(name: str) -> None:
    """It switches a domain's automatic certificates off, and removes an edge's module."""
    policy = {"certificate_management_policy"}
    expected = EDGE_MODULES if name.startswith("edges.") else policy

    assert expected & BODIES[name].keys() == nullable(BODIES[name])


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(name, p) for name, hints in BODIES.items() for p in hints if p not in nullable(hints)],
    ids=lambda value: value,
)
def test_null_is_refused_where_it_means_nothing(name: str, parameter: str) -> None:
    """It would fail at ngrok, or silently change nothing."""
    with pytest.raises(ValueError, match=f"^{parameter} must be"):
        encoder(BODIES[name][parameter])(parameter, None)


def test_updates_require_only_what_would_be_lost() -> None:
    """A PATCH leaves alone what is not in it, except for the lists of two kinds of backends."""
    required = {
        f"{path}.{name}"
        for path, resource in resources().items()
        for verb, operation in operations(resource).items()
        if operation.method == "PATCH" and verb == "update"
        for name, parameter in operation.parameters.items()
        if parameter.default is parameter.empty and name not in operation.path_names
    }

    assert {"backends.failover.backends", "backends.weighted.backends"} == required


def test_lists_of_ids_take_models() -> None:
    """Every parameter that is called an id takes whatever has one."""
    for name, hints in BODIES.items():
        for parameter, hint in hints.items():
            if parameter.endswith("_id"):
                assert "x" == encoder(hint)(parameter, Identified()), name
            elif parameter.endswith("_ids"):
                assert ["x"] == encoder(hint)(parameter, [Identified()]), name


class Identified:
    """An object of a caller's own that has an id."""

    id = "x"
