"""Autocorrelation, cross-correlation and correlation matrices of Datasets."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.statistics.autocorrelation import memory_of
from synaptogen_core.analysis.statistics.lag_products import expected_products, ratios
from synaptogen_core.device import stationary

Z = 4.89  # two-sided false alarm of 1e-6


def test_curve_of_an_ar1_is_the_expected_one_and_not_the_true_one(wrap, ar1):
    cells, cycles, phi = 20_000, 20, 0.7
    ds = wrap(r_lrs=ar1(cells, cycles, phi, seed=1))
    found = statistics_api.autocorrelation(ds, max_lag=10, confidence=0.95)
    curve = phi ** np.arange(cycles)[:, None, None]
    expected = ratios(expected_products(curve, cycles, 10), cycles, "N")[:, 0, 0]
    half = np.diff(found.autocorrelation_interval.values[:, 0], axis=1)[:, 0] / 2
    distance = np.abs(found.autocorrelation.values[:, 0] - expected)[1:] / (half[1:] / 1.96)
    assert distance.max() < Z
    wrong = np.abs(found.autocorrelation.values[:, 0] - curve[:11, 0, 0])[1:] / (half[1:] / 1.96)
    assert wrong.min() > Z  # the negative control: at every lag the true curve is not what is seen


def test_lrs_at_lag_10_from_100_cycles(device):
    """The feature's own 0.377 (x: 0.384) is seen as 0.177 (x: 0.182)."""
    feature = memory_of(device, 100)
    x = stationary.autocovariance(device, 99)
    x = x / np.sqrt(np.outer(np.diag(x[0]), np.diag(x[0])))
    for curve, true, seen in ((feature, 0.3767, 0.1774), (x, 0.3844, 0.1818)):
        assert curve[10, 2, 2] == pytest.approx(true, abs=1e-4)
        assert ratios(expected_products(curve, 100, 10), 100, "N")[10, 2, 2] == pytest.approx(seen, abs=1e-4)


def test_the_dataset_knows_its_device(wrap, ar1, device):
    ds = wrap(r_lrs=ar1(50, 30, 0.5, 3), conductance=ar1(50, 30, 0.5, 4))
    assert np.isnan(statistics_api.autocorrelation(ds, "r_lrs").model).all()
    ds.attrs["settings"] = json.dumps({"device": device.vary(autocorrelation=False).to_dict()})
    found = statistics_api.autocorrelation(ds, ("r_lrs", "conductance"))
    np.testing.assert_allclose(found.model.sel(feature="r_lrs"), [1.0, *[0.0] * 29], atol=1e-12)
    assert np.isnan(found.expected.sel(feature="conductance")).all()
    given_device = statistics_api.autocorrelation(ds, "r_lrs", device=device)
    assert given_device.model.sel(lag=10, feature="r_lrs").item() == pytest.approx(0.3767, abs=1e-4)
    assert np.isnan(statistics_api.autocorrelation(ds, "r_lrs", scale="log").model).all()


def test_memory_dies_before_a_long_run_ends(device):
    curve = memory_of(device, 10**6)
    assert curve.shape[0] < 10_000
    np.testing.assert_array_equal(curve[:100], stationary.feature_autocorrelation(device, 99))


def test_cross_correlation_keeps_its_direction(wrap):
    """b repeats a two cycles later: b(n) = a(n - 2), so (b, a) is 1 at lag 2 and (a, b) is not."""
    a = np.random.default_rng(5).standard_normal((400, 30))
    ds = wrap(r_lrs=a[2:], u_reset=a[:-2])
    found = statistics_api.cross_correlation(ds, max_lag=3).cross_correlation
    assert found.sel(feature="u_reset", feature_other="r_lrs", lag=2).item() > 0.97
    assert abs(found.sel(feature="r_lrs", feature_other="u_reset", lag=2).item()) < 0.1


@given(factor=st.floats(0.01, 100).flatmap(lambda f: st.sampled_from([f, -f])), shift=st.floats(-1e3, 1e3))
def test_correlations_do_not_know_units(factor, shift):
    import xarray as xr

    rng = np.random.default_rng(6)
    a, b = rng.standard_normal((2, 12, 7))
    dims = ("cycle", "cell")
    plain = xr.Dataset({"u_set": (dims, a), "r_lrs": (dims, b + 0.5 * a)})
    other = plain.assign(u_set=plain.u_set * factor + shift)
    one, two = (statistics_api.autocorrelation(ds, "u_set", replicates=40) for ds in (plain, other))
    np.testing.assert_allclose(one.autocorrelation, two.autocorrelation, atol=1e-9)
    one, two = (statistics_api.correlations(ds, replicates=40) for ds in (plain, other))
    for name in ("cycle_to_cycle", "population", "device_means", "device_means_spearman"):
        sign = np.array([[1, np.sign(factor)], [np.sign(factor), 1]])
        np.testing.assert_allclose(one[name], two[name] * sign, atol=1e-9)


