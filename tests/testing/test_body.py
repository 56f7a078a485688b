"""What the fake refuses in bodies."""

from typing import Any

import pytest

from .conftest import Call


@pytest.mark.parametrize(
    ("path", "body", "code", "name"),
    [
        pytest.param("/ip_policies", {"descripton": ""}, 214, "descripton", id="unknown"),
        pytest.param("/ip_policies", {"description": 1}, 215, "description", id="no text"),
        pytest.param("/ip_policies", {"description": None}, 215, "description", id="null"),
        pytest.param(
            "/ip_policies", {"metadata": {"a": 1}}, 215, "metadata", id="a map for a text"
        ),
        pytest.param("/bot_users", {"active": "yes"}, 215, "active", id="no boolean"),
        pytest.param("/bot_users", {"active": 1}, 215, "active", id="a number for a boolean"),
        pytest.param(
            "/backends/http_response", {"status_code": "418"}, 215, "status_code", id="no number"
        ),
        pytest.param(
            "/backends/http_response", {"status_code": True}, 215, "status_code", id="true is no 1"
        ),
        pytest.param("/credentials", {"acl": "bind:a"}, 215, "acl", id="no list"),
        pytest.param("/credentials", {"acl": ["a", 1]}, 215, "acl[1]", id="in a list"),
        pytest.param("/backends/tunnel_group", {"labels": []}, 215, "labels", id="no map"),
        pytest.param(
            "/backends/tunnel_group", {"labels": {"a": 1}}, 215, "labels.a", id="in a map"
        ),
        pytest.param("/backends/static", {"tls": True}, 215, "tls", id="no object"),
        pytest.param("/backends/static", {"tls": {"on": True}}, 214, "tls.on", id="unknown below"),
        pytest.param(
            "/backends/static", {"tls": {"enabled": 1}}, 215, "tls.enabled", id="in an object"
        ),
        pytest.param(
            "/event_destinations",
            {"target": {"datadog": {"key": ""}}},
            214,
            "target.datadog.key",
            id="deep",
        ),
        pytest.param(
            "/event_subscriptions", {"sources": [{"uri": ""}]}, 214, "sources[0].uri", id="no input"
        ),
        pytest.param("/ip_policy_rules", {"cidr": "::/0"}, 1405, "ip_policy_id", id="missing"),
        pytest.param(
            "/ssh_host_certificates", {"valid_after": "today"}, 215, "valid_after", id="no time"
        ),
    ],
)
async def test_refuses_what_is_not_declared(
    call: Call, path: str, body: dict[str, Any], code: int, name: str
) -> None:
    """The answer says which field is wrong, and how."""
    status, error = await call("POST", path, body)

    assert (400, f"ERR_NGROK_{code}") == (status, error["error_code"])
    assert repr(name) in error["msg"]


async def test_null_below_the_top_is_like_nothing(call: Call) -> None:
    """Whoever sends an answer back sends the nulls in it too."""
    body = {"target": {"kinesis": None, "datadog": {"api_key": "k", "ddsite": None}}}
    status, destination = await call("POST", "/event_destinations", body)

    assert 201 == status
    assert {"api_key": "k", "ddsite": None}.items() <= destination["target"]["datadog"].items()
    assert destination["target"]["kinesis"] is None


@pytest.mark.parametrize("threshold", [0.5, 1], ids=["float", "integer"])
async def test_takes_any_number(call: Call, threshold: float) -> None:
    """JSON has one kind of number."""
    edge = (await call("POST", "/edges/https", {}))[1]
    route = {
        "match_type": "exact_path",
        "match": "/",
        "circuit_breaker": {"error_threshold_percentage": threshold},
    }

    assert 201 == (await call("POST", f"/edges/https/{edge['id']}/routes", route))[0]
