"""The fixtures for pytest, in test runs of their own; and the page that explains them, run.

`nox -s build` runs this file alone too, where only the wheel is installed.
"""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent

import pytest

import ngrok_async.client
import ngrok_async.testing  # noqa: F401 # once for all the runs inside of this process

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PYTHON = [text for language, text in BLOCKS if language == "python"]
SERVICE = next(text for text in PYTHON if text.startswith("# service.py\n"))
OLD = next(text for text in PYTHON if "aioresponses" in text)
TESTS = [text for text in PYTHON if text not in {SERVICE, OLD}]
AUTO = """
[pytest]
addopts = --strict-config --strict-markers
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the account of whoever runs the tests."""
    for name in ("NGROK_API_KEY", "NGROK_API_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def _no_pytest_asyncio(pytester: pytest.Pytester) -> None:
    """Make an environment without pytest-asyncio for processes."""
    pytester.makeini("[pytest]\naddopts = -p no:asyncio\nfilterwarnings = error")
    pytester.makepyfile(pytest_asyncio="raise ImportError")


def run(pytester: pytest.Pytester, test: str, *arguments: str) -> pytest.RunResult:
    """Run a test module with warnings as errors, unless the test has brought its own settings."""
    if not [*pytester.path.glob("*.ini"), *pytester.path.glob("*.toml")]:
        pytester.makeini(AUTO)
    pytester.makepyfile(dedent(test))
    return pytester.runpytest("-p", "no:cacheprovider", *arguments)


# --- the page --------------------------------------------------------------------------------


def test_the_pages_tests(pytester: pytest.Pytester) -> None:
    """Every test of the page passes as it stands, with the settings that the page asks for."""
    [settings] = [text for language, text in BLOCKS if language == "toml"]
    pytester.makepyprojecttoml(settings)
    pytester.makepyfile(service=SERVICE)
    pytester.makepyfile(**{f"test_{number}": text for number, text in enumerate(TESTS)})
    result = pytester.runpytest("-p", "no:cacheprovider", "-W", "error")

    count = len(re.findall("^(?:async )?def test_", "\n".join(TESTS), re.MULTILINE))
    result.assert_outcomes(passed=count)


def test_the_pages_old_test_breaks_as_it_says(pytester: pytest.Pytester) -> None:
    """The page quotes the very error that tests with aioresponses end with."""
    pytest.importorskip("aioresponses")
    if version("aioresponses") != "0.7.9":
        pytest.skip("a newer aioresponses may have been repaired")
    [error] = [text for language, text in BLOCKS if language == "text"]
    pytester.makepyfile(service=SERVICE)
    result = run(pytester, OLD)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{error.strip()}"])


def test_the_pages_command() -> None:
    """The command line for other languages starts a fake that says where it is."""
    [line] = re.findall(r"^python (-m ngrok_async\.testing .*)$", PAGE, re.MULTILINE)
    with subprocess.Popen(  # the page's own words
        [sys.executable, *line.split()], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            assert {"url", "api_key"} == json.loads(process.stdout.readline()).keys()
        finally:
            process.terminate()


def test_the_pages_settings() -> None:
    """The settings of the page are those of the runs here."""
    [settings] = [text for language, text in BLOCKS if language == "toml"]

    for name, value in tomllib.loads(settings)["tool"]["pytest"]["ini_options"].items():
        assert f"\n{name} = {value}\n" in AUTO


# --- the fixtures ----------------------------------------------------------------------------


def test_each_test_has_a_fake_of_its_own(pytester: pytest.Pytester) -> None:
    """Nothing is left of the test before: no agents, no requests, and the budget is whole."""
    result = run(
        pytester,
        """
        import os

        import pytest

        SEEN = set()
        pytestmark = pytest.mark.fake_ngrok(agents=2, limit=50)

        @pytest.mark.parametrize("number", [1, 2])
        async def test_fresh(fake_ngrok, ngrok, number):
            assert ngrok.budget.used == 0
            assert fake_ngrok.requests == []
            assert len(await ngrok.tunnel_sessions.list().collect()) == 2
            assert ngrok.budget.used == 1
            assert fake_ngrok.api_key not in SEEN
            SEEN.add(fake_ngrok.api_key)

        @pytest.mark.fake_ngrok(agents=3)
        async def test_closest_marker_wins(fake_ngrok):
            assert len(fake_ngrok.agents) == 3
            assert os.environ["NGROK_API_URL"] == fake_ngrok.url
            assert os.environ["NGROK_API_KEY"] == fake_ngrok.api_key

        def test_the_environment_is_as_before():
            assert "NGROK_API_URL" not in os.environ
            assert "NGROK_API_KEY" not in os.environ
        """,
    )

    result.assert_outcomes(passed=4)


def test_strict_mode(pytester: pytest.Pytester) -> None:
    """The mode of pytest-asyncio that touches only what is marked runs the fixtures too."""
    pytester.makeini(AUTO.replace("auto", "strict"))
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.asyncio
        async def test_call(ngrok):
            assert await ngrok.tunnels.list().collect() == []
        """,
    )

    result.assert_outcomes(passed=1)


def test_marker_takes_keywords_only(pytester: pytest.Pytester) -> None:
    """A marker with a plain value says what it takes."""
    result = run(
        pytester,
        """
        import pytest

        @pytest.mark.fake_ngrok(3)
        async def test_call(ngrok):
            pass
        """,
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*takes keywords, such as agents=3; got (3,)"])


def test_marker_is_documented(pytester: pytest.Pytester) -> None:
    """`pytest --markers` and `--fixtures` tell of the plugin."""
    pytester.makeini(AUTO)
    markers, fixtures = pytester.runpytest("--markers"), pytester.runpytest("--fixtures")

    markers.stdout.fnmatch_lines(["@pytest.mark.fake_ngrok(*): options of *FakeNgrok*"])
    for name in ("fake_ngrok", "ngrok", "ngrok_clock"):
        fixtures.stdout.re_match_lines([f"{name} -- .*"])


# --- leftovers -------------------------------------------------------------------------------


def test_leftovers_are_errors_of_their_test(pytester: pytest.Pytester) -> None:
    """Each open client, session, call and task is named, and the test after it begins clean."""
    result = run(
        pytester,
        """
        import asyncio

        import aiohttp
        import pytest

        from ngrok_async import Client

        async def forever():
            await asyncio.Event().wait()

        async def test_client(fake_ngrok):
            await Client().tunnels.list()

        async def test_session(fake_ngrok):
            session = aiohttp.ClientSession()
            async with Client(session=session) as client:
                await client.tunnels.list()

        async def test_call(fake_ngrok, ngrok):
            fake_ngrok.fail(stall=True)
            asyncio.create_task(ngrok.tunnels.list().collect(), name="caller")
            await fake_ngrok.wait_for_requests()

        async def test_task(fake_ngrok):
            asyncio.create_task(forever(), name="poller")

        async def test_nothing(ngrok):
            assert {asyncio.current_task()} == {
                task for task in asyncio.all_tasks() if "RequestHandler" not in repr(task)
            }
        """,
    )

    result.assert_outcomes(passed=5, errors=4)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_client*",
            "left behind by the test: an open Client: use `async with Client()`, or await*",
            "*ERROR at teardown of test_session*",
            "left behind by the test: an aiohttp.ClientSession that was passed to a Client: *",
            "*ERROR at teardown of test_call*",
            "left behind by the test: the task caller, running Pager.collect() in the call GET /*",
            "*ERROR at teardown of test_task*",
            "left behind by the test: the task poller, running forever()",
        ]
    )


def test_a_fault_that_nobody_met_is_left(pytester: pytest.Pytester) -> None:
    """It is named with its place in the test; what was met, healed or allowed is none."""
    result = run(
        pytester,
        """
        import pytest

        async def test_unmet(fake_ngrok, ngrok):
            fake_ngrok.fail(404, route="GET /tunnel_sessions/{id}")
            fake_ngrok.fail(500, times=3)
            await ngrok.tunnels.list()

        async def test_healed(fake_ngrok):
            fake_ngrok.fail(500, times=None)
            fake_ngrok.heal()

        @pytest.mark.fake_ngrok(allow_leftovers=True)
        async def test_allowed(fake_ngrok):
            fake_ngrok.refuse("ERR_NGROK_810")
        """,
    )

    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_unmet*",
            "left*: a fault that no request met: 404 for GET /tunnel_sessions/{id}, at *left.py:4",
        ]
    )
    result.stdout.no_fnmatch_line("*500 for*")


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("limit=-1", "limit must be a whole number from 0 on, or None; got -1"),
        ("agnets=3", "*unexpected keyword argument 'agnets'*"),
        ("allow_leftovers='no'", "allow_leftovers must be True or False; got 'no'"),
    ],
    ids=["value", "name", "flag"],
)
def test_an_option_that_cannot_be(pytester: pytest.Pytester, option: str, says: str) -> None:
    """The mark is named, without a traceback through our code."""
    result = run(
        pytester,
        f"""
        import pytest

        @pytest.mark.fake_ngrok({option})
        async def test_call(ngrok):
            pass
        """,
    )

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"pytest.mark.fake_ngrok: {says}"])
    result.stdout.no_fnmatch_line("*ngrok_async/_pytest.py:*")


def test_in_a_freeze(pytester: pytest.Pytester) -> None:
    """A freeze stops the time of a test, whose fixtures were made before that."""
    pytest.importorskip("freezegun", reason="the tests of the wheel bring only what users need")
    result = run(
        pytester,
        """
        from datetime import UTC, datetime

        import pytest
        from freezegun import freeze_time

        @pytest.mark.fake_ngrok(agents=150)
        @freeze_time("2020-02-29T12:00:00Z")
        async def test_frozen(fake_ngrok, ngrok):
            policy = await ngrok.ip_policies.create(description="frozen")
            assert policy.created_at == datetime(2020, 2, 29, 12, tzinfo=UTC)
            assert len(await ngrok.tunnel_sessions.list().collect()) == 150

        @pytest.mark.fake_ngrok(limit=1)
        async def test_frozen_for_a_while(fake_ngrok, ngrok):
            with freeze_time("2040-01-01"):
                await ngrok.tunnels.list()
            fake_ngrok.clock.advance(60)
            await ngrok.tunnels.list()
            assert fake_ngrok.rejections == 0
        """,
    )

    result.assert_outcomes(passed=2)


def test_in_several_processes(pytester: pytest.Pytester) -> None:
    """Under pytest-xdist each process has fakes of its own, and tells what is left there."""
    pytest.importorskip("xdist", reason="the tests of the wheel bring only what users need")
    pytester.makeini(AUTO)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.fake_ngrok(agents=2, limit=2)
        @pytest.mark.parametrize("number", range(8))
        async def test_call(fake_ngrok, ngrok, number):
            assert len(await ngrok.tunnel_sessions.list().collect()) == 2
            if number == 5:
                fake_ngrok.fail(500)
        """
    )
    result = pytester.runpytest("-p", "no:cacheprovider", "-n", "2")

    result.assert_outcomes(passed=8, errors=1)
    result.stdout.fnmatch_lines(["left behind by the test: a fault that no request met: 500 *"])


def test_leftovers_are_ended(pytester: pytest.Pytester) -> None:
    """Where tests share an event loop, the one after it does not meet what was left."""
    scopes = "scope = module\nasyncio_default_test_loop_scope = module"
    pytester.makeini(AUTO.replace("scope = function", scopes))
    result = run(
        pytester,
        """
        import asyncio

        import aiohttp

        from ngrok_async import Client

        SESSION, TASKS = [], []

        async def test_leaves(fake_ngrok, ngrok):
            SESSION.append(aiohttp.ClientSession())
            await Client(session=SESSION[0]).tunnels.list()
            fake_ngrok.fail(stall=True)
            TASKS.append(asyncio.create_task(ngrok.tunnels.list().collect()))
            TASKS.append(asyncio.create_task(asyncio.Event().wait()))
            await fake_ngrok.wait_for_requests(2)

        async def test_meets():
            assert SESSION[0].closed
            assert [True, True] == [task.cancelled() for task in TASKS]
        """,
    )

    result.assert_outcomes(passed=2, errors=1)


def test_what_is_no_leftover(pytester: pytest.Pytester) -> None:
    """What ends by itself, belongs to an outer fixture, leads elsewhere or is allowed passes."""
    result = run(
        pytester,
        """
        import asyncio

        import pytest

        from ngrok_async import Client
        from ngrok_async.testing import FakeNgrok

        @pytest.fixture
        async def background():
            task = asyncio.create_task(asyncio.Event().wait())
            yield
            task.cancel()

        @pytest.fixture
        async def elsewhere():
            async with FakeNgrok() as fake, Client(fake.api_key, base_url=fake.url) as client:
                yield client

        async def test_outside(background, elsewhere, fake_ngrok):
            await elsewhere.tunnels.list()

        @pytest.mark.fake_ngrok(agents=150)
        async def test_ends_soon(ngrok):
            async for _ in ngrok.tunnel_sessions.list(limit=50):
                break
            asyncio.create_task(asyncio.sleep(0.01))

        @pytest.mark.fake_ngrok(allow_leftovers=True)
        async def test_allowed(ngrok, clients=[]):
            clients.append(Client())  # for as long as the process lives
            await clients[0].tunnels.list()
            asyncio.create_task(clients[0].aclose())
        """,
    )

    result.assert_outcomes(passed=3)


# --- other event loops -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "test",
    [
        """
        def test_call(fake_ngrok):
            asyncio.run(call())
        """,
        """
        @pytest.mark.asyncio(loop_scope="module")
        async def test_call(fake_ngrok):
            await call()
        """,
    ],
    ids=["a test that is not async", "a loop that is not the fixture's"],
)
def test_a_loop_that_stands_still(pytester: pytest.Pytester, test: str) -> None:
    """A client that the fake could never answer says so, and does not wait for minutes."""
    head = """
        import asyncio

        import pytest

        from ngrok_async import Client

        async def call():
            async with Client() as client:
                await client.tunnels.list()
        """
    result = run(pytester, dedent(head) + dedent(test))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*fake_ngrok serves in an event loop that does not run now: *"])


