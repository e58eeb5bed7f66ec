"""People, places and the application as Discord's JSON."""

from __future__ import annotations

from bot.playground.discord.snowflakes import created_at
from bot.playground.discord.state import Channel, Guild, Json, Member, Role, User
from bot.playground.discord.world import World

_GATEWAY_MESSAGE_CONTENT_LIMITED = 1 << 19  # the switch for apps below the review threshold
_JOINED = "2024-01-26T00:00:00+00:00"


def user(person: User) -> Json:
    """Show an account."""
    return {
        "id": str(person.id),
        "username": person.name,
        "global_name": person.display_name,
        "discriminator": "0",
        "avatar": None,
        "bot": person.bot,
        "public_flags": 0,
    }


def member(someone: Member, *, with_user: bool = True) -> Json:
    """Show a guild's member; inside a message the user stands beside it."""
    told: Json = {
        "roles": [str(role_id) for role_id in someone.role_ids],
        "nick": None,
        "avatar": None,
        "joined_at": _JOINED,
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }
    return told | {"user": user(someone.user)} if with_user else told


def role(some: Role) -> Json:
    """Show a role."""
    return {
        "id": str(some.id),
        "name": some.name,
        "permissions": str(int(some.permissions)),
        "position": some.position,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "color": 0,
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def channel(world: World, some: Channel) -> Json:
    """Show a channel, a thread or a DM."""
    newest_id = world.last_message_id(some.id)
    told: Json = {
        "id": str(some.id),
        "type": int(some.kind),
        "last_message_id": None if newest_id is None else str(newest_id),
        "flags": 0,
    }
    if some.recipient_id is not None:
        return told | {"recipients": [user(world.user(some.recipient_id))]}
    told |= {
        "guild_id": str(some.guild_id),
        "name": some.name,
        "parent_id": None if some.parent_id is None else str(some.parent_id),
        "rate_limit_per_user": 0,
        "nsfw": False,
    }
    if some.thread is not None:
        count = len(world.messages(some.id))
        return told | {
            "owner_id": str(some.thread.owner_id),
            "message_count": count,
            "total_message_sent": count,
            "member_count": len(some.thread.member_ids),
            "thread_metadata": {
                "archived": some.thread.archived,
                "auto_archive_duration": some.thread.auto_archive_minutes,
                "archive_timestamp": created_at(some.id).isoformat(),
                "locked": some.thread.locked,
            },
        }
    return told | {
        "topic": some.topic,
        "position": some.position,
        "permission_overwrites": [
            {
                "id": str(overwrite.target_id),
                "type": int(overwrite.is_member),
                "allow": str(int(overwrite.allow)),
                "deny": str(int(overwrite.deny)),
            }
            for overwrite in some.overwrites
        ],
    }


def partial_channel(world: World, some: Channel, viewer_id: int) -> Json:
    """Show a channel as interactions carry it, with the viewer's permissions."""
    granted = world.permissions(viewer_id, some)
    return channel(world, some) | {"permissions": str(int(granted))}


def guild(world: World, some: Guild) -> Json:
    """Show a guild as GUILD_CREATE does: with what the bot may see of it."""
    seen = [c for c in world.channels_of(world.bot.id) if c.guild_id == some.id]
    # Without the members intent only the bot itself is in the list.
    present = [someone for someone in some.members.values() if someone.user.id == world.bot.id]
    return {
        "id": str(some.id),
        "name": some.name,
        "owner_id": str(some.owner_id),
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "description": None,
        "banner": None,
        "features": [],
        "emojis": [],
        "stickers": [],
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "preferred_locale": some.locale,
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "vanity_url_code": None,
        "application_id": None,
        "roles": [role(each) for each in some.roles.values()],
        "joined_at": _JOINED,
        "large": False,
        "unavailable": False,
        "member_count": len(some.members),
        "members": [member(someone) for someone in present],
        "channels": [channel(world, c) for c in seen if c.thread is None],
        "threads": [channel(world, c) for c in seen if c.thread and not c.thread.archived],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
    }


def member_with_permissions(world: World, some: Guild, person: User, place: Channel) -> Json:
    """Show a member as interactions carry it."""
    granted = world.permissions(person.id, place)
    return member(some.members[person.id]) | {"permissions": str(int(granted))}


def application_flags(world: World) -> int:
    """Return the portal's switches."""
    return _GATEWAY_MESSAGE_CONTENT_LIMITED if world.settings.message_content else 0


def application(world: World) -> Json:
    """Show the application that the bot belongs to."""
    return {
        "id": str(world.bot.id),
        "name": world.bot.display_name,
        "icon": None,
        "description": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "",
        "team": None,
        "owner": user(next(u for u in world.users.values() if not u.bot)),
        "flags": application_flags(world),
        "tags": [],
        "integration_types_config": {"0": {}},
        "approximate_guild_count": len(world.guilds),
        "interactions_endpoint_url": None,
        "bot": user(world.bot),
    }
