"""How pictures are asked for: the conversation a picture model gets, and the tool that calls it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.chat.content import ImagePart, Message, Native, Part, Role, TextPart
from bot.chat.context import message_bytes
from bot.chat.events import ToolCalled
from bot.chat.ports import ChatRequest, Tool
from bot.chat.profiles import profile_of
from bot.chat.turns import Exchange, ImageOptions, Question, Task
from bot.errors import ConversationError
from bot.i18n import _

MAX_SIGNED_STEPS = 4
"""Earlier versions that go back to the model with their signatures, megabytes each."""

ENLARGE = (
    "Render exactly this picture again at the higher resolution. Change nothing: keep content, "
    "composition, colours, style and every word in it."
)
"""Asks for the same picture larger; said to the model, never shown."""

_LARGEST = "4K"

GENERATE_IMAGE = Tool(
    name="generate_image",
    description=(
        "Makes a picture, or changes one, and shows it to the user under your words. Call it "
        "whenever the user wants something drawn, painted, photographed or rendered, or wants a "
        "picture changed. Do not call it to describe or discuss a picture. Say at most one short "
        "sentence before the call; nothing can be said after it."
    ),
    parameters={
        "type": "object",
        "properties": {
            "prompt": {
                "type": "string",
                "description": (
                    "What the picture shall show, or what shall be changed about it, in full: "
                    "the painter sees nothing else of the conversation."
                ),
            },
            "pictures": {
                "type": "string",
                "enum": ["none", "question", "previous"],
                "description": (
                    "Which pictures the painter gets to change or to go by: those of the user's "
                    "newest message (question), the newest one before it (previous), or none."
                ),
            },
            "aspect_ratio": {
                "type": "string",
                "description": "Width to height such as 16:9; only if the user asked for one.",
            },
        },
        "required": ["prompt"],
    },
)


def conversation(
    question: Question, lineage: Sequence[Exchange], *, max_bytes: int
) -> list[Message]:
    """What the picture model gets to see: the question, and the pictures it edits.

    A picture that the same model made comes in that model's own turn with its signatures, and so
    do the versions before it, as far as `MAX_SIGNED_STEPS` and `max_bytes` go. Every other
    picture is part of the question.

    Raises:
        ConversationError: the pictures to edit are not kept any more.
    """
    asked = Message(Role.USER, question.parts)
    if not question.edits:
        return [asked]
    weight = message_bytes(asked)
    turns: list[Message] = []
    edits = question.edits
    for steps, exchange in enumerate(reversed(lineage)):
        pictures = _chosen(exchange, edits)
        if not pictures:
            break
        native = _native_of(exchange, pictures, question.model)
        made = Message(Role.ASSISTANT, tuple(pictures), natives=(native,) if native else ())
        weight += message_bytes(made)
        fits = weight <= max_bytes
        if native is None or steps >= MAX_SIGNED_STEPS or not fits:
            parts: Iterable[Part] = _numbered(pictures) if fits or not turns else _told(pictures)
            asked = replace(asked, parts=(*parts, *asked.parts))
            break
        turns += [asked, made]
        asked = Message(Role.USER, _request_words(exchange, pictures))
        weight += message_bytes(asked)
        edits = exchange.edits
        if not edits:
            break
    if not turns and asked.parts == question.parts:
        raise ConversationError(
            _("I no longer keep this picture. Attach it to your message and ask again.")
        )
    return [asked, *reversed(turns)]


def _chosen(exchange: Exchange, edits: Sequence[int]) -> list[ImagePart]:
    images = _images(exchange)
    return [images[number - 1] for number in edits if 0 < number <= len(images)]


def _native_of(exchange: Exchange, pictures: Sequence[ImagePart], model: str) -> Native | None:
    """The call that made all of the pictures and no other one, if this model can go on from it."""
    assert exchange.answer is not None  # it has pictures
    [take, *others] = {picture.take for picture in pictures}
    natives = exchange.answer.natives
    if others or take >= len(natives) or natives[take].model != model:
        return None
    of_take = [image for image in exchange.answer.images if image.take == take]
    return natives[take] if len(of_take) == len(pictures) else None


def _request_words(exchange: Exchange, pictures: Sequence[ImagePart]) -> tuple[Part, ...]:
    """What was asked of the picture model when it made these."""
    if exchange.task is Task.CHAT:
        # A chat model asked for them; its words are what the pictures are described with.
        return (TextPart(pictures[0].alt or exchange.question.text),)
    return exchange.question.parts


def _numbered(pictures: Sequence[ImagePart]) -> list[Part]:
    if len(pictures) == 1:
        return list(pictures)
    return [
        part
        for number, picture in enumerate(pictures, start=1)
        for part in (TextPart(f"Picture {number}:"), picture)
    ]


def _told(pictures: Sequence[ImagePart]) -> list[Part]:
    return [TextPart(f"[earlier picture: {picture.alt or picture.name}]") for picture in pictures]


def request(question: Question, messages: Sequence[Message], *, stream: bool) -> ChatRequest:
    """One call for one picture."""
    return ChatRequest(
        model=question.model,
        messages=messages,
        draw=True,
        aspect_ratio=question.image.aspect_ratio,
        image_size=question.image.size,
        search=question.image.search,
        thoughts=question.manner.shows_reasoning,
        stream=stream,
        authcode=question.manner.grant.authcode,
    )


def called(
    call: ToolCalled, question: Question, history: Sequence[Exchange]
) -> tuple[Question, list[Exchange]] | None:
    """A chat model's call of the tool, as a question to the picture model and what it edits.

    None when the call says nothing that can be drawn.
    """
    prompt, model = call.arguments.get("prompt"), question.manner.draws_with
    if call.name != GENERATE_IMAGE.name or model is None:
        return None
    if not isinstance(prompt, str) or not prompt.strip():
        return None
    profile = profile_of(model)
    ratio = call.arguments.get("aspect_ratio")
    pictures: list[ImagePart] = []
    lineage: list[Exchange] = []
    edits: tuple[int, ...] = ()
    match call.arguments.get("pictures"):
        case "question":
            pictures = [part for part in question.parts if isinstance(part, ImagePart)]
        case "previous":
            lineage = [exchange for exchange in history if _images(exchange)][-1:]
            edits = tuple(len(_images(exchange)) for exchange in lineage)
    drawn = replace(
        question,
        task=Task.IMAGE,
        model=model,
        parts=(*pictures[: profile.max_references], TextPart(prompt)),
        image=ImageOptions(aspect_ratio=ratio if ratio in profile.aspect_ratios else None),
        edits=edits,
    )
    return drawn, [replace(exchange, edits=()) for exchange in lineage]


def _images(exchange: Exchange) -> Sequence[ImagePart]:
    return exchange.answer.images if exchange.answer else ()


def description(question: Question, lineage: Sequence[Exchange]) -> str:
    """What a picture shows, in the words that asked for it and for what it was made from."""
    words = " ".join(part.text for part in question.parts if isinstance(part, TextPart))
    before = [picture.alt for picture in _chosen(lineage[-1], question.edits)] if lineage else []
    if words == ENLARGE:
        words = ""
    earlier = "; ".join(dict.fromkeys(alt for alt in before if alt))
    return f"{words} ({earlier})" if words and earlier else words or earlier


def can_enlarge(model: str, images: Sequence[ImagePart]) -> bool:
    """Whether the model could make these pictures at its largest size."""
    return _LARGEST in profile_of(model).image_sizes and any(
        _tier(image) < _TIERS[_LARGEST] for image in images
    )


def size_notice(options: ImageOptions, images: Sequence[ImagePart]) -> str:
    """A sentence when pictures came smaller than they were asked for; else empty.

    Gateways take a size and may make another one all the same.
    """
    asked = _TIERS.get(options.size or "")
    if asked is None:
        return ""
    for image in images:
        if image.width and _tier(image) < asked * 0.75:
            return _("Asked for {size}, but the service made {width} × {height}.").format(
                size=options.size, width=image.width, height=image.height
            )
    return ""


_TIERS = {"512": 0.5, "1K": 1.0, "2K": 2.0, "4K": 4.0}


def _tier(image: ImagePart) -> float:
    """The size as a multiple of 1K, which has about a million pixels in every shape."""
    return math.sqrt(image.width * image.height) / 1_024
