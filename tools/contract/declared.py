"""What the package declares, in the form of `tools.contract.facts`."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs

import ngrok_async.resources
from ngrok_async import Client
from ngrok_async._id import HasId
from ngrok_async._kinds import TypeForm, parts_of
from ngrok_async._lazy import Group, Lazy
from ngrok_async._model import Model
from ngrok_async._operation import Operation, Resource, operations
from ngrok_async.filters import (
    BoolField,
    Condition,
    Fields,
    IdField,
    Reference,
    ReferenceField,
    SetField,
    TextField,
    TimeField,
)
from ngrok_async.unset import UNSET, UnsetType
from tools.contract.facts import Facts

_SCALARS: Final[Mapping[object, str]] = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
    datetime: "datetime",
    Any: "any",
}
_FIELDS: Final[Mapping[type, str]] = {
    BoolField: "boolean",
    IdField: "id",
    ReferenceField: "id",
    SetField: "[string]",
    TextField: "string",
    TimeField: "datetime",
}
_EMPTY: Final[Mapping[str, object]] = {
    "string": "",
    "integer": 0,
    "boolean": False,
    "number": 0.0,
    "[": (),
    "{": {},
}
"""What an absent field is, by its type or, for arrays and maps, by the sign before it."""


def declared() -> Facts:
    """Return services and schemas as the package declares them."""
    return {
        "services": {
            resource.__name__: {
                "attribute": attribute,
                "operations": {
                    name: describe(o) | (_fields(resource) if name == "list" else {})
                    for name, o in operations(resource).items()
                },
            }
            for attribute, resource in resources().items()
        },
        "schemas": {n: describe_model(m) for n, m in models().items() if schema_of(m) == n},
    }


def resources() -> dict[str, type[Resource]]:
    """Return the class behind each attribute path of the client, such as "backends.failover"."""
    return dict(_below(Client, ""))


def _below(owner: type, prefix: str) -> Iterator[tuple[str, type[Resource]]]:
    for name, member in vars(owner).items():
        if isinstance(member, Lazy):
            found: object = member.load(owner)  # pyright: ignore[reportUnknownMemberType] # of any resource
            if isinstance(found, type) and issubclass(found, Group):
                yield from _below(found, f"{prefix}{name}.")
            else:
                yield prefix + name, cast("type[Resource]", found)


def models() -> dict[str, type[Model]]:
    """Return every model of the package by its name, without those that others are made of."""
    found: dict[str, type[Model]] = {}
    package = ngrok_async.resources
    for name in (m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")):
        for member in vars(importlib.import_module(name)).values():
            if not (isinstance(member, type) and issubclass(member, Model)):
                continue
            if found.setdefault(member.__name__, member) is not member:
                raise ValueError(f"two models are called {member.__name__}")
    parts = {m.__base__ for m in found.values() if schema_of(m) == m.__name__}
    return {name: model for name, model in sorted(found.items()) if model not in parts}


def schema_of(model: type[Model]) -> str:
    """Return the name of ngrok's schema of a model.

    Of what only `create` tells, its answers have a class of their own here: `NewAPIKey` is an
    `APIKey` to ngrok.
    """
    base = cast("type", model.__base__).__name__
    return base if model.__name__ == f"New{base}" else model.__name__


def describe(operation: Operation) -> Facts:
    """Return a declared operation in the form of the facts."""
    fact: Facts = {
        "method": operation.method,
        "path": operation.template,
        "effect": operation.effect,
    }
    if operation.model is not NoneType:
        fact["response"] = schema_of(operation.model)
    if operation.items:
        fact["items"] = operation.items
    if operation.method == "PUT":
        fact["body_schema"] = type_name(operation.hints["module"])[0]
        return fact
    rest = {n: p for n, p in operation.parameters.items() if n not in operation.path_names}
    if operation.sends_json:
        fact["body"] = {
            name: _parameter(operation.hints[name], parameter.default, UNSET)
            for name, parameter in rest.items()
        }
    else:
        fact["query"] = {
            name: _parameter(operation.hints[name], parameter.default, None)
            for name, parameter in rest.items()
        }
    return fact


def _fields(resource: type[Resource]) -> Facts:
    """Return what the filter of a resource's list knows, if it has one."""
    of: Fields | None = getattr(resource, "fields", None)
    if of is None:
        return {}
    fields: list[Any] = [getattr(of, name) for name in dir(of) if not name.startswith("_")]
    fields += [field.id for field in fields if type(field) in {Reference, ReferenceField}]
    return {
        "fields": {
            str(field).removeprefix("obj."): {"type": _FIELDS[type(field)]}
            for field in fields
            if type(field) in _FIELDS
        }
    }


def _parameter(hint: TypeForm, default: object, not_sent: object) -> Facts:
    fact = _typed(hint)
    if not_sent is None:
        fact.pop("nullable", None)  # in a query, None is what is not sent
    if default is inspect.Parameter.empty:
        fact["required"] = True
    elif default is not not_sent:
        fact["default"] = repr(default)
    return fact


def describe_model(model: type[Model]) -> Facts:
    """Return a model in the form of the facts; of a default only what is not the empty value."""
    hints = get_type_hints(model)
    return {
        field.name: _field(field, hints[field.name])
        for field in attrs.fields(model)
        if not field.name.startswith("_")
    }


def _field(field: "attrs.Attribute[Any]", hint: TypeForm) -> Facts:
    fact = _typed(hint)
    default: Any = field.default
    if default is attrs.NOTHING:
        fact["required"] = True
    else:
        value = default.factory() if hasattr(default, "factory") else default
        name: str = fact["type"]
        empty = None if "nullable" in fact else _EMPTY.get(name, _EMPTY.get(name[0]))
        if value not in (empty, UNSET):
            fact["default"] = repr(value)
    if not field.repr:
        fact["secret"] = True
    return fact


def _typed(hint: TypeForm) -> Facts:
    name, enum, nullable = type_name(hint)
    fact: Facts = {"type": name}
    if enum:
        fact["enum"] = enum
    if nullable:
        fact["nullable"] = True
    return fact


def type_name(hint: TypeForm) -> tuple[str, list[str], bool]:
    """Return a type's name as in the facts, its known values, and whether it may be null."""
    if hint in _SCALARS:
        return _SCALARS[hint], [], False
    origin, members = parts_of(hint)
    if origin in {Union, UnionType}:
        return _union(members)
    if origin in {Sequence, tuple}:
        name, enum, _ = type_name(members[0])
        return f"[{name}]", enum, False
    if origin is Mapping:
        name, enum, _ = type_name(members[1])
        return f"{{{name}}}", enum, False
    return hint.__name__, [], False


def _union(members: tuple[Any, ...]) -> tuple[str, list[str], bool]:
    nullable = NoneType in members
    # An object that has an id is as good as the id, and a condition as its text.
    rest = [
        m
        for m in members
        if m not in {NoneType, UnsetType, HasId} and get_origin(m) is not Condition
    ]
    if str in rest:  # a mapping beside it is sent as its JSON, a text
        rest = [m for m in rest if get_origin(m) is not Mapping]
    enum = [value for m in rest if get_origin(m) is Literal for value in get_args(m)]
    # The first of several classes is what the request takes, the others are what answers have.
    first = next((m for m in rest if isinstance(m, type) and attrs.has(m)), None)
    if first is None:
        (first,) = [m for m in rest if get_origin(m) is not Literal]
    name, inner, _ = type_name(first)
    return name, enum or inner, nullable
