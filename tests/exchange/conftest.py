"""One small device, array and Dataset for all tests of reading and writing."""

from __future__ import annotations

import pytest
import xarray as xr

import synaptogen_core as sc


@pytest.fixture(scope="session")
def run(device: sc.DeviceParameters) -> xr.Dataset:
    """Everything that can be recorded, at cycle ends; more than one piece is too much for it."""
    cells = sc.CellArray((7, 5), device.vary(c2c=0.5), seed=2**63 - 1)
    train = sc.PulseTrain.cycling(20) + sc.PulseTrain.staircase(2, steps=4) + sc.PulseTrain.random(3)
    return sc.simulate(
        cells, train, record=["features", "conductance", "current", "state", "cycle_count", "voltage"], bandwidth=1e6
    )


@pytest.fixture(scope="session")
def chosen(device: sc.DeviceParameters) -> xr.Dataset:
    """Chosen cells, every second pulse, a long table of voltages, an empty attribute and foreign letters."""
    train = sc.PulseTrain.table([-1.5, 0.8, 1.5] * 500, [False, False, True] * 500)
    cells = sc.CellArray((4, 4), device, seed=1)
    ds = sc.simulate(cells, train, record=["features", "state", "conductance"], every=2, select=[1, 7, 12])
    return ds.assign_attrs(note="Ω, µ, 忆阻器", empty="")
