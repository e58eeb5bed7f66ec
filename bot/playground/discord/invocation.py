"""From what a person fills in to the JSON of a command interaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.playground.discord import message_payloads, payloads
from bot.playground.discord.errors import ApiError, invalid_form
from bot.playground.discord.state import Channel, Json, Upload
from bot.playground.discord.world import World

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
STRING_LIMIT = 6_000

Values = Mapping[str, Any]
"""Option names to values: text, numbers, booleans, ids of users, channels and roles, `Upload`."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command found by its words, such as `config model`."""

    command: Json
    path: tuple[Json, ...]
    """The group and the subcommand, as far as there are any."""

    @property
    def options(self) -> list[Json]:
        """The options that can be filled in."""
        told: list[Json] = (self.path[-1] if self.path else self.command).get("options") or []
        return told


def find(commands: list[Json], words: str) -> Invocation:
    """Find the command that the words name.

    Raises:
        ApiError: 50035 when there is none, or only a part of one.
    """
    for command in commands:
        if command["name"] == words and command.get("type", 1) != 1:
            return Invocation(command, ())
    first, *rest = words.split()
    level = next((c for c in commands if c["name"] == first and c.get("type", 1) == 1), None)
    if level is None:
        raise _wrong("name", f"There is no command /{first} here.")
    invocation = Invocation(level, ())
    for word in rest:
        below = (o for o in invocation.options if o["type"] in (SUBCOMMAND, GROUP))
        found = next((o for o in below if o["name"] == word), None)
        if found is None:
            raise _wrong("name", f"There is no command /{words}.")
        invocation = Invocation(level, (*invocation.path, found))
    if any(option["type"] in (SUBCOMMAND, GROUP) for option in invocation.options):
        raise _wrong("name", f"/{words} is only the beginning of a command.")
    return invocation


def command_data(
    world: World,
    place: Channel,
    invocation: Invocation,
    values: Values,
    *,
    focused: str | None = None,
) -> Json:
    """Build the `data` of the interaction. With `focused` it is an autocomplete's, and what is
    filled in may be incomplete.

    Raises:
        ApiError: 50035 for what Discord's client would not let a person send.
    """
    definitions = {option["name"]: option for option in invocation.options}
    for name in values:
        if name not in definitions:
            raise _wrong(name, "There is no such option.")
    if focused is None:
        for name, option in definitions.items():
            if option.get("required") and name not in values:
                raise _wrong(name, "This option is required.")
    resolved: dict[str, Json] = {}
    filled: list[Json] = []
    for name, option in definitions.items():
        if name not in values:
            continue
        told: Json = {"name": name, "type": option["type"]}
        if focused is None:
            told["value"] = _value(world, place, option, values[name], resolved)
        else:
            # A picked file does not reach the server before the command is sent.
            if isinstance(values[name], Upload):
                continue
            told["value"] = values[name]
            told |= {"focused": True} if name == focused else {}
        filled.append(told)
    for step in reversed(invocation.path):
        filled = [{"name": step["name"], "type": step["type"], "options": filled}]
    command = invocation.command
    data: Json = {
        "id": command["id"],
        "name": command["name"],
        "type": command.get("type", 1),
        "options": filled,
    }
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return data | {"resolved": resolved} if resolved else data


def _value(
    world: World, place: Channel, option: Json, value: Any, resolved: dict[str, Json]
) -> str | int | float | bool:
    """Check one value and turn it into its JSON, noting what it refers to."""
    name = option["name"]
    match option["type"], value:
        case (3, str()):
            least, most = option.get("min_length", 0), option.get("max_length", STRING_LIMIT)
            if not least <= len(value) <= most:
                raise _wrong(name, f"Must be between {least} and {most} in length.")
            return _choice(option, value)
        case (4, int()) if not isinstance(value, bool):
            return _choice(option, _within(option, value))
        case (10, int() | float()) if not isinstance(value, bool):
            return _choice(option, _within(option, value))
        case (5, bool()):
            return value
        case (11, Upload()):
            if len(value.data) > world.settings.max_file_bytes:
                raise _wrong(name, "Your files are too powerful.")
            kept = world.attachments.add(world.ids.next(), place.id, value)
            _note(resolved, "attachments", kept.id, message_payloads.attachment(world, kept))
            return str(kept.id)
        case (6 | 7 | 8 | 9, int()):
            return _referred(world, place, option["type"], value, resolved)
        case _:
            raise _wrong(name, "This value does not fit the option.")


def _referred(
    world: World, place: Channel, kind: int, wanted: int, resolved: dict[str, Json]
) -> str:
    guild = None if place.guild_id is None else world.guilds[place.guild_id]
    if kind in (USER, MENTIONABLE) and wanted in world.users:
        _note(resolved, "users", wanted, payloads.user(world.user(wanted)))
        if guild is not None and wanted in guild.members:
            told = payloads.member(guild.members[wanted], with_user=False)
            told["permissions"] = str(int(world.permissions(wanted, place)))
            _note(resolved, "members", wanted, told)
    elif kind in (ROLE, MENTIONABLE) and guild is not None and wanted in guild.roles:
        _note(resolved, "roles", wanted, payloads.role(guild.roles[wanted]))
    elif kind == CHANNEL:
        told = payloads.partial_channel(world, world.channel(wanted), world.bot.id)
        _note(resolved, "channels", wanted, told)
    return str(wanted)


_OPTION_KINDS = {5: USER, 6: ROLE, 7: MENTIONABLE, 8: CHANNEL}


def resolved(world: World, place: Channel, select: int, values: Sequence[str]) -> Json:
    """What the ids chosen in a select of that kind refer to.

    Raises:
        ApiError: 50035 for an id of nothing here.
    """
    found: dict[str, Json] = {}
    for value in values:
        _referred(world, place, _OPTION_KINDS[select], int(value), found)
        if not any(value in told for told in found.values()):
            raise _wrong("values", "This is not one of the options.")
    return found


def _note(resolved: dict[str, Json], kind: str, some_id: int, told: Json) -> None:
    resolved.setdefault(kind, {})[str(some_id)] = told


def _within(option: Json, value: float) -> int | float:
    least, most = option.get("min_value"), option.get("max_value")
    if (least is not None and value < least) or (most is not None and value > most):
        raise _wrong(option["name"], f"Must be between {least} and {most}.")
    return value


def _choice(option: Json, value: str | int | float) -> str | int | float:
    """Only an autocompleted option takes what is not among its choices."""
    choices = option.get("choices")
    if choices and value not in [choice["value"] for choice in choices]:
        raise _wrong(option["name"], "Must be one of the choices.")
    return value


def _wrong(name: str, sentence: str) -> ApiError:
    return invalid_form(name, "INVALID_COMMAND", sentence)
