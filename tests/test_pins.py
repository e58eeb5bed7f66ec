"""What is installed is what was looked at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_with_hashes_and_comes_from_no_particular_index(name):
    text = (ROOT / name).read_text()
    entries = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)).split("\n")
    pinned = [entry for entry in entries if entry.strip()]
    assert len(pinned) > 40
    for entry in pinned:
        assert re.match(
            r"[\w.-]+(\[[\w,-]+\])?==[\w.+]+(\s*;.*?)?\s+--hash=sha256:[0-9a-f]{64}", entry
        )
    assert "://" not in "".join(pinned)


def test_nothing_is_installed_without_looking_at_the_hashes():
    installs = re.findall(r"install .*", (ROOT / "Makefile").read_text())
    assert installs
    assert all("--require-hashes" in install for install in installs)
