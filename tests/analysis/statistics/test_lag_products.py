"""Products over lags: against loops, dense matrices and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from synaptogen_core.analysis.columns import cell_blocks
from synaptogen_core.analysis.resampling import group_starts
from synaptogen_core.analysis.statistics import lag_products
from synaptogen_core.device import stationary


def blocks(columns):
    cells = columns[0].shape[1]
    return cell_blocks(columns, ["linear"] * len(columns), group_starts(cells, lag_products.GROUPS))


def dense(correlation: np.ndarray, times: int, max_lag: int) -> np.ndarray:
    """The expectation by the full covariance matrix of one cell's series and the projection away from its mean."""
    full = np.zeros((times, times, *correlation.shape[1:]))
    for n in range(times):
        for m in range(times):
            full[n, m] = correlation[n - m] if n >= m else correlation[m - n].T
    away = np.eye(times) - 1.0 / times
    left = np.einsum("ab,bcij,cd->adij", away, full, away)
    return np.array([sum(left[n, n - k] for n in range(k, times)) for k in range(max_lag + 1)]) / times


@pytest.mark.parametrize("times", [2, 3, 30])
def test_expectation_is_that_of_the_full_covariance_matrix(device, times):
    correlation = stationary.feature_autocorrelation(device, times - 1)
    exact = dense(correlation, times, times - 1)
    np.testing.assert_allclose(lag_products.expected_products(correlation, times, times - 1), exact, atol=1e-13)
    # the deviations of a series from its own mean sum to nothing: so do all their lagged products, both ways
    np.testing.assert_allclose(exact[0] + (exact[1:] + exact[1:].transpose(0, 2, 1)).sum(axis=0), 0.0, atol=1e-13)


def test_a_correlation_that_ends_early_is_zero_beyond(device):
    short = stationary.feature_autocorrelation(device, 4)
    padded = np.concatenate([short, np.zeros((15, 4, 4))])
    np.testing.assert_array_equal(
        lag_products.expected_products(short, 20, 19), lag_products.expected_products(padded, 20, 19)
    )


def test_independent_cycles_look_anticorrelated():
    """Closed form: E c_0 = 1 - 1/N and E c_k = -(N - k)/N^2."""
    n = 10
    found = lag_products.expected_products(np.ones((1, 1, 1)), n, n - 1)[:, 0, 0]
    np.testing.assert_allclose(found, [1 - 1 / n, *(-(n - np.arange(1, n)) / n**2)], atol=1e-15)


@pytest.mark.parametrize(("phi", "times"), [(0.0, 7), (0.5, 100), (0.99, 1000), (-0.4, 20)])
def test_variance_of_a_mean_of_an_ar1(phi, times):
    curve = phi ** np.arange(times)[:, None, None]
    closed = (1 + phi) / (1 - phi) / times - 2 * phi * (1 - phi**times) / (times * (1 - phi)) ** 2
    assert lag_products.mean_covariance(curve, times)[0, 0] == pytest.approx(closed, rel=1e-10)


def test_mean_of_100_lrs_cycles_has_the_published_variance(device):
    """MODEL.md, statistics of dependent cycles: 0.215 sigma^2 for x, not 0.01."""
    x = stationary.autocovariance(device, 99)
    assert lag_products.mean_covariance(x, 100)[2, 2] / x[0, 2, 2] == pytest.approx(0.215, abs=5e-4)


def test_sums_are_those_of_a_loop():
    rng = np.random.default_rng(1)
    columns = [rng.standard_normal((17, 300)).cumsum(axis=0) for _ in range(3)]
    products, used = lag_products.pooled_products(blocks(columns), 300, 16, cross=True)
    itself, _ = lag_products.pooled_products(blocks(columns), 300, 16, cross=False)
    d = np.stack(columns) - np.stack(columns).mean(axis=1, keepdims=True)
    loop = np.array([np.einsum("inc,jnc->ij", d[:, k:], d[:, : 17 - k]) for k in range(17)])
    np.testing.assert_allclose(products.sum(axis=0), loop, rtol=1e-10, atol=1e-8)
    np.testing.assert_allclose(itself.sum(axis=0), np.einsum("kii->ki", loop), rtol=1e-10, atol=1e-8)
    assert products.shape == (lag_products.GROUPS, 17, 3, 3)
    assert used.sum() == 300


def test_a_cell_with_a_gap_is_left_out():
    rng = np.random.default_rng(2)
    values = rng.standard_normal((9, 5))
    torn = values.copy()
    torn[4, 2] = np.nan
    found, used = lag_products.pooled_products(blocks([torn]), 5, 3, cross=False)
    whole, _ = lag_products.pooled_products(blocks([values[:, [0, 1, 3, 4]]]), 4, 3, cross=False)
    np.testing.assert_allclose(found.sum(axis=0), whole.sum(axis=0), atol=1e-12)
    np.testing.assert_array_equal(used, [1, 1, 0, 1, 1])


def test_both_divisors():
    products = np.array([4.0, 2.0, 1.0])[:, None]
    np.testing.assert_allclose(lag_products.ratios(products, 4, "N")[:, 0], [1, 0.5, 0.25])
    np.testing.assert_allclose(lag_products.ratios(products, 4, "N-k")[:, 0], [1, 0.5 * 4 / 3, 0.25 * 2])


def test_what_does_not_vary_has_no_correlation():
    assert np.isnan(lag_products.ratios(np.zeros((3, 1)), 4, "N")).all()
