"""Scripted trouble: which requests meet it, and what happens to them."""

import inspect
import re
from collections.abc import Callable, Mapping
from traceback import walk_stack
from typing import Final, cast

import attrs
from multidict import CIMultiDict

from ngrok_async._json import unencodable_at
from ngrok_async._shown import shown
from ngrok_async.testing._agent import Agent
from ngrok_async.testing._arguments import flag, span, text, whole, wrong
from ngrok_async.testing._messages import Answer, envelope
from ngrok_async.testing._route_patterns import pattern
from ngrok_async.testing._routes import declared

_CODE: Final = re.compile("ERR_NGROK_[0-9]{1,6}|invalid_cel_expression")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# How long an answer is follows from its body.
_NOT_YOURS: Final = frozenset({"content-length", "transfer-encoding"})
_WITHOUT_BODY: Final = frozenset({204, 205, 304})


def _status(value: object) -> int | None:
    must = "an HTTP status from 200 to 599"
    return None if value is None else whole("status", value, must, least=200, most=599)


def _code(value: object) -> str | None:
    if value is None or (isinstance(value, str) and _CODE.fullmatch(value)):
        return value
    raise wrong("code", 'a code such as "ERR_NGROK_226"', value)


def _message(value: object) -> str:
    return text("message", value, "Try again later.")


def _headers(value: object) -> CIMultiDict[str]:
    if not isinstance(value, Mapping):
        raise wrong("headers", 'a mapping such as {"Retry-After": "2"}', value)
    headers = CIMultiDict[str]()
    for name, content in cast("Mapping[object, object]", value).items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise wrong("the name of a header", 'like "Retry-After"', name)
        if name.lower() in _NOT_YOURS:
            raise ValueError(f"headers must not have {shown(name)}: it follows from the body")
        headers.add(name, _line(f"the header {name!r}", content))
    return headers


def _line(name: str, value: object) -> str:
    """Return a text that can be in a header."""
    if not isinstance(value, str) or _CONTROL.search(value) or unencodable_at(value) is not None:
        raise wrong(name, "a text without line breaks and other control characters", value)
    return value


def _body(value: object) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    raise wrong("body", 'bytes such as b"<h1>Bad gateway</h1>"', value)


def _content_type(value: object) -> str:
    return _line("content_type", value)


def _delay(value: object) -> float:
    return span("delay", value)


@attrs.frozen(kw_only=True)
class Fault:
    """What happens to a request; see `FakeNgrok.fail`."""

    routes: tuple[str, ...]
    status: int | None = attrs.field(converter=_status)
    code: str | None = attrs.field(converter=_code)
    message: str = attrs.field(converter=_message)
    headers: CIMultiDict[str] = attrs.field(factory=CIMultiDict[str], converter=_headers)
    body: bytes | None = attrs.field(default=None, converter=_body)
    content_type: str = attrs.field(default="text/html", converter=_content_type)
    delay: float = attrs.field(default=0.0, converter=_delay)
    drop: bool = False
    stall: bool = False
    applied: bool = False
    agent: Agent | None = None
    _patterns: tuple[re.Pattern[str], ...] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be."""
        patterns = tuple(pattern(route, declared()) for route in self.routes)
        object.__setattr__(self, "_patterns", patterns)  # the usual way with a frozen class
        for name in ("drop", "stall", "applied"):
            flag(name, getattr(self, name))
        if self.status is None and not (self.delay or self.drop or self.stall):
            raise ValueError("a fault needs a status, delay=, drop= or stall=")
        if self.stall and (self.delay or self.drop):
            raise ValueError("stall= excludes delay= and drop=: a stalled request never ends")
        if self.status is None and (self.code or self.headers or self.body is not None):
            raise ValueError("code=, headers= and body= need a status to go with")
        if self.code and self.body is not None:
            raise ValueError("code= and body= exclude each other: the code is in ngrok's own body")
        if self.body and self.status in _WITHOUT_BODY:
            raise ValueError(f"an answer with {self.status} has no body; leave body= out")

    def __str__(self) -> str:
        """Tell what `fail` was told, in short."""
        ends = {"drop": self.drop, "stall": self.stall, f"delay {self.delay:g}": self.delay}
        what = [str(self.status)] if self.status else []
        what += [name for name, is_so in ends.items() if is_so]
        return f"{', '.join(what)} for {' or '.join(self.routes)}"

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a request meets it."""
        of_agent = self.agent is None or self.agent.id in path.split("/")
        return of_agent and any(one.fullmatch(f"{method} {path}") for one in self._patterns)

    def answer(self, status: int, operation_id: str) -> Answer:
        """Return the scripted answer."""
        if self.body is not None:
            answer = Answer(status, self.body, self.content_type, is_ngroks=False)
        elif status in _WITHOUT_BODY:
            answer = Answer(status)
        else:
            answer = envelope(status, self.code, self.message, operation_id)
        return attrs.evolve(answer, headers=self.headers)


