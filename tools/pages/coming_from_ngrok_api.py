"""Writes `docs/coming-from-ngrok-api.md` by running both clients.

`python -m tools.pages.coming_from_ngrok_api` does it. It needs `ngrok-api`, which is in the
dependency group `docs`.
"""

import asyncio
import logging
import textwrap
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import attrs

from ngrok_async import Client
from ngrok_async._operation import operations
from ngrok_async.testing import FakeNgrok
from tools.contract.declared import resources
from tools.pages.shown import blocks, shown

PAGE: Final = Path(__file__).parents[2] / "docs" / "coming-from-ngrok-api.md"
HEAD: Final = """\
# Coming from ngrok-api

[ngrok-api](https://pypi.org/project/ngrok-api/) is ngrok's own Python client, and synchronous.
Attribute paths and parameter names are the same here, so most of the move is `await`. This page
says what else changes. `python -m tools.pages.coming_from_ngrok_api` writes it: it runs every piece
of code with ngrok-api 0.19.0 and with this package, and looks up in both which calls there are.

## The same call in both

| | ngrok-api | ngrok-async |
|---|---|---|
| import | `from ngrok import Client` | `from ngrok_async import Client` |
| client | `ngrok = Client(api_key)` | `async with Client(api_key) as ngrok:` |
| one resource | `ngrok.tunnels.get(id)` | `await ngrok.tunnels.get(id)` |
| all items | `for t in ngrok.tunnels.list():` | `async for t in ngrok.tunnels.list():` |
| one page | `ngrok.tunnels.list(limit="10")` | `await ngrok.tunnels.list(limit=10)` |
| its items | `page.tunnels`, `page.endpoints`, `page.keys` ... | `page.items` |
| create | `ngrok.vaults.create("name")` | `await ngrok.vaults.create(name="name")` |
| update | `ngrok.vaults.update(id, "new")` | `await ngrok.vaults.update(id, name="new")` |
| write null | cannot be said | `description=None` where the API takes null |
| leave a field out | `None` | leave it out, or `UNSET` |
| an object for an id | `policy.id` | `policy` or `policy.id` |
| delete from the object | `policy.delete()` | `await ngrok.ip_policies.delete(policy)` |
| any other route | cannot be said | `await ngrok.request("GET", "/any/route")` |
| not found | `ngrok.NotFoundError` | `ngrok_async.NotFoundError` |
| any other refusal | `ngrok.Error` | `ngrok_async.APIError` and its subclasses |
| a failing server | `RuntimeError` | `ngrok_async.ServerError` |
| no connection | exceptions of `requests` | `ngrok_async.TransportError` |
| ngrok's code | `error.error_code` | `error.code` |
| HTTP status | `error.http_status_code` | `error.status` |
| operation id | `error.operation_id` | `error.operation_id` |

Ids and parents are positional, all else is by keyword only. Models are plain frozen values without
a client in them, so they have no methods that send something.
"""

TRAPS: Final = """\
## What changes for the better

For each: what ngrok-api does, what this package does, and the code that shows it. `fake` is a
[fake ngrok](testing.md) with three agents, `old` a client of ngrok-api and `ngrok` one of this
package.
"""


@attrs.frozen(kw_only=True)
class Difference:
    """Something that the two clients do differently, with the code that shows it.

    Attributes:
        title: What differs.
        text: What to know about it.
        old: A piece with the synchronous client.
        new: The same with ours.
        limit: How many requests per second the fake accepts.
    """

    title: str
    text: str
    old: str
    new: str
    limit: int = 120


