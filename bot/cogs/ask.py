"""`/ask`: a question by command."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.content import TextPart
from bot.chat.profiles import profile_of
from bot.chat.turns import Question, Scope, Task
from bot.client import Bot
from bot.cogs._admission import admit, offered
from bot.cogs._asking import PROMPT_LENGTH, answer_interaction
from bot.cogs._attachments import collect
from bot.cogs._models import MODEL_LENGTH
from bot.cogs._places import scope_of, speaker_of
from bot.i18n import use_language


class Ask(commands.Cog):
    """Questions by command."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    @app_commands.command()
    async def ask(
        self,
        interaction: discord.Interaction[Bot],
        prompt: app_commands.Range[str, 1, PROMPT_LENGTH],
        model: app_commands.Range[str, 1, MODEL_LENGTH] | None = None,
        file: discord.Attachment | None = None,
        private: bool = False,
    ) -> None:
        """Ask the AI; the answer grows here.

        Args:
            interaction: The command.
            prompt: What you want to know.
            model: Another model than this channel's.
            file: A picture or a file that the question is about.
            private: Only you see the answer, and it is not remembered.
        """
        use_language(interaction.locale.value)
        scope = _private(interaction) if private else scope_of(interaction)

        async def prepare() -> Question:
            admitted = await admit(self._bot, interaction)
            chosen = admitted.model(model, admitted.effective.chat_model.value)
            attached = await collect(
                self._bot, interaction.user, [file] if file else [], profile_of(chosen)
            )
            here = scope if private else scope_of(interaction, admitted.context_scope)
            return Question(
                scope=here,
                event_id=interaction.id,
                speaker=speaker_of(interaction.user),
                parts=(TextPart(prompt), *attached.parts),
                model=chosen,
                notices=tuple(attached.notices),
                manner=admitted.manner,
            )

        await answer_interaction(interaction, scope, prepare, private=private)

    @ask.autocomplete("model")
    async def _models(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await offered(self._bot, interaction, Task.CHAT, typed)


def _private(interaction: discord.Interaction) -> Scope:
    """A conversation for this one question."""
    here = scope_of(interaction)
    return Scope(f"private:{interaction.id}", here.guild_id, here.channel_id)


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Ask(bot))
