"""Reserved addresses: TCP addresses that belong to the account."""

from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter, TextField
from ngrok_async.resources._shared import Described, DescribedFields


@attrs.frozen(kw_only=True)
class ReservedAddr(Described):
    """A TCP address that only this account can listen on.

    Attributes:
        addr: The host and port that ngrok chose, as "host:port".
        region: The ngrok region that the address is in.
    """

    addr: str = ""
    region: Literal["au", "eu", "ap", "us", "jp", "in", "sa"] | str = ""


class ReservedAddrFields(DescribedFields[ReservedAddr]):
    """What `filter` knows, as values: see `ngrok_async.filters`."""

    addr: TextField[ReservedAddr]
    region: TextField[ReservedAddr]


class ReservedAddrs(Resource):
    """Manage the TCP addresses that belong to the account.

    https://ngrok.com/docs/api-reference/reservedaddrs/list
    """

    fields: ClassVar[ReservedAddrFields] = ReservedAddrFields()

    @paged("GET /reserved_addrs", items="reserved_addrs")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[ReservedAddr] | None = None,
    ) -> Pager[ReservedAddr]:
        """Walk over all addresses, newest first; `before_id`, `limit` and `filter` as on `Pager`.

        `filter` knows `id`, `created_at`, `description`, `metadata`, `addr` and `region`.
        """
        ...

    @operation("GET /reserved_addrs/{id}")
    async def get(self, id: Id) -> ReservedAddr:
        """Return one address."""
        ...

    @operation("POST /reserved_addrs")
    async def create(
        self,
        *,
        description: Unset[str] = UNSET,
        metadata: Unset[JSONText] = UNSET,
        region: Unset[Literal["au", "eu", "ap", "us", "jp", "in", "sa"] | str] = UNSET,
    ) -> ReservedAddr:
        """Reserve an address; ngrok chooses its host and port.

        Args:
            description: Text for people.
            metadata: Text for programs; at most 4096 bytes.
            region: The ngrok region for it; ngrok's default is "us".
        """
        ...

    @operation("PATCH /reserved_addrs/{id}")
    async def update(
        self, id: Id, *, description: Unset[str] = UNSET, metadata: Unset[JSONText] = UNSET
    ) -> ReservedAddr:
        """Change `description` or `metadata`, whichever you pass; sizes as in `create`."""
        ...

    @operation("DELETE /reserved_addrs/{id}")
    async def delete(self, id: Id) -> None:
        """Give an address up."""
        ...
