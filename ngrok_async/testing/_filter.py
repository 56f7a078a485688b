"""The `filter` of lists: conditions in CEL, evaluated by cel-python.

https://ngrok.com/docs/api/api-filtering
"""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any, TypeAlias

import attrs

from ngrok_async._model import Model
from ngrok_async._request import JSON
from ngrok_async.testing._answers import RefusedError
from ngrok_async.testing._store import Item, timestamp
from ngrok_async.testing._types import choices, fields, model_in

Condition: TypeAlias = Callable[[Item], bool]

_SOME_TIME = "1970-01-01T00:00:00Z"


def condition(expression: str, model: type[Model], now: datetime) -> Condition:
    """Compile a filter for items of `model`.

    Raises:
        RefusedError: It is not valid, or cel-python is not installed.
    """
    try:
        celpy: Any = import_module("celpy")  # on first use: it takes a tenth of a second
    except ImportError:
        raise RefusedError(
            'Filters need cel-python here: pip install "ngrok-async[testing]"', status=501
        ) from None

    program = _compiled(celpy, expression)
    absent, empty = _blank(model), _blank(model, nested=True)
    instants = _instants(model)
    time = celpy.json_to_cel({"now": timestamp(now)})

    def evaluate(item: Item) -> object:
        obj = celpy.json_to_cel(item)
        for name in instants:
            obj[name] = obj[name] and celpy.celtypes.TimestampType(obj[name])
        return program.evaluate({"obj": obj, "time": time})

    def meets(item: Item) -> bool:
        try:
            # A reference that is absent is null, and yet its id can be compared.
            try:
                outcome = evaluate(absent | item)
            except celpy.CELEvalError:
                outcome = evaluate(empty | item)
        except celpy.CELEvalError as error:
            # cel-python goes on with all that it knows, thousands of characters.
            raise _invalid(str(error.args[0]).partition(" (in activation ")[0]) from None
        if not isinstance(outcome, celpy.celtypes.BoolType):
            raise _invalid("it is neither true nor false")
        return bool(outcome)

    # A field that no item could have is an error even where there are no items.
    meets({})
    return meets


def _compiled(celpy: Any, expression: str) -> Any:  # noqa: ANN401 # a module without types
    def add(at: Any, span: Any) -> Any:  # noqa: ANN401 # CEL values
        return at + celpy.celtypes.DurationType(span)

    def subtract(at: Any, span: Any) -> Any:  # noqa: ANN401 # CEL values
        return at - celpy.celtypes.DurationType(span)

    try:
        environment = celpy.Environment()
        return environment.program(
            environment.compile(expression), functions={"add": add, "subtract": subtract}
        )
    except celpy.CELParseError as error:
        raise _invalid(str(error).splitlines()[0]) from None


def _invalid(why: str) -> RefusedError:
    return RefusedError(f"The filter is not a valid expression: {why}", code=250)


def _instants(model: type[Model]) -> frozenset[str]:
    return frozenset(n for n, hint in fields(model).items() if datetime in choices(hint))


def _blank(model: type[Model], *, nested: bool = False) -> Item:
    """Return an item without content: what fields count as that ngrok left out.

    Args:
        model: What the item is.
        nested: Whether to have empty objects where null is possible too.
    """
    return {
        field.name: _default(field, fields(model)[field.name], nested=nested)
        for field in attrs.fields(model)
        if field.name != "_extra"
    }


def _default(field: "attrs.Attribute[Any]", hint: Any, *, nested: bool) -> JSON:  # noqa: ANN401 # a type form
    inner = model_in(hint)
    if inner is not None and (nested or field.default is attrs.NOTHING):
        return _blank(inner, nested=nested)
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type] # a class in truth
        return {}
    if field.default is not attrs.NOTHING:
        return [] if field.default == () else field.default
    return _SOME_TIME if hint is datetime else ""
