"""Where a loop SETs and where it RESETs, between its samples.

Smoothed currents tell at which sample it happens, so that noise does not; the measured ones around that sample tell
where between the samples, so that smoothing does not move an abrupt step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.analysis.loops import evidence
from synaptogen_core.analysis.loops.resistances import curve_values
from synaptogen_core.analysis.loops.sweeps import Loops
from synaptogen_core.types import F64, Bools, Ints

FLAT, FLAT_SPAN = 0.05, 0.2  # a current limit: within 5 % of the largest current over a fifth of the sweep
CLEAR = 0.1  # confidence from which on a level needs no edge beside it
AGREE = 1.5  # steps between level and edge, which then mean the same SET
FLOOR = 0.1  # of the largest SET current: nothing below it is a SET, however small the low-resistance current is there
KINK, LINE = (
    0.1,
    0.5,
)  # fall below the line of the low resistance; share of the way to the largest current it is fitted on
ABRUPT, FALLEN = 0.2, 0.1  # of the current: a fall that noise cannot hide, and one between two samples
NEAR_SIGMAS = 4.0  # of averaged noise within which a current may still be the largest
PROMINENCE = 0.015  # of the largest RESET current: the authors' 5 uA, on their devices


class Switching(NamedTuple):
    """One threshold of each loop, shape (loops,); NaN where there is none."""

    voltage: F64  # V
    current: F64  # A
    sample: Ints  # the first one behind it
    confidence: F64  # share of the step that neither bend nor noise explains, 0 to 1; `evidence`


def current_limits(loops: Loops) -> F64:
    """The limit that holds the SET current [A, > 0], shape (loops,); NaN where the current has no flat end."""
    side = loops.before | loops.after_set
    size = np.where(side, np.abs(loops.smooth), 0.0)
    volts = np.where(side, -loops.voltage, 0.0)
    largest = size.max(axis=1)
    flat = side & (size >= (1 - FLAT) * largest[:, None]) & (largest[:, None] > 0)
    span = np.where(flat, volts, 0.0).max(axis=1) - np.where(flat, volts, np.inf).min(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        level = np.where(flat, size, 0.0).sum(axis=1) / flat.sum(axis=1)
    return np.where(span > FLAT_SPAN * volts.max(axis=1), level, np.nan)


def set_thresholds(loops: Loops, limits: F64, method: str, smoothing: int) -> Switching:
    """The SET of each loop: by "level" of current, "steepest" rise, or "peak" of the voltage before that level.

    Parameters
    ----------
    loops : Loops
        N loops, SET negative.
    limits : ndarray of float64, shape (N,)
        From `current_limits` [A]; NaN where there is none.
    method : {"level", "steepest", "peak"}
        What counts as the SET.
    smoothing : int
        Samples over which the currents were smoothed.

    Returns
    -------
    Switching
        U_SET below 0 [V].
    """
    branch, reach = loops.before, smoothing // 2 + 1
    size, smooth = np.abs(loops.current), np.abs(loops.smooth)
    spread = evidence.noise(loops.current, branch)
    steep = _steepest(loops, size, smooth, branch, smoothing)
    found = steep if method == "steepest" else _by_level(loops, limits, method, smoothing)

    def sure(of: Switching, behind: int) -> F64:
        return evidence.set_confidence(
            loops.voltage, loops.current, loops.smooth, branch, of.voltage, of.sample, reach, spread, behind
        )

    share = sure(found, 0 if method == "level" else reach)
    if method == "level":  # where the branch passes the level by itself, an edge further on is the SET
        other = np.where(evidence.is_edge(loops.current, branch, steep.sample), sure(steep, reach), 0.0)
        step = np.abs(_at(loops.voltage, steep.sample) - _at(loops.voltage, steep.sample - 1))
        # without a way back the level is half of the largest current, which a bent branch may reach by itself
        back = np.any(loops.after_set, axis=1)
        own = ((share > CLEAR) & back) | ((share > 0) & (other <= 0))
        # a level that shows no step at all is passed by the branch itself, perhaps a sample or two before the SET
        agree = (np.abs(found.voltage - steep.voltage) <= AGREE * step) & (share > 0)
        share, found = np.where(own, share, other), _chosen(own | agree, found, steep)
    return _where(share > 0, found.voltage, found.current, found.sample, share)


def _by_level(loops: Loops, limits: F64, method: str, smoothing: int) -> Switching:
    """Where the current first reaches half of its limit, or the largest voltage before."""
    size, smooth, branch = np.abs(loops.current), np.abs(loops.smooth), loops.before
    side = branch | loops.after_set
    largest = np.where(side, smooth, 0.0).max(axis=1)
    # of the limit; else of what flows at the same voltage afterwards; else, in a loop that ends there, of the largest
    afterwards = np.abs(curve_values(loops, loops.after_set, 3))
    ends, alone = np.where(np.isfinite(limits), limits, largest)[:, None], ~np.any(loops.after_set, axis=1)[:, None]
    level = 0.5 * np.where(np.isfinite(limits)[:, None] | alone, ends, afterwards)
    level = np.maximum(level, FLOOR * largest[:, None])
    branch = branch & (largest > 0)[:, None]
    if method == "level":
        return _crossing(loops, size - level, smooth - level, branch, smoothing)
    above = branch & (smooth >= level)
    below = branch & ~np.logical_or.accumulate(above, axis=1)
    at = np.where(below, loops.voltage, np.inf).argmin(axis=1)
    return _where(above.any(axis=1) & below.any(axis=1), _at(loops.voltage, at), _at(loops.smooth, at), at + 1)


def reset_thresholds(loops: Loops, method: str, prominence: float | None, smoothing: int) -> Switching:
    """The RESET of each loop: by "peak", "steepest" fall, "level" of half of the largest current, or "kink".

    Parameters
    ----------
    loops : Loops
        N loops, RESET positive.
    method : {"peak", "steepest", "level", "kink"}
        What counts as the RESET.
    prominence : float, optional
        By which the current must fall behind a peak [A]; default: `PROMINENCE` of the largest.
    smoothing : int
        Samples over which the currents were smoothed.

    Returns
    -------
    Switching
        U_RESET above 0 [V].
    """
    branch = loops.rising
    size = np.abs(loops.current)
    smooth = np.where(branch, np.abs(loops.smooth), 0.0)
    largest = np.maximum.accumulate(smooth, axis=1)
    top = largest[:, -1]
    # of as many samples as there are: an abrupt RESET is few of them, and a median does not see it
    quiet = branch | loops.falling | loops.after_set
    spread = evidence.noise(loops.current, quiet).surely(quiet)
    left = branch[:, ::-1].cumsum(axis=1)[:, ::-1] - 1  # samples to the turn: there fewer are averaged
    blur = np.sqrt(0.5 / smoothing + 0.5 / np.clip(2 * left + 1, 1, smoothing))
    needed = np.maximum(
        (PROMINENCE * top if prominence is None else np.full(top.shape, prominence))[:, None],
        evidence.FALL_SIGMAS * spread.at(top)[:, None] * blur,
    )
    fall = np.where(branch, largest - smooth, 0.0)
    deep = (fall >= needed) & (fall > 0)
    falls = np.asarray(deep.any(axis=1))  # without a fall the largest current is the end of the sweep, or noise
    if method == "kink":
        found = _departure(loops, smooth, branch, top)
        bend = np.abs(found.current) * KINK  # of which the line has left so much
        return _where(
            np.isfinite(found.voltage), *found[:3], np.clip(1 - 2 * spread.at(top) / np.maximum(bend, 1e-300), 0, 1)
        )
    if method == "steepest":
        found = _steepest(loops, -size, -smooth, branch, smoothing)
    elif method == "level":
        level = 0.5 * largest[:, -1:]
        past = np.arange(smooth.shape[1]) > smooth.argmax(axis=1)[:, None]
        found = _crossing(loops, level - size, level - smooth, branch & past, smoothing)
    else:
        # the largest current so far is a maximum of that prominence once the current has fallen by it; the first such
        so_far = np.where(np.arange(smooth.shape[1]) <= deep.argmax(axis=1)[:, None], smooth, -1.0)
        noise = NEAR_SIGMAS / np.sqrt(smoothing) * spread.at(top)
        found = _kink(loops, _last_before_fall(so_far, smooth, noise, smoothing), branch, falls, smoothing)
    share = evidence.reset_confidence(loops.smooth, branch, needed, loops.voltage, np.where(falls, 0.0, np.nan))
    if method == "peak":
        share = share * evidence.place_confidence(
            loops.smooth, branch, needed, loops.voltage, found.voltage, found.sample
        )
    return _where(falls & np.isfinite(found.voltage), *found[:3], share)


def _last_before_fall(so_far: F64, smooth: F64, noise: F64, smoothing: int) -> Ints:
    """The sample of the largest current; before an abrupt fall the last one within the noise of it.

    Noise puts the largest of many rising samples well before an abrupt fall, whose place the samples tell all the same.
    """
    largest = so_far.argmax(axis=1)
    near = so_far >= (_at(so_far, largest) - noise)[:, None]
    last = near.shape[1] - 1 - near[:, ::-1].argmax(axis=1)
    abrupt = _at(smooth, last + smoothing) < (1 - ABRUPT) * _at(smooth, last)
    found: Ints = np.where(abrupt, last, largest)
    return found


def _departure(loops: Loops, smooth: F64, branch: Bools, top: F64) -> Switching:
    """Where the current leaves the line of the low-resistance state, however gently.

    The line is one of the second degree through the first half of the way to where the current is nearly its largest.
    Where the current has fallen to `1 - KINK` of it, and where to half of that, tell where it began to.
    """
    high = (smooth >= 0.9 * top[:, None]).argmax(axis=1)
    end = loops.voltage[np.arange(len(top)), high][:, None]
    fitted = branch & (loops.voltage <= LINE * end)
    line = np.abs(curve_values(loops, fitted, 2, beyond=True))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        left = np.where(branch & (line > 0), 1 - smooth / line, 0.0)
    upper = fitted & (loops.voltage > 0.5 * LINE * end)
    straight = np.where(upper, np.abs(left), 0.0).max(axis=1) < KINK / 2  # else the line holds some of the RESET
    left = np.where(fitted, 0.0, left)
    far, near = (_crossing(loops, left - share, left - share, branch, 1) for share in (KINK, KINK / 2))
    voltage = np.minimum(2 * near.voltage - far.voltage, near.voltage)
    found = straight & np.isfinite(far.voltage) & (near.voltage <= far.voltage) & (voltage > 1.1 * LINE * end[:, 0])
    return _where(found, voltage, near.current, near.sample)


def _crossing(loops: Loops, excess: F64, smooth: F64, branch: Bools, smoothing: int) -> Switching:
    """Where the excess over a level first becomes positive on a branch."""
    above = branch & (smooth >= 0)
    found, at = np.asarray(above.any(axis=1)), above.argmax(axis=1)
    reach = smoothing // 2 + 1
    best = np.full(at.shape, -1)
    for offset in sorted(range(-reach, reach + 1), key=abs, reverse=True):  # the nearest is written last
        k = at + offset
        hit = (_at(branch, k) | _at(branch, k - 1)) & (_at(excess, k - 1) < 0) & (_at(excess, k) >= 0) & (k >= 1)
        best = np.where(hit & (k < excess.shape[1]), k, best)
    best = np.where(best < 0, at, best)
    low, high = _at(excess, best - 1), _at(excess, best)
    inside = (best > 0) & (low < 0) & (high >= 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(inside, -low / (high - low), 1.0)
    previous = np.where(best > 0, best - 1, best)
    v0, v1 = _at(loops.voltage, previous), _at(loops.voltage, best)
    # a series resistance makes the cell's voltage collapse at SET: it switched at the voltage before
    v1 = np.where(np.abs(v1) < np.abs(v0), v0, v1)
    i0, i1 = _at(loops.current, previous), _at(loops.current, best)
    return _where(found, v0 + share * (v1 - v0), i0 + share * (i1 - i0), best)


def _steepest(loops: Loops, size: F64, smooth: F64, branch: Bools, smoothing: int) -> Switching:
    """The centre of the largest rise of `size` on a branch."""
    step = np.diff(np.abs(loops.voltage), axis=1)
    both = branch[:, 1:] & branch[:, :-1]
    typical = np.where(both, np.abs(step), 0.0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    width = np.maximum(np.abs(step), 0.5 * typical[:, None])  # a step that is nearly none makes no slope
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.where(both, np.diff(smooth, axis=1) / width, -np.inf)
    at = slope.argmax(axis=1)
    found: Bools = np.take_along_axis(slope, at[:, None], 1)[:, 0] > 0
    offsets = np.arange(-(smoothing // 2), smoothing // 2 + 1)
    k = np.clip(at[:, None] + offsets, 0, step.shape[1] - 1)
    rise = np.where(np.take_along_axis(both, k, 1), np.take_along_axis(np.diff(size, axis=1), k, 1), 0.0)
    rise = np.where(rise >= 0.5 * rise.max(axis=1, keepdims=True), np.maximum(rise, 0.0), 0.0)
    total = rise.sum(axis=1)
    found = np.logical_and(found, total > 0)
    largest = np.take_along_axis(k, rise.argmax(axis=1)[:, None], 1)[:, 0]

    def centre(values: F64) -> F64:
        middle = 0.5 * (np.take_along_axis(values, k, 1) + np.take_along_axis(values, k + 1, 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((rise * middle).sum(axis=1) / total)

    return _where(found, centre(loops.voltage), centre(loops.current), largest + 1)


def _kink(loops: Loops, at: Ints, branch: Bools, found: Bools, smoothing: int) -> Switching:
    """Where two straight lines meet, one through the samples before a maximum, one through those after it.

    The sample with the largest current lies up to a step beside the kink, and smoothing moves the maximum to the less
    steep side; the two lines of least squares do neither, and they average the noise.
    """
    reach, width = max(1, smoothing // 2), max(3, smoothing)
    index = at[:, None] + np.arange(-reach - width, reach + width + 1)
    usable = (index >= 0) & (index < branch.shape[1])
    index = np.clip(index, 0, branch.shape[1] - 1)
    usable &= np.take_along_axis(branch, index, 1)
    origin = _at(loops.voltage, at)
    v = np.where(usable, np.take_along_axis(loops.voltage, index, 1) - origin[:, None], 0.0)
    i = np.where(usable, np.abs(np.take_along_axis(loops.current, index, 1)), 0.0)
    least = np.full(at.shape, np.inf)
    best_v, best_i = np.zeros(at.shape), _at(np.abs(loops.smooth), at)
    for j in range(width, width + 2 * reach + 1):  # the last sample before the kink
        left, right = slice(j - width + 1, j + 1), slice(j + 1, j + width + 1)
        a0, b0, error0 = _line(v[:, left], i[:, left], usable[:, left])
        a1, b1, error1 = _line(v[:, right], i[:, right], usable[:, right])
        with np.errstate(invalid="ignore", divide="ignore"):
            meeting = (a1 - a0) / (b0 - b1)
            meeting = np.clip(meeting, v[:, j], v[:, j + 1])
            # a high resistance that is the steeper line has no kink with the low one: an abrupt fall between samples
            ahead = a0 + b0 * v[:, j + 1]
            falls = (b0 <= b1) & ((1 - FALLEN) * ahead > a1 + b1 * v[:, j + 1])
            meeting = np.where(falls, 0.5 * (v[:, j] + v[:, j + 1]), meeting)
            height = a0 + b0 * meeting
        # as a mean: near the end of the branch there are fewer samples
        error = (error0 + error1) / np.maximum(usable[:, j - width + 1 : j + width + 1].sum(axis=1), 1)
        better = (error < least) & ((b0 > b1) | falls) & usable[:, j] & usable[:, j + 1] & np.isfinite(height)
        least = np.where(better, error, least)
        best_v, best_i = np.where(better, meeting, best_v), np.where(better, height, best_i)
    return _where(found, origin + best_v, best_i, at + 1)


def _line(v: F64, i: F64, usable: Bools) -> tuple[F64, F64, F64]:
    """Intercept, slope and squared error of a straight line, shape (loops,) each; level through less than 2 samples."""
    count = np.maximum(usable.sum(axis=1), 1)
    mean_v, mean_i = v.sum(axis=1) / count, i.sum(axis=1) / count
    dv, di = (np.where(usable, x - m[:, None], 0.0) for x, m in ((v, mean_v), (i, mean_i)))
    spread = (dv * dv).sum(axis=1)
    slope = np.divide((dv * di).sum(axis=1), spread, out=np.zeros(spread.size), where=spread > 0)
    return mean_i - slope * mean_v, slope, ((di - slope[:, None] * dv) ** 2).sum(axis=1)


def _at(values: NDArray[Any], column: Ints) -> NDArray[Any]:
    """One sample of each loop, shape (loops,)."""
    return values[np.arange(len(values)), np.clip(column, 0, values.shape[1] - 1)]


def _where(found: Bools, voltage: F64, current: F64, sample: Ints, confidence: F64 | None = None) -> Switching:
    share = np.ones(voltage.shape) if confidence is None else confidence
    return Switching(
        np.where(found, voltage, np.nan), np.where(found, current, np.nan), sample, np.where(found, share, 0.0)
    )


def _chosen(first: Bools, one: Switching, other: Switching) -> Switching:
    """One or the other for each loop."""
    return Switching(*(np.where(first, a, b) for a, b in zip(one, other, strict=True)))
