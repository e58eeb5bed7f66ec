"""What calls cost, as far as the gateway's list of charges tells."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.chat.account import MOST_CREDITS, Charged, Prices

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def taught(*charges: tuple[float, int]) -> Prices:
    prices = Prices()
    prices.learn([Charged("m", price, tokens, NOW) for price, tokens in charges])
    return prices


@pytest.mark.parametrize(("tokens", "images", "credits"), [(100, 0, 1.0), (0, 2, 3.0), (0, 0, 0.0)])
def test_words_cost_by_the_token_and_pictures_by_the_call(tokens, images, credits):
    assert taught((1.0, 100), (2.0, 200)).of("m", tokens, images) == credits


def test_nothing_is_known_of_a_model_that_was_never_charged():
    assert taught((1.0, 100)).of("other", 100, 0) == 0.0


def test_no_call_costs_more_than_a_quota_can_count():
    assert taught((MOST_CREDITS, 1)).of("m", 100_000_000, 0) == MOST_CREDITS
