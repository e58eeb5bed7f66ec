"""What an answer defines once and uses elsewhere: link targets and footnotes."""

from __future__ import annotations

from bot.replies.maths import superscript


class References:
    """Link targets by label, and footnotes by number. Labels are compared as CommonMark does."""

    def __init__(self) -> None:
        self._targets: dict[str, str] = {}
        self._missing: set[str] = set()
        self._footnotes: dict[str, int] = {}
        self._numbers: set[int] = set()
        self._highest = 0

    def copy(self) -> References:
        """The same, to be changed on its own."""
        other = References()
        other._targets = self._targets.copy()
        other._missing = self._missing.copy()
        other._footnotes = self._footnotes.copy()
        other._numbers, other._highest = self._numbers.copy(), self._highest
        return other

    def define(self, label: str, url: str) -> bool:
        """Keep a link's target; False when the label was already shown without it."""
        key = _key(label)
        self._targets.setdefault(key, url)  # CommonMark: the first definition counts.
        return key not in self._missing

    def target(self, label: str) -> str | None:
        """The link's target, if it is known by now."""
        key = _key(label)
        if key not in self._targets:
            self._missing.add(key)
        return self._targets.get(key)

    def footnote(self, label: str) -> str:
        """The footnote's raised number: its own, or else the next that is free."""
        key = _key(label)
        if key not in self._footnotes:
            own = int(key) if key.isascii() and key.isdigit() and len(key) < 4 else 0
            number = own if own and own not in self._numbers else self._highest + 1
            self._footnotes[key] = number
            self._numbers.add(number)
            self._highest = max(self._highest, number)
        return superscript(str(self._footnotes[key]))


def _key(label: str) -> str:
    return " ".join(label.split()).casefold()
