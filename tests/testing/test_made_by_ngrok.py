"""What ngrok itself makes of certain resources."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from ngrok_async.testing import FakeNgrok, _certificates
from tools.contract import documented

from .conftest import CERTIFICATE, PRIVATE_KEY, Call

Create = Callable[..., Awaitable[Any]]
CLOUD = {"type": "cloud", "traffic_policy": "{}"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/api_keys", {}, id="API key"),
        pytest.param("/credentials", {}, id="credential"),
        pytest.param("/ai_gateway_api_keys", {}, id="AI gateway key"),
    ],
)
async def test_tokens_are_shown_once(
    call: Call, create: Create, path: str, body: dict[str, str]
) -> None:
    """Only the answer to the create has the token."""
    if path == "/ai_gateway_api_keys":
        body = {
            "endpoint_id": (await create("/endpoints", url="https://a.example.com", **CLOUD))["id"]
        }
    key = await create(path, **body, description="d")
    token, key["token"] = key["token"], "" if path == "/ai_gateway_api_keys" else None

    assert token.startswith(key["id"].partition("_")[2])
    assert (200, key) == await call("GET", f"{path}/{key['id']}")
    assert not (await call("PATCH", f"{path}/{key['id']}", {"metadata": "m"}))[1]["token"]
    assert token not in str(await call("GET", path))


async def test_values_are_never_shown(call: Call, create: Create) -> None:
    """Neither the value of a secret nor a private key comes back, not even at once."""
    vault = await create("/vaults", name="v")
    secret = await create("/vault_secrets", vault_id=vault["id"], name="n", value="hush")
    changed = await call("PATCH", f"/vault_secrets/{secret['id']}", {"value": "psst"})
    certificate = await create(
        "/tls_certificates", certificate_pem=CERTIFICATE, private_key_pem=PRIVATE_KEY
    )

    assert 200 == changed[0]
    assert "hush" not in str(secret)
    assert "PRIVATE KEY" not in str(certificate)
    assert "psst" not in str(changed)


async def test_the_vault_of_a_secret(fake: FakeNgrok, call: Call, create: Create) -> None:
    """It is told by id or name, and lists its secrets."""
    vault, other = await create("/vaults", name="v"), await create("/vaults", name="o")
    reference = {"id": vault["id"], "uri": f"{fake.url}/vaults/{vault['id']}"}
    by_id = await create("/vault_secrets", vault_id=vault["id"], name="1")
    by_name = await create("/vault_secrets", vault_name="v", name="2")
    status, error = await call("POST", "/vault_secrets", {"name": "3"})

    assert reference == by_id["vault"] == by_name["vault"]
    assert "v" == by_name["vault_name"]
    assert (400, "ERR_NGROK_24008") == (status, error["error_code"])

    first = (await call("GET", f"/vaults/{vault['id']}/secrets", limit="1"))[1]

    assert [by_name] == first["secrets"]
    assert first["next_page_uri"].startswith(f"{fake.url}/vaults/{vault['id']}/secrets?")
    assert [by_id] == (await call("GET", first["next_page_uri"]))[1]["secrets"]
    assert [] == (await call("GET", f"/vaults/{other['id']}/secrets"))[1]["secrets"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        pytest.param("/ip_policies", {}, "ERR_NGROK_1400", id="with a code"),
        pytest.param("/ip_restrictions", {"type": "api"}, None, id="without a code"),
    ],
)
async def test_an_update_with_nothing(
    call: Call, create: Create, path: str, body: dict[str, Any], code: str | None
) -> None:
    """It is refused, with ngrok's code where that is known."""
    if code is None:
        body = body | {"ip_policy_ids": [(await create("/ip_policies"))["id"]]}
    item = await create(path, **body)
    status, error = await call("PATCH", f"{path}/{item['id']}", {})

    assert (400, code) == (status, error.get("error_code"))


async def test_backends_are_emptied_where_they_are_left_out(call: Call, create: Create) -> None:
    """So does ngrok with failover and weighted backends, and with no other list or map."""
    one = (await create("/backends/static"))["id"]
    failover = await create("/backends/failover", backends=[one])
    weighted = await create("/backends/weighted", backends={one: 1})
    group = await create("/backends/tunnel_group", labels={"a": "b"})
    after = [
        (await call("PATCH", f"/backends/{kind}/{item['id']}", {"metadata": "m"}))[1]
        for kind, item in (("failover", failover), ("weighted", weighted), ("tunnel_group", group))
    ]

    assert [[], {}] == [item["backends"] for item in after[:2]]
    assert {"a": "b"} == after[2]["labels"]


