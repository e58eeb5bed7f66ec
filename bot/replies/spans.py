"""Pairs the marks of bold, italics, underline, strike and spoiler within one paragraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Act(Enum):
    """What a mark does."""

    OPEN = "open"
    CLOSE = "close"
    LITERAL = "literal"


class Op(NamedTuple):
    """One mark; `added` when it is not in the source."""

    act: Act
    mark: str
    added: bool = False


class Run(NamedTuple):
    """A row of equal marks, and what the characters around it allow it to do."""

    mark: str
    can_open: bool
    can_close: bool


_DEEPEST = 6
"""More spans within each other than anybody writes; what opens a page must leave it room."""


@dataclass(slots=True)
class _Open:
    mark: str
    ops: list[Op] | None
    """Where the opening mark's acts are noted; None when an earlier page opened it."""
    inner: list[str] = field(default_factory=list)
    """Marks of the same row that were closed first: `***a* b**`."""


def flanks(mark: str, before: str, after: str) -> tuple[bool, bool]:
    """Whether a row of marks may open and may close; `before` and `after` may be empty."""
    opens = bool(after) and not after.isspace()
    closes = bool(before) and not before.isspace()
    if mark[0] == "_" or (mark[0] == "*" and before.isascii() and after.isascii()):
        # Inside a word of Latin letters a mark is part of the word: snake_case, 2**10.
        opens = opens and not (before.isalnum() or (before == "_" and mark[0] == "_"))
        closes = closes and not (after.isalnum() or (after == "_" and mark[0] == "_"))
    return opens, closes


def pair(
    runs: Sequence[Run], carried: tuple[str, ...], *, open_ended: bool
) -> tuple[list[list[Op]], list[Op]]:
    """Say what each run does, and what has to be closed at the end of the paragraph.

    `carried` are the marks an earlier page left open. While the paragraph is `open_ended`, marks
    without a partner are taken to be waiting for it; afterwards they are plain characters.
    """
    ops: list[list[Op]] = [[] for _ in runs]
    stack = [_Open(mark, None) for mark in carried]
    for run, acts in zip(runs, ops, strict=True):
        if run.can_close and _close(run.mark, stack, acts):
            continue
        if run.can_open and len(run.mark) <= 3 and len(stack) < _DEEPEST:
            stack.append(_Open(run.mark, acts))
        else:
            acts.append(Op(Act.LITERAL, run.mark))
    if open_ended:
        for entry in stack:
            if entry.ops is not None:
                _note(entry, Act.OPEN)
        return ops, []
    return ops, _give_up(stack)


def _close(mark: str, stack: list[_Open], acts: list[Op]) -> bool:
    depth = next((d for d in range(len(stack) - 1, -1, -1) if stack[d].mark == mark), None)
    if depth is not None:
        acts += _give_up(stack[depth + 1 :])
        entry = stack[depth]
        del stack[depth:]
        _note(entry, Act.OPEN)
        acts.append(Op(Act.CLOSE, mark))
        return True
    if len(mark) == 3 and len(stack) >= 2 and stack[-1].mark + stack[-2].mark == mark:
        for entry in (stack.pop(), stack.pop()):  # **a *b***
            _note(entry, Act.OPEN)
            acts.append(Op(Act.CLOSE, entry.mark))
        return True
    if stack and len(stack[-1].mark) == 3 and stack[-1].mark.startswith(mark):
        entry = stack[-1]  # ***a* b**
        entry.inner.insert(0, mark)
        entry.mark = entry.mark[len(mark) :]
        acts.append(Op(Act.CLOSE, mark))
        return True
    return False


def _note(entry: _Open, act: Act) -> None:
    if entry.ops is not None:
        entry.ops.append(Op(act, entry.mark))
        entry.ops.extend(Op(Act.OPEN, mark) for mark in entry.inner)


def _give_up(stack: list[_Open]) -> list[Op]:
    """Take marks without a partner literally; those an earlier page opened must be closed."""
    closing: list[Op] = []
    for entry in reversed(stack):
        if entry.ops is None:
            closing.append(Op(Act.CLOSE, entry.mark, added=True))
        else:
            _note(entry, Act.LITERAL)
    return closing
