"""The differences between two descriptions of the API, both in the form of `facts.py`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

from tools.contract.facts import Facts

Inner: TypeAlias = "Callable[[str, Facts, Facts], Iterator[Difference]]"


@attrs.frozen(order=True)
class Difference:
    """One place where they differ.

    Attributes:
        where: The place, such as "IPPolicies.create.body.description.type".
        theirs: What the API has there; "-" for nothing.
        ours: What the package has there; "-" for nothing.
    """

    where: str
    theirs: str
    ours: str

    def __str__(self) -> str:
        """Show it as one line."""
        if self.theirs == "-":
            return f"{self.where}: we have {self.ours}, the API has not"
        if self.ours == "-":
            return f"{self.where}: the API has {self.theirs}, we have not"
        return f"{self.where}: the API has {self.theirs}, we have {self.ours}"


def compare(theirs: Facts, ours: Facts) -> list[Difference]:
    """Return all differences in services and schemas, in both directions."""
    found = [
        *_tables(theirs["services"], ours["services"], _service),
        *_tables(theirs["schemas"], ours["schemas"], _schema),
    ]
    return sorted(found)


def _service(where: str, fact: Facts, declaration: Facts) -> Iterator[Difference]:
    yield from _values(where, fact, declaration, "attribute")
    yield from _tables(fact["operations"], declaration["operations"], _operation, f"{where}.")


def _operation(where: str, fact: Facts, declaration: Facts) -> Iterator[Difference]:
    names = "method", "path", "response", "items", "body_schema", "effect", "status"
    yield from _values(where, fact, declaration, *names)
    for part in ("query", "header", "cookie", "body", "fields"):
        tables = fact.get(part, {}), declaration.get(part, {})
        yield from _tables(*tables, _field, f"{where}.{part}.")


def _schema(where: str, fact: Facts, declaration: Facts) -> Iterator[Difference]:
    yield from _tables(fact, declaration, _field, f"{where}.")


def _field(where: str, fact: Facts, declaration: Facts) -> Iterator[Difference]:
    names = "type", "enum", "required", "needed", "nullable", "secret", "default"
    yield from _values(where, fact, declaration, *names)


def _tables(theirs: Facts, ours: Facts, inner: Inner, prefix: str = "") -> Iterator[Difference]:
    for name in sorted({*theirs, *ours}):
        where = prefix + name
        if name not in ours:
            yield Difference(where, "it", "-")
        elif name not in theirs:
            yield Difference(where, "-", "it")
        else:
            yield from inner(where, theirs[name], ours[name])


def _values(where: str, fact: Facts, declaration: Facts, *names: str) -> Iterator[Difference]:
    for name in names:
        left, right = _shown(fact, name), _shown(declaration, name)
        if left != right:
            yield Difference(f"{where}.{name}", left, right)


def _shown(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(sorted(map(str, value)))  # pyright: ignore[reportUnknownArgumentType]
    return "yes" if value else "-"
