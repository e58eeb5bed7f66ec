"""The end of a reply: kept, shown to the last word, and counted; or left for later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.chat import endings, studio
from bot.chat.closing import NO_MEMORY, Closings
from bot.chat.content import ImagePart, TextPart
from bot.chat.events import Usage
from bot.chat.growing import Growing
from bot.chat.metering import Meter, Spending
from bot.chat.ports import ReplySurface
from bot.chat.turns import Ending, KeptTurn, OpenTurn, TurnState


class Delivery:
    """Brings answers to their visible end."""

    def __init__(self, closings: Closings, meter: Meter) -> None:
        self._closings = closings
        self._meter = meter

    async def end(
        self,
        turn: OpenTurn,
        surface: ReplySurface,
        growing: Growing,
        ending: Ending,
        spending: Spending,
        *,
        keep: bool,
    ) -> None:
        """Keep an answer, show its ending, and count what it used."""
        question = turn.question
        model = growing.native_model or question.model
        ending = _with_pictures(ending, model, growing.images)
        if question.manner.shows_facts:
            facts = endings.facts(growing.model or question.model, growing.usage)
            ending = replace(ending, facts=facts)
        # What is not remembered cannot be asked again, continued or edited.
        if not (keep and turn.is_remembered):
            ending = Ending(ending.state, ending.words, facts=ending.facts)
        answer = growing.answer(question.model)
        usage = growing.usage or Usage()
        charged = growing.has_text or growing.images_used or growing.halt is not None
        if ending.state is not TurnState.FAILED or charged:
            spending.used = self._meter.cost(
                question,
                tokens=usage.total,
                words=answer.message.text,
                images=growing.images_used,
                sent_tokens=spending.sent_tokens,
                by_tool=bool(growing.tool_calls),
            )
        closings = self._closings if turn.is_remembered else Closings(NO_MEMORY)
        shown = False

        async def close() -> None:
            await closings.close(turn.turn_id, ending.state, answer, shown=shown)

        async def show() -> None:
            nonlocal shown
            shown = await surface.end(ending)
            # Once nothing of this is owed any more, nobody would count it after a crash.
            await self._meter.settle(spending)

        # Words are kept first, so that the next question knows them. Pictures are kept
        # already: their turn stays open until Discord has them, or the next start sends them.
        first, second = (show, close) if growing.images else (close, show)
        try:
            await first()
        finally:
            await second()
        if not shown:
            await closings.left_unshown(turn.turn_id)
        elif keep:
            closings.confirm(turn.turn_id)
        else:
            await closings.forget(question.scope)

    async def again(self, kept: KeptTurn, surface: ReplySurface) -> bool:
        """Show an answer that is kept; False when Discord could not be reached."""
        message = kept.answer.message
        for part in message.parts:
            match part:
                case TextPart(text):
                    surface.write(text)
                case ImagePart():
                    surface.attach(part)
        if kept.answer.sources is not None:
            surface.cite(kept.answer.sources)
        model = message.natives[0].model if message.natives else kept.turn.question.model
        ending = endings.again(kept.state, has_text=bool(message.text))
        shown = await surface.end(_with_pictures(ending, model, message.images))
        if shown and kept.turn.question.scope.is_private:
            await self._closings.forget(kept.turn.question.scope)
        elif shown:
            self._closings.confirm(kept.turn.turn_id)
        return shown


def _with_pictures(ending: Ending, model: str, images: Sequence[ImagePart]) -> Ending:
    return replace(
        ending,
        pictures=len(images),
        can_enlarge=bool(images) and studio.can_enlarge(model, images),
    )
