"""Measured cycles as a Dataset: sorted, ragged, hashed."""

from __future__ import annotations

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core import measurement as m


def test_records_are_sorted_with_their_samples() -> None:
    ds = m.measurement(
        [1, 0, 0], [5, 2, 1], labels=["a", "b"], features={"r_hrs": [3.0, 2.0, 1.0]},
        loops=([10, 11, 12, 20, 21, 30], [0, 1, 2, 3, 4, 5], [3, 2, 1]),
    )  # fmt: skip
    assert ds["cycle"].values.tolist() == [1, 2, 5]
    assert ds["r_hrs"].values.tolist() == [1.0, 2.0, 3.0]
    assert ds["sample_count"].values.tolist() == [1, 2, 3]
    assert ds["voltage"].values.tolist() == [30, 20, 21, 10, 11, 12]
    assert m.device_starts(ds).tolist() == [0, 2, 3]
    assert m.sample_starts(ds).tolist() == [0, 1, 3, 6]


def test_selection_keeps_the_samples_of_its_records() -> None:
    ds = m.measurement([0, 1, 1], [0, 0, 1], labels=["a", "b"], loops=([1, 2, 3], [4, 5, 6], [1, 1, 1]))
    part = m.select_records(ds, np.array([False, False, True]))
    assert part["device"].values.tolist() == ["b"]
    assert part["voltage"].values.tolist() == [3.0]


def test_the_hash_is_of_what_was_measured() -> None:
    def made(value: float, source: str) -> str:
        ds = m.measurement([0], [0], labels=["a"], features={"u_set": [value]}, source=source)
        return str(ds.attrs["data_hash"])

    assert made(-0.5, "one.csv") == made(-0.5, "two.csv") != made(-0.6, "one.csv")


def test_a_cycle_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle 3 of device 'b' twice"):
        m.measurement([1, 1], [3, 3], labels=["a", "b"])


def test_a_simulation_becomes_a_measurement() -> None:
    cells = sc.CellArray((2, 3), sc.load_device("hennen2024"), seed=1)
    ds = sc.simulate(cells, sc.PulseTrain.cycling(7))
    found = m.from_simulation(ds)
    assert dict(found.sizes) == {"device": 6, "record": 42}
    assert found["device"].values[1] == "0,1"
    np.testing.assert_array_equal(found["u_set"].values.reshape(6, 7)[4], ds["u_set"].values[:, 1, 1])
