"""The jump process against its exact laws; and the compiled twin against it, to the bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import synaptogen_core as sc
from synaptogen_core.array.engines.compiled.retention import relaxation
from synaptogen_core.device.retention import arithmetic, jumps

Z, KS = 4.89, 2.69  # a false alarm of 1e-6: in standard errors, and over sqrt(n)
N = 60_000
DEVICE = sc.load_device("hennen2024")
CELL, NONE = np.arange(N, dtype=np.uint64), np.zeros(N, np.uint32)
G = np.full(N, 5e-5)
T0 = 6e-3


def law(rate: float = 0.35, mean: float = 0.0) -> sc.RetentionLaw:
    return sc.RetentionLaw("test", [1e-6, 1e-4], [1e-6] * 2, [rate] * 2, T0, 1e-6, [mean] * 2)


def age(u: float) -> np.ndarray:
    return np.full(N, round(math.expm1(u) * T0 * 1e9))


def moved(u: float, given: sc.RetentionLaw, births: np.ndarray = NONE) -> np.ndarray:
    """Displacements of Y [uS]."""
    return jumps.walk(7, CELL, births, G, age(u), jumps.numbers(given, DEVICE))[0] * 1e6


@pytest.fixture(scope="module")
def paths() -> dict[float, np.ndarray]:
    return {u: moved(u, law()) for u in (0.1, 1.0, 10.0, 25.0)}


def excess(x: np.ndarray) -> float:
    return float(np.mean((x - x.mean()) ** 4) / x.var() ** 2 - 3)


@pytest.mark.parametrize("u", [0.1, 1.0, 10.0, 25.0])
def test_moments_and_the_share_that_never_moved(paths: dict[float, np.ndarray], u: float) -> None:
    x, kappa = paths[u], 0.35
    kurtosis = 3 + 6 / (kappa * u)
    assert abs(x.mean()) < Z * math.sqrt(u / N)
    assert abs(x.var() / u - 1) < Z * math.sqrt((kurtosis - 1) / N)
    still = math.exp(-kappa * u)
    assert abs(np.mean(x == 0) - still) < Z * math.sqrt(still * (1 - still) / N)
    wrong = math.exp(-1.3 * kappa * u)
    assert not abs(np.mean(x == 0) - wrong) < Z * math.sqrt(still * (1 - still) / N) or u == 25.0, "the control"


@pytest.mark.parametrize("u", [1.0, 10.0])
def test_tails_and_kurtosis(paths: dict[float, np.ndarray], u: float) -> None:
    x, kappa = paths[u], 0.35
    # an eighth moment's worth of error: the kurtosis of a compound of Laplace jumps, by blocks
    parts = np.array([excess(part) for part in x.reshape(20, -1)])
    assert abs(np.mean(parts) - 6 / (kappa * u)) < 6 * parts.std() / math.sqrt(20) + 0.3 * 6 / (kappa * u)
    # P(one jump and it alone goes further than x): mixture of sums of Laplace numbers, by its number of jumps
    beta = math.sqrt(1 / (2 * kappa))
    far = 6 * beta
    exact = sum(stats.poisson.pmf(n, kappa * u) * tail_of_sum(n, far / beta) for n in range(1, 40))
    assert abs(np.mean(np.abs(x) > far) - exact) < Z * math.sqrt(exact / N)
    gaussian = 2 * special.ndtr(-far / math.sqrt(u))
    assert not abs(np.mean(np.abs(x) > far) - gaussian) < Z * math.sqrt(gaussian / N), "the control: not Gaussian"


def tail_of_sum(n: int, x: float) -> float:
    """P(|sum of n Laplace numbers of scale 1| > x): the difference of two gamma numbers, by quadrature."""
    t = np.linspace(0, 80, 8001)
    density = stats.gamma.pdf(t, n)
    density[~np.isfinite(density)] = 1.0
    return float(2 * np.trapezoid(density * stats.gamma.sf(t + x, n), t))


def test_what_has_moved_stays_moved(paths: dict[float, np.ndarray]) -> None:
    for first, second in ((0.1, 1.0), (1.0, 10.0), (10.0, 25.0)):
        x, y = paths[first], paths[second]
        error = Z * math.sqrt((first * second + first**2 + 6 * first / 0.35) / N) * 1.2
        assert abs(np.mean(x * y) - first) < error
        assert not abs(np.mean(x * y) - 0.5 * first) < error or first == 0.1, "the control: no stationary process"


def test_increments_are_independent_in_size_too(paths: dict[float, np.ndarray]) -> None:
    a, b, c = paths[1.0], paths[10.0] - paths[1.0], paths[25.0] - paths[10.0]
    for x, y in ((a, b), (b, c), (np.abs(a), np.abs(b)), (np.abs(b), np.abs(c))):
        assert abs(np.corrcoef(x, y)[0, 1]) < Z / math.sqrt(N)
    assert np.corrcoef(paths[1.0], paths[10.0])[0, 1] > Z / math.sqrt(N), "the control: positions are correlated"


def test_many_small_jumps_are_gaussian(paths: dict[float, np.ndarray]) -> None:
    some = slice(0, 4000)
    numbers = jumps.numbers(law().vary(jumps="gaussian"), DEVICE)
    x = jumps.walk(7, CELL[some], NONE[some], G[some], age(4.0)[some], numbers)[0] * 1e6
    assert stats.kstest(x / 2, "norm").statistic < KS / math.sqrt(4000)
    assert stats.kstest(paths[1.0][some], "norm").statistic > KS / math.sqrt(4000), "the control: few jumps"


def test_a_plain_simulation_of_jumps_agrees() -> None:
    """Independent of all that: how many jumps there were, then their sum, out of NumPy's own generator."""
    rng, u, kappa, drift = np.random.default_rng(2), 6.0, 0.35, -0.2

    def plain(rate: float) -> np.ndarray:
        count = rng.poisson(rate * u, N)
        of = np.repeat(np.arange(N), count)
        scale = math.sqrt((1 - drift**2 / kappa) / (2 * kappa))
        return np.bincount(of, rng.laplace(drift / kappa, scale, of.size), N)

    ours, limit = moved(u, law(kappa, drift * 1e-6)), KS * math.sqrt(2 / N)
    assert stats.ks_2samp(ours, plain(kappa)).statistic < limit
    assert stats.ks_2samp(ours, plain(1.2 * kappa)).statistic > limit, "the control: more and as large jumps"


