"""A request that the caller spells out, for a route that has no method yet."""

import math
from collections.abc import Mapping
from typing import Final

from ngrok_async._callables import kind_of
from ngrok_async._json import checked_dumps, unencodable_at
from ngrok_async._numbers import is_int64
from ngrok_async._request import EFFECTS, JSON, Limits, Request, encode_path, new_request
from ngrok_async._shown import shown

_LONGEST_NAME: Final = 80


def request_of(method: object, path: object, params: object, json: JSON, limits: Limits) -> Request:
    """Check the arguments of `Client.request` and return what they make.

    Raises:
        ValueError: One of them cannot be sent.
    """
    verb = method.upper() if isinstance(method, str) else ""
    if verb not in EFFECTS:
        raise ValueError(f"method must be one of {', '.join(EFFECTS)}, got {shown(method)}")
    if not isinstance(path, str):
        raise ValueError(  # noqa: TRY004 # one type for every bad argument value
            f'path must be a text, such as "/tunnels"; got {kind_of(path)}'
        )
    encoded = encode_path(path)
    return new_request(
        verb,
        encoded,
        _query_of(params),
        body=None if json is None else checked_dumps(json),
        route=f"{verb} {encoded}",
        effect=EFFECTS[verb],
        limits=limits,
    )


def _query_of(params: object) -> tuple[tuple[str, str], ...]:
    if params is None:
        return ()
    if not isinstance(params, Mapping):
        raise ValueError(  # noqa: TRY004 # as above
            f'params must be a mapping, such as {{"limit": 10}}; got {kind_of(params)}'
        )
    names: Mapping[object, object] = params  # pyright: ignore[reportUnknownVariableType] # of any
    return tuple(_pair(name, value) for name, value in names.items())


def _pair(name: object, value: object) -> tuple[str, str]:
    if not isinstance(name, str):
        raise ValueError(  # noqa: TRY004 # as above
            f"the names in params must be texts, got {kind_of(name)}"
        )
    return _sendable("a name in params", name), _query_text(name, value)


def _query_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _sendable(_short(name), value)
    # Not str(): a subclass, such as an enumeration, may have a text of its own.
    if isinstance(value, int) and is_int64(value):
        return int.__repr__(value)
    if isinstance(value, float) and math.isfinite(value):
        return float.__repr__(value)
    raise ValueError(
        f"{_short(name)} must be a string, a number or a boolean (integers of at most 64 bits, and "
        f"no NaN or infinity), got {kind_of(value)}"
    )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else shown(name)


def _sendable(what: str, text: str) -> str:
    at = unencodable_at(text)
    if at is not None:
        raise ValueError(f"{what} cannot be sent: surrogates not allowed (at position {at})")
    return str.__str__(text)
