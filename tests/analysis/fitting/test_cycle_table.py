"""Measured features in rows of equal distance: gaps and borders are rows of NaN."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.analysis.fitting.cycle_table import joined, panel_of
from synaptogen_core.measurement import measurement


def test_gaps_and_borders_are_rows_of_nan() -> None:
    ds = measurement([0, 0, 0, 1], [1, 2, 5, 1], labels=["a", "b"], features={"u_set": [-1.0, -2.0, -3.0, -4.0]})
    panel = panel_of(ds)
    np.testing.assert_array_equal(panel.values[:, 0], [-1, -2, np.nan, -3, np.nan, -4, np.nan])
    assert panel.starts.tolist() == [0, 5, 7]
    assert panel.device.tolist() == [0] * 5 + [1] * 2
    assert panel.counts.ravel().tolist() == [3, 1]


def test_the_commonest_distance_is_the_step() -> None:
    cycles = [50, 100, 150, 250, 300]
    panel = panel_of(measurement([0] * 5, cycles, labels=["a"], features={"r_lrs": [1.0, 2.0, 3.0, 4.0, 5.0]}))
    assert panel.step == 50
    assert np.isnan(panel.values[3, 0])


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 12), st.none() | st.floats(1, 1e6)), min_size=1, max_size=40,
        unique_by=lambda row: row[:2],
    )
)  # fmt: skip
def test_no_value_is_lost_and_none_comes_near_another_device(rows: list[tuple[int, int, float | None]]) -> None:
    values = [np.nan if value is None else value for _, _, value in rows]
    if np.isnan(values).all():
        return
    index = np.array([device for device, _, _ in rows])
    _, index = np.unique(index, return_inverse=True)
    labels = [str(k) for k in range(index.max() + 1)]
    ds = measurement(index, [cycle for _, cycle, _ in rows], labels=labels, features={"r_hrs": values})
    panel = panel_of(ds)
    np.testing.assert_array_equal(panel.values[panel.present], np.log10(ds["r_hrs"].values[~np.isnan(ds["r_hrs"])]))
    assert np.isnan(panel.values[panel.starts[1:] - 1]).all()
    mean, sd = panel.moments
    for k in range(panel.devices):
        own = panel.values[panel.device == k, 0]
        own = own[np.isfinite(own)]
        if own.size:
            np.testing.assert_allclose([mean[k, 0], sd[k, 0]], [own.mean(), own.std()], atol=1e-9)


def test_parts_join_again() -> None:
    ds = measurement([0, 0, 1, 2], [0, 1, 0, 3], labels=["a", "b", "c"], features={"r_lrs": [1.0, 2.0, 3.0, 4.0]})
    panel = panel_of(ds, step=1)
    again = joined([panel.part(0, 1), panel.part(1, 3)])
    np.testing.assert_array_equal(again.values, panel.values)
    np.testing.assert_array_equal(again.device, panel.device)
    np.testing.assert_array_equal(again.starts, panel.starts)


def test_a_measurement_without_values_is_refused() -> None:
    with pytest.raises(ValueError, match="must hold features"):
        panel_of(measurement([0], [0], labels=["a"], features={"r_lrs": [np.nan]}))
