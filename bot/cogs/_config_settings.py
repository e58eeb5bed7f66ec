"""`/config model`, `persona`, `sampling`, `context`, `display`, `use`, `retention`."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.chat.preferences import FIELDS, PERSONA_LENGTH, Setting
from bot.chat.profiles import KNOWN_IMAGE_MODELS, profile_of
from bot.chat.turns import Task
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import INHERIT, Channel, guild_id_of, set_and_tell
from bot.cogs._modals import show
from bot.cogs._models import CHOICES, MODEL_LENGTH, code, matching
from bot.errors import QuestionError
from bot.i18n import _, use_language

Switch = Literal["on", "off", "inherit"]
_SWITCHES: dict[str, bool | None] = {"on": True, "off": False, INHERIT: None}
Reasoning = Literal["none", "minimal", "low", "medium", "high", "inherit"]
ContextScope = Literal["channel", "member", "replies", "inherit"]


class SettingsCommands(commands.Cog):
    """Commands that set fields of a layer."""

    @app_commands.command()
    async def model(
        self,
        interaction: discord.Interaction[Bot],
        chat: app_commands.Range[str, 1, MODEL_LENGTH] | None = None,
        image: app_commands.Range[str, 1, MODEL_LENGTH] | None = None,
        members_choose: Switch | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Choose the models for this server, a category or a channel.

        Args:
            interaction: The command.
            chat: The model that answers questions; "inherit" takes the choice back.
            image: The model that makes pictures; "inherit" takes the choice back.
            members_choose: Whether members may ask another model.
            channel: Only for this channel or category; without it, for the whole server.
        """
        changes: dict[str, Setting] = {}
        if chat is not None:
            changes["chat_model"] = _word(chat)
        if image is not None:
            changes["image_model"] = _word(image)
        if members_choose is not None:
            changes["member_models"] = _SWITCHES[members_choose]
        check_models(changes)
        await _set(interaction, channel, changes)

    @model.autocomplete("chat")
    async def _chat_models(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return _with_inherit(interaction.client.models.names(Task.CHAT), typed)

    @model.autocomplete("image")
    async def _image_models(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return _with_inherit(interaction.client.models.names(Task.IMAGE), typed)

    @app_commands.command()
    async def persona(
        self, interaction: discord.Interaction[Bot], channel: Channel | None = None
    ) -> None:
        """Tell the model who it is here; you see it before it is saved.

        Args:
            interaction: The command.
            channel: Only for this channel or category; without it, for the whole server.
        """
        use_language(interaction.locale.value)
        await show_persona_form(interaction, channel.id if channel else None)

    @app_commands.command()
    async def sampling(
        self,
        interaction: discord.Interaction[Bot],
        temperature: app_commands.Range[float, -1, 2] | None = None,
        top_p: app_commands.Range[float, -1, 1] | None = None,
        max_tokens: app_commands.Range[int, 0, 200_000] | None = None,
        reasoning: Reasoning | None = None,
        search: Switch | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Choose how the model answers; what it does not take is told and not sent.

        Args:
            interaction: The command.
            temperature: 0 to 2: how freely it chooses its words; -1 takes it back.
            top_p: 0 to 1: from how much of the likely words it chooses; -1 takes it back.
            max_tokens: How long an answer may be; 0 takes it back.
            reasoning: How long it thinks first.
            search: Whether it looks things up on the web, if it can.
            channel: Only for this channel or category; without it, for the whole server.
        """
        changes: dict[str, Setting] = {}
        for name, number in (("temperature", temperature), ("top_p", top_p)):
            if number is not None:
                changes[name] = None if number < 0 else number
        if max_tokens is not None:
            changes["max_tokens"] = max_tokens or None
        if reasoning is not None:
            changes["reasoning"] = _word(reasoning)
        if search is not None:
            changes["search"] = _SWITCHES[search]
        await _set(interaction, channel, changes)

    @app_commands.command()
    async def context(
        self,
        interaction: discord.Interaction[Bot],
        scope: ContextScope | None = None,
        tokens: app_commands.Range[int, 0, 200_000] | None = None,
        messages: app_commands.Range[int, 0, 100] | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Choose what is remembered together, and how much of it a model gets to see.

        Args:
            interaction: The command.
            scope: The channel's talk, each member's own, or only a chain of replies.
            tokens: How much of the talk a model sees, from 500; 0 takes it back.
            messages: How many questions with their answers it sees; 0 takes it back.
            channel: Only for this channel or category; without it, for the whole server.
        """
        changes: dict[str, Setting] = {}
        if scope is not None:
            changes["context_scope"] = _word(scope)
        if tokens is not None:
            changes["context_tokens"] = tokens or None
        if messages is not None:
            changes["context_messages"] = messages or None
        await _set(interaction, channel, changes)

    @app_commands.command()
    async def display(
        self,
        interaction: discord.Interaction[Bot],
        pages: app_commands.Range[int, 0, 20] | None = None,
        reasoning: Switch | None = None,
        drawing: Switch | None = None,
        footer: Switch | None = None,
        search: Switch | None = None,
        language: app_commands.Range[str, 1, 10] | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Choose how replies are shown in this server, a category or a channel.

        Args:
            interaction: The command.
            pages: Messages a reply may take before the rest goes into a file; 0 takes it back.
            reasoning: Show the model's visible thoughts while it works.
            drawing: Let chat models have pictures made when they are asked for one.
            footer: Name the model and its tokens under each reply.
            search: Let models that can look things up on the web do so.
            language: The language I speak in replies to mentions, such as en-US; or "inherit".
            channel: Only for this channel or category; without it, for the whole server.
        """
        changes: dict[str, Setting] = {}
        if pages is not None:
            changes["max_pages"] = pages or None
        for name, switch in (
            ("show_reasoning", reasoning),
            ("draw_in_chat", drawing),
            ("footer", footer),
            ("search", search),
        ):
            if switch is not None:
                changes[name] = _SWITCHES[switch]
        if language is not None:
            changes["language"] = _word(language)
        await _set(interaction, channel, changes)

    @app_commands.command()
    async def use(
        self,
        interaction: discord.Interaction[Bot],
        mentions: Switch | None = None,
        adults_only: Switch | None = None,
        member_replies: app_commands.Range[int, 0, 20] | None = None,
        channel_replies: app_commands.Range[int, 0, 50] | None = None,
        time_zone: app_commands.Range[str, 1, 64] | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Choose when I answer, and how much at once.

        Args:
            interaction: The command.
            mentions: Answer mentions and replies; without them only commands are answered.
            adults_only: Answer only in channels that are marked as age-restricted.
            member_replies: How many replies may grow for one member at once; 0 takes it back.
            channel_replies: How many replies may grow in one channel at once; 0 takes it back.
            time_zone: Whose midnight begins a day of quotas, such as Europe/Berlin; or "inherit".
            channel: Only for this channel or category; without it, for the whole server.
        """
        changes: dict[str, Setting] = {}
        for name, switch in (("answer_mentions", mentions), ("adults_only", adults_only)):
            if switch is not None:
                changes[name] = _SWITCHES[switch]
        for name, count in (
            ("member_replies", member_replies),
            ("channel_replies", channel_replies),
        ):
            if count is not None:
                changes[name] = count or None
        if time_zone is not None:
            changes["time_zone"] = _word(time_zone)
        await _set(interaction, channel, changes)

    @app_commands.command()
    async def retention(
        self,
        interaction: discord.Interaction[Bot],
        days: app_commands.Range[int, 0, 3_650],
    ) -> None:
        """Choose how long this server's pictures and files are kept.

        Args:
            interaction: The command.
            days: After so many days only their description stays; 0 takes the choice back.
        """
        await _set(interaction, None, {"retention_days": days or None})


async def _set(
    interaction: discord.Interaction[Bot], channel: Channel | None, changes: dict[str, Setting]
) -> None:
    use_language(interaction.locale.value)
    if not changes:
        raise QuestionError(_("Choose at least one thing to change."))
    await acknowledge(interaction, ephemeral=True)
    await set_and_tell(interaction, channel.id if channel else None, changes)


def parsed(name: str, typed: str) -> Setting:
    """What somebody typed into a field, as its kind of value; None for "inherit".

    Raises:
        QuestionError: it is no number.
    """
    word = _word(typed)
    kind = FIELDS[name].kind
    if word is None or kind is str:
        return word
    if kind is bool:
        return _SWITCHES.get(word)
    try:
        return int(word) if kind is int else float(word.replace(",", "."))
    except ValueError:
        raise QuestionError(
            _("{value} is no number. Type one, or {inherit} to take the choice back.").format(
                value=code(word[:20]), inherit=code(INHERIT)
            )
        ) from None


def check_models(changes: dict[str, Setting]) -> None:
    """Explain a model that cannot do its job.

    Raises:
        QuestionError: the profile says that it cannot.
    """
    image, chat = changes.get("image_model"), changes.get("chat_model")
    if isinstance(image, str) and not profile_of(image).makes_images:
        raise QuestionError(
            _("{model} makes no pictures. Image models are for example: {examples}.").format(
                model=code(image), examples=", ".join(map(code, KNOWN_IMAGE_MODELS[:3]))
            )
        )
    if isinstance(chat, str) and _only_draws(chat):
        raise QuestionError(
            _(
                "{model} only makes pictures and cannot hold a talk. Choose it as image model."
            ).format(model=code(chat))
        )


def _only_draws(model: str) -> bool:
    """Whether a model is asked for pictures and nothing else; Google's also talk."""
    profile = profile_of(model)
    return profile.makes_images and not model.lower().rpartition("/")[2].startswith("gemini")


async def show_persona_form(interaction: discord.Interaction[Bot], place_id: int | None) -> None:
    """Ask for the persona of a layer."""
    configuration = await interaction.client.policy.configuration(guild_id_of(interaction))
    form = ui.Modal(title=_("Persona"), custom_id=f"persona:{place_id or 0}")
    words: ui.TextInput[Any] = ui.TextInput(
        custom_id="persona",
        style=discord.TextStyle.paragraph,
        max_length=PERSONA_LENGTH,
        required=False,
        default=configuration.at(place_id).persona,
    )
    form.add_item(
        ui.Label(
            text=_("Who is the model here?"),
            description=_("Filled in: {placeholders}. Empty takes it back.").format(
                placeholders="{server} {channel} {date} {time} {user}"
            ),
            component=words,
        )
    )
    await show(interaction, form)


def _word(typed: str) -> str | None:
    typed = typed.strip()
    return None if typed.lower() in ("", INHERIT) else typed


def _with_inherit(names: tuple[str, ...], typed: str) -> list[app_commands.Choice[str]]:
    inherit = app_commands.Choice(name=_("inherit (take the choice back)"), value=INHERIT)
    found = matching(names, typed)
    if typed.strip() and not INHERIT.startswith(typed.strip().lower()):
        return found
    return [*found[: CHOICES - 1], inherit]
