"""What is ensured is there once, as it was asked for, whatever was there and went wrong before."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest

from ngrok_async import Client, Request, Response, Send
from ngrok_async.errors import (
    ConflictError,
    ConnectionLostError,
    NgrokError,
    ServerError,
    SeveralFoundError,
)
from ngrok_async.jobs import ensure
from ngrok_async.resources.agent_ingresses import AgentIngressCertPolicy
from ngrok_async.testing import FakeNgrok
from tests.rendering import leaks

SECRET = '{"key": "mustNotShow"}'
URL = "https://shop.example.com"
POLICY = {"on_http_request": [{"actions": [{"type": "deny"}, {"type": "log"}]}]}

LARGE = f'{{"a": {"9" * 5000}}}'
"""A number that Python refuses to read."""


def shows_it(error: BaseException) -> bool:
    """Tell whether the secret is seen by whoever looks at an error."""
    return bool(leaks(error, ["mustNotShow"]))


@pytest.fixture
async def ngrok(fake: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client of the fake that goes by its clock, and repeats nothing."""
    async with Client(
        fake.api_key, base_url=fake.url, clock=fake.clock, limiter=None, retry=None
    ) as ngrok:
        yield ngrok


@pytest.fixture
async def fake() -> AsyncIterator[FakeNgrok]:
    """Serve a fake without a limit."""
    async with FakeNgrok(limit=None) as fake:
        yield fake


# The key, what the key may be written like, what else is passed, and what it is changed to.
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "reserved_domains": (
        {"domain": "shop.example.com"},
        {"domain": "Shop.Example.com"},
        {"metadata": {"a": 1}},
        {"metadata": {"a": True}},
    ),
    "endpoints": (
        {"url": URL, "type": "cloud"},
        {"url": "HTTPS://Shop.example.com:443/", "type": "cloud"},
        {"traffic_policy": POLICY},
        {"traffic_policy": {"on_http_request": []}},
    ),
    "vaults": ({"name": "v"}, {"name": "v"}, {"description": "a"}, {"description": "b"}),
    "agent_ingresses": (
        {"domain": "in.example.com"},
        {"domain": "IN.example.com"},
        {"certificate_management_policy": {"authority": "letsencrypt"}},
        {"certificate_management_policy": None},
    ),
    "service_users": ({"name": "bot"}, {"name": "bot"}, {"active": True}, {"active": False}),
    "ip_policies": (
        {"metadata": {"for": "office"}},
        {"metadata": '{"for":"office"}'},
        {"description": ""},
        {"description": "b"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_created_then_unchanged_then_updated(
    fake: FakeNgrok, ngrok: Client, kind: str
) -> None:
    """The first creates, the second only looks, the third changes what differs and nothing else."""
    resource: Any = getattr(ngrok, kind)
    key, written, rest, change = KINDS[kind]

    first, what = await ensure(resource, **written, **rest)
    assert "created" == what
    assert ["GET", "POST"] == [request.method for request in fake.requests]

    fake.requests.clear()
    second, what = await ensure(resource, **key, **rest)
    assert (first, "unchanged") == (second, what)
    assert ["GET"] == [request.method for request in fake.requests]

    fake.requests.clear()
    third, what = await ensure(resource, **key, **change)
    assert (first.id, "updated") == (third.id, what)
    assert ["GET", "PATCH"] == [request.method for request in fake.requests]
    assert change.keys() == (fake.requests[1].json or {}).keys()

    assert 1 == len(await resource.list().collect())
    assert (third, "unchanged") == await ensure(resource, **written, **change)


def test_the_kinds_are_those_with_a_key(ngrok: Client) -> None:
    """Each resource that has a key is tried above."""
    keyed = {name for name in dir(ngrok) if isinstance(getattr(ngrok, name, None), object)}
    found = {name for name in keyed if isinstance(getattr(getattr(ngrok, name), "key", None), str)}

    assert found == KINDS.keys()


@pytest.mark.parametrize(
    ("kind", "given", "same"),
    [
        ("endpoints", {"traffic_policy": '{"a": {"x": 1.0, "y": 2}}'}, {"a": {"y": 2, "x": 1}}),
        ("endpoints", {"traffic_policy": "a: 1\n"}, "a: 1\n"),
        ("vaults", {"metadata": '{ "a" : [1, 2] }'}, {"a": [1, 2]}),
        ("vaults", {"metadata": "plain"}, "plain"),
        ("endpoints", {"traffic_policy": LARGE}, LARGE),
        ("vaults", {"description": None}, ""),
        ("endpoints", {"traffic_policy": "{}", "bindings": ["public"]}, ["public"]),
        (
            "agent_ingresses",
            {"certificate_management_policy": {"authority": "letsencrypt"}},
            AgentIngressCertPolicy(authority="letsencrypt"),
        ),
    ],
)
async def test_the_same_in_other_words(
    ngrok: Client, kind: str, given: dict[str, Any], same: object
) -> None:
    """JSON is compared by its value, a class with a mapping, what is empty with what is absent."""
    resource: Any = getattr(ngrok, kind)
    key = KINDS[kind][0]
    if kind == "endpoints":
        key = {"traffic_policy": "{}", **key}
    given = {name: value for name, value in given.items() if value is not None}
    await ensure(resource, **key | given)

    other = dict.fromkeys(list(given)[-1:] or ["description"], same)
    _, what = await ensure(resource, **key | given | other)

    assert "unchanged" == what


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": [1, 2]}', '{"a": [2, 1]}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": 0}', '{"a": false}'),
        ('{"a": ""}', '{"a": null}'),
        ('{"a": 1}', '{"a": 1, "b": 1}'),
        ('{"a": 1, "b": 1}', '{"a": 1}'),
        ("1", "1.0"),
        ("a", "A"),
        ("a", ""),
        ("", "a"),
    ],
)
async def test_other_metadata(ngrok: Client, before: str, after: str) -> None:
    """Another value of JSON is another one, and a text is another one in other letters."""
    await ensure(ngrok.vaults, name="v", metadata=before)

    vault, what = await ensure(ngrok.vaults, name="v", metadata=after)

    assert ("updated", after) == (what, vault.metadata)


