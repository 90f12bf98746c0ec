"""The vectors in force out of what neighbouring loops show; a feature that is missing costs itself only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core.analysis.loops import resistances
from synaptogen_core.analysis.loops.options import FeatureOptions
from synaptogen_core.analysis.loops.resistances import Sums
from synaptogen_core.analysis.loops.sweeps import Samples
from synaptogen_core.measurement import measurement
from synaptogen_core.schema import FAILURES, FEATURE_NAMES
from synaptogen_core.types import F64, Bools

CODES = {code: number for number, (code, _) in enumerate(FAILURES)}
FEWEST = 12  # samples of a loop: three a branch
MOST_LOST = 0.1  # share of samples that may be no numbers
OPENING = 0.05  # a loop that opens less (`sweeps.openings`) is a line, and noise would set its thresholds
LEAST = 0.01  # confidence in what is there
BLUR = 0.5  # relative standard error of a resistance from which on it is left empty
SURE = 0.5  # confidence in a step that tells of switching however little the loop opens
ONE_SIDED = 0.25  # of doubt in a resistance that was read at minus the read voltage only: there the curves differ
WORDS = {"reason": "why there is none, 0 where there is one", "confidence": "confidence, from 0 to 1"}


@dataclass(frozen=True, eq=False)
class Found:
    """What each loop shows by itself; arrays over records, SET negative."""

    u_set: F64
    set_current: F64
    sure_set: F64
    u_reset: F64
    reset_current: F64
    sure_reset: F64
    limit: F64
    lowest: F64
    highest: F64
    noise_before: F64
    noise_rising: F64
    set_first: Bools
    before: Sums
    after_set: Sums
    rising: Sums
    falling: Sums

    @classmethod
    def empty(cls, records: int, degrees: tuple[int, int]) -> Found:
        """Nothing yet.

        Parameters
        ----------
        records : int
            How many loops there are.
        degrees : (int, int)
            Of the polynomials through the high- and the low-resistance branches.

        Returns
        -------
        Found
            NaN and zeros.
        """
        hrs, lrs = degrees

        def nothing(degree: int) -> Sums:
            return Sums(np.zeros((records, 2 * degree - 1)), np.zeros((records, degree)), np.zeros(records))

        a, b, c, d, e, f, g, h, i, j, k = np.full((11, records), np.nan)
        none, branches = np.zeros(records, bool), (nothing(hrs), nothing(lrs), nothing(lrs), nothing(hrs))
        return cls(a, b, c, d, e, f, g, h, i, j, k, none, *branches)


def assembled(
    loops: xr.Dataset,
    data: Samples,
    opening: tuple[F64, F64],
    found: Found,
    options: FeatureOptions,
    polarity: int,
) -> xr.Dataset:
    """Vectors in force, or the reason why a cycle or a feature has none.

    Parameters
    ----------
    loops : xarray.Dataset
        The measurement.
    data : Samples
        Its samples, SET negative.
    opening : two ndarrays of float64, shape (records,)
        How far each loop opens at SET and at RESET; NaN where only the way back is there.
    found : Found
        What each loop shows.
    options : FeatureOptions
        Their read voltage and ranges count.
    polarity : int
        Sign of SET in the data.

    Returns
    -------
    xarray.Dataset
        As `extract_features` says.
    """
    device, cycle = loops["device_index"].values, loops["cycle"].values
    records = np.arange(cycle.size)
    follows = np.append(False, (np.diff(device) == 0) & (np.diff(cycle) == 1))
    followed = np.append(follows[1:], False)
    # the loop whose falling branch has the high resistance, and the one whose rising branch has the low one
    hrs_at = np.where(found.set_first, records - 1, records)
    hrs_there = np.where(found.set_first, follows & found.set_first[hrs_at], True)
    lrs_at = np.where(found.set_first, records, np.minimum(records + 1, records.size - 1))
    lrs_there = np.where(found.set_first, True, followed & ~found.set_first[lrs_at])
    high = found.before, found.falling.taken(hrs_at, hrs_there)
    low = found.after_set, found.rising.taken(lrs_at, lrs_there)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        r_hrs = resistances.resistances(*high, options.read_voltage, options.fit_range[0])
        r_lrs = resistances.resistances(*low, options.read_voltage, options.fit_range[1])
        error_hrs = _blur(r_hrs, high, found.noise_before, options.read_voltage, options.fit_range[0])
        error_lrs = _blur(r_lrs, low, found.noise_rising, options.read_voltage, options.fit_range[1])
    u_set = np.where(found.u_set < 0, found.u_set, np.nan)
    u_reset = np.where(lrs_there & (found.u_reset[lrs_at] > 0), found.u_reset[lrs_at], np.nan)
    failure = np.select(
        [
            data.count + data.lost < FEWEST,
            (data.lost > MOST_LOST * (data.count + data.lost)) | (data.count < FEWEST),
            (np.fmin(-found.lowest, found.highest) < options.read_voltage) | np.isnan(opening).all(axis=0),
            (opening[0] < OPENING) & ~(found.sure_set > SURE),
            lrs_there & (opening[1][lrs_at] < OPENING) & ~(found.sure_reset[lrs_at] > SURE),
            r_hrs <= r_lrs,
        ],
        [CODES[c] for c in ("too_short", "not_finite", "not_swept", "no_set", "no_reset", "closed_window")],
        0,
    )
    values = {
        "r_hrs": np.where(error_hrs < BLUR, r_hrs, np.nan),
        "u_set": u_set,
        "r_lrs": np.where(error_lrs < BLUR, r_lrs, np.nan),
        "u_reset": u_reset,
    }
    for error, (_, positive) in ((error_hrs, high), (error_lrs, low)):  # read at the other sign of the read voltage
        error += np.where(positive.samples < positive.products.shape[1], ONE_SIDED, 0.0)
    missing = {
        "r_hrs": np.where(np.isfinite(r_hrs), CODES["noisy"], CODES["no_hrs"]),
        "u_set": np.where(np.isnan(opening[0]), CODES["no_set"], CODES["unclear_set"]),
        "r_lrs": np.where(np.isfinite(r_lrs), CODES["noisy"], CODES["no_lrs"]),
        "u_reset": np.where(lrs_there & ~np.isnan(opening[1][lrs_at]), CODES["gradual_reset"], CODES["no_reset"]),
    }
    sure = {
        "r_hrs": np.clip(1 - 2 * error_hrs, LEAST, 1.0),
        "u_set": found.sure_set,
        "r_lrs": np.clip(1 - 2 * error_lrs, LEAST, 1.0),
        "u_reset": found.sure_reset[lrs_at],
    }
    nothing = ~np.any([np.isfinite(v) for v in values.values()], axis=0)
    failure = np.where((failure == 0) & nothing, missing["r_hrs"], failure)
    values = {name: np.where(failure == 0, v, np.nan) for name, v in values.items()}
    result = measurement(
        device,
        cycle,
        labels=[str(label) for label in loops["device"].values],
        features=values,
        failure=failure,
        hashed=False,  # it keeps the hash, and the source, of its loops
    )
    _explain(result, missing, sure)
    at_reset = np.where(lrs_there, found.reset_current[lrs_at], np.nan)
    extra: dict[str, Any] = {
        "set_current": (-polarity * found.set_current, "current at the SET threshold"),
        "reset_current": (-polarity * at_reset, "current at the RESET threshold"),
        "current_limit": (found.limit, "limit of the SET current"),
    }
    for name, (numbers, words) in extra.items():
        result[name] = ("record", numbers, {"long_name": words, "units": "A"})
    return result.assign_attrs(loops.attrs | {"feature_options": options.to_json(), "polarity": polarity})


def _explain(result: xr.Dataset, missing: dict[str, Any], sure: dict[str, F64]) -> None:
    """Beside each feature why it is missing, and how sure it is."""
    failure = result["failure"].values
    flags = {key: result["failure"].attrs[key] for key in ("flag_values", "flag_meanings")}
    for name in FEATURE_NAMES:
        there = np.isfinite(result[name].values)
        why = np.where(there, 0, np.where(failure > 0, failure, missing[name])).astype(np.int8)
        result[f"{name}_reason"] = ("record", why, {"long_name": WORDS["reason"], "units": "1"} | flags)
        share = np.where(there, sure[name], 0.0)
        result[f"{name}_confidence"] = ("record", share, {"long_name": WORDS["confidence"], "units": "1"})


def _blur(resistance: F64, of: tuple[Sums, Sums], noise: F64, read_voltage: float, scale: float) -> F64:
    """Relative standard error of a resistance: that of the current at the read voltage, as its samples tell it."""
    blur = np.asarray(noise * resistance / read_voltage * resistances.leverage(*of, read_voltage, scale))
    return np.where(np.isfinite(blur), blur, np.inf)
