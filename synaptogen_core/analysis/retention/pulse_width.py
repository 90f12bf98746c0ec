"""How a switching threshold depends on the width of the pulse, from a table of single pulses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import log_expit

from synaptogen_core import checks
from synaptogen_core.types import F64

INTERVAL = 1.96  # standard errors: 95 %
STEP = 1e-4


@dataclass(frozen=True)
class PulseWidth:
    """U(w) = U(w_ref) (1 - k log10(w/w_ref)); a k belongs to the device that it was fitted to.

    Attributes
    ----------
    threshold : float
        Magnitude at which half of the cells switch, at `reference` [V].
    reference : float
        w_ref, the geometric mean of the widths [s].
    per_decade : float
        Fall of the threshold for a pulse ten times as long [V], with its 95 % `interval`.
    interval : tuple of two float
        [V].
    k : float
        per_decade over threshold, with its interval `k_interval`.
    k_interval : tuple of two float
    voltages : int
        Different voltages in the table: with few of them, the shape of the transition is assumed.
    """

    threshold: float
    reference: float
    per_decade: float
    interval: tuple[float, float]
    k: float
    k_interval: tuple[float, float]
    voltages: int


def fit_pulse_width(width: ArrayLike, voltage: ArrayLike, switched: ArrayLike) -> PulseWidth:
    """Logistic regression of whether single pulses switched their cells.

    Parameters
    ----------
    width : array of shape (n,)
        Widths [s].
    voltage : array of shape (n,)
        Voltages of one sign [V].
    switched : array of bool, shape (n,)

    Returns
    -------
    PulseWidth

    Raises
    ------
    TypeError, ValueError
        If the arrays do not fit, or the widths or voltages are all the same.
    """
    w, u = (np.asarray(checks.numeric(n, v), np.float64) for n, v in (("width", width), ("voltage", voltage)))
    try:
        y = np.asarray(switched)
    except (TypeError, ValueError):  # rows of unequal length, and what cannot become an array
        y = np.empty(0)
    if y.dtype != np.bool_ or not w.shape == u.shape == y.shape or w.ndim != 1:
        raise ValueError(
            f"switched: must be one truth value a pulse (got shapes {w.shape}, {u.shape}, {y.shape}); give three rows"
        )
    if not (np.all(w > 0) and np.isfinite(u).all() and (np.all(u > 0) or np.all(u < 0))):
        raise ValueError("width: must be above 0 s, and the voltages of one sign (got others); split the table by sign")
    if np.unique(w).size < 2 or np.unique(u).size < 2 or y.all() or not y.any():
        raise ValueError("width: must vary, and so must voltage and outcome (got constants); nothing can be fitted")
    reference = float(np.exp(np.log(w).mean()))
    decades, u = np.log10(w / reference), np.abs(u)
    sign = np.where(y, 1.0, -1.0)

    def cost(p: F64) -> float:
        return -float(log_expit(sign * (u - p[0] + p[1] * decades) * np.exp(p[2])).sum())

    begin = np.array([float(np.median(u)), 0.0, np.log(10 / np.ptp(u))])
    found = minimize(cost, begin, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-7, "maxfev": 4000}).x
    covariance = np.linalg.inv(_hessian(cost, found))
    threshold, slope = float(found[0]), float(found[1])
    error = INTERVAL * float(np.sqrt(covariance[1, 1]))
    k = slope / threshold
    gradient = np.array([-k / threshold, 1 / threshold])
    k_error = INTERVAL * float(np.sqrt(gradient @ covariance[:2, :2] @ gradient))
    return PulseWidth(
        threshold, reference, slope, (slope - error, slope + error), k, (k - k_error, k + k_error), np.unique(u).size
    )


def _hessian(cost: Callable[[F64], float], at: F64) -> F64:
    """Second derivatives, by central differences."""
    size = at.size
    found = np.empty((size, size))
    steps = np.eye(size) * STEP
    for i in range(size):
        for j in range(size):
            corners = [(1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1)]
            found[i, j] = sum(s * cost(at + a * steps[i] + b * steps[j]) for a, b, s in corners)
    return found / (4 * STEP**2)
