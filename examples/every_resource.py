"""Call every operation of the client, against a fake ngrok inside this process.

Nothing here is written for one kind of resource: the client tells what there is, each operation
which arguments it takes. A line is printed for each call.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from types import UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from ngrok_async import UNSET, Client, Pager
from ngrok_async.testing import FakeNgrok

# What a parameter refers to: one of these is created first.
NEEDED = {
    "backend_id": "backends.http_response",
    "backends": "backends.http_response",
    "certificate_authority_ids": "certificate_authorities",
    "certificate_id": "tls_certificates",
    "destination_ids": "event_destinations",
    "edge_id": "edges.https",
    "endpoint_id": "endpoints",
    "ip_policy_id": "ip_policies",
    "ip_policy_ids": "ip_policies",
    "owner_id": "service_users",
    "ssh_certificate_authority_id": "ssh_certificate_authorities",
    "subscription_id": "event_subscriptions",
    "vault_id": "vaults",
}

# What a module is a part of; the longest name that fits comes first.
OWNERS = {
    "edge_modules.https_edge_route_": "edges.https_routes",
    "edge_modules.https_edge_": "edges.https",
    "edge_modules.tcp_edge_": "edges.tcp",
    "edge_modules.tls_edge_": "edges.tls",
}

# Arguments that must look like something; for others any value of their type will do.
PEM = "-----BEGIN {0}-----\nMIIB\n-----END {0}-----\n"
TEXTS = {
    "address": "localhost:8080",
    "ca_pem": PEM.format("CERTIFICATE"),
    "certificate_pem": PEM.format("CERTIFICATE"),
    "cidr": "203.0.113.0/24",
    "domain": "shop.example.com",
    "private_key_pem": PEM.format("PRIVATE KEY"),
    "traffic_policy": '{"on_http_request": []}',
    "type": "ip_policy_created.v0",
    "url": "https://example.com",
}
EXAMPLES: Mapping[str, Any] = {
    "acl": ["bind:*.example.com"],
    "certificate_management_policy": UNSET,  # a domain has a certificate instead
    "deployment": {"name": "ngrok-operator", "namespace": "ngrok"},
    "hostports": UNSET,  # each would have to be reserved first
    "key_size": 2048,
    "resolves_to": [{"value": "eu"}],
    "sources": [],
    "target": {"datadog": {"api_key": "made-up", "ddtags": "env:test"}},
    "urls": ["https://bad.example.com/login"],
    "vault_name": UNSET,  # a secret's vault has an id
}
SIMPLE: Mapping[Any, Any] = {str: "example", bool: True, int: 1, datetime: datetime.now(UTC)}


async def main() -> None:
    """Show all there is."""
    async with (
        FakeNgrok(agents=2, limit=None) as fake,
        Client(fake.api_key, base_url=fake.url, limiter=None) as ngrok,
    ):
        tour = Tour(ngrok)
        # What comes into being by itself: agents connect, and people visit an endpoint.
        first, second = fake.agents
        tour.made["tunnel_sessions"] = first
        tour.made["tunnels"] = second.tunnel_ids[0]
        tour.made["application_users"] = fake.add("/app/users", email="ada@example.com")
        tour.made["application_sessions"] = fake.add("/app/sessions")

        for service in services(ngrok):
            await tour.visit(service)
        await tour.clean_up()
        print(f"\n{len(fake.requests)} requests, {fake.rejections} of them answered with 429")


def services(owner: object, prefix: str = "") -> Iterator[str]:
    """Find all services of the client, such as "backends.failover"."""
    for name in vars(type(owner)):
        found = getattr(owner, name)
        if verbs(found):
            yield prefix + name
        elif hasattr(found, "client"):  # a group, such as `ngrok.backends`
            yield from services(found, f"{prefix}{name}.")


def verbs(resource: object) -> list[str]:
    """Return the names of a resource's operations."""
    return [name for name, member in vars(type(resource)).items() if hasattr(member, "operation")]


