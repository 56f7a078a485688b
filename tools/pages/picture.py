"""Takes the pictures of the operator page: `python -m tools.pages.picture`.

It runs the service of `examples/aiohttp_service` with a fake ngrok, restarts an agent by hand, and
waits until it is back: that is what README and home page show. Then it begins a rollout, for the
page of the example, and waits until a part is done, which takes a minute. Needs a `chromium`.
"""

import asyncio
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from tools.pages.smaller import reduced

ROOT: Final = Path(__file__).parents[2]
PICTURES: Final = ROOT / "docs" / "_static"
ROLLOUT: Final = ROOT / "docs" / "images" / "operator-page.png"
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
    await keep(page, PICTURES / f"agents-{scheme}.png")


async def take_rollout(browser: Browser) -> None:
    """Take one picture of the page, while a rollout is under way."""
    page = await browser.new_page(viewport=_SIZE)
    page.set_default_timeout(180_000)
    await page.goto(f"http://127.0.0.1:{_PORT}/#group=version")
    await page.get_by_text("looked").first.wait_for()
    await page.get_by_role("button", name="Roll out").click()
    await page.get_by_role("button", name="All behind the newest").click()
    await page.get_by_role("button", name="Plan it, send nothing").click()
    await page.get_by_role("button", name=re.compile("^Update [0-9]+ agents")).click()
    await page.mouse.move(0, 0)
    await page.get_by_text("6 done", exact=True).wait_for()
    await page.get_by_text(re.compile("[1-9][0-9]+ under way")).wait_for()
    await page.wait_for_timeout(9000)  # the watch has seen as well who is back
    await keep(page, ROLLOUT)


async def keep(page: Page, path: Path) -> None:
    """Write down what the page shows."""
    await page.wait_for_timeout(1000)  # nothing moves any more
    path.write_bytes(reduced(await page.screenshot()))  # noqa: ASYNC240 # nobody waits for this


async def main() -> None:
    """Take all."""
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
            await take_rollout(browser)
            await browser.close()
    finally:
        service.terminate()
        await service.wait()


if __name__ == "__main__":
    asyncio.run(main())
