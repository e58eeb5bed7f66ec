"""`/config authcode` and `/config balance`: a server's own account at the gateway."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.byte_file import ByteFile
from bot.chat.account import Balance, by_day
from bot.chat.places import SettingsPlace
from bot.chat.preferences import SealedKey
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import Channel, check_admin, guild_id_of, set_and_tell, within
from bot.cogs._modals import Values, handles, show
from bot.cogs._models import code
from bot.cogs._places import speaker_of
from bot.errors import AccessError, AuthCodeError, LLMError, QuestionError
from bot.i18n import _, use_language
from bot.pictures.workshop import in_workshop
from bot.replies.chart import spending_chart

DAYS = 30
AUTHCODE_LENGTH = 400
FORM = "authcode"
_LISTED = 8


class KeyCommands(commands.Cog):
    """A server's own account."""

    @app_commands.command()
    async def authcode(self, interaction: discord.Interaction[Bot], remove: bool = False) -> None:
        """Let this server use its own auth code instead of the bot's.

        Args:
            interaction: The command.
            remove: Forget the server's auth code.
        """
        use_language(interaction.locale.value)
        if not remove:
            await show_key_form(interaction)
            return
        await acknowledge(interaction, ephemeral=True)
        bot, guild_id = interaction.client, guild_id_of(interaction)
        await bot.policy.keep_key(guild_id, None, speaker_of(interaction.user))
        await interaction.edit_original_response(
            content=_("This server's auth code is forgotten. From now on the bot's own is used.")
        )

    @app_commands.command()
    async def balance(
        self,
        interaction: discord.Interaction[Bot],
        warn_below: app_commands.Range[float, 0, 1_000_000] | None = None,
        channel: Channel | None = None,
        warn: bool = True,
    ) -> None:
        """What is left of this server's own auth code, and what it was spent on.

        Args:
            interaction: The command.
            warn_below: Write a warning when fewer credits are left.
            channel: Where the warning is written.
            warn: False ends the warnings.
        """
        use_language(interaction.locale.value)
        if (warn_below is None) != (channel is None):
            raise QuestionError(_("For a warning, choose both an amount and a channel."))
        await acknowledge(interaction, ephemeral=True)
        if warn_below is not None and channel is not None:
            await check_warning(interaction, text_channel(channel))
            settings = {"warn_below": warn_below, "warn_channel": channel.id}
            await set_and_tell(interaction, None, {**settings})
            return
        if not warn:
            await set_and_tell(interaction, None, {"warn_below": None, "warn_channel": None})
            return
        await show_balance(interaction)


def text_channel(channel: object) -> discord.TextChannel:
    """The channel, if a warning can be written there.

    Raises:
        QuestionError: it is another kind of channel.
    """
    if not isinstance(channel, discord.TextChannel):
        raise QuestionError(_("Choose a text channel for the warning."))
    return channel


async def check_warning(
    interaction: discord.Interaction[Bot], channel: discord.TextChannel
) -> None:
    """Make sure that a warning would come.

    Raises:
        QuestionError: nobody would ever see one.
    """
    me = interaction.guild.me if interaction.guild else None
    if me is not None and not channel.permissions_for(me).send_messages:
        raise QuestionError(
            _("I may not write in {channel}. Allow it there first.").format(channel=channel.mention)
        )
    place = SettingsPlace(guild_id_of(interaction), 0)
    if (await interaction.client.policy.effective(place)).key is None:
        raise QuestionError(
            _(
                "This server uses the bot's auth code, so its credits are not watched. Enter its "
                "own with `/config authcode` first."
            )
        )


async def show_key_form(interaction: discord.Interaction[Bot]) -> None:
    """Ask for the auth code.

    Raises:
        AccessError: the operator has set no key to keep it with.
    """
    interaction.client.keyring.check()
    form = ui.Modal(title=_("Auth code"), custom_id=FORM)
    words: ui.TextInput[Any] = ui.TextInput(
        custom_id="authcode", min_length=8, max_length=AUTHCODE_LENGTH
    )
    form.add_item(
        ui.Label(
            text=_("This server's own auth code"),
            description=_("It is checked, kept encrypted, and never shown again."),
            component=words,
        )
    )
    await show(interaction, form)


