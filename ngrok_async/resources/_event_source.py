"""What event subscriptions and event sources share."""

import attrs

from ngrok_async.resources._shared import Model


@attrs.frozen(kw_only=True)
class EventSource(Model):
    """A type of event that a subscription passes on.

    Attributes:
        type: The type, such as "ip_policy_created.v0"; at most once per subscription.
        uri: The source's own address.
    """

    type: str = ""
    uri: str = ""
