"""The buttons under a reply. Their custom ids carry the turn, so they outlive every restart."""

from __future__ import annotations

import logging
import re
from abc import abstractmethod
from typing import Any, Self, cast

import discord
from discord import ui

from bot.byte_file import ByteFile
from bot.chat.content import TextPart
from bot.chat.places import SettingsPlace
from bot.chat.ports import ConversationStore
from bot.chat.studio import ENLARGE
from bot.chat.turns import (
    REMEMBERED,
    Ending,
    ImageOptions,
    OpenTurn,
    Question,
    Task,
)
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._admission import admit
from bot.cogs._edit_form import chosen_of, open_form, picture_select, shown_again
from bot.cogs._editing import Shown, own_pictures, shown_in
from bot.cogs._modals import Values, handles, show
from bot.cogs._models import CHOICES, code
from bot.cogs._places import settings_place, speaker_of
from bot.cogs.errors import report, tell
from bot.errors import (
    AccessError,
    BotError,
    ConversationError,
    QuestionError,
    StorageError,
)
from bot.i18n import _, use_language
from bot.replies.errors import NETWORK_ERRORS, classify
from bot.replies.live import LiveReply
from bot.replies.places import ChannelPlace, Place

log = logging.getLogger(__name__)

SECONDARY = discord.ButtonStyle.secondary
PRIMARY = discord.ButtonStyle.primary


async def grow(bot: Bot, place: Place, turn: OpenTurn, settings: SettingsPlace) -> LiveReply:
    """Start the reply to a turn; every page it opens is remembered."""
    effective = await bot.policy.effective(settings)
    reply_id = turn.pages[0][1] if turn.pages else None

    async def on_page(page: int, channel_id: int, message_id: int) -> None:
        if not turn.is_remembered:
            return
        try:
            await bot.store.shown_on(
                turn.turn_id,
                page=page,
                channel_id=channel_id,
                message_id=message_id,
                reply_id=reply_id,
            )
        except StorageError as error:
            # The page is there, and its buttons know the turn; only a reply to it does not.
            log.warning("page not noted turn=%d: %s", turn.turn_id, error)

    reply = LiveReply(
        place,
        bot.budget,
        bot.clock,
        name=f"{turn.turn_id}.{turn.variant}",
        controls=lambda ending: controls(turn, ending),
        on_page=on_page,
        max_pages=effective.max_pages.value,
        show_reasoning=effective.show_reasoning.value,
    )
    reply.start()
    return reply


def controls(turn: OpenTurn, ending: Ending | None) -> ui.View | None:
    """A new view for a growing reply (`ending` None) or for one that ended so.

    Views hold nothing but dynamic items and are never stopped: discord.py 2.7.1 would otherwise
    forget the patterns for the whole client.
    """
    turn_id = turn.turn_id
    items: list[_TurnItem] = []
    if not turn.is_remembered:
        return None
    if ending is None:
        items.append(StopButton(turn_id))
    elif turn.question.scope.is_private:
        return None  # It is forgotten already.
    else:
        if ending.can_retry:
            items.append(RetryButton(turn_id))
        if ending.can_continue and turn.question.task is Task.CHAT:
            items.append(ContinueButton(turn_id))
        if ending.state in REMEMBERED:
            items += [RegenerateButton(turn_id, turn.question.task), OtherModelButton(turn_id)]
        if ending.pictures:
            items.append(EditButton(turn_id))
            if ending.can_enlarge:
                items.append(EnlargeButton(turn_id))
        if turn.question.edits:
            items.append(UndoButton(turn_id))
        if turn.redo is not None:
            items.append(RedoButton(turn.redo))
        if turn.others:
            row = sorted({*turn.others, turn_id})
            place = row.index(turn_id) + 1
            items.append(VariantButton(turn_id, -1, place, len(row)))
            items.append(VariantButton(turn_id, +1, place, len(row)))
        if ending.state in REMEMBERED and turn.question.task is Task.CHAT:
            items.append(FileButton(turn_id))
    if not items:
        return None
    view = ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view


