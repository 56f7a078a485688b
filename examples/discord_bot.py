"""A Discord bot that lists tunnels, restarts agents, and posts when one leaves or comes back.

    DISCORD_TOKEN=... DISCORD_GUILD=... DISCORD_CHANNEL=... NGROK_API_KEY=... \
        python examples/discord_bot.py

It needs discord.py 2.4 or newer. The token comes from https://discord.com/developers/applications;
invite the bot with the scopes `bot` and `applications.commands`. Its commands, /tunnels and
/restart, exist in that one guild: who invites it to another gets none. Its posts go to the channel.
Without NGROK_API_KEY it has the agents of a fake ngrok inside this process.
"""

import asyncio
import logging
import math
import os
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import discord
from discord import app_commands

from ngrok_async import Client, NgrokError, NotFoundError, RateLimitedError, Timeout
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok

# How many seconds a command waits for the rate limit before it tells how long it would be.
PATIENCE = 2.0
# Seconds between two pages that the watch asks for: 12 a minute are a tenth of the budget.
PACE = 5.0
LONGEST_PAUSE = 300.0
# Of the 2,000 characters of a message, so that a last line fits as well.
FITS = 1900

USAGE = """\
Set DISCORD_TOKEN to the token of your bot (https://discord.com/developers/applications), and
DISCORD_GUILD and DISCORD_CHANNEL to the numbers of the guild that may use it and of the channel for
its news: Discord copies them from the context menu once its developer mode is on."""

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_ngrok() -> AsyncGenerator[Client]:
    """Open a client of your account or, where there is no key, of a fake with three agents."""
    async with AsyncExitStack() as stack:
        key, url = os.environ.get("NGROK_API_KEY"), None
        if not key:
            fake = await stack.enter_async_context(FakeNgrok(agents=3, restart_delay=8))
            key, url = fake.api_key, fake.url
            log.warning("No NGROK_API_KEY: these are the agents of a fake ngrok")
        client = Client(key, base_url=url, max_wait=PATIENCE, timeout=Timeout(total=30))
        yield await stack.enter_async_context(client)


class Watch:
    """Looks at the agents again and again, and tells who left, came or came back.

    Attributes:
        agents: Who was connected at the last look, by id.
    """

    def __init__(
        self, ngrok: Client, tell: Callable[[str], Awaitable[object]], *, pace: float = PACE
    ) -> None:
        """Look at nothing yet; `pace` is the pause after a look, in seconds for each page."""
        self.agents: Mapping[str, TunnelSession] = {}
        self._ngrok = ngrok.with_options(max_wait=0)  # people go first
        self._tell = tell
        self._pace = self._pause = pace
        self._looked = False
        self._gone: list[TunnelSession] = []
        self._news: deque[str] = deque(maxlen=500)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            pause = await self.step()
            await asyncio.sleep(pause)

    async def step(self) -> float:
        """Look once and tell the news; return the seconds until the next look."""
        try:
            pages = await self._look()
            if self._news:
                await self._tell(message(self._news))
                self._news.clear()
        except Exception as error:  # whatever it is, the watch goes on
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            if isinstance(error, RateLimitedError):
                self._pause = max(self._pause, error.retry_after or 0)
            ours = isinstance(error, NgrokError)  # whose text says it all
            log.warning("Next look in %.0f s: %s", self._pause, error, exc_info=not ours)
            return self._pause
        self._pause = self._pace
        return self._pace * pages

    async def _look(self) -> int:
        pages, now = 0, dict[str, TunnelSession]()
        async for page in self._ngrok.tunnel_sessions.list().pages():
            pages += 1
            now.update((agent.id, agent) for agent in page.items)
        if self._looked:
            self._news.extend(self._compare(now))
        self.agents, self._looked = now, True
        return pages

    def _compare(self, now: Mapping[str, TunnelSession]) -> Iterator[str]:
        left = [agent for agent in self.agents.values() if agent.id not in now]
        gone = [*self._gone, *left]
        for agent in now.values():
            if agent.id in self.agents:
                continue
            before = next((old for old in gone if identity(old) == identity(agent)), None)
            if before is None:
                yield f"\N{LARGE GREEN CIRCLE} {describe(agent)} has connected"
            else:
                gone.remove(before)
                versions = dict.fromkeys([before.agent_version, agent.agent_version])
                yield (
                    f"\N{CLOCKWISE OPEN CIRCLE ARROW} {describe(agent)} restarted or reconnected:"
                    f" {before.id} is now {agent.id}, version {plain(' → '.join(versions))}"
                )
        for agent in left:
            if agent in gone:
                yield f"\N{LARGE RED CIRCLE} {describe(agent)} has left"
        self._gone = gone[-500:]


def identity(agent: TunnelSession) -> tuple[str, ...]:
    """Return what tells agents apart; their ids change when they connect anew."""
    return (agent.credential.id, agent.metadata, agent.ip, agent.os)


def label(agent: TunnelSession) -> str:
    """Return a line that a person knows the agent by."""
    return " ".join(f"{agent.metadata or agent.ip} ({agent.os}, {agent.region})".split())


def describe(agent: TunnelSession) -> str:
    """Return the label for a message."""
    return f"**{plain(label(agent))}**"


def plain(text: str) -> str:
    """Return a text from elsewhere as one line that Discord shows as it is."""
    line = " ".join(text.split())[:100]
    escaped = discord.utils.escape_markdown(line, ignore_links=False)
    return discord.utils.escape_mentions(escaped)


