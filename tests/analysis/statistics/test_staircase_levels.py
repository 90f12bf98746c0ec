"""Levels of a staircase."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.statistics.staircase_levels import disjoint_intervals

Z = 4.89


def staircase(levels, sd, *, cells=2000, cycles=10, device_sd=0.0, seed=1):
    rng = np.random.default_rng(seed)
    values = np.tile(levels, cycles)[:, None] + sd * rng.standard_normal((cycles * len(levels), cells))
    values += device_sd * rng.standard_normal(cells)
    steps = np.tile(np.arange(len(levels)), cycles)
    return xr.Dataset(
        {"conductance": (("pulse", "cell"), values, {"long_name": "conductance", "units": "S"})},
        coords={
            "pulse_step": ("pulse", steps),
            "voltage": ("pulse", np.tile(np.linspace(0.6, 1.5, len(levels)), cycles)),
        },
    )


def test_normal_levels():
    """Mean, spread, and the error rate Phi(-d/2s) between neighbours d apart."""
    levels, sd, n = np.array([5.0, 4.0, 2.0]), 0.5, 20_000
    found = statistics_api.staircase_levels(staircase(levels, sd))
    np.testing.assert_allclose(found.mean_level, levels, atol=Z * sd / np.sqrt(n))
    np.testing.assert_allclose(found.sd, sd, rtol=Z / np.sqrt(2 * n))
    np.testing.assert_allclose(found.cycle_to_cycle, sd, rtol=Z / np.sqrt(2 * n))
    np.testing.assert_array_equal(found.voltage, [0.6, 1.05, 1.5])
    np.testing.assert_array_equal(found.lower_step, [2, 1])
    np.testing.assert_array_equal(found.upper_step, [1, 0])
    rates = special.ndtr(-np.array([2.0, 1.0]))
    np.testing.assert_allclose(found.bit_error_rate, rates, atol=Z * np.sqrt(0.25 / n))
    np.testing.assert_allclose(found.threshold, [3.0, 4.5], atol=0.1)
    half = np.diff(found.mean_level_interval, axis=1)[:, 0] / 2
    np.testing.assert_allclose(half, 1.96 * sd / np.sqrt(n), rtol=0.5)


@pytest.mark.parametrize(("sd", "count"), [(0.25, 5), (0.32, 3), (0.65, 2), (3.0, 1)])
def test_number_of_levels(sd, count):
    """5-95 % intervals are 3.29 sd wide: levels 1 apart are told apart up to sd = 0.304."""
    found = statistics_api.staircase_levels(staircase(np.arange(5.0), sd))
    assert found.levels.item() == count
    assert found.distinguishable.values.sum() == count
    assert found.attrs["rule"].startswith("the largest number of steps whose 5-95 % intervals")


def test_device_to_device_is_told_apart():
    ds = staircase(np.array([3.0, 1.0]), 0.5, device_sd=0.3, cells=4000)
    found = statistics_api.staircase_levels(ds)
    np.testing.assert_allclose(found.device_to_device, 0.3, rtol=0.1)
    np.testing.assert_allclose(found.cycle_to_cycle, 0.5, rtol=0.03)
    given_curve = statistics_api.staircase_levels(ds, autocorrelation=[1.0])
    np.testing.assert_allclose(found.device_to_device, given_curve.device_to_device, rtol=1e-9)


def test_single_cycle_and_single_cell():
    one_cycle = statistics_api.staircase_levels(staircase(np.array([3.0, 1.0]), 0.1, cycles=1))
    assert np.isnan(one_cycle.device_to_device).all()
    assert np.isfinite(one_cycle.mean_level_interval).all()
    one_cell = statistics_api.staircase_levels(staircase(np.array([3.0, 1.0]), 0.1, cells=1))
    assert np.isnan(one_cell.device_to_device).all()
    assert np.isnan(one_cell.mean_level_interval).all()
    one_step = statistics_api.staircase_levels(staircase(np.array([3.0]), 0.1))
    assert one_step.sizes["boundary"] == 0
    assert one_step.levels.item() == 1


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), min_size=1, max_size=7))
def test_no_larger_set_of_levels_exists(intervals):
    lower = np.array([float(a) for a, _ in intervals])
    upper = np.array([float(a + w) for a, w in intervals])
    taken = disjoint_intervals(lower, upper)

    def disjoint(chosen):
        inside = sorted(zip(lower[chosen], upper[chosen], strict=True))
        return all(a[1] < b[0] for a, b in pairwise(inside))

    assert disjoint(taken)
    every = ((np.arange(2 ** len(lower))[:, None] >> np.arange(len(lower))) & 1).astype(bool)
    assert taken.sum() == max(chosen.sum() for chosen in every if disjoint(chosen))


@pytest.mark.parametrize(
    ("change", "options", "sentence"),
    [
        (lambda ds: ds.rename(pulse="cycle"), {}, "ds: must be recorded by pulses with the coordinate pulse_step"),
        (lambda ds: ds.drop_vars("pulse_step"), {}, "ds: must be recorded by pulses with the coordinate pulse_step"),
        (lambda ds: ds * np.nan, {}, "ds: must hold a finite conductance at every step"),
        (lambda ds: ds, {"probabilities": (0.9, 0.1)}, "probabilities: must be two rising numbers between 0 and 1"),
        (lambda ds: ds, {"variable": "state"}, "feature: must be a variable of the Dataset"),
    ],
)
def test_bad_wishes_get_their_sentence(change, options, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        statistics_api.staircase_levels(change(staircase(np.array([3.0, 1.0]), 0.1, cells=3)), **options)
