"""Who an agent is that has connected anew: the rules, as tables."""

import pytest

from ngrok_async.jobs._identity import Match, Trace, matches, trace_of
from ngrok_async.resources.endpoints import Endpoint
from ngrok_async.resources.tunnel_sessions import TunnelSession


def trace(id_: str, ip: str = "", url: str = "", *, fixed: bool | None = None) -> Trace:
    """Return what is left of a session of agents that look alike."""
    urls = frozenset(url.split())
    return Trace(id_, "alike", ip, urls, bool(urls) if fixed is None else fixed)


def found(gone: list[Trace], come: list[Trace]) -> dict[str, tuple[str, str]]:
    """Return who is who, and by what."""
    return {old: (match.new.id, match.how) for old, match in matches(gone, come).items()}


@pytest.mark.parametrize(
    ("gone", "come", "told"),
    [
        pytest.param([], [], {}, id="nothing"),
        pytest.param([trace("a")], [], {}, id="not back yet"),
        pytest.param([], [trace("x")], {}, id="somebody new"),
        pytest.param([trace("a")], [trace("x")], {"a": ("x", "only")}, id="one and one"),
        pytest.param([trace("a", "1")], [trace("x", "9")], {"a": ("x", "only")}, id="moved"),
        pytest.param([trace("a", "1")], [trace("x", "1")], {"a": ("x", "ip")}, id="address"),
        pytest.param([trace("a")], [trace("x"), trace("y")], {}, id="one of two"),
        pytest.param([trace("a"), trace("b")], [trace("x")], {}, id="either of two"),
        pytest.param(
            [trace("a", "1")], [trace("x", "1"), trace("y", "2")], {"a": ("x", "ip")}, id="his own"
        ),
        pytest.param([trace("a", "1")], [trace("x", "1"), trace("y", "1")], {}, id="two of NAT"),
        pytest.param([trace("a", "1"), trace("b", "1")], [trace("x", "1")], {}, id="NAT, two gone"),
        pytest.param(
            [trace("a", "1"), trace("b", "2")],
            [trace("y", "2"), trace("x", "1")],
            {"a": ("x", "ip"), "b": ("y", "ip")},
            id="each his own",
        ),
        pytest.param(
            [trace("a", "1"), trace("b", "2")],
            [trace("x", "1"), trace("y", "9")],
            {"a": ("x", "ip"), "b": ("y", "only")},
            id="who is left has moved",
        ),
        pytest.param(
            [trace("a", "1", "u")], [trace("x", "9", "u")], {"a": ("x", "url")}, id="its URL"
        ),
        pytest.param(
            [trace("a", "1", "u"), trace("b", "1", "v")],
            [trace("y", "1", "v"), trace("x", "1", "u")],
            {"a": ("x", "url"), "b": ("y", "url")},
            id="URLs behind one address",
        ),
        pytest.param(
            [trace("a", "1", "u v")], [trace("x", "2", "v w")], {"a": ("x", "url")}, id="one URL"
        ),
        pytest.param(
            [trace("a", "1", "u")], [trace("x", "1", "v")], {}, id="the address, another's URL"
        ),
        pytest.param(
            [trace("a", "1", "u")],
            [trace("x", "1")],
            {"a": ("x", "ip")},
            id="the address, the URL is not there yet",
        ),
        pytest.param([trace("a", "1", "u")], [trace("x", "9")], {}, id="URL expected, moved"),
        pytest.param(
            [trace("a", "1", "u"), trace("b", "2", "u")],
            [trace("x", "1", "u"), trace("y", "2", "u")],
            {"a": ("x", "ip"), "b": ("y", "ip")},
            id="a pool, by address",
        ),
        pytest.param(
            [trace("a", "1", "u")], [trace("x", "1", "u"), trace("y", "2", "u")],
            {"a": ("x", "ip")},
            id="a pool grows",
        ),
        pytest.param(
            [trace("a", "1", "u"), trace("b", "1", "u")],
            [trace("x", "1", "u"), trace("y", "1", "u")],
            {},
            id="a pool behind one address",
        ),
        pytest.param(
            [trace("a", "1", "r", fixed=False)],
            [trace("x", "2", "s", fixed=False)],
            {"a": ("x", "only")},
            id="random URLs say nothing",
        ),
    ],
)  # fmt: skip
def test_who_is_who(gone: list[Trace], come: list[Trace], told: dict[str, tuple[str, str]]) -> None:
    """By a URL, then by an address, then as the only one; what could be two is not told."""
    assert found(gone, come) == told
    assert found(gone[::-1], come[::-1]) == told, "it hangs on the order"


def test_another_identity_is_somebody_else() -> None:
    """Neither the address nor the URL of an agent makes another one its successor."""
    old = trace("a", "1", "u")
    new = Trace("x", "another", "1", frozenset({"u"}), fixed=True)

    assert matches([old], [new]) == {}


def session(id_: str = "ts_1", **fields: object) -> TunnelSession:
    """Return a session as ngrok answers it."""
    credential = {"id": fields.pop("credential", "cr_1"), "uri": ""}
    return TunnelSession.from_dict(
        {"id": id_, "credential": credential, "started_at": "2026-11-25T00:00:00Z", **fields}
    )


def endpoint(url: str, **fields: object) -> Endpoint:
    """Return an endpoint as ngrok answers it."""
    now = "2026-11-25T00:00:00Z"
    return Endpoint.from_dict(
        {"id": "ep_1", "created_at": now, "updated_at": now, "url": url, **fields}
    )


def test_what_is_left_of_a_session() -> None:
    """Its identity is of what stays, and of nothing that changes when it connects anew."""
    before = session(ip="1.1.1.1", region="eu", agent_version="3.1", os="linux", metadata="m")
    after = session(
        "ts_2", ip="2.2.2.2", region="us", agent_version="3.2", os="linux", metadata="m"
    )

    assert trace_of(before).identity == trace_of(after).identity
    assert {trace_of(before).ip, trace_of(after).ip} == {"1.1.1.1", "2.2.2.2"}
    others = [
        session(os="linux", metadata="m", credential="cr_2"),
        session(os="darwin", metadata="m"),
        session(os="linux", metadata="n"),
        session(os="linuxm", metadata=""),
        session(os="", metadata="linuxm"),
        session(os="linux", metadata=""),
    ]
    assert len({trace_of(each).identity for each in [before, *others]}) == 7


def test_which_urls_are_fixed() -> None:
    """Those of reserved domains and addresses; the others are kept too, as ngrok writes them."""
    ref = {"id": "rd_1", "uri": ""}
    plain, reserved = endpoint("https://A.ngrok.app:443"), endpoint("https://b.example", domain=ref)
    address = endpoint("tcp://1.tcp.ngrok.io:2", tcp_addr=ref)

    assert trace_of(session(), [plain]) == Trace(
        "ts_1", trace_of(session()).identity, "", frozenset({"https://a.ngrok.app"}), fixed=False
    )
    assert [trace_of(session(), [plain, each]).fixed for each in (plain, reserved, address)] == [
        False,
        True,
        True,
    ]


def test_what_is_kept_is_hidden() -> None:
    """Of identity, address and URLs nothing is left but what `hide` makes of them."""
    hidden = trace_of(
        session(ip="1.1.1.1", metadata="m"), [endpoint("https://b.example")], lambda _: "#"
    )

    assert hidden == Trace("ts_1", "#", "#", frozenset({"#"}), fixed=False)
    assert trace_of(session(), hide=lambda _: "#").ip == "", "no address is none"
    assert Match(hidden, hidden, "ip").how == "ip"
