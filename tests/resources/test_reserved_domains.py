"""Reserved domains: who has a domain's certificate made, and what is sent about it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aioresponses import aioresponses

from ngrok_async import UNSET, Client, ConflictError
from ngrok_async.resources import Ref
from ngrok_async.resources.reserved_domains import (
    ReservedDomain,
    ReservedDomainCertJob,
    ReservedDomainCertPolicy,
    ReservedDomainCertStatus,
    ReservedDomainResolvesToEntry,
)

# The fields and the forms of values are those of ngrok's documentation; the values are made up.
DOMAIN = {
    "id": "rd_1",
    "uri": "/reserved_domains/rd_1",
    "created_at": "2025-09-04T17:12:36Z",
    "domain": "app.example.com",
    "region": None,
    "cname_target": "x.cname.ngrok.io",
    "certificate": None,
    "certificate_management_policy": {"authority": "letsencrypt", "private_key_type": "ecdsa"},
    "certificate_management_status": {
        "renews_at": "0001-01-01T00:00:00Z",
        "provisioning_job": {
            "error_code": "DNS_ERROR",
            "msg": "no CNAME record",
            "started_at": "2025-09-04T17:12:36Z",
            "retries_at": "2025-09-04T18:12:36Z",
        },
    },
    "acme_challenge_cname_target": None,
    "resolves_to": [{"value": "eu"}],
    "is_dev": True,
    "error_redirect_url": None,
}
POLICY = ReservedDomainCertPolicy(authority="letsencrypt", private_key_type="ecdsa")


async def test_a_domain_is_read_as_it_comes(ngrok: Client, wire: aioresponses) -> None:
    """Null, Go's zero time, a relative uri and a field that nobody documents are no error."""
    wire.get("/reserved_domains/rd_1", payload=DOMAIN)

    assert ReservedDomain(
        id="rd_1",
        uri="/reserved_domains/rd_1",
        created_at=datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC),
        domain="app.example.com",
        cname_target="x.cname.ngrok.io",
        certificate_management_policy=POLICY,
        certificate_management_status=ReservedDomainCertStatus(
            renews_at=None,
            provisioning_job=ReservedDomainCertJob(
                error_code="DNS_ERROR",
                msg="no CNAME record",
                started_at=datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC),
                retries_at=datetime(2025, 9, 4, 18, 12, 36, tzinfo=UTC),
            ),
        ),
        resolves_to=(ReservedDomainResolvesToEntry(value="eu"),),
        is_dev=True,
        extra={"error_redirect_url": None},
    ) == await ngrok.reserved_domains.get("rd_1")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"certificate_management_policy": None}, {"certificate_management_policy": None}),
        (
            {"certificate_management_policy": UNSET, "metadata": ""},
            {"metadata": ""},
        ),
        (
            {"certificate_management_policy": POLICY},
            {
                "certificate_management_policy": {
                    "authority": "letsencrypt",
                    "private_key_type": "ecdsa",
                }
            },
        ),
        (
            {"certificate_management_policy": {"authority": "letsencrypt"}},
            {"certificate_management_policy": {"authority": "letsencrypt"}},
        ),
        ({"certificate_id": Ref(id="cert_1")}, {"certificate_id": "cert_1"}),
        ({"resolves_to": []}, {"resolves_to": []}),
        (
            {"resolves_to": [ReservedDomainResolvesToEntry(value="eu"), {"value": "us"}]},
            {"resolves_to": [{"value": "eu"}, {"value": "us"}]},
        ),
    ],
    ids=["None", "UNSET", "class", "mapping", "reference", "no places", "places"],
)
async def test_update_sends_just_what_was_passed(
    ngrok: Client,
    wire: aioresponses,
    bodies: Callable[[], list[Any]],
    given: Mapping[str, Any],
    expected: object,
) -> None:
    """None is null: ngrok obtains no more certificates."""
    wire.patch("/reserved_domains/rd_1", payload=DOMAIN)
    await ngrok.reserved_domains.update("rd_1", **given)

    assert [expected] == bodies()


async def test_what_get_returned_can_be_given_to_another_domain(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """Policy and places go back as they came."""
    wire.get("/reserved_domains/rd_1", payload=DOMAIN)
    wire.post("/reserved_domains", payload=DOMAIN)
    domain = await ngrok.reserved_domains.get("rd_1")
    await ngrok.reserved_domains.create(
        domain="b.example.com",
        certificate_management_policy=domain.certificate_management_policy,
        resolves_to=domain.resolves_to,
    )

    policy = DOMAIN["certificate_management_policy"]
    assert [
        {
            "domain": "b.example.com",
            "certificate_management_policy": policy,
            "resolves_to": [{"value": "eu"}],
        }
    ] == bodies()


@pytest.mark.parametrize("part", ["certificate", "certificate_management_policy"])
async def test_parts_are_deleted_by_commands_of_their_own(
    ngrok: Client, wire: aioresponses, sent: Callable[[], list[str]], part: str
) -> None:
    """They may be repeated, as the whole domain's deletion may: gone is gone."""
    wire.delete(f"/reserved_domains/rd_1/{part}", status=204)
    delete = getattr(ngrok.reserved_domains, f"delete_{part}")

    assert None is await delete("rd_1")
    assert [f"DELETE /reserved_domains/rd_1/{part}"] == sent()
    assert "remove" == delete.operation.effect


async def test_a_domain_that_is_taken_is_a_conflict(ngrok: Client, wire: aioresponses) -> None:
    """The code tells whether it was you who has it already."""
    answer = {"error_code": "ERR_NGROK_413", "status_code": 409, "msg": "taken", "details": {}}
    wire.post("/reserved_domains", payload=answer, status=409)
    with pytest.raises(ConflictError) as caught:
        await ngrok.reserved_domains.create(domain="app.example.com")

    assert "ERR_NGROK_413" == caught.value.code