async def test_references_are_compared_by_their_ids(fake: FakeNgrok, ngrok: Client) -> None:
    """`certificate_id` is what answers have as `certificate`; a model goes where an id goes."""
    one, two = (fake.add("/tls_certificates") for _ in range(2))
    domain, _ = await ensure(ngrok.reserved_domains, domain="a.example.com", certificate_id=one)
    assert domain.certificate is not None

    again = await ensure(
        ngrok.reserved_domains, domain="a.example.com", certificate_id=domain.certificate
    )
    assert (domain, "unchanged") == again

    other, what = await ensure(ngrok.reserved_domains, domain="a.example.com", certificate_id=two)
    assert "updated" == what
    assert other.certificate is not None
    assert two == other.certificate.id


async def test_lists_in_another_order(ngrok: Client) -> None:
    """The order means nothing, what is in them does."""
    domains = ngrok.reserved_domains
    await ensure(domains, domain="a.example.com", resolves_to=[{"value": "eu"}, {"value": "us"}])

    for places, expected in (
        (["us", "eu"], "unchanged"),
        (["us", "us"], "updated"),
        (["us"], "updated"),
        ([], "updated"),
        ([], "unchanged"),
    ):
        values = [{"value": place} for place in places]
        _, what = await ensure(domains, domain="a.example.com", resolves_to=values)
        assert expected == what


async def test_what_update_does_not_take(fake: FakeNgrok, ngrok: Client) -> None:
    """It is refused with its name before anything is changed."""
    fake.add("/reserved_domains", domain="a.example.com", region="us")

    with pytest.raises(ValueError, match=r"rd_\w+ of .* has another region, which no update"):
        await ensure(ngrok.reserved_domains, domain="a.example.com", region="eu", description="b")

    assert ["GET"] == [request.method for request in fake.requests]


