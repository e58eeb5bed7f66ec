"""What the bot told its operator."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path


def errors(log: Path) -> list[str]:
    """The errors in a log, each kind once: nothing in the weather is worth one, all of it is the
    bot's to cope with."""
    found: Counter[str] = Counter()
    with log.open() as lines:
        for line in lines:
            try:
                told = json.loads(line)
            except json.JSONDecodeError:
                found[f"the log has a bare line: {line[:200].rstrip()}"] += 1
                continue
            if told["logger"] == "discord.shard":
                continue  # The library tells every lost connection so.
            if told["level"] in ("ERROR", "CRITICAL"):
                last = told.get("traceback", "").rstrip().rpartition("\n")[2]
                message = told["message"].partition("=")[0]
                found[f"the log has an error: {told['logger']}: {message} ({last})"] += 1
    return [f"{words} x{count}" for words, count in found.items()]
