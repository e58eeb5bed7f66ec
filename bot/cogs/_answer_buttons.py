"""The buttons of every answer: end it, ask again, leaf through its variants, take it along."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any, Self, cast

import discord
from discord import ui

from bot.byte_file import ByteFile
from bot.chat.continuing import whole_text
from bot.chat.turns import OpenTurn, Task
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._admission import admit
from bot.cogs._growing import grow_below, grow_in_place
from bot.cogs._models import CHOICES, code
from bot.cogs._places import speaker_of
from bot.cogs._turn_items import PRIMARY, TurnItem, button, message_of
from bot.errors import AccessError, BotError, ConversationError, QuestionError
from bot.i18n import _
from bot.replies.errors import NETWORK_ERRORS, classify
from bot.replies.live import LiveReply

log = logging.getLogger(__name__)

LISTS = 5
"""A message has no more rows."""
PLACEHOLDER = 150
"""Characters that Discord takes of it."""


class StopButton(TurnItem, template=r"stop:(?P<turn>\d{1,18})"):
    """Ends a growing reply where it is."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"stop:{turn_id}", _("Stop")))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Stop the reply."""
        if not bot.responder.stop(self.turn_id):
            raise ConversationError(_("This reply does not grow any more."))
        await acknowledge(interaction)


class RetryButton(TurnItem, template=r"retry:(?P<turn>\d{1,18})"):
    """Asks the same question once more, where the failed answer stands."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"retry:{turn_id}", _("Retry"), PRIMARY))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Answer again."""
        await acknowledge(interaction)
        await _answer_again(interaction, bot, self.turn_id)


class RegenerateButton(TurnItem, template=r"again:(?P<turn>\d{1,18})"):
    """Asks for another answer; the present one stays as a variant."""

    def __init__(self, turn_id: int, task: Task = Task.CHAT) -> None:
        label = _("Again") if task is Task.IMAGE else _("Regenerate")
        super().__init__(turn_id, button(f"again:{turn_id}", label))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Answer again."""
        await acknowledge(interaction)
        await _answer_again(interaction, bot, self.turn_id)


class OtherModelButton(TurnItem, template=r"models:(?P<turn>\d{1,18})"):
    """Lets the member choose the model of another answer."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"models:{turn_id}", "▾"))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Show the models."""
        kept = await bot.variants.kept(self.turn_id)
        drawn = kept.turn.question.task is Task.IMAGE
        admitted = await admit(bot, interaction)
        if not admitted.effective.member_models.value:
            raise AccessError(_("Members cannot choose the model here."))
        names = admitted.usable(bot.models.names(Task.IMAGE if drawn else Task.CHAT))
        if not names:
            raise AccessError(
                _(
                    "None of your roles may use another model here. A server admin can allow one "
                    "with `/config access models`."
                )
            )
        view = ui.View(timeout=None)
        parts = [names[start : start + CHOICES] for start in range(0, len(names), CHOICES)]
        for number, part in enumerate(parts[:LISTS]):
            view.add_item(ModelSelect(self.turn_id, part, kept.turn.question.model, number))
        words = _("Which model shall answer?")
        if left := sum(map(len, parts[LISTS:])):
            rest = _("{count} more do not fit here: {command} takes each of them by its name.")
            command = "/imagine" if drawn else "/ask"
            words += "\n-# " + rest.format(count=left, command=f"`{command}`")
        await interaction.response.send_message(words, view=view, ephemeral=True)


