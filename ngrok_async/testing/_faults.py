"""Scripted trouble: which requests meet it, and what happens to them."""

import re
from collections.abc import Mapping

import attrs

from ngrok_async._request import EFFECTS
from ngrok_async.testing._agent import Agent
from ngrok_async.testing._answers import Answer, envelope


def _patterns(routes: str | tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(map(_pattern, (routes,) if isinstance(routes, str) else routes))


def _pattern(route: str) -> re.Pattern[str]:
    method, _, path = (f"{route} *" if route in EFFECTS else route).rpartition(" ")
    if (method and method not in EFFECTS) or not path.startswith(("/", "*")):
        raise ValueError(
            f'route must be like "POST", "/tunnels*" or "GET /tunnels/{{id}}", got {route!r}'
        )
    pieces = re.split(r"(\{\w+\}|\*)", path)
    wild = {"{": "[^/]+", "*": ".*"}
    expression = "".join(wild.get(piece[:1]) or re.escape(piece) for piece in pieces)
    return re.compile(f"{method or '[A-Z]+'} {expression}")


@attrs.frozen(kw_only=True)
class Fault:
    """What happens to a request; see `FakeNgrok.fail`."""

    route: tuple[re.Pattern[str], ...] = attrs.field(converter=_patterns)
    status: int | None
    code: str | None
    message: str
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: bytes | None = None
    content_type: str = "text/html"
    delay: float = 0.0
    drop: bool = False
    stall: bool = False
    applied: bool = False
    agent: Agent | None = None

    def fits(self, method: str, path: str) -> bool:
        """Tell whether a request meets it."""
        of_agent = self.agent is None or self.agent.id in path.split("/")
        return of_agent and any(route.fullmatch(f"{method} {path}") for route in self.route)

    def answer(self, status: int, operation_id: str) -> Answer:
        """Return the scripted answer."""
        if self.body is None:
            answer = envelope(status, self.code, self.message, operation_id)
        else:
            answer = Answer(status, self.body, self.content_type, is_ngroks=False)
        return attrs.evolve(answer, headers=self.headers)


class Faults:
    """The script: the first entry that fits a request is used, as often as it says."""

    def __init__(self) -> None:
        """Begin with an empty script."""
        self._script: list[tuple[Fault, int | None]] = []

    def add(self, fault: Fault, times: int | None) -> None:
        """Append an entry; None: for ever."""
        self._script.append((fault, times))

    def clear(self) -> None:
        """Drop all entries."""
        self._script.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for a request, and count it."""
        for index, (fault, left) in enumerate(self._script):
            if fault.fits(method, path):
                if left == 1:
                    del self._script[index]
                elif left is not None:
                    self._script[index] = (fault, left - 1)
                return fault
        return None
