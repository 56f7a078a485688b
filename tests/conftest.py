"""What all tests share: how hypothesis looks for examples."""

import gc
import os

from hypothesis import settings

pytest_plugins = ["pytester"]  # pytest wants this in the top directory only

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
