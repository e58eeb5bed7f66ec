"""Stand-ins for what the core needs from the rooms around it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.chat.account import Balance, Charged
from bot.chat.content import ImagePart, Message, Role, Speaker, TextPart
from bot.chat.events import Event, SourcesFound
from bot.chat.places import SettingsPlace
from bot.chat.ports import ChatRequest
from bot.chat.preferences import (
    Change,
    Configuration,
    Layers,
    LoggedChange,
    Preferences,
    SealedKey,
    differences,
)
from bot.chat.quota import Account, Charge, Spent, Standing, Wanted, exceeded
from bot.chat.turns import (
    REMEMBERED,
    Answer,
    Attempt,
    Ending,
    Exchange,
    KeptTurn,
    Manner,
    OpenTurn,
    Question,
    Scope,
    TurnState,
)
from bot.errors import AuthCodeError, ConversationError, StorageError, Upstream

SCOPE = Scope("channel:7", guild_id=1, channel_id=7)
MIRA = Speaker(11, "mira")


def question(text: str = "Hi", *, event_id: int = 100, scope: Scope = SCOPE, **more) -> Question:
    return Question(
        scope=scope,
        event_id=event_id,
        speaker=more.pop("speaker", MIRA),
        parts=(TextPart(text),),
        model=more.pop("model", "gpt-4o"),
        **more,
    )


class FakeClock:
    """Time that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


Step = Event | Exception | asyncio.Event


@dataclass
class FakeModel:
    """Plays a script: events, errors to raise, and events to wait for.

    `later` holds the scripts of the calls after the first one; the last script repeats.
    """

    script: Sequence[Step]
    later: Sequence[Sequence[Step]] = ()
    requests: list[ChatRequest] = field(default_factory=list)
    closed: int = 0

    @asynccontextmanager
    async def answer(self, request: ChatRequest) -> AsyncIterator[AsyncIterator[Event]]:
        scripts = [self.script, *self.later]
        script = scripts[min(len(self.requests), len(scripts) - 1)]
        self.requests.append(request)
        try:
            yield self._play(script)
        finally:
            self.closed += 1

    async def _play(self, script: Sequence[Step]) -> AsyncIterator[Event]:
        for step in script:
            if isinstance(step, asyncio.Event):
                await step.wait()
            elif isinstance(step, Exception):
                raise step
            else:
                yield step


@dataclass
class RecordingSurface:
    """Remembers what a member would have seen."""

    text: str = ""
    images: list[ImagePart] = field(default_factory=list)
    thoughts: str = ""
    sources: SourcesFound | None = None
    notices: list[str] = field(default_factory=list)
    order: list[str | ImagePart] = field(default_factory=list)
    """Words and pictures as they came."""
    drawing: int = 0
    ending: Ending | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    seen: asyncio.Event = field(default_factory=asyncio.Event)
    lose: Callable[[], None] = lambda: None
    unreachable: bool = False
    """Whether Discord is away when the reply ends."""

    def write(self, text: str) -> None:
        self.text += text
        self.order.append(text)
        self.seen.set()

    def think(self, text: str) -> None:
        self.thoughts += text

    def draw(self, count: int) -> None:
        self.drawing = count

    def attach(self, image: ImagePart) -> None:
        self.images.append(image)
        self.order.append(image)
        self.seen.set()

    def cite(self, sources: SourcesFound) -> None:
        self.sources = sources

    def notice(self, sentence: str) -> None:
        self.notices.append(sentence)

    def on_lost(self, callback: Callable[[], None]) -> None:
        self.lose = callback

    async def end(self, ending: Ending) -> bool:
        self.ending = ending
        self.ended.set()
        return not self.unreachable


