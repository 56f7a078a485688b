"""Requests of the shape that ngrok documents, for each operation, and what becomes of them."""

import re
import tomllib
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Any, Final, TypeAlias, cast

import aiohttp
import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ngrok_async.testing import FakeNgrok, TurnableClock
from ngrok_async.testing._kinds import plain
from tools.contract import facts
from tools.contract.facts import Facts

Body: TypeAlias = Mapping[str, Any]

FACTS: Final = facts.load()


def _pem() -> tuple[str, str]:
    """Return a certificate that has everything of which answers tell, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com"),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, "Berlin"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "BE"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Shop"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "IT"),
        ]
    )
    names = [x509.DNSName("shop.example.com"), x509.IPAddress(ip_address("192.0.2.1"))]
    usages = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    begin = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example CA")]))
        .public_key(key.public_key())
        .serial_number(0xABC)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=90))
        .add_extension(
            x509.KeyUsage(**usages, key_cert_sign=True, crl_sign=True),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


CERTIFICATE, PRIVATE_KEY = _pem()
PUBLIC_KEY: Final = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= alan@work-laptop"
NOTES: Final[Body] = {"description": "d", "metadata": "m"}
MODULES: Final[Mapping[str, Body]] = {
    "EndpointBackendMutate": {"backend_id": "{/backends/static}"},
    "EndpointCircuitBreaker": {
        "tripped_duration": 120,
        "rolling_window": 300,
        "num_buckets": 5,
        "volume_threshold": 20,
        "error_threshold_percentage": 0.2,
    },
    "EndpointCompression": {"enabled": True},
    "EndpointIPPolicyMutate": {"ip_policy_ids": ["{/ip_policies}"]},
    "EndpointMutualTLSMutate": {"certificate_authority_ids": ["{/certificate_authorities}"]},
    "EndpointOAuth": {"provider": {"google": {"email_addresses": ["alan@example.com"]}}},
    "EndpointOIDC": {
        "issuer": "https://accounts.example.com",
        "client_id": "i",
        "client_secret": "s",
        "scopes": ["profile"],
    },
    "EndpointRequestHeaders": {"add": {"X-Frontend": "ngrok"}, "remove": ["Cache-Control"]},
    "EndpointResponseHeaders": {"add": {"Strict-Transport": "max-age=1"}, "remove": ["Server"]},
    "EndpointSAMLMutate": {"idp_metadata": "<EntityDescriptor/>"},
    "EndpointTLSTermination": {"terminate_at": "edge", "min_version": "1.3"},
    "EndpointTLSTerminationAtEdge": {"min_version": "1.3"},
    "EndpointTrafficPolicy": {"enabled": True, "value": "{}"},
    "EndpointUserAgentFilter": {"allow": ["(Mozilla)/(\\d+)"], "deny": ["(curl)/(\\d+)"]},
    "EndpointWebhookValidation": {"provider": "slack", "secret": "s"},
    "EndpointWebsocketTCPConverter": {"enabled": True},
}
"""What is put into each kind of module."""

MINIMAL: Final[Mapping[str, Body]] = {
    "/abuse_reports": {"urls": ["https://bad.ngrok.app/login"]},
    "/agent_ingresses": {"domain": "connect.example.org"},
    "/api_keys": {},
    "/certificate_authorities": {"ca_pem": CERTIFICATE},
    "/credentials": {},
    "/bot_users": {"name": "bot"},
    "/service_users": {"name": "service"},
    "/ip_policies": {},
    "/ip_policy_rules": {"ip_policy_id": "{/ip_policies}", "cidr": "10.0.0.0/8", "action": "deny"},
    "/ip_restrictions": {"type": "agent", "ip_policy_ids": ["{/ip_policies}"]},
    "/tls_certificates": {"certificate_pem": CERTIFICATE, "private_key_pem": PRIVATE_KEY},
    "/reserved_addrs": {},
    "/reserved_domains": {},
    "/backends/static": {},
    "/backends/http_response": {},
    "/backends/tunnel_group": {},
    "/backends/failover": {},
    "/backends/weighted": {},
    "/edges/https": {},
    "/edges/https/{}/routes": {"match_type": "path_prefix", "match": "/a"},
    "/edges/tcp": {},
    "/edges/tls": {},
    "/endpoints": {"type": "cloud", "url": "https://a.example.com", "traffic_policy": "{}"},
    "/event_destinations": {"target": {"datadog": {"api_key": "k"}}},
    "/event_subscriptions": {},
    "/event_subscriptions/{}/sources": {"type": "ip_policy_created.v0"},
    "/kubernetes_operators": {},
    "/ssh_certificate_authorities": {},
    "/ssh_credentials": {"public_key": "ssh-ed25519 AAAA"},
    "/ssh_host_certificates": {
        "ssh_certificate_authority_id": "{/ssh_certificate_authorities}",
        "public_key": "ssh-rsa AAAA",
    },
    "/ssh_user_certificates": {
        "ssh_certificate_authority_id": "{/ssh_certificate_authorities}",
        "public_key": "ssh-ed25519 AAAA",
    },
    "/vaults": {"name": "little"},
    "/vault_secrets": {"name": "little", "value": "v", "vault_id": "{/vaults}"},
    "/ai_gateway_api_keys": {"endpoint_id": "{/endpoints}"},
}
"""By collection, those first that others refer to: the least that a create takes."""

_AT: Final = "2026-01-02T03:04:05Z"
_TIMES: Final[Body] = {
    "valid_after": _AT,
    "valid_until": "2027-01-02T03:04:05Z",
}
_ROUTE: Final[Body] = {
    "backend": MODULES["EndpointBackendMutate"],
    "circuit_breaker": MODULES["EndpointCircuitBreaker"],
    "compression": MODULES["EndpointCompression"],
    "ip_restriction": MODULES["EndpointIPPolicyMutate"],
    "oauth": MODULES["EndpointOAuth"],
    "oidc": MODULES["EndpointOIDC"],
    "request_headers": MODULES["EndpointRequestHeaders"],
    "response_headers": MODULES["EndpointResponseHeaders"],
    "saml": MODULES["EndpointSAMLMutate"],
    "traffic_policy": MODULES["EndpointTrafficPolicy"],
    "user_agent_filter": MODULES["EndpointUserAgentFilter"],
    "webhook_verification": MODULES["EndpointWebhookValidation"],
    "websocket_tcp_converter": MODULES["EndpointWebsocketTCPConverter"],
}
_AWS: Final[Body] = {"role": {"role_arn": "arn:aws:iam::1:role/r"}}
FULL: Final[Mapping[str, Body]] = {
    "/abuse_reports": {"urls": ["https://bad.ngrok.app"], "metadata": "m"},
    "/agent_ingresses": {
        "domain": "connect.example.com",
        "certificate_management_policy": {"authority": "letsencrypt"},
        **NOTES,
    },
    "/api_keys": {"owner_id": "{/bot_users}", **NOTES},
    "/certificate_authorities": NOTES,
    "/credentials": {"acl": ["bind:*.example.com"], "owner_id": "{/service_users}", **NOTES},
    "/bot_users": {"active": False},
    "/service_users": {"active": True},
    "/ip_policies": NOTES,
    "/ip_policy_rules": {"cidr": "203.0.113.0/24", "action": "allow", **NOTES},
    "/ip_restrictions": {"type": "dashboard", "enforced": True, **NOTES},
    "/tls_certificates": NOTES,
    "/reserved_addrs": {"region": "eu", **NOTES},
    "/reserved_domains": {
        "domain": "*.example.com",
        "region": "eu",
        "certificate_management_policy": {"authority": "letsencrypt", "private_key_type": "rsa"},
        "resolves_to": [{"value": "eu"}],
        **NOTES,
    },
    "/backends/static": {"address": "localhost:80", "tls": {"enabled": True}, **NOTES},
    "/backends/http_response": {
        "body": "b",
        "headers": {"Content-Type": "text/plain"},
        "status_code": 418,
        **NOTES,
    },
    "/backends/tunnel_group": {"labels": {"app": "foo"}, **NOTES},
    "/backends/failover": {"backends": ["{/backends/static}"], **NOTES},
    "/backends/weighted": {"backends": {"{/backends/static}": 1}, **NOTES},
    "/edges/https": {
        "hostports": ["a.example.com:443"],
        "mutual_tls": MODULES["EndpointMutualTLSMutate"],
        "tls_termination": MODULES["EndpointTLSTerminationAtEdge"],
        **NOTES,
    },
    "/edges/https/{}/routes": {"match_type": "exact_path", "match": "/b", **_ROUTE, **NOTES},
    "/edges/tcp": {
        "hostports": ["1.tcp.eu.ngrok.io:20001"],
        "backend": MODULES["EndpointBackendMutate"],
        "ip_restriction": MODULES["EndpointIPPolicyMutate"],
        "traffic_policy": MODULES["EndpointTrafficPolicy"],
        **NOTES,
    },
    "/edges/tls": {
        "hostports": ["b.example.com:443"],
        "backend": MODULES["EndpointBackendMutate"],
        "ip_restriction": MODULES["EndpointIPPolicyMutate"],
        "mutual_tls": MODULES["EndpointMutualTLSMutate"],
        "tls_termination": MODULES["EndpointTLSTermination"],
        "traffic_policy": MODULES["EndpointTrafficPolicy"],
        **NOTES,
    },
    "/endpoints": {
        "url": "https://b.example.com:443",
        "bindings": ["public"],
        "pooling_enabled": True,
        **NOTES,
    },
    "/event_destinations": {
        "format": "json",
        "target": {"kinesis": {"auth": _AWS, "stream_arn": "arn:aws:kinesis:us:1:stream/s"}},
        **NOTES,
    },
    "/event_subscriptions": {
        "sources": [{"type": "ip_policy_updated.v0"}],
        "destination_ids": ["{/event_destinations}"],
        **NOTES,
    },
    "/event_subscriptions/{}/sources": {"type": "ip_policy_deleted.v0"},
    "/kubernetes_operators": {
        "enabled_features": ["Ingress", "Bindings"],
        "region": "global",
        "deployment": {
            "name": "operator",
            "namespace": "ngrok",
            "version": "1",
            "cluster_name": "c",
        },
        "binding": {
            "endpoint_selectors": ["true"],
            "csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n",
            "ingress_endpoint": "kubernetes-binding-ingress.ngrok.io:443",
        },
        **NOTES,
    },
    "/ssh_certificate_authorities": {"private_key_type": "rsa", "key_size": 4096, **NOTES},
    "/ssh_credentials": {
        "public_key": PUBLIC_KEY,
        "acl": ["bind:*.example.com"],
        "owner_id": "{/bot_users}",
        **NOTES,
    },
    "/ssh_host_certificates": {
        "public_key": PUBLIC_KEY,
        "principals": ["h.example.com"],
        **_TIMES,
        **NOTES,
    },
    "/ssh_user_certificates": {
        "public_key": PUBLIC_KEY,
        "principals": ["root"],
        "critical_options": {"force-command": "date"},
        "extensions": {"permit-pty": ""},
        **_TIMES,
        **NOTES,
    },
    "/vaults": {"name": "big", **NOTES},
    "/vault_secrets": {"name": "big", **NOTES},
    "/ai_gateway_api_keys": NOTES,
}
"""By collection: what one may say beside the least, or instead of it."""

_JOB: Final[Body] = {"msg": "Managed certificate provisioning in progress.", "started_at": _AT}
_MANAGED: Final[Body] = {
    "certificate_management_policy": {"authority": "letsencrypt"},
    "certificate_management_status": {"renews_at": _AT, "provisioning_job": _JOB},
}
ADDED: Final[Sequence[tuple[str, Body]]] = (
    ("/app/users", {"email": "ada@example.com", "identity_provider": {"name": "google"}}),
    (
        "/app/sessions",
        {"browser_session": {"user_agent": {"raw": "curl"}, "location": {"country_code": "DE"}}},
    ),
    ("/agent_ingresses", {"domain": "managed.example.com", **_MANAGED}),
    ("/reserved_domains", {"domain": "managed.example.com", **_MANAGED}),
)
"""What the API cannot create, or not yet."""

_KEYS: Final[Body] = {"creds": {"aws_access_key_id": "a", "aws_secret_access_key": "s"}}
_TARGETS: Final[Mapping[str, Body]] = {
    "azure_logs_ingestion": {
        "tenant_id": "t",
        "client_id": "c",
        "client_secret": "s",
        "logs_ingestion_uri": "https://l.example.com",
        "data_collection_rule_id": "r",
        "data_collection_stream_name": "n",
    },
    "cloudwatch_logs": {"auth": _KEYS, "log_group_arn": "arn:aws:logs:us:1:log-group:g"},
    "firehose": {"auth": _AWS, "delivery_stream_arn": "arn:aws:firehose:us:1:stream/s"},
}
_PROVIDERS: Final = (
    "amazon",
    "facebook",
    "github",
    "gitlab",
    "google",
    "linkedin",
    "microsoft",
    "twitch",
)
VARIANTS: Final[Sequence[tuple[str, Body]]] = (
    *(("POST /event_destinations", {"target": {n: target}}) for n, target in _TARGETS.items()),
    *(
        ("PUT /edges/https/{edge_id}/routes/{id}/oauth", {"provider": {name: {}}})
        for name in _PROVIDERS
    ),
)
"""Requests of which there are several kinds."""

UPDATES: Final[Mapping[str, Body]] = {
    "/bot_users": {"name": "n"},
    "/service_users": {"name": "n"},
    "/event_subscriptions/{}/sources": {},
}
"""What is sent to change something, where that is no description."""


EARLIER: Final[Mapping[str, Body]] = {
    "/reserved_domains/{id}/certificate": {"certificate_id": "{/tls_certificates}"},
    "/reserved_domains/{id}/certificate_management_policy": {
        "certificate_management_policy": {"authority": "letsencrypt"}
    },
}
"""What has to be there before it can be taken away."""


@attrs.frozen
class Answer:
    """What a request was answered with.

    Attributes:
        route: The operation, such as "GET /vaults/{id}".
        operation: What is known of it.
        status: The HTTP status.
        body: The decoded body; None where there is none.
    """

    route: str
    operation: Facts
    status: int
    body: Any


@attrs.define
class Account:
    """An account in which every kind of thing gets made.

    Attributes:
        http: What sends requests.
        ids: The id of the newest item by collection, such as "/edges/https/{}/routes".
        answers: All answers, in the order of the requests.
    """

    http: aiohttp.ClientSession
    ids: dict[str, str] = attrs.field(factory=dict[str, str])
    answers: list[Answer] = attrs.field(factory=list[Answer])

    def put(self, value: Any) -> Any:  # noqa: ANN401 # JSON
        """Put ids in the places of the collections' names in braces."""
        if isinstance(value, str):
            return self.ids[value[1:-1]] if value[:2] == "{/" else value
        if isinstance(value, dict):
            content = cast("dict[str, Any]", value)
            return {self.put(name): self.put(part) for name, part in content.items()}
        if isinstance(value, list):
            return [self.put(part) for part in cast("Sequence[Any]", value)]
        return value

    def path(self, template: str) -> str:
        """Fill the placeholders of a path."""
        path, so_far = "", ""
        for part in template[1:].split("/"):
            is_id = part.startswith("{")
            path += f"/{self.ids[so_far] if is_id else part}"
            so_far += "/{}" if is_id else f"/{part}"
        return path

    async def ask(self, operation: Facts, body: Body | None = None) -> Answer:
        """Send a request and keep its answer."""
        method, template = operation["method"], operation["path"]
        json = None if body is None else self.put(dict(body))
        async with self.http.request(method, self.path(template), json=json) as response:
            content = await response.json() if response.content_length else None
            answer = Answer(f"{method} {template}", operation, response.status, content)
        self.answers.append(answer)
        return answer


