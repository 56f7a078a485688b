"""The commands that do a job, as somebody types them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ngrok_async import Client
from ngrok_async.cli._command_line import Parser
from ngrok_async.cli._jobs import rules
from ngrok_async.cli._jobs.url import Address, address_of, leads_to
from ngrok_async.cli._out import Out
from ngrok_async.jobs import IPRulesPlan, IPRuleStep
from ngrok_async.testing import FakeNgrok
from tests.cli.running import Command

HOSTILE = '\x1b]0;owned\x07\x1b[2J\u202egnp.exe a\0b\r\n\x9b1A {"a": 1}' + "x" * 3900


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client beside the command."""
    async with Client(fake.api_key, base_url=fake.url) as ngrok:
        yield ngrok


def rows(text: str) -> list[dict[str, object]]:
    """Return the lines of JSON."""
    return [json.loads(line) for line in text.splitlines()]


async def test_agents_have_names_and_what_they_offer(fake: FakeNgrok, command: Command) -> None:
    """A line for each, the newest first."""
    till = fake.add_agent(metadata='{"name": "till"}', os="linux", ip="203.0.113.7", tunnels=0)
    fake.add_tunnel(till, public_url="https://shop.example.com")
    fake.add_tunnel(till, public_url="tcp://1.tcp.ngrok.io:12345")
    fake.add_agent(metadata="", tunnels=0, os="windows")
    cloud = {"url": "https://c.example.com", "type": "cloud", "traffic_policy": "{}"}
    await command("api", "POST", "/endpoints", "--data", json.dumps(cloud))

    code, out, err = await command("agents")
    _, filtered, _ = await command("agents", "-o", "jsonl", "--filter", 'obj.os == "linux"')

    head, first, second = out.splitlines()
    assert (0, "") == (code, err)
    assert [
        "name",
        "id",
        "version",
        "os",
        "region",
        "address",
        "up_since",
        "tunnels",
    ] == head.split()
    assert "windows" in first
    assert second.startswith("till")
    (row,) = rows(filtered)
    assert ["tcp://1.tcp.ngrok.io:12345", "https://shop.example.com"] == row["tunnels"]
    assert ("till", till.id, "203.0.113.7") == (row["name"], row["id"], row["address"])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8080", Address(None, "localhost", 8080)),
        (":8080", Address(None, "localhost", 8080)),
        ("127.0.0.1:80", Address(None, "localhost", 80)),
        ("[::1]:80", Address(None, "localhost", 80)),
        ("http://Localhost", Address("http", "localhost", 80)),
        ("https://web.internal/x", Address("https", "web.internal", 443)),
        ("web.internal", Address(None, "web.internal", None)),
        ("tcp://db:5432", Address("tcp", "db", 5432)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_addresses(text: str, address: Address) -> None:
    """All ways to write one, those of this machine being the same."""
    assert address == address_of(text)


@pytest.mark.parametrize(
    ("upstream", "wanted", "leads"),
    [
        ("http://localhost:8080", "8080", True),
        ("localhost:8080", "http://localhost:8080", False),
        ("http://127.0.0.1:8080", "http://localhost:8080", True),
        ("https://localhost:8080", "http://localhost:8080", False),
        ("http://localhost", "80", True),
        ("http://localhost:8081", "8080", False),
        ("http://web:8080", "web", True),
        ("", "8080", False),
        ("http://[", "8080", False),
        ("http://localhost:99999", "8080", False),
    ],
)
def test_what_leads_where(upstream: str, wanted: str, leads: bool) -> None:  # noqa: FBT001 # of the table
    """What somebody does not say fits anything."""
    assert leads is leads_to(upstream, address_of(wanted))


async def test_the_url_of_an_address(fake: FakeNgrok, command: Command) -> None:
    """It is printed alone, since it goes into a variable."""
    agent = fake.add_agent(tunnels=0)
    fake.add_tunnel(agent, public_url="https://a.example.com", forwards_to="http://localhost:8080")
    fake.add_tunnel(agent, public_url="https://b.example.com", forwards_to="http://localhost:9")

    assert (0, "https://a.example.com\n", "") == await command("url", "localhost:8080")
    _, out, _ = await command("url", "8080", "-o", "json")
    assert ["https://a.example.com"] == [each["url"] for each in json.loads(out)]
    assert (0, "https://a.example.com\n", "") == await command("url", "8080", "-o", "id")


async def test_the_url_of_several(fake: FakeNgrok, command: Command) -> None:
    """It is no guess: one says the scheme, the agent, or that all are wanted."""
    one, two = fake.add_agent(tunnels=0, metadata="one"), fake.add_agent(tunnels=0)
    fake.add_tunnel(one, public_url="https://a.example.com", forwards_to="http://localhost:80")
    fake.add_tunnel(two, public_url="tls://b.example.com", forwards_to="http://localhost:80")

    code, out, err = await command("url", "80")

    assert (1, "") == (code, out)
    assert "2 URLs lead to 80: tls://b.example.com, https://a.example.com" in err
    assert "tls://b.example.com\n" == (await command("url", "80", "--scheme", "tls")).out
    assert "https://a.example.com\n" == (await command("url", "80", "--agent", "one")).out
    assert "tls://b.example.com\n" == (await command("url", "80", "--agent", two.id)).out
    assert 2 == len((await command("url", "80", "--all")).out.splitlines())
    assert 3 == (await command("url", "80", "--agent", "three")).code


async def test_no_url(fake: FakeNgrok, command: Command) -> None:
    """Exit code 3, at once or in time; what is no address is wrong usage."""
    assert (3, "", "ngrok-async: no URL leads to 80\n") == await command("url", "80")
    code, _, err = await command("url", "80", "--wait", "0.01")
    assert (3, "ngrok-async: no URL leads to 80 within 0.01 s\n") == (code, err)
    fake.add_agent()
    assert 0 == (await command("url", "80", "--wait", "5")).code
    assert 2 == (await command("url", "http://")).code


async def test_find_prints_the_only_one(fake: FakeNgrok, command: Command) -> None:
    """What ngrok can look for is asked for there, the rest is looked for here."""
    agent = fake.add_agent(tunnels=0, os="linux", ip="203.0.113.7")
    fake.add_tunnel(agent, public_url="https://shop.example.com", forwards_to="http://x:1")
    fake.add_agent(os="linux")

    by_url = await command("find", "endpoints", "url=HTTPS://Shop.example.com/", "-o", "json")
    by_ours = await command("find", "endpoints", "upstream_url=http://x:1", "-o", "json")
    several = await command("find", "tunnel-sessions", "os=linux")
    many = await command("find", "endpoints", "upstream_protocol=", "pooling_enabled=false")
    assert "several are like this" in many.err
    newest = await command("find", "tunnel-sessions", "os=linux", "--newest", "-o", "id")
    both = await command(
        "find", "tunnel-sessions", "os=linux", "--filter", 'obj.ip == "203.0.113.7"', "-o", "id"
    )

    assert "https://shop.example.com" == json.loads(by_url.out)["url"]
    assert by_url.out == by_ours.out
    assert (1, "") == several[:2]
    assert "several are like this" in several.err
    assert fake.agents[1].id == newest.out.strip()
    assert agent.id == both.out.strip()
    assert any('obj.url == "https://shop.example.com"' in str(r.query) for r in fake.requests)


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("endpoints", "url=https://no.example.com"), 3, "none of the endpoints"),
        (("endpoints", "upstream_url=http://no"), 3, "none of the endpoints"),
        (("endpoints", "pooling_enabled=true", "bindings=internal"), 3, "none"),
        (("endpoints", "--filter", 'obj.url == ""'), 3, "none"),
        (("endpoint", "url=x"), 2, "did you mean endpoints"),
        (("endpoints",), 2, "say which one"),
        (("endpoints", "url"), 2, "FIELD=VALUE"),
        (("endpoints", "ulr=x"), 2, "did you mean url"),
        (("endpoints", "zzzzzz=x"), 2, "it has id, uri"),
        (("api-keys", "token=x"), 2, "no field 'token'"),
        (("endpoints", "upstream_url=x", "--filter", "x"), 2, "filter does not know upstream_url"),
        (("tunnels", "proto=x", "--filter", "x"), 2, "no filter for tunnels"),
        (("tunnels", "tunnel_session.id=ts_none"), 3, "none"),
        (("endpoints", "tunnel_session.__class__=x"), 3, "none"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
async def test_what_is_not_found(
    command: Command, words: tuple[str, ...], code: int, why: str
) -> None:
    """Nothing there is 3; what cannot be meant is told before anything is sent."""
    ended = await command("find", *words)

    assert code == ended.code
    assert why in ended.err


async def test_wait(fake: FakeNgrok, command: Command) -> None:
    """What is there is printed; not there, or not gone, in time is 3."""
    agent = fake.add_agent(tunnels=0)

    there = await command("wait", "tunnel-sessions", f"id={agent.id}", "-o", "id")
    gone = await command("wait", "tunnel-sessions", f"id={agent.id}", "--gone", "--within", "0.01")
    never = await command("wait", "tunnel-sessions", "id=ts_none", "--within", "0.01")
    no_more = await command("wait", "tunnel-sessions", "id=ts_none", "--gone")

    assert (0, f"{agent.id}\n") == there[:2]
    assert [3, 3] == [gone.code, never.code]
    assert (0, "") == no_more[:2]


async def test_release(fake: FakeNgrok, command: Command) -> None:
    """The agent is stopped and named; where nobody has the URL, that is fine."""
    agent = fake.add_agent(tunnels=0, metadata="till")
    fake.add_tunnel(agent, public_url="https://shop.example.com")
    fake.add_agent()

    dry = await command("release", "https://shop.example.com", "--dry-run")
    done = await command("release", "https://shop.example.com", "-o", "jsonl")
    again = await command("release", "https://shop.example.com")

    assert (0, "") == dry[:2]
    assert f"would stop {agent.id}: https://shop.example.com" in dry.err
    assert [{"id": agent.id, "name": "till", "what": "stopped"}] == rows(done.out)
    assert (0, "") == again[:2]
    assert "nobody has" in again.err


async def test_release_of_a_pool_asks(fake: FakeNgrok, command: Command) -> None:
    """More than one agent is listed, and without a terminal --yes has to be said."""
    agents = fake.add_agents(2, tunnels=0)
    for agent in agents:
        fake.add_tunnel(agent, public_url="https://pool.example.com", pooling_enabled=True)

    asked = await command("release", "https://pool.example.com")
    done = await command("release", "https://pool.example.com", "--yes", "-o", "id")

    assert 2 == asked.code
    assert {agent.id for agent in agents} == {*done.out.split()}


async def test_release_of_a_cloud_endpoint(command: Command) -> None:
    """It is deleted when that is asked for; else it is an error, as in the library."""
    made = await command("api", "POST", "/endpoints", "--data", json.dumps(
        {"url": "https://c.example.com", "type": "cloud", "traffic_policy": "{}"}
    ))  # fmt: skip
    assert 0 == made.code

    refused = await command("release", "https://c.example.com")
    deleted = await command("release", "https://c.example.com", "--cloud", "-o", "jsonl")

    assert (1, "") == refused[:2]
    assert "deleted" == rows(deleted.out)[0]["what"]


async def test_rules(fake: FakeNgrok, command: Command, tmp_path: Path) -> None:
    """A plan shows the steps, apply takes them, and a second apply has nothing to do."""
    policy = fake.add("/ip_policies")
    file = tmp_path / "office.txt"
    file.write_text("203.0.113.0/24 # office\n\n# nobody\n198.51.100.0/24\n")
    allowed = ("--allow-file", str(file), "--deny", "203.0.113.7/32")

    plan = await command("rules", "plan", policy, *allowed)
    done = await command("rules", "apply", policy, *allowed, "-o", "jsonl")
    again = await command("rules", "apply", policy, *allowed)
    dry = await command(
        "rules", "apply", policy, "--allow-file", "-", "--prune", "--dry-run", stdin=""
    )
    asked = await command("rules", "apply", policy, "--allow-file", "-", "--prune", stdin="")

    assert ["change", "action", "cidr"] == plan.out.splitlines()[0].split()
    assert ["+", "deny", "203.0.113.7/32"] == plan.out.splitlines()[1].split()
    assert "3 steps, 4 requests" in plan.err
    assert ["203.0.113.7/32", "203.0.113.0/24", "198.51.100.0/24"] == [
        r["cidr"] for r in rows(done.out)
    ]
    assert "rules: 3 of 3" in done.err
    assert (0, "") == again[:2]
    assert "nothing to do" in again.err
    assert 2 == dry.out.count("allow")  # what would be done is data
    assert 2 == asked.code


async def test_rules_that_are_interrupted(
    fake: FakeNgrok,
    ngrok: Client,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was done is told, and that the same command goes on."""

    async def apply(plan: IPRulesPlan, *, on_step: Callable[[IPRuleStep], object]) -> None:
        on_step(plan.steps[0])
        raise asyncio.CancelledError

    monkeypatch.setattr(IPRulesPlan, "apply", apply)
    parser = Parser("rules")
    rules.arguments(parser)
    policy = fake.add("/ip_policies")
    args = parser.parse_all(
        ["apply", policy, "--allow", "203.0.113.0/24", "--allow", "198.51.100.0/24"]
    )
    with pytest.raises(asyncio.CancelledError):
        await rules.run(ngrok, args, Out("id"))

    out, err = capsys.readouterr()
    assert ["203.0.113.0/24"] == out.split()
    assert "1 of 2 steps were taken; the same command goes on" in err


async def test_rules_that_flip(fake: FakeNgrok, command: Command) -> None:
    """It is shown what a rule was before."""
    policy = fake.add("/ip_policies")
    await command("rules", "apply", policy, "--allow", "10.0.0.0/8")

    done = await command("rules", "apply", policy, "--deny", "10.0.0.0/8", "-o", "jsonl")

    assert [{"change": "~", "action": "deny", "cidr": "10.0.0.0/8", "was": "allow"}] == rows(
        done.out
    )


async def test_rules_that_end_early(fake: FakeNgrok, command: Command) -> None:
    """What was done is printed, the exit code is 4, and the same command goes on."""
    policy = fake.add("/ip_policies")
    words = ("rules", "apply", policy, "--allow", "10.0.0.0/8", "--allow", "10.0.0.0/9")
    fake.fail(400, code="ERR_NGROK_1411", route="POST /ip_policy_rules")
    assert (1, "") == (await command(*words))[:2]

    fake.fail(delay=0.001, route="POST /ip_policy_rules")
    fake.fail(400, code="ERR_NGROK_1411", route="POST /ip_policy_rules")
    partly = await command(*words, "-o", "id")
    rest = await command(*words, "-o", "id")

    assert (4, "10.0.0.0/8\n") == partly[:2]
    assert "1 of 2 steps were taken" in partly.err
    assert (0, "10.0.0.0/9\n") == rest[:2]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("--allow-file", "no such file"), 2, "cannot read no such file"),
        (("--allow", "10.0.0.1/8"), 2, "10.0.0.0/8"),
        (("--deny", "10.0.0.0/8", "--keep-allowed", "10.0.0.1"), 1, "keep_allowed"),
    ],
    ids=["file", "host bits", "locked out"],
)
async def test_rules_that_cannot_be(
    fake: FakeNgrok, command: Command, words: tuple[str, ...], code: int, why: str
) -> None:
    """They are refused before anything is sent."""
    ended = await command("rules", "apply", fake.add("/ip_policies"), *words)

    assert code == ended.code
    assert why in ended.err


async def test_api(fake: FakeNgrok, command: Command, tmp_path: Path) -> None:
    """Any route, with query and body; the answer is JSON."""
    body = tmp_path / "body.json"
    body.write_text('{"name": "prod"}')
    fake.add_agent(metadata=HOSTILE[:4000])

    made = await command("api", "POST", "/vaults", "--data", f"@{body}")
    vault = json.loads(made.out)["id"]
    changed = await command(
        "api", "patch", f"/vaults/{vault}", "--data", "-", stdin='{"name": "x"}'
    )
    listed = await command("api", "GET", "/tunnel_sessions", "--param", "limit=1", "-o", "jsonl")
    gone = await command("api", "DELETE", f"/vaults/{vault}")
    empty = await command("api", "DELETE", f"/vaults/{vault}", "-o", "json")
    stopped = await command("api", "POST", f"/tunnel_sessions/{fake.agents[0].id}/stop")
    assert (0, "", "") == stopped

    assert "x" == json.loads(changed.out)["name"]
    assert 1 == len(rows(listed.out))
    assert all(line.isprintable() for line in listed.out.splitlines())
    assert (0, "") == gone[:2]
    assert 3 == empty.code


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("GET", "/vaults", "-o", "csv"), "as json"),
        (("GET", "/vaults", "--param", "limit"), "NAME=VALUE"),
        (("POST", "/vaults", "--data", "s3cret{"), "no JSON"),
        (("POST", "/vaults", "--data", "@no such file"), "cannot read --data"),
        (("FETCH", "/vaults"), "method"),
    ],
    ids=["csv", "param", "no JSON", "no file", "method"],
)
async def test_api_calls_that_cannot_be(command: Command, words: tuple[str, ...], why: str) -> None:
    """Nothing is sent, and a body, which may be secret, is not shown."""
    ended = await command("api", *words)

    assert (2, "") == ended[:2]
    assert why in ended.err
    assert "s3cret" not in ended.err


async def test_check(fake: FakeNgrok, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key, the time of an answer, the limit; 1 where the key is refused, 5 without a way."""
    code, out, _ = await command("check", "-o", "json")
    told = json.loads(out)
    assert (0, "accepted", 120, 60.0) == (code, told["key"], told["limit"], told["window_s"])
    assert 2 == told["used"]

    fake.fail(403, code="ERR_NGROK_4018", times=2)
    assert 0 == (await command("check")).code
    monkeypatch.setenv("NGROK_API_KEY", "wrong")
    assert 1 == (await command("check")).code
    monkeypatch.setenv("NGROK_API_URL", "http://127.0.0.1:9")
    assert 5 == (await command("check", "--timeout", "0.1")).code


async def test_export_and_diff(fake: FakeNgrok, command: Command, tmp_path: Path) -> None:
    """Nothing is said where nothing has changed, as cron wants it; else what, and exit code 1."""
    policy = fake.add("/ip_policies", description="office")
    agent = fake.add_agent(metadata=HOSTILE[:4000])
    account, other = str(tmp_path / "account"), str(tmp_path / "other")

    some = ("--only", "ip-policies,live")
    first = await command("export", account, *some)
    again = await command("export", account, *some)
    same = await command("diff", account)
    await command("export", other, *some, "--without", "live", "--per", "kind")
    fake.drop(agent)
    await command("api", "PATCH", f"/ip_policies/{policy}", "--data", '{"description": "home"}')
    changed = await command("diff", account)
    as_json = await command("diff", account, "-o", "jsonl", "--only", "ip-policies")
    between = await command("diff", account, other)

    assert "written, 0 taken away" in first.err
    assert (0, "", "") == again == same
    assert 1 == changed.code
    assert '    description: "office" -> "home"' in changed.out.splitlines()
    assert all(line.isprintable() for line in changed.out.splitlines())
    (row,) = rows(as_json.out)
    assert {"description": {"before": "office", "after": "home"}} == row["fields"]
    assert 0 == between.code
    assert "tunnel-sessions: not compared" in between.err


async def test_export_of_what_may_not_be_read(
    fake: FakeNgrok, command: Command, tmp_path: Path
) -> None:
    """The rest is there, and the exit code says that not all is."""
    fake.fail(403, code="ERR_NGROK_4018", route="GET /vaults")

    code, _, err = await command("export", str(tmp_path), "--only", "vaults, api-keys")

    assert 4 == code
    assert "vaults: not exported, this key may not read it (ERR_NGROK_4018)" in err


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("diff", "nowhere"), 2, "no export"),
        (("diff", "nowhere", "there"), 2, "no export"),
        (("export", "x", "--only", "vault"), 2, "did you mean vaults"),
        (("export", __file__, "--only", "vaults"), 1, "test_jobs.py"),
    ],
    ids=["diff", "diff of two", "unknown list", "no directory"],
)
async def test_what_cannot_be_exported(
    command: Command, words: tuple[str, ...], code: int, why: str
) -> None:
    """It is said in a line."""
    ended = await command(*words)

    assert code == ended.code
    assert why in ended.err


