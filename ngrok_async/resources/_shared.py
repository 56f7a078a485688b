"""What the resource modules share."""

from datetime import datetime
from typing import Generic, TypeVar

import attrs

from ngrok_async._model import Model
from ngrok_async.filters import Fields, IdField, TextField, TimeField

__all__ = ["Described", "DescribedFields", "Model", "Ref", "User"]

M = TypeVar("M")


@attrs.frozen(kw_only=True)
class Ref(Model):
    """A reference to another resource; goes wherever an id goes.

    Attributes:
        id: Its id.
        uri: Its address; empty where it cannot be fetched (the principal behind a credential).
    """

    id: str
    uri: str = ""


@attrs.frozen(kw_only=True)
class Described(Model):
    """What nearly everything that can be created has.

    Attributes:
        id: Its id, given by ngrok; it never changes.
        uri: Its address, relative to the base URL for some kinds.
        created_at: When it was created, in UTC.
        description: A text for people.
        metadata: A text for programs, often JSON.
    """

    id: str
    uri: str = ""
    created_at: datetime
    description: str = ""
    metadata: str = ""


@attrs.frozen(kw_only=True)
class User(Model):
    """What owns credentials and is no person.

    Attributes:
        id: Its id.
        uri: Its own address.
        name: A name for people.
        active: Whether its credentials work.
        created_at: When it was created, UTC.
    """

    id: str
    uri: str = ""
    name: str = ""
    active: bool = False
    created_at: datetime


class DescribedFields(Fields, Generic[M]):
    """What `filter` knows of nearly everything that can be created: see `ngrok_async.filters`."""

    id: IdField[M]
    created_at: TimeField[M]
    description: TextField[M]
    metadata: TextField[M]
