"""Memory over cycles as a whole run shows it: pulses, rule, draw and record, against the exact laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

import synaptogen_core as sc
from synaptogen_core.device import stationary
from synaptogen_core.schema import FEATURE_NAMES

Z = 4.89
N = 40_000
LAST = 100
# every cell alike and every shape straight: x can be read off the features
CENTRE = np.array([4.8, -0.7, 4500.0, 0.75])
SCALE = np.array([0.05, 0.02, 50.0, 0.02])
PUBLISHED = sc.load_device("hennen2024")
PLAIN = replace(
    PUBLISHED,
    name="plain",
    gamma=[[1.0, 0.0]] * 4,
    weights=[1.0],
    means=[[*CENTRE, *SCALE]],
    factors=np.zeros((1, 8, 8)),
    outliers=(),
)
GOLDEN = {
    1: (0.1349, 0.1759, 0.5079, 0.3236),
    2: (0.1229, 0.1602, 0.4739, 0.3085),
    5: (0.1105, 0.1457, 0.4287, 0.2934),
    10: (0.1010, 0.1351, 0.3844, 0.2821),
    20: (0.0272, 0.0479, 0.2523, 0.1680),
    50: (0.0017, 0.0063, 0.0850, 0.0521),
    100: (0.0001, 0.0008, 0.0153, 0.0089),
}


def cycled(device: sc.DeviceParameters, cycles: int, start: str = "stationary") -> NDArray[np.float64]:
    """x of every cycle: (cycles, 4, cells)."""
    cells = sc.CellArray((200, 200), device, seed=5, start=start)
    ds = sc.simulate(cells, sc.PulseTrain.cycling(cycles))
    y = np.stack([ds[name].values.reshape(cycles, -1) for name in FEATURE_NAMES], axis=1).astype(float)
    y[:, 0] = np.log10(y[:, 0])
    return np.asarray((y - CENTRE[:, None]) / SCALE[:, None])


@pytest.fixture(scope="module")
def x() -> NDArray[np.float64]:
    return cycled(PLAIN, LAST + 1)


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlations (4, 4) over cells, which are independent draws."""
    variance = np.diag(stationary.covariance(PUBLISHED))
    return np.asarray(a @ b.T / a.shape[1] / np.sqrt(variance[:, None] * variance))


def tolerance(rho: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a mean of products of normals with correlation rho, whose variances are known: (1 + rho^2) / n."""
    return np.asarray(Z * np.sqrt((1 + rho**2) / N))


@pytest.mark.parametrize("lag", GOLDEN)
def test_autocorrelation(x: NDArray[np.float64], lag: int) -> None:
    golden = np.array(GOLDEN[lag])
    for end in (lag, LAST):  # the first pair of the run, and the last
        got = np.diag(correlation(x[end], x[end - lag]))
        assert np.all(np.abs(got - golden) < tolerance(golden) + 5e-5)


def test_cross_correlations(x: NDArray[np.float64]) -> None:
    lags = stationary.autocovariance(PUBLISHED, 1)
    spread = np.sqrt(np.diag(lags[0]))
    exact = lags / (spread[:, None] * spread)
    for lag in (0, 1):
        got = correlation(x[LAST], x[LAST - lag])
        diagonal = lag == 0  # a variance has another error: 2 / n
        allowed = Z * np.sqrt(2 / N) if diagonal else tolerance(exact[lag])
        assert np.all(np.abs(got - exact[lag]) < allowed)


def test_the_oldest_lag_read_as_the_newest_would_fail() -> None:
    """The fault of the published unvectorised code: .299 for LRS at lag 1, where .508 is right."""
    a, b = PUBLISHED.var[10]
    wrong = cycled(replace(PLAIN, var={10: (a[::-1], b)}), 2)
    assert abs(np.corrcoef(wrong[1, 2], wrong[0, 2])[0, 1] - 0.299) < Z / np.sqrt(N) + 5e-4
    got = np.diag(correlation(wrong[1], wrong[0]))
    assert np.any(np.abs(got - GOLDEN[1]) > tolerance(np.array(GOLDEN[1])))


def test_order_one_forgets() -> None:
    short = cycled(PLAIN.vary(order=1), 11)
    got = np.diag(correlation(short[10], short[0]))
    assert abs(got[2] - 0.0014) < tolerance(np.array(0.0014))
    assert np.any(np.abs(got - GOLDEN[10]) > tolerance(np.array(GOLDEN[10])))


def test_no_memory_forgets_at_once_and_keeps_the_covariance() -> None:
    independent = cycled(PLAIN.vary(autocorrelation=False), 3)
    assert np.all(np.abs(correlation(independent[2], independent[1])) < tolerance(np.zeros((4, 4))))
    exact = stationary.covariance(PUBLISHED)
    spread = np.sqrt(np.diag(exact))
    assert np.all(
        np.abs(correlation(independent[2], independent[2]) - exact / np.outer(spread, spread)) < Z * np.sqrt(2 / N)
    )


def test_no_correlations_keeps_the_autocorrelation() -> None:
    alone = cycled(PLAIN.vary(correlations=False), 6)
    for lag in (0, 1, 5):
        got = correlation(alone[5], alone[5 - lag])
        expected = np.diag(GOLDEN[lag]) if lag else np.eye(4)
        assert np.all(np.abs(got - expected) < Z * np.sqrt(2 / N))


# ------------------------------------------------------------------------------------------------------------ the start
@pytest.mark.parametrize("cycle", [0, 1, 5, 50])
def test_a_stationary_start_is_stationary(x: NDArray[np.float64], cycle: int) -> None:
    covariance = x[cycle] @ x[cycle].T / N
    exact = stationary.covariance(PUBLISHED)
    error = np.sqrt((np.outer(np.diag(exact), np.diag(exact)) + exact**2) / N)
    assert np.all(np.abs(covariance - exact) < Z * error)
    assert np.all(np.abs(x[cycle].mean(axis=1)) < Z * np.sqrt(np.diag(exact) / N))


def test_an_empty_start_varies_too_little() -> None:
    """As the published codes; it would fail the test above."""
    first = cycled(PLAIN, 1, start="empty")[0]
    golden = np.array([0.935, 0.905, 0.609, 0.759])
    variance = (first**2).mean(axis=1)
    error = Z * golden * np.sqrt(2 / N)
    assert np.all(np.abs(variance - golden) < error + 5e-4)
    assert np.all(np.abs(variance - np.diag(stationary.covariance(PUBLISHED))) > error)
