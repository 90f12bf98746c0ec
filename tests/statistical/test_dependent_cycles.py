"""MODEL.md, "Statistics of dependent cycles": estimates from simulated arrays against the exact laws.

Intervals are bootstrapped over cells; a distance is measured in standard errors, the width of a 95 % interval by 3.92.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.errors import RangeWarning
from synaptogen_core.schema import FEATURE_NAMES

Z = 4.89
SIDES = {20: 128, 100: 96, 1000: 48}
PARTS = ["cycle_to_cycle", "device_to_device"]


@cache
def array(cycles: int) -> xr.Dataset:
    """Pulses strong enough for every cell: at -1.5 V some outliers draw a threshold beyond it and are stuck."""
    cells = sc.CellArray((SIDES[cycles], SIDES[cycles]), sc.load_device("hennen2024"), seed=cycles)
    with pytest.warns(RangeWarning):
        return sc.simulate(cells, sc.PulseTrain.cycling(cycles=cycles, u_set=-4.0, u_reset=4.0))


def distances(found: xr.DataArray, exact: xr.DataArray, interval: xr.DataArray) -> np.ndarray:
    error = (interval.sel(bound="upper") - interval.sel(bound="lower")) / 3.92
    return np.asarray(np.abs(found - exact) / error)


def test_stuck_cells_are_counted():
    """After a run of 100 cycles at -1.5 V, those whose SET voltage lies beyond it."""
    cells = sc.CellArray((96, 96), sc.load_device("hennen2024"), seed=100)
    ds = sc.simulate(cells, sc.PulseTrain.cycling(cycles=100))
    stuck = int(((ds.u_set[-1] == ds.u_set[-2]) & (ds.u_set[-1] == ds.u_set[-3])).sum())
    assert stuck >= (ds.u_set[-3] < -1.5).sum() > 10
    found = sc.statistics.autocorrelation(ds, "u_set")
    assert found.attrs["repeating"] == stuck
    assert sc.statistics.spread(ds, "u_set").attrs["repeating"] == f"u_set: {stuck}"
    assert sc.statistics.correlations(array(100)).attrs["repeating"] == 0


@pytest.mark.parametrize("cycles", SIDES)
def test_spreads_are_told_apart_without_bias(cycles):
    ds = array(cycles)
    found = sc.statistics.spread(ds, replicates=2000)
    anova = sc.statistics.spread(ds, method="anova", replicates=2000)
    wider = sc.statistics.spread(ds, device=sc.load_device("hennen2024").vary(c2c=1.3, d2d=1.3), replicates=2000)
    for name in FEATURE_NAMES:
        right, control = (distances(s[name], s[f"{name}_model"], s[f"{name}_interval"]) for s in (found, wider))
        assert right.max() < Z
        assert control[:2].min() > Z  # 30 % more spread is seen
    if cycles <= 100:  # the textbook's formula: from 1000 cycles its bias is as small as the error of these cells
        wrong = distances(anova.r_lrs, anova.r_lrs_model, anova.r_lrs_interval)
        assert wrong[:2].min() > Z
        assert wrong[2] < Z  # the total is right


def test_anova_gives_the_published_wrong_numbers():
    """42,200 and 29,400 ohm^2 where 33,900 and 36,700 are true."""
    found = sc.statistics.spread(array(100), "r_lrs", method="anova").r_lrs_variance
    error = np.diff(sc.statistics.spread(array(100), "r_lrs", method="anova").r_lrs_interval.values ** 2)[:, 0] / 3.92
    assert abs(found.sel(part="device_to_device").item() - 42_200) < Z * error[1]
    assert abs(found.sel(part="cycle_to_cycle").item() - 29_400) < Z * error[0]


@pytest.mark.parametrize("cycles", [20, 100])
def test_autocorrelation_is_the_expected_one(cycles):
    found = sc.statistics.autocorrelation(array(cycles), max_lag=15, replicates=2000).isel(lag=slice(1, None))
    interval = found.autocorrelation_interval
    assert distances(found.autocorrelation, found.expected, interval).max() < Z
    lrs = found.sel(feature="r_lrs")
    assert distances(lrs.autocorrelation, lrs.model, lrs.autocorrelation_interval).min() > Z  # the negative control


def test_cross_correlations_are_the_expected_ones():
    found = sc.statistics.cross_correlation(array(100), max_lag=3, replicates=2000)
    away = distances(found.cross_correlation, found.expected, found.cross_correlation_interval)
    itself = np.isnan(away) | (away > 1e6)  # lag 0 with itself is 1, without an error
    assert itself.sum() == 4
    assert away[~itself].max() < Z
    turned = distances(
        found.cross_correlation,
        found.expected.transpose("lag", "feature_other", "feature").rename(
            feature="feature_other", feature_other="feature"
        ),
        found.cross_correlation_interval,
    )
    assert turned[1:].max() > Z  # the negative control: the direction of time is seen


def test_within_a_single_device_lag_10_is_lower_still():
    """The published .165: the mean over devices of each device's own ratio, with the divisors N - k and N."""
    values = array(100).r_lrs.values.reshape(100, -1).astype(np.float64)
    rest = values - values.mean(axis=0)
    ratio = (rest[10:] * rest[:-10]).mean(axis=0) / (rest**2).mean(axis=0)
    error = ratio.std() / np.sqrt(ratio.size)
    assert abs(ratio.mean() - 0.165) < Z * error + 5e-4
    pooled = sc.statistics.autocorrelation(array(100), "r_lrs", max_lag=10, divide_by="N-k").expected.values[10, 0]
    assert abs(ratio.mean() - pooled) > Z * error  # a mean of ratios is not the ratio of means


