import asyncio
import contextlib
from collections.abc import AsyncIterator

import discord
import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from bot.playground.discord import LoopbackDiscord, LoopbackSettings
from bot.playground.web import create_app
from tests.playground.web.browser import chromium, open_page
from tests.playground.web.small_bot import SmallBot
from tests.playground.web.test_app import PNG


@pytest.fixture
async def url(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The page's address, with the small bot online behind it."""
    chromium()
    async with LoopbackDiscord(LoopbackSettings(ack_seconds=1.0)) as server:
        monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
        bot = SmallBot()
        running = asyncio.create_task(bot.start(server.token))
        runner = web.AppRunner(
            create_app(server, banner="A small bot answers"), access_log=None, shutdown_timeout=0.1
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world = server.world
        try:
            await world.wait_for(lambda: world.bot_online and bool(world.commands), 20)
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finally:
            await bot.close()
            await runner.cleanup()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


async def write(page: Page, text: str) -> None:
    await page.get_by_role("combobox").first.press_sequentially(text)
    await page.keyboard.press("Enter")


async def test_a_person_can_talk_press_run_and_look(url: str):
    """One visit, because starting a browser costs more than all the steps together."""
    async with open_page(url) as page:
        await expect(page.get_by_role("status")).to_have_text("A small bot answers")
        field = page.get_by_label("Message #general")

        # A mention from the picker, with a picture that comes back.
        await field.press_sequentially("@lia")
        await expect(page.get_by_role("option", name="Liaocord")).to_be_visible()
        await page.keyboard.press("Enter")
        await page.locator("input[type=file]").first.set_input_files(
            {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
        )
        await write(page, "look at this")
        answer = page.locator(".message").last
        await expect(answer.locator(".text")).to_contain_text("Grown <img src=x>")
        await expect(answer.get_by_text("(edited)")).to_be_visible()
        await answer.get_by_role("button", name="Enlarge").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.keyboard.press("Escape")

        # A button that whispers, and one that nobody hears.
        await answer.get_by_role("button", name="Ignore").click()
        await expect(page.get_by_text("This interaction failed")).to_be_visible()
        await page.get_by_role("button", name="Whisper").click()
        whisper = page.locator(".message.ephemeral")
        await expect(whisper).to_contain_text("Only you can see this")
        await whisper.get_by_role("button", name="Dismiss").click()
        await expect(whisper).to_have_count(0)

        # A command with an optional field, by keyboard alone.
        await field.press_sequentially("/ec")
        await page.keyboard.press("Enter")
        await page.keyboard.type("hello")
        await page.get_by_role("button", name="loud").click()
        await page.get_by_label("loud", exact=True).select_option("True")
        await page.get_by_role("button", name="Send", exact=True).click()
        await expect(page.locator(".message").last).to_contain_text("Mira used /echo")
        await expect(page.locator(".message").last.locator(".text")).to_have_text("HELLO")
        await write(page, "/sleepy")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("The application did not respond")).to_be_visible()

        # An admin sees what a member does not.
        await field.press_sequentially("/config")
        await expect(page.get_by_role("option")).to_have_count(0)
        await field.clear()
        await page.get_by_role("radio", name="Ada").click()
        await expect(page.get_by_role("radio", name="Ada")).to_be_checked()
        await field.press_sequentially("/config")
        await expect(page.get_by_role("option", name="/config show")).to_be_visible()


async def test_it_works_at_the_width_of_a_phone(url: str):
    async with open_page(url, width=375, height=700) as page:
        await page.get_by_role("button", name="Channels", exact=True).click()
        await page.get_by_role("button", name="Liaocord").click()
        await write(page, "no mention needed")
        await expect(page.locator(".message").last.locator(".text")).to_contain_text("Grown")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide == 375
