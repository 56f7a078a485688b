"""What is known of ngrok's answers and limits beyond the declarations: `facts.json` beside this.

The file is made by `python -m tools.contract.fake_facts` from the facts that the contract tests
use, and has their form, without what the declarations say already:

    {"operations": {"POST /vaults": {"status": 201, "body": {"metadata": {"max_bytes": 512}}}},
     "schemas": {"APIKey": {"token": {"answers": "there", "nullable": true}}}}

An operation has its `status` on success; a list with a filter has its `filter_fields`; a `body` has
the fields of which a limit is known. Each field of a schema is there.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypedDict, cast


class Field(TypedDict, total=False):
    """What is known of a field of a body or an answer; what is not known is left out.

    Attributes:
        max_bytes: How long its text may be, in UTF-8.
        enum: The values that are described or were seen. ngrok may take others.
        nullable: Whether it may be null.
        answers: Whether the documented answers have it. "set": all have it, and none has null;
            "there": all have it; "sometimes": some lack it; "never": all lack it.
    """

    max_bytes: int
    enum: list[str | int]
    nullable: bool
    answers: Literal["set", "there", "sometimes", "never"]


class Facts(TypedDict, total=False):
    """What is known of an operation.

    Attributes:
        status: The status of a success.
        filter_fields: What a filter may name.
        body: Fields of its body by name, those with a limit.
    """

    status: int
    filter_fields: list[str]
    body: dict[str, Field]


class _File(TypedDict):
    operations: dict[str, Facts]
    schemas: dict[str, dict[str, Field]]


@cache
def _file() -> _File:
    # Read on first use: who imports the fake need not start one.
    text = files("ngrok_async.testing").joinpath("facts.json").read_text(encoding="utf-8")
    return cast("_File", json.loads(text))


def of_operation(route: str) -> Facts:
    """Return what is known of an operation, such as "POST /ip_policies"; {} where nothing is."""
    return _file()["operations"].get(route, {})


def of_schema(name: str) -> Mapping[str, Field]:
    """Return what is known of the fields of a schema, which has the name of its model."""
    return _file()["schemas"].get(name, {})
