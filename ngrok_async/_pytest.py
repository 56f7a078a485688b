"""The pytest fixtures `fake_ngrok`, `ngrok` and `ngrok_clock`; docs/testing.md tells of them.

pytest loads this module in every run where ngrok-async is installed, whatever is tested. So it
loads nothing else of the package, nor aiohttp, until a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pytest_asyncio import fixture as _async_fixture

    from ngrok_async import Client
    from ngrok_async.testing import FakeNgrok, TurnableClock
else:
    try:
        from pytest_asyncio import fixture as _async_fixture
    except ImportError:
        _async_fixture = pytest.fixture  # for anyio, or nobody: see `_ngrok_loop`


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "fake_ngrok(*, allow_leftovers=False, **options): options of ngrok_async.testing.FakeNgrok "
        "for the fixture fake_ngrok, such as agents=3",
    )


@pytest.fixture
def ngrok_clock() -> TurnableClock:
    """Return the clock of `fake_ngrok` and `ngrok`; override it with one that stands still."""
    from ngrok_async.testing import TurnableClock  # noqa: PLC0415 # see the module

    return TurnableClock()


@pytest.fixture
def _ngrok_loop(request: pytest.FixtureRequest) -> None:
    """See that somebody runs asynchronous fixtures."""
    has_loop = request.config.pluginmanager.hasplugin("asyncio")
    if not has_loop and "anyio_backend" not in request.fixturenames:
        pytest.fail(
            "the fixtures of ngrok-async need an event loop: install pytest-asyncio "
            "(or mark the test with pytest.mark.anyio, where anyio is installed)",
            pytrace=False,
        )


@_async_fixture
async def fake_ngrok(
    request: pytest.FixtureRequest,
    _ngrok_loop: None,
    ngrok_clock: TurnableClock,
) -> AsyncIterator[FakeNgrok]:
    """Serve a fake ngrok API that every `Client()` of the test finds; see the marker's options."""
    from ngrok_async._way.transport import Transport  # noqa: PLC0415 # see the module
    from ngrok_async.testing import FakeNgrok  # noqa: PLC0415 # see the module
    from ngrok_async.testing._arguments import flag  # noqa: PLC0415 # see the module
    from ngrok_async.testing._leftovers import Watch  # noqa: PLC0415 # see the module

    options: dict[str, Any] = {"clock": ngrok_clock, **_marked(request)}
    allowed = options.pop("allow_leftovers", False)
    try:
        fake = FakeNgrok(**options)
        flag("allow_leftovers", allowed)
    except (TypeError, ValueError) as error:  # no such option, or not with this value
        pytest.fail(f"pytest.mark.fake_ngrok: {error}", pytrace=False)
    with pytest.MonkeyPatch.context() as patch:
        async with fake:
            watch = Watch(fake)
            patch.setattr(Transport, "open", watch.noting(Transport.open))
            patch.setenv("NGROK_API_KEY", fake.api_key)
            patch.setenv("NGROK_API_URL", fake.url)
            yield fake
            left = [] if allowed else await watch.leftovers()
    _complain(left)


@_async_fixture
async def ngrok(request: pytest.FixtureRequest, fake_ngrok: FakeNgrok) -> AsyncIterator[Client]:
    """Open a client on `fake_ngrok`, with its clock and a rate limit of its own."""
    from ngrok_async import Client  # noqa: PLC0415 # see the module
    from ngrok_async.testing._leftovers import Calls  # noqa: PLC0415 # see the module

    url, clock, calls = fake_ngrok.url, fake_ngrok.clock, Calls()
    async with Client(fake_ngrok.api_key, base_url=url, clock=clock, middlewares=[calls]) as client:
        yield client
        left = [] if _marked(request).get("allow_leftovers") else await calls.leftovers()
    _complain(left)


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return the keywords of the markers; the closest one has the last word."""
    options: dict[str, Any] = {}
    for marker in reversed([*request.node.iter_markers("fake_ngrok")]):
        if marker.args:
            pytest.fail(
                f"pytest.mark.fake_ngrok takes keywords, such as agents=3; got {marker.args}",
                pytrace=False,
            )
        options.update(marker.kwargs)
    return options


def _complain(left: list[str]) -> None:
    if left:
        pytest.fail("\n".join(f"left behind by the test: {what}" for what in left), pytrace=False)
