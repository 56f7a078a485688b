"""A request that the caller spells out, for a route that has no method yet."""

from collections.abc import Mapping

from ngrok_async._functions import kind_of
from ngrok_async._request import EFFECTS, JSON, Limits, Request, encode_path, new_request
from ngrok_async._text import checked_dumps


def request_of(method: object, path: object, params: object, json: JSON, limits: Limits) -> Request:
    """Check the arguments of `Client.request` and return what they make.

    Raises:
        ValueError: One of them cannot be sent.
    """
    verb = method.upper() if isinstance(method, str) else ""
    if verb not in EFFECTS:
        raise ValueError(f"method must be one of {', '.join(EFFECTS)}, got {method!r}")
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
    if not isinstance(value, str | int | float):
        raise ValueError(  # noqa: TRY004 # as above
            f"{name} must be a string, a number or a boolean, got {type(value).__name__}"
        )
    text = str(value).lower() if isinstance(value, bool) else str(value)
    f"{name}{text}".encode()  # a lone surrogate fails here, and not after a wait for a slot
    return name, text
