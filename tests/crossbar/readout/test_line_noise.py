"""Line noise: its law, and the addresses of its numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from synaptogen_core.crossbar.readout.line_noise import LineNoise, line_normals
from synaptogen_core.crossbar.readout.read import Periphery, read_columns
from synaptogen_core.device.model import random_streams, read_noise

KB, E, T = 1.380649e-23, 1.602176634e-19, 300.0


def test_one_cell_is_the_golden_cell() -> None:
    assert LineNoise().sd([[44e-6]], [[44e-6 / 0.2]])[0] == pytest.approx(42e-9, abs=0.5e-9)


@given(st.lists(st.tuples(st.floats(-1e-4, 1e-4), st.floats(-1e-3, 1e-3)), min_size=1, max_size=6), st.floats(0, 1e-9))
def test_variances_add(cells: list[tuple[float, float]], density: float) -> None:
    i, g = np.array(cells).T[:, :, None]
    expected = sum(4 * KB * T * 1e7 * abs(y) + 2 * E * 1e7 * abs(x) for x, y in cells) + density**2 * 1e7
    assert LineNoise(1e7, density).sd(i, g)[0] ** 2 == pytest.approx(expected, rel=1e-6, abs=1e-30)
    of_cells = read_noise.noise_sd(i.astype(np.float32), g.astype(np.float32), 1e7).astype(float)
    assert LineNoise(1e7).sd(i, g)[0] ** 2 == pytest.approx((of_cells**2).sum(), rel=1e-5, abs=1e-26)


def test_currents_of_both_signs_do_not_cancel() -> None:
    assert LineNoise(1e8).sd([[1e-5], [-1e-5]], [[0.0], [0.0]])[0] == pytest.approx(np.sqrt(4 * E * 1e5 * 1e-2))


def test_a_number_is_a_function_of_its_address() -> None:
    lines, reads = np.arange(40), np.arange(5)
    all_of_them = line_normals(lines, 9, reads)
    assert line_normals(lines[7:8], 9, reads[3:4])[0, 0] == all_of_them[3, 7]
    assert np.array_equal(line_normals(lines[13:], 9, reads[1:]), all_of_them[1:, 13:])
    four = random_streams.normals(9, random_streams.LINE, np.arange(10), 2)
    assert np.array_equal(all_of_them[2], four.T.ravel())
    assert np.unique(all_of_them).size == all_of_them.size
    assert not np.isin(line_normals(lines, 10, reads), all_of_them).any()
    assert not np.isin(read_noise.read_normals(lines.astype(np.uint64), 9, reads), all_of_them).any()  # of cells
    assert random_streams.LINE not in (
        random_streams.DEVICE,
        random_streams.START,
        random_streams.CYCLE,
        random_streams.READ,
        random_streams.PULSE,
    )


@pytest.mark.statistical
@pytest.mark.parametrize(("factor", "holds"), [(1.0, True), (1.05, False)])
def test_reads_scatter_by_the_law(factor: float, holds: bool) -> None:
    """The sum of squares over the variance is chi-square distributed; 5 % more is seen."""
    g = np.array([[1e-4, 2e-4, 1e-5], [3e-4, 1e-4, 2e-5]])
    volts = np.tile([0.2, -0.1], (20_000, 1))
    around = read_columns(g, volts, periphery=Periphery(noise=LineNoise(1e8, 2e-12)), seed=4) - volts @ g
    variance = (4 * KB * T * g + 2 * E * np.abs(volts[0][:, None] * g)).sum(axis=0) * 1e8 + 4e-24 * 1e8
    total = (around**2 / (factor**2 * variance)).sum(axis=0)
    limits = stats.chi2.ppf([1e-6, 1 - 1e-6], len(volts))
    inside = (limits[0] < total) & (total < limits[1])
    assert inside.all() if holds else not inside.any()
    mean = around.mean(axis=0) / np.sqrt(variance / len(volts))
    assert np.abs(mean).max() < 4.89
    assert np.abs(np.corrcoef(around.T) - np.eye(3)).max() < 4.89 / np.sqrt(len(volts))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((-1.0,), "bandwidth: must be 0 Hz or more (got -1); 0 reads without noise"),
        ((1e8, -1e-12), "density: must be 0 A/sqrt(Hz) or more (got -1e-12); 0 is without"),
    ],
)
def test_bad_noise(arguments: tuple[float, ...], sentence: str) -> None:
    with pytest.raises(ValueError) as error:
        LineNoise(*arguments)
    assert str(error.value) == sentence
