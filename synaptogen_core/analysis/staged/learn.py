"""The stages of a fit of format 2: what is set aside, coordinates, moments, shapes, memory, and what simulation mends.

Moments and pooled quantiles rather than likelihood: fits by likelihood alone simulate badly, as long memory stands in
for missing skew and tails explode. What a short series does to a statistic is taken off by indirect inference
(Gourieroux, Monfort and Renault 1993): the device is simulated, summarised likewise, and moved by what it misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import matmul_toeplitz

from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.resampling import MOST_GROUPS
from synaptogen_core.analysis.staged import coordinates as choice
from synaptogen_core.analysis.staged import warps
from synaptogen_core.analysis.staged.cycles import (
    Summary,
    in_coordinates,
    knots_for,
    lags_for,
    own_unit,
    summarise,
    thinned,
    without_first,
)
from synaptogen_core.analysis.staged.device import Learnt, device_of, shape_of
from synaptogen_core.analysis.staged.memory import Memory, about_own_mean, correlations, fit_memory
from synaptogen_core.analysis.staged.simulated import MANY_DEVICES, Memories, Settled, bias, refits
from synaptogen_core.device.extension import BreakIn, Coordinate
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.progress import Work
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

PARTS = ("offset", "warp", "slow", "break_in")
ROUNDS = 3
SMOOTH = 3  # degree of what a round does to quantiles of a shape
CHOOSING = 80_000  # cycles by which coordinates are chosen, at most
MOST_BREAK_IN = 0.1  # of a device's cycles
STEADY = 4.0  # standard errors
FEW_DEVICES = 3  # with fewer, the spread between devices is the template's
PRIOR_SPREAD = (0.5, 0.25)  # of mu in sigma, and of ln sigma: where one or two devices tell none
RHOS = np.exp(-1 / np.geomspace(1.5, 60.0, 24))


@dataclass(frozen=True)
class Part:
    """One choice of a fit: what it gained on devices that did not make it.

    Attributes
    ----------
    name, feature : str
    gain, error : float
        Log-likelihood a value, and its standard error; NaN where it could not be tested.
    kept : bool
    """

    name: str
    feature: str
    gain: float
    error: float
    kept: bool


@dataclass(frozen=True)
class Result:
    """A fit, and simulated repeats of it.

    Attributes
    ----------
    device : DeviceParameters
    learnt : Learnt
    replicates : tuple of Learnt
    parts : tuple of Part
    summary : Summary
        Of the measurement.
    said : tuple of str
    offsets : dict of int to Offset
        By feature, those that the device has.
    cycles : int
        Of a device, typically.
    """

    device: DeviceParameters
    learnt: Learnt
    replicates: tuple[Learnt, ...]
    parts: tuple[Part, ...]
    summary: Summary
    said: tuple[str, ...]
    offsets: dict[int, choice.Offset]
    cycles: int


def learn(
    panel: Panel, template: DeviceParameters, curves: Curves, name: str, *, intervals: bool, seed: int, work: Work,
    leave_out: tuple[str, ...] = (),
) -> Result:  # fmt: skip
    """Learn a device of format 2.

    Parameters
    ----------
    panel : Panel
        The usable cycles.
    template : DeviceParameters
        Tells what was not measured.
    curves : Curves
        Conduction.
    name : str
        Of the device.
    intervals : bool
        Also simulate and refit.
    seed : int
    work : Work
    leave_out : tuple of {"offset", "warp", "slow", "break_in"}
        Parts not to use: for comparison.
    """
    said: list[str] = []
    first, parts = _coordinates(thinned(panel, CHOOSING), leave_out)
    skipped = 0 if "break_in" in leave_out else _break_in_length(in_coordinates(panel, first))
    settled = without_first(panel, skipped)
    if skipped:
        said.append(f"The first {skipped} cycles of each device differ from later ones: they are a part of their own.")
    found, more, offsets = _offset_and_warp(settled, first, leave_out)
    parts += more
    seen_panel = in_coordinates(settled, found)
    count, cycles = int(seen_panel.counts.sum(axis=0).min()), max(2, int(np.median(seen_panel.counts)))
    lags = min(lags_for(panel), cycles - 1)  # one device may be far longer than the others
    knots = knots_for(count)
    seen = summarise(seen_panel, knots, lags, min(panel.devices, MOST_GROUPS) if panel.devices >= MANY_DEVICES else 1)
    white = "slow" in leave_out

    def memory(products: F64, near: Memory | None, feature: int) -> Memory:
        return _memory(products, cycles, count, white, near)

    fitted = _first(seen, found, knots, count, memory)
    if panel.devices < FEW_DEVICES:
        said.append(f"Spread between devices assumed: {panel.devices} measured are too few to show it.")
    work.done(0.5)
    target, whole = seen.lags, Settled.of(settled, found, knots, lags)
    for turn in range(ROUNDS):
        device = device_of(fitted, panel.features, template, curves, name)
        drawn, true = whole.drawn(device, seed + turn, whole.repeats)
        target = _aimed(target, seen.lags, drawn.lags, fitted.memories, cycles)
        fitted = _moved(fitted, target, seen, drawn, bias(drawn, true), memory)
        work.done(0.5 + 0.1 * (turn + 1))
    part = _break_in(in_coordinates(panel, found), skipped, fitted.memories) if skipped else None
    broken = None if part is None else _whole_break_in(part, panel.features)
    device = device_of(fitted, panel.features, template, curves, name, broken)
    replicates: tuple[Learnt, ...] = ()
    if intervals:
        settled_device = device.vary(break_in=False) if broken is not None else device
        replicates = refits(
            fitted, target, seen, whole, settled_device, memory, spread_known=panel.devices >= FEW_DEVICES,
            seed=seed + 100,
        )  # fmt: skip
    return Result(device, fitted, replicates, tuple(parts), seen, tuple(said), offsets, cycles)


def _coordinates(panel: Panel, leave_out: tuple[str, ...]) -> tuple[list[Coordinate], list[Part]]:
    """log10 where values have one sign."""
    y = own_unit(panel)
    first = [choice.first_coordinate(i, c[np.isfinite(c)]) for i, c in zip(panel.features, y.T, strict=True)]
    parts = []
    for j, i in enumerate(panel.features):
        won = (float("nan"), float("nan"))
        if first[j].scale == "log10" and panel.devices > 1:
            won = choice.gain(choice.scores(panel, j, first[j]), choice.scores(panel, j, Coordinate("linear")))
        parts.append(Part("log10", FEATURES[i].name, *won, first[j].scale == "log10"))
    return first, parts


def _offset_and_warp(
    panel: Panel, first: list[Coordinate], leave_out: tuple[str, ...]
) -> tuple[list[Coordinate], list[Part], dict[int, choice.Offset]]:
    """Offsets of resistances, a warp of R_HRS, where there are devices enough to tell them."""
    found, parts, offsets = list(first), [], {}
    some = thinned(panel, CHOOSING)
    different = choice.levels_differ(in_coordinates(some, first))
    for j, i in enumerate(panel.features):
        if found[j].scale != "log10" or not different:
            continue
        if FEATURES[i].name == "r_lrs" and "offset" not in leave_out:
            least = float(np.nanmin(np.abs(own_unit(panel)[:, j])))
            found[j], won, known = choice.offset_of(some, j, found[j], least)
            parts.append(Part("offset", FEATURES[i].name, *won, found[j].offset > 0))
            if known is not None:
                offsets[i] = known
        if FEATURES[i].name == "r_hrs" and "warp" not in leave_out:
            won = warps.warp_gain(some, j, found[j])
            kept = choice.is_worth(won)
            if kept:
                found[j] = warps.warp_fit(some, j, found[j])
            parts.append(Part("warp", FEATURES[i].name, *won, kept))
    return found, parts, offsets


def _curve_of_cycles(panel: Panel, longest: int) -> tuple[F64, F64]:
    """Mean over devices of each cycle less the device's later half, in sd, and its error; shapes (cycles, f)."""
    place = np.arange(len(panel.values)) - panel.starts[panel.device]
    lengths = np.diff(panel.starts)
    half = (lengths // 2)[panel.device]
    later = replace(panel, values=np.where((place < half)[:, None], np.nan, panel.values))
    mean, sd = later.moments
    z = (panel.values - mean[panel.device]) / np.maximum(sd, 1e-9)[panel.device]
    found, error = np.zeros((longest, z.shape[1])), np.zeros((longest, z.shape[1]))
    for n in range(longest):
        rows = z[(panel.starts[:-1] + n)[lengths > n]]
        known = np.isfinite(rows)
        number = np.maximum(known.sum(axis=0), 1)
        found[n] = np.where(known, rows, 0).sum(axis=0) / number
        away = np.where(known, rows - found[n], 0.0)
        error[n] = np.sqrt((away**2).sum(axis=0) / np.maximum(number - 1, 1) / number)
    return found, error


def _break_in_length(panel: Panel) -> int:
    """Cycles until the mean over devices is that of the later ones; 0 where too few devices can tell."""
    longest = int(MOST_BREAK_IN * np.diff(panel.starts).min())
    if panel.devices < 8 or longest < 2:
        return 0
    mean, error = _curve_of_cycles(panel, longest)
    apart = (np.abs(mean) > STEADY * np.maximum(error, 1e-9)).any(axis=1)
    return int(np.flatnonzero(apart)[-1]) + 1 if apart.sum() >= 2 else 0


def _break_in(panel: Panel, skipped: int, memories: Sequence[Memory]) -> tuple[F64, F64, F64]:
    """Decay, mean and spread of the break-in of each feature; shape (f,) each."""
    cycles = int(np.median(np.diff(panel.starts)))
    place = np.arange(len(panel.values)) - panel.starts[panel.device]
    mean, sd = without_first(panel, skipped).moments
    longest = min(5 * skipped, int(np.diff(panel.starts).min()) - 1)
    f = panel.values.shape[1]
    decay, size, spread = np.zeros(f), np.zeros(f), np.zeros(f)
    rows = place < longest
    away = (panel.values - mean[panel.device])[rows]
    device, at = panel.device[rows], place[rows]
    for j in range(f):
        known = np.isfinite(away[:, j])
        best = np.inf
        for rho in RHOS:
            e = rho ** at[known]
            top = np.bincount(device[known], e * away[known, j], panel.devices)
            below = np.bincount(device[known], e * e, panel.devices)
            a = top / np.maximum(below, 1e-9)
            middle = (
                float(np.median(a)) if panel.devices < 30 else float(np.clip(a.mean(), *np.quantile(a, (0.1, 0.9))))
            )
            loss = float(((away[known, j] - middle * e) ** 2 / sd[device[known], j] ** 2).mean())
            if loss < best:
                noise = float(np.median(sd[:, j] ** 2)) * _scatter(
                    rho ** np.arange(longest), skipped, cycles, memories[j]
                )
                wide = (np.quantile(a, 0.84) - np.quantile(a, 0.16)) / 2
                best, decay[j], size[j] = loss, rho, middle
                spread[j] = np.sqrt(max(float(wide) ** 2 - noise, 0.0))
    return decay, size, spread


def _scatter(decaying: F64, skipped: int, cycles: int, memory: Memory) -> float:
    """Variance of the size of a break-in, in that of cycles, which remember each other and have a mean of their own."""
    weight = np.append(decaying, np.zeros(cycles - decaying.size))
    weight[skipped:] -= decaying.sum() / (cycles - skipped)
    products = weight @ matmul_toeplitz(memory.autocorrelation(cycles - 1), weight)
    return float(products / (decaying @ decaying) ** 2)


def _whole_break_in(part: tuple[F64, F64, F64], features: tuple[int, ...]) -> BreakIn:
    decay, size, spread = np.zeros(4), np.zeros(4), np.zeros(4)
    for target, values in zip((decay, size, spread), part, strict=True):
        target[list(features)] = values
    return BreakIn(decay, size, np.diag(spread))


def _first(seen: Summary, coordinates: list[Coordinate], knots: F64, count: int, memory: Memories) -> Learnt:
    devices, f = seen.mean.shape
    covariance = seen.covariance if devices >= FEW_DEVICES else _assumed(seen)
    memories = tuple(memory(seen.lags[:, i, i], None, i) for i in range(f))
    slow, fast = correlations(seen.lags, list(memories), count)
    return Learnt(tuple(coordinates), seen.centre, covariance, seen.quantiles, knots, memories, slow, fast, count)


def _memory(seen: F64, cycles: int, count: int, white: bool, near: Memory | None = None) -> Memory:
    found = fit_memory(seen, cycles, count, near)
    return replace(found, share=0.0, fast=float(np.clip(seen[1] / seen[0], -0.5, 0.9))) if white else found


def _assumed(seen: Summary) -> F64:
    """The spread between devices where there are too few of them."""
    wide = PRIOR_SPREAD[0] * np.exp(seen.log_sd.mean(axis=0))
    return np.diag(np.concatenate([wide**2, np.full(wide.size, PRIOR_SPREAD[1] ** 2)]))


def _covariance(matrix: F64, least: F64) -> F64:
    """The nearest covariance with variances not below `least`."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    fixed = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return np.asarray(fixed + np.diag(np.maximum(least - np.diag(fixed), 0.0)))


def _aimed(target: F64, seen: F64, drawn: F64, memories: Sequence[Memory], cycles: int) -> F64:
    """Products that give the memory at once: what was seen, less what scores and shapes do to those of a simulation.

    Of a feature with itself that is what the simulation has beside the expected, so that the prior stays what it is;
    of two features, the last aim moved by what was missed.
    """
    aim = target + seen - drawn
    for i, memory in enumerate(memories):
        expected = about_own_mean(memory, cycles, len(seen) - 1)
        aim[:, i, i] = seen[0, i, i] * (seen[:, i, i] / seen[0, i, i] - drawn[:, i, i] / drawn[0, i, i] + expected)
    return aim


def _smooth(moves: F64, knots: F64) -> F64:
    """What own means and spreads do to quantiles is smooth; the rest is chance, which each round would add again."""
    basis = np.polynomial.hermite_e.hermevander(knots, SMOOTH)
    weight = np.exp(-0.25 * knots**2)[:, None]  # roughly the inverse of a quantile's error
    return np.asarray(basis @ np.linalg.lstsq(weight * basis, weight * moves.T, rcond=None)[0]).T


def _moved(
    fitted: Learnt, lags: F64, seen: Summary, drawn: Summary, apart: tuple[F64, F64], memory: Memories
) -> Learnt:
    """The estimates moved by what their simulation misses: products over lags are `lags` now."""
    covariance = fitted.covariance
    if len(seen.mean) >= FEW_DEVICES:
        covariance = _covariance(seen.covariance - apart[1], 1e-4 * np.diag(seen.covariance) + 1e-8)
    memories = tuple(memory(lags[:, i, i], near, i) for i, near in enumerate(fitted.memories))
    slow, fast = correlations(lags, list(memories), fitted.count)
    curves = [shape_of(fitted.knots, q, fitted.count).exact(fitted.knots) for q in fitted.quantiles]
    quantiles = seen.quantiles + _smooth(np.array(curves) - drawn.quantiles, fitted.knots)
    return replace(
        fitted, centre=seen.centre - apart[0], covariance=covariance, quantiles=quantiles, memories=memories,
        slow=slow, fast=fast,
    )  # fmt: skip