class _TurnItem(ui.DynamicItem[ui.Item[Any]], template=r"never:(?P<turn>\d+)"):
    """Something that belongs to one answer; the asker and moderators may use it."""

    def __init__(self, turn_id: int, item: ui.Item[Any]) -> None:
        super().__init__(item)
        self.turn_id = turn_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the item that was used; its id is untrusted until the asker is looked up."""
        return cls(int(match["turn"]))  # type: ignore[call-arg]  # most take the id only

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Only the asker and members who may manage messages."""
        use_language(interaction.locale.value)
        try:
            refusal = await self._refusal(interaction)
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)
            return False
        if refusal:
            await tell(interaction, refusal)
        return not refusal

    async def _refusal(self, interaction: discord.Interaction[Any]) -> str:
        """Why this member may not use the item; empty when they may.

        An answer of another place is said to be unknown: whether there is one is nobody's business.
        """
        store = cast("Bot", interaction.client).store
        asker = await store.asker_of(self.turn_id)
        if asker is None or not await self._is_of(interaction, store):
            return _("I no longer remember this conversation.")
        moderates = interaction.guild is not None and interaction.permissions.manage_messages
        if interaction.user.id != asker and not moderates:
            return _("Only the one who asked, or a moderator, can use this button.")
        return ""

    async def _is_of(self, interaction: discord.Interaction[Any], store: ConversationStore) -> bool:
        """Whether the answer belongs where the item was used: to the message, or, as far as that
        shows another one or none, to the same conversation in the same channel."""
        message = interaction.message
        shown = None if message is None else await store.turn_of_message(message.id)
        if shown == self.turn_id:
            return True
        scope = await store.scope_of(self.turn_id)
        if scope is None or (scope.guild_id, scope.channel_id) != (
            interaction.guild_id,
            interaction.channel_id,
        ):
            return False
        return shown is None or await store.scope_of(shown) == scope

    async def callback(self, interaction: discord.Interaction[Any], /) -> None:
        """Do what the item says; errors become a sentence for whoever used it."""
        try:
            await self.use(interaction, cast("Bot", interaction.client))
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)

    @abstractmethod
    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Do what the item says."""


class StopButton(_TurnItem, template=r"stop:(?P<turn>\d{1,18})"):
    """Ends a growing reply where it is."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label=_("Stop"), custom_id=f"stop:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Stop the reply."""
        if not bot.responder.stop(self.turn_id):
            raise ConversationError(_("This reply does not grow any more."))
        await acknowledge(interaction)


class RetryButton(_TurnItem, template=r"retry:(?P<turn>\d{1,18})"):
    """Asks the same question once more, where the failed answer stands."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=PRIMARY, label=_("Retry"), custom_id=f"retry:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Answer again."""
        await acknowledge(interaction)
        await _answer_again(interaction, bot, self.turn_id)


class RegenerateButton(_TurnItem, template=r"again:(?P<turn>\d{1,18})"):
    """Asks for another answer; the present one stays as a variant."""

    def __init__(self, turn_id: int, task: Task = Task.CHAT) -> None:
        label = _("Again") if task is Task.IMAGE else _("Regenerate")
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label=label, custom_id=f"again:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Answer again."""
        await acknowledge(interaction)
        await _answer_again(interaction, bot, self.turn_id)


class OtherModelButton(_TurnItem, template=r"models:(?P<turn>\d{1,18})"):
    """Lets the member choose the model of another answer."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label="▾", custom_id=f"models:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Show the models."""
        kept = await bot.variants.kept(self.turn_id)
        drawn = kept.turn.question.task is Task.IMAGE
        admitted = await admit(bot, interaction)
        if not admitted.effective.member_models.value:
            raise AccessError(_("Members cannot choose the model here."))
        names = tuple(admitted.usable(bot.models.names(Task.IMAGE if drawn else Task.CHAT)))
        view = ui.View(timeout=None)
        view.add_item(ModelSelect(self.turn_id, names, kept.turn.question.model))
        await interaction.response.send_message(
            _("Which model shall answer?"), view=view, ephemeral=True
        )


class ModelSelect(_TurnItem, template=r"model:(?P<turn>\d{1,18})"):
    """Asks another model for another answer."""

    def __init__(self, turn_id: int, names: tuple[str, ...] = (), current: str = "") -> None:
        select: ui.Select[Any] = ui.Select(
            custom_id=f"model:{turn_id}",
            placeholder=_("Choose a model"),
            options=[
                discord.SelectOption(label=name, default=name == current)
                for name in names[:CHOICES]
            ],
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


class ContinueButton(_TurnItem, template=r"continue:(?P<turn>\d{1,18})"):
    """Has an answer that was cut off continued."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=PRIMARY, label=_("Continue"), custom_id=f"continue:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Go on in a further reply; the cut one loses its buttons."""
        message = interaction.message
        assert message is not None  # a button is always on a message
        if await bot.store.turn_of_message(message.id) not in (None, self.turn_id):
            raise ConversationError(_("This answer stands there no longer."))
        admitted = await admit(bot, interaction)
        admitted.check((await bot.variants.kept(self.turn_id)).turn.question.model)
        await acknowledge(interaction)
        place = _reply_to(interaction, bot, message.id)

        async def open_surface(turn: OpenTurn) -> LiveReply:
            reply = await grow(bot, place, turn, settings_place(interaction))
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


class EditButton(_TurnItem, template=r"edit:(?P<turn>\d{1,18})"):
    """Asks what shall be changed about a picture."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label=_("Edit"), custom_id=f"edit:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Open the form."""
        assert interaction.message is not None  # a button is always on a message
        await open_form(interaction, interaction.message)


class EnlargeButton(_TurnItem, template=r"enlarge:(?P<turn>\d{1,18})"):
    """Has the same picture made at the model's largest size."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label="4K", custom_id=f"enlarge:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Make it larger, after asking which one if there are several."""
        assert interaction.message is not None  # a button is always on a message
        shown = shown_in(interaction.message)
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
    button = EnlargeButton(int(match["turn"]))
    if await button.interaction_check(interaction):
        shown = await shown_again(interaction, int(match["message"]))
        await _enlarge(interaction, interaction.client, button.turn_id, chosen_of(shown, values))


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
            # Below zero are presses that count once for each picture, however often they come.
            event_id=-(turn_id * 100 + number),
            speaker=speaker_of(interaction.user),
            parts=(TextPart(ENLARGE),),
            model=model,
            task=Task.IMAGE,
            image=ImageOptions(size="4K"),
            follows=turn_id,
            edits=(number,),
            manner=admitted.manner,
        )

    place = _reply_to(interaction, bot, shown.message_id)
    asked = await bot.responder.ask(
        scope, prepare, lambda turn: grow(bot, place, turn, settings_place(interaction))
    )
    if not asked:
        raise ConversationError(_("This picture was made larger already."))


