"""The Gemini dialect: calls of `generateContent` and its streaming twin, read and checked."""

from __future__ import annotations

import io

import msgspec
from PIL import Image, UnidentifiedImageError

from bot.playground.standin import signatures
from bot.playground.standin.heard import Heard, Picture
from bot.playground.standin.models import ImageModel, image_model, is_known
from bot.playground.standin.refusals import gemini_error

_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})


class Blob(msgspec.Struct, rename="camel"):
    """Bytes inside a request."""

    mime_type: str
    data: bytes


class Part(msgspec.Struct, rename="camel"):
    """One part of a turn."""

    text: str | None = None
    inline_data: Blob | None = None
    thought: bool = False
    thought_signature: str | None = None


class Content(msgspec.Struct):
    """One turn."""

    parts: list[Part] = []
    role: str = "user"

    @property
    def text(self) -> str:
        """All words of the turn."""
        return "\n".join(part.text for part in self.parts if part.text)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures of the turn that are no drafts."""
        return tuple(
            Picture(part.inline_data.data, part.inline_data.mime_type)
            for part in self.parts
            if part.inline_data and part.inline_data.mime_type.startswith("image/")
            if not part.thought
        )


class ThinkingConfig(msgspec.Struct, rename="camel"):
    """How much to think, and whether to show it."""

    thinking_level: str | None = None
    thinking_budget: int | None = None
    include_thoughts: bool = False


class ImageConfig(msgspec.Struct, rename="camel"):
    """The shape of a picture."""

    aspect_ratio: str | None = None
    image_size: str | None = None


class GenerationConfig(msgspec.Struct, rename="camel"):
    """How to answer."""

    max_output_tokens: int | None = None
    response_modalities: list[str] | None = None
    thinking_config: ThinkingConfig | None = None
    image_config: ImageConfig | None = None


class Function(msgspec.Struct):
    """Something the model may call."""

    name: str


class Tool(msgspec.Struct, rename="camel"):
    """What the model may use: the search, or functions."""

    google_search: dict[str, object] | None = None
    function_declarations: list[Function] = []


class GeminiCall(msgspec.Struct, rename="camel"):
    """A request body; fields not named here vanish silently, as they do behind the gateway."""

    contents: list[Content]
    tools: list[Tool] | None = None
    generation_config: GenerationConfig = msgspec.field(default_factory=GenerationConfig)

    @property
    def image_config(self) -> ImageConfig:
        """The picture's shape, empty where nothing was asked."""
        return self.generation_config.image_config or ImageConfig()

    @property
    def wants_image_only(self) -> bool:
        """Whether words beside the picture are unwanted."""
        return self.generation_config.response_modalities == ["IMAGE"]


def read_call(raw: bytes, model: str, *, auth_code: str, strict: bool) -> GeminiCall:
    """Parse a request body and refuse what the model would not take.

    Args:
        raw: The JSON.
        model: The model of the path.
        auth_code: What the signatures must be bound to.
        strict: Whether image models also refuse unsigned words in their own turns.
    """
    if not is_known(model):
        raise gemini_error(404, f"models/{model} is not found for API version v1beta.")
    try:
        call = msgspec.json.decode(raw, type=GeminiCall)
    except msgspec.DecodeError as err:
        raise gemini_error(400, f"Invalid JSON payload received. {err}") from err
    if not call.contents or not call.contents[-1].parts:
        raise gemini_error(400, "GenerateContentRequest.contents: contents is not specified")
    for content in call.contents:
        if content.role not in ("user", "model"):
            raise gemini_error(400, "Please use a valid role: user, model.")
    if call.contents[-1].role != "user":
        raise gemini_error(400, "Please ensure that multiturn requests end with a user turn.")
    kind = image_model(model)
    _check_thinking(call, kind)
    if kind is not None:
        _check_shape(call.image_config, kind)
    elif "IMAGE" in (call.generation_config.response_modalities or ()):
        raise gemini_error(400, "This model only supports text output.")
    _check_pictures(call)
    _check_signatures(call, model, kind, auth_code=auth_code, strict=strict)
    return call


def _check_thinking(call: GeminiCall, kind: ImageModel | None) -> None:
    thinking = call.generation_config.thinking_config
    if thinking is None:
        return
    level, budget = thinking.thinking_level, thinking.thinking_budget
    if level is not None and budget is not None:
        raise gemini_error(400, "You can only set one of thinking budget and thinking level.")
    if level is not None and kind is not None and level.lower() not in kind.thinking_levels:
        raise gemini_error(400, "Thinking level is not supported for this model.")


def _check_shape(config: ImageConfig, kind: ImageModel) -> None:
    if config.aspect_ratio is not None and config.aspect_ratio not in kind.ratios:
        raise gemini_error(
            400, "aspect_ratio must be one of " + ", ".join(f"'{ratio}'" for ratio in kind.ratios)
        )
    if config.image_size is not None and config.image_size not in kind.sizes:
        taken = ", ".join(f"'{size}'" for size in kind.sizes)
        raise gemini_error(
            400, f"image_size must be one of {taken}" if taken else "image_size is not supported"
        )


def _check_pictures(call: GeminiCall) -> None:
    for part in (part for content in call.contents for part in content.parts):
        blob = part.inline_data
        if blob is None:
            continue
        if blob.mime_type == "application/octet-stream" or (
            blob.mime_type.startswith("image/") and blob.mime_type not in _IMAGE_TYPES
        ):
            raise gemini_error(400, f"Unsupported MIME type: {blob.mime_type}")
        if blob.mime_type in ("image/png", "image/jpeg", "image/webp"):
            try:
                Image.open(io.BytesIO(blob.data)).close()
            except (UnidentifiedImageError, OSError) as err:
                raise gemini_error(400, "Unable to process input image.") from err


def _check_signatures(
    call: GeminiCall, model: str, kind: ImageModel | None, *, auth_code: str, strict: bool
) -> None:
    enforced = kind is not None and not kind.older
    for position, content in enumerate(call.contents, 1):
        if content.role != "model":
            continue
        for number, part in enumerate(content.parts, 1):
            where = f"in content position {position}, part position {number}"
            if part.thought_signature is not None:
                image = part.inline_data.data if part.inline_data else b""
                if not signatures.is_valid(auth_code, model, image, part.thought_signature):
                    raise gemini_error(400, f"Corrupted thought signature {where}.")
            elif enforced and part.inline_data and not part.thought:
                raise gemini_error(400, f"Image part is missing a thought_signature {where}.")
        if enforced and strict and not any(p.thought_signature for p in content.parts):
            raise gemini_error(
                400, f"Text part is missing a thought_signature in content position {position}."
            )


def heard(call: GeminiCall, model: str) -> Heard:
    """What the caller said."""
    turns = [content for content in call.contents if content.role == "user"]
    last = turns[-1]
    seen = [picture for content in call.contents for picture in content.pictures]
    thinking = call.generation_config.thinking_config
    return Heard(
        model=model,
        prompt=last.text,
        earlier=tuple(content.text for content in turns[:-1]),
        pictures=last.pictures,
        files=tuple(
            part.inline_data.mime_type
            for part in last.parts
            if part.inline_data and not part.inline_data.mime_type.startswith("image/")
        ),
        latest_picture=seen[-1] if seen else None,
        tools=frozenset(
            function.name for tool in call.tools or () for function in tool.function_declarations
        ),
        search_offered=any(tool.google_search is not None for tool in call.tools or ()),
        thoughts_wanted=thinking is not None and thinking.include_thoughts,
    )
