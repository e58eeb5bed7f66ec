"""Whether a member may ask, with which model, and on whose account."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from bot.chat.access import Asker, Refusal, may_use, refusal
from bot.chat.names import plain
from bot.chat.persona import filled_in
from bot.chat.policy import Effective
from bot.chat.quota import charges
from bot.chat.turns import Grant, Manner, Scope, Task
from bot.client import Bot
from bot.cogs._models import code, matching
from bot.cogs._places import name_of, scope_of, settings_place
from bot.errors import AccessError, BotError, QuestionError
from bot.i18n import _, use_language


@dataclass(frozen=True, slots=True)
class Admitted:
    """A member who may ask here, and what holds for them."""

    effective: Effective
    manner: Manner
    role_ids: frozenset[int]

    @property
    def context_scope(self) -> str:
        """Whose talk is remembered together here."""
        return self.effective.context_scope.value

    def model(self, wanted: str | None, usual: str) -> str:
        """The model to ask: the wanted one if the member may choose it, or else the usual one.

        Raises:
            AccessError: they may not.
            QuestionError: no model is called like that.
        """
        chosen = (wanted or "").strip() or usual
        if chosen != plain(chosen):
            raise QuestionError(_("No model is called {model}.").format(model=code(chosen)))
        if chosen != usual and not self.effective.member_models.value:
            raise AccessError(_("Members cannot choose the model here. Leave that option out."))
        self.check(chosen)
        return chosen

    def check(self, model: str) -> None:
        """Make sure that the member may use a model.

        Raises:
            AccessError: no role of theirs is given it.
        """
        if not may_use(model, self.effective.lists.models, self.role_ids):
            raise AccessError(
                _("None of your roles may use {model} here. Choose another model.").format(
                    model=code(model)
                )
            )

    def usable(self, models: Collection[str]) -> list[str]:
        """Those of the models that the member may use."""
        allowances = self.effective.lists.models
        return [name for name in models if may_use(name, allowances, self.role_ids)]


async def conversation(
    bot: Bot,
    event: discord.Message | discord.Interaction,
    admitted: Admitted,
    follows: int | None,
) -> Scope:
    """The conversation that a question belongs to: that of the answer it replies to, or else what
    the server's admins chose."""
    if follows is not None and (known := await bot.store.scope_of(follows)) is not None:
        return known
    return scope_of(event, admitted.context_scope)


async def admit(
    bot: Bot, event: discord.Message | discord.Interaction, *, by_mention: bool = False
) -> Admitted:
    """Let a member's request in.

    Raises:
        AccessError: the server's admins do not want it, or the operator no direct messages.
    """
    place = settings_place(event)
    if place.guild_id is None and not bot.answers_dms:
        raise AccessError(_("I do not answer direct messages. Ask me in a server."))
    effective = await bot.policy.effective(place)
    user = event.author if isinstance(event, discord.Message) else event.user
    if isinstance(event, discord.Message) and effective.language.value:
        use_language(effective.language.value)
    role_ids = frozenset(role.id for role in getattr(user, "roles", ()))
    if place.guild_id is not None:
        if by_mention and not effective.answer_mentions.value:
            raise AccessError(_("Mentions are not answered here. Use `/ask`."))
        if effective.adults_only.value and not _is_for_adults(event.channel):
            raise AccessError(
                _("I only answer in channels that are marked as age-restricted here.")
            )
        asker = Asker(user.id, role_ids, place.channel_id, place.category_id)
        if (why := refusal(effective.lists.access, asker)) is not None:
            raise AccessError(_refused(why))
    return Admitted(effective, _manner(bot, event, user, effective, role_ids), role_ids)


async def offered(
    bot: Bot, interaction: discord.Interaction, task: Task, typed: str
) -> list[app_commands.Choice[str]]:
    """The models that a member may choose from while they type a command."""
    try:
        admitted = await admit(bot, interaction)
    except BotError:
        return []  # the command itself says why
    if admitted.effective.member_models.value:
        return matching(admitted.usable(bot.models.names(task)), typed)
    usual = admitted.effective.chat_model if task is Task.CHAT else admitted.effective.image_model
    return matching([usual.value], typed)


def _refused(why: Refusal) -> str:
    if why in (Refusal.DENIED_PERSON, Refusal.NOT_ALLOWED_PERSON):
        return _("This server's admins have not given you access to me.")
    return _("This server's admins do not want me in this channel. Try another one.")


def _is_for_adults(channel: object) -> bool:
    is_nsfw = getattr(channel, "is_nsfw", None)
    return bool(is_nsfw and is_nsfw())


def _manner(
    bot: Bot,
    event: discord.Message | discord.Interaction,
    user: discord.abc.User,
    effective: Effective,
    role_ids: frozenset[int],
) -> Manner:
    """How the reply is given; secrets are opened here and go no further than its calls."""
    now = datetime.now(UTC)
    zone = effective.time_zone.value
    persona = effective.persona.value
    grant = Grant(
        member_replies=effective.member_replies.value,
        channel_replies=effective.channel_replies.value,
    )
    if event.guild is not None:
        grant = replace(
            grant,
            charges=tuple(
                charges(
                    effective.lists.quotas,
                    member_id=user.id,
                    role_ids=role_ids,
                    now=now,
                    zone=zone,
                )
            ),
            authcode="" if effective.key is None else bot.keyring.open(effective.key),
        )
    if persona is not None:
        persona = filled_in(
            persona,
            server=event.guild.name if event.guild else "",
            channel=getattr(event.channel, "name", None) or "",
            user=name_of(user),
            now=now.astimezone(ZoneInfo(zone)),
        )
    manner = Manner(
        persona=persona,
        temperature=effective.temperature.value,
        top_p=effective.top_p.value,
        max_tokens=effective.max_tokens.value,
        reasoning=effective.reasoning.value,
        search=effective.search.value,
        context_tokens=effective.context_tokens.value,
        context_messages=effective.context_messages.value,
        draws_with=effective.image_model.value if effective.draw_in_chat.value else None,
        shows_reasoning=effective.show_reasoning.value,
        shows_facts=effective.footer.value,
        grant=grant,
    )
    if manner.draws_with and not may_use(manner.draws_with, effective.lists.models, role_ids):
        return replace(manner, draws_with=None)
    return manner
