"""Whom a message's text pings, as far as the allowed mentions let it."""

from __future__ import annotations

import re

from bot.playground.discord.bodies import AllowedMentions
from bot.playground.discord.state import Message, Permission
from bot.playground.discord.world import World

EVERYTHING = AllowedMentions(parse=["users", "roles", "everyone"], replied_user=True)
"""What a message, or an edit of its content, may ping unless its request says otherwise."""

USERS = AllowedMentions(parse=["users"])
"""The same for what comes through an interaction: responses, followups and edits of them."""

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")


def rebuild(world: World, message: Message, allowed: AllowedMentions) -> None:
    """Work the mentions out of the text from scratch.

    An edit forgets what the first request allowed: without allowed mentions of its own, the
    default counts again (Discord's reference, "Edit Message").
    """
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
