"""Several answers to one question: writing another, leafing through them, going on from one."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.chat.content import ImagePart
from bot.chat.continuing import CONTINUE, whole_text
from bot.chat.events import Source, SourcesFound
from bot.chat.turns import ImageOptions, Task, TurnState
from bot.errors import ConversationError
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.variants import SqlVariantStore
from tests.storage.asking import HERE, WIDE, answered, ask, questions, say, seen_by_next


async def test_a_variant_answers_the_same_question_again(store, variants):
    await answered(store, ask("before"))
    question = ask("draw", task=Task.IMAGE, image=ImageOptions("16:9", "2K"))
    first = await answered(store, question, state=TurnState.FAILED)
    again = await variants.reopen(first)
    assert again.variant == 2
    assert again.question == replace(question, follows=again.question.follows)
    assert questions(await store.history(again.turn_id, max_exchanges=9, max_bytes=WIDE)) == [
        "before"
    ]


async def test_a_variant_of_the_newest_answer_takes_its_place(store, variants):
    first = await answered(store, ask("one"), answer=say("bad"))
    again = await variants.reopen(first)
    await store.close_turn(again.turn_id, TurnState.COMPLETE, say("good"))
    [exchange] = await store.exchanges(HERE, limit=9)
    assert (exchange.turn_id, exchange.answer.text) == (again.turn_id, "good")


async def test_a_variant_of_an_older_answer_does_not_move_the_conversation(store, variants):
    first = await answered(store, ask("one"))
    await answered(store, ask("two"))
    again = await variants.reopen(first)
    await store.close_turn(again.turn_id, TurnState.COMPLETE, say("good"))
    assert await seen_by_next(store) == ["one", "two"]


async def test_another_model_can_be_asked(store, variants):
    first = await answered(store, ask("one", model="gpt-4o"))
    second = await variants.reopen(first, model="claude")
    assert second.question.model == "claude"
    await store.close_turn(second.turn_id, TurnState.FAILED, say())
    third = await variants.reopen(second.turn_id)
    assert (third.variant, third.question.model) == (3, "claude")


async def test_no_variant_begins_while_one_is_written(store, variants):
    turn = await store.open_turn(ask())
    assert await variants.reopen(turn.turn_id) is None
    await store.close_turn(turn.turn_id, TurnState.FAILED, say())
    assert await variants.reopen(turn.turn_id) is not None
    assert await variants.reopen(turn.turn_id) is None


async def test_many_presses_at_once_begin_one_variant(url):
    async with Database(url) as one, Database(url) as other:
        first = await answered(SqlConversationStore(one), ask())
        stores = [SqlVariantStore(one), SqlVariantStore(other)] * 5
        turns = await asyncio.gather(*(store.reopen(first) for store in stores))
    assert len([turn for turn in turns if turn]) == 1


async def test_the_messages_of_the_old_variant_show_the_new_one(store, variants):
    first = await answered(store, ask())
    for page in (1, 0):
        await store.shown_on(first, page=page, channel_id=7, message_id=500 + page)
    second = await variants.reopen(first)
    assert second.pages == ((7, 500), (7, 501))
    assert await store.turn_of_message(501) == second.turn_id
    await store.close_turn(second.turn_id, TurnState.COMPLETE, say("x"))
    third = await variants.reopen(first)  # an old button
    assert third.pages == second.pages


async def test_an_unknown_answer_cannot_be_written_again(variants):
    with pytest.raises(ConversationError, match="no longer remember"):
        await variants.reopen(10**9)


async def three_answers(store, variants) -> list[int]:
    """One question with the answers A, B and C, the last one shown."""
    first = await answered(store, ask("one"), answer=say("A"))
    await store.shown_on(first, page=1, channel_id=7, message_id=500)
    ids = [first]
    for text in "BC":
        turn = await variants.reopen(first)
        await store.close_turn(turn.turn_id, TurnState.COMPLETE, say(text))
        ids.append(turn.turn_id)
    return ids


async def test_leafing_back_shows_the_earlier_answer_on_the_same_messages(store, variants):
    ids = await three_answers(store, variants)
    kept = await variants.choose(ids[2], -1)
    assert kept.answer.message.text == "B"
    assert kept.turn.pages == ((7, 500),)
    assert kept.turn.others == (ids[0], ids[2])
    assert await store.turn_of_message(500) == ids[1]


async def test_the_shown_answer_is_the_one_that_counts_for_the_next_question(store, variants):
    ids = await three_answers(store, variants)
    await variants.choose(ids[2], -1)
    turn = await store.open_turn(ask("next"))
    [exchange] = await store.history(turn.turn_id, max_exchanges=9, max_bytes=WIDE)
    assert exchange.answer.text == "B"


async def test_what_was_said_later_follows_the_shown_answer(store, variants):
    ids = await three_answers(store, variants)
    await answered(store, ask("two"), answer=say("later"))
    await variants.choose(ids[2], -1)
    turn = await store.open_turn(ask("next"))
    history = await store.history(turn.turn_id, max_exchanges=9, max_bytes=WIDE)
    assert [exchange.answer.text for exchange in history] == ["B", "later"]


@pytest.mark.parametrize(("start", "step"), [(0, -1), (2, 1)])
async def test_there_is_nothing_beyond_the_first_and_the_last_answer(store, variants, start, step):
    ids = await three_answers(store, variants)
    assert await variants.choose(ids[start], step) is None


async def test_answers_that_failed_are_not_leafed_through(store, variants):
    first = await answered(store, ask("one"), answer=say("A"))
    failed = await variants.reopen(first)
    assert failed.others == (first,)
    await store.close_turn(failed.turn_id, TurnState.FAILED, say("half"))
    kept = await variants.choose(failed.turn_id, -1)
    assert kept.answer.message.text == "A"
    assert kept.turn.others == ()


async def test_nobody_leafs_while_an_answer_is_written(store, variants):
    first = await answered(store, ask("one"))
    growing = await variants.reopen(first)
    assert await variants.choose(growing.turn_id, -1) is None


async def test_a_kept_answer_has_its_pictures_and_sources(store, variants):
    fox = ImagePart(b"fox", "image/png", alt="a fox")
    sources = SourcesFound((Source("https://a.example", "A"),))
    turn_id = await answered(store, ask("one"), answer=say("Here.", fox, sources=sources))
    kept = await variants.kept(turn_id)
    assert kept.state is TurnState.COMPLETE
    assert kept.answer.message.images == (fox,)
    assert kept.answer.sources == sources


async def test_an_interrupted_answer_counts_as_said_once_somebody_goes_on_from_it(store, variants):
    turn_id = await answered(store, ask("one"), state=TurnState.INTERRUPTED, answer=say("half"))
    assert await seen_by_next(store) == []
    await variants.accept(turn_id)
    assert "one" in await seen_by_next(store, follows=turn_id)


async def test_a_whole_answer_stays_what_it_is_when_somebody_goes_on_from_it(store, variants):
    turn_id = await answered(store, ask("one"), state=TurnState.LENGTH)
    await variants.accept(turn_id)
    assert (await variants.kept(turn_id)).state is TurnState.LENGTH


async def test_a_continued_answer_is_read_whole_also_when_its_beginning_was_changed(
    store, variants
):
    first = await answered(store, ask("one"), answer=say("half"))
    cut = await answered(store, ask(CONTINUE, follows=first), answer=say("more"))
    last = await answered(store, ask(CONTINUE, follows=cut), answer=say("whole"))
    assert await whole_text(variants, last) == "half\nmore\nwhole"
    assert await whole_text(variants, cut) == "half\nmore"
    again = await variants.reopen(first)
    await store.close_turn(again.turn_id, TurnState.COMPLETE, say("another half "))
    assert await whole_text(variants, last) == "another half more\nwhole"


class TestAttempts:
    """What has come of a question for a picture, by the event that asked."""

    async def test_nothing_is_known_of_an_event_that_never_came(self, variants):
        assert await variants.attempt(-101) is None

    async def test_a_growing_answer_is_told_from_a_failed_one(self, store, variants):
        turn = await store.open_turn(ask("larger", task=Task.IMAGE, event_id=-101))
        attempt = await variants.attempt(-101)
        assert (attempt.is_growing, attempt.has_picture) == (True, False)
        await store.close_turn(turn.turn_id, TurnState.FAILED, say())
        assert await variants.attempt(-101) == replace(attempt, is_growing=False)

    @pytest.mark.parametrize("state", [TurnState.COMPLETE, TurnState.FAILED])
    async def test_a_picture_counts_whatever_became_of_its_answer(self, store, variants, state):
        question = ask("larger", task=Task.IMAGE, event_id=-101)
        await answered(store, question, state=state, answer=say(ImagePart(b"fox", "image/png")))
        assert (await variants.attempt(-101)).has_picture

    async def test_a_picture_of_any_variant_counts(self, store, variants):
        question = ask("larger", task=Task.IMAGE, event_id=-101)
        first = await answered(store, question, state=TurnState.FAILED, answer=say())
        again = await variants.reopen(first)
        assert (await variants.attempt(-101)).is_growing
        await store.keep_picture(again.turn_id, ImagePart(b"fox", "image/png"))
        assert (await variants.attempt(-101)).has_picture

    async def test_its_number_is_that_of_no_answer(self, store, variants):
        turn = await store.open_turn(ask("larger", task=Task.IMAGE, event_id=-101))
        attempt = await variants.attempt(-101)
        assert await store.asker_of(attempt.question_id) is None
        assert await store.asker_of(turn.turn_id) is not None
