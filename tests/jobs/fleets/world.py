"""Fleets of a fake on a turned clock: what they are, what happens to them, and who is who."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Awaitable, Iterable, Mapping
from contextlib import suppress
from typing import Final, Literal, TypeAlias, TypeVar, get_args

from ngrok_async import Client, Timeout
from ngrok_async.testing import Agent, FakeNgrok, TurnableClock

T = TypeVar("T")
Kind: TypeAlias = Literal["own metadata", "own address", "NAT, random URLs", "NAT, fixed URLs"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
OLD: Final = "3.18.4"
NEW: Final = "3.39.0"

_SYSTEMS: Final = ("linux", "darwin", "freebsd")
_NEVER_BACK: Final = 0.03
_NEWS_EVERY: Final = 40.0
_TAKEN: Final = 204


class World:
    """A fleet whose agents lose their connection, move, and get company, as dice say.

    Agents come in three groups. In the first kind of fleet each agent has metadata of its own. In
    the others those of a group look alike: each comes from an address of its own, or half of them
    from one address.

    Attributes:
        agents: Those that the rollout is for.
        told: What happened that no command was the reason of, by what it was.
    """

    def __init__(self, fake: FakeNgrok, kind: Kind, seed: int, size: int) -> None:
        """Connect the fleet."""
        self.fake = fake
        self.told = {"flaps": 0, "moves": 0, "strangers": 0}
        self._kind = kind
        self._dice = random.Random(f"{kind} {seed}")  # noqa: S311 # no secret
        self._number = 0
        self._is_over = False
        fake.newest_version = NEW
        self.agents = tuple(self._connect(number % len(_SYSTEMS)) for number in range(size))

    def _connect(self, group: int) -> Agent:
        self._number += 1
        number, dice = self._number, self._dice
        behind_nat = self._kind.startswith("NAT") and number // len(_SYSTEMS) % 2
        own = self._kind == "own metadata"
        never = dice.random() < _NEVER_BACK
        fixed = self._kind == "NAT, fixed URLs"
        agent = self.fake.add_agent(
            agent_version=OLD,
            credential=f"cr_{group}",
            os=_SYSTEMS[group],
            metadata=f"till {number}" if own else "store",
            ip=f"203.0.113.{group}" if behind_nat else self._address(),
            stop_delay=dice.uniform(0, 4),
            restart_delay=math.inf if never else dice.uniform(2, 45),
            update_delay=dice.uniform(2, 10),
            tunnels=0 if fixed else 1,
        )
        if fixed:
            host = f"till-{number}.example.com"
            self.fake.add("/reserved_domains", domain=host)
            self.fake.add_tunnel(agent, public_url=f"https://{host}")
        return agent

    def _address(self) -> str:
        return f"198.51.{self._dice.randrange(256)}.{self._dice.randrange(256)}"

    def live(self) -> None:
        """Let things happen by themselves from now on."""
        after = self._dice.expovariate(1 / _NEWS_EVERY)
        self.fake.clock.call_at(self.fake.clock.time() + after, self._happen)

    def end(self) -> None:
        """Let nothing happen any more."""
        self._is_over = True

    def _happen(self) -> None:
        if self._is_over:
            return
        dice = self._dice
        if dice.random() < 0.3:
            self._connect(dice.randrange(len(_SYSTEMS)))
            self.told["strangers"] += 1
        else:
            agent = dice.choice(self.fake.agents)
            if dice.random() < 0.2 and not agent.ip.startswith("203."):
                agent.ip = self._address()
                self.told["moves"] += 1
            with suppress(ValueError):  # it is away already, or about to leave
                self.fake.drop(agent, back_after=dice.uniform(0, 90))
                self.told["flaps"] += 1
        self.live()


def owners(fake: FakeNgrok) -> Mapping[str, Agent]:
    """Return whose session each id is or was."""
    return {id_: agent for agent in fake.agents for id_ in agent.ids}


def wrong(fake: FakeNgrok, matches: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return those pairs of an old and a new session that are not of one agent, one by one."""
    owner = owners(fake)
    return [
        (old, new)
        for old, new in matches
        if owner[old] is not owner[new] or owner[old].ids.index(old) >= owner[old].ids.index(new)
    ]


def commands(fake: FakeNgrok, verb: str) -> dict[str, int]:
    """Count the commands of one kind that were sent, by the id of the session."""
    counts: dict[str, int] = {}
    for request in fake.requests:
        *_, id_, last = request.path.split("/")
        if request.method == "POST" and last == verb:
            counts[id_] = counts.get(id_, 0) + 1
    return counts


def taken(fake: FakeNgrok, verb: str) -> Counter[Agent]:
    """Count the commands of one kind that agents have taken, whatever their ids were."""
    owner = owners(fake)
    ids = (
        request.path.split("/")[-2]
        for request in fake.requests
        if request.method == "POST"
        and request.path.endswith(f"/{verb}")
        and request.status == _TAKEN
    )
    return Counter(owner[id_] for id_ in ids)


def served(*, limit: int | None = 120, agents: int = 0) -> FakeNgrok:
    """Return a fake on a clock that stands still."""
    return FakeNgrok(limit=limit, agents=agents, clock=TurnableClock(running=False))


def client_of(fake: FakeNgrok) -> Client:
    """Return a patient client by the clock of the fake."""
    patient = Timeout(total=None)
    return Client(fake.api_key, base_url=fake.url, clock=fake.clock, timeout=patient)


async def turned(fake: FakeNgrok, clients: Iterable[Client], work: Awaitable[T]) -> T:
    """Turn the clock on to whatever is waited for, until the work is done."""
    task = asyncio.ensure_future(work)
    everyone = list(clients)
    while not task.done():
        for _ in range(20):  # steps between two requests
            await asyncio.sleep(0)
        budgets = [client.budget for client in everyone]  # what each is at the moment
        busy = any(budget is not None and budget.in_flight for budget in budgets)
        due = fake.clock.next_due
        if due is not None and not busy:
            fake.clock.advance(max(0.0, due - fake.clock.time()))
    return await task
