"""What may be in the query of a request."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, get_origin

from ngrok_async._operation import Operation
from ngrok_async.testing._answers import RefusedError
from ngrok_async.testing._types import choices

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
            raise RefusedError(f"There is no query parameter {name!r} here.", code=231)
        if name in given and not is_repeatable(operation, name):
            raise RefusedError(f"The query parameter {name!r} may be given only once.", code=232)
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
    try:
        size = int(text)
    except ValueError:
        raise RefusedError(f"limit must be a number, not {text!r}.", code=233) from None
    if size not in _PAGE_SIZES:
        raise RefusedError(f"limit must be from 1 to 100, not {size}.", code=244)
    return size
