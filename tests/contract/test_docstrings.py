"""What docstrings say about the API, against the facts of the API."""

import re
from collections.abc import Iterator

from ngrok_async._operation import operations
from tools.contract import facts
from tools.contract.declared import models, resources, schema_of

FACTS = facts.load()
RESOURCES = {resource.__name__: resource for resource in resources().values()}


def entries(docstring: str | None) -> dict[str, str]:
    """Return what a docstring says about each parameter or attribute."""
    found = re.findall(r"^( +)(\w+): (.*(?:\n\1 +.*)*)", docstring or "", re.MULTILINE)
    return {name: " ".join(text.split()) for _, name, text in found}


def described() -> Iterator[tuple[str, facts.Facts, str]]:
    """Walk over all fields of models and parameters of `create`: place, fact and description."""
    for name, model in models().items():
        texts = entries("\n".join(base.__doc__ or "" for base in model.__mro__[::-1]))
        for field, fact in FACTS["schemas"][schema_of(model)].items():
            yield f"{name}.{field}", fact, texts.get(field, "")
    for name, service in FACTS["services"].items():
        if "create" not in service["operations"]:
            continue
        texts = entries(operations(RESOURCES[name])["create"].function.__doc__)
        for parameter, fact in service["operations"]["create"]["body"].items():
            yield f"{name}.create.{parameter}", fact, texts.get(parameter, "")


def says_so(docstring: str | None) -> bool:
    """Tell whether a text has the word."""
    return "deprecated" in (docstring or "").lower()


def test_they_have_the_limits() -> None:
    """What is too long is refused: `create` states each limit that the API describes, no other.

    A model may do without, but has no other limit either.
    """
    wrong: list[str] = []
    for place, fact, text in described():
        limit, stated = str(fact.get("max_bytes", "-")), re.findall(r"(\d+) bytes", text)
        if stated != [limit] and (stated or (limit != "-" and ".create." in place)):
            wrong.append(f"{place}: the limit is {limit}, the docstring has {stated}")

    assert not wrong, "\n".join(wrong)


def test_they_say_what_is_deprecated() -> None:
    """Whoever uses a resource or field that ngrok has deprecated is told so."""
    silent = [
        place for place, fact, text in described() if "deprecated" in fact and not says_so(text)
    ]
    for name, service in FACTS["services"].items():
        resource = RESOURCES[name]
        each = [o.function.__doc__ for o in operations(resource).values()]
        if "deprecated" in service and not (says_so(resource.__doc__) or all(map(says_so, each))):
            silent.append(name)

    assert not silent, "\n".join(silent)


def test_they_name_what_can_be_filtered_by() -> None:
    """The docstring of a list with `filter` has the name of each field that it knows."""
    missing = [
        f"{name}.list: {field}"
        for name, service in FACTS["services"].items()
        for field in service["operations"].get("list", {}).get("filter_fields", ())
        if f"`{field}`" not in (operations(RESOURCES[name])["list"].function.__doc__ or "")
    ]

    assert not missing, "\n".join(missing)
