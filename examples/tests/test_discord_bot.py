"""The Discord bot: its commands with a stub of an interaction, its watch with agents that leave."""

import asyncio
import logging
import math
import os
import subprocess
import sys
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from ngrok_async import Client, ClientClosedError, RateLimit
from ngrok_async.jobs import Synced, watch
from ngrok_async.testing import FakeNgrok

with warnings.catch_warnings():
    # discord.py imports `audioop`, which Python 3.11 and 3.12 announce to be removed.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands

    from examples import discord_bot
    from examples.discord_bot import Bot

# discord.py 2.7 calls `re.sub` in a way that Python 3.13 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:'count' is passed as pos:DeprecationWarning")

PROGRAM = Path(discord_bot.__file__)


class Interaction:
    """What a command sees of Discord: it answers, and we note in which order what happened."""

    def __init__(self, bot: Bot, fake: FakeNgrok) -> None:
        """Nothing has been answered."""
        self.client = bot
        self.response = self.followup = self  # enough for us, since no names clash
        self.steps: list[str] = []
        self.sent: list[str] = []
        self._fake = fake

    async def defer(self, *, ephemeral: bool, thinking: bool) -> None:
        """Take the sign of life."""
        assert ephemeral
        assert thinking
        self.steps.append(f"deferred after {len(self._fake.requests)} requests")

    def is_done(self) -> bool:
        """Tell whether there was one."""
        return bool(self.steps)

    async def send(self, content: str, *, ephemeral: bool, suppress_embeds: bool = False) -> None:
        """Take the answer."""
        assert ephemeral
        del suppress_embeds
        self.steps.append(f"answered after {len(self._fake.requests)} requests")
        self.sent.append(content)


class Channel:
    """Where the news go."""

    def __init__(self) -> None:
        """Begin empty."""
        self.posts: asyncio.Queue[str] = asyncio.Queue()
        self.error: Exception | None = None
        self.refused = asyncio.Event()

    async def send(self, content: str, *, suppress_embeds: bool = True) -> None:
        """Take a post, or fail."""
        assert suppress_embeds
        if self.error is not None:
            self.refused.set()
            raise self.error
        self.posts.put_nowait(content)

    async def read(self) -> list[str]:
        """Return the lines of the next post."""
        async with asyncio.timeout(20):
            return (await self.posts.get()).splitlines()


@pytest.fixture
async def fake() -> AsyncGenerator[FakeNgrok]:
    """Serve a fake ngrok without agents or limit; restarts take eight seconds of its clock."""
    async with FakeNgrok(limit=None, restart_delay=8) as running:
        yield running


@pytest.fixture
def channel() -> Channel:
    """Return a channel for the news."""
    return Channel()


@pytest.fixture
async def bot(fake: FakeNgrok, channel: Channel) -> AsyncGenerator[Bot]:
    """Set a bot up that has not looked yet, and may look often."""
    bot = Bot(guild=1, channel=2)
    bot.news = cast("discord.abc.Messageable", channel)
    client = Client(
        fake.api_key,
        base_url=fake.url,
        max_wait=discord_bot.PATIENCE,
        retry=None,
        limiter=RateLimit(60_000),
    )
    async with client as ngrok:
        bot.ngrok = ngrok
        bot.agents = watch(ngrok.tunnel_sessions)
        yield bot
    await bot.close()


async def look(bot: Bot) -> None:
    """Look until all agents are known, and tell nothing."""
    async for notice in bot.agents:
        if isinstance(notice, Synced):
            break


@asynccontextmanager
async def following(bot: Bot) -> AsyncGenerator[None]:
    """Look once, and then post what happens in the block."""
    await look(bot)
    task = asyncio.create_task(discord_bot.follow(bot.agents, bot.announce, quiet=0.05))
    yield
    await discord_bot.end(task)
    assert task.cancelled()


async def invoke(name: str, interaction: Interaction, *options: str) -> str:
    """Do what discord.py does when somebody uses a command; return the last answer."""
    bot, given = interaction.client, cast("discord.Interaction[Bot]", interaction)
    command = bot.tree.get_command(name, guild=bot.guild)
    assert isinstance(command, app_commands.Command)
    callback = cast("Any", command.callback)
    try:
        await callback(given, *options)
    except Exception as error:  # noqa: BLE001 # as discord.py does
        await bot.tree.on_error(given, app_commands.CommandInvokeError(command, error))
    return interaction.sent[-1]


# --- commands ------------------------------------------------------------------------------------


