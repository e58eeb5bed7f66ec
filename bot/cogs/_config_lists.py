"""`/config access` and `/config quota`: who may ask, with which models, how much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.access import Allowance, Rule, Subject, Verdict
from bot.chat.moving import check_lengths
from bot.chat.preferences import Configuration, Lists
from bot.chat.quota import MICRO, Holder, Limit, Measure, Period
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import (
    Channel,
    allowance_in_words,
    change_and_tell,
    check_admin,
    guild_id_of,
    limit_in_words,
    rule_in_words,
    within,
)
from bot.cogs._models import MODEL_LENGTH, matching
from bot.errors import QuestionError
from bot.i18n import _, use_language

MOST = 1_000_000_000
LIST_LENGTH = 600
"""Characters of a list, of which three with their headings fit one message."""

Per = Literal["hour", "day", "month"]


class Access(app_commands.Group):
    """Who may ask where, and with which models."""

    def __init__(self) -> None:
        super().__init__(name="access", description="Who may ask where, and with which models.")

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """The commands of a group in a group do not ask the outer one."""
        check_admin(interaction)
        return True

    @app_commands.command()
    async def allow(
        self,
        interaction: discord.Interaction[Bot],
        role: discord.Role | None = None,
        member: discord.User | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Allow a role, a member or a channel; without any allowed one, all are.

        Args:
            interaction: The command.
            role: Members with this role.
            member: This member.
            channel: This channel, or all of this category.
        """
        await _rule(interaction, Verdict.ALLOW, role, member, channel)

    @app_commands.command()
    async def deny(
        self,
        interaction: discord.Interaction[Bot],
        role: discord.Role | None = None,
        member: discord.User | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Deny a role, a member or a channel; that wins over everything allowed.

        Args:
            interaction: The command.
            role: Members with this role.
            member: This member.
            channel: This channel, or all of this category.
        """
        await _rule(interaction, Verdict.DENY, role, member, channel)

    @app_commands.command()
    async def forget(
        self,
        interaction: discord.Interaction[Bot],
        role: discord.Role | None = None,
        member: discord.User | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Take a role, a member or a channel off the lists.

        Args:
            interaction: The command.
            role: Members with this role.
            member: This member.
            channel: This channel or category.
        """
        await _rule(interaction, None, role, member, channel)

    @app_commands.command()
    async def models(
        self,
        interaction: discord.Interaction[Bot],
        role: discord.Role,
        model: app_commands.Range[str, 1, MODEL_LENGTH],
        allowed: bool = True,
    ) -> None:
        """Give a role a model; once any model is given, only given ones can be used.

        Args:
            interaction: The command.
            role: Who may use it; the role of everybody counts too.
            model: The model.
            allowed: False takes it away again.
        """
        await _edit(interaction, with_allowance(Allowance(role.id, model.strip()), allowed=allowed))

    @models.autocomplete("model")
    async def _models(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        catalogue = interaction.client.models
        return matching(catalogue.everything(), typed)

    @app_commands.command(name="list")
    async def show(self, interaction: discord.Interaction[Bot]) -> None:
        """Who may ask where, with which models, and how much."""
        use_language(interaction.locale.value)
        await acknowledge(interaction, ephemeral=True)
        configuration = await interaction.client.policy.configuration(guild_id_of(interaction))
        await interaction.edit_original_response(
            content=within(list_lines(configuration.lists, LIST_LENGTH)),
            allowed_mentions=discord.AllowedMentions.none(),
        )


class QuotaCommands(commands.Cog):
    """Limits."""

    @app_commands.command()
    async def quota(
        self,
        interaction: discord.Interaction[Bot],
        role: discord.Role | None = None,
        member: discord.User | None = None,
        requests: app_commands.Range[int, -1, MOST] | None = None,
        tokens: app_commands.Range[int, -1, MOST] | None = None,
        images: app_commands.Range[int, -1, MOST] | None = None,
        credits: app_commands.Range[float, -1, MOST] | None = None,
        per: Per = "day",
    ) -> None:
        """Limit how much may be used; without role and member, by all together.

        Args:
            interaction: The command.
            role: For each member with this role; of several roles the most generous counts.
            member: For this member, whatever their roles say.
            requests: How many questions; -1 takes the limit away.
            tokens: How many tokens, read and written; -1 takes the limit away.
            images: How many pictures; -1 takes the limit away.
            credits: How many credits; -1 takes the limit away.
            per: How often it starts anew.
        """
        use_language(interaction.locale.value)
        if role is not None and member is not None:
            raise QuestionError(_("Choose a role or a member, not both."))
        holder, holder_id = Holder.SERVER, 0
        if role is not None:
            holder, holder_id = Holder.ROLE, role.id
        elif member is not None:
            holder, holder_id = Holder.MEMBER, member.id
        amounts = {
            Measure.REQUESTS: requests,
            Measure.TOKENS: tokens,
            Measure.IMAGES: images,
            Measure.CREDITS: None if credits is None else round(credits * MICRO),
        }
        wanted = {measure: amount for measure, amount in amounts.items() if amount is not None}
        if not wanted:
            raise QuestionError(_("Say how many requests, tokens, images or credits."))
        period = Period(per)

        def edit(lists: Lists) -> Lists:
            kept = [
                limit
                for limit in lists.quotas
                if (limit.holder, limit.holder_id, limit.period) != (holder, holder_id, period)
                or limit.measure not in wanted
            ]
            kept += [
                Limit(holder, holder_id, measure, period, amount)
                for measure, amount in wanted.items()
                if amount >= 0
            ]
            return replace(lists, quotas=tuple(kept))

        await _edit(interaction, edit)


def list_lines(lists: Lists, limit: int) -> list[str]:
    """A server's lists; none takes more characters than the limit and hides the others."""
    more = _("-# … and {count} more: `/config export` has all.")
    access = [*map(rule_in_words, lists.access)] or [_("Everybody, everywhere.")]
    models = [*map(allowance_in_words, lists.models)] or [_("All for everybody.")]
    quotas = [*map(limit_in_words, lists.quotas)] or [_("No limits.")]
    return [
        _("### Access"),
        within(access, limit, more),
        _("### Models of roles"),
        within(models, limit, more),
        _("### Quotas"),
        within(quotas, limit, more),
    ]


async def _rule(
    interaction: discord.Interaction[Bot],
    verdict: Verdict | None,
    role: discord.Role | None,
    member: discord.User | None,
    channel: Channel | None,
) -> None:
    use_language(interaction.locale.value)
    subjects: list[tuple[Subject, int]] = []
    if role is not None:
        subjects.append((Subject.ROLE, role.id))
    if member is not None:
        subjects.append((Subject.MEMBER, member.id))
    if channel is not None:
        is_category = isinstance(channel, discord.CategoryChannel)
        subjects.append((Subject.CATEGORY if is_category else Subject.CHANNEL, channel.id))
    if not subjects:
        raise QuestionError(_("Choose a role, a member or a channel."))
    await _edit(interaction, with_rules(subjects, verdict))


def with_rules(
    subjects: list[tuple[Subject, int]], verdict: Verdict | None
) -> Callable[[Lists], Lists]:
    """Give these a verdict, or take them off the lists."""

    def edit(lists: Lists) -> Lists:
        kept = [rule for rule in lists.access if (rule.subject, rule.subject_id) not in subjects]
        if verdict is not None:
            kept += [Rule(subject, subject_id, verdict) for subject, subject_id in subjects]
        return replace(lists, access=tuple(kept))

    return edit


def with_allowance(allowance: Allowance, *, allowed: bool = True) -> Callable[[Lists], Lists]:
    """Give a role a model, or take it away."""

    def edit(lists: Lists) -> Lists:
        others = tuple(known for known in lists.models if known != allowance)
        return replace(lists, models=(*others, allowance) if allowed else others)

    return edit


async def _edit(interaction: discord.Interaction[Any], edit: Callable[[Lists], Lists]) -> None:
    use_language(interaction.locale.value)
    await acknowledge(interaction, ephemeral=True)
    await change_and_tell(interaction, of_lists(edit))


def of_lists(edit: Callable[[Lists], Lists]) -> Callable[[Configuration], Configuration]:
    """The same for a whole configuration.

    Raises:
        QuestionError: a list would become too long.
    """

    def edited(old: Configuration) -> Configuration:
        lists = edit(old.lists)
        check_lengths(lists)
        return replace(old, lists=lists)

    return edited
