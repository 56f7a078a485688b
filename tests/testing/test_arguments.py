"""What the fake's own users get wrong: told at the call, with the value and what would be right."""

import asyncio
import inspect
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from ngrok_async.testing import FakeNgrok, TurnableClock

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 # that is what is wrong with it
NO_COUNT = (-1, 1.5, True, "3")
NO_SECONDS = (-1, math.nan, True, "3", 10**400)
NO_TEXT = (5, b"text")
NO_FLAG = (1, "no", None)

WRONG: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "FakeNgrok": {
        "api_key": ("", "two words", "line\nbreak", "clé", 5, b"key"),
        "limit": NO_COUNT,
        "window": (*NO_SECONDS, 0, math.inf, None),
        "max_in_flight": NO_COUNT,
        "host": (*NO_TEXT, None),
        "port": (-1, 65536, 70000, 80.0, True, "80", None),
        "clock": (5, asyncio, datetime.now(UTC)),
        "agents": (*NO_COUNT, None),
        "restart_delay": (*NO_SECONDS, None),
        "stop_delay": NO_SECONDS,
        "update_delay": NO_SECONDS,
        "cursors": ("ID", "", 5, None),
        "links": ("api.ngrok.com", "https://", "https://a.example/", "https://a.example?b", 5),
    },
    "TurnableClock": {"running": NO_FLAG},
    "clock.advance": {"seconds": (*NO_SECONDS, math.inf, 1e300, 10**400, None)},
    "clock.call_at": {"when": (math.nan, math.inf, "3", None), "callback": (5, None)},
    "add": {
        "path": ("/ip_policy", "ip_policies", "", 5, ["/ip_policies"]),
        "given": (
            {"descripton": "misspelt"},
            {"description": 5},
            {"description": b"bytes"},
            {"id": 5},
            {"id": "ipp_1"},  # is there already
        ),
    },
    "add_agents": {"count": (*NO_COUNT, None), "alike": ({"ip": 5}, {"tunnels": -1})},
    "add_agent": {
        "agent_version": ("new", *NO_TEXT),
        "credential": NO_TEXT,
        "ip": ("203.0.113.777", "localhost", *NO_TEXT),
        "metadata": ("x" * 4097, {"a": 1}, *NO_TEXT),
        "os": NO_TEXT,
        "region": NO_TEXT,
        "started_at": (NAIVE, "now", 5),
        "transport": NO_TEXT,
        "tunnels": (*NO_COUNT, None),
        "channel": NO_TEXT,
        "update_check": (1, "no"),
        "obeys": ("stop", ("dance",), 5, (5,)),
        "stop_delay": NO_SECONDS,
        "restart_delay": NO_SECONDS,
        "revive_delay": NO_SECONDS,
        "update_delay": NO_SECONDS,
    },
    "add_tunnel": {
        "agent": ("ts_1", None),
        "public_url": ("shop.ngrok.app", "https://[", "ftp://shop.ngrok.app", *NO_TEXT),
        "proto": ("ftp", "", 5),
        "forwards_to": NO_TEXT,
        "metadata": NO_TEXT,
        "labels": (["a"], {"a": 1}, {1: "a"}, 5),
        "name": NO_TEXT,
        "description": NO_TEXT,
        "binding": ("private", 5, None),
        "pooling_enabled": NO_FLAG,
    },
    "drop": {"agent": ("ts_1", None), "back_after": NO_SECONDS, "restarted": NO_FLAG},
    "meanwhile": {
        "do": (None, 5, "fake.drop"),
        "route": ("GET /tunnel", "", 5),
        "after": (*NO_COUNT, None),
        "times": (0, -1, 1.5, True, "1"),
    },
    "start_agent": {"agent": ("ts_1", None)},
    "release": {"version": ("newest", "4", *NO_TEXT, None), "channel": (*NO_TEXT, None)},
    "newest_version": {"version": ("newest", "4", *NO_TEXT, None)},
    "refuse": {
        "code": ("ERR_NGROK_226", "808", 808, None, ["ERR_NGROK_808"]),
        "agent": ("ts_1", 5),
        "command": ("dance", "stop", 5),
        "reason": (*NO_TEXT, None),
        "times": (0, -1, 1.5, True, "1"),
        "applied": NO_FLAG,
    },
    "fail": {
        "status": (99, 100, 199, 600, 1000, -503, 503.0, True, "503"),
        "route": (
            *("", "tunnels", "FETCH /tunnels", "get /tunnels", "GET tunnels", "POST GET", 5, None),
            *("GET /tunnel", "/tunnels/", "POST /tunnels", "DELETE /tunnel_sessions/{id}/stop"),
            *(
                "POST /tunnel_sessions/{id}",
                "*/restart/now",
                "PUT /tunnel*",
                "/any/route",
            ),
            *(
                "https://api.ngrok.com/tunnels",
                "GET /tunnels?limit=5",
                "/{a}/{b}/{c}/{d}/{e}/{f}/{g}",
            ),
        ),
        "times": (0, -1, 1.5, True, "1", math.inf),
        "code": ("226", 226, "ERR_NGROK_", "ERR_NGROK_x", "err_ngrok_226", ""),
        "message": (*NO_TEXT, None),
        "headers": (
            *([("a", "b")], "a: b", None, {"a": 5}, {"a": None}, {5: "a"}, {"": "b"}),
            *({"a b": "c"}, {"a:": "b"}, {"a\n": "b"}, {"a": "b\nc"}, {"a": "b\r\nc: d"}),
            *({"a": "\0"}, {"a": "\ud800"}, {"Content-Length": "1"}),
            {"transfer-encoding": "chunked"},
        ),
        "body": ("text", 5, {"a": 1}),
        "content_type": ("text/html\n", "a\r\nb: c", *NO_TEXT, None),
        "delay": (*NO_SECONDS, math.inf, None),
        "drop": NO_FLAG,
        "stall": NO_FLAG,
        "applied": NO_FLAG,
        "agent": ("ts_1", 5),
    },
    "wait_for_requests": {"count": (*NO_COUNT, None)},
}
"""Values that cannot be, of every argument of everything public."""

