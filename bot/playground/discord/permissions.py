"""Who may do what where: Discord's computation of permissions."""

from __future__ import annotations

from bot.playground.discord.errors import missing_access, missing_permissions
from bot.playground.discord.state import Channel, Guild, Member, Permission

ALL = ~Permission.NONE
EVERYONE = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What a new guild gives to everyone, as far as it matters here."""
IN_DM = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)
_TIMED_OUT = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
_NEEDS_SENDING = Permission.MENTION_EVERYONE | Permission.ATTACH_FILES | Permission.EMBED_LINKS


def in_guild(guild: Guild, member: Member) -> Permission:
    """Compute what the member's roles give, channels aside."""
    if member.user.id == guild.owner_id:
        return ALL
    granted = guild.roles[guild.id].permissions
    for role_id in member.role_ids:
        granted |= guild.roles[role_id].permissions
    return ALL if granted & Permission.ADMINISTRATOR else granted


def in_channel(guild: Guild, member: Member, channel: Channel, home: Channel) -> Permission:
    """Compute the permissions in a channel; `home` is the thread's parent, else the channel."""
    granted = in_guild(guild, member)
    if granted & Permission.ADMINISTRATOR:
        return granted
    granted = _overwritten(granted, guild, member, home)
    if member.timed_out:
        granted &= _TIMED_OUT
    if not granted & Permission.VIEW_CHANNEL:
        return Permission.NONE
    sending = (
        Permission.SEND_MESSAGES_IN_THREADS
        if channel.thread is not None
        else Permission.SEND_MESSAGES
    )
    return granted if granted & sending else granted & ~_NEEDS_SENDING


def require(granted: Permission, *needed: Permission) -> None:
    """Refuse unless everything needed is granted.

    Raises:
        ApiError: 50001 when the channel cannot be seen, 50013 when anything else is missing.
    """
    if not granted & Permission.VIEW_CHANNEL:
        raise missing_access()
    if any(not granted & permission for permission in needed):
        raise missing_permissions()


def _overwritten(granted: Permission, guild: Guild, member: Member, home: Channel) -> Permission:
    """Apply the channel's overwrites in Discord's order: everyone, roles together, the member."""
    roles = {o.target_id: o for o in home.overwrites if not o.is_member}
    if (everyone := roles.get(guild.id)) is not None:
        granted = granted & ~everyone.deny | everyone.allow
    own = [roles[role_id] for role_id in member.role_ids if role_id in roles]
    for overwrite in own:
        granted &= ~overwrite.deny
    for overwrite in own:
        granted |= overwrite.allow
    for overwrite in home.overwrites:
        if overwrite.is_member and overwrite.target_id == member.user.id:
            granted = granted & ~overwrite.deny | overwrite.allow
    return granted
