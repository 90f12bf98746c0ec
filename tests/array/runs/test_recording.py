"""What a run writes down, and when: requests at the door, and the timetable of a train."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.array.runs import recording
from synaptogen_core.array.runs.recording import Recording, Timetable

SHAPE = (3, 4)
CELLS = sc.CellArray(SHAPE, sc.load_device("hennen2024"), seed=1)
Train = sc.PulseTrain


def request(**wish: Any) -> Recording:
    return recording.request(
        CELLS,
        **{
            "record": "features",
            "every": "cycle",
            "select": None,
            "read_voltage": 0.2,
            "bandwidth": None,
            **wish,
        },
    )


BAD: list[tuple[dict[str, Any], str]] = [
    ({"record": None}, "record: must be names of quantities (got None); give for instance ['features']"),
    (
        {"record": []},
        "record: must name some of features, conductance, current, state, cycle_count, voltage (got nothing); "
        "correct the list",
    ),
    (
        {"record": ["features", "resistance"]},
        "record: must name some of features, conductance, current, state, cycle_count, voltage (got 'resistance'); "
        "correct the list",
    ),
    ({"every": "pulse"}, "every: must be 'cycle' or a number of pulses (got 'pulse'); 1 records every pulse"),
    ({"every": 0}, "every: must be from 1 to 2147483647 (got 0); choose one in that range"),
    ({"every": 2.0}, "every: must be a whole number (got 2.0); give an int"),
    ({"select": []}, "select: must choose at least one cell (got none); leave it out for all cells"),
    (
        {"select": np.zeros(SHAPE, bool)},
        "select: must choose at least one cell (got none); leave it out for all cells",
    ),
    ({"select": [0, 12]}, "select: cell numbers must be 0 to 11 (got others); correct them"),
    ({"select": [-1]}, "select: cell numbers must be 0 to 11 (got others); correct them"),
    ({"select": [0.5]}, "select: must be cell numbers, pairs or a mask (got float64); give integers"),
    ({"select": [[0, 4]]}, "select: rows and columns must lie in an array of (3, 4) (got others); correct the pairs"),
    ({"select": [[0, 1, 2]]}, "select: must have shape (n,), (n, 2) or (3, 4) (got (1, 3)); reshape it"),
    (
        {"select": np.ones((4, 3), bool)},
        "select: a mask must have shape (3, 4) (got (4, 3)); give one flag a cell",
    ),
    ({"read_voltage": "high"}, "read_voltage: must be a voltage (got 'high'); give a number in V"),
    ({"read_voltage": float("nan")}, "read_voltage: must be finite (got nan V); give a voltage in V"),
    ({"bandwidth": -1}, "bandwidth: must be 0 Hz or more (got -1); 0 reads without noise"),
]


@pytest.mark.parametrize(("wish", "sentence"), BAD)
def test_bad_requests(wish: dict[str, Any], sentence: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        request(**wish)
    assert str(error.value) == sentence


def test_three_ways_to_choose_the_same_cells() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[[0, 2, 2], [3, 0, 1]] = True
    for select in (mask, [9, 3, 8, 8], [[2, 1], [0, 3], [2, 0]], np.array([3, 8, 9], np.uint16)):
        chosen = request(select=select).select
        assert chosen is not None
        assert chosen.tolist() == [3, 8, 9]
        assert chosen.dtype == np.int64


def test_quantities_stand_in_one_order() -> None:
    assert request(record=["voltage", "state", "features"]).quantities == ("features", "state", "voltage")
    assert request(record="state").settings() == {
        "record": ["state"],
        "every": "cycle",
        "select": "all",
        "read_voltage": 0.2,
        "bandwidth": 0.0,
    }


# ------------------------------------------------------------------------------------------------------------ timetable
def test_features_before_the_first_pulse_of_a_cycle_and_values_after_its_last() -> None:
    table = Timetable(2 * Train.staircase(steps=2), request(record=["features", "state"]))
    assert table.cycles == 2
    assert table.before.tolist() == [0, -1, -1, 1, -1, -1]
    assert table.after.tolist() == [-1, -1, 0, -1, -1, 1]
    assert (table.axis, table.times, table.pulse.tolist()) == ("cycle", 2, [2, 5])


def test_pulses_after_the_last_end_are_a_cycle_too() -> None:
    table = Timetable(Train.cycling(1) + Train.read_only(3), request(record=["features", "state"]))
    assert table.cycles == 2
    assert table.after.tolist() == [-1, 0, -1, -1, 1]


def test_every_so_many_pulses() -> None:
    table = Timetable(Train.identical(8), request(record="state", every=3))
    assert table.pulse.tolist() == [2, 5]
    assert table.after.tolist() == [-1, -1, 0, -1, -1, 1, -1, -1]
    assert (table.axis, table.cycles, table.before.tolist()) == ("pulse", 1, [-1] * 8)


def test_a_run_that_would_record_nothing() -> None:
    with pytest.raises(ValueError) as error:
        Timetable(Train.identical(8), request(record="state", every=9))
    assert str(error.value) == "every: must be at most the train's 8 pulses (got 9); record more often"
    assert Timetable(Train.identical(8), request(record="features", every=9)).times == 0


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.one_of(st.just("cycle"), st.integers(1, 30)))
def test_every_place_is_filled_once(ends: list[bool], every: str | int) -> None:
    train = Train.table(np.linspace(-1, 1, len(ends)), ends)
    if every != "cycle" and int(every) > len(train):
        return
    table = Timetable(train, request(record=["features", "current"], every=every))
    assert table.before[table.before >= 0].tolist() == list(range(table.cycles))
    assert table.after[table.after >= 0].tolist() == list(range(table.times))
    assert table.cycles == train.cycles
    assert np.flatnonzero(table.after >= 0).tolist() == table.pulse.tolist()
    assert table.bytes_per_cell() == 16 * table.cycles + 4 * table.times
