"""The RESET transition I(U) = a |Umax - U|^eta + c of measured loops: one curvature eta for the device.

Each transition is brought to the same two ends, the low-resistance curve at U_RESET (current I1) and the end of the
sweep (I2):  (I - I2)/(I1 - I2) = ((Umax - U)/(Umax - U_RESET))^eta.  One eta is fitted to all of them with a loss that
grows less than quadratically, each transition counting the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from synaptogen_core.analysis.branches import LOW, Indices, Loops
from synaptogen_core.analysis.family import Family
from synaptogen_core.analysis.resampling import Floats, bootstrap_interval
from synaptogen_core.device.checks import U_MAX_LIMIT

SOFT = 0.1  # of the step I1 - I2: deviations above it count less than quadratically
LEAST_DROP = 0.2  # of I1: a RESET that lowers the current by less has no shape
LEAST_SAMPLES = 4  # of a transition
BOUNDS = (0.1, 20.0)
REPLICATES = 400


@dataclass(frozen=True)
class Transitions:
    """Normalised transitions, one after the other; T of them, M samples.

    Attributes
    ----------
    distance, current : ndarray, shape (M,)
        (Umax - U)/(Umax - U_RESET) and (I - I2)/(I1 - I2).
    start : ndarray, shape (T + 1,)
        First sample of each.
    group : ndarray, shape (T,)
        What is resampled.
    left_out : int
        Full sweeps whose current falls too little, or at too few samples.
    """

    distance: Floats
    current: Floats
    start: Indices
    group: Indices
    left_out: int


def transitions_of(loops: Loops, family: Family) -> Transitions:
    """The samples between the onset of RESET and the end of the sweep, of the loops that go to the common end."""
    loop, place = loops.loop, np.arange(loops.voltage.size)
    capped = np.minimum(loops.ends, U_MAX_LIMIT)
    rising = (place > loops.bottom[loop]) & (place <= loops.top[loop]) & (loops.voltage <= capped[loop])
    last = np.maximum.reduceat(np.where(rising, place, 0), loops.start[:-1])
    first = family.current(loops.u_reset, loops.conductance[:, LOW])
    end = loops.current[last]
    inside = rising & (loops.voltage > loops.u_reset[loop])
    enough = np.add.reduceat(inside.astype(np.intp), loops.start[:-1]) >= LEAST_SAMPLES
    shaped = enough & (first - end > LEAST_DROP * first) & (capped > loops.u_reset)
    taken = inside & (shaped & loops.full)[loop]
    of = loop[taken]
    kept, start = np.unique(of, return_index=True)
    return Transitions(
        ((capped[of] - loops.voltage[taken]) / (capped - loops.u_reset)[of]),
        (loops.current[taken] - end[of]) / (first - end)[of],
        np.append(start, of.size).astype(np.intp),
        loops.group[kept],
        int((loops.full & ~shaped).sum()),
    )


def fit_eta(transitions: Transitions, *, confidence: float, seed: int) -> tuple[float, tuple[float, float]]:
    """The curvature and its interval: a bootstrap of what is resampled; NaN with fewer than two of these.

    Parameters
    ----------
    transitions : Transitions
        At least one.
    confidence : float
        Probability of the interval.
    seed : int
        Of the resampling.
    """
    counts = np.diff(transitions.start)
    share = np.repeat(1.0 / counts, counts)
    distance = np.clip(transitions.distance, 0.0, None)
    logarithm = np.log(np.maximum(distance, np.finfo(np.float64).tiny))

    def loss(log_eta: float) -> float:
        error = (transitions.current - distance ** np.exp(log_eta)) / SOFT
        return float(share @ (np.sqrt(1.0 + error**2) - 1.0))

    grid = np.linspace(*np.log(BOUNDS), 31)
    best = int(np.argmin([loss(x) for x in grid]))
    around = grid[max(0, best - 1)], grid[min(grid.size - 1, best + 1)]
    found = optimize.minimize_scalar(loss, bounds=around, method="bounded", options={"xatol": 1e-8})
    eta = float(np.exp(found.x))

    curve = distance**eta
    error, slope = transitions.current - curve, curve * logarithm
    weight = share / np.sqrt(1.0 + (error / SOFT) ** 2)  # where the loss is least, sum weight error slope = 0
    bend = slope**2 / (1.0 + (error / SOFT) ** 2) - error * slope * logarithm
    terms = np.stack([weight * error * slope, weight * bend], axis=1)
    by_transition = np.add.reduceat(terms, transitions.start[:-1], axis=0)
    groups, of = np.unique(transitions.group, return_inverse=True)
    sums = np.zeros((groups.size, 2))
    np.add.at(sums, of, by_transition)
    lower, upper = bootstrap_interval(
        sums,
        lambda totals: eta + totals[:, 0] / totals[:, 1],  # one step of Newton from the common eta
        confidence=confidence,
        replicates=REPLICATES,
        seed=seed,
    )
    return eta, (float(lower), float(upper))
