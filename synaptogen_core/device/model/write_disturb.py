"""Write disturb: how likely a voltage is to switch a cell whose next thresholds have not been drawn yet. Float64.

The next vector of a cell is normal given its history: ``x_next ~ N(sum_k A_k x_(n-k), B B')`` (Hennen et al. 2024). A
threshold is ``mu + sigma gamma(x)`` of one of its numbers, so the probability that it lies beyond a voltage is the
normal mass where the polynomial gamma lies beyond ``(u - mu) / sigma``: exact, by the crossings on every branch of
gamma, whether it is monotone or not.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from synaptogen_core.device.model.extended import Tables
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.device.model.state import State
from synaptogen_core.device.model.switching import LEAST_THRESHOLD
from synaptogen_core.device.shapes import Table
from synaptogen_core.schema import HRS, IRS, LRS, U_RESET, U_SET
from synaptogen_core.types import F32, F64

FAR = 38.0  # standard deviations: no float64 holds the mass beyond
TABLE = 513  # points from which the search for a crossing starts
STEPS = 80  # of that search; some three are enough unless the polynomial is flat there
TOLERANCE = 1e-12  # of a crossing; no unit


def would_switch(state: State, u: F32) -> NDArray[np.bool_]:
    """Whether voltages switch the cells, with the thresholds in force: those that `switching.apply` changes.

    Parameters
    ----------
    state : State
        n cells.
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    sets = (state.code != LRS) & (u <= state.features[U_SET])
    resets = (state.code != HRS) & (u > state.threshold)
    return np.asarray(sets | resets)


def switching_probability(state: State, u: F32, c: Constants) -> F64:
    """Probability that a voltage switches a cell in its present state, with the thresholds of its next cycle.

    A cell in HRS or IRS is SET by a negative voltage ``u <= U_SET``, one in LRS is RESET by a positive one
    ``u > max(U_RESET, LEAST_THRESHOLD)``. A cell in IRS remembers the voltage above which its RESET goes on: 1 or 0.
    The rule knows signs by the thresholds alone: where a U_SET is drawn above zero, a positive voltage SETs. That is
    left out here (2e-10 of the cycles of the published device; 4e-4 with three times its spread).

    Parameters
    ----------
    state : State
        n cells.
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].
    c : Constants

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    u = np.broadcast_to(u, state.code.shape)
    result: F64 = ((state.code == IRS) & (u > state.threshold)).astype(np.float64)
    setting = np.flatnonzero((state.code != LRS) & (u < 0))
    if setting.size:
        result[setting] = next_threshold(state, U_SET, setting, u[setting], c, above=True)
    resetting = np.flatnonzero((state.code == LRS) & (u > LEAST_THRESHOLD))
    if resetting.size:
        result[resetting] = next_threshold(state, U_RESET, resetting, u[resetting], c, above=False)
    return result


def next_threshold(state: State, feature: int, cells: NDArray[np.intp], u: F32, c: Constants, *, above: bool) -> F64:
    """Probability that a feature's next value is at least `u` (`above`), or less.

    Parameters
    ----------
    state : State
    feature : int
        U_SET, R_LRS or U_RESET.
    cells : ndarray of integers, shape (k,)
        Which cells of `state`.
    u : ndarray of float32, shape (k,)
        In the unit of the feature.
    c : Constants
    above : bool

    Returns
    -------
    ndarray of float64, shape (k,)
    """
    mu, sigma, wanted = (a.astype(np.float64) for a in (state.mu[feature, cells], state.sigma[feature, cells], u))
    if c.more is not None:
        return _next_of_coordinate(state, feature, cells, (mu, sigma, wanted), c, above=above)
    with np.errstate(divide="ignore", invalid="ignore"):  # without C2C spread, mu is the threshold
        z = np.where(sigma > 0, (wanted - mu) / sigma, np.where(wanted <= mu, -np.inf, np.inf))
    sd = float(np.sqrt(np.square(c.b[feature], dtype=np.float64).sum()))
    mean = next_mean(state.history[..., cells], state.count[cells], feature, c)
    return shape_mass(c.gamma[feature].astype(np.float64), z, mean, sd, above=above)


def _next_of_coordinate(
    state: State, feature: int, cells: NDArray[np.intp], numbers: tuple[F64, F64, F64], c: Constants, *, above: bool
) -> F64:
    """The same for a device of format 2: the value of x at which the feature reaches `wanted`, and what lies beyond."""
    more = c.more
    if more is None:
        raise ValueError("c: must be the constants of a device of format 2 (got others)")
    mu, sigma, wanted = numbers
    rest = state.history[c.order :, feature][:, cells].astype(np.float64)
    noise = (more.fast[feature] * float(np.sqrt(np.square(c.b[feature], dtype=np.float64).sum()))) ** 2
    mean = more.fast[feature] * next_mean(state.history[: c.order][..., cells], state.count[cells], feature, c)
    if more.has_slow:
        mean += more.slow[feature] * more.persistence[feature] * rest[more.slow_slot]
        noise += more.slow[feature] ** 2 * np.square(more.slow_b[feature], dtype=np.float64).sum()
    if more.has_break_in:
        mu = mu + rest[more.break_in_slot] * more.decay[feature]
    rising = more.sign[feature] > 0
    v = wanted
    if more.logarithmic[feature]:
        size = wanted * float(more.sign[feature]) - float(more.offset[feature])
        with np.errstate(divide="ignore", invalid="ignore"):
            v = np.where(size > 0, np.log10(size), -np.inf)
    if more.warped[feature]:
        v = _inverse(more.warp, feature, v)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = _inverse(more.shape, feature, (v - mu) / sigma)
        distance = (x - mean) / np.sqrt(noise)
    # more than `wanted` is more x where the coordinate rises, and less x where it falls
    return np.asarray(ndtr(-distance) if above == rising else ndtr(distance))


def _inverse(tables: Tables, row: int, y: F64) -> F64:
    step = 1 / float(tables.per_step[row])
    table = Table(float(tables.first[row]), step, tables.values[row].astype(float), tables.slopes[row].astype(float))
    return table.inverse(y)


def next_mean(history: F32, count: NDArray[np.uint32], feature: int, c: Constants) -> F64:
    """Mean of one number of the next vector, given the vectors of the cycles before.

    Parameters
    ----------
    history : ndarray, shape (p, 4, n) or more
        x of cycle m in ``history[m % p]``; what else format 2 remembers is not looked at.
    count : ndarray of uint32, shape (n,)
        The present cycle of each cell.

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    mean = np.zeros(count.size)
    weights = c.a[:, feature].astype(np.float64)  # (p, 4), newest lag first
    newest = (count % np.uint32(c.order)).astype(np.intp)
    for position, past in enumerate(history[: c.order]):
        age = (newest - position) % c.order
        for j, x in enumerate(past):
            mean += weights[:, j].take(age) * x
    return mean


