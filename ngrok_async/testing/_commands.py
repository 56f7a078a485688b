"""What commands do: operations that neither create nor change a resource, but make it act.

A command is a POST below an item, such as `POST /tunnel_sessions/{id}/stop`. When it has arrived
here, key, version, body and the item itself have been looked at.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, TypeAlias

import attrs

from ngrok_async._request import JSON
from ngrok_async.testing._agents import Agents
from ngrok_async.testing._store import Item, Store


@attrs.frozen
class Command:
    """A command that was received.

    Attributes:
        store: What there is.
        agents: The agents.
        now: What time it is.
        body: What was sent.
        item: What it is for; a rule may alter or remove it.
    """

    store: Store
    agents: Agents
    now: datetime
    body: Mapping[str, JSON]
    item: Item


Deed: TypeAlias = Callable[[Command], None]
"""Does what a command says, or raises `RefusedError`."""

DEEDS: Final[Mapping[str, Deed]] = {
    "POST /tunnel_sessions/{id}/restart": lambda command: command.agents.restart(
        command.item["id"]
    ),
    "POST /tunnel_sessions/{id}/stop": lambda command: command.agents.stop(command.item["id"]),
    "POST /tunnel_sessions/{id}/update": lambda command: command.agents.update(command.item["id"]),
}
"""By route. A command of a new resource needs a line here, for example

    "POST /tokens/{id}/revoke": lambda command: command.store["/tokens"].remove(command.item["id"]),
"""
