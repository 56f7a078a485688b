"""Why an agent does not do what a command tells it to.

ngrok documents the codes (https://ngrok.com/docs/errors), and not which one an update gets when
there is nothing to fetch. Here it is 809.
"""

from collections.abc import Mapping
from typing import Final

from ngrok_async.testing._agent import COMMANDS, Agent
from ngrok_async.testing._refusals import refusal

EXCUSES: Final[Mapping[int, tuple[str, ...]]] = {
    804: ("restart",),
    805: ("stop",),
    806: ("update",),
    807: ("stop",),
    808: ("restart",),
    809: ("update",),
    810: COMMANDS,
    1700: COMMANDS,
    1701: ("restart", "stop"),
    1702: ("update",),
}
"""The commands that are refused with a code, by the n of ERR_NGROK_n."""

_UNABLE: Final = {command: code for code in (804, 805, 806) for command in EXCUSES[code]}


def check_able(agent: Agent, command: str) -> None:
    """Look whether an agent supports a command.

    Raises:
        RefusedError: It does not.
    """
    reason = _inability(agent, command)
    if reason:
        raise refusal(_UNABLE[command], reason=reason)


def _inability(agent: Agent, command: str) -> str:
    if agent.obeys is not None:
        return "" if command in agent.obeys else "its program does not support it"
    if agent.transport == "ssh":
        return "it is an SSH client"
    if command == "restart" and agent.os.lower().startswith("windows"):
        return "agents on Windows do not support it"
    if command == "update" and not agent.update_check:
        return "its configuration turns updates off"
    return ""
