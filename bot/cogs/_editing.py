"""A picture that shall be changed: which one exactly, and the question that asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import discord

from bot.chat.content import Part, TextPart
from bot.chat.profiles import profile_of
from bot.chat.turns import ImageOptions, Question, Task
from bot.client import Bot
from bot.cogs._admission import Admitted, conversation
from bot.cogs._attachments import Attached, Refetch, files_of, is_picture, pictures
from bot.cogs._places import speaker_of
from bot.errors import QuestionError
from bot.i18n import _
from bot.replies.files import picture_number


@dataclass(frozen=True, slots=True)
class Shown:
    """A message with pictures: its id, and the pictures it carries."""

    message_id: int
    pictures: tuple[discord.Attachment, ...]
    refetch: Refetch | None = None
    """Gets the message anew; None when it has just been fetched, or cannot be."""


@dataclass(frozen=True, slots=True)
class Own:
    """Pictures the bot made: the answer they are of and their places in it, counted from 1."""

    turn_id: int
    numbers: tuple[int, ...]


def pictures_of(bot: Bot, message: discord.Message) -> tuple[discord.Attachment, ...]:
    """The pictures of a message that can be edited. The bot's own tables, formulas and charts are
    no such pictures: whoever replies to them speaks of what they say."""
    pictures = filter(is_picture, files_of(message))
    if message.author == bot.user:
        return tuple(file for file in pictures if picture_number(file.filename) is not None)
    return tuple(pictures)


def shown_in(bot: Bot, message: discord.Message) -> Shown:
    """A message and its pictures.

    Raises:
        QuestionError: it has none that can be edited.
    """
    pictures = pictures_of(bot, message)
    if pictures:
        return Shown(message.id, pictures)
    if any(map(is_picture, files_of(message))):
        raise QuestionError(
            _(
                "I drew this from words and figures, and do not edit it as a picture. Reply to it "
                "and say what shall be different."
            )
        )
    raise QuestionError(
        _("There is no picture attached to this message. Previews of links do not count.")
    )


async def own_pictures(bot: Bot, shown: Shown, member: discord.abc.User) -> Own | None:
    """What these pictures are of, if the bot made them, still keeps them, and made them in a talk
    that the member takes part in."""
    numbers = [picture_number(picture.filename) for picture in shown.pictures]
    known = tuple(number for number in numbers if number is not None)
    if not known or len(known) < len(numbers):
        return None
    found = await bot.store.pictures_on(shown.message_id)
    if found is None or max(known) > found[1]:
        return None
    scope = await bot.store.scope_of(found[0])
    if scope is None or not scope.is_open_to(member.id):
        return None
    return Own(found[0], known)


async def edit_of(
    bot: Bot,
    event: discord.Message | discord.Interaction,
    shown: Shown,
    own: Own | None,
    words: str,
    *,
    admitted: Admitted,
    references: Iterable[discord.Attachment] = (),
    options: ImageOptions = ImageOptions(),  # noqa: B008 - frozen
) -> Question:
    """The question that has exactly these pictures changed.

    Pictures the bot made go on with their signatures; all others are part of the question.

    Raises:
        QuestionError: there is one that cannot be read.
        AccessError: the member may not use the image model.
    """
    model = admitted.model(None, admitted.effective.image_model.value)
    profile = profile_of(model)
    member = event.author if isinstance(event, discord.Message) else event.user
    follows: int | None = None
    edits: tuple[int, ...] = ()
    parts: list[Part] = []
    if own is not None:
        follows, edits = own.turn_id, own.numbers
        attached = await pictures(bot, member, references, profile)
    else:
        attached = await pictures(
            bot, member, [*shown.pictures, *references], profile, refetch=shown.refetch
        )
        count = min(len(shown.pictures), len(attached.parts))
        parts, attached = attached.parts[:count], Attached(attached.parts[count:], attached.notices)
    return Question(
        scope=await conversation(bot, event, admitted, follows),
        event_id=event.id,
        speaker=speaker_of(member),
        parts=(*parts, TextPart(words), *attached.parts),
        model=model,
        task=Task.IMAGE,
        image=options,
        follows=follows,
        edits=edits,
        notices=tuple(attached.notices),
        manner=admitted.manner,
    )
