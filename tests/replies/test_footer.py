from __future__ import annotations

from bot.chat.events import SearchSuggestion, Source, SourcesFound
from bot.replies.footer import small, source_lines, under
from bot.replies.pages import units


def test_every_line_is_small():
    assert small("One.\n\nTwo.") == ["-# One.", "-# Two."]


def test_sources_are_numbered_links_without_cards():
    found = SourcesFound((Source("https://a.org/?q=a b", "A *page*"), Source("https://b.org", "")))
    assert source_lines(found) == [
        "-# 1. [A \\*page\\*](<https://a.org/?q=a%20b>)",
        "-# 2. [https://b.org](<https://b.org>)",
    ]


def test_a_source_named_twice_is_shown_once():
    found = SourcesFound((Source("https://a.org", "A"), Source("https://a.org", "A")))
    assert len(source_lines(found)) == 1


def test_only_web_addresses_become_links():
    assert source_lines(SourcesFound((Source("javascript:x", "A"),))) == ["-# 1. A"]


def test_search_suggestions_are_shown_with_their_links():
    found = SourcesFound((), (SearchSuggestion("cats", "https://g.co/?q=cats"),))
    assert source_lines(found) == ["-# Searched: [cats](<https://g.co/?q=cats>)"]


def test_lines_without_room_go_on_new_pages():
    pages = under("x" * 95, ["-# " + "y" * 50] * 3, limit=100)
    assert all(units(page) <= 100 for page in pages)
    assert "".join(pages).count("y" * 50) == 3
