"""The file that a rollout can be gone on with from: JSON lines, each written at once.

The first line has the options and who is in which wave; each other one how far one agent is, or
what was learned. A line that was cut by the end of the process is no line. Of who an agent is there
are salted hashes only, and no key.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, get_args

import attrs

from ngrok_async.errors import ConfigurationError
from ngrok_async.jobs._fleet_plan import Member, Options, options_of
from ngrok_async.jobs._fleet_values import Verb
from ngrok_async.jobs._identity import Trace

_KIND: Final = "ngrok-async rollout"
_FORM: Final = 1
# What of a member changes; all else is in the first line.
_CHANGING: Final = (
    "now", "state", "phase", "reason", "new", "match", "sends", "answer", "update", "mark",
    "is_lost",
)  # fmt: skip


@attrs.frozen
class Saved:
    """What a journal has.

    Attributes:
        options: What was asked for.
        members: The agents, as far as they are.
        others: Agents that look like these and are not in the rollout.
        newest: The newest id that there was.
        learned: The versions that updates led to, by the version's first number.
        salt: What texts were hashed with.
    """

    options: Options
    members: list[Member]
    others: list[Trace]
    newest: str
    learned: dict[str, str]
    salt: bytes


def hidden(salt: bytes, text: str) -> str:
    """Return the salted hash of a text."""
    return blake2b(text.encode(errors="surrogatepass"), key=salt, digest_size=12).hexdigest()


class Journal:
    """A journal that is open, and locked against all other processes."""

    def __init__(self, path: Path) -> None:
        """Open and lock it; a new one is readable by nobody else.

        Raises:
            ConfigurationError: Another rollout has it, or it cannot be opened.
        """
        self._path = path
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            self._file: int = os.open(path, flags, 0o600)
        except OSError as error:
            raise ConfigurationError(f"journal {str(path)!r}: {error.strerror}") from None
        try:
            _lock(self._file)
        except OSError:
            os.close(self._file)
            raise ConfigurationError(
                f"another rollout has the journal {str(path)!r} now: wait for its end"
            ) from None
        self._size = 0

    def lines(self) -> list[dict[str, Any]]:
        """Read all lines that are whole, and be ready to write after them."""
        os.lseek(self._file, 0, os.SEEK_SET)
        parts: list[bytes] = []
        while part := os.read(self._file, 1 << 20):
            parts.append(part)
        content = b"".join(parts)
        self._size = content.rfind(b"\n") + 1
        if not self._size and not _is_cut_header(content):
            raise ConfigurationError(f"{str(self._path)!r} has something else than a journal")
        found: list[dict[str, Any]] = []
        for number, line in enumerate(content[: self._size].splitlines(), 1):
            try:
                found.append(dict(json.loads(line)))
            except (ValueError, TypeError):
                raise ConfigurationError(
                    f"journal {str(self._path)!r}: line {number} is none of a rollout"
                ) from None
        return found

    @property
    def size(self) -> int:
        """How long it is, by what was read and written here."""
        return self._size

    def write(self, line: Mapping[str, Any]) -> None:
        """Append a line; once this returns, the end of the process does not undo it."""
        os.ftruncate(self._file, self._size)  # what a process wrote of a line and was ended
        os.lseek(self._file, self._size, os.SEEK_SET)
        content = memoryview(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        size = self._size + len(content)
        while content:
            content = content[os.write(self._file, content) :]
        self._size = size  # not before: of a line that the disk has no room for, nothing counts

    def keep_private(self) -> None:
        """Have nobody else read it, also if the file was there before."""
        if sys.platform != "win32":  # pragma: no branch # which has no such modes for a file
            os.fchmod(self._file, 0o600)

    def close(self) -> None:
        """Give it free for others."""
        os.close(self._file)


def _lock(file: int) -> None:
    """Lock a file until it is closed, also by the end of the process.

    Raises:
        OSError: It is locked.
    """
    if sys.platform == "win32":  # pragma: no cover # one of the two on each machine
        import msvcrt  # noqa: PLC0415 # of Windows alone

        os.lseek(file, 1 << 30, os.SEEK_SET)  # far behind what is written
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:  # pragma: no cover # as above
        import fcntl  # noqa: PLC0415 # not of Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_cut_header(content: bytes) -> bool:
    """Tell whether a text without a whole line may be the beginning of a first line."""
    begin = json.dumps({"kind": _KIND})[:-1].replace(" ", "").encode()
    given = content[: 2 * len(begin)].replace(b" ", b"")
    return given.startswith(begin) or begin.startswith(given)


def header(
    options: Options, members: Iterable[Member], others: Iterable[Trace], newest: str, salt: bytes
) -> dict[str, Any]:
    """Return the first line."""
    return {
        "kind": _KIND,
        "form": _FORM,
        "options": attrs.asdict(options),
        "salt": salt.hex(),
        "newest": newest,
        "agents": [
            {
                **_of_trace(member.trace),
                "version": member.version,
                "wave": member.wave,
                "state": member.state,
                "reason": member.reason,
            }
            for member in members
        ],
        "others": [_of_trace(trace) for trace in others],
    }


def change(member: Member) -> dict[str, Any]:
    """Return the line that tells how far an agent is."""
    return {"id": member.id} | {name: getattr(member, name) for name in _CHANGING}


def saved(lines: list[dict[str, Any]], path: Path) -> Saved:
    """Return what the lines of a journal say.

    Raises:
        ConfigurationError: They are not those of a rollout.
    """
    if not lines:
        raise ConfigurationError(
            f"journal {str(path)!r} has no line: no agent had a command yet, so begin anew"
        )
    if lines[0].get("kind") != _KIND or lines[0].get("form") != _FORM:
        raise ConfigurationError(f"{str(path)!r} is no journal of a rollout of this version")
    try:
        return _saved(*lines)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ConfigurationError(
            f"journal {str(path)!r}: a line is not as a rollout of this version writes it"
        ) from None


def _saved(first: dict[str, Any], *changes: dict[str, Any]) -> Saved:
    options = options_of(**first["options"])
    if options.verb not in get_args(Verb):
        raise ValueError(options.verb)
    members = {
        each["id"]: Member(
            _trace(each), each["version"], each["wave"], state=each["state"], reason=each["reason"]
        )
        for each in first["agents"]
    }
    learned: dict[str, str] = {}
    for line in changes:
        learned |= line.get("learned", {})
        if "id" in line:
            for name in _CHANGING:
                setattr(members[line["id"]], name, line[name])
    return Saved(
        options,
        list(members.values()),
        [_trace(each) for each in first["others"]],
        first["newest"],
        learned,
        bytes.fromhex(first["salt"]),
    )


def _of_trace(trace: Trace) -> dict[str, Any]:
    return {**attrs.asdict(trace), "urls": sorted(trace.urls)}


def _trace(line: Mapping[str, Any]) -> Trace:
    return Trace(line["id"], line["identity"], line["ip"], frozenset(line["urls"]), line["fixed"])


def has_lines(path: Path) -> bool:
    """Tell whether a file has a whole line; without opening it for writing."""
    with contextlib.suppress(OSError):
        return b"\n" in path.read_bytes()
    return False
