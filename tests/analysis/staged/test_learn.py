"""Rounds of simulation that mend a shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from synaptogen_core.analysis.staged import learn
from synaptogen_core.analysis.staged.cycles import knots_for
from synaptogen_core.device.shapes import cubic
from synaptogen_core.types import F64

COUNT, OWN_MEANS = 10_000, 0.3  # values; how far means of devices, each from few cycles, are off
KNOTS = knots_for(COUNT)


def quantiles(rng: np.random.Generator, shape: F64, count: int) -> F64:
    """Of values of a shape about means that are not quite theirs."""
    z = cubic(KNOTS, shape, rng.standard_normal(count)) + OWN_MEANS * rng.standard_normal(count)
    return np.quantile(z / z.std(), ndtr(KNOTS))


def last_slopes(smooth: Callable[[F64, F64], F64]) -> F64:
    """Slopes of straight shapes between the two knots at either end, measured and mended; shape (2, ends)."""
    found = []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        seen = quantiles(rng, KNOTS, COUNT)
        shape = seen
        for _ in range(learn.ROUNDS):
            shape = np.maximum.accumulate(shape) + 1e-9 * np.arange(KNOTS.size)
            shape = seen + smooth((shape - quantiles(rng, shape, 4 * COUNT))[None], KNOTS)[0]
        found.append([(np.diff(q) / np.diff(KNOTS))[[0, -1]] for q in (seen, shape)])
    return np.moveaxis(np.array(found), 1, 0).reshape(2, -1)


def test_rounds_of_simulation_do_not_multiply_the_chance_of_a_tail() -> None:
    """By three rounds the end of a shape became flat; negative control: each round's moves as they are."""
    seen, mended = last_slopes(learn._smooth)
    _, added = last_slopes(lambda moves, knots: moves)
    # of 32 slopes each; both have the same measurements, so that their scatter hardly differs by chance
    assert mended.std() < 1.5 * seen.std() < added.std()
    assert abs(mended.mean() - 1) < 4 * mended.std() / np.sqrt(mended.size)
    moves = np.polyval([0.01, -0.02, 0.03, 0.1], KNOTS)[None]
    assert np.allclose(learn._smooth(moves, KNOTS), moves)
