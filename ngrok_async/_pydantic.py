"""Models and pages as pydantic sees them, and so FastAPI: fields, answers and their documentation.

pydantic asks a type for its schema by a method of an agreed name, and that method imports this
module: nobody else needs pydantic. Values are read by `from_dict` and written in the form of
`to_dict`, so both are the same with pydantic and without; secrets are in no schema and no answer.
https://docs.pydantic.dev/latest/concepts/types/#customizing-validation-with-__get_pydantic_core_schema__
"""

import inspect
import re
from collections.abc import Callable
from types import UnionType
from typing import Any, Final, Union, get_origin, get_type_hints

import attrs
from pydantic_core import core_schema as core

from ngrok_async._id import HasId
from ngrok_async._json import timestamp
from ngrok_async._kinds import TypeForm, is_id, is_time, parts_of
from ngrok_async.unset import UnsetType

Generate = Callable[[Any], core.CoreSchema]
"""Gives the schema of a type."""

Written = Callable[[dict[str, Any]], object]
"""Writes fields by their schemas, with the options of the call: `exclude_none` and the like."""

_NO_JSON: Final = frozenset({HasId, UnsetType})
# As the API writes it. Without a schema of its own, so that the time's is documented.
_TIME: Final = core.datetime_schema(
    serialization=core.plain_serializer_function_ser_schema(timestamp, when_used="json")
)


class _Time:
    """Stands for times in the types that pydantic is asked about."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> core.CoreSchema:
        return _TIME


def model_schema(model: Any, generate: Generate) -> core.CoreSchema:  # noqa: ANN401 # a class
    """Return the schema of a model.

    Args:
        model: The class, which has `from_dict` and `to_dict`.
        generate: Gives the schemas of the fields' types.
    """
    hints, about = get_type_hints(model), _descriptions(model)
    fields = {
        field.name: core.typed_dict_field(
            generate(_in_json(hints[field.name])),
            required=field.default is attrs.NOTHING,
            metadata=_documented(about.get(field.name)),
        )
        for field in attrs.fields(model)
        if field.repr
    }
    form = core.typed_dict_schema(
        fields,
        cls=model,
        ref=_ref(model),
        extra_behavior="allow",
        metadata=_documented(_summary(model)),
    )

    def read(value: object, _: object) -> object:
        return value if isinstance(value, model) else model.from_dict(value)

    def write(value: Any, written: Written) -> object:  # noqa: ANN401 # a model
        # What is declared goes as it is, so that its own schema writes it, with pydantic's options.
        # The rest may be anything, the fields of a subclass too; ids may be what has them.
        content: dict[str, Any] = value.to_dict()
        plain = {name: getattr(value, name) for name in as_it_is if name in content}
        ids = {name: tuple(content[name]) for name in lists_of_ids if name in content}
        return written(content | plain | ids)

    as_it_is = [name for name in fields if not is_id(hints[name])]
    lists_of_ids = [n for n in fields if is_id(hints[n]) and get_origin(hints[n]) is tuple]
    return core.no_info_wrap_validator_function(
        read,
        form,
        serialization=core.wrap_serializer_function_ser_schema(write, schema=form),
    )


def page_schema(page: Any, item: Any, generate: Generate) -> core.CoreSchema:  # noqa: ANN401 # classes
    """Return the schema of a page.

    Args:
        page: The class.
        item: The type of its items.
        generate: Gives the schemas of types.
    """
    name = f"{page.__name__}[{item.__name__}]"
    about = _descriptions(page) | {"cursor": "What `before_id` takes for the next page."}
    kinds = {"items": tuple[item, ...], "uri": str, "next_page_uri": str | None}
    fields = {
        field: core.typed_dict_field(
            generate(kind), required=field == "items", metadata=_documented(about.get(field))
        )
        for field, kind in (kinds | {"cursor": str | None}).items()
    }
    form = core.typed_dict_schema(
        fields,
        cls=page,
        ref=f"{_ref(page)}[{_ref(item)}]",
        extra_behavior="allow",
        metadata=_documented(_summary(page), title=name),
    )

    def read(value: object, validate: Callable[[object], dict[str, Any]]) -> object:
        if isinstance(value, page):
            return value
        content = validate(value)
        known = {name: content[name] for name in kinds if name in content}
        extra = {name: content[name] for name in content if name not in fields}
        return page(**known, extra=extra)

    def write(value: Any, written: Written) -> object:  # noqa: ANN401 # a page
        content: dict[str, object] = attrs.evolve(value, items=()).to_dict()
        return written(content | {"items": value.items})

    return core.no_info_wrap_validator_function(
        read,
        form,
        serialization=core.wrap_serializer_function_ser_schema(write, schema=form),
    )


def _in_json(hint: TypeForm) -> TypeForm:
    """Return the type of what JSON has for a field."""
    if is_time(hint):
        return _Time
    origin, members = parts_of(hint)
    if origin in {Union, UnionType}:
        return Union[tuple(_in_json(m) for m in members if m not in _NO_JSON)]  # noqa: UP007 # of many
    if origin is tuple:
        return tuple.__class_getitem__((_in_json(members[0]), ...))
    return hint


def _ref(kind: type[object]) -> str:
    # The form is pydantic's own: it makes the names of definitions of it.
    return f"{kind.__module__}.{kind.__qualname__}:{id(kind)}"


def _documented(text: str | None, **more: str) -> dict[str, Any]:
    updates = more | ({"description": text} if text else {})
    return {"pydantic_js_updates": updates}


def _summary(kind: type[object]) -> str:
    """Return what the docstring says before it goes into the attributes."""
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\nAttributes:\n")[0]


def _descriptions(kind: type[object]) -> dict[str, str]:
    """Return what the docstrings of a class and its bases say about each attribute."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        text = inspect.cleandoc(base.__doc__ or "").partition("\n\nAttributes:\n")[2]
        for name, about in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE):
            found[name] = " ".join(about.split())
    return found
