from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings, strategies as st

from bot.replies.drawing import Drawing, DrawingKind
from bot.replies.markdown import DiscordMarkdown
from bot.replies.markdown_inline import Piece
from tests.fuzz.growth import grows_too_fast

often = settings(max_examples=80, deadline=None)


def pieces(text: str, *, step: int | None = None, peek: bool = False) -> list[Piece]:
    """The conversion of a text fed in steps, with neighbouring texts joined."""
    markdown = DiscordMarkdown()
    out: list[Piece] = []
    for at in range(0, len(text), step or max(len(text), 1)):
        out += markdown.feed(text[at : at + (step or len(text))])
        if peek:
            assert isinstance(markdown.provisional, str)
    joined: list[Piece] = []
    for piece in [*out, *markdown.close()]:
        if joined and isinstance(piece, str) and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def shown(text: str) -> str:
    return "".join(piece if isinstance(piece, str) else piece.fallback for piece in pieces(text))


def provisional(text: str) -> str:
    markdown = DiscordMarkdown()
    markdown.feed(text)
    return markdown.provisional


# Documents of every kind of block; each word carries its own number, so that a lost one shows.
_phrase = st.lists(st.just("w"), min_size=1, max_size=8).map(" ".join)
_span = st.sampled_from(
    [
        "{}",
        "**{}**",
        "__{}__",
        "*{}*",
        "`{}`",
        "``{}``",
        "~~{}~~",
        "<b>{}</b>",
        "<kbd>{}</kbd>",
        "[{}](https://x.y/a__b)",
        "![{}](https://x.y/a.png)",
        "${}$",
        "$5",
        "\\({}=1\\)",
        "$$x={}$$",
        "\\[{}=2\\]",
        "{}<br>",
        "[{}]",
        "[{}][r]",
        "[^{}]",
        "https://x.y/_{}_",
        "\\*{}",
        "&lt;{}",
        "{}\\",
        "<foo>{}",
        "__{}",
        "`{}",
        "<p>{}</p>",
    ]
)
_sentence = st.builds(lambda span, phrase: span.replace("{}", phrase), _span, _phrase)
_line = st.lists(_sentence, min_size=1, max_size=4).map(" ".join)
_lines = st.lists(_line, min_size=1, max_size=4).map("\n".join)
_code = st.lists(st.one_of(_line, st.sampled_from(["", "# w", "| w |", "``", "$$"])), max_size=5)
_row = st.lists(_phrase, min_size=1, max_size=4).map(lambda cells: "| " + " | ".join(cells) + " |")
_block = st.one_of(
    _lines,
    st.builds(
        "{} {}".format,
        st.sampled_from(["#", "##", "###", "####", "######", "-", "*", "+", "1.", "2)", ">", "-#"]),
        _line,
    ),
    st.builds("{}- [x] {}".format, st.sampled_from(["", "  ", "    ", "\t"]), _line),
    st.builds("{}\n{}".format, _phrase, st.sampled_from(["---", "==="])),
    st.sampled_from(["---", "***", "_ _ _", "$$", "\\[", "<details>", "[r]: https://x.y/r"]),
    st.builds("```{}\n{}\n```".format, st.sampled_from(["", "py", "math"]), _code.map("\n".join)),
    st.builds("~~~\n{}\n~~~".format, _code.map("\n".join)),
    st.builds(
        "{}{}\n|---|:-:|\n{}".format,
        st.sampled_from(["", "> "]),
        _row,
        st.lists(_row, max_size=4).map("\n".join),
    ),
    st.builds("$$\n{}=1\n$$".format, _phrase),
    st.builds("[^{}]: {}".format, _phrase, _line),
)


def _number(text: str) -> str:
    parts = re.split(r"\bw\b", text)
    return "".join(f"{part}word{index}x" for index, part in enumerate(parts[:-1])) + parts[-1]


documents = (
    st.lists(st.tuples(_block, st.sampled_from(["\n", "\n\n"])), max_size=6)
    .map(lambda blocks: "".join(block + end for block, end in blocks))
    .map(_number)
)
messy = st.text("ab1 \n`$|_*\\[]()<>!#-:.=~^&;{}", max_size=80)


@often
@given(documents)
def test_feeding_one_character_at_a_time_equals_feeding_all_at_once(text: str):
    assert pieces(text, step=1) == pieces(text)


@settings(max_examples=200, deadline=None)
@given(messy, st.integers(1, 7), st.sampled_from(["", "long " * 25, "- " + "long " * 25, "> "]))
@example("a\n|-|\n\\[x=1\\]$", 1, "")
def test_how_marks_without_sense_are_cut_does_not_matter(text: str, step: int, before: str):
    assert pieces(before + text, step=step) == pieces(before + text)


