"""Tries inputs on a target, and gathers what they find."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fuzz.inputs import Inputs
from tests.fuzz.target import Target

HANGS_SECONDS = 2.0
"""CPU seconds. Inputs take a millisecond; a regular expression that backtracks takes for ever."""


@dataclass
class Finding:
    """Something that must not happen, and the shortest input that makes it happen."""

    what: str
    data: bytes
    count: int = 1


@dataclass
class Result:
    """What came of trying a target."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    outcomes: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)


class HangsError(BaseException):
    """An input takes far too long; nothing on the way may take this for an error of its own."""


def try_inputs(target: Target, inputs: int, *, seed: int = 0) -> Result:
    """Try so many inputs, the seeds first."""
    result = Result(target.name)
    source = Inputs(seed, target.seeds, target.dictionary)
    outcomes = set()
    begun = time.process_time()
    with target.around(), _watched(result):
        while result.inputs < inputs:
            first = result.inputs < len(target.seeds)
            data = target.seeds[result.inputs] if first else source.next()
            result.inputs += 1
            try:
                outcome = target.run(data)
            except (Exception, HangsError) as error:  # noqa: BLE001 - this is what is looked for
                _note(result, error, data)
                continue
            outcomes.add(outcome)
            source.note(data, outcome)
    result.seconds = time.process_time() - begun
    result.outcomes = len(outcomes)
    return result


@contextmanager
def _watched(result: Result) -> Iterator[None]:
    """Break off an input that is still being worked on when the clock has struck twice."""
    last = -1

    def strike(_signal: int, _frame: object) -> None:
        nonlocal last
        if last == result.inputs:
            last = -1
            raise HangsError
        last = result.inputs

    before = signal.signal(signal.SIGVTALRM, strike)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_SECONDS, HANGS_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _note(result: Result, error: BaseException, data: bytes) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/bot/" in frame.filename or "/fuzz/" in frame.filename]
    where = f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else ""
    what = f"{type(error).__name__} in {where}: {str(error)[:200]}"
    key = f"{type(error).__name__} {where}"
    known = result.findings.setdefault(key, Finding(what, data, 0))
    known.count += 1
    if len(data) < len(known.data):
        known.what, known.data = what, data