def test_a_drift_moves_the_mean_and_keeps_the_variance() -> None:
    x = moved(10.0, law(mean=-0.2e-6))
    assert abs(x.mean() + 2.0) < Z * math.sqrt(10 / N)
    assert abs(x.var() / 10 - 1) < Z * math.sqrt((2 + 6 / 3.5) / N) * 1.3


def test_a_new_birth_has_a_new_path(paths: dict[float, np.ndarray]) -> None:
    x = moved(10.0, law(), np.ones(N, np.uint32))
    assert abs(np.corrcoef(x, paths[10.0])[0, 1]) < Z / math.sqrt(N)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**63 - 1),
    births=st.integers(0, 2**32 - 1),
    first=st.integers(0, 2**50),
    e_folds=st.floats(0, 33),
    t0=st.floats(1e-4, 10),
    rate=st.floats(0.01, 4),
    mean=st.floats(-2e-7, 2e-7),
)
def test_the_twin_has_the_same_bits(seed, births, first, e_folds, t0, rate, mean) -> None:
    nodes = np.array([3e-6, 1e-5, 1e-4])
    one = sc.RetentionLaw(
        "test",
        nodes,
        [1e-6, 3e-6, 2e-6],
        np.array([1.0, 0.7, 1.3]) * rate,
        t0,
        1e-5,
        [mean, 0, -mean] if rate > 1 else [],
    )
    n, numbers = 16, jumps.numbers(one, DEVICE)
    cell, count = np.arange(first, first + n, dtype=np.uint64), np.full(n, births, np.uint32)
    r = np.linspace(-0.2, 1.05, n).astype(np.float32)
    old = np.full(n, min(int(math.expm1(e_folds) * t0 * 1e9), 2**61), np.int64) + np.arange(n)
    r_spec, due_spec = jumps.relaxed(seed, cell, count, r, old, numbers)
    due, seen = np.zeros(n, np.int64), r.copy()
    relaxation.relax(seed, cell, count, r, old, due, seen, numbers)
    assert np.array_equal(seen.view(np.int32), r_spec.view(np.int32))
    assert np.array_equal(due, due_spec)
    assert np.all(due > old)
    g = numbers.g_low - seen.astype(float) * numbers.window
    assert np.all((g > -1e-9) | (seen == r)), "conductance stays positive, up to the rounding of r"


def test_logarithm_and_exponential() -> None:
    x = np.concatenate([np.geomspace(1e-300, 1e300, 5001), 1 + np.linspace(-1e-3, 1e-3, 1001)])
    assert np.abs(arithmetic.log(x) - np.log(x)).max() < 3e-13
    assert np.all(np.abs(arithmetic.log(x) - np.log(x)) <= 1e-15 * np.maximum(1, np.abs(np.log(x))))
    y = np.linspace(-699, 699, 5001)
    assert np.abs(arithmetic.exp(y) / np.exp(y) - 1).max() < 1e-13
    words = np.array([0, 1, 2**31, 2**32 - 1], np.uint32)
    assert arithmetic.exponential(words).min() > 0


def test_the_coordinate_and_its_way_back() -> None:
    g = np.geomspace(1e-12, 1e-3, 1000)
    assert np.allclose(jumps.conductance(jumps.coordinate(g, 8e-6), 8e-6), g, rtol=1e-12)
    slope = np.diff(jumps.coordinate(8e-6 * (1 + np.array([-2e-6, 0, 2e-6])), 8e-6))
    assert slope[0] == pytest.approx(slope[1], rel=1e-5), "smooth at the corner"
