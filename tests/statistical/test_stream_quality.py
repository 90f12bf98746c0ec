"""Uniforms and normals: distribution, tails, and independence of neighbouring addresses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from synaptogen_core.device.model import random_streams, read_noise

Z = 4.89
KS = 2.69  # Kolmogorov and Smirnov's limit at 1e-6, over sqrt(n)
N = 200_000
CELLS = np.arange(N, dtype=np.uint64)
SEEDS = (0, 7, 2**64 - 1)


def distance(sample: NDArray[np.floating], cdf: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> float:
    """Kolmogorov and Smirnov's, times sqrt(n)."""
    p = cdf(np.sort(sample.astype(np.float64)))
    n = p.size
    steps = np.arange(n + 1) / n
    return float(max((steps[1:] - p).max(), (p - steps[:-1]).max()) * np.sqrt(n))


def correlated(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Largest of the correlations of values, squares, and values with squares, in Z standard errors of independence."""

    def standard(x: NDArray[np.floating]) -> NDArray[np.float64]:
        x = x.astype(np.float64)
        return np.asarray((x - x.mean()) / x.std())

    pairs = [(a, b), (a**2, b**2), (a, b**2), (a**2, b)]
    return max(abs(float((standard(x) * standard(y)).mean())) * np.sqrt(a.size) / Z for x, y in pairs)


@pytest.mark.parametrize("seed", SEEDS)
def test_uniforms_are_uniform(seed: int) -> None:
    for lane in random_streams.uniforms(seed, random_streams.PULSE, CELLS, 3):
        assert distance(lane, lambda u: u) < KS


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "purpose", [random_streams.DEVICE, random_streams.START, random_streams.CYCLE, random_streams.READ]
)
def test_normals_are_normal(seed: int, purpose: int) -> None:
    for lane in random_streams.normals(seed, purpose, CELLS, 3):
        assert distance(lane, special.ndtr) < KS


def test_normals_over_the_cycles_of_one_cell_are_normal() -> None:
    cell = np.full(N, 12_345, np.uint64)
    for lane in random_streams.normals(7, random_streams.CYCLE, cell, np.arange(N)):
        assert distance(lane, special.ndtr) < KS


def test_wrong_distributions_would_fail() -> None:
    z = random_streams.normals(7, random_streams.CYCLE, CELLS, 3)[0]
    assert distance(1.04 * z, special.ndtr) > KS
    assert distance(z + 0.02, special.ndtr) > KS
    u = random_streams.uniforms(7, random_streams.CYCLE, CELLS, 3)
    assert distance(u[0] ** 1.05, lambda p: p) > KS
    twelve = (u[0] + u[1] + u[2] + u[3] - 2) * np.sqrt(3)  # a sum of uniforms is not yet a normal
    assert distance(twelve, special.ndtr) > KS


@pytest.mark.parametrize("limit", [3.0, 4.0])
def test_tails(limit: float) -> None:
    """8e5 draws: 2160 beyond 3, 51 beyond 4; Poisson."""
    z = random_streams.normals(7, random_streams.CYCLE, CELLS, 4)
    expected = 2 * special.ndtr(-limit) * z.size
    assert abs(np.count_nonzero(np.abs(z) > limit) - expected) < Z * np.sqrt(expected) + 2


def test_moments() -> None:
    z = random_streams.normals(7, random_streams.CYCLE, CELLS, 5).astype(np.float64)
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((z**power).mean() - mean) < Z * np.sqrt(variance / z.size)


def test_the_four_lanes_of_a_call_are_independent() -> None:
    z = random_streams.normals(7, random_streams.CYCLE, CELLS, 3)
    for i in range(4):
        for j in range(i):
            assert correlated(z[i], z[j]) < 1


@pytest.mark.parametrize("distance_in_cells", [1, 2, 3, 512, 1024])
def test_neighbouring_cells_are_independent(distance_in_cells: int) -> None:
    z = random_streams.normals(7, random_streams.CYCLE, CELLS, 3)
    for i in range(4):
        for j in range(4):
            assert correlated(z[i, distance_in_cells:], z[j, :-distance_in_cells]) < 1


@pytest.mark.parametrize(
    "other",
    [
        (7, random_streams.CYCLE, 4, 0),
        (7, random_streams.CYCLE, 1, 0),
        (7, random_streams.READ, 3, 0),
        (7, random_streams.START, 3, 0),
        (7, random_streams.CYCLE, 3, 1),
        (8, random_streams.CYCLE, 3, 0),
        (7 + 2**32, random_streams.CYCLE, 3, 0),
    ],
)
def test_other_cycles_purposes_sub_draws_and_seeds_are_independent(other: tuple[int, int, int, int]) -> None:
    one = random_streams.normals(7, random_streams.CYCLE, CELLS, 3, 0)
    seed, purpose, count, sub = other
    two = random_streams.normals(seed, purpose, CELLS, count, sub)
    for i in range(4):
        for j in range(4):
            assert correlated(one[i], two[j]) < 1


def test_noise_of_neighbours_and_of_successive_reads_is_independent() -> None:
    one, two = (read_noise.read_normals(CELLS, 7, number) for number in (0, 1))
    assert distance(one, special.ndtr) < KS
    assert correlated(one, two) < 1
    for step in (1, 2, 3, 4):
        assert correlated(one[step:], one[:-step]) < 1


def test_dependence_would_be_seen() -> None:
    z = random_streams.normals(7, random_streams.CYCLE, CELLS, 3)
    assert correlated(z[0], z[0] + 30 * z[1]) > 1
    same_radius = np.sqrt(z[0] ** 2 + z[1] ** 2) * z[2] / np.sqrt(z[2] ** 2 + z[3] ** 2)
    assert correlated(z[0], same_radius) > 1, "only the squares tell"
