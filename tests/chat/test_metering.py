"""How many replies may grow at once."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace

from bot.chat import metering
from bot.chat.content import Speaker
from bot.chat.metering import Meter
from bot.chat.policy import Defaults
from bot.chat.turns import Grant, Manner, Question, Scope
from bot.errors import QuotaError
from tests.fakes import MemoryQuotas, question

DEFAULTS = Defaults("gpt-4o", "gemini-3-pro-image-preview")


def asked(member_id: int, channel_id: int = 7, **limits: int | None) -> Question:
    grant = Grant(member_replies=DEFAULTS.member_replies, channel_replies=DEFAULTS.channel_replies)
    scope = Scope(f"channel:{channel_id}", 1, channel_id)
    manner = Manner(grant=replace(grant, **limits))  # type: ignore[arg-type]
    return replace(question(scope=scope, speaker=Speaker(member_id, "x")), manner=manner)


async def admitted(meter: Meter, questions: list[Question]) -> int:
    """How many of these may grow at once."""
    count = 0
    async with AsyncExitStack() as stack:
        for each in questions:
            try:
                await stack.enter_async_context(meter.reply(each))
            except QuotaError:
                continue
            count += 1
    return count


async def test_without_any_setting_a_member_cannot_have_all_of_the_bot():
    meter = Meter(MemoryQuotas())
    everywhere = [asked(1, channel_id) for channel_id in range(50)]
    assert await admitted(meter, everywhere) == 5
    # And afterwards, again.
    assert await admitted(meter, everywhere) == 5


async def test_without_any_setting_a_channel_cannot_have_all_of_the_bot():
    members = [asked(member_id) for member_id in range(50)]
    assert await admitted(Meter(MemoryQuotas()), members) == 20


async def test_many_servers_and_members_together_cannot_have_all_of_the_process(monkeypatch):
    monkeypatch.setattr(metering, "MOST_REPLIES", 30)
    crowd = [asked(number, number) for number in range(50)]
    assert await admitted(Meter(MemoryQuotas()), crowd) == 30