async def test_tunnels_are_listed_after_the_defer(bot: Bot, fake: FakeNgrok) -> None:
    """Discord hears from us before ngrok does, and one request is enough."""
    agent = fake.add_agent(tunnels=0)
    fake.add_tunnel(agent, public_url="https://shop.ngrok.app", forwards_to="http://localhost:80")
    interaction = Interaction(bot, fake)
    text = await invoke("tunnels", interaction)

    assert ["deferred after 0 requests", "answered after 1 requests"] == interaction.steps
    assert "https://shop.ngrok.app → http://localhost:80\n" == text


async def test_no_tunnels(bot: Bot, fake: FakeNgrok) -> None:
    """An empty message would be refused by Discord."""
    assert "No tunnels are online." == await invoke("tunnels", Interaction(bot, fake))


async def test_many_tunnels_fit_into_a_message(bot: Bot, fake: FakeNgrok) -> None:
    """Discord takes 2,000 characters; the rest is counted."""
    agent = fake.add_agent(tunnels=0)
    for number in range(90):
        fake.add_tunnel(agent, forwards_to=f"http://localhost:{8000 + number}")
    text = await invoke("tunnels", Interaction(bot, fake))
    *shown, last = text.splitlines()

    assert len(text) <= 2000
    assert f"... and {90 - len(shown)} more" == last


async def test_restart_from_choice_to_answer(bot: Bot, fake: FakeNgrok) -> None:
    """Choose by typing, restart, and read what comes next."""
    fake.add_agents(1)
    agent = fake.add_agent(metadata="till 7", os="linux", region="eu")
    before = agent.id
    await look(bot)
    fake.requests.clear()

    interaction = Interaction(bot, fake)
    given = cast("discord.Interaction[Bot]", interaction)
    choices = await discord_bot.matching_agents(given, "TILL")
    assert [("till 7 (linux, eu)", before)] == [(each.name, each.value) for each in choices]
    assert [] == fake.requests  # typing costs nothing

    text = await invoke("restart", interaction, before)
    assert ["deferred after 0 requests", "answered after 1 requests"] == interaction.steps
    assert "**till 7 (linux, eu)** restarts. I shall post when it is back." == text


async def test_restart_only_takes_what_was_offered(bot: Bot, fake: FakeNgrok) -> None:
    """Discord lets people type anything; none of it reaches ngrok."""
    fake.add_agents(1)
    await look(bot)
    fake.requests.clear()

    for typed in ("..", "", "../api_keys", "till 7", f"{fake.agents[0].id} "):
        text = await invoke("restart", Interaction(bot, fake), typed)
        assert text.startswith("I know no such agent.")
    assert [] == fake.requests


async def test_restart_of_an_agent_that_is_gone(bot: Bot, fake: FakeNgrok) -> None:
    """It left since the last look."""
    agent = fake.add_agents(1)[0]
    await look(bot)
    before = agent.id
    await bot.ngrok.tunnel_sessions.stop(before)

    assert (await invoke("restart", Interaction(bot, fake), before)).startswith(
        "ngrok does not know this agent any more"
    )


async def test_used_up_budget_is_told_in_seconds(bot: Bot, fake: FakeNgrok) -> None:
    """Nobody waits half a minute before an empty answer: it says when to come back."""
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "30"})
    first = await invoke("tunnels", Interaction(bot, fake))
    interaction = Interaction(bot, fake)
    second = await invoke("tunnels", interaction)

    assert "Our ngrok budget is used up for now. Please try again in 30 s." == first
    assert second.startswith("Our ngrok budget is used up for now. Please try again in ")
    assert ["deferred after 1 requests", "answered after 1 requests"] == interaction.steps


async def test_failure_shows_no_key(
    bot: Bot, fake: FakeNgrok, caplog: pytest.LogCaptureFixture
) -> None:
    """People get our words and the operation id; the log gets ngrok's without the key."""
    fake.fail(401, code="ERR_NGROK_206", message=f"Your credential: {fake.api_key}")
    text = await invoke("tunnels", Interaction(bot, fake))

    assert text.startswith("That did not work; my log has the reason. (ngrok's operation op")
    assert "ERR_NGROK_206" in caplog.text
    assert fake.api_key not in text + caplog.text


async def test_unclear_restart_is_told(bot: Bot, fake: FakeNgrok) -> None:
    """Nobody should press the button again without a look."""
    agent = fake.add_agents(1)[0]
    await look(bot)
    fake.fail(drop=True, applied=True, route="POST")
    text = await invoke("restart", Interaction(bot, fake), agent.id)

    assert "It may have happened all the same: look before you try again." in text


