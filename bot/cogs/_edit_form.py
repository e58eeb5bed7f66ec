"""The form that asks what shall be changed about a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiohttp
import discord
from discord import ui

from bot.chat.names import plain
from bot.chat.profiles import Profile, profile_of
from bot.client import Bot
from bot.cogs._editing import Shown, shown_in
from bot.cogs._modals import Values, show
from bot.cogs._places import settings_place
from bot.errors import QuestionError
from bot.i18n import _

WORDS_LENGTH = 4_000
"""Discord's limit for a text field."""
AS_IT_IS = "as it is"
"""The value of a choice that changes nothing."""
_CHOICES = 25
_DESCRIPTION_LENGTH = 100
_REMEMBERED = 200

_opened: dict[tuple[int, int, int], Shown] = {}
"""Pictures of messages whose form was opened, by who opened it, where, and the message's id:
without the Message Content Intent, Discord shows them in the menu's interaction only. Nobody gets
them who has not been shown them there."""


async def open_form(interaction: discord.Interaction[Bot], message: discord.Message) -> None:
    """Ask what shall be changed about a message's pictures.

    Raises:
        QuestionError: it has none.
    """
    shown = shown_in(interaction.client, message)
    while len(_opened) >= _REMEMBERED:
        del _opened[next(iter(_opened))]
    _opened[_opening(interaction, message.id)] = shown
    effective = await interaction.client.policy.effective(settings_place(interaction))
    profile = profile_of(effective.image_model.value)
    await show(interaction, _form(shown, profile))


def _opening(interaction: discord.Interaction[Bot], message_id: int) -> tuple[int, int, int]:
    return interaction.user.id, interaction.channel_id or 0, message_id


def _form(shown: Shown, profile: Profile) -> ui.Modal:
    form = ui.Modal(title=_("Edit image"), custom_id=f"edit:{shown.message_id}")
    words: ui.TextInput[Any] = ui.TextInput(
        custom_id="words", style=discord.TextStyle.paragraph, max_length=WORDS_LENGTH
    )
    form.add_item(ui.Label(text=_("What shall be changed?"), component=words))
    if len(shown.pictures) > 1:
        form.add_item(ui.Label(text=_("Which picture?"), component=picture_select(shown.pictures)))
    for custom_id, label, values in (
        ("ratio", _("Aspect ratio"), profile.aspect_ratios),
        ("size", _("Size"), profile.image_sizes),
    ):
        if values:
            options = [discord.SelectOption(label=_("As it is"), value=AS_IT_IS, default=True)]
            options += [discord.SelectOption(label=value) for value in values]
            select: ui.Select[Any] = ui.Select(
                custom_id=custom_id, options=options[:_CHOICES], required=False
            )
            form.add_item(ui.Label(text=label, component=select))
    return form


def picture_select(pictures: Sequence[discord.Attachment]) -> ui.Select[Any]:
    """A choice among the pictures of a message, counted from 1."""
    options = [
        discord.SelectOption(
            label=_("Picture {number}").format(number=number),
            value=str(number),
            description=plain(picture.description or picture.filename, _DESCRIPTION_LENGTH) or None,
            default=number == 1,
        )
        for number, picture in enumerate(pictures, start=1)
    ]
    return ui.Select(custom_id="picture", options=options[:_CHOICES])


def chosen_of(shown: Shown, values: Values) -> Shown:
    """Only the picture that was chosen in a form; all where there was no choice.

    Raises:
        QuestionError: there is no such picture.
    """
    wanted = values.get("picture", "")
    if not wanted:
        return shown
    if not wanted.isdecimal() or not 1 <= int(wanted) <= len(shown.pictures):
        raise QuestionError(_("This picture is not there any more."))
    return Shown(shown.message_id, (shown.pictures[int(wanted) - 1],))


async def shown_again(interaction: discord.Interaction[Bot], message_id: int) -> Shown:
    """The pictures of a message of the interaction's channel; of no other one, whatever a forged
    form says.

    Raises:
        QuestionError: it cannot be read (any more).
    """
    channel = interaction.client.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )
    known = _opened.get(_opening(interaction, message_id))
    try:
        return shown_in(interaction.client, await channel.fetch_message(message_id))
    except QuestionError:
        # Without the Message Content Intent it looks empty.
        if known is not None:
            return known
        raise
    except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
        if known is not None:
            return known
        raise QuestionError(
            _("I cannot read the message with the picture any more. Send the picture again.")
        ) from error
