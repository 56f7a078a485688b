"""The routes that a fault is for: which requests fit, and whether any can."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Final

from ngrok_async._operation import Operation
from ngrok_async._request import EFFECTS
from ngrok_async._shown import shown

_PIECES: Final = re.compile(r"(\{\w+\}|\*)")
# What a text is made of: itself, or one of these.
_ANY: Final = "any text"
_REST: Final = "any text without a slash"
_ONE: Final = "a character that is no slash"
_STARS: Final = frozenset({_ANY, _REST})

_Atoms = tuple[str, ...]


def pattern(route: object, operations: Iterable[Operation]) -> re.Pattern[str]:
    """Return what matches the requests of a route: "POST", "/tunnels*", "GET /tunnels/{id}".

    Raises:
        ValueError: It is no route, or one that no operation has.
    """
    if not isinstance(route, str):
        raise _no_route(route)
    method, _, path = (f"{route} *" if route in EFFECTS else route).rpartition(" ")
    if (method and method not in EFFECTS) or not path.startswith(("/", "*")):
        raise _no_route(route)
    atoms = _atoms(path)
    routes = [(one.method, one.template) for one in operations]
    if not any(method in {"", of} and _meet(atoms, _atoms(to)) for of, to in routes):
        known = [f"{of} {to}" if method else to for of, to in routes]
        [near] = get_close_matches(route, known, 1, cutoff=0)
        raise ValueError(f"no operation has the route {shown(route)}; {near} is near")
    expression = "".join(
        {"{": "[^/]+", "*": ".*"}.get(piece[:1]) or re.escape(piece)
        for piece in _PIECES.split(path)
    )
    return re.compile(f"{method or '[A-Z]+'} {expression}")


def _no_route(route: object) -> ValueError:
    return ValueError(
        f'route must be like "POST", "/tunnels*" or "GET /tunnels/{{id}}"; got {shown(route)}'
    )


@cache
def _atoms(path: str) -> _Atoms:
    wild = {"{": (_ONE, _REST), "*": (_ANY,)}
    return tuple(
        atom for piece in _PIECES.split(path) for atom in wild.get(piece[:1]) or tuple(piece)
    )


def _meet(one: _Atoms, other: _Atoms) -> bool:
    """Tell whether some text fits both."""
    # All pairs of places to which some text leads: quick also where both are full of stars.
    seen = {(0, 0)}
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if (i, j) == (len(one), len(other)):
            return True
        for place in _steps(one, i, other, j) - seen:
            seen.add(place)
            todo.append(place)
    return False


def _steps(one: _Atoms, i: int, other: _Atoms, j: int) -> set[tuple[int, int]]:
    a, b = one[i : i + 1], other[j : j + 1]
    steps: set[tuple[int, int]] = set()
    if a and a[0] in _STARS:
        steps.add((i + 1, j))
    if b and b[0] in _STARS:
        steps.add((i, j + 1))
    if a and b and _overlap(a[0], b[0]):
        steps.add((i + (a[0] not in _STARS), j + (b[0] not in _STARS)))
    return steps


def _overlap(a: str, b: str) -> bool:
    """Tell whether two atoms have a character in common."""
    wild = {_ONE, *_STARS}
    if a in wild and b in wild:
        return True
    if a in wild or b in wild:
        kind, character = (a, b) if a in wild else (b, a)
        return kind == _ANY or character != "/"
    return a == b
