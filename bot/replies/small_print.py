"""The small lines that a growing reply shows about itself."""

from __future__ import annotations

from bot.i18n import _

_MARK = "-# "


def thinking_line(seconds: int) -> str:
    """Shown while there is nothing to read yet."""
    return _MARK + _("Thinking for {seconds} s").format(seconds=seconds)


def is_thinking(page: str) -> bool:
    """Whether a page shows nothing but that line, in whatever language."""
    return page.startswith(_MARK) and "\n" not in page


def file_line() -> str:
    """Shown under the last page that a reply may have, while it grows beyond it."""
    return _MARK + _("The rest is being written into a file.")


def without_file_line(page: str) -> str:
    """The page without that line, as far as it speaks today's language."""
    return page.removesuffix(file_line()).rstrip("\n")
