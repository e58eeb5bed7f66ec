"""What a setting takes, and how it refuses the rest."""

from __future__ import annotations

import pytest

from bot import i18n
from bot.chat.preferences import FIELDS, checked
from bot.chat.setting_names import choice_names, names
from bot.errors import QuestionError


def refusal(name: str, value: object) -> str:
    with pytest.raises(QuestionError) as caught:
        checked(name, value, server=True)  # type: ignore[arg-type]
    return str(caught.value)


def test_every_field_and_every_choice_has_a_name_that_people_read() -> None:
    assert set(FIELDS) <= set(names())
    assert {choice for rule in FIELDS.values() for choice in rule.choices} == set(choice_names())


def test_a_language_is_spoken_as_soon_as_its_catalogue_is_there(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    assert refusal("language", "de") == "I do not speak de. Possible: en."
    (tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "de" / "LC_MESSAGES" / "liaocord.mo").touch()
    assert checked("language", "de", server=True) == "de"
    assert checked("language", "de-AT", server=True) == "de-AT"
    assert refusal("language", "fr") == "I do not speak fr. Possible: en, de."


def test_large_limits_are_told_in_digits() -> None:
    assert refusal("warn_below", 2_000_000) == (
        "Warning below so many credits cannot be 2000000.0. Possible: a number from 0 to 1,000,000."
    )


def test_a_switch_says_what_it_takes() -> None:
    assert refusal("footer", 1) == (
        "Model and tokens under replies cannot be 1. Possible: true or false."
    )