async def test_what_answers_do_not_have_is_not_compared(ngrok: Client) -> None:
    """It does not count as another value."""
    resource: Any = ngrok.service_users

    class WithPassword:
        """A resource that takes what it never gives."""

        key = resource.key
        list, update = resource.list, resource.update

        async def create(self, *, name: str, password: str) -> object:
            assert password
            return await resource.create(name=name)

    anything: Any = WithPassword()
    assert "created" == (await ensure(anything, name="a", password="b"))[1]
    assert "unchanged" == (await ensure(anything, name="a", password="c"))[1]


async def test_only_endpoints_in_the_cloud(fake: FakeNgrok, ngrok: Client) -> None:
    """That of an agent under the URL is none of ours: ngrok refuses, and that is told."""
    fake.add("/endpoints", url=URL, type="ephemeral")

    with pytest.raises(ConflictError):
        await ensure(ngrok.endpoints, url=URL, type="cloud", traffic_policy="{}")

    assert ["GET", "POST", "GET"] == [request.method for request in fake.requests]


async def test_wildcards_are_found(ngrok: Client) -> None:
    """Filters do not find them, so the list is walked."""
    wild: Any = {"url": "https://*.example.com", "type": "cloud", "traffic_policy": "{}"}
    endpoint, _ = await ensure(ngrok.endpoints, **wild)

    assert (endpoint, "unchanged") == await ensure(ngrok.endpoints, **wild)


async def test_a_key_that_no_url_could_hold(ngrok: Client) -> None:
    """The list is walked for it."""
    metadata = {"a": "ä" * 2000}
    policy, _ = await ensure(ngrok.ip_policies, metadata=metadata)

    assert (policy, "unchanged") == await ensure(ngrok.ip_policies, metadata=metadata)


async def test_several(ngrok: Client) -> None:
    """Names are not unique everywhere; the error has two, the newest first, and nothing is done."""
    users = [await ngrok.service_users.create(name="bot") for _ in range(3)]

    with pytest.raises(SeveralFoundError) as caught:
        await ensure(ngrok.service_users, name="bot", active=False)

    assert (users[2], users[1]) == caught.value.items
    assert users[::-1] == await ngrok.service_users.list().collect()


async def test_somebody_was_faster(fake: FakeNgrok, ngrok: Client) -> None:
    """A create that is refused as a duplicate finds what is there, and makes it so."""
    both = await asyncio.gather(
        *(ensure(ngrok.vaults, name="v", description=text) for text in ("a", "b"))
    )

    assert {"created", "updated"} == {what for _, what in both}
    assert both[0][0].id == both[1][0].id
    assert 2 == sum(request.method == "POST" for request in fake.requests)


async def test_an_ambiguous_create_that_made_it(fake: FakeNgrok, ngrok: Client) -> None:
    """It is looked for once more, and found."""
    fake.fail(drop=True, applied=True, route="POST /vaults")

    vault, what = await ensure(ngrok.vaults, name="v")

    assert ("v", "created") == (vault.name, what)
    assert ["GET", "POST", "GET"] == [request.method for request in fake.requests]


async def test_an_ambiguous_create_that_made_nothing(fake: FakeNgrok, ngrok: Client) -> None:
    """The error is that of the create."""
    fake.fail(drop=True, route="POST /vaults")

    with pytest.raises(ConnectionLostError):
        await ensure(ngrok.vaults, name="v")

    assert ["GET", "POST", "GET"] == [request.method for request in fake.requests]


