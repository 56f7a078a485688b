"""The Discord bot: its commands with a stub of an interaction, its watch with agents that leave."""

import asyncio
import logging
import os
import subprocess
import sys
import warnings
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest

from ngrok_async import Client, ClientClosedError, RateLimit
from ngrok_async.testing import FakeNgrok

with warnings.catch_warnings():
    # discord.py imports `audioop`, which Python 3.11 and 3.12 announce to be removed.
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands

    from examples import discord_bot
    from examples.discord_bot import Bot, Watch

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

    async def send(self, content: str, *, suppress_embeds: bool = True) -> None:
        """Take a post, or fail."""
        assert suppress_embeds
        if self.error is not None:
            raise self.error
        self.posts.put_nowait(content)

    def read(self) -> list[str]:
        """Return the lines that were posted since the last time."""
        posts = [self.posts.get_nowait() for _ in range(self.posts.qsize())]
        return "".join(posts).splitlines()


@pytest.fixture
async def fake() -> AsyncGenerator[FakeNgrok]:
    """Serve a fake ngrok without agents; restarts take eight seconds of its clock."""
    async with FakeNgrok(restart_delay=8) as running:
        yield running


@pytest.fixture
def channel() -> Channel:
    """Return a channel for the news."""
    return Channel()


@pytest.fixture
async def bot(fake: FakeNgrok, channel: Channel) -> AsyncGenerator[Bot]:
    """Set a bot up whose watch looks when the test says so."""
    bot = Bot(guild=1, channel=2)
    bot.news = cast("discord.abc.Messageable", channel)
    max_wait = discord_bot.PATIENCE
    async with Client(fake.api_key, base_url=fake.url, max_wait=max_wait, retry=None) as ngrok:
        bot.ngrok = ngrok
        bot.watch = Watch(ngrok, bot.announce)
        yield bot
    await bot.close()


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


async def test_restart_from_choice_to_return(bot: Bot, fake: FakeNgrok, channel: Channel) -> None:
    """Choose by typing, restart, read that it left, and that it is the same when it is back."""
    fake.add_agents(1)
    agent = fake.add_agent(metadata="till 7", os="linux", region="eu")
    before = agent.id
    await bot.watch.step()
    fake.requests.clear()

    interaction = Interaction(bot, fake)
    given = cast("discord.Interaction[Bot]", interaction)
    choices = await discord_bot.matching_agents(given, "TILL")
    assert [("till 7 (linux, eu)", before)] == [(each.name, each.value) for each in choices]
    assert [] == fake.requests  # typing costs nothing

    text = await invoke("restart", interaction, before)
    assert ["deferred after 0 requests", "answered after 1 requests"] == interaction.steps
    assert "**till 7 (linux, eu)** restarts. I shall post when it is back." == text

    await bot.watch.step()
    assert ["\N{LARGE RED CIRCLE} **till 7 (linux, eu)** has left"] == channel.read()
    fake.clock.advance(8)
    await bot.watch.step()
    [post] = channel.read()
    assert f"**till 7 (linux, eu)** restarted or reconnected: {before} is now {agent.id}" in post
    assert before != agent.id


async def test_restart_only_takes_what_was_offered(bot: Bot, fake: FakeNgrok) -> None:
    """Discord lets people type anything; none of it reaches ngrok."""
    fake.add_agents(1)
    await bot.watch.step()
    fake.requests.clear()

    for typed in ("..", "", "../api_keys", "till 7", f"{fake.agents[0].id} "):
        text = await invoke("restart", Interaction(bot, fake), typed)
        assert text.startswith("I know no such agent.")
    assert [] == fake.requests


async def test_restart_of_an_agent_that_is_gone(bot: Bot, fake: FakeNgrok) -> None:
    """It left since the last look."""
    agent = fake.add_agents(1)[0]
    await bot.watch.step()
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
    await bot.watch.step()
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
    await bot.watch.step()
    fake.add_agent(metadata="till 9", os="linux", region="eu")
    await bot.watch.step()
    await bot.watch.step()

    assert ["\N{LARGE GREEN CIRCLE} **till 9 (linux, eu)** has connected"] == channel.read()


async def test_restart_between_two_looks() -> None:
    """An agent that was quick has not left; it has a new id and perhaps a new version."""
    async with (
        FakeNgrok() as quick,
        Client(quick.api_key, base_url=quick.url) as ngrok,
    ):
        agent = quick.add_agent(metadata="till 7", agent_version="3.1.0", os="linux", region="eu")
        twin = quick.add_agent(metadata="till 8", agent_version="3.1.0", os="linux", region="eu")
        channel = Channel()
        watch = Watch(ngrok, channel.send)
        await watch.step()
        before, other = agent.id, twin.id
        await ngrok.tunnel_sessions.update(before)
        await ngrok.tunnel_sessions.restart(before)
        await watch.step()

    [post] = channel.read()
    assert (
        "\N{CLOCKWISE OPEN CIRCLE ARROW} **till 7 (linux, eu)** restarted or reconnected:"
        f" {before} is now {agent.id}, version 3.1.0 → {quick.newest_version}"
    ) == post
    assert {agent.id, other} == set(watch.agents)


