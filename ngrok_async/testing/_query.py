"""What may be in the query of a request."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, get_origin

from ngrok_async._operation import Operation
from ngrok_async.testing._declared_types import choices
from ngrok_async.testing._refusals import refusal

Query: TypeAlias = Mapping[str, list[str]]

_PAGE_SIZES: Final = range(1, 101)


def check_query(operation: Operation, query: tuple[tuple[str, str], ...]) -> Query:
    """Return the values by their names.

    Raises:
        RefusedError: A name is not declared, or is there twice although it is no list.
    """
    known = () if operation.sends_json else operation.parameters.keys() - {*operation.path_names}
    given: dict[str, list[str]] = {}
    for name, value in query:
        if name not in known:
            raise refusal(231, name=name)
        if name in given and not is_repeatable(operation, name):
            raise refusal(232, name=name)
        given.setdefault(name, []).append(value)
    return given


def is_repeatable(operation: Operation, name: str) -> bool:
    """Tell whether a parameter is a list."""
    return any(get_origin(kind) is Sequence for kind in choices(operation.hints[name]))


def page_size(query: Query) -> int:
    """Return how many items a page has at most.

    Raises:
        RefusedError: `limit` is no number or too large or small.
    """
    (text,) = query.get("limit", ["100"])
    # `int` takes more than a number has on the wire: "1_0", " 5" and digits of other scripts.
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        raise refusal(233, value=text)
    if (size := int(text)) not in _PAGE_SIZES:
        raise refusal(244, value=size)
    return size
