"""Discord's rules for what a message may be, for new ones and for edits alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import UNSET

from bot.playground.discord import components, mentions
from bot.playground.discord.bodies import AllowedMentions, MessageBody
from bot.playground.discord.errors import (
    ApiError,
    archived_thread,
    closed_dms,
    empty_message,
    invalid_form,
    reply_without_history,
    too_large,
    unknown_message,
)
from bot.playground.discord.permissions import require
from bot.playground.discord.state import (
    Attachment,
    Channel,
    Interaction,
    Message,
    MessageFlag,
    MessageKind,
    Permission,
    Reference,
    Upload,
)
from bot.playground.discord.world import World

CONTENT_LIMIT = 2_000
FILE_LIMIT = 10
NONCE_LIMIT = 25

_SETTABLE = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.IS_COMPONENTS_V2
    | MessageFlag.EPHEMERAL
)

Files = Mapping[int, Upload]
"""The uploads of a request by the n of their part `files[n]`."""


def post(
    world: World,
    channel: Channel,
    author_id: int,
    body: MessageBody,
    files: Files | None = None,
    *,
    interaction: Interaction | None = None,
    kind: MessageKind = MessageKind.DEFAULT,
    flags: MessageFlag = MessageFlag.NONE,
    reference: Reference | None = None,
) -> Message:
    """Send a message. Sending into an archived thread opens it again, unless it is locked.

    Raises:
        ApiError: as Discord refuses it.
    """
    if interaction is None:
        _require_permission(world, channel, author_id, files)
        repeated = _same_nonce(world, channel, author_id, body)
        if repeated is not None:
            return repeated
        reference = _reference(world, channel, author_id, body)
        kind = MessageKind.REPLY if reference is not None else kind
    message = Message(
        world.ids.next(),
        channel.id,
        author_id,
        kind,
        reference=reference,
        interaction=interaction,
        nonce=None if body.nonce is None else str(body.nonce),
        flags=flags,
    )
    _fill(world, message, body, files or {}, _default(interaction))
    if channel.thread is not None and channel.thread.archived:
        channel.thread.archived = False
        world.update_channel(channel)
    return world.add_message(message)


def edit(
    world: World,
    message: Message,
    body: MessageBody,
    files: Files | None = None,
    *,
    interaction: Interaction | None = None,
) -> Message:
    """Change a message. What the body does not name stays; a list of attachments is the new set.

    `interaction` is the one whose token the edit came with.

    Raises:
        ApiError: as Discord refuses it.
    """
    if message.deleted:
        raise unknown_message()
    channel = world.channel(message.channel_id)
    if channel.thread is not None and channel.thread.archived:
        raise archived_thread()
    _fill(world, message, body, files or {}, _default(interaction))
    if message.is_thinking:
        # The answer takes the placeholder's place; that is not shown as "(edited)".
        message.flags &= ~MessageFlag.LOADING
    else:
        message.edited_at = datetime.now(UTC)
    world.update_message(message)
    return message


def _default(interaction: Interaction | None) -> AllowedMentions:
    return mentions.EVERYTHING if interaction is None else mentions.USERS


def _fill(
    world: World, message: Message, body: MessageBody, files: Files, default: AllowedMentions
) -> None:
    """Put the body into the message; nothing is changed when it is refused."""
    content = message.content if body.content is UNSET else (body.content or "").strip()
    embeds = message.embeds if body.embeds is UNSET else tuple(body.embeds or ())
    parts = message.components if body.components is UNSET else tuple(body.components or ())
    flags = _flags(message, body)
    is_v2 = bool(flags & MessageFlag.IS_COMPONENTS_V2)
    _check_content(content)
    components.check(parts, is_v2=is_v2)
    if is_v2 and (content or embeds):
        raise invalid_form(
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        )
    _check_files(world, message, body, files)
    attachments = _attachments(world, message, body, files)
    waits = message.is_thinking and not message.history
    if not (content or embeds or attachments or (is_v2 and parts) or waits):
        raise empty_message()
    message.content, message.embeds, message.components = content, embeds, parts
    message.flags, message.attachments = flags, attachments
    if body.content is not UNSET or not message.history:
        allowed = default if body.allowed_mentions is None else body.allowed_mentions
        mentions.rebuild(world, message, allowed)


def _flags(message: Message, body: MessageBody) -> MessageFlag:
    """Set what a client may set; V2 can never be taken back, ephemerality never changed."""
    if body.flags is UNSET:
        return message.flags
    asked = MessageFlag(body.flags or 0) & _SETTABLE
    if not message.history:
        # Only the answer to an interaction can be ephemeral, and its opener has decided that.
        return message.flags | asked & ~MessageFlag.EPHEMERAL
    kept = message.flags & ~MessageFlag.SUPPRESS_EMBEDS
    return kept | asked & (MessageFlag.SUPPRESS_EMBEDS | MessageFlag.IS_COMPONENTS_V2)


def _check_content(content: str) -> None:
    if len(content) > CONTENT_LIMIT:
        raise invalid_form(
            "content", "BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT_LIMIT} or fewer in length."
        )


def _check_files(world: World, message: Message, body: MessageBody, files: Files) -> None:
    kept = len(message.attachments) if body.attachments is UNSET else 0
    named = 0 if body.attachments is UNSET else len(body.attachments or ())
    if max(kept + len(files), named) > FILE_LIMIT:
        raise invalid_form("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if any(len(upload.data) > world.settings.max_file_bytes for upload in files.values()):
        raise too_large()


def _attachments(
    world: World, message: Message, body: MessageBody, files: Files
) -> tuple[Attachment, ...]:
    """Keep the attachments that the list names (all without a list), then add the new files."""
    if body.attachments is UNSET:
        kept, told = message.attachments, {}
    else:
        told = {entry.id: entry for entry in body.attachments or ()}
        kept = tuple(held for held in message.attachments if held.id in told)
    added = []
    for number, upload in sorted(files.items()):
        entry = told.get(number)
        if entry is not None:
            upload = Upload(
                entry.filename or upload.name,
                upload.data,
                upload.content_type,
                entry.description or "",
            )
        added.append(world.attachments.add(world.ids.next(), message.channel_id, upload))
    return (*kept, *added)


def _require_permission(
    world: World, channel: Channel, author_id: int, files: Files | None
) -> None:
    granted = world.permissions(author_id, channel)
    if channel.thread is not None:
        require(granted, Permission.SEND_MESSAGES_IN_THREADS)
        if channel.thread.locked:
            require(granted, Permission.MANAGE_THREADS)
    else:
        require(granted, Permission.SEND_MESSAGES)
    if files:
        require(granted, Permission.ATTACH_FILES)
    if channel.recipient_id is not None and not world.user(channel.recipient_id).accepts_dms:
        raise closed_dms()


def _same_nonce(
    world: World, channel: Channel, author_id: int, body: MessageBody
) -> Message | None:
    """Find the message that an earlier try of the same request has made."""
    if body.nonce is None:
        return None
    nonce = str(body.nonce)
    if len(nonce) > NONCE_LIMIT:
        raise invalid_form("nonce", "NONCE_TYPE_TOO_LONG", "Nonce is too long.")
    if not body.enforce_nonce:
        return None
    oldest = world.now() - world.settings.nonce_seconds
    for message in reversed(world.messages(channel.id)):
        if message.history[0].at < oldest:
            return None
        if message.nonce == nonce and message.author_id == author_id:
            return message
    return None


def _reference(
    world: World, channel: Channel, author_id: int, body: MessageBody
) -> Reference | None:
    wanted = body.message_reference
    if wanted is None:
        return None
    if not world.permissions(author_id, channel) & Permission.READ_MESSAGE_HISTORY:
        raise reply_without_history()
    message = world.find_message(wanted.message_id)
    if message is not None and message.channel_id == channel.id and not message.is_ephemeral:
        return Reference(channel.id, message.id)
    if wanted.fail_if_not_exists:
        raise _unknown_reference()
    return None


def _unknown_reference() -> ApiError:
    return invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
