"""From the fields of a request to those of an answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, cast, get_args, get_origin

import attrs

from ngrok_async._kinds import TypeForm, is_time, parts_of
from ngrok_async._model import Model
from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async._wire.read import decode
from ngrok_async.resources._shared import Ref
from ngrok_async.testing._declared_types import choices, fields, is_model, model_in
from ngrok_async.testing._facts import of_schema
from ngrok_async.testing._references import refer, refers
from ngrok_async.testing._store import Item, Store, timestamp

_USERS: Final = frozenset({"created_by", "last_updated_by", "owner_id", "principal"})
_MADE_UP: Final = _USERS | {"created_at", "updated_at"}
_ENDS: Final = frozenset({"not_after", "valid_until"})
_VALIDITY: Final = timedelta(days=90)


def given(operation: Operation, body: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return what a body says, without what real clients send along.

    Some repeat the ids of the path; ngrok's Python client sends every text and number that one does
    not give to a create, as "" and 0.
    """
    is_create = operation.method == "POST" and is_model(operation.model)
    return {
        name: value
        for name, value in body.items()
        if not (
            isinstance(value, str)
            if name in operation.path_names
            else is_create and name in operation.parameters and _is_blank(value)
        )
    }


def _is_blank(value: JSON) -> bool:
    return value == "" or (type(value) in {int, float} and not value)  # False is 0 to Python only


def answer_form(store: Store, model: type[Model], body: Mapping[str, JSON]) -> Item:
    """Return what answers have of a request: fields by their names, references for ids.

    A field that answers do not have is dropped, as the value of a secret is. Null stays null.

    Raises:
        RefusedError: An id is of nothing that there is.
    """
    known = fields(model)
    form: Item = {}
    for name, value in body.items():
        references = [refer(store, name, id_) for id_ in _ids(value)] if refers(name) else []
        if name in known:
            form[name] = _converted(store, value, known[name])
        elif name.endswith("_ids"):
            plurals = (f"{name[:-4]}s", f"{name[:-5]}ies")
            form |= {plural: references for plural in plurals if plural in known}
        elif name.endswith("_id") and name[:-3] in known:
            form[name[:-3]] = references[0] if references else None
    if bool in choices(known.get("enabled")) and type(None) in choices(known.get("enabled")):
        form.setdefault("enabled", True)  # a module that one sets is on
    return form


def _ids(value: JSON) -> list[str]:
    """Return the ids in a field: one, a list, or those that a map has numbers for."""
    ids: list[str] = [value] if isinstance(value, str) else list(value or ())
    return ids


def _converted(store: Store, value: JSON, hint: TypeForm) -> JSON:
    model = model_in(hint)
    if isinstance(value, dict) and model is not None:
        given = cast("dict[str, JSON]", value)
        return answer_form(store, model, {n: v for n, v in given.items() if v is not None})
    if isinstance(value, list) and parts_of(hint)[0] is tuple:
        items = cast("Sequence[JSON]", value)
        return [_converted(store, item, get_args(hint)[0]) for item in items]
    if any(map(is_time, choices(hint))) and value is not None:
        return timestamp(decode(value, datetime))
    return cast("JSON", value)


def made_up(store: Store, model: type[Model], now: datetime) -> Item:
    """Return plausible values for what no answer lacks, though nobody sends it."""
    known = of_schema(model.__name__)
    return {
        field.name: _value(store, field.name, fields(model)[field.name], now)
        for field in attrs.fields(model)
        if field.default is attrs.NOTHING
        or (field.name in _MADE_UP and known.get(field.name, {}).get("answers") != "sometimes")
    }


def _value(store: Store, name: str, hint: TypeForm, now: datetime) -> JSON:
    kind = choices(hint)[0]
    if is_time(kind):
        return timestamp(now + _VALIDITY if name in _ENDS else now)
    if kind is Ref:
        return {"id": store.user if name in _USERS else store.new_id(f"{name}_"), "uri": ""}
    if name in _USERS:
        return store.user
    if is_model(kind):
        return made_up(store, kind, now)
    return get_origin(kind)() if get_origin(kind) in {tuple, list} else _BLANK.get(kind)


_BLANK: Final[Mapping[Any, JSON]] = {str: "", bool: False, int: 0, float: 0.0}


def secrets(store: Store, model: type[Model], id_: str) -> Item:
    """Make up the secrets that only the answer to a create has, such as the token of a key."""
    return {
        field.name: f"{id_.partition('_')[2]}_{store.letters(21)}"
        for field in attrs.fields(model)
        if not field.repr and field.name != "_extra"
    }
