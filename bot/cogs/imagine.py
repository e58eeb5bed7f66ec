"""`/imagine`: pictures."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.content import TextPart
from bot.chat.profiles import KNOWN_IMAGE_MODELS, Profile, normalize_size, profile_of
from bot.chat.turns import ImageOptions, Question, Task
from bot.client import Bot
from bot.cogs._admission import admit, offered
from bot.cogs._asking import PROMPT_LENGTH, answer_interaction
from bot.cogs._attachments import pictures
from bot.cogs._models import MODEL_LENGTH, code, matching
from bot.cogs._places import scope_of, settings_place, speaker_of
from bot.errors import QuestionError
from bot.i18n import _, use_language

OPTION_LENGTH = 100
MAX_PICTURES = 4


class Imagine(commands.Cog):
    """Pictures."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    @app_commands.command()
    async def imagine(
        self,
        interaction: discord.Interaction[Bot],
        prompt: app_commands.Range[str, 1, PROMPT_LENGTH],
        aspect_ratio: app_commands.Range[str, 1, OPTION_LENGTH] | None = None,
        size: app_commands.Range[str, 1, OPTION_LENGTH] | None = None,
        model: app_commands.Range[str, 1, MODEL_LENGTH] | None = None,
        count: app_commands.Range[int, 1, MAX_PICTURES] = 1,
        search: bool = False,
        reference1: discord.Attachment | None = None,
        reference2: discord.Attachment | None = None,
        reference3: discord.Attachment | None = None,
    ) -> None:
        """Make pictures from your words.

        Args:
            interaction: The command.
            prompt: What the picture should show.
            aspect_ratio: Width to height, such as 16:9; without it the model chooses.
            size: How large, such as 1K, 2K or 4K.
            model: Another image model than this channel's.
            count: How many pictures, each a little different.
            search: Let the model look things up on the web first.
            reference1: A picture to go by, or to change.
            reference2: One more.
            reference3: And another.
        """
        use_language(interaction.locale.value)
        scope = scope_of(interaction)

        async def prepare() -> Question:
            admitted = await admit(self._bot, interaction)
            chosen = admitted.model(model, admitted.effective.image_model.value)
            profile = profile_of(chosen)
            if not profile.makes_images:
                raise QuestionError(
                    _("{model} makes no pictures. Try {example}.").format(
                        model=code(chosen), example=code(KNOWN_IMAGE_MODELS[0])
                    )
                )
            if search and not profile.searches:
                raise QuestionError(
                    _(
                        "{model} cannot search the web. Leave that option out for this model."
                    ).format(model=code(chosen))
                )
            shape = image_options(chosen, profile, aspect_ratio, size)
            given = [file for file in (reference1, reference2, reference3) if file is not None]
            attached = await pictures(self._bot, interaction.user, given, profile)
            return Question(
                scope=scope_of(interaction, admitted.context_scope),
                event_id=interaction.id,
                speaker=speaker_of(interaction.user),
                parts=(*attached.parts, TextPart(prompt)),
                model=chosen,
                task=Task.IMAGE,
                image=replace(shape, count=count, search=search),
                notices=tuple(attached.notices),
                manner=admitted.manner,
            )

        await answer_interaction(interaction, scope, prepare)

    @imagine.autocomplete("aspect_ratio")
    async def _ratios(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return matching((await self._profile(interaction)).aspect_ratios, typed)

    @imagine.autocomplete("size")
    async def _sizes(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return matching((await self._profile(interaction)).image_sizes, typed)

    @imagine.autocomplete("model")
    async def _models(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await offered(self._bot, interaction, Task.IMAGE, typed)

    async def _profile(self, interaction: discord.Interaction[Bot]) -> Profile:
        """The facts about the model chosen so far in the command, or else the channel's."""
        named = getattr(interaction.namespace, "model", None)
        if named:
            return profile_of(named)
        effective = await self._bot.policy.effective(settings_place(interaction))
        return profile_of(effective.image_model.value)


def image_options(
    model: str, profile: Profile, aspect_ratio: str | None, size: str | None
) -> ImageOptions:
    """What was asked for, as the model spells it.

    Raises:
        QuestionError: the model cannot make such a picture.
    """
    ratio = aspect_ratio.replace(" ", "") if aspect_ratio else None
    if ratio is not None and ratio not in profile.aspect_ratios:
        raise QuestionError(
            _refused(
                _("{model} cannot make the aspect ratio {value}."),
                model,
                ratio,
                profile.aspect_ratios,
            )
        )
    if size is not None:
        try:
            spelled = normalize_size(size)
        except ValueError:
            spelled = size
        if spelled not in profile.image_sizes:
            raise QuestionError(
                _refused(
                    _("{model} cannot make the size {value}."), model, size, profile.image_sizes
                )
            )
        size = spelled
    return ImageOptions(ratio, size)


def _refused(sentence: str, model: str, value: str, possible: tuple[str, ...]) -> str:
    refusal = sentence.format(model=code(model), value=code(value))
    if not possible:
        return refusal + " " + _("Leave that option out for this model.")
    return refusal + " " + _("Possible: {values}.").format(values=", ".join(possible))


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Imagine(bot))
