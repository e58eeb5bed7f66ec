from __future__ import annotations

import os
import re

import pytest
import regex  # type: ignore[import-untyped]  # it ships no types
from hypothesis import example, given, settings, strategies as st

from bot.replies.markup import ZERO_WIDTH_SPACE
from bot.replies.pages import PAGE_UNITS, Paginator, units, unseen
from tests.fuzz.growth import grows_too_fast

LIMIT = 200
often = settings(max_examples=int(os.environ.get("PAGES_EXAMPLES", "50")), deadline=None)


def paginate(text: str, *, limit: int = LIMIT, step: int | None = None) -> list[str]:
    pages = Paginator(limit)
    for at in range(0, len(text), step or max(len(text), 1)):
        pages.feed(text[at : at + (step or len(text))])
    pages.close()
    return [*pages.frozen, pages.tail]


def show(text: str) -> str:
    """What a growing reply shows after this much of the text."""
    pages = Paginator(LIMIT)
    pages.feed(text)
    return pages.tail


def words(text: str) -> list[str]:
    return re.findall(r"w\d+", text)


_FENCE_OR_ESCAPE = re.compile(r"\\.|(`{3,})", re.DOTALL)
_FENCE = re.compile(r"`{3,}")


def leaves_code_open(page: str) -> bool:
    """Whether a fence of the page has no end; a backslash escapes outside of code only."""
    at = 0
    while found := _FENCE_OR_ESCAPE.search(page, at):
        at = found.end()
        if found[1]:
            end = _FENCE.search(page, at)
            if end is None:
                return True
            at = end.end()
    return False


# Documents of every kind of block; each word carries its own number, so that a word that is
# lost, repeated or moved shows.
_word = st.just("w")
_phrase = st.lists(_word, min_size=1, max_size=12).map(" ".join)
_span = st.sampled_from(["{}", "**{}**", "*{}*", "`{}`", "~~{}~~", "||{}||", "[{}](https://x.y/a)"])
_sentence = st.builds(lambda span, phrase: span.format(phrase), _span, _phrase)
_line = st.lists(_sentence, min_size=1, max_size=4).map(". ".join)
_code = st.lists(
    st.one_of(
        _phrase, st.just(""), _phrase.map("  {}".format), st.just("```py w"), st.just("~~~ w")
    ),
    max_size=12,
).map("\n".join)
_block = st.one_of(
    _line,
    _line.map("# {}".format),
    _line.map("> {}".format),
    st.lists(_line, min_size=1, max_size=5).map(lambda lines: "\n".join(f"- {x}" for x in lines)),
    st.lists(_line, min_size=1, max_size=5).map(lambda lines: "\n".join(f"  - {x}" for x in lines)),
    st.builds("~~~~{}\n{}\n~~~~".format, st.sampled_from(["", "md", "c++"]), _code),
    st.builds("````{}\n{}\n````".format, st.sampled_from(["", "py", "objective-c"]), _code),
)


def _numbered(text: str) -> str:
    count = iter(range(10_000))
    return re.sub(r"\bw\b", lambda _: f"w{next(count)}", text)


documents = st.lists(_block, min_size=4, max_size=14).map(
    lambda blocks: _numbered("\n\n".join(blocks))
)
# Anything at all, and mostly what means something to the reader of Markdown.
GRAPHEMES = ["👩\u200d👩\u200d👧", "🇩🇪", "e\u0301", "한", "🙂"]
_token = st.one_of(
    st.sampled_from("ab \n`~*_|[]()<>#->\\.!:@1"),
    st.sampled_from(["```", "~~~", "\n```\n", "**", "](", "\n\n", "\n> ", "\n- ", "word ", "``"]),
    st.sampled_from(["中文。", "\uff0c", "🙂", "👩\u200d👩\u200d👧", "e\u0301", "🇩🇪"]),
    st.characters(exclude_categories=["Cs"]),
)
anything = st.one_of(
    st.lists(_token, max_size=40), st.lists(_token, min_size=150, max_size=500)
).map("".join)


