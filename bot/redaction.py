"""What must not stand in a log: secrets, and characters that forge or hide a line of it."""

from __future__ import annotations

import re

REMOVED = "[secret]"
SHORTEST = 8
"""Shorter ones are no secrets, and would make holes in ordinary words."""

_known: list[str] = []
"""Longest first, as one may be a part of another."""

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE if ignores_case else 0)
    for pattern, ignores_case in (
        # Headers, and settings as shells and URLs write them. What follows is the secret.
        (r"(?P<kept>\bbearer\s+)[\w.~+/=-]{4,}", True),
        (
            r"(?P<kept>\b(?:(?:discord|liaobots)_)?(?:authorization|(?:x-goog-)?api[_-]?key|auth[_-]?code|token|password"
            r"|secrets?[_-]?key|secret)[\"']?\s*[:=]\s*[\"']?(?:bot\s+)?)(?!bearer\b)"
            r"[^\s\"',;&)}\]\[]{4,}",
            True,
        ),
        (r"(?P<kept>[a-z][\w+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)", True),
        # Whoever has the token of an interaction can answer in the bot's name for 15 minutes.
        (r"(?P<kept>/(?:webhooks|interactions)/\d{15,20}/)[\w.-]{16,}", False),
        # By their own shape: keys of providers, a bot's token, Fernet's tokens and keys.
        (r"(?P<kept>)\b(?:sk|pk|rk)-[\w*-]{6,}", False),
        (r"(?P<kept>)\bAIza[\w-]{10,}", False),
        (r"(?P<kept>)\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}", False),
        (r"(?P<kept>)\bgAAAAA[\w-]{20,}={0,2}", False),
        (r"(?P<kept>)(?<![\w-])[\w-]{43}=", False),
    )
)
# Control characters, line and paragraph separators, bidirectional controls (UAX #9), what is
# drawn as nothing, and halves of surrogate pairs.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)


def conceal(secret: str) -> None:
    """Let this secret be taken out of every text from now on."""
    if len(secret) >= SHORTEST and secret not in _known:
        _known.append(secret)
        _known.sort(key=len, reverse=True)


def without_secrets(text: str) -> str:
    """The text with secrets taken out: those that are known, and what looks like one."""
    for secret in _known:
        text = text.replace(secret, REMOVED)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<kept>{REMOVED}", text)
    return text


def on_one_line(text: str) -> str:
    """The text with everything that could begin, hide or turn a line written out, as `\\n`."""
    return _UNSAFE.sub(lambda found: _ESCAPES.get(found[0]) or _written_out(found[0]), text)


_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _written_out(char: str) -> str:
    code = ord(char)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else (f"\\U{code:08x}")
    )
