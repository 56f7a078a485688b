"""What a hostile body costs grows with its size and no faster, and is told in a few words."""

import json
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Final

import pytest

from ngrok_async._operation import Operation, operations
from ngrok_async._wire import read
from ngrok_async._wire.read import MismatchError
from ngrok_async.resources.endpoints import Endpoints
from ngrok_async.resources.tunnel_sessions import TunnelSessions
from ngrok_async.resources.tunnels import Tunnels

SESSIONS: Final = operations(TunnelSessions)["list"]
SESSION: Final = operations(TunnelSessions)["get"]
ENDPOINTS: Final = operations(Endpoints)["list"]
N: Final = 1000
ITEM: Final = {"id": "ts_1", "credential": {"id": "cr_1"}, "started_at": "2026-01-02T03:04:05Z"}
ZONE: Final = ITEM | {"started_at": "2026-01-02T03:04:05+01:00"}
TUNNEL: Final = {"id": "ep_1", "created_at": ITEM["started_at"], "updated_at": ITEM["started_at"]}


def steps(operation: Operation, body: bytes) -> tuple[int, str]:
    """Return how many functions decoding calls, and the message where it refuses."""
    calls, message = 0, ""

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        operation.decode(body)
    except MismatchError as error:
        message = str(error)
    finally:
        sys.setprofile(before)
    return calls, message


def page(*items: object, name: str = "tunnel_sessions") -> bytes:
    """Return the body of a page."""
    return json.dumps({name: items}).encode()


def one(**fields: object) -> bytes:
    """Return the body of one session."""
    return json.dumps(ITEM | fields).encode()


def twice(name: str, value: str, count: int) -> bytes:
    """Return the body of a session with a name that comes many times."""
    return (one()[:-1].decode() + f',"{name}":{value}' * count + "}").encode()