class TestPagesOfDocuments:
    @often
    @given(documents)
    def test_no_word_is_lost_repeated_or_moved(self, text):
        assert words("\n".join(paginate(text))) == words(text)

    @often
    @given(documents)
    def test_fences_are_balanced_on_every_page(self, text):
        for page in paginate(text):
            assert not leaves_code_open(page)

    @often
    @given(documents)
    def test_every_page_is_within_the_limit(self, text):
        assert all(units(page) <= LIMIT for page in paginate(text))

    @often
    @given(documents, st.integers(1, 300))
    def test_how_the_text_is_fed_makes_no_difference(self, text, step):
        assert paginate(text, step=step) == paginate(text)


class TestPagesOfAnything:
    @often
    @given(anything)
    def test_every_page_is_within_the_limit_and_has_something_to_read(self, text):
        pages = paginate(text)
        assert all(units(page) <= LIMIT for page in pages)
        assert all(page.strip() for page in pages[:-1])

    @often
    @given(anything)
    def test_one_character_at_a_time_equals_all_at_once(self, text):
        assert paginate(text, step=1) == paginate(text)

    @often
    @given(anything)
    def test_no_character_is_lost(self, text):
        def plain(shown: str) -> str:
            return re.sub(rf"[\s`~*_|>#{ZERO_WIDTH_SPACE}\-\x1c-\x1f\x85]", "", shown)

        # A language may be repeated where a code block goes on, so code blocks have none here.
        text = re.sub(r"(`{3,}|~{3,})", r"\1" + "\n", text)
        assert plain("".join(paginate(text))) == plain(text)

    @often
    @given(anything)
    def test_fences_are_balanced_on_every_page(self, text):
        for page in paginate(text):
            assert not leaves_code_open(page)

    @often
    @given(anything, st.data())
    def test_a_frozen_page_never_changes(self, text, data):
        pages = Paginator(LIMIT)
        seen: list[str] = []
        at = 0
        while at < len(text):
            step = data.draw(st.integers(1, 60))
            pages.feed(text[at : at + step])
            at += step
            assert pages.frozen[: len(seen)] == seen
            assert units(pages.tail) <= LIMIT
            seen = list(pages.frozen)

    @often
    @given(anything, anything, st.integers(1, 60), st.integers(0, 30))
    def test_text_that_may_yet_change_leaves_no_trace(self, text, other, step, size):
        pages, plain = Paginator(LIMIT), Paginator(LIMIT)
        for at in range(0, len(text), step):
            piece, coming = text[at : at + step], other[at : at + size]
            pages.feed(piece)
            plain.feed(piece)
            preview = Paginator(LIMIT)
            preview.feed(text[: at + step])
            finished = len(preview.frozen)
            preview.feed(coming)
            assert pages.tail_with(coming) == [*preview.frozen, preview.tail][finished]
        pages.close()
        plain.close()
        assert (pages.frozen, pages.tail) == (plain.frozen, plain.tail)

    @often
    @given(st.lists(st.sampled_from(GRAPHEMES), min_size=100, max_size=400).map("".join))
    def test_a_grapheme_is_never_cut(self, text):
        whole = regex.findall(r"\X", text)
        assert [g for page in paginate(text) for g in regex.findall(r"\X", page)] == whole


@pytest.mark.parametrize(
    ("opener", "reopened"),
    [
        ("```c++", "```c++"),
        ("```objective-c", "```objective-c"),
        ("~~~python", "```python"),
        ("`````md title=x", "```md"),
        ("```", "```"),
    ],
)
def test_a_code_block_is_closed_at_the_cut_and_reopened_with_its_language(opener, reopened):
    lines = "\n".join(f"line {n:03};" for n in range(60))
    close = opener.rstrip("+-abcdefghijklmnopqrstuvwxyz= ")
    first, *others = paginate(f"{opener}\n{lines}\n{close}\n")
    assert others
    assert first.endswith(";\n```")
    for page in others:
        assert page.startswith(f"{reopened}\nline")
        assert page.endswith(";\n```")