@often
@given(documents)
def test_looking_at_what_is_held_back_changes_nothing(text: str):
    assert pieces(text, step=3, peek=True) == pieces(text)


@often
@given(documents)
def test_every_word_is_still_there(text: str):
    converted = "".join(
        piece if isinstance(piece, str) else piece.source + piece.fallback for piece in pieces(text)
    )
    for word in re.findall(r"word\d+x", text):
        # The number of a footnote takes the place of its name.
        assert word in converted or re.search(rf"\[\^[^\]\n]*{word}", text), word


@given(
    st.lists(
        st.text(st.characters(categories=["L", "Nd"], max_codepoint=0xFFFF), min_size=1),
        max_size=30,
    )
)
def test_text_without_markdown_passes_unchanged(words: list[str]):
    text = ", ".join(words) + ".\n"
    assert shown(text) == text


@given(st.text("ab \n|#-$_[]()<>\\*", max_size=60), st.sampled_from(["```", "~~~", "````"]))
def test_code_blocks_pass_unchanged(code: str, fence: str):
    text = f"{fence}md\n{code}\n{fence}\n"
    assert shown(text) == text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("#### Deep **er** one", "**Deep er one**", id="deep heading"),
        pytest.param("## Two ##\n", "## Two\n", id="closed heading"),
        pytest.param("#tag\n", "#tag\n", id="no heading without a space"),
        pytest.param("Title\n===\n", "# Title\n", id="heading by double underline"),
        pytest.param("Title\n---\nText", "## Title\nText", id="heading by underline"),
        pytest.param("a\n\n---\n\nb\n", "a\n\nb\n", id="rule"),
        pytest.param("- a\n***\nb", "- a\n\nb", id="rule without blank lines"),
        pytest.param("Text\nmore\n# Head\n", "Text\nmore\n\n# Head\n", id="heading after text"),
        pytest.param("1) a\n2) b\n", "1. a\n2. b\n", id="numbers with brackets"),
        pytest.param("+ a", "- a", id="plus as bullet"),
        pytest.param("- [ ] a\n- [x] b\n", "- ☐ a\n- ☑ b\n", id="tasks"),
        pytest.param("- a\n    - b\n        - c\n", "- a\n  - b\n    - c\n", id="nested list"),
        pytest.param("__a__ snake__case__x", "**a** snake__case__x", id="strong by underscores"),
        pytest.param("`__a__` ``$x$ ` <br>``", "`__a__` ``$x$ ` <br>``", id="inline code"),
        pytest.param("a<br>b<br/>\nc", "a\nb\nc", id="line breaks"),
        pytest.param("> a<br>b", "> a\n> b", id="line break in a quotation"),
        pytest.param("a\\\nb", "a\nb", id="hard break"),
        pytest.param("<b>a</b> <em>b</em> <del>c</del>", "**a** *b* ~~c~~", id="tags"),
        pytest.param("List<b> and <foo>", "List<b> and <foo>", id="tags without a partner"),
        pytest.param("H<sub>2</sub>O x<sup>n+1</sup>", "H₂O xⁿ⁺¹", id="raised and lowered"),
        pytest.param("<kbd>Ctrl</kbd>", "`Ctrl`", id="keys"),
        pytest.param(
            "<details><summary>More</summary>text</details>", "**More**text", id="details"
        ),
        pytest.param(
            '<a href="https://x.y">go</a>', "[go](<https://x.y>)", id="link in HTML"
        ),
        pytest.param(
            '<img alt="cat" src="https://x.y/c.png">', "[cat](<https://x.y/c.png>)", id="img"
        ),
        pytest.param("![cat](https://x.y/c.png)", "[cat](<https://x.y/c.png>)", id="picture"),
        pytest.param("![cat](data:image/png;base64,AAAA) b", "cat b", id="picture as data"),
        pytest.param(
            "[![ok](https://x.y/b.svg)](https://x.y)", "[ok](<https://x.y>)", id="badge"
        ),
        pytest.param("[a](https://x.y/__b__)", "[a](https://x.y/__b__)", id="link"),
        pytest.param("see https://x.y/__b__ now", "see https://x.y/__b__ now", id="address"),
        pytest.param("[r]: https://x.y\n[a][R]", "[a](<https://x.y>)", id="reference"),
        pytest.param("[r]\n\n[r]: https://x.y", "[r]\n\n[r]: https://x.y", id="late reference"),
        pytest.param("a[^n]\n\n[^n]: why", "a¹\n\n-# ¹ why", id="footnote"),
        pytest.param("&lt;a&gt;&nbsp;&amp; &x", "\\<a\\> & &x", id="entities"),
        pytest.param("@everyone <@123> <#4>", "@everyone <@123> <#4>", id="mentions"),
        pytest.param("see ```py\n__a__\n```\n", "see ```py\n__a__\n```\n", id="fence in line"),
    ],
)  # fmt: skip
def test_markdown_gets_its_nearest_discord_form(source: str, expected: str):
    assert shown(source) == expected


