"""An agent, as users of the fake see and set it."""

import math
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Final, TypeAlias

import attrs

from ngrok_async._numbers import as_float
from ngrok_async.testing._arguments import wrong
from ngrok_async.testing._versions import is_version

COMMANDS: Final = ("restart", "stop", "update")
_MOST_METADATA: Final = 4096

_Field: TypeAlias = "attrs.Attribute[Any]"


def text(_owner: object, field: _Field, value: object) -> None:
    """Validate a field that is a text."""
    if not isinstance(value, str):
        raise ValueError(f"{field.name} must be a text, got {value!r}")  # noqa: TRY004 # as for other values that cannot be


def flag(_owner: object, field: _Field, value: object) -> None:
    """Validate a field that is true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{field.name} must be True or False, got {value!r}")  # noqa: TRY004 # see above


def _version(_agent: object, field: _Field, value: str) -> None:
    if value and not is_version(value):
        raise ValueError(f"{field.name} must be like '3.39.0', got {value!r}")


def _address(_agent: object, field: _Field, value: str) -> None:
    try:
        if value:
            ip_address(value)
    except ValueError:
        raise ValueError(f"{field.name} must be like '203.0.113.7', got {value!r}") from None


def _short(_agent: object, field: _Field, value: str) -> None:
    if len(value.encode()) > _MOST_METADATA:
        raise ValueError(f"{field.name} may have {_MOST_METADATA} bytes, got {len(value.encode())}")


def _commands(value: Iterable[str] | None) -> frozenset[str] | None:
    if value is None:
        return None
    try:
        wanted = frozenset(value)
    except TypeError:  # nothing to iterate over
        wanted = frozenset({"?"})
    if isinstance(value, str) or not wanted <= frozenset(COMMANDS):
        raise ValueError(f'obeys must be commands such as ("stop",), got {value!r}')
    return wanted


def seconds(name: str, value: object) -> float:
    """Return a delay that can be: 0, a positive number, or `math.inf` for never.

    Raises:
        ValueError: It is something else.
    """
    number = as_float(value)
    if not number >= 0:
        raise wrong(name, "seconds from 0 to math.inf (never)", value)
    return number


def _delay(_agent: object, field: _Field, value: float) -> None:
    seconds(field.name, value)


@attrs.define(eq=False, kw_only=True)
class Agent:
    """An agent of the fake; goes wherever the id of its session goes.

    All but the first four attributes can be set at any time. The session has what the agent showed
    when it connected: another `ip`, `region` or `metadata` is seen after it has connected anew.

        agent = fake.add_agent(ip="198.51.100.7")
        agent.ip, agent.region = "203.0.113.9", "eu"  # a laptop that moves
        fake.drop(agent)

    Attributes:
        id: The id of its session now, or of the last one while it is away. It changes whenever the
            agent connects anew.
        ids: The ids of all its sessions, the oldest first.
        online: Whether it is connected.
        tunnel_ids: The ids of the tunnels that it offers now.
        agent_version: The version of its program.
        credential: The id of its tunnel credential.
        ip: The address that it comes from.
        metadata: The text from its configuration.
        os: Its operating system. Agents on "windows" cannot restart themselves.
        region: The ngrok region.
        transport: The protocol. What connects over "ssh" obeys no command.
        channel: Where it gets updates from: "stable", or what `FakeNgrok.release` was told.
        update_check: Whether its configuration lets it look for updates.
        obeys: The commands that it supports, of "restart", "stop" and "update"; None: what its
            `os` and `transport` can. The agents in the SDKs obey those that their program has
            registered a handler for: `()` or `("stop",)`.
        stop_delay: Seconds that its session is still there after it took a `stop` or `restart`.
        restart_delay: Seconds that it is then away before it is back after a `restart`;
            `math.inf`: it never is.
        revive_delay: Seconds after which somebody starts it again when it was stopped, as a
            supervisor does; `math.inf`: nobody does.
        update_delay: Seconds that it takes to fetch an update. A `restart` or `stop` before that
            ends the fetch, and nothing has changed.
    """

    ids: tuple[str, ...] = attrs.field(default=(), init=False)
    online: bool = attrs.field(default=False, init=False)
    tunnel_ids: tuple[str, ...] = attrs.field(default=(), init=False)
    agent_version: str = attrs.field(validator=[text, _version])
    credential: str = attrs.field(validator=text)
    ip: str = attrs.field(validator=[text, _address])
    metadata: str = attrs.field(validator=[text, _short])
    os: str = attrs.field(validator=text)
    region: str = attrs.field(validator=text)
    transport: str = attrs.field(validator=text)
    channel: str = attrs.field(default="stable", validator=text)
    update_check: bool = attrs.field(default=True, validator=flag)
    obeys: frozenset[str] | None = attrs.field(default=None, converter=_commands)
    stop_delay: float = attrs.field(default=0.0, validator=_delay)
    restart_delay: float = attrs.field(default=0.0, validator=_delay)
    revive_delay: float = attrs.field(default=math.inf, validator=_delay)
    update_delay: float = attrs.field(default=0.0, validator=_delay)

    @property
    def id(self) -> str:
        """The id of its session now, or of the last one."""
        return self.ids[-1]
