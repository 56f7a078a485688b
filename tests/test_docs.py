"""Every piece of code in README and docs is run, and the example does what it says."""

import asyncio
import inspect
import os
import re
import runpy
import socket
import sys
import textwrap
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest

import ngrok_async
from ngrok_async import Client, NotFoundError, errors, testing
from ngrok_async._operation import operations
from ngrok_async.testing import FakeNgrok
from tests.jobs.fleets.world import client_of, served, turned
from tools.contract import facts
from tools.contract.declared import models, resources
from tools.pages import (
    coming_from_ngrok_api,
    examples,
    first_contact,
    guides,
    llms,
    reference,
    start_here,
    typed,
)
from tools.pages import testing as testing_page
from tools.pages.shown import shown

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README, NOT_OFFERED = ((ROOT / path).read_text() for path in ("README.md", "docs/not-offered.md"))
ELSEWHERE = {
    "testing.md": "it shows fixtures, so pytest runs it",
    "first-contact.md": "it is made by running its pieces",
    "coming-from-ngrok-api.md": "it is made by running its pieces",
    "redis.md": "its pieces want a Redis, which tests/redis has",
}
"""Pages whose pieces are not run by the tests of pieces, and why."""
GUIDES = {
    f"guides/{path.name}": path.read_text("utf-8") for path in sorted(guides.DIRECTORY.glob("*.md"))
}
PAGES = {
    path.name: path.read_text("utf-8")
    for path in (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
    if path.name not in ELSEWHERE
} | GUIDES
BLOCKS = [
    (name, block.language, block.text)
    for name, page in PAGES.items()
    for block in start_here.blocks(page)
]
PYTHON = [(name, text) for name, language, text in BLOCKS if language == "python"]
PROGRAMS = [(name, text) for name, text in PYTHON if "asyncio.run(" in text and name not in GUIDES]
TESTS = [(name, text) for name, text in PYTHON if "def test_" in text and name not in GUIDES]
TRACED, SOCKS = (
    [(name, text) for name, text in PYTHON if package in text]
    for package in ("opentelemetry", "import ProxyConnector")
)
"""Pieces that want a package which only the group docs has."""
PIECES: dict[str, list[str]] = {}
for name_, text_ in PYTHON:
    if (name_, text_) not in PROGRAMS + TESTS + TRACED + SOCKS:
        PIECES.setdefault(name_, []).append(text_)
SHOWN = {
    "README.md": "3 agents; to go on later: None",
    "agents.md": "with version 3.39.0",
    "guides/credentials.md": "and a token of 49 characters",
    "guides/domains.md": "CNAME app.example.com -> ",
    "guides/endpoints.md": "2 share one URL",
    "guides/event-streams.md": "['agent_session_start.v0', 'ip_policy_updated.v0']",
    "guides/event-loops.md": "2 agents restart",
    "guides/index.md": "",
    "guides/recipes.md": "0 found",
    "guides/network.md": "100 calls, 1 request",
    "guides/ip-policies.md": "- deny  203.0.113.66/32",
    "guides/kubernetes-operators.md": "1 left",
    "errors.md": "404 ERR_NGROK_1402 https://ngrok.com/docs/errors/err_ngrok_1402",
    "how-it-is-built.md": "",
    "in-your-service.md": "GET /tunnel_sessions 200",
    "jobs.md": "there: linux",
    "limits-and-retries.md": "",
    "lists.md": "after the break: ts_",
    "models.md": "got 'yesterday' @ $.started_at",
    "not-offered.md": "any field at all",
}
"""What the pieces of a page print, among other things."""


def numbered(blocks: list[tuple[str, str]]) -> list[str]:
    """Return the ids of tests: each page with a number."""
    return [f"{name} {number + 1}" for number, (name, _) in enumerate(blocks)]


async def run(*arguments: str, says_more: bool = False, **environment: str) -> str:
    """Run Python in a process and return what it prints; to the error output only if it may."""
    unset = {"NGROK_API_KEY", "NGROK_API_URL"}
    base = {name: value for name, value in os.environ.items() if name not in unset}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=base | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()

    assert (0, "") == (process.returncode, "" if says_more else err.decode())
    return out.decode()


def test_no_block_is_forgotten() -> None:
    """Every fenced piece of every page is of a kind that some test runs or compares."""
    kinds = {"python", "console", "text", "{toctree}", "{include}", "{literalinclude}"}

    assert [] == [(name, language) for name, language, _ in BLOCKS if language not in kinds]
    assert [] == [name for name, page in PAGES.items() if page.count("```") % 2]
    assert all((DOCS / name).exists() for name in ELSEWHERE)


def test_every_command_of_the_readme_is_run() -> None:
    """The integration script runs them, word for word; the installation is that of *Start here*."""
    if not (ROOT / ".ci").exists():
        pytest.skip("a source distribution has no integration script")
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    commands = [text for name, kind, text in BLOCKS if (name, kind) == ("README.md", "console")]

    install, _ = start_here.install_and_rest(PAGES["start-here.md"])

    assert f"{install}\n" in commands
    commands.remove(f"{install}\n")
    assert commands
    assert [] == [text for text in commands if f"readme '{text.strip()}'" not in script]


def test_console_and_output_stand_where_a_test_looks() -> None:
    """Other pages have neither commands nor output, apart from the tree of errors."""
    found = {name for name, kind, _ in BLOCKS if kind in {"console", "text"}}

    shells = {"README.md", "guides/index.md", "guides/recipes.md", "index.md", "start-here.md"}
    typed_by_tests_of_the_command = {"shell.md", "shell-scripts.md"}
    assert {"errors.md", *shells, *typed_by_tests_of_the_command} == found
    (tree,) = (text for name, kind, text in BLOCKS if (name, kind) == ("errors.md", "text"))
    assert textwrap.indent(tree, "    ") in (errors.__doc__ or "")


@pytest.mark.skipif(os.name == "nt", reason="the page is typed into a shell of POSIX")
async def test_start_here_word_by_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who types what the page has typed sees what it shows, to the restarted agent.

    The installation is left out: `python -m tools.pages.start_here` makes it too.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    _, page = start_here.install_and_rest(PAGES["start-here.md"])

    await start_here.follow(page.replace("24040", str(port)), tmp_path, Path(sys.executable).parent)

    for file in start_here.FILES:
        assert f"`{file}`" in page  # it says what to save the code as


def test_guides_begin_where_start_here_does() -> None:
    """What they say to type before all else is on that page too, but for the prompt."""
    (text,) = (t for name, kind, t in BLOCKS if (name, kind) == ("guides/index.md", "console"))
    (first,) = guides.pieces(GUIDES["guides/index.md"])
    *same, prompt = text.splitlines()

    assert [] == [line for line in same if f"\n{line}\n" not in PAGES["start-here.md"]]
    assert "python -m asyncio" == prompt
    assert all(first == guides.pieces(page)[0] for page in GUIDES.values())


def test_start_here_takes_eight_lines() -> None:
    """So it says."""
    (first, *_) = (text for name, text in PYTHON if name == "start-here.md")

    assert 8 == len([line for line in first.splitlines() if line])


@pytest.mark.parametrize(
    ("name", "program"),
    [program for program in PROGRAMS if program[0] != "start-here.md"],
    ids=[id_ for id_ in numbered(PROGRAMS) if not id_.startswith("start-here")],
)
async def test_programs(name: str, program: str) -> None:
    """A program runs as it stands, with the key and the address in the environment."""
    async with FakeNgrok() as fake:
        agents = [fake.add_agent(os=os) for os in ("linux", "windows", "linux")]
        out = await run("-c", program, NGROK_API_KEY=fake.api_key, NGROK_API_URL=fake.url)

    shown = [line.split()[0] for line in out.splitlines()]
    assert agents[2].id == shown[0], name
    assert agents[0].id in shown


@pytest.mark.parametrize("page", ["README.md", "index.md"])
async def test_what_the_first_program_prints(page: str) -> None:
    """README and home page begin with it, in eight lines, and show what it prints."""
    languages = [(kind, text) for name, kind, text in BLOCKS if name == page]
    (_, program), (kind, output), *_ = languages
    async with FakeNgrok(agents=5) as fake:
        out = await run("-c", program, NGROK_API_KEY=fake.api_key, NGROK_API_URL=fake.url)

    assert 8 == len([line for line in program.splitlines() if line])
    assert "text" == kind
    # Ids tell when an agent has connected.
    assert re.sub(r"ts_\w{27}", "ts_", output) == re.sub(r"ts_\w{27}", "ts_", out)


def test_readme_and_home_page_begin_alike() -> None:
    """Wherever somebody meets the project, the first screens say the same."""
    readme, home = (
        PAGES[page].partition(f"\n## {after}\n")[0]
        for page, after in (("README.md", "Use it"), ("index.md", "Where to go"))
    )

    assert home == re.sub(r"(\]\(|src=\"|srcset=\")docs/", r"\1", readme)


FIGURES = {
    "240 stops where 120 fit into a window": ("benchmarks/README.md", "stop 240 at 120 per window"),
    "0 are refused": ("docs/performance.md", "| 1.04; 0 | 1.01; 0 |"),
    "1.01 times": ("docs/performance.md", "of the least time; rejections | 1.04; 0 | 1.01; 0 |"),
    "2.14 times": ("docs/performance.md", "1.01; 0 | 1.01; 0 | 2.14; 0 |"),
    "360 times": ("docs/performance.md", "240 stops it never manages 120, after 360 rejections"),
    "answers 400": ("docs/coming-from-ngrok-api.md", "```text\nrestart 400\n"),
    "one 204": ("docs/coming-from-ngrok-api.md", "```text\nrestart 204\n"),
    "more than 13,000 agents": ("docs/agents.md", "told to restart | taken for another |"),
    "0 were taken for another": (
        "tests/jobs/fleets/test_fleets.py",
        "assert (0, 0, 0, 0) == (tally.wrong, tally.doubled",
    ),
    "0 commands were sent twice, also after a `kill -9`": (
        "tests/jobs/fleets/test_killed.py",
        "assert (0, 0) == (tally.doubled",
    ),
    "250 agents": ("tests/test_docs.py", 'assert "250 agents on 3 page(s)" in out'),
    "0 of its requests are answered with 429": (
        "tests/test_docs.py",
        "0 of them answered with 429",
    ),
    "Gets, 20 at a time": ("benchmarks/README.md", "the same 20 at a time"),
    "1.18 times": ("docs/performance.md", "20 at a time | 1.05 / 1.00 | 1.18 / 1.16 |"),
    "10.0 times": ("docs/performance.md", "| 1.13 / 1.12 | 10.0 |"),
    "1.21 to 23": ("docs/performance.md", "over TLS too | 1.06 / 1.03 | 1.21 / 1.21 |"),
}
"""The figures of the first screen, and where what has printed them is written down."""


@pytest.mark.parametrize("page", ["README.md", "index.md"])
@pytest.mark.parametrize("figure", FIGURES)
def test_figures_are_what_something_has_printed(page: str, figure: str) -> None:
    """None of the four reasons says more than the tests and benchmarks do."""
    source, told = FIGURES[figure]

    assert " ".join(figure.split()) in " ".join(PAGES[page].split())
    assert " ".join(told.split()) in " ".join((ROOT / source).read_text("utf-8").split())


def test_simulated_agents_are_counted() -> None:
    """The first screens say of all of them together what the table says of each fleet."""
    rows = re.findall(
        r"^\| (?:update|restart) \| [^|]+ \| ([\d,]+) \| (\d+) \|", PAGES["agents.md"], re.MULTILINE
    )

    assert 13_000 < sum(int(told.replace(",", "")) for told, _ in rows)
    assert {"0"} == {wrong for _, wrong in rows}


@pytest.mark.parametrize("page", ["README.md", "index.md"])
def test_no_other_figure_is_in_the_reasons(page: str) -> None:
    """Whoever adds one says where it comes from."""
    _, _, rest = PAGES[page].partition("## Four reasons\n")
    reasons = " ".join(rest.partition("\n<picture>")[0].split())
    for figure in FIGURES:
        reasons = reasons.replace(" ".join(figure.split()), "")

    assert [] == re.findall(r"\d[\d.,]*", reasons)


@pytest.mark.parametrize("name", PIECES)
async def test_pieces(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The other pieces of a page run one after the other inside one coroutine, as it says.

    What waits by the client's clock does not wait, and what writes a file writes it elsewhere.
    """
    code = "async def pieces(ngrok):\n" + textwrap.indent("".join(PIECES[name]), "    ")
    scope: dict[str, Any] = {"Client": Client}
    exec(code, scope)  # noqa: S102 # the pages are ours
    monkeypatch.chdir(tmp_path)
    async with served(agents=3) as fake, client_of(fake) as ngrok:
        monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
        monkeypatch.setenv("NGROK_API_URL", fake.url)
        await turned(fake, [ngrok], scope["pieces"](ngrok))

        if name == "README.md":
            sent = [request.path for request in fake.requests if request.json == {}]
            commands = ["update", "restart", "stop", "restart"]
            assert commands == [path.rsplit("/")[-1] for path in sent]
    assert SHOWN[name] in capsys.readouterr().out


@pytest.mark.parametrize("test", [text for _, text in TESTS], ids=numbered(TESTS))
async def test_tests(test: str) -> None:
    """A test that a page shows passes."""
    scope: dict[str, Any] = {}
    exec(test, scope)  # noqa: S102 # the pages are ours
    (shown,) = (value for name, value in scope.items() if name.startswith("test_"))
    await shown()


async def test_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    """The piece with OpenTelemetry gives a span per attempt, and counts them on the caller's."""
    trace = pytest.importorskip("opentelemetry.sdk.trace", reason="in the group docs")
    pytest.importorskip("opentelemetry.instrumentation.aiohttp_client")
    export = import_module("opentelemetry.sdk.trace.export")
    memory = import_module("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    exporter, provider = memory.InMemorySpanExporter(), trace.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(exporter))
    import_module("opentelemetry.trace").set_tracer_provider(provider)
    ((_, piece),) = TRACED
    scope: dict[str, Any] = {"Client": Client}
    exec(f"async def traced():\n{textwrap.indent(piece, '    ')}", scope)  # noqa: S102 # ours
    async with FakeNgrok() as fake:
        monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
        monkeypatch.setenv("NGROK_API_URL", fake.url)
        fake.fail(503)
        await scope["traced"]()

    *attempts, own = exporter.get_finished_spans()
    assert [503, 200] == [span.attributes["http.status_code"] for span in attempts]
    assert ("list agents", 1) == (own.name, own.attributes["http.request.resend_count"])
    assert fake.api_key not in str([dict(span.attributes) for span in attempts])


async def test_recipe_in_the_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of the recipe write files, and find nothing that differs from them."""
    (text,) = (t for name, kind, t in BLOCKS if (name, kind) == ("guides/recipes.md", "console"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        policy = await ngrok.ip_policies.create()
        for command in text.splitlines():
            program, *arguments = command.split()
            assert "ngrok-async" == program
            with_key = {"NGROK_API_KEY": fake.api_key, "NGROK_API_URL": fake.url}
            await run("-m", "ngrok_async", *arguments, says_more=True, **with_key)

    assert (tmp_path / "account" / "ip-policies" / f"{policy.id}.json").exists()


async def test_socks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The piece with aiohttp-socks sends calls through the proxy, which looks the name up."""
    pytest.importorskip("aiohttp_socks", reason="in the group docs")
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak as much SOCKS5 as it takes: no login, a connection to a name."""
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\5\0")
        *_, length = await reader.readexactly(5)
        asked.append(await reader.readexactly(length))
        port = int.from_bytes(await reader.readexactly(2), "big")
        writer.write(b"\5\0\0\1" + bytes(6))
        answers, requests = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(passed_on(reader, requests), passed_on(answers, writer))

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while some := await reader.read(65536):
            writer.write(some)
        writer.close()

    ((_, piece),) = SOCKS
    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    code = piece.replace("10.0.0.1:1080", f"127.0.0.1:{port}")
    code += "    print(len((await client.tunnel_sessions.list()).items))\n"
    scope: dict[str, Any] = {"Client": Client, "aiohttp": aiohttp}
    exec(f"async def through():\n{textwrap.indent(code, '    ')}", scope)  # noqa: S102 # ours
    async with server, FakeNgrok(agents=1) as fake:
        monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
        monkeypatch.setenv("NGROK_API_URL", fake.url.replace("127.0.0.1", "localhost"))
        await scope["through"]()

    assert [b"localhost"] == asked


async def test_first_contact_is_up_to_date() -> None:
    """The page is what `python -m tools.pages.first_contact` writes, whatever the Python."""
    assert first_contact.PAGE.read_text("utf-8") == await first_contact.page()


def test_what_the_fake_checks_is_up_to_date() -> None:
    """The table is what `python -m tools.pages.testing` writes."""
    page = testing_page.PAGE.read_text("utf-8")

    assert page == testing_page.written(page)
    assert all(
        f"`{template[1:].replace('/{}', '')}`" in page for template in testing_page.NOT_CHECKED
    )


async def test_coming_from_ngrok_api_is_up_to_date() -> None:
    """The page is what its program in `tools/pages` writes, with ngrok-api installed."""
    pytest.importorskip("ngrok.http_client", reason="ngrok-api is in the group docs")

    assert coming_from_ngrok_api.PAGE.read_text("utf-8") == await coming_from_ngrok_api.page()


async def test_help_is_a_good_first_page() -> None:
    """`help(ngrok_async)` begins with a program that runs, and names what there is."""
    text = inspect.cleandoc(ngrok_async.__doc__ or "")
    program = textwrap.dedent(text[text.index("    import") : text.index("What to look at")])
    names = re.findall(r"^    ((?:[\w.]+, )*[\w.]+)  ", text, re.MULTILINE)
    async with FakeNgrok(agents=2) as fake:
        out = await run("-c", program, NGROK_API_KEY=fake.api_key, NGROK_API_URL=fake.url)

    assert [agent.id for agent in reversed(fake.agents)] == [s.split()[0] for s in out.splitlines()]
    assert 12 == len(names)
    for name in ", ".join(names).split(", "):
        assert name in ngrok_async.__all__ or import_module(name).__doc__


@pytest.mark.parametrize("path", resources())
def test_tab_completion_goes_all_the_way(path: str) -> None:
    """What one types after a dot is offered: groups, resources, operations."""
    place: object = Client("no-key")
    for name in path.split("."):
        assert name in dir(place)
        place = getattr(place, name)

    assert {*operations(resources()[path])} <= {*dir(place)}


@pytest.mark.parametrize("column", [0, 1], ids=["ngrok-api", "ngrok-async"])
async def test_calls_side_by_side_work(column: int) -> None:
    """What stands in a column of the first table runs with that client, row by row."""
    theirs = pytest.importorskip("ngrok", reason="ngrok-api is in the group docs")
    if not hasattr(theirs, "client"):
        pytest.skip("this is the agent's SDK, which has the same name")
    rows = re.findall(
        r"^\| [\w' ]+ \| (.*?) \| (.*?) \|$", coming_from_ngrok_api.HEAD, re.MULTILINE
    )
    cells = [re.fullmatch("`([^`]*)`", row[column]) for row in rows]
    codes = [cell[1] + (" pass" if cell[1].endswith(":") else "") for cell in cells if cell]
    async with FakeNgrok(agents=1) as fake, Client(fake.api_key, base_url=fake.url) as new:
        old = theirs.Client(fake.api_key, fake.url)
        policy, vault = await new.ip_policies.create(), await new.vaults.create(name="first")
        page = await new.tunnels.list()
        scope: dict[str, Any] = {
            "Client": (theirs.Client, Client)[column],
            "api_key": fake.api_key,
            "ngrok": (old, new)[column],
            "ngrok_async": ngrok_async,
            "page": page,
            "policy": policy if column else await asyncio.to_thread(old.ip_policies.get, policy.id),
        }
        failing = "try:\n    {}ngrok.tunnels.get('gone')\nexcept Exception as e:\n    error = e\n"
        # The route of no operation: as a pattern, one that an operation might have.
        fake.fail(200, body=b"{}", content_type="application/json", route="GET */route")
        for code in codes:
            names = scope | {"id": (vault if "vaults" in code else page.items[0]).id}
            if "Error" in code:  # of the package
                names["ngrok"] = theirs
            before = failing.format("await " * column) if code.startswith("error.") else ""
            assert "" == await shown(before + code, names, in_thread=not column), code
    assert len(codes) > 15


def test_every_page_is_on_the_site() -> None:
    """Each page is in one of the lists of the index, so a reader and `llms.txt` find it."""
    listed = {path.relative_to(DOCS).as_posix() for path in llms.pages(DOCS)}

    assert listed | {"index.md"} == {path.name for path in DOCS.glob("*.md")} | {*GUIDES}
    assert listed == set(re.findall(r"\]\(([\w/-]+\.md)\): \S", llms.listing(DOCS)))
    assert all(llms.text(DOCS / name) in llms.everything(DOCS) for name in listed)


def test_every_resource_has_its_page() -> None:
    """The reference has each resource, operation group and model exactly once, and no other."""
    pages = reference.pages()
    text = "".join(pages.values()) + (DOCS / "client.rst").read_text("utf-8")
    modules = {p: kind for p, kind in resources().items() if p.startswith("edge_modules.")}
    shown = [kind for path, kind in resources().items() if path not in modules]

    for kind in (*shown, *models().values()):
        assert 1 == text.count(f".. autoclass:: {reference.public_name(kind)}\n"), kind
    for path in modules:
        assert f"``{path.partition('.')[2]}``" in pages["edge_modules"]


async def test_examples_of_the_reference() -> None:
    """Each page has one, it runs, and what it has created is gone afterwards."""
    for group in reference.GROUPS.values():
        for name in group:
            indented = textwrap.indent(examples.EXAMPLES[name], "    ")
            scope: dict[str, Any] = {}
            exec(f"async def example(ngrok):\n{indented}", scope)  # noqa: S102 # they are ours
            async with (
                FakeNgrok(agents=2) as fake,
                Client(fake.api_key, base_url=fake.url) as ngrok,
            ):
                fake.add("/app/users", email="ada@example.com")
                fake.add("/app/sessions")
                await scope["example"](ngrok)

                made = {r.path for r in fake.requests if (r.method, r.status) == ("POST", 201)}
                ended = {r.path.rpartition("/")[0] for r in fake.requests if r.method == "DELETE"}
            # A report stays, and so does what goes with its owner.
            assert made - ended <= {"/abuse_reports", "/api_keys"}, name
            assert textwrap.indent(examples.EXAMPLES[name], "   ") in reference.pages()[name]
    assert {*examples.EXAMPLES} == {name for group in reference.GROUPS.values() for name in group}


def test_fields_of_filters_can_be_linked() -> None:
    """Each has an entry of its own, on the page of its resource."""
    pages = reference.pages()
    found = 0
    for path, kind in resources().items():
        for name in reference.filter_fields(kind):
            entry = f".. py:attribute:: {kind.__name__}.fields.{name}\n"
            assert entry in pages[path.partition(".")[0]]
            found += 1
    assert found > len(resources())


def test_every_field_of_a_model_is_on_its_page() -> None:
    """Those that it has from others too, as nobody wants to look for them elsewhere."""
    tags = pytest.importorskip("sphinx.util.tags", reason="in the group docs")
    pytest.importorskip("myst_parser", reason="in the group docs")
    conf = runpy.run_path(str(DOCS / "conf.py"), {"tags": tags.Tags()})
    for name, model in models().items():
        lines = conf["with_inherited"](model, (inspect.getdoc(model) or "").splitlines())
        told = re.findall(r"^    (\w+): ", "\n".join(lines), re.MULTILINE)
        fields = [field.name for field in attrs.fields(model) if field.name != "_extra"]

        assert sorted(fields) == sorted(told), name
        assert {*fields} <= {*dict(conf["fields_of"](model))}, name


@pytest.mark.parametrize("path", resources())
def test_deprecated_resources_stand_apart(path: str) -> None:
    """What its docstring calls deprecated or retired is in the last group, and nothing else."""
    deprecated = reference.GROUPS["Deprecated by ngrok"]
    docstrings = [
        operation.function.__doc__ or "" for operation in operations(resources()[path]).values()
    ]
    texts = [resources()[path].__doc__ or "", *docstrings]

    told = any("Deprecated by ngrok" in text or "Retired by ngrok" in text for text in texts)
    assert told == (path.partition(".")[0] in deprecated)


@pytest.mark.parametrize("name", testing.__all__)
def test_every_name_of_the_fake_is_in_the_reference(name: str) -> None:
    """Each has an entry on the page about testing."""
    page = (DOCS / "testing-api.rst").read_text("utf-8")

    entry = rf"^\.\. (autoclass|py:class):: ngrok_async\.testing\.{name}$"

    assert re.search(entry, page, re.MULTILINE)


@pytest.mark.parametrize("name", [n for n in ngrok_async.__all__ if not n.startswith("_")])
def test_every_public_name_is_in_the_reference(name: str) -> None:
    """Each has an entry on the page about the client; the errors come with their module."""
    page = (DOCS / "client.rst").read_text("utf-8")
    entry = rf"^\.\. (autoclass:: ngrok_async\.|py:\w+:: ){name}$"

    assert name in errors.__all__ or re.search(entry, page, re.MULTILINE)
    assert ".. automodule:: ngrok_async.errors\n" in page


async def test_quickstart_against_the_fake() -> None:
    """Without a key, the example goes through everything, and no request is refused."""
    out = await run(str(ROOT / "examples" / "quickstart.py"))

    assert "250 agents on 3 page(s)" in out
    assert "249 agents are left" in out
    assert "0 of them answered with 429" in out
    assert 5 == len(re.findall(r"^  ts_\w{27} ", out, re.MULTILINE))
    after = out.partition("What next?\n")[2]
    for path in re.findall(r"docs/[\w-]+\.md", after):
        assert (ROOT / path).exists()
    assert "python -m nox -s quickstart" in after


async def test_quickstart_only_reads_a_real_account() -> None:
    """With a key, the example lists what is there and sends no command."""
    async with FakeNgrok(agents=120) as fake:
        out = await run(
            str(ROOT / "examples" / "quickstart.py"),
            NGROK_API_KEY=fake.api_key,
            NGROK_API_URL=fake.url,
        )

        assert {"GET"} == {request.method for request in fake.requests}
    assert "120 agents on 2 page(s)" in out


async def test_quickstart_with_an_empty_account() -> None:
    """An account without agents is no error."""
    async with FakeNgrok() as fake:
        out = await run(
            str(ROOT / "examples" / "quickstart.py"),
            NGROK_API_KEY=fake.api_key,
            NGROK_API_URL=fake.url,
        )

    assert "0 agents on 1 page(s)" in out


async def test_error_of_the_readme_is_the_one_that_is_raised() -> None:
    """The id that the README restarts leads to the error that it catches."""
    async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as ngrok:
        with pytest.raises(NotFoundError):
            await ngrok.tunnel_sessions.restart("ts_gone")


def test_what_is_not_offered_is_listed() -> None:
    """All that the facts know of and the package does not declare, and nothing else."""
    known = facts.load()
    cli, examples = known["unspecified"]["cli_only"], known["unspecified"]["example_only"]
    routes: dict[str, list[str]] = {}
    for method, route in map(str.split, examples):
        routes.setdefault(route, []).append(method)
    modules = [name.partition(".")[2] for name in cli if name.startswith("pointcfg_module.")]
    commands = {name: verbs for name, verbs in cli.items() if "." not in name}
    expected = [
        *(f"| `{name}` | {quoted(verbs)} |" for name, verbs in commands.items()),
        *(f"| `{route}` | {', '.join(methods)} |" for route, methods in routes.items()),
        *(f"| `{name}` | {quoted(fields)} |" for name, fields in known["extra_fields"].items()),
    ]
    rows = re.findall(r"^\| `[^`]*` \| .* \|$", NOT_OFFERED, re.MULTILINE)
    lists = " ".join(NOT_OFFERED.split())

    assert sorted(expected) == sorted(rows)
    assert quoted(modules) in lists
    assert lists.endswith(quoted(known["unspecified"]["docs_only_schemas"]))


def quoted(names: Iterable[str]) -> str:
    """Return names as the documentation writes them."""
    return ", ".join(f"`{name}`" for name in names)


def test_every_piece_has_its_types_checked() -> None:
    """Each page with Python is among the files for the checkers, or has a reason not to be."""
    checked = dict(typed.files())
    pages = {page.removeprefix("guides/") for page, text in PYTHON if text} | {*ELSEWHERE}

    for page in pages:
        stem = page.removesuffix(".md").replace("-", "_")
        found = [name for name in checked if name.removeprefix("guides_").startswith(stem)]
        assert bool(found) != (page in typed.LEFT_OUT), page
    assert {*typed.LEFT_OUT, *typed.ALLOWED} <= pages
    for name, text in checked.items():
        compile(text, name, "exec")


def test_no_page_counts_what_grows() -> None:
    """Whoever adds a resource has no number to look for."""
    pages = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md"))
    counts = {
        f"{page.name}: {found}"
        for page in pages
        for found in re.findall(
            r"\d+ (?:services|operations|mutants|resources)\b", page.read_text()
        )
    }

    assert not counts
