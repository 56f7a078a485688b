"""What frames know, taken out of the exceptions that leave them.

Sentry, rich, structlog and `pytest -l` print the local variables of every frame of a traceback.
Those of aiohttp and asyncio hold what was sent and received: the header block with the key, bodies
with tokens, a proxy's password. Whoever sees the exception still sees where it came from.
"""

import gc
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import Final, cast

# The values that pass through frames of these are ours and not the caller's.
_LIBRARIES: Final = frozenset({
    "aiohttp",
    "aiosignal",
    "asyncio",
    "attr",
    "attrs",
    "cattr",
    "cattrs",
    "json",
    "ngrok_async",
    None,  # code that attrs and cattrs have generated
})  # fmt: skip


def forget_locals(error: BaseException, *, of_all: bool = False) -> None:
    """Drop the local variables of finished frames in an exception and in those linked to it.

    Args:
        error: It keeps its type, text and traceback.
        of_all: Whether also frames of the caller's code forget, not only those on our way.
    """
    for frame in _frames(error):
        if (of_all or _library(frame) in _LIBRARIES) and _is_finished(frame):
            with suppress(RuntimeError):  # it is running
                frame.clear()


def _frames(error: BaseException) -> Iterator[FrameType]:
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        waiting += (each.__cause__, each.__context__)
        if isinstance(each, BaseExceptionGroup):
            waiting += cast("tuple[BaseException, ...]", each.exceptions)
        step = each.__traceback__
        while step is not None:
            yield step.tb_frame
            step = step.tb_next


def _library(frame: FrameType) -> str | None:
    name: str | None = frame.f_globals.get("__name__")
    return name.partition(".")[0] if name else None


def _is_finished(frame: FrameType) -> bool:
    # Before Python 3.13, clearing the frame of a coroutine that waits would end the coroutine. An
    # exception can lead to such a frame if several tasks share it, as they do the error of a
    # resolver. Only a frame that has ended owns what it refers to:
    # https://github.com/python/cpython/blob/v3.11.7/Objects/frameobject.c (frame_traverse)
    return frame.f_code in gc.get_referents(frame)
