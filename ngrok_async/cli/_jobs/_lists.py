"""Which lists there are, and which items of one are meant by the words of a command."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, cast

from ngrok_async.cli._cells import at, text_of
from ngrok_async.cli._command_line import Parser, meant
from ngrok_async.cli._ends import UsageError
from ngrok_async.cli._table import table

if TYPE_CHECKING:
    import ngrok_async
    from ngrok_async._operation import Resource
    from ngrok_async.filters import Condition, Fields
    from ngrok_async.jobs.waiting import Predicate

LISTS: Final[Mapping[str, str]] = {
    words.removesuffix(" list").replace(" ", "-"): entry["call"].removesuffix(".list")
    for words, entry in table()["operations"].items()
    if entry.get("list") and not entry.get("places")
}
"""The client's attribute for each list that can be read without naming something else first."""

_URLS: Final = frozenset({"url", "public_url"})


def add_list(parser: Parser) -> None:
    """Add the name of a list."""
    parser.add_argument(
        "resource", metavar="RESOURCE", help="what to look at, such as endpoints or tunnel-sessions"
    )


def add_conditions(parser: Parser) -> None:
    """Add the name of a list, and what tells the items that are meant."""
    add_list(parser)
    parser.add_argument(
        "conditions",
        nargs="*",
        metavar="FIELD=VALUE",
        help="what it must be like, such as url=https://shop.example.com; all of them must be so",
    )
    add_filter(parser)


def add_filter(parser: Parser) -> None:
    """Add ngrok's filter."""
    parser.add_argument(
        "--filter", metavar="CEL", help="""a condition for ngrok, such as 'obj.region == "eu"'"""
    )


def list_of(client: "ngrok_async.Client", name: str) -> Any:  # noqa: ANN401 # a resource of any kind
    """Return the resource that has the list of this name.

    Raises:
        UsageError: There is none.
    """
    if name not in LISTS:
        raise UsageError(f"there is no list {name!r}{meant(name, LISTS)}")
    return attrgetter(LISTS[name])(client)


def kinds_of(only: str | None, without: str | None, live: frozenset[str]) -> dict[str, str]:
    """Return the lists that are meant by two options.

    Args:
        only: Names with commas between, of which none but these are meant.
        without: Names that are not meant.
        live: The attributes that "live" stands for.

    Raises:
        UsageError: There is no such list.
    """
    chosen = _named(only, live) if only is not None else set(LISTS)
    chosen -= _named(without, live) if without is not None else set()
    if not chosen:
        raise UsageError("no list is left by --only and --without")
    return {name: attribute for name, attribute in LISTS.items() if name in chosen}


def _named(names: str, live: frozenset[str]) -> set[str]:
    found: set[str] = set()
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name == "live":
            found |= {name for name, attribute in LISTS.items() if attribute in live}
        elif name in LISTS:
            found.add(name)
        else:
            raise UsageError(f"there is no list {name!r}{meant(name, [*LISTS, 'live'])}")
    return found


def condition_of(resource: Any, args: Namespace) -> "str | Condition[Any] | Predicate[Any]":  # noqa: ANN401 # as above
    """Return which items are meant: what ngrok can look for, or else a function that looks here.

    Raises:
        UsageError: Nothing is said, there is no such field, or a filter goes with what only we
            can look for.
    """
    wanted = dict(_pair(text) for text in args.conditions)
    if not wanted and args.filter is None:
        raise UsageError("say which one: FIELD=VALUE, or --filter")
    _check_fields(resource, wanted)
    fields = getattr(resource, "fields", None)
    if args.filter is not None and fields is None:
        raise UsageError(f"ngrok has no filter for {args.resource}; say FIELD=VALUE")
    asked: dict[str, Condition[Any] | None] = {
        name: _asked(fields, name, value) for name, value in wanted.items()
    }
    ours = [name for name, condition in asked.items() if condition is None]
    if not ours:
        conditions = [condition for condition in asked.values() if condition is not None]
        return _joined(conditions, args.filter)
    if args.filter is not None:
        raise UsageError(
            f"ngrok's filter does not know {', '.join(ours)} of {args.resource}: leave out"
            " --filter, and say it by FIELD=VALUE too"
        )
    return lambda item: _is_like(item.to_dict(), wanted)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"a condition is FIELD=VALUE, got {text!r}")
    from ngrok_async.jobs._urls import as_written  # noqa: PLC0415 # loads what a request needs

    return name, as_written(value) if name in _URLS else value


def _check_fields(resource: Any, wanted: Mapping[str, str]) -> None:  # noqa: ANN401 # as above
    import attrs  # noqa: PLC0415 # the client needs it too

    from ngrok_async._operation import operations  # noqa: PLC0415 # as above

    model: Any = operations(cast("type[Resource]", type(resource)))["list"].model
    known = [field.name for field in attrs.fields(model) if field.repr]
    for name in wanted:
        if name.partition(".")[0] not in known:
            raise UsageError(
                f"{model.__name__} has no field {name!r}"
                f"{meant(name, known) or '; it has ' + ', '.join(known)}"
            )


def _asked(fields: "Fields | None", name: str, value: str) -> "Condition[Any] | None":
    """Return the question to ngrok, or None where its filter does not know the field."""
    from ngrok_async import filters  # noqa: PLC0415 # as above

    field: object = fields
    for part in name.split("."):
        field = getattr(field, part, None) if not part.startswith("_") else None
    known = cast("Any", field)  # what its kind is of, nobody can know here
    if isinstance(field, filters.TextField | filters.IdField):
        return cast("Condition[Any]", known == value)
    if isinstance(field, filters.SetField):
        return cast("Condition[Any]", known.has(value))
    if isinstance(field, filters.BoolField) and value in {"true", "false"}:
        return cast("Condition[Any]", known == (value == "true"))
    return None


def _joined(conditions: "Sequence[Condition[Any]]", more: str | None) -> "str | Condition[Any]":
    from ngrok_async.filters import all_of  # noqa: PLC0415 # as above

    if not conditions:
        return more or ""
    joined = all_of(*conditions)
    return joined if more is None else f"({more}) && ({joined})"


def _is_like(item: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    return all(text_of(at(item, name)) == value for name, value in wanted.items())


def told(count: int, one: str, many: str) -> str:
    """Return a number with its word."""
    return f"{count:,} {one if count == 1 else many}"
