"""What watches tell goes into the state of the live view."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ngrok_async.cli._top.state import Event, Panel, State
from ngrok_async.cli._top.things import agent, endpoint, url_of
from ngrok_async.jobs import Changed, Notice, Reconnected, Removed, Synced, Trouble
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession


class Feed:
    """Takes in agents and endpoints, and knows which belong together."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        """Begin with nothing.

        Args:
            state: Where it goes.
            now: Tells the time of people.
        """
        self._state = state
        self._now = now
        self._sessions: dict[str, TunnelSession] = {}
        self._points: dict[str, Endpoint] = {}
        self._offered: dict[str, dict[str, str]] = {}
        self._trouble: dict[Panel, str] = {}

    def begin(self, panel: Panel, items: Iterable[TunnelSession | Endpoint]) -> None:
        """Take what is there at the start."""
        for item in items:
            self._put(item)
        self._state.sync(panel)

    def take(self, panel: Panel, notice: Notice[Any], known: Mapping[str, object]) -> None:
        """Take a notice.

        Args:
            panel: What it is of.
            notice: What is told.
            known: What the watch knows now, by id.
        """
        if isinstance(notice, Trouble):
            self._say(panel, str(notice.error))
            self._tell("!", str(notice.error))
            return
        self._say(panel, "")
        if isinstance(notice, Synced):  # what went before the watch began, it never knew
            for id_ in set(self._state.things[panel]) - set(known):
                self._drop(panel, id_)
            self._state.sync(panel)
            return
        item: TunnelSession | Endpoint = notice.item
        if isinstance(notice, Removed):
            self._tell("-", _line(item))
            self._drop(panel, item.id)
            return
        if isinstance(notice, Reconnected):
            self._drop(panel, notice.before.id)
            self._tell("~", f"{_line(item)} (reconnected, was {notice.before.id})")
        elif isinstance(notice, Changed):
            self._tell("~", _line(item))
        elif not notice.first and item.id not in self._state.things[panel]:
            self._tell("+", _line(item))
        self._put(item)

    def _say(self, panel: Panel, trouble: str) -> None:
        self._trouble[panel] = trouble
        self._state.set(trouble=next(filter(None, self._trouble.values()), ""))

    def _tell(self, sign: str, text: str) -> None:
        self._state.tell(Event(self._now(), sign, text))

    def _put(self, item: TunnelSession | Endpoint) -> None:
        if isinstance(item, TunnelSession):
            self._sessions[item.id] = item
            self._show_agent(item.id)
            for id_ in self._offered.get(item.id, ()):
                self._show_endpoint(self._points[id_])
            return
        self._points[item.id] = item
        if item.tunnel_session is not None:
            self._offered.setdefault(item.tunnel_session.id, {})[item.id] = url_of(item)
            self._show_agent(item.tunnel_session.id)
        self._show_endpoint(item)

    def _drop(self, panel: Panel, id_: str) -> None:
        self._state.drop(panel, id_)
        if panel == "agents":
            self._sessions.pop(id_, None)
            return
        point = self._points.pop(id_, None)
        if point is not None and point.tunnel_session is not None:
            session = point.tunnel_session.id
            self._offered[session].pop(id_, None)
            self._show_agent(session)

    def _show_agent(self, id_: str) -> None:
        if id_ in self._sessions:
            urls = [*self._offered.get(id_, {}).values()]
            self._state.put("agents", agent(self._sessions[id_], urls))

    def _show_endpoint(self, point: Endpoint) -> None:
        self._state.put("endpoints", endpoint(point, self._state.things["agents"]))


def _line(item: TunnelSession | Endpoint) -> str:
    if isinstance(item, TunnelSession):
        cells = agent(item, ()).cells
        return " ".join(filter(None, (cells[n] for n in ("name", "version", "region", "id"))))
    to = f" -> {item.upstream_url}" if item.upstream_url else ""
    return f"{url_of(item)}{to}"
