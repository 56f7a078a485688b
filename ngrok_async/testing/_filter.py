"""The `filter` of lists: conditions in CEL, evaluated by cel-python.

https://ngrok.com/docs/api/api-filtering
"""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any, TypeAlias, get_args, get_type_hints

import attrs

from ngrok_async._model import Model
from ngrok_async._request import JSON
from ngrok_async.testing._answers import RefusedError
from ngrok_async.testing._store import Item, timestamp

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

    def add(at: Any, span: Any) -> Any:  # noqa: ANN401 # CEL values
        return at + celpy.celtypes.DurationType(span)

    def subtract(at: Any, span: Any) -> Any:  # noqa: ANN401 # CEL values
        return at - celpy.celtypes.DurationType(span)

    try:
        environment = celpy.Environment()
        program = environment.program(
            environment.compile(expression), functions={"add": add, "subtract": subtract}
        )
    except celpy.CELParseError as error:
        raise _invalid(str(error).splitlines()[0]) from None
    blank, instants = _blank(model), _instants(model)
    time = celpy.json_to_cel({"now": timestamp(now)})

    def meets(item: Item) -> bool:
        obj = celpy.json_to_cel(blank | item)
        for name in instants:
            obj[name] = obj[name] and celpy.celtypes.TimestampType(obj[name])
        try:
            outcome = program.evaluate({"obj": obj, "time": time})
        except celpy.CELEvalError as error:
            raise _invalid(str(error.args[0])) from None
        if not isinstance(outcome, celpy.celtypes.BoolType):
            raise _invalid("it is neither true nor false")
        return bool(outcome)

    # A field that no item could have is an error even where there are no items.
    meets({})
    return meets


def _invalid(why: str) -> RefusedError:
    return RefusedError(f"The filter is not a valid expression: {why}", code=250)


def _instants(model: type[Model]) -> frozenset[str]:
    hints = get_type_hints(model)
    return frozenset(n for n, hint in hints.items() if datetime in {hint, *get_args(hint)})


def _blank(model: type[Model]) -> Item:
    """Return an item without content: what fields count as that ngrok left out."""
    hints = get_type_hints(model)
    return {
        field.name: _default(field, hints[field.name])
        for field in attrs.fields(model)
        if field.name != "_extra"
    }


def _default(field: "attrs.Attribute[Any]", hint: Any) -> JSON:  # noqa: ANN401 # a type form
    if isinstance(field.default, attrs.Factory):  # type: ignore[arg-type]
        return {}
    if field.default is not attrs.NOTHING:
        return [] if field.default == () else field.default
    if hint is datetime:
        return _SOME_TIME
    return _blank(hint) if isinstance(hint, type) and issubclass(hint, Model) else ""
