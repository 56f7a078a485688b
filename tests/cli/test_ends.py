"""How a command ends: exit codes, one line for an error, and quietly where nobody reads."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ngrok_async
from ngrok_async.cli import main
from ngrok_async.cli._client import _tell
from ngrok_async.cli._ends import Stop, UsageError
from ngrok_async.cli._errors import ended_by
from ngrok_async.cli._out import FORMATS, Out
from ngrok_async.events import RetryEvent
from ngrok_async.testing import FakeNgrok
from tests.cli.running import Command, run

PROGRAM = (sys.executable, "-m", "ngrok_async")


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (Stop(4, "some"), 4, "some"),
        (UsageError("no"), 2, "no (see `ngrok-async help`)"),
        (UsageError("no", command="rules"), 2, "no (see `ngrok-async help rules`)"),
        (ngrok_async.ConfigurationError("url"), 2, "url"),
        (ngrok_async.NothingFoundError("none"), 3, "none"),
        (ngrok_async.ConnectError("down"), 5, "down"),
        (ngrok_async.SeveralFoundError("two"), 1, "two"),
        (ValueError("bad"), 2, "bad"),
        (OSError(28, "No space left on device"), 1, "[Errno 28] No space left on device"),
        (KeyError("x"), 1, "a fault of ngrok-async: KeyError: 'x' (--debug tells where)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_error_has_its_code(error: BaseException, code: int, text: str) -> None:
    """And is a line."""
    assert (code, text) == ended_by(error)


async def test_an_error_of_ngrok_is_a_line(command: Command) -> None:
    """With code, operation and where to read about it."""
    code, out, err = await command("endpoints", "get", "x")

    assert (3, "") == (code, out)
    assert 1 == err.count("\n")
    for part in (
        "ngrok-async: HTTP 404: ",
        "[ERR_NGROK_",
        "(operation op_",
        "https://ngrok.com/docs",
    ):
        assert part in err


async def test_a_wrong_key(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is refused, which is no fault of the command line."""
    monkeypatch.setenv("NGROK_API_KEY", "wrong")
    ended = await command("vaults", "list", "-o", "json")

    assert (1, "") == ended[:2]
    assert "ERR_NGROK_203" in ended.err


async def test_the_limit_used_up(fake: FakeNgrok, command: Command) -> None:
    """Is told apart from a refusal: a script may come back."""
    fake.fail(429, times=None, headers={"retry-after": "30"})
    ended = await command("vaults", "list", "--max-wait", "0")

    assert (5, "") == ended[:2]
    assert "ngrok's limit is used up; waiting 30 s\n" in ended.err


async def test_repetitions_are_told(fake: FakeNgrok, command: Command) -> None:
    """Where somebody would wonder what takes so long."""
    fake.fail(503, times=None, headers={"retry-after": "100"})
    code, _, err = await command("vaults", "list", "--timeout", "0.05")
    assert (1, True) == (code, "HTTP 503" in err)

    told = io.StringIO()
    for seconds in (0.5, 2.6):
        event = RetryEvent(
            method="GET", route="GET /vaults", attempt=1, reason="HTTP 503", seconds=seconds
        )
        _tell(event, Out(stderr=told))
    assert "HTTP 503; trying again in 3 s\n" == told.getvalue()


def test_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the network's fault."""
    monkeypatch.setenv("NGROK_API_KEY", "x")
    ended = run("vaults", "list", "--base-url", "http://127.0.0.1:9", "--timeout", "0.2")

    assert (5, "") == ended[:2]


KEYS = [
    ([], {}, "there is no API key: set NGROK_API_KEY"),
    (["--key-file", "/no/such"], {}, "cannot read --key-file /no/such: No such file"),
    (["--base-url", "http://example.com"], {"NGROK_API_KEY": "x"}, "base_url must be https"),
]


@pytest.mark.parametrize(("words", "environment", "text"), KEYS)
def test_without_a_key_nothing_is_sent(
    words: list[str], environment: dict[str, str], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is wrong usage, and says what would be right."""
    for name in ("NGROK_API_KEY", "NGROK_API_URL", "NGROK_ALLOW_INSECURE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code, out, err = run("vaults", "list", *words)

    assert (2, "") == (code, out)
    assert text in err


async def test_the_key_may_be_in_a_file(
    fake: FakeNgrok, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or on standard input, but never among the arguments, which every process can read."""
    (tmp_path / "key").write_text(f"{fake.api_key}\n", "utf-8")
    (tmp_path / "none").write_bytes(b"\xff")
    monkeypatch.delenv("NGROK_API_KEY")

    assert 0 == (await command("vaults", "list", "--key-file", str(tmp_path / "key"))).code
    assert 0 == (await command("--key-file=-", "vaults", "list", stdin=fake.api_key)).code
    wrong = await command("vaults", "list", "--key-file", str(tmp_path / "none"))
    assert (2, True) == (wrong.code, "it is no text" in wrong.err)


@pytest.mark.parametrize("fails", [False, True])
async def test_debug_does_not_tell_the_key(
    fake: FakeNgrok, command: Command, caplog: pytest.LogCaptureFixture, *, fails: bool
) -> None:
    """It tells what is sent, and where an error comes from."""
    if fails:
        fake.fail(400, times=None)
    ended = await command("vaults", "create", "--name", "a", "--debug")

    assert "POST /vaults" in caplog.text
    assert fails == ("Traceback" in ended.err)
    assert fake.api_key not in ended.err + ended.out + caplog.text


class Full(io.StringIO):
    """A stream that takes nothing."""

    def __init__(self, error: OSError) -> None:
        """Keep what it fails with."""
        super().__init__()
        self.error = error

    def flush(self) -> None:
        """Fail."""
        raise self.error


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (BrokenPipeError(), 0, ""),
        (OSError(28, "No space left"), 1, "ngrok-async: [Errno 28] No space left\n"),
    ],
    ids=["nobody reads", "full"],
)
def test_what_cannot_be_written(
    error: OSError, code: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads no longer has had enough; a full disk is an error."""
    err = io.StringIO()
    monkeypatch.setattr("sys.stdout", Full(error))
    monkeypatch.setattr("sys.stderr", err)

    assert code == main(["help"])
    assert text == err.getvalue()


def test_standard_output_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so may standard error."""
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)

    assert 0 == main(["--version"])
    assert 2 == main(["no such"])