OTHERS = ("start", "stop", "heal", "clock.time", "clock.now", "clock.wait_for_timer")
"""What takes no arguments."""


@pytest.fixture
async def calls(fake: FakeNgrok) -> Mapping[str, Callable[..., Any]]:
    """Return what is called, by its name, with the other arguments that it needs."""
    agent, away = fake.add_agents(2)
    fake.drop(away, back_after=math.inf)
    fake.add("/ip_policies", id="ipp_1")
    clock = fake.clock

    def add(path: str = "/ip_policies", given: Mapping[str, Any] | None = None) -> None:
        fake.add(path, **(given or {}))

    def add_agents(count: int = 1, alike: Mapping[str, Any] | None = None) -> None:
        fake.add_agents(count, **(alike or {}))

    return {
        "FakeNgrok": FakeNgrok,
        "TurnableClock": TurnableClock,
        "clock.advance": clock.advance,
        "clock.call_at": lambda when=1.0, callback=list: clock.call_at(when, callback),
        "add": add,
        "add_agents": add_agents,
        "add_agent": fake.add_agent,
        "add_tunnel": lambda agent=agent, **more: fake.add_tunnel(agent, **more),
        "drop": lambda agent=agent, **more: fake.drop(agent, **more),
        "meanwhile": lambda do=list, **more: fake.meanwhile(do, **more),
        "start_agent": lambda agent=away: fake.start_agent(agent),
        "release": lambda version="3.99.0", **more: fake.release(version, **more),
        "newest_version": lambda version: setattr(fake, "newest_version", version),
        "refuse": lambda code="ERR_NGROK_808", **more: fake.refuse(code, **more),
        "fail": lambda status=503, **more: fake.fail(status, **more),
        "wait_for_requests": fake.wait_for_requests,
    }


def rows() -> list[Any]:
    """Return a case for each value."""
    return [
        pytest.param(call, name, value, id=f"{call} {name} {number}")
        for call, arguments in WRONG.items()
        for name, values in arguments.items()
        for number, value in enumerate(values)
    ]


@pytest.mark.parametrize(("call", "name", "value"), rows())
async def test_what_cannot_be_is_told_at_the_call(
    fake: FakeNgrok, calls: Mapping[str, Callable[..., Any]], call: str, name: str, value: object
) -> None:
    """The error is a ValueError that names the argument, or its value; nothing has happened."""
    before = fake.agents, fake.unmet_faults, fake.newest_version, fake.clock.time()

    async def wrong() -> None:
        outcome = calls[call](**{name: value})
        if isinstance(outcome, Awaitable):
            await outcome

    with pytest.raises(ValueError, match=r"\w+ .*\w+") as caught:
        await wrong()

    assert type(caught.value) is ValueError
    told = str(caught.value)
    parts = [name, *value, *value.values()] if isinstance(value, dict) else [name, value]
    assert any(str(part) in told for part in parts if part != ""), told
    assert before == (fake.agents, fake.unmet_faults, fake.newest_version, fake.clock.time())
    if name == "api_key":
        assert not value or str(value) not in told


def test_the_table_has_every_argument() -> None:
    """A new method or argument has values here that it refuses."""
    public = {
        name: getattr(FakeNgrok, name)
        for name in dir(FakeNgrok)
        if name[0] != "_" and inspect.isfunction(getattr(FakeNgrok, name))
    }
    public |= {
        f"clock.{name}": member
        for name, member in vars(TurnableClock).items()
        if name[0] != "_" and inspect.isfunction(member)
    }
    declared = {
        name: {*inspect.signature(member).parameters} - {"self"} for name, member in public.items()
    }
    for kind in (FakeNgrok, TurnableClock):
        declared[kind.__name__] = {*inspect.signature(kind).parameters}
    declared["newest_version"] = {"version"}
    in_table = {name: {*names} for name, names in WRONG.items()}

    assert declared == in_table | {name: set() for name in OTHERS}


async def test_a_bare_item_is_taken_or_its_missing_field_named() -> None:
    """Of whatever collection: what answers follow from is asked for by name."""
    refused: dict[str, str] = {}
    async with FakeNgrok() as fake:
        for path in fake._api._kinds:
            try:
                fake.add(path)
            except ValueError as error:
                refused[path] = str(error)

    assert {"'domain'", "'public_key'"} <= {
        text.partition("it needs the field ")[2].partition(",")[0] for text in refused.values()
    }
    assert all(text.startswith(f"cannot add this to {path}: ") for path, text in refused.items())
