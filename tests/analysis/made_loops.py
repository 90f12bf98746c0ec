"""I-V loops of a made cell with any of the traits that real files have, and what is true of each cycle.

No model of ours is in them: resistors, an abrupt or gradual transition, and what instruments do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from synaptogen_core.measurement import measurement

READ = 0.2  # V, where resistances are told


@dataclass(frozen=True)
class Cell:
    """A cell and its instrument; voltages as magnitudes, SET at negative voltage."""

    r_hrs: float = 60e3
    r_lrs: float = 6e3
    u_set: float = 1.2
    u_reset: float = 1.1
    spread: float = 0.03  # of each feature, over cycles
    bend: float = 0.0  # of the high resistance: I = V / R (1 + bend V^2)
    gradual: bool = False  # behind U_RESET the current stays
    slow_set: float = 0.0  # V over which the SET takes place; 0: abrupt
    limit: float = np.inf  # of the SET current, A
    series: float = 0.0  # ohm, in series; the voltage is taken over the cell
    offset: float = 0.0  # A
    noise: float = 0.002  # of the current
    floor: float = 0.0  # A, white
    u_min: float = 1.5
    u_max: float = 1.5
    step: float = 0.04
    one_way: bool = False
    reset_first: bool = False
    mirrored: bool = False


@dataclass(frozen=True)
class Made:
    """Cycle by cycle."""

    voltage: list[np.ndarray]
    current: list[np.ndarray]
    truth: dict[str, np.ndarray]

    def dataset(self) -> xr.Dataset:
        """As a measurement of one device."""
        counts = [len(v) for v in self.voltage]
        loops = np.concatenate(self.voltage), np.concatenate(self.current), counts
        return measurement(np.zeros(len(counts), int), np.arange(len(counts)), labels=["made"], loops=loops)


def _sweep(cell: Cell) -> np.ndarray:
    down, up = (np.arange(0, end + cell.step / 2, cell.step) for end in (cell.u_min, cell.u_max))
    there_and_back = [np.concatenate([half, half[-2::-1]]) for half in (-down, up)]
    halves = [-down, up] if cell.one_way else there_and_back
    if cell.reset_first:
        halves.reverse()
    first, second = halves
    return np.concatenate([first, second if cell.one_way else second[1:]])


def made_loops(cell: Cell, cycles: int = 12, seed: int = 0) -> Made:
    """Cycles of a cell that begins in its high resistance, or, with `reset_first`, in its low one."""
    rng = np.random.default_rng(seed)

    def drawn(typical: float) -> np.ndarray:
        return typical * (1 + cell.spread * np.clip(rng.standard_normal(cycles + 1), -2.5, 2.5))

    r_hrs, u_set, r_lrs, u_reset = (drawn(x) for x in (cell.r_hrs, cell.u_set, cell.r_lrs, cell.u_reset))
    source, sign = _sweep(cell), -1 if cell.mirrored else 1
    voltages, currents = [], []
    vector, low = 0, cell.reset_first
    for n in range(cycles):
        v, i = np.empty(source.size), np.empty(source.size)
        deepest = reached = 0.0  # voltages behind U_RESET and behind U_SET: a gradual transition stays where it was
        if cell.reset_first:
            vector, reached = n, np.inf  # it is in force until the RESET of this loop
        for k, u in enumerate(source):
            if low and deepest and u < 0:  # behind a gradual RESET, it SETs in the same loop
                low, vector = False, vector + 1
                r_hrs[vector] = r_lrs[n] * max(deepest, u_reset[n]) / u_reset[n]
            one = r_hrs[vector], u_set[vector], r_lrs[vector], u_reset[vector]
            if not low and u * one[0] / (one[0] + cell.series) <= -one[1]:
                low, deepest = True, 0.0
            reached = max(reached, -u)
            v[k], i[k] = _state(cell, u, low, one, deepest, reached)
            if low and v[k] > one[3]:
                if cell.gradual:
                    deepest = max(deepest, v[k])
                else:
                    low, vector, reached = False, vector + 1, 0.0
                    one = r_hrs[vector], u_set[vector], r_lrs[vector], u_reset[vector]
                v[k], i[k] = _state(cell, u, low, one, deepest, reached)
        if cell.gradual and not cell.reset_first:  # the next cycle begins where this one ended
            low, vector = False, n + 1
            r_hrs[vector] = r_lrs[n] * max(deepest, u_reset[n]) / u_reset[n]
        i = np.maximum(i, -cell.limit)
        i = i * (1 + cell.noise * rng.standard_normal(i.size)) + cell.offset + cell.floor * rng.standard_normal(i.size)
        voltages.append(sign * v)
        currents.append(sign * i)
    kept = slice(1, cycles + 1) if cell.reset_first else slice(0, cycles)
    at_read = r_hrs / (1 + cell.bend * READ**2)
    truth = {"r_hrs": at_read[kept], "u_set": -u_set[kept], "r_lrs": r_lrs[kept], "u_reset": u_reset[kept]}
    return Made(voltages, currents, truth)


def cut(made: Made, first: int, last: int) -> Made:
    """The record began late and ended early: samples are missing of the first loop and of the last."""
    voltage, current = list(made.voltage), list(made.current)
    for columns in (voltage, current):
        columns[0] = columns[0][first:]
        columns[-1] = columns[-1][: len(columns[-1]) - last]
    return replace(made, voltage=voltage, current=current)


def _state(
    cell: Cell, u: float, low: bool, vector: tuple[float, float, float, float], deepest: float, reached: float
) -> tuple[float, float]:
    """Voltage over the cell and current."""
    r_hrs, u_set, r_lrs, u_reset = vector
    if low and deepest:
        r_lrs *= deepest / u_reset
    if low and cell.slow_set:
        share = np.clip((reached - u_set) / cell.slow_set, 0.0, 1.0)
        r_lrs = 1 / ((1 - share) / r_hrs + share / r_lrs)
    resistance = r_lrs if low else r_hrs / (1 + cell.bend * u * u)
    return u * resistance / (resistance + cell.series), u / (resistance + cell.series)
