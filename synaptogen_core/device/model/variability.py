"""Variability: normals in, features out. Device to device once per cell, cycle to cycle with memory.

The order of every sum is fixed, and a compiled twin must keep it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.device.model import arithmetic, extended, random_streams
from synaptogen_core.device.model.arithmetic import fused, lower_product
from synaptogen_core.device.model.conduction import mixing_of_resistance
from synaptogen_core.device.model.float32 import Constants
from synaptogen_core.device.model.state import State
from synaptogen_core.schema import HRS, R_HRS, U_RESET
from synaptogen_core.types import F32, U32

STARTS = ("stationary", "empty")


def fresh_cells(cell: NDArray[np.integer], seed: int, start: str, c: Constants) -> State:
    """New cells, in HRS, with their own device vector and a history.

    Parameters
    ----------
    cell : ndarray of integers, shape (n,)
        Addresses.
    start : {"stationary", "empty"}
        The history is drawn from the stationary law, or is zero as in the published codes (their first cycles vary too
        little).
    """
    state = State.empty(len(cell), c.slots)
    state.cell[:] = cell
    state.count[:] = 0
    state.code[:] = HRS
    state.slope[:] = 0
    state.floor[:] = 0
    state.component[:], state.mu[:], state.sigma[:] = draw_devices(state.cell, seed, c)
    if start == "stationary":
        normals = [random_streams.normals(seed, random_streams.START, state.cell, 0, lag) for lag in range(c.order)]
        past = lower_product(c.start, np.concatenate(normals))
        for lag in range(c.order):
            state.history[-lag % c.order] = past[4 * lag : 4 * lag + 4]
    else:
        state.history[:] = 0
        state.history[0] = lower_product(c.b, random_streams.normals(seed, random_streams.CYCLE, state.cell, 0))
    if c.more is not None:
        state.history[c.order :] = extended.first_rest(state.cell, seed, start, c.more)
    state.features[:] = features_of(state.history[0], state.mu, state.sigma, c, state.history[c.order :])
    state.r[:] = mixing_of_resistance(state.features[R_HRS], c)
    state.threshold[:] = state.features[U_RESET]
    return state


def draw_devices(cell: NDArray[np.uint64], seed: int, c: Constants) -> tuple[NDArray[np.uint8], F32, F32]:
    """Draw the device vector of each cell (device to device); sigma is clipped to its floor.

    Parameters
    ----------
    cell : ndarray of uint64, shape (n,)
        Addresses.
    seed : int
        0 <= seed < 2**64.
    c : Constants

    Returns
    -------
    component : ndarray of uint8, shape (n,)
        Of the mixture.
    mu, sigma : ndarray of float32, shape (4, n)
        Mean and spread of the features: log10 ohm, V, ohm, V.

    References
    ----------
    Hennen et al. 2024; docs/model.md, "Device to device".
    """
    word = random_streams.words(seed, random_streams.DEVICE, cell, 0, 2)[0]
    component = np.zeros(word.size, np.uint8)
    for limit in c.limits:
        component += word >= limit
    normals = np.concatenate([random_streams.normals(seed, random_streams.DEVICE, cell, 0, sub) for sub in (0, 1)])
    vector = np.empty((8, word.size), np.float32)
    for k in np.unique(component):
        chosen = np.flatnonzero(component == k)
        vector[:, chosen] = c.means[k][:, None] + lower_product(c.factors[k], normals[:, chosen])
    if c.more is not None:
        vector[4:] = arithmetic.exp2(vector[4:])
    return component, vector[:4], np.maximum(vector[4:], c.sigma_floor[:, None])


def next_vector(history: F32, count: int, normals: F32, c: Constants) -> F32:
    """X of cycle `count`, from the history of the cycles before; shape (4, n).

    Parameters
    ----------
    history : ndarray, shape (p, 4, n)
        x of cycle m in ``history[m % p]``; all cells at the same position.
    normals : ndarray, shape (4, n)
    """
    result = lower_product(c.b, normals)
    for lag in range(1, c.order + 1):
        past = history[(count - lag) % c.order]
        for column, x in zip(c.a[lag - 1].T, past, strict=True):
            result = fused(x, column[:, None], result)
    return result


def features_of(x: F32, mu: F32, sigma: F32, c: Constants, rest: F32 | None = None) -> F32:
    """Features of the normal vectors x: y_i = mu_i + sigma_i gamma_i(x_i), the first as its power of ten.

    Parameters
    ----------
    x : ndarray of float32, shape (4, n)
    mu, sigma : ndarray of float32, shape (4, n)
        Mean and spread of each cell: log10 ohm, V, ohm, V.
    c : Constants
    rest : ndarray of float32, shape (slots - p, 4, n), optional
        What else a cell of a device of format 2 remembers; see `extended.features_of`.

    Returns
    -------
    ndarray of float32, shape (4, n)
        R_HRS [ohm], U_SET [V], R_LRS [ohm], U_RESET [V].

    References
    ----------
    Hennen et al. 2024; docs/model.md, "Cycle to cycle".
    """
    if c.more is not None and rest is not None:
        return extended.features_of(x, rest, mu, sigma, c.more)
    y = np.empty_like(x)
    for i in range(4):
        y[i] = fused(sigma[i], arithmetic.polynomial(c.gamma[i], x[i]), mu[i])
    y[R_HRS] = arithmetic.exp10(y[R_HRS])
    return y


def noise(seed: int, cell: NDArray[np.uint64], count: U32, c: Constants) -> F32:
    """Standard normals of cycle `count` of each cell, shape (4, n); more rows for a device of format 2.

    Parameters
    ----------
    seed : int
    cell : ndarray of uint64, shape (n,)
        Addresses.
    count : ndarray of uint32, shape (n,)
    c : Constants

    Returns
    -------
    ndarray of float32, shape (4, n), or more rows; see `extended.noise`
    """
    normals = random_streams.normals(seed, random_streams.CYCLE, cell, count)
    return normals if c.more is None else np.concatenate([normals, extended.noise(seed, cell, count, c.more)])


def draw_cycle(state: State, drawing: NDArray[np.intp], normals: F32, c: Constants) -> None:
    """Give some cells the vector of their next cycle, in place.

    Parameters
    ----------
    state : State
        n cells.
    drawing : ndarray of integers, shape (k,)
        Which of them draw.
    normals : ndarray of float32, shape (4, k), or more rows
        Their `noise`, at the address of that cycle.
    c : Constants

    References
    ----------
    Hennen et al. 2024; docs/model.md, "Cycle to cycle".
    """
    count = state.count[drawing] + np.uint32(1)
    for position in range(c.order):
        same = np.flatnonzero(count % c.order == position)
        if same.size:
            cells = drawing[same]
            history = state.history[:, :, cells]
            x = next_vector(history[: c.order], position, normals[:4, same], c)
            rest = history[c.order :]
            if c.more is not None:
                rest = extended.next_rest(rest, normals[4:, same], c.more)
                for slot, part in enumerate(rest, start=c.order):
                    state.history[slot, :, cells] = part.T
            state.history[position, :, cells] = x.T
            state.features[:, cells] = features_of(x, state.mu[:, cells], state.sigma[:, cells], c, rest)
    state.count[drawing] = count
