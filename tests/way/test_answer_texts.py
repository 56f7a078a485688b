"""What errors show of an answer: read once, in one line, and without the key."""

import copy
import json
import pickle
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ngrok_async
from ngrok_async import Client, RateLimit, Retry
from ngrok_async._request import Request, Response, Send
from ngrok_async._way import answer as answers
from ngrok_async._way.answer import envelope, is_ambiguous, is_throttled
from ngrok_async._wire.read import decode, loads
from ngrok_async.errors import (
    APIError,
    BadRequestError,
    ConflictError,
    FilterError,
    NgrokError,
    ServerError,
)
from ngrok_async.resources.tunnel_sessions import TunnelSession
from ngrok_async.resources.tunnels import Tunnel
from ngrok_async.testing import FakeNgrok
from tests.way.answers import KEY, answer, api_failure, failure, labels

PACKAGE = str(Path(ngrok_async.__file__).parent)


# An error body is read once, and in part


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the size of each body that is parsed for an error."""
    sizes: list[int] = []

    def noting(body: bytes) -> object:
        sizes.append(len(body))
        return loads(body)

    monkeypatch.setattr(answers, "loads", noting)
    return sizes


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"msg": "no"}', b"[" * 99_999], ids=len)
async def test_each_answer_is_parsed_once(parsed: list[int], status: int, body: bytes) -> None:
    """However often limiter, retries, events and the error look at it, and at its first 64 KiB."""

    async def look(request: Request, send: Send) -> Response:
        response = await send(request)
        assert envelope(response) == envelope(response)
        return response

    async with FakeNgrok() as fake:
        fake.fail(status, times=3, body=body, headers={"Retry-After": "0"})
        async with Client(
            fake.api_key,
            base_url=fake.url,
            limiter=RateLimit(1000),
            retry=Retry(3, backoff=0),
            middlewares=[look],
            on_event=lambda _: None,
        ) as ngrok:
            with pytest.raises(APIError):
                await ngrok.tunnels.list()

        assert len(fake.requests) == (3 if status in {429, 500, 503} else 1)
        assert [min(len(body), 65_536)] * len(fake.requests) == parsed


def test_another_body_is_another_answer(parsed: list[int]) -> None:
    """What a middleware makes of an answer does not keep what was read of the first one."""
    first = answer(400, {"error_code": "ERR_NGROK_226"})
    assert is_throttled(first)
    second = attrs.evolve(first, body=b'{"error_code": "ERR_NGROK_810"}')

    assert (False, True) == (is_throttled(second), is_ambiguous(second))
    assert first != second
    assert first == attrs.evolve(second, body=first.body)  # what was read is no part of the value
    assert pickle.loads(pickle.dumps(second.body)) == second.body  # noqa: S301 # our own
    assert 2 == len(parsed)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"{}," * 3_000_000 + b"{}]",
        b'{"msg": "x", "details": {' + b",".join(b'"%d": "a"' % i for i in range(600_000)) + b"}}",
        b'{"msg": "' + b"%25" * 3_000_000 + b'"}',
        b"\xff" * 10_000_000,
        b" " * 10_000_000 + b'{"msg": "m", "error_code": "ERR_NGROK_226"}',
    ],
    ids=["objects", "details", "escapes", "no text", "spaces"],
)
def test_a_large_error_body_costs_no_more_than_64_kib(parsed: list[int], body: bytes) -> None:
    """What lies behind is not looked at: the status tells enough, and the beginning is shown."""
    error = api_failure(answer(503, body))

    assert [65_536] == parsed
    assert (ServerError, None, {}) == (type(error), error.code, error.details)
    assert len(str(error)) < 400


def test_the_first_details_are_kept() -> None:
    """Twenty of them, each cut; the operation is found wherever it stands."""
    details = {f"{i}-{'n' * 500}": "v" * 3000 for i in range(15)} | {str(i): "" for i in range(9)}
    error = api_failure(answer(400, {"msg": "m", "details": {**details, "operation_id": "op_1"}}))

    assert [name[:200] for name in details][:20] == list(error.details)
    assert [value[:2000] for value in details.values()][:20] == list(error.details.values())
    assert "op_1" == error.operation_id


# A server's text is one line


LINES: Mapping[str, tuple[str, str]] = {
    "lines": ("a\nb\r\n  c\td", "a b c d"),
    "other lines": ("a\x0bb\x0cc\x85d\u2028e\u2029f", "a b c d e f"),
    "around": (" \n a \n", "a"),
    "a terminal's colours": ("\x1b[31ma\x1b]0;b\x07", "\ufffd[31ma\ufffd]0;b\ufffd"),
    "nothing": ("a\x00b\x7fc", "a\ufffdb\ufffdc"),
    "right to left": ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
    "hidden": ("a\u200bb\ufeffc", "a\ufffdb\ufffdc"),
    "other languages": ("Größe 大小 🙂", "Größe 大小 🙂"),
}


@pytest.mark.parametrize(("sent", "shown"), LINES.values(), ids=LINES)
def test_what_a_server_says_is_one_line(sent: str, shown: str) -> None:
    """Else it could write lines of its own into a log, or change what a terminal shows."""
    body = {"error_code": sent, "msg": sent, "details": {sent: sent, "operation_id": sent}}
    error = api_failure(answer(400, body))
    others = [
        failure(answer(302, location=sent)),
        failure(answer(502, sent.encode(), ngrok_operation_id=sent)),
        failure(answer(200, sent.encode(), ngrok_operation_id=sent)),
        failure(answer(200, {sent: 1}), decode=labels),
    ]

    assert (shown, shown, shown) == (error.code, error.message, error.operation_id)
    assert {shown: shown, "operation_id": shown} == error.details
    assert [shown, shown] == [other.operation_id for other in others[1:3]]
    for text in (str(e) for e in (error, *others)):
        assert text.isprintable()
        assert text.encode()


def test_a_text_of_nothing_but_space_is_none() -> None:
    """A message of line breaks says nothing, and neither does such a code or operation."""
    body = {"error_code": " ", "msg": " \n", "details": {"operation_id": "\t"}}
    error = api_failure(answer(400, body, ngrok_operation_id="op_h"))

    assert (None, "op_h") == (error.code, error.operation_id)
    assert error.message.startswith("no error message in the answer: {")


# The key is in no error


Echo = Callable[[str], Response]


ECHOES: Mapping[str, Echo] = {
    "message": lambda text: answer(401, {"msg": text}),
    "code": lambda text: answer(400, {"error_code": text, "msg": "m"}),
    "operation": lambda text: answer(400, {"details": {"operation_id": text}}),
    "a detail": lambda text: answer(400, {"details": {"a": text}}),
    "a detail's name": lambda text: answer(400, {"details": {text: "a"}}),
    "the operation's header": lambda text: answer(502, ngrok_operation_id=text),
    "the operation's header of a success": lambda text: answer(200, ngrok_operation_id=text),
    "a redirect": lambda text: answer(302, location=text),
    "HTML error": lambda text: answer(502, b"<p>" + text.encode()),
    "HTML success": lambda text: answer(200, b"<p>" + text.encode()),
    "other JSON error": lambda text: answer(400, {"error": text}),
    "a JSON string": lambda text: answer(200, text),
    "a timestamp": lambda text: answer(
        200, {"id": "ts", "credential": {"id": "cr"}, "started_at": text}
    ),
    "a name in a mapping": lambda text: answer(200, {"id": "", "labels": {text: 1}}),
}


def as_hex(key: str) -> str:
    """Percent-encode every character."""
    return "".join(f"%{ord(c):02x}" for c in key)


FORMS: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent-encoded": lambda key: quote(key, safe=""),
    "percent-encoded in part": quote,
    "percent-encoded twice": lambda key: quote(quote(key, safe=""), safe=""),
    "every character encoded": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "in lower-case hex": as_hex,
    "in JSON": lambda key: json.dumps({"credential": key}),
    "in a repr": repr,
    "in a header": lambda key: f"Authorization: Bearer {key}\r\n",
}


def leaks(text: str, key: str) -> bool:
    """Tell whether somebody who reads `text` learns the key."""
    texts = (text, text.replace("\\\\", "\\").replace("\\'", "'").replace('\\"', '"'))
    return any(
        key.lower() in form.lower() for t in texts for form in (t, unquote(t), unquote(unquote(t)))
    )


def strings_of(error: NgrokError) -> list[str]:
    """Return everything that an error can show, log or carry to another process."""
    formatted = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in formatted.stack if frame.filename.startswith(PACKAGE)]
    assert ours
    return [
        str(error),
        repr(error),
        repr(vars(error)),
        *(str(value) for value in vars(error).values()),
        *(f"{value!r}" for frame in ours for value in (frame.locals or {}).values()),
        *(pickle.dumps(error, p).decode("latin-1") for p in range(pickle.HIGHEST_PROTOCOL + 1)),
        repr(copy.deepcopy(error)),
    ]


def session_and_tunnel(body: bytes) -> object:
    """Decode a body as a session if it has a credential, else as a tunnel."""
    kind: Any = TunnelSession if b"credential" in body[:30] else Tunnel
    return decode(loads(body), kind)


# Keys of ngrok have letters, digits and "_"; what holds for all of ASCII holds for them. Asterisks
# are the mask itself, and a key does not begin with the name of its variable.
any_key = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=20
).filter(lambda key: "*" not in key and "=" not in key[:14])


@settings(max_examples=250)
@given(
    echo=st.sampled_from(sorted(ECHOES)),
    form=st.sampled_from(sorted(FORMS)),
    key=st.just(KEY) | any_key,
    before=st.text(max_size=30) | st.integers(0, 17_000).map(lambda n: "x" * n),
    after=st.text(max_size=30),
)
def test_no_text_of_an_error_has_the_key(
    echo: str, form: str, key: str, before: str, after: str
) -> None:
    """Credentials are echoed: wherever the key stands in an answer, no error shows it."""
    text = f"{before}{FORMS[form](key)}{after}".replace("*", "").encode(errors="replace").decode()
    error = failure(ECHOES[echo](text), decode=session_and_tunnel, key=key)

    assert not [shown for shown in strings_of(error) if leaks(shown, key)]


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("edge", [40, 200, 2000])
def test_no_part_of_the_key_is_left_where_a_text_is_cut(echo: Echo, edge: int) -> None:
    """Texts are cut after the key was taken out, so its first half does not stay behind."""
    for before in range(max(0, edge - len(KEY) - 30), edge + 1):
        error = failure(echo("x" * before + KEY + "x" * 3000), decode=session_and_tunnel)

        assert KEY[:6] not in str(error)


@pytest.mark.parametrize(
    ("length", "form"), [(31, str), (100, str), (4000, str), (31, as_hex), (100, as_hex)]
)
def test_no_part_of_the_key_is_left_where_a_long_text_is_cut(
    length: int, form: Callable[[str], str]
) -> None:
    """Masks are short: a text of keys shrinks, and half a key at its end could come into sight."""
    key = "".join(chr(97 + i * i % 26) for i in range(length))
    for before in range(0, length, 3 + length // 9):
        for echo in ECHOES.values():
            error = failure(
                echo("-" * before + form(key) * (70_000 // length)),
                decode=session_and_tunnel,
                key=key,
            )
            assert not [text for text in strings_of(error) if form(key)[:21] in text]


@pytest.mark.parametrize("key", ["18017_cel_expression", "NGROK_18017", "18017", "ngrok", "k"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ERR_NGROK_18017", ConflictError),
        ("ERR_NGROK_1", BadRequestError),
        ("invalid_cel_expression", FilterError),
    ],
)
def test_a_code_is_public_whatever_the_key_is(key: str, code: str, kind: type[APIError]) -> None:
    """Codes decide before anything is taken out, and those of ngrok are shown as they are."""
    error = failure(answer(400, {"error_code": code, "msg": code}), key=key)

    assert isinstance(error, APIError)
    assert (kind, code) == (type(error), error.code)
