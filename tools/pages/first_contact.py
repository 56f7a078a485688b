"""Writes `docs/first-contact.md` by making the mistakes: `python -m tools.pages.first_contact`."""

import asyncio
import json
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
from tools.pages.shown import blocks, shown

PAGE: Final = Path(__file__).parents[2] / "docs" / "first-contact.md"
HEAD: Final = """\
# First contact: common mistakes

The mistakes that are made most in the first hour, and what they say. Each piece of code here is
wrong on purpose. The messages are made by running it: `python -m tools.pages.first_contact` writes
this page, and a test compares the two. The pieces find a `Client` called `ngrok`, and the `url` and
the `key` of a [fake ngrok](testing.md) with three agents.

A type checker (mypy, pyright, or the one in your editor) marks most of them before anything runs:
4, 5, 11 to 15, 17 to 19, 24, 25, 28 and the wrong keyword at the end.
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
            "own; an access token is good for both. ngrok itself says ERR_NGROK_206 or 207 to "
            "an authtoken; the fake, which knows only its own key, says 203. The credential in "
            "ngrok's text is masked."
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
tunnel = await ngrok.tunnels.list().first()
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
        title="11. A name from elsewhere",
        code="ngrok.agents",
        advice=(
            "The names are those of the API, in its spelling and in the plural: agents are "
            "`tunnel_sessions`, domains `reserved_domains`, an agent's authtokens `credentials`. "
            "`dir(ngrok)` has all of them. The same goes for what a resource can do, and for a "
            "client:"
        ),
    ),
    Mistake(
        title="",
        code="""\
for mistake in (
    lambda: ngrok.domain,
    lambda: ngrok.backends.failovers,
    lambda: ngrok.tunnel_sessions.delete,
    lambda: ngrok.ip_policies.retrieve,
    lambda: ngrok.close(),
):
    try:
        mistake()
    except AttributeError as error:
        print(error)
""",
        advice="",
    ),
    Mistake(
        title="12. The items of a page under the name that ngrok-api has",
        code="""\
page = await ngrok.tunnel_sessions.list()
print(page.tunnel_sessions)
""",
        advice="The official client names them anew in each list. Here they are `items` in all.",
    ),
    Mistake(
        title="13. The length of a list",
        code="print(len(ngrok.tunnel_sessions.list()))",
        advice=(
            "ngrok does not tell how many there are, so they have to be fetched: "
            "`len(await ngrok.tunnel_sessions.list().collect())`. Nor has a page a length or a "
            "first item of its own; its items have:"
        ),
    ),
    Mistake(
        title="",
        code="""\
page = await ngrok.tunnel_sessions.list()
for mistake in (lambda: len(page), lambda: page[0]):
    try:
        mistake()
    except TypeError as error:
        print(error)
""",
        advice="",
    ),
    Mistake(
        title="14. A resource in place of its list",
        code="""\
async for agent in ngrok.tunnel_sessions:
    print(agent.id)
""",
        advice="To list is one of the things that it can do: `ngrok.tunnel_sessions.list()`.",
    ),
    Mistake(
        title="15. Arguments by position",
        code='await ngrok.ip_policies.create("office")',
        advice=(
            "Only what stands in the path of a call comes by position: ids. Everything else has "
            "its name, since the API gets new fields and they have no order."
        ),
    ),
    Mistake(
        title="16. An address in place of an id",
        code="""\
page = await ngrok.tunnel_sessions.list(limit=1)
await ngrok.tunnel_sessions.list(before_id=page.next_page_uri)
""",
        advice=(
            "A pager follows the links by itself. To go on later, keep its `cursor`: see "
            "[Lists](lists.md). Nor is the `uri` of a model its `id`:"
        ),
    ),
    Mistake(
        title="",
        code="""\
