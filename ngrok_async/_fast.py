"""One loop-free function per model, generated: what decoding costs is mostly calls.

A generated function takes the usual forms of a value and raises at anything else, without saying
what or where: the exact pass of `_wire.decode` looks again then, and it decides. So nothing here
may accept what the exact hooks refuse; `tests/test_fast.py` holds the two against each other.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import attrs
from cattrs import Converter

Hook: TypeAlias = Callable[[Any, Any], Any]

_ZERO_TIME: Final = datetime(1, 1, 1, tzinfo=UTC)


class UnusualError(Exception):
    """A value that the exact pass has to look at."""


def compile_model(kind: type[Any], converter: Converter) -> Hook:
    """Return a function that makes a `kind` of a decoded object.

    Args:
        kind: An attrs class of ours.
        converter: Has the hooks for what is no text, number or time.
    """
    hints = get_type_hints(kind)
    fields = [field for field in attrs.fields(kind) if field.name != "_extra"]
    scope: dict[str, Any] = {
        "datetime": datetime,
        "from_text": datetime.fromisoformat,
        "kind": kind,
        "known": frozenset(field.name for field in fields),
        "new": object.__new__,
        "set_extra": getattr(kind, "_extra").__set__,  # noqa: B009 # no member for type checkers
        "Unusual": UnusualError,
        "UTC": UTC,
        "zero": _ZERO_TIME,
    }
    lines = [
        "def structure(given, _):",
        "    if type(given) is not dict: raise Unusual",
        "    model = new(kind)",
        f"    expected = {len(fields)}",
    ]
    for number, field in enumerate(fields):
        scope[f"set{number}"] = getattr(kind, field.name).__set__
        lines += _field(number, field, hints[field.name], scope, converter)
    lines += [
        "    if len(given) == expected: set_extra(model, None)",
        "    else: set_extra(model, {k: v for k, v in given.items() if k not in known})",
        "    return model",
    ]
    exec("\n".join(lines), scope)  # noqa: S102 # made of our own declarations alone
    hook: Hook = scope["structure"]
    return hook


def _field(
    number: int,
    field: "attrs.Attribute[Any]",
    hint: Any,  # noqa: ANN401 # a type form
    scope: dict[str, Any],
    converter: Converter,
) -> list[str]:
    """Return the lines that read, check and set one field."""
    nullable = get_origin(hint) in {Union, UnionType} and NoneType in get_args(hint)
    check, value = _check(number, hint, scope, converter)
    lines: list[str] = []
    if field.default is attrs.NOTHING:
        lines += [f"v = given[{field.name!r}]"]  # a KeyError is as good as Unusual
        if nullable:
            lines += ["if v is not None:", *(f"    {line}" for line in [*check, *_assigned(value)])]
        else:
            lines += [*check, *_assigned(value)]
    else:
        # Go writes null for an empty list or map: the same as leaving it out.
        default = _default(number, field, scope)
        lines += [
            f"if {field.name!r} in given:",
            f"    v = given[{field.name!r}]",
            f"    if v is None: v = {default}",
            "    else:",
            *(f"        {line}" for line in [*check, *_assigned(value)]),
            "else:",
            "    expected -= 1",
            f"    v = {default}",
        ]
    return [f"    {line}" for line in [*lines, f"set{number}(model, v)"]]


def _assigned(value: str) -> list[str]:
    return [] if value == "v" else [f"v = {value}"]


def _default(number: int, field: "attrs.Attribute[Any]", scope: dict[str, Any]) -> str:
    default: Any = field.default
    name = f"default{number}"
    if hasattr(default, "factory"):
        scope[name] = default.factory
        return f"{name}()"
    scope[name] = default
    return name


_TYPES: Final = {str: "str", bool: "bool", int: "int"}


def _check(
    number: int,
    hint: Any,  # noqa: ANN401 # a type form
    scope: dict[str, Any],
    converter: Converter,
) -> tuple[list[str], str]:
    """Return the lines that check `v`, which is not None, and the expression for its value."""
    members = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    rest = [member for member in members if member is not NoneType]
    # An open enumeration is a string that may be anything.
    if rest[0] in _TYPES and len(rest) == 1:
        return [f"if type(v) is not {_TYPES[rest[0]]}: raise Unusual"], "v"
    if str in rest and all(m is str or get_origin(m) is Literal for m in rest):
        return ["if type(v) is not str: raise Unusual"], "v"
    if rest == [datetime]:
        lines = ["v = from_text(v)", "if v.tzinfo is not UTC: raise Unusual"]
        return lines, "None if v == zero else v" if len(members) > 1 else "v"
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        scope[f"hook{number}"] = _hook(item, scope, converter)
        check = ["if type(v) is not list: raise Unusual"]
        return check, f"tuple([hook{number}(item, None) for item in v])"
    only = rest[0] if len(rest) == 1 else hint
    scope[f"hook{number}"] = _hook(only, scope, converter)
    scope[f"hint{number}"] = only
    return [], f"hook{number}(v, hint{number})"


def _hook(hint: Any, scope: dict[str, Any], converter: Converter) -> Hook:  # noqa: ANN401 # a type form
    if hint is scope["kind"]:  # a model that holds its own kind: its function is not made yet
        return lambda value, _: scope["structure"](value, None)
    hook: Hook = converter.get_structure_hook(hint)
    return hook
