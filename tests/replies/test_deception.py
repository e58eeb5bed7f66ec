"""What a model writes cannot pose as the bot's own words, nor a link as another one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from bot.replies.markdown import DiscordMarkdown
from bot.replies.maths import to_unicode


def shown(source: str, step: int = 1_000) -> str:
    markdown = DiscordMarkdown()
    pieces = [
        piece
        for at in range(0, len(source), step)
        for piece in markdown.feed(source[at : at + step])
    ]
    return "".join(
        piece if isinstance(piece, str) else piece.fallback
        for piece in (*pieces, *markdown.close())
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("-# Interrupted: the bot was restarted.", "\\-# Interrupted: the bot was restarted."),
        ("Hi.\n-# gpt-4o · 3 tokens\n", "Hi.\n\\-# gpt-4o · 3 tokens\n"),
        ("> -# quoted", "> \\-# quoted"),
        ("- -# item", "- \\-# item"),
        ("a<br>-# b", "a\n\\-# b"),
        ("a&#10;-# b", "a -# b"),
        ("a&#13;&#x2028;# b", "a  # b"),
        ("-#no mark, -1", "-#no mark, -1"),
        ("```\n-# code\n```", "```\n-# code\n```"),
    ],
)
def test_small_print_is_the_bots_own(source, expected):
    assert shown(source) == expected
    assert shown(source, step=1) == expected


marks = st.lists(
    st.sampled_from(["-", "#", " ", "\n", "<br>", "> ", "- ", "1. ", "a", "&#10;", "\\", "\t"]),
    max_size=12,
)


@given(marks.map("".join))
def test_however_it_is_put_together_no_line_of_an_answer_is_small_print(source):
    assert not re.search(r"^(?:> |[ \t]|[-*] |\d+\. )*-#\s*\w", shown(source), re.MULTILINE)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[https://bank.com](https://evil.io)", "<https://evil.io>"),
        (
            "[bank.com](https://evil.io/bank.com)",
            "[bank.com (evil.io)](<https://evil.io/bank.com>)",
        ),
        (
            "[Log in at www.bank.com now](https://bank.com.evil.io)",
            "[Log in at www.bank.com now (bank.com.evil.io)](<https://bank.com.evil.io>)",
        ),
        ("[b\u200bank.c\u202eom](https://evil.io)", "[bank.com (evil.io)](<https://evil.io>)"),
        ("[x](https://bank.com@evil.io)", "[x](https://bank.com@evil.io)"),
        ("![bank.com](https://evil.io/a.png)", "[bank.com (evil.io)](<https://evil.io/a.png>)"),
        ('<a href="https://evil.io">bank.com</a>', "[bank.com (evil.io)](<https://evil.io>)"),
        ("[r]: https://evil.io\n[bank.com][r]", "[bank.com (evil.io)](<https://evil.io>)"),
        ("[bank.com](https://www.bank.com/x)", "[bank.com](https://www.bank.com/x)"),
        ("[README.md](https://git.io/README.md)", "[README.md](https://git.io/README.md)"),
        ("[version 1.2](https://git.io)", "[version 1.2](https://git.io)"),
        ("[https://x.y", "[https://x.y"),
    ],
)
def test_a_link_says_where_it_leads(source, expected):
    assert shown(source) == expected
    assert shown(source, step=1) == expected


@pytest.mark.parametrize("macro", ["\\input{{{}}}", "\\include{{{}}}", "\\verbatiminput{{{}}}"])
def test_a_formula_reads_no_file(macro, tmp_path):
    (tmp_path / "secret.tex").write_text("4711")
    source = macro.format(tmp_path / "secret.tex")
    assert "4711" not in shown(f"$x = {source}$\n\n$$\nx = {source}\n$$\n")
    assert "4711" not in to_unicode(source)
