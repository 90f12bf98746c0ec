"""Round trip at full size: the published set's own cycles give the published set back."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from benchmarks.fitting import GROUPS, held, measured, other_device, truth_of

pytestmark = pytest.mark.statistical
Z = 4.89  # one in a million
DEVICES, CYCLES = 512, 6000


@pytest.fixture(scope="module")
def found() -> sc.fitting.Fit:
    device = sc.load_device("hennen2024")
    return sc.fitting.fit(measured(device, DEVICES, CYCLES, 7), device, name="again", order=10, components=3)


def rows(fit: sc.fitting.Fit, group: str) -> xr.Dataset:
    return fit.estimates.isel(parameter=fit.estimates["group"].values == group)


def test_memory_comes_back(found: sc.fitting.Fit) -> None:
    """160 numbers within 4.89 standard errors, 2.6e-3 for the standard error of 1 / sqrt(3 million) = 5.4e-4."""
    truth = truth_of(sc.load_device("hennen2024"))
    a = rows(found, "A")
    away = np.abs(a["value"].values - truth.a.ravel())
    assert (away < Z * a["standard_error"].values).all()
    assert away.max() < 2.6e-3
    assert np.median(a["standard_error"].values) < 7e-4
    assert np.abs(found.device.b - truth.b).max() < 6e-3
    assert found.orders.attrs["suggested"] == 10


@pytest.mark.parametrize("group", ["B", "gamma", "quantile"])
def test_numbers_come_back(found: sc.fitting.Fit, group: str) -> None:
    truth = truth_of(sc.load_device("hennen2024")).numbers(group)
    table = rows(found, group)
    away = np.abs(table["value"].values - truth) / table["standard_error"].values
    assert np.median(away) < 1.5  # .67 for the right standard errors
    assert away.max() < Z


def test_a_wrong_truth_is_noticed(found: sc.fitting.Fit) -> None:
    """Negative control: a lag exchanged for its neighbour lies far outside."""
    truth = truth_of(sc.load_device("hennen2024"))
    a = rows(found, "A")
    away = np.abs(a["value"].values - truth.a[::-1].ravel()) / a["standard_error"].values
    assert away.max() > 5 * Z


def test_another_device_comes_back() -> None:
    """Two components, order 2, cubic shapes: of 129 intervals of 95 %, at least 80 % hold (dependent in groups)."""
    found = held(other_device(), 256, 400, 3)
    inside, total = (sum(found[group][k] for group in GROUPS) for k in range(2))
    assert total == 32 + 10 + 16 + 2 + 40
    assert inside / total > 0.8
