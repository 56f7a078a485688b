"""What all tests share: how hypothesis looks for examples, and a watch over what is left."""

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from tests.lists import settle

pytest_plugins = ["pytester"]  # pytest wants this in the top directory only

# What a shell starts in the background ignores Ctrl-C, and so would the programs that tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "ngrok_async",
    deadline=None,  # a busy machine is no bug
    derandomize="CI" in os.environ,  # a red build there is due to its commit
    print_blob=True,
)
settings.register_profile("fuzz", settings.get_profile("ngrok_async"), max_examples=10_000)
settings.load_profile("ngrok_async")


def pytest_collection_finish() -> None:
    """Leave what the collection made out of each later look for garbage: it stays to the end.

    Many tests ask for such a look, and without this most of their time went into modules, tests
    and parameters that are in use.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
async def quiet() -> AsyncIterator[None]:
    """Hold every test to this: asyncio has nothing to complain about, and no task is left."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    yield
    gc.collect(1)  # what a test has left is young
    await settle()

    assert [] == complaints
    assert {asyncio.current_task()} == asyncio.all_tasks()
