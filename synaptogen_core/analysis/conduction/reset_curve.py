"""The RESET transition I(U) = a |Umax - U|^eta + c of measured loops: one curvature eta for the device.

Each transition runs from the low-resistance curve at U_RESET (current I1) to the end of the sweep (I2):
(I - I2)/(I1 - I2) = ((Umax - U)/(Umax - U_RESET))^eta. A measured U_RESET is known to about a step of the sweep, and
an error of it would pass on to eta; so each transition may shift its own, at a price. One eta is fitted to all of them,
with weights that fall where a sample lies far off; each transition counts the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synaptogen_core.analysis.conduction.iv_family import Family
from synaptogen_core.analysis.conduction.known_state import LOW, Loops
from synaptogen_core.analysis.resampling import bootstrap_interval
from synaptogen_core.types import F64, Ints

SOFT = 3.0  # standard deviations: samples farther off count less
MOST_STEPS = 2.0  # of the sweep, by which U_RESET may be wrong
LEAST_SCALE = 1e-4  # of the step I1 - I2: its noise is not taken as smaller
ROUNDS = 30
LEAST_DROP = 0.2  # of I1: a RESET that lowers the current by less has no shape
LEAST_SAMPLES = 4  # of a transition
BOUNDS = 0.1, 20.0
REPLICATES = 400


@dataclass(frozen=True)
class Transitions:
    """Transitions one after the other; T of them, M samples.

    Attributes
    ----------
    voltage, current : ndarray, shape (M,)
        In V and A.
    start : ndarray, shape (T + 1,)
        First sample of each.
    u_reset, u_max, i_max, conductance : ndarray, shape (T,)
        Onset and end of the transition [V], current at its end [A], conductance of the low resistance [S].
    step : float
        Of the sweeps [V].
    group : ndarray, shape (T,)
        What is resampled.
    left_out : int
        Full sweeps whose current falls too little, or at too few samples.
    """

    voltage: F64
    current: F64
    start: Ints
    u_reset: F64
    u_max: F64
    i_max: F64
    conductance: F64
    step: float
    group: Ints
    left_out: int


def transitions_of(loops: Loops, family: Family, limit: float) -> Transitions:
    """The samples between the onset of RESET and the end of the sweep, of the loops that go to the common end.

    Parameters
    ----------
    loops : Loops
        N of them.
    family : Family
        Whose current at U_RESET is where a transition begins.
    limit : float
        Largest voltage of a full RESET that the family allows [V].

    Returns
    -------
    Transitions
        Of the loops whose current falls enough, at enough samples.
    """
    loop, place = loops.loop, np.arange(loops.voltage.size)
    capped = np.minimum(loops.ends, limit)
    rising = (place > loops.bottom[loop]) & (place <= loops.top[loop]) & (loops.voltage <= capped[loop])
    last = np.maximum.reduceat(np.where(rising, place, 0), loops.start[:-1])
    end = loops.current[last]
    first = family.current(loops.u_reset, loops.conductance[:, LOW])
    step = float(np.median(np.diff(loops.voltage)[rising[1:] & rising[:-1]]))
    inside = rising & (loops.voltage > (loops.u_reset + MOST_STEPS * step)[loop])  # surely within the transition
    enough = np.add.reduceat(inside.astype(np.intp), loops.start[:-1]) >= LEAST_SAMPLES
    shaped = enough & (first - end > LEAST_DROP * first)
    taken = inside & (shaped & loops.full)[loop]
    kept, start = np.unique(loop[taken], return_index=True)
    return Transitions(
        loops.voltage[taken], loops.current[taken], np.append(start, taken.sum()).astype(np.intp), loops.u_reset[kept],
        capped[kept], end[kept], loops.conductance[kept, LOW], step, loops.group[kept],
        int((loops.full & ~shaped).sum()),
    )  # fmt: skip


def fit_eta(
    transitions: Transitions, family: Family, *, confidence: float, seed: int
) -> tuple[float, tuple[float, float]]:
    """The curvature and its interval: a bootstrap of what is resampled; NaN with fewer than two of these.

    Parameters
    ----------
    transitions : Transitions
        At least one.
    family : Family
        Whose low-resistance curves the transitions leave.
    confidence : float
        Probability of the interval.
    seed : int
        Of the resampling.
    """
    t = transitions
    counts = np.diff(t.start)
    of = np.repeat(np.arange(counts.size), counts)
    drop = family.current(t.u_reset, t.conductance) - t.i_max
    bend = np.polyder(family.alpha), np.polyder(family.beta)
    share, allowed = 1.0 / counts[of], MOST_STEPS * t.step

    def total(values: F64) -> F64:
        return np.asarray(np.add.reduceat(values, t.start[:-1]))

    def model(log_eta: float, shift: F64) -> tuple[F64, F64, F64]:
        """Errors of the samples in units of the step of current, and the model's slopes in log eta and in the shift."""
        eta, onset = np.exp(log_eta), t.u_reset + shift
        height = (family.current(onset, t.conductance) - t.i_max) / drop
        rise = (np.polyval(bend[0], onset) + np.polyval(bend[1], onset) * t.conductance) / drop
        distance = np.maximum((t.u_max[of] - t.voltage) / (t.u_max - onset)[of], 1e-12)
        power = distance**eta
        slope = height[of] * power * np.log(distance) * eta
        return (
            (t.current - t.i_max[of]) / drop[of] - height[of] * power,
            slope,
            power * (rise + height * eta / (t.u_max - onset))[of],
        )

    shift = np.zeros(counts.size)
    grid = np.log(np.geomspace(*BOUNDS, 61))
    log_eta = float(grid[np.argmin([share @ np.abs(model(x, shift)[0]) for x in grid])])
    for _ in range(ROUNDS):
        error, slope, moved = model(log_eta, shift)
        scale = max(1.4826 * float(np.median(np.abs(error))), LEAST_SCALE)
        weight = share / np.sqrt(1.0 + (error / (SOFT * scale)) ** 2)
        price = (scale / t.step) ** 2 / counts  # a shift of a step costs what an error of one scale does
        own = total(weight * moved**2) + price
        pull = (total(weight * moved * error) - price * shift) / own
        tied = total(weight * moved * slope) / own
        score = total(weight * slope * error) - total(weight * slope * moved) * pull  # the shifts follow log eta
        curvature = total(weight * slope**2) - total(weight * slope * moved) * tied
        change = float(np.clip(score.sum() / curvature.sum(), -0.5, 0.5))
        log_eta = float(np.clip(log_eta + change, *np.log(BOUNDS)))
        shift = np.clip(shift + pull - tied * change, -allowed, allowed)
        if abs(change) < 1e-9:
            break
    groups, group = np.unique(t.group, return_inverse=True)
    sums = np.zeros((groups.size, 2))
    np.add.at(sums, group, np.stack([score, curvature], axis=1))
    lower, upper = bootstrap_interval(
        sums,
        lambda totals: np.exp(log_eta + totals[:, 0] / totals[:, 1]),  # one step of Newton from the common eta
        confidence=confidence,
        replicates=REPLICATES,
        seed=seed,
    )
    eta = float(np.exp(log_eta))
    ends = np.clip([lower, upper], *BOUNDS)  # one step of Newton may leap far beyond an estimate at its bound
    return eta, (float(min(ends[0], eta)), float(max(ends[1], eta)))
