"""How long the command takes to say something: `python benchmarks/start_up.py [NAME=COMMAND ...]`.

Each round starts every program once, in random order, and takes the time until its first line is
there; so a slow second of the machine meets all of them. Give further programs to compare, such
as `httpie='http --help'`. Medians, and what they are of `python -c pass`, go to standard output.
"""

import json
import os
import random
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

ROUNDS: Final = 21
_BARE: Final = "python -c pass"
_HERE: Final = os.path.dirname(sys.executable)  # noqa: PTH120 # of one name


def programs(others: Sequence[str]) -> dict[str, list[str]]:
    """Return what to start, by the name to show."""
    command = f"{_HERE}/ngrok-async"
    python = [sys.executable, "-c"]
    said = "; print()"
    return {
        _BARE: [*python, "pass" + said],
        "import argparse": [*python, "import argparse" + said],
        "ngrok-async --help": [command, "--help"],
        "ngrok-async help endpoints list": [command, "help", "endpoints", "list"],
        "completion of a word": [command, "__complete", "bash", "endpoints", "create", "--p"],
        "import aiohttp": [*python, "import aiohttp" + said],
        "first row of a list": [command, "tunnel-sessions", "list", "-o", "id"],
        "first row of a table": [command, "tunnel-sessions", "list", "--limit", "10"],
        **{name: shlex.split(line) for name, _, line in (other.partition("=") for other in others)},
    }


def until_first_line(words: Sequence[str]) -> float:
    """Start a program and return the seconds until its first line."""
    begin = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603 # ours, and what the caller named
        if process.stdout is None or not process.stdout.readline():
            raise RuntimeError(f"{shlex.join(words)} said nothing")
        seconds = time.perf_counter() - begin
        process.communicate()
    return seconds


def measure(what: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
    """Return the seconds of each program in each round; the first round warms up."""
    taken: dict[str, list[float]] = {name: [] for name in what}
    for number in range(-1, ROUNDS):
        for name in random.sample(list(what), len(what)):
            seconds = until_first_line(what[name])
            if number >= 0:
                taken[name].append(seconds)
    return taken


def main() -> None:
    """Serve a fake with agents, measure beside it, and print a table."""
    fake = [sys.executable, "-m", "ngrok_async.testing", "--agents", "200", "--limit", "0"]
    with subprocess.Popen(fake, stdout=subprocess.PIPE) as server:  # noqa: S603 # our own
        assert server.stdout is not None  # noqa: S101 # it is a pipe
        served = json.loads(server.stdout.readline())
        os.environ |= {"NGROK_API_URL": served["url"], "NGROK_API_KEY": served["api_key"]}
        try:
            taken = measure(programs(sys.argv[1:]))
        finally:
            server.terminate()
    for name, seconds in taken.items():
        pairs = zip(seconds, taken[_BARE], strict=True)
        ratio = statistics.median(one / bare for one, bare in pairs)
        print(f"{name:34} {statistics.median(seconds) * 1000:7.1f} ms  {ratio:5.1f}")


if __name__ == "__main__":
    main()
