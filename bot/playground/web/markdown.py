"""A message's text as Discord shows it, in HTML that holds nothing but what stands here.

Every tag and attribute of the result is written by this module or by markdown-it's renderer for
the tokens enabled here; all text is escaped, and links lead to http and https only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from bot.playground.web import markdown_blocks, markdown_inline

# Deeper than any message can nest; the parser drops what is beyond it.
_NESTING_MAX = 100
_GAP_LINES_MAX = 12
_HTTP = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids in a text are called."""

    users: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[int, str] = field(default_factory=dict)
    roles: Mapping[int, str] = field(default_factory=dict)


_NOBODY = Names()


def render(text: str, names: Names = _NOBODY) -> str:
    """Turn a message's text into HTML."""
    html = str(_parser().render(text, {"names": names}))
    return html.strip()


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt(
        "zero",
        {"breaks": True, "maxNesting": _NESTING_MAX},
        renderer_cls=_Renderer,
    )
    parser.validateLink = lambda url: bool(_HTTP.match(url))  # type: ignore[method-assign]  # the library's documented way
    markdown_blocks.install(parser)
    markdown_inline.install(parser)
    return parser


class _Renderer(RendererHTML):
    """Renders tokens by methods named after them."""

    def paragraph_open(self, *_: Any) -> str:
        return '<div class="line">'

    def paragraph_close(self, *_: Any) -> str:
        return "</div>"

    def gap(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        lines = min(int(tokens[index].meta["lines"]), _GAP_LINES_MAX)
        return '<div class="gap"></div>' * lines

    def small_open(self, *_: Any) -> str:
        return "<small>"

    def small_close(self, *_: Any) -> str:
        return "</small>"

    def strong_open(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return "<u>" if tokens[index].markup == "__" else "<strong>"

    def strong_close(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return "</u>" if tokens[index].markup == "__" else "</strong>"

    def link_open(
        self, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: Any
    ) -> str:
        token = tokens[index]
        title = (
            f' title="{escapeHtml(str(token.attrs["title"]))}"' if "title" in token.attrs else ""
        )
        target = escapeHtml(str(token.attrs["href"]))
        return f'<a href="{target}"{title} target="_blank" rel="noopener noreferrer nofollow">'

    def spoiler_open(self, *_: Any) -> str:
        return '<span class="spoiler" role="button" tabindex="0"><span>'

    def spoiler_close(self, *_: Any) -> str:
        return "</span></span>"

    def fence(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        token = tokens[index]
        return f"<pre><code>{_coloured(token.content, token.info)}</code></pre>\n"

    def mention(
        self, tokens: Sequence[Token], index: int, _options: OptionsDict, env: Mapping[str, Any]
    ) -> str:
        sigil, digits = tokens[index].meta["groups"]
        names: Names = env["names"]
        if sigil == "#":
            label = "#" + names.channels.get(int(digits), "unknown")
        elif sigil == "@&":
            label = "@" + names.roles.get(int(digits), "unknown-role")
        else:
            label = "@" + names.users.get(int(digits), "unknown-user")
        return _pill(label)

    def command(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return _pill("/" + tokens[index].meta["groups"][0])

    def everyone(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return _pill(tokens[index].content)

    def emoji(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        return escapeHtml(f":{tokens[index].meta['groups'][0]}:")

    def time(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        seconds, style = tokens[index].meta["groups"]
        try:
            moment = datetime.fromtimestamp(int(seconds), UTC)
        except (OverflowError, OSError, ValueError):
            return escapeHtml(tokens[index].content)
        # The page writes it in the reader's own zone and words.
        shown = f"{moment:%Y-%m-%d %H:%M} UTC"
        return f'<time datetime="{moment.isoformat()}" data-style="{style or "f"}">{shown}</time>'


def _pill(label: str) -> str:
    return f'<span class="mention">{escapeHtml(label)}</span>'


def _coloured(code: str, language: str) -> str:
    if language:
        try:
            lexer = get_lexer_by_name(language.lower(), stripnl=False, ensurenl=False)
        except ClassNotFound:
            return escapeHtml(code)
        return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="tok-"))).rstrip(
            "\n"
        )
    return escapeHtml(code)
