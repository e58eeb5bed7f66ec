"""Bad weather between the bot and the gateway, as a member sees it in Discord."""

from __future__ import annotations

from functools import partial

import pytest

from bot.llm.client import GatewayChatModel
from bot.llm.deadlines import Deadlines
from bot.playground.discord import Message
from bot.playground.standin import Fault
from tests.e2e.conftest import Weather
from tests.e2e.test_replies import buttons, shown

CHAT = "/chat/completions"
WORDS = "Some words to read. " * 20
CLOSED = "http://127.0.0.1:9"
PAGE = Fault(
    status=200, body=b"<html>Checking upstream-7.internal</html>", content_type="text/html"
)


@pytest.fixture
def brief(weather: Weather, monkeypatch: pytest.MonkeyPatch) -> Weather:
    """The gateway answers at once, and the bot does not wait long for it."""
    weather.gateway.deltas_per_second = 0
    weather.gateway.text = WORDS
    short = partial(GatewayChatModel, quick=Deadlines(first_byte=0.5, silence=0.2))
    monkeypatch.setattr("bot.app.GatewayChatModel", short)
    return weather


async def end_of_reply(weather: Weather, question: str = "talk to me") -> Message:
    """Ask, and wait for the reply's last state."""
    await weather.mention(question)
    await weather.until(
        lambda: weather.replies() and {"Regenerate", "Retry"} & set(buttons(weather.replies()[-1]))
    )
    return weather.replies()[-1]


def small_print(message: Message) -> str:
    return "\n".join(line for line in message.content.splitlines() if line.startswith("-# "))


async def test_a_dead_host_costs_the_member_nothing(brief: Weather) -> None:
    async with brief.bot(liaobots_base_url=CLOSED, liaobots_backup_urls=brief.gateway.url):
        reply = await end_of_reply(brief)
    assert shown(reply) == WORDS.strip()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(cut_after_events=20), id="cut"),
        pytest.param(Fault(stall_after_events=20, trickle=b"data: {"), id="drip"),
    ],
)
async def test_an_answer_that_stops_in_the_middle_keeps_its_words_and_can_go_on(
    brief: Weather, fault: Fault
) -> None:
    brief.gateway.faults.add(fault, path=CHAT)
    async with brief.bot():
        reply = await end_of_reply(brief)
    assert len(shown(reply)) > 20
    assert WORDS.startswith(shown(reply))
    assert "broke off here" in small_print(reply)
    assert {"Retry", "Continue"} <= set(buttons(reply))
    assert len(brief.chats()) == 1


async def test_a_page_in_place_of_an_answer_is_told_in_our_words(brief: Weather) -> None:
    brief.gateway.faults.add(PAGE, times=2, path=CHAT)
    other_door = brief.gateway.url.replace("127.0.0.1", "localhost")
    async with brief.bot(liaobots_backup_urls=other_door):
        reply = await end_of_reply(brief)
        assert "cannot be reached" in reply.content
        assert "upstream-7" not in reply.content
        assert [call.headers["Host"].split(":")[0] for call in brief.chats()] == [
            "127.0.0.1",
            "localhost",
        ]


async def test_an_endless_answer_is_ended_with_what_was_shown(
    brief: Weather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.llm.ceilings.MAX_CHARACTERS", 300)
    async with brief.bot():
        reply = await end_of_reply(brief)
    assert 250 < len(shown(reply)) <= 300
    assert WORDS.startswith(shown(reply))
    assert "longer than any answer" in small_print(reply)
