"""Batches of vectors as matrix products: against the sums cell by cell, vector by vector."""

from __future__ import annotations

import numpy as np
import pytest

import synaptogen_core as sc
from synaptogen_core.crossbar.readout import read
from synaptogen_core.crossbar.readout.batches import LineCurves
from synaptogen_core.crossbar.readout.line_noise import LineNoise
from synaptogen_core.crossbar.readout.read import Periphery, read_columns

DEVICE = sc.load_device("hennen2024")
VOLTS = np.random.default_rng(5).uniform(-0.3, 0.3, (40, 24))


@pytest.fixture(scope="module")
def cells() -> sc.CellArray:
    found = sc.CellArray((24, 10), DEVICE, seed=6)
    found.apply_voltage(-1.5)
    found.apply_voltage(np.linspace(0.5, 1.5, found.size))
    return found


@pytest.mark.parametrize("linear", [False, True])
def test_a_batch_is_its_vectors(cells: sc.CellArray, linear: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    given = cells.conductance(0.2) if linear else cells
    noisy = Periphery(noise=LineNoise(1e8, density=1e-12))
    batch = [read_columns(given, VOLTS, periphery=p, seed=3) for p in (Periphery(), noisy)]
    monkeypatch.setattr(read, "FEW", 10**6)
    each = [read_columns(given, VOLTS, periphery=p, seed=3) for p in (Periphery(), noisy)]
    largest = np.abs(each[0]).max()
    for one, other in zip(batch, each, strict=True):
        assert np.abs(one - other).max() < 1e-6 * largest
    assert np.abs(batch[1] - batch[0]).max() > 1e-4 * largest  # the noise is there
    spread = [b - a for a, b in (batch, each)]
    assert np.abs(spread[0] / spread[1] - 1).max() < 1e-2  # of differences of nearly equal numbers


def test_a_cell_that_conducts_against_its_voltage_counts_by_its_amount() -> None:
    curves = LineCurves(DEVICE, np.full((3, 2), 0.2))
    beyond = np.array([[1.2], [0.1]]) * DEVICE.g_llrs / (DEVICE.g_llrs - DEVICE.g_hhrs)
    g = np.abs(DEVICE.g_llrs + beyond * (DEVICE.g_hhrs - DEVICE.g_llrs))
    variance = (4 * 1.380649e-23 * 300 + 2 * 1.602176634e-19 * 0.2) * 1e8 * g.sum()
    assert curves.variances(beyond, 1e8) == pytest.approx(np.full((3, 1), variance), rel=1e-6)
    assert g.sum() > 1.1 * abs((DEVICE.g_llrs + beyond * (DEVICE.g_hhrs - DEVICE.g_llrs)).sum())
