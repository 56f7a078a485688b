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
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import discord
from discord import app_commands

from ngrok_async import Client, NgrokError, NotFoundError, RateLimitedError, Timeout
from ngrok_async.jobs import Added, Notice, Reconnected, Removed, Trouble, Watch, watch
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.testing import FakeNgrok

# How many seconds a command waits for the rate limit before it tells how long it would be.
PATIENCE = 2.0
# Seconds after the last news until they are posted: where one agent leaves, others often do too.
QUIET = 2.0
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


def news(notice: Notice[TunnelSession]) -> str | None:
    """Return the line to post, or None for what is no news."""
    match notice:
        case Added(agent, first=False):
            return f"\N{LARGE GREEN CIRCLE} {describe(agent)} has connected"
        case Removed(agent):
            return f"\N{LARGE RED CIRCLE} {describe(agent)} has left"
        case Reconnected(agent, before=before):
            versions = dict.fromkeys([before.agent_version, agent.agent_version])
            return (
                f"\N{CLOCKWISE OPEN CIRCLE ARROW} {describe(agent)} restarted or reconnected:"
                f" {before.id} is now {agent.id}, version {plain(' → '.join(versions))}"
            )
        case Trouble(error, failures):
            log.warning("Look %d in a row has failed: %s", failures, error)
        case _:
            pass
    return None


async def follow(
    agents: Watch[TunnelSession],
    tell: Callable[[str], Awaitable[object]],
    *,
    quiet: float = QUIET,
) -> None:
    """Tell the news of a watch, those that come together in one message, until cancelled."""
    lines = deque[str](maxlen=500)
    pause = quiet
    while True:
        try:
            async with asyncio.timeout(pause if lines else None):
                notice = await anext(agents)  # to cut this loses nothing
        except TimeoutError:
            try:
                await tell(message(lines))
            except Exception:  # whatever it is, the next message has these lines too
                pause = min(pause * 2, LONGEST_PAUSE)
                log.warning("Next try to post in %.0f s", pause, exc_info=True)
            else:
                lines.clear()
                pause = quiet
        except NgrokError as error:  # what time alone does not mend, such as a refused key
            log.warning("Next look in %.0f s: %s", LONGEST_PAUSE, error)
            await asyncio.sleep(LONGEST_PAUSE)
        else:
            line = news(notice)
            if line is not None:
                lines.append(line)


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
    agents: Watch[TunnelSession]

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
        self.agents = watch(self.ngrok.tunnel_sessions)  # by a tenth of the budget
        following = asyncio.create_task(follow(self.agents, self.announce))
        self._stack.push_async_callback(end, following)
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
    names = {id_: label(agent)[:100] for id_, agent in interaction.client.agents.items.items()}
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
    known = bot.agents.items.get(agent)  # what is typed may be anything
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
