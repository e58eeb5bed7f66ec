"""What is wrong with the replies once everything has had its time: findings in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.chat.endings import interrupted
from bot.playground.discord import Message, World
from bot.playground.discord.default_world import GUILD_ID
from tests.weather.kept import Kept, KeptAnswer
from tests.weather.pages import Shelf, buttons, pictures_of, text_of
from tests.weather.questions import COMMANDS, Asked, Kind, begins

NOTICE = interrupted(has_text=False).words
_SAID = ("complete", "stopped", "length", "filtered")


@dataclass(frozen=True, slots=True)
class Before:
    """What members could read and what was kept when the bot was killed, by event id."""

    text: Mapping[int, list[str]] = field(default_factory=dict)
    pictures: Mapping[int, int] = field(default_factory=dict)


def look(world: World, asked: Sequence[Asked], kept: Kept) -> Before:
    """Note what there is now."""
    shelf = Shelf(world, asked, kept)
    text = {question.event_id: text_of(shelf.of(question)) for question in asked}
    return Before(text, {answer.event_id: answer.pictures for answer in kept.answers})


def after_crash(
    world: World, asked: Sequence[Asked], kept: Kept, before: Sequence[Before] = ()
) -> list[str]:
    """What is wrong after a crash and the restart; `before` is what each kill left."""
    found = accounting(world, asked, kept)
    shelf = Shelf(world, asked, kept)
    continued = _continued(asked)
    for question in asked:
        pages, answers = shelf.of(question), kept.of(question.event_id)
        told = _state(question, pages, answers, continued)
        for left in before:
            told += _lost(question, pages, answers, left)
        found += [f"{question}: {words}" for words in told]
    return found


def accounting(world: World, asked: Sequence[Asked], kept: Kept) -> list[str]:
    """What is wrong in any weather: replies that are lost, doubled or never end; the database."""
    shelf = Shelf(world, asked, kept)
    continued = _continued(asked)
    found = []
    for question in asked:
        pages, answers = shelf.of(question), kept.of(question.event_id)
        told = [
            *_end(world, question, pages, answers, continued),
            *_doubles(question, pages, answers),
        ]
        found += [f"{question}: {words}" for words in told]
    found += [f"a message answers nothing: {message.content[:80]!r}" for message in shelf.strays]
    return found + _database(asked, kept)


def _continued(asked: Sequence[Asked]) -> set[int]:
    """The messages whose answer goes on below, for which they gave up their buttons."""
    return {question.event_id for question in asked if question.kind is Kind.CONTINUE}


def _end(
    world: World,
    question: Asked,
    pages: list[Message],
    answers: list[KeptAnswer],
    continued: set[int],
) -> list[str]:
    """Whether the reply has ended so that everybody sees it."""
    state = answers[-1].state if answers else "not kept"
    if not pages:
        if question.deleted or (question.refused and not answers):
            return []
        if question.interaction is not None and question.interaction.failed and not answers:
            return []  # Discord itself has told the member.
        if question.kind is Kind.CONTINUE and not answers:
            pressed = world.find_message(question.event_id)
            if pressed is None or "continue" in buttons(pressed):
                return []  # It can be pressed again, or is gone.
        return [f"lost, nothing is shown ({state})"]
    if any(page.is_thinking for page in pages):
        return [f"is thinking for ever ({state})"]
    if any("stop" in buttons(page) for page in pages):
        return [f"looks as if it grew for ever ({state})"]
    last = pages[-1]
    if answers and not buttons(last) and last.id not in continued:
        return [f"has no buttons ({state})"]
    if not any(page.content or page.attachments for page in pages):
        return [f"has nothing to read ({state})"]
    return []


def _doubles(question: Asked, pages: list[Message], answers: list[KeptAnswer]) -> list[str]:
    """Whether there is too much of it, or something that belongs elsewhere."""
    found = []
    if len(answers) > 1 + question.presses:
        found.append(f"answered {len(answers)} times, asked for {1 + question.presses}")
    text = text_of(pages)
    if question.deleted:
        rest = iter(question.answer)
        fits = all(word in rest for word in text)  # What is left, in its order.
    else:
        fits = begins(question.answer, text)
    if not fits:
        found.append(f"shows another text than its answer: {_odd(question.answer, text)}")
    pictures = pictures_of(pages)
    if len(set(pictures)) < len(pictures):
        found.append(f"shows pictures twice: {pictures}")
    own = {page.id for page in pages}
    heads = [
        page
        for page in pages
        if page.reference and page.reference.message_id not in own and not page.interaction
    ]
    if len(heads) > 1 and not any(NOTICE in page.content for page in heads):
        found.append(f"has {len(heads)} replies")
    return found


def _odd(whole: list[str], text: list[str]) -> str:
    """Where a text leaves the answer."""
    place = next(n for n in range(1, len(text) + 1) if not begins(whole, text[:n])) - 1
    wanted = whole[place] if place < len(whole) else "nothing"
    return f"{text[place]} instead of {wanted} after {place} of {len(whole)} words"


def _state(
    question: Asked, pages: list[Message], answers: list[KeptAnswer], continued: set[int]
) -> list[str]:
    """Whether what is shown fits how the answer ended, where nothing but the bot had failed."""
    if not pages:
        return []
    last, text = pages[-1], text_of(pages)
    if not answers:
        if question.kind is Kind.PRIVATE and (text == question.answer or NOTICE in last.content):
            return []  # Its answer is not kept.
        if question.kind in COMMANDS and not text:
            return []  # A sentence that says to ask again.
        return [f"was not answered: {last.content[:80]!r}"]
    found = []
    match answers[-1].state:
        case "complete" | "length":
            if text != question.answer:
                found.append(f"shows {len(text)} of {len(question.answer)} words as if complete")
            if pictures_of(pages) != list(range(1, question.pictures + 1)):
                found.append(f"complete with the pictures {pictures_of(pages)}")
            if "continue" in buttons(last) and not question.cut:
                found.append("complete, but can be continued")
        case "stopped" if last.id in continued:
            pass  # Whoever has an answer continued takes it as it is.
        case "interrupted":
            if NOTICE not in last.content:
                found.append(f"interrupted without a notice: {last.content[-80:]!r}")
            if last.id in continued:
                return found
            if "retry" not in buttons(last):
                found.append("interrupted without Retry")
            if text and not question.pictures and "continue" not in buttons(last):
                found.append("interrupted after some text without Continue")
        case state:
            found.append(f"ended as {state}: {last.content[-120:]!r}")
    return found


def _lost(
    question: Asked, pages: list[Message], answers: list[KeptAnswer], left: Before
) -> list[str]:
    """What had been there and is not any more."""
    found = []
    text = left.text.get(question.event_id, [])
    if not begins(text_of(pages), text):
        found.append(f"lost text that was shown: {len(text)} words, now {len(text_of(pages))}")
    pictures = left.pictures.get(question.event_id, 0)
    if len(pictures_of(pages)) < pictures:
        found.append(f"{pictures} pictures were kept, {pictures_of(pages)} are shown")
    if answers and answers[-1].pictures < pictures:
        found.append(f"{pictures} pictures were kept, {answers[-1].pictures} are left")
    return found


def _database(asked: Sequence[Asked], kept: Kept) -> list[str]:
    found = [f"database: {words}" for words in kept.damage]
    if streaming := [a.turn_id for a in kept.answers if a.state == "streaming"]:
        found.append(f"database: turns {streaming} are streaming")
    if kept.reservations:
        found.append(f"quota: {kept.reservations} reservations are left")
    if kept.least_used < 0:
        found.append(f"quota: a counter stands at {kept.least_used}")
    return found + counted(kept, sum(question.kind is Kind.PRIVATE for question in asked))


def counted(kept: Kept, private: int) -> list[str]:
    """Whether the server's counter fits what was answered; private answers are not kept."""
    if kept.used is None or "requests" not in kept.used:
        return []
    here = [answer for answer in kept.answers if answer.guild_id == GUILD_ID]
    least = sum(answer.state in _SAID for answer in here)
    used, most = kept.used["requests"], len(here) + private
    found = []
    if not least <= used <= most:
        found.append(f"quota: {used} requests counted, between {least} and {most} were used")
    pictures = sum(answer.pictures for answer in here if answer.state in _SAID)
    if (counted_pictures := kept.used.get("images", 0)) < pictures:
        found.append(f"quota: {counted_pictures} pictures counted, {pictures} were made")
    return found