async def test_an_ip_restriction_needs_a_policy(call: Call, create: Create) -> None:
    """None at all is refused, first and later."""
    policy = await create("/ip_policies")
    item = await create("/ip_restrictions", type="api", ip_policy_ids=[policy["id"]])
    path = f"/ip_restrictions/{item['id']}"
    first = await call("POST", "/ip_restrictions", {"type": "agent", "ip_policy_ids": []})
    later = await call("PATCH", path, {"ip_policy_ids": []})

    assert ["ERR_NGROK_1804"] * 2 == [error["error_code"] for _, error in (first, later)]
    assert (200, item) == await call("GET", path)


async def test_certificates_of_a_domain(fake: FakeNgrok, call: Call, create: Create) -> None:
    """An uploaded certificate and ngrok's own exclude each other; each can be taken away."""
    certificate = await create(
        "/tls_certificates", certificate_pem=CERTIFICATE, private_key_pem=PRIVATE_KEY
    )
    domain = await create(
        "/reserved_domains", domain="a.example.com", certificate_id=certificate["id"]
    )
    path = f"/reserved_domains/{domain['id']}"
    policy = {"authority": "letsencrypt"}
    both = {"certificate_id": certificate["id"], "certificate_management_policy": policy}

    assert {"id": certificate["id"], "uri": certificate["uri"]} == domain["certificate"]
    assert certificate["uri"].startswith(fake.url)
    assert "ERR_NGROK_434" == (await call("PATCH", path, both))[1]["error_code"]

    managed = (await call("PATCH", path, {"certificate_management_policy": policy}))[1]

    assert managed["certificate"] is managed["certificate_management_status"] is None
    assert {"authority": "letsencrypt", "private_key_type": "ecdsa"} == (
        managed["certificate_management_policy"]
    )
    assert (200, managed | {"metadata": "m"}) == await call("PATCH", path, {"metadata": "m"})

    await call("PATCH", path, {"metadata": ""})

    assert (200, domain) == await call("PATCH", path, {"certificate_id": certificate["id"]})
    assert (204, None) == await call("DELETE", f"{path}/certificate")
    assert 404 == (await call("DELETE", f"{path}/certificate"))[0]

    domain["certificate"] = None

    assert (200, domain) == await call("GET", path)


@pytest.mark.parametrize("way", ["DELETE", "PATCH"])
async def test_a_policy_is_taken_away(fake: FakeNgrok, call: Call, way: str) -> None:
    """By its own address or by null, and its status goes along."""
    policy = {"authority": "letsencrypt", "private_key_type": "ecdsa"}
    status = {"renews_at": "2026-01-02T03:04:05Z", "provisioning_job": None}
    id_ = fake.add(
        "/reserved_domains",
        domain="a.example.com",
        certificate_management_policy=policy,
        certificate_management_status=status,
    )
    path = f"/reserved_domains/{id_}"
    domain = (await call("GET", path))[1]
    if way == "DELETE":
        await call("DELETE", f"{path}/certificate_management_policy")
    else:
        await call("PATCH", path, {"certificate_management_policy": None})
    after = (await call("GET", path))[1]

    assert (policy, status) == (
        domain["certificate_management_policy"],
        domain["certificate_management_status"],
    )
    assert after["certificate_management_policy"] is after["certificate_management_status"] is None


async def test_cloud_endpoints(call: Call, create: Create) -> None:
    """The parts of the URL are told apart, and follow it; the scheme stays."""
    domain = await create("/reserved_domains", domain="a.example.com")
    endpoint = await create("/endpoints", url="https://a.example.com", **CLOUD)
    path = f"/endpoints/{endpoint['id']}"

    assert ("https", "a.example.com:443") == (endpoint["proto"], endpoint["hostport"])
    assert endpoint["url"] == endpoint["public_url"]
    assert {"id": domain["id"], "uri": domain["uri"]} == endpoint["domain"]

    moved = (await call("PATCH", path, {"url": "https://b.example.com:8443"}))[1]

    assert "b.example.com:8443" == moved["hostport"]
    assert "domain" not in moved
    status, error = await call("PATCH", path, {"url": "http://b.example.com"})
    assert (400, "ERR_NGROK_18005") == (status, error["error_code"])


