"""Takes the pictures of README and home page: `python -m tools.pages.picture`.

It runs the service of `examples/aiohttp_service` with a fake ngrok, restarts an agent by hand, and
waits until it is back. Needs a `chromium`.
"""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, ViewportSize, async_playwright

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = ROOT / "docs" / "_static"
_SERVICE: Final = ROOT / "examples" / "aiohttp_service" / "agents_page.py"
_PORT: Final = 24077
_AGENT: Final = "Checkout, Lisbon"
_SIZE: Final[ViewportSize] = {"width": 1120, "height": 632}


async def take(browser: Browser, scheme: Literal["dark", "light"]) -> None:
    """Take one picture of the page, while an agent is shown that has been restarted."""
    page = await browser.new_page(viewport=_SIZE, color_scheme=scheme)
    await page.goto(f"http://127.0.0.1:{_PORT}")
    await page.get_by_text("looked").first.wait_for()  # what it shows is live
    await page.get_by_text(_AGENT, exact=True).first.click()
    if scheme == "light":  # the first one
        await page.get_by_role("button", name="Restart").first.click()
    await page.get_by_text("Before that").first.wait_for(timeout=60_000)
    await page.screenshot(path=PICTURES / f"agents-{scheme}.png")


async def main() -> None:
    """Take both."""
    environment = {name: text for name, text in os.environ.items() if name != "NGROK_API_KEY"}
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, str(_SERVICE), "--agents", "30", "--port", str(_PORT)),
        env=environment | {"PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert service.stdout is not None  # noqa: S101 # it is a pipe
    while b"Running on" not in await service.stdout.readline():
        pass
    try:
        async with async_playwright() as playwright:
            chromium = shutil.which("chromium")
            launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            browser = await launched
            await take(browser, "light")
            await take(browser, "dark")
            await browser.close()
    finally:
        service.terminate()
        await service.wait()


if __name__ == "__main__":
    asyncio.run(main())
