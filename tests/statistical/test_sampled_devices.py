"""Cells follow the mixture that their device states, varied or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import synaptogen_core as sc

Z = 4.89
N = 200_000
DEVICE = sc.load_device("hennen2024")


def vectors(device: sc.DeviceParameters) -> NDArray[np.float64]:
    """(mu, sigma) of N cells: (8, N)."""
    drawn = sc.CellArray((400, 500), device, seed=21).device_vectors()
    return np.concatenate([drawn["mu"], drawn["sigma"]]).reshape(8, -1).astype(float)


def law(device: sc.DeviceParameters) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    w, m = device.weights, device.means
    mean = w @ m
    within = np.einsum("k,kij,klj->il", w, device.factors, device.factors)
    return mean, within + np.einsum("k,ki,kj->ij", w, m - mean, m - mean)


def deviation(sample: NDArray[np.float64], device: sc.DeviceParameters) -> float:
    """Largest distance of a mean or covariance from the device's law, in Z standard errors taken from the sample."""
    mean, covariance = law(device)
    centred = sample - mean[:, None]
    worst = float(np.max(np.abs(centred.mean(axis=1)) / (Z * np.sqrt(np.diag(covariance) / N))))
    for i in range(8):
        for j in range(i + 1):
            products = centred[i] * centred[j]
            error = products.std() / np.sqrt(N)
            worst = max(worst, abs(float(products.mean() - covariance[i, j])) / (Z * error))
    return worst


VARIATIONS: list[dict[str, Any]] = [
    {},
    {"d2d": 0.5},
    {"c2c": {"r_hrs": 2.0, "u_set": 0.5}},
    {"outlier_share": 0.3},
    {"correlations": False},
]


@pytest.mark.parametrize("wishes", VARIATIONS)
def test_means_and_covariances_of_the_devices(wishes: dict[str, Any]) -> None:
    """Few sigmas are clipped (2e-4), by less than the error."""
    device = DEVICE.vary(**wishes)
    assert deviation(vectors(device), device) < 1


@pytest.mark.parametrize("wishes", [{"d2d": 1.03}, {"c2c": 1.01}, {"outlier_share": 0.05}, {"correlations": False}])
def test_a_slightly_other_law_would_fail(wishes: dict[str, Any]) -> None:
    assert deviation(vectors(DEVICE), DEVICE.vary(**wishes)) > 1


@pytest.mark.parametrize("share", [None, 0.0, 0.2, 1.0])
def test_shares_of_the_components(share: float | None) -> None:
    device = DEVICE.vary(outlier_share=share)
    cells = sc.CellArray((400, 500), device, seed=3)
    counts = np.bincount(cells.component().ravel(), minlength=3)
    expected = N * device.weights
    assert np.all(np.abs(counts - expected) <= Z * np.sqrt(expected * (1 - device.weights)) + 1e-6)
    assert np.array_equal(cells.outlier(), cells.component() == 2)


def test_components_are_picked_not_averaged() -> None:
    """The fault of the Verilog-A code: the weighted sum of a draw from each component has .37 to .66 of the spread."""
    _, covariance = law(DEVICE)
    averaged = np.einsum("k,kij,klj->il", DEVICE.weights**2, DEVICE.factors, DEVICE.factors)
    ratio = np.sqrt(np.diag(averaged) / np.diag(covariance))
    assert np.all(np.abs(vectors(DEVICE).std(axis=1) / np.sqrt(np.diag(covariance)) - 1) < 0.05)
    assert (round(float(ratio.min()), 2), round(float(ratio.max()), 2)) == (0.37, 0.66)
