"""Where the sweep of a loop turns: the one rule for extraction, conduction and reports.

A sweep turns at its largest voltage of either sign. Two things need more than that: a loop that begins at an extremum
and comes back to it turns at its end; and behind a series resistance the voltage over the cell collapses when it SETs,
so that the largest voltage is the SET and not the turn: samples whose current still grows then belong to the way out.
"""

from __future__ import annotations

import numpy as np

from synaptogen_core.types import F64, Bools, Ints

BEGINS = 0.9  # of an extremum: a loop whose first sample is beyond begins there
RETURNS = 0.5  # of that extremum: so far its second half comes back to it
COLLAPSE = 1.2  # growth of the current from sample to sample while the voltage falls
STEPS = 3  # samples that a collapse may take


def turning_points(voltage: F64, current: F64, count: Ints) -> tuple[Ints, Ints]:
    """The last sample of the way to the lowest and to the highest voltage of each loop.

    Parameters
    ----------
    voltage, current : ndarray of float64, shape (N, S)
        N loops side by side [V], [A]; what lies behind a loop's end does not count.
    count : ndarray of int, shape (N,)
        Samples of each loop.

    Returns
    -------
    lowest, highest : ndarray of int, shape (N,)
        Positions in the loop.
    """
    return _turn(voltage, current, count[:, None]), _turn(-voltage, current, count[:, None])


def turning_points_of(voltage: F64, current: F64) -> tuple[int, int]:
    """As `turning_points`, of one loop.

    Parameters
    ----------
    voltage, current : ndarray of float64, shape (S,)
        At least one sample [V], [A]; NaN counts as 0.

    Returns
    -------
    lowest, highest : int
        Positions in the loop.
    """
    volts, amps = np.nan_to_num(voltage)[None], np.nan_to_num(current)[None]
    lowest, highest = turning_points(volts, amps, np.array([volts.size], np.intp))
    return int(lowest[0]), int(highest[0])


def _turn(voltage: F64, current: F64, count: Ints) -> Ints:
    """Where the voltage is least, or its collapse has ended, (loops,)."""
    position = np.arange(voltage.shape[1])
    lowest = voltage.min(axis=1, keepdims=True)
    half = (position < count) & (position >= count // 2)
    comes_back = np.where(half, voltage, np.inf).min(axis=1, keepdims=True) <= RETURNS * lowest
    later: Bools = np.where((voltage[:, :1] <= BEGINS * lowest) & comes_back, half, position < count)
    at: Ints = np.where(later, voltage, np.inf).argmin(axis=1).astype(np.intp)
    loop, size = np.arange(len(at)), np.abs(current)
    for _ in range(STEPS):
        following = np.minimum(at + 1, count[:, 0] - 1)
        grows = size[loop, following] > COLLAPSE * size[loop, at]
        at = np.where(grows & (voltage[loop, at] < voltage[loop, following]) & (voltage[loop, following] < 0),
                      following, at)  # fmt: skip
    return at
