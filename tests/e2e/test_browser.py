"""What a newcomer does after `make run`, in a real browser."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

from bot.playground.run import playground
from bot.playground.standin import StandInGateway
from tests.playground.web.browser import chromium, open_page

SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""A folder to keep pictures of the page in."""


async def keep_picture(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=f"{SCREENSHOTS}/{name}.png")


@pytest.fixture
def _clean_environment(monkeypatch, tmp_path):
    chromium()
    monkeypatch.chdir(tmp_path)
    for name in ("DISCORD_TOKEN", "LIAOBOTS_AUTH_CODE", "LIAOBOTS_BASE_URL", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_clean_environment", "_discord_of_its_own")
async def test_a_newcomer_mentions_the_bot_watches_the_reply_grow_and_gets_a_picture():
    """One visit, because starting a browser costs more than all the steps together."""
    gateway = StandInGateway(deltas_per_second=120, picture_seconds=0.5)
    async with playground(gateway=gateway) as here, open_page(here.address) as page:
        world = here.discord.world
        await world.wait_for(lambda: world.bot_online and bool(world.commands), 20)
        await expect(page.get_by_role("status")).to_contain_text("stand-in")
        field = page.locator("#message-field")
        last = page.locator(".message").last

        # Mention the bot and watch the answer grow to its end.
        await field.press_sequentially("@lia")
        await page.keyboard.press("Enter")
        await field.press_sequentially("show me a table and some code")
        await page.keyboard.press("Enter")
        stop = page.get_by_role("button", name="Stop")
        await expect(stop).to_be_visible()
        first_sight = await last.locator(".text").first.inner_text()
        await keep_picture(page, "growing")
        await expect(stop).to_have_count(0)
        whole = await page.locator("#messages, main").first.inner_text()
        assert len(whole) > len(first_sight) > 0
        await expect(page.locator("pre").first).to_be_visible()
        await keep_picture(page, "answered")

        # Another answer in its place, and back to the first.
        await page.get_by_role("button", name="Regenerate").click()
        await expect(page.get_by_role("button", name="2/2 ▶")).to_be_visible(timeout=20_000)
        await page.get_by_role("button", name="◀").click()
        await expect(page.get_by_role("button", name="1/2 ▶")).to_be_visible()
        await keep_picture(page, "variants")

        # A picture by command, with an option from the picker.
        await field.press_sequentially("/imag")
        await page.keyboard.press("Enter")
        await page.get_by_label("prompt").fill("a lighthouse at night")
        await keep_picture(page, "command")
        await page.keyboard.press("Enter")
        picture = page.get_by_alt_text("a lighthouse at night").first
        await expect(picture).to_be_visible()
        await page.wait_for_function(
            "alt => document.querySelector(`img[alt='${alt}']`).naturalWidth > 500",
            arg="a lighthouse at night",
        )
        await keep_picture(page, "picture")

        # The picture opens large, and is changed by the form of its message's menu.
        await page.get_by_role("button", name="Enlarge: a lighthouse at night").first.click()
        await expect(page.locator("#lightbox")).to_contain_text("×")
        await keep_picture(page, "large")
        await page.keyboard.press("Escape")
        await last.hover()
        await last.get_by_role("button", name="Edit image").click()
        await page.get_by_label("What shall be changed?").fill("add a full moon")
        await page.get_by_label("Aspect ratio").select_option("1:1")
        await keep_picture(page, "form")
        await page.get_by_role("button", name="Submit").click()
        edited = "add a full moon (a lighthouse at night)"
        await expect(page.get_by_alt_text(edited).first).to_be_visible(timeout=15_000)
        await expect(last.get_by_role("button", name="Undo")).to_be_visible()
        await keep_picture(page, "edited")

        # A failure says so and offers to try again.
        await field.press_sequentially("@lia")
        await page.keyboard.press("Enter")
        await field.press_sequentially("error")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Retry")).to_be_visible()
        await keep_picture(page, "failed")

        # An admin looks at the settings; only they see the answer.
        await page.get_by_role("radio", name="Ada").click()
        await expect(page.get_by_role("radio", name="Ada")).to_be_checked()
        await field.press_sequentially("/config show")
        await expect(page.get_by_role("option", name="/config show")).to_be_visible()
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("Only you can see this")).to_be_visible()
        await expect(last).to_contain_text("gpt-4o")
        await keep_picture(page, "settings")
