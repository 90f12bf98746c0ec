"""A map of more cells than pixels."""

from __future__ import annotations

import numpy as np

from app.look.cell_map import extremes


def test_a_selected_line_is_never_left_out() -> None:
    values = np.zeros((1023, 1024), np.float32)
    values[517], values[3, 3], values[900, 900] = 0.75, 1.5, np.nan
    small = extremes(values, 4)
    assert small.shape == (256, 256) and small.dtype == np.float32
    assert np.array_equal(np.flatnonzero(np.all(small == 0.75, axis=1)), [517 // 4]) and small[0, 0] == 1.5
    assert np.isfinite(small).all(), "the others of the pixel are known"
    assert extremes(values, 1) is values
