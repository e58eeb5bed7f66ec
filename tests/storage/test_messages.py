"""Parts come back as they went in, and bytes are kept once and only as long as needed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.chat.content import FilePart, ImagePart, Native, TextPart
from bot.chat.turns import Scope, TurnState
from bot.storage import media
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.tables import MediaRow, NativeRow, PartKind, TurnMessageRow, TurnPartRow, TurnRow
from tests.storage.asking import ELSEWHERE, HERE, answered, ask, opened, say

CAT = ImagePart(b"cat", "image/png", "a cat", "cat.png")

# What PostgreSQL and UTF-8 can hold; the rest has a test of its own.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
parts = st.lists(
    st.one_of(
        st.builds(TextPart, words),
        st.builds(ImagePart, st.binary(max_size=30), words, words, words),
        st.builds(FilePart, st.binary(max_size=30), words, words),
    ),
    max_size=6,
)


async def count_of(database, table):
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table))


class TestRoundTrip:
    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(asked=parts, said=parts, native=st.binary(max_size=30))
    async def test_any_parts_come_back_in_their_order(self, store, asked, said, native):
        question = replace(ask(), parts=tuple(asked))
        answer = say(*said, natives=[Native("gemini", "m", "h", native)])
        turn_id = await answered(store, question, answer=answer)
        next_turn = await store.open_turn(ask(follows=turn_id))
        exchange = (await store.history(next_turn.turn_id, max_exchanges=1, max_bytes=10**9))[-1]
        assert exchange.question.parts == question.parts
        assert exchange.answer == answer.message

    async def test_what_no_database_takes_does_not_lose_the_question(self, store):
        """A NUL, half of a surrogate pair, and a pair that came in two halves."""
        text = "a\0b \ud83d " + "\ud83d" + "\ude00"
        await answered(store, ask(text), answer=say(text))
        [exchange] = await store.exchanges(HERE, limit=1)
        kept = "a\ufffdb \ufffd \U0001f600"
        assert (exchange.question.text, exchange.answer.text) == (kept, kept)

    async def test_signatures_of_megabytes_come_back_unchanged(self, store):
        native = Native("gemini", "m", "h", bytes(range(256)) * 12_000)
        picture = ImagePart(b"\xff\xd8" * 1_000_000, "image/jpeg")
        await answered(store, ask(), answer=say(picture, natives=[native]))
        turn = await store.open_turn(ask())
        [exchange] = await store.history(turn.turn_id, max_exchanges=1, max_bytes=10**9)
        assert exchange.answer.native == native
        assert exchange.answer.images == (picture,)


class TestMedia:
    async def test_the_same_bytes_are_kept_once(self, store, database):
        other_name = replace(CAT, name="other.png", mime_type="image/apng")
        await answered(store, ask(CAT, other_name, scope=ELSEWHERE), answer=say("x", CAT))
        await answered(store, ask("again", CAT))
        assert await count_of(database, MediaRow) == 1

    async def test_media_go_with_the_last_turn_that_refers_to_them(self, store, database):
        await answered(store, ask("here", CAT))
        await answered(store, ask("there", CAT, scope=ELSEWHERE))
        await store.clear(HERE)
        assert await count_of(database, MediaRow) == 1
        await store.clear(ELSEWHERE)
        assert await count_of(database, MediaRow) == 0

    async def test_media_in_use_cannot_be_deleted(self, store, database):
        await answered(store, ask("here", CAT))
        async with database.write() as session:
            await media.forget_unused(session, [await media.digest(CAT.data)])
        assert await count_of(database, MediaRow) == 1

    async def test_forgetting_never_takes_a_picture_that_is_just_being_sent(self, store, database):
        scopes = [Scope(f"channel:{n}", 1, n) for n in range(6)]
        for _ in range(3):
            await asyncio.gather(
                *(store.open_turn(ask("look", CAT, scope=scope)) for scope in scopes[:3]),
                *(store.clear(scope) for scope in scopes[3:]),
            )
            scopes = scopes[3:] + scopes[:3]
        for turn in await store.interrupted():
            assert turn.question.parts[1] == CAT

    async def test_media_being_stored_anew_are_not_taken_away_by_another_process(self, url):
        async with Database(url) as one, Database(url) as other:
            turn = await opened(SqlConversationStore(one), ask("look"))
            digest = await media.digest(CAT.data)
            async with one.write() as session:
                await media.keep(session, {digest: CAT.data})

            async def forget() -> None:
                async with other.write() as session:
                    await media.forget_unused(session, [digest])

            async with one.write() as session:
                await media.keep(session, {digest: CAT.data})
                forgetting = asyncio.create_task(forget())
                # Ample time to get it wrong; to get it right, none is needed.
                await asyncio.wait({forgetting}, timeout=0.1)
                session.add(
                    TurnPartRow(
                        turn_id=turn.turn_id - 1,
                        position=1,
                        kind=PartKind.IMAGE,
                        media_sha256=digest,
                    )
                )
            await forgetting
            assert await count_of(one, MediaRow) == 1

    async def test_large_bytes_have_the_same_digest_as_small_ones(self):
        data = b"x" * media.THREAD_FROM_BYTES
        assert await media.digest(data) != await media.digest(data[:-1])
        assert (await media.digest(b"")).hex().startswith("e3b0c44298fc1c14")


class TestIntegrity:
    async def test_everything_of_a_turn_goes_with_its_conversation(self, store, database):
        native = Native("gemini", "m", "h", b"[]")
        turn = await store.open_turn(ask("look", CAT))
        await store.shown_on(turn.turn_id, page=0, channel_id=7, message_id=500)
        await store.close_turn(turn.turn_id, TurnState.COMPLETE, say("yes", natives=[native]))
        await store.clear(HERE)
        for table in (TurnRow, TurnPartRow, NativeRow, TurnMessageRow, MediaRow):
            assert await count_of(database, table) == 0

    async def test_a_row_that_refers_to_nothing_is_refused(self, database):
        with pytest.raises(IntegrityError):
            async with database.write() as session:
                session.add(TurnMessageRow(message_id=1, channel_id=1, turn_id=99, page=0))

    async def test_a_turn_cannot_be_taken_out_of_the_middle(self, store, database):
        turn_id = await answered(store, ask("one"))
        await answered(store, ask("two"))
        with pytest.raises(IntegrityError):
            async with database.write() as session:
                await session.delete(await session.get_one(TurnRow, turn_id))
