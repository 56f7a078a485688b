"""Runs pieces of documentation and returns what they show, for pages that are made by running."""

import ast
import asyncio
import contextlib
import gc
import io
import re
import textwrap
import warnings
from collections.abc import Mapping
from typing import Any, Final

_CHANGING: Final = (
    (re.compile(r"\bop_\w+"), "op_..."),
    (re.compile(r"\b([a-z]{2,8})_[A-Za-z0-9]{27}\b"), r"\1_..."),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:24040"),
    (re.compile(r"\. Did you mean '\w+'\?$", re.MULTILINE), ""),
)
"""What differs from run to run, or from Python to Python: ids, ports, and what 3.13 adds."""


async def shown(code: str, scope: Mapping[str, Any], *, in_thread: bool = False) -> str:
    """Run a piece of Python and return what it prints, warns of and raises.

    Args:
        code: Statements; they may await.
        scope: The names that they find.
        in_thread: Whether they block, so that a server in this event loop could not answer.
    """
    names = dict(scope)
    printed = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            compiled = compile(code, "<shown>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if in_thread:
                await asyncio.to_thread(exec, compiled, names)
            elif (awaited := eval(compiled, names)) is not None:  # noqa: S307 # our own pages
                await awaited
        except Exception as error:  # noqa: BLE001 # whatever it is, it is to be shown
            printed.write(f"{_name(type(error))}: {error}\n")
        names.clear()
        gc.collect()  # a coroutine that nobody awaited warns when it goes
    for warning in caught:
        if warning.category is not RuntimeWarning:  # a mistake may leave a session open as well
            continue
        printed.write(f"{warning.category.__name__}: {warning.message}\n")
    text = printed.getvalue()
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text


def _name(kind: type[BaseException]) -> str:
    builtin = kind.__module__ == "builtins"
    return kind.__qualname__ if builtin else f"{kind.__module__}.{kind.__qualname__}"


def blocks(code: str, output: str) -> str:
    """Return code and output as Markdown has them."""
    lines = (
        textwrap.fill(line, 92, subsequent_indent="    ", break_on_hyphens=False)
        for line in output.splitlines()
    )
    return f"```python\n{code.strip()}\n```\n\n```text\n{chr(10).join(lines)}\n```\n"