@pytest.mark.parametrize("cycles", [20, 100])
def test_correlation_matrices(cycles):
    found = sc.statistics.correlations(array(cycles), replicates=2000)
    other = ~np.eye(4, dtype=bool)
    for name in ("cycle_to_cycle", "device_to_device", "population"):
        away = distances(found[name], found[f"{name}_model"], found[f"{name}_interval"])
        assert away[other].max() < Z
    as_they_are = distances(found.device_means, found.device_to_device_model, found.device_to_device_interval)
    assert as_they_are[other].max() > Z  # the negative control: the means of few cycles carry their noise


def test_conductance_levels_of_a_staircase():
    """MODEL.md, fresh cells after SET and one pulse: .8 V 167.3 uS, 1.2 V 35.7 uS (there: empty start)."""
    cells = sc.CellArray((64, 64), sc.load_device("hennen2024"), seed=5)
    train = sc.PulseTrain.staircase(cycles=3, u_start=0.6, u_stop=1.5, steps=10)
    ds = sc.simulate(cells, train, record=("conductance",), every=1)
    found = sc.statistics.staircase_levels(ds)
    assert found.sizes["step"] == 11
    np.testing.assert_allclose(found.voltage, [-1.5, *np.linspace(0.6, 1.5, 10)], rtol=1e-6)
    assert np.all(np.diff(found.median_level.values[1:]) < 0)
    assert 2 <= found.levels.item() <= 5
    assert found.mean_level.sel(step=0).item() == pytest.approx(1 / 4545, rel=0.02)


def test_memory_window_of_the_published_device():
    ds = array(100)
    found = sc.statistics.memory_window(ds)
    assert 6_000 < found.best_threshold.item() < 12_000
    low, high = found.best_bit_error_rate_interval.values
    assert 0 <= low <= found.best_bit_error_rate.item() <= high < 1e-3
    exact = 10**4.398 / 5304  # 1 % of R_HRS over 99 % of R_LRS
    low, high = found.window_ratio_interval.values
    assert abs(np.log(found.window_ratio.item() / exact)) < Z * np.log(high / low) / 3.92 + 1e-3
