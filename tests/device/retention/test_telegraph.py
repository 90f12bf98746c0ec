"""Telegraph traps against the exact laws of a two-state chain; the compiled twin against them, to the bit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import synaptogen_core as sc
from synaptogen_core.array.engines.compiled.retention import telegraph as compiled
from synaptogen_core.device.retention import telegraph

Traps = sc.retention.Traps
Z = 4.89  # standard errors: a false alarm of 1e-6
N, P, TAU = 40_000, 0.3, 1e-3
CELL = np.arange(N, dtype=np.uint64)
DEVICE = sc.load_device("hennen2024")
MIDST = 10**12 + 12_345  # ns
ALWAYS = 20.0  # traps a cell, of which the first is looked at


def one(tau: float = TAU, p: float = P) -> telegraph.Numbers:
    """Traps of one time constant."""
    density = ALWAYS / math.log(1.0001)
    return telegraph.numbers(Traps("one", [1e-5], [1e-3], density, tau, tau * 1.0001, p), DEVICE)


def states(time: int, law: telegraph.Numbers, cell: np.ndarray = CELL) -> np.ndarray:
    return telegraph.occupied(7, cell, 0, time, law).astype(int)


def correlation(a: np.ndarray, b: np.ndarray, p: float = P) -> float:
    return float(np.mean((a - p) * (b - p)) / (p * (1 - p)))


@pytest.mark.parametrize("lag", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("tau", [100e-9, 1e-3, 1e6])
def test_occupancy_and_autocorrelation(lag: float, tau: float) -> None:
    law, later = one(tau), MIDST + round(lag * tau * 1e9)
    a, b = states(MIDST, law), states(later, law)
    assert abs(a.mean() - P) < Z * math.sqrt(P * (1 - P) / N)
    largest = max(P, 1 - P) / min(P, 1 - P)  # of the product, in units of the variance
    assert abs(correlation(a, b) - math.exp(-lag)) < Z * math.sqrt(largest / N)
    assert abs(correlation(a, b) - math.exp(-1.4 * lag)) > Z * math.sqrt(largest / N) or lag == 3, "the control"


def test_blocks_join_without_a_seam() -> None:
    law = one()
    length = 2 ** math.frexp(TAU * 1e9)[1]
    begin = 5 * length
    assert length < 2 * TAU * 1e9 * 1.0001, "blocks are as long as the fluctuation is slow: seams are everywhere"
    for before, after in ((1, 0), (TAU * 2e8, TAU * 3e8), (length / 2, length / 2 - 1), (begin, 0), (begin, 7 - begin)):
        a, b = states(begin - round(before), law), states(begin + round(after), law)
        exact = math.exp(-(round(before) + round(after)) / (TAU * 1e9))
        assert abs(correlation(a, b) - exact) < Z * math.sqrt(2.4 / N), "2.4: the spread of a product of two states"


def test_a_chain_forgets_all_but_the_last_state_and_jumps_at_its_rates() -> None:
    """Four looks at steps of .3 time constants: all sixteen outcomes, as by the chain's own probabilities."""
    law, step = one(), round(0.3 * TAU * 1e9)
    looks = [states(MIDST + k * step, law) for k in range(4)]
    seen = np.bincount(sum(look << k for k, look in enumerate(looks)), minlength=16)

    def outcomes(x: float) -> np.ndarray:
        up, down = P * -math.expm1(-x), (1 - P) * -math.expm1(-x)
        go = np.array([[1 - up, up], [down, 1 - down]])
        begin = np.array([1 - P, P])
        bits = [[(k >> j) & 1 for j in range(4)] for k in range(16)]
        return np.array([begin[b[0]] * go[b[0], b[1]] * go[b[1], b[2]] * go[b[2], b[3]] for b in bits])

    assert stats.chisquare(seen, N * outcomes(0.3)).pvalue > 1e-6
    assert stats.chisquare(seen, N * outcomes(0.33)).pvalue < 1e-6, "the control: a tenth faster"


