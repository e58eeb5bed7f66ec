"""A headless Chromium for the tests that look at the page as a person does."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Page, async_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """The browser's path; without one the test is skipped aloud, and in CI it fails."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    sentence = "There is no Chromium on this machine, so the page was not tested in a browser."
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


@asynccontextmanager
async def open_page(url: str, *, width: int = 1280, height: int = 860) -> AsyncIterator[Page]:
    """Open the address in a fresh browser; script errors on the page fail the test."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=_ARGUMENTS)
        try:
            page = await browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(10_000)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "console",
                lambda line: complaints.append(line.text) if line.type == "error" else None,
            )
            await page.goto(url)
            yield page
        finally:
            await browser.close()
    assert complaints == []