async def test_late_interaction_is_not_answered(
    bot: Bot, fake: FakeNgrok, caplog: pytest.LogCaptureFixture
) -> None:
    """If even the defer failed there is nothing to follow up, only to log."""
    interaction = Interaction(bot, fake)
    error = app_commands.AppCommandError("Discord is away")
    await bot.tree.on_error(cast("discord.Interaction[Bot]", interaction), error)

    assert [] == interaction.sent
    assert "Discord is away" in caplog.text


def test_who_may_do_what() -> None:
    """Discord is told: this guild only, and restarts only for those who manage it."""
    bot = Bot(guild=1, channel=2)
    guild = discord.Object(1)

    assert [] == bot.tree.get_commands()
    commands = {each.name: each.to_dict(bot.tree) for each in bot.tree.get_commands(guild=guild)}
    assert {"tunnels", "restart"} == set(commands)
    assert commands["restart"]["default_member_permissions"] == (
        discord.Permissions(manage_guild=True).value
    )
    assert [{"dm_permission": False}] * 2 == [
        {"dm_permission": each["dm_permission"]} for each in commands.values()
    ]
    assert commands["restart"]["options"][0]["autocomplete"]


def test_nobody_is_pinged() -> None:
    """Whatever texts hold, Discord is told to mention nobody."""
    mentions = Bot(guild=1, channel=2).allowed_mentions

    assert mentions is not None
    assert {"parse": []} == mentions.to_dict()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** `code`", r"\*\*bold\*\* \`code\`"),
        ("[click](https://bad.example)", r"\[click](https://bad.example)"),
        ("two\n# lines", "two # lines"),
        ("@everyone <@12345678901234567>", "@\u200beveryone <@\u200b12345678901234567>"),
        ("https://bad.example/_x_", r"https://bad.example/\_x\_"),
        ("x" * 4096, "x" * 100),
    ],
    ids=["markdown", "masked link", "heading on a new line", "mentions", "link", "endless"],
)
def test_texts_of_agents_are_shown_as_they_are(text: str, shown: str) -> None:
    """What an agent's configuration says is neither formatted nor a mention."""
    assert shown == discord_bot.plain(text)


# --- the watch -----------------------------------------------------------------------------------


async def test_first_look_is_no_news(bot: Bot, fake: FakeNgrok, channel: Channel) -> None:
    """Who was there when the bot started has not come."""
    fake.add_agents(2)
    async with following(bot):
        fake.add_agent(metadata="till 9", os="linux", region="eu")

        assert ["\N{LARGE GREEN CIRCLE} **till 9 (linux, eu)** has connected"] == (
            await channel.read()
        )


async def test_a_quick_restart(bot: Bot, fake: FakeNgrok, channel: Channel) -> None:
    """An agent that was quick has not left; it has a new id and perhaps a new version."""
    agent = fake.add_agent(
        metadata="till 7", agent_version="3.1.0", os="linux", region="eu", restart_delay=0
    )
    fake.add_agent(metadata="till 8", agent_version="3.1.0", os="linux", region="eu")
    async with following(bot):
        before = agent.id
        await bot.ngrok.tunnel_sessions.update(before)
        await bot.ngrok.tunnel_sessions.restart(before)
        [post] = await channel.read()

    assert (
        "\N{CLOCKWISE OPEN CIRCLE ARROW} **till 7 (linux, eu)** restarted or reconnected:"
        f" {before} is now {agent.id}, version 3.1.0 → {fake.newest_version}"
    ) == post


async def test_a_slow_restart(bot: Bot, fake: FakeNgrok, channel: Channel) -> None:
    """An agent that is away for a while has left, and connects when it is back."""
    agent = fake.add_agent(metadata="till 7", os="linux", region="eu")
    async with following(bot):
        await bot.ngrok.tunnel_sessions.restart(agent)
        assert ["\N{LARGE RED CIRCLE} **till 7 (linux, eu)** has left"] == await channel.read()
        fake.clock.advance(8)

        assert ["\N{LARGE GREEN CIRCLE} **till 7 (linux, eu)** has connected"] == (
            await channel.read()
        )


async def test_news_that_come_together_are_one_message(
    bot: Bot, fake: FakeNgrok, channel: Channel
) -> None:
    """Discord takes few messages in a row, and people read fewer."""
    agents = fake.add_agents(5)
    async with following(bot):
        for agent in agents:
            fake.drop(agent, back_after=math.inf)

        assert 5 == len(await channel.read())


async def test_trouble_is_for_the_log(
    bot: Bot, fake: FakeNgrok, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    """A look that fails is no news, and nothing is missed by it."""
    agent = fake.add_agent()
    async with following(bot):
        fake.fail(503, times=2)
        fake.drop(agent, back_after=math.inf)
        [post] = await channel.read()

    assert post.endswith("has left")
    assert "Look 2 in a row has failed: HTTP 503" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_refused_key_does_not_end_the_bot(
    bot: Bot,
    fake: FakeNgrok,
    channel: Channel,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What time alone does not mend is looked at seldom, and somebody may mend it."""
    monkeypatch.setattr(discord_bot, "LONGEST_PAUSE", 0.05)
    async with following(bot):
        fake.fail(403, code="ERR_NGROK_203", message=f"Your credential: {fake.api_key}")
        await fake.wait_for_requests(len(fake.requests) + 2)
        fake.add_agent()
        [post] = await channel.read()

    assert post.endswith("has connected")
    assert "Next look in 0 s: HTTP 403" in caplog.text
    assert fake.api_key not in caplog.text


async def test_people_go_before_the_watch(fake: FakeNgrok) -> None:
    """Where the budget is used up, it does not stand in the line."""
    limiter = RateLimit(1, 60)
    async with Client(fake.api_key, base_url=fake.url, limiter=limiter) as ngrok:
        await ngrok.tunnels.list()
        first = asyncio.create_task(anext(watch(ngrok.tunnel_sessions)))
        await asyncio.sleep(0.01)

        assert 0 == (ngrok.budget and ngrok.budget.waiting)
        assert not first.done()
        await discord_bot.end(cast("asyncio.Task[None]", first))


async def test_news_are_kept_while_discord_is_away(
    bot: Bot, fake: FakeNgrok, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    """What could not be posted comes with the next message."""
    async with following(bot):
        channel.error = OSError("Discord is away")
        fake.add_agent()
        async with asyncio.timeout(20):
            await channel.refused.wait()
        fake.add_agent()
        channel.error = None
        lines = await channel.read()
        if len(lines) < 2:  # the second was seen later
            lines += await channel.read()

    assert 2 == len(lines)
    assert "Next try to post in" in caplog.text


# --- start and end -------------------------------------------------------------------------------


async def test_opens_in_setup_hook_and_closes_in_close(
    fake: FakeNgrok, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client and the watch live as long as the bot; the guild gets its commands."""
    monkeypatch.setenv("NGROK_API_KEY", fake.api_key)
    monkeypatch.setenv("NGROK_API_URL", fake.url)
    bot = Bot(guild=1, channel=2)
    synced: list[object] = []

    async def sync(*, guild: object) -> None:
        synced.append(guild)

    monkeypatch.setattr(bot.tree, "sync", sync)
    bot.news = cast("discord.abc.Messageable", channel)
    tasks = asyncio.all_tasks()
    await bot.setup_hook()
    await fake.wait_for_requests(1)
    assert fake.url == bot.ngrok.base_url
    await bot.close()

    assert [bot.guild] == synced
    assert tasks == asyncio.all_tasks()
    with pytest.raises(ClientClosedError):
        await bot.ngrok.tunnels.list()
    await bot.close()


async def test_without_a_key_there_is_a_fake(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever has no account can try the bot all the same."""
    caplog.set_level(logging.WARNING)
    monkeypatch.delenv("NGROK_API_KEY", raising=False)
    monkeypatch.delenv("NGROK_API_URL", raising=False)
    async with discord_bot.open_ngrok() as ngrok:
        assert 3 == len(await ngrok.tunnel_sessions.list().collect())

    assert "a fake ngrok" in caplog.text


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"DISCORD_TOKEN": "tok" + "en.1"},
        {"DISCORD_TOKEN": "tok" + "en.1", "DISCORD_GUILD": "x"},
    ],
    ids=["nothing", "only the token", "a guild that is no number"],
)
def test_says_what_to_set(settings: dict[str, str]) -> None:
    """It ends with 2, and says what is needed without saying what was given."""
    names = ("DISCORD_TOKEN", "DISCORD_GUILD", "DISCORD_CHANNEL")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        env=environment | settings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert all(name in done.stderr for name in names)
    assert "token.1" not in done.stderr
    assert "Traceback" not in done.stderr
