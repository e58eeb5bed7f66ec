"""Decides what the stand-in says: the words, the thinking, and how it ends."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image, UnidentifiedImageError

from bot.playground.standin import prose
from bot.playground.standin.heard import Heard, Picture

_TROUBLE_MAX_WORDS = 8
_DRAWING_TOOL = "generate_image"
_DRAWING_WORDS = {"draw", "paint", "sketch", "picture", "photograph", "redraw", "repaint"}


class Finish(StrEnum):
    """How an answer ends."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "filtered"
    BROKEN = "broken"
    """The connection drops in the middle."""
    BLOCKED = "blocked"
    """The prompt is refused before any answer."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page an answer claims to rest on, and the sentence it is cited for."""

    url: str
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The call of a function the model was offered."""

    name: str
    arguments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Script:
    """One answer, ready to be spelled in either dialect."""

    text: str
    tool: ToolUse | None = None
    """What the model calls after its text."""
    reasoning: str = ""
    finish: Finish = Finish.STOP
    sources: tuple[Source, ...] = ()
    queries: tuple[str, ...] = ()
    slow: bool = False
    draws: bool = True
    """Whether a picture model makes its picture; if not, its words are all there is."""


def wished_words(prompt: str) -> set[str]:
    """The behaviours a prompt asks for.

    Words that spoil an answer count in short prompts only, so that an ordinary sentence which
    happens to contain one is answered.
    """
    words = _words(prompt)
    wishes = words & {"table", "code", "long", "reason", "think", "search"}
    if len(prompt.split()) <= _TROUBLE_MAX_WORDS:
        wishes |= words & {
            "error", "slow", "empty", "cut", "filter", "break", "block", "refuse",
        }  # fmt: skip
    return wishes


def _words(prompt: str) -> set[str]:
    return set(re.findall(r"[a-z]+", prompt.lower()))


def wished_status(prompt: str) -> int | None:
    """The HTTP status to fail with when the prompt says `error`, 503 unless it names one."""
    if "error" not in wished_words(prompt):
        return None
    named = re.search(r"\berror\s+([45]\d\d)\b", prompt.lower())
    return int(named[1]) if named else 503


def compose(heard: Heard) -> Script:
    """Write the answer to a question."""
    wishes = wished_words(heard.prompt)
    searches = "search" in wishes or heard.search_offered
    if _DRAWING_TOOL in heard.tools and _words(heard.prompt) & _DRAWING_WORDS:
        return Script("I am having it painted.", tool=_drawing(heard))
    text, finish = _body(heard, wishes, searches), Finish.STOP
    if "empty" in wishes:
        text = ""
    elif "cut" in wishes:
        text, finish = text[: max(40, len(text) * 2 // 3)].rstrip(" ."), Finish.LENGTH
    elif "filter" in wishes:
        text, finish = text[:60], Finish.FILTERED
    elif "break" in wishes:
        text, finish = text[: max(40, len(text) // 2)], Finish.BROKEN
    elif "block" in wishes:
        text, finish = "", Finish.BLOCKED
    elif "refuse" in wishes:
        text = _REFUSAL
    thinks = heard.reasons or heard.thoughts_wanted or bool(wishes & {"reason", "think"})
    return Script(
        text=text,
        reasoning=prose.REASONING if thinks else "",
        finish=finish,
        sources=_SOURCES if searches and text else (),
        queries=("discord message limit", "rhône source 2200 m") if searches and text else (),
        slow="slow" in wishes,
    )


def compose_picture(heard: Heard) -> Script:
    """Write the words that come with a picture; only a picture whose script ends well is drawn."""
    wishes = wished_words(heard.prompt)
    subject = " ".join(heard.prompt.split())[:120]
    drawn = "your picture again, changed" if heard.latest_picture else "my drawing"
    text = f"I am the **offline stand-in**; here is {drawn}: “{subject}”."
    finish = Finish.STOP
    if "empty" in wishes:
        text = ""
    elif "cut" in wishes:
        finish = Finish.LENGTH
    elif "filter" in wishes:
        text, finish = "", Finish.FILTERED
    elif "break" in wishes:
        finish = Finish.BROKEN
    elif "block" in wishes:
        text, finish = "", Finish.BLOCKED
    elif "refuse" in wishes:
        text = _REFUSAL
    return Script(
        text=text,
        reasoning=prose.REASONING if heard.thoughts_wanted or wishes & {"reason", "think"} else "",
        finish=finish,
        queries=(subject,) if heard.search_offered and text else (),
        slow="slow" in wishes,
        draws="refuse" not in wishes,
    )


def _drawing(heard: Heard) -> ToolUse:
    """The call that has what was asked for drawn, or the picture in sight changed."""
    pictures = "none"
    if heard.pictures:
        pictures = "question"
    elif heard.latest_picture is not None:
        pictures = "previous"
    return ToolUse(_DRAWING_TOOL, {"prompt": heard.prompt.strip(), "pictures": pictures})


def _body(heard: Heard, wishes: set[str], searches: bool) -> str:
    if "long" in wishes:
        return f"{prose.WHO}\n\n{prose.long_answer()}"
    shown = [f"{prose.WHO} You asked:", _quoted(heard.prompt), _memory(heard)]
    shown.extend(f"I see a picture: {describe(picture)}." for picture in heard.pictures)
    if heard.files:
        shown.append("You gave me " + ", ".join(f"`{name}`" for name in heard.files) + ".")
    if searches:
        shown.append(prose.SEARCH)
    if "table" in wishes:
        shown.append(prose.TABLE)
    if "code" in wishes:
        shown.append(prose.CODE)
    if not searches and not wishes & {"table", "code"}:
        choice = zlib.crc32(heard.prompt.encode()) % len(prose.FRIENDLY)
        shown += [prose.FRIENDLY[choice], prose.TRY]
    return "\n\n".join(part.strip("\n") for part in shown)


def _quoted(prompt: str) -> str:
    kept = prompt.strip()[:300] or "(nothing)"
    return "\n".join(f"> {line}" for line in kept.splitlines())


def _memory(heard: Heard) -> str:
    if not heard.earlier:
        return "This is the first thing I hear in this conversation."
    count = len(heard.earlier)
    turns = "1 earlier turn" if count == 1 else f"{count} earlier turns"
    last = " ".join(heard.earlier[-1].split())[:80]
    return f"I was shown **{turns}**; the last one was “{last}”."


_REFUSAL = "I would rather not do this, so the stand-in leaves it at words."
_COLOURS = {
    "black": (20, 20, 24),
    "dark blue": (28, 44, 110),
    "blue": (60, 120, 220),
    "pale blue": (170, 205, 235),
    "green": (60, 150, 80),
    "yellow": (235, 205, 80),
    "orange": (235, 140, 60),
    "red": (205, 50, 50),
    "pink": (235, 150, 185),
    "purple": (120, 70, 160),
    "brown": (120, 80, 50),
    "grey": (128, 128, 128),
    "white": (240, 240, 240),
}


def describe(picture: Picture) -> str:
    """Say the size, the kind and the main colour of a picture."""
    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            kind, width, height = image.format, image.width, image.height
            image.draft("RGB", (64, 64))
            mean = image.convert("RGB").resize((1, 1), Image.Resampling.BOX).tobytes()
    except (UnidentifiedImageError, OSError):
        return "one I cannot open"

    def distance(name: str) -> int:
        return sum((a - b) ** 2 for a, b in zip(_COLOURS[name], mean, strict=True))

    return f"{width} by {height} pixels, {kind}, mostly {min(_COLOURS, key=distance)}"


_REDIRECT = "https://vertexaisearch.cloud.google.com/grounding-api-redirect/offline-stand-in-"
_SOURCES = (
    Source(
        _REDIRECT + "1",
        "discord.com",
        "Discord lets an application send **2,000 characters** in one message.",
    ),
    Source(
        _REDIRECT + "2",
        "example.org",
        "The Rhône rises at about 2,200 m (5 °C on a summer's morning).",
    ),
)
