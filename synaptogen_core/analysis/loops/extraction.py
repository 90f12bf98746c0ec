"""Measured I-V loops -> R_HRS, U_SET, R_LRS, U_RESET of each cycle, or the reason why there are none.

A cycle's vector is the one in force when the cycle begins: the cell is in R_HRS, SETs at U_SET into R_LRS and starts to
RESET at U_RESET. The high resistance therefore shows in two neighbouring loops, after the RESET that made it and before
the SET that ends it, and one polynomial goes through both. In loops that RESET first, vector n is the SET of loop n and
the RESET of loop n + 1; the last loop of a series then has none, and the first RESET belongs to a vector never seen.

Method: Hennen et al., Front. Neurosci. 2022 (doi 10.3389/fnins.2022.941753), as far as it was published.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from synaptogen_core.analysis.loops import evidence, offsets, resistances, sweeps, thresholds, vectors
from synaptogen_core.analysis.loops.options import FeatureOptions as FeatureOptions
from synaptogen_core.analysis.loops.vectors import Found
from synaptogen_core.array.blas import one_thread
from synaptogen_core.measurement import is_measurement
from synaptogen_core.progress import Cancel, Progress, Work
from synaptogen_core.types import F64, Bools, Ints

UNKNOWN = 2.0  # times the read voltage: as far a branch is fitted whose threshold is not known
EXACT = 1 + 1e-6  # a step is known so well, and no sample at the end of a range is to be lost by it
WIDEST = 10.0  # V: no step is taken as longer
END = 0.99  # quantile of |V| that is the end of most sweeps
HIGH, LOW = 0.6, 0.4  # of the end: a read voltage above the first may be one that switches; the second is taken instead
LEAST_READ = 1e-6  # V
GUARD = 0.8  # of a threshold: up to there a branch is fitted, for switching begins gradually


@one_thread()
def extract_features(
    loops: xr.Dataset,
    options: FeatureOptions | None = None,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> xr.Dataset:
    """The four features of each measured loop.

    Parameters
    ----------
    loops : xarray.Dataset
        A measurement with loops (`array.measurement`), each a full sweep 0 -> one sign -> other sign -> 0.
    options : FeatureOptions, optional
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.
    cancel : callable or threading.Event, optional
        Looked at now and then; if true, the work ends with `Cancelled`.

    Returns
    -------
    xarray.Dataset
        A measurement with the same records: the four features [ohm, V], NaN where one is missing, and all NaN in a
        cycle that failed as a whole; `failure`, a number of `schema.FAILURES`, 0 where the cycle switches; for each
        feature `u_set_reason` and so on, such a number where it alone is missing, and `u_set_confidence`, from 0 to 1:
        how much of a threshold's step neither bend nor noise explains (`evidence`; less for a RESET behind a plateau,
        whose place is not sharp), and how well a resistance is known (1 minus twice its relative standard error);
        `set_current`, `reset_current` [A], the currents at the two
        thresholds in the data's own sign, and `current_limit` [A], NaN without one. Attributes: those of the loops,
        `feature_options` (JSON), `current_offset` [A], what was taken off, and `polarity`, the sign of SET in the data:
        voltages of the features times -`polarity` lie on the loops (beside them by I R, with a series resistance).

    Raises
    ------
    ValueError
        If the Dataset holds no loops.
    Cancelled
        If `cancel` said so.
    """
    options = options or FeatureOptions()
    if not is_measurement(loops) or "sample_count" not in loops:
        raise ValueError("loops: must be a measurement with loops (got none); load V and I of each cycle")
    count = loops["sample_count"].values.astype(np.intp)
    voltage, current = (loops[name].values.astype(np.float64) for name in ("voltage", "current"))
    data = sweeps.samples(voltage, current, count, options.series_resistance)
    options = _within(options, data.voltage)
    at_negative, at_positive = sweeps.openings(data)
    # auto: do most loops open the other way round?
    positive = options.polarity == "positive" or (
        options.polarity == "auto" and np.sign(np.nan_to_num(at_positive) - np.nan_to_num(at_negative)).sum() > 0
    )
    if positive:
        data, at_negative, at_positive = data.mirrored(), at_positive, at_negative
    offset = options.current_offset if options.current_offset is not None else offsets.current_offset(data)
    offset = -offset if positive and options.current_offset is not None else offset
    if offset:
        data = replace(data, current=data.current - offset)
    found = Found.empty(count.size, options.degrees)
    work = Work(progress, cancel, "extract_features", "nothing was kept")
    for place, block in sweeps.blocks(data, options.smoothing):
        work.stop_if_asked()
        _fill(found, place, block, options)
        work.report(min(place.stop, count.size) / count.size)
    made = vectors.assembled(loops, data, (at_negative, -at_positive), found, options, 1 if positive else -1)
    return made.assign_attrs(current_offset=-offset if positive else offset)


def _within(options: FeatureOptions, voltage: F64) -> FeatureOptions:
    """The options as the sweeps allow them.

    The ranges of the fits are wider where samples lie too far apart for their degrees, as in a sweep to 10 V, and the
    read voltage is lower where it comes near the end of the sweeps, or lies beyond.
    """
    steps = np.abs(np.diff(voltage))
    steps = steps[np.isfinite(steps) & (steps > 0)]
    if not steps.size:
        return options
    step, end = min(float(np.median(steps)) * EXACT, WIDEST), float(np.quantile(np.abs(voltage), END))
    hrs, lrs = (max(v, (d + 1) * step) for v, d in zip(options.fit_range, options.degrees, strict=True))
    low = float(f"{LOW * end:.1g}")
    read = low if low > LEAST_READ and end < options.read_voltage / HIGH else options.read_voltage
    return replace(options, fit_range=(hrs, lrs), read_voltage=read)


def _fill(found: Found, place: slice, loops: sweeps.Loops, options: FeatureOptions) -> None:
    """Look at some loops."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        limit = thresholds.current_limits(loops)
        at_set = thresholds.set_thresholds(loops, limit, options.set_method, options.smoothing)
        at_reset = thresholds.reset_thresholds(loops, options.reset_method, options.prominence, options.smoothing)
        size, position = np.abs(loops.voltage), np.arange(loops.voltage.shape[1])
        hrs, lrs = (size <= largest for largest in options.fit_range)
        # the sample, too: behind a series resistance the cell's voltage is lower after SET than before it
        in_hrs, in_lrs = (
            within & (size <= _guarded(at.voltage, options)[:, None]) & (position < _end(at)[:, None])
            for within, at in ((hrs, at_set), (lrs, at_reset))
        )
        unlimited = lrs & ~(np.abs(loops.smooth) > 0.9 * limit[:, None])
        for target, branch, state in (
            (found.before, loops.before & in_hrs, 0),
            (found.after_set, loops.after_set & unlimited, 1),
            (found.rising, loops.rising & in_lrs, 1),
            (found.falling, loops.falling & hrs, 0),
        ):
            parts = resistances.sums(loops, branch, options.degrees[state], options.fit_range[state])
            for whole, part in zip(target, parts, strict=True):
                whole[place] = part
    found.u_set[place], found.set_current[place] = at_set.voltage, at_set.current
    found.u_reset[place], found.reset_current[place] = at_reset.voltage, at_reset.current
    found.sure_set[place], found.sure_reset[place] = at_set.confidence, at_reset.confidence
    for noise, branch, other, fitted in (  # of both branches of a state: of few samples alone it comes out too small
        (found.noise_before, loops.before, loops.falling, in_hrs),
        (found.noise_rising, loops.rising, loops.after_set, in_lrs),
    ):
        noise[place] = evidence.noise(loops.current, branch | other).at(_middle(loops.current, branch & fitted))
    found.limit[place], found.set_first[place] = limit, loops.set_first
    found.lowest[place], found.highest[place] = loops.voltage.min(axis=1), loops.voltage.max(axis=1)


def _middle(current: F64, chosen: Bools) -> F64:
    """Mean size of the currents of some samples, (loops,); 0 without any."""
    return np.asarray(np.where(chosen, np.abs(current), 0.0).sum(axis=1) / np.maximum(chosen.sum(axis=1), 1))


def _guarded(threshold: F64, options: FeatureOptions) -> F64:
    """Largest ``|V|`` of a branch before it switches; without a threshold, little more than is read."""
    return np.where(np.isfinite(threshold), GUARD * np.abs(threshold), UNKNOWN * options.read_voltage)


def _end(at: thresholds.Switching) -> Ints:
    """The sample at which a branch switches; without a threshold none."""
    return np.where(np.isfinite(at.voltage), at.sample, np.iinfo(np.intp).max)