DIFFERENCES: Final = (
    Difference(
        title="Commands to agents arrive",
        text=(
            "ngrok-api sends stop, restart and update without a body, which ngrok refuses. "
            "Where a server lets that pass, it takes the 204 that means success for a "
            "failure."
        ),
        old="""\
from contextlib import suppress
from ngrok import Error

agent = old.tunnel_sessions.list(limit="1").tunnel_sessions[0]
with suppress(Error):
    old.tunnel_sessions.restart(agent.id)
print(fake.requests[-1].path.rpartition("/")[2], fake.requests[-1].status)
fake.fail(204, body=b"")
old.tunnel_sessions.restart(agent.id)
""",
        new="""\
agent = await ngrok.tunnel_sessions.list().first()
await ngrok.tunnel_sessions.restart(agent)
print(fake.requests[-1].path.rpartition("/")[2], fake.requests[-1].status)
""",
    ),
    Difference(
        title="More requests than the limit allows",
        text=(
            "Here the fake accepts two per second. ngrok-async learns of that from the "
            "first 429, waits, and goes on; of the 120 per minute that are usual it knows "
            "beforehand."
        ),
        old="""\
for _ in range(3):
    old.tunnels.list()
""",
        new="""\
for _ in range(3):
    await ngrok.tunnels.list()
print([request.status for request in fake.requests])
""",
        limit=2,
    ),
    Difference(
        title="A server that fails for a moment",
        text="A GET is repeated here; a create never is, unless it provably did not happen.",
        old="""\
fake.fail(503)
old.tunnels.list()
""",
        new="""\
fake.fail(503)
page = await ngrok.tunnels.list()
print(len(page.items), "tunnels, answers:", [request.status for request in fake.requests])
""",
    ),
    Difference(
        title="An id from somebody else",
        text=(
            "An id that comes from a web form is a part of a path. ngrok-api lets it lead "
            "to another resource."
        ),
        old="""\
from contextlib import suppress
from ngrok import Error

with suppress(Error):
    old.ip_policies.delete("../api_keys/ak_1")
print(fake.requests[-1].method, fake.requests[-1].path)
""",
        new="""\
from contextlib import suppress
from ngrok_async import NotFoundError

with suppress(NotFoundError):
    await ngrok.ip_policies.delete("../api_keys/ak_1")
print(fake.requests[-1].method, fake.requests[-1].path)
""",
    ),
    Difference(
        title="A link to another host",
        text=(
            "The links of a list are followed with your key. `elsewhere` counts what arrives there."
        ),
        old="""\
fake.fail(200, body=page_that_leads_elsewhere, content_type="application/json")
tunnels = list(old.tunnels.list())
arrived = elsewhere.requests[-1]
print("elsewhere let", arrived.path, "in with the key:", arrived.status)
""",
        new="""\
fake.fail(200, body=page_that_leads_elsewhere, content_type="application/json")
await ngrok.tunnels.list().collect()
""",
    ),
    Difference(
        title="A redirect",
        text=(
            "ngrok-api follows it, and the create becomes a GET that creates nothing. The "
            "error that comes of it, a KeyError, is about something else. Here no redirect "
            "is followed."
        ),
        old="""\
from contextlib import suppress

fake.fail(302, headers={"Location": "/ip_policies"})
with suppress(KeyError):
    old.ip_policies.create(description="office")
print([f"{request.method} {request.status}" for request in fake.requests])
""",
        new="""\
fake.fail(302, headers={"Location": "/ip_policies"})
await ngrok.ip_policies.create(description="office")
""",
    ),
    Difference(
        title="Times are times",
        text="ngrok-api declares `datetime` and gives the text.",
        old="""\
policy = old.ip_policies.create(description="office")
print(type(policy.created_at))
""",
        new="""\
policy = await ngrok.ip_policies.create(description="office")
print(type(policy.created_at), policy.created_at.tzinfo)
""",
    ),
    Difference(
        title="Nested objects",
        text=(
            "ngrok-api takes objects of its own classes only. Here a mapping will do, and "
            "is checked before it leaves."
        ),
        old="""\
old.event_destinations.create(format="json", target={"datadgo": {}})
""",
        new="""\
await ngrok.event_destinations.create(format="json", target={"datadgo": {}})
""",
    ),
    Difference(
        title="A server that never answers",
        text=(
            "ngrok-api has no timeout. Here there are three, see [Limits and "
            "retries](limits-and-retries.md)."
        ),
        old="""\
from contextlib import suppress
from threading import Thread


def call():
    with suppress(Exception):
        old.tunnels.list()


fake.fail(stall=True)
waiting = Thread(target=call, daemon=True)
waiting.start()
waiting.join(0.5)
print("still waiting:", waiting.is_alive())
""",
        new="""\
from ngrok_async import Timeout

fake.fail(stall=True, times=None)
hasty = ngrok.with_options(timeout=Timeout(attempt=0.1), retry=None)
await hasty.tunnels.list()
""",
    ),
    Difference(
        title="A refusal that is not ngrok's",
        text="What a proxy says has none of the fields that ngrok-api reads.",
        old="""\
fake.fail(403, body=b'{"reason": "not from here"}', content_type="application/json")
old.tunnels.list()
""",
        new="""\
fake.fail(403, body=b'{"reason": "not from here"}', content_type="application/json")
await ngrok.tunnels.list()
""",
    ),
    Difference(
        title="The key in a repr",
        text="Debuggers and error reports show the variables of an object.",
        old="""\
print(fake.api_key in repr(vars(old.http_client)))
""",
        new="""\
print(fake.api_key in repr(vars(ngrok)))
""",
    ),
)


