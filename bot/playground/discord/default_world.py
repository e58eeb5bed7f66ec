"""The world of the playground: one server, a few channels, two people and the bot."""

from __future__ import annotations

from bot.playground.discord.permissions import EVERYONE
from bot.playground.discord.settings import LoopbackSettings
from bot.playground.discord.state import (
    Channel,
    ChannelKind,
    Guild,
    Member,
    Overwrite,
    Permission,
    Role,
    User,
)
from bot.playground.discord.world import World

# Ids as Discord would have given them on a day in 2024. They are the same in every run, so that
# what the bot keeps in its database still belongs to the same places after a restart.
_FIRST_ID = 1_200_000_000_000_000_000
GUILD_ID = _FIRST_ID + 1
BOT_ID = _FIRST_ID + 2
MIRA_ID = _FIRST_ID + 3
ADA_ID = _FIRST_ID + 4
ADMINS_ID = _FIRST_ID + 5
GENERAL_ID = _FIRST_ID + 10
PICTURES_ID = _FIRST_ID + 11
BOTS_ID = _FIRST_ID + 12
READ_ONLY_ID = _FIRST_ID + 13
MIRA_DM_ID = _FIRST_ID + 20
ADA_DM_ID = _FIRST_ID + 21


def default_world(settings: LoopbackSettings | None = None) -> World:
    """Build the guild "Liaocord Playground" with `mira`, a member, and `ada`, who may manage it.

    The bot may write in #general, #pictures and #bots, but only read in #announcements.
    """
    world = World(settings, bot=User(BOT_ID, "liaocord", "Liaocord", bot=True))
    mira, ada = User(MIRA_ID, "mira", "Mira"), User(ADA_ID, "ada", "Ada")
    world.users |= {MIRA_ID: mira, ADA_ID: ada}
    guild = Guild(
        GUILD_ID,
        "Liaocord Playground",
        owner_id=ADA_ID,
        roles={
            GUILD_ID: Role(GUILD_ID, "@everyone", EVERYONE),
            ADMINS_ID: Role(
                ADMINS_ID, "Admins", Permission.ADMINISTRATOR | Permission.MANAGE_GUILD, position=1
            ),
        },
        members={
            BOT_ID: Member(world.bot),
            MIRA_ID: Member(mira),
            ADA_ID: Member(ada, [ADMINS_ID]),
        },
    )
    world.guilds[guild.id] = guild
    bot_reads_only = Overwrite(BOT_ID, is_member=True, deny=Permission.SEND_MESSAGES)
    for position, channel in enumerate(
        [
            Channel(GENERAL_ID, ChannelKind.TEXT, "general", topic="Talk to the bot here"),
            Channel(PICTURES_ID, ChannelKind.TEXT, "pictures", topic="Draw and edit pictures"),
            Channel(BOTS_ID, ChannelKind.TEXT, "bots", topic="Try things out"),
            Channel(
                READ_ONLY_ID,
                ChannelKind.TEXT,
                "announcements",
                topic="The bot may not write here",
                overwrites=[bot_reads_only],
            ),
        ]
    ):
        channel.guild_id, channel.position = guild.id, position
        world.add_channel(channel)
    world.add_channel(Channel(MIRA_DM_ID, ChannelKind.DM, recipient_id=MIRA_ID))
    world.add_channel(Channel(ADA_DM_ID, ChannelKind.DM, recipient_id=ADA_ID))
    return world