def _sorted(method: str) -> Iterator[Facts]:
    """Yield the operations of a method, those on what is deeper last."""
    found = [o for o in facts.operations(FACTS) if o["method"] == method]
    yield from sorted(found, key=lambda o: cast("str", o["path"]).count("/"))


async def _create(account: Account, bodies: Mapping[str, Body]) -> None:
    creates = {plain(o["path"]): o for o in _sorted("POST") if "response" in o}
    if missing := sorted(creates.keys() - MINIMAL.keys()):
        raise LookupError(f"MINIMAL in {__file__} has no request for {', '.join(missing)}")
    for collection in MINIMAL:
        answer = await account.ask(
            creates[collection], {**MINIMAL[collection], **bodies.get(collection, {})}
        )
        key = "type" if collection.endswith("/sources") else "id"
        account.ids[collection] = answer.body[key]


async def _change(account: Account) -> None:
    for operation in _sorted("PUT"):
        await account.ask(operation, MODULES[operation["body_schema"]])
    for operation in _sorted("PATCH"):
        collection = plain(operation["path"]).removesuffix("/{}")
        await account.ask(operation, UPDATES.get(collection, {"description": "new"}))


async def _read(account: Account) -> None:
    for operation in _sorted("GET"):
        await account.ask(operation)


async def _end(account: Account) -> None:
    commands = [o for o in _sorted("POST") if "response" not in o]
    for operation in sorted(commands, key=lambda o: bool(o["effect"] == "remove")):
        await account.ask(operation, {})
        sessions = await account.ask(_operation("GET /tunnel_sessions"))
        for session in sessions.body["tunnel_sessions"]:  # a restart gives it another id
            account.ids["/tunnel_sessions"] = session["id"]
    for operation in sorted(_sorted("DELETE"), key=_turn):
        if earlier := EARLIER.get(operation["path"]):
            await account.ask(_operation("PATCH /reserved_domains/{id}"), earlier)
        await account.ask(operation)


