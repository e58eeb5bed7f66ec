"""What to leave out after a model has refused a setting."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.profiles import Profile, Sampling, Thinking


def healed(profile: Profile, setting: str) -> Profile | None:
    """The profile corrected by what a refusal taught, or None when it teaches nothing.

    `setting` is the wire's name of the refused field. Refused picture formats and web search are
    not left out: the member asked for them and is told instead.
    """
    match setting:
        case "temperature" | "topP" | "top_p":
            better = replace(profile, sampling=Sampling.NEVER)
        case "max_tokens":
            better = replace(profile, token_limit_field="max_completion_tokens")
        case "max_completion_tokens":
            better = replace(profile, token_limit_field="max_tokens")
        case "reasoning_effort" | "thinkingLevel" | "thinkingBudget" | "thinkingConfig":
            better = replace(profile, efforts=(), thinking=Thinking.NONE)
        case "tools":
            better = replace(profile, tools=False)
        case "stream_options":
            better = replace(profile, stream_usage=False)
        case "stream":
            better = replace(profile, streams=False)
        case "messages[0].role":
            better = replace(profile, system_role=False)
        case _:
            return None
    return better if better != profile else None
