"""What may be in the body of a request: the declared fields, with values of the declared types.

This is written apart from the encoder of the SDK, which could not be tested against itself.
"""

import inspect
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, cast

from ngrok_async._id import HasId
from ngrok_async._kinds import TypeForm, is_time, parts_of
from ngrok_async._model import Model
from ngrok_async._operation import Operation
from ngrok_async._request import JSON
from ngrok_async._wire.read import MismatchError, decode, loads
from ngrok_async.testing._declared_types import choices, fields, model_in
from ngrok_async.testing._kinds import plain
from ngrok_async.testing._messages import Incoming
from ngrok_async.testing._refusals import refusal, wrong_value
from ngrok_async.testing._request_to_answer import given
from ngrok_async.testing._values import MISSING, check_needed, check_values

_SCALARS: Final[Mapping[object, tuple[type, ...]]] = {
    str: (str,),
    HasId: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
    type(None): (type(None),),
    Any: (object,),
}


def check_body(operation: Operation, request: Incoming) -> dict[str, JSON]:
    """Return the fields of a request's body; none where the operation takes none.

    Raises:
        RefusedError: There is a body too many or too few, a field that is not declared, a value of
            another type than declared, or a required field is missing.
    """
    if not operation.sends_json:
        if request.body:
            raise refusal(211)
        return {}
    content, hints = given(operation, _content(request)), operation.hints
    if operation.method == "PUT":
        # The module is sent alone, not under its name.
        _check("module", content, hints["module"])
        check_values("", {"module": content}, hints)
        return content
    declared = {n: hints[n] for n in operation.parameters if n not in operation.path_names}
    scope = plain(operation.template).removesuffix("/{}")
    is_create = operation.method == "POST"
    check_fields("", content, declared)
    for name, parameter in operation.parameters.items():
        required = name in declared and parameter.default is inspect.Parameter.empty
        if required and is_create and content.get(name, "") == "":
            raise wrong_value(name, "is required", MISSING.get(f"{scope} {name}", 215))
    check_needed(scope, content, is_create=is_create)
    check_values(scope, content, declared)
    return content


def _content(request: Incoming) -> dict[str, JSON]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not kind:
        raise refusal(216)
    if kind != "application/json":
        raise refusal(210, kind=kind)
    try:
        body = loads(request.body)
    except MismatchError:
        body = None
    if not isinstance(body, dict):
        raise refusal(213)
    return cast("dict[str, JSON]", body)


def check_fields(path: str, content: Mapping[str, JSON], declared: Mapping[str, Any]) -> None:
    """Compare fields with the declared ones; `path` is put before their names.

    Raises:
        RefusedError: One of them is not declared, or has a value of another type.
    """
    if unknown := content.keys() - declared.keys():
        raise refusal(214, field=path + min(unknown))
    for name, value in content.items():
        # Below the top, null is as good as a field that is left out.
        if not path or value is not None:
            _check(f"{path}{name}", value, declared[name])


def _check(name: str, value: JSON, hint: TypeForm) -> None:
    model = model_in(hint)
    kinds = choices(hint)
    if model is not None and not (value is None and type(None) in kinds):
        _check_model(name, value, model)
    elif not any(_fits(name, value, kind) for kind in kinds):
        raise wrong_value(name, "has a value of a wrong type")


def _check_model(name: str, value: JSON, model: type[Model]) -> None:
    if not isinstance(value, dict):
        raise wrong_value(name, "must be an object")
    check_fields(f"{name}.", cast("dict[str, JSON]", value), fields(model))


def _fits(name: str, value: JSON, kind: TypeForm) -> bool:
    origin, members = parts_of(kind)
    if origin is Literal:
        return value in members
    if origin in {Sequence, tuple} and isinstance(value, list):
        for index, item in enumerate(cast("Sequence[JSON]", value)):
            _check(f"{name}[{index}]", item, members[0])
        return True
    if origin is Mapping and isinstance(value, dict):
        for key, item in cast("Mapping[str, JSON]", value).items():
            _check(f"{name}.{key}", item, members[1])
        return True
    if is_time(kind):
        return _is_time(value)
    # A boolean is an integer to Python only.
    is_odd = isinstance(value, bool) and kind in {int, float}
    return isinstance(value, _SCALARS.get(kind, ())) and not is_odd


def _is_time(value: JSON) -> bool:
    try:
        decode(value, datetime)
    except MismatchError:
        return False
    return True
