"""The errors of what is made of several calls: looking for one item, waiting, and the jobs.

People import them from `ngrok_async.errors`, where their tree is drawn.
"""

from collections.abc import Iterable
from typing import TypedDict, Unpack

from ngrok_async._base_error import NgrokError
from ngrok_async._id import HasId

_PUBLIC = "ngrok_async.errors"


class Facts(TypedDict, total=False):
    """What every error of this package can be made with; see `NgrokError`."""

    method: str | None
    path: str | None
    attempts: int
    maybe_applied: bool
    operation_id: str | None


class JobFacts(Facts, total=False):
    """What every error of a job can be made with."""

    released: Iterable[HasId]


class NothingFoundError(NgrokError, LookupError):
    """A list that was to have one item has none."""

    __module__ = _PUBLIC


class SeveralFoundError(NgrokError, LookupError):
    """A list that was to have one item has more: narrow it down, or choose one yourself.

    Attributes:
        items: Two of them, the newest first. There may be more.
    """

    __module__ = _PUBLIC

    def __init__(
        self, message: str, *, items: Iterable[object] = (), **facts: Unpack[Facts]
    ) -> None:
        """Keep the items and the facts."""
        super().__init__(message, **facts)
        self.items: tuple[object, ...] = tuple(items)


class WaitTimeoutError(NgrokError, TimeoutError):
    """What was waited for was not there, or not gone, in time.

    Attributes:
        last: What was seen at the last look; None where that was nothing.
        looks: How often it was looked for.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        last: object = None,
        looks: int = 0,
        released: Iterable[HasId] = (),
        **facts: Unpack[Facts],
    ) -> None:
        """Keep what was seen and the facts."""
        super().__init__(message, **facts)
        self.last = last
        self.looks = looks
        self.released: tuple[HasId, ...] = tuple(released)


class JobError(NgrokError):
    """A job of `ngrok_async.jobs` cannot be done, or not in the way that it was asked for.

    What a single call of it raises is not among these: that is raised as it is.
    """

    __module__ = _PUBLIC

    def __init__(
        self, message: str, *, released: Iterable[HasId] = (), **facts: Unpack[Facts]
    ) -> None:
        """Keep the facts; see the class for their meaning."""
        super().__init__(message, **facts)
        self.released: tuple[HasId, ...] = tuple(released)


class CannotStopError(JobError):
    """What holds a URL does not stop on command: an agent that refuses to, or an edge.

    Attributes:
        id: The id of the agent's session, or of the endpoint.
        credential: The id of the credential that it connected with, or None: once that is deleted,
            the agent cannot come back.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        id: str | None = None,  # noqa: A002 # as the attribute
        credential: str | None = None,
        **facts: Unpack[JobFacts],
    ) -> None:
        """Keep who it is and the facts."""
        super().__init__(message, **facts)
        self.id = id
        self.credential = credential


class OtherURLsError(JobError):
    """Stopping the agents that hold a URL would take other URLs down too. Nothing was stopped.

    Attributes:
        urls: Those other URLs.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        urls: Iterable[str] = (),
        **facts: Unpack[JobFacts],
    ) -> None:
        """Keep the URLs and the facts."""
        super().__init__(message, **facts)
        self.urls: tuple[str, ...] = tuple(urls)


class CameBackError(JobError):
    """An agent was stopped and another one holds the URL: a supervisor has started it again.

    Attributes:
        session: The new session, or None where only its endpoint was seen.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        session: HasId | None = None,
        **facts: Unpack[JobFacts],
    ) -> None:
        """Keep the session and the facts."""
        super().__init__(message, **facts)
        self.session = session


class LeftOverError(JobError):
    """What was lent for a while may still be there: look, and delete it yourself.

    Attributes:
        id: The id of what could not be deleted; None where it is not known, or not even whether
            it was created.
        candidates: What looks like it, newest first; any of them may be somebody else's.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        id: str | None = None,  # noqa: A002 # as the attribute
        candidates: Iterable[HasId] = (),
        **facts: Unpack[JobFacts],
    ) -> None:
        """Keep what may be left and the facts."""
        super().__init__(message, **facts)
        self.id = id
        self.candidates: tuple[HasId, ...] = tuple(candidates)


class PlanOutdatedError(JobError):
    """What a plan was made for has changed since: make a new plan.

    Attributes:
        plan: The plan, or None.
        changes: What has changed, one line each.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        plan: object = None,
        changes: Iterable[str] = (),
        **facts: Unpack[JobFacts],
    ) -> None:
        """Keep what has changed and the facts."""
        super().__init__(message, **facts)
        self.plan = plan
        self.changes: tuple[str, ...] = tuple(changes)


class LockedOutError(JobError):
    """A plan was refused since it would shut out addresses that are to be let in.

    Attributes:
        plan: The plan, or None.
        addresses: The addresses that would be shut out.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        plan: object = None,
        addresses: Iterable[str] = (),
        **facts: Unpack[JobFacts],
    ) -> None:
        """Keep the addresses and the facts."""
        super().__init__(message, **facts)
        self.plan = plan
        self.addresses: tuple[str, ...] = tuple(addresses)


class RolloutFailedError(JobError):
    """Agents of a rollout failed, or it is unclear what became of them.

    Attributes:
        report: The report of the rollout, which has every step.
    """

    __module__ = _PUBLIC

    def __init__(
        self,
        message: str,
        *,
        report: object = None,
        **facts: Unpack[JobFacts],
    ) -> None:
        """Keep the report and the facts."""
        super().__init__(message, **facts)
        self.report = report
