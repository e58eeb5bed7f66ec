"""Where a grounded answer comes from: links made safe, searches found in the provider's HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
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
    return tuple(
        SearchSuggestion(" ".join(query.split()), link)
        for url, query in _chips(rendered)
        if query.strip() and (link := safe_url(url))
    )


_LONGEST = 2_000
"""Characters of a link or a search; `unescape` fails at numbers with thousands of digits."""
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][\w-]*)(?P<attributes>[^<>]*)>")
_ATTRIBUTE = re.compile(r"""(?<![\w-])([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


def _chips(rendered: str) -> Iterator[tuple[str, str]]:
    """Link and text of each `<a class="chip" href="…">query</a>`.

    The standard library's parser takes time with the square of what is malformed.
    """
    url: str | None = None
    words: list[str] = []
    at = 0
    for tag in _TAG.finditer(rendered):
        if url is not None:
            words.append(rendered[at : tag.start()])
        at = tag.end()
        if tag["name"].lower() != "a":
            continue
        if url is not None:
            yield url, _unescaped("".join(words))
        url, words = None, []
        if not tag["end"]:
            told = {
                found[1].lower(): found[2] or found[3] or found[4] or ""
                for found in _ATTRIBUTE.finditer(tag["attributes"])
            }
            if "chip" in told.get("class", "").split():
                url = _unescaped(told.get("href", ""))


def _unescaped(text: str) -> str:
    return unescape(text[:_LONGEST])
