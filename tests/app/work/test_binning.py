"""Points counted in pixels."""

from __future__ import annotations

import numpy as np
import pytest

from app.work.binning import BLOCK, density


@pytest.mark.parametrize("count", [0, 1, BLOCK, 2 * BLOCK + 7])
def test_a_density_is_a_histogram_in_two_directions(count: int) -> None:
    x, y = np.random.default_rng(count).normal(size=(2, count))
    x[::5], y[::7] = np.nan, np.inf
    found = density(x, y, 30, 20, (-1.0, 2.0), (-2.0, 1.5))
    finite = np.isfinite(x) & np.isfinite(y)
    expected, _, _ = np.histogram2d(y[finite], x[finite], (20, 30), ((-2.0, 1.5), (-1.0, 2.0)))
    np.testing.assert_array_equal(found.counts, expected)
    assert (found.x, found.y) == ((-1.0, 2.0), (-2.0, 1.5))
    if count > BLOCK:
        assert expected.sum() > 0.4 * BLOCK, "there was something to count"


def test_without_a_range_nearly_all_is_counted() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 40, 500)).astype(np.float32)
    assert density(x, 10 + y, 50, 40).counts.sum() == pytest.approx(x.size, rel=0.005)
