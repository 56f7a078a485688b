"""What frames know is taken out of exceptions; whose frames these are."""

from types import FrameType
from typing import Any

import pytest

from ngrok_async._tracebacks import forget_locals


def _frame_in(module: str | None) -> FrameType:
    """Return the frame of a function of a module, out of an exception that has forgotten."""
    # What attrs and cattrs generate has no module.
    names: dict[str, Any] = {} if module is None else {"__name__": module}
    exec("def fail(secret):\n    raise ValueError", names)  # noqa: S102 # a constant
    with pytest.raises(ValueError) as caught:  # noqa: PT011 # it has no text
        names["fail"]("S3cret")
    forget_locals(caught.value)
    step = caught.value.__traceback__
    assert step is not None
    assert step.tb_next is not None
    assert "module" in step.tb_frame.f_locals  # the caller's own
    return step.tb_next.tb_frame


@pytest.mark.parametrize(
    "module",
    [
        "aiohttp.client",
        "aiosignal",
        "asyncio.selector_events",
        "attr._make",
        "attrs",
        "cattr",
        "cattrs.gen",
        "json.encoder",
        "ngrok_async",
        "ngrok_async.resources.secrets",
        None,
    ],
)
def test_what_passes_through_our_way_is_forgotten(module: str | None) -> None:
    """The packages that a call's key, body and answer go through, and their modules."""
    assert {} == _frame_in(module).f_locals


@pytest.mark.parametrize(
    "module", ["__main__", "app.json", "aiohttp_retry", "asyncio_helpers", "jsonschema", "pytest"]
)
def test_what_belongs_to_others_is_kept(module: str) -> None:
    """Variables of the caller's code are what a traceback is read for."""
    assert {"secret": "S3cret"} == _frame_in(module).f_locals
