from __future__ import annotations

import pytest

from tests.fuzz.growth import grows_too_fast
from tests.fuzz.inputs import Inputs
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.fuzz.trial import try_inputs


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_hundred_inputs_find_nothing(name: str) -> None:
    result = try_inputs(TARGETS[name], 250)
    assert not result.findings, [(found.what, found.data) for found in result.findings.values()]


def test_the_same_seed_tries_the_same_inputs() -> None:
    first, second = (Inputs(7, [b"a", b"bc"], [b"x"]) for _ in range(2))
    assert [first.next() for _ in range(50)] == [second.next() for _ in range(50)]


def test_an_input_that_ends_in_a_new_way_is_changed_further() -> None:
    inputs = Inputs(7, [b""], [b"x"])
    inputs.note(b"a very special input", "special")
    assert any(b"special" in inputs.next() for _ in range(50))


def test_a_finding_is_kept_with_its_shortest_input() -> None:
    def run(data: bytes) -> None:
        if b"xx" in data:
            raise KeyError("found")

    result = try_inputs(Target("broken", run, [b""], [b"x"]), 500)
    [finding] = result.findings.values()
    assert (finding.data, finding.count > 1) == (b"xx", True)


def test_work_that_grows_with_the_square_is_noticed() -> None:
    def make(size: int):
        return lambda: [None for _ in range(size) for _ in range(size // 4)]

    assert grows_too_fast(make, 500)
    assert not grows_too_fast(lambda size: lambda: [None for _ in range(size * 100)], 500)
