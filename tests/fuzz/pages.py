"""From a model's Markdown to pages: the same however it is cut, within limits, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from zlib import crc32

from bot.chat.events import SearchSuggestion, Source, SourcesFound
from bot.chat.turns import Ending, TurnState
from bot.replies import (
    markdown,
    markdown_formulas,
    markdown_inline,
    markdown_lines,
    markdown_tables,
    pages,
)
from bot.replies.draft import Draft
from bot.replies.drawing import Drawing
from bot.replies.markdown import DiscordMarkdown
from bot.replies.markdown_inline import Piece
from bot.replies.maths import is_maths, to_unicode
from bot.replies.pages import PAGE_UNITS, Paginator, units, unseen
from bot.replies.transcript import readable, transcript
from tests.fuzz.target import Target, changed, cut_text

LIMIT = 200
_FENCE_INFO = re.compile(r"(?:`{3,}|~{3,}).*")
_SOURCES = SourcesFound(
    (Source("https://x.test/a", "A"),), (SearchSuggestion("fox", "https://x.test/q"),)
)


def _small_limits() -> AbstractContextManager[None]:
    """Let short inputs be longer than what is held back, and longer than a page."""
    return changed(
        (markdown, "STEP", 64),
        (markdown_inline, "HELD", 60),
        (markdown_lines, "LINE_START", 40),
        (markdown_lines, "LONGEST_ROW", 120),
        (markdown_formulas, "LONGEST_FORMULA", 100),
        (markdown_tables, "LONGEST_TABLE", 120),
        (pages, "LOOKAHEAD_UNITS", 50),
    )


def converted(parts: list[str], *, peek: bool = False) -> list[Piece]:
    """The conversion of a text that comes in parts, neighbouring texts joined."""
    reader = DiscordMarkdown()
    out: list[Piece] = []
    for part in parts:
        out += reader.feed(part)
        if peek:
            assert isinstance(reader.provisional, str)
    joined: list[Piece] = []
    for piece in out + reader.close():
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _run_markdown(data: bytes) -> Hashable:
    text = data.decode("utf-8", "replace")
    where = crc32(data)
    whole = converted([text])
    parts = cut_text(text, 1 + where % 40)
    assert converted(parts, peek=where % 4 == 0) == whole, "cuts change the conversion"
    for piece in whole:
        if isinstance(piece, Drawing):
            assert piece.fallback.endswith("\n"), "a fallback is whole lines"
            assert len(piece.alt) <= 1_024
    if not set(text) & set("<[\\&$|") and "math" not in text.lower():
        shown = "".join(piece if isinstance(piece, str) else piece.fallback for piece in whole)
        assert is_within(words_of(text), shown), "words are lost"
    return _outline(whole)


def words_of(text: str) -> str:
    """The letters and digits, which no conversion may lose. What a block of code says of itself
    goes with the block if that is empty."""
    return "".join(filter(str.isalnum, _FENCE_INFO.sub("", text)))


def is_within(letters: str, text: str) -> bool:
    """Whether all the letters stand in the text, in order."""
    characters = iter(text)
    return all(letter in characters for letter in letters)


def _outline(pieces: list[Piece]) -> Hashable:
    """The marks that a conversion put out, without the words between them."""
    marks = "".join(
        "".join("w" if c.isalnum() else c for c in piece if c != " ")
        if isinstance(piece, str)
        else piece.kind.name
        for piece in pieces
    )
    for _ in range(3):
        marks = marks.replace("ww", "w")
    return marks[:24]


def paginated(parts: list[str], limit: int) -> list[str]:
    """The pages of a text that comes in parts; what is finished stays as it is."""
    paginator = Paginator(limit)
    finished: list[str] = []
    for part in parts:
        paginator.feed(part)
        assert paginator.frozen[: len(finished)] == finished, "a finished page changed"
        finished = paginator.frozen.copy()
    paginator.close()
    assert paginator.frozen[: len(finished)] == finished, "a finished page changed"
    return [*paginator.frozen, *([paginator.tail] if paginator.tail else [])]


def _run_pages(data: bytes) -> Hashable:
    text = data.decode("utf-8", "replace")
    where = crc32(data)
    if where % 64 == 0:
        return _draft(text * (3_000 // (len(text) or 1)), where)
    whole = paginated([text], LIMIT)
    size = 1 + where % 60
    assert paginated(cut_text(text, size), LIMIT) == whole, "cuts change the pages"
    assert all(units(page) <= LIMIT for page in whole), "a page is too long"
    assert is_within(words_of(text), "\n".join(whole)), "words are lost"
    paginator = Paginator(LIMIT)
    paginator.feed(text[:size])
    assert units(paginator.tail) <= LIMIT, "a growing page is too long"
    assert units(paginator.tail_with(text[size:])) <= LIMIT, "a preview is too long"
    if whole:
        assert units(unseen(whole[-1], whole[-1][:size])) <= LIMIT + 100
    transcript(map(readable, whole))
    return len(whole), tuple("".join(c for c in page if not c.isalnum())[-6:] for page in whole[:2])


def _draft(text: str, where: int) -> Hashable:
    """Let a whole reply grow: all that Discord gets fits, and settled messages stay."""
    draft = Draft(max_pages=1 + where // 64 % 3)
    draft.progress = ["-# thinking"]
    settled: dict[int, str] = {}
    for part in cut_text(text, 700):
        draft.write(part)
        _look_at(draft, settled)
    draft.cite(_SOURCES)
    draft.ending = Ending(TurnState.LENGTH, "Cut off.", facts="gpt-4o · 7 tokens")
    while draft.wanted is not None:
        draft.drawn(1 if where % 2 else None)
        _look_at(draft, settled)
    draft.close(pictures=bool(where % 2))
    _look_at(draft, settled)
    return "draft", len(draft), draft.overflows


def _look_at(draft: Draft, settled: dict[int, str]) -> None:
    for index in range(len(draft)):
        page = draft.page(index)
        assert units(page.content) <= PAGE_UNITS, "a message is too long"
        if index in settled:
            assert page.content == settled[index], "a finished message changed"
        elif page.finished and not draft.closed:
            settled[index] = page.content


def _reply(text: str) -> None:
    """All the work on a reply: it grows in pieces of a second, and comes once in one piece."""
    for parts in (cut_text(text, 300), [text]):
        draft = Draft(max_pages=6)
        for number, part in enumerate(parts):
            draft.write(part)
            while draft.wanted is not None:
                draft.drawn(None)
            if number % 8 == 0:
                draft.page(len(draft) - 1)
        draft.ending = Ending(TurnState.COMPLETE)
        while draft.wanted is not None:
            draft.drawn(None)
        draft.close(pictures=False)


def _text(token: str, before: str = "", after: str = "") -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        text = before + token * (size // len(token)) + after
        return lambda: _reply(text)

    return make


def _counted(token: str) -> Callable[[int], Callable[[], object]]:
    """As many different ones."""

    def make(size: int) -> Callable[[], object]:
        text = "".join(token.format(number) for number in range(size // (len(token) + 3)))
        return lambda: _reply(text)

    return make


def _nested(opens: str, closes: str, inside: str = "a") -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        depth = size // (len(opens) + len(closes))
        text = opens * depth + inside + closes * depth
        return lambda: _reply(text)

    return make


_REPEATED = {
    "letters": "a", "words": "word ", "lines": "a\n", "paragraphs": "a b c.\n\n", "blanks": " ",
    "line feeds": "\n", "blank lines": " \n", "tabs": "\t", "returns": "\r", "dots": ".",
    "sentences": "A. ", "ideographs": "字", "ideographic stops": "。", "brackets closed": ")",
    "quotes closed": '"', "joined": "👩\u200d",
    "flags": "🇩", "astral": "🙂", "asterisks": "*", "double asterisks": "**a ",
    "underscores": "_", "double underscores": "__a ", "tildes": "~", "strikes": "~~a ",
    "spoilers": "||a ", "pipes": "|", "cells": "|a", "backticks": "`", "ticks apart": "` ",
    "ticks of two kinds": "` `` ", "fences": "```\n", "fences in line": "a ```py\n",
    "tilde fences": "~~~\n", "fence beginnings": "```", "quotations": ">", "quotations apart": "> ",
    "quoted lines": "> a\n", "deep quotations": ">>>> a\n", "headings": "# a\n", "hashes": "#",
    "hashes apart": "# ", "deep headings": "#### a\n", "small print": "-# a\n", "items": "- a\n",
    "numbers": "1. a\n", "boxes": "- [x] a\n", "dashes": "-", "rules": "---\n", "equals": "=",
    "underlined": "a\n---\n", "brackets": "[", "bracket pairs": "[]", "links that begin": "[a](",
    "labels": "[a]", "links": "[a](b)", "links in a label": "[[a](b)", "pictures": "![a](b) ",
    "pictures that begin": "![", "pictures in labels": "[![a](b)", "double labels": "[a][b]",
    "footnotes": "[^1]", "definitions": "[a]: https://x.test\n", "parentheses": "(",
    "addresses with parentheses": "[a](b(c)", "titles": '[a](b "', "escapes": "\\",
    "escaped": "\\*", "escaped brackets": "\\[", "tags": "<", "tag beginnings": "<a ",
    "attributes": "<a b='", "elements": "<b>", "closed elements": "<b>a</b>", "closing": "</b>",
    "pictures as tags": "<img src=data:", "breaks": "<br>", "subscripts": "<sub>a</sub>",
    "entities": "&amp;", "entity beginnings": "&a", "dollars": "$", "double dollars": "$$",
    "formulas": "$x$ ", "prices": "$5 ", "formula beginnings": "$x", "display": "$$\nx=1\n$$\n",
    "display beginnings": "$$\nx", "bracketed": "\\[x=1\\]\n", "maths": "```math\nx\n```\n",
    "addresses": "https://x.test/a ", "address beginnings": "http", "angled": "<https://x.test> ",
    "emoji": "<:a:1>", "mentions": "<@1>", "data": "![a](data:", "bold everywhere": "**a** ",
    "triple": "***a* b** ", "mixed marks": "*_~|`[<", "table rows": "|a|b|\n",
}  # fmt: skip

GROWING: dict[str, Callable[[int], Callable[[], object]]] = {
    **{name: _text(token) for name, token in _REPEATED.items()},
    "one grapheme": _text("\u0301", before="e"),
    "table": _text("|a|b|\n", before="|a|b|\n|-|-|\n"),
    "wide table": _text("|a long cell indeed|another long cell, too|\n", before="|a|b|\n|-|-|\n"),
    "columns": _text("|a", before="|a|b|\n|-|-|\n"),
    "delimiters": _text("|-", before="|a|b|\n"),
    "half a delimiter": _text("|-", before="|a|b|\n", after="x"),
    "cells with marks": _text("|**a **b __c|\n", before="|a|b|\n|-|-|\n"),
    "cells with nested marks": _text(
        "|" + "*_" * 400 + "a" + "_*" * 400 + "|\n", before="|a|\n|-|\n"
    ),
    "blank lines in code": _text("\n", before="```\n"),
    "blanks in code": _text(" ", before="```\n", after="x"),
    "tabs in code": _text("\t", before="~~~\n", after="x"),
    "quotations in code": _text(">", before="```\n", after="x"),
    "ticks in code": _text("``\n", before="```\n"),
    "half fences in code": _text("  ``", before="```\n", after="x"),
    "blank lines behind a word": _text("\n", before="a", after="b"),
    "blanks behind a word": _text(" ", before="a", after="b"),
    "blanks before a rule": _text("- ", after="x"),
    "a bold paragraph": _text("a ", before="**", after="**"),
    "code that never ends": _text("a ", before="`"),
    "closing hashes": _text(" #", before="#### a", after="x"),
    "blanks in a heading": _text(" ", before="#### a", after="x"),
    "numbered footnotes": _counted("[^a{}]"),
    "numbered definitions": _counted("[a{0}]: https://x.test/{0}\n"),
    "missing labels": _counted("[a{}]"),
    "nested brackets": _nested("[", "]"),
    "nested quotations": _nested("> ", "\n"),
    "nested bold": _nested("**a ", " b**"),
    "nested marks": _nested("*_", "_*"),
    "nested tags": _nested("<b>", "</b>"),
    "nested code": _nested("`", "`"),
    "nested parentheses": _nested("(", ")"),
    "nested items": _counted("- a\n  - b{}\n"),
}  # fmt: skip


def _formula(source: str) -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        text = source * (size // len(source))
        return lambda: [(is_maths(text + end), to_unicode(text + end)) for end in ("", "1", ".")]

    return make


def _cell(source: str) -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        half = size // 2 // len(source)
        row = f"| {source * half}a{source[::-1] * half} |"
        return lambda: _reply(f"| a |\n| - |\n{row}\n")

    return make


WITHIN: dict[str, Callable[[int], Callable[[], object]]] = {
    **{
        f"formula of {source}": _formula(source)
        for source in (
            "{", "}", "^", "_", "^{", "x^", "\\frac", "\\frac{", "\\sqrt[", "\\begin{a}", "\\left(",
            "\\text{", "&", "\\\\", "%", "$", "1", "1 ", "x1", "x ", "1,", "(", "x_1^2", "~", "\\",
            "=", "+ ", "'", "f(", "\\hat ", "\\mathbf{", " ",
        )
    },
    **{
        f"cell of {source}": _cell(source)
        for source in (
            "*", "**", "_", "*_", "**a ", "__", "~~", "`", "` ``", "[", "[a](", "\\", "\\|", "<b>",
            "[a](b)", "$", "&amp;", " ", "(", "||", "![", "***",
        )
    },
}  # fmt: skip
"""Where a limit of the language's cuts the input off: what is below it has to be quick as well."""

