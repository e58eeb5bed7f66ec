from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

from bot.cogs.errors import report


async def test_what_the_end_of_the_process_cut_off_is_no_error_of_the_operators(caplog):
    caplog.set_level(logging.INFO)
    pressed: Any = SimpleNamespace(client=SimpleNamespace(is_closed=lambda: True))
    await report(pressed, RuntimeError("Session is closed"))
    [record] = caplog.records
    assert record.levelno == logging.INFO
