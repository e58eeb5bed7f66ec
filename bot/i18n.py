"""Every sentence shown to people goes through here. English is the source language."""

from __future__ import annotations

import gettext as _gettext
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"

_language: ContextVar[str] = ContextVar("language", default="en")


@cache
def catalogue(language: str) -> _gettext.NullTranslations:
    """The catalogue of a language such as `zh_CN`; English where there is none."""
    return _gettext.translation("liaocord", LOCALES, [language], fallback=True)


def languages() -> tuple[str, ...]:
    """The languages that are spoken: English, and those that have a catalogue."""
    catalogues = LOCALES.glob("*/LC_MESSAGES/liaocord.mo")
    return ("en", *sorted(found.parent.parent.name for found in catalogues))


def use_language(language: str) -> None:
    """Speak this language for the rest of the current task; Discord's `zh-CN` is understood."""
    _language.set(language.replace("-", "_"))


def _(sentence: str) -> str:
    """The sentence in the current task's language."""
    return catalogue(_language.get()).gettext(sentence)


def ngettext(one: str, many: str, count: int) -> str:
    """The sentence for that number of things in the current task's language."""
    return catalogue(_language.get()).ngettext(one, many, count)
