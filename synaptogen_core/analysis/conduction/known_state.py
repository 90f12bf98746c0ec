"""Measured loops cut into branches: the samples at which the state of the cell is known.

A loop 0 -> SET -> RESET -> 0 shows three of them: the high resistance before SET, the low resistance from the SET end
of the sweep up to the onset of RESET, and the next cycle's high resistance on the way back from a full RESET. What
lies between, SET itself and the RESET transition, belongs to none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.analysis.loops.extraction import FeatureOptions
from synaptogen_core.analysis.loops.turning import turning_points_of
from synaptogen_core.analysis.resampling import group_of
from synaptogen_core.errors import CurvesUnknown
from synaptogen_core.measurement import sample_starts
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64, Ints

BEFORE_SET, LOW, AFTER_RESET = range(3)  # the branches of a loop, in the order of time

LEAST_SAMPLES = 8  # of a loop
SET_SHARE = 0.8  # of U_SET: up to there nothing has begun to switch
RESET_SHARE = 0.9  # of U_RESET
LIMITED = 0.93  # of a current limit: from there on the instrument may hold the current
ALIKE, MANY = 0.02, 0.3  # a limit it is if so many loops have the same current at their SET end
SAME_END = 0.02  # sweeps whose ends differ by less go equally far
ENOUGH_DEVICES = 8  # below, blocks of cycles are resampled instead of devices
BLOCKS, LONGEST_BLOCK = 20, 10


@dataclass(frozen=True)
class Loops:
    """The usable loops of a measurement, SET negative; N loops, S samples.

    Attributes
    ----------
    voltage, current : ndarray, shape (S,)
        In V across the cell (without the series resistance), and A.
    start : ndarray, shape (N + 1,)
        First sample of each loop.
    bottom, top : ndarray, shape (N,)
        The samples at which the sweep turns: SET end and RESET end.
    conductance : ndarray, shape (N, 3)
        Static conductance at the read voltage of each branch [S]; NaN where it is not known.
    u_set, u_reset : ndarray, shape (N,)
        Thresholds [V].
    limit : ndarray, shape (N,)
        Limit of the SET current [A]; infinite if the features know of none.
    group : ndarray, shape (N,)
        What is resampled: numbers from 0 of devices, or of blocks of cycles.
    by_device : bool
        Whether it is devices.
    left_out : int
        Loops without features, or not swept as the model says.
    """

    voltage: F64
    current: F64
    start: Ints
    bottom: Ints
    top: Ints
    conductance: F64
    u_set: F64
    u_reset: F64
    limit: F64
    group: Ints
    by_device: bool
    left_out: int

    @property
    def ends(self) -> F64:
        """Voltage at the RESET end of each loop [V]."""
        return self.voltage[self.top]

    @property
    def common_end(self) -> float:
        """The RESET end that most of the loops have [V]."""
        return float(np.median(self.ends))

    @property
    def full(self) -> NDArray[np.bool_]:
        """Loops whose RESET end is the common one, or beyond."""
        return self.ends > (1 - SAME_END) * self.common_end

    @property
    def loop(self) -> Ints:
        """Which loop each sample belongs to."""
        return np.repeat(np.arange(self.start.size - 1), np.diff(self.start))


@dataclass(frozen=True)
class Branches:
    """The samples of known state, branch after branch; B branches, M samples.

    Attributes
    ----------
    voltage, current : ndarray, shape (M,)
    start : ndarray, shape (B + 1,)
        First sample of each branch.
    kind : ndarray, shape (B,)
        `BEFORE_SET`, `LOW` or `AFTER_RESET`.
    conductance : ndarray, shape (B,)
        Of the features, at the read voltage [S].
    group : ndarray, shape (B,)
        What is resampled.
    """

    voltage: F64
    current: F64
    start: Ints
    kind: Ints
    conductance: F64
    group: Ints

    def spread(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value a branch -> one a sample."""
        return np.repeat(values, np.diff(self.start))

    def seen(self, low: bool) -> tuple[float, float]:
        """Voltages between which the low (or the high) resistance is well seen [V].

        Half of the branches that go to that side reach as far.
        """
        ends = np.zeros(2)
        chosen = (self.kind == LOW) == low
        for side, extreme in enumerate((np.minimum, np.maximum)):
            reached = extreme.reduceat(self.voltage, self.start[:-1])[chosen]
            reached = reached[reached < 0] if side == 0 else reached[reached > 0]
            ends[side] = np.median(reached) if reached.size else 0.0
        return float(ends[0]), float(ends[1])


