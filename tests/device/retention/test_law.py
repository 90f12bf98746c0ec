"""What a retention law refuses, and how it changes; the clock."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device.retention.clock import Clock, nanoseconds
from synaptogen_core.device.retention.law import acceleration
from synaptogen_core.errors import FileError

C = sc.load_retention("stanford-c")


def law(**changes: Any) -> sc.RetentionLaw:
    given: dict[str, Any] = {"name": "mine", "conductance": [1e-5], "spread": [1e-6], "rate": [0.3], "t0": 0.01,
                             "corner": 1e-6}  # fmt: skip
    return sc.RetentionLaw(**(given | changes))


@pytest.mark.parametrize("name", ["stanford-b", "stanford-c"])
def test_named_laws_say_where_they_come_from(name: str) -> None:
    found = sc.load_retention(name)
    assert "MIT" in found.licence and "RRAM-Relaxation-Master-Model" in found.citation
    assert name in found.label and "not part of the Synaptogen fit" in found.label and "extrapolated" in found.label
    assert sc.RetentionLaw.from_dict(found.to_dict()) == found
    assert found.time_range == ((0.01, 1e5) if name == "stanford-c" else (0.01, 1e3))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"conductance": [2e-5, 1e-5]}, "conductance: must rise from above 0 S on"),
        ({"conductance": [0.0]}, "conductance: must rise"),
        ({"spread": [-1e-6]}, "spread: must not be negative"),
        ({"rate": [0.0]}, "rate: must be above 0"),
        ({"mean": [1e-6]}, "mean: must be small beside the spread"),
        ({"spread": [1e-6, 2e-6]}, "spread"),
        ({"t0": 0.0}, "t0: must be above zero"),
        ({"corner": float("nan")}, "corner"),
        ({"activation_energy": -1.0}, "activation_energy: must be above zero"),
        ({"time_range": (2.0, 1.0)}, "time_range: must be two rising times"),
        ({"name": ""}, "name: must be a text"),
    ],
)
def test_bad_laws_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises((ValueError, TypeError), match=sentence):
        law(**changes)


def test_variations_keep_what_they_should() -> None:
    gaussian = C.vary(jumps="gaussian")
    assert np.array_equal(gaussian.spread, C.spread) and np.array_equal(gaussian.mean, C.mean)
    assert np.all(gaussian.rate == 50) and gaussian.hash != C.hash and gaussian.name == "stanford-c, jumps=gaussian"
    assert np.all(C.vary(scale=0).spread == 0)
    assert C.vary(scale=2.0).vary(t0=1e-3).variations == ({"scale": 2.0}, {"t0": 1e-3})
    assert C.vary() is C
    for bad in ({"jumps": "cauchy"}, {"scale": -1.0}, {"t0": 0.0}):
        with pytest.raises(ValueError):
            C.vary(**bad)  # type: ignore[arg-type]


def test_frozen_and_hashable() -> None:
    with pytest.raises(ValueError):
        C.spread[0] = 1
    assert {C, sc.load_retention("stanford-c")} == {C}


def test_from_dict_names_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="wrong: colour"):
        sc.RetentionLaw.from_dict(C.to_dict() | {"colour": 1})
    with pytest.raises(TypeError):
        sc.RetentionLaw.from_dict([1])


def test_a_file_and_back(tmp_path: Any) -> None:
    sc.save_retention(C.vary(jumps="gaussian"), tmp_path / "law.json")
    assert sc.load_retention(tmp_path / "law.json") == C.vary(jumps="gaussian")
    (tmp_path / "bad.json").write_text('{"name": 1}')
    with pytest.raises(FileError, match="retention law"):
        sc.load_retention(tmp_path / "bad.json")
    with pytest.raises(ValueError, match="packaged are stanford-b, stanford-c"):
        sc.load_retention("stanford-d")


def test_the_clock_adds_whole_nanoseconds() -> None:
    assert Clock().later(10**9).later(9 * 10**9) == Clock().later(10**10)
    assert nanoseconds("t", 0.1) * 10 == nanoseconds("t", 1.0)
    for bad in (-1.0, 1e11, float("nan"), 1e-10):
        with pytest.raises(ValueError):
            nanoseconds("t", bad)
    with pytest.raises(ValueError, match="146 years"):
        Clock().later(2**61).later(2**61)


def test_heat_makes_time_longer_by_arrhenius() -> None:
    hot = C.vary(activation_energy=0.5)
    factor = acceleration(hot, 358.0)
    assert factor == pytest.approx(np.exp(0.5 / 8.617333262e-5 * (1 / 298 - 1 / 358)), rel=1e-12)
    born = np.array([0, 10**9], np.int64)
    clock = Clock().later(10**9).later(5 * 10**9, 358.0).later(10**9)
    expected = np.array([2 * 10**9 + round(5e9 * factor), 10**9 + round(5e9 * factor)])
    assert np.abs(clock.ages(born, hot) - expected).max() <= 1
    cold = Clock().later(10**9).later(round(5e9 * factor)).later(10**9)
    assert np.abs(cold.ages(born, hot) - expected).max() <= 1
    with pytest.raises(ValueError, match="activation energy"):
        acceleration(C, 358.0)
