"""The switching rule: one voltage applied to each cell. This file is the specification.

The rule takes its noise as an argument, so it is deterministic: the same state, voltages and normals give the same
bits, and the compiled twin must give them too. Positive voltages RESET, negative ones SET.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import arithmetic, conduction, variability
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.device.model.state import State
from synaptogen_core.schema import HRS, IRS, LRS, R_HRS, R_LRS, U_RESET, U_SET
from synaptogen_core.types import F32

# Towards U = 0 the two basis curves meet, and a mixing variable means nothing there. The published device never draws a
# threshold so low; one with twice its spread does in one cell of a hundred thousand cycles.
LEAST_THRESHOLD = np.float32(0.01)  # V


def drawing_cells(state: State, u: F32) -> NDArray[np.intp]:
    """Indices of the cells that will draw a new cycle when `u` is applied: RESET starts in LRS.

    Parameters
    ----------
    state : State
        n cells.
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].

    Returns
    -------
    ndarray of integers, shape (k,)
        Rising.
    """
    return np.flatnonzero((state.code == LRS) & (u > state.threshold))


def apply(state: State, u: F32, normals: F32, c: Constants) -> None:
    """Apply the voltages `u` to the cells of `state`, in place.

    Parameters
    ----------
    state : State
        n cells.
    u : ndarray of float32, shape (n,) or (1,)
        Voltages [V].
    normals : ndarray of float32, shape (4, k), or more rows
        Noise for the cells of `drawing_cells`, in their order; see `variability.noise`.
    c : Constants
    """
    drawing = drawing_cells(state, u)
    u = np.broadcast_to(u, state.r.shape)
    setting = np.flatnonzero((state.code != LRS) & (u <= state.features[U_SET]))
    resetting = (state.code != HRS) & (u > state.threshold)
    full = np.flatnonzero(resetting & (u >= c.u_max))
    partial = np.flatnonzero(resetting & (u < c.u_max))
    starting = drawing[u[drawing] < c.u_max]  # those that begin a transition and do not end it at once

    state.r[setting] = conduction.mixing_of_resistance(state.features[R_LRS, setting], c)
    state.threshold[setting] = np.maximum(state.features[U_RESET, setting], LEAST_THRESHOLD)
    state.code[setting] = LRS

    variability.draw_cycle(state, drawing, normals, c)
    state.slope[starting], state.floor[starting] = transition_curve(
        state.r[starting], state.threshold[starting], state.features[R_HRS, starting], c
    )
    distance = arithmetic.power(c.u_max - u[partial], c.eta)
    i = state.slope[partial] * distance + state.floor[partial]
    state.r[partial] = conduction.mixing_of_current(i, u[partial], c)
    state.threshold[partial] = u[partial]
    state.code[partial] = IRS

    state.r[full] = conduction.mixing_of_resistance(state.features[R_HRS, full], c)
    state.threshold[full] = u[full]
    state.code[full] = HRS


def transition_curve(r: F32, u: F32, r_hrs: F32, c: Constants) -> tuple[F32, F32]:
    """Constants a and c of the RESET transition I(U) = a |Umax - U|**eta + c.

    It runs from the current of an LRS cell at its threshold to that of its next HRS at Umax.

    Parameters
    ----------
    r : ndarray of float32, shape (n,)
        Mixing variable in LRS.
    u : ndarray of float32, shape (n,)
        Thresholds, below Umax [V].
    r_hrs : ndarray of float32, shape (n,)
        Resistance of the next HRS [ohm].
    c : Constants

    Returns
    -------
    slope, floor : ndarray of float32, shape (n,) and (n,) or (1,)
        a [A V^-eta] and c [A].

    References
    ----------
    Hennen et al. 2024; docs/model.md, "Switching".
    """
    first = conduction.current(r, u, c)
    last = conduction.current(conduction.mixing_of_resistance(r_hrs, c), np.array([c.u_max], np.float32), c)
    distance = arithmetic.power(c.u_max - u, c.eta)
    return (first - last) / distance, last
