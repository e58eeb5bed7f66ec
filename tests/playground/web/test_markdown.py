import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, strategies as st

from bot.playground.web.markdown import Names, render

NAMES = Names(users={1: "Mira <3"}, channels={2: "general"}, roles={3: "Admins"})


def shown(text: str) -> str:
    """The HTML on one line, links without what all links have."""
    html = render(text, NAMES).replace("\n", "")
    return html.replace(' target="_blank" rel="noopener noreferrer nofollow"', "")


def line(html: str) -> str:
    return f'<div class="line">{html}</div>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        pytest.param("**a** *b* _c_ ***d***", None, id="bold-italic"),
        pytest.param("__a__", line("<u>a</u>"), id="underline"),
        pytest.param("~~a~~", line("<s>a</s>"), id="strike"),
        pytest.param("**中文。**后面", line("<strong>中文。</strong>后面"), id="bold-before-cjk"),
        pytest.param("a_snake_case_name", line("a_snake_case_name"), id="snake-case"),
        pytest.param("`a <b> *c*`", line("<code>a &lt;b&gt; *c*</code>"), id="code"),
        pytest.param(r"\*a\*", line("*a*"), id="escaped"),
        pytest.param("a\nb", line("a<br>b"), id="newline"),
        pytest.param("# a", "<h1>a</h1>", id="h1"),
        pytest.param("### a", "<h3>a</h3>", id="h3"),
        pytest.param("#### a", line("#### a"), id="no-h4"),
        pytest.param("#a", line("#a"), id="no-space-no-heading"),
        pytest.param("a\n===", line("a<br>==="), id="no-setext"),
        pytest.param("-# small **x**", "<small>small <strong>x</strong></small>", id="small"),
        pytest.param("---", line("---"), id="no-rule"),
        pytest.param("| a | b |\n|---|---|", line("| a | b |<br>|---|---|"), id="no-table"),
        pytest.param("    a", line("a"), id="no-indented-code"),
        pytest.param("> a\n> b", f"<blockquote>{line('a<br>b')}</blockquote>", id="quote"),
        pytest.param("> a\nb", f"<blockquote>{line('a')}</blockquote>{line('b')}", id="not-lazy"),
        pytest.param(
            "> > a", f"<blockquote>{line('&gt; a')}</blockquote>", id="quotes-do-not-nest"
        ),
        pytest.param(">a", line("&gt;a"), id="quote-needs-space"),
        pytest.param(
            ">>> a\n\nb", f"<blockquote>{line('a')}{line('b')}</blockquote>", id="quote-rest"
        ),
        pytest.param(
            "x\n- a\n- b\ny",
            f"{line('x')}<ul><li>{line('a')}</li><li>{line('b')}</li></ul>{line('y')}",
            id="list-ends-without-blank-line",
        ),
        pytest.param("x\n3. a", f'{line("x")}<ol start="3"><li>{line("a")}</li></ol>', id="from-3"),
        pytest.param("+ a", line("+ a"), id="plus-is-no-bullet"),
        pytest.param("```\na\n```", "<pre><code>a</code></pre>", id="fence"),
        pytest.param("```a b```", "<pre><code>a b</code></pre>", id="fence-on-one-line"),
        pytest.param("```\na", line("```<br>a"), id="unclosed-fence"),
        pytest.param("```nolang\n<b>\n```", "<pre><code>&lt;b&gt;</code></pre>", id="no-lexer"),
        pytest.param(
            "||a **b**||",
            line(
                '<span class="spoiler" role="button" tabindex="0"><span>a <strong>b</strong>'
                "</span></span>"
            ),
            id="spoiler",
        ),
        pytest.param("||a", line("||a"), id="unclosed-spoiler"),
        pytest.param("<@1>", line('<span class="mention">@Mira &lt;3</span>'), id="user"),
        pytest.param("<@!9>", line('<span class="mention">@unknown-user</span>'), id="stranger"),
        pytest.param("<#2>", line('<span class="mention">#general</span>'), id="channel"),
        pytest.param("<@&3>", line('<span class="mention">@Admins</span>'), id="role"),
        pytest.param(
            "</config model:5>", line('<span class="mention">/config model</span>'), id="c"
        ),
        pytest.param("@everyone", line('<span class="mention">@everyone</span>'), id="everyone"),
        pytest.param("<:wave:123>", line(":wave:"), id="emoji"),
        pytest.param(
            "<t:0:R>",
            line(
                '<time datetime="1970-01-01T00:00:00+00:00" data-style="R">'
                "1970-01-01 00:00 UTC</time>"
            ),
            id="timestamp",
        ),
        pytest.param("<t:9999999999999>", line("&lt;t:9999999999999&gt;"), id="no-such-time"),
        pytest.param("[a](https://x.y)", line('<a href="https://x.y">a</a>'), id="masked-link"),
        pytest.param("<https://x.y>", line('<a href="https://x.y">https://x.y</a>'), id="angled"),
        pytest.param(
            "see https://x.y/a_b_(c), ok",
            line('see <a href="https://x.y/a_b_(c)">https://x.y/a_b_(c)</a>, ok'),
            id="bare-link",
        ),
        pytest.param(
            "![a](https://x.y/z.png)", line('!<a href="https://x.y/z.png">a</a>'), id="no-image"
        ),
        pytest.param("&amp;", line("&amp;amp;"), id="no-entities"),
    ],
)
def test_it_is_shown_as_discord_shows_it(text: str, html: str | None):
    expected = html or line("<strong>a</strong> <em>b</em> <em>c</em> <em><strong>d</strong></em>")
    assert shown(text) == expected


def test_blank_lines_are_kept():
    assert shown("a\n\n\nb").count('<div class="gap">') == 2


def test_code_is_coloured_in_its_language():
    assert '<span class="tok-k">def</span>' in render("```py\ndef f(): pass\n```")


def test_a_fence_may_stand_in_a_quote():
    assert shown("> ```\n> a\n> ```") == "<blockquote><pre><code>a</code></pre></blockquote>"


HOSTILE = [
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](data:text/html,<script>alert(1)</script>)",
    "[a](//evil.example)",
    "<javascript:alert(1)>",
    '[a](https://x.y/"onmouseover="alert(1))',
    "[a](https://x.y '\"><img src=x onerror=alert(1)>')",
    'https://x.y/"onclick="alert(1)',
    '```"><script>\nx\n```',
    "```py\n</code></pre><script>alert(1)</script>\n```",
    '<@1><t:1:R" onclick="x>',
    "||<b>||`</code><script>`",
]
TAGS = {
    "a",
    "blockquote",
    "br",
    "code",
    "div",
    "em",
    "h1",
    "h2",
    "h3",
    "li",
    "ol",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "time",
    "u",
    "ul",
}
ATTRIBUTES = {
    "class",
    "data-style",
    "datetime",
    "href",
    "rel",
    "role",
    "start",
    "tabindex",
    "target",
    "title",
}


class Audit(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES
            if name == "href":
                assert re.match("https?://", value or "", re.IGNORECASE)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_becomes_markup(text: str):
    Audit().feed(render(text, NAMES))


@given(st.text(alphabet="<>|*_~`#-[]()\"'& ahtps:/@1.\n", max_size=80))
def test_no_text_makes_any_other_tag_or_attribute(text: str):
    Audit().feed(render(text, NAMES))


@given(st.text(alphabet="ab*_~|`> -#\n1.", max_size=60))
def test_no_letter_is_lost(text: str):
    kept = re.sub(r"<[^>]*>|&[a-z]+;", "", render(text))
    assert sum(map(kept.count, "ab")) == sum(map(text.count, "ab"))