def _reply_to(interaction: discord.Interaction[Any], bot: Bot, message_id: int) -> ChannelPlace:
    """A further reply in the interaction's channel."""
    channel = bot.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )
    return ChannelPlace(
        channel,
        reply_to=message_id,
        ping=False,
        asker=interaction.user,
        max_file_bytes=interaction.filesize_limit,
    )


class UndoButton(_TurnItem, template=r"undo:(?P<turn>\d{1,18})"):
    """Shows the picture as it was before the edit."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label=_("Undo"), custom_id=f"undo:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Go back."""
        await acknowledge(interaction)
        if not await bot.responder.undo(
            self.turn_id,
            _pressed_on(interaction),
            lambda turn: _grow_in_place(interaction, bot, turn),
        ):
            raise ConversationError(_("There is nothing to undo just now."))


class RedoButton(_TurnItem, template=r"redo:(?P<turn>\d{1,18})"):
    """Shows an undone edit again."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label=_("Redo"), custom_id=f"redo:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Go forward again."""
        await acknowledge(interaction)
        if not await bot.responder.redo(
            self.turn_id,
            _pressed_on(interaction),
            lambda turn: _grow_in_place(interaction, bot, turn),
        ):
            raise ConversationError(_("There is nothing to redo here any more."))


class VariantButton(
    _TurnItem,
    template=r"variant:(?P<turn>\d{1,18}):(?P<step>-1|1):(?P<place>\d{1,6}):(?P<count>\d{1,6})",
):
    """Shows the previous or the next answer to the same question."""

    def __init__(self, turn_id: int, step: int, place: int, count: int) -> None:
        back = step < 0
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY,
            label="◀" if back else f"{place}/{count} ▶",
            custom_id=f"variant:{turn_id}:{step}:{place}:{count}",
            disabled=place == (1 if back else count),
        )
        super().__init__(turn_id, button)
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
            lambda turn: _grow_in_place(interaction, bot, turn),
            message_id=_pressed_on(interaction),
        ):
            raise ConversationError(_("There is no other answer in that direction just now."))


class FileButton(_TurnItem, template=r"file:(?P<turn>\d{1,18})"):
    """Gives the whole answer as a Markdown file."""

    def __init__(self, turn_id: int) -> None:
        button: ui.Button[Any] = ui.Button(
            style=SECONDARY, label=_("As file"), custom_id=f"file:{turn_id}"
        )
        super().__init__(turn_id, button)

    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Send the file to whoever pressed."""
        await acknowledge(interaction, thinking=True, ephemeral=True)
        kept = await bot.variants.kept(self.turn_id)
        text = kept.answer.message.text.encode()
        if len(text) > interaction.filesize_limit:
            raise BotError(_("This answer is too large for a file here."))
        file = discord.File(ByteFile(text), "answer.md")
        await interaction.edit_original_response(attachments=[file])


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
        lambda turn: _grow_in_place(interaction, bot, turn),
        model=model,
        message_id=message_id,
        manner=admitted.manner,
    ):
        raise ConversationError(_("This question is being answered already."))


def _pressed_on(interaction: discord.Interaction[Any]) -> int:
    assert interaction.message is not None  # a button is always on a message
    return interaction.message.id


async def _grow_in_place(
    interaction: discord.Interaction[Any], bot: Bot, turn: OpenTurn
) -> LiveReply:
    """Grow on the messages that show the answer so far."""
    channel_id = turn.pages[0][0] if turn.pages else turn.question.scope.channel_id
    channel = bot.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    place = ChannelPlace(
        channel,
        adopted=tuple(message_id for _channel_id, message_id in turn.pages),
        reply_to=None if turn.pages else turn.question.event_id,
        asker=interaction.user,
        max_file_bytes=interaction.filesize_limit,
        ping=False,
    )
    return await grow(bot, place, turn, settings_place(interaction))


async def setup(bot: Bot) -> None:
    """Make the buttons of all messages work, also of old ones."""
    bot.add_dynamic_items(
        StopButton,
        RetryButton,
        RegenerateButton,
        OtherModelButton,
        ModelSelect,
        ContinueButton,
        EditButton,
        EnlargeButton,
        UndoButton,
        RedoButton,
        VariantButton,
        FileButton,
    )
