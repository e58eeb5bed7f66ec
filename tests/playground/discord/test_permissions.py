from __future__ import annotations

import pytest

from bot.playground.discord import ApiError
from bot.playground.discord.permissions import ALL, in_channel, require
from bot.playground.discord.state import (
    Channel,
    ChannelKind,
    Guild,
    Member,
    Overwrite,
    Permission,
    Role,
    ThreadState,
    User,
)

EVERYONE, WRITERS, MUTED, ADMINS, OWNER, MIRA = 1, 2, 3, 4, 9, 10
VIEW, SEND, ATTACH = Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.ATTACH_FILES


def guild() -> Guild:
    roles = [
        Role(EVERYONE, "@everyone", VIEW | SEND | ATTACH),
        Role(WRITERS, "writers", Permission.NONE),
        Role(MUTED, "muted", Permission.NONE),
        Role(ADMINS, "admins", Permission.ADMINISTRATOR),
    ]
    return Guild(EVERYONE, "guild", OWNER, roles={role.id: role for role in roles})


def granted(*overwrites: Overwrite, roles: tuple[int, ...] = (), user_id: int = MIRA) -> Permission:
    channel = Channel(100, ChannelKind.TEXT, guild_id=EVERYONE, overwrites=list(overwrites))
    return in_channel(guild(), Member(User(user_id, "mira", "Mira"), list(roles)), channel, channel)


def test_everyone_has_what_the_first_role_gives():
    assert granted() == VIEW | SEND | ATTACH


def test_administrators_and_the_owner_are_above_overwrites():
    hidden = Overwrite(EVERYONE, deny=VIEW)
    assert granted(hidden, roles=(ADMINS,)) == ALL
    assert granted(hidden, user_id=OWNER) == ALL


def test_a_role_that_allows_wins_over_a_role_that_denies():
    overwrites = (Overwrite(MUTED, deny=SEND), Overwrite(WRITERS, allow=SEND))
    assert granted(*overwrites, roles=(MUTED, WRITERS)) & SEND


def test_a_members_own_overwrite_wins_over_roles():
    overwrites = (
        Overwrite(MIRA, is_member=True, deny=SEND),
        Overwrite(WRITERS, allow=SEND),
    )
    assert not granted(*overwrites, roles=(WRITERS,)) & SEND


def test_who_cannot_see_a_channel_can_do_nothing_there():
    assert granted(Overwrite(EVERYONE, deny=VIEW)) == Permission.NONE


def test_who_cannot_send_cannot_attach():
    assert granted(Overwrite(EVERYONE, deny=SEND)) == VIEW


def test_in_a_thread_the_permission_for_threads_counts_and_the_parents_overwrites():
    parent = Channel(
        100,
        ChannelKind.TEXT,
        guild_id=EVERYONE,
        overwrites=[
            Overwrite(EVERYONE, allow=Permission.SEND_MESSAGES_IN_THREADS, deny=SEND),
        ],
    )
    thread = Channel(101, ChannelKind.PUBLIC_THREAD, thread=ThreadState(MIRA))
    may = in_channel(guild(), Member(User(MIRA, "mira", "Mira")), thread, parent)
    assert may & Permission.SEND_MESSAGES_IN_THREADS
    assert may & ATTACH
    assert not may & SEND


def test_a_member_in_time_out_only_reads():
    someone = Member(User(MIRA, "mira", "Mira"), timed_out=True)
    channel = Channel(100, ChannelKind.TEXT, guild_id=EVERYONE)
    assert in_channel(guild(), someone, channel, channel) == VIEW


@pytest.mark.parametrize(("has", "code"), [(Permission.NONE, 50001), (VIEW, 50013)])
def test_what_is_missing_decides_the_refusal(has: Permission, code: int):
    with pytest.raises(ApiError) as refused:
        require(has, SEND)
    assert refused.value.code == code
