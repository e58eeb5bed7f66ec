"""Links and pictures by address, as Discord's masked links."""

from __future__ import annotations

import re
from urllib.parse import quote

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
_NOT_HOST = re.compile(r"^https?://|[/?#\[\]].*", re.IGNORECASE | re.DOTALL)
"""What is left out of an address to have its host, or nothing where it is no name."""
_SAFE_IN_URL = "%/:?#[]@!$&'()*+,;=~-._"


def masked_link(label: str, url: str) -> str:
    """A link without a preview card; only the label where Discord would not open the address.

    Discord shows a masked link as it is written when its label looks like an address.
    """
    label = _PICTURE.sub(lambda picture: picture["alt"], label)
    label = " ".join(label.replace("[", "(").replace("]", ")").split())
    if url[:5].lower() == "data:":
        return label or _("picture")
    if not _WEB.match(url):
        return f"{label} ({url})" if label and url and not url.startswith("#") else label or url
    target = f"<{quote(url, safe=_SAFE_IN_URL)}>"
    name = label or _NOT_HOST.sub("", url)
    if _WEB.match(label) or not name:
        return target
    return f"[{name}]({target})"
