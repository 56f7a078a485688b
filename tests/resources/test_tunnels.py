"""Tunnels: what is sent, and what is made of ngrok's answers."""

import copy
import pickle
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from aioresponses import aioresponses

from ngrok_async import Client, NotFoundError, Page, ResponseError
from ngrok_async.resources._shared import Ref
from ngrok_async.resources.tunnels import Tunnel

# The fields and the forms of values are those of ngrok's documentation; the values are made up.
HTTPS = {
    "endpoint": {"id": "ep_1", "uri": "https://api.ngrok.com/endpoints/ep_1"},
    "forwards_to": "http://localhost:80",
    "id": "tn_1",
    "proto": "https",
    "public_url": "https://b1a2.ngrok.app",
    "region": "us",
    "started_at": "2025-09-04T17:12:36Z",
    "tunnel_session": {"id": "ts_1", "uri": "https://api.ngrok.com/tunnel_sessions/ts_1"},
}
LABELLED = {
    "forwards_to": "http://localhost:80",
    "id": "tn_2",
    "labels": {"team": "blue"},
    "region": "us",
    "started_at": "2025-09-04T17:12:36Z",
    "tunnel_session": {"id": "ts_1", "uri": "https://api.ngrok.com/tunnel_sessions/ts_1"},
}
AT = datetime(2025, 9, 4, 17, 12, 36, tzinfo=UTC)
SESSION = Ref(id="ts_1", uri="https://api.ngrok.com/tunnel_sessions/ts_1")
HTTPS_TUNNEL = Tunnel(
    endpoint=Ref(id="ep_1", uri="https://api.ngrok.com/endpoints/ep_1"),
    forwards_to="http://localhost:80",
    id="tn_1",
    proto="https",
    public_url="https://b1a2.ngrok.app",
    region="us",
    started_at=AT,
    tunnel_session=SESSION,
)
LABELLED_TUNNEL = Tunnel(
    forwards_to="http://localhost:80",
    id="tn_2",
    labels={"team": "blue"},
    region="us",
    started_at=AT,
    tunnel_session=SESSION,
)


async def test_list_reads_both_kinds_of_tunnels(
    ngrok: Client, wire: aioresponses, sent: Callable[[], Sequence[str]]
) -> None:
    """What one kind has, the other leaves out."""
    uri = "https://api.ngrok.com/tunnels"
    answer = {"next_page_uri": None, "tunnels": [HTTPS, LABELLED], "uri": uri}
    wire.get("/tunnels?before_id=tn_9&limit=2", payload=answer)
    page = await ngrok.tunnels.list(before_id=Ref(id="tn_9"), limit=2)

    assert Page(items=(HTTPS_TUNNEL, LABELLED_TUNNEL), uri=uri) == page
    assert ["GET /tunnels?before_id=tn_9&limit=2"] == sent()
    assert ("", "", None, {"team": "blue"}) == (
        page.items[1].public_url,
        page.items[1].proto,
        page.items[1].endpoint,
        page.items[1].labels,
    )


def test_list_has_no_filter(ngrok: Client) -> None:
    """Tunnels cannot be filtered, and ngrok refuses parameters that it does not know."""
    with pytest.raises(TypeError, match=r"Tunnels\.list\(\) got an unexpected .* 'filter'"):
        ngrok.tunnels.list(filter="true")


@pytest.mark.parametrize("given", ["tn_1", HTTPS_TUNNEL], ids=["id", "tunnel"])
async def test_get_reads_one_tunnel(
    ngrok: Client, wire: aioresponses, sent: Callable[[], Sequence[str]], given: str | Tunnel
) -> None:
    """`get` is a GET on the tunnel's own path."""
    wire.get("/tunnels/tn_1", payload=HTTPS)

    assert HTTPS_TUNNEL == await ngrok.tunnels.get(given)
    assert ["GET /tunnels/tn_1"] == sent()


async def test_a_tunnel_that_is_offline_is_not_found(ngrok: Client, wire: aioresponses) -> None:
    """The error names the tunnel's path."""
    wire.get("/tunnels/tn_1", payload={"status_code": 404, "msg": "No"}, status=404)

    with pytest.raises(NotFoundError, match="HTTP 404: No on GET /tunnels/tn_1"):
        await ngrok.tunnels.get("tn_1")


async def test_null_is_an_empty_container(ngrok: Client, wire: aioresponses) -> None:
    """Go writes null for an empty map or list."""
    nulls = {"labels": None, "backends": None, "endpoint": None}
    wire.get("/tunnels/tn_1", payload={**HTTPS, **nulls})
    tunnel = await ngrok.tunnels.get("tn_1")

    assert ({}, (), None) == (tunnel.labels, tunnel.backends, tunnel.endpoint)


async def test_backends_are_refs(ngrok: Client, wire: aioresponses) -> None:
    """A tuple of references that go wherever an id goes."""
    wire.get("/tunnels/tn_2", payload={**LABELLED, "backends": [{"id": "b_1", "uri": "u"}]})
    tunnel = await ngrok.tunnels.get("tn_2")

    assert (Ref(id="b_1", uri="u"),) == tunnel.backends


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("labels", {"team": 1}, r"\$\.labels\['team'\]"),
        ("labels", ["team"], r"\$\.labels"),
        ("backends", "b_1", r"\$\.backends"),
        ("backends", [{"id": None}], r"\$\.backends\[0\]\.id"),
        ("tunnel_session", None, r"\$\.tunnel_session"),
    ],
    ids=["label", "labels", "backends", "backend", "session"],
)
async def test_wrong_types_are_an_error_with_their_place(
    ngrok: Client, wire: aioresponses, field: str, value: object, place: str
) -> None:
    """Nothing is coerced: no letters for a list, no 'None' for a text."""
    wire.get("/tunnels/tn_1", payload={**HTTPS, field: value})

    with pytest.raises(ResponseError, match=f"@ {place}"):
        await ngrok.tunnels.get("tn_1")


@pytest.mark.parametrize("tunnel", [HTTPS_TUNNEL, LABELLED_TUNNEL], ids=["HTTPS", "labelled"])
def test_a_tunnel_is_a_plain_value(tunnel: Tunnel) -> None:
    """It compares, hashes, copies, pickles and prints, and cannot be changed."""
    assert tunnel == pickle.loads(pickle.dumps(tunnel))  # noqa: S301 # made one line above
    assert {tunnel} == {copy.deepcopy(tunnel), tunnel}
    assert f"Tunnel(id={tunnel.id!r}, " in repr(tunnel)
    with pytest.raises(AttributeError):
        tunnel.id = "tn_3"