agent = await ngrok.tunnel_sessions.list().first()
await ngrok.tunnel_sessions.get(agent.uri)
""",
        advice="",
    ),
    Mistake(
        title="17. A task of a pager",
        code="task = asyncio.create_task(ngrok.tunnel_sessions.list())",
        advice=(
            "A task is made of a coroutine, which `collect()` is: "
            "`asyncio.create_task(ngrok.tunnel_sessions.list().collect())`. What takes anything "
            "that can be awaited, such as `asyncio.gather` and `asyncio.wait_for`, takes a pager "
            "too, and gives its first page."
        ),
    ),
    Mistake(
        title="18. Options that only a client has",
        code="calm = ngrok.with_options(limiter=RateLimit(10))",
        advice=(
            "`with_options` makes a view, and all views of a client share its session and its "
            "rate limit. Views may differ in `timeout`, `retry`, `max_wait` and `prefetch`."
        ),
    ),
    Mistake(
        title="19. `with` in place of `async with`",
        code="""\
with Client(key, base_url=url) as client:
    pass
""",
        advice=(
            "To close connections takes an event loop. Without a block it is `await "
            "client.aclose()`. A client itself is nothing to await:"
        ),
    ),
    Mistake(
        title="",
        code="client = await Client(key, base_url=url)",
        advice="",
    ),
    Mistake(
        title="20. A key with its header",
        code='client = Client("Bearer 2abcTheKey_5deFgh", base_url=url)',
        advice="",
    ),
    Mistake(
        title="21. A base URL with a route",
        code='client = Client(key, base_url="https://api.ngrok.com/tunnels")',
        advice=(
            "The base URL is where the API begins, and each call adds its route. It may be a text "
            "or a URL of yarl, pydantic or httpx."
        ),
    ),
    Mistake(
        title="22. A proxy that only the environment knows",
        code="""\
os.environ["HTTPS_PROXY"] = "http://10.0.0.1:3128"
async with Client(key, base_url="https://127.0.0.1:1", retry=None) as client:
    await client.tunnels.list()
""",
        advice=(
            "A client does what it is told, and not what happens to be set. Pass `proxy=`, or a "
            "session of yours with `trust_env=True`."
        ),
    ),
    Mistake(
        title="23. An `async` listener, and a middleware without `return`",
        code="""\
async def listen(event):
    print(event)


client = Client(key, base_url=url, on_event=listen)
""",
        advice=(
            "Between the steps of a call nobody waits: put the event into a queue, and work on it "
            "elsewhere. A middleware, on the other hand, is awaited for what it returns:"
        ),
    ),
    Mistake(
        title="",
        code="""\
async def note(request, send):
    print(request.route)
    await send(request)


async with Client(key, base_url=url, middlewares=[note]) as client:
    await client.tunnels.list()
""",
        advice="",
    ),
    Mistake(
        title="24. A clock that is none",
        code="client = Client(key, base_url=url, clock=3)",
        advice="Only tests need one: see [Testing your code](testing.md).",
    ),
    Mistake(
        title="25. A query that is no mapping",
        code="""\
await ngrok.request("GET", "/tunnels", params=[("limit", 10)])
""",
        advice="A name that occurs twice is nothing that the API knows.",
    ),
    Mistake(
        title="26. `and` between conditions",
        code="""\
f = ngrok.tunnel_sessions.fields
agents = ngrok.tunnel_sessions.list(filter=f.os == "linux" and f.region == "eu")
""",
        advice=(
            'Python would take the last of them and drop the others. It is `(f.os == "linux") & '
            '(f.region == "eu")`, with the parentheses: see [Lists](lists.md).'
        ),
    ),
    Mistake(
        title="27. A model as JSON",
        code="""\
agent = await ngrok.tunnel_sessions.list().first()
for mistake in (lambda: json.dumps(agent), lambda: agent.json(), lambda: agent["id"]):
    try:
        mistake()
    except (AttributeError, TypeError) as error:
        print(error)
""",
        advice=(
            "`json.dumps(agent.to_dict())`, and FastAPI takes the model as it is: see "
            "[Models](models.md)."
        ),
    ),
    Mistake(
        title="28. A filter for a list that has none",
        code="""\
await ngrok.tunnels.list(filter='obj.proto == "https"').first()
""",
        advice=(
            "A resource with a filter has `fields`. Of tunnels `ngrok.endpoints` is the list that "
            "has one."
        ),
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
    ours = ("NGROK_", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
    unset = {name: value for name, value in os.environ.items() if not name.upper().startswith(ours)}
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
                        "RateLimit": ngrok_async.RateLimit,
                        "aiohttp": aiohttp,
                        "asyncio": asyncio,
                        "json": json,
                        "os": os,
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
