"""The judge finds every defect it is there for: each is planted, one at a time."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from bot.playground.discord import Attachment, Message, World, default_world
from bot.playground.discord.default_world import BOT_ID, GENERAL_ID, GUILD_ID, MIRA_ID
from bot.playground.discord.state import MessageFlag, Reference
from bot.storage.database import migrate
from tests.weather.judge import NOTICE, Before, accounting, after_crash, look
from tests.weather.kept import NAME, Kept, KeptAnswer, SqliteFile
from tests.weather.questions import Asked, Kind

WORDS = 10
TEXT = " ".join(f"q1w{place}" for place in range(1, WORDS + 1))


def row(*custom_ids: str):
    buttons = [{"type": 2, "style": 2, "label": "x", "custom_id": name} for name in custom_ids]
    return ({"type": 1, "components": buttons},)


class Case:
    """One question, its reply and the database, all of it as it should be."""

    def __init__(self) -> None:
        self.world: World = default_world()
        self.question = Asked(1, Kind.MENTION, 500, GENERAL_ID, MIRA_ID, WORDS)
        self.reply = self.post(TEXT, row("again:7", "models:7", "file:7"))
        self.kept = Kept(
            answers=(KeptAnswer(500, 7, "complete", GUILD_ID, 0),),
            shown_on={self.reply.id: 7},
            used={"requests": 1},
        )
        self.before: list[Before] = []
        self.pressed: list[Asked] = []

    def post(self, text: str, components=(), *, reference: int = 500) -> Message:
        return self.world.add_message(
            Message(
                self.world.ids.next(),
                GENERAL_ID,
                BOT_ID,
                content=text,
                components=components,
                reference=Reference(GENERAL_ID, reference),
            )
        )

    def interrupt(self) -> None:
        self.reply.content = f"q1w1 q1w2 q1w\n-# {NOTICE}"
        self.reply.components = row("retry:7", "continue:7")
        self.state("interrupted")

    def state(self, state: str) -> None:
        [answer] = self.kept.answers
        self.kept = replace(self.kept, answers=(replace(answer, state=state),))

    def press_continue(self) -> None:
        self.pressed = [Asked(1, Kind.CONTINUE, self.reply.id, GENERAL_ID, MIRA_ID, 0)]

    def attach(self, *numbers: int) -> None:
        self.reply.attachments = tuple(
            Attachment(n, GENERAL_ID, f"a-fox-{n}.jpg", "image/jpeg", b"") for n in numbers
        )

    @property
    def findings(self) -> list[str]:
        return after_crash(self.world, [self.question, *self.pressed], self.kept, self.before)


@pytest.fixture
def case() -> Case:
    return Case()


def test_a_whole_answer_is_fine(case):
    assert case.findings == []


def test_an_interrupted_answer_with_notice_and_buttons_is_fine(case):
    case.before = [look(case.world, [case.question], case.kept)]
    case.before[0].text[500][:] = ["q1w1", "q1"]
    case.interrupt()
    assert case.findings == []


def test_what_somebody_left_of_an_answer_is_fine_as_long_as_nothing_comes_twice(case):
    case.question.deleted = True
    case.reply.content = TEXT.partition(" ")[2]
    assert accounting(case.world, [case.question], case.kept) == []
    case.reply.content += f" {TEXT}"
    [finding] = accounting(case.world, [case.question], case.kept)
    assert "another text" in finding


def test_a_private_answer_that_says_it_was_interrupted_is_fine(case):
    case.interrupt()
    case.reply.components = ()
    case.question.kind = Kind.PRIVATE
    case.kept = replace(case.kept, answers=(), used={})
    assert case.findings == []


def test_a_press_that_left_everything_as_it_was_is_fine(case):
    case.interrupt()
    case.press_continue()
    assert case.findings == []


def test_a_refusal_that_was_taken_back_is_fine(case):
    silent(case)
    case.kept = replace(case.kept, answers=(), used={})
    case.question.refused = "Ask again then."
    assert case.findings == []


def press_lost(case):
    case.interrupt()
    case.press_continue()
    case.reply.components = row("retry:7")


def silent(case):
    case.world.delete_message(case.reply)


def growing(case):
    case.reply.components = row("stop:7")


def thinking(case):
    case.reply.flags |= MessageFlag.LOADING


def buttonless(case):
    case.reply.components = ()


def twice(case):
    case.post(TEXT, row("again:7"))


def twice_without_text(case):
    case.post("", row("again:7"))


def two_answers(case):
    case.kept = replace(
        case.kept, answers=(*case.kept.answers, KeptAnswer(500, 8, "complete", GUILD_ID, 0))
    )


def stranger(case):
    case.reply.content = "q2w1 q2w2"


def gap(case):
    case.reply.content = TEXT.replace("q1w4 ", "")


def half(case):
    case.reply.content = "q1w1 q1w2"


def stray(case):
    case.post("Who asked?", reference=1)


def shorter(case):
    case.before = [Before({500: ["q1w1", "q1w2", "q1w3", "q1w4"]})]
    case.interrupt()


def unsaid(case):
    case.interrupt()
    case.reply.content = "q1w1"


def no_retry(case):
    case.interrupt()
    case.reply.components = row("continue:7")


def no_continue(case):
    case.interrupt()
    case.reply.components = row("retry:7")


def failed(case):
    case.state("failed")


def unanswered(case):
    case.reply.content = "Something went wrong."
    case.kept = replace(case.kept, answers=(), used={})


def streaming(case):
    case.state("streaming")


def reserved(case):
    case.kept = replace(case.kept, reservations=1)


def negative(case):
    case.kept = replace(case.kept, least_used=-1)


def uncounted(case):
    case.kept = replace(case.kept, used={"requests": 0})


def overcounted(case):
    case.kept = replace(case.kept, used={"requests": 2})


def picture_uncounted(case):
    case.question.pictures = 1
    case.attach(1)
    [answer] = case.kept.answers
    case.kept = replace(case.kept, answers=(replace(answer, pictures=1),))


def damaged(case):
    case.kept = replace(case.kept, damage=("integrity_check: row 1 missing",))


def picture_twice(case):
    case.question.pictures = 1
    case.attach(1, 1)


def picture_missing(case):
    case.question.pictures = 1


def picture_not_delivered(case):
    case.before = [Before(pictures={500: 1})]
    case.interrupt()


def picture_forgotten(case):
    case.before = [Before(pictures={500: 1})]
    case.interrupt()
    case.attach(1)


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (press_lost, "Continue q1: lost, nothing is shown"),
        (silent, "q1: lost, nothing is shown"),
        (growing, "looks as if it grew"),
        (thinking, "is thinking for ever"),
        (buttonless, "has no buttons"),
        (twice, "shows another text"),
        (twice_without_text, "has 2 replies"),
        (two_answers, "answered 2 times"),
        (stranger, "shows another text"),
        (gap, "shows another text"),
        (half, "2 of 10 words as if complete"),
        (stray, "a message answers nothing"),
        (shorter, "lost text that was shown"),
        (unsaid, "interrupted without a notice"),
        (no_retry, "interrupted without Retry"),
        (no_continue, "interrupted after some text without Continue"),
        (failed, "ended as failed"),
        (unanswered, "was not answered"),
        (streaming, "are streaming"),
        (reserved, "1 reservations are left"),
        (negative, "a counter stands at -1"),
        (uncounted, "0 requests counted"),
        (overcounted, "2 requests counted"),
        (picture_uncounted, "0 pictures counted, 1 were made"),
        (damaged, "row 1 missing"),
        (picture_twice, "pictures twice"),
        (picture_missing, "complete with the pictures []"),
        (picture_not_delivered, "1 pictures were kept, [] are shown"),
        (picture_forgotten, "1 pictures were kept, 0 are left"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_planted_defect_is_found(case, plant, words):
    plant(case)
    assert [found for found in case.findings if words in found]


async def test_damage_of_a_database_is_found(tmp_path):
    path = tmp_path / NAME
    await migrate(f"sqlite:///{path}")
    assert SqliteFile(tmp_path).read_checked() == Kept(shown_on={}, used={})
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(
            "INSERT INTO turn_messages (message_id, channel_id, turn_id, page, reply_id) "
            "VALUES (1, 1, 99, 1, 1)"
        )
    connection.close()
    assert "turn_messages" in SqliteFile(tmp_path).read_checked().damage[0]


async def test_a_database_that_cannot_be_read_is_found(tmp_path):
    path = tmp_path / NAME
    await migrate(f"sqlite:///{path}")
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * 8192 + whole[12288:])
    assert SqliteFile(tmp_path).read().damage
