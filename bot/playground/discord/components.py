"""Discord's rules for a message's components: which there may be, and which can be used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from bot.playground.discord.errors import ApiError, invalid_form
from bot.playground.discord.state import Json

ACTION_ROW, BUTTON, STRING_SELECT = 1, 2, 3
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
TEXT_DISPLAY = 10
LINK_STYLE = 5

ROW_LIMIT = 5
COMPONENT_LIMIT = 40  # of a Components V2 message, nested ones counted
TEXT_LIMIT = 4_000  # of all texts of such a message together
OPTION_LIMIT = 25
_LENGTH_LIMITS = {"custom_id": 100, "label": 80, "url": 512, "placeholder": 150}
_OPTION_LENGTH_LIMITS = {"label": 100, "value": 100, "description": 100}


def walk(components: Sequence[Json]) -> Iterator[Json]:
    """Walk over all components, nested ones included."""
    for component in components:
        yield component
        yield from walk(component.get("components", ()))
        for key in ("accessory", "component"):
            if key in component:
                yield from walk([component[key]])


def check(components: Sequence[Json], *, is_v2: bool) -> None:
    """Check the components of a message.

    Raises:
        ApiError: 50035.
    """
    every = list(walk(components))
    if is_v2 and len(every) > COMPONENT_LIMIT:
        raise _refused("BASE_TYPE_BAD_LENGTH", "Must be 40 or fewer in all.")
    texts = [component for component in every if component.get("type") == TEXT_DISPLAY]
    if sum(len(text.get("content") or "") for text in texts) > TEXT_LIMIT:
        raise _refused("BASE_TYPE_MAX_LENGTH", "Must be 4000 or fewer in all.")
    if not is_v2 and len(components) > ROW_LIMIT:
        raise _bad_length(1, ROW_LIMIT)
    ids = [component["custom_id"] for component in every if "custom_id" in component]
    if len(set(ids)) < len(ids):
        raise _refused("COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    for component in every:
        _check_lengths(component, _LENGTH_LIMITS)
        if component.get("custom_id") == "":
            raise _bad_length(1, _LENGTH_LIMITS["custom_id"])
        match component.get("type"):
            case 1:
                _check_row(component.get("components", ()))
            case 3:
                _check_select(component)
            case 5 | 6 | 7 | 8:
                _check_bounds(component)


def usable(components: Sequence[Json], kinds: Collection[int], custom_id: str) -> Json:
    """Find the button or select that a person uses.

    Raises:
        ApiError: 50035 when it is not there, disabled, or only a link.
    """
    for component in walk(components):
        if component.get("custom_id") == custom_id and component["type"] in kinds:
            if component.get("disabled") or component.get("style") == LINK_STYLE:
                break
            return component
    raise invalid_form("custom_id", "COMPONENT_INVALID", "This can no longer be used.")


def check_choice(select: Json, values: Sequence[str]) -> None:
    """Check what a person chooses in a select: each option once, as many as it takes. What users,
    roles and channels there are, is checked where they are looked up.

    Raises:
        ApiError: 50035.
    """
    least, most = _bounds(select)
    if not least <= len(values) <= most:
        raise invalid_form(
            "values", "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length."
        )
    if select["type"] != STRING_SELECT:
        return
    known = {option["value"] for option in select["options"]}
    if len(set(values)) < len(values) or not known.issuperset(values):
        raise invalid_form("values", "BASE_TYPE_CHOICES", "This is not one of the options.")


def _check_row(held: Sequence[Json]) -> None:
    if not 1 <= len(held) <= ROW_LIMIT:
        raise _bad_length(1, ROW_LIMIT)
    if len(held) > 1 and any(component.get("type") != BUTTON for component in held):
        # A select is as wide as a row.
        raise _refused(
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the maximum width"
        )


def _check_bounds(select: Json) -> None:
    least, most = _bounds(select)
    if not 0 <= least <= most <= OPTION_LIMIT or most < 1:
        raise _refused("BASE_TYPE_BAD_LENGTH", "The numbers of values do not fit each other.")


def _check_select(select: Json) -> None:
    options = select.get("options", ())
    _check_bounds(select)
    _least, most = _bounds(select)
    if not most <= len(options) <= OPTION_LIMIT:
        raise _bad_length(most, OPTION_LIMIT)
    for option in options:
        _check_lengths(option, _OPTION_LENGTH_LIMITS)
        if not option.get("label") or not option.get("value"):
            raise _refused("BASE_TYPE_REQUIRED", "This field is required")
    if len({option["value"] for option in options}) < len(options):
        raise _refused(
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
        )


def _bounds(select: Json) -> tuple[int, int]:
    return select.get("min_values", 1), select.get("max_values", 1)


def _check_lengths(told: Json, limits: dict[str, int]) -> None:
    for name, limit in limits.items():
        if len(told.get(name) or "") > limit:
            raise _refused("BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")


def _bad_length(least: int, most: int) -> ApiError:
    return _refused("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")


def _refused(code: str, sentence: str) -> ApiError:
    return invalid_form("components", code, sentence)
