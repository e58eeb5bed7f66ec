"""A picture that shall be changed: which one exactly, and the question that asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.chat.content import Part, Speaker, TextPart
from bot.chat.profiles import profile_of
from bot.chat.turns import ImageOptions, Question, Scope, Task
from bot.client import Bot
from bot.cogs._attachments import Attached, is_picture, pictures
from bot.errors import ConversationError, QuestionError
from bot.i18n import _
from bot.replies.files import picture_number


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with pictures: its id, and the pictures it carries."""

    message_id: int
    pictures: tuple[discord.Attachment, ...]


def shown_in(message: discord.Message) -> Shown:
    """The pictures of a message."""
    return Shown(message.id, tuple(filter(is_picture, message.attachments)))


async def own_pictures(bot: Bot, shown: Shown) -> tuple[int, tuple[int, ...]] | None:
    """The answer that these pictures are of and their places in it, if the bot made them and
    still keeps them."""
    numbers = [picture_number(picture.filename) for picture in shown.pictures]
    edits = tuple(number for number in numbers if number is not None)
    if not edits or len(edits) < len(numbers):
        return None
    turn_id = await bot.store.turn_of_message(shown.message_id)
    if turn_id is None:
        return None
    try:
        kept = await bot.variants.kept(turn_id)
    except ConversationError:
        return None
    return (turn_id, edits) if max(edits) <= len(kept.answer.message.images) else None


async def edit_of(
    bot: Bot,
    shown: Shown,
    words: str,
    *,
    scope: Scope,
    event_id: int,
    speaker: Speaker,
    model: str,
    references: Iterable[discord.Attachment] = (),
    options: ImageOptions = ImageOptions(),  # noqa: B008 - frozen
) -> Question:
    """The question that has exactly these pictures changed.

    Pictures the bot made go on with their signatures; all others are part of the question.

    Raises:
        QuestionError: there is no picture, or one that cannot be read.
    """
    if not shown.pictures:
        raise QuestionError(
            _("There is no picture attached to this message. Previews of links do not count.")
        )
    profile = profile_of(model)
    follows: int | None = None
    edits: tuple[int, ...] = ()
    parts: list[Part] = []
    notices: list[str] = []
    own = await own_pictures(bot, shown)
    if own is not None:
        follows, edits = own
        attached = await pictures(references, profile)
    else:
        attached = await pictures([*shown.pictures, *references], profile)
        count = min(len(shown.pictures), len(attached.parts))
        parts, attached = attached.parts[:count], Attached(attached.parts[count:], attached.notices)
    notices += attached.notices
    return Question(
        scope=scope,
        event_id=event_id,
        speaker=speaker,
        parts=(*parts, TextPart(words), *attached.parts),
        model=model,
        task=Task.IMAGE,
        image=options,
        follows=follows,
        edits=edits,
        notices=tuple(notices),
    )
