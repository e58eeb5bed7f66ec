"""The life of an interaction: opened by a person, acknowledged in three seconds, over in fifteen
minutes."""

from __future__ import annotations

import asyncio
import secrets

import msgspec
from msgspec import UNSET

from bot.playground.discord import composing, forms
from bot.playground.discord.bodies import CallbackBody, ChoicesBody, MessageBody, decode
from bot.playground.discord.composing import Files
from bot.playground.discord.errors import (
    already_acknowledged,
    expired_token,
    invalid_form,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from bot.playground.discord.state import (
    Interaction,
    InteractionKind,
    InteractionState,
    Json,
    Message,
    MessageFlag,
    MessageKind,
    Reference,
)
from bot.playground.discord.world import ChangeKind, World

LIFETIME_SECONDS = 900.0  # what clients reckon with, from the time in the interaction's id
CHOICE_LIMIT = 25

MESSAGE = 4
DEFERRED_MESSAGE = 5
DEFERRED_UPDATE = 6
UPDATE = 7
CHOICES = 8
MODAL = 9


def open_interaction(
    world: World,
    kind: InteractionKind,
    *,
    user_id: int,
    channel_id: int,
    data: Json,
    source: Message | None = None,
) -> Interaction:
    """Ask something of the bot; it fails by itself when nobody acknowledges it in time."""
    settings = world.settings
    interaction = Interaction(
        world.ids.dated_back(LIFETIME_SECONDS - settings.interaction_seconds),
        secrets.token_urlsafe(48),
        kind,
        user_id,
        channel_id,
        world.channel(channel_id).guild_id,
        data,
        world.now(),
        source,
    )
    world.interactions[interaction.token] = interaction
    world.announce(ChangeKind.INTERACTION_CREATE, interaction)
    asyncio.get_running_loop().call_later(settings.ack_seconds, _give_up, world, interaction)
    return interaction


def acknowledge(
    world: World, interaction_id: int, token: str, body: CallbackBody, files: Files
) -> Interaction:
    """Take the bot's first answer.

    Raises:
        ApiError: 10062 when it is late, 40060 when it is not the first, 50035 when its kind does
            not suit.
    """
    interaction = world.interactions.get(token)
    if interaction is None or interaction.id != interaction_id or interaction.failed:
        raise unknown_interaction()
    if interaction.is_acknowledged:
        raise already_acknowledged()
    match body.type:
        case _ if (body.type == CHOICES) is not (interaction.kind is InteractionKind.AUTOCOMPLETE):
            raise _unsuitable()
        case 4 | 5:
            _answer(world, interaction, body, files)
        case 6 | 7 if interaction.source is not None:
            interaction.original = interaction.source
            if body.type == UPDATE:
                edited = decode(body.data, MessageBody)
                composing.edit(world, interaction.source, edited, files, interaction=interaction)
        case 8:
            choices = decode(body.data, ChoicesBody).choices
            if len(choices) > CHOICE_LIMIT:
                raise invalid_form("data.choices", "BASE_TYPE_BAD_LENGTH", "Must be 25 or fewer.")
            interaction.choices = choices
        case 9 if interaction.kind is not InteractionKind.MODAL_SUBMIT:
            interaction.modal = forms.checked(msgspec.json.decode(body.data))
        case _:
            raise _unsuitable()
    _settle(
        world,
        interaction,
        InteractionState.DEFERRED if body.type == DEFERRED_MESSAGE else InteractionState.ANSWERED,
    )
    return interaction


def living(world: World, token: str) -> Interaction:
    """Find the interaction behind a webhook token.

    Raises:
        ApiError: 50027 when its time is over, 10015 when it is unknown or not acknowledged.
    """
    interaction = world.interactions.get(token)
    if interaction is None:
        raise unknown_webhook()
    if world.now() - interaction.created > world.settings.interaction_seconds:
        raise expired_token()
    if not interaction.is_acknowledged:
        raise unknown_webhook()
    return interaction


def message_of(interaction: Interaction, name: str) -> Message:
    """Find the original response (`@original`) or a followup by its id.

    Raises:
        ApiError: 10008.
    """
    if name == "@original":
        message = interaction.original
    else:
        message = next((m for m in interaction.messages if str(m.id) == name), None)
    if message is None or message.deleted:
        raise unknown_message()
    return message


def edit(
    world: World, interaction: Interaction, message: Message, body: MessageBody, files: Files
) -> Message:
    """Change one of the interaction's messages; the placeholder becomes the answer."""
    composing.edit(world, message, body, files, interaction=interaction)
    if message is interaction.original and interaction.state is InteractionState.DEFERRED:
        _settle(world, interaction, InteractionState.ANSWERED)
    return message


def follow_up(world: World, interaction: Interaction, body: MessageBody, files: Files) -> Message:
    """Send another message; the first one after a deferral takes the placeholder's place."""
    above = interaction.original
    if above is not None and above.deleted:
        above = None
    if above is not None and interaction.state is InteractionState.DEFERRED:
        return edit(world, interaction, above, body, files)
    message = composing.post(
        world,
        world.channel(interaction.channel_id),
        world.bot.id,
        body,
        files,
        interaction=interaction,
        kind=MessageKind.DEFAULT if above is None else MessageKind.REPLY,
        flags=_ephemerality(body),
        reference=None if above is None else Reference(above.channel_id, above.id),
    )
    interaction.messages.append(message)
    world.announce(ChangeKind.INTERACTION_UPDATE, interaction)
    return message


def _answer(world: World, interaction: Interaction, body: CallbackBody, files: Files) -> None:
    """Post the original response, or its placeholder."""
    sent = decode(body.data, MessageBody)
    flags = _ephemerality(sent)
    if body.type == DEFERRED_MESSAGE:
        # Nothing but the flags of a deferral counts, and V2 is not among them.
        sent, files = MessageBody(), {}
        flags |= MessageFlag.LOADING
    source = interaction.source
    interaction.ephemeral = bool(flags & MessageFlag.EPHEMERAL)
    message = composing.post(
        world,
        world.channel(interaction.channel_id),
        world.bot.id,
        sent,
        files,
        interaction=interaction,
        kind=_kind(interaction),
        flags=flags,
        reference=None if source is None else Reference(source.channel_id, source.id),
    )
    interaction.original = message
    interaction.messages.append(message)


def _kind(interaction: Interaction) -> MessageKind:
    if interaction.source is not None:
        return MessageKind.REPLY
    is_menu = interaction.data.get("type", 1) != 1
    return MessageKind.CONTEXT_MENU_COMMAND if is_menu else MessageKind.CHAT_INPUT_COMMAND


def _ephemerality(body: MessageBody) -> MessageFlag:
    if body.flags is UNSET or body.flags is None:
        return MessageFlag.NONE
    return MessageFlag(body.flags) & MessageFlag.EPHEMERAL


def _settle(world: World, interaction: Interaction, state: InteractionState) -> None:
    interaction.state = state
    interaction.settled.set()
    world.announce(ChangeKind.INTERACTION_UPDATE, interaction)


def _give_up(world: World, interaction: Interaction) -> None:
    if interaction.state is InteractionState.PENDING:
        _settle(world, interaction, InteractionState.FAILED)


def _unsuitable() -> Exception:
    return invalid_form("type", "INTERACTION_CALLBACK_TYPE", "This answer does not suit.")
