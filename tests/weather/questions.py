"""What people ask in bad weather, and the one answer that each question can get.

Every word of an answer names its question and its place (`q7w1 q7w2 …`), so that a word that is
lost, doubled or shown under another question can be told from the text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.chat.continuing import CONTINUE
from bot.playground.discord import Interaction
from bot.playground.standin.answers import Finish, Script
from bot.playground.standin.heard import Heard

CONTINUED_WORDS = 30
_TAG = re.compile(r"\bq(\d+)x(\d+)(cut)?\b")
_WORD = re.compile(r"\bq\d+[wc]\d*")


class Kind(StrEnum):
    """How something is asked."""

    MENTION = "mention"
    DIRECT = "direct message"
    ASK = "/ask"
    PRIVATE = "private /ask"
    IMAGINE = "/imagine"
    CONTINUE = "Continue"


COMMANDS = frozenset({Kind.ASK, Kind.PRIVATE, Kind.IMAGINE})


@dataclass(eq=False, slots=True)
class Asked:
    """A question that Discord took."""

    number: int
    kind: Kind
    event_id: int
    """The message or the command; the message whose button was pressed for Continue."""
    channel_id: int
    asker_id: int
    words: int
    cut: bool = False
    """Whether the model ends at its length limit."""
    pictures: int = 0
    interaction: Interaction | None = None
    """Of a command or a press."""
    presses: int = 0
    """How often another answer was asked for by a button."""
    refused: str = ""
    """A sentence that stood there for a while instead of an answer."""
    deleted: bool = False
    """Whether somebody has deleted the reply, or part of it."""

    def __str__(self) -> str:
        return f"{self.kind} q{self.number}"

    @property
    def answer(self) -> list[str]:
        """The words of the whole answer."""
        if self.kind is Kind.CONTINUE:
            return _continuation(self.number)
        return _answer(self.number, self.words)


def prompt(number: int, words: int, *, cut: bool = False) -> str:
    """What to write to get so many words."""
    return f"q{number}x{words}{'cut' if cut else ''} tell me"


def script(heard: Heard) -> Script:
    """The answer to such a prompt, or to the demand to go on; for `StandInGateway.script`."""
    if CONTINUE in heard.prompt:
        asked = _newest(*heard.earlier)
        return Script(" ".join(_continuation(int(asked[1]) if asked else 0)))
    asked = _newest(heard.prompt)
    if asked is None:
        return Script("What was the question?")
    finish = Finish.LENGTH if asked[3] else Finish.STOP
    return Script(" ".join(_answer(int(asked[1]), int(asked[2]))), finish=finish)


def _newest(*prompts: str) -> re.Match[str] | None:
    """The last question in these; questions that got no answer stand in front of the next one."""
    found = [tag for said in prompts for tag in _TAG.finditer(said)]
    return found[-1] if found else None


def words_in(text: str) -> list[str]:
    """The words of answers that a text shows; the last one may not be whole."""
    return _WORD.findall(text)


def begins(whole: list[str], part: list[str]) -> bool:
    """Whether a text began like this when it was not all there yet."""
    if not part:
        return True
    last = len(part) - 1
    return whole[:last] == part[:last] and len(whole) > last and whole[last].startswith(part[last])


def _answer(number: int, words: int) -> list[str]:
    return [f"q{number}w{place}" for place in range(1, words + 1)]


def _continuation(number: int) -> list[str]:
    return [f"q{number}c{place}" for place in range(1, CONTINUED_WORDS + 1)]
