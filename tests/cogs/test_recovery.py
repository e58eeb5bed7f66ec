"""What a process that died has left is ended where it belongs, and nowhere else."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest

from bot.chat.turns import TurnState
from bot.cogs.recovery import LONGEST_PAUSE_SECONDS, LOOK_SECONDS, Backlog, RecoveryCog
from bot.errors import StorageError
from tests.cogs.conftest import labels
from tests.fakes import FakeClock, MemoryStore


async def nothing(_scope):
    return 0


async def test_a_private_answer_that_a_crash_left_is_never_shown_to_the_channel(stage, monkeypatch):
    store = stage.services.store
    with monkeypatch.context() as dying:
        dying.setattr(store, "clear", nothing)
        await stage.mira.slash(stage.general, "ask", prompt="a secret", private=True)
    assert store.turns
    await stage.env.restart_bot(stage.services.bot())
    assert [m.content for m in stage.replies() if not m.flags.ephemeral] == []
    assert store.turns == {}


async def test_an_answer_whose_last_state_was_not_shown_is_shown_once(stage):
    await stage.mira.send(stage.general, f"{stage.me} hi")
    assert stage.services.store.unshown
    await (
        stage.env.bot.get_partial_messageable(stage.general.id)
        .get_partial_message(stage.reply().id)
        .edit(content="Hel", view=None)
    )
    await stage.env.restart_bot(stage.services.bot())
    [reply] = stage.replies()
    assert reply.content == "Hello!"
    assert "Regenerate" in labels(reply)
    assert set(stage.services.store.states.values()) == {TurnState.COMPLETE}


@pytest.fixture
async def cut_off(stage):
    """An answer that a process left growing."""
    await stage.mira.send(stage.general, f"{stage.me} hi")
    [turn_id] = stage.services.store.turns
    stage.services.store.states[turn_id] = TurnState.STREAMING
    stage.services.store.restart()
    return turn_id


async def look(cog: RecoveryCog) -> None:
    """Look, and see what was found to its end."""
    await cog._look()
    await asyncio.gather(*cog._mending)


@pytest.mark.parametrize(
    ("where", "what", "error"),
    [
        (discord.PartialMessage, "fetch", aiohttp.ClientConnectionError()),
        (discord.PartialMessage, "edit", aiohttp.ClientConnectionError()),
        (MemoryStore, "close_turn", StorageError("database is locked")),
    ],
    ids=["reading", "mending", "keeping"],
)
async def test_an_answer_that_could_not_be_ended_is_ended_by_a_later_look(
    stage, cut_off, monkeypatch, where, what, error
):
    states, clock = stage.services.store.states, FakeClock()
    stage.env.bot.clock = clock
    cog = RecoveryCog(stage.env.bot)

    async def fails(*_args, **_given):
        raise error

    with monkeypatch.context() as trouble:
        trouble.setattr(where, what, fails)
        await look(cog)
        await look(cog)
    assert states[cut_off] is TurnState.STREAMING
    await look(cog)
    assert states[cut_off] is TurnState.STREAMING
    clock.time += LOOK_SECONDS
    await look(cog)
    assert states[cut_off] is TurnState.INTERRUPTED
    assert "Interrupted" in stage.reply().content
    assert "Retry" in labels(stage.reply())


def test_what_fails_again_and_again_is_tried_less_and_less_often():
    clock = FakeClock()
    backlog = Backlog(clock)
    pauses = []
    for _try in range(8):
        backlog.put(1)
        began = clock.time
        while not backlog.due():
            clock.time += LOOK_SECONDS
        pauses.append(clock.time - began)
        backlog.take(1)
    assert pauses[:4] == [LOOK_SECONDS * 2**n for n in range(4)]
    assert pauses[-1] == pauses[-2] == LONGEST_PAUSE_SECONDS
    backlog.forget(1)
    backlog.put(1)
    clock.time += LOOK_SECONDS
    assert backlog.due() == [1]
