"""Where to edit what a difference names: file and line."""

import inspect
import re
from collections.abc import Callable, Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Final

from ngrok_async._operation import operations
from tools.contract.declared import models, resources
from tools.contract.facts import CONTRACT, Facts

_models = cache(models)
_resources = cache(resources)
_ROOT: Final = Path(__file__).parents[2]
_CLIENT: Final = "ngrok_async/client.py"
_FACTS: Final = CONTRACT / "facts.json"
_AGREED: Final = CONTRACT / "differences.toml"


def to_edit(problem: str, facts: Facts) -> str:
    """Return the place of a declaration and that of its fact, as far as they are there.

    Args:
        problem: A line of `check`; it begins with the place of the difference, such as
            "IPPolicies.create.body.description.type".
        facts: The facts of the API, for the name of a file that is still to be made.
    """
    where = re.split("[: ]", problem, maxsplit=1)[0]
    if problem.endswith("agreed on, but not so now"):
        return f"edit {_at(_AGREED, _line_of(_AGREED, re.escape(where)))}"
    names = where.split(".")
    ours = _service(names) or _model(names) or _new(names[0], facts)
    return f"edit {ours}, or else {_fact(names, facts)}"


def _service(names: Sequence[str]) -> str | None:
    by_name = {kind.__name__: (attribute, kind) for attribute, kind in _resources().items()}
    if names[0] not in by_name:
        return None
    attribute, resource = by_name[names[0]]
    if names[1:] == ["attribute"]:
        return _at(_ROOT / _CLIENT, _line_of(_ROOT / _CLIENT, rf"    {attribute}: "))
    declared = operations(resource).get(names[1]) if len(names) > 1 else None
    return _source(declared.function if declared else resource)


def _model(names: Sequence[str]) -> str | None:
    model = _models().get(names[0])
    if model is None:
        return None
    file = Path(inspect.getfile(model))
    first = _line_of(file, rf"^class {names[0]}\(")
    body = takewhile(lambda line: not line or line.startswith(" "), _lines(file)[first:])
    field = f"    {'.'.join(names[1:2])}:"
    found = (n for n, line in enumerate(body, start=first + 1) if line.startswith(field))
    return _at(file, next(found, first))


def _new(name: str, facts: Facts) -> str:
    if name in facts["services"]:
        attribute: str = facts["services"][name]["attribute"]
        file = attribute.replace(".", "/")
        return f"ngrok_async/resources/{file}.py (new) and {_CLIENT}"
    return "a module in ngrok_async/resources"


def _source(declared: type | Callable[..., object]) -> str:
    return _at(Path(inspect.getfile(declared)), inspect.getsourcelines(declared)[1])


def _fact(names: Sequence[str], facts: Facts) -> str:
    """Return the line of the innermost name that the facts have; they are indented by one."""
    table = "services" if names[0] in facts["services"] else "schemas"
    path = [table, *names]
    if table == "services" and names[1:] != ["attribute"]:
        path.insert(2, "operations")
    lines = _lines(_FACTS)
    line, end = 0, len(lines)
    for depth, name in enumerate(path, start=1):
        start = f'{" " * depth}"{name}":'
        found = next((n for n in range(line, end) if lines[n].startswith(start)), None)
        if found is None:
            break
        line = found
        close = (n for n in range(line + 1, end) if lines[n].startswith(f"{' ' * depth}}}"))
        end = next(close, end) if lines[line].endswith("{") else line + 1
    return _at(_FACTS, line + 1)


def _line_of(file: Path, pattern: str) -> int:
    found = (n for n, line in enumerate(_lines(file), start=1) if re.search(pattern, line))
    return next(found, 1)


@cache
def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _at(file: Path, line: int) -> str:
    return f"{file.relative_to(_ROOT)}:{line}"
