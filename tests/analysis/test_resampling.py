"""The bootstrap over devices: repeatable, and as wide as theory says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.analysis import resampling


@given(cells=st.integers(1, 5000), most=st.integers(1, 600))
def test_groups_are_whole_and_nearly_equal(cells, most):
    starts = resampling.group_starts(cells, most)
    sizes = np.diff(np.append(starts, cells))
    assert starts[0] == 0
    assert len(starts) == min(cells, most)
    assert sizes.min() >= 1
    assert sizes.max() - sizes.min() <= 1
    np.testing.assert_array_equal(np.bincount(resampling.group_of(cells, most)), sizes)


def test_every_resample_has_as_many_groups():
    weights = resampling.bootstrap_weights(37, 50, 1)
    np.testing.assert_array_equal(weights.sum(axis=1), 37)
    np.testing.assert_array_equal(weights, resampling.bootstrap_weights.__wrapped__(37, 50, 1))
    assert not np.array_equal(weights, resampling.bootstrap_weights(37, 50, 2))
    with pytest.raises(ValueError, match="read-only"):
        weights[0, 0] = 1.0


@pytest.mark.parametrize("cells", [400, 40_000])
def test_interval_of_a_mean(cells):
    """sd/sqrt(n) times 2 x 1.96, within the noise of 2000 resamples of at most 512 groups; grouping changes nothing."""
    values = np.random.default_rng(1).exponential(size=cells)
    sums = np.add.reduceat(np.stack([values, np.ones(cells)], axis=1), resampling.group_starts(cells), axis=0)
    low, high = resampling.bootstrap_interval(
        sums, lambda t: t[:, 0] / t[:, 1], confidence=0.95, replicates=2000, seed=3
    )
    groups = min(cells, resampling.MOST_GROUPS)
    # relative noise of an sd from g groups, then of two quantiles of 2000 resamples
    noise = np.hypot(np.sqrt(2.0 / groups) if cells > groups else 0.0, 2.0 / np.sqrt(2000))
    assert (high - low) == pytest.approx(3.92 * values.std() / np.sqrt(cells), rel=4.89 * noise)
    assert low < values.mean() < high


def test_fewer_than_two_groups_give_no_interval():
    found = resampling.bootstrap_interval(np.ones((1, 3)), lambda t: t[:, :2], confidence=0.9, replicates=40, seed=0)
    assert found.shape == (2, 2)
    assert np.isnan(found).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_quantiles_of_sorted_values_are_numpys(values, p):
    ordered = np.sort(np.array(values))
    assert resampling.interpolated_quantiles(ordered, (p,))[0] == pytest.approx(np.quantile(ordered, p), abs=1e-6)
