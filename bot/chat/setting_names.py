"""What admins call the settings and their choices: in answers, forms, logs and refusals."""

from __future__ import annotations

from bot.i18n import _


def names() -> dict[str, str]:
    """The settings in words."""
    return {
        "chat_model": _("Chat model"),
        "image_model": _("Image model"),
        "member_models": _("Members may choose the model"),
        "persona": _("Persona"),
        "temperature": _("Temperature"),
        "top_p": _("top_p"),
        "max_tokens": _("Longest answer in tokens"),
        "reasoning": _("Reasoning"),
        "search": _("Web search"),
        "context_scope": _("Remembered together"),
        "context_tokens": _("Memory in tokens"),
        "context_messages": _("Memory in questions"),
        "max_pages": _("Messages a reply may take"),
        "show_reasoning": _("Visible thoughts"),
        "draw_in_chat": _("Chat models may have pictures made"),
        "footer": _("Model and tokens under replies"),
        "answer_mentions": _("Mentions are answered"),
        "adults_only": _("Only age-restricted channels"),
        "language": _("Language"),
        "time_zone": _("Time zone"),
        "retention_days": _("Days that pictures are kept"),
        "member_replies": _("Replies at once for a member"),
        "channel_replies": _("Replies at once in a channel"),
        "warn_below": _("Warning below so many credits"),
        "warn_channel": _("Channel for the warning"),
        "access": _("Access"),
        "models": _("Models of roles"),
        "quotas": _("Quota"),
        "authcode": _("Own auth code"),
    }


def choice_names() -> dict[str, str]:
    """The choices of settings that have some, in words."""
    return {
        "none": _("none"),
        "minimal": _("minimal"),
        "low": _("low"),
        "medium": _("medium"),
        "high": _("high"),
        "channel": _("the talk of the channel"),
        "member": _("each member's talk"),
        "replies": _("a chain of replies"),
    }