def usable_loops(loops: xr.Dataset, features: xr.Dataset) -> Loops:
    """The loops that have all features and run 0 -> SET -> RESET, with SET turned to negative voltages.

    Parameters
    ----------
    loops : xarray.Dataset
        A measurement with samples.
    features : xarray.Dataset
        A measurement with the features of these cycles (all, or some). Of its attributes count ``polarity``, the sign
        of SET in the data, and in ``feature_options`` the ``series_resistance`` [ohm].

    Raises
    ------
    ValueError
        If there are no samples.
    CurvesUnknown
        If there is no usable loop.
    """
    if "sample_count" not in loops:
        raise ValueError("loops: must hold the samples of I-V loops (got none); load a table with voltage and current")
    values, following, limit = _aligned(loops, features)
    sign = -float(features.attrs.get("polarity", -1))
    current = sign * loops["current"].values
    extraction = FeatureOptions.of(features) or FeatureOptions()
    voltage = sign * loops["voltage"].values - extraction.series_resistance * current
    known = np.isfinite(values).all(axis=1) & (loops["sample_count"].values >= LEAST_SAMPLES)
    if not known.any():
        raise CurvesUnknown(
            "features: must have all four features in at least one of the loops (got none); look at the failures"
        )
    begin, end = _cuts(loops, voltage, current)
    turns = np.zeros((2, known.size), dtype=np.intp)
    good = known & (end - begin >= LEAST_SAMPLES) & (values[:, 1] < 0) & (values[:, 3] > 0)
    for n in np.flatnonzero(good):
        volts, amps = voltage[begin[n] : end[n]], current[begin[n] : end[n]]
        turns[:, n] = turning_points_of(volts, amps)
        good[n] = turns[0, n] < turns[1, n] and np.isfinite(volts).all() and np.isfinite(amps).all()
    if not good.any():
        raise CurvesUnknown(
            "loops: must run from 0 V to the SET voltage and then to the RESET voltage, or the other way round (got "
            "none that does); cut the record into whole sweeps"
        )
    taken = np.concatenate([np.arange(begin[n], end[n]) for n in np.flatnonzero(good)])
    start = np.append(0, np.cumsum((end - begin)[good])).astype(np.intp)
    conductance = 1.0 / np.stack([values[:, 0], values[:, 2], following], axis=1)
    groups, by_device = resampled(loops["device_index"].values[good])
    bottom, top = start[:-1] + turns[:, good]
    return Loops(
        voltage[taken], current[taken], start, bottom, top, conductance[good], values[good, 1], values[good, 3],
        limit[good], groups, by_device, int((~good).sum()),
    )  # fmt: skip


def _cuts(loops: xr.Dataset, voltage: F64, current: F64) -> tuple[Ints, Ints]:
    """First sample of each cycle, and one after its last: from before its SET to after its RESET.

    A record that RESETs first holds the end of one cycle and the beginning of the next: it is cut after the RESET, and
    a cycle goes on in the record that follows it; without one it is empty.
    """
    start = sample_starts(loops)
    begin, end = start[:-1].copy(), start[1:].copy()
    device, cycle = loops["device_index"].values, loops["cycle"].values
    reset_first = np.zeros(begin.size, dtype=bool)
    for n in range(begin.size):
        volts = np.nan_to_num(voltage[start[n] : start[n + 1]])
        lowest, highest = turning_points_of(volts, current[start[n] : start[n + 1]]) if volts.size else (0, 0)
        if highest < lowest:
            reset_first[n] = True
            begin[n] += highest + int(np.argmax(volts[highest:] <= 0))
    goes_on = reset_first[:-1] & reset_first[1:] & (np.diff(device) == 0) & (np.diff(cycle) == 1)
    end[reset_first] = begin[reset_first]
    end[:-1][goes_on] = begin[1:][goes_on]
    return begin, end


