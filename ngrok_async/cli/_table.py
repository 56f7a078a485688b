"""The operations of the API, as the command knows them.

`operations.json` is written from the declarations by `nox -s write`, and a test holds it to them.
To import those would take ten times as long as to show a page of help.
"""

import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Required, TypedDict


class Option(TypedDict, total=False):
    """A parameter that is no part of the path.

    Attributes:
        type: As in the facts of the API: "string", "[string]", "{integer}", "datetime", or a class.
        required: Whether it must be passed.
        nullable: Whether null means something.
        enum: The values that are known.
        fields: Those of the class.
        help: What it is for.
    """

    type: Required[str]
    required: bool
    nullable: bool
    enum: Sequence[str]
    fields: Sequence[str]
    help: str


class Entry(TypedDict, total=False):
    """An operation.

    Attributes:
        call: Where the client has it, such as "backends.failover.list".
        help: What it does, in a sentence.
        text: What else there is to say.
        places: The parameters of its path.
        effect: What sending it twice does, see `ngrok_async._request.Effect`.
        options: Its other parameters.
        answers: The name of the model that it answers with, or lists.
        list: Whether it is a list.
        token: Whether its answer has a `token` that nothing shows again.
    """

    call: Required[str]
    help: Required[str]
    text: str
    places: Sequence[str]
    effect: Required[str]
    options: Mapping[str, Option]
    answers: str
    list: bool
    token: bool


class Table(TypedDict):
    """All of it.

    Attributes:
        resources: What each is for, by its words, such as "backends failover".
        operations: By their words, such as "backends failover list".
        models: The fields of each model that some operation answers with, but not its secrets.
    """

    resources: Mapping[str, str]
    operations: Mapping[str, Entry]
    models: Mapping[str, Sequence[str]]


@cache
def table() -> Table:
    """Read the table, once."""
    # pathlib and importlib.resources take longer to load than all that help and completion do.
    name = os.path.join(os.path.dirname(__file__), "operations.json")  # noqa: PTH118,PTH120 # see above
    with open(name, encoding="utf-8") as file:  # noqa: PTH123 # see above
        content: Table = json.load(file)
    return content


def kebab(name: str) -> str:
    """Return the name of an option for that of a parameter."""
    return name.replace("_", "-")
