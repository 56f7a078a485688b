"""What a watch tells, as rows."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ngrok_async.cli._account.differences import fields_between, shown, title_of
from ngrok_async.jobs import Added, Changed, Reconnected, Removed

if TYPE_CHECKING:
    from ngrok_async._request import JSON

Told: TypeAlias = Added[Any] | Changed[Any] | Reconnected[Any] | Removed[Any]

COLUMNS: Final = ("at", "change", "name", "id", "what")
KNOWN: Final = (*COLUMNS, "first", "item", "before")


def row(
    notice: Told,
) -> "dict[str, JSON]":
    """Return what has come, gone or changed."""
    item = notice.item.to_dict()
    before = None if isinstance(notice, Added | Removed) else notice.before.to_dict()
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "change": type(notice).__name__.lower(),
        "name": title_of(item),
        "id": item["id"],
        "what": what(notice),
        "first": isinstance(notice, Added) and notice.first,
        "item": item,
        "before": before,
    }


def what(notice: Told) -> str:
    """Return what there is to say beside what it is that came, went or changed."""
    if isinstance(notice, Changed):
        found = fields_between("", notice.before.to_dict(), notice.item.to_dict())
        return ", ".join(f"{path}: {shown(old)} -> {shown(new)}" for path, old, new in found)
    if isinstance(notice, Reconnected):
        return f"was {notice.before.to_dict()['id']}"
    if isinstance(notice, Removed):
        return notice.reason
    return "was there already" if notice.first else ""
