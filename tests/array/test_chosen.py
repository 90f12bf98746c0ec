"""A few cells by their numbers: what is done to them is what would be done to all, the others at 0 V."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import synaptogen_core as sc


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_few_cells_are_pulsed_and_read_as_among_all(device: Any, engine: str) -> None:
    rng = np.random.default_rng(2)
    some = np.sort(rng.choice(15 * 7, 11, replace=False))
    one, other = (sc.CellArray((15, 7), device, seed=3, engine=engine) for _ in range(2))
    with one.transaction() as few, other.transaction() as all_:
        assert not few.can_pulse_some(), "it has no memory of its own yet"
        for cells in few, all_:
            cells.apply_voltage(-1.5)
        assert few.can_pulse_some()
        for u in (0.7, 1.1, -1.5, 1.5):
            volts = rng.uniform(0.8, 1.0, some.size).astype(np.float32) * np.float32(u)
            grid = np.zeros(all_.size, np.float32)
            grid[some] = volts
            few.pulse_some(some, volts)
            all_.apply_voltage(grid)
            assert few.state_hash() == all_.state_hash()
        assert np.array_equal(few.state_of(some), all_.state().ravel()[some])
        assert np.array_equal(few.mixing_of(some), all_.mixing().ravel()[some])
        assert np.array_equal(few.current_of(some, volts), all_.current(grid).ravel()[some])
        assert np.array_equal(few.conductance_of(some, 0.2), all_.conductance(0.2).ravel()[some])
        few.pulse_some(some[:1], np.array([-1.5], np.float32))
        assert few.state_hash() != all_.state_hash()
    assert one.state_hash() != other.state_hash()
