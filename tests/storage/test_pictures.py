"""Pictures: kept while an answer grows, edited along a lineage, undone, forgotten in time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from bot.chat.content import ImagePart, Message, Native, Role, TextPart
from bot.chat.turns import ImageOptions, Scope, Task, TurnState
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.preferences import SqlPreferenceStore
from bot.storage.retention import Pruned, prune
from bot.storage.tables import MediaRow, NativeRow, TurnRow
from tests.storage.asking import HERE, MIRA, WIDE, answered, ask, opened, say

NOW = datetime.now(UTC)
FOX = ImagePart(b"fox", "image/png", alt="a fox", width=4, height=2)
OWL = ImagePart(b"owl", "image/png", alt="an owl", take=1)
SIGNED = Native("gemini", "m", "h", b"[]")


def draw(*parts, **more):
    return ask(*parts, task=Task.IMAGE, **more)


def edit(turn_id: int, *parts, pictures=(1,), **more):
    return draw(*parts, follows=turn_id, edits=pictures, **more)


async def drawn(store, question, *pictures, natives=(SIGNED,)):
    return await answered(store, question, answer=say(*pictures, natives=natives))


class TestGrowing:
    async def test_a_picture_is_kept_before_the_answer_ends(self, store, variants):
        turn = await opened(store, draw("a fox"))
        await store.keep_picture(turn.turn_id, FOX)
        assert (await variants.kept(turn.turn_id)).answer.message.images == (FOX,)

    async def test_a_message_tells_how_many_pictures_of_its_answer_are_kept(self, store):
        turn = await opened(store, draw("a fox"))
        await store.shown_on(turn.turn_id, page=0, channel_id=7, message_id=50)
        assert await store.pictures_on(50) == (turn.turn_id, 0)
        for picture in (FOX, OWL):
            await store.keep_picture(turn.turn_id, picture)
        assert await store.pictures_on(50) == (turn.turn_id, 2)
        assert await store.pictures_on(51) is None

    async def test_pictures_that_come_at_once_are_all_kept(self, url):
        async with Database(url) as one, Database(url) as other:
            stores = [SqlConversationStore(one), SqlConversationStore(other)]
            turn = await opened(stores[0], draw("foxes"))
            pictures = [replace(FOX, data=b"%d" % number) for number in range(6)]
            await asyncio.gather(
                *(
                    stores[number % 2].keep_picture(turn.turn_id, picture)
                    for number, picture in enumerate(pictures)
                )
            )
            await stores[0].close_turn(turn.turn_id, TurnState.INTERRUPTED, say())
            await stores[0].open_turn(edit(turn.turn_id))
            [exchange] = await stores[0].lineage(turn.turn_id + 2, max_exchanges=9, max_bytes=WIDE)
        assert exchange.answer is not None
        assert {image.data for image in exchange.answer.images} == {p.data for p in pictures}

    async def test_the_final_answer_takes_their_place_in_its_own_order(self, store, variants):
        turn = await opened(store, draw("a fox"))
        await store.keep_picture(turn.turn_id, FOX)
        natives = (SIGNED, replace(SIGNED, parts=b"[1]"))
        answer = say("One", FOX, "two", OWL, natives=natives)
        await store.close_turn(turn.turn_id, TurnState.COMPLETE, answer)
        kept = (await variants.kept(turn.turn_id)).answer.message
        assert kept == answer.message

    async def test_a_kept_picture_is_never_lost(self, store, variants):
        turn = await opened(store, draw("a fox"))
        await store.keep_picture(turn.turn_id, FOX)
        await store.close_turn(turn.turn_id, TurnState.FAILED, say("Broken."))
        kept = (await variants.kept(turn.turn_id)).answer.message
        assert kept.parts == (TextPart("Broken."), FOX)

    async def test_a_picture_that_comes_after_the_end_is_not_added(self, store, variants):
        turn_id = await answered(store, draw("a fox"), answer=say("No."))
        await store.keep_picture(turn_id, FOX)
        assert (await variants.kept(turn_id)).answer.message.images == ()


class TestLineage:
    async def test_it_leads_from_version_to_version_and_stops_where_nothing_was_edited(self, store):
        await answered(store, ask("hello"))
        first = await drawn(store, draw("a fox"), FOX)
        second = await drawn(store, edit(first, "at night"), OWL)
        turn = await opened(store, edit(second, "with stars"))
        lineage = await store.lineage(turn.turn_id, max_exchanges=9, max_bytes=WIDE)
        assert [exchange.question.text for exchange in lineage] == ["a fox", "at night"]
        assert [exchange.edits for exchange in lineage] == [(), (1,)]
        assert [exchange.answer.natives for exchange in lineage] == [(SIGNED,)] * 2
        assert lineage[0].task is Task.IMAGE

    async def test_a_new_picture_has_none(self, store):
        first = await drawn(store, draw("a fox"), FOX)
        turn = await opened(store, draw("an owl", follows=first))
        assert await store.lineage(turn.turn_id, max_exchanges=9, max_bytes=WIDE) == []

    async def test_older_versions_beyond_the_budget_are_told_in_words(self, store):
        first = await drawn(store, draw("a fox"), FOX)
        second = await drawn(store, edit(first, "at night"), OWL)
        turn = await opened(store, edit(second))
        lineage = await store.lineage(turn.turn_id, max_exchanges=9, max_bytes=0)
        assert [exchange.answer.images for exchange in lineage] == [(), (OWL,)]
        assert lineage[0].answer.text == "[picture: a fox]"

    async def test_only_so_many_versions_are_read(self, store):
        turn_id = await drawn(store, draw("a fox"), FOX)
        for number in range(4):
            turn_id = await drawn(store, edit(turn_id, str(number)), FOX)
        turn = await opened(store, edit(turn_id))
        lineage = await store.lineage(turn.turn_id, max_exchanges=2, max_bytes=WIDE)
        assert [exchange.question.text for exchange in lineage] == ["2", "3"]

    async def test_what_was_asked_comes_back_with_the_question(self, store, variants):
        options = ImageOptions("16:9", "2K", count=3, search=True)
        first = await drawn(store, draw("foxes", image=options), FOX)
        second = await drawn(store, edit(first, pictures=(2, 3)), OWL)
        assert (await variants.kept(first)).turn.question.image == options
        assert (await variants.kept(second)).turn.question.edits == (2, 3)

    async def test_leafing_at_a_picture_does_not_move_what_was_made_from_it(self, store, variants):
        first = await drawn(store, draw("a fox"), FOX)
        await drawn(store, edit(first, "at night"), OWL)
        again = await variants.reopen(first)
        await store.close_turn(again.turn_id, TurnState.COMPLETE, say(OWL))
        turn = await opened(store, edit(first + 2, "more"))
        lineage = await store.lineage(turn.turn_id, max_exchanges=9, max_bytes=WIDE)
        assert lineage[0].turn_id == first


class TestUndo:
    @pytest.fixture
    async def versions(self, store):
        """A picture on message 50, and its edit on messages 60 and 61."""
        first = await drawn(store, draw("a fox"), FOX)
        await store.shown_on(first, page=1, channel_id=7, message_id=50)
        second = await drawn(store, edit(first, "at night"), OWL)
        for page in (1, 2):
            await store.shown_on(second, page=page, channel_id=7, message_id=59 + page)
        return first, second

    async def test_the_version_before_is_shown_where_the_edit_stood(
        self, store, variants, versions
    ):
        first, second = versions
        kept = await variants.undo(second, 61)
        assert (kept.turn.turn_id, kept.turn.redo) == (first, second)
        assert kept.turn.pages == ((7, 60), (7, 61))
        assert kept.answer.message.images == (FOX,)
        assert [await store.turn_of_message(m) for m in (50, 60, 61)] == [first] * 3

    async def test_the_talk_goes_on_from_the_version_that_is_shown(self, store, variants, versions):
        first, second = versions
        await variants.undo(second, 60)
        turn = await opened(store, ask("next"))
        [exchange] = await store.history(turn.turn_id, max_exchanges=9, max_bytes=WIDE)
        assert exchange.turn_id == first

    async def test_an_undone_edit_can_be_shown_again(self, store, variants, versions):
        _first, second = versions
        await variants.undo(second, 60)
        kept = await variants.redo(second, 60)
        assert (kept.turn.turn_id, kept.turn.redo) == (second, None)
        assert kept.turn.pages == ((7, 60), (7, 61))
        assert await store.turn_of_message(60) == second

    async def test_another_answer_takes_only_the_messages_it_was_asked_for_on(
        self, store, variants, versions
    ):
        first, second = versions
        await variants.undo(second, 60)
        again = await variants.reopen(first, message_id=60)
        assert again.pages == ((7, 60), (7, 61))
        assert await store.turn_of_message(50) == first
        await store.shown_on(again.turn_id, page=1, channel_id=7, message_id=60, reply_id=60)
        await store.shown_on(again.turn_id, page=3, channel_id=7, message_id=62, reply_id=60)
        await store.close_turn(again.turn_id, TurnState.COMPLETE, say(OWL))
        kept = await variants.choose(again.turn_id, -1, message_id=62)
        assert kept.turn.pages == ((7, 60), (7, 61), (7, 62))

    async def test_pages_noted_for_one_reply_leave_the_other_alone(self, store, variants, versions):
        first, second = versions
        await variants.undo(second, 60)
        await store.shown_on(first, page=1, channel_id=7, message_id=63, reply_id=60)
        assert [await store.turn_of_message(m) for m in (50, 60, 63)] == [first, None, first]

    async def test_what_edits_nothing_cannot_be_undone_and_what_is_not_there_not_redone(
        self, variants, versions
    ):
        first, second = versions
        assert await variants.undo(first, 50) is None
        assert await variants.redo(first, 50) is None
        assert await variants.redo(second, 60) is None


class TestRetention:
    OTHER = Scope("channel:9", guild_id=2, channel_id=9)
    DIRECT = Scope("channel:10", guild_id=None, channel_id=10)

    async def aged(self, database: Database, turn_id: int, days: int) -> None:
        """Let a question and its answer be so old."""
        async with database.write() as session:
            await session.execute(
                update(TurnRow)
                .where(TurnRow.id.in_([turn_id, turn_id - 1]))
                .values(created_at=NOW - timedelta(days=days))
            )

    async def pruned(self, database: Database, *, max_bytes: int = WIDE) -> Pruned:
        return await prune(
            database, default_days=30, max_bytes=max_bytes, now=NOW + timedelta(minutes=9)
        )

    async def stored(self, database: Database) -> tuple[int, int]:
        async with database.read() as session:
            media = await session.scalar(select(func.count()).select_from(MediaRow))
            natives = await session.scalar(select(func.count()).select_from(NativeRow))
        return media or 0, natives or 0

    async def test_old_pictures_are_told_in_words_and_take_no_room(self, database, store, variants):
        old = await drawn(store, draw("a fox", ImagePart(b"photo", "image/png", name="me")), FOX)
        await drawn(store, draw("an owl"), OWL)
        await self.aged(database, old, 31)
        assert await self.pruned(database) == Pruned(too_old=2)
        assert await self.stored(database) == (1, 1)
        kept = await variants.kept(old)
        assert kept.answer.message == Message(Role.ASSISTANT, (TextPart("[picture: a fox]"),))
        assert kept.turn.question.parts[1] == TextPart("[picture: me]")
        assert kept.turn.question.speaker == MIRA

    async def test_each_server_keeps_them_as_long_as_it_wants(self, database, store):
        await SqlPreferenceStore(database).change(
            1, lambda old: old.with_settings(None, {"retention_days": 5}), MIRA
        )
        for scope in (HERE, self.OTHER, self.DIRECT):
            turn_id = await drawn(
                store, draw(scope=scope), replace(FOX, data=scope.key.encode()), natives=()
            )
            await self.aged(database, turn_id, 10)
        assert await self.pruned(database) == Pruned(too_old=1)
        assert await self.stored(database) == (2, 0)

    async def test_bytes_that_somebody_else_still_needs_stay(self, database, store):
        old = await drawn(store, draw("a fox"), FOX)
        await drawn(store, draw("the same"), FOX)
        await self.aged(database, old, 31)
        await self.pruned(database)
        assert await self.stored(database) == (1, 1)

    async def test_the_oldest_go_first_when_there_are_too_many(self, database, store, variants):
        turns = [
            await drawn(store, draw(), replace(FOX, data=bytes([n]) * 100), natives=())
            for n in range(3)
        ]
        assert await self.pruned(database, max_bytes=10_000) == Pruned()
        assert (await self.pruned(database, max_bytes=250)).too_many >= 1
        assert (await variants.kept(turns[0])).answer.message.images == ()

    async def test_a_growing_answer_keeps_its_pictures(self, database, store, variants):
        turn = await opened(store, draw("a fox"))
        await store.keep_picture(turn.turn_id, FOX)
        await self.pruned(database, max_bytes=0)
        assert (await variants.kept(turn.turn_id)).answer.message.images == (FOX,)
