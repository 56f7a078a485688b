"""What the resource modules share."""

import attrs

from ngrok_async._model import Model


@attrs.frozen(kw_only=True)
class Ref(Model):
    """A reference to another resource; goes wherever an id goes.

    Attributes:
        id: Its id.
        uri: Its address; empty where it cannot be fetched (the principal behind a credential).
    """

    id: str
    uri: str = ""