def test_fences_inside_a_longer_fence_are_broken_up():
    [page] = paginate("````md\n```py\nx\n```\n````\n")
    assert page == "```md\n`\u200b`\u200b`py\nx\n`\u200b`\u200b`\n```"


def test_a_quoted_code_block_goes_on_as_a_quoted_code_block():
    code = "\n".join(f"> code {n:03}" for n in range(40))
    for page in paginate(f"> ```py\n{code}\n> ```\nafter")[:-1]:
        assert page.startswith("> ```py\n> code")
        assert page.endswith("> ```")


def test_a_code_block_in_a_list_item_may_begin_behind_the_marker():
    assert show("1. ```py\n   x = 1") == "1. ```py\n   x = 1\n```"


def test_a_code_block_that_does_not_fit_moves_to_the_next_page_as_a_whole():
    text = "Some words. " * 10 + "\n```py\n" + "x = 1\n" * 15 + "```\n"
    first, second = paginate(text)
    assert "```" not in first
    assert second.startswith("```py\n")


@pytest.mark.parametrize(
    ("filler", "whole"),
    [
        ("word ", "[a link to a page](https://example.org/some/long/path?with=query)"),
        ("word ", "`inline code with several words in it that stay together`"),
        ("word ", "**bold words that stay together because they fit on one page**"),
        ("word ", "<@123456789012345678>"),
        ("word ", "<:party_parrot:123456789012345678>"),
        ("word ", "https://example.org/a/very/long/address/without/any/space/in/it"),
        ("词\uff0c", "**粗体的文字在一起不分开**"),
    ],
)
def test_what_belongs_together_is_not_cut(filler, whole):
    room = LIMIT - len(whole) // 2
    text = (filler * LIMIT)[: room // len(filler) * len(filler)] + whole + filler * 20
    pages = paginate(text)
    assert len(pages) > 1
    assert sum(whole in page for page in pages) == 1


@pytest.mark.parametrize(
    ("separator", "best"),
    [("\n\n", "paragraph"), ("\n", "line"), (". ", "sentence"), (" ", "word")],
)
def test_a_page_ends_at_the_best_boundary(separator, best):
    unit = {"paragraph": "aa bb. cc\ndd", "line": "aa bb. cc dd", "sentence": "aa bb cc"}.get(
        best, "aaaa"
    )
    text = separator.join([unit] * 60)
    for page in paginate(text)[:-1]:
        assert page.endswith(unit + separator.strip())


def test_a_bold_span_longer_than_a_page_is_closed_and_goes_on():
    first, second, *_ = paginate("**" + "word " * 100 + "end**")
    assert first.startswith("**word")
    assert first.endswith("word**")
    assert second.startswith("**word")


def test_a_quote_that_is_cut_goes_on_as_a_quote():
    for page in paginate("> " + "word " * 100):
        assert page.startswith("> word")


def test_a_page_does_not_begin_with_what_would_turn_into_a_heading_or_list():
    pages = paginate("word # word - word 1. " * 60)
    assert not any(re.match(r"#|-|1\.", page) for page in pages)


def test_a_page_takes_two_thousand_units_and_no_more():
    assert [units(page) for page in paginate("🙂" * 1_500, limit=PAGE_UNITS)] == [2_000, 1_000]


@pytest.mark.parametrize(
    ("so_far", "shown"),
    [
        ("Some **bold", "Some **bold**"),
        ("Some **bold*", "Some **bold**"),
        ("Some **", "Some"),
        ("Some **`", "Some"),
        ("Some ***both* and", "Some ***both* and**"),
        ("Some `code", "Some `code`"),
        ("Some ``co`de", "Some ``co`de``"),
        ("a snake_case_word", "a snake_case_word"),
        ("2**10 is", "2**10 is"),
        ("粗**体", "粗**体**"),
        ("- item *", "- item"),
        ("See [the page](https://exam", "See"),
        ("See [the page](https://example.org)", "See [the page](https://example.org)"),
        ("Hello <@1234", "Hello"),
        ("Text\n##", "Text"),
        ("Text\n-", "Text"),
        ("Text\n``", "Text"),
        ("Text\n```py", "Text"),
        ("Text\n```py\n", "Text"),
        ("Text\n```py\nx = 1", "Text\n```py\nx = 1\n```"),
        ("Text\n```py\nx = 1\n``", "Text\n```py\nx = 1\n```"),
        ("Text\n```py\nx = 1\n```", "Text\n```py\nx = 1\n```"),
        (">>> deep", "> deep"),
        ("**done** and **open", "**done** and **open**"),
        ("one *\n\ntwo", "one *\n\ntwo"),
        ("**never closed\n\nnext", "**never closed\n\nnext"),
    ],
)
def test_half_open_markdown_is_never_shown(so_far, shown):
    assert show(so_far) == shown


class TestUnseen:
    def test_a_reader_who_saw_the_beginning_gets_the_rest(self):
        assert unseen("one two three", "one two") == "three"

    def test_a_half_read_word_is_said_again(self):
        assert unseen("one two three", "one tw") == "two three"

    def test_a_code_block_is_opened_again(self):
        page = "Look:\n```py\na = 1\nb = 2\n```"
        assert unseen(page, "Look:\n```py\na = 1\n```") == "```py\nb = 2\n```"

    def test_a_reader_who_saw_everything_gets_nothing(self):
        assert unseen("one two", "one two") == ""


def test_the_cost_of_a_delta_does_not_grow_with_the_answer():
    """Counts characters looked at, not seconds."""
    pages = Paginator()
    longest = 0
    for _ in range(20_000):
        pages.feed("words ")
        longest = max(longest, len(pages._source))
    assert longest <= 2_300


def test_what_is_certain_is_not_read_again_to_show_what_may_yet_change():
    pages = Paginator()
    pages.feed("one\n\ntwo\n\nthr")
    pages.tail_with("ee\n\nfour\n\nfive")
    known = pages._known
    assert known
    assert known.pieces[known.safe - 1].end == len("one\n\ntwo\n\n")


@example("```\n```")
@example("~~~\n\n\n~~~")
@often
@given(anything)
def test_the_tail_is_never_longer_than_what_was_written_plus_what_closes_it(text):
    assert units(show(text)) <= LIMIT


def test_text_behind_more_blank_lines_than_it_has_characters_is_shown():
    assert paginate("a" + "\n" * 40 + "b `c", limit=2_000)[-1].startswith("a" + "\n" * 40 + "b `c")


@pytest.mark.parametrize(("before", "token", "after"), [("```\n", " ", "x"), ("", ">", "")])
def test_what_shows_shorter_than_it_is_costs_time_in_proportion(before, token, after):
    def make(size: int):
        text = before + token * size + after
        return lambda: paginate(text, limit=PAGE_UNITS)

    assert not grows_too_fast(make, 8_000)


def test_backticks_that_have_to_be_kept_apart_are_counted():
    text = "`a\n" + "x" * 15 + "` and " + "[b](https://x.test/) " * 30
    paginator = Paginator(60)
    paginator.feed(text)
    paginator.close()
    assert all(units(page) <= 60 for page in [*paginator.frozen, paginator.tail])
    hostile = "] ope=`[a][ba\n]\nx=1\n`" + "|" + "[](http://[)" * 14 + "[ls>"
    for limit in range(180, 210):
        pages = Paginator(limit)
        pages.feed(hostile)
        pages.close()
        assert all(units(page) <= limit for page in [*pages.frozen, pages.tail])
