"""Every refusal of the fake that needs no more than requests: a table of them."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

import aiohttp
import pytest
import pytest_asyncio

from ngrok_async.testing import FakeNgrok, TurnableClock
from ngrok_async.testing._refusals import MESSAGES
from tools.contract import facts

from .conftest import CERTIFICATE, PRIVATE_KEY, TARGET, Call, call_of
from .world import CLOUD, POLICY, filled, populate

ROLE: Final = {"role": {"role_arn": "arn:aws:iam::1:role/r"}}
ID: Final = "0123456789abcdefghijklmnopq"
SIZES: Final = (("description", 255), ("metadata", 4096))


def rule(cidr: str, action: str = "deny") -> dict[str, str]:
    """Return the body of a rule."""
    return {"ip_policy_id": "{policy}", "cidr": cidr, "action": action}


def endpoint(url: str, **others: object) -> dict[str, object]:
    """Return the body of a cloud endpoint."""
    return {"url": url, **CLOUD, **others}


def host_certificate(authority: str) -> dict[str, str]:
    """Return the body of a certificate for a host."""
    return {"ssh_certificate_authority_id": authority, "public_key": "k"}


CASES: Final[list[tuple[str, object, int, int | None]]] = [
    # Ids.
    ("GET /ip_policies/nonsense", None, 404, 222),
    ("GET /tunnels/a%2F..%2Fb", None, 404, 222),
    ("PATCH /reserved_domains/rd_a-b", {"metadata": "m"}, 404, 222),
    (f"GET /ip_policies/xyz_{ID}", None, 404, 222),
    (f"GET /ip_policies/rd_{ID}", None, 400, 227),
    (f"GET /app/users/anything_{ID}", None, 404, None),
    (f"GET /reserved_domains/rd_{ID}", None, 404, None),
    (f"GET /ip_policies/ipp_{ID}", None, 404, 1402),
    (f"GET /ip_policy_rules/ipr_{ID}", None, 404, 1404),
    (f"GET /ssh_certificate_authorities/sshca_{ID}", None, 404, 1949),
    (f"GET /tls_certificates/cert_{ID}", None, 404, 1965),
    (f"GET /event_destinations/ed_{ID}", None, 404, 5103),
    (f"GET /event_subscriptions/esb_{ID}", None, 404, 5123),
    ("GET /event_subscriptions/{subscription}/sources/other", None, 404, 5125),
    (f"GET /backends/static/bkdsc_{ID}", None, 404, 6514),
    (f"GET /edges/https/edghts_{ID}", None, 404, 7000),
    (f"GET /vaults/vault_{ID}", None, 404, 24006),
    # Bodies.
    ("GET /ip_policies", {}, 400, 211),
    ("POST /ip_policies", [], 400, 213),
    ("POST /ip_policies", {"nope": ""}, 400, 214),
    ("POST /ip_policies", {"description": 1}, 400, 215),
    ("POST /ip_policy_rules", rule("::/0") | {"action": ""}, 400, 1422),
    ("POST /ip_policy_rules", {"cidr": "::/0", "action": "deny"}, 400, 1405),
    ("POST /ssh_credentials", {}, 400, 611),
    ("POST /ssh_host_certificates", {"ssh_certificate_authority_id": "{authority}"}, 400, 1952),
    # References.
    ("POST /ip_policy_rules", rule("::/0") | {"ip_policy_id": "ipp_1"}, 404, 1402),
    ("POST /api_keys", {"owner_id": "service_1"}, 404, None),
    ("POST /ai_gateway_api_keys", {"endpoint_id": "ep_1"}, 404, None),
    ("POST /edges/tls", {"mutual_tls": {"certificate_authority_ids": ["ca_1"]}}, 404, None),
    ("POST /reserved_domains", {"certificate_id": "cert_1"}, 404, 1965),
    ("POST /event_subscriptions", {"destination_ids": ["ed_1"]}, 404, 5103),
    ("POST /backends/failover", {"backends": ["bkdsc_1"]}, 404, 6514),
    ("POST /ssh_host_certificates", host_certificate("sshca_1"), 404, 1949),
    ("POST /vault_secrets", {"name": "x", "vault_id": "vault_1"}, 404, 24006),
    ("POST /vault_secrets", {"name": "x", "vault_name": "other"}, 404, 24009),
    ("POST /vault_secrets", {"name": "x"}, 400, 24008),
    # Updates with nothing in them.
    ("PATCH /reserved_domains/{domain}", {}, 400, 422),
    ("PATCH /reserved_addrs/{address}", {}, 400, 506),
    ("PATCH /credentials/{credential}", {}, 400, 606),
    ("PATCH /ip_policies/{policy}", {}, 400, 1400),
    ("PATCH /ip_policy_rules/{rule}", {}, 400, 1401),
    ("PATCH /endpoints/{endpoint}", {}, 400, 18004),
    ("PATCH /vaults/{vault}", {}, 400, None),
    # Known values.
    ("POST /reserved_domains", {"domain": "c.example.com", "region": "mars"}, 400, 400),
    ("POST /reserved_addrs", {"region": "mars"}, 400, 500),
    ("POST /ip_policy_rules", rule("::/0", action="ask"), 400, 1422),
    ("POST /ip_restrictions", {"type": "all", "ip_policy_ids": ["{policy}"]}, 400, 1803),
    ("POST /endpoints", endpoint("https://c.example.com", type="edge"), 400, 215),
    ("POST /endpoints", endpoint("https://c.example.com", bindings=["private"]), 400, 15005),
    ("POST /endpoints", endpoint("https://c.example.com", bindings=["public"] * 2), 400, 15006),
    ("POST /event_destinations", {"target": TARGET, "format": "XML"}, 400, 215),
    ("POST /kubernetes_operators", {"enabled_features": ["ingress", "egress"]}, 400, 215),
    ("POST /ssh_certificate_authorities", {"private_key_type": "dsa"}, 400, 1936),
    ("POST /ssh_certificate_authorities", {"key_size": 1024}, 400, 1939),
    (
        "PATCH /reserved_domains/{domain}",
        {"certificate_management_policy": {"authority": "my-own"}},
        400,
        435,
    ),
    ("PUT /edges/tls/{tls}/tls_termination", {"terminate_at": "moon"}, 400, 215),
    ("POST /edges/https/{edge}/routes", {"match_type": "regex", "match": "/"}, 400, 7130),
    # Blocks of addresses.
    ("POST /ip_policy_rules", rule("203.0.113.0"), 400, 1413),
    ("POST /ip_policy_rules", rule("2001:db8::1"), 400, 1413),
    ("POST /ip_policy_rules", rule("203.0.113.7/24"), 400, 1409),
    ("PATCH /ip_policy_rules/{rule}", {"cidr": "2001:db8::1/32"}, 400, 1409),
    ("POST /ip_policy_rules", rule("203.0.113.256/32"), 400, 1406),
    ("POST /ip_policy_rules", rule("203.0.113.0/33"), 400, 1406),
    ("POST /ip_policy_rules", rule("203.0.113.0/255.255.255.0"), 400, 1406),
    ("POST /ip_policy_rules", rule("fe80::1%eth0/128"), 400, 1406),
    ("POST /ip_policy_rules", rule("everybody"), 400, 1406),
    ("POST /ip_policy_rules", rule("2001:db8:0::/32", action="allow"), 400, 1408),
    ("DELETE /ip_policy_rules/{rule}", None, 400, 1419),
    ("DELETE /ip_policies/{policy}", None, 400, 1420),
    ("POST /ip_restrictions", {"type": "api", "ip_policy_ids": ["{policy}"]}, 400, 1802),
    ("POST /ip_restrictions", {"type": "agent", "ip_policy_ids": []}, 400, 1804),
    # Rules of credentials.
    ("POST /credentials", {"acl": ["bind:*.example.com", "example.com"]}, 400, 600),
    ("POST /ssh_credentials", {"public_key": "k2", "acl": ["bind:"]}, 400, 600),
    ("PATCH /credentials/{credential}", {"acl": [""]}, 400, 600),
    ("POST /ssh_credentials", {"public_key": "k"}, 400, 609),
    # Domains.
    ("POST /reserved_domains", {"domain": "shop example.com"}, 400, 215),
    ("POST /reserved_domains", {"domain": "https://shop.example.com"}, 400, 215),
    ("POST /reserved_domains", {"domain": "localhost"}, 400, 215),
    ("POST /reserved_domains", {"domain": "a." * 125 + "example.com"}, 400, 215),
    ("POST /agent_ingresses", {"domain": "-a.example.com"}, 400, 6704),
    ("POST /reserved_domains", {"domain": "a_b.example.com"}, 400, 438),
    ("POST /reserved_domains", {"domain": "A.example.COM"}, 400, 413),
    (
        "PATCH /reserved_domains/{domain}",
        {"certificate_id": "{certificate}", "certificate_management_policy": POLICY},
        400,
        434,
    ),
    ("POST /reserved_domains", {"domain": "c.example.com", "name": "c"}, 400, 449),
    ("POST /reserved_domains", {"name": "a.b"}, 400, 215),
    ("POST /reserved_domains", {"name": "mine"}, 400, 413),
    ("DELETE /reserved_domains/{managed}/certificate", None, 400, 436),
    ("DELETE /reserved_domains/{domain}/certificate", None, 404, None),
    ("PATCH /reserved_domains/{own}", {"certificate_management_policy": POLICY}, 400, 439),
    ("PATCH /reserved_domains/{own}", {"certificate_id": "{certificate}"}, 400, 440),
    ("POST /reserved_domains", {"certificate_management_policy": POLICY}, 400, 439),
    ("DELETE /reserved_domains/{domain}", None, 400, 446),
    ("DELETE /reserved_domains/{wildcard}", None, 400, 446),
    # Certificates.
    (
        "POST /tls_certificates",
        {"certificate_pem": "MIIB", "private_key_pem": PRIVATE_KEY},
        400,
        1922,
    ),
    (
        "POST /tls_certificates",
        {"certificate_pem": PRIVATE_KEY, "private_key_pem": PRIVATE_KEY},
        400,
        1925,
    ),
    (
        "POST /tls_certificates",
        {"certificate_pem": CERTIFICATE, "private_key_pem": CERTIFICATE},
        400,
        1924,
    ),
    ("POST /tls_certificates", {"certificate_pem": CERTIFICATE}, 400, 1901),
    ("POST /certificate_authorities", {}, 400, 1919),
    (
        "POST /agent_ingresses",
        {"domain": "i.example.com", "certificate_management_policy": {"authority": "own"}},
        400,
        1908,
    ),
    (
        "PATCH /reserved_domains/{domain}",
        {"certificate_management_policy": {"private_key_type": "dsa"}},
        400,
        1909,
    ),
    ("POST /certificate_authorities", {"ca_pem": CERTIFICATE[:-8]}, 400, 1920),
    ("DELETE /ssh_certificate_authorities/{authority}", None, 400, 1964),
    # Events.
    ("POST /event_destinations", {}, 400, 5100),
    ("POST /event_destinations", {"target": {"kinesis": None}}, 400, 5100),
    ("PATCH /event_destinations/{destination}", {"target": {}}, 400, 5100),
    ("POST /event_destinations", {"target": {**TARGET, "kinesis": {}}}, 400, 5115),
    ("PATCH /event_destinations/{destination}", {"target": {"kinesis": {"auth": ROLE}}}, 400, 5108),
    ("POST /event_destinations", {"target": {"kinesis": {"stream_arn": "arn:"}}}, 400, 5106),
    ("POST /event_destinations", {"target": {"firehose": {"auth": {"role": None}}}}, 400, 5107),
    (
        "POST /event_destinations",
        {"target": {"azure_logs_ingestion": {"tenant_id": "t"}}},
        400,
        215,
    ),
    ("DELETE /event_destinations/{destination}", None, 400, 5112),
    (
        "POST /event_subscriptions/{subscription}/sources",
        {"type": "ip_policy_created.v0"},
        400,
        5127,
    ),
    # Backends and edges.
    ("DELETE /backends/static/{backend}", None, 400, 6502),
    ("POST /edges/https", {"hostports": ["c.example.com:443"]}, 400, 7117),
    ("PATCH /edges/tls/{tls}", {"hostports": ["b.example.com:443"]}, 400, 7117),
    ("POST /edges/tcp", {"hostports": ["1.tcp.ngrok.io:1"]}, 400, 7113),
    ("POST /edges/tls", {"hostports": ["a.example.com:443"]}, 400, 7122),
    ("PATCH /edges/https/{edge}", {"hostports": ["m.example.com:443"] * 2}, 400, 7122),
    ("POST /edges/https", {"hostports": ["a.example.com"]}, 400, 7104),
    ("POST /edges/https", {"hostports": ["a.example.com:65536"]}, 400, 7112),
    # Endpoints and their policies.
    *(
        ("POST /endpoints", endpoint(url), 400, code)
        for url, code in (
            ("c.example.com", 18022),
            ("ftp://c.example.com", 18022),
            ("https://", 18001),
            ("https://c.example.com/path", 18001),
            ("https://c.example.com?x=1", 18001),
            ("https://user@c.example.com", 18001),
            ("https://c d.example.com", 18001),
            ("https://[", 18001),
            ("https://c.example.com:0", 18003),
            ("https://c.example.com:65536", 18003),
            ("tcp://c.example.com", 18003),
        )
    ),
    ("POST /endpoints", endpoint("https://c.example.com") | {"url": ""}, 400, 215),
    ("POST /endpoints", endpoint("https://c.example.com", traffic_policy=""), 400, 215),
    *(
        ("POST /endpoints", endpoint("https://c.example.com", traffic_policy=policy), 400, 18002)
        for policy in ("[]", "1", '{"on_http_request": [}', "[" * 2000, "a: b: c")
    ),
    ("PUT /edges/tls/{tls}/traffic_policy", {"value": "[]"}, 400, 215),
    ("PATCH /edges/tls/{tls}", {"traffic_policy": {"value": "{"}}, 400, 215),
    (
        "POST /endpoints",
        endpoint("https://c.internal", bindings=["public", "internal"]),
        400,
        215,
    ),
    ("POST /endpoints", endpoint("https://c.example.com", bindings=["internal"]), 400, 215),
    ("PATCH /endpoints/{endpoint}", {"url": "tls://a.example.com"}, 400, 18005),
    (
        "POST /endpoints",
        endpoint("https://a.example.com", pooling_enabled=True),
        400,
        18016,
    ),
    ("POST /endpoints", endpoint("https://p.example.com"), 400, 18017),
    ("DELETE /endpoints/{agents}", None, 404, None),
    ("PATCH /endpoints/{agents}", {"metadata": "m"}, 404, None),
    (
        "POST /kubernetes_operators",
        {"deployment": {"name": "n", "namespace": "ns", "cluster_name": "c", "version": "2"}},
        400,
        19002,
    ),
    # Names.
    ("POST /vaults", {}, 400, 23001),
    ("POST /vaults", {"name": ""}, 400, 23001),
    ("PATCH /vaults/{vault}", {"name": " "}, 400, 23001),
    ("POST /vault_secrets", {"vault_id": "{vault}", "name": ""}, 400, 24001),
    ("POST /bot_users", {"name": ""}, 400, 215),
    ("POST /service_users", {"active": True}, 400, 215),
    ("POST /vaults", {"name": "prod"}, 400, 23004),
    ("DELETE /vaults/{vault}", None, 400, 23003),
    ("POST /vault_secrets", {"vault_id": "{vault}", "name": "n"}, 400, 24005),
    # Sizes, in bytes.
    *(
        (f"{route}", {name: "é" * (most // 2 + 1)}, 400, code)
        for route, codes in (
            ("PATCH /reserved_domains/{domain}", (420, 421)),
            ("PATCH /reserved_addrs/{address}", (504, 505)),
            ("PATCH /credentials/{credential}", (604, 605)),
            ("PATCH /backends/static/{backend}", (6503, 6504)),
            ("PATCH /endpoints/{endpoint}", (18012, 18013)),
            ("PATCH /edges/tcp/{tcp}", (7073, 7074)),
            ("PATCH /ip_policy_rules/{rule}", (1421, 215)),
            ("PATCH /agent_ingresses/{ingress}", (6700, 6701)),
            ("POST /ip_policies", (215, 215)),
            ("PATCH /tls_certificates/{certificate}", (215, 215)),
        )
        for (name, most), code in zip(SIZES, codes, strict=True)
    ),
]
"""Method and path, body, and what comes back: status and the n of ERR_NGROK_n."""

ELSEWHERE: Final = {
    **dict.fromkeys((200, 201, 202, 203, 206, 208), "test_rules: the authorization header"),
    **dict.fromkeys((210, 216, 217, 218), "test_rules: other headers"),
    **dict.fromkeys((223, 231, 232, 233, 244), "test_rules: the query"),
    **dict.fromkeys((225, 226), "test_server: the limits"),
    250: "test_filters: what is refused",
    **dict.fromkeys((*range(804, 811), 1700, 1701, 1702), "test_fleet: commands to agents"),
}
"""Codes that are not in the table, and where they are tried."""

NOT_IN_THE_FACTS: Final = {
    434: "the field text of `certificate_management_policy`",
    436: "the reference's page about removing a certificate",
    24001: "its neighbours: 23001 is for vaults, 24003 for values",
    5127: "the reference's page about event sources",
}
"""Codes that the list of ngrok's API errors lacks, and who names them."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[tuple[Call, Mapping[str, str]]]:
    """Serve an account that has one of most things; a request that is refused changes nothing."""
    async with FakeNgrok(limit=None, clock=TurnableClock(running=False)) as fake:
        headers = {"authorization": f"Bearer {fake.api_key}", "ngrok-version": "2"}
        async with aiohttp.ClientSession(fake.url, headers=headers) as http:
            call = call_of(http)
            ids = await populate(call)
            agent = fake.add_agent()
            listed = (await call("GET", "/endpoints"))[1]["endpoints"]
            ids["agents"] = next(
                each["id"]
                for each in listed
                if (each.get("tunnel_session") or {}).get("id") == agent.id
            )
            yield call, ids


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("route", "body", "status", "code"),
    [pytest.param(*case, id=f"{case[3]} {case[0]} {number}") for number, case in enumerate(CASES)],
)
async def test_a_refusal(
    world: tuple[Call, Mapping[str, str]],
    route: str,
    body: object,
    status: int,
    code: int | None,
) -> None:
    """It has ngrok's status and, where that is known, its code."""
    call, ids = world
    method, path = route.split()
    for name, id_ in ids.items():
        path = path.replace(f"{{{name}}}", id_)
    found, error = await call(method, path, filled(body, ids))

    assert (status, code and f"ERR_NGROK_{code}") == (found, error.get("error_code")), error
    assert status == error["status_code"]
    assert error["msg"]
    assert "{" not in error["msg"] or "{" in str(body)


def test_each_code_is_tried() -> None:
    """A code that the fake can say is in the table above, or it is known where it is tried."""
    tried = {code for _, _, _, code in CASES if code is not None}

    assert tried | ELSEWHERE.keys() == MESSAGES.keys()
    assert not tried & ELSEWHERE.keys()


def test_each_code_is_one_of_the_api() -> None:
    """The facts have it, or it is known who names it."""
    known = {code for codes in facts.load()["error_codes"].values() for code in codes}

    assert NOT_IN_THE_FACTS.keys() == MESSAGES.keys() - known
