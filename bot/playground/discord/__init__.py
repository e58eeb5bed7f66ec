"""A small Discord of our own over real sockets, for the playground, the tests and the benchmarks.

It serves what this bot uses of Discord: the REST API with its limits, permissions and error codes,
the gateway with sessions and resume, interactions, files, threads; and the people who use them.
"""

from bot.playground.discord.default_world import default_world
from bot.playground.discord.errors import ApiError, InteractionFailedError
from bot.playground.discord.person import Person
from bot.playground.discord.server import LoopbackDiscord
from bot.playground.discord.settings import LoopbackSettings, Window
from bot.playground.discord.state import (
    Attachment,
    Channel,
    Interaction,
    InteractionState,
    Message,
    Typing,
    Upload,
    User,
)
from bot.playground.discord.world import Change, ChangeKind, World

__all__ = [
    "ApiError",
    "Attachment",
    "Change",
    "ChangeKind",
    "Channel",
    "Interaction",
    "InteractionFailedError",
    "InteractionState",
    "LoopbackDiscord",
    "LoopbackSettings",
    "Message",
    "Person",
    "Typing",
    "Upload",
    "User",
    "Window",
    "World",
    "default_world",
]