async def test_an_export_is_not_written_over_something_else(
    command: Command, tmp_path: Path
) -> None:
    """Where a file of that name is something else, nothing is asked and nothing is written."""
    (tmp_path / "export.json").write_text("{}")

    assert 2 == (await command("export", str(tmp_path))).code
    assert "{}" == (tmp_path / "export.json").read_text()


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
@pytest.mark.parametrize(
    "words", [("agents",), ("url", "80", "--all"), ("find", "tunnel-sessions", "os=linux")], ids=str
)
async def test_nothing_of_the_account_drives_a_terminal(
    fake: FakeNgrok, command: Command, words: tuple[str, ...], form: str
) -> None:
    """Whatever somebody names an agent; CSV is for programs, unless it goes to a terminal."""
    agent = fake.add_agent(metadata=HOSTILE[:4000], os="linux", tunnels=0)
    fake.add_tunnel(agent, metadata=HOSTILE[:4000], name=HOSTILE[:200])

    ended = await command(*words, "-o", form)

    assert 0 == ended.code
    if form != "csv":
        assert all(line.isprintable() for line in (ended.out + ended.err).split("\n"))


@pytest.mark.skipif(sys.platform == "win32", reason="there nobody is told to end")
@pytest.mark.parametrize(
    ("form", "begin"),
    [("table", "export NGROK_API_URL=http://127.0.0.1:"), ("jsonl", '{"url": "http://127.0.0.1:')],
    ids=["table", "jsonl"],
)
async def test_fake(form: str, begin: str) -> None:
    """It prints where it is, and ends when it is told to."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ngrok_async", "fake", "--agents", "1", "-o", form),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    process.terminate()
    await process.communicate()

    assert 0 == process.returncode
    assert line.startswith(begin)


async def test_fake_on_a_port_that_is_taken(fake: FakeNgrok) -> None:
    """It is said in a line."""
    port = fake.url.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ngrok_async", "fake", "--port", port), stderr=subprocess.PIPE
    )
    _, err = await process.communicate()

    assert 1 == process.returncode
    assert f"cannot listen on port {port}" in err.decode()
