from __future__ import annotations

import pytest

from bot.errors import (
    AuthCodeError,
    BrokenStreamError,
    LLMError,
    RateLimitedError,
    TooSlowError,
    UnavailableError,
    Upstream,
)
from bot.llm.retry import CONNECT_FAILED, SILENT, backoff_seconds, retry_of


@pytest.mark.parametrize(
    ("error", "drawing", "times"),
    [
        pytest.param(UnavailableError(upstream=Upstream(status=503)), False, 3, id="overloaded"),
        pytest.param(UnavailableError(upstream=Upstream(status=500)), False, 2, id="hiccup"),
        pytest.param(
            UnavailableError(upstream=Upstream(status=500)), True, 1, id="hiccup, picture"
        ),
        pytest.param(TooSlowError(upstream=Upstream(code=SILENT)), False, 1, id="silent"),
        pytest.param(
            TooSlowError(upstream=Upstream(code=SILENT), billable=True),
            True,
            0,
            id="silent, picture",
        ),
        pytest.param(
            UnavailableError(upstream=Upstream(code=CONNECT_FAILED)), True, 3, id="no connection"
        ),
        pytest.param(RateLimitedError(), False, 3, id="busy"),
        pytest.param(BrokenStreamError(billable=True), True, 0, id="broken picture"),
        pytest.param(AuthCodeError(), False, 0, id="wrong code"),
        pytest.param(
            UnavailableError(upstream=Upstream(status=503, should_retry=False)),
            False,
            0,
            id="the provider says no",
        ),
        pytest.param(
            LLMError(upstream=Upstream(status=400, should_retry=True)),
            False,
            1,
            id="the provider says yes",
        ),
        pytest.param(
            UnavailableError(upstream=Upstream(should_retry=True), billable=True),
            True,
            0,
            id="a picture that may be billed, whatever the provider says",
        ),
    ],
)
def test_how_often_it_is_worth_asking_again(error, drawing, times):
    assert retry_of(error, drawing=drawing, hosts=4).times == times


def test_a_delay_the_server_asks_for_is_honoured():
    error = RateLimitedError(retry_after=7.5)
    retry = retry_of(error, drawing=False, hosts=1)
    assert backoff_seconds(1, error, retry, chance=0.1) == 7.5
