"""The buttons of answers with pictures: edit one, enlarge it, go back and forth between edits."""

from __future__ import annotations

import re
from typing import Any

import discord
from discord import ui

from bot.chat.content import TextPart
from bot.chat.studio import ENLARGE
from bot.chat.turns import ImageOptions, Question, Task
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._admission import admit
from bot.cogs._edit_form import chosen_of, open_form, picture_select, shown_again
from bot.cogs._editing import Shown, own_pictures, shown_in
from bot.cogs._growing import grow_below, grow_in_place
from bot.cogs._modals import Values, handles, show
from bot.cogs._places import speaker_of
from bot.cogs._turn_items import TurnItem, button, message_of
from bot.errors import ConversationError
from bot.i18n import _


class EditButton(TurnItem, template=r"edit:(?P<turn>\d{1,18})"):
    """Asks what shall be changed about a picture."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"edit:{turn_id}", _("Edit")))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Open the form."""
        await open_form(interaction, message_of(interaction))


class EnlargeButton(TurnItem, template=r"enlarge:(?P<turn>\d{1,18})"):
    """Has the same picture made at the model's largest size."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"enlarge:{turn_id}", "4K"))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Make it larger, after asking which one if there are several."""
        shown = shown_in(bot, message_of(interaction))
        if len(shown.pictures) < 2:
            await _enlarge(interaction, bot, self.turn_id, shown)
            return
        form = ui.Modal(title="4K", custom_id=f"enlarge:{self.turn_id}:{shown.message_id}")
        select = picture_select(shown.pictures)
        form.add_item(ui.Label(text=_("Which picture?"), component=select))
        await show(interaction, form)


@handles(r"enlarge:(?P<turn>\d{1,18}):(?P<message>\d{1,20})")
async def _enlarge_chosen(
    interaction: discord.Interaction[Any], match: re.Match[str], values: Values
) -> None:
    pressed = EnlargeButton(int(match["turn"]))
    if await pressed.interaction_check(interaction):
        shown = await shown_again(interaction, int(match["message"]))
        await _enlarge(interaction, interaction.client, pressed.turn_id, chosen_of(shown, values))


async def _enlarge(
    interaction: discord.Interaction[Any], bot: Bot, turn_id: int, shown: Shown
) -> None:
    """Have one picture made again, larger, as a further reply."""
    await acknowledge(interaction)
    kept = await bot.variants.kept(turn_id)
    own = await own_pictures(bot, shown, interaction.user)
    if own is None or own.turn_id != turn_id:
        raise ConversationError(_("I no longer keep this picture."))
    number = own.numbers[0]
    image = kept.answer.message.images[number - 1]
    natives = kept.answer.message.natives
    scope = kept.turn.question.scope

    async def prepare() -> Question:
        admitted = await admit(bot, interaction)
        model = natives[image.take].model if image.take < len(natives) else kept.turn.question.model
        admitted.check(model)
        return Question(
            scope=scope,
            event_id=await _claimable(bot, turn_id, number),
            speaker=speaker_of(interaction.user),
            parts=(TextPart(ENLARGE),),
            model=model,
            task=Task.IMAGE,
            image=ImageOptions(size="4K"),
            follows=turn_id,
            edits=(number,),
            manner=admitted.manner,
        )

    asked = await bot.responder.ask(
        scope, prepare, lambda turn: grow_below(interaction, bot, turn, shown.message_id)
    )
    if not asked:  # another press was quicker by a moment
        raise ConversationError(_("This picture is being made larger just now."))


async def _claimable(bot: Bot, turn_id: int, number: int) -> int:
    """The event of a press, which counts once for each picture however often it comes.

    It is below zero, where no message is. After an attempt that made no picture it is that one's,
    so that of many presses again only one counts.

    Raises:
        ConversationError: the larger picture is there, or being made.
    """
    event_id = -(turn_id * 100 + number)
    while (attempt := await bot.variants.attempt(event_id)) is not None:
        if attempt.has_picture:
            raise ConversationError(_("This picture was made larger already."))
        if attempt.is_growing:
            raise ConversationError(_("This picture is being made larger just now."))
        event_id = -(attempt.question_id * 100)  # pictures are counted from 1, so this is free
    return event_id


class UndoButton(TurnItem, template=r"undo:(?P<turn>\d{1,18})"):
    """Shows the picture as it was before the edit."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"undo:{turn_id}", _("Undo")))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Go back."""
        await acknowledge(interaction)
        if not await bot.responder.undo(
            self.turn_id,
            message_of(interaction).id,
            lambda turn: grow_in_place(interaction, bot, turn),
        ):
            raise ConversationError(_("There is nothing to undo just now."))


class RedoButton(TurnItem, template=r"redo:(?P<turn>\d{1,18})"):
    """Shows an undone edit again."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"redo:{turn_id}", _("Redo")))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Go forward again."""
        await acknowledge(interaction)
        if not await bot.responder.redo(
            self.turn_id,
            message_of(interaction).id,
            lambda turn: grow_in_place(interaction, bot, turn),
        ):
            raise ConversationError(_("There is nothing to redo here any more."))
