"""The small lines under an answer: notices, how it ended, where it comes from. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from bot.chat.events import Source, SourcesFound
from bot.chat.names import plain
from bot.i18n import _
from bot.replies.pages import PAGE_UNITS, units

SOURCES_SHOWN = 10
_TITLE_LENGTH = 80
_SAFE_IN_URL = "%/:?#[]@!$&'*+,;=~-._"


def small(sentence: str) -> list[str]:
    """A sentence in Discord's small print, line by line."""
    return [f"-# {line.strip()}" for line in sentence.splitlines() if line.strip()]


def source_lines(found: SourcesFound) -> list[str]:
    """Numbered links without preview cards, and the searches that must be shown with them."""
    lines = [
        f"-# {number}. {_link(source.title or source.url, source.url)}"
        for number, source in enumerate(_distinct(found.sources)[:SOURCES_SHOWN], start=1)
    ]
    if found.suggestions:
        searches = " · ".join(_link(item.query, item.url) for item in found.suggestions)
        lines.append("-# " + _("Searched: {searches}").format(searches=searches))
    return lines


def under(page: str, lines: Sequence[str], *, limit: int = PAGE_UNITS) -> list[str]:
    """The page with the lines under it, and as many more pages as the lines need."""
    pages = [page]
    for line in lines:
        joined = f"{pages[-1]}\n{line}" if pages[-1] else line
        if units(joined) <= limit:
            pages[-1] = joined
        elif units(line) <= limit:  # Longer ones are all link; there is no way to show them.
            pages.append(line)
    return pages


def _distinct(sources: Iterable[Source]) -> list[Source]:
    return list({source.url: source for source in sources}.values())


def _link(text: str, url: str) -> str:
    label = plain(text.replace("[", "(").replace("]", ")"), _TITLE_LENGTH)
    for mark in "\\`*_~|<>":
        label = label.replace(mark, "\\" + mark)
    if not url.startswith(("https://", "http://")):
        return label
    return f"[{label}](<{quote(url, safe=_SAFE_IN_URL)}>)"
