"""Inline rules of Discord's Markdown, where they differ from CommonMark's.

Discord has `__underline__`, `||spoilers||`, mentions, timestamps and bare links, and its markers
look at white space only, so that **中文**后面 is bold as well.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_URL = re.compile(r"https?://[^\s<>\"']+")
_ANGLE_URL = re.compile(r"<(https?://[^\s<>]+)>")
_MENTION = re.compile(r"<(@!?|@&|#)(\d{1,20})>")
_COMMAND = re.compile(r"</([-_\w]+(?: [-_\w]+){0,2}):(\d{1,20})>")
_TIME = re.compile(r"<t:(-?\d{1,13})(?::([tTdDfFR]))?>")
_EMOJI = re.compile(r"<a?:(\w{2,32}):\d{1,20}>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")


def install(parser: MarkdownIt) -> None:
    """Give the parser these rules."""
    inline = parser.inline
    inline.add_terminator_char("|")
    inline.ruler.at("emphasis", _emphasis)
    inline.ruler.after("emphasis", "spoiler", _spoiler)
    inline.ruler.before("autolink", "angle", _angle)
    inline.ruler.after("angle", "everyone", _everyone)
    inline.ruler.before("escape", "bare_link", _bare_link)
    parser.enable(["escape", "backticks", "strikethrough", "emphasis", "link", "newline"])
    parser.enable(["spoiler", "angle", "everyone", "bare_link"])
    parser.inline.ruler2.enable(["strikethrough", "emphasis"])


def _emphasis(state: StateInline, silent: bool) -> bool:
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    start, end = state.pos, state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    before = state.src[start - 1] if start else " "
    after = state.src[end] if end < state.posMax else " "
    opens, closes = not after.isspace(), not before.isspace()
    if marker == "_" and end - start == 1:
        # snake_case_names stay as they are.
        opens, closes = opens and not before.isalnum(), closes and not after.isalnum()
    for _ in range(end - start):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=end - start,
                token=len(state.tokens) - 1,
                end=-1,
                open=opens,
                close=closes,
            )
        )
    state.pos = end
    return True


def _spoiler(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not state.src.startswith("||", start):
        return False
    end = state.src.find("||", start + 2, state.posMax)
    if end <= start + 2:
        return False
    if not silent:
        maximum, state.posMax, state.pos = state.posMax, end, start + 2
        state.push("spoiler_open", "span", 1)
        state.md.inline.tokenize(state)
        state.push("spoiler_close", "span", -1)
        state.posMax = maximum
    state.pos = end + 2
    return True


def _angle(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "<":
        return False
    if found := _ANGLE_URL.match(state.src, state.pos, state.posMax):
        return _link(state, found[1], found.end(), silent)
    for kind, pattern in (
        ("mention", _MENTION),
        ("command", _COMMAND),
        ("time", _TIME),
        ("emoji", _EMOJI),
    ):
        if found := pattern.match(state.src, state.pos, state.posMax):
            if not silent:
                token = state.push(kind, "", 0)
                token.content, token.meta = found[0], {"groups": found.groups()}
            state.pos = found.end()
            return True
    return False


def _everyone(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "@":
        return False
    found = _EVERYONE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("everyone", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _bare_link(state: StateInline, silent: bool) -> bool:
    """Find a link at its colon: the text rule has already taken the scheme as pending text."""
    if state.src[state.pos] != ":" or state.linkLevel:
        return False
    scheme = re.search(r"(?<![A-Za-z0-9])https?$", state.pending)
    if scheme is None:
        return False
    start = state.pos - len(scheme[0])
    found = _URL.match(state.src, start, state.posMax)
    if found is None:
        return False
    url = _without_tail(found[0])
    if not silent:
        state.pending = state.pending[: scheme.start()]
    return _link(state, url, start + len(url), silent)


def _without_tail(url: str) -> str:
    """Leave out what belongs to the sentence around the link."""
    url = re.split(r"\|\||\*\*|~~|`", url, maxsplit=1)[0].rstrip(".,:;!?*_~\\")
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1].rstrip(".,:;!?")
    return url


def _link(state: StateInline, url: str, end: int, silent: bool) -> bool:
    target = state.md.normalizeLink(url)
    if not state.md.validateLink(target):
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": target}
        state.push("text", "", 0).content = url
        state.push("link_close", "a", -1)
    state.pos = end
    return True
