"""Event destinations: the services outside ngrok that events are sent to."""

from typing import ClassVar, Literal

import attrs

from ngrok_async._api import UNSET, Id, JSONText, Nested, Pager, Resource, Unset, operation, paged
from ngrok_async.filters import Filter
from ngrok_async.resources._shared import Described, DescribedFields, Model


@attrs.frozen(kw_only=True)
class AWSRole(Model):
    """A role that ngrok takes on in your AWS account.

    Attributes:
        role_arn: The role's ARN.
    """

    role_arn: str = ""


@attrs.frozen(kw_only=True)
class AWSCredentials(Model):
    """A lasting access key of your AWS account.

    Attributes:
        aws_access_key_id: The key's id.
        aws_secret_access_key: The key's secret; None where an answer leaves it out.
    """

    aws_access_key_id: str = ""
    aws_secret_access_key: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class AWSAuth(Model):
    """How ngrok signs in to AWS; one of the two.

    Attributes:
        role: By taking on a role.
        creds: With an access key.
    """

    role: AWSRole | None = None
    creds: AWSCredentials | None = None


@attrs.frozen(kw_only=True)
class EventTargetFirehose(Model):
    """Amazon Data Firehose as a target.

    Attributes:
        auth: How to sign in to AWS.
        delivery_stream_arn: The ARN of the delivery stream.
    """

    auth: AWSAuth | None = None
    delivery_stream_arn: str = ""


@attrs.frozen(kw_only=True)
class EventTargetKinesis(Model):
    """Amazon Kinesis as a target.

    Attributes:
        auth: How to sign in to AWS.
        stream_arn: The ARN of the stream.
    """

    auth: AWSAuth | None = None
    stream_arn: str = ""


@attrs.frozen(kw_only=True)
class EventTargetCloudwatchLogs(Model):
    """Amazon CloudWatch Logs as a target.

    Attributes:
        auth: How to sign in to AWS.
        log_group_arn: The ARN of the log group.
    """

    auth: AWSAuth | None = None
    log_group_arn: str = ""


@attrs.frozen(kw_only=True)
class EventTargetDatadog(Model):
    """Datadog's logs as a target.

    Attributes:
        api_key: The Datadog API key; None where an answer leaves it out.
        ddtags: The tags that events get.
        service: The service name that events get.
        ddsite: The Datadog site that takes them.
    """

    api_key: str | None = attrs.field(default=None, repr=False)
    ddtags: str | None = None
    service: str | None = None
    ddsite: str | None = None


@attrs.frozen(kw_only=True)
class EventTargetAzureLogsIngestion(Model):
    """Azure Monitor's Logs Ingestion API as a target; a request needs all fields.

    Attributes:
        tenant_id: The Microsoft Entra tenant.
        client_id: The application that ngrok signs in as.
        client_secret: The application's secret.
        logs_ingestion_uri: The address that takes the logs.
        data_collection_rule_id: The data collection rule that handles them.
        data_collection_stream_name: The rule's stream that they go into.
    """

    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = attrs.field(default="", repr=False)
    logs_ingestion_uri: str = ""
    data_collection_rule_id: str = ""
    data_collection_stream_name: str = ""


@attrs.frozen(kw_only=True)
class EventTarget(Model):
    """Where events go; exactly one field is set.

    Attributes:
        firehose: Amazon Data Firehose.
        kinesis: Amazon Kinesis.
        cloudwatch_logs: Amazon CloudWatch Logs.
        datadog: Datadog.
        azure_logs_ingestion: Azure Monitor.
    """

    firehose: EventTargetFirehose | None = None
    kinesis: EventTargetKinesis | None = None
    cloudwatch_logs: EventTargetCloudwatchLogs | None = None
    datadog: EventTargetDatadog | None = None
    azure_logs_ingestion: EventTargetAzureLogsIngestion | None = None


@attrs.frozen(kw_only=True)
class EventDestination(Described):
    """A service that events are sent to.

    Attributes:
        format: How events are written; the documentation says "JSON", answers say "json".
        target: The service, and how to sign in to it.
    """

    format: Literal["JSON", "json"] | str = ""
    target: EventTarget | None = None


class EventDestinations(Resource):
    """Manage the services that event subscriptions send to.

    https://ngrok.com/docs/api-reference/eventdestinations/list
    """

    fields: ClassVar[DescribedFields[EventDestination]] = DescribedFields()

    @paged("GET /event_destinations", items="event_destinations")
    def list(
        self,
        *,
        before_id: Id | None = None,
        limit: int | None = None,
        filter: Filter[EventDestination] | None = None,
    ) -> Pager[EventDestination]:
        """Walk over all destinations, newest first.

        `before_id`, `limit` and `filter` as on `Pager`; `filter` knows `id`, `created_at`,
        `description` and `metadata`.
        """
        ...

    @operation("GET /event_destinations/{id}")
    async def get(self, id: Id) -> EventDestination:
        """Return one destination."""
        ...

    @operation("POST /event_destinations")
    async def create(
        self,
        *,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
        format: Unset[Literal["JSON"] | str] = UNSET,
        target: Unset[Nested[EventTarget]] = UNSET,
    ) -> EventDestination:
        """Create a destination.

        Args:
            metadata: Text for programs; at most 4096 bytes.
            description: Text for people; at most 255 bytes.
            format: How events are written; "JSON" is the only choice.
            target: The service; none is ERR_NGROK_5100, more than one is ERR_NGROK_5115.
        """
        ...

    @operation("PATCH /event_destinations/{id}")
    async def update(
        self,
        id: Id,
        *,
        metadata: Unset[JSONText] = UNSET,
        description: Unset[str] = UNSET,
        format: Unset[Literal["JSON"] | str] = UNSET,
        target: Unset[Nested[EventTarget]] = UNSET,
    ) -> EventDestination:
        """Change the fields that you pass and leave the others alone; sizes as in `create`.

        They are `metadata`, `description`, `format` and `target`, which has to stay the same kind
        of service (ERR_NGROK_5108); pass its secrets too, as an answer need not have them.
        """
        ...

    @operation("DELETE /event_destinations/{id}")
    async def delete(self, id: Id) -> None:
        """Delete a destination; refused while a subscription uses it (ERR_NGROK_5112)."""
        ...
