"""The page about security names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "security.md"
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE.read_text())))


def test_tests_are_named():
    assert len(NAMED) > 50


@pytest.mark.parametrize("file", sorted({file for file, _ in NAMED}))
def test_every_test_that_the_page_names_is_there(file):
    there = set(re.findall(r"^\s*(?:async )?def (test_\w+)", (TESTS / file).read_text(), re.M))
    assert {name for named_file, name in NAMED if named_file == file} <= there
