"""What holds for all tests."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from bot import log, redaction
from tests.postgres import PostgresMissingError, PostgresServer, postgres_server

# The same examples in every run, so that a change is judged by itself; to look for new ones:
# HYPOTHESIS_PROFILE=explore make test
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL of this run of the tests."""
    try:
        with postgres_server() as server:
            yield server
    except PostgresMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"not tested on PostgreSQL: {missing}")


@pytest.fixture
def log_as_it_was(monkeypatch) -> Iterator[None]:
    """Put back what is global about logging."""
    monkeypatch.setattr(redaction, "_known", [])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    root, loggers = (
        logging.getLogger(),
        [logging.getLogger(name) for name in ("bot", *log._QUIETER)],
    )
    handlers, levels = root.handlers[:], [logger.level for logger in (root, *loggers)]
    yield
    root.handlers[:] = handlers
    for logger, level in zip((root, *loggers), levels, strict=True):
        logger.setLevel(level)
