from __future__ import annotations

import json

import pytest

from bot.chat.moving import LARGEST_ID, exported, imported
from bot.errors import QuestionError


def refusal(**parts: object) -> str:
    with pytest.raises(QuestionError) as caught:
        imported(json.dumps({"version": 1, **parts}).encode())
    return str(caught.value)


RULE = {"subject": "member", "verdict": "deny"}


@pytest.mark.parametrize("number", [-1, LARGEST_ID + 1, 10**40])
def test_an_id_that_the_database_does_not_hold_is_refused(number: int) -> None:
    assert "id" in refusal(access=[{**RULE, "subject_id": number}])
    assert "id" in refusal(models=[{"role_id": number, "model": "gpt-4o"}])


@pytest.mark.parametrize("place", ["0", "9" * 20, "-7", "٣"])
def test_a_place_that_is_no_id_is_refused(place: str) -> None:
    assert refusal(places={place: {"search": True}}) == (
        f"{place} is no channel's id. Nothing was changed."
    )


def test_a_number_too_large_for_a_fraction_is_out_of_range() -> None:
    assert refusal(server={"temperature": 10**400}).startswith("Temperature cannot be")


def test_a_sentence_about_a_name_of_any_length_is_short() -> None:
    assert len(refusal(server={"x" * 100_000: 1})) < 200


def test_the_largest_ids_come_back_as_they_were() -> None:
    document = {
        "version": 1,
        "places": {str(LARGEST_ID): {"search": True}},
        "access": [{**RULE, "subject_id": LARGEST_ID}],
    }
    configuration = imported(json.dumps(document).encode())
    assert imported(exported(configuration)) == configuration
