"""People, places and messages as the page shows them to one viewer."""

from __future__ import annotations

import codecs
import re
from typing import Any

from bot.playground.discord import Attachment, Channel, Message, User, World
from bot.playground.discord.components import (
    CHANNEL_SELECT,
    OPTION_LIMIT,
    ROLE_SELECT,
    STRING_SELECT,
    USER_SELECT,
)
from bot.playground.discord.snowflakes import created_at
from bot.playground.discord.state import Permission
from bot.playground.web.markdown import Names, render

Json = dict[str, Any]
TEXT_DISPLAY = 10
_ENTITIES = (USER_SELECT, ROLE_SELECT, CHANNEL_SELECT)
_PREVIEW_CHARACTERS = 140
_TEXT_PREVIEW_BYTES = 1_500
_TEXT_TYPES = frozenset({"application/json", "application/xml", "application/x-sh"})
_SPOILER = re.compile(r"\|\|.+?\|\|", re.DOTALL)
_MARKUP = re.compile(
    r"```\w*\n?|[*_~`]{2,}|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|^\s*(?:#{1,3}|-#|>|[-*]) ",
    re.MULTILINE,
)
_ID_TOKEN = re.compile(r"<(@!?|@&|#)(\d{1,20})>")


def names(world: World) -> Names:
    """What the ids in texts are called."""
    return Names(
        users={user.id: user.display_name for user in world.users.values()},
        channels={channel.id: channel.name for channel in world.channels.values()},
        roles={
            role.id: role.name for guild in world.guilds.values() for role in guild.roles.values()
        },
    )


def person(world: World, user: User) -> Json:
    """Show an account; `role` is what a visitor needs to know of it."""
    guilds = [guild for guild in world.guilds.values() if user.id in guild.members]
    manages = any(
        world.permissions(user.id, channel) & Permission.MANAGE_GUILD
        for guild in guilds
        for channel in world.channels.values()
        if channel.guild_id == guild.id
    )
    role = "app" if user.bot else "admin" if manages else "member"
    return {"id": str(user.id), "name": user.display_name, "bot": user.bot, "role": role}


def channel(world: World, some: Channel, viewer: int) -> Json:
    """Show a channel or a DM."""
    direct = some.recipient_id is not None
    allowed = world.permissions(viewer, some)
    return {
        "id": str(some.id),
        "name": world.bot.display_name if direct else some.name,
        "topic": some.topic,
        "direct": direct,
        "writable": bool(allowed & Permission.SEND_MESSAGES),
    }


def welcome(world: World, viewer: int) -> Json:
    """Everything the page needs before a channel is opened."""
    people = sorted(
        (user for user in world.users.values() if not user.bot), key=lambda user: user.id
    )
    shown = [c for c in world.channels_of(viewer) if c.thread is None]
    return {
        "server": next((guild.name for guild in world.guilds.values()), ""),
        "me": person(world, world.user(viewer)),
        "bot": person(world, world.bot),
        "people": [person(world, user) for user in people],
        "channels": [channel(world, some, viewer) for some in shown],
        "roles": [
            {"id": str(role.id), "name": role.name}
            for guild in world.guilds.values()
            for role in guild.roles.values()
        ],
        "online": world.bot_online,
        "max_file_bytes": world.settings.max_file_bytes,
    }


def message(world: World, some: Message, viewer: int) -> Json:
    """Show a message as that person sees it."""
    known = names(world)
    mine = some.author_id == viewer
    manages = world.permissions(viewer, world.channel(some.channel_id)) & Permission.MANAGE_MESSAGES
    return {
        "id": str(some.id),
        "channel": str(some.channel_id),
        "author": person(world, world.user(some.author_id)),
        "text": some.content,
        "html": render(some.content, known) if some.content else "",
        "time": created_at(some.id).isoformat(),
        "edited": some.edited_at is not None,
        "ephemeral": some.is_ephemeral,
        "thinking": some.is_thinking,
        "mentions_me": viewer in some.mention_ids or some.mentions_everyone,
        "can_edit": mine,
        "can_delete": mine or some.is_ephemeral or bool(manages),
        "reply": _reply(world, some, viewer, known),
        "command": _command(world, some),
        "attachments": [attachment(some, file) for file in some.attachments],
        "components": [component(each, known) for each in some.components],
    }


def component(some: Json, known: Names) -> Json:
    """Show a component with all its children; text in it becomes HTML."""
    shown = dict(some)
    if (kind := some.get("type")) in _ENTITIES:
        # To the page it is a select like any other, of everybody and everything there is.
        chosen = {value["id"] for value in some.get("default_values") or ()}
        named = {USER_SELECT: known.users, ROLE_SELECT: known.roles, CHANNEL_SELECT: known.channels}
        shown |= {
            "type": STRING_SELECT,
            "options": [
                {"label": name, "value": str(some_id), "default": str(some_id) in chosen}
                for some_id, name in list(named[kind].items())[:OPTION_LIMIT]
            ],
        }
    if some.get("type") == TEXT_DISPLAY:
        shown["html"] = render(some.get("content", ""), known)
    if "components" in some:
        shown["components"] = [component(child, known) for child in some["components"]]
    if "accessory" in some:
        shown["accessory"] = component(some["accessory"], known)
    return shown


def plain(text: str, known: Names) -> str:
    """One line of a text without its markup, for previews."""

    def named(found: re.Match[str]) -> str:
        sigil, number = found[1], int(found[2])
        if sigil == "#":
            return "#" + known.channels.get(number, "unknown")
        table = known.roles if sigil == "@&" else known.users
        return "@" + table.get(number, "unknown")

    text = _ID_TOKEN.sub(named, _SPOILER.sub("▇▇▇", text))
    text = _MARKUP.sub("", text)
    return " ".join(text.split())[:_PREVIEW_CHARACTERS]


def _reply(world: World, some: Message, viewer: int, known: Names) -> Json | None:
    if some.reference is None:
        return None
    for earlier in world.messages(some.reference.channel_id, viewer):
        if earlier.id == some.reference.message_id:
            text = plain(earlier.content, known)
            return {
                "id": str(earlier.id),
                "author": person(world, world.user(earlier.author_id)),
                "text": text,
                "files": len(earlier.attachments),
            }
    return {"id": None}


def _command(world: World, some: Message) -> Json | None:
    asked = some.interaction
    if asked is None or asked.source is not None or "name" not in asked.data:
        return None
    words = [asked.data.get("name", "")]
    options = asked.data.get("options") or []
    while options and options[0].get("type") in (1, 2):
        words.append(options[0]["name"])
        options = options[0].get("options") or []
    user = world.user(asked.user_id)
    return {"name": " ".join(words), "user": person(world, user)}


def attachment(some: Message, file: Attachment) -> Json:
    """Show a file of a message; a text comes with its beginning."""
    return {
        "name": file.filename,
        "url": f"/files/{some.id}/{file.id}/{file.filename}",
        "bytes": len(file.data),
        "kind": file.content_type.partition("/")[0],
        "alt": file.description,
        "preview": _preview(file),
        "width": file.width,
        "height": file.height,
        "spoiler": file.filename.startswith("SPOILER_"),
    }


def _preview(file: Attachment) -> str | None:
    """The beginning of a text file, as much of it as its card has room for."""
    kind = file.content_type.partition(";")[0]
    beginning = file.data[:_TEXT_PREVIEW_BYTES]
    if not (kind.startswith("text/") or kind in _TEXT_TYPES) or b"\0" in beginning:
        return None
    try:
        # An incremental decoder takes no offence at a character that the cut went through.
        return codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return None
