"""Trend and jump of a series of dependent cycles: tests that do not take memory for drift.

The cycles of a cell stay correlated over tens of cycles, so a healthy series wanders, and the textbook's tests cry
wolf. Here a series is averaged in blocks, and a trend or a jump is tested by generalised least squares under many
memories: white noise plus a first-order autoregression of any share and length, up to the length of the series. How
well each of them explains the series (its restricted likelihood, Patterson and Thompson 1971) is its weight in the
p-value. Memory that is too long to be told from drift then counts against drift.

Values enter bounded at 3 robust standard deviations: one outlier decides nothing.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from synaptogen_core.types import F64

BLOCKS = (128, 64, 32)
FEWEST = BLOCKS[-1]  # cycles
SHARES = (0.1, 0.25, 0.45, 0.65, 0.85, 1.0)  # of the autoregression in the variance
LENGTHS = (1 / 128, 1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)  # of its memory, in lengths of the series
EDGE = 0.1  # of the series at each end, where no jump is looked for
TRIALS = 1000  # series without a jump that say what the largest of many t values is worth
SERIES = 512  # tested at a time


class Drift(NamedTuple):
    """Tests of some series; arrays (series,)."""

    trend: F64  # from the beginning to the end, in units of the values
    trend_p: F64
    jump: F64  # in units of the values
    jump_at: NDArray[np.intp]  # position of the first value after it
    jump_p: F64


class _Memory(NamedTuple):
    """One memory, for series of so many blocks."""

    whiten: F64  # (blocks, blocks)
    constant: F64  # whitened, of length 1 (blocks,)
    slope: F64  # whitened, without its constant (blocks,)
    steps: F64  # the same for a jump before each candidate (blocks, candidates)
    log_norm: float  # restricted likelihood's part that no series changes
    tests: float  # independent tests that the candidates are worth


def drift(series: list[F64]) -> Drift:
    """Trend and jump of each series, each of at least `FEWEST` values, not all the same; any lengths."""
    count = len(series)
    trend, trend_p, jump, jump_p = (np.full(count, np.nan) for _ in range(4))
    jump_at = np.full(count, -1, np.intp)
    lengths = np.array([len(s) for s in series])
    sizes = np.array([next(b for b in BLOCKS if b <= n) for n in lengths], dtype=np.intp)
    for blocks in np.unique(sizes):
        chosen = np.flatnonzero(sizes == blocks)
        for begin in range(0, chosen.size, SERIES):
            part = chosen[begin : begin + SERIES]
            scores = np.stack([_block_means(_bounded(series[k]), blocks) for k in part], axis=1)
            values = np.stack([_block_means(series[k], blocks) for k in part], axis=1)
            trend[part], trend_p[part], jump[part], candidate, jump_p[part] = _tested(scores, values)
            edges = [_edges(lengths[k], blocks) for k in part]
            jump_at[part] = [e[c] for e, c in zip(edges, candidate, strict=True)]
    return Drift(trend, trend_p, jump, jump_at, jump_p)


def _tested(scores: F64, values: F64) -> tuple[F64, F64, F64, NDArray[np.intp], F64]:
    """Trend, its p, jump, the block it is before, its p; `scores` and `values` are block means (blocks, series)."""
    trends, jumps = [], []
    for memory in _memories(len(scores)):
        y = memory.whiten @ scores
        y -= np.outer(memory.constant, memory.constant @ y)
        total = np.maximum((y * y).sum(axis=0), 1e-300)
        slope = memory.slope @ (memory.whiten @ values) / (memory.slope @ memory.slope)
        trends.append((*_judged(memory, memory.slope[:, None], y, total)[:2], slope))
        jumps.append(_judged(memory, memory.steps, y, total))
    weight, p, slope = map(np.stack, zip(*trends, strict=True))
    weight = special.softmax(weight, axis=0)
    trend, trend_p = (weight * slope).sum(axis=0), (weight * p).sum(axis=0)
    weight, p, gain = map(np.stack, zip(*jumps, strict=True))
    weight = special.softmax(weight, axis=0)
    jump_p = (weight * p).sum(axis=0)
    at = _candidates(len(scores))[np.einsum("gk,gck->ck", weight, gain).argmax(axis=0)]
    after = np.arange(len(scores))[:, None] >= at
    jump = (values * after).sum(axis=0) / after.sum(axis=0) - (values * ~after).sum(axis=0) / (~after).sum(axis=0)
    return trend, trend_p, jump, at, jump_p


def _judged(memory: _Memory, shapes: F64, y: F64, total: F64) -> tuple[F64, F64, F64]:
    """Under one memory, with the best of some shapes of drift: log-likelihood, p-value (series,); gain by shape."""
    freedom = len(y) - 2
    sizes = np.einsum("bc,bc->c", shapes, shapes)
    gain = (shapes.T @ y) ** 2 / sizes[:, None]
    best = gain.argmax(axis=0)
    most = gain[best, np.arange(best.size)]
    rest = np.maximum(total - most, 1e-12 * total)
    p = 2 * special.stdtr(freedom, -np.sqrt(most / rest * freedom))
    if len(sizes) > 1:
        p = -np.expm1(memory.tests * np.log1p(-np.minimum(p, 1 - 1e-16)))
    return memory.log_norm - 0.5 * np.log(sizes[best]) - 0.5 * freedom * np.log(rest), p, gain / total


def _candidates(blocks: int) -> NDArray[np.intp]:
    """Blocks before which a jump is looked for."""
    edge = max(2, round(EDGE * blocks))
    return np.arange(edge, blocks - edge + 1)


@lru_cache(maxsize=len(BLOCKS))
def _memories(blocks: int) -> tuple[_Memory, ...]:
    position = np.arange(blocks)
    distance = np.abs(position[:, None] - position)
    line = (position + 0.5) / blocks
    steps = (position[:, None] >= _candidates(blocks)).astype(np.float64)
    trials = np.random.Generator(np.random.PCG64(0)).standard_normal((blocks, TRIALS))
    pairs = [(0.0, 1.0), *product(SHARES, LENGTHS)]
    return tuple(_memory(s, np.exp(-distance / (blocks * length)), line, steps, trials) for s, length in pairs)


def _memory(share: float, correlation: F64, line: F64, steps: F64, trials: F64) -> _Memory:
    blocks = line.size
    factor = np.linalg.cholesky((1 - share) * np.eye(blocks) + share * correlation)
    whiten = np.linalg.inv(factor)
    constant = whiten.sum(axis=1)
    length = np.linalg.norm(constant)
    constant /= length

    def free(columns: F64) -> F64:
        return np.asarray(columns - np.multiply.outer(constant, constant @ columns))

    jump, noise = free(whiten @ steps), free(trials)
    gain = ((jump.T @ noise) ** 2 / np.einsum("bc,bc->c", jump, jump)[:, None]).max(axis=0)
    freedom = blocks - 2
    single = 2 * special.stdtr(freedom, -np.sqrt(gain / ((noise * noise).sum(axis=0) - gain) * freedom))
    # the smallest of k independent p-values is below q with probability 1 - (1 - q)^k; k is met at the 5 % level
    tests = np.log(0.95) / np.log1p(-np.quantile(single, 0.05))
    log_norm = float(-np.log(np.diag(factor)).sum() - np.log(length))
    return _Memory(whiten, constant, free(whiten @ line), jump, log_norm, float(tests))


def _edges(length: int, blocks: int) -> NDArray[np.intp]:
    return (np.arange(blocks + 1) * length // blocks).astype(np.intp)


def _block_means(values: F64, blocks: int) -> F64:
    edges = _edges(values.size, blocks)
    return np.asarray(np.add.reduceat(values, edges[:-1]) / np.diff(edges))


def _bounded(values: F64) -> F64:
    """Distances from the median in robust standard deviations, none above 3."""
    some = values[:: max(1, values.size // 1024)]  # tell the median well enough
    middle = np.median(some)
    typical = 1.4826 * np.median(np.abs(some - middle))
    return np.asarray(np.clip((values - middle) / (typical or values.std()), -3.0, 3.0))
