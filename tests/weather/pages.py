"""Which messages show which reply, and what can be read of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.playground.discord import Message, World
from bot.playground.discord.components import walk
from tests.weather.kept import Kept
from tests.weather.questions import Asked, words_in

_NONCE = re.compile(r"(\d+)\.")
_PICTURE = re.compile(r"-(\d+)(?:v\d+)?\.\w+")


class Shelf:
    """The bot's messages, sorted by the question they belong to, oldest first."""

    def __init__(self, world: World, asked: Iterable[Asked], kept: Kept) -> None:
        self._pages: dict[int, list[Message]] = {question.event_id: [] for question in asked}
        self._question_of = {answer.turn_id: answer.event_id for answer in kept.answers}
        self._shown_on = kept.shown_on or {}
        self.strays: list[Message] = []
        """What answers nothing that was asked."""
        for channel_id in world.channels:
            for message in world.messages(channel_id):
                if message.author_id == world.bot.id:
                    self._sort_in(message)

    def of(self, asked: Asked) -> list[Message]:
        """The messages that show the reply to a question."""
        return self._pages[asked.event_id]

    def _sort_in(self, message: Message) -> None:
        event_id = self._event_of(message)
        if event_id is None:
            return
        if event_id in self._pages:
            self._pages[event_id].append(message)
        else:
            self.strays.append(message)

    def _event_of(self, message: Message) -> int | None:
        """The question; None for what the bot says about buttons and settings, 0 for none."""
        if message.interaction is not None:
            commanded = message.interaction.id
            return commanded if commanded in self._pages else None
        turn_id = self._shown_on.get(message.id)
        if turn_id is None and (named := _NONCE.match(message.nonce or "")):
            turn_id = int(named[1])
        if turn_id in self._question_of:
            return self._question_of[turn_id]
        return message.reference.message_id if message.reference is not None else 0


def buttons(message: Message) -> dict[str, str]:
    """What can be pressed under a message: the word in front of the custom id -> custom id."""
    ids = [
        part["custom_id"]
        for part in walk(message.components)
        if "custom_id" in part and not part.get("disabled")
    ]
    return {custom_id.partition(":")[0]: custom_id for custom_id in ids}


def text_of(pages: Sequence[Message]) -> list[str]:
    """The words of the answer that can be read."""
    return [word for page in pages for word in words_in(page.content)]


def pictures_of(pages: Sequence[Message]) -> list[int]:
    """The numbers of the pictures that are attached, as their names tell."""
    names = [file.filename for page in pages for file in page.attachments]
    return sorted(int(found[1]) for name in names if (found := _PICTURE.search(name)))