Form = tuple[Operation, Callable[[int], bytes]]
STOPS: Final[Mapping[str, Form]] = {
    "every item of another type": (SESSIONS, lambda n: page(*[1] * n)),
    "every field of every item wrong": (
        SESSIONS,
        lambda n: page(*[{name: [5] for name in (*ITEM, "os", "ip")}] * n),
    ),
    "every item without a field": (SESSIONS, lambda n: page(*[{}] * n)),
    "every item of a list within": (
        ENDPOINTS,
        lambda n: page(TUNNEL | {"bindings": [5] * n}, name="endpoints"),
    ),
    "every model of a list within": (
        ENDPOINTS,
        lambda n: page(TUNNEL | {"principal": {"id": 5}} | {"tunnels": [5] * n}, name="endpoints"),
    ),
}
GROWS: Final[Mapping[str, Form]] = {
    "right": (SESSIONS, lambda n: page(*[ITEM] * n)),
    "only the last item wrong": (SESSIONS, lambda n: page(*[ITEM] * n, {})),
    "another zone in every item": (SESSIONS, lambda n: page(*[ZONE] * n)),
    "another zone in one of 65": (SESSIONS, lambda n: page(*([ITEM] * 64 + [ZONE]) * (n // 50))),
    "a new field in every item": (SESSIONS, lambda n: page(*[ITEM | {"new": 1}] * n)),
    "another zone, and the last wrong": (SESSIONS, lambda n: page(*[ZONE] * n, {})),
    "many new fields": (SESSION, lambda n: one(**{f"new{i}": i for i in range(n)})),
    "a wrong field, and many new": (SESSION, lambda n: one(os=1, **{f"n{i}": i for i in range(n)})),
    "a name many times": (SESSION, lambda n: twice("os", '"x"', n)),
    "a name many times, wrong": (SESSION, lambda n: twice("os", "5", n)),
    "a long text": (SESSION, lambda n: one(os="x" * n)),
    "a long text with escapes": (SESSION, lambda n: one(os="\0" * n)),
    "a long wrong time": (SESSION, lambda n: one(started_at="2" * n)),
    "a long fraction": (SESSION, lambda n: one(started_at=f"2026-01-02T03:04:05.{'1' * n}Z")),
    "a long name": (SESSION, lambda n: one(**{"x" * n: 1})),
    "a long integer": (SESSION, lambda n: twice("os", "9" * (5000 + n), 1)),
    "a long integer deep within": (
        SESSION,
        lambda n: twice("new", f'[{"[1]," * n}{{"a":{"9" * 5000}}}]', 1),
    ),
    "many long integers": (SESSION, lambda n: twice("new", "9" * 4000, n)),
    "many too long integers": (SESSION, lambda n: twice("new", "9" * 4301, n)),
    "half a pair in a long text": (SESSION, lambda n: one(os="x" * n + "\ud800")),
    "many arrays": (SESSION, lambda n: twice("new", "[[[[]]]]", n)),
    "endless arrays": (SESSION, lambda n: b"[" * 100 * n),
    "endless objects": (SESSION, lambda n: b'{"":' * 100 * n),
    "two values": (SESSIONS, lambda n: page(*[ITEM] * n) + b"{}"),
    "white space": (SESSION, lambda n: b" " * n),
}  # fmt: skip


@pytest.fixture(params=["json", "msgspec"])
def _decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "msgspec" and read.decoder() != "msgspec":
        pytest.skip("msgspec is not installed")
    monkeypatch.setattr(read, "DECODER", request.param)


@pytest.mark.usefixtures("_decoder")
@pytest.mark.parametrize(("operation", "body"), STOPS.values(), ids=STOPS)
def test_decoding_stops_at_the_first_wrong_item(
    operation: Operation, body: Callable[[int], bytes]
) -> None:
    """However many are wrong: one is told, and the others are not looked at."""
    operation.decode(page(name=operation.items or ""))  # what is made once
    steps(operation, body(1))
    few, message = steps(operation, body(N))
    more, same = steps(operation, body(2 * N))

    assert message == same
    assert 0 < len(message) < 200
    assert more - few < N / 10
    assert more < 500


@pytest.mark.usefixtures("_decoder")
@pytest.mark.parametrize(("operation", "body"), GROWS.values(), ids=GROWS)
def test_work_grows_with_the_size_of_a_body(
    operation: Operation, body: Callable[[int], bytes]
) -> None:
    """Twice the size is at most twice the work; what is wrong is told in a few words."""
    for size in (1, 130):
        steps(operation, body(size))  # what is made once
    few, message = steps(operation, body(N))
    # Now and then something is learned of what has come; it is learned once.
    more = min(steps(operation, body(2 * N))[0] for _ in range(2))

    assert more < 2.2 * few + 100
    assert more < 150 * N
    assert len(message) < 200


@pytest.mark.parametrize("limit", [0, 640, 4300, 10_000])
def test_long_integers_are_refused_whatever_python_allows(limit: int) -> None:
    """A program may have lifted Python's limit; reading such a number would block its loop."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(limit)
    try:
        with pytest.raises(MismatchError, match="an integer of 5000 digits does not fit") as caught:
            SESSION.decode(one()[:-1] + b',"a":[1.5,{"b c":' + b"9" * 5000 + b"}]}")
        with pytest.raises(MismatchError, match=r"@ \$\.<a name of 41 characters>$"):
            SESSION.decode(b'{"' + b"x" * 41 + b'":' + b"9" * 5000 + b"}")
        assert "ts_1" == SESSION.decode(one(new=[7])).id
    finally:
        sys.set_int_max_str_digits(before)

    assert str(caught.value).endswith("@ $.a[1].b c")


def test_the_first_of_several_mistakes_is_told() -> None:
    """In a body that is broken as a whole no number is looked for."""
    with pytest.raises(MismatchError, match="Expecting value"):
        SESSION.decode(b'{"a":' + b"9" * 5000 + b',"b":}')


def test_a_wrong_value_under_a_long_name_does_not_show_it() -> None:
    """Whole or not at all, since half of an API key would not be recognised."""
    with pytest.raises(MismatchError, match=r"got an integer @ \$\.labels\['<a name of 41 char"):
        read.decode(
            {
                "id": "tn_1",
                "tunnel_session": {"id": "ts_1"},
                "started_at": ITEM["started_at"],
                "labels": {"x" * 41: 1},
            },
            operations(Tunnels)["get"].model,
        )
