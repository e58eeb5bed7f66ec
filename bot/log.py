"""Logging, configured once: for people on a terminal, JSON lines elsewhere."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message and, for errors, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, style: str | None) -> None:
    """Send the log to standard error; `style` is `text`, `json`, or None to choose by terminal."""
    handler = logging.StreamHandler(sys.stderr)
    if style == "json" or (style is None and not sys.stderr.isatty()):
        handler.setFormatter(JSONFormatter())
    else:
        text = "%(asctime)s %(levelname)-7s %(name)s  %(message)s"
        handler.setFormatter(logging.Formatter(text, datefmt="%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The library's own INFO lines are about its plumbing; at DEBUG it would log payloads, and
    # payloads hold what people wrote.
    logging.getLogger("discord").setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("PIL").setLevel(logging.INFO)
