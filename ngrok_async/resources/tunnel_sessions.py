"""Tunnel sessions: the agents that are connected now."""

from datetime import datetime
from typing import ClassVar, Literal

import attrs

from ngrok_async._api import Id, Pager, Resource, operation, paged
from ngrok_async.filters import Fields, Filter, IdField, ReferenceField, TextField, TimeField
from ngrok_async.resources._shared import Model, Ref


@attrs.frozen(kw_only=True)
class TunnelSession(Model):
    """A connected agent, for as long as this connection lasts.

    Attributes:
        id: Changes whenever the agent connects anew, so also after a restart.
        uri: The session's own address.
        agent_version: The version of the agent's program, such as "3.19.1".
        credential: The tunnel credential that the agent showed.
        ip: The address that the agent connects from.
        metadata: The text that the agent's configuration sets.
        os: The operating system of the agent's machine.
        region: The ngrok region that it is connected to.
        started_at: When this session began.
        transport: The protocol; the documentation says "ngrok/v2", answers say "ngrok/2".
    """

    id: str
    uri: str = ""
    agent_version: str = ""
    credential: Ref
    ip: str = ""
    metadata: str = ""
    os: str = ""
    region: str = ""
    started_at: datetime
    transport: Literal["ngrok/v2", "ngrok/2", "ssh"] | str = ""


class TunnelSessionFields(Fields):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    id: IdField[TunnelSession]
    metadata: TextField[TunnelSession]
    agent_version: TextField[TunnelSession]
    ip: TextField[TunnelSession]
    os: TextField[TunnelSession]
    region: TextField[TunnelSession]
    started_at: TimeField[TunnelSession]
    credential: ReferenceField[TunnelSession]


class TunnelSessions(Resource):
    """See the connected agents, and stop, restart or update them.

    The commands are answered as soon as the agent has taken them; what follows is seen in `list`.

    https://ngrok.com/docs/api-reference/tunnelsessions/list
    """

    fields: ClassVar[TunnelSessionFields] = TunnelSessionFields()

    @paged("GET /tunnel_sessions", items="tunnel_sessions")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[TunnelSession] | None = None,
    ) -> Pager[TunnelSession]:
        """Walk over the sessions that are connected now, newest first.

        Args:
            before_id: Begin after this session; or the `cursor` of another pager.
            limit: Items per page, 1 to 100; ngrok's default is 100.
            filter: Only sessions that meet this condition on `id`, `metadata`, `agent_version`,
                `ip`, `os`, `region`, `started_at` or `credential`.
        """
        ...

    @operation("GET /tunnel_sessions/{id}")
    async def get(self, id: Id) -> TunnelSession:
        """Return one session; `NotFoundError` once it has ended."""
        ...

    @operation("POST /tunnel_sessions/{id}/restart")
    async def restart(self, id: Id) -> None:
        """Have the agent start itself again; it comes back as a new session with a new id.

        Agents on Windows cannot. Never repeated on its own when it is unclear whether ngrok got it.
        """
        ...

    @operation("POST /tunnel_sessions/{id}/stop", effect="remove")
    async def stop(self, id: Id) -> None:
        """Have the agent end; nothing starts it again unless its machine does."""
        ...

    @operation("POST /tunnel_sessions/{id}/update")
    async def update(self, id: Id) -> None:
        """Have the agent fetch the newest version; it runs it after its next restart.

        Wait some ten seconds before that restart. Never repeated on its own when it is unclear
        whether ngrok got it.
        """
        ...
