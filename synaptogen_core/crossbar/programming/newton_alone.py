"""Compiled: one equation a cell, its I-V curve behind a resistance in series."""

from __future__ import annotations

from synaptogen_core.crossbar.solver.sweeps import compiled

LARGEST_MOVE = 0.4  # V in one step


@compiled
def behind(wanted, ohm, mix, low, difference, aim, most, volts):
    """Newton's method on ``U + R I(r, U) = W`` for each cell; whether all of them came to an end.

    Parameters
    ----------
    wanted, ohm, mix : ndarray of float64, shape (k,)
        W [V], R [ohm] and r.
    low, difference : ndarray of float64, shape (d + 1,)
        Coefficients of LLRS and of HHRS - LLRS, highest power first.
    aim : float
        A step that is shorter is the last one [V].
    most : int
        Steps.
    volts : ndarray of float64, shape (k,)
        Receives U [V].

    Returns
    -------
    bool
    """
    last = low.size - 1
    for k in range(wanted.size):
        w, r, m = wanted[k], ohm[k], mix[k]
        u = w / (1 + r * (low[last - 1] + m * difference[last - 1]))
        step = 2 * aim
        for _ in range(most):
            current, slope = 0.0, 0.0
            for c in range(last + 1):
                slope = slope * u + current
                current = current * u + (low[c] + m * difference[c])
            step = (w - u - r * current) / (1 + r * slope)
            u += min(max(step, -LARGEST_MOVE), LARGEST_MOVE)
            if abs(step) < aim:
                break
        if not abs(step) < aim:
            return False
        volts[k] = u
    return True
