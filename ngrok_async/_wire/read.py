"""Bytes to values, one way down: the quick ways take what is usual, the exact pass decides.

bytes -> structs (msgspec), or text (json) -> loop -> exact
"""

import logging
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final, cast, get_args

from ngrok_async._kinds import TypeForm
from ngrok_async._request import JSON
from ngrok_async._wire.fields import Parts, is_list, unknown
from ngrok_async._wire.loop import WrongItemError, quick_way
from ngrok_async._wire.text import MismatchError, loads

__all__ = ["MismatchError", "decode", "decoder", "loads", "read"]

_log: Final = logging.getLogger("ngrok_async")


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ValueError:  # a stand-in that somebody has put into sys.modules
        return True


# What is asked to make values of bytes: msgspec where the extra `speed` has installed it. Whether
# it works is known when it is imported, for the first answer.
DECODER: Final[str] = "msgspec" if _is_installed("msgspec") else "json"


def read(body: bytes, model: TypeForm, items: str | None) -> Any:  # noqa: ANN401 # a model, or `Parts`
    """Read the body of an answer.

    Args:
        body: What came.
        model: What the body holds, or in a page the items.
        items: The field of a page that holds them; None where the body is no page.

    Returns:
        A model, or the parts of a page.

    Raises:
        MismatchError: It is not JSON, or not what is declared; names the place.
    """
    structs = None if DECODER == "json" else _structs()
    if structs is None:
        return _made(loads(body), model, items)
    reader = structs.reader(model, items)
    found = reader.read(body)
    if found is None:
        found = _made(reader.loads(body), model, items)
        reader.learn(found)
    return found


def decode(value: JSON, kind: TypeForm, path: str = "$") -> Any:  # noqa: ANN401 # of that type
    """Turn decoded JSON into `kind`.

    Raises:
        MismatchError: A required field is missing or a value has the wrong type; names its path.
    """
    place: int | None = None
    try:
        return quick_way(kind)(value)
    except WrongItemError as wrong:
        place = wrong.place
    except Exception:  # noqa: BLE001,S110 # whatever it was, the exact pass finds it
        pass
    if place is not None and is_list(kind):
        value, kind = cast("list[JSON]", value)[place], get_args(kind)[0]
        path = f"{path}[{place}]"
    return _explain(value, kind, path)


def decoder() -> str:
    """Return the name of what makes values of bytes here: msgspec, or json."""
    return "json" if DECODER == "json" or _structs() is None else "msgspec"


@cache
def _structs() -> ModuleType | None:
    try:
        from ngrok_async._wire import structs  # noqa: PLC0415 # imports msgspec

        structs.probe()
    except Exception as error:  # noqa: BLE001 # a build for another Python fails in many ways
        _log.warning(
            "msgspec is installed, but does not work here (%s: %s); answers are decoded with json, "
            "which gives the same and takes longer",
            type(error).__name__,
            error,
        )
        return None
    return structs


def _made(value: JSON, model: TypeForm, items: str | None) -> Any:  # noqa: ANN401 # a model, or `Parts`
    return decode(value, model) if items is None else _page(value, model, items)


def _page(value: JSON, model: TypeForm, items: str) -> Parts:
    if not isinstance(value, dict):
        raise MismatchError(f"expected an object with {items!r} @ $")
    content = cast("dict[str, JSON]", value)
    if items not in content:
        raise MismatchError(f"required field missing @ $.{items}")
    # Go writes null for an empty list.
    elements: JSON = [] if content[items] is None else content[items]
    uri, link = content.get("uri"), content.get("next_page_uri")
    return Parts(
        items=decode(elements, _list_of(model), f"$.{items}"),
        uri="" if uri is None else decode(uri, str, "$.uri"),
        # Empty means the same as null: there is no next page.
        next_page_uri=None if link is None else decode(link, str, "$.next_page_uri") or None,
        extra=unknown({items, "uri", "next_page_uri"}, content),
    )


@cache
def _list_of(model: TypeForm) -> TypeForm:
    return tuple.__class_getitem__((model, ...))


def _explain(value: JSON, kind: TypeForm, path: str) -> Any:  # noqa: ANN401 # of that type
    from cattrs import transform_error  # noqa: PLC0415 # not before something is unusual

    from ngrok_async._wire.exact import exact_converter  # noqa: PLC0415 # the same

    try:
        return exact_converter().structure(value, kind)
    except Exception as error:  # noqa: BLE001 # hooks raise several kinds; all mean a mismatch
        first = transform_error(error, path=path, format_exception=_describe)[0]
    raise MismatchError(first)


def _describe(error: BaseException, _kind: type | None) -> str:
    return "required field missing" if isinstance(error, KeyError) else str(error)
