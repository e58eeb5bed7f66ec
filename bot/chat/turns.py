"""A conversation as questions and their answers; ids and places, but no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.chat.content import Message, Part, Speaker
from bot.chat.events import SourcesFound, Usage
from bot.chat.quota import Charge


class TurnState(StrEnum):
    """How an answer stands; the values are stored."""

    STREAMING = "streaming"
    COMPLETE = "complete"
    STOPPED = "stopped"
    LENGTH = "length"
    FILTERED = "filtered"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


REMEMBERED = frozenset({TurnState.COMPLETE, TurnState.STOPPED, TurnState.LENGTH})
"""States whose answer counts as said when the conversation goes on."""


class Task(StrEnum):
    """What a question asks for; the values are stored."""

    CHAT = "chat"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a conversation lives. `key` is unique: `channel:123`, `member:11:123` in a channel,
    `replies:456` after the question that began them, or `private:456`."""

    key: str
    guild_id: int | None
    channel_id: int

    @property
    def is_private(self) -> bool:
        """Whether one member alone sees it, and it is forgotten after its answer."""
        return self.key.startswith("private:")

    def is_open_to(self, member_id: int) -> bool:
        """Whether what is remembered here may reach the member's questions: a talk of the channel
        does, another member's own talk does not."""
        kind, _, rest = self.key.partition(":")
        return kind != "member" or rest.partition(":")[0] == str(member_id)


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """What `/imagine` was told; None leaves it to the model."""

    aspect_ratio: str | None = None
    size: str | None = None
    count: int = 1
    """How many pictures, each by a call of its own."""
    search: bool = False
    """Whether the model may look things up first."""


@dataclass(frozen=True, slots=True)
class Grant:
    """On whose account a reply goes, and how much there is."""

    charges: tuple[Charge, ...] = ()
    """The counters it runs up."""
    authcode: str = field(default="", repr=False)
    """The server's own; empty for the operator's."""
    member_replies: int | None = None
    """How many replies may grow for the member at once, this one included."""
    channel_replies: int | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How a reply is given, by the settings of its place at that moment; not stored."""

    persona: str | None = None
    """What the server's admins tell the model, placeholders filled in."""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    reasoning: str | None = None
    search: bool = False
    context_tokens: int | None = None
    context_messages: int | None = None

    draws_with: str | None = None
    """The image model that a chat model may call; None: it may not."""
    shows_reasoning: bool = False
    shows_facts: bool = False
    """Whether the model and its tokens are named under the reply."""
    grant: Grant = Grant()


@dataclass(frozen=True, slots=True)
class Question:
    """What a member asks, ready to be stored."""

    scope: Scope
    event_id: int
    """The message or interaction that asked; answered once however often it comes."""
    speaker: Speaker
    parts: tuple[Part, ...]
    model: str
    task: Task = Task.CHAT
    image: ImageOptions = ImageOptions()
    follows: int | None = None
    """The answer this question replies to, when it is not simply the newest one."""
    edits: tuple[int, ...] = ()
    """The pictures of that answer which are to be changed, counted from 1."""
    manner: Manner = Manner()
    reserved: int | None = None
    """A message that is there already, empty, and becomes the first page."""
    token: str = field(default="", repr=False)
    """Of the interaction, where the messages of the reply exist only behind that."""
    notices: tuple[str, ...] = ()
    """Sentences to show under the reply, such as a file that was left out; not stored."""


@dataclass(frozen=True, slots=True)
class OpenTurn:
    """An answer that is being written: its id, its question, and what already shows it."""

    turn_id: int
    question: Question
    variant: int = 1
    pages: tuple[tuple[int, int], ...] = ()
    """(channel id, message id) of each page already on Discord, in order."""
    others: tuple[int, ...] = ()
    """The other answers to this question that can be shown, by turn id, oldest first."""
    redo: int | None = None
    """The edited version that was just undone here, by turn id; not stored."""
    reservation: int | None = None
    """What is reserved of the server's quotas while it grows."""

    @property
    def is_remembered(self) -> bool:
        """Whether the memory knows of it, so that buttons can find it again."""
        return self.turn_id > 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer."""

    message: Message
    usage: Usage | None = None
    sources: SourcesFound | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """An answer that has ended, as it is remembered."""

    turn: OpenTurn
    state: TurnState
    answer: Answer


@dataclass(frozen=True, slots=True)
class Attempt:
    """What has come of a question for a picture so far, all answers to it taken together."""

    question_id: int
    is_growing: bool
    has_picture: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and what came of it."""

    question: Message
    answer: Message | None
    state: TurnState
    turn_id: int
    model: str = ""
    task: Task = Task.CHAT
    edits: tuple[int, ...] = ()
    """The pictures of the exchange before that this question wanted changed."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a reply ends, for the surface to show."""

    state: TurnState
    words: str = ""
    """The member's sentence, already translated; empty for an ordinary end."""
    can_retry: bool = False
    can_continue: bool = False
    pictures: int = 0
    """How many pictures the answer has."""
    facts: str = ""
    """What the server wants told under each reply, such as the model and its tokens."""
    can_enlarge: bool = False
    """Whether the model that made them could make them larger (4K)."""
