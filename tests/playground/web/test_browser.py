import os

from playwright.async_api import Page, expect

from tests.playground.web.browser import open_page
from tests.playground.web.conftest import BANNER
from tests.playground.web.test_app import PNG

SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""A folder to keep pictures of the page in."""


LONG_TEXT = "\n".join(f"Line {number} of the answer" for number in range(1, 91))


async def write(page: Page, text: str) -> None:
    await page.locator("#message-field").press_sequentially(text)
    await page.keyboard.press("Enter")


async def keep_picture(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=f"{SCREENSHOTS}/{name}.png")


async def test_a_person_can_talk_press_run_and_look(url: str):
    """One visit, because starting a browser costs more than all the steps together."""
    async with open_page(url) as page:
        await expect(page.get_by_role("status")).to_have_text(BANNER)
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


async def test_selects_links_and_texts_can_be_used_with_the_keyboard(url: str):
    async with open_page(url) as page:
        await page.locator("input[type=file]").first.set_input_files(
            {"name": "answer.md", "mimeType": "text/markdown", "buffer": LONG_TEXT.encode()}
        )
        await write(page, "@Liaocord choose")
        answer = page.locator(".message").last
        await expect(answer.get_by_role("link", name="Read on")).to_have_attribute(
            "href", "https://example.com/on"
        )

        # One option of a list, by its first letter.
        model = answer.get_by_role("combobox", name="Another model")
        await model.focus()
        await page.keyboard.press("ArrowDown")
        await expect(answer.get_by_role("option", name="Thorough")).to_contain_text(
            "Takes its time"
        )
        await keep_picture(page, "select")
        await page.keyboard.press("t")
        await page.keyboard.press("Enter")
        await expect(answer.locator(".text")).to_contain_text("Chosen: thorough")
        await expect(model).to_have_text("Thorough")
        await expect(model).to_be_focused()

        # Nobody hears the choice: it is taken back, and the page says so.
        await model.press("Enter")
        await page.keyboard.press("End")
        await page.keyboard.press("Enter")
        await expect(model).to_have_attribute("aria-busy", "true")
        await keep_picture(page, "select-busy")
        await expect(answer.get_by_text("This interaction failed")).to_be_visible()
        await expect(model).to_have_text("Another model")

        # Several options go together when the list is closed; Escape forgets them.
        manner = answer.get_by_role("combobox", name="Manners")
        await manner.click()
        await answer.get_by_role("option", name="Kind").click()
        await page.keyboard.press("Escape")
        await expect(manner).to_have_text("Manners")
        await manner.click()
        await answer.get_by_role("option", name="Kind").click()
        await answer.get_by_role("option", name="Brief").click()
        await expect(answer.get_by_role("option", name="Formal")).to_be_disabled()
        await keep_picture(page, "select-several")
        await page.keyboard.press("Tab")
        await expect(answer.locator(".text")).to_contain_text("Chosen: Kind, Brief")
        await expect(manner).to_have_text("Brief, Kind")

        # A text file shows its beginning, then the whole.
        await expect(answer.locator("pre")).to_contain_text("Line 1 of the answer")
        await expect(answer.locator("pre")).not_to_contain_text("Line 90")
        await answer.get_by_role("button", name="Show all").click()
        await expect(answer.locator("pre")).to_contain_text("Line 90 of the answer")
        await keep_picture(page, "text")


async def test_the_topic_and_the_banner_are_read_whole_at_any_width(url: str):
    async with open_page(url) as page:
        for width in (1280, 375):
            await page.set_viewport_size({"width": width, "height": 700})
            for part in (page.locator("#topic"), page.get_by_role("status")):
                await expect(part).to_be_visible()
                assert await part.evaluate("part => part.scrollWidth <= part.clientWidth")
            await keep_picture(page, f"head-{width}")


async def test_it_works_at_the_width_of_a_phone(url: str):
    async with open_page(url, width=375, height=700) as page:
        await page.get_by_role("button", name="Channels", exact=True).click()
        await page.get_by_role("button", name="Liaocord").click()
        await write(page, "no mention needed")
        await expect(page.locator(".message").last.locator(".text")).to_contain_text("Grown")
        await page.get_by_role("combobox", name="Manners").click()
        await keep_picture(page, "phone")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide == 375
