"""Autoregression of many short series: sums without borders, exact laws, the correction for the devices' means."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synaptogen_core as sc
from synaptogen_core.analysis.fitting import autoregression as ar
from synaptogen_core.analysis.statistics.lag_products import mean_covariance
from synaptogen_core.device import stationary
from synaptogen_core.device.recursion import spectral_radius


def unit_model(device: sc.DeviceParameters) -> tuple[np.ndarray, np.ndarray]:
    """A, and the covariance of the innovations, x of unit variance."""
    spread = np.sqrt(np.diag(stationary.covariance(device)))
    b = device.b / spread[:, None]
    return device.a / spread[:, None] * spread, b @ b.T


def exact_lags(device: sc.DeviceParameters, longest: int) -> np.ndarray:
    spread = np.sqrt(np.diag(stationary.covariance(device)))
    return stationary.autocovariance(device, longest) / spread[:, None] / spread


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 2), st.integers(1, 60))
def test_windows_are_those_without_a_gap(seed: int, order: int, features: int, rows: int) -> None:
    generator = np.random.Generator(np.random.PCG64(seed))
    x = generator.standard_normal((rows, features))
    x[generator.random(rows) < 0.15] = np.nan
    borders = np.unique(np.concatenate([[0, rows], generator.integers(0, rows, 3)]))
    found = ar.window_products(x, borders, order)
    for unit, (first, last) in enumerate(pairwise(borders)):
        windows = [x[n - order : n + 1][::-1].ravel() for n in range(max(first, order), last)]
        windows = [w for w in windows if np.isfinite(w).all()]
        assert found.counts[unit] == len(windows)
        expected = sum((np.outer(w, w) for w in windows), np.zeros_like(found.sums[unit]))
        np.testing.assert_allclose(found.sums[unit], expected, atol=1e-9)


def test_threads_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    x, borders = np.random.Generator(np.random.PCG64(3)).standard_normal((400, 2)), np.arange(0, 401, 40)
    alone = ar.window_products(x, borders, 3)
    monkeypatch.setattr(ar, "WORTH_THREADS", 1)
    dealt = ar.window_products(x, borders, 3)
    assert (alone.sums == dealt.sums).all() and (alone.counts == dealt.counts).all()


@pytest.mark.parametrize("order", [1, 3, 10])
def test_exact_moments_give_the_model_back(device: sc.DeviceParameters, order: int) -> None:
    device = device.vary(order=order)
    a, noise = unit_model(device)
    second = ar.toeplitz(exact_lags(device, order))
    np.testing.assert_allclose(ar.lag_means(second, 4), exact_lags(device, order), atol=1e-12)
    found = ar.solve(second, order, 4)
    np.testing.assert_allclose(found[0], a, atol=1e-9)
    np.testing.assert_allclose(found[1], noise, atol=1e-9)
    again = ar.stationary(*found)
    np.testing.assert_allclose(again[0], a, atol=1e-8)
    assert not again[2]
    assert spectral_radius(a) == pytest.approx(spectral_radius(device.a), abs=1e-12)


@pytest.mark.parametrize("cycles", [100, 1000])
@pytest.mark.parametrize("method", ar.METHODS)
def test_the_covariance_of_the_means_is_added_again(device: sc.DeviceParameters, cycles: int, method: str) -> None:
    lags = exact_lags(device, 4000)
    lost = mean_covariance(lags, cycles)
    second = ar.toeplitz(lags[:11]) - np.tile(lost, (11, 11))
    a, _ = unit_model(device)
    fixed, found = ar.corrected(second, 10, 4, {cycles: 1.0}, method)
    np.testing.assert_allclose(found, lost, atol=2e-3)
    assert np.abs(ar.solve(fixed, 10, 4)[0] - a).max() < 1e-3
    plain = ar.solve(ar.with_mean(second, np.zeros((4, 4)), 4), 10, 4)[0]
    assert np.abs(plain - a).max() > 3 * np.abs(ar.solve(fixed, 10, 4)[0] - a).max()  # negative control


def test_an_unstable_model_is_drawn_in() -> None:
    a = np.array([[[1.2, 0.0], [0.1, 0.5]]])
    found, noise, changed = ar.stationary(a, np.eye(2))
    assert changed
    assert spectral_radius(found) < 1
    assert (np.diag(noise) > 0).all()


@pytest.mark.statistical
def test_criteria_find_the_order(device: sc.DeviceParameters) -> None:
    """With 50,000 windows BIC misses an order of 3 with a probability far below 1e-3; AIC may only overshoot."""
    device = device.vary(order=3)
    a, noise = unit_model(device)
    generator, factor = np.random.Generator(np.random.PCG64(5)), np.linalg.cholesky(noise)
    x = np.zeros((50_000, 4))
    drawn = generator.standard_normal(x.shape) @ factor.T
    for n in range(3, x.shape[0]):
        x[n] = drawn[n] + sum(a[k] @ x[n - 1 - k] for k in range(3))
    products = ar.window_products(x, np.array([0, x.shape[0]]), 8)
    found = ar.criteria(products.sums[0] / products.counts[0], 4, products.counts[0])
    assert np.argmin(found["bic"]) + 1 == 3
    assert np.argmin(found["hannan_quinn"]) + 1 == 3
    assert np.argmin(found["aic"]) + 1 >= 3