@pytest.mark.parametrize(
    ("url", "code"), [("https://[", 18001), ("https://a:b", 18003)], ids=["host", "port"]
)
async def test_urls_that_are_none(fake: FakeNgrok, call: Call, url: str, code: int) -> None:
    """What cannot be taken apart is refused."""
    for path, body, expected in (
        ("/endpoints", {"url": url, **CLOUD}, code),
        ("/abuse_reports", {"urls": [url]}, 215),
    ):
        status, error = await call("POST", path, body)

        assert (400, f"ERR_NGROK_{expected}") == (status, error["error_code"])
    with pytest.raises(ValueError, match="is no URL"):
        fake.add("/endpoints", url=url)


async def test_pooled_endpoints(call: Call, create: Create) -> None:
    """A URL is shared only by endpoints that all want it."""
    url = {"url": "https://a.example.com", **CLOUD}
    first = await create("/endpoints", **url)
    pooled = await call("POST", "/endpoints", url | {"pooling_enabled": True})
    alone = await call("POST", "/endpoints", url)
    await call("PATCH", f"/endpoints/{first['id']}", {"pooling_enabled": True})
    second = await create("/endpoints", **url, pooling_enabled=True)

    assert (400, "ERR_NGROK_18016") == (pooled[0], pooled[1]["error_code"])
    assert (400, "ERR_NGROK_18017") == (alone[0], alone[1]["error_code"])
    assert first["url"] == second["url"]


async def test_endpoints_by_id_or_url(fake: FakeNgrok, call: Call, create: Create) -> None:
    """The list takes ids and URLs, more than one of each; agents have endpoints too."""
    first = await create("/endpoints", url="https://a.example.com", **CLOUD)
    second = await create("/endpoints", url="https://b.example.com", **CLOUD)
    agent = fake.add_agent()
    listed = (await call("GET", "/endpoints"))[1]["endpoints"]
    query = f"?id={first['id']}&id={second['id']}"

    assert 3 == len(listed)
    assert ("ephemeral", agent.id) == (listed[0]["type"], listed[0]["tunnel_session"]["id"])
    assert [second, first] == (await call("GET", f"/endpoints{query}"))[1]["endpoints"]
    assert [first] == (await call("GET", f"/endpoints{query}&url={first['url']}"))[1]["endpoints"]

    paged = (await call("GET", f"/endpoints{query}&limit=1&filter=obj.type=='cloud'"))[1]

    assert [second] == paged["endpoints"]
    assert [first] == (await call("GET", paged["next_page_uri"]))[1]["endpoints"]

    await call("POST", f"/tunnel_sessions/{agent.id}/stop", {})

    assert [second, first] == (await call("GET", "/endpoints"))[1]["endpoints"]


async def test_kubernetes_operators(call: Call, create: Create) -> None:
    """Features come back in lower case; an update keeps what it cannot say."""
    where = {"name": "n", "namespace": "ns", "cluster_name": "c"}
    operator = await create(
        "/kubernetes_operators", enabled_features=["Bindings"], deployment=where
    )
    path = f"/kubernetes_operators/{operator['id']}"
    bound = await create("/endpoints", url="http://a.ns", bindings=["kubernetes"], **CLOUD)
    await create("/endpoints", url="https://a.example.com", **CLOUD)
    changed = (await call("PATCH", path, {"deployment": {"name": "m"}}))[1]
    without = await create("/kubernetes_operators")

    assert (["bindings"], "global") == (operator["enabled_features"], operator["region"])
    assert where | {"name": "m", "version": ""} == changed["deployment"]
    assert [bound] == (await call("GET", f"{path}/bound_endpoints"))[1]["endpoints"]
    path = f"/kubernetes_operators/{without['id']}/bound_endpoints"
    assert [] == (await call("GET", path))[1]["endpoints"]


