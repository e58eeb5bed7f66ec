"""Modals: what Discord takes as one, and what a person sends back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.playground.discord.components import STRING_SELECT
from bot.playground.discord.errors import ApiError, invalid_form
from bot.playground.discord.state import Json

LABEL, TEXT_DISPLAY, TEXT_INPUT, RADIO_GROUP = 18, 10, 4, 21
TITLE_LIMIT = 45
LABEL_LIMIT = 45
COMPONENT_LIMIT = 5
TEXT_LIMIT = 4_000
OPTION_LIMIT = 25
_FIELDS = (TEXT_INPUT, STRING_SELECT, RADIO_GROUP)

FormValues = Mapping[str, str | Sequence[str]]
"""Custom ids of fields to text, or to the chosen values."""


def checked(modal: Json) -> Json:
    """A modal as the bot sent it.

    Raises:
        ApiError: 50035 when Discord would not show it.
    """
    _within("data.title", modal.get("title"), TITLE_LIMIT)
    _within("data.custom_id", modal.get("custom_id"), 100)
    top = modal.get("components") or []
    if not 1 <= len(top) <= COMPONENT_LIMIT:
        raise _bad_length("data.components", "Must be between 1 and 5 in length.")
    for index, component in enumerate(top):
        path = f"data.components.{index}"
        if component.get("type") == TEXT_DISPLAY:
            continue
        if component.get("type") != LABEL:
            raise invalid_form(f"{path}.type", "BASE_TYPE_CHOICES", "Value must be a label.")
        _within(f"{path}.label", component.get("label"), LABEL_LIMIT)
        field = component.get("component") or {}
        if field.get("type") not in _FIELDS:
            raise invalid_form(f"{path}.component", "BASE_TYPE_CHOICES", "This field is not known.")
        _within(f"{path}.component.custom_id", field.get("custom_id"), 100)
        if field["type"] != TEXT_INPUT and not 1 <= len(field.get("options") or ()) <= OPTION_LIMIT:
            raise _bad_length(f"{path}.component.options", "Must be between 1 and 25 in length.")
    return modal


def submission(modal: Json, values: FormValues) -> Json:
    """The `data` of the interaction that sends a filled-in modal.

    Raises:
        ApiError: 50035 for what Discord's client would not let a person send.
    """
    filled: list[Json] = []
    for number, component in enumerate(modal["components"], start=1):
        if component["type"] != LABEL:
            filled.append({"type": component["type"], "id": number})
            continue
        field = component["component"]
        given = values.get(field["custom_id"])
        told = _filled_in(field, given) | {"type": field["type"], "custom_id": field["custom_id"]}
        filled.append({"type": LABEL, "id": number, "component": told})
    known = {c["component"]["custom_id"] for c in modal["components"] if c["type"] == LABEL}
    for name in values:
        if name not in known:
            raise invalid_form(name, "INVALID_FORM", "There is no such field.")
    return {"custom_id": modal["custom_id"], "components": filled}


def _filled_in(field: Json, given: str | Sequence[str] | None) -> Json:
    name, required = field["custom_id"], field.get("required", True)
    if field["type"] == TEXT_INPUT:
        text = field.get("value", "") if given is None else given
        least, most = field.get("min_length") or int(required), field.get("max_length", TEXT_LIMIT)
        if (
            not isinstance(text, str)
            or len(text) > most
            or ((text or required) and len(text) < least)
        ):
            raise _bad_length(name, f"Must be between {least} and {most} in length.")
        return {"value": text}
    options = [option["value"] for option in field["options"]]
    chosen = [option["value"] for option in field["options"] if option.get("default")]
    if given is not None:
        chosen = [given] if isinstance(given, str) else list(given)
    if (required and not chosen) or not set(chosen) <= set(options):
        raise invalid_form(name, "BASE_TYPE_CHOICES", "Must be one of the choices.")
    if field["type"] == RADIO_GROUP:
        return {"value": chosen[0] if chosen else None}
    return {"values": chosen}


def _within(path: str, text: object, most: int) -> None:
    if not isinstance(text, str) or not 1 <= len(text) <= most:
        raise _bad_length(path, f"Must be between 1 and {most} in length.")


def _bad_length(path: str, sentence: str) -> ApiError:
    return invalid_form(path, "BASE_TYPE_BAD_LENGTH", sentence)