class ModelSelect(TurnItem, template=r"model:(?P<turn>\d{1,18})(?::[1-4])?"):
    """Asks another model for another answer; one of several where one cannot hold them all."""

    def __init__(
        self, turn_id: int, names: Sequence[str] = (), current: str = "", number: int = 0
    ) -> None:
        words = _("Choose a model")
        if number:
            words = _("More models: {first} to {last}").format(first=names[0], last=names[-1])
        select: ui.Select[Any] = ui.Select(
            custom_id=f"model:{turn_id}:{number}" if number else f"model:{turn_id}",
            placeholder=words[:PLACEHOLDER],
            options=[discord.SelectOption(label=name, default=name == current) for name in names],
        )
        super().__init__(turn_id, select)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Answer again by the chosen model."""
        assert interaction.data is not None  # a select always has data
        message = interaction.message
        if message is None or not message.flags.ephemeral:
            raise ConversationError(_("I do not know this list any more. Open it again."))
        [model] = cast("list[str]", interaction.data.get("values"))
        await interaction.response.edit_message(
            content=_("Asking {model}.").format(model=code(model)), view=None
        )
        await _answer_again(interaction, bot, self.turn_id, model=model)


async def _answer_again(
    interaction: discord.Interaction[Any], bot: Bot, turn_id: int, *, model: str | None = None
) -> None:
    admitted = await admit(bot, interaction)
    asked = (await bot.variants.kept(turn_id)).turn.question
    if model is None:
        admitted.check(asked.model)
    elif model not in bot.models.names(asked.task):
        raise QuestionError(_("This model is not offered any more. Choose another one."))
    else:
        admitted.model(model, asked.model)
    message = interaction.message
    # The list of models is a message of its own, and shows no answer.
    message_id = None if message is None or message.flags.ephemeral else message.id
    if not await bot.responder.again(
        turn_id,
        lambda turn: grow_in_place(interaction, bot, turn),
        model=model,
        message_id=message_id,
        manner=admitted.manner,
    ):
        raise ConversationError(_("This question is being answered already."))


class ContinueButton(TurnItem, template=r"continue:(?P<turn>\d{1,18})"):
    """Has an answer that was cut off continued."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"continue:{turn_id}", _("Continue"), PRIMARY))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Go on in a further reply; the cut one loses its buttons."""
        message = message_of(interaction)
        if await bot.store.turn_of_message(message.id) not in (None, self.turn_id):
            raise ConversationError(_("This answer stands there no longer."))
        admitted = await admit(bot, interaction)
        admitted.check((await bot.variants.kept(self.turn_id)).turn.question.model)
        await acknowledge(interaction)

        async def open_surface(turn: OpenTurn) -> LiveReply:
            reply = await grow_below(interaction, bot, turn, message.id)
            # Only now, as the press is remembered: a crash before it must leave the buttons.
            try:
                await interaction.edit_original_response(view=None)
            except NETWORK_ERRORS as error:
                log.info("buttons not taken away turn=%d: %s", self.turn_id, classify(error))
            return reply

        await bot.responder.go_on(
            self.turn_id,
            message.id,  # one continuation for each reply, however often the button is pressed
            speaker_of(interaction.user),
            open_surface,
            manner=admitted.manner,
        )


class VariantButton(
    TurnItem,
    template=r"variant:(?P<turn>\d{1,18}):(?P<step>-1|1):(?P<place>\d{1,6}):(?P<count>\d{1,6})",
):
    """Shows the previous or the next answer to the same question."""

    def __init__(self, turn_id: int, step: int, place: int, count: int) -> None:
        back = step < 0
        super().__init__(
            turn_id,
            button(
                f"variant:{turn_id}:{step}:{place}:{count}",
                "◀" if back else f"{place}/{count} ▶",
                disabled=place == (1 if back else count),
            ),
        )
        self.step = step

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was pressed."""
        return cls(int(match["turn"]), int(match["step"]), int(match["place"]), int(match["count"]))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Show the neighbour."""
        await acknowledge(interaction)
        if not await bot.responder.turn_page(
            self.turn_id,
            self.step,
            lambda turn: grow_in_place(interaction, bot, turn),
            message_id=message_of(interaction).id,
        ):
            raise ConversationError(_("There is no other answer in that direction just now."))


class FileButton(TurnItem, template=r"file:(?P<turn>\d{1,18})"):
    """Gives the whole answer, with what it continues, as a Markdown file."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(turn_id, button(f"file:{turn_id}", _("As file")))

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Send the file to whoever pressed."""
        await acknowledge(interaction, thinking=True, ephemeral=True)
        text = (await whole_text(bot.variants, self.turn_id)).encode()
        if len(text) > interaction.filesize_limit:
            raise BotError(_("This answer is too large for a file here."))
        file = discord.File(ByteFile(text), "answer.md")
        await interaction.edit_original_response(attachments=[file])
