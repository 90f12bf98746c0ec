"""Read noise: the golden values, the limits, and one normal a cell and read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synaptogen_core.device.model import random_streams, read_noise


def sd(current: float, voltage: float, bandwidth: float = read_noise.BANDWIDTH) -> float:
    i = np.array([current], np.float32)
    return float(read_noise.noise_sd(i, i / np.float32(voltage), bandwidth)[0])


@pytest.mark.parametrize(("current", "voltage", "golden"), [(44e-6, 0.2, 42e-9), (137e-6, 0.6, 69e-9)])
def test_golden_noise(current: float, voltage: float, golden: float) -> None:
    assert abs(sd(current, voltage) - golden) < 0.5e-9


def test_shot_noise_alone_would_miss_the_golden_value() -> None:
    i = np.array([44e-6], np.float32)
    assert abs(float(read_noise.noise_sd(i, 0 * i, read_noise.BANDWIDTH)[0]) - 42e-9) > 2e-9


@given(st.floats(-1e-3, 1e-3), st.floats(0.01, 1.5), st.sampled_from([-1, 1]), st.floats(0, 1e10))
def test_formula(current: float, voltage: float, sign: int, bandwidth: float) -> None:
    u = sign * voltage
    johnson = abs(4 * 1.380649e-23 * 300 * bandwidth * current / u)
    shot = abs(2 * 1.602176634e-19 * current * bandwidth)
    assert sd(current, u, bandwidth) == pytest.approx(np.sqrt(johnson + shot), rel=1e-5, abs=1e-17)


def test_without_voltage_the_johnson_noise_of_the_slope_remains() -> None:
    zero, slope = np.zeros(1, np.float32), np.array([2.65e-4], np.float32)
    expected = np.sqrt(4 * 1.380649e-23 * 300 * 1e8 * 2.65e-4)
    assert read_noise.noise_sd(zero, slope, 1e8)[0] == pytest.approx(expected, rel=1e-6)
    assert read_noise.noise_sd(zero, -slope, 1e8)[0] == pytest.approx(expected, rel=1e-6)


def test_no_bandwidth_no_noise() -> None:
    assert sd(44e-6, 0.2, 0) == 0


def test_one_call_serves_four_neighbours() -> None:
    cell = np.arange(40, 60, dtype=np.uint64)
    four = random_streams.normals(5, random_streams.READ, np.arange(10, 15, dtype=np.uint64), 3)
    assert np.array_equal(read_noise.read_normals(cell, 5, 3), four.T.ravel())


@given(st.lists(st.integers(0, 2**62), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_a_cell_has_its_noise_in_any_company(cells: list[int], number: int) -> None:
    together = read_noise.read_normals(np.array(cells, np.uint64), 5, number)
    alone = [read_noise.read_normals(np.array([cell], np.uint64), 5, number)[0] for cell in cells]
    assert together.tolist() == alone


def test_two_reads_and_two_seeds_differ() -> None:
    cell = np.arange(1000, dtype=np.uint64)
    one = read_noise.read_normals(cell, 5, 0)
    assert np.mean(one == read_noise.read_normals(cell, 5, 1)) < 0.01
    assert np.mean(one == read_noise.read_normals(cell, 6, 0)) < 0.01
