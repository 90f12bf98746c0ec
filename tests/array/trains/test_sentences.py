"""Every bad pulse train gets its sentence, word by word."""

from __future__ import annotations

import math
from typing import Any

import pytest

from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.array.trains.records import MAX_PULSES

SENTENCES = [
    (lambda: PulseTrain.cycling(0), "cycles: must be at least 1 (got 0); give a larger number"),
    (lambda: PulseTrain.cycling(1.5), "cycles: must be a whole number (got 1.5); give an int"),  # type: ignore[arg-type]
    (lambda: PulseTrain.cycling(True), "cycles: must be a whole number (got True); give an int"),
    (lambda: PulseTrain.cycling(1, 1.0), "u_set: must be negative (got 1 V); negative voltages SET a cell"),
    (lambda: PulseTrain.cycling(1, -1.0, 0.0), "u_reset: must be positive (got 0 V); positive voltages RESET a cell"),
    (lambda: PulseTrain.cycling(1, math.nan), "u_set: must be finite (got nan V); give a voltage in V"),
    (lambda: PulseTrain.cycling(1, -1e39), "u_set: must be finite (got -1e+39 V); give a voltage in V"),
    (lambda: PulseTrain.cycling(1, "-1"), "u_set: must be a voltage (got '-1'); give a number in V"),  # type: ignore[arg-type]
    (lambda: PulseTrain.cycling(1, -1e-60), "u_set: must be negative (got -1e-60 V); negative voltages SET a cell"),
    (
        lambda: PulseTrain.cycling(MAX_PULSES),
        "pulses: a train has at most 50,000,000 (got 100,000,000); use fewer cycles, "
        "and apply a second train to the same cells",
    ),
    (
        lambda: PulseTrain.cycling(20_000_000) + PulseTrain.cycling(20_000_000),
        "pulses: a train has at most 50,000,000 (got 80,000,000); use fewer cycles, "
        "and apply a second train to the same cells",
    ),
    (
        lambda: 10**9 * PulseTrain.cycling(1),
        "pulses: a train has at most 50,000,000 (got 2,000,000,000); use fewer cycles, "
        "and apply a second train to the same cells",
    ),
    (lambda: 0 * PulseTrain.cycling(1), "times: must be at least 1 (got 0); give a larger number"),
    (lambda: 1.5 * PulseTrain.cycling(1), "times: must be a whole number (got 1.5); give an int"),  # type: ignore[operator]
    (lambda: PulseTrain.iv_sweep(points=3), "points: must be from 4 to 50000000 (got 3); choose one in that range"),
    (lambda: PulseTrain.iv_sweep(points=9, step=0.1), "step: must stand without points (got 0.1 and 9); give one"),
    (lambda: PulseTrain.iv_sweep(step=0), "step: must be positive and not too fine (got 0 V); give a larger step"),
    (
        lambda: PulseTrain.iv_sweep(step=1e-9),
        "step: must be positive and not too fine (got 1e-09 V); give a larger step",
    ),
    (
        lambda: PulseTrain.staircase(u_start=1.5, u_stop=0.6),
        "u_stop: must be above u_start (got 0.6 V, not above 1.5 V); the pulses of a staircase grow",
    ),
    (lambda: PulseTrain.staircase(steps=1), "steps: must be at least 2 (got 1); give a larger number"),
    (lambda: PulseTrain.identical(3, math.inf), "u: must be finite (got inf V); give a voltage in V"),
    (
        lambda: PulseTrain.random(3, "cauchy"),
        "distribution: must be 'uniform' or 'normal' (got 'cauchy'); choose one of the two",
    ),
    (
        lambda: PulseTrain.random(3, "uniform", sd=1.0),
        "sd: has no meaning for the uniform distribution (got 1.0); give low and high",
    ),
    (
        lambda: PulseTrain.random(3, "normal", low=1.0),
        "low: has no meaning for the normal distribution (got 1.0); give mean and sd",
    ),
    (
        lambda: PulseTrain.random(3, low=1.0, high=1.0),
        "high: must be above low (got low 1 V, high 1 V); swap or widen",
    ),
    (lambda: PulseTrain.random(3, "normal", sd=0), "sd: must be positive (got 0 V); for a fixed voltage use identical"),
    (
        lambda: PulseTrain.random(3, seed=-1),
        "seed: must be from 0 to 18446744073709551615 (got -1); choose one in that range",
    ),
    (
        lambda: PulseTrain.random(3, seed=2**64),
        "seed: must be from 0 to 18446744073709551615 (got 18446744073709551616); choose one in that range",
    ),
    (lambda: PulseTrain.random(3, per_cell=1), "per_cell: must be True or False (got 1); give a bool"),  # type: ignore[arg-type]
    (
        lambda: PulseTrain.table([]),
        "voltages: must be a row of at least one number (got shape (0,)); give one a pulse",
    ),
    (lambda: PulseTrain.table([1, math.nan]), "voltages: must be finite (got nan V at pulse 1); give voltages in V"),
    (lambda: PulseTrain.table(["a"]), "voltages: must be numbers in V (got list of str32); give one number a pulse"),
    (
        lambda: PulseTrain.table([1, 2], [True]),
        "cycle_ends: must be one bool a pulse (got 1 for 2 pulses); match them",
    ),
    (
        lambda: PulseTrain.table([1, 2], [1, 0]),
        "cycle_ends: must grow from at least 0 to at most 1 (got [1, 0]); sort them and drop repeats",
    ),
    (
        lambda: PulseTrain.table([1, 2], [0.5]),
        "cycle_ends: must be indices of pulses, or one bool a pulse (got float64 of shape (1,)); "
        "give the pulses that end a cycle",
    ),
    (
        lambda: PulseTrain.cycling(1).voltages([-1]),
        "cell: must be a row of cell numbers from 0 (got int64 of shape (1,)); give a flat array of integers",
    ),
    (lambda: PulseTrain.cycling(1).voltages(0, 0, 3), "last: must be from 0 to 2 (got 3); choose one in that range"),
    (lambda: PulseTrain.cycling(1).waveform(0), "max_points: must be at least 1 (got 0); give a larger number"),
    (
        lambda: PulseTrain.from_dict([]),
        "train: must be a dict with a kind (got list); give what to_dict returns",
    ),
    (
        lambda: PulseTrain.from_dict({"kind": "sine"}),
        "kind: must be one of cycling, iv_sweep, staircase, identical, random, read_only, table, wait, "
        "join, repeat, timed (got 'sine'); use one of these names",
    ),
    (
        lambda: PulseTrain.from_dict({"kind": "cycling", "speed": 1}),
        "cycling: must have no settings but cycles, u_set, u_reset (got speed); mend the train's dict",
    ),
    (
        lambda: PulseTrain.from_dict({"kind": "repeat", "times": 2}),
        "repeat: must have the settings times, train (got no train); mend the train's dict",
    ),
    (
        lambda: PulseTrain.from_dict({"kind": "join", "parts": []}),
        "parts: must be a list of trains (got []); give at least one",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), SENTENCES, ids=[s.split(" (got")[0] for _, s in SENTENCES])
def test_bad_trains_get_their_sentence(make: Any, sentence: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert str(caught.value) == sentence


def test_deep_trees_are_refused_before_they_are_walked() -> None:
    tree: dict[str, Any] = {"kind": "cycling", "cycles": 1}
    for _ in range(5000):
        tree = {"kind": "repeat", "times": 1, "train": tree}
    with pytest.raises(ValueError, match="nested less than 64 deep"):
        PulseTrain.from_dict(tree)


def test_joining_with_something_else_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        PulseTrain.cycling(1) + 3  # type: ignore[operator]  # what a user must not do
