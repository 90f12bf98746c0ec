"""A CellArray's state is what the rule says."""

from __future__ import annotations

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.device.model import conduction
from synaptogen_core.device.model.float32 import constants


def used() -> sc.CellArray:
    """Cells in all three states, with histories of different lengths."""
    cells = sc.CellArray((6, 7), sc.load_device("hennen2024"), seed=5)
    rng = np.random.default_rng(2)
    for _ in range(6):
        cells.apply_voltage(rng.uniform(-1.5, 1.5, cells.size))
    return cells


def test_r_is_that_of_the_resistance_in_hrs() -> None:
    cells = used()
    state = cells.to_state()["arrays"]
    hrs = state["code"] == 0
    expected = conduction.mixing_of_resistance(state["features"][0], constants(cells.device))
    assert np.array_equal(state["r"][hrs], expected[hrs])
    assert set(np.unique(state["code"])) == {0, 1, 2}


def test_the_hash_sees_every_array() -> None:
    cells = used()
    before = cells.state_hash()
    for name, values in cells.to_state()["arrays"].items():
        data = cells.to_state()
        changed = values.copy()
        changed.flat[0] = 1 - changed.flat[0] if name in ("code", "component") else changed.flat[0] + 1
        data["arrays"][name] = changed
        if name != "cell":  # which is checked against the address
            assert sc.CellArray.from_state(data).state_hash() != before, name
    cells.read()
    assert cells.state_hash() != before, "the number of the next read is part of the state"


def test_a_voltage_a_line_is_that_of_all_its_cells() -> None:
    cells = sc.CellArray((6, 7), sc.load_device("hennen2024"), seed=5)
    rows, columns = np.linspace(-1, 1, 6)[:, None], np.linspace(-0.3, 1.2, 7)[None, :]
    for of_lines in (rows, columns):
        grid = np.broadcast_to(of_lines, (6, 7))
        assert cells.current(of_lines).tobytes() == cells.current(grid).tobytes()
        assert cells.conductance(of_lines).tobytes() == cells.conductance(grid).tobytes()
        with pytest.raises(ValueError, match=r"^u: must be one voltage or have shape \(6, 7\)"):
            cells.apply_voltage(of_lines)