def test_correlation_matrices_of_known_covariances(wrap):
    """Between devices 0.8, within -0.5, cycles independent: a correlation argument is not needed to see them."""
    rng = np.random.default_rng(7)
    cells, cycles = 4000, 10
    between = rng.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], cells)
    within = rng.multivariate_normal([0, 0], [[4, -2], [-2, 4]], (cycles, cells))
    values = between + within
    ds = wrap(r_lrs=values[..., 0], u_reset=values[..., 1], shape=(40, 100))
    found = statistics_api.correlations(ds)
    # standard error of a correlation of n normal pairs: (1 - rho^2)/sqrt(n)
    assert found.cycle_to_cycle.values[0, 1] == pytest.approx(-0.5, abs=Z * 0.75 / np.sqrt(cells * (cycles - 1)))
    for name, true in (("device_to_device", 0.8), ("population", (0.8 - 2) / 5)):
        low, high = found[f"{name}_interval"].values[0, 1]
        assert abs(found[name].values[0, 1] - true) < Z * (high - low) / 3.92
    # the means as they are carry a tenth of the cycle-to-cycle covariance
    assert found.device_means.values[0, 1] == pytest.approx(0.6 / 1.4, abs=Z / np.sqrt(cells))
    assert abs(found.device_means.values[0, 1] - 0.8) > 0.2
    assert found.attrs["correction"].startswith("none")
    assert found.cells == cells


def test_results_explain_themselves(wrap, ar1):
    found = statistics_api.autocorrelation(wrap(r_hrs=ar1(9, 12, 0.3, 8)))
    for variable in (*found.data_vars.values(), found.lag):
        assert variable.attrs["long_name"]
        assert variable.attrs["units"] == "1"
    assert found.attrs["interval"].startswith("95 % percentile bootstrap interval; cells are the independent units")
    assert found.attrs["scales"] == "r_hrs: log"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_lag": 12}, "max_lag: must be from 0 to 11 (got 12); choose one in that range"),
        ({"divide_by": "n"}, "divide_by: must be 'N' or 'N-k' (got 'n'); 'N' is conventional"),
        ({"replicates": 39}, "replicates: must be at least 40 for an interval of 95 % (got 39); 400 is usual"),
        ({"confidence": 1.0}, "confidence: must lie between 0 and 1 (got 1.0); 0.95 is usual"),
        ({"scale": "decibel"}, "scale: must be 'linear' or 'log' (got 'decibel'); leave it out for the feature's own"),
        (
            {"features": "r_xyz"},
            "feature: must be a variable of the Dataset (got 'r_xyz'); it holds r_lrs - record what is missing with "
            "simulate(..., record=...)",
        ),
        ({"features": ()}, "features: must name at least one variable (got none); leave it out for all features"),
    ],
)
def test_bad_wishes_get_their_sentence(wrap, ar1, options, sentence):
    with pytest.raises(ValueError, match="^" + re.escape(sentence) + "$"):
        statistics_api.autocorrelation(wrap(r_lrs=ar1(5, 12, 0.3, 8)), **options)


def test_too_little_data_gets_its_sentence(wrap, ar1):
    with pytest.raises(ValueError, match=r"at least 2 cycles for a correlation over lags \(got 1\)"):
        statistics_api.autocorrelation(wrap(r_lrs=ar1(5, 1, 0.3, 8)))
    with pytest.raises(ValueError, match=r"at least 3 cells without a missing value for correlations between devices"):
        statistics_api.correlations(wrap(r_lrs=ar1(2, 10, 0.3, 8)))
    torn = ar1(3, 10, 0.3, 8)
    torn[0] = np.nan
    with pytest.raises(ValueError, match=r"at least 1 cell without .* \(got 0, and 3 with missing values\)"):
        statistics_api.autocorrelation(wrap(r_lrs=torn))


def test_one_cell_has_a_curve_but_no_interval(wrap, ar1):
    found = statistics_api.autocorrelation(wrap(r_lrs=ar1(1, 50, 0.3, 8)))
    assert np.isfinite(found.autocorrelation).all()
    assert np.isnan(found.autocorrelation_interval).all()