def shape_mass(gamma: F64, z: F64, mean: F64, sd: float, *, above: bool) -> F64:
    """Probability that ``gamma(x) >= z`` (`above`), or that ``gamma(x) < z``, for ``x ~ N(mean, sd**2)``.

    Parameters
    ----------
    gamma : ndarray of float64, shape (d + 1,)
        Polynomial, highest power first; it need not be monotone.
    z, mean : ndarray of float64, shape (n,)
        Infinite `z` are allowed.
    sd : float
        Above zero.
    above : bool

    Returns
    -------
    ndarray of float64, shape (n,)
        Small probabilities keep their relative accuracy.
    """
    edges = branches(gamma, float(mean.min()) - FAR * sd, float(mean.max()) + FAR * sd)
    result = np.zeros(z.size)
    for low, high in pairwise(edges):
        x = crossing(gamma, z, low, high)
        rising = np.polyval(gamma, high) > np.polyval(gamma, low)
        first, last = (x, high) if rising == above else (low, x)
        result += normal_mass((first - mean) / sd, (last - mean) / sd)
    return np.minimum(result, 1.0)


def branches(gamma: F64, low: float, high: float) -> list[float]:
    """Edges of the pieces of [low, high] on each of which a polynomial is monotone.

    Parameters
    ----------
    gamma : ndarray of float64, shape (d + 1,)
        Highest power first.
    low, high : float

    Returns
    -------
    list of float
        Rising, from `low` to `high`.
    """
    roots = np.roots(np.polyder(gamma))
    # a pair that is only nearly real may cut a branch in two monotone ones: no harm
    turns = roots.real[np.abs(roots.imag) <= 1e-6 * (1 + np.abs(roots.real))]
    return [low, *sorted(float(x) for x in turns if low < x < high), high]


def crossing(gamma: F64, z: F64, low: float, high: float) -> F64:
    """Where a polynomial that is monotone from `low` to `high` reaches `z`; the nearer end if it does not.

    From a table, by Newton's steps inside a bracket, which is halved where they would leave it.

    Parameters
    ----------
    gamma : ndarray of float64, shape (d + 1,)
    z : ndarray of float64, shape (n,)
    low, high : float

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    table_x = np.linspace(low, high, TABLE)
    table_z = np.polyval(gamma, table_x)
    rising = bool(table_z[-1] > table_z[0])
    if not rising:
        table_x, table_z = table_x[::-1], table_z[::-1]
    aim, slope = np.clip(z, table_z[0], table_z[-1]), np.polyder(gamma)
    left, right = np.full(z.size, low), np.full(z.size, high)
    x = np.interp(aim, table_z, table_x)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(STEPS):
            error = np.polyval(gamma, x) - aim
            before = (error < 0) == rising  # the crossing lies to the right of x
            left, right = np.where(before, x, left), np.where(before, right, x)
            newton = x - error / np.polyval(slope, x)
            moved = np.where((newton >= left) & (newton <= right), newton, (left + right) / 2)
            moved[error == 0] = x[error == 0]
            done = np.abs(moved - x).max() <= TOLERANCE
            x = moved
            if done:
                break
    x = np.where(z >= table_z[-1], table_x[-1], x)
    return np.where(z <= table_z[0], table_x[0], x)


def normal_mass(low: F64, high: F64) -> F64:
    """Probability of a standard normal between `low` and `high`, from the tail in which they lie.

    Parameters
    ----------
    low, high : ndarray of float64, shape (n,)
        In standard deviations, low <= high; may be infinite.

    Returns
    -------
    ndarray of float64, shape (n,)
        Small probabilities keep their relative accuracy.
    """
    upper = low > 0
    return np.asarray(ndtr(np.where(upper, -low, high)) - ndtr(np.where(upper, -high, low)))
