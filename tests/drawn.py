"""Values of the models, drawn by what their fields are declared as."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from ngrok_async._id import HasId
from ngrok_async.unset import UNSET, UnsetType

TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS: Final = st.floats(allow_nan=False, allow_infinity=False)
SCALARS: Final[Mapping[Any, st.SearchStrategy[Any]]] = {
    str: TEXTS,
    bool: st.booleans(),
    int: st.integers(-(2**63), 2**63 - 1),
    float: NUMBERS,
    # The year 1 is how Go writes "never", which is read as None.
    datetime: st.datetimes(datetime(2, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 # as they are given
    NoneType: st.none(),
    UnsetType: st.just(UNSET),
}
JSON: Final[st.SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def values(hint: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 # a type form
    """Return what may be in a field."""
    if hint in SCALARS:
        return SCALARS[hint]
    origin, members = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return st.one_of([values(member) for member in members if member is not HasId])
    if origin is Literal:
        return st.sampled_from(members)
    if origin is tuple:
        return st.lists(values(members[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(TEXTS, values(members[1]), max_size=2)
    return of(hint)


@cache
def of(model: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 # a class
    """Return objects of a model, with all of their fields and some that nobody knows."""
    hints = get_type_hints(model)
    names = [field.name for field in attrs.fields(model) if field.name != "_extra"]
    unknown = TEXTS.filter(lambda name: name not in names)
    return st.builds(
        model,
        **{name: values(hints[name]) for name in names},
        extra=st.dictionaries(unknown, JSON, max_size=2) | st.none(),
    )