async def _differences() -> str:
    old_client: Any = import_module("ngrok").Client
    found = [TRAPS]
    for difference in DIFFERENCES:
        text = textwrap.fill(difference.text, 100, break_on_hyphens=False)
        found.append(f"### {difference.title}\n\n{text}\n")
        for is_old, code in ((True, difference.old), (False, difference.new)):
            async with (
                FakeNgrok(agents=3, limit=difference.limit, window=1) as fake,
                FakeNgrok(api_key=fake.api_key) as elsewhere,
                Client(fake.api_key, base_url=fake.url) as ngrok,
            ):
                leads = f'{{"tunnels": [], "next_page_uri": "{elsewhere.url}/tunnels"}}'
                scope: Mapping[str, object] = {
                    "elsewhere": elsewhere,
                    "fake": fake,
                    "ngrok": ngrok,
                    "old": old_client(fake.api_key, fake.url),
                    "page_that_leads_elsewhere": leads.encode(),
                }
                output = await shown(code, scope, in_thread=is_old)
            mark = "# ngrok-api\n" if is_old else "# ngrok-async\n"
            found.append(blocks(mark + code, output))
    return "\n".join(found)


def _calls() -> Iterator[str]:
    yield "## Call by call"
    yield ""
    yield "The path is the same in both; what ngrok-api does not have is marked."
    yield ""
    yield "| `ngrok.` ... | operations |"
    yield "|---|---|"
    old: Any = import_module("ngrok").Client("no-key")
    modules = [path for path in resources() if path.startswith("edge_modules.")]
    for path, kind in sorted(resources().items()):
        if path in modules[1:]:  # they are all alike
            continue
        verbs = operations(kind)
        theirs = _follow(old, path)
        known = [verb for verb in verbs if hasattr(theirs, verb)]
        new = [verb for verb in verbs if verb not in known]
        cell = ", ".join(f"`{verb}`" for verb in known)
        if new:
            added = ", ".join(f"`{verb}`" for verb in new)
            cell += f"{'; ' if cell else ''}only here: {added}"
        shown_as = f"`edge_modules.*`, {len(modules)} modules" if path in modules else f"`{path}`"
        yield f"| {shown_as} | {cell} |"
    yield ""


def _follow(client: Any, path: str) -> object:  # noqa: ANN401 # it has no types
    for name in path.split("."):
        client = getattr(client, name, None)
    return client


async def page() -> str:
    """Run both clients and return the page about them."""
    log = logging.getLogger("ngrok_async")
    level = log.level
    log.setLevel(logging.CRITICAL)  # the warnings of what is shown on purpose
    try:
        return "\n".join([HEAD, await _differences(), *_calls()])
    finally:
        log.setLevel(level)


def main() -> None:
    """Write the page."""
    PAGE.write_text(asyncio.run(page()), encoding="utf-8")


if __name__ == "__main__":
    main()
