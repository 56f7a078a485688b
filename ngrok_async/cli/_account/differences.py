"""What differs between two snapshots of an account."""

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Final, Literal, cast

import attrs

from ngrok_async._request import JSON
from ngrok_async.cli._account.snapshots import Item, Snapshot
from ngrok_async.cli._agent_names import name_of

# Where an item is reached: that follows from its id, and from the address that was asked.
_NOT_COMPARED: Final = "uri"
_TITLES: Final = ("url", "public_url", "domain", "addr", "name", "cidr", "email", "description")


@attrs.frozen
class Change:
    """An item that is in one snapshot alone, or another one in the second.

    Attributes:
        sign: "+" where only the second has it, "-" where only the first one does, "~".
        kind: What it is, such as "ip-policies".
        id: Its id.
        title: What people know it by, as the account has it; it may be empty.
        fields: What differs: the field's path, what it was and what it is.
    """

    sign: Literal["+", "-", "~"]
    kind: str
    id: str
    title: str
    fields: tuple[tuple[str, JSON, JSON], ...] = ()

    def to_dict(self) -> dict[str, JSON]:
        """Return it as JSON."""
        what = {"+": "added", "-": "removed", "~": "changed"}[self.sign]
        fields = {path: {"before": old, "after": new} for path, old, new in self.fields}
        return {
            "change": what,
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "fields": fields,
        }


def changes(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """Yield what differs in the kinds that both have, by kind and id."""
    for kind in sorted({*before.kinds} & {*after.kinds}):
        old, new = before.kinds[kind], after.kinds[kind]
        for id_ in sorted({*old, *new}):
            if id_ not in old:
                yield Change("+", kind, id_, title_of(new[id_]))
            elif id_ not in new:
                yield Change("-", kind, id_, title_of(old[id_]))
            elif fields := tuple(fields_between("", old[id_], new[id_])):
                yield Change("~", kind, id_, title_of(new[id_]), fields)


def not_compared(before: Snapshot, after: Snapshot) -> list[str]:
    """Return the kinds that only one of the two has."""
    return sorted({*before.kinds} ^ {*after.kinds})


def lines(change: Change) -> Iterator[str]:
    """Yield what people are shown of a change. It has texts of the account in it: escape them."""
    yield f"{change.sign} {change.kind} {change.id} {change.title}".rstrip()
    for path, old, new in change.fields:
        if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
            yield f"    {path}:"
            differing = unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
            yield from (f"      {line}" for line in [*differing][2:] if line[0] in "+-")
        else:
            yield f"    {path}: {shown(old)} -> {shown(new)}"


def title_of(item: Item) -> str:
    """Return what people know an item by, or ""."""
    for name in _TITLES:
        value = item.get(name)
        if isinstance(value, str) and value:
            return value
    metadata = item.get("metadata")
    return name_of(metadata) if isinstance(metadata, str) else ""


def fields_between(path: str, old: JSON, new: JSON) -> Iterator[tuple[str, JSON, JSON]]:
    """Yield what differs below a path: the path, what it was and what it is."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        first, second = cast("Item", old), cast("Item", new)
        for name in sorted({*first, *second} - {_NOT_COMPARED}):
            inner = f"{path}.{name}" if path else name
            yield from fields_between(inner, first.get(name), second.get(name))
    elif _compared(old) != _compared(new):
        yield path, old, new


def _compared(value: JSON) -> JSON:
    """Return a value of which `==` tells whether it is the same: 1 is not true."""
    return json.dumps(_without_addresses(value), sort_keys=True)


def _without_addresses(value: JSON) -> JSON:
    if isinstance(value, Mapping):
        content = cast("Item", value)
        return {n: _without_addresses(v) for n, v in content.items() if n != _NOT_COMPARED}
    if isinstance(value, list):
        return [_without_addresses(part) for part in cast("Sequence[JSON]", value)]
    return value


def shown(value: JSON) -> str:
    """Return a value in a line."""
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
