"""Links and pictures by address, as Discord's masked links."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from bot.chat.names import plain
from bot.i18n import _

BRACKETED = re.compile(r"!?\[(?P<label>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]")
"""A link's text or label; a picture may stand in it, and brackets one level deep."""
TARGET = re.compile(
    r"""\([ \t]*(?:<(?P<angled>[^<>]*)>|(?P<url>(?:[^()\s<>]|\([^()\s]*\))*))
        (?:[ \t]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*\)""",
    re.VERBOSE,
)
DEFINITION = re.compile(
    r"""[ ]{0,3}\[(?P<label>[^\[\]^][^\[\]]*)\]:[ \t]*<?(?P<url>[^\s<>]+)>?
        (?:[ \t]+(?:"[^"]*"|'[^']*'|\([^()]*\)))?[ \t]*""",
    re.VERBOSE,
)
_PICTURE = re.compile(r"!\[(?P<alt>[^\[\]]*)\](?:\([^()\s]*\))?")
_WEB = re.compile(r"https?://", re.IGNORECASE)
_LABEL_LENGTH = 400
_NAMED_HOST = re.compile(r"(?<![\w.@-])(?:[^\W_][\w-]*\.)+(?P<last>[^\W\d_]{2,})(?![\w-])")
"""What reads like a host's name."""
_FILES = frozenset(
    {
        "c", "cfg", "cpp", "css", "csv", "go", "h", "html", "ini", "java", "js", "json", "jpg",
        "lock", "md", "pdf", "png", "py", "rs", "sh", "toml", "ts", "txt", "xml", "yaml", "yml",
    }
)  # fmt: skip
"""What names of files end with: links to them are called by them."""
_SAFE_IN_URL = "%/:?#[]@!$&'()*+,;=~-._"


def masked_link(label: str, url: str) -> str:
    """A link without a preview card; only the label where Discord would not open the address.

    Discord shows a masked link as it is written when its label looks like an address. Where the
    label names one host and the link leads to another, both are shown.
    """
    label = _PICTURE.sub(lambda picture: picture["alt"], label)
    label = plain(label.replace("[", "(").replace("]", ")"), _LABEL_LENGTH)
    if url[:5].lower() == "data:":
        return label or _("picture")
    if not _WEB.match(url):
        return f"{label} ({url})" if label and url and not url.startswith("#") else label or url
    target = f"<{quote(url, safe=_SAFE_IN_URL)}>"
    name = label or _host(url)
    if _WEB.match(label) or not name:
        return target
    if _names_another_host(label, url):
        name = f"{label} ({_host(url)})"
    return f"[{name}]({target})"


def deceives(label: str, url: str) -> bool:
    """Whether a link would be taken for another one, or hides characters of its label."""
    return label != plain(label, _LABEL_LENGTH) or _names_another_host(label, url)


def _names_another_host(label: str, url: str) -> bool:
    host = _host(url)
    for found in _NAMED_HOST.finditer(label.lower()):
        named = found[0].removeprefix("www.")
        is_there = host == named or host.endswith("." + named)
        if not is_there and found["last"] not in _FILES:
            return True
    return False


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
