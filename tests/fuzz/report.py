"""What came of one target: its line in the table, and what was found."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.fuzz.growth import grows_too_fast
from tests.fuzz.targets import TARGETS
from tests.fuzz.trial import Result, try_inputs

HEAD = (
    f"{'target':<14} {'inputs':>10} {'CPU s':>7} {'outcomes':>9}"
    f" {'families':>9} {'CPU s':>7} {'findings':>9}"
)


@dataclass
class Report:
    """What trying inputs found, and which families cost more than in proportion."""

    result: Result
    families: int
    families_seconds: float = 0.0
    too_fast: dict[str, str] = field(default_factory=dict)

    @property
    def findings(self) -> int:
        return len(self.result.findings) + len(self.too_fast)

    def told(self) -> str:
        result = self.result
        lines = [
            f"{result.target:<14} {result.inputs:>10,} {result.seconds:>7.0f}"
            f" {result.outcomes:>9,} {self.families:>9} {self.families_seconds:>7.0f}"
            f" {self.findings:>9}"
        ]
        for found in result.findings.values():
            lines += [f"  {found.count} x {found.what}", f"    {found.data!r}"]
        lines += [f"  grows too fast: {name}: {words}" for name, words in self.too_fast.items()]
        return "\n".join(lines)


def report_on(name: str, inputs: int, seed: int) -> Report:
    """Try so many inputs on a target, and then all of its families."""
    target = TARGETS[name]
    report = Report(try_inputs(target, inputs, seed=seed), len(target.growing))
    begun = time.process_time()
    for family, make in target.growing.items():
        if words := grows_too_fast(make, target.size):
            report.too_fast[family] = words
    report.families_seconds = time.process_time() - begun
    return report