def test_lists_are_no_deeper_than_discord_shows():
    source = "".join(f"{'  ' * level}- {level}\n" for level in range(7))
    assert shown(source).splitlines()[3:] == ["      - 3", "      - 4", "      - 5", "      - 6"]


@pytest.mark.parametrize("source", ["$$\nx^2\n$$", "\\[x^2\\]", "```math\nx^2\n```", "$$x^2$$"])
def test_a_display_formula_becomes_a_drawing(source: str):
    drawing = pieces(f"Text\n\n{source}\n\nmore")[1]
    assert isinstance(drawing, Drawing)
    assert (drawing.kind, drawing.source.strip()) == (DrawingKind.FORMULA, "x^2")
    assert (drawing.alt, drawing.fallback) == ("x²", "```\nx²\n```\n")


@pytest.mark.parametrize("source", ["\\[not maths\\]", "pid is $$ here", "$$\n\nx=1", "\\[ x"])
def test_what_only_looks_like_a_formula_is_shown_as_it_is(source: str):
    assert shown(source) == source


def test_a_formula_in_a_quotation_stays_in_it():
    assert shown("> $$\n> a = b\n> $$\n> c") == "> ```\n> a = b\n> ```\n> c"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param("Hello wor", "Hello wor", id="words"),
        pytest.param("#### Dee", "**Dee**", id="deep heading"),
        pytest.param("##", "", id="marks of a heading"),
        pytest.param("a ![cat](https://x", "a cat", id="half a picture"),
        pytest.param("a __b", "a **b", id="half bold"),
        pytest.param("a \\(x^2", "a x²", id="half a formula"),
        pytest.param("a <b>bo", "a bo", id="half a tag's element"),
        pytest.param("| a | b", "```\na | b\n--+--\n```\n", id="a table's header"),
        pytest.param(
            "| a | b |\n|---|---|\n| 1 | 2",
            "```\na | b\n--+--\n1 | 2\n```\n",
            id="a growing table",
        ),
        pytest.param("$$\nx^2", "```\nx²\n```\n", id="a growing formula"),
        pytest.param("```", "", id="marks of a code block"),
    ],
)
def test_what_is_held_back_can_be_shown_for_now(held: str, expected: str):
    assert provisional(held) == expected


def test_what_is_held_back_stays_small_however_long_the_line():
    markdown = DiscordMarkdown()
    given = kept = 0
    for _ in range(2_000):
        given += 10
        kept += sum(len(p) for p in markdown.feed("word $5 a_b ") if isinstance(p, str))
        assert len(markdown.provisional) <= 500
    assert kept >= given - 500


@pytest.mark.parametrize("row", ["| a | b |\n", "- item\n", "a $5 `b` __c__ \n", "x" * 50])
def test_the_state_after_a_long_answer_is_as_small_as_after_a_short_one(row: str):
    markdown = DiscordMarkdown()
    if row.startswith("|"):
        markdown.feed(row + "|---|---|\n")
    largest = largest_table = 0
    for _ in range(5_000):
        markdown.feed(row)
        largest = max(largest, len(markdown._text))
        if markdown._table:
            largest_table = max(largest_table, markdown._table.size)
    assert largest <= 2_000
    assert largest_table <= 8_000


def test_what_the_end_of_a_long_line_holds_back_is_not_lost():
    text = "long " * 30
    markdown = DiscordMarkdown()
    assert markdown.feed(f"{text}__x") == [text]
    assert markdown.provisional == "**x"
    assert markdown.close() == ["__x"]


@pytest.mark.parametrize("source", ["$$", "```math", "> ```math", "\\[", "- $$", "a\n$$\n"])
def test_an_opening_mark_at_the_end_is_not_lost(source: str):
    assert shown(source) == source


def test_an_address_that_is_none_does_not_end_the_answer():
    assert shown("![](http://[x) and ![](https://x.test/a?b)") == (
        "<http://[x> and [x.test](<https://x.test/a?b>)"
    )


def test_a_label_full_of_links_is_read_at_once():
    text = "[" + "[a](b)" * 40
    assert shown(text) == text


def test_many_footnotes_cost_time_in_proportion():
    def make(size: int):
        text = "".join(f"[^a{number}]" for number in range(size))
        return lambda: shown(text)

    assert not grows_too_fast(make, 1_200)


@pytest.mark.parametrize("blank", [" ", "\t", ">"])
def test_blanks_in_code_cost_time_in_proportion(blank: str):
    def make(size: int):
        text = "```\n" + blank * size + "x"
        return lambda: shown(text)

    assert not grows_too_fast(make, 4_000)
