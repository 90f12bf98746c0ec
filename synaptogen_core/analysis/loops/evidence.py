"""Is there a step where a threshold was found? What neither the branch's own bend nor its noise explains, says so.

The current of a state bends: it grows as a power of the voltage that itself grows, and so it passes any level sooner or
later. A SET is more than that. Between 0.6 and 0.85 of a threshold the branch tells its exponent; half as much again,
and a half more, is allowed from there to the threshold. What exceeds it, and the noise, is a step. A SET that takes a
while has begun there already: the same is tried from 0.37 to 0.57, where the allowance has further to go. Confidence in
a threshold is the share of its step that is left when what is allowed is taken away: 0 where there is none, 1 where all
of it is step. A threshold with none is left empty.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from synaptogen_core.types import F64, Bools, Ints

WINDOWS = (  # of the threshold: where the exponent of the branch is told
    ((0.5, 0.7), (0.75, 0.95)),
    ((0.3, 0.45), (0.5, 0.65)),
)
BEND, MORE = 1.5, 0.5  # by which the exponent may grow on the way to the threshold
COARSE = 1.2  # where no exponent can be told
STEEPEST_BEND = 6.0  # exponent that a branch may have without a step
SIGMAS = 5.0  # of noise that a step or a fall must exceed
FALL_SIGMAS = 9.0  # of averaged noise that a fall must exceed: the largest of a hundred falls is 6
SHORT = 16  # samples of a branch
FEW = 2.0  # twice the relative standard error of a noise, times the root of the samples that it was told by
SLACK, BLURRED = 1.25, 2.0  # times the ramp's length, and steps by which smoothing rounds it off: no doubt
EDGE, BEFORE = 3.0, 8  # times the growth of the samples before, and how many these are


class Noise(NamedTuple):
    """Of a branch: what neighbouring samples differ by."""

    absolute: F64  # A, (loops,)
    relative: F64  # of the current, (loops,)

    def at(self, current: F64) -> F64:
        """Standard deviation [A] at some currents, (loops,)."""
        return np.asarray(self.absolute + self.relative * np.abs(current))

    def surely(self, branch: Bools) -> Noise:
        """As much more as so many samples (N, S) may understate it (two standard errors of it)."""
        more = 1 + FEW / np.sqrt(np.maximum(branch.sum(axis=1), 1))
        return Noise(self.absolute * more, self.relative * more)


def noise(current: F64, branch: Bools) -> Noise:
    """Noise of a branch from its second differences, which a smooth curve has nearly none of.

    Of a short branch the two largest are left out.

    Parameters
    ----------
    current : ndarray of float64, shape (N, S)
        [A].
    branch : ndarray of bool, shape (N, S)
        Its samples.

    Returns
    -------
    Noise
        0 where there are too few samples: 3, of a short branch 5.
    """
    inner = branch[:, 2:] & branch[:, 1:-1] & branch[:, :-2]
    second = np.abs(current[:, 2:] - 2 * current[:, 1:-1] + current[:, :-2]) / np.sqrt(6.0)
    size = np.abs(current[:, 1:-1])
    short = np.flatnonzero(branch.sum(axis=1) < SHORT)
    if short.size:  # a step lies in two of the differences, and of so few the median would take it for noise
        largest = np.where(inner, second, -1.0)[short].argsort(axis=1)[:, -2:]
        inner[short[:, None], largest] = False
    middle = _median(np.where(inner, size, np.nan))[:, None]
    small, large = inner & (size <= middle), inner & (size > middle)
    absolute = 1.4826 * _median(np.where(small, second, np.nan))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        parts = np.where(large, (1.4826 * second - absolute[:, None]) / size, np.nan)
    return Noise(absolute, np.maximum(_median(parts), 0.0))  # rounding and a floor are no part of the relative noise


def set_confidence(
    voltage: F64,
    current: F64,
    smooth: F64,
    branch: Bools,
    at: F64,
    sample: Ints,
    reach: int,
    spread: Noise,
    behind_reach: int = 0,
) -> F64:
    """Share of the step at a SET that neither bend nor noise explains, shape (loops,); 0 where there is none.

    Parameters
    ----------
    voltage, current, smooth : ndarray of float64, shape (N, S)
        Of N loops [V], [A], SET negative; `smooth` is a running mean of the current.
    branch : ndarray of bool, shape (N, S)
        The way out to SET.
    at : ndarray of float64, shape (N,)
        The thresholds [V], NaN where there is none.
    sample : ndarray of int, shape (N,)
        First sample behind each.
    reach : int
        Samples that smoothing blurs.
    spread : Noise
        Of the branch.
    behind_reach : int
        Samples behind the threshold in which the current may still rise.

    Returns
    -------
    ndarray of float64, shape (N,)
        From 0 to 1.
    """
    size, volts = np.abs(smooth), np.abs(voltage)
    position, rows = np.arange(voltage.shape[1]), np.arange(len(at))
    early = branch & (position < sample[:, None] - reach // 2)
    behind = branch & (position >= sample[:, None]) & (position <= sample[:, None] + behind_reach)
    before = np.maximum(sample - 1, 0)
    v_before, i_before = volts[rows, before], np.abs(current)[rows, before]
    allowed = np.full(voltage.shape, np.inf)
    share = volts / np.maximum(np.abs(at), 1e-300)[:, None]
    for near, far in WINDOWS:
        (v0, i0, n0), (v1, i1, n1) = (_mean(volts, size, early & (share >= a) & (share <= b)) for a, b in (near, far))
        sigma = spread.at(i1)
        i1 = np.maximum(i1, sigma)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            exponent = np.log(i1 / np.maximum(i0, sigma / np.sqrt(np.maximum(n0, 1)))) / np.log(v1 / v0)
            exponent = BEND * np.clip(np.nan_to_num(exponent, nan=1.0), 1.0, STEEPEST_BEND) + MORE
            bent = i1[:, None] * np.maximum(volts / v1[:, None], 1.0) ** exponent[:, None] + SIGMAS * sigma[:, None]
        allowed = np.fmin(allowed, np.where(((n0 > 0) & (n1 > 0))[:, None], bent, np.inf))
    # a sweep too coarse for two windows: the sample before the threshold and a bend of the second power
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        coarse = COARSE * i_before[:, None] * (volts / v_before[:, None]) ** 2 + SIGMAS * spread.at(i_before)[:, None]
        allowed = np.where(np.isfinite(allowed).any(axis=1, keepdims=True), allowed, coarse)
        part = np.where(behind, 1 - allowed / np.abs(current), 0.0)
    best = np.where(np.isfinite(part), part, 0.0).max(axis=1)
    return np.where(np.isfinite(at), np.clip(best, 0.0, 1.0), 0.0)


def is_edge(current: F64, branch: Bools, sample: Ints) -> Bools:
    """Whether the current grows much faster, from sample to sample, at a SET than on the way there.

    Parameters
    ----------
    current : ndarray of float64, shape (N, S)
        [A].
    branch : ndarray of bool, shape (N, S)
        The way out.
    sample : ndarray of int, shape (N,)
        First sample behind the edge, or a neighbour.

    Returns
    -------
    ndarray of bool, shape (N,)
        False where a branch has no samples to compare with.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        growth = np.diff(np.log(np.abs(current)), axis=1)
    growth = np.where(branch[:, 1:] & branch[:, :-1] & np.isfinite(growth), growth, np.nan)
    place = np.arange(1, current.shape[1]) - sample[:, None]  # a growth belongs to the sample behind it
    step = np.where((np.abs(place) <= 1) & np.isfinite(growth), growth, -np.inf).max(axis=1)
    before = np.where((place < -1) & (place >= -1 - BEFORE), np.abs(growth), np.nan)
    return np.asarray((step >= EDGE * _median(before)) & np.isfinite(before).any(axis=1) & (step > 0))


