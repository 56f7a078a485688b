"""Every way in which people look at an exception: what comes out must not have a secret in it."""

import json
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import rich.traceback
import sentry_sdk
import sentry_sdk.transport
import structlog
from sentry_sdk.envelope import Envelope
from sentry_sdk.serializer import serialize
from sentry_sdk.utils import event_from_exception

Error = BaseException


def chain(error: Error) -> Iterator[Error]:
    """Yield an exception and all that are linked to it, shown by Python or not."""
    seen: dict[int, Error] = {}
    waiting: list[Error | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen[id(each)] = each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
    yield from seen.values()


def texts(value: object, depth: int = 3) -> Iterator[str]:
    """Yield what is seen of a value by whoever opens mappings and sequences."""
    yield repr(value)
    yield str(value)
    if depth and isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(name, depth - 1)
            yield from texts(item, depth - 1)
    elif depth and isinstance(value, Sequence | set | frozenset) and not isinstance(value, str):
        if isinstance(value, bytes | bytearray | memoryview):
            yield bytes(value).decode("latin-1")
            return
        for item in value:
            yield from texts(item, depth - 1)


def _walk(step: TracebackType | None) -> Iterator[str]:
    while step is not None:
        for name, value in step.tb_frame.f_locals.items():
            yield name
            yield from texts(value)
        step = step.tb_next


def by_traceback(error: Error) -> Iterator[str]:
    """As `traceback` and `pytest -l` print it."""
    for each in chain(error):
        report = traceback.TracebackException.from_exception(each, capture_locals=True)
        yield from report.format()


def by_walker(error: Error) -> Iterator[str]:
    """As cgitb and debuggers do: the variables of every frame."""
    for each in chain(error):
        yield from texts(each)
        yield from texts(each.args)
        yield from texts(vars(each))
        yield from _walk(each.__traceback__)


class _Kept(sentry_sdk.transport.Transport):
    """Keeps what would go to Sentry."""

    def capture_envelope(self, envelope: Envelope) -> None:
        raise NotImplementedError


_SENTRY = sentry_sdk.Client(
    dsn="http://public@127.0.0.1:1/1",
    transport=_Kept,
    # What these add is patched in for the whole process. `test_sentry` has them, in another one.
    default_integrations=False,
    auto_enabling_integrations=False,
)


def by_sentry(error: Error) -> Iterator[str]:
    """As Sentry's event has it, before its scrubber and after."""
    for each in chain(error):
        event, _ = event_from_exception(each, client_options=_SENTRY.options)
        yield json.dumps(serialize(event), default=repr)


def by_structlog(error: Error) -> Iterator[str]:
    """As structlog's JSON has it."""
    show = structlog.tracebacks.ExceptionDictTransformer(
        show_locals=True, locals_max_length=100, locals_max_string=10_000, max_frames=100
    )
    for each in chain(error):
        yield json.dumps(show((type(each), each, each.__traceback__)), default=repr)


def by_rich(error: Error) -> Iterator[str]:
    """As rich prints it; its colours take most of the time and are left out."""
    for each in chain(error):
        trace = rich.traceback.Traceback.extract(
            type(each), each, each.__traceback__, show_locals=True,
            locals_max_length=100, locals_max_string=10_000,
        )  # fmt: skip
        for stack in trace.stacks:
            yield stack.exc_value
            for frame in stack.frames:
                yield from (str(node) for node in (frame.locals or {}).values())


WAYS: Mapping[str, Callable[[Error], Iterator[str]]] = {
    "traceback": by_traceback,
    "walker": by_walker,
    "Sentry": by_sentry,
    "structlog": by_structlog,
    "rich": by_rich,
}


def leaks(error: Error, secrets: Sequence[str]) -> list[Any]:
    """Return which way shows which secret, and the text around it."""
    found: list[Any] = []
    for name, way in WAYS.items():
        for text in way(error):
            low = text.casefold()
            for secret in secrets:
                place = low.find(secret.casefold())
                if place >= 0:
                    found.append((name, secret, text[max(0, place - 100) : place + 60]))
    return found
