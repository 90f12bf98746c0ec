"""Datasets of known laws, made without the simulator: the statistics are tested against mathematics, not against it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

import synaptogen_core as sc
from synaptogen_core.device import stationary
from synaptogen_core.schema import FEATURE_NAMES, VARIABLES


@pytest.fixture(scope="session")
def wrap() -> Callable[..., xr.Dataset]:
    """Arrays (cycle, cell) by name -> Dataset in the project's layout; `shape` folds cells into rows and columns."""

    def make(shape: tuple[int, int] | None = None, **values: np.ndarray) -> xr.Dataset:
        dims = ("cycle", "cell") if shape is None else ("cycle", "row", "column")
        return xr.Dataset(
            {
                name: (dims, v if shape is None else v.reshape(-1, *shape), VARIABLES.get(name, {}))
                for name, v in values.items()
            }
        )

    return make


@pytest.fixture(scope="session")
def ar1() -> Callable[..., np.ndarray]:
    """Cells m + s x(n), x a stationary AR(1) with coefficient phi, (m, s) different for each cell: (cycles, cells)."""

    def make(
        cells: int, cycles: int, phi: float, seed: int, *, mean_sd: float = 1.0, spread_sd: float = 0.5
    ) -> np.ndarray:
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((cycles, cells))
        for n in range(1, cycles):
            x[n] = phi * x[n - 1] + np.sqrt(1 - phi * phi) * x[n]
        spread = np.exp(spread_sd * rng.standard_normal(cells) - spread_sd**2)  # mean square 1
        return 10.0 + mean_sd * rng.standard_normal(cells) + spread * x

    return make


@pytest.fixture(scope="session")
def draw_population() -> Callable[..., dict[str, np.ndarray]]:
    """Values of one cycle of many cells in float64, by the equations of the model; r_hrs in log10."""

    def draw(device: sc.DeviceParameters, cells: int, seed: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(seed)
        component = rng.choice(device.weights.size, p=device.weights, size=cells)
        vector = np.empty((cells, 8))
        for k in np.unique(component):
            chosen = component == k
            vector[chosen] = device.means[k] + rng.standard_normal((chosen.sum(), 8)) @ device.factors[k].T
        sigma = np.maximum(vector[:, 4:], device.sigma_floor)
        x = rng.standard_normal((cells, 4)) @ np.linalg.cholesky(stationary.covariance(device)).T
        z = np.stack([np.polyval(g, x[:, i]) for i, g in enumerate(device.gamma)], axis=1)
        return dict(zip(FEATURE_NAMES, (vector[:, :4] + sigma * z).T, strict=True))

    return draw
