"""Edges and their modules: references in answers, ids in requests, null for no module."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aioresponses import aioresponses

from ngrok_async import UNSET, Client
from ngrok_async.resources import Ref
from ngrok_async.resources.edges.edge_modules import (
    EndpointBackend,
    EndpointBackendMutate,
    EndpointCircuitBreaker,
    EndpointCompression,
    EndpointIPPolicy,
    EndpointMutualTLS,
    EndpointOAuth,
    EndpointOAuthGitHub,
    EndpointOAuthProvider,
    EndpointTLSTermination,
    EndpointTLSTerminationAtEdge,
    EndpointWebhookValidation,
)
from ngrok_async.resources.edges.https_routes import HTTPSEdgeRoute

EDGE = {"id": "edghts_1", "uri": "", "created_at": "2025-09-04T17:12:36Z"}
ROUTE = "/edges/https/edghts_1/routes/edghtsrt_1"
BACKEND = {"enabled": True, "backend": {"id": "bkdhr_1", "uri": "/backends/bkdhr_1"}}


async def test_update_sends_just_what_was_passed(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """UNSET is not sent; None removes a module; an empty list asks for none."""
    for _ in range(4):
        wire.patch("/edges/https/edghts_1", payload=EDGE)
    await ngrok.edges.https.update("edghts_1", description="x")
    await ngrok.edges.https.update("edghts_1", description=UNSET, mutual_tls=None)
    await ngrok.edges.https.update("edghts_1", hostports=[], metadata="")
    await ngrok.edges.https.update("edghts_1", tls_termination={"min_version": "1.3"})

    assert [
        {"description": "x"},
        {"mutual_tls": None},
        {"hostports": [], "metadata": ""},
        {"tls_termination": {"min_version": "1.3"}},
    ] == bodies()


async def test_what_an_edge_has_can_be_given_to_another(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """Modules as they came back, with references in the place of ids."""
    answer = {
        **EDGE,
        "mutual_tls": {"enabled": True, "certificate_authorities": [{"id": "ca_1"}]},
        "tls_termination": {"enabled": True, "terminate_at": "edge", "min_version": "1.2"},
    }
    wire.get("/edges/https/edghts_1", payload=answer)
    wire.post("/edges/https", payload=answer)
    edge = await ngrok.edges.https.get("edghts_1")
    copy = await ngrok.edges.https.create(
        mutual_tls=edge.mutual_tls, tls_termination=edge.tls_termination
    )

    assert EndpointMutualTLS(enabled=True, certificate_authorities=(Ref(id="ca_1"),)) == (
        edge.mutual_tls
    )
    assert edge == copy
    # An HTTPS edge has no choice of where TLS ends.
    assert [
        {
            "mutual_tls": {"enabled": True, "certificate_authority_ids": ["ca_1"]},
            "tls_termination": {"enabled": True, "min_version": "1.2"},
        }
    ] == bodies()


async def test_a_route_is_below_its_edge(
    ngrok: Client,
    wire: aioresponses,
    sent: Callable[[], list[str]],
    bodies: Callable[[], list[Any]],
) -> None:
    """The ids are those of edge and route, also of models; modules that are not set are None."""
    route = {**EDGE, "id": "edghtsrt_1", "edge_id": "edghts_1", "match": "/", "backend": BACKEND}
    wire.post("/edges/https/edghts_1/routes", payload=route)
    wire.patch(ROUTE, payload=route)
    wire.delete(ROUTE, status=204)
    created = await ngrok.edges.https_routes.create(
        Ref(id="edghts_1"),
        match_type="path_prefix",
        match="/",
        backend=EndpointBackendMutate(backend_id=Ref(id="bkdhr_1")),
        compression=EndpointCompression(),
        oauth=None,
    )
    await ngrok.edges.https_routes.update(
        created.edge_id, created, backend=created.backend, compression=None
    )
    await ngrok.edges.https_routes.delete(created.edge_id, created)

    assert isinstance(created, HTTPSEdgeRoute)
    backend = EndpointBackend(enabled=True, backend=Ref(id="bkdhr_1", uri="/backends/bkdhr_1"))
    assert (backend, None) == (created.backend, created.oauth)
    assert ["POST /edges/https/edghts_1/routes", f"PATCH {ROUTE}", f"DELETE {ROUTE}"] == sent()
    assert [
        {
            "match_type": "path_prefix",
            "match": "/",
            "backend": {"backend_id": "bkdhr_1"},
            "compression": {},
            "oauth": None,
        },
        {"backend": {"enabled": True, "backend_id": "bkdhr_1"}, "compression": None},
    ] == bodies()


OAUTH = EndpointOAuth(
    enabled=True,
    provider=EndpointOAuthProvider(
        github=EndpointOAuthGitHub(client_id="id", client_secret="hunter2", scopes=("user",))
    ),
    maximum_duration=3600,
)
OAUTH_JSON = {
    "enabled": True,
    "provider": {"github": {"client_id": "id", "client_secret": "hunter2", "scopes": ["user"]}},
    "maximum_duration": 3600,
}


@pytest.mark.parametrize("given", [OAUTH, OAUTH_JSON], ids=["class", "mapping"])
async def test_a_module_is_the_whole_body(
    ngrok: Client,
    wire: aioresponses,
    bodies: Callable[[], list[Any]],
    given: EndpointOAuth | dict[str, Any],
) -> None:
    """A PUT of the module and nothing else; what comes back is the class."""
    wire.put(f"{ROUTE}/oauth", payload={**OAUTH_JSON, "cookie_prefix": ""})
    module = await ngrok.edge_modules.https_edge_route_oauth.replace(
        "edghts_1", "edghtsrt_1", given
    )

    assert OAUTH == module
    assert [OAUTH_JSON] == bodies()
    assert "hunter2" not in repr(module)


async def test_modules_are_read_replaced_and_removed(
    ngrok: Client,
    wire: aioresponses,
    sent: Callable[[], list[str]],
    bodies: Callable[[], list[Any]],
) -> None:
    """What `get` returned can be put back."""
    path = "/edges/tcp/edgtcp_1/ip_restriction"
    answer = {"enabled": False, "ip_policies": [{"id": "ipp_1", "uri": ""}, {"id": "ipp_2"}]}
    wire.get(path, payload=answer)
    wire.put(path, payload=answer)
    wire.delete(path, status=204)
    modules = ngrok.edge_modules.tcp_edge_ip_restriction
    module = await modules.get("edgtcp_1")
    again = await modules.replace("edgtcp_1", module)

    assert None is await modules.delete("edgtcp_1")
    assert EndpointIPPolicy(enabled=False, ip_policies=(Ref(id="ipp_1"), Ref(id="ipp_2"))) == module
    assert module == again
    assert [f"GET {path}", f"PUT {path}", f"DELETE {path}"] == sent()
    assert [{"enabled": False, "ip_policy_ids": ["ipp_1", "ipp_2"]}] == bodies()


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (
            EndpointCircuitBreaker(error_threshold_percentage=0.5),
            {"error_threshold_percentage": 0.5},
        ),
        ({"error_threshold_percentage": 1}, {"error_threshold_percentage": 1}),
        ({"tripped_duration": 0, "enabled": None}, {"tripped_duration": 0, "enabled": None}),
        (EndpointCircuitBreaker(), {}),
    ],
    ids=["fraction", "integer", "zero in a mapping", "nothing"],
)
async def test_modules_send_what_they_have(
    ngrok: Client,
    wire: aioresponses,
    bodies: Callable[[], list[Any]],
    module: EndpointCircuitBreaker | Mapping[str, Any],
    expected: object,
) -> None:
    """What is left out takes ngrok's default; only a mapping asks for zero or null."""
    wire.put(f"{ROUTE}/circuit_breaker", payload={})
    modules = ngrok.edge_modules.https_edge_route_circuit_breaker
    await modules.replace("edghts_1", "edghtsrt_1", module)

    assert [expected] == bodies()


