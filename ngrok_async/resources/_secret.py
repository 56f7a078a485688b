"""The model that `secrets` and `vaults` share."""

from datetime import datetime

import attrs

from ngrok_async.resources._shared import Described, Ref


@attrs.frozen(kw_only=True)
class Secret(Described):
    """A secret without its value, which ngrok never shows.

    Attributes:
        updated_at: When it was last changed, UTC.
        name: Its name, which traffic policies use; unique in its vault.
        created_by: The user that created it; its `uri` is empty.
        last_updated_by: The user that changed it last; its `uri` is empty.
        vault: The vault that it is in.
        vault_name: The name of that vault; ngrok does not always send it.
    """

    updated_at: datetime
    name: str = ""
    created_by: Ref
    last_updated_by: Ref
    vault: Ref
    vault_name: str = ""
