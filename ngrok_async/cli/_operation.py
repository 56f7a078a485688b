"""An operation of the API as a command."""

from argparse import SUPPRESS, Action, Namespace
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import ngrok_async
from ngrok_async.cli._command_line import FIELD, Parser, add_common, add_confirmation
from ngrok_async.cli._ends import OK, PARTLY, PROGRAM, UsageError
from ngrok_async.cli._errors import ended_by
from ngrok_async.cli._table import Entry, Option, kebab, table
from ngrok_async.cli._values import NOTHING, Reader

if TYPE_CHECKING:
    from ngrok_async import Client
    from ngrok_async._request import JSON
    from ngrok_async.cli._out import Out

_NO: Final = ("boolean", "[", "{")  # what `--no-x` can stand for, beside null
_SAMPLES: Final[Mapping[str, str]] = {
    "action": "allow",
    "ca_pem": "@ca.pem",
    "certificate_pem": "@certificate.pem",
    "cidr": "203.0.113.0/24",
    "domain": "shop.example.com",
    "module": "@settings.json",
    "name": "shop",
    "private_key_pem": "@key.pem",
    "public_key": "@id_ed25519.pub",
    "traffic_policy": "@policy.yaml",
    "type": "cloud",
    "url": "https://shop.example.com",
    "urls": "https://shop.example.com",
    "value": "@secret.txt",
}


class _No(Action):
    """`--no-x` beside `--x`."""

    def __call__(self, _parser: object, namespace: Namespace, *_: object) -> None:
        setattr(namespace, self.dest, NOTHING)


def takes_many(entry: Entry) -> bool:
    """Tell whether it does something to one thing and answers nothing: it may be done to many."""
    return entry.get("places") == ["id"] and "answers" not in entry


def parser_of(words: str) -> Parser:
    """Return the parser of an operation."""
    entry = table()["operations"][words]
    parser = Parser(words, description=entry["help"])
    many = takes_many(entry)
    for name in entry.get("places", ()):
        text = "its id; several, or - for those on standard input" if many else _PLACES.get(name)
        parser.add_argument(
            f"{FIELD}{name}", metavar=name.upper(), nargs="+" if many else None, help=text
        )
    group = parser.add_argument_group("options")
    for name, option in entry.get("options", {}).items():
        _add(group.add_argument, name, option)
        if entry["effect"] != "read":  # what is asked for is there or not
            _add_no(group.add_argument, name, option)
    if entry.get("list"):
        group.add_argument("--max-items", type=_count, metavar="N", help="stop after so many")
    if many:
        add_confirmation(parser)
    add_common(parser)
    return parser


_PLACES: Final[Mapping[str, str]] = {
    "id": "its id",
    "edge_id": "the edge that has it",
    "subscription_id": "the subscription that has it",
    "type": "the type of the events",
}


def _count(text: str) -> int:
    """Return a number of items; the `type` of an option."""
    if not text.isdecimal():
        raise UsageError(f"--max-items must be a whole number; got {text!r}")
    return int(text)


def _add(add: Any, name: str, option: Option) -> None:  # noqa: ANN401 # a method of argparse
    kind, flag = option["type"], f"--{kebab(name)}"
    common = {"dest": f"{FIELD}{name}", "default": SUPPRESS, "help": _about(option)}
    metavar = "|".join(option.get("enum", ())) or _METAVARS.get(kind, "JSON")
    if kind == "boolean":
        add(flag, nargs="?", const="true", metavar="true|false", **common)
    elif kind.startswith("["):
        add(flag, action="append", metavar=metavar, required=option.get("required"), **common)
    else:
        add(flag, metavar=metavar, required=option.get("required"), **common)


def _add_no(add: Any, name: str, option: Option) -> None:  # noqa: ANN401 # as above
    if not (option.get("nullable") or option["type"].startswith(_NO)):
        return
    what = "null" if option.get("nullable") else "none of them"
    what = "false" if option["type"] == "boolean" else what
    common = {"dest": f"{FIELD}{name}", "default": SUPPRESS, "required": False}
    add(f"--no-{kebab(name)}", action=_No, nargs=0, help=f"sends {what}", **common)


_METAVARS: Final[Mapping[str, str]] = {
    "string": "TEXT",
    "[string]": "TEXT",
    "integer": "N",
    "datetime": "TIME",
}


def _about(option: Option) -> str:
    parts = [option.get("help", "")]
    if fields := option.get("fields"):
        parts.append(f"JSON with {', '.join(fields)}")
    elif option["type"].startswith("{"):
        parts.append("JSON with names and values")
    if option["type"].startswith("["):
        parts.append("may be repeated")
    if option.get("required"):
        parts.append("required")
    return "; ".join(filter(None, parts)).replace("%", "%%")


