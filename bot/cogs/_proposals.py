"""Changes that an admin sees before they are made. The message carries them, so they outlive a
restart, and whoever confirms sees when somebody else was faster."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.byte_file import ByteFile
from bot.cdn import Files, NotFetchedError
from bot.chat.moving import exported, fingerprint, imported
from bot.chat.preferences import Configuration, differences
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import change_in_words, check_admin, guild_id_of, within
from bot.cogs._places import speaker_of
from bot.cogs.errors import report
from bot.errors import QuestionError
from bot.i18n import _, use_language

FILE_NAME = "settings.json"
MAX_BYTES = 1_000_000
_SINCE = 5


async def propose(
    interaction: discord.Interaction[Bot], new: Configuration, words: list[str]
) -> None:
    """Show what would become different, and have it confirmed; the interaction is deferred."""
    old = await interaction.client.policy.configuration(guild_id_of(interaction))
    changes = differences(old, new)
    if not changes:
        await interaction.edit_original_response(
            content=_("Nothing would change: it is like that already.")
        )
        return
    view = ui.View(timeout=None)
    view.add_item(ApplyButton(fingerprint(old)))
    view.add_item(DiscardButton())
    lines = [*words, _("### This would change"), *map(change_in_words, changes)]
    await interaction.edit_original_response(
        content=within(lines),
        view=view,
        attachments=[discord.File(ByteFile(exported(new)), FILE_NAME)],
    )


class ApplyButton(ui.DynamicItem[ui.Button[Any]], template=r"apply:(?P<base>[0-9a-f]{16})"):
    """Makes the changes that the message shows."""

    def __init__(self, base: str) -> None:
        super().__init__(
            ui.Button(style=discord.ButtonStyle.primary, label=_("Save"), custom_id=f"apply:{base}")
        )
        self.base = base

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was pressed; its base is untrusted, and only compared."""
        return cls(match["base"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Save, unless something else was changed meanwhile."""
        use_language(interaction.locale.value)
        try:
            check_admin(interaction)
            await acknowledge(interaction)
            await _apply(interaction, self.base)
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)


class DiscardButton(ui.DynamicItem[ui.Button[Any]], template=r"discard"):
    """Forgets the changes that the message shows."""

    def __init__(self) -> None:
        super().__init__(
            ui.Button(style=discord.ButtonStyle.secondary, label=_("Discard"), custom_id="discard")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was pressed."""
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the message's buttons away."""
        use_language(interaction.locale.value)
        try:
            check_admin(interaction)
            _file_in(interaction.message)
            await interaction.response.edit_message(
                content=_("Nothing was changed."), view=None, attachments=[]
            )
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)


async def _apply(interaction: discord.Interaction[Bot], base: str) -> None:
    bot, guild_id = interaction.client, guild_id_of(interaction)
    new = imported(await _file_of(bot.files, interaction.message))

    def edit(old: Configuration) -> Configuration:
        if fingerprint(old) != base:
            raise _OvertakenError
        return new

    try:
        changes = await bot.policy.change(guild_id, edit, speaker_of(interaction.user))
    except _OvertakenError:
        since = await bot.policy.log(guild_id, limit=_SINCE)
        lines = [
            _("Somebody changed settings meanwhile, so nothing was saved. Begin again."),
            _("### Changed last"),
            *(
                f"{change_in_words(entry.change)} · <@{entry.member_id}> "
                f"<t:{int(entry.at.timestamp())}:R>"
                for entry in since
            ),
        ]
    else:
        lines = [_("### Changed"), *map(change_in_words, changes)]
    await interaction.edit_original_response(content=within(lines), view=None, attachments=[])


class _OvertakenError(Exception):
    """The configuration is not what it was when the changes were proposed."""


async def _file_of(files: Files, message: discord.Message | None) -> bytes:
    """The proposal that a message carries.

    Raises:
        QuestionError: it cannot be read any more.
    """
    try:
        return await files.read(_file_in(message), MAX_BYTES)
    except NotFetchedError as error:
        raise _too_old() from error


def _file_in(message: discord.Message | None) -> discord.Attachment:
    """The file of a proposal, which no other message of the bot has.

    Raises:
        QuestionError: the message is none.
    """
    found = [file for file in message.attachments if file.filename == FILE_NAME] if message else []
    if len(found) != 1:
        raise _too_old()
    return found[0]


def _too_old() -> QuestionError:
    return QuestionError(_("This preview is too old. Begin again; nothing was changed."))
