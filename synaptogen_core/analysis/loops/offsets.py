"""What the instrument shows at 0 V: an offset of the current that many loops agree on."""

from __future__ import annotations

import numpy as np

from synaptogen_core.analysis.loops import sweeps, thresholds
from synaptogen_core.analysis.loops.sweeps import Samples
from synaptogen_core.types import F64, Bools

SAMPLED = 200  # loops looked at
FEWEST_ZEROS = 3  # samples at 0 V
FEWEST = 8  # loops that must have an opinion
REACH = 0.3  # of the smaller end of the sweep: so far the branches are fitted
GUARD = 0.8  # of a SET: beyond, its branch is no longer in the high resistance
SMOOTHING = 5  # samples, to tell where that is
DEGREE = 3  # of the polynomial, and a constant
ERRORS = 5.0  # standard errors of the median that an offset must exceed
LEAST = 0.005  # of the largest current in the fit: what is less does not matter


def current_offset(data: Samples) -> float:
    """The current at 0 V [A]: the median over loops of the constant of a cubic through the high-resistance branches.

    Parameters
    ----------
    data : Samples
        All loops, SET negative.

    Returns
    -------
    float
        0 where there are few loops, or the offset is within its error.
    """
    chosen = np.unique(np.linspace(0, data.count.size - 1, min(SAMPLED, data.count.size)).astype(np.intp))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _median_constant(data.taken(chosen))


def _median_constant(data: Samples) -> float:
    constants, sizes = [], []
    for _, loops in sweeps.blocks(data, SMOOTHING):
        ends = np.minimum(loops.voltage.max(axis=1), -loops.voltage.min(axis=1))[:, None]
        branch = (loops.before | loops.falling | (loops.voltage == 0)) & (np.abs(loops.voltage) <= REACH * ends)
        at_set = thresholds.set_thresholds(loops, thresholds.current_limits(loops), "level", SMOOTHING).voltage
        branch &= ~(loops.before & (loops.voltage < GUARD * at_set[:, None]))  # without a SET, all of it stays
        branch &= np.any(loops.falling, axis=1)[:, None]
        constant, size = _constants(np.where(branch, loops.voltage / np.maximum(ends, 1e-300), 0.0),
                                    np.where(branch, loops.current, 0.0), branch)  # fmt: skip
        constants.append(constant)
        sizes.append(size)
    constant, size = np.concatenate(constants), np.concatenate(sizes)
    known = np.isfinite(constant) & (size > 0)
    if known.sum() < FEWEST:
        return _at_zero(data)
    middle = float(np.median(constant[known]))
    spread = 1.4826 * float(np.median(np.abs(constant[known] - middle)))
    error = 1.2533 * spread / np.sqrt(known.sum())  # of a median
    return middle if abs(middle) > max(ERRORS * error, LEAST * float(np.median(size[known]))) else 0.0


def _at_zero(data: Samples) -> float:
    """Of few loops: the current where the voltage is 0, if all samples there agree on one."""
    there = data.current[data.voltage == 0]
    if there.size < FEWEST_ZEROS:
        return 0.0
    middle = float(np.median(there))
    spread = 1.4826 * float(np.median(np.abs(there - middle)))
    return middle if abs(middle) > 2 * ERRORS * spread / np.sqrt(there.size) else 0.0


def _constants(v: F64, i: F64, branch: Bools) -> tuple[F64, F64]:
    """Constants of the polynomials [A], NaN without enough samples; and the largest currents [A]."""
    weight, top = branch.astype(np.float64), np.abs(i).max(axis=1, initial=0.0)
    i = i / np.maximum(top, 1e-300)[:, None]
    powers = v[:, None] ** np.arange(DEGREE + 1)[:, None] * weight[:, None]
    matrix = np.einsum("lps,lqs->lpq", powers, powers)
    right = np.einsum("lps,ls->lp", powers, i)
    good = weight.sum(axis=1) > 2 * (DEGREE + 1)
    matrix = np.where(good[:, None, None], matrix, np.eye(DEGREE + 1)) + 1e-12 * np.eye(DEGREE + 1)
    solved = np.linalg.solve(matrix, right[..., None])[:, 0, 0]
    return np.where(good, solved * top, np.nan), top
