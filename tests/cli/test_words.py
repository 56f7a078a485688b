"""Words and options: what is misspelt, and what values may look like."""

import io
import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._completion import completed
from ngrok_async.cli._ends import UsageError, standard_input
from ngrok_async.cli._find import find
from ngrok_async.cli._help import _metavar
from ngrok_async.cli._operation import examples_of
from ngrok_async.cli._table import table
from ngrok_async.testing import FakeNgrok
from tests.cli.running import Command, run

CERTIFICATE = "ssh-host-certificates create --ssh-certificate-authority-id a --public-key b"
MISTAKES = [
    ("ip-policis list", "there is no command 'ip-policis'; did you mean ip-policies", ""),
    ("xyzzy", "there is no command 'xyzzy'", ""),
    ("ip-policies", "ip-policies what? There are list, get, create", "ip-policies"),
    ("ip-policies --debug", "ip-policies what? There are", "ip-policies"),
    ("ip-policies lst", "ip-policies has no 'lst'; did you mean list?", "ip-policies"),
    ("ip-policies xyzzy", "ip-policies has no 'xyzzy'; there are list, get", "ip-policies"),
    ("backends", "backends what? There are failover, http-response", "backends"),
    ("backends failovr list", "there is no backends failovr; did you mean failover?", "backends"),
    ("vaults list --max-itms 3", "no option --max-itms; did you mean --max-items", "vaults list"),
    ("vaults list x", "there is one argument too many: x", "vaults list"),
    ("vaults list -o xml", "there is no 'xml'; it is one of table, json", "vaults list"),
    ("vaults list -o jsno", "there is no 'jsno'; did you mean json", "vaults list"),
    ("vaults get", "the following arguments are required: ID", "vaults get"),
    ("vaults list --max-items x", "--max-items must be a whole number; got 'x'", "vaults list"),
    ("vaults list --limit x", "--limit must be a whole number; got 'x'", "vaults list"),
    ("vaults list --timeout x", "must be seconds, such as 30; got 'x'", "vaults list"),
    ("vaults list --fields nam", "there is no field 'nam'; there are id, uri", "vaults list"),
    ("vaults list --fields a,,b", "--fields must be names with commas", "vaults list"),
    ("vaults create --name @/no/x", "--name: cannot read '/no/x': No such file", "vaults create"),
    ("vaults create --name - --metadata -", "standard input is read for --name", "vaults create"),
    ("vaults update v_1", "nothing to change; pass at least one of", ""),
    ("ip-restrictions update x --enforced=maybe", "--enforced must be true or false", ""),
    ("backends weighted update x --backends {", "--backends must be JSON: ", ""),
    (f"{CERTIFICATE} --valid-until 2027-01-01", "--valid-until must be a time such as 2027", ""),
    (f"{CERTIFICATE} --valid-until soon", "--valid-until must be a time such as 2027", ""),
    ("--nonsense vaults list", "there is no option --nonsense before a command", ""),
    ("rules pln", "there is no 'pln'; did you mean plan?", "rules"),
    ("rules plan x --alow y", "no option --alow; did you mean --allow", "rules plan"),
    # What a variable gives that is not set.
    ("export ''", "argument DIR: is empty", "export"),
    ("export no/x --only ''", "argument --only: is empty", "export"),
    ("export no/x --only ,", "no list is left by --only and --without", "export"),
    ("vaults list --base-url ''", "argument --base-url: is empty", "vaults list"),
    ("fleet restart --filter ' '", "argument --filter: is empty", "fleet restart"),
    ("rules plan ''", "argument POLICY: is empty", "rules plan"),
    ("rules plan x --allow-file - --deny-file -", "can be read once", "rules"),
    ("help xyzzy", "there is no command 'xyzzy'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("line", "text", "words"), MISTAKES, ids=[m[0] for m in MISTAKES])
async def test_a_mistake_is_told(
    fake: FakeNgrok, command: Command, line: str, text: str, words: str
) -> None:
    """In one line, with what was meant and where to read more; nothing is sent."""
    code, out, err = await command(*shlex.split(line))

    assert (2, "", 1) == (code, out, err.count("\n"))
    assert text in err
    if words:
        assert err.endswith(f"(see `ngrok-async help {words}`)\n")
    assert not fake.requests


@pytest.mark.parametrize("stdin", [None, io.TextIOWrapper(io.BytesIO(b"\xff"), "utf-8")])
def test_standard_input_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, stdin: io.TextIOBase | None
) -> None:
    """It is closed, or it is no text: that is said, and never taken for an empty text."""
    monkeypatch.setattr("sys.stdin", stdin)

    with pytest.raises(UsageError, match="standard input is"):
        standard_input()


def sent(fake: FakeNgrok) -> Any:  # noqa: ANN401 # decoded JSON
    """Return the body of the newest request."""
    return fake.requests[-1].json


VALUES = [
    ("ip-restrictions update x --enforced", {"enforced": True}),
    ("ip-restrictions update x --enforced false", {"enforced": False}),
    ("ip-restrictions update x --no-enforced", {"enforced": False}),
    ("ip-restrictions --debug update x --ip-policy-ids a --ip-policy-ids b", None),
    ("reserved-domains update x --no-certificate-management-policy",
     {"certificate_management_policy": None}),
    ("reserved-domains update x --no-resolves-to", {"resolves_to": []}),
    ('reserved-domains update x --resolves-to [{"value":"us"},{"value":"eu"}]',
     {"resolves_to": [{"value": "us"}, {"value": "eu"}]}),
    ("reserved-domains update --description= x", {"description": ""}),
    ("reserved-domains update x --description @@you", {"description": "@you"}),
    ("reserved-domains update x --description -", {"description": "from stdin"}),
    ("reserved-domains update x --description @FILE", {"description": "two\nlines"}),
    ("backends tunnel-group update x --no-labels", {"labels": {}}),
    ('backends tunnel-group update x --labels {"a":"b"}', {"labels": {"a": "b"}}),
    ('edge-modules tls-edge-backend replace x --module {"enabled":false}', {"enabled": False}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "body"), VALUES, ids=[line for line, _ in VALUES])
async def test_values(
    fake: FakeNgrok, command: Command, tmp_path: Path, line: str, body: object
) -> None:
    """Unset is not sent; `--no-x` is false, null or empty, as the field has it."""
    (tmp_path / "file").write_text("two\nlines\n", "utf-8")
    words = [word.replace("FILE", str(tmp_path / "file")) for word in line.split()]
    ended = await command(*words, stdin="from stdin\n")
    if body is None:
        assert (2, []) == (ended.code, fake.requests)
    else:
        assert body == sent(fake)


async def test_null_is_for_what_may_be_null(fake: FakeNgrok, command: Command) -> None:
    """In JSON it is written as it is."""
    await command("reserved-domains", "update", "x", "--certificate-management-policy", "null")

    assert {"certificate_management_policy": None} == sent(fake)


async def test_a_list_ends_where_it_shall(fake: FakeNgrok, command: Command) -> None:
    """Page by page; not one request more than that."""
    fake.add_agents(7)
    list_ = ("tunnel-sessions", "list", "-o", "id", "--limit", "2")

    assert 7 == (await command(*list_)).out.count("\n")
    for most, requests in ((0, 0), (2, 1), (3, 2)):
        fake.requests.clear()
        assert most == (await command(*list_, "--max-items", str(most))).out.count("\n")
        assert requests <= len(fake.requests) <= requests + 1  # the next page is asked for early


async def test_many_are_stopped(fake: FakeNgrok, command: Command) -> None:
    """What fails keeps nobody else from it, and is told; once each, and after a question."""
    fake.add_agents(2)
    ids = (await command("tunnel-sessions", "list", "-o", "id")).out
    told = await command("tunnel-sessions", "stop", "-", "--dry-run", stdin=ids)
    assert (0, "", 2) == (told.code, told.out, told.err.count("would stop ts_"))
    asked = await command("tunnel-sessions", "stop", "-", stdin=ids)
    assert (2, True) == (asked.code, "stop these 2? Nobody is there to ask" in asked.err)
    fake.requests.clear()
    stop = ("tunnel-sessions", "stop", "-", "ts_2abc", "-o", "jsonl", "--yes")
    code, out, err = await command(*stop, stdin=ids + ids)

    results = [json.loads(line)["result"] for line in out.splitlines()]
    assert (4, ["done", "done"]) == (code, results[:2])
    assert "HTTP 404" in results[2]
    assert "ts_2abc: HTTP 404" in err
    assert 3 == len(fake.requests)
    assert 3 == (await command(*stop[:2], "ts_2abc", "ts_2abd", "--yes")).code
    assert (3, "") == (await command(*stop[:2], "ts_2abc"))[:2]


async def test_what_answers_nothing(command: Command) -> None:
    """Is `null` in JSON, and else silent."""
    made = json.loads((await command("vaults", "create", "--name", "a", "-o", "json")).out)
    other = (await command("vaults", "create", "--name", "b", "-o", "id")).out.strip()

    assert (0, "null\n", "") == await command("vaults", "delete", made["id"], "-o", "json")
    assert (0, "", "") == await command("vaults", "delete", other)


async def test_one_of_several_places_answers_nothing(command: Command) -> None:
    """Such as a route of an edge."""
    edge = (await command("edges", "https", "create", "-o", "id")).out.strip()
    routes, match = ("edges", "https-routes"), ("--match-type=exact_path", "--match=/a")
    route = (await command(*routes, "create", edge, *match, "-o", "id")).out.strip()

    assert "null\n" == (await command(*routes, "delete", edge, route, "-o", "json")).out


async def test_secrets_are_left_out_but_for_a_new_token(command: Command) -> None:
    """Nothing shows it again."""
    made = json.loads((await command("api-keys", "create", "-o", "json")).out)
    again = json.loads((await command("api-keys", "get", made["id"], "-o", "json")).out)

    assert made.pop("token")
    assert made == again
    assert "token" == (await command("api-keys", "create", "--fields", "token")).out.split()[0]


def test_every_example_can_be_called() -> None:
    """Each operation has one, and its own words are enough for it."""
    for words in table()["operations"]:
        examples = list(examples_of(words))
        assert examples
        for _, line in examples:
            shell = line.removeprefix("... | ").split(" ", 1)[1].split(" --filter")[0]
            found = find(shell.replace("'{\"a\": 1}'", "{}").split())
            found.parser.parse_all(found.rest)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        ("help endpoints create", ["--pooling-enabled", "Examples\n    # ", "--url https://"]),
        ("endpoints create --help", ["Common options", "Exit codes"]),
        ("help endpoints", ["ngrok-async endpoints - ", "Commands\n    list    "]),
        ("help backends", ["ngrok-async backends\n", "failover"]),
        ("help completion", ["For zsh", "bash|zsh|fish"]),
        ("help tunnel-sessions stop", ["ID [ID ...] [options]", "--dry-run"]),
        ("help help", ["[COMMAND ...]"]),
        ("help rules", ["rules COMMAND ... [options]", "Commands\n    plan "]),
        ("rules apply --help", ["ngrok-async rules apply POLICY", "Arguments\n    POLICY"]),
    ],
)
def test_help(words: str, parts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with examples, no wider than a terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = run(*words.split())

    assert (0, "") == (code, err)
    assert [] == [part for part in parts if part not in out]


COMPLETED = [
    ("ip-pol", "ip-policies ip-policy-rules"),
    ("backends f", "failover"),
    ("backends failover l", "list"),
    ("endpoints create --pool", "--pooling-enabled"),
    ("endpoints create --type ", "cloud"),
    ("endpoints create --bindings i", "internal"),
    ("-o ", "table json jsonl csv id"),
    ("-o json vaults l", "list"),
    ("vaults list -o j", "json jsonl"),
    ("--deb", "--debug"),
    ("--debug comp", "completion"),
    ("completion z", "zsh"),
    ("help vaults cr", "create"),
    ("rules p", "plan"),
    ("rules apply x --pru", "--prune"),
    ("vaults get x", ""),
    ("nonsense ", ""),
    ("vaults nonsense ", ""),
    ("vaults get --output", "--output"),
]


@pytest.mark.parametrize(("line", "words"), COMPLETED)
def test_completion(line: str, words: str) -> None:
    """Words, verbs, options, and values that are known."""
    assert words.split() == completed("bash", line.split(" ")).split()


def test_what_has_no_name_is_called_by_its_place() -> None:
    """As argparse itself does."""
    parser = Parser("x")

    assert "THE-SHELL" == _metavar(parser.add_argument("--the-shell"))
    assert "1|2" == _metavar(parser.add_argument("--which", choices=(1, 2)))


def test_each_shell_has_its_form() -> None:
    """With explanations, where the shell shows them."""
    help_ = "Explain a command, with examples"

    assert (0, "help\n", "") == run("__complete", "bash", "hel")
    assert f"help\t{help_}\n" == run("__complete", "fish", "hel").out
    assert f"help:{help_}\n" == run("__complete", "zsh", "hel").out
    assert "vaults" in run("__complete", "bash").out
    for shell in ("bash", "zsh", "fish"):
        assert f"__complete {shell}" in run("completion", shell).out


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "id"])
async def test_what_others_have_written_is_harmless(
    fake: FakeNgrok, command: Command, form: str
) -> None:
    """Whoever may name an agent must not drive the terminal of who lists them."""
    hostile = "\x1b]0;x\x07\u202e\0\x9b2J" + "界" * 1000
    fake.add_agent(metadata=hostile)
    agent = json.loads((await command("tunnel-sessions", "list", "-o", "jsonl")).out)
    listed = await command("tunnel-sessions", "list", "-o", form)
    single = await command("tunnel-sessions", "get", agent["id"], "-o", form)

    assert hostile == agent["metadata"]
    for text in (listed.out, single.out):
        assert agent["id"] in text
        assert all(c == "\n" or c.isprintable() for c in text)