@pytest.mark.parametrize(
    "module",
    [None, "x", EndpointCompression(), EndpointWebhookValidation(), {"secrets": "x"}, UNSET],
    ids=["None", "text", "another module", "a secret one", "misspelt", "UNSET"],
)
async def test_another_module_is_refused_before_anything_is_sent(
    ngrok: Client,
    wire: aioresponses,
    module: Any,  # noqa: ANN401 # that is the point
) -> None:
    """A module has its own class, or a mapping with its fields."""
    with pytest.raises(ValueError, match=r"^module "):
        await ngrok.edge_modules.tls_edge_tls_termination.replace("edgtls_1", module)
    assert {} == wire.requests


async def test_a_tls_edge_says_where_tls_ends_and_an_https_edge_does_not(
    ngrok: Client, wire: aioresponses, bodies: Callable[[], list[Any]]
) -> None:
    """The one has the answer's class in requests too, the other one of its own."""
    wire.put("/edges/tls/e/tls_termination", payload={"terminate_at": "upstream"})
    wire.put("/edges/https/e/tls_termination", payload={"terminate_at": "edge"})
    upstream = EndpointTLSTermination(terminate_at="upstream")
    modules = ngrok.edge_modules
    await modules.tls_edge_tls_termination.replace("e", upstream)
    at_edge = EndpointTLSTerminationAtEdge(min_version="1.3", enabled=False)
    module = await modules.https_edge_tls_termination.replace("e", at_edge)

    assert [{"terminate_at": "upstream"}, {"enabled": False, "min_version": "1.3"}] == bodies()
    assert EndpointTLSTermination(terminate_at="edge") == module
