"""Discord's rules for what a message may be, for new ones and for edits alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import UNSET

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
    Json,
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
ROW_LIMIT = 5
COMPONENT_LIMIT = 40  # of a Components V2 message, nested ones counted
CUSTOM_ID_LIMIT = 100
NONCE_LIMIT = 25

_SETTABLE = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.IS_COMPONENTS_V2
    | MessageFlag.EPHEMERAL
)
_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")

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
    _fill(world, message, body, files or {})
    if channel.thread is not None and channel.thread.archived:
        channel.thread.archived = False
        world.update_channel(channel)
    return world.add_message(message)


def edit(world: World, message: Message, body: MessageBody, files: Files | None = None) -> Message:
    """Change a message. What the body does not name stays; a list of attachments is the new set.

    Raises:
        ApiError: as Discord refuses it.
    """
    if message.deleted:
        raise unknown_message()
    channel = world.channel(message.channel_id)
    if channel.thread is not None and channel.thread.archived:
        raise archived_thread()
    _fill(world, message, body, files or {})
    if message.is_thinking:
        # The answer takes the placeholder's place; that is not shown as "(edited)".
        message.flags &= ~MessageFlag.LOADING
    else:
        message.edited_at = datetime.now(UTC)
    world.update_message(message)
    return message


def components_of(message_components: Sequence[Json]) -> Iterator[Json]:
    """Walk over all components, nested ones included."""
    for component in message_components:
        yield component
        yield from components_of(component.get("components", ()))
        for key in ("accessory", "component"):
            if key in component:
                yield from components_of([component[key]])


def _fill(world: World, message: Message, body: MessageBody, files: Files) -> None:
    """Put the body into the message; nothing is changed when it is refused."""
    content = message.content if body.content is UNSET else (body.content or "").strip()
    embeds = message.embeds if body.embeds is UNSET else tuple(body.embeds or ())
    components = message.components if body.components is UNSET else tuple(body.components or ())
    flags = _flags(message, body)
    is_v2 = bool(flags & MessageFlag.IS_COMPONENTS_V2)
    _check_content(content)
    _check_components(components, is_v2=is_v2)
    if is_v2 and (content or embeds):
        raise invalid_form(
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        )
    _check_files(world, message, body, files)
    attachments = _attachments(world, message, body, files)
    waits = message.is_thinking and not message.history
    if not (content or embeds or attachments or (is_v2 and components) or waits):
        raise empty_message()
    message.content, message.embeds, message.components = content, embeds, components
    message.flags, message.attachments = flags, attachments
    if body.content is not UNSET or not message.history:
        _mention(world, message, body)


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


def _check_components(components: Sequence[Json], *, is_v2: bool) -> None:
    every = list(components_of(components))
    if is_v2 and len(every) > COMPONENT_LIMIT:
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be 40 or fewer in all.")
    if not is_v2 and len(components) > ROW_LIMIT:
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5.")
    ids = [component["custom_id"] for component in every if "custom_id" in component]
    if any(not 1 <= len(custom_id) <= CUSTOM_ID_LIMIT for custom_id in ids):
        raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100.")
    if len(set(ids)) < len(ids):
        raise invalid_form(
            "components",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        )
    for row in every:
        held = row.get("components", ())
        if row.get("type") == 1 and not 1 <= len(held) <= ROW_LIMIT:
            raise invalid_form("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5.")


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


def _mention(world: World, message: Message, body: MessageBody) -> None:
    """Work out whom the text pings, as far as the allowed mentions let it."""
    allowed = body.allowed_mentions
    if allowed is None:
        # Interaction responses parse users only unless told otherwise; messages parse all.
        parse = ["users"] if message.interaction is not None else ["users", "roles", "everyone"]
        allowed = AllowedMentions(parse=parse, replied_user=True)
    users = [int(found) for found in _USER.findall(message.content)]
    if "users" not in allowed.parse:
        users = [user_id for user_id in users if user_id in allowed.users]
    roles = [int(found) for found in _ROLE.findall(message.content)]
    if "roles" not in allowed.parse:
        roles = [role_id for role_id in roles if role_id in allowed.roles]
    if message.reference is not None and message.interaction is None and allowed.replied_user:
        replied = world.find_message(message.reference.message_id)
        users += [replied.author_id] if replied is not None else []
    message.mention_ids = tuple(dict.fromkeys(u for u in users if u in world.users))
    message.mention_role_ids = tuple(dict.fromkeys(roles))
    granted = world.permissions(message.author_id, world.channel(message.channel_id))
    message.mentions_everyone = bool(
        "everyone" in allowed.parse
        and granted & Permission.MENTION_EVERYONE
        and _EVERYONE.search(message.content)
    )


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