@pytest.mark.usefixtures("_no_pytest_asyncio")
def test_without_pytest_asyncio(pytester: pytest.Pytester) -> None:
    """Where nobody runs asynchronous fixtures, the error says what to install."""
    pytester.makepyfile(
        """
        def test_call(ngrok):
            pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*need an event loop: install pytest-asyncio*"])


@pytest.mark.usefixtures("_no_pytest_asyncio")
def test_with_anyio(pytester: pytest.Pytester) -> None:
    """With anyio the fixtures run, where pytest-asyncio is not installed."""
    pytest.importorskip("anyio")
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.anyio
        async def test_call(ngrok):
            assert await ngrok.tunnels.list().collect() == []
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1)


# --- in everybody's test runs ----------------------------------------------------------------


def test_costs_nothing_where_it_is_not_used(pytester: pytest.Pytester) -> None:
    """Test runs without these fixtures import neither aiohttp nor what a client is made of."""
    pytester.makepyfile(
        """
        import sys

        def test_modules():
            assert "ngrok_async._pytest" in sys.modules
            assert not {"aiohttp", "attrs", "cattrs", "ngrok_async.testing"} & sys.modules.keys()
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1)


def test_can_be_switched_off(pytester: pytest.Pytester) -> None:
    """`-p no:ngrok_async` leaves the names to others."""
    result = run(
        pytester,
        """
        import pytest

        @pytest.fixture
        def ngrok():
            return "mine"

        def test_mine(ngrok):
            assert ngrok == "mine"

        def test_gone(fake_ngrok):
            pass
        """,
        "-p",
        "no:ngrok_async",
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*fixture 'fake_ngrok' not found"])
