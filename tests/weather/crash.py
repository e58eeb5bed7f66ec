"""kill -9 while replies grow, and what the next start makes of it."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.playground.discord import Message
from tests.weather.judge import NOTICE, Before, after_crash, look
from tests.weather.kept import Memory
from tests.weather.logs import errors
from tests.weather.pages import Shelf, buttons, text_of
from tests.weather.questions import Asked, Kind
from tests.weather.scene import Scene, open_scene

REPLIES = 50
CHANNELS = 25
MEMBERS = 12
DELTAS_PER_SECOND = 60.0
ASKING_SECONDS = 1.5
RECOVERY_SECONDS = 30.0
_EARLY, _LATE = 5.0, 11.0
"""Most replies have ended by the first, all by the second, in seconds after the first question."""
_LATE_SHARE = 0.15
_TWICE_SHARE = 0.25
"""How many runs are killed once more while the restarted bot mends."""
_DIRECT = 0
"""The member who writes direct messages."""
_SAMPLES = 2
_PRESS_SECONDS = 20.0
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does at a moment after the first question, in seconds."""

    at: float
    kind: Kind | None
    """None: another answer by Regenerate."""
    words: int
    member: int
    channel: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, decided beforehand."""

    steps: tuple[Step, ...]
    kill_at: float
    kill_again_after: float | None
    """Seconds after the restart."""


@dataclass(slots=True)
class Outcome:
    """What a run showed."""

    kill_at: float
    killed_again: bool = False
    asked: int = 0
    interrupted: int = 0
    recovered_after: float | None = None
    """Seconds from the restart until nothing was left to find; None when something was."""
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        when = f"kill after {self.kill_at:5.2f} s" + (" and again" if self.killed_again else "")
        took = "never" if self.recovered_after is None else f"{self.recovered_after:4.1f} s"
        return (
            f"{when:28} {self.asked:3} asked {self.interrupted:3} interrupted, recovered: {took}, "
            f"{len(self.findings)} findings"
        )


def plan(seed: int, *, replies: int = REPLIES) -> Plan:
    """Decide a run: its questions and when the bot is killed."""
    dice = random.Random(seed)
    kinds: list[Kind | None] = [*[Kind.ASK] * 6, *[Kind.IMAGINE] * 4, *[Kind.CONTINUE] * 2]
    kinds += [None, None, Kind.DIRECT, Kind.PRIVATE]
    kinds = kinds[:replies] + [Kind.MENTION] * (replies - len(kinds))
    dice.shuffle(kinds)
    steps = []
    for place, kind in enumerate(kinds):
        # A few take a second page.
        words = dice.randint(320, 360) if dice.random() < 0.06 else dice.randint(50, 130)
        steps.append(
            Step(
                place * ASKING_SECONDS / replies,
                kind,
                words,
                _DIRECT if kind is Kind.DIRECT else dice.randrange(MEMBERS),
                place % CHANNELS,
            )
        )
    late = dice.random() < _LATE_SHARE
    kill_at = dice.uniform(_EARLY, _LATE) if late else dice.uniform(0.0, _EARLY)
    again = dice.uniform(0.0, 2.5) if dice.random() < _TWICE_SHARE else None
    return Plan(tuple(steps), kill_at, again)


async def run(
    seed: int,
    *,
    replies: int = REPLIES,
    memory: Memory | None = None,
    keep_log: Path | None = None,
) -> Outcome:
    """Play one run and judge it; the bot remembers in a file of its own if nowhere else."""
    planned = plan(seed, replies=replies)
    outcome = Outcome(planned.kill_at)
    async with open_scene(
        members=MEMBERS, channels=CHANNELS, deltas_per_second=DELTAS_PER_SECOND, memory=memory
    ) as scene:
        try:
            await _play(scene, planned, outcome)
        finally:
            if keep_log is not None:
                await asyncio.to_thread(shutil.copy, scene.folder / "bot.log", keep_log)
    return outcome


async def _play(scene: Scene, planned: Plan, outcome: Outcome) -> None:
    before: list[Before] = []
    async with scene.bot(MEMBER_REPLIES=str(REPLIES)) as bot:
        await scene.limit_use()
        cut, whole = await _prelude(scene)
        storm = asyncio.create_task(_storm(scene, planned.steps, cut, whole))
        await asyncio.sleep(planned.kill_at)
        storm.cancel()
        await asyncio.gather(storm, return_exceptions=True)
        await bot.kill()
    before.append(await left(scene))
    for number in range(2):
        # Nobody is told that the bot is away.
        await scene.ask(Kind.MENTION, scene.members[number], scene.channels[number], 40)
    if planned.kill_again_after is not None:
        outcome.killed_again = True
        async with scene.bot(MEMBER_REPLIES=str(REPLIES)) as bot:
            await asyncio.sleep(planned.kill_again_after)
            await bot.kill()
        before.append(await left(scene))
    began = time.monotonic()
    async with scene.bot(MEMBER_REPLIES=str(REPLIES)) as bot:
        found = await settled(scene, before, began + RECOVERY_SECONDS)
        if found:
            outcome.findings += found
        else:
            outcome.recovered_after = time.monotonic() - began
        outcome.interrupted = interrupted(scene)
        outcome.findings += await _try_buttons(scene)
        bot.terminate()
        if code := await bot.ended():
            outcome.findings.append(f"exit code {code} after SIGTERM")
    outcome.asked = len(scene.asked)
    final = after_crash(scene.world, scene.asked, scene.memory.read_checked(), before)
    outcome.findings += [words for words in final if words not in outcome.findings]
    outcome.findings += errors(scene.folder / "bot.log")


async def _prelude(scene: Scene) -> tuple[list[Asked], list[Asked]]:
    """Two replies that can be continued and two that can be given again, in channels apart."""
    asked = [
        await scene.ask(Kind.MENTION, scene.members[n], scene.channels[-1 - n], 20, cut=n < 2)
        for n in range(4)
    ]
    # Direct messages are looked back for where there have been some before: Discord lists none.
    asked.append(await scene.ask(Kind.DIRECT, scene.members[_DIRECT], scene.channels[0], 20))
    await _ended(scene, asked)
    return asked[:2], asked[2:4]


async def _storm(scene: Scene, steps: Sequence[Step], cut: list[Asked], whole: list[Asked]) -> None:
    """Do what was planned, and wait."""
    began = time.monotonic()
    shelf = _shelf(scene)
    for step in steps:
        await asyncio.sleep(max(0.0, began + step.at - time.monotonic()))
        if step.kind is None:
            asked = whole.pop()
            await scene.again(asked, shelf.of(asked)[-1], "again")
        elif step.kind is Kind.CONTINUE:
            asked = cut.pop()
            await scene.go_on(asked, shelf.of(asked)[-1])
        else:
            member, channel = scene.members[step.member], scene.channels[step.channel]
            await scene.ask(step.kind, member, channel, step.words)


async def left(scene: Scene) -> Before:
    """What a kill has left, once the requests on their way have come in."""
    await asyncio.sleep(0.2)
    dead = await asyncio.to_thread(scene.memory.read_dead)
    return look(scene.world, scene.asked, dead)


async def settled(scene: Scene, before: Sequence[Before], until: float) -> list[str]:
    """Wait until nothing is left to find, at most so long; what is left then."""
    while True:
        # A reservation is settled after its reply has ended, and counted with it.
        found = after_crash(scene.world, scene.asked, scene.memory.read(), before)
        if not found or time.monotonic() > until:
            return found
        await asyncio.sleep(0.25)


async def _try_buttons(scene: Scene) -> list[str]:
    """Press Continue and Retry on some interrupted replies."""
    shelf = _shelf(scene)
    can: dict[str, list[tuple[Asked, Message]]] = {"continue": [], "retry": []}
    for asked in list(scene.asked):
        pages = shelf.of(asked)
        there = buttons(pages[-1]) if pages else {}
        if "retry" in there:
            further = "continue" in there and len(can["continue"]) < _SAMPLES
            can["continue" if further else "retry"].append((asked, pages[-1]))
    found = []
    pressed: list[Asked] = []
    for asked, message in can["continue"]:
        pressed.append(await scene.go_on(asked, message))
    for asked, message in can["retry"][:_SAMPLES]:
        await scene.again(asked, message, "retry")
        pressed.append(asked)
    if not await _ended(scene, pressed, _PRESS_SECONDS):
        texts = [[len(page.content) for page in _shelf(scene).of(asked)] for asked in pressed]
        found.append(f"Continue and Retry on {[str(asked) for asked in pressed]} showed {texts}")
    return found


async def _ended(scene: Scene, asked: Sequence[Asked], seconds: float = _PATIENCE_SECONDS) -> bool:
    """Wait until these are answered in full."""

    def whole() -> bool:
        shelf = _shelf(scene)
        replies = [shelf.of(question) for question in asked]
        return all(
            text_of(pages) == question.answer and not any("stop" in buttons(p) for p in pages)
            for question, pages in zip(asked, replies, strict=True)
        )

    try:
        await scene.until(whole, seconds)
    except TimeoutError:
        return False
    return True


def _shelf(scene: Scene) -> Shelf:
    return Shelf(scene.world, scene.asked, scene.memory.read())


def interrupted(scene: Scene) -> int:
    """How many replies say that a restart cut them off."""
    shelf = _shelf(scene)
    return sum(any(NOTICE in page.content for page in shelf.of(asked)) for asked in scene.asked)