def examples_of(words: str) -> Iterator[tuple[str, str]]:
    """Yield how it is called."""
    entry = table()["operations"][words]
    options = entry.get("options", {})
    line = [PROGRAM, words, *(f"{name.upper()}" for name in entry.get("places", ()))]
    for name, option in options.items():
        if option.get("required"):
            line += [f"--{kebab(name)}", _sample(name, option)]
    if entry.get("list"):
        yield "See all of them", " ".join(line)
        yield "As lines of JSON, for jq", " ".join([*line, "-o jsonl"])
        if "filter" in options:
            told = "'obj.created_at < timestamp(\"2026-01-01T00:00:00Z\")'"
            if "created_at" in entry.get("text", ""):
                yield "The ids of old ones", " ".join([*line, "-o id --filter", told])
    elif len(line) == 2 + len(entry.get("places", ())) and "description" in options:
        yield entry["help"].partition(";")[0].rstrip("."), " ".join([*line, "--description test"])
    else:
        yield entry["help"].partition(";")[0].rstrip("."), " ".join(line)
    if takes_many(entry):
        yield "Those whose ids another command prints", f"... | {PROGRAM} {words} - --yes"


def _sample(name: str, option: Option) -> str:
    if "enum" in option:
        return option["enum"][0]
    if option["type"].startswith("{"):
        return "'{\"a\": 1}'"
    return _SAMPLES.get(name, name.upper())


class Call:
    """An operation with its arguments, ready to be sent."""

    def __init__(self, words: str, args: Namespace, out: "Out") -> None:
        """Read the arguments: all that can be wrong here is told before anything is sent."""
        self._entry = table()["operations"][words]
        self._verb = words.rpartition(" ")[2].replace("-", " ")
        self._out = out
        given = {n.removeprefix(FIELD): v for n, v in vars(args).items() if n.startswith(FIELD)}
        reader = Reader()
        self._places = [given[name] for name in self._entry.get("places", ())]
        if takes_many(self._entry):
            self._ids = list(dict.fromkeys(_ids(self._places[0], reader)))
        options = self._entry.get("options", {})
        self._named = {
            name: reader.value(f"--{kebab(name)}", option, given[name])
            for name, option in options.items()
            if name in given
        }
        self._most: int | None = getattr(args, "max_items", None)
        self._known = [*table()["models"].get(self._entry.get("answers", ""), ())]
        if self._entry.get("token"):
            self._known.append("token")
        out.check(self._known or ("id", "result"))

    def confirm(self) -> None:
        """Ask, where many things are named; see `Out.confirm`."""
        if takes_many(self._entry):
            self._out.confirm(self._verb, self._ids)

    async def send(self, client: "Client") -> int | None:
        """Send it, and print what comes back."""
        function = attrgetter(self._entry["call"])(client)
        if takes_many(self._entry):
            return await self._each(function)
        if self._entry.get("list"):
            await self._list(function(*self._places, **self._named))
            return OK
        module = [self._named.pop("module")] if "module" in self._named else []
        answer = await function(*self._places, *module, **self._named)
        if answer is None:
            self._out.nothing()
            return OK
        row: dict[str, JSON] = answer.to_dict()
        if self._entry.get("token"):
            row["token"] = answer.token
        self._out.one(row)
        return OK

    async def _list(self, pager: Any) -> None:  # noqa: ANN401 # of any model
        columns = [name for name in self._known if name != "uri"]
        left = self._most
        with self._out.rows(columns, known=self._known) as rows:
            if left == 0:
                return
            async for page in pager.pages():
                for item in page.items[:left]:
                    rows.add(item.to_dict())
                rows.flush()
                if left is not None:
                    left -= len(page.items[:left])
                    if left == 0:
                        return

    async def _each(self, function: Any) -> int:  # noqa: ANN401 # a method of any resource
        """Do it to one after the other; what fails does not keep the others from it."""
        if len(self._ids) == 1:
            await function(self._ids[0])
            self._out.nothing()
            return OK
        codes: list[int] = []
        with self._out.rows(("id", "result")) as rows:
            for id_ in self._ids:
                code, result = OK, "done"
                try:
                    await function(id_)
                except (ngrok_async.APIError, ngrok_async.TransportError) as error:
                    code, result = ended_by(error)
                    self._out.note(f"{id_}: {result}")
                codes.append(code)
                rows.add({"id": id_, "result": result})
                rows.flush()
        failed = [code for code in codes if code != OK]
        return PARTLY if 0 < len(failed) < len(codes) else (failed or [OK])[0]


def _ids(given: Sequence[str], reader: Reader) -> Iterator[str]:
    for text in given:
        if text == "-":
            yield from reader.lines("the ids")
        else:
            yield text
