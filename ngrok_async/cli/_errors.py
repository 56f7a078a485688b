"""Errors as a line and an exit code."""

import ngrok_async
from ngrok_async.cli._ends import (
    FAILED,
    INTERRUPTED,
    NOT_FOUND,
    PROGRAM,
    UNREACHABLE,
    USAGE,
    Stop,
    UsageError,
)


def ended_by(error: BaseException) -> tuple[int, str]:
    """Return the exit code for what ended a command, and the line that tells of it."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted"
    if isinstance(error, Stop):
        return error.code, str(error)
    if isinstance(error, UsageError):
        asked = f"{PROGRAM} help {error.command}".rstrip()
        return USAGE, f"{error} (see `{asked}`)"
    if isinstance(error, ngrok_async.NgrokError):
        return _code(error), _line(error)
    return _of_python(error)


def _of_python(error: BaseException) -> tuple[int, str]:
    if isinstance(error, ValueError):  # an argument that the package refuses
        return USAGE, str(error)
    if isinstance(error, OSError):
        return FAILED, str(error)
    kind = type(error).__name__
    return FAILED, f"a fault of {PROGRAM}: {kind}: {error} (--debug tells where)"


def _code(error: "ngrok_async.NgrokError") -> int:
    if isinstance(error, ngrok_async.ConfigurationError):
        return USAGE
    if isinstance(
        error,
        ngrok_async.NotFoundError | ngrok_async.NothingFoundError | ngrok_async.WaitTimeoutError,
    ):
        return NOT_FOUND
    if isinstance(error, ngrok_async.RateLimitedError | ngrok_async.TransportError):
        return UNREACHABLE
    return FAILED


def _line(error: "ngrok_async.NgrokError") -> str:
    """Return the error's own text, which has code and operation, and where to read about it."""
    parts = [str(error)]
    if error.cursor is not None:
        parts.append(f"go on with --before-id {error.cursor}")
    if isinstance(error, ngrok_async.APIError) and error.docs_url:
        parts.append(error.docs_url)
    return "; ".join(parts)