def resampled(device: NDArray[np.integer]) -> tuple[Ints, bool]:
    """Which unit of resampling each record belongs to, numbers from 0, and whether these are devices.

    Parameters
    ----------
    device : ndarray of int, shape (N,)
        Device of each record, sorted. Fewer than `ENOUGH_DEVICES` are divided into blocks of successive cycles.
    """
    _, index, records = np.unique(device, return_inverse=True, return_counts=True)
    if records.size >= ENOUGH_DEVICES:
        return group_of(records.size)[index].astype(np.intp), True
    length = int(np.clip(device.size // BLOCKS, 1, LONGEST_BLOCK))
    position = np.arange(device.size) - (np.cumsum(records) - records)[index]
    _, group = np.unique(index * device.size + position // length, return_inverse=True)
    return group.astype(np.intp), False


def branches_of(loops: Loops) -> Branches:
    """The samples at which the state is known; those that the instrument's current limit holds are left out."""
    loop, place = loops.loop, np.arange(loops.voltage.size)
    volts, amps = loops.voltage, loops.current
    before, back = place < loops.bottom[loop], place > loops.top[loop]
    between = ~before & ~back
    kind = np.full(volts.size, -1)
    kind[before & (volts < 0) & (volts > (SET_SHARE * loops.u_set)[loop])] = BEFORE_SET
    limited = (volts < 0) & (np.abs(amps) > _limits(loops)[loop])
    kind[between & (volts < (RESET_SHARE * loops.u_reset)[loop]) & ~limited] = LOW
    kind[back & (volts > 0) & loops.full[loop]] = AFTER_RESET
    kind[~np.isfinite(loops.conductance)[loop, kind]] = -1
    taken = kind >= 0
    key, first, counts = np.unique(loop[taken] * 3 + kind[taken], return_index=True, return_counts=True)
    of, kinds = np.divmod(key, 3)
    return Branches(
        volts[taken], amps[taken], np.append(first, first[-1] + counts[-1]) if first.size else np.zeros(1, np.intp),
        kinds, loops.conductance[of, kinds], loops.group[of],
    )  # fmt: skip


def _limits(loops: Loops) -> F64:
    """Largest current of the SET side that no limit holds, for each loop [A]; infinite where there is no limit.

    Besides the limits that the features know: cells differ, so many loops of the same current at their SET end, and
    hardly one of a larger, show a limit, even if it holds the current over a short way only.
    """
    near = np.clip(loops.bottom[:, None] + np.arange(-2, 3), loops.start[:-1, None], loops.start[1:, None] - 1)
    at_end = np.median(np.abs(loops.current[near]), axis=1)
    largest = float(np.quantile(at_end, 0.99))
    common = at_end.size > 1 and float(np.mean(np.abs(at_end / largest - 1) < ALIKE)) > MANY
    return LIMITED * np.fmin(loops.limit, largest if common else np.inf)


def _aligned(loops: xr.Dataset, features: xr.Dataset) -> tuple[F64, F64, F64]:
    """The features of each loop, shape (N, 4), the high resistance of the next cycle, and the limit of the current."""
    keys = [
        pd.MultiIndex.from_arrays([ds["device"].values[ds["device_index"].values], ds["cycle"].values])
        for ds in (loops, features)
    ]
    rows = keys[1].get_indexer(keys[0])  # -1 where a loop has no features
    columns = np.full((rows.size, 5), np.nan)
    for column, name in enumerate((*FEATURE_NAMES, "current_limit")):
        if name in features:
            columns[rows >= 0, column] = features[name].values[rows[rows >= 0]]
    values, limit = columns[:, :4], np.where(np.isfinite(columns[:, 4]), np.abs(columns[:, 4]), np.inf)
    following = np.full(rows.size, np.nan)
    next_to = (np.diff(loops["device_index"].values) == 0) & (np.diff(loops["cycle"].values) == 1)
    following[:-1][next_to] = values[1:, 0][next_to]
    return values, following, limit