@attrs.define
class _Entry:
    """A fault in the script.

    Attributes:
        fault: What happens.
        left: How many requests it is still for; None: all.
        place: Where it was scripted.
        is_met: Whether a request has met it.
    """

    fault: Fault
    left: int | None
    place: str
    is_met: bool = False


@attrs.define(kw_only=True)
class _Change:
    """What somebody else does before a request is answered; see `FakeNgrok.meanwhile`.

    Attributes:
        do: Does it.
        route: Which requests it is done before.
        after: How many of these come first.
        left: Before how many it is still done; None: all.
        place: Where it was scripted.
    """

    do: Callable[[], object]
    route: str
    after: int
    left: int | None
    place: str
    is_met: bool = attrs.field(init=False, default=False)
    _pattern: re.Pattern[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be."""
        if not callable(self.do):
            raise wrong("do", "what can be called, such as lambda: fake.drop(agent)", self.do)
        self._pattern = pattern(self.route, declared())
        whole("after", self.after, "a whole number from 0 on")
        _times(self.left)

    def __str__(self) -> str:
        """Tell what `meanwhile` was told, in short."""
        return f"something meanwhile, for {self.route}"

    def is_due(self, method: str, path: str) -> bool:
        """Tell whether it is done before a request, and count that."""
        if self.left == 0 or not self._pattern.fullmatch(f"{method} {path}"):
            return False
        if self.after:
            self.after -= 1
            return False
        self.is_met = True
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The script: the first entry that fits a request is used, as often as it says.

    What others do in between is a script of its own.
    """

    def __init__(self) -> None:
        """Begin with empty scripts."""
        self._script: list[_Entry] = []
        self._changes: list[_Change] = []

    def add(self, fault: Fault, times: int | None) -> None:
        """Append an entry; None: for ever."""
        self._script.append(_Entry(fault, _times(times), _caller()))

    def meanwhile(
        self, do: Callable[[], object], route: str, *, after: int, times: int | None
    ) -> None:
        """Append what is done before a request; None: before all from then on."""
        change = _Change(do=do, route=route, after=after, left=times, place=_caller())
        self._changes.append(change)

    def clear(self) -> None:
        """Drop all entries."""
        self._script.clear()
        self._changes.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Do what is scripted to happen before a request; return its fault, and count it."""
        for change in [one for one in self._changes if one.is_due(method, path)]:
            change.do()
        for entry in self._script:
            if entry.fault.fits(method, path):
                entry.is_met = True
                if entry.left is not None:
                    entry.left -= 1
                    if not entry.left:
                        self._script.remove(entry)
                return entry.fault
        return None

    def unmet(self) -> tuple[str, ...]:
        """Name the entries that no request has met."""
        faults = [f"{one.fault}, at {one.place}" for one in self._script if not one.is_met]
        return (*faults, *(f"{one}, at {one.place}" for one in self._changes if not one.is_met))


def _times(value: int | None) -> int | None:
    if value is None:
        return None
    return whole("times", value, "from 1 on, or None for all from now on", least=1)


def _caller() -> str:
    """Return the file and line that called the fake."""
    frame, line = next(
        (frame, line)
        for frame, line in walk_stack(inspect.currentframe())
        if not frame.f_globals.get("__name__", "").startswith("ngrok_async.")
    )
    return f"{frame.f_code.co_filename}:{line}"
