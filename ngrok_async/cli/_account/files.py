"""A snapshot as files: what belongs under version control, so that equal things are equal bytes."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias, cast
from urllib.parse import quote

from ngrok_async._request import JSON
from ngrok_async.cli._account.snapshots import Item, Snapshot

Layout: TypeAlias = Literal["item", "kind"]
"""A file for each item, `ip-policies/ipp_1.json`, or for each kind, `ip-policies.json`."""

MANIFEST: Final = "export.json"
_FORMAT: Final = 1


class ExportError(ValueError):
    """A directory has no export, or one that cannot be read; the text says which file."""


def write(directory: Path, snapshot: Snapshot, layout: Layout) -> tuple[int, int]:
    """Write a snapshot into a directory, in the place of the one that is there.

    Only files of an earlier export are taken away, and those of kinds that are refused now stay.

    Returns:
        How many files were written, since they are new or other ones, and how many taken away.

    Raises:
        ExportError: What is in the directory is no export.
        OSError: A file cannot be written.
    """
    before = _manifest(directory)[0] if (directory / MANIFEST).exists() else ()
    kept = [kind for kind in before if kind in snapshot.refused]
    kinds = sorted({*snapshot.kinds, *kept})
    manifest = {"format": _FORMAT, "kinds": kinds, "refused": dict(snapshot.refused)}
    contents = {MANIFEST: manifest, **_contents(snapshot, layout)}
    written = sum(_written(directory / name, as_text(value)) for name, value in contents.items())
    gone = 0
    for kind in before:
        for path in () if kind in kept else _files(directory, kind):
            if path.relative_to(directory).as_posix() not in contents:
                path.unlink()
                gone += 1
        if (directory / kind).is_dir() and not any((directory / kind).iterdir()):
            (directory / kind).rmdir()
    return written, gone


def read(directory: Path) -> Snapshot:
    """Return the snapshot that a directory has, in either layout.

    Raises:
        ExportError: There is none, or one of its files is broken.
    """
    names, refused = _manifest(directory)
    kinds: dict[str, Mapping[str, Item]] = {}
    for kind in names:
        items: dict[str, Item] = {}
        for path in _files(directory, kind):
            content = _json(path)
            found = cast("list[object]", content) if isinstance(content, list) else [content]
            for each in found:
                item: Item = cast("Item", each) if isinstance(each, dict) else {}
                if not isinstance(item.get("id"), str):
                    raise ExportError(f"{path}: this is no item of an export, it has no id")
                items[item["id"]] = item
        kinds[kind] = items
    return Snapshot(kinds, refused)


def as_text(value: JSON) -> str:
    """Return JSON with its names in order and nothing in it that drives a terminal."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text) + "\n"


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def _contents(snapshot: Snapshot, layout: Layout) -> dict[str, JSON]:
    if layout == "kind":
        return {f"{kind}.json": [*items.values()] for kind, items in snapshot.kinds.items()}
    return {
        f"{kind}/{_file_name(id_)}.json": item
        for kind, items in snapshot.kinds.items()
        for id_, item in items.items()
    }


def _file_name(id_: str) -> str:
    """Return an id as a name that leads nowhere else, whatever somebody answers for an id."""
    return quote(id_, safe="").replace(".", "%2E")


def _written(path: Path, text: str) -> bool:
    """Write a file unless it is like that already, so that those who watch it are not woken."""
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)  # whoever reads meanwhile has the one or the other
    return True


def _files(directory: Path, kind: str) -> Iterable[Path]:
    alone = directory / f"{kind}.json"
    return ([alone] if alone.exists() else []) + sorted((directory / kind).glob("*.json"))


def _manifest(directory: Path) -> tuple[list[str], dict[str, str]]:
    """Return the kinds that a directory has, and those that were refused."""
    path = directory / MANIFEST
    if not path.exists():
        raise ExportError(
            f"{directory} has no {MANIFEST}, so it is no export: make one with"
            f" `ngrok-async export {directory}`"
        )
    content = _json(path)
    if not isinstance(content, dict):
        raise ExportError(f"{path}: this is not what `ngrok-async export` writes")
    known = cast("dict[str, object]", content)
    kinds, refused = known.get("kinds"), known.get("refused")
    if (
        known.get("format") != _FORMAT
        or not isinstance(kinds, list)
        or not isinstance(refused, dict)
    ):
        raise ExportError(f"{path}: this is not what this version of `ngrok-async export` writes")
    for kind in cast("list[object]", kinds):
        # It becomes part of a path, below which files are taken away.
        if not isinstance(kind, str) or not kind.replace("-", "").isalnum():
            raise ExportError(f"{path}: {kind!r} is no kind")
    return cast("list[str]", kinds), cast("dict[str, str]", refused)


def _json(path: Path) -> object:
    try:
        content: object = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{path}: this is no JSON: {error}") from None
    return content
