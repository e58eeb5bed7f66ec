"""The command line: `python -m benchmarks [all | pictures | settings | replies [SCENARIO ...]]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import pictures, replies, settings
from benchmarks.figures import as_json, table


def main() -> int:
    """Measure and print; misses are printed, not punished."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    groups = ("all", "pictures", "replies", "settings")
    parser.add_argument("group", nargs="?", choices=groups, default="all")
    parser.add_argument("scenario", nargs="*", help=f"of {', '.join(replies.NAMES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write figures and samples")
    parser.add_argument(
        "--profile",
        type=_absolute,
        metavar="FILE",
        help="run the bot under cProfile, which slows it",
    )
    given = parser.parse_args()
    if unknown := set(given.scenario) - set(replies.NAMES):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    began = time.perf_counter()
    results = []
    if given.group in ("all", "replies"):
        names = given.scenario or replies.NAMES
        results += asyncio.run(replies.run(names, profile=given.profile))
    if given.group in ("all", "pictures"):
        results += asyncio.run(pictures.run())
    if given.group in ("all", "settings"):
        results += asyncio.run(settings.run())
    machine = _machine() | {"seconds": round(time.perf_counter() - began)}
    print(table(results))
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    if given.json is not None:
        document = {"machine": machine, "figures": as_json(results)}
        given.json.write_text(json.dumps(document, indent=1) + "\n")
    return 0


def _absolute(path: str) -> Path:
    return Path(path).absolute()


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": f"{os.getloadavg()[0]:.2f}",
    }


if __name__ == "__main__":
    sys.exit(main())
