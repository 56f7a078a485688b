"""The base of all errors: the facts that each of them has."""

from typing import Final

from ngrok_async._id import HasId

_LONGEST_PATH: Final = 300


class NgrokError(Exception):
    """The base of all errors of this package.

    Attributes:
        message: What went wrong, without the facts below.
        method: The HTTP method, or None where no request was at hand.
        path: The encoded path below the base URL, or None.
        attempts: How many requests went out for this call, or tried to; 0 when none did.
        maybe_applied: Whether the call may have had its effect although it failed. Look before you
            repeat it.
        operation_id: ngrok's id of the failed operation, to quote to their support, or None.
        retry_budget_exhausted: Whether a further attempt was due but the client's retry budget
            was spent.
        cursor: Where the walk over a list stood that this ended: what `before_id=` takes to go on
            there. None at its beginning, and for other calls.
        released: What `ngrok_async.jobs.release` had stopped or deleted before this ended it, in
            that order; () for other calls.
    """

    # Where people import it from, and find it in old pickles.
    __module__ = "ngrok_async.errors"

    cursor: str | None = None  # of the class, so that older pickles and subclasses have it too
    released: tuple[HasId, ...] = ()  # likewise

    def __init__(
        self,
        message: str,
        *,
        method: str | None = None,
        path: str | None = None,
        attempts: int = 0,
        maybe_applied: bool = False,
        operation_id: str | None = None,
    ) -> None:
        """Keep the facts; see the class for their meaning."""
        super().__init__(message)
        self.message = message
        self.method = method
        self.path = path
        self.attempts = attempts
        self.maybe_applied = maybe_applied
        self.operation_id = operation_id
        self.retry_budget_exhausted = False

    def _headline(self) -> str:
        operation = f" (operation {self.operation_id})" if self.operation_id else ""
        return f"{self.message}{operation}"

    def __str__(self) -> str:
        """Tell what failed, on which request, after how many attempts."""
        text = self._headline()
        if self.method:
            text += f" on {self.method} {_shortened(self.path)}"
        if self.attempts > 1:
            text += f" after {self.attempts} attempts"
        if self.retry_budget_exhausted:
            text += "; the retry budget is spent"
        if self.maybe_applied:
            text += "; it may have been applied"
        return text

    # BaseException's own __reduce__ calls the class with `args`, which cannot carry keywords.
    def __reduce__(self) -> tuple[object, ...]:
        """Pickle and copy with all attributes."""
        return _restore, (type(self), self.args), self.__dict__


def _shortened(path: str | None) -> str | None:
    # It holds the ids that were passed, whatever they are.
    if path is None or len(path) <= _LONGEST_PATH:
        return path
    return f"{path[:_LONGEST_PATH]}... ({len(path)} characters)"


def _restore(cls: type[NgrokError], args: tuple[object, ...]) -> NgrokError:
    error = cls.__new__(cls, *args)
    error.args = args
    return error
