from __future__ import annotations

import pytest

from tests.fuzz.growth import grows_too_fast
from tests.fuzz.inputs import Inputs
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS
from tests.fuzz.trial import try_inputs


@pytest.mark.parametrize("name", TARGETS)
def test_a_few_hundred_inputs_find_nothing(name: str) -> None:
    result = try_inputs(TARGETS[name], 200)
    assert not result.findings, [(found.what, found.data) for found in result.findings.values()]


@pytest.mark.parametrize("name", ["import", "custom ids"])
def test_hostile_families_cost_time_in_proportion(name: str) -> None:
    target = TARGETS[name]
    for family, make in target.growing.items():
        assert not grows_too_fast(make, target.size // 4), family


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


@pytest.mark.parametrize(("power", "too_fast"), [(1, False), (1.2, False), (2, True), (3, True)])
def test_work_that_grows_with_the_square_is_noticed(monkeypatch, power: float, too_fast: bool):
    monkeypatch.setattr("tests.fuzz.growth._cost", lambda work: work())
    assert bool(grows_too_fast(lambda size: lambda: 0.001 * size**power, 100)) is too_fast


def test_work_too_short_to_be_measured_is_not_judged(monkeypatch) -> None:
    monkeypatch.setattr("tests.fuzz.growth._cost", lambda work: work())
    assert not grows_too_fast(lambda size: lambda: 1e-9 * size**2, 100)


def test_an_input_that_hangs_is_broken_off(monkeypatch) -> None:
    monkeypatch.setattr("tests.fuzz.trial.HANGS_SECONDS", 0.05)

    def run(data: bytes) -> None:
        while data:
            pass

    [finding] = try_inputs(Target("hangs", run, [b"x"], [b"x"]), 1).findings.values()
    assert "HangsError" in finding.what