def reset_confidence(smooth: F64, branch: Bools, needed: F64, voltage: F64, at: F64) -> F64:
    """Share of the fall behind a RESET that is more than what counts as one, shape (loops,); 0 where there is none.

    Parameters
    ----------
    smooth : ndarray of float64, shape (N, S)
        Running mean of the current [A].
    branch : ndarray of bool, shape (N, S)
        The way out to RESET.
    needed : ndarray of float64, shape (N, S)
        By which a current must fall until each sample [A].
    voltage : ndarray of float64, shape (N, S)
        [V], RESET positive.
    at : ndarray of float64, shape (N,)
        The thresholds [V], NaN where there is none.

    Returns
    -------
    ndarray of float64, shape (N,)
        From 0 to 1.
    """
    size = np.where(branch, np.abs(smooth), 0.0)
    fall = np.where(branch & (voltage >= at[:, None]), np.maximum.accumulate(size, axis=1) - size, 0.0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(fall > 0, 1 - needed / fall, 0.0).max(axis=1)
    return np.where(np.isfinite(at) & np.isfinite(share), np.clip(share, 0.0, 1.0), 0.0)


def place_confidence(smooth: F64, branch: Bools, needed: F64, voltage: F64, at: F64, sample: Ints) -> F64:
    """How well the place of a maximum is known, shape (loops,): 1 on a ramp, less behind a plateau.

    A maximum whose fall is less than `needed` is not seen: it may have been anywhere since the current came so near to
    the one that was found. A ramp does that within U needed / I; a current that stays there for longer leaves doubt.

    Parameters
    ----------
    smooth, branch, needed, voltage, at : ndarray
        As for `reset_confidence`.
    sample : ndarray of int, shape (N,)
        First sample behind each threshold.

    Returns
    -------
    ndarray of float64, shape (N,)
        From 0 to 1.
    """
    size, rows = np.where(branch, np.abs(smooth), 0.0), np.arange(len(at))
    largest = np.where(np.arange(size.shape[1]) < sample[:, None], size, 0.0).argmax(axis=1)
    top, least = size[rows, largest], needed[rows, largest]
    near = (branch & (size >= (top - least)[:, None])).argmax(axis=1)
    steps = np.where(branch[:, 1:] & branch[:, :-1], np.diff(voltage, axis=1), 0.0)
    step = steps.sum(axis=1) / np.maximum((steps > 0).sum(axis=1), 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ramp = SLACK * at * least / top + BLURRED * step
        share = np.minimum(ramp / np.maximum(at - voltage[rows, near], 1e-300), 1.0) ** 2
    return np.where(np.isfinite(share), share, 0.0)


def _mean(volts: F64, size: F64, chosen: Bools) -> tuple[F64, F64, F64]:
    """Mean voltage and current of some samples, and how many they are, (loops,) each."""
    count = chosen.sum(axis=1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(chosen, volts, 0.0).sum(axis=1) / count, np.where(chosen, size, 0.0).sum(axis=1) / count, count


def _median(values: F64) -> F64:
    """Median of each row without its NaN; 0 where there is nothing."""
    ordered = np.sort(values, axis=1)  # NaN last
    count = np.isfinite(ordered).sum(axis=1)
    if not ordered.shape[1]:
        return np.zeros(len(ordered))
    found = ordered[np.arange(len(ordered)), np.maximum(count - 1, 0) // 2]
    return np.where(count > 0, found, 0.0)
