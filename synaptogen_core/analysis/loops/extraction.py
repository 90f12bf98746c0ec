"""Measured I-V loops -> R_HRS, U_SET, R_LRS, U_RESET of each cycle, or the reason why there are none.

A cycle's vector is the one in force when the cycle begins: the cell is in R_HRS, SETs at U_SET into R_LRS and starts to
RESET at U_RESET. The high resistance therefore shows in two neighbouring loops, after the RESET that made it and before
the SET that ends it, and one polynomial goes through both. In loops that RESET first, vector n is the SET of loop n and
the RESET of loop n + 1; the last loop of a series then has none, and the first RESET belongs to a vector never seen.

Method: Hennen et al., Front. Neurosci. 2022 (doi 10.3389/fnins.2022.941753), as far as it was published.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.blas import one_thread
from synaptogen_core.analysis.loops import resistances, sweeps, thresholds
from synaptogen_core.analysis.loops.resistances import Sums
from synaptogen_core.analysis.loops.sweeps import Samples
from synaptogen_core.measurement import is_measurement, measurement
from synaptogen_core.progress import Cancel, Progress, Work
from synaptogen_core.schema import FAILURES, FEATURE_NAMES
from synaptogen_core.types import F64, Bools

SET_METHODS = ("level", "steepest", "peak")
RESET_METHODS = ("peak", "steepest", "level")
POLARITIES = ("auto", "negative", "positive")
CODES = {code: number for number, (code, _) in enumerate(FAILURES)}
FEWEST = 12  # samples of a loop: three a branch
MOST_LOST = 0.1  # share of samples that may be no numbers
OPENING = 0.05  # a loop that opens less (`loop_branches.openings`) is a line, and noise would set its thresholds
GUARD = 0.8  # of a threshold: up to there a branch is fitted, for switching begins gradually


@dataclass(frozen=True)
class FeatureOptions:
    """How features are read off loops.

    Attributes
    ----------
    set_method : {"level", "steepest", "peak"}
        U_SET is where the current first reaches half of its limit (without a limit: half of what the cell carries at
        the same voltage afterwards), where it rises most steeply, or the largest ``|V|`` before it reaches that level.
    reset_method : {"peak", "steepest", "level"}
        U_RESET is the first maximum of current with enough prominence, where it falls most steeply, or where it has
        fallen to half of its maximum.
    smoothing : int
        Samples of the running mean that finds the thresholds, odd; 1 for none.
    series_resistance : float
        Resistance in series with the cell [ohm]; its voltage I R is taken off.
    polarity : {"auto", "negative", "positive"}
        Sign of the SET voltage in the data. Features always have U_SET < 0.
    prominence : float or None
        How far the current must fall after a maximum [A]; None: 1.5 % of the largest RESET current of each loop.
    read_voltage : float
        At which resistances are read [V], on the side of RESET.
    degrees : (int, int)
        Of the polynomials through the high- and the low-resistance branches.
    fit_range : (float, float)
        Largest ``|V|`` of the two fits [V]. Wider averages more noise; narrower bends less. At least `read_voltage`.
    """

    set_method: str = "level"
    reset_method: str = "peak"
    smoothing: int = 5
    series_resistance: float = 0.0
    polarity: str = "auto"
    prominence: float | None = None
    read_voltage: float = 0.2
    degrees: tuple[int, int] = (5, 3)
    fit_range: tuple[float, float] = (0.6, 0.4)

    def __post_init__(self) -> None:
        """Check everything."""
        for name, known in (("set_method", SET_METHODS), ("reset_method", RESET_METHODS), ("polarity", POLARITIES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}: must be one of {', '.join(known)} (got {getattr(self, name)!r}); choose one")
        self._keep("smoothing", checks.whole("smoothing", self.smoothing, 1, 501))
        if self.smoothing % 2 == 0:
            raise ValueError(f"smoothing: must be odd (got {self.smoothing}); a mean has a sample in its middle")
        self._keep("series_resistance", checks.number("series_resistance", self.series_resistance))
        if not 0 <= self.series_resistance <= 1e9:
            raise ValueError(
                f"series_resistance: must be from 0 to 1e9 ohm (got {self.series_resistance:g}); 0 corrects nothing"
            )
        if self.prominence is not None:
            self._keep("prominence", checks.number("prominence", self.prominence))
            if not self.prominence > 0:
                raise ValueError(
                    f"prominence: must be above 0 A (got {self.prominence:g}); None adapts it to each loop"
                )
        self._keep("read_voltage", checks.number("read_voltage", self.read_voltage))
        if not 1e-6 <= self.read_voltage <= 100:
            raise ValueError(f"read_voltage: must be from 1e-6 to 100 V (got {self.read_voltage:g}); usual is 0.2 V")
        for name in ("degrees", "fit_range"):
            if not isinstance(getattr(self, name), (tuple, list)) or len(getattr(self, name)) != 2:
                raise TypeError(f"{name}: must be two numbers, of HRS and LRS (got {getattr(self, name)!r}); give both")
        self._keep("degrees", tuple(checks.whole("degrees", degree, 1, 9) for degree in self.degrees))
        self._keep("fit_range", tuple(checks.number("fit_range", largest) for largest in self.fit_range))
        if not self.read_voltage <= min(self.fit_range) or not max(self.fit_range) <= 100:
            raise ValueError(
                f"fit_range: must be from the read voltage, {self.read_voltage:g} V, to 100 V (got {self.fit_range}); "
                "resistances are read inside the fit"
            )

    def _keep(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def to_json(self) -> str:
        """The options as JSON, as a Dataset of features carries them."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> FeatureOptions:
        """Options out of `to_json`.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        FeatureOptions
            All checks made again.

        Raises
        ------
        ValueError, TypeError
            If the text holds other or bad options.
        """
        return cls(**json.loads(text))

    @classmethod
    def of(cls, features: xr.Dataset) -> FeatureOptions | None:
        """The options with which features were extracted; None where the Dataset does not say.

        Parameters
        ----------
        features : xarray.Dataset
            Its attribute ``feature_options`` is JSON, or missing.

        Returns
        -------
        FeatureOptions or None
            All checks made again.
        """
        text = features.attrs.get("feature_options")
        return cls.from_json(text) if text else None


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
        A measurement with the same records: the four features [ohm, V], all NaN in a cycle that failed; `failure`, a
        number of `schema.FAILURES`; `set_current`, `reset_current` [A], the currents at the two thresholds in the
        data's own sign, and `current_limit` [A], NaN without one. Attributes: those of the loops, `feature_options`
        (JSON), and `polarity`, the sign of SET in the data: voltages of the features times -`polarity` lie on the loops
        (beside them by I R, with a series resistance).

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
    at_negative, at_positive = sweeps.openings(data)
    # auto: do most loops open the other way round?
    positive = options.polarity == "positive" or (
        options.polarity == "auto" and np.sign(at_positive - at_negative).sum() > 0
    )
    if positive:
        data, at_negative, at_positive = data.mirrored(), at_positive, at_negative
    found = _Found.empty(count.size, options)
    work = Work(progress, cancel, "extract_features", "nothing was kept")
    for place, block in sweeps.blocks(data, options.smoothing):
        work.stop_if_asked()
        found.fill(place, block, options)
        work.report(min(place.stop, count.size) / count.size)
    return _assembled(loops, data, (at_negative, -at_positive), found, options, 1 if positive else -1)


