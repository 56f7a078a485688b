"""Whether adapters return the same objects: a ratio between different work means nothing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "session": (
        *("id", "uri", "agent_version", "credential", "ip", "metadata", "os", "region"),
        *("started_at", "transport"),
    ),
    "endpoint": (
        *("id", "uri", "created_at", "updated_at", "description", "metadata", "region", "type"),
        *("public_url", "proto", "hostport", "url", "name", "bindings", "pooling_enabled"),
        *("domain", "tunnel", "tunnel_session", "principal", "upstream_url", "traffic_policy"),
        *("edge", "tcp_addr", "host", "port", "scheme", "upstream_protocol"),
    ),
}
_TIMES: Final = {"started_at", "created_at", "updated_at"}
_MISSING: Final = object()


def plain(kind: str, item: object) -> dict[str, Any]:
    """Return the fields of a session or an endpoint as plain values.

    Items may be dicts, the official client's objects around dicts, or have attributes. Absent, null
    and empty are the same: typed adapters have a default where the JSON has nothing.
    """
    return {name: _plain(name, _field(item, name)) for name in FIELDS[kind]}


def differences(kind: str, results: Mapping[str, Sequence[object]]) -> list[str]:
    """Return what makes the adapters' results differ from the first one's, one line each."""
    names = list(results)
    expected = [plain(kind, item) for item in results[names[0]]]
    found: list[str] = []
    for name in names[1:]:
        got = [plain(kind, item) for item in results[name]]
        if len(got) != len(expected):
            found.append(f"{name}: {len(got)} items of kind {kind}, {names[0]}: {len(expected)}")
            continue
        found += [
            f"{name}: {kind} {index}: {field} is {item[field]!r}, {names[0]}: {value!r}"
            for index, (item, one) in enumerate(zip(got, expected, strict=True))
            for field, value in one.items()
            if item[field] != value
        ]
    return found


def _field(item: object, name: str) -> object:
    # What the official client's properties read; they raise where the field is absent.
    content = vars(item).get("_props", item) if hasattr(item, "__dict__") else item
    if isinstance(content, Mapping):
        return content.get(name)
    value = getattr(content, name, _MISSING)
    if value is _MISSING:
        raise AttributeError(f"{type(item).__name__} has no {name}")
    return value


def _plain(name: str, value: object) -> object:
    if name in _TIMES:
        at = datetime.fromisoformat(value.upper()) if isinstance(value, str) else value
        if not isinstance(at, datetime):
            raise TypeError(f"{name} is {value!r}")
        return at.astimezone(UTC).isoformat()
    if not value:
        return None
    if isinstance(value, list | tuple):
        return [_plain("", item) for item in value]
    if isinstance(value, str | int):
        return value
    return {part: _field(value, part) for part in ("id", "uri")}
