"""The HTML that models write into Markdown, in its nearest Discord form."""

from __future__ import annotations

import html
import re

from bot.replies.markdown_links import masked_link
from bot.replies.maths import subscript, superscript

TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<attributes>(?:\s[^<>]*)?)/?>")
MARKS = {
    **dict.fromkeys(("b", "strong", "summary"), "**"),
    **dict.fromkeys(("i", "em"), "*"),
    **dict.fromkeys(("s", "del", "strike"), "~~"),
    **dict.fromkeys(("u", "ins"), "__"),
}
"""What stands on both sides of the text of such an element."""
WHOLE = {"code", "kbd", "sub", "sup", "a"}
"""Elements that are converted with their text."""
_BREAKS = {"br": "\n", "/p": "\n", "/details": ""}
_ATTRIBUTE = re.compile(r"""([A-Za-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{1,6}|#[xX][0-9A-Fa-f]{1,6});")
_MARKDOWN = "\\`*_~|<>#[]()-+"


def alone(tag: re.Match[str]) -> str | None:
    """A tag that needs no partner, in Discord's form; None when it has none."""
    name = tag["end"] + tag["name"].lower()
    if name in _BREAKS:
        return _BREAKS[name]
    if name in {"p", "details"}:
        return ""
    if name == "img":
        found = _attributes(tag)
        return masked_link(found.get("alt", ""), found.get("src", ""))
    return None


def whole(tag: re.Match[str], text: str) -> str:
    """One of the `WHOLE` elements in Discord's form."""
    name = tag["name"].lower()
    if name == "a":
        label = _ANY_TAG.sub("", text)
        url = _attributes(tag).get("href", "")
        return masked_link(label, url) if url else label
    text = html.unescape(_ANY_TAG.sub("", text))
    if name in {"code", "kbd"}:
        run = "``" if "`" in text else "`"
        return f"{run}{text}{run}" if text.strip() else text
    return superscript(text) if name == "sup" else subscript(text)


def entity(reference: str) -> str:
    """The character an entity stands for, escaped where Discord would read it as Markdown."""
    text = html.unescape(reference)
    if text.isspace():  # a line feed would begin a line, and a line may mean something
        return " "
    return f"\\{text}" if text in _MARKDOWN else text


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    return {
        found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
        for found in _ATTRIBUTE.finditer(tag["attributes"])
    }