_TOKENS = [
    *_REPEATED.values(), "\n\n", "a", " ", "b c", "1", "\n> ", "\n- ", "  - ", "\n```py\n",
    "\n```\n", "````", "**", "***", "||", "~~", "](", ")", "![a](https://x.test/a.png)",
    "[a][r]", "\n[r]: https://x.test\n", "[](http://[)", "[](https://x.test)", "[^a]: b\n",
    "|---|\n", "|:-:|", "\n| a | b |\n|---|---|\n| c | d |\n", "$x_1 + y^2$", "\\(x\\)",
    "\\frac{1}{2}", "<sup>", "</sup>", "<a href='https://x.test'>", "</a>", "<code>`</code>",
    "&lt;", "&#42;", "\\\n", "  \n", "\u200b", "👩\u200d👩\u200d👧", "e\u0301", "\u2028", "\u0085",
    "\x0c", "中文。", "\uff0c", "@everyone", "<#1>", "^{", "}", "\\text{", "🙂" * 8, "```math\n",
    "<details>", "<summary>", "- [ ] ", "1) ", "+ ",
]  # fmt: skip
_SEEDS = [
    "# Title\n\nSome *words* and **bold** ones, `code` too.\n\n- one\n- two\n  - three\n",
    "Before\n```py\nprint('hi')\n```\nafter\n\n> quoted\n> more\n\n1. a\n2) b\n",
    "| a | b |\n|---|:-:|\n| c | **d** |\n| e \\| f | `g` |\n\nText below it.",
    "The formula $x^2$ and \\(y\\), then\n\n$$\n\\frac{1}{2}\n$$\n\nand \\[z = 1\\].",
    "A [link](https://x.test/a_(b)), ![pic](https://x.test/p.png), [ref][r].\n\n[r]: https://x.test\n",
    "Note[^1] and <b>html</b> &amp; <kbd>x</kbd><br>line\n\n[^1]: The note.\n",
    "Title\n=====\n\nOther\n-----\n\n***\n\n#### Deep heading\n~~gone~~ ||spoiler|| __under__\n",
    "word " * 50,
    "字" * 80,
    "> ```js\n> a\n> ```\n> b\n\n~~~\ncode ``` inside\n~~~\n-# small\n",
    "- [x] done\n- [ ] open\n\n```math\nx=1\n```\n\n<details><summary>S</summary>T</details>",
]

MARKDOWN = Target(
    "markdown",
    _run_markdown,
    seeds=[seed.encode() for seed in _SEEDS],
    dictionary=[token[:40].encode() for token in _TOKENS],
    growing=WITHIN,
    size=240,
    around=_small_limits,
)
PAGES = Target(
    "pages",
    _run_pages,
    seeds=[seed.encode() for seed in _SEEDS],
    dictionary=[token[:40].encode() for token in _TOKENS],
    growing=GROWING,
    size=12_000,
    around=_small_limits,
)
TARGETS = [MARKDOWN, PAGES]
