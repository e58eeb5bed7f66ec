"""What a process that died has left is ended where it belongs, and nowhere else."""

from __future__ import annotations

from bot.chat.turns import TurnState
from tests.cogs.conftest import labels


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