@dataclass(frozen=True, eq=False)
class _Found:
    """What each loop shows by itself; arrays over records."""

    u_set: F64
    set_current: F64
    u_reset: F64
    reset_current: F64
    limit: F64
    lowest: F64
    highest: F64
    set_first: Bools
    before: Sums
    after_set: Sums
    rising: Sums
    falling: Sums

    @classmethod
    def empty(cls, records: int, options: FeatureOptions) -> _Found:
        hrs, lrs = options.degrees

        def nothing(degree: int) -> Sums:
            return Sums(np.zeros((records, 2 * degree - 1)), np.zeros((records, degree)), np.zeros(records))

        a, b, c, d, e, f, g = np.full((7, records), np.nan)
        return cls(a, b, c, d, e, f, g, np.zeros(records, bool), nothing(hrs), nothing(lrs), nothing(lrs), nothing(hrs))

    def fill(self, place: slice, loops: sweeps.Loops, options: FeatureOptions) -> None:
        """Look at some loops."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            limit = thresholds.current_limits(loops)
            at_set = thresholds.set_thresholds(loops, limit, options.set_method, options.smoothing)
            at_reset = thresholds.reset_thresholds(loops, options.reset_method, options.prominence, options.smoothing)
            size, position = np.abs(loops.voltage), np.arange(loops.voltage.shape[1])
            hrs, lrs = (size <= largest for largest in options.fit_range)
            # the sample, too: behind a series resistance the cell's voltage is lower after SET than before it
            in_hrs, in_lrs = (
                within & (size <= GUARD * np.abs(at.voltage)[:, None]) & (position < at.sample[:, None])
                for within, at in ((hrs, at_set), (lrs, at_reset))
            )
            unlimited = lrs & ~(np.abs(loops.smooth) > 0.9 * limit[:, None])
            for target, branch, state in (
                (self.before, loops.before & in_hrs, 0),
                (self.after_set, loops.after_set & unlimited, 1),
                (self.rising, loops.rising & in_lrs, 1),
                (self.falling, loops.falling & hrs, 0),
            ):
                parts = resistances.sums(loops, branch, options.degrees[state], options.fit_range[state])
                for whole, part in zip(target, parts, strict=True):
                    whole[place] = part
        self.u_set[place], self.set_current[place] = at_set.voltage, at_set.current
        self.u_reset[place], self.reset_current[place] = at_reset.voltage, at_reset.current
        self.limit[place], self.set_first[place] = limit, loops.set_first
        self.lowest[place], self.highest[place] = loops.voltage.min(axis=1), loops.voltage.max(axis=1)


def _assembled(
    loops: xr.Dataset,
    data: Samples,
    opening: tuple[F64, F64],
    found: _Found,
    options: FeatureOptions,
    polarity: int,
) -> xr.Dataset:
    """Vectors in force out of what neighbouring loops show, or the reason why there is none."""
    device, cycle = loops["device_index"].values, loops["cycle"].values
    records = np.arange(cycle.size)
    follows = np.append(False, (np.diff(device) == 0) & (np.diff(cycle) == 1))
    followed = np.append(follows[1:], False)
    # the loop whose falling branch has the high resistance, and the one whose rising branch has the low one
    hrs_at = np.where(found.set_first, records - 1, records)
    hrs_there = np.where(found.set_first, follows & found.set_first[hrs_at], True)
    lrs_at = np.where(found.set_first, records, np.minimum(records + 1, records.size - 1))
    lrs_there = np.where(found.set_first, True, followed & ~found.set_first[lrs_at])
    with np.errstate(over="ignore", invalid="ignore"):
        r_hrs = resistances.resistances(
            found.before, found.falling.taken(hrs_at, hrs_there), options.read_voltage, options.fit_range[0]
        )
        r_lrs = resistances.resistances(
            found.after_set, found.rising.taken(lrs_at, lrs_there), options.read_voltage, options.fit_range[1]
        )
    u_reset = np.where(lrs_there, found.u_reset[lrs_at], np.nan)
    failure = np.select(
        [
            data.count + data.lost < FEWEST,
            (data.lost > MOST_LOST * (data.count + data.lost)) | (data.count < FEWEST),
            (found.lowest > -options.read_voltage) | (found.highest < options.read_voltage),
            ~np.isfinite(found.u_set) | (opening[0] < OPENING),
            ~np.isfinite(u_reset) | (opening[1][lrs_at] < OPENING),
            ~np.isfinite(r_hrs),
            ~np.isfinite(r_lrs),
            r_hrs <= r_lrs,
        ],
        [CODES[c] for c in ("too_short", "not_finite", "not_swept", "no_set", "no_reset", "no_hrs", "no_lrs",
                            "closed_window")],
        0,
    )  # fmt: skip
    values = dict(zip(FEATURE_NAMES, (r_hrs, found.u_set, r_lrs, u_reset), strict=True))
    result = measurement(
        device,
        cycle,
        labels=[str(label) for label in loops["device"].values],
        features={name: np.where(failure == 0, v, np.nan) for name, v in values.items()},
        failure=failure,
        hashed=False,  # it keeps the hash, and the source, of its loops
    )
    extra: dict[str, Any] = {
        "set_current": (-polarity * found.set_current, "current at the SET threshold"),
        "reset_current": (-polarity * np.where(lrs_there, found.reset_current[lrs_at], np.nan),
                          "current at the RESET threshold"),
        "current_limit": (found.limit, "limit of the SET current"),
    }  # fmt: skip
    for name, (numbers, words) in extra.items():
        result[name] = ("record", numbers, {"long_name": words, "units": "A"})
    return result.assign_attrs(loops.attrs | {"feature_options": options.to_json(), "polarity": polarity})