def test_a_plain_simulation_of_dwell_times_agrees() -> None:
    """Independent of all that: exponential dwell times, one after the other; how often each trap was seen to change."""
    law, n, looks, step = one(), 4000, 40, round(0.1 * TAU * 1e9)
    ours = np.array([states(MIDST + k * step, law, CELL[:n]) for k in range(looks)])
    rng = np.random.default_rng(1)
    theirs = np.empty((looks, n), int)
    for cell in range(n):
        z, change, at = int(rng.random() < P), 0.0, 0
        while at < looks:
            change += rng.exponential(1 / (1 - P if z else P))  # in time constants: out of z at the rate of the other
            until = min(looks, math.floor(change / 0.1) + 1)
            theirs[at:until, cell] = z
            at, z = max(at, until), 1 - z
    changes = [np.abs(np.diff(x, axis=0)).sum(axis=0) for x in (ours, theirs)]
    for x, y in (changes, (ours.sum(axis=0), theirs.sum(axis=0))):
        bins = np.unique(np.quantile(np.concatenate([x, y]), np.linspace(0, 1, 9)))
        table = [np.histogram(one, np.append(bins[:-1], bins[-1] + 1))[0] for one in (x, y)]
        assert stats.chi2_contingency(table).pvalue > 1e-6
    shorter = np.abs(np.diff(ours[: looks // 2], axis=0)).sum(axis=0)
    assert stats.ks_2samp(shorter, changes[1]).pvalue < 1e-6, "the control: half as long"


def test_numbers_and_time_constants_of_traps() -> None:
    traps = Traps("many", [1e-5], [1e-3], 0.8, 1e-4, 10.0)
    law = telegraph.numbers(traps, DEVICE)
    count = telegraph.how_many(7, CELL, law)
    mean = traps.mean_number
    assert abs(count.mean() - mean) < Z * math.sqrt(mean / N) and count.max() <= traps.most
    assert abs(count.var() / mean - 1) < Z * math.sqrt((2 + 1 / mean) / N)
    tau, _ = telegraph.time_constant(7, CELL, 3, law)
    assert stats.kstest((np.log10(tau) - 5) / 5, "uniform").statistic < 2.69 / math.sqrt(N)
    again, _ = telegraph.time_constant(7, CELL, 4, law)
    assert abs(np.corrcoef(tau, again)[0, 1]) < Z / math.sqrt(N)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**63 - 1), first=st.integers(0, 2**50), time=st.integers(0, 2**62 - 1),
    shortest=st.floats(-7, 5), e_folds=st.floats(0.1, 4), p=st.floats(0.02, 0.9), density=st.floats(0.1, 5),
)  # fmt: skip
def test_the_twin_has_the_same_bits(seed, first, time, shortest, e_folds, p, density) -> None:
    longest = min(10**shortest * math.exp(e_folds), 1e7)
    law = telegraph.numbers(Traps("t", [1e-6, 1e-4], [2e-3, 9e-3], density, 10**shortest, longest, p), DEVICE)
    cell, r = np.arange(first, first + 40, dtype=np.uint64), np.linspace(-0.2, 1.05, 40).astype(np.float32)
    found = np.empty_like(r)
    times = np.minimum(time + np.arange(40) // 2, 2**62 - 1)
    compiled.flickering(seed, cell, r, found, times, law)
    assert np.array_equal(found, telegraph.flickering(seed, cell, r, times, law))
    assert found[0] == telegraph.flickering(seed, cell[:1], r[:1], time, law)


def test_traps_are_checked_and_come_back() -> None:
    traps = Traps.stanford_a()
    assert Traps.from_dict(traps.to_dict()) == traps and "MIT" in traps.label and "another device" in traps.label
    assert Traps.from_dict({**traps.to_dict(), "density": 2.0}) != traps
    assert traps.flicker == pytest.approx([0.012, 0.007, 0.0014, 0.0004])
    for change, sentence in (
        ({"size": [0.5] * 4}, "size: must be from 0 and so small"),
        ({"shortest": 1.0, "longest": 0.1}, "shortest, longest: must rise within"),
        ({"occupancy": 1.0}, "occupancy: must be below 1"),
        ({"density": 50.0}, "density: must make at most 200"),
        ({"conductance": [1e-5, 1e-6, 1e-4, 1e-3]}, "conductance: must rise"),
        ({"colour": 1}, "traps: must have the entries"),
    ):
        with pytest.raises(ValueError, match=sentence):
            Traps.from_dict({**traps.to_dict(), **change})
