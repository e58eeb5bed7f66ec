"""What replies use: counted in advance, settled afterwards, and never too many at once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.chat.content import Message, Role
from bot.chat.context import HISTORY_TOKENS, estimate_tokens, message_tokens
from bot.chat.ports import QuotaStore
from bot.chat.profiles import profile_of
from bot.chat.quota import MICRO, Measure, Spent, Wanted
from bot.chat.turns import Manner, OpenTurn, Question, Task
from bot.errors import QuotaError, StorageError
from bot.i18n import _

log = logging.getLogger(__name__)

ANSWER_TOKENS = 500
"""What an answer is expected to have at least, before anybody knows."""
LONG_ANSWER_TOKENS = 16_000
"""What a long one has, with its thoughts, where no limit is set."""
PICTURE_TOKENS = 1_300
"""What a picture of the usual size costs."""

MOST_REPLIES = 500
"""At once in one process, whoever asks: each holds its question's files and a connection."""

Price = Callable[[str, int, int], float]
"""(model, tokens, pictures) to credits, as far as the gateway's list of charges taught it."""


def no_price(_model: str, _tokens: int, _images: int) -> float:
    """Where nothing is known of prices."""
    return 0.0


@dataclass(slots=True)
class Spending:
    """What one reply has reserved, and what it used: None until it has ended, and when it was for
    nothing."""

    reservation: int | None = None
    used: Spent | None = None
    pictures: list[int] = field(default_factory=list)
    """Reservations for those that a chat model has made."""
    sent_tokens: int = 0
    """What the question was sent with, as far as it was sent; estimated."""


class Meter:
    """Counts what replies use against the limits that their questions carry."""

    def __init__(self, store: QuotaStore, price: Price = no_price) -> None:
        self._store = store
        self._price = price
        self._growing: Counter[tuple[str, int | None, int]] = Counter()
        self._unsettled: dict[int, Spent] = {}

    @asynccontextmanager
    async def reply(self, question: Question) -> AsyncIterator[Spending]:
        """Have a reply counted: in advance on entering, as `Spending` says on leaving.

        Raises:
            QuotaError: a limit is used up, or too many replies grow.
        """
        spending = Spending()
        grant, scope = question.manner.grant, question.scope
        member = ("member", scope.guild_id, question.speaker.id)
        channel = ("channel", scope.guild_id, scope.channel_id)
        if self._growing.total() >= 2 * MOST_REPLIES:  # each counts for its member and channel
            raise QuotaError(_("Too many questions are being answered just now. Ask again soon."))
        if grant.member_replies is not None and self._growing[member] >= grant.member_replies:
            raise QuotaError(_("Your last question is still being answered. Ask again then."))
        if grant.channel_replies is not None and self._growing[channel] >= grant.channel_replies:
            raise QuotaError(_("Too many questions are being answered here. Ask again soon."))
        self._growing.update((member, channel))
        try:
            spending.reservation = await self._reserve(question)
            try:
                yield spending
            finally:
                await self.settle(spending)
        finally:
            self._growing.subtract((member, channel))
            # A counter keeps zeros for ever.
            self._growing = +self._growing

    async def draw(
        self, question: Question, spending: Spending, images: int, *, so_far: Spent
    ) -> None:
        """Count pictures in advance that a chat model asks for, which itself has used `so_far`.

        Raises:
            QuotaError: so many are not left.
            StorageError: nobody can tell.
        """
        if spending.reservation is not None:
            await self._store.lower(spending.reservation, so_far)
        guild_id, model = question.scope.guild_id, question.manner.draws_with or ""
        expected = {
            Measure.IMAGES: images,
            Measure.CREDITS: round(self._price(model, 0, images) * MICRO),
        }
        wanted = [
            Wanted(charge, expected[charge.account.measure])
            for charge in question.manner.grant.charges
            if charge.account.measure in expected
        ]
        if wanted and guild_id is not None:
            spending.pictures.append(await self._store.reserve(guild_id, wanted))

    async def settle(self, spending: Spending) -> None:
        """Count what a reply has used; a second time changes nothing."""
        reservation, spending.reservation = spending.reservation, None
        await self._settle(reservation, spending.used)
        while spending.pictures:
            await self._settle(spending.pictures.pop(), None)  # what was made of them is in `used`

    async def settle_rest(self) -> None:
        """Count what could not be counted when it ended."""
        for reserved, spent in list(self._unsettled.items()):
            del self._unsettled[reserved]
            await self._settle(reserved, spent)

    async def settle_cut_off(self, turn: OpenTurn, answer: Message) -> None:
        """Count what a reply used that its process could not see through."""
        images = len(answer.images)
        used = None
        if answer.text or images:
            used = self.cost(turn.question, tokens=0, words=answer.text, images=images)
        await self._settle(turn.reservation, used)

    def cost(
        self,
        question: Question,
        *,
        tokens: int,
        words: str,
        images: int,
        sent_tokens: int = 0,
        by_tool: bool = False,
    ) -> Spent:
        """What a reply has used; without the gateway's count, tokens are estimated.

        `by_tool` says that a chat model has had the pictures made by the other one.
        """
        if not tokens:
            tokens = max(sent_tokens, _asked_tokens(question)) + estimate_tokens(words)
            tokens += images * PICTURE_TOKENS
        credits = self._price(question.model, tokens, 0 if by_tool else images)
        if by_tool and question.manner.draws_with:
            credits += self._price(question.manner.draws_with, 0, images)
        return Spent(requests=1, tokens=tokens, images=images, credits=round(credits * MICRO))

    async def _reserve(self, question: Question) -> int | None:
        grant, guild_id = question.manner.grant, question.scope.guild_id
        if not grant.charges or guild_id is None:
            return None
        asked = _asked_tokens(question)
        if question.task is Task.IMAGE:
            images = question.image.count
            expected = most = self._expected(question, (asked + PICTURE_TOKENS) * images, images)
        else:
            expected = self._expected(question, asked + ANSWER_TOKENS)
            most = self._expected(question, asked + _most_tokens(question.manner))
        return await self._store.reserve(
            guild_id,
            [
                Wanted(
                    charge, max(expected.of(measure), _least(measure, question)), most.of(measure)
                )
                for charge in grant.charges
                for measure in (charge.account.measure,)
            ],
        )

    def _expected(self, question: Question, tokens: int, images: int = 0) -> Spent:
        credits = self._price(question.model, tokens, images)
        return Spent(1, tokens, images, round(credits * MICRO))

    async def _settle(self, reserved: int | None, spent: Spent | None) -> None:
        if reserved is None:
            return
        try:
            await self._store.settle(reserved, spent or Spent())
        except StorageError as error:
            log.warning("a reply is not settled yet: %s", error)
            self._unsettled[reserved] = spent or Spent()
        except Exception:
            # The reply is there; what was reserved for it is given back after the next start.
            log.exception("a reply was not settled")


def _asked_tokens(question: Question) -> int:
    return message_tokens(Message(Role.USER, question.parts))


def _most_tokens(manner: Manner) -> int:
    """What may come along with a question, and what a long answer to it has."""
    along = HISTORY_TOKENS if manner.context_tokens is None else manner.context_tokens
    return along + (manner.max_tokens or LONG_ANSWER_TOKENS)


def _least(measure: Measure, question: Question) -> int:
    """Whoever has nothing left does not get in, even where nothing is expected; pictures are
    only counted where one is asked for, or may come without asking."""
    may_draw = question.task is Task.IMAGE or profile_of(question.model).makes_images
    return 0 if measure is Measure.IMAGES and not may_draw else 1
