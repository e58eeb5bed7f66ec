"""The messages of one reply as Discord shows them now. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.replies.draft import Buttons


@dataclass(slots=True)
class Shown:
    """One message."""

    id: int
    content: str = ""
    buttons: Buttons = Buttons.UNKNOWN
    files: int = 0
    painted: bool = False
    """Whether it shows this reply; until then it shows what an earlier answer left there."""
    reported: bool = False


class Messages:
    """The messages in the order of the pages, the first of them perhaps an earlier answer's."""

    def __init__(self, adopted: Sequence[int]) -> None:
        self._shown = [Shown(message_id) for message_id in dict.fromkeys(adopted)]
        self._left: list[int] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self._shown)

    def at(self, page: int) -> Shown | None:
        """The message of a page, if it has one."""
        return self._shown[page] if page < len(self._shown) else None

    def add(self, message_id: int) -> Shown:
        """A new message shows the next page."""
        self._shown.append(shown := Shown(message_id))
        return shown

    def leave(self, page: int, *, useless: bool = False) -> None:
        """Let that page and those after it have new messages; the old ones stay if they show
        something of the answer, unless they are useless."""
        self._left += [
            message.id for message in self._shown[page:] if useless or not message.painted
        ]
        del self._shown[page:]

    def stale(self) -> Shown | None:
        """The last message, when its buttons are those of an earlier answer."""
        last = self._shown[-1] if self._shown else None
        return last if last and last.buttons is Buttons.UNKNOWN else None

    def growing(self) -> list[Shown]:
        """Those that still have the buttons of a growing reply."""
        return [m for m in self._shown if m.painted and m.buttons is Buttons.GROWING]

    def is_last(self, message: Shown) -> bool:
        """Whether nothing of the reply comes after it."""
        return message is self._shown[-1]

    def surplus(self, pages: int) -> list[int]:
        """Messages of an earlier answer that a reply of so many pages has no use for."""
        return self._left + [message.id for message in self._shown[pages:] if not message.painted]