class Tour:
    """A visit to all services.

    Attributes:
        made: One of each kind, by service; a model goes wherever an id goes.
    """

    def __init__(self, ngrok: Client) -> None:
        """Begin with nothing."""
        self.ngrok = ngrok
        self.made: dict[str, Any] = {}

    async def visit(self, service: str) -> None:
        """Create one of a kind, then do everything with it but delete it."""
        known = verbs(self.find(service))
        if "create" in known:
            await self.one(service)
        usual = [verb for verb in ("replace", "list", "get", "update") if verb in known]
        others = [verb for verb in known if verb not in {*usual, "create", "delete"}]
        for verb in usual + others:
            if verb == "delete_certificate_management_policy":
                policy = {"certificate_management_policy": {"authority": "letsencrypt"}}
                await self.call(service, "update", {"id": await self.one(service), **policy})
            await self.call(service, verb, await self.arguments(service, verb))
        if "replace" in known:
            await self.call(service, "delete", await self.arguments(service, "delete"))

    async def clean_up(self) -> None:
        """Delete all that was made, the latest first: nothing refers to that any more."""
        for service in reversed(self.made):
            if "delete" in verbs(self.find(service)):
                await self.call(service, "delete", await self.arguments(service, "delete"))

    async def one(self, service: str) -> Any:  # noqa: ANN401 # any model
        """Return one of a kind; it is created when it is first needed."""
        if service not in self.made:
            created = await self.call(service, "create", await self.arguments(service, "create"))
            # A source of events has no id: its type names it.
            self.made[service] = created if hasattr(created, "id") else created.type
        return self.made[service]

    async def call(self, service: str, verb: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 # any model
        """Call an operation and print what comes back."""
        outcome: Any = getattr(self.find(service), verb)(**arguments)
        if isinstance(outcome, Pager):
            outcome = cast("Pager[Any]", outcome).collect()
        result: Any = await outcome
        print(f"{service}.{verb}".ljust(64), described(result))
        return result

    def find(self, service: str) -> object:
        """Return what the client has under a name with dots."""
        return attrgetter(service)(self.ngrok)

    async def arguments(self, service: str, verb: str) -> dict[str, Any]:
        """Make up arguments: all that `create` takes, else what is needed and one change."""
        operation = getattr(self.find(service), verb).operation
        arguments: dict[str, Any] = {}
        for name, parameter in operation.parameters.items():
            if name in operation.path_names and name not in NEEDED:
                owners = (own for start, own in OWNERS.items() if service.startswith(start))
                arguments[name] = await self.one(next(owners, service))
            elif verb == "create" or parameter.default is parameter.empty:
                arguments[name] = await self.value(name, operation.hints[name])
            elif verb == "update" and name in {"description", "name"}:
                arguments[name] = "changed"
        if "domain" in arguments:
            arguments.pop("name", None)  # either tells the host name
        return {name: value for name, value in arguments.items() if value is not UNSET}

    async def value(self, name: str, hint: Any) -> Any:  # noqa: ANN401 # any type, any value
        """Make up a value of a declared type; the first of several is the one that is sent."""
        kind = get_args(hint)[0] if get_origin(hint) in {Union, UnionType} else hint
        if get_origin(kind) is Literal:
            return get_args(kind)[0]
        if kind is str and name in TEXTS:
            return TEXTS[name]
        if name in EXAMPLES:
            return EXAMPLES[name]
        if kind in SIMPLE and name not in NEEDED:
            return SIMPLE[kind]
        return await self.compound(name, kind)

    async def compound(self, name: str, kind: Any) -> Any:  # noqa: ANN401 # any type, any value
        """Make up a value that consists of others, or refers to one."""
        origin = get_origin(kind)
        if origin in {Sequence, tuple}:
            return [await self.value(name, get_args(kind)[0])]
        if name in NEEDED:
            needed = await self.one(NEEDED[name])
            return {needed.id: 1} if origin is Mapping else needed
        if origin is Mapping:
            return {"example": await self.value(name, get_args(kind)[1])}
        # A class with fields, such as a module of an edge: fill those that refer to something.
        hints = {n: h for n, h in get_type_hints(kind).items() if n in NEEDED}
        return kind(**{n: await self.value(n, h) for n, h in hints.items()})


def described(result: object) -> str:
    """Tell in few words what a call returned."""
    if result is None:
        return "done"
    if isinstance(result, list):
        return f"{len(cast('list[object]', result))} found"
    return str(getattr(result, "id", type(result).__name__))


if __name__ == "__main__":
    asyncio.run(main())
