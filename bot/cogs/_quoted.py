"""What messages say, as models read it: names instead of ids, cards of other bots, forwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import discord

from bot.chat.names import plain
from bot.cogs._places import name_of
from bot.i18n import _

LONGEST = 12_000
"""Discord allows 4,000 characters of text and 6,000 of embeds, and as much again in a forward."""
_LINE_LENGTH = 256
"""Discord's limit for titles and names in embeds."""


def words_of(message: discord.Message, me: discord.abc.User | None) -> str:
    """What its author wrote, or forwards, without the mention of the bot; cards that Discord adds
    to links are nobody's words."""
    return _read(message, [message.content, *_forwards(message)], me)


def everything_in(message: discord.Message, me: discord.abc.User | None) -> str:
    """All that stands in a message for people to read."""
    return _read(message, [*_texts(message), *_forwards(message)], me)


def _forwards(message: discord.Message) -> Iterator[str]:
    for snapshot in message.message_snapshots:
        if text := _joined(_texts(snapshot)):
            yield _("[Forwarded message:]") + f"\n{text}"


def _texts(message: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    yield message.content
    yield from _displayed(message.components)
    for embed in message.embeds:
        yield from _card(embed)


def _displayed(components: Iterable[discord.Component]) -> Iterator[str]:
    for component in components:
        match component:
            case discord.TextDisplay():
                yield component.content
            case discord.Container() | discord.SectionComponent():
                yield from _displayed(component.children)


def _card(embed: discord.Embed) -> Iterator[str]:
    yield plain(embed.author.name or "", _LINE_LENGTH)
    yield plain(embed.title or "", _LINE_LENGTH)
    yield embed.description or ""
    for field in embed.fields:
        name, value = plain(field.name or "", _LINE_LENGTH), field.value or ""
        yield f"{name}: {value}" if name else value
    yield embed.footer.text or ""


def _joined(texts: Iterable[str]) -> str:
    # An invisible character is what embeds have in place of nothing.
    return "\n".join(text for text in texts if any(map(plain, text)))


def _read(message: discord.Message, texts: Iterable[str], me: discord.abc.User | None) -> str:
    """The texts with names instead of ids, without the mention of the bot, not endlessly long."""
    names = {user.id: name_of(user) for user in message.mentions}
    roles = {role.id: plain(role.name) for role in message.role_mentions}
    own_role = message.guild.self_role.id if message.guild and message.guild.self_role else 0

    def user(match: re.Match[str]) -> str:
        user_id = int(match[1])
        return "" if me and user_id == me.id else f"@{names.get(user_id, match[1])}"

    def role(match: re.Match[str]) -> str:
        role_id = int(match[1])
        return "" if role_id == own_role else f"@{roles.get(role_id, match[1])}"

    def channel(match: re.Match[str]) -> str:
        found = message.guild.get_channel_or_thread(int(match[1])) if message.guild else None
        return f"#{plain(found.name)}" if found else match[0]

    text = _joined(texts)
    text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    text = re.sub(r"<@!?(\d{1,20})>", user, text)
    text = re.sub(r"<@&(\d{1,20})>", role, text)
    text = re.sub(r"<#(\d{1,20})>", channel, text)
    return re.sub(r"<a?(:\w{2,32}:)\d{1,20}>", r"\1", text).strip()