@pytest.mark.parametrize(
    ("what", "other"),
    [("credential", "cr_2"), ("metadata", "till 8"), ("ip", "192.0.2.2"), ("os", "darwin")],
)
async def test_another_agent_is_not_taken_for_one_that_left(
    bot: Bot, fake: FakeNgrok, channel: Channel, what: str, other: str
) -> None:
    """It is enough that one of the things that stay with an agent is another."""
    known = {"credential": "cr_1", "metadata": "till 7", "ip": "192.0.2.1", "os": "linux"}
    agent = fake.add_agent(**cast("Any", known))
    await bot.watch.step()
    await bot.ngrok.tunnel_sessions.stop(agent)
    fake.add_agent(**cast("Any", known | {what: other}))
    await bot.watch.step()
    came, left = channel.read()

    assert came.endswith("has connected")
    assert left.endswith("has left")


async def test_agents_that_look_alike_are_counted(
    bot: Bot, fake: FakeNgrok, channel: Channel
) -> None:
    """Of two with everything the same, one left and both are gone: that is two lines, not one."""
    first, second = (
        fake.add_agent(metadata="", credential="cr_1", ip="192.0.2.1", os="linux") for _ in range(2)
    )
    await bot.watch.step()
    for agent in (first, second):
        await bot.ngrok.tunnel_sessions.restart(agent)
    await bot.watch.step()
    assert 2 == len(channel.read())
    fake.clock.advance(8)
    await bot.watch.step()

    posts = channel.read()
    assert 2 == len(posts)
    assert all("restarted or reconnected" in post for post in posts)


async def test_share_of_the_budget(fake: FakeNgrok) -> None:
    """Twice as many pages are asked for half as often."""
    async with Client(fake.api_key, base_url=fake.url) as ngrok:
        watch = Watch(ngrok, Channel().send, pace=5)
        assert 5 == await watch.step()
        fake.add_agents(150)
        fake.requests.clear()

        assert 10 == await watch.step()
        assert 2 == len(fake.requests)


async def test_trouble_slows_the_watch_down(
    bot: Bot, fake: FakeNgrok, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    """Each failed look doubles the pause; one that works ends that, and nothing was missed."""
    agent = fake.add_agents(1)[0]
    await bot.watch.step()
    await bot.ngrok.tunnel_sessions.stop(agent)
    fake.fail(503, times=10)
    pauses = [await bot.watch.step() for _ in range(10)]

    assert [10, 20, 40, 80, 160, 300, 300, 300, 300, 300] == pauses
    assert 10 == len(caplog.messages)
    assert "Next look in 10 s: HTTP 503" in caplog.messages[0]
    assert "Traceback" not in caplog.text
    assert [] == channel.read()
    assert 5 == await bot.watch.step()
    assert 1 == len(channel.read())
    fake.fail(503)
    assert 10 == await bot.watch.step()


async def test_watch_waits_as_long_as_ngrok_says(bot: Bot, fake: FakeNgrok) -> None:
    """After a 429 it looks again when it may, and not earlier."""
    fake.fail(429, code="ERR_NGROK_226", headers={"Retry-After": "50"})

    assert 50 == await bot.watch.step()
    assert 45 < await bot.watch.step() <= 100
    assert 1 == len(fake.requests)


async def test_people_go_before_the_watch(fake: FakeNgrok) -> None:
    """Where the budget is used up, it does not stand in the line."""
    limiter = RateLimit(1, 60)
    async with Client(fake.api_key, base_url=fake.url, limiter=limiter) as ngrok:
        watch = Watch(ngrok, Channel().send)
        await watch.step()
        async with asyncio.timeout(30):  # in the line it would be there for a minute
            assert 50 < await watch.step() <= 60

    assert 1 == len(fake.requests)


async def test_news_are_kept_while_discord_is_away(
    bot: Bot, fake: FakeNgrok, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    """A post that failed comes with the next look."""
    await bot.watch.step()
    fake.add_agents(1)
    channel.error = OSError("Discord is away")
    assert 10 == await bot.watch.step()
    assert [] == channel.read()
    channel.error = None
    fake.add_agents(1)
    assert 5 == await bot.watch.step()

    assert 2 == len(channel.read())
    assert "Discord is away" in caplog.text


async def test_watch_goes_on_by_itself(fake: FakeNgrok, channel: Channel) -> None:
    """A failure in between does not end it."""
    async with Client(fake.api_key, base_url=fake.url, retry=None) as ngrok:
        watch = Watch(ngrok, channel.send, pace=0.001)
        running = asyncio.create_task(watch.run())
        await fake.wait_for_requests(2)
        fake.fail(500)
        agent = fake.add_agent(metadata="till 7")
        async with asyncio.timeout(20):
            came = await channel.posts.get()
            await ngrok.tunnel_sessions.stop(agent)
            left = await channel.posts.get()
        await discord_bot.end(running)

    assert ("has connected" in came, "has left" in left) == (True, True)
    assert running.cancelled()


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