def _turn(operation: Facts) -> tuple[int, int]:
    """Sort deletes: what is deeper goes first, what others refer to goes last."""
    collection = plain(operation["path"]).removesuffix("/{}")
    order = [*MINIMAL, *(path for path, _ in ADDED)]
    return -collection.count("/"), -order.index(collection) if collection in order else 0


def _operation(route: str) -> Facts:
    method, _, path = route.partition(" ")
    return next(o for o in _sorted(method) if o["path"] == path)


def session(fake: FakeNgrok) -> aiohttp.ClientSession:
    """Open a session that sends what the API asks for."""
    headers = {"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"}
    return aiohttp.ClientSession(fake.url, headers=headers)


@asynccontextmanager
async def serving() -> AsyncGenerator[FakeNgrok]:
    """Serve a fake with an agent and what the API cannot create."""
    async with FakeNgrok(limit=None, clock=TurnableClock(running=False)) as fake:
        fake.add_agent(tunnels=2, agent_version="3.18.4", metadata="m")
        for path, fields in ADDED:
            fake.add(path, **fields)
        yield fake


async def every_answer() -> list[Answer]:
    """Return the answers to requests for each operation."""
    async with serving() as fake, session(fake) as http:
        account = Account(http)
        await ask_for_everything(account)
        return account.answers


