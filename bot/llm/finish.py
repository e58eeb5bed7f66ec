"""Why a model ended, translated from every vendor's word into ours."""

from __future__ import annotations

from bot.chat.events import FinishReason

_WORDS = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "eos_token": FinishReason.STOP,
    "complete": FinishReason.STOP,
    "completed": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "max_output_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "content_filter": FinishReason.FILTERED,
    "refusal": FinishReason.FILTERED,
    "sensitive": FinishReason.FILTERED,
    "safety": FinishReason.FILTERED,
    "recitation": FinishReason.FILTERED,
    "language": FinishReason.FILTERED,
    "blocklist": FinishReason.FILTERED,
    "prohibited_content": FinishReason.FILTERED,
    "spii": FinishReason.FILTERED,
    "model_armor": FinishReason.FILTERED,
    "image_safety": FinishReason.FILTERED,
    "image_prohibited_content": FinishReason.FILTERED,
    "image_recitation": FinishReason.FILTERED,
    "no_image": FinishReason.NO_IMAGE,
}


def finish_reason(word: str, *, visible: bool, wanted_image: bool, has_image: bool) -> FinishReason:
    """Our reason for a vendor's word, in any case; words we do not know mean an ordinary end.

    An ordinary end without anything visible is OTHER, and one without the picture that was asked
    for is NO_IMAGE, whatever the vendor calls it.
    """
    reason = _WORDS.get(word.lower().replace("-", "_"), FinishReason.OTHER)
    if reason in (FinishReason.STOP, FinishReason.OTHER):
        if wanted_image and not has_image:
            return FinishReason.NO_IMAGE
        return FinishReason.STOP if visible else FinishReason.OTHER
    return reason
