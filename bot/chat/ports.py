"""What the core needs from the rooms around it, named for the need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from bot.chat.content import ImagePart, Message, Speaker
from bot.chat.events import Event, SourcesFound
from bot.chat.places import SettingsPlace
from bot.chat.preferences import Change, Configuration, Layers, LoggedChange, SealedKey
from bot.chat.quota import Charge, Spent, Standing, Wanted
from bot.chat.turns import (
    Answer,
    Attempt,
    Ending,
    Exchange,
    KeptTurn,
    OpenTurn,
    Question,
    Scope,
    TurnState,
)


@dataclass(frozen=True, slots=True)
class Tool:
    """Something a model may call."""

    name: str
    description: str
    parameters: Mapping[str, object]
    """JSON Schema of the arguments object."""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call of a model. `None` means: not set, and then it is not sent."""

    model: str
    messages: Sequence[Message]
    """Alternating turns, oldest first; the last one is the user's."""
    system: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    reasoning: str | None = None
    """`none`, `minimal`, `low`, `medium` or `high`."""
    search: bool = False
    """Grounding by the provider's own web search."""
    draw: bool = False
    """A picture is wanted, not only allowed."""
    aspect_ratio: str | None = None
    image_size: str | None = None
    thoughts: bool = False
    """The model's visible thinking is wanted, where it can be asked for."""
    tools: Sequence[Tool] = ()
    """Sent only to models whose profile takes tools."""
    stream: bool = True
    authcode: str = field(default="", repr=False)
    """A server's own; empty for the operator's."""


