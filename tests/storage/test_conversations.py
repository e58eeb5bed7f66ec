"""Questions and answers as a tree: order, repeats, branches, variants, and what is remembered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import select

from bot.chat.content import FilePart, ImagePart, Message, Native, Role, TextPart
from bot.chat.events import SearchSuggestion, Source, SourcesFound, Usage
from bot.chat.turns import (
    REMEMBERED,
    Answer,
    Task,
    TurnState,
)
from bot.errors import ConversationError
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.tables import ConversationRow, MediaRow, TurnRow
from tests.storage.asking import (
    ELSEWHERE,
    HERE,
    MIRA,
    WIDE,
    answered,
    ask,
    events,
    opened,
    questions,
    say,
    seen_by_next,
)


class TestAsking:
    async def test_the_first_question_has_no_history(self, store):
        turn = await store.open_turn(ask())
        assert await store.history(turn.turn_id, max_exchanges=10, max_bytes=WIDE) == []

    async def test_a_question_follows_the_newest_answer(self, store):
        await answered(store, ask("one"))
        await answered(store, ask("two"))
        assert await seen_by_next(store) == ["one", "two"]

    async def test_history_has_both_sides_exactly_as_they_were_said(self, store):
        picture = ImagePart(b"\xff\xd8", "image/jpeg", alt="a cat", name="cat.jpg")
        native = Native("gemini", "gemini-3-pro-image-preview", "https://a", b'[{"text":"x"}]')
        question = ask("look", picture, FilePart(b"%PDF", "application/pdf", "a.pdf"), "and?")
        drawn = ImagePart(b"\x89PNG", "image/png", alt="drawn")
        await answered(
            store, question, answer=say("Here:", drawn, natives=[native], model="gpt-4o-2024")
        )
        turn = await store.open_turn(ask())
        [exchange] = await store.history(turn.turn_id, max_exchanges=10, max_bytes=WIDE)
        assert exchange.question == Message(Role.USER, question.parts, MIRA)
        assert exchange.answer == Message(
            Role.ASSISTANT, (TextPart("Here:"), drawn), natives=(native,)
        )
        assert exchange.model == "gpt-4o-2024"

    async def test_a_restart_forgets_nothing(self, url):
        async with Database(url) as before:
            await answered(SqlConversationStore(before), ask("one"))
        async with Database(url) as after:
            assert await seen_by_next(SqlConversationStore(after)) == ["one"]

    async def test_a_question_that_came_before_is_not_asked_again(self, store):
        question = ask(event_id=99)
        assert await store.open_turn(question) is not None
        assert await store.open_turn(question) is None
        assert await store.open_turn(replace(question, scope=ELSEWHERE)) is None

    async def test_an_event_that_comes_many_times_at_once_is_answered_once(self, store):
        question = ask(event_id=99)
        turns = await asyncio.gather(*(store.open_turn(question) for _ in range(12)))
        assert len([turn for turn in turns if turn]) == 1

    async def test_two_processes_answer_an_event_once(self, url):
        question = ask(event_id=99)
        async with Database(url) as one, Database(url) as other:
            stores = [SqlConversationStore(one), SqlConversationStore(other)] * 4
            turns = await asyncio.gather(*(store.open_turn(question) for store in stores))
        assert len([turn for turn in turns if turn]) == 1

    async def test_questions_at_once_form_one_chain(self, store):
        asked = [f"question {number}" for number in range(20)]
        turns = await asyncio.gather(*(store.open_turn(ask(words)) for words in asked))
        for turn in turns:
            await store.close_turn(turn.turn_id, TurnState.COMPLETE, say("yes"))
        seen = await seen_by_next(store)
        assert sorted(seen) == sorted(asked)

    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(st.integers(1, 5), max_size=4), st.randoms(use_true_random=False))
    async def test_history_is_in_the_order_of_asking(self, store, sizes, chance):
        """Whatever number asks at once, and in whichever order the answers come to their end."""
        scope = replace(HERE, key=f"channel:{next(events)}")
        waves = []
        for size in sizes:
            turns = await asyncio.gather(*(store.open_turn(ask(scope=scope)) for _ in range(size)))
            waves.append({turn.turn_id for turn in turns})
            for turn in chance.sample(turns, size):
                await store.close_turn(turn.turn_id, TurnState.COMPLETE, say("yes"))
        told = [exchange.turn_id for exchange in await store.exchanges(scope, limit=99)]
        assert told == [turn_id for wave in waves for turn_id in sorted(wave)]

    async def test_two_processes_form_one_chain(self, url):
        async with Database(url) as one, Database(url) as other:
            stores = [SqlConversationStore(one), SqlConversationStore(other)]
            turns = await asyncio.gather(*(opened(stores[n % 2], ask(str(n))) for n in range(10)))
            for turn in turns:
                await stores[0].close_turn(turn.turn_id, TurnState.COMPLETE, say("yes"))
            assert sorted(await seen_by_next(stores[1])) == sorted(map(str, range(10)))

    async def test_a_long_conversation_gives_its_newest_exchanges(self, store):
        for number in range(8):
            await answered(store, ask(str(number)))
        assert await seen_by_next(store, max_exchanges=3) == ["5", "6", "7"]

    async def test_no_exchanges_wanted_are_none(self, store):
        await answered(store, ask())
        assert await seen_by_next(store, max_exchanges=0) == []


class TestWhatIsRemembered:
    async def test_media_beyond_the_byte_budget_are_told_in_words(self, store):
        def drawn(data: bytes) -> Answer:
            return say("Here.", ImagePart(data, "image/png", alt="a fox"))

        await answered(store, ask("old"), answer=drawn(b"o" * 600))
        native = Native("gemini", "m", "h", b"n" * 800)  # 600 bytes once decoded
        signed = say("Here.", ImagePart(b"x" * 500, "image/png"), natives=[native])
        await answered(store, ask("middle"), answer=signed)
        await answered(store, ask("new"), answer=drawn(b"n" * 300))
        turn = await opened(store, ask("next"))
        history = await store.history(turn.turn_id, max_exchanges=10, max_bytes=1_400)
        assert [len(exchange.answer.images) for exchange in history] == [0, 1, 1]
        assert "[picture: a fox]" in history[0].answer.text
        assert history[1].answer.native == native

    async def test_only_answers_that_count_as_said_are_history(self, store):
        for state in TurnState:
            turn = await store.open_turn(ask(state.value))
            if state is not TurnState.STREAMING:
                await store.close_turn(turn.turn_id, state, say("an answer"))
        seen = await seen_by_next(store)
        assert seen == [state.value for state in TurnState if state in REMEMBERED]

    async def test_an_unfinished_answer_is_passed_over_until_it_is_finished(self, store):
        slow = await store.open_turn(ask("slow"))
        await answered(store, ask("quick"))
        assert await seen_by_next(store) == ["quick"]
        await store.close_turn(slow.turn_id, TurnState.COMPLETE, say("at last"))
        assert await seen_by_next(store) == ["slow", "quick"]

    async def test_forgotten_answers_do_not_count_towards_the_limit(self, store):
        await answered(store, ask("one"))
        await answered(store, ask("two"))
        for _ in range(5):
            await answered(store, ask("lost"), state=TurnState.FAILED)
        assert await seen_by_next(store, max_exchanges=2) == ["one", "two"]

    async def test_an_answer_ends_once(self, store):
        turn_id = await answered(store, ask("one"), answer=say("whole"))
        await store.close_turn(turn_id, TurnState.FAILED, say("late"))
        [exchange] = await store.exchanges(HERE, limit=1)
        assert (exchange.state, exchange.answer.text) == (TurnState.COMPLETE, "whole")

    async def test_usage_and_sources_are_kept(self, store, database):
        sources = SourcesFound((Source("https://a.example", "A"),), (SearchSuggestion("q", "u"),))
        usage = Usage(1, 2, 3, 4)
        turn_id = await answered(store, ask("one"), answer=say("x", usage=usage, sources=sources))
        async with database.read() as session:
            row = await session.get_one(TurnRow, turn_id)
        assert (row.input_tokens, row.output_tokens) == (1, 2)
        assert (row.reasoning_tokens, row.cached_tokens) == (3, 4)
        assert row.sources == {
            "sources": [{"url": "https://a.example", "title": "A"}],
            "suggestions": [{"query": "q", "url": "u"}],
        }
        assert row.created_at <= row.ended_at
        assert row.ended_at.utcoffset().total_seconds() == 0


class TestBranches:
    async def test_a_reply_to_an_older_answer_branches_from_it(self, store):
        first = await answered(store, ask("one"))
        await answered(store, ask("two"))
        assert await seen_by_next(store, follows=first) == ["one"]

    async def test_the_conversation_goes_on_from_the_branch(self, store):
        first = await answered(store, ask("one"))
        await answered(store, ask("two"))
        await answered(store, ask("other", follows=first))
        assert await seen_by_next(store) == ["one", "other"]

    async def test_a_reply_to_an_answer_of_another_conversation_sees_nothing_of_it(self, store):
        secret = await answered(store, ask("secret", scope=ELSEWHERE))
        await answered(store, ask("here"))
        assert await seen_by_next(store, follows=secret) == ["here"]

    async def test_a_reply_to_an_unknown_answer_follows_the_newest(self, store):
        await answered(store, ask("one"))
        assert await seen_by_next(store, follows=10**9) == ["one"]

    async def test_a_question_is_no_answer_to_follow(self, store, database):
        answer_id = await answered(store, ask("one"))
        async with database.read() as session:
            question_id = (await session.get_one(TurnRow, answer_id)).parent_id
        assert await seen_by_next(store, follows=question_id) == ["one"]

    async def test_conversations_do_not_see_each_other(self, store):
        await answered(store, ask("here"))
        await answered(store, ask("there", scope=ELSEWHERE))
        assert await seen_by_next(store) == ["here"]
        assert await seen_by_next(store, scope=ELSEWHERE) == ["there"]


class TestPages:
    async def test_a_message_leads_to_its_answer_and_its_asker(self, store):
        turn = await store.open_turn(ask())
        await store.shown_on(turn.turn_id, page=0, channel_id=7, message_id=500)
        assert await store.turn_of_message(500) == turn.turn_id
        assert await store.asker_of(turn.turn_id) == MIRA.id

    async def test_unknown_messages_and_answers_lead_nowhere(self, store):
        assert await store.turn_of_message(500) is None
        assert await store.asker_of(500) is None

    async def test_a_page_said_twice_is_there_once(self, store):
        turn = await store.open_turn(ask())
        for _ in range(2):
            await store.shown_on(turn.turn_id, page=0, channel_id=7, message_id=500)
        [found] = await store.interrupted()
        assert found.pages == ((7, 500),)

    async def test_a_page_sent_anew_replaces_the_lost_one(self, store):
        turn = await store.open_turn(ask())
        await store.shown_on(turn.turn_id, page=0, channel_id=7, message_id=500)
        await store.shown_on(turn.turn_id, page=0, channel_id=9, message_id=600)
        [found] = await store.interrupted()
        assert found.pages == ((9, 600),)

    async def test_pages_noted_at_once_are_all_kept(self, store):
        turn = await store.open_turn(ask())
        await asyncio.gather(
            *(store.shown_on(turn.turn_id, page=n, channel_id=7, message_id=n) for n in range(8))
        )
        [found] = await store.interrupted()
        assert found.pages == tuple((7, n) for n in range(8))


class TestInterrupted:
    async def test_answers_that_a_crash_cut_off_are_found_with_all_of_their_question(self, url):
        question = ask("look", ImagePart(b"png", "image/png"))
        async with Database(url) as before:
            store = SqlConversationStore(before)
            await answered(store, ask("done"))
            cut = await opened(store, question)
            await store.shown_on(cut.turn_id, page=0, channel_id=7, message_id=500)
        async with Database(url) as after:
            [found] = await SqlConversationStore(after).interrupted()
        follows = found.question.follows
        assert found == replace(cut, question=replace(question, follows=follows), pages=((7, 500),))

    async def test_an_answer_that_may_not_have_been_shown_is_found_until_it_is_confirmed(
        self, store
    ):
        turn = await opened(store, ask())
        await store.close_turn(turn.turn_id, TurnState.COMPLETE, say("Hello"))
        [found] = await store.interrupted()
        assert found.turn_id == turn.turn_id
        await store.confirm_shown([turn.turn_id])
        assert await store.interrupted() == []

    async def test_a_message_that_is_there_already_is_known_with_the_question(self, store):
        turn = await opened(store, ask(reserved=500))
        assert await store.turn_of_message(500) == turn.turn_id
        [found] = await store.interrupted()
        assert found.pages == ((7, 500),)

    async def test_a_token_comes_back_with_what_was_interrupted(self, store):
        await opened(store, ask(token="secret"))
        [found] = await store.interrupted()
        assert found.question.token == "secret"

    async def test_a_closed_answer_is_not_interrupted(self, store):
        await answered(store, ask(), state=TurnState.INTERRUPTED)
        assert await store.interrupted() == []


class TestListing:
    async def test_the_newest_exchanges_are_listed_whatever_came_of_them(self, store):
        await answered(store, ask("one"))
        await answered(store, ask("two"), answer=say("said", ImagePart(b"png", "image/png", "cat")))
        await answered(store, ask("three"), state=TurnState.FAILED, answer=say("half an ans"))
        await store.open_turn(ask("four"))
        listed = await store.exchanges(HERE, limit=3)
        assert questions(listed) == ["two", "three", "four"]
        assert [exchange.state.value for exchange in listed] == ["complete", "failed", "streaming"]
        assert listed[0].answer.images == (ImagePart(b"", "image/png", "cat"),)
        assert [exchange.answer for exchange in listed[1:]] == [None, None]

    async def test_an_unknown_conversation_is_empty(self, store):
        assert await store.exchanges(ELSEWHERE, limit=3) == []


class TestForgetting:
    async def test_a_forgotten_conversation_starts_anew(self, store):
        for words in ("one", "two"):
            await answered(store, ask(words))
        assert await store.clear(HERE) == 2
        assert await store.exchanges(HERE, limit=9) == []
        assert await seen_by_next(store) == []

    async def test_other_conversations_stay(self, store):
        await answered(store, ask("there", scope=ELSEWHERE))
        assert await store.clear(HERE) == 0
        assert questions(await store.exchanges(ELSEWHERE, limit=9)) == ["there"]

    async def test_an_answer_that_still_grows_ends_quietly(self, store):
        turn = await store.open_turn(ask())
        await store.clear(HERE)
        await store.shown_on(turn.turn_id, page=0, channel_id=7, message_id=500)
        await store.close_turn(turn.turn_id, TurnState.COMPLETE, say("too late"))
        assert await store.turn_of_message(500) is None
        assert await store.exchanges(HERE, limit=9) == []

    async def test_an_old_button_never_opens_a_newer_conversation(self, store, variants):
        """An id is not given out again after its turn was forgotten."""
        old = await answered(store, ask("old"))
        await store.clear(HERE)
        new = await answered(store, ask("new", scope=ELSEWHERE))
        assert new > old
        with pytest.raises(ConversationError):
            await variants.reopen(old)

    async def test_a_very_long_conversation_can_be_read_and_forgotten(self, store, database):
        """SQLite follows cascades only 1,000 levels deep."""
        last = await answered(store, ask("first"))
        async with database.write() as session:
            [first] = await session.scalars(select(TurnRow).where(TurnRow.id == last))
            for number in range(2, 1_300, 2):
                session.add_all(
                    [
                        TurnRow(
                            id=last + number - 1,
                            conversation_id=first.conversation_id,
                            parent_id=last + number - 2,
                            role=Role.USER,
                            event_id=next(events),
                            speaker_id=1,
                            speaker_name="x",
                            task=Task.CHAT,
                        ),
                        TurnRow(
                            id=last + number,
                            conversation_id=first.conversation_id,
                            parent_id=last + number - 1,
                            role=Role.ASSISTANT,
                            variant=1,
                            state=TurnState.FAILED,
                            model="m",
                        ),
                    ]
                )
            conversation = await session.get_one(ConversationRow, first.conversation_id)
            conversation.head_turn_id = last + 1_298
        [exchange] = await store.exchanges(HERE, limit=1)
        assert exchange.turn_id == last + 1_298
        assert len(await store.exchanges(HERE, limit=2_000)) == 650
        assert await store.clear(HERE) == 650

    async def test_an_answer_that_ends_while_it_is_forgotten_leaves_nothing(self, store, database):
        picture = ImagePart(b"png", "image/png")
        for _ in range(5):
            turn = await store.open_turn(ask())
            ending = store.close_turn(turn.turn_id, TurnState.COMPLETE, say(picture))
            await asyncio.gather(ending, store.clear(HERE))
        async with database.read() as session:
            assert (await session.scalars(select(MediaRow.sha256))).all() == []

    async def test_forgetting_and_asking_at_once_leaves_a_whole_conversation(self, store):
        await answered(store, ask("old"))
        picture = ImagePart(b"png", "image/png")
        await asyncio.gather(
            *(
                store.open_turn(ask("new", picture)) if number % 2 else store.clear(HERE)
                for number in range(20)
            )
        )
        for turn in await store.interrupted():
            assert turn.question.parts == (TextPart("new"), picture)