async def test_addresses_reports_keys_and_headers(create: Create) -> None:
    """Further things that one does not send, or not so."""
    first, second = await create("/reserved_addrs"), await create("/reserved_addrs", region="eu")
    report = await create("/abuse_reports", urls=["http://a.example.com/login", "b"])
    teapot = await create("/backends/http_response", headers={"Content-Type": "text/plain"})
    authority = await create("/ssh_certificate_authorities", private_key_type="rsa")

    assert ("1.tcp.ngrok.io:20000", "us") == (first["addr"], first["region"])
    assert "1.tcp.eu.ngrok.io:20001" == second["addr"]
    assert ["a.example.com", "b"] == [each["hostname"] for each in report["hostnames"]]
    assert "PENDING" == report["status"]
    assert {"content-type": "text/plain"} == teapot["headers"]
    assert ("rsa", "ssh-rsa ") == (authority["key_type"], authority["public_key"][:8])


async def test_agent_ingresses_tell_a_relative_address(create: Create) -> None:
    """All others tell the whole one."""
    ingress = await create("/agent_ingresses", domain="example.com")

    assert f"/agent_ingresses/{ingress['id']}" == ingress["uri"]


async def test_what_the_api_cannot_create_may_be_added(fake: FakeNgrok, call: Call) -> None:
    """Tests may bring users and sessions of applications, or anything else."""
    user = fake.add("/app/users", email="ada@example.com", last_login="2026-01-02T03:04:05Z")
    session = fake.add("/app/sessions", application_user={"id": user, "uri": ""})
    key = fake.add("/api_keys", id="ak_mine", token="given")
    status, shown = await call("GET", f"/app/users/{user}")

    assert (200, "ak_mine") == (status, key)
    assert {"id": user, "email": "ada@example.com"}.items() <= shown.items()
    assert user == (await call("GET", f"/app/sessions/{session}"))[1]["application_user"]["id"]
    assert (await call("GET", f"/api_keys/{key}"))[1]["token"] is None
    assert 204 == (await call("DELETE", f"/app/users/{user}"))[0]


@pytest.mark.parametrize(
    ("path", "given", "message"),
    [
        pytest.param("/nothing", {}, "no collection '/nothing'", id="path"),
        pytest.param("/app/users", {"mail": ""}, "no field 'mail'", id="name"),
        pytest.param("/app/users", {"email": 1}, "'email' has a value of a wrong type", id="type"),
        pytest.param("/vault_secrets", {}, "'vault_id' is required", id="rule"),
    ],
)
async def test_what_cannot_be_is_not_added(
    fake: FakeNgrok, path: str, given: dict[str, object], message: str
) -> None:
    """A mistake in a test is told at once."""
    with pytest.raises(ValueError, match=message):
        fake.add(path, **given)


async def test_certificates_are_read(create: Create) -> None:
    """Answers tell what stands in them."""
    made = await create(
        "/tls_certificates",
        certificate_pem=documented.CERTIFICATE,
        private_key_pem=documented.PRIVATE_KEY,
    )
    authority = await create("/certificate_authorities", ca_pem=documented.CERTIFICATE)
    facts = {
        "subject_common_name": "shop.example.com",
        "not_before": "2026-01-02T03:04:05Z",
        "not_after": "2026-04-02T03:04:05Z",
        "key_usages": ["cert_sign", "crl_sign"],
        "extended_key_usages": ["server_auth"],
    }

    assert facts.items() <= authority.items()
    assert (
        facts
        | {
            "subject_country": "DE",
            "subject_locality": "Berlin",
            "subject_organization": "Shop",
            "subject_organizational_unit": "IT",
            "subject_province": "BE",
            "subject_alternative_names": {"dns_names": ["shop.example.com"], "ips": ["192.0.2.1"]},
            "issuer_common_name": "Example CA",
            "issued_at": None,
            "private_key_type": "ecdsa",
            "serial_number": "0abc",
        }
    ).items() <= made.items()
    assert "serial_number" not in authority


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        pytest.param(rsa.generate_private_key(65537, 2048), "rsa", id="rsa"),
        pytest.param(ed25519.Ed25519PrivateKey.generate(), "ed25519", id="ed25519"),
    ],
)
async def test_the_type_of_a_key(
    create: Create, key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, kind: str
) -> None:
    """It is that of the key in the certificate; there need not be anything else in it."""
    name, now = x509.Name([]), datetime(2026, 1, 1, tzinfo=UTC)
    algorithm = hashes.SHA256() if kind == "rsa" else None
    pem = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, algorithm)
        .public_bytes(serialization.Encoding.PEM)
    )
    made = await create(
        "/tls_certificates", certificate_pem=pem.decode(), private_key_pem=PRIVATE_KEY
    )

    assert (kind, "01", "", []) == (
        made["private_key_type"],
        made["serial_number"],
        made["subject_common_name"],
        made["key_usages"],
    )


