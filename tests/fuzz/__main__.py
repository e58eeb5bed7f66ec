"""`python -m tests.fuzz [TARGET ...] [--inputs N] [--seed S]`: tries inputs, then hostile growth.

Ends with 1 if anything was found. The same seed tries the same inputs.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.fuzz.report import HEAD, report_on
from tests.fuzz.targets import TARGETS

PROCESSES = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(TARGETS)}")
    names = asked.targets or list(TARGETS)
    print(HEAD, flush=True)
    findings = 0
    with ProcessPoolExecutor(PROCESSES, max_tasks_per_child=1) as pool:
        for done in as_completed(
            [pool.submit(report_on, name, asked.inputs, asked.seed) for name in names]
        ):
            report = done.result()
            findings += report.findings
            print(report.told(), flush=True)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
