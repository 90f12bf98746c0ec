"""Parts of an array: cells that keep their addresses."""

from __future__ import annotations

import numpy as np
import pytest

import synaptogen_core as sc

DEVICE = sc.load_device("hennen2024")
ROWS, COLUMNS = slice(1, 5), slice(2, 4)


def used(engine: str) -> sc.CellArray:
    """Cells in all states."""
    cells = sc.CellArray((6, 7), DEVICE, seed=5, engine=engine)
    for u in np.random.default_rng(2).uniform(-1.5, 1.5, (6, 42)):
        cells.apply_voltage(u)
    return cells


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_rectangle_goes_on_as_the_whole(engine: str) -> None:
    """A tile switches, and its reads are noisy, as in the whole array; neither touches the other."""
    whole = used(engine)
    before, tile = whole.state_hash(), whole.part(ROWS, COLUMNS)
    assert tile.shape == (4, 2)
    assert not tile.fresh
    tile.apply_voltage(-1.5)
    assert whole.state_hash() == before
    tile = whole.part(ROWS, COLUMNS)
    for u in np.random.default_rng(4).uniform(-1.5, 1.5, (4, 6, 7)):
        whole.apply_voltage(u)
        tile.apply_voltage(u[ROWS, COLUMNS])
        assert tile.read().tobytes() == whole.read()[ROWS, COLUMNS].tobytes()
    parts = tile.to_state()["arrays"]
    for name, values in whole.to_state()["arrays"].items():
        inside = values.reshape(*values.shape[:-1], 6, 7)[..., ROWS, COLUMNS]
        assert parts[name].tobytes() == inside.tobytes(), name
    again = sc.CellArray.from_state(tile.to_state())
    assert again.state_hash() == tile.state_hash()
    assert tile.part(slice(1, 3), slice(1, 2)).mixing().tobytes() == tile.mixing()[1:3, 1:2].tobytes()


def test_what_follows_from_the_seed_alone_is_fresh() -> None:
    cells = sc.CellArray((6, 7), DEVICE, seed=5)
    assert cells.part(slice(2, 4)).fresh
    assert cells.part(slice(2, 3), COLUMNS).fresh, "neighbours of one row"
    assert not cells.part(ROWS, COLUMNS).fresh, "numbers with gaps"
    assert cells.part(slice(2, 3), COLUMNS).first_cell == 16
