"""What Discord takes as the application's commands."""

from __future__ import annotations

import re
from typing import Any

from bot.playground.discord.errors import ApiError, invalid_form
from bot.playground.discord.state import Json
from bot.playground.discord.world import World

CHAT_INPUT = 1
LIMITS = {CHAT_INPUT: 100, 2: 15, 3: 15}  # commands per scope, by type
OPTION_LIMIT = 25
CHOICE_LIMIT = 25
DESCRIPTION_LIMIT = 100

_SLASH_NAME = re.compile(r"[-_'\w]{1,32}")
_NESTING = (1, 2)  # subcommands and groups


def registered(world: World, guild_id: int | None, commands: list[Json]) -> list[Json]:
    """Check the commands of one scope and complete them as Discord stores them.

    A command that was there before keeps its id.

    Raises:
        ApiError: 50035, 30032 when there are too many.
    """
    before = {
        (command["type"], command["name"]): command for command in world.commands.get(guild_id, [])
    }
    stored: dict[tuple[int, str], Json] = {}
    for index, command in enumerate(commands):
        kind = command.get("type") or CHAT_INPUT
        key = (kind, command.get("name", ""))
        if key in stored:
            raise invalid_form(
                str(index), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Names must be unique"
            )
        _check(command, str(index), is_slash=kind == CHAT_INPUT)
        stored[key] = _completed(world, guild_id, command, kind, before.get(key))
    for kind, limit in LIMITS.items():
        if sum(each == kind for each, _name in stored) > limit:
            raise ApiError(400, 30032, f"Maximum number of application commands reached ({limit})")
    return list(stored.values())


def _completed(
    world: World, guild_id: int | None, command: Json, kind: int, before: Json | None
) -> Json:
    permissions = command.get("default_member_permissions")
    told: Json = {
        "description": "",
        "options": [],
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
    }
    if command.get("dm_permission") is False:
        told["contexts"] = [0]  # the older spelling of guild_only
    told |= {key: value for key, value in command.items() if value is not None}
    told |= {
        "id": before["id"] if before is not None else str(world.ids.next()),
        "application_id": str(world.bot.id),
        "version": str(world.ids.next()),
        "type": kind,
        "default_member_permissions": None if permissions is None else str(permissions),
    }
    return told if guild_id is None else told | {"guild_id": str(guild_id)}


def _check(item: Json, path: str, *, is_slash: bool) -> None:
    """Check a command, or an option of one, with everything below it."""
    names = [item.get("name"), *(item.get("name_localizations") or {}).values()]
    if not all(_is_name(name, is_slash=is_slash) for name in names):
        raise invalid_form(
            f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
        )
    if not is_slash:
        return
    descriptions = [
        item.get("description"),
        *(item.get("description_localizations") or {}).values(),
    ]
    if not all(_is_text(text, DESCRIPTION_LIMIT) for text in descriptions):
        raise _bad_length(f"{path}.description", "Must be between 1 and 100 in length.")
    _check_choices(item.get("choices") or [], path, autocompleted=bool(item.get("autocomplete")))
    options = item.get("options") or []
    if len(options) > OPTION_LIMIT:
        raise _bad_length(f"{path}.options", "Must be 25 or fewer in length.")
    if len({option.get("name") for option in options}) < len(options):
        raise invalid_form(
            f"{path}.options", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Names must be unique"
        )
    optional_seen = False
    for index, option in enumerate(options):
        where = f"{path}.options.{index}"
        _check(option, where, is_slash=True)
        if option.get("type") in _NESTING:
            continue
        if option.get("required") and optional_seen:
            raise invalid_form(
                where,
                "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                "Required options must be placed before non-required options",
            )
        optional_seen = optional_seen or not option.get("required")


def _check_choices(choices: list[Json], path: str, *, autocompleted: bool) -> None:
    if len(choices) > CHOICE_LIMIT or (choices and autocompleted):
        raise _bad_length(f"{path}.choices", "Must be 25 or fewer, and none with autocomplete.")
    if not all(_is_text(choice.get("name"), 100) for choice in choices):
        raise _bad_length(f"{path}.choices", "Must be between 1 and 100 in length.")


def _is_name(name: Any, *, is_slash: bool) -> bool:
    if not is_slash:
        return _is_text(name, 32)
    return isinstance(name, str) and name == name.lower() and bool(_SLASH_NAME.fullmatch(name))


def _is_text(text: Any, most: int) -> bool:
    return isinstance(text, str) and 1 <= len(text) <= most


def _bad_length(path: str, sentence: str) -> ApiError:
    return invalid_form(path, "BASE_TYPE_BAD_LENGTH", sentence)
