"""Where a grounded answer comes from: links made safe, searches found in the provider's HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser
from urllib.parse import quote

from bot.chat.events import SearchSuggestion, Source

# Everything a URL may hold, without the brackets that would end a Markdown link.
_URL_SAFE = "%/:?#[]@!$&'*+,;=~-._"


def safe_url(url: str) -> str:
    """The link percent-encoded for Markdown, or an empty string when it is no web link."""
    url = url.strip()
    if not url.lower().startswith(("https://", "http://")):
        return ""
    return quote(url, safe=_URL_SAFE)


def sources_of(found: Iterable[tuple[str, str]]) -> tuple[Source, ...]:
    """Sources from pairs of link and title, each title and each link once."""
    sources: dict[str, Source] = {}
    for url, title in found:
        if link := safe_url(url):
            name = " ".join(title.split())
            sources.setdefault(name or link, Source(link, name))
    return tuple(sources.values())


def suggestions_of(rendered: str) -> tuple[SearchSuggestion, ...]:
    """The searches in a `searchEntryPoint`, which have to be shown beside the answer."""
    chips = _Chips()
    chips.feed(rendered)
    chips.close()
    return tuple(
        SearchSuggestion(" ".join(query.split()), link)
        for url, query in chips.found
        if query.strip() and (link := safe_url(url))
    )


class _Chips(HTMLParser):
    """Collects `<a class="chip" href="…">query</a>`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            return
        told = dict(attrs)
        self._inside = "chip" in (told.get("class") or "").split()
        if self._inside:
            self.found.append((told.get("href") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            url, query = self.found[-1]
            self.found[-1] = (url, query + data)
