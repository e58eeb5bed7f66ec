"""What a person does in this Discord, as the page and the tests see it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.playground.discord import components, composing, invocation, message_payloads
from bot.playground.discord.bodies import AllowedMentions, MessageBody, MessageReference
from bot.playground.discord.components import BUTTON, SELECTS, STRING_SELECT
from bot.playground.discord.errors import (
    InteractionFailedError,
    not_own_message,
    unknown_interaction,
    unknown_message,
)
from bot.playground.discord.forms import FormValues, submission
from bot.playground.discord.interactions import open_interaction
from bot.playground.discord.invocation import Values
from bot.playground.discord.permissions import in_guild, require
from bot.playground.discord.state import (
    Channel,
    Interaction,
    InteractionKind,
    Json,
    Message,
    Permission,
    Upload,
    User,
)
from bot.playground.discord.world import World

MESSAGE_MENU = 3
"""The type of commands that stand in a message's menu."""

File = tuple[str, bytes, str]
"""Name, bytes, content type."""


class Person:
    """One account's hands. What Discord does not allow raises `ApiError`, as the bot gets it."""

    def __init__(self, world: World, user_id: int) -> None:
        self._world = world
        self.user: User = world.user(user_id)

    @property
    def id(self) -> int:
        """The account's id."""
        return self.user.id

    async def send(
        self,
        channel_id: int,
        content: str,
        *,
        files: Sequence[File] = (),
        reply_to: int | None = None,
        ping: bool = True,
    ) -> Message:
        """Write a message, or a reply to the message with the id `reply_to`."""
        reference = None if reply_to is None else MessageReference(reply_to)
        allowed = AllowedMentions(parse=["users", "roles", "everyone"], replied_user=ping)
        return composing.post(
            self._world,
            self._seen(channel_id),
            self.id,
            MessageBody(content=content, message_reference=reference, allowed_mentions=allowed),
            {number: Upload(*file) for number, file in enumerate(files)},
        )

    async def edit(self, message_id: int, content: str) -> Message:
        """Change one's own message."""
        message = self._message(message_id)
        if message.author_id != self.id:
            raise not_own_message()
        return composing.edit(self._world, message, MessageBody(content=content))

    async def delete(self, message_id: int) -> None:
        """Delete one's own message; anybody's with the permission to manage messages."""
        message = self._message(message_id)
        if message.author_id != self.id and not message.is_ephemeral:
            channel = self._world.channel(message.channel_id)
            require(self._world.permissions(self.id, channel), Permission.MANAGE_MESSAGES)
        self._world.delete_message(message)

    async def commands(self, channel_id: int) -> list[Json]:
        """List the commands this person can use there, as the JSON that was synced.

        `default_member_permissions` is obeyed, and so are contexts and guild commands.
        """
        channel = self._seen(channel_id)
        world = self._world
        granted = world.permissions(self.id, channel)
        if not granted & Permission.USE_APPLICATION_COMMANDS:
            return []
        every = list(world.commands.get(None, []))
        if channel.guild_id is not None:
            every += world.commands.get(channel.guild_id, [])
        return [command for command in every if self._may_use(command, channel)]

    async def run(self, channel_id: int, name: str, options: Values | None = None) -> Interaction:
        """Use a slash command such as `config model`; files are given as `Upload`.

        It returns at once: `await interaction.acknowledged()` for the bot's word.
        """
        channel = self._seen(channel_id)
        found = invocation.find(await self.commands(channel_id), name)
        data = invocation.command_data(self._world, channel, found, options or {})
        return self._open(InteractionKind.COMMAND, channel_id, data)

    async def use(self, name: str, message_id: int) -> Interaction:
        """Use an entry of a message's menu, such as `Edit image`; it returns at once."""
        message = self._message(message_id)
        entries = [c for c in await self.commands(message.channel_id) if c["type"] == MESSAGE_MENU]
        data = invocation.command_data(
            self._world, self._seen(message.channel_id), invocation.find(entries, name), {}
        )
        told = message_payloads.message(self._world, message)
        target = str(message_id)
        data |= {"target_id": target, "resolved": {"messages": {target: told}}}
        return self._open(InteractionKind.COMMAND, message.channel_id, data)

    async def submit(self, interaction: Interaction, values: FormValues) -> Interaction:
        """Send the form that the bot answered an interaction with; it returns at once.

        Raises:
            ApiError: 50035 when a field is not filled in as it must be.
        """
        if interaction.modal is None or interaction.user_id != self.id:
            raise unknown_interaction()
        data = submission(interaction.modal, values)
        return self._open(
            InteractionKind.MODAL_SUBMIT, interaction.channel_id, data, interaction.source
        )

    async def autocomplete(
        self, channel_id: int, name: str, options: Values, *, focused: str
    ) -> list[Json]:
        """Ask for the choices of the option `focused`, given what is filled in so far.

        Raises:
            InteractionFailedError: "Loading options failed".
        """
        channel = self._seen(channel_id)
        found = invocation.find(await self.commands(channel_id), name)
        data = invocation.command_data(
            self._world, channel, found, {focused: ""} | dict(options), focused=focused
        )
        interaction = self._open(InteractionKind.AUTOCOMPLETE, channel_id, data)
        if not await interaction.acknowledged():
            raise InteractionFailedError("Loading options failed")
        return interaction.choices or []

    async def press(self, message_id: int, custom_id: str) -> Interaction:
        """Press a button; it returns at once."""
        message = self._message(message_id)
        components.usable(message.components, (BUTTON,), custom_id)
        data: Json = {"custom_id": custom_id, "component_type": BUTTON}
        return self._open(InteractionKind.COMPONENT, message.channel_id, data, message)

    async def select(self, message_id: int, custom_id: str, values: Sequence[str]) -> Interaction:
        """Choose in a select, by the options' values or by ids; it returns at once."""
        message = self._message(message_id)
        menu = components.usable(message.components, SELECTS, custom_id)
        components.check_choice(menu, values)
        data: Json = {
            "custom_id": custom_id,
            "component_type": menu["type"],
            "values": list(values),
        }
        if menu["type"] != STRING_SELECT:
            channel = self._world.channel(message.channel_id)
            data["resolved"] = invocation.resolved(self._world, channel, menu["type"], values)
        return self._open(InteractionKind.COMPONENT, message.channel_id, data, message)

    async def block_dms(self, blocked: bool = True) -> None:
        """Refuse the bot's direct messages, or take them again."""
        self.user.accepts_dms = not blocked

    async def typing(self, channel_id: int) -> None:
        """Start to type."""
        self._world.type_in(channel_id, self.id)

    def _open(
        self, kind: InteractionKind, channel_id: int, data: Json, source: Message | None = None
    ) -> Interaction:
        return open_interaction(
            self._world,
            kind,
            user_id=self.id,
            channel_id=channel_id,
            data=data,
            source=source,
        )

    def _seen(self, channel_id: int) -> Channel:
        channel = self._world.channel(channel_id)
        require(self._world.permissions(self.id, channel))
        return channel

    def _message(self, message_id: int) -> Message:
        message = self._world.message(message_id)
        self._seen(message.channel_id)
        if not message.visible_to(self.id):
            raise unknown_message()
        return message

    def _may_use(self, command: Json, channel: Channel) -> bool:
        contexts = command.get("contexts")
        if contexts is not None and int(channel.guild_id is None) not in contexts:
            return False
        needed = command.get("default_member_permissions")
        if channel.guild_id is None or needed is None:
            return True
        guild = self._world.guilds[channel.guild_id]
        granted = in_guild(guild, guild.members[self.id])
        if granted & Permission.ADMINISTRATOR:
            return True
        # "0" leaves the command to administrators.
        wanted = Permission(int(needed))
        return bool(wanted) and granted & wanted == wanted