@handles(FORM)
async def _entered(
    interaction: discord.Interaction[Bot], _match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    await acknowledge(interaction, ephemeral=True, thinking=True)
    bot = interaction.client
    authcode = values.get("authcode", "").strip()
    is_code = authcode.isascii() and authcode.isprintable() and " " not in authcode
    if not (is_code and 0 < len(authcode) <= AUTHCODE_LENGTH):
        raise QuestionError(_("This is no auth code. Copy it again. Nothing was stored."))
    try:
        balance = await bot.account.balance(authcode)
    except AuthCodeError:
        raise QuestionError(
            _("The gateway does not accept this auth code. Copy it again. Nothing was stored.")
        ) from None
    except LLMError:
        raise QuestionError(
            _("The gateway could not be asked whether it accepts this. Nothing was stored.")
        ) from None
    key = bot.keyring.seal(authcode)
    await bot.policy.keep_key(guild_id_of(interaction), key, speaker_of(interaction.user))
    await interaction.edit_original_response(
        content=_("From now on this server uses the auth code `…{tail}`. {left}").format(
            tail=key.tail, left=_left(balance)
        )
    )


def _left(balance: Balance) -> str:
    if balance.amount:
        return _("Credits left: {left} of {amount}.").format(
            left=f"{balance.balance:,.2f}", amount=f"{balance.amount:,.2f}"
        )
    return _("Credits left: {left}.").format(left=f"{balance.balance:,.2f}")


async def _authcode(interaction: discord.Interaction[Bot], key: SealedKey | None) -> str:
    """The auth code whose books this admin may see: the server's own, if it has one.

    Raises:
        AccessError: that is none.
    """
    bot = interaction.client
    if key is not None:
        return bot.keyring.open(key)
    if await bot.is_owner(interaction.user):
        return bot.authcode
    raise AccessError(
        _(
            "This server uses the bot's auth code, whose books are its operator's. With "
            "`/config authcode` it gets its own."
        )
    )


async def show_balance(interaction: discord.Interaction[Bot]) -> None:
    """Show what is left and what it was spent on; the interaction is deferred.

    Raises:
        AccessError: this admin may not see the books.
        AuthCodeError: the gateway does not accept the auth code any more.
        QuestionError: the gateway does not tell them.
    """
    bot, guild_id = interaction.client, guild_id_of(interaction)
    effective = await bot.policy.effective(SettingsPlace(guild_id, 0))
    authcode = await _authcode(interaction, effective.key)
    zone = ZoneInfo(effective.time_zone.value)
    now = datetime.now(UTC)
    try:
        balance = await bot.account.balance(authcode)
        charges = await bot.account.charges(authcode, since=now - timedelta(days=DAYS))
    except AuthCodeError as error:
        error.on_own_code = effective.key is not None
        raise
    except LLMError:
        raise QuestionError(_("The gateway does not tell its books just now.")) from None
    spending = by_day(charges, zone)
    total = sum(charge.price for charge in charges)
    lines = [
        _left(balance),
        _("Spent in {days} days: {total} credits in {calls} calls.").format(
            days=DAYS, total=f"{total:,.2f}", calls=f"{len(charges):,}"
        ),
        *(
            f"{code(model)}: {sum(days.values()):,.2f}"
            for model, days in list(spending.items())[:_LISTED]
        ),
    ]
    files = []
    if spending:
        today = now.astimezone(zone).date()
        chart = await in_workshop(
            lambda: spending_chart(
                spending,
                today - timedelta(days=DAYS - 1),
                today,
                title=_("Credits by day"),
                others=_("others"),
            )
        )
        files = [
            discord.File(ByteFile(chart), "spending.png", description=_("Credits by day and model"))
        ]
    await interaction.edit_original_response(content=within(lines), attachments=files)
