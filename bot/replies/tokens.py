"""Finds everything in a paragraph of Markdown that is not plain words."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.replies.spans import Run, flanks

_LONGEST_RUN = 9  # of backticks around inline code
_BACKTICK_RUN = re.compile("`+")
_WORDS = re.compile(r"(?:[^\\`!\[<h*_~|\n]+|h(?!ttps?://))+")
"""No token begins here; to leave it out first is several times as fast as to search for tokens."""
_TOKEN = re.compile(
    r"""
      (?P<escape>\\[!-/:-@\[-`{-~])
    | (?P<code>`+)
    | (?P<atom>
          !?\[(?:[^\[\]\\\n]|\\.|\[[^\[\]\n]*\])*\]                  # a link's text
            \((?:[^()\s]|\([^()\s]*\))*(?:[ \t]+"[^"\n]*")?\)        # and its address
        | <(?:@[!&]?\d+ | \#\d+ | a?:\w+:\d+ | t:-?\d+(?::\w)? | /[^<>\n]+:\d+
            | https?://[^\s<>]+)>
        | https?://[^\s<>*|`]+
      )
    | (?P<unfinished>(?: !?\[[^\[\]\n]{0,80}(?:\](?:\([^()\s]{0,500})?)?
        | <(?:[@\#:/ath][^<>\s]{0,300})? | \\ )\Z)
    | (?P<run>\*+|_+|~~|\|\|)
    | (?P<newline>\n)
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """A mark, or something that is never cut: a link, mention, emoji, escape."""

    start: int
    end: int
    run: Run | None = None
    code: str = ""
    """The backticks that open inline code."""
    newline: bool = False
    unfinished: bool = False
    """The text ends before it is clear what this is."""


def read_tokens(source: str, at: int, end: int, *, open_ended: bool) -> list[Token]:
    """Find everything in a paragraph that is not plain words."""
    tokens: list[Token] = []
    while at < end:
        if words := _WORDS.match(source, at, end):
            at = words.end()
        found = _TOKEN.match(source, at, end)
        if not found:
            at += 1
            continue
        at = found.end()
        token = Token(found.start(), at)
        match found.lastgroup:
            case "run":
                before = source[token.start - 1 : token.start] if token.start else ""
                opens, closes = flanks(found[0], before, source[at : at + 1])
                token = token._replace(run=Run(found[0], opens, closes))
            case "code" if len(found[0]) > _LONGEST_RUN:
                continue
            case "code":
                close = find_run(source, found[0], at, end)
                if close is None and not open_ended:
                    continue  # A lone backtick is a character like any other.
                at = end if close is None else close + len(found[0])
                token = token._replace(code=found[0])
            case "newline":
                token = token._replace(newline=True)
            case "unfinished":
                # At the end of a finished paragraph these are plain words.
                if not open_ended or end < len(source):
                    at = token.start + 1
                    continue
                token = token._replace(unfinished=True)
            case _:
                pass
        tokens.append(token)
    return tokens


def find_run(source: str, run: str, at: int, end: int) -> int | None:
    """Where the next row of exactly these backticks stands."""
    for found in _BACKTICK_RUN.finditer(source, at, end):
        if found[0] == run:
            return found.start()
    return None
