"""Writes `docs/first-contact.md` by making the mistakes: `python -m tools.first_contact`."""

import asyncio
import logging
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest.mock import patch

import aiohttp
import attrs

import ngrok_async
from ngrok_async import Client
from ngrok_async.testing import FakeNgrok
from tools.shown import blocks, shown

PAGE: Final = Path(__file__).parent.parent / "docs" / "first-contact.md"
HEAD: Final = """\
# First contact

The mistakes that are made most in the first hour, and what they say. Each piece of code here is
wrong on purpose. The messages are made by running it: `python -m tools.first_contact` writes this
page, and a test compares the two. The pieces find a `Client` called `ngrok`, and the `url` and the
`key` of a [fake ngrok](testing.md) with three agents.

A type checker (mypy, pyright, or the one in your editor) marks numbers 4, 5 and the wrong keyword
at the end before anything runs.
"""


@attrs.frozen(kw_only=True)
class Mistake:
    """Something that goes wrong, and what to do instead.

    Attributes:
        title: What is wrong.
        code: A piece that makes the mistake.
        advice: What the message leaves to say.
        in_thread: Whether it needs a thread without an event loop.
    """

    title: str
    code: str
    advice: str
    in_thread: bool = False


MISTAKES: Final = (
    Mistake(
        title="1. No key",
        code="client = Client()",
        advice=(
            "Make a key in the dashboard, and put it into the environment of your program: "
            "then it is in no file of your project."
        ),
    ),
    Mistake(
        title="2. An authtoken in place of an API key",
        code="""\
async with Client("2abcWhatTheAgentLogsInWith_5deFgh", base_url=url) as client:
    await client.tunnel_sessions.list()
""",
        advice=(
            "An authtoken is what an agent shows when it connects. The API has keys of its "
            "own. ngrok itself says ERR_NGROK_206 or 207 to an authtoken; the fake, which "
            "knows only its own key, says 203. The credential in ngrok's text is masked."
        ),
    ),
    Mistake(
        title="3. A client that is used after its close",
        code="""\
async with Client(key, base_url=url) as client:
    agents = client.tunnel_sessions.list()
print(await agents.collect())
""",
        advice=(
            "A list is fetched when it is awaited or walked over, and here that is one line"
            " too late. A client usually lives as long as the program: see [In your "
            "service](in-your-service.md)."
        ),
    ),
    Mistake(
        title="4. `list` awaited as if it were all items",
        code="""\
page = await ngrok.tunnel_sessions.list()
for agent in page:
    print(agent.id)
""",
        advice=(
            "A page has 100 items at most. To get all of them, whatever their number, walk:"
            " `async for agent in ngrok.tunnel_sessions.list()`, or `await "
            "ngrok.tunnel_sessions.list().collect()`. See [Lists](lists.md)."
        ),
    ),
    Mistake(
        title="5. A forgotten `await`",
        code="""\
ngrok.tunnel_sessions.restart("ts_1")  # nothing is restarted
""",
        advice=(
            "Python warns when it throws the call away, with its name, and only then. mypy "
            "(`unused-coroutine`) and pyright (`reportUnusedCoroutine`) find it sooner. If "
            "the result is used, it is an error:"
        ),
    ),
    Mistake(
        title="",
        code="print(ngrok.tunnel_sessions.list(limit=3).items)",
        advice="",
    ),
    Mistake(
        title="6. `limit=500`",
        code="await ngrok.tunnel_sessions.list(limit=500)",
        advice=(
            "`limit` is the size of a page, and ngrok gives 100 at most. For the first 500 "
            "items, in five requests: `await "
            "ngrok.tunnel_sessions.list().collect(max_items=500)`."
        ),
    ),
    Mistake(
        title="7. An id of another kind",
        code="""\
tunnel = (await ngrok.tunnels.list()).items[0]
await ngrok.tunnel_sessions.restart(tunnel)
""",
        advice=(
            "Anything with an `id` goes wherever an id goes, and this one is a tunnel's: "
            "`tn_` in the path tells. Its session is `tunnel.tunnel_session`. The first "
            "letters of an id name its kind: `ts_` a tunnel session, `ep_` an endpoint, "
            "`cr_` a credential, `ak_` an API key."
        ),
    ),
    Mistake(
        title="8. A base URL with http",
        code='client = Client(key, base_url="http://api.example.com")',
        advice=(
            "The API itself is at https only. Plain http is accepted for this machine, "
            "where a fake listens."
        ),
    ),
    Mistake(
        title="9. A closed session",
        code="""\
async with aiohttp.ClientSession() as session:
    client = Client(key, base_url=url, session=session)
await client.tunnel_sessions.list()
""",
        advice="The client never closes a session of yours. Close it after the client.",
    ),
    Mistake(
        title="10. No running event loop, or another one",
        code="""\
client = Client(key, base_url=url)  # this is fine anywhere


async def agents():
    return await client.tunnel_sessions.list()


asyncio.run(agents())
asyncio.run(agents())
""",
        advice=(
            "Each `asyncio.run` makes an event loop, and connections belong to one. Put "
            "everything into one coroutine, and run that. The same holds for notebooks, "
            "where a loop runs already: write `await` without `asyncio.run`. What needs a "
            "loop from its beginning is a session of your own:"
        ),
        in_thread=True,
    ),
    Mistake(
        title="",
        code="session = aiohttp.ClientSession()  # at the top of a module",
        advice="That is aiohttp's message. Open the session inside a coroutine.",
        in_thread=True,
    ),
    Mistake(
        title="And a misspelt keyword",
        code='await ngrok.ip_policies.create(descripton="office")',
        advice=(
            "Nothing is sent, and nothing is dropped in silence. From 3.13 on Python adds "
            "what you may have meant."
        ),
    ),
)


def _page(outputs: list[str]) -> Iterator[str]:
    yield HEAD
    for mistake, output in zip(MISTAKES, outputs, strict=True):
        if mistake.title:
            yield f"## {mistake.title}\n"
        yield blocks(mistake.code, output)
        if mistake.advice:
            yield f"{textwrap.fill(mistake.advice, 100, break_on_hyphens=False)}\n"


async def page() -> str:
    """Make the mistakes and return the page about them."""
    outputs: list[str] = []
    unset = {name: value for name, value in os.environ.items() if not name.startswith("NGROK_")}
    logging.getLogger("asyncio").disabled = True  # sessions that mistakes leave open
    try:
        with patch.dict(os.environ, unset, clear=True):
            for mistake in MISTAKES:
                async with (
                    FakeNgrok(agents=3) as fake,
                    Client(fake.api_key, base_url=fake.url) as ngrok,
                ):
                    scope = {
                        "Client": Client,
                        "aiohttp": aiohttp,
                        "asyncio": asyncio,
                        "key": fake.api_key,
                        "ngrok": ngrok,
                        "ngrok_async": ngrok_async,
                        "url": fake.url,
                    }
                    outputs.append(await shown(mistake.code, scope, in_thread=mistake.in_thread))
    finally:
        logging.getLogger("asyncio").disabled = False
    return "\n".join(_page(outputs))


def main() -> None:
    """Write the page."""
    PAGE.write_text(asyncio.run(page()), encoding="utf-8")


if __name__ == "__main__":
    main()
