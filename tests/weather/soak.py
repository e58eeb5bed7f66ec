"""Thousands of replies in all the weather there is, and what the bot's process makes of it."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.playground.standin import Outcome
from tests.weather import judge, kept, samples
from tests.weather.logs import errors
from tests.weather.meddling import SHARE, meddle
from tests.weather.questions import Kind
from tests.weather.samples import Sample
from tests.weather.scene import Scene, open_scene
from tests.weather.troubles import Troubles

MEMBERS = 200
CHANNELS = 60
DIRECT_MEMBERS = 20
ROUND = 250
DELTAS_PER_SECOND = 60.0
QUESTIONS_PER_SECOND = 9.0
_MOST_GROWING = 40
_SETTLE_SECONDS = 1.0
_PATIENCE_SECONDS = 25.0
"""Longer than the bot waits between two tries of anything."""
_QUIET_SECONDS = 35.0
"""aiohttp keeps connections for 15 seconds, and looks as often whether one is over."""
_FIRST_QUIET = 1_000
_KINDS = {
    Kind.MENTION: 55,
    Kind.ASK: 32,
    Kind.DIRECT: 7,
    Kind.PRIVATE: 5,
    Kind.IMAGINE: 1,
}


@dataclass(slots=True)
class Result:
    """What a soak showed."""

    replies: int = 0
    seconds: float = 0.0
    samples: list[Sample] = field(default_factory=list)
    endings: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, int] = field(default_factory=dict)
    private: int = 0
    """How many were asked in private."""
    refusals: int = 0
    """How often Discord's own limits were hit."""
    findings: list[str] = field(default_factory=list)


class Soak:
    """Rounds of questions; after each everything must have ended, and is forgotten."""

    def __init__(
        self,
        scene: Scene,
        dice: random.Random,
        troubles: Troubles,
        *,
        per_second: float = QUESTIONS_PER_SECOND,
    ) -> None:
        self._scene = scene
        self._dice = dice
        self._pause = 1 / per_second
        self._troubles = troubles
        self._last_turn = 0
        self.result = Result(troubles=troubles.made)

    async def begin(self) -> None:
        """Have some members write their first direct message in good weather: Discord lists none
        of these channels, so that nobody can look back into one that was never known."""
        for member in self._scene.members[:DIRECT_MEMBERS]:
            await self._scene.ask(Kind.DIRECT, member, 0, 10)
        self.result.replies += DIRECT_MEMBERS
        await self._account()

    async def round(self, questions: int) -> None:
        """Ask so many questions while things go wrong, and account for each."""
        meddling = await self._ask(questions)
        await asyncio.gather(*meddling)
        self._troubles.over()
        await self._account()

    async def _ask(self, questions: int) -> list[asyncio.Task[None]]:
        scene, dice = self._scene, self._dice
        meddling = []
        due = time.monotonic()
        for _ in range(questions):
            await self._troubles.with_question()
            [kind] = dice.choices(list(_KINDS), list(_KINDS.values()))
            asked = await scene.ask(
                kind,
                dice.choice(scene.members[: DIRECT_MEMBERS if kind is Kind.DIRECT else None]),
                dice.choice(scene.channels),
                dice.randint(10, 30) if dice.random() > 0.03 else 0,
                cut=dice.random() < 0.05,
            )
            if dice.random() < SHARE:
                deed = meddle(scene, asked, random.Random(dice.random()))
                meddling.append(asyncio.create_task(deed))
            due = max(due + self._pause, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._room()
        self.result.replies += questions
        return meddling

    async def _room(self) -> None:
        """Wait until not too many replies grow, for machines slower than the questions."""
        while True:
            running = [c for c in self._scene.gateway.calls if c.outcome is Outcome.RUNNING]
            if len(running) < _MOST_GROWING:
                return
            await asyncio.sleep(0.05)

    async def _account(self) -> None:
        scene, result = self._scene, self.result
        found = await self._when_clean()
        if not found:
            # What comes twice may come late.
            await asyncio.sleep(_SETTLE_SECONDS)
            found = self._found()
        result.findings += [f"after {result.replies}: {words}" for words in found]
        now = self._kept()
        for answer in now.answers:
            result.endings[answer.state] = result.endings.get(answer.state, 0) + 1
        self._last_turn = max((a.turn_id for a in now.answers), default=self._last_turn)
        result.private += sum(asked.kind is Kind.PRIVATE for asked in scene.asked)
        result.refusals += len(scene.discord.limits.refusals)
        scene.forget()

    async def _when_clean(self) -> list[str]:
        """Wait until nothing is left to find, or nothing changes any more; what is left then."""
        found, since = self._found(), time.monotonic()
        while found and time.monotonic() < since + _PATIENCE_SECONDS:
            await asyncio.sleep(0.25)
            if (now := self._found()) != found:
                found, since = now, time.monotonic()
        return found

    def _found(self) -> list[str]:
        return judge.accounting(self._scene.world, self._scene.asked, self._kept())

    def _kept(self) -> kept.Kept:
        now = self._scene.memory.read(after_turn=self._last_turn)
        return replace(now, used=None)  # Of all rounds together; counted at the end.


async def run(
    replies: int, seed: int, *, tell: Callable[[str], None], keep_log: Path | None = None
) -> Result:
    """Soak a bot in a process of its own."""
    async with open_scene(
        members=MEMBERS, channels=CHANNELS, deltas_per_second=DELTAS_PER_SECOND
    ) as scene:
        notes = scene.folder / "census.jsonl"
        began = time.monotonic()
        async with scene.bot(program=("-m", "tests.weather.census", str(notes))) as bot:
            await scene.limit_use()
            dice = random.Random(seed)
            soak = Soak(scene, dice, Troubles(dice, scene.discord, scene.gateway))
            result = soak.result
            await soak.begin()
            quiet: Sample | None = None
            told = 0
            while result.replies < replies:
                await soak.round(min(ROUND, replies - result.replies))
                over = result.replies >= replies
                if over or (quiet is None and result.replies >= _FIRST_QUIET):
                    await asyncio.sleep(_QUIET_SECONDS)
                sample = await asyncio.to_thread(
                    samples.take,
                    bot.pid,
                    notes,
                    replies=result.replies,
                    at=time.monotonic() - began,
                )
                result.samples.append(sample)
                if quiet is None and result.replies >= _FIRST_QUIET:
                    quiet = sample
                tell(samples.table([sample]).splitlines()[-1])
                for words in result.findings[told:]:
                    tell(f"    {words}")
                told = len(result.findings)
            if quiet is not None:
                result.findings += samples.growth(quiet, result.samples[-1])
            bot.terminate()
            if code := await bot.ended():
                result.findings.append(f"exit code {code} after SIGTERM")
        whole = await asyncio.to_thread(scene.memory.read_checked)
        result.findings += [*whole.damage, *judge.counted(whole, result.private)]
        result.findings += errors(scene.folder / "bot.log")
        if keep_log is not None:
            await asyncio.to_thread(shutil.copy, scene.folder / "bot.log", keep_log)
        result.seconds = time.monotonic() - began
    return result
