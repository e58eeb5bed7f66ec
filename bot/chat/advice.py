"""What a model will not do with a setting, said when it is set instead of when it fails."""

from __future__ import annotations

from bot.chat.policy import Effective
from bot.chat.profiles import profile_of
from bot.i18n import _


def unsuited(effective: Effective) -> list[str]:
    """Sentences about settings that the chat model of a place does not take as they are."""
    model = effective.chat_model.value
    profile = profile_of(model)
    reasoning = effective.reasoning.value
    effort = profile.effort(reasoning)
    temperature, top_p = effective.temperature.value, effective.top_p.value
    sentences = []
    if reasoning is not None and effort is None:
        sentences.append(_("{model} has no setting for reasoning; it is not sent."))
    elif reasoning is not None and effort != reasoning:
        sentences.append(
            _("{model} does not know the reasoning {asked}; {effort} is sent instead.")
        )
    if (temperature is not None or top_p is not None) and not profile.takes_sampling(effort):
        sentences.append(
            _("{model} does not take temperature and top_p as it is set; they are not sent.")
        )
    else:
        if temperature is not None and temperature > profile.max_temperature:
            sentences.append(_("{model} takes a temperature of at most {high}; that is sent."))
        if temperature is not None and top_p is not None and profile.temperature_or_top_p:
            sentences.append(_("{model} takes only one of the two; top_p is not sent."))
    if effective.search.value and not profile.searches:
        sentences.append(_("{model} cannot search the web; it answers without."))
    if effective.context_tokens.value is not None:
        room = profile.window_tokens
        if effective.context_tokens.value > room:
            sentences.append(_("{model} has a window of {room} tokens; more does not fit."))
    return [
        sentence.format(
            model=f"`{model}`",
            asked=reasoning,
            effort=effort,
            high=f"{profile.max_temperature:g}",
            room=f"{profile.window_tokens:,}",
        )
        for sentence in sentences
    ]
