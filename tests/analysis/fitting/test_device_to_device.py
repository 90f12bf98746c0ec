"""The mixture of devices: sampling error taken off, number of components, intervals."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.stats import norm

from synaptogen_core.analysis.fitting.device_to_device import PROBABILITIES, DeviceFit, SamplingError, fit_devices

WIDTH = 8
CLEAR = SamplingError(100, np.ones(4), 1e-6 * np.eye(WIDTH))


def generator(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def fitted(points: np.ndarray, error: SamplingError = CLEAR, **options: int | None) -> DeviceFit:
    cycles = np.full(points.shape[0], 100.0)
    return fit_devices(points[:, :4], points[:, 4:], cycles, error, **{"replicates": 0, **options})


def test_one_device_has_no_spread_and_loads_no_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.mixture", None)
    found = fitted(np.arange(1.0, 9.0)[None])
    np.testing.assert_array_equal(found.means, [np.arange(1.0, 9.0)])
    assert not found.covariances.any()
    np.testing.assert_allclose(found.quantiles(), np.tile(np.arange(1.0, 9.0), (5, 1)))


@pytest.mark.statistical
def test_the_sampling_error_is_taken_off() -> None:
    """4,000 devices: variances known to sqrt(2 / 4,000) = 2.2 %, 11 % at 4.89 sigma; 50 % is taken off."""
    n, noise = 4_000, np.full(WIDTH, 0.5)
    truth = np.array([0.0] * 4 + [1.0] * 4) + np.sqrt(0.5) * 0.05 * generator(1).standard_normal((n, WIDTH))
    seen = truth + np.sqrt(noise) * 0.05 * generator(2).standard_normal((n, WIDTH))
    error = SamplingError(100, np.ones(4), np.diag(noise) * 0.05**2)
    found = fitted(seen, error, components=1)
    np.testing.assert_allclose(np.diag(found.covariances[0]), 0.5 * 0.05**2, rtol=0.22)
    np.testing.assert_allclose(found.blurred, 0.5, rtol=0.11)
    plain = fitted(seen, components=1)
    assert (np.diag(plain.covariances[0]) > 0.8 * 0.05**2).all()  # negative control


def test_a_spread_that_is_all_error_vanishes() -> None:
    seen = np.array([0.0] * 4 + [1.0] * 4) + 0.05 * generator(3).standard_normal((300, WIDTH))
    found = fitted(seen, SamplingError(100, np.ones(4), 4 * 0.05**2 * np.eye(WIDTH)), components=1)
    assert np.abs(found.covariances).max() < 1e-12


@pytest.mark.statistical
def test_components_are_counted_and_found() -> None:
    """Two clusters 6 sigma apart of 400 and 100 devices: a device is misplaced once in 700, weights known to 0.018."""
    points = np.array([0.0] * 4 + [3.0] * 4) + 0.3 * generator(4).standard_normal((500, WIDTH))
    points[400:, 0] += 1.8
    found = fitted(points, replicates=40)
    assert found.weights.size == 2
    assert np.nanargmin(found.criteria) == 1
    np.testing.assert_allclose(found.weights, [0.8, 0.2], atol=0.01)
    assert np.std([r.weights[0] for r in found.replicates]) == pytest.approx(0.018, rel=0.6)
    assert fitted(points[:400]).weights.size == 1  # negative control


def test_quantiles_are_those_of_the_margins() -> None:
    points = np.array([5.0] * WIDTH) + generator(5).standard_normal((2_000, WIDTH)) * 0.1
    found = fitted(points, components=1)
    spread = np.sqrt(np.diag(found.covariances[0]))
    expected = norm.ppf(PROBABILITIES)[:, None] * spread + found.means[0]
    np.testing.assert_allclose(found.quantiles(), expected, rtol=1e-9)


def test_few_devices_give_a_covariance_that_can_be_drawn_from() -> None:
    found = fitted(np.array([5.0] * WIDTH) + generator(6).standard_normal((3, WIDTH)) * 0.1)
    assert found.weights.tolist() == [1.0]
    assert (np.linalg.eigvalsh(found.covariances[0]) > -1e-15).all()


def test_too_many_components_are_refused() -> None:
    points = 5 + generator(7).standard_normal((40, WIDTH))
    with pytest.raises(ValueError, match="components: must leave at least 10 devices each, at most 4 of 40 devices"):
        fitted(points, components=7)
