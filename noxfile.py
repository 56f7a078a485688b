"""Every check of the project, by name (`nox -s tests`); `nox -l` marks what plain `nox` runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import nox
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

PYPROJECT = nox.project.load_toml("pyproject.toml")
PROJECT = PYPROJECT["project"]

# The classifiers say which versions we promise, so the two cannot disagree. The one that runs nox
# comes along: where there is only a newer Python, the tests must run too, and not all be skipped.
DECLARED = nox.project.python_versions(PYPROJECT)
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = list(dict.fromkeys([*DECLARED, RUNNING]))
LOWEST = DECLARED[0]

nox.needs_version = ">=2025.11.12"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
# A missing Python is skipped, but an error where $CI is set (nox's own default); never fetch one.
nox.options.download_python = "never"

if not SpecifierSet(PROJECT["requires-python"]).contains(RUNNING):
    # Otherwise every session would be skipped, and nox would call that a success.
    sys.exit(f"ngrok-async needs Python {PROJECT['requires-python']}; this nox runs on {RUNNING}.")


def use_all_of_pyenv() -> None:
    """Let `pythonX.Y` name every version that pyenv has, not only the one it is set to.

    The shims of the others are on PATH too, but fail: to nox those versions look missing.
    """
    if not (pyenv := shutil.which("pyenv")):
        return
    done = subprocess.run([pyenv, "versions", "--bare"], stdout=subprocess.PIPE, check=False)
    installed = re.findall(r"^\d+\.\d+\.\d+$", done.stdout.decode(), re.MULTILINE)
    useful = [v for v in reversed(installed) if v.rpartition(".")[0] in PYTHONS]
    chosen = os.environ.get("PYENV_VERSION", "").split(":")
    os.environ["PYENV_VERSION"] = ":".join(filter(None, [*chosen, *useful, "system"]))


use_all_of_pyenv()


# The tests talk to nobody, and must not find a key in the environment that makes them.
NO_ACCOUNT = dict.fromkeys(("NGROK_API_KEY", "NGROK_API_URL", "NGROK_ALLOW_INSECURE"))


def group(name: str) -> list[str]:
    """Return the requirements of a dependency group."""
    return nox.project.dependency_groups(PYPROJECT, name)


# Tests wait a good part of their time. Those of one file stay together: they share a server.
SIDE_BY_SIDE = ("--numprocesses", "2", "--dist", "loadfile")


def contents(wheel: Path) -> set[tuple[str, int]]:
    """Return names and checksums of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {(file.filename, file.CRC) for file in archive.infolist()}


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, the directions of imports, and the workflows of `.github`."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")
    if workflows := sorted(
        map(str, Path(".github", "workflows").glob("*.yml"))
    ):  # no sdist has any
        # Without the checkers that a machine may have and another not, and without the network.
        session.run("actionlint", "-shellcheck=", "-pyflakes=", *workflows)
        session.run("zizmor", "--offline", "--pedantic", "--quiet", ".github")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types with mypy and pyright, also of the pages' code, and that all are known."""
    session.install("-e", ".[testing,redis,speed]", *group("types"))
    session.run("mypy")
    session.run("pyright")
    session.run("pyright", "--verifytypes", "ngrok_async", "--ignoreexternal")
    session.run("python", "-m", "tools.pages.typed")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests; without arguments, also hold the package to full branch coverage, once.

    The lines that run are the same on each Python, and to count them more than doubles the time: so
    only the session of the Python that runs nox does, which is always among them.
    """
    session.install("-e", ".[testing,redis]", *group("test"))
    session.env.update(NO_ACCOUNT)
    if session.posargs:  # a part of the tests cannot cover everything
        session.run("python", "-m", "pytest", *session.posargs)
        return
    if session.python != RUNNING:
        session.run("python", "-m", "pytest", *SIDE_BY_SIDE)
        return
    omitted = ["*/_wire/structs.py"]  # needs the extra `speed`
    if not shutil.which("redis-server"):
        session.warn(
            "redis-server is missing (apt-get install redis-server): its tests were skipped"
        )
        omitted += ["*/redis.py", "*/redis_*.py"]
    count(session)
    session.run("coverage", "report", "--omit", ",".join(omitted))


@nox.session(python=LOWEST)
def speed(session: nox.Session) -> None:
    """Run the tests with the extra `speed`; the other sessions run them without.

    Those of the decoders are counted: they cover what uses the extra, and what looks for it.
    """
    session.install("-e", ".[testing,redis,speed]", *group("test"))
    session.env.update(NO_ACCOUNT)
    if session.posargs:
        session.run("python", "-m", "pytest", *session.posargs)
        return
    session.run("python", "-m", "pytest", "--ignore", "tests/wire")
    count(session, "tests/wire")
    session.run("coverage", "report", "--include", "*/_wire/structs.py,*/_wire/read.py")


def count(session: nox.Session, *tests: str) -> None:
    """Run tests, and count what they cover."""
    # Each session has data files of its own, so that two can run at the same time.
    data = session.cache_dir.resolve() / f"coverage-{session.name}"
    session.env["COVERAGE_FILE"] = str(data)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *tests)
    session.run("coverage", "combine", "--quiet")


@nox.session(default=False)  # compares with a tag, which not every checkout has
def api(session: nox.Session) -> None:
    """Name what callers of the last release would miss, by its tag."""
    git = ("git", "tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname")
    tags = str(session.run(*git, external=True, silent=True)).split()
    if not tags:
        session.log("There is no tag, so no release: nothing can be missed yet.")
        return
    [now] = re.findall(r'"(.+)"$', Path("ngrok_async", "_version.py").read_text(), re.MULTILINE)
    may_break = compatible_with(now) != compatible_with(tags[0])
    session.install(*group("api"))
    session.log(f"Compared with {tags[0]}; {now} {'may' if may_break else 'must not'} break it:")
    check = ("griffe", "check", "ngrok_async", "--search", ".", "--against", tags[0])
    session.run(*check, success_codes=[0, 1] if may_break else [0])


def compatible_with(version: str) -> tuple[int, ...]:
    """Return what two versions share of which the newer one breaks nothing (https://semver.org)."""
    major, minor, *_ = Version(version).release
    return (major,) if major else (major, minor)


@nox.session(default=False)  # the tests make the same comparison
def contract(session: nox.Session) -> None:
    """Compare what the package declares with the facts of the API, and count what is covered."""
    session.install("-e", ".")
    session.run("python", "-m", "tools.contract")


@nox.session(default=False)  # the tests tell when there is something to write
def write(session: nox.Session) -> None:
    """Write anew what is made of something else: pages, the fake's facts, the command's table."""
    session.install("-e", ".[testing,redis]", *group("docs"))
    session.env.update(NO_ACCOUNT)
    session.run("python", "-m", "tools.contract.fake_facts")
    session.run("python", "-m", "tools.contract.cli_operations")
    made = ("changelog", "coming_from_ngrok_api", "faults", "first_contact", "testing")
    for page in (*made, "installing"):
        session.run("python", "-m", f"tools.pages.{page}")


@nox.session(default=False)  # needs a file that is not ours
def drift(session: nox.Session) -> None:
    """Compare with an OpenAPI document of ngrok's: `nox -s drift -- FILE [--draft SERVICE]`."""
    session.install("-e", ".", "pyyaml")
    session.run("python", "-m", "tools.contract.drift", *session.posargs)


@nox.session(default=False)  # takes a quarter of an hour
def mutants(session: nox.Session) -> None:
    """Break retries, rate limit and paging on purpose, and count which breaks the tests notice."""
    session.install("-e", ".[testing,redis]", *group("test"))
    session.run("python", "-m", "tools.mutants", *session.posargs)


@nox.session(default=False)  # takes half an hour
def fuzz(session: nox.Session) -> None:
    """Read a million bodies in all ways, and do something to a call at each of its steps.

    The ways must agree, what is told of a call is held against the server's log, and before that
    10,000 hostile texts, as many random conditions and plans of IP rules are tried. At the end
    10,000 simulated agents are restarted, and processes that do so are killed.
    `nox -s fuzz -- --every 10` runs a tenth of the calls.
    """
    session.install("-e", ".[testing,speed]", *group("test"))
    if os.name != "nt":
        session.install("uvloop")
    session.env.update(NO_ACCOUNT)
    drawn = ("tests/test_filters.py", "tests/jobs", "-k", "cel_reads or the_fake_reads or prefix")
    # No test hangs that takes minutes here.
    options = ("--hypothesis-profile=fuzz", "-o", "faulthandler_timeout=0")
    session.run("python", "-m", "pytest", *options, *drawn)
    session.run("python", "-m", "tests.fuzz", *session.posargs)
    session.run("python", "-m", "tests.jobs.simulated_hours")
    session.run("python", "-m", "tests.jobs.simulated_hours")
    session.run("python", "-m", "tests.jobs.fleets", *session.posargs)


@nox.session(default=False)  # takes as long as you say
def soak(session: nox.Session) -> None:
    """Call a failing fake for minutes and see that nothing is lost, doubled or leaked."""
    session.install("-e", ".[testing]")
    session.run("python", "benchmarks/soak.py", *(session.posargs or ["--minutes", "3"]))


@nox.session(default=False)  # wants a quiet machine, for some minutes
def bench(session: nox.Session) -> None:
    """Measure beside raw aiohttp and the official client: `nox -s bench -- --quick`."""
    session.install("-e", ".", *group("bench"))
    session.run("python", "benchmarks/run.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site, warnings being errors, read it, run what it shows, follow its first page."""
    session.install("-e", ".[testing,redis]", *group("docs"))
    session.env.update(NO_ACCOUNT)
    build = ("sphinx-build", "-n", "-W", "--keep-going", "--quiet", "--fresh-env")
    site = Path("docs", "_build", "html").resolve()
    session.run(*build, "-b", "html", "docs", str(site))
    session.run("python", "-m", "tools.pages.crawl", str(site))
    session.run("python", "-m", "pytest", "tests/test_docs.py", "tests/tools/test_crawl.py")
    session.run("python", "-m", "tools.pages.start_here")
    session.run("python", "-m", "tools.pages.guides")
    session.log(f"The site is at {(site / 'index.html').as_uri()}")


@nox.session(python=LOWEST)
def lowest(session: nox.Session) -> None:
    """Run the tests on the oldest dependencies that pyproject.toml allows."""
    pins = session.cache_dir.resolve() / "lowest.txt"
    session.install("uv")  # pip cannot resolve downwards
    session.run(
        *("uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", "--upgrade"),
        *("--all-extras", "--python-version", LOWEST, "--no-header", "--no-annotate"),
        *("--output-file", str(pins), "pyproject.toml"),
        silent=True,
    )
    pinned = {pin.name: pin.specifier for pin in map(Requirement, pins.read_text().splitlines())}
    for dependency in map(Requirement, PROJECT["dependencies"]):
        floor = next(s.version for s in dependency.specifier if s.operator == ">=")
        if floor not in pinned[dependency.name]:
            # The resolver had to go higher: what pyproject.toml promises was never installed.
            session.error(f"{dependency} cannot be had: the lowest is {pinned[dependency.name]}")
    session.install("-e", ".[testing,redis]", *group("test"), "--constraint", str(pins))
    session.env.update(NO_ACCOUNT)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(default=False)  # with a key in the environment, it talks to that account
def quickstart(session: nox.Session) -> None:
    """Run the example of the README: against a fake API, or with $NGROK_API_KEY the real one."""
    session.install("-e", ".[testing,redis]")
    session.run("python", "examples/quickstart.py", *session.posargs)


@nox.session
def examples(session: nox.Session) -> None:
    """Run the programs in `examples` as their users would: as processes, and in a browser."""
    session.install("-e", ".[testing,redis]", *group("examples"))
    session.env.update(NO_ACCOUNT)
    session.run("python", "-m", "pytest", *(session.posargs or ["examples"]))


@nox.session
def build(session: nox.Session) -> None:
    """Build wheel and sdist into `dist/` and check what a user would install."""
    dist = Path("dist").resolve()
    shutil.rmtree(dist, ignore_errors=True)
    session.install(*group("build"))
    session.run("python", "-m", "build", "--sdist", "--wheel", "--outdir", str(dist))
    [wheel], [sdist] = dist.glob("*.whl"), dist.glob("*.tar.gz")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("check-wheel-contents", str(wheel))
    if "ngrok_async/py.typed" not in dict(contents(wheel)):
        session.error("The wheel has no py.typed: type checkers would ignore our types.")
    with tempfile.TemporaryDirectory() as tmp:
        build_from_sdist(session, wheel, sdist, Path(tmp, "sdist"))
        use_alone(session, wheel, Path(tmp, "venv"))
        use_with_pytest(session, wheel, Path(tmp))


def build_from_sdist(session: nox.Session, wheel: Path, sdist: Path, into: Path) -> None:
    """Check that the sdist builds the same wheel."""
    with tarfile.open(sdist) as archive:
        archive.extractall(into, filter="data")
    [source] = into.iterdir()
    session.run("python", "-m", "build", "--wheel", str(source))
    [again] = source.glob("dist/*.whl")
    if difference := contents(wheel) ^ contents(again):
        session.error(f"The wheel built from the sdist differs in {sorted(difference)}")


def use_alone(session: nox.Session, wheel: Path, venv: Path) -> None:
    """Check that the wheel works in an empty environment."""
    python = environment(session, venv, str(wheel))
    # -I: without the work tree on the path, so that only the installed package can be found.
    session.run(python, "-I", "-c", "import ngrok_async as p; print(p.__file__)", external=True)
    # The command, and the table that it needs.
    command = Path(python).with_name("ngrok-async")
    session.run(str(command), "help", "endpoints", "create", external=True, silent=True)


def use_with_pytest(session: nox.Session, wheel: Path, tmp: Path) -> None:
    """Check that pytest finds the plugin of the wheel, and that its page is true there."""
    python = environment(session, tmp / "pytest", f"{wheel}[testing]", "anyio")
    for name in ("tests/testing/test_plugin.py", "docs/testing.md"):  # and nothing else of ours
        (tmp / name).parent.mkdir(parents=True)
        shutil.copy(name, tmp / name)
    with session.chdir(tmp):
        loop = "asyncio_default_fixture_loop_scope=function"  # pytest-asyncio wants to be told
        run = ("-m", "pytest", "-p", "pytester", "-o", loop, "tests")
        session.run(python, *run, external=True, env={**NO_ACCOUNT, "PYTHONPATH": None})


def environment(session: nox.Session, venv: Path, *packages: str) -> str:
    """Make a virtual environment and return its Python."""
    session.run("virtualenv", "--quiet", str(venv))
    python = str(venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    session.run(python, "-m", "pip", "install", "--quiet", *packages, external=True)
    return python