def message(lines: Sequence[str]) -> str:
    """Join as many lines as Discord takes in one message, and count the others."""
    text = ""
    for number, line in enumerate(lines):
        if len(text) + len(line) > FITS:
            return f"{text}... and {len(lines) - number} more"
        text += f"{line}\n"
    return text


def explain(error: Exception) -> str:
    """Return what to tell a person; texts of ngrok's and of Python's are for the log."""
    if isinstance(error, RateLimitedError):
        when = "" if error.retry_after is None else f" in {math.ceil(error.retry_after)} s"
        return f"Our ngrok budget is used up for now. Please try again{when}."
    if isinstance(error, NotFoundError):
        return "ngrok does not know this agent any more; it may have come back under another id."
    text = "That did not work; my log has the reason."
    if isinstance(error, NgrokError) and error.maybe_applied:
        text += " It may have happened all the same: look before you try again."
    if isinstance(error, NgrokError) and error.operation_id:
        text += f" (ngrok's operation {plain(error.operation_id)})"
    return text


class Tree(app_commands.CommandTree["Bot"]):
    """The commands, and what is said when one fails."""

    async def on_error(
        self, interaction: discord.Interaction["Bot"], error: app_commands.AppCommandError
    ) -> None:
        """Log the error and answer in words."""
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        log.error("A command failed: %s", cause, exc_info=not isinstance(cause, NgrokError))
        if interaction.response.is_done():  # else it is too late for an answer
            await interaction.followup.send(explain(cause), ephemeral=True)


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task, and wait until it is done."""
    task.cancel()
    await asyncio.wait([task])


class Bot(discord.Client):
    """The bot; it opens the ngrok client when it starts, and closes it when it ends."""

    ngrok: Client
    watch: Watch

    def __init__(self, guild: int, channel: int) -> None:
        """Set up; nothing is opened yet. Its messages never ping anybody."""
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.news: discord.abc.Messageable = self.get_partial_messageable(channel)
        self.guild = discord.Object(guild)
        self.tree = Tree(self)
        self.tree.add_command(tunnels, guild=self.guild)  # pyright: ignore[reportUnknownArgumentType] # discord.py leaves the type of its group open
        self.tree.add_command(restart, guild=self.guild)  # pyright: ignore[reportUnknownArgumentType] # as above
        self._stack = AsyncExitStack()

    async def setup_hook(self) -> None:
        """Open what lives as long as the bot; discord.py calls this once, when logged in."""
        self.ngrok = await self._stack.enter_async_context(open_ngrok())
        self.watch = Watch(self.ngrok, self.announce)
        self._stack.push_async_callback(end, asyncio.create_task(self.watch.run()))
        await self.tree.sync(guild=self.guild)

    async def close(self) -> None:
        """Stop watching, close the client and leave Discord."""
        await self._stack.aclose()
        await super().close()

    async def announce(self, text: str) -> None:
        """Post into the channel for news."""
        await self.news.send(text, suppress_embeds=True)


@app_commands.command(description="The tunnels that are online")
@app_commands.guild_only()
async def tunnels(interaction: discord.Interaction[Bot]) -> None:
    """Show the newest tunnels to who asks."""
    # Discord wants a sign of life within 3 s, and leaves 15 minutes for the answer after that.
    await interaction.response.defer(ephemeral=True, thinking=True)
    page = await interaction.client.ngrok.tunnels.list()
    lines = [
        f"{plain(each.public_url or each.id)} → {plain(each.forwards_to)}" for each in page.items
    ]
    await interaction.followup.send(
        message(lines) or "No tunnels are online.", ephemeral=True, suppress_embeds=True
    )


async def matching_agents(
    interaction: discord.Interaction[Bot], current: str
) -> list[app_commands.Choice[str]]:
    """Offer the agents that the watch has seen: a request for each key typed would be too many."""
    names = {id_: label(agent)[:100] for id_, agent in interaction.client.watch.agents.items()}
    fitting = [id_ for id_, name in names.items() if current.casefold() in name.casefold()]
    return [app_commands.Choice(name=names[id_], value=id_) for id_ in fitting[:25]]


@app_commands.command(description="Restart an agent")
@app_commands.describe(agent="Choose one that is connected")
@app_commands.autocomplete(agent=matching_agents)
@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
async def restart(interaction: discord.Interaction[Bot], agent: str) -> None:
    """Restart the agent with this id; the watch tells when it is back."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    known = bot.watch.agents.get(agent)  # what is typed may be anything
    if known is None:
        text = "I know no such agent. Choose one of those that I offer."
    else:
        await bot.ngrok.tunnel_sessions.restart(known)
        text = f"{describe(known)} restarts. I shall post when it is back."
    await interaction.followup.send(text, ephemeral=True, suppress_embeds=True)


def main() -> int:
    """Run until interrupted; return 2 where something is not set."""
    try:
        token = os.environ["DISCORD_TOKEN"]
        bot = Bot(int(os.environ["DISCORD_GUILD"]), int(os.environ["DISCORD_CHANNEL"]))
    except (KeyError, ValueError):
        print(USAGE, file=sys.stderr)
        return 2
    bot.run(token, root_logger=True)  # the messages of ngrok_async as well
    return 0


if __name__ == "__main__":
    sys.exit(main())