@pytest.mark.parametrize("installed", [True, False])
async def test_certificates_that_cannot_be_read(
    create: Create, monkeypatch: pytest.MonkeyPatch, *, installed: bool
) -> None:
    """A text that only looks like one will do, and no library is needed."""
    if not installed:
        monkeypatch.setattr(_certificates, "find_spec", lambda _name: None)
    made = await create(
        "/tls_certificates", certificate_pem=CERTIFICATE, private_key_pem=PRIVATE_KEY
    )
    authority = await create("/certificate_authorities", ca_pem=CERTIFICATE)

    assert ("rsa", 40) == (made["private_key_type"], len(made["serial_number"]))
    assert "" == made["subject_common_name"] == authority["subject_common_name"]
    assert made["not_before"] == made["created_at"] < made["not_after"]


@pytest.mark.parametrize(
    ("key", "kind", "signed"),
    [
        ("ssh-rsa AAAA me@host", "rsa", "ssh-rsa-cert-v01@openssh.com AAAA "),
        ("ssh-ed25519 BBBB", "ed25519", "ssh-ed25519-cert-v01@openssh.com BBBB "),
        ("ecdsa-sha2-nistp384 C", "ecdsa", "ecdsa-sha2-nistp384-cert-v01@openssh.com C "),
        ("other", "", "other-cert-v01@openssh.com  "),
    ],
)
async def test_ssh_certificates(create: Create, key: str, kind: str, signed: str) -> None:
    """They are of the type of the key that they sign, and name their resource."""
    authority = await create("/ssh_certificate_authorities")
    for path in ("/ssh_host_certificates", "/ssh_user_certificates"):
        made = await create(path, ssh_certificate_authority_id=authority["id"], public_key=key)

        assert (kind, signed + made["id"]) == (made["key_type"], made["certificate"])


