"""Versions of agents: which one is newer, and what there is to fetch."""

import re
from typing import Final, TypeAlias

from ngrok_async.testing._arguments import text, wrong

_VERSION: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?", re.ASCII)
_STABLE: Final = "stable"
_FIRST: Final = "3.39.0"

_Parts: TypeAlias = tuple[int, int, int, bool, str]


def is_version(version: str) -> bool:
    """Tell whether a text is a version, such as "3.39.0" or "3.40.0-beta"."""
    return _VERSION.fullmatch(version) is not None


def _parts(version: str) -> _Parts:
    """Return what versions are compared by; a text that is none is older than all."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return -1, 0, 0, False, ""
    major, minor, patch, before = found.groups()
    return int(major), int(minor), int(patch or 0), before is None, before or ""


def _checked(version: object) -> str:
    if not isinstance(version, str) or not is_version(version):
        raise wrong("a version", "like '3.39.0'", version)
    return version


class Releases:
    """What ngrok has published: in each channel the newest version of each major one."""

    def __init__(self) -> None:
        """Begin with one stable version."""
        self._newest: dict[str, dict[int, str]] = {}
        self.newest = _FIRST

    @property
    def newest(self) -> str:
        """The newest stable version; setting it takes all other stable ones back."""
        return max(self._newest[_STABLE].values(), key=_parts)

    @newest.setter
    def newest(self, version: str) -> None:
        self._newest[_STABLE] = {_parts(_checked(version))[0]: version}

    def add(self, version: str, channel: str) -> None:
        """Publish a version, which is from now on the newest of its channel and major version.

        Raises:
            ValueError: It is no version.
        """
        text("channel", channel, "beta")
        self._newest.setdefault(channel, {})[_parts(_checked(version))[0]] = version

    def update_of(self, version: str, channel: str) -> str | None:
        """Return what an agent fetches, or None: it never changes to another major version."""
        newest = self._newest.get(channel, {}).get(_parts(version)[0], "")
        return newest if _parts(newest) > _parts(version) else None
