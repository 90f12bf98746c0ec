"""After SET and one pulse: conductances of 2e5 fresh cells against the golden lines, both of them sampled."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

import synaptogen_core as sc

Z = 4.89  # two-sided false-alarm rate 1e-6
N = 200_000
DEVICE = sc.load_device("hennen2024")
GOLDEN = {  # pulse [V]: mean and sd of G(0.2 V) [uS]
    0.7: (216.9, 13.2),
    0.8: (167.3, 24.2),
    0.9: (111.3, 18.0),
    1.0: (74.2, 11.5),
    1.2: (35.7, 6.8),
    1.4: (18.7, 6.8),
    1.46: (14.6, 7.0),
}


@cache
def conductances(u: float, device: sc.DeviceParameters = DEVICE, start: str = "empty") -> NDArray[np.float64]:
    cells = sc.CellArray((400, 500), device, seed=11, start=start)
    ds = sc.simulate(cells, sc.PulseTrain.table([-1.5, u]), record="conductance")
    return np.asarray(1e6 * ds["conductance"].values.ravel(), np.float64)


def deviations(g: NDArray[np.float64], mean: float, sd: float) -> tuple[float, float]:
    """Distances of mean and sd from the golden ones, in allowed distances: Z standard errors of the difference of two
    samples of N cells (of a heavy-tailed quantity: by its fourth moment), and half a unit of the last digit given."""
    kurtosis = float(((g - g.mean()) ** 4).mean() / g.var() ** 2)
    error_of_mean = g.std() * np.sqrt(2 / N)
    error_of_sd = g.std() * np.sqrt((kurtosis - 1) / 4 * 2 / N)
    return (
        abs(g.mean() - mean) / (Z * error_of_mean + 0.05),
        abs(g.std() - sd) / (Z * error_of_sd + 0.05),
    )


@pytest.mark.parametrize("u", GOLDEN)
def test_golden_conductances(u: float) -> None:
    assert max(deviations(conductances(u), *GOLDEN[u])) < 1


def worst(device: sc.DeviceParameters, start: str = "empty") -> float:
    return max(max(deviations(conductances(u, device, start), *GOLDEN[u])) for u in (0.7, 1.0, 1.46))


def test_a_stationary_start_would_fail() -> None:
    assert worst(DEVICE, "stationary") > 1


def test_an_averaged_mixture_would_fail() -> None:
    """The fault of the Verilog-A code: the weighted sum of a draw from each component."""
    w = DEVICE.weights
    covariance = np.einsum("k,kij,klj->il", w**2, DEVICE.factors, DEVICE.factors)
    averaged = replace(
        DEVICE, weights=[1.0], means=(w @ DEVICE.means)[None], factors=[np.linalg.cholesky(covariance)], outliers=()
    )
    assert worst(averaged) > 1


@pytest.mark.parametrize("wish", [{"eta": 3.2}, {"u_max": 1.48}, {"d2d": 1.1}])
def test_a_slightly_other_device_would_fail(wish: dict[str, float]) -> None:
    assert worst(DEVICE.vary(**wish)) > 1
