"""Abuse reports: take-down requests for URLs that ngrok serves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Resource, Unset, operation
from ngrok_async.resources._shared import Model


@attrs.frozen(kw_only=True)
class AbuseReportHostname(Model):
    """What came of one of the reported hostnames.

    Attributes:
        hostname: The hostname, taken from the reported URLs.
        status: What ngrok decided about it; "PENDING" until then.
    """

    hostname: str = ""
    status: Literal["PENDING", "BANNED", "UNBANNED", "IGNORE"] | str = ""


@attrs.frozen(kw_only=True)
class AbuseReport(Model):
    """A report and how far ngrok is with it.

    Attributes:
        id: The report's id.
        uri: The report's own address.
        created_at: When it was filed, UTC.
        urls: The URLs that were reported.
        metadata: Free text of the reporter, at most 4096 bytes.
        status: Whether ngrok has decided about all of its hostnames, some or none.
        hostnames: The hostnames of the URLs, each with its own status.
    """

    id: str
    uri: str = ""
    created_at: datetime
    urls: tuple[str, ...] = ()
    metadata: str = ""
    status: Literal["PENDING", "PROCESSED", "PARTIALLY_PROCESSED"] | str = ""
    hostnames: tuple[AbuseReportHostname, ...] = ()


class AbuseReports(Resource):
    """Report abusive URLs, and follow what becomes of a report.

    Only for accounts that ngrok has let in; the others get ERR_NGROK_221.

    https://ngrok.com/docs/api-reference/abusereports/create
    """

    @operation("GET /abuse_reports/{id}")
    async def get(self, id: Id) -> AbuseReport:
        """Return one report with its current status."""
        ...

    @operation("POST /abuse_reports")
    async def create(
        self, *, urls: Sequence[str], metadata: Unset[JSONText] = UNSET
    ) -> AbuseReport:
        """File a report.

        Args:
            urls: Where the abusive content is.
            metadata: Free text for your own use, at most 4096 bytes.
        """
        ...
