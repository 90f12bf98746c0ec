"""The stages of a fit of format 2: what is set aside, coordinates, moments, shapes, memory, and what simulation mends.

Moments and pooled quantiles rather than likelihood: fits by likelihood alone simulate badly, as long memory stands in
for missing skew and tails explode. What a short series does to a statistic is taken off by indirect inference
(Gourieroux, Monfort and Renault 1993): the device is simulated, summarised likewise, and moved by what it misses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.fitting.assembly import repeated_measurement
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.staged import coordinates as choice
from synaptogen_core.analysis.staged.cycles import (
    Summary,
    in_coordinates,
    knots_for,
    lags_for,
    own_unit,
    summarise,
    without_first,
)
from synaptogen_core.analysis.staged.device import Learnt, device_of, shape_of
from synaptogen_core.analysis.staged.memory import Memory, correlations, fit_memory
from synaptogen_core.device.extension import BreakIn, Coordinate
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.progress import Work
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

PARTS = ("offset", "warp", "slow", "break_in")
ROUNDS = 3
SIMULATED = 250_000  # cycles of a simulation, about
MOST_REPEATS = 60
REPLICATES = (16, 40)  # least and most simulated measurements for intervals
MOST_BREAK_IN = 0.1  # of a device's cycles
STEADY = 4.0  # standard errors
FEW_DEVICES = 3  # with fewer, the spread between devices is the template's
PRIOR_SPREAD = (0.5, 0.25)  # of mu in sigma, and of ln sigma: where one or two devices tell none
RHOS = np.exp(-1 / np.array([2.0, 3, 5, 8, 12, 18, 27, 40]))


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
    """

    device: DeviceParameters
    learnt: Learnt
    replicates: tuple[Learnt, ...]
    parts: tuple[Part, ...]
    summary: Summary
    said: tuple[str, ...]


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
    first, parts = _coordinates(panel, leave_out)
    skipped = 0 if "break_in" in leave_out else _break_in_length(in_coordinates(panel, first))
    settled = without_first(panel, skipped)
    if skipped:
        said.append(f"The first {skipped} cycles of each device differ from later ones: they are a part of their own.")
    found, more = _offset_and_warp(settled, first, leave_out)
    parts += more
    seen_panel = in_coordinates(settled, found)
    lags, count = lags_for(panel), int(seen_panel.counts.sum(axis=0).min())
    knots = knots_for(count)
    seen = summarise(seen_panel, knots, lags)
    cycles = max(2, int(np.median(seen_panel.counts)))
    fitted = _first(seen, found, knots, count, cycles, "slow" in leave_out)
    if panel.devices < FEW_DEVICES:
        said.append(f"Spread between devices assumed: {panel.devices} measured cannot tell it.")
    work.done(0.5)
    repeats = int(np.clip(SIMULATED // max(int(panel.starts[-1]), 1), 1, MOST_REPEATS))
    target = seen
    for turn in range(ROUNDS):
        device = device_of(fitted, panel.features, template, curves, name)
        drawn = _simulated(device, settled, found, knots, lags, repeats, seed + turn)
        fitted, target = _moved(fitted, target, seen, drawn, cycles, panel.devices, "slow" in leave_out)
        work.done(0.5 + 0.1 * (turn + 1))
    part = _break_in(in_coordinates(panel, found), skipped) if skipped else None
    broken = None if part is None else _whole_break_in(part, panel.features)
    device = device_of(fitted, panel.features, template, curves, name, broken)
    replicates: tuple[Learnt, ...] = ()
    if intervals:
        many = int(np.clip(4 * SIMULATED // max(int(panel.starts[-1]), 1), *REPLICATES))
        settled_device = device.vary(break_in=False) if broken is not None else device
        again = _each_simulated(settled_device, settled, found, knots, lags, many, seed + 100)
        replicates = _replicates(fitted, target, again, cycles, panel.devices, "slow" in leave_out)
    return Result(device, fitted, replicates, tuple(parts), seen, tuple(said))


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
) -> tuple[list[Coordinate], list[Part]]:
    """Offsets of resistances, a warp of R_HRS, where there are devices enough to tell them."""
    found, parts = list(first), []
    different = choice.levels_differ(in_coordinates(panel, first))
    for j, i in enumerate(panel.features):
        if found[j].scale != "log10" or not different:
            continue
        if FEATURES[i].name == "r_lrs" and "offset" not in leave_out:
            found[j], won = choice.offset_of(panel, j, found[j])
            parts.append(Part("offset", FEATURES[i].name, *won, found[j].offset > 0))
        if FEATURES[i].name == "r_hrs" and "warp" not in leave_out:
            won = choice.warp_gain(panel, j, found[j])
            kept = won[0] > choice.ERRORS * won[1]
            if kept:
                found[j] = choice.warp_fit(panel, j, found[j])
            parts.append(Part("warp", FEATURES[i].name, *won, kept))
    return found, parts


def _curve_of_cycles(panel: Panel, longest: int) -> tuple[F64, F64]:
    """Mean over devices of each cycle less the device's later half, in sd, and its error; shapes (cycles, f)."""
    place = np.arange(len(panel.values)) - panel.starts[panel.device]
    half = (np.diff(panel.starts) // 2)[panel.device]
    later = replace(panel, values=np.where((place < half)[:, None], np.nan, panel.values))
    mean, sd = later.moments
    z = (panel.values - mean[panel.device]) / np.maximum(sd, 1e-9)[panel.device]
    found, error = np.zeros((longest, z.shape[1])), np.zeros((longest, z.shape[1]))
    for n in range(longest):
        rows = z[place == n]
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


def _break_in(panel: Panel, skipped: int) -> tuple[F64, F64, F64]:
    """Decay, mean and spread of the break-in of each feature; shape (f,) each."""
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
                noise = float(np.median(sd[:, j] ** 2 / np.maximum(below, 1e-9)))
                wide = (np.quantile(a, 0.84) - np.quantile(a, 0.16)) / 2
                best, decay[j], size[j] = loss, rho, middle
                spread[j] = np.sqrt(max(float(wide) ** 2 - noise, 0.0))
    return decay, size, spread


def _whole_break_in(part: tuple[F64, F64, F64], features: tuple[int, ...]) -> BreakIn:
    decay, size, spread = np.zeros(4), np.zeros(4), np.zeros(4)
    for target, values in zip((decay, size, spread), part, strict=True):
        target[list(features)] = values
    return BreakIn(decay, size, np.diag(spread))


def _first(seen: Summary, coordinates: list[Coordinate], knots: F64, count: int, cycles: int, white: bool) -> Learnt:
    devices, f = seen.mean.shape
    covariance = seen.covariance if devices >= FEW_DEVICES else _assumed(seen)
    memories = tuple(_memory(seen.lags[:, i, i], cycles, count, white) for i in range(f))
    slow, fast = correlations(seen.lags, list(memories), count)
    return Learnt(tuple(coordinates), seen.centre, covariance, seen.quantiles, knots, memories, slow, fast, count)


def _memory(seen: F64, cycles: int, count: int, white: bool, near: Memory | None = None) -> Memory:
    found = fit_memory(seen, cycles, count, near)
    return replace(found, share=0.0, fast=float(np.clip(seen[1] / seen[0], -0.5, 0.9))) if white else found


def _assumed(seen: Summary) -> F64:
    """The spread between devices where there are too few of them."""
    wide = PRIOR_SPREAD[0] * np.exp(seen.log_sd.mean(axis=0))
    return np.diag(np.concatenate([wide**2, np.full(wide.size, PRIOR_SPREAD[1] ** 2)]))


def _simulated(
    device: DeviceParameters, like: Panel, coordinates: list[Coordinate], knots: F64, lags: int, repeats: int, seed: int
) -> Summary:
    drawn = repeated_measurement(device, like, repeats, seed)
    return summarise(in_coordinates(drawn, coordinates), knots, lags)


def _each_simulated(
    device: DeviceParameters, like: Panel, coordinates: list[Coordinate], knots: F64, lags: int, repeats: int, seed: int
) -> list[Summary]:
    return [_simulated(device, like, coordinates, knots, lags, 1, seed + n) for n in range(repeats)]


def _covariance(matrix: F64, least: F64) -> F64:
    """The nearest covariance with variances not below `least`."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    fixed = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return np.asarray(fixed + np.diag(np.maximum(least - np.diag(fixed), 0.0)))


def _moved(
    fitted: Learnt, target: Summary, seen: Summary, drawn: Summary, cycles: int, devices: int, white: bool
) -> tuple[Learnt, Summary]:
    """The estimates moved by what their simulation misses; and the statistics that would give them at once."""
    f = len(fitted.memories)
    covariance = fitted.covariance
    if devices >= FEW_DEVICES:
        covariance = _covariance(
            covariance + seen.covariance - drawn.covariance, 1e-4 * np.diag(seen.covariance) + 1e-8
        )
    lags = target.lags + (seen.lags - drawn.lags)
    memories = tuple(_memory(lags[:, i, i], cycles, fitted.count, white) for i in range(f))
    slow, fast = correlations(lags, list(memories), fitted.count)
    curves = [shape_of(fitted.knots, q, fitted.count).exact(fitted.knots) for q in fitted.quantiles]
    quantiles = seen.quantiles + (np.array(curves) - drawn.quantiles)
    moved = replace(
        fitted, centre=fitted.centre + seen.centre - drawn.centre, covariance=covariance, quantiles=quantiles,
        memories=memories, slow=slow, fast=fast,
    )  # fmt: skip
    return moved, replace(target, lags=lags)


def _replicates(
    fitted: Learnt, target: Summary, again: list[Summary], cycles: int, devices: int, white: bool
) -> tuple[Learnt, ...]:
    """What the fit gives on simulated measurements, to first order."""
    f = len(fitted.memories)

    def mean(of: Callable[[Summary], F64]) -> F64:
        return np.asarray(np.mean([of(one) for one in again], axis=0))

    centre, covariance, lags = mean(lambda s: s.centre), mean(lambda s: s.covariance), mean(lambda s: s.lags)
    made = []
    for one in again:
        products = target.lags + one.lags - lags
        near = fitted.memories
        memories = tuple(_memory(products[:, i, i], cycles, fitted.count, white, near[i]) for i in range(f))
        spread = fitted.covariance + (one.covariance - covariance if devices >= FEW_DEVICES else 0.0)
        made.append(replace(fitted, centre=fitted.centre + one.centre - centre, covariance=spread, memories=memories))
    return tuple(made)
