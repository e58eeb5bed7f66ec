"""`python -m tests.fuzz [TARGET ...] [--inputs N] [--seed S]`: tries inputs, then hostile growth.

Ends with 1 if anything was found. The same seed tries the same inputs.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field

from tests.fuzz.growth import grows_too_fast
from tests.fuzz.targets import TARGETS
from tests.fuzz.trial import Result, try_inputs

PROCESSES = 2


@dataclass
class Report:
    """What came of one target."""

    result: Result
    growing: int
    too_fast: dict[str, str] = field(default_factory=dict)
    growing_seconds: float = 0.0

    @property
    def findings(self) -> int:
        return len(self.result.findings) + len(self.too_fast)


def _work(name: str, inputs: int, seed: int) -> Report:
    target = TARGETS[name]
    report = Report(try_inputs(target, inputs, seed=seed), len(target.growing))
    begun = time.process_time()
    for family, make in target.growing.items():
        if words := grows_too_fast(make, target.size):
            report.too_fast[family] = words
    report.growing_seconds = time.process_time() - begun
    return report


def _show(report: Report) -> None:
    result = report.result
    print(
        f"{result.target:<14} {result.inputs:>10,} {result.seconds:>8.0f} {result.outcomes:>9,}"
        f" {report.growing:>8} {report.growing_seconds:>8.0f} {report.findings:>9}",
        flush=True,
    )
    for found in result.findings.values():
        print(f"  {found.count} x {found.what}\n    {found.data!r}", flush=True)
    for family, words in report.too_fast.items():
        print(f"  grows too fast: {family}: {words}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(TARGETS)}")
    names = [name for name in TARGETS if not asked.targets or name in asked.targets]
    print(
        f"{'target':<14} {'inputs':>10} {'CPU s':>8} {'outcomes':>9}"
        f" {'families':>8} {'CPU s':>8} {'findings':>9}",
        flush=True,
    )
    findings = 0
    with ProcessPoolExecutor(PROCESSES, max_tasks_per_child=1) as pool:
        for done in as_completed(
            [pool.submit(_work, name, asked.inputs, asked.seed) for name in names]
        ):
            report = done.result()
            findings += report.findings
            _show(report)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
