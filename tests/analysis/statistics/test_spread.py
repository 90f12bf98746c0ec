"""Cycle to cycle and device to device separated, without bias, where the textbook's formula is wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.columns import cell_blocks
from synaptogen_core.analysis.statistics import variance_components
from synaptogen_core.analysis.statistics.lag_products import mean_covariance

Z = 4.89


def variances(values: np.ndarray, factor: np.ndarray | None) -> tuple[float, float]:
    found = variance_components.cell_sums(cell_blocks([values], ["linear"]), values.shape[1])
    parts = variance_components.separated(found.sums.sum(axis=0)[None], 1, factor, values.shape[0])
    return float(parts[0][0, 0, 0]), float(parts[1][0, 0, 0])


@pytest.mark.parametrize("cycles", [2, 5, 40])
def test_unbiased_under_memory_with_unlike_cells(ar1, cycles):
    """Many small arrays of 8 cells: the mean of the estimates is exact, cells of very unlike spread included."""
    cells, arrays, phi = 8, 1500, 0.8
    values = ar1(cells * arrays, cycles, phi, seed=cycles, mean_sd=0.5).reshape(cycles, arrays, cells)
    factor = mean_covariance(phi ** np.arange(cycles)[:, None, None], cycles)
    memory, naive = np.array([[variances(values[:, a], f) for a in range(arrays)] for f in (factor, None)])
    error = memory.std(axis=0) / np.sqrt(arrays)
    assert np.all(np.abs(memory.mean(axis=0) - (1.0, 0.25)) < Z * error)
    wrong = np.abs(naive.mean(axis=0) - (1.0, 0.25)) / (naive.std(axis=0) / np.sqrt(arrays))
    assert wrong.min() > Z  # the negative control: analysis of variance is not unbiased here


def test_anova_is_the_textbooks(ar1):
    values = ar1(30, 7, 0.0, seed=1)
    mean = values.mean(axis=0)
    within = values.var(axis=0, ddof=1).mean()
    np.testing.assert_allclose(variances(values, None), (within, mean.var(ddof=1) - within / 7), rtol=1e-10)
    np.testing.assert_allclose(variances(values, np.array([[1 / 7]])), variances(values, None), rtol=1e-10)


def test_given_curve_and_device_agree(wrap, ar1, device):
    values = ar1(40, 25, 0.5, seed=2)
    ds = wrap(r_lrs=values)
    ds.attrs["settings"] = json.dumps({"device": device.to_dict()})
    curve = statistics_api.autocorrelation(ds, max_lag=24).model.sel(feature="r_lrs").values
    own = statistics_api.spread(ds)
    for given_curve in (curve, {"r_lrs": curve}):
        np.testing.assert_array_equal(own.r_lrs, statistics_api.spread(ds, autocorrelation=given_curve).r_lrs)
    assert not np.allclose(own.r_lrs, statistics_api.spread(ds, method="anova").r_lrs, rtol=1e-3)
    exact = statistics_api.population_moments(device)
    assert own.r_lrs_model.sel(part="device_to_device").item() == pytest.approx(np.sqrt(exact.between[2, 2]))


def test_published_spreads(device):
    """MODEL.md: LRS device to device 33,900 ohm^2, cycle to cycle 36,700 (with var gamma for x of unit variance)."""
    exact = statistics_api.population_moments(device)
    assert exact.between[2, 2] == pytest.approx(33_900, rel=5e-3)
    assert exact.within[2, 2] == pytest.approx(36_700, rel=1e-2)


def test_interval_covers(wrap, ar1):
    """95 % intervals of 200 arrays: between 172 and 200 hold the truth, but for a false alarm in a million."""
    curve, hits = 0.5 ** np.arange(20), np.zeros(2)
    for seed in range(200):
        ds = wrap(u_set=ar1(100, 20, 0.5, seed))
        found = statistics_api.spread(ds, autocorrelation=curve, replicates=200).u_set_interval.values[:2]
        hits += (found[:, 0] <= 1.0) & (found[:, 1] >= 1.0)
    assert np.all(hits >= 172)


def test_identical_devices_may_have_a_negative_variance_but_no_negative_spread(wrap):
    rng = np.random.default_rng(3)
    signs = []
    for _ in range(20):
        ds = wrap(u_set=rng.standard_normal((20, 50)))
        found = statistics_api.spread(ds, autocorrelation=[1.0])
        signs.append(found.u_set_variance.values[1] < 0)
        assert found.u_set.values[1] >= 0
        assert 0 <= found.device_share.item() <= 1
    assert 0 < sum(signs) < 20


@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-1e4, 1e4))
def test_spreads_scale_with_the_unit_and_ignore_the_origin(factor, shift):
    values = np.random.default_rng(4).standard_normal((6, 9))
    moved = np.sqrt(variances(factor * values + shift, None)[0])
    assert moved == pytest.approx(factor * np.sqrt(variances(values, None)[0]), rel=1e-6)


def test_log_scale_of_r_hrs(wrap, ar1):
    log = ar1(60, 10, 0.0, 5, mean_sd=0.1, spread_sd=0.1) / 10
    ds = wrap(r_hrs=10**log, u_set=log)
    found = statistics_api.spread(ds, autocorrelation=[1.0])
    np.testing.assert_allclose(found.r_hrs, found.u_set, rtol=1e-9)
    assert found.r_hrs.attrs["units"] == "log10(ohm)"
    assert statistics_api.spread(ds, "r_hrs", scale="linear", autocorrelation=[1.0]).r_hrs.attrs["units"] == "ohm"


def test_cells_with_gaps_are_left_out_and_counted(wrap, ar1):
    values = ar1(10, 10, 0.0, 6)
    torn = values.copy()
    torn[3, 4] = np.inf
    found = statistics_api.spread(wrap(u_set=torn), autocorrelation=[1.0])
    np.testing.assert_allclose(
        found.u_set, statistics_api.spread(wrap(u_set=np.delete(values, 4, axis=1)), autocorrelation=[1.0]).u_set
    )
    assert found.attrs["cells"] == "u_set: 9"


def test_layouts_and_blocks_do_not_matter(wrap, ar1, monkeypatch):
    values = ar1(60, 11, 0.4, 7)
    one = statistics_api.spread(wrap(u_set=values), autocorrelation=[1.0])
    two = statistics_api.spread(wrap(u_set=values, shape=(6, 10)), autocorrelation=[1.0])
    monkeypatch.setattr("synaptogen_core.analysis.columns.BLOCK_VALUES", 50)
    three = statistics_api.spread(
        wrap(u_set=values, shape=(6, 10)).transpose("row", "cycle", "column"), autocorrelation=[1.0]
    )
    for other in (two, three):
        np.testing.assert_allclose(one.u_set, other.u_set, rtol=1e-9)
        np.testing.assert_allclose(one.u_set_interval, other.u_set_interval, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, r"autocorrelation: must be given for data without a device \(got none\); or choose method='anova'"),
        ({"method": "magic"}, r"method: must be 'memory' or 'anova' \(got 'magic'\); 'memory' is unbiased"),
        ({"autocorrelation": [0.5, 0.2]}, r"autocorrelation: must be correlations by lag, from 1 at lag 0"),
        ({"autocorrelation": {"r_hrs": [1.0]}}, r"autocorrelation: must name every feature \(got none for 'r_lrs'\)"),
        ({"autocorrelation": np.ones(10)}, r"autocorrelation: must leave cycles that vary within 10 cycles"),
    ],
)
def test_bad_wishes_get_their_sentence(wrap, ar1, options, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        statistics_api.spread(wrap(r_lrs=ar1(5, 10, 0.3, 8)), **options)


def test_too_little_data_gets_its_sentence(wrap, ar1, device):
    with pytest.raises(
        ValueError, match=r"at least 2 cells without a missing value for device-to-device spread \(got 1"
    ):
        statistics_api.spread(wrap(r_lrs=ar1(1, 10, 0.3, 8)), device=device)
    with pytest.raises(ValueError, match=r"at least 2 cycles for cycle-to-cycle spread \(got 1\)"):
        statistics_api.spread(wrap(r_lrs=ar1(4, 1, 0.3, 8)), device=device)
    with pytest.raises(ValueError, match=r"must be given for 'r_hrs' on this scale \(got none\)"):
        statistics_api.spread(wrap(r_hrs=ar1(4, 9, 0.3, 8)), device=device, scale="linear")
    broken = wrap(r_lrs=ar1(4, 9, 0.3, 8)).assign_attrs(settings="{")
    with pytest.raises(ValueError, match=r"settings'\]: must be JSON"):
        statistics_api.spread(broken)