class MemoryStore:
    """A conversation store without a database: one list of turns per scope.

    Answers are followed only where pictures are edited; each answer has one reply of its own.
    """

    def __init__(self) -> None:
        self.turns: dict[int, OpenTurn] = {}
        self.states: dict[int, TurnState] = {}
        self.answers: dict[int, Answer] = {}
        self.pictures: dict[int, list[ImagePart]] = {}
        """What was kept of growing answers."""
        self.runs: dict[int, int] = {}
        """Which start of the bot each answer belongs to."""
        self.run = 1
        self.unshown: set[int] = set()
        """What has ended and may not have been shown so."""
        self.troubled = False
        """Whether nothing can be read or written."""

    def restart(self) -> None:
        """What grows now belongs to a process that has died."""
        self.run += 1

    async def open_turn(
        self, question: Question, *, reservation: int | None = None
    ) -> OpenTurn | None:
        self._check()
        if any(turn.question.event_id == question.event_id for turn in self.turns.values()):
            return None
        return self._open(question, variant=1, reservation=reservation)

    async def reopen(
        self,
        turn_id: int,
        *,
        model: str | None = None,
        message_id: int | None = None,
        reservation: int | None = None,
    ) -> OpenTurn | None:
        asked = self._known(turn_id).question
        if any(self.states[i] is TurnState.STREAMING for i in self._variants(turn_id)):
            return None
        pages = max(self.turns[i].pages for i in self._variants(turn_id))
        asked = replace(asked, model=model or asked.model, manner=Manner())
        turn = self._open(asked, variant=2, reservation=reservation)
        return self._move(turn.turn_id, pages)

    async def choose(
        self, turn_id: int, step: int, *, message_id: int | None = None
    ) -> KeptTurn | None:
        self._known(turn_id)
        row = [i for i in self._variants(turn_id) if self.states[i] in REMEMBERED or i == turn_id]
        index = row.index(turn_id) + step
        if not 0 <= index < len(row):
            return None
        self._move(row[index], self.turns[turn_id].pages)
        return await self.kept(row[index])

    async def undo(self, turn_id: int, message_id: int) -> KeptTurn | None:
        undone = self._known(turn_id)
        before = undone.question.follows
        if not undone.question.edits or before is None:
            return None
        kept = await self.kept(before)
        self.turns[turn_id] = replace(undone, pages=())
        self.turns[before] = replace(kept.turn, pages=(*kept.turn.pages, *undone.pages))
        return replace(kept, turn=replace(kept.turn, pages=undone.pages, redo=turn_id))

    async def redo(self, turn_id: int, message_id: int) -> KeptTurn | None:
        before = self._known(turn_id).question.follows
        page = (self.turns[turn_id].question.scope.channel_id, message_id)
        if before is None or page not in self.turns[before].pages:
            return None
        shown = self.turns[before]
        left = tuple(other for other in shown.pages if other != page)
        self.turns[before] = replace(shown, pages=left)
        self.turns[turn_id] = replace(self.turns[turn_id], pages=(page,))
        return await self.kept(turn_id)

    async def kept(self, turn_id: int) -> KeptTurn:
        turn = self._known(turn_id)
        growing = Answer(Message(Role.ASSISTANT, tuple(self.pictures.get(turn_id, ()))))
        return KeptTurn(turn, self.states[turn_id], self.answers.get(turn_id, growing))

    async def attempt(self, event_id: int) -> Attempt | None:
        self._check()
        tried = [i for i, turn in self.turns.items() if turn.question.event_id == event_id]
        if not tried:
            return None
        kept = [await self.kept(turn_id) for turn_id in tried]
        return Attempt(
            min(tried),
            is_growing=any(each.state is TurnState.STREAMING for each in kept),
            has_picture=any(each.answer.message.images for each in kept),
        )

    async def accept(self, turn_id: int) -> None:
        self._known(turn_id)
        self.states[turn_id] = TurnState.STOPPED

    async def keep_picture(self, turn_id: int, image: ImagePart) -> None:
        self.pictures.setdefault(turn_id, []).append(image)

    async def lineage(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        found: list[Exchange] = []
        asked = self.turns[turn_id].question
        while asked.edits and asked.follows is not None and len(found) < max_exchanges:
            before = self.turns[asked.follows]
            found.append(self._exchange(before))
            asked = before.question
        return found[::-1]

    def _check(self) -> None:
        if self.troubled:
            raise StorageError("OperationalError: database or disk is full")

    def _known(self, turn_id: int) -> OpenTurn:
        self._check()
        if turn_id not in self.turns:
            raise ConversationError("I no longer remember this conversation.")
        return self.turns[turn_id]

    def _variants(self, turn_id: int) -> list[int]:
        event = self.turns[turn_id].question.event_id
        return [i for i, turn in self.turns.items() if turn.question.event_id == event]

    def _move(self, turn_id: int, pages: tuple[tuple[int, int], ...]) -> OpenTurn:
        others = [
            i for i in self._variants(turn_id) if self.states[i] in REMEMBERED and i != turn_id
        ]
        for i in self._variants(turn_id):
            self.turns[i] = replace(self.turns[i], pages=())
        self.turns[turn_id] = replace(self.turns[turn_id], pages=pages, others=tuple(others))
        return self.turns[turn_id]

    def _open(self, question: Question, variant: int, reservation: int | None) -> OpenTurn:
        turn = OpenTurn(len(self.turns) + 1, question, variant, reservation=reservation)
        self.runs[turn.turn_id] = self.run
        self.turns[turn.turn_id] = turn
        self.states[turn.turn_id] = TurnState.STREAMING
        return turn

    def _exchange(self, turn: OpenTurn) -> Exchange:
        answer = self.answers.get(turn.turn_id)
        question = turn.question
        return Exchange(
            Message(Role.USER, question.parts, question.speaker),
            answer.message if answer else None,
            self.states[turn.turn_id],
            turn.turn_id,
            model=question.model,
            task=question.task,
            edits=question.edits,
        )

    async def history(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        self._check()
        here = self.turns[turn_id].question
        earlier = [
            exchange
            for exchange in await self.exchanges(here.scope, limit=1_000)
            if exchange.turn_id < min(self._variants(turn_id)) and exchange.state in REMEMBERED
        ]
        return earlier[-max_exchanges:]

    async def shown_on(
        self,
        turn_id: int,
        *,
        page: int,
        channel_id: int,
        message_id: int,
        reply_id: int | None = None,
    ) -> None:
        self._check()
        turn = self.turns[turn_id]
        if (channel_id, message_id) not in turn.pages:
            self.turns[turn_id] = replace(turn, pages=(*turn.pages, (channel_id, message_id)))

    async def confirm_shown(self, turn_ids: Collection[int]) -> None:
        self._check()
        self.unshown -= set(turn_ids)

    async def release(self, turn_id: int) -> None:
        self._check()
        self.runs.pop(turn_id, None)

    async def close_turn(
        self, turn_id: int, state: TurnState, answer: Answer, *, shown: bool = False
    ) -> None:
        self._check()
        if not shown:
            self.unshown.add(turn_id)
        self.states[turn_id] = state
        self.answers[turn_id] = answer

    async def turn_of_message(self, message_id: int) -> int | None:
        for turn in self.turns.values():
            if message_id in [message for _, message in turn.pages]:
                return turn.turn_id
        return None

    async def scope_of(self, turn_id: int) -> Scope | None:
        turn = self.turns.get(turn_id)
        return None if turn is None else turn.question.scope

    async def pictures_on(self, message_id: int) -> tuple[int, int] | None:
        turn_id = await self.turn_of_message(message_id)
        if turn_id is None or turn_id not in self.answers:
            return None
        return turn_id, len(self.answers[turn_id].message.images)

    async def asker_of(self, turn_id: int) -> int | None:
        turn = self.turns.get(turn_id)
        return turn.question.speaker.id if turn else None

    async def exchanges(self, scope: Scope, *, limit: int) -> list[Exchange]:
        turns = [turn for turn in self.turns.values() if turn.question.scope == scope]
        return [self._exchange(turn) for turn in turns][-limit:]

    async def clear(self, scope: Scope) -> int:
        gone = [i for i, turn in self.turns.items() if turn.question.scope == scope]
        for turn_id in gone:
            del self.turns[turn_id]
        return len(gone)

    async def interrupted(self) -> list[OpenTurn]:
        owed = [
            i
            for i, state in self.states.items()
            if state is TurnState.STREAMING or i in self.unshown
        ]
        left = [i for i in owed if i in self.turns and self.runs.get(i) != self.run]
        self.runs |= dict.fromkeys(left, self.run)
        return [self.turns[i] for i in left]

    async def is_known(self, event_id: int) -> bool:
        self._check()
        return any(turn.question.event_id == event_id for turn in self.turns.values())

    async def direct_channels(self, *, limit: int) -> list[int]:
        scopes = [turn.question.scope for turn in self.turns.values()]
        return list({scope.channel_id for scope in scopes if scope.guild_id is None})[:limit]


class MemoryPreferences:
    """A preference store without a database."""

    def __init__(self) -> None:
        self.configurations: dict[int, Configuration] = {}
        self.keys: dict[int, SealedKey] = {}
        self.logged: list[tuple[int, LoggedChange]] = []

    async def read(self, place: SettingsPlace) -> Layers:
        if place.guild_id is None:
            return Layers()
        known = await self.configuration(place.guild_id)
        return Layers(
            server=known.server,
            category=known.places.get(place.category_id or 0, Preferences()),
            channel=known.places.get(place.channel_id, Preferences()),
            lists=known.lists,
            key=self.keys.get(place.guild_id),
        )

    async def configuration(self, guild_id: int) -> Configuration:
        return self.configurations.get(guild_id, Configuration())

    async def change(
        self, guild_id: int, edit: Callable[[Configuration], Configuration], by: Speaker
    ) -> list[Change]:
        old = await self.configuration(guild_id)
        new = self.configurations[guild_id] = edit(old)
        changes = differences(old, new)
        self._note(guild_id, changes, by)
        return changes

    async def keep_key(self, guild_id: int, key: SealedKey | None, by: Speaker) -> None:
        before = self.keys.pop(guild_id, None)
        if key is not None:
            self.keys[guild_id] = key
        told = [json.dumps(k.tail if k else None) for k in (before, key)]
        self._note(guild_id, [Change(None, "authcode", *told)], by)

    async def with_keys(self) -> list[int]:
        return list(self.keys)

    async def log(self, guild_id: int, *, limit: int, skip: int = 0) -> list[LoggedChange]:
        entries = [entry for guild, entry in reversed(self.logged) if guild == guild_id]
        return entries[skip : skip + limit]

    def _note(self, guild_id: int, changes: Sequence[Change], by: Speaker) -> None:
        now = datetime.now(UTC)
        self.logged += [(guild_id, LoggedChange(change, by.id, by.name, now)) for change in changes]


class MemoryQuotas:
    """A quota store without a database; nothing runs beside anything else here."""

    def __init__(self) -> None:
        self.used: Counter[tuple[int, Account]] = Counter()
        self.reserved: dict[int, tuple[int, Sequence[Wanted]]] = {}
        self._numbers = itertools.count(1)
        self.troubled = False
        """Whether nothing can be settled."""

    async def reserve(self, guild_id: int, wanted: Sequence[Wanted]) -> int:
        for want in wanted:
            standing = Standing(want.charge, self.used[guild_id, want.charge.account])
            if want.amount > standing.left:
                raise exceeded(standing)
        held = []
        for want in wanted:
            account = want.charge.account
            left = want.charge.limit - self.used[guild_id, account]
            held.append(replace(want, amount=max(want.amount, min(want.up_to, left))))
            self.used[guild_id, account] += held[-1].amount
        number = next(self._numbers)
        self.reserved[number] = guild_id, held
        return number

    async def lower(self, reservation: int, most: Spent) -> None:
        guild_id, wanted = self.reserved[reservation]
        kept = [replace(w, amount=min(w.amount, most.of(w.charge.account.measure))) for w in wanted]
        for before, after in zip(wanted, kept, strict=True):
            self.used[guild_id, before.charge.account] += after.amount - before.amount
        self.reserved[reservation] = guild_id, kept

    async def settle(self, reservation: int, spent: Spent) -> None:
        if self.troubled:
            raise StorageError("away")
        guild_id, wanted = self.reserved.pop(reservation)
        for want in wanted:
            account = want.charge.account
            self.used[guild_id, account] += spent.of(account.measure) - want.amount

    async def give_back(self) -> int:
        return 0

    async def standings(self, guild_id: int, charges: Sequence[Charge]) -> list[Standing]:
        return [Standing(charge, self.used[guild_id, charge.account]) for charge in charges]


class Alone:
    """No other process of the bot is there."""

    async def others_live(self) -> bool:
        return False


class FakeAccount:
    """The gateway's books, as a test writes them."""

    def __init__(self) -> None:
        self.balances: dict[str, Balance] = {"operator": Balance(12.5, 40.0)}
        self.charged: list[Charged] = []

    async def balance(self, authcode: str) -> Balance:
        if authcode not in self.balances:
            raise AuthCodeError(upstream=Upstream(status=401))
        return self.balances[authcode]

    async def charges(self, authcode: str, *, since: datetime) -> list[Charged]:
        await self.balance(authcode)
        return [charge for charge in self.charged if charge.at >= since]


class MemoryState:
    """A state store without a database."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def read(self, key: str) -> str | None:
        return self.values.get(key)

    async def write(self, key: str, value: str) -> None:
        self.values[key] = value

    async def find(self, prefix: str) -> dict[str, str]:
        return {key: value for key, value in self.values.items() if key.startswith(prefix)}

    async def forget(self, key: str) -> None:
        self.values.pop(key, None)
