"""Block rules of Discord's Markdown, where they differ from CommonMark's.

Discord knows headings of three levels, `-#` small lines, quotes that need a space and have no lazy
lines, fences of three backticks that must be closed, and lists that may follow a line of text. It
shows blank lines as they are.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, list_block
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_HEADING = re.compile(r"(#{1,3})[ \t]+(?=\S)")
_SMALL = re.compile(r"-#[ \t]+(?=\S)")
_QUOTE = re.compile(r">[ \t](.*)")
_REST_QUOTE = re.compile(r">>>[ \t]+")
_LIST_ITEM = re.compile(r"(?:[-*]|\d{1,9}\.)[ \t]+\S")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]+")


def install(parser: MarkdownIt) -> None:
    """Give the parser these rules."""
    ruler = parser.block.ruler
    everywhere: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
    ruler.at("fence", _fence, everywhere)
    ruler.at("blockquote", _quote, everywhere)
    ruler.at("heading", _heading, everywhere)
    ruler.at("list", _list, {"alt": ["paragraph", "blockquote"]})
    ruler.after("heading", "small", _small, everywhere)
    ruler.at("paragraph", _paragraph)
    parser.enable(["fence", "blockquote", "heading", "list", "small"])
    parser.core.ruler.after("block", "gaps", _show_gaps)


def _line(state: StateBlock, number: int) -> str:
    start = state.bMarks[number] + state.tShift[number]
    return state.src[start : state.eMarks[number]]


def _one_line(state: StateBlock, line: int, kind: str, tag: str, content: str) -> None:
    state.line = line + 1
    state.push(f"{kind}_open", tag, 1).map = [line, state.line]
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = content.strip(), [line, state.line], []
    state.push(f"{kind}_close", tag, -1)


def _heading(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    text = _line(state, line)
    found = _HEADING.match(text)
    if found is None:
        return False
    if not silent:
        _one_line(state, line, "heading", f"h{len(found[1])}", text[found.end() :])
    return True


def _small(state: StateBlock, line: int, _end: int, silent: bool) -> bool:
    text = _line(state, line)
    found = _SMALL.match(text)
    if found is None:
        return False
    if not silent:
        _one_line(state, line, "small", "small", text[found.end() :])
    return True


def _list(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    return bool(_LIST_ITEM.match(_line(state, line))) and list_block(state, line, end, silent)


def _quote(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    if state.env.get("in_quote"):
        return False  # Discord does not nest quotes
    first = _line(state, line)
    rest = _REST_QUOTE.match(first)
    if rest is None and not _QUOTE.match(first):
        return False
    if silent:
        return True
    after = line + 1
    if rest is not None:
        after = end
        following = state.getLines(line + 1, end, state.blkIndent, False)
        inner = first[rest.end() :] + (f"\n{following}" if following else "")
    else:
        lines = []
        after = line
        while after < end and (found := _QUOTE.match(_line(state, after) + " ")):
            lines.append(found[1][:-1])
            after += 1
        inner = "\n".join(lines)
    opened = state.push("blockquote_open", "blockquote", 1)
    opened.map = [line, after]
    state.env["in_quote"] = True
    state.md.block.parse(inner, state.md, state.env, state.tokens)
    state.env["in_quote"] = False
    state.push("blockquote_close", "blockquote", -1)
    state.line = after
    return True


def _fence(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    first = _line(state, line)
    if not first.startswith("```"):
        return False
    info = first[3:]
    if (close := info.rstrip()).endswith("```") and close.strip("`"):
        # All on one line; then the first word is code and no language.
        language, code, after = "", close[:-3].strip(), line + 1
    else:
        closing = next(
            (n for n in range(line + 1, end) if _line(state, n).rstrip().endswith("```")), None
        )
        if closing is None:
            return False
        body = state.getLines(line + 1, closing + 1, state.sCount[line], False).rstrip()[:-3]
        language = info.strip()
        if not _LANGUAGE.fullmatch(language):
            body, language = f"{info}\n{body}" if info.strip() else body, ""
        code, after = body.strip("\n"), closing + 1
    if not silent:
        token = state.push("fence", "code", 0)
        token.info, token.content, token.map = language, code, [line, after]
        state.line = after
    return True


def _paragraph(state: StateBlock, line: int, _end: int, _silent: bool) -> bool:
    terminators = state.md.block.ruler.getRules("paragraph")
    parent, state.parentType = state.parentType, "paragraph"
    end, after = state.lineMax, line + 1
    while after < end and not state.isEmpty(after):
        # No lazy lines: what is not indented like the list item does not belong to it.
        if state.sCount[after] < state.blkIndent or _LIST_ITEM.match(_line(state, after)):
            break
        if any(rule(state, after, end, True) for rule in terminators):
            break
        after += 1
    state.parentType = parent
    state.line = after
    state.push("paragraph_open", "div", 1).map = [line, after]
    inline = state.push("inline", "", 0)
    inline.content = state.getLines(line, after, state.blkIndent, False).strip()
    inline.map, inline.children = [line, after], []
    state.push("paragraph_close", "div", -1)
    return True


def _show_gaps(state: StateCore) -> None:
    """Put a token between blocks that blank lines keep apart; not between a list's items."""
    shown: list[Token] = []
    lines = state.src.split("\n")
    ends: list[int | None] = [None]
    inside: list[str] = ["root"]
    for token in state.tokens:
        if token.nesting < 0:
            inside.pop()
            ends.pop()
        elif token.map is not None and token.type != "inline":
            start, end = token.map
            before = ends[-1]
            if inside == ["root"]:
                while end - 1 > start and not lines[end - 1].strip():
                    end -= 1
                if before is not None and start > before:
                    shown.append(Token("gap", "div", 0, meta={"lines": start - before}))
            ends[-1] = end
        shown.append(token)
        if token.nesting > 0:
            inside.append(token.type)
            ends.append(None)
    state.tokens = shown
