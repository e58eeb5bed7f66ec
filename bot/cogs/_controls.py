"""Which buttons stand under a reply."""

from __future__ import annotations

from discord import ui

from bot.chat.turns import REMEMBERED, Ending, OpenTurn, Task
from bot.cogs._answer_buttons import (
    ContinueButton,
    FileButton,
    OtherModelButton,
    RegenerateButton,
    RetryButton,
    StopButton,
    VariantButton,
)
from bot.cogs._picture_buttons import EditButton, EnlargeButton, RedoButton, UndoButton
from bot.cogs._turn_items import TurnItem


def controls(turn: OpenTurn, ending: Ending | None) -> ui.View | None:
    """A new view for a growing reply (`ending` None) or for one that ended so.

    Views hold nothing but dynamic items and are never stopped: discord.py 2.7.1 would otherwise
    forget the patterns for the whole client.
    """
    turn_id = turn.turn_id
    items: list[TurnItem] = []
    if not turn.is_remembered:
        return None
    if ending is None:
        items.append(StopButton(turn_id))
    elif turn.question.scope.is_private:
        return None  # It is forgotten already.
    else:
        if ending.can_retry:
            items.append(RetryButton(turn_id))
        if ending.can_continue and turn.question.task is Task.CHAT:
            items.append(ContinueButton(turn_id))
        if ending.state in REMEMBERED:
            items += [RegenerateButton(turn_id, turn.question.task), OtherModelButton(turn_id)]
        if ending.pictures:
            items.append(EditButton(turn_id))
            if ending.can_enlarge:
                items.append(EnlargeButton(turn_id))
        if turn.question.edits:
            items.append(UndoButton(turn_id))
        if turn.redo is not None:
            items.append(RedoButton(turn.redo))
        if turn.others:
            row = sorted({*turn.others, turn_id})
            place = row.index(turn_id) + 1
            items.append(VariantButton(turn_id, -1, place, len(row)))
            items.append(VariantButton(turn_id, +1, place, len(row)))
        if ending.state in REMEMBERED and turn.question.task is Task.CHAT:
            items.append(FileButton(turn_id))
    if not items:
        return None
    view = ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
