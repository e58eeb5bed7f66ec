"""`/conversation`: what the bot remembers in this channel."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.content import Message, TextPart
from bot.chat.names import plain
from bot.chat.turns import Exchange, Scope, TurnState
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import MESSAGE_LENGTH
from bot.cogs._places import scope_of, settings_place
from bot.errors import ConversationError
from bot.i18n import _, ngettext, use_language

SHOWN_EXCHANGES = 8
EXCERPT_LENGTH = 90


class Conversation(commands.GroupCog, group_name="conversation"):
    """What I remember of this channel."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    @app_commands.command()
    async def show(self, interaction: discord.Interaction[Bot]) -> None:
        """What I remember of the conversation in this channel."""
        use_language(interaction.locale.value)
        await acknowledge(interaction, ephemeral=True)
        scope = await self._scope(interaction)
        exchanges = await self._bot.store.exchanges(scope, limit=SHOWN_EXCHANGES)
        if not exchanges:
            raise ConversationError(_("I remember nothing of this channel yet."))
        head = _("### What I remember here")
        foot = "-# " + _("Newest last. `/conversation clear` makes me forget all of it.")
        told = [_in_short(exchange) for exchange in exchanges]
        while len(content := "\n".join([head, *told, foot])) > MESSAGE_LENGTH:
            del told[0]  # the oldest
        await interaction.edit_original_response(content=content)

    @app_commands.command()
    async def clear(self, interaction: discord.Interaction[Bot]) -> None:
        """Forget the conversation in this channel; everybody here sees that you did."""
        use_language(interaction.locale.value)
        await acknowledge(interaction)
        count = await self._bot.store.clear(await self._scope(interaction))
        if count:
            words = ngettext(
                "Forgotten: {count} question and its answer.",
                "Forgotten: {count} questions and their answers.",
                count,
            ).format(count=count)
        else:
            words = _("There was nothing to forget here.")
        await interaction.edit_original_response(content=words)

    async def _scope(self, interaction: discord.Interaction[Bot]) -> Scope:
        effective = await self._bot.policy.effective(settings_place(interaction))
        if effective.context_scope.value == "replies":
            raise ConversationError(
                _("Here I remember each chain of replies for itself, so there is nothing to list.")
            )
        return scope_of(interaction, effective.context_scope.value)


def _in_short(exchange: Exchange) -> str:
    """A question and its answer, each in one line."""
    speaker = exchange.question.speaker
    name = discord.utils.escape_markdown(plain(speaker.name)) if speaker else _("You")
    asked = f"**{name}**: {_excerpt(exchange.question)}"
    if exchange.state is TurnState.STREAMING:
        return f"{asked}\n> " + _("(answering now)")
    return asked if exchange.answer is None else f"{asked}\n> {_excerpt(exchange.answer)}"


def _excerpt(message: Message) -> str:
    """One line of a turn that nothing in it can break out of."""
    words = " ".join(p.text for p in message.parts if isinstance(p, TextPart))
    text = plain(words[: 2 * EXCERPT_LENGTH], EXCERPT_LENGTH)
    text = discord.utils.escape_mentions(discord.utils.escape_markdown(text))
    others = len(message.parts) - sum(isinstance(p, TextPart) for p in message.parts)
    if others:
        files = ngettext("{count} picture or file", "{count} pictures or files", others)
        text = f"{text} [{files.format(count=others)}]".strip()
    return text


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Conversation(bot))