def environment(fake: FakeNgrok) -> dict[str, str]:
    """Return that of a process that has nothing but the key; no HOME either."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PATH", "COV", "SYSTEMROOT"))}
    return kept | {"NGROK_API_KEY": fake.api_key, "NGROK_API_URL": fake.url, "TERM": "dumb"}


@pytest.mark.skipif(os.name == "nt", reason="has no such shell")
async def test_who_reads_may_go(fake: FakeNgrok) -> None:
    """As `head` does; nothing is said, at the end of the process neither."""
    fake.add_agents(300)
    line = f"{' '.join(PROGRAM)} tunnel-sessions list --limit 100 | head -n 1"
    line += f"; echo ${{PIPESTATUS[0]}}; {' '.join(PROGRAM)} --help >&-; echo $?"
    done = await asyncio.to_thread(
        subprocess.run,
        ["bash", "-c", line],
        env=environment(fake),
        capture_output=True,
        check=True,
        text=True,
    )

    assert "" == done.stderr
    assert [["id"], ["0"], ["0"]] == [line.split()[:1] for line in done.stdout.splitlines()]


@pytest.mark.skipif(os.name == "nt", reason="sends no such signal")
@pytest.mark.parametrize("loads", ["ngrok_async.cli._main", "aiohttp"])
def test_it_may_be_interrupted_while_it_loads(loads: str, tmp_path: Path) -> None:
    """No traceback, and no Ctrl-C that gets lost in what Python does at an import."""
    (tmp_path / "sitecustomize.py").write_text(
        f"""if True:
        import signal, sys
        class Finder:
            def find_spec(name, *_):
                if name == {loads!r}:
                    signal.raise_signal(signal.SIGINT)
        sys.meta_path.insert(0, Finder)""",
        "utf-8",
    )
    words = ("vaults", "list", "--base-url", "http://127.0.0.1:9")
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "NGROK_API_KEY": "x"}
    done = subprocess.run([*PROGRAM, *words], env=env, capture_output=True, check=False)

    assert (130, b"", b"ngrok-async: interrupted\n") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(os.name == "nt", reason="sends no such signal")
async def test_it_may_be_interrupted(fake: FakeNgrok) -> None:
    """By Ctrl-C, at any time: a line, the code 130, and no traceback."""
    fake.fail(delay=60, times=None)
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        "vaults",
        "list",
        env=environment(fake),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 30
    while not fake.requests and time.monotonic() < until:  # noqa: ASYNC110 # it has no event
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()

    assert (130, b"", b"ngrok-async: interrupted\n") == (process.returncode, out, err)


def test_who_calls_it_keeps_their_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever thread; only the one of Python itself is replaced, and comes back."""
    monkeypatch.setenv("NGROK_API_KEY", "x")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert 0 == run("--version").code
        assert signal.default_int_handler is signal.getsignal(signal.SIGINT)
        with ThreadPoolExecutor(1) as threads:
            assert 0 == threads.submit(run, "--version").result().code
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        assert 0 == run("--version").code
        assert signal.SIG_IGN is signal.getsignal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


class Gone(io.StringIO):
    """A stream that nobody reads any more."""

    def flush(self) -> None:
        """Fail where something is to be passed on."""
        if self.getvalue():
            raise BrokenPipeError


@pytest.mark.usefixtures("command")  # sets the key and the address
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("which", ["stdout", "stderr"])
async def test_what_was_begun_goes_on(
    fake: FakeNgrok, monkeypatch: pytest.MonkeyPatch, form: str, which: str
) -> None:
    """Where nobody reads any more too, and the exit code is that of the work."""
    ids = [fake.add("/vaults", name=f"v{n}") for n in range(3)]
    monkeypatch.setattr(f"sys.{which}", Gone())  # what `redirect_stdout` would put back
    other = io.StringIO()
    monkeypatch.setattr("sys.stderr" if which == "stdout" else "sys.stdout", other)

    code = await asyncio.to_thread(main, ["vaults", "delete", "no", *ids, "--yes", "-o", form])

    assert 4 == code
    assert 4 == len([r for r in fake.requests if r.method == "DELETE"])