class ChatModel(Protocol):
    """The gateway, whichever dialect the model speaks."""

    def answer(self, request: ChatRequest) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Ask; the events come out of the iterator, the connection is closed on leaving.

        Raises:
            LLMError: on entering or while iterating. `BrokenStreamError` when the answer ended
                without `Finished`.
        """
        ...


class Clock(Protocol):
    """Time, so that tests and simulated Discords can own it."""

    def now(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class ReplySurface(Protocol):
    """The reply as the members see it. Everything but `end` returns at once and never waits."""

    def write(self, text: str) -> None:
        """Add to the answer's text."""
        ...

    def think(self, text: str) -> None:
        """Note that the model is thinking; `text` may be empty."""
        ...

    def draw(self, count: int) -> None:
        """Note that so many pictures are being made; each `attach` is one of them."""
        ...

    def attach(self, image: ImagePart) -> None:
        """Add a picture, at this place of the text."""
        ...

    def cite(self, sources: SourcesFound) -> None:
        """Set the sources shown under the answer."""
        ...

    def notice(self, sentence: str) -> None:
        """Add a small line under the answer, such as a file that had to be left out."""
        ...

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call this once when nobody can see the reply any more (deleted, no permission)."""
        ...

    async def end(self, ending: Ending) -> bool:
        """Show the last state, the ending's words and its buttons; wait until Discord has it.
        False when Discord could not be reached: it may be shown later."""
        ...


class ReplyStore(Protocol):
    """What a growing reply needs of the memory. Every method is one transaction."""

    async def history(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        """The exchanges before that answer's question, oldest first; only answers that members
        saw whole, stopped, or cut by length. Media beyond `max_bytes`, counted from the newest
        exchange back, are told in words."""
        ...

    async def lineage(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        """The exchanges whose pictures led to that answer, oldest first: the one whose pictures
        its question edits, the one which that question edited, and so on; empty when it edits
        nothing. Media beyond `max_bytes`, counted from the newest back, are told in words."""
        ...

    async def keep_picture(self, turn_id: int, image: ImagePart) -> None:
        """Keep a picture of a growing answer, before anybody sees it."""
        ...

    async def close_turn(
        self, turn_id: int, state: TurnState, answer: Answer, *, shown: bool = False
    ) -> None:
        """Keep the answer and how it ended; `shown`: Discord has its last state already."""
        ...

    async def confirm_shown(self, turn_ids: Collection[int]) -> None:
        """Note that Discord has the last state of these answers."""
        ...

    async def release(self, turn_id: int) -> None:
        """Leave an answer that is owed something to the next look at the interrupted ones."""
        ...

    async def clear(self, scope: Scope) -> int:
        """Forget a conversation; returns how many exchanges it had."""
        ...


class ConversationStore(ReplyStore, Protocol):
    """What is remembered. Every method is one transaction.

    Raises:
        StorageError: from every method, when the database does not do its work.
    """

    async def open_turn(
        self, question: Question, *, reservation: int | None = None
    ) -> OpenTurn | None:
        """Save the question and an answer row in state `streaming`; None when the event that
        asked was already answered. Follows the conversation's newest answer, or
        `question.follows` when a member replied to an older one."""
        ...

    async def shown_on(
        self,
        turn_id: int,
        *,
        page: int,
        channel_id: int,
        message_id: int,
        reply_id: int | None = None,
    ) -> None:
        """Note which Discord message shows which page of an answer; `reply_id` is a message that
        the reply had before it showed this answer, if it had any."""
        ...

    async def turn_of_message(self, message_id: int) -> int | None:
        """The answer that a Discord message shows."""
        ...

    async def scope_of(self, turn_id: int) -> Scope | None:
        """The conversation that an answer belongs to."""
        ...

    async def pictures_on(self, message_id: int) -> tuple[int, int] | None:
        """The answer that a Discord message shows, and how many pictures of it are kept."""
        ...

    async def asker_of(self, turn_id: int) -> int | None:
        """The member who asked for that answer."""
        ...

    async def exchanges(self, scope: Scope, *, limit: int) -> list[Exchange]:
        """The newest exchanges of a conversation, oldest first, for `/conversation show`."""
        ...

    async def interrupted(self) -> list[OpenTurn]:
        """Answers that processes of the bot left `streaming` when they died, and those that had
        ended and may not have been shown so. Each is given once: whoever gets it sees it to its
        end."""
        ...

    async def is_known(self, event_id: int) -> bool:
        """Whether a message or interaction was answered, or is being answered."""
        ...

    async def direct_channels(self, *, limit: int) -> list[int]:
        """The channels of the newest conversations outside servers."""
        ...


class VariantStore(Protocol):
    """Several answers to one question, and several versions of one picture.

    The answer that is shown counts when the talk goes on. `message_id` is a message of the reply
    whose button was used: the same answer may stand on others as well, and those stay as they
    are. Every method is one transaction and raises `ConversationError` when the turn is not known
    (any more).
    """

    async def reopen(
        self,
        turn_id: int,
        *,
        model: str | None = None,
        message_id: int | None = None,
        reservation: int | None = None,
    ) -> OpenTurn | None:
        """Begin another answer on the messages of that one; None while one still streams."""
        ...

    async def choose(
        self, turn_id: int, step: int, *, message_id: int | None = None
    ) -> KeptTurn | None:
        """Make the answer `step` places later (or earlier) the one that counts and is shown on
        the messages; None while one still streams, or when there is none in that direction."""
        ...

    async def undo(self, turn_id: int, message_id: int) -> KeptTurn | None:
        """Show the answer whose pictures that one edited in its place, with `redo` set to it;
        None while it still streams, or when it edits nothing."""
        ...

    async def redo(self, turn_id: int, message_id: int) -> KeptTurn | None:
        """Show an undone answer again; None when the message does not show what it edited."""
        ...

    async def kept(self, turn_id: int) -> KeptTurn:
        """An answer with its pictures and sources."""
        ...

    async def attempt(self, event_id: int) -> Attempt | None:
        """What has come of the question that an event asked; None when it asked none."""
        ...

    async def accept(self, turn_id: int) -> None:
        """Let an answer that broke off count as said, because somebody goes on from it."""
        ...


PictureScaler = Callable[[ImagePart, int], Awaitable[ImagePart]]
"""Makes a picture smaller until it has at most so many bytes; in a thread."""


class PreferenceStore(Protocol):
    """What admins have set. Every method is one transaction."""

    async def read(self, place: SettingsPlace) -> Layers:
        """Everything that decides what holds in a place (one round trip)."""
        ...

    async def configuration(self, guild_id: int) -> Configuration:
        """All that a server has set."""
        ...

    async def change(
        self, guild_id: int, edit: Callable[[Configuration], Configuration], by: Speaker
    ) -> list[Change]:
        """Put what `edit` makes of the configuration in its place, and log the differences."""
        ...

    async def keep_key(self, guild_id: int, key: SealedKey | None, by: Speaker) -> None:
        """Keep a server's own auth code, or forget it; logged without the code."""
        ...

    async def with_keys(self) -> list[int]:
        """The servers that have an auth code of their own."""
        ...

    async def log(self, guild_id: int, *, limit: int, skip: int = 0) -> list[LoggedChange]:
        """The newest changes first."""
        ...


class QuotaStore(Protocol):
    """What was used of the limits. Every method is one transaction."""

    async def reserve(self, guild_id: int, wanted: Sequence[Wanted]) -> int:
        """Count what a reply will use, all of it or nothing; the reservation's number.

        Raises:
            QuotaError: a counter would go beyond its limit.
        """
        ...

    async def lower(self, reservation: int, most: Spent) -> None:
        """Hold no more than this any longer."""
        ...

    async def settle(self, reservation: int, spent: Spent) -> None:
        """Count what was really used instead; a reservation is settled once."""
        ...

    async def standings(self, guild_id: int, charges: Sequence[Charge]) -> list[Standing]:
        """How far these counters have gone."""
        ...

    async def give_back(self) -> int:
        """Settle for nothing what processes that have died reserved for replies that do not grow;
        how many reservations there were."""
        ...


class Presence(Protocol):
    """Which processes of the bot there are."""

    async def others_live(self) -> bool:
        """Whether another process serves as well, or still sees its last replies through."""
        ...


class StateStore(Protocol):
    """Small facts the bot keeps about itself between starts."""

    async def read(self, key: str) -> str | None:
        """The value, or None."""
        ...

    async def write(self, key: str, value: str) -> None:
        """Keep a value."""
        ...

    async def find(self, prefix: str) -> dict[str, str]:
        """All values whose key begins so."""
        ...

    async def forget(self, key: str) -> None:
        """Keep a value no longer."""
        ...
