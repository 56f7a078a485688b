"""Bodies: what is sent, and the place of what cannot be."""

import enum
import json
import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngrok_async._json import Body, checked_dumps, dumps

DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
ENDLESS: dict[str, Any] = {}
ENDLESS["a"] = [ENDLESS]


class Code(enum.IntEnum):
    """A number with a name."""

    ONE = 1


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param({"a": {1, 2}}, "json['a'] cannot be encoded", id="a set"),
        pytest.param([0, b"x"], "json[1] cannot be encoded", id="bytes"),
        pytest.param({"a": [{"b": object()}]}, "json['a'][0]['b'] cannot be encoded", id="deep"),
        pytest.param(({},), None, id="tuples are arrays"),
        pytest.param({"a": math.nan}, "json['a'] cannot be encoded as JSON: nan is", id="NaN"),
        pytest.param({"a": -math.inf}, "json['a'] cannot be encoded as JSON: -inf is", id="inf"),
        pytest.param(["x\ud800"], "json[0] cannot be encoded", id="half a pair"),
        pytest.param({"a": {"\ud800": 1}}, "json['a'] cannot be encoded", id="half a pair as key"),
        pytest.param({("a",): 1}, "a key: JSON has no value such as tuple", id="a tuple as key"),
        pytest.param({2: None, True: None, None: 0.5}, None, id="keys that become texts"),
        pytest.param({"a": 10**5000}, "got an integer of about 5001 digits", id="5001 digits"),
        pytest.param({10**5000: "a"}, "a key: integers have at most 64 bits", id="such a key"),
        pytest.param({"a": [2**63]}, "json['a'][0] cannot be encoded", id="65 bits"),
        pytest.param({"a": -(2**63) - 1}, "json['a'] cannot be encoded", id="65 bits below zero"),
        pytest.param([2**63 - 1, -(2**63), "9" * 30, 1e300], None, id="64 bits, and long texts"),
        pytest.param(DEEP, "json is nested too deeply", id="100000 arrays"),
        pytest.param(ENDLESS, "json is nested too deeply", id="contains itself"),
        pytest.param({"x" * 10**6: {1}}, "(1000000 characters)] cannot", id="a long name"),
    ],
)
def test_what_cannot_be_encoded_is_named_with_its_place(value: object, message: str | None) -> None:
    """Whoever built the body finds the value; nobody has to read a megabyte for it."""
    if message is None:
        assert json.loads(json.dumps(value)) == json.loads(checked_dumps(value))
        return
    with pytest.raises(ValueError, match="cannot be encoded as JSON") as caught:
        checked_dumps(value)

    text = str(caught.value)
    assert message.replace("json is", "json cannot be encoded as JSON: it is") in text
    assert len(text) < 300
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_failure_that_nobody_finds_is_told_as_python_tells_it() -> None:
    """A value may be wrong only while it is encoded, as one that another thread changes."""

    class Lying(dict[str, object]):
        def items(self) -> Any:  # noqa: ANN401 # what a dictionary has
            sane, self.sane = getattr(self, "sane", {"a": object()}), {}
            return sane.items()

    with pytest.raises(ValueError, match="Object of type object is not JSON serializable"):
        dumps(Lying(a=1))


@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(st.characters())
        | st.binary()
        | st.just(Code.ONE),
        lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_is_a_body_or_a_value_error(value: object) -> None:
    """Nothing else comes of it, and what comes of it can be read."""
    body = b""
    with suppress(ValueError):
        body = checked_dumps(value)
    if body:
        assert json.dumps(json.loads(body)) == json.dumps(value)


def test_a_body_shows_nothing() -> None:
    """Tracebacks print local variables, and a body may hold a new token."""
    body = dumps({"token": "secret"})

    assert "secret" not in f"{body!r} {body} {body!s}"
    assert "<18 bytes, not shown>" == repr(body)
    assert isinstance(body, Body)