async def ask_for_everything(account: Account) -> None:
    """Send a request for each operation, some in several ways."""
    for path, field in {
        "/app/users": "application_users",
        "/app/sessions": "application_sessions",
        "/tunnel_sessions": "tunnel_sessions",
        "/tunnels": "tunnels",
    }.items():
        page = await account.ask(_operation(f"GET {path}"))
        account.ids[path] = page.body[field][0]["id"]
    await _create(account, {})
    await _read_items(account)
    await _create(account, FULL)
    for route, body in VARIANTS:
        await account.ask(_operation(route), body)
    await _read(account)
    await _change(account)
    await _read(account)
    await _end(account)


async def _read_items(account: Account) -> None:
    """Read what has been created by the least; modules that it lacks have nothing to read."""
    for operation in _sorted("GET"):
        if plain(operation["path"]).removesuffix("/{}") in account.ids:
            await account.ask(operation)


def answered() -> set[str]:
    """Return the schemas that answers have, at any depth."""
    schemas = FACTS["schemas"]
    found = {o["response"] for o in facts.operations(FACTS) if "response" in o}
    while True:
        inner = {
            name
            for schema in found
            for fact in schemas[schema].values()
            for name in re.findall(r"\w+", fact["type"])
            if name in schemas
        }
        if inner <= found:
            return found
        found |= inner


def explained(table: str) -> dict[str, str]:
    """Return the differences that have a reason, with it, from `tests/contract/answers.toml`."""
    text = (facts.CONTRACT / "answers.toml").read_text(encoding="utf-8")
    return {
        where: entry["reason"] for entry in tomllib.loads(text)[table] for where in entry["where"]
    }


def unexplained(found: Iterable[str], reasons: Iterable[str]) -> list[str]:
    """Return what was found and has no reason."""
    return [line for line in found if not any(fnmatchcase(line, where) for where in reasons)]


def stale(found: Collection[str], reasons: Iterable[str]) -> list[str]:
    """Return the reasons for what was not found."""
    return [where for where in reasons if not any(fnmatchcase(line, where) for line in found)]