FAULTS: list[Mapping[str, Any]] = [
    {"drop": True},
    {"drop": True, "applied": True},
    {"status": 503},
    {"status": 503, "applied": True},
    {"status": 200, "body": b"no JSON", "content_type": "application/json", "applied": True},
    {"status": 400},
]
STARTS: dict[str, Callable[[FakeNgrok], object]] = {
    "with nothing": lambda _fake: None,
    "with another one": lambda fake: fake.add(
        "/endpoints", url=URL, type="cloud", traffic_policy="{}", bindings=["public"]
    ),
}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("route", ["GET /endpoints", "POST /endpoints", "PATCH /endpoints/{id}"])
async def test_after_any_fault_and_cancellation_the_next_one_has_it(
    fake: FakeNgrok, ngrok: Client, start: str, route: str, fault: Mapping[str, Any]
) -> None:
    """There is one, as it should be: what went wrong has left nothing else behind."""
    for step in [*range(0, 14, 2), None]:
        for endpoint in await ngrok.endpoints.list().collect():
            await ngrok.endpoints.delete(endpoint)
        STARTS[start](fake)
        fake.fail(route=route, **fault)
        work = ensure(ngrok.endpoints, url=URL, type="cloud", traffic_policy=POLICY)
        task = asyncio.create_task(work)
        for _ in range(step or 0):
            await asyncio.sleep(0)
        if step is not None:
            task.cancel()
        with suppress(NgrokError, asyncio.CancelledError):
            await task
        fake.heal()

        endpoint, _ = await ensure(ngrok.endpoints, url=URL, type="cloud", traffic_policy=POLICY)

        assert [endpoint] == await ngrok.endpoints.list().collect()


async def test_misuse_is_refused_before_anything_is_sent(fake: FakeNgrok, ngrok: Client) -> None:
    """A resource without a key, a call without the key, arguments that cannot be sent."""
    anything: Any = ensure
    for resource in (ngrok, ngrok.tunnel_sessions, ngrok.ip_policy_rules, ngrok.api_keys, None):
        with pytest.raises(TypeError, match="whose items have a key of their own: agent_ingr"):
            await anything(resource)
    with pytest.raises(TypeError, match=r"by name, which is missing: pass name=\.\.\."):
        await anything(ngrok.vaults)
    with pytest.raises(TypeError, match=r"pass domain=\.\.\."):
        await anything(ngrok.reserved_domains, name="shop")
    with pytest.raises(TypeError, match="nam"):
        await anything(ngrok.vaults, nam="v")
    with pytest.raises(TypeError, match="traffic_policy"):
        await anything(ngrok.endpoints, url=URL, type="cloud")
    with pytest.raises(ValueError, match="name must be a text that is not empty"):
        await anything(ngrok.vaults, name="")
    with pytest.raises(ValueError, match="name must be a string"):
        await anything(ngrok.vaults, name=5)

    assert [] == fake.requests


async def test_shows_no_argument(fake: FakeNgrok, ngrok: Client) -> None:
    """Policies may have secrets in them: neither errors nor the frames behind them have any."""
    anything: Any = ensure
    for route in ("GET /endpoints", "POST /endpoints", "PATCH /endpoints/{id}"):
        fake.fail(503, route=route)
        with pytest.raises(NgrokError) as caught:
            await ensure(ngrok.endpoints, url=URL, type="cloud", traffic_policy=SECRET)
        assert not shows_it(caught.value)
        if route.startswith("POST"):
            fake.add("/endpoints", url=URL, type="cloud", traffic_policy="{}")
    with pytest.raises(TypeError) as mistake:
        await anything(ngrok.endpoints, url=URL, traffic_policy=SECRET)
    assert not shows_it(mistake.value)
    with pytest.raises(ValueError, match="another type") as differs:
        await ensure(ngrok.endpoints, url=URL, type="other", traffic_policy=SECRET)
    assert not shows_it(differs.value)


async def test_an_unclear_create_stays_so_where_the_look_fails(fake: FakeNgrok) -> None:
    """What is raised says that it may have been applied."""
    fake.fail(drop=True, applied=True, route="POST /vaults")
    async with Client(fake.api_key, base_url=fake.url, retry=None) as ngrok:

        async def fail_the_second_look(request: Request, send: Send) -> Response:
            if request.method == "POST":
                fake.fail(500, route="GET /vaults")
            return await send(request)

        middlewares = [fail_the_second_look]
        async with Client(
            fake.api_key, base_url=fake.url, retry=None, middlewares=middlewares
        ) as watched:
            with pytest.raises(ServerError) as caught:
                await ensure(watched.vaults, name="v")
        assert caught.value.maybe_applied
        assert 1 == len(await ngrok.vaults.list().collect())
