"""What an answer tells: the version that an agent is back with, and why ngrok refused."""

from contextlib import suppress

from ngrok_async.errors import APIError, NgrokError
from ngrok_async.jobs._fleet_plan import Member, Options


class Targets:
    """The versions that updates lead to.

    Attributes:
        learned: What the first agents are back with, by the first number of the version, which
            updates never change.
    """

    def __init__(self, options: Options, learned: dict[str, str]) -> None:
        """Know what was asked for, and what was learned before."""
        self._is_update = options.verb == "update"
        self._to = options.to
        self.learned: dict[str, str] = learned

    def has(self, version: str) -> bool:
        """Tell whether an agent with this version has nothing to fetch."""
        return self._is_update and version == self._target(version)

    def learn(self, version: str) -> bool:
        """Take in what an agent is back with; tell whether that was news."""
        major = _major(version)
        if not self._is_update or self._to is not None or major in self.learned:
            return False
        self.learned[major] = version
        return True

    def problem(self, member: Member, version: str) -> str:
        """Tell what is wrong with the version that an agent is back with; "" where nothing is."""
        if not self._is_update:
            return ""
        if version == member.version:
            is_unclear = member.update == "unclear"
            unclear = "; update unclear: it may not have got the command" if is_unclear else ""
            return f"it is back with the version that it had, {version}{unclear}"
        target = self._target(version)
        if target is not None and version != target:
            return f"it is back with version {version} and not with {target}"
        return ""

    def _target(self, version: str) -> str | None:
        return self._to or self.learned.get(_major(version))


def _major(version: str) -> str:
    return version.partition(".")[0]


def number_of(error: NgrokError) -> int | None:
    """Return the n of ERR_NGROK_n; None where there is none."""
    code = error.code if isinstance(error, APIError) else None
    with suppress(ValueError):
        return int((code or "").removeprefix("ERR_NGROK_"))
    return None


def words_of(error: APIError) -> str:
    """Return what people are told of a refusal: ngrok's own words."""
    return f"{error.message} [{error.code}]" if error.code else error.message
