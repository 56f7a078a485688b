"""The fields of the fake's answers against those of the documented ones, operation by operation."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from tools.contract import facts
from tools.contract.documented import FACTS, Answer, every_answer, explained, stale, unexplained

KNOWN: Final = explained("fake")
SCHEMAS: Final[Mapping[str, Any]] = FACTS["schemas"]
KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "datetime": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@pytest.fixture(scope="module", name="found")
def _found() -> frozenset[str]:
    """Ask for everything once."""
    answers = asyncio.run(every_answer())
    routes = {f"{o['method']} {o['path']}" for o in facts.operations(FACTS)}

    assert routes == {answer.route for answer in answers}
    return frozenset(line for answer in answers for line in differences(answer))


def test_answers_are_as_documented(found: frozenset[str]) -> None:
    """Each field that all documented answers have is there; what differs has its reason."""
    assert not unexplained(found, KNOWN)


def test_what_is_explained_is_so(found: frozenset[str]) -> None:
    """An explanation of a difference that there is not any more has to go."""
    assert not stale(found, KNOWN)


def differences(answer: Answer) -> Iterator[str]:
    """Say what an answer has and what it lacks, against all documented answers."""
    operation = answer.operation
    if answer.status != operation["status"]:
        yield f"{answer.route}: {answer.status} {answer.body}"
    elif "response" not in operation:
        if answer.body is not None:
            yield f"{answer.route}: a body"
    elif "items" not in operation:
        yield from _of_schema(operation["response"], answer.body)
    else:
        envelope = {operation["items"], "uri"}
        if "limit" in operation.get("query", ()):
            envelope.add("next_page_uri")
        if answer.body.keys() != envelope:
            yield f"{answer.route}: {sorted(answer.body)}"
        for item in answer.body[operation["items"]]:
            yield from _of_schema(operation["response"], item)


def _of_schema(name: str, value: Mapping[str, Any]) -> Iterator[str]:
    known = SCHEMAS[name]
    yield from (f"{name}.{field} is unknown" for field in value.keys() - known.keys())
    for field, fact in known.items():
        place, answers = f"{name}.{field}", fact.get("answers")
        if field not in value:
            if answers not in {"sometimes", "never"}:
                yield f"{place} is missing"
            continue
        if answers == "never":
            yield f"{place} is there"
        if answers in {"sometimes", "never"} and value[field] in (None, "", [], {}):
            yield f"{place} is there and empty"
        if answers == "set" and value[field] is None:
            yield f"{place} is null"
        yield from _of_type(place, fact["type"], value[field])


def _of_type(place: str, kind: str, value: Any) -> Iterator[str]:  # noqa: ANN401 # JSON
    if value is None:
        return
    if kind in SCHEMAS:
        yield from _of_schema(kind, value)
    elif kind[0] in "[{":
        for item in value if kind[0] == "[" else value.values():
            yield from _of_type(place, kind[1:-1], item)
    elif type(value) not in KINDS[kind]:
        yield f"{place} is {value!r}"