async def test_modules_of_routes(call: Call, create: Create) -> None:
    """Names of headers come back in lower case, and SAML tells its addresses; both ways to set."""
    edge = await create("/edges/https")
    headers = {"add": {"X-Frontend": "ngrok"}, "remove": ["Server"]}
    modules = {"request_headers": headers, "saml": {"idp_metadata": "<x/>"}}
    route = await create(
        f"/edges/https/{edge['id']}/routes", match_type="exact_path", match="/", **modules
    )
    path = f"/edges/https/{edge['id']}/routes/{route['id']}"
    url = f"https://idp.ngrok.com/saml/{route['id']}"
    lower = {"enabled": True, "add": {"x-frontend": "ngrok"}, "remove": ["server"]}

    assert lower == route["request_headers"]
    assert (200, lower) == await call("PUT", f"{path}/response_headers", headers)
    assert (200, route["saml"]) == await call("PUT", f"{path}/saml", modules["saml"])
    assert {
        "entity_id": url,
        "metadata_url": url,
        "assertion_consumer_service_url": f"{url}/acs",
        "single_logout_url": f"{url}/slo",
        "allow_idp_initiated": True,
        "nameid_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    }.items() <= route["saml"].items()
    assert route["saml"]["request_signing_certificate_pem"].startswith("-----BEGIN CERTIFICATE-")


@pytest.mark.parametrize(
    ("body", "domain", "is_ngroks"),
    [
        ({"domain": "a.example.com", "region": "eu"}, "a.example.com", False),
        ({"domain": "mine.ngrok.app"}, "mine.ngrok.app", True),
        ({"name": "shop", "region": "us"}, "shop.ngrok.app", True),
        ({"name": "shop", "domain": ""}, "shop.ngrok.app", True),
    ],
)
async def test_names_of_ngroks_and_others(
    create: Create, body: dict[str, str], domain: str, *, is_ngroks: bool
) -> None:
    """Only names of one's own need a record; none has a region."""
    made = await create("/reserved_domains", **body)

    assert (domain, "", is_ngroks, None) == (
        made["domain"],
        made["region"],
        made["cname_target"] is None,
        made["acme_challenge_cname_target"],
    )


async def test_wildcards_need_another_record(call: Call, create: Create) -> None:
    """It is for the certificates that ngrok gets, and stays the same."""
    policy = {"certificate_management_policy": {"authority": "letsencrypt"}}
    made = await create("/reserved_domains", domain="*.example.com", **policy)
    target = made["acme_challenge_cname_target"]

    assert target.endswith(".ngrok-cname.com")
    changed = (await call("PATCH", f"/reserved_domains/{made['id']}", policy))[1]
    assert target == changed["acme_challenge_cname_target"]


@pytest.mark.parametrize(
    ("sent", "url", "hostport", "bindings"),
    [
        ("https://A.example.com:443", "https://a.example.com", "a.example.com:443", ["public"]),
        ("http://a.example.com:80/", "http://a.example.com", "a.example.com:80", ["public"]),
        ("https://a.example.com:80", "https://a.example.com:80", "a.example.com:80", ["public"]),
        ("tls://a.internal", "tls://a.internal", "a.internal:443", ["internal"]),
        ("tcp://a.example.com:80", "tcp://a.example.com:80", "a.example.com:80", ["public"]),
    ],
)
async def test_urls_as_ngrok_writes_them(
    create: Create, sent: str, url: str, hostport: str, bindings: list[str]
) -> None:
    """Hosts in lower case, and no port that the scheme implies; a cloud endpoint has no owner."""
    made = await create("/endpoints", url=sent, **CLOUD)
    scheme, host = url.partition(":")[0], hostport.partition(":")[0]
    parts = {"proto": scheme, "scheme": scheme, "host": host, "hostport": hostport}

    assert (url, url, bindings) == (made["url"], made["public_url"], made["bindings"])
    assert parts.items() <= made.items()
    assert "principal" not in made


async def test_what_is_reserved_for_a_url(create: Create) -> None:
    """An endpoint refers to a wildcard that covers it, or to its address."""
    wildcard = await create("/reserved_domains", domain="*.example.com")
    address = await create("/reserved_addrs")
    below = await create("/endpoints", url="https://a.example.com", **CLOUD)
    tcp = await create("/endpoints", url=f"tcp://{address['addr']}", **CLOUD)

    assert {"id": wildcard["id"], "uri": wildcard["uri"]} == below["domain"]
    assert {"id": address["id"], "uri": address["uri"]} == tcp["tcp_addr"]


async def test_agent_ingresses_have_names(create: Create) -> None:
    """Those to delegate to, and one for each region."""
    made = await create("/agent_ingresses", domain="connect.example.com")

    assert 4 == len(made["ns_targets"])
    assert "tunnel.us.connect.example.com" in made["region_domains"]


@pytest.mark.parametrize(
    ("path", "sent", "shown"),
    [
        ("/reserved_addrs", {"region": ""}, {"region": "us"}),
        ("/bot_users", {"name": "b"}, {"active": True}),
        ("/service_users", {"name": "s", "active": False}, {"active": False}),
        ("/backends/http_response", {"status_code": 0, "body": ""}, {"status_code": 200}),
        ("/ssh_certificate_authorities", {"private_key_type": ""}, {"key_type": "ed25519"}),
        (
            "/ssh_certificate_authorities",
            {"private_key_type": "ecdsa", "key_size": 0},
            {"key_type": "ecdsa"},
        ),
        ("/api_keys", {"owner_id": "", "description": ""}, {"description": ""}),
    ],
)
async def test_nothing_given_to_a_create(
    create: Create, path: str, sent: dict[str, object], shown: dict[str, object]
) -> None:
    """An empty text and 0 count as not given, false does not."""
    assert shown.items() <= (await create(path, **sent)).items()


async def test_the_ids_of_the_path_in_a_body(call: Call, create: Create) -> None:
    """They are taken, as long as they are ids, and change nothing."""
    edge = await create("/edges/https")
    path = f"/edges/https/{edge['id']}/routes"
    route = await create(path, edge_id=edge["id"], match_type="exact_path", match="/")
    same = {"id": route["id"], "edge_id": edge["id"], "description": "d"}

    assert (200, route | {"description": "d"}) == await call("PATCH", f"{path}/{route['id']}", same)
    assert 200 == (await call("PUT", f"{path}/{route['id']}/compression", {"id": route["id"]}))[0]
    assert 400 == (await call("PATCH", f"{path}/{route['id']}", {"id": 1}))[0]
    assert 400 == (await call("POST", "/ip_policies", {"id": "ipp_1"}))[0]
