"""The JSON bodies that come in, typed. Snowflakes may arrive as strings or as numbers."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from bot.playground.discord.errors import ApiError, invalid_form

T = TypeVar("T")


class AllowedMentions(msgspec.Struct, frozen=True):
    """Which mentions in the text ping."""

    parse: list[str] = []
    users: list[int] = []
    roles: list[int] = []
    replied_user: bool = False


class MessageReference(msgspec.Struct, frozen=True):
    """The message that is replied to."""

    message_id: int
    channel_id: int | None = None
    fail_if_not_exists: bool = True


class AttachmentEntry(msgspec.Struct, frozen=True):
    """A file of the message: an attachment to keep by its id, or `files[id]` of this request."""

    id: int
    filename: str | None = None
    description: str | None = None


class MessageBody(msgspec.Struct, frozen=True):
    """A new message, or an edit: what is not sent stays as it is."""

    content: str | UnsetType | None = UNSET
    embeds: list[dict[str, Any]] | UnsetType | None = UNSET
    components: list[dict[str, Any]] | UnsetType | None = UNSET
    attachments: list[AttachmentEntry] | UnsetType | None = UNSET
    flags: int | UnsetType | None = UNSET
    allowed_mentions: AllowedMentions | None = None
    message_reference: MessageReference | None = None
    nonce: str | int | None = None
    enforce_nonce: bool = False


class CallbackBody(msgspec.Struct, frozen=True):
    """An answer to an interaction."""

    type: int
    data: msgspec.Raw = msgspec.Raw(b"{}")


class ChoicesBody(msgspec.Struct, frozen=True):
    """The choices of an autocomplete answer."""

    choices: list[dict[str, Any]] = []


class ThreadBody(msgspec.Struct, frozen=True):
    """A new thread."""

    name: str
    auto_archive_duration: int | None = None
    type: int = 11


class ChannelEdit(msgspec.Struct, frozen=True):
    """A change of a channel or thread."""

    name: str | UnsetType = UNSET
    topic: str | UnsetType | None = UNSET
    archived: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    auto_archive_duration: int | UnsetType = UNSET


class DirectMessageBody(msgspec.Struct, frozen=True):
    """The person to open a DM with."""

    recipient_id: int


def decode(raw: bytes, kind: type[T]) -> T:
    """Read a body.

    Raises:
        ApiError: 50109 when it is not JSON, 50035 when it is not what it should be.
    """
    try:
        return msgspec.json.decode(raw, type=kind, strict=False)
    except msgspec.ValidationError as err:
        raise invalid_form("_body", "BASE_TYPE_BAD", str(err)) from err
    except msgspec.DecodeError as err:
        raise ApiError(400, 50109, "The request body contains invalid JSON.") from err
