"""Noisy reads: their spread, their shape and their independence, and that each can be made again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

import synaptogen_core as sc
from synaptogen_core.device.model import read_noise

Z = 4.89
KS = 2.69
SHAPE = (300, 300)
N = SHAPE[0] * SHAPE[1]
DEVICE = sc.load_device("hennen2024")


@pytest.fixture
def cells() -> sc.CellArray:
    made = sc.CellArray(SHAPE, DEVICE, seed=4)
    made.apply_voltage(-1.5)
    made.apply_voltage(np.linspace(0.7, 1.5, N))
    return made


def scores(cells: sc.CellArray, read: NDArray[np.float32], u: float, bandwidth: float) -> NDArray[np.float64]:
    """Reads as standard normals, if the noise is as stated: s^2 = 4 kB T BW |I/U| + 2 e |I| BW."""
    current = cells.current(u).astype(float)
    conductance = cells.conductance(u).astype(float)
    variance = 4 * 1.380649e-23 * 300 * bandwidth * np.abs(conductance)
    variance += 2 * 1.602176634e-19 * np.abs(current) * bandwidth
    return np.asarray(((read - current) / np.sqrt(variance)).ravel())


def distance(sample: NDArray[np.float64]) -> float:
    p = special.ndtr(np.sort(sample))
    steps = np.arange(p.size + 1) / p.size
    return float(max((steps[1:] - p).max(), (p - steps[:-1]).max()) * np.sqrt(p.size))


@pytest.mark.parametrize(("u", "bandwidth"), [(0.2, 1e8), (-0.4, 1e6), (0.6, 1e9)])
def test_reads_have_the_stated_noise(cells: sc.CellArray, u: float, bandwidth: float) -> None:
    z = scores(cells, cells.read(u, bandwidth), u, bandwidth)
    assert abs(z.var() - 1) < Z * np.sqrt(2 / N)
    assert abs(z.mean()) < Z / np.sqrt(N)
    assert distance(z) < KS
    assert abs(scores(cells, cells.read(u, 1.1 * bandwidth), u, bandwidth).var() - 1) > Z * np.sqrt(2 / N)


def test_the_golden_noise_of_a_read(cells: sc.CellArray) -> None:
    """42 nA at 44 uA and 0.2 V: among the cells within 5 % of that current, as the square root of the current."""
    current = cells.current(0.2)
    near = np.abs(current / 44e-6 - 1) < 0.05
    scaled = (cells.read(0.2) - current)[near] * np.sqrt(44e-6 / current[near])
    count = np.count_nonzero(near)
    assert abs(scaled.std() - 42e-9) < Z * 42e-9 / np.sqrt(2 * count) + 0.5e-9
    assert count > 500


def test_at_zero_volts_only_johnson_noise(cells: sc.CellArray) -> None:
    z = scores(cells, cells.read(0.0), 0.0, read_noise.BANDWIDTH)
    assert np.all(cells.current(0.0) == 0)
    assert abs(z.var() - 1) < Z * np.sqrt(2 / N)


def test_two_reads_are_independent(cells: sc.CellArray) -> None:
    one, two = (scores(cells, cells.read(), 0.2, read_noise.BANDWIDTH) for _ in range(2))
    assert abs((one * two).mean()) < Z / np.sqrt(N)
    assert abs((one * one).mean()) > Z / np.sqrt(N)


def test_no_bandwidth_reads_the_current(cells: sc.CellArray) -> None:
    assert np.array_equal(cells.read(0.2, bandwidth=0), cells.current(0.2))


def test_recorded_noise_is_that_of_a_read(cells: sc.CellArray) -> None:
    train = sc.PulseTrain.read_only(pulses=3, u=0.3)
    ds = sc.simulate(cells, train, record=["conductance", "current"], every=1, bandwidth=1e8, advance=False)
    for k in range(3):
        z = scores(cells, ds["current"].values[k], 0.3, 1e8)
        assert abs(z.var() - 1) < Z * np.sqrt(2 / N)
        z = scores(cells, 0.2 * ds["conductance"].values[k], 0.2, 1e8)
        assert abs(z.var() - 1) < Z * np.sqrt(2 / N)
    first, second = (scores(cells, ds["current"].values[k], 0.3, 1e8) for k in (0, 1))
    assert abs((first * second).mean()) < Z / np.sqrt(N)


def test_reads_can_be_made_again() -> None:
    def reads() -> list[NDArray[np.float32]]:
        cells = sc.CellArray((8, 8), DEVICE, seed=4)
        return [cells.read() for _ in range(3)]

    for one, two in zip(reads(), reads(), strict=True):
        assert one.tobytes() == two.tobytes()
