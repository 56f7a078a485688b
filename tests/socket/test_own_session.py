"""Our own session and one of the caller's are two ways to leave: nobody can tell them apart."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeAlias

import aiohttp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ngrok_async import Client, NgrokError, RateLimit, Retry
from tests.fault_server import FaultServer
from tests.socket.conftest import InstantClock

Fate: TypeAlias = Callable[[FaultServer], None]

FATES: dict[str, Fate] = {
    "200": lambda server: server.answers(200),
    "404": lambda server: server.answers(404, b'{"error_code": "ERR_NGROK_1"}'),
    "409": lambda server: server.answers(409, b'{"error_code": "ERR_NGROK_2"}'),
    "429": lambda server: server.answers(429, b"{}", retry_after="0"),
    "503": lambda server: server.answers(503, b"down"),
    "shutting down": lambda server: server.answers(503, b'{"error_code": "ERR_NGROK_1500"}'),
    "redirect": lambda server: server.answers(302, location="https://evil.example/"),
    "reset": lambda server: server.resets(),
    "hung up": lambda server: server.hangs_up(),
    "no HTTP": lambda server: server.sends(b"SSH-2.0\r\n\r\n", "close"),
    "half a head": lambda server: server.sends(b"HTTP/1.1 200 OK\r\ncont", "close"),
    "half a body": lambda server: server.sends(
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "close"
    ),
    "no JSON": lambda server: server.answers(200, b"<html>"),
}

Calls: TypeAlias = Sequence[tuple[str, Sequence[str]]]
"""Methods, each with what becomes of its attempts."""


async def history(calls: Calls, *, own: bool) -> tuple[list[object], list[tuple[str, str]]]:
    """Return how the calls ended, with the limiter's state after each, and what has arrived."""
    server = FaultServer()
    await server.start()
    limiter = RateLimit(100, clock=InstantClock(), jitter=lambda: 0.5)
    session = None if own else aiohttp.ClientSession()
    ngrok = Client(
        "a-key-of-the-tests",
        base_url=server.url,
        session=session,
        limiter=limiter,
        retry=Retry(3, backoff=0, budget=4),
    )
    seen: list[object] = []
    async with asyncio.timeout(20):
        for number, (method, fates) in enumerate(calls):
            for fate in fates:
                FATES[fate](server)
            body = {"number": number} if method[0] == "P" else None
            try:
                outcome: object = await ngrok.request(method, f"/things/{number}", json=body)
            except NgrokError as error:
                status = getattr(error, "status", None)
                outcome = (type(error), status, error.attempts, error.maybe_applied)
            budget = limiter.budget
            seen.append((outcome, budget.used, budget.in_flight, budget.waiting))
            server.forget()
    await ngrok.aclose()
    if session is not None:
        await session.close()
    received = [(request.method, request.target) for request in server.requests]
    await server.stop()
    return seen, received


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE"]),
            st.lists(st.sampled_from(sorted(FATES)), max_size=3),
        ),
        min_size=1,
        max_size=6,
    )
)
@example([("GET", ["200"]), ("GET", ["hung up", "reset", "200"]), ("POST", ["hung up"])])
@example([("DELETE", ["half a head", "404"]), ("POST", ["429", "503"]), ("PUT", ["no HTTP"])])
def test_both_sessions_have_the_same_outcomes(calls: Calls) -> None:
    """Results, errors, attempts, `maybe_applied`, slots of the limit, and what a server sees."""
    assert asyncio.run(history(calls, own=True)) == asyncio.run(history(calls, own=False))
