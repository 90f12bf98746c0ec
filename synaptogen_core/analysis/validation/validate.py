"""A fit is judged before it is used: simulated measurements beside the real one, and the verdict in words.

Each difference stands beside what sampling alone gives: the same statistic of resampled devices against the
measurement itself. A small measurement tells little by resampling: its devices are few and seldom the rare ones, and
the statistics of short series are neither unbiased nor normal. Then the fit is measured again and again in simulations
as large as the measurement, with the same values missing; these say what to expect, and how far chance leads from it.
As the fit was made to resemble the measurement, that band is rather too wide than too narrow. What lies within was not
shown to be wrong; it is as good as the measurement can tell.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core import checks
from synaptogen_core.analysis.fitting.assembly import repeated_measurement, simulated_measurement
from synaptogen_core.analysis.fitting.cycle_table import panel_of
from synaptogen_core.analysis.fitting.fit import Fit
from synaptogen_core.analysis.staged.stuck import without_runs
from synaptogen_core.analysis.validation import distances as stats
from synaptogen_core.analysis.validation import held_out, steady
from synaptogen_core.analysis.validation.held_out import Refits
from synaptogen_core.analysis.validation.verdict import Finding, findings
from synaptogen_core.array.blas import one_thread
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.measurement import select_records
from synaptogen_core.progress import Cancel, Progress, Work
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

CONFIDENCE = 0.95
MOST_RECORDS = 400_000  # a part of the devices tells enough
SIMULATED = 400_000
PROBABILITIES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
MATRICES = ("within devices", "one cycle later", "between devices")


@dataclass(frozen=True, eq=False)
class Validation(Frozen):
    """How a fitted device compares with what it was fitted to.

    Attributes
    ----------
    marginals : xarray.Dataset
        On ``feature`` and ``probability``: quantiles over all cycles and devices, `measured` with `lower` and `upper`
        (a band that holds 95 % of the curves that sampling alone gives, as a whole) and `fitted`; log10 for r_hrs.
    distances : xarray.Dataset
        On ``feature`` and ``kind`` ("cycle to cycle", and of devices "device means", "device spreads", "device skews",
        "device tails"): `distance` of Kolmogorov and Smirnov, and `expected`: what sampling alone exceeds once in 20
        times; NaN where devices or their cycles are too few.
    autocorrelation : xarray.Dataset
        On ``feature`` and ``lag``: `measured`, `lower`, `upper` (of whole curves, too), `fitted`, about each device's
        own mean.
    correlations : xarray.Dataset
        On ``kind`` ("within devices", "one cycle later", "between devices"), ``feature`` and ``feature_other``.
    held_out : xarray.Dataset
        On ``feature``: `skill`, `skill_lower`, `skill_upper`, `skill_expected`, NaN where too few cycles could be held
        back; on ``kind``, too, `distance` and `expected` of devices held back, where these were enough. The attributes
        `cycles` and `devices` say why a test is missing. See `held_out.held_out`.
    devices : xarray.Dataset
        Of each device and ``feature``: `measured_mean`, `measured_deviation` on ``device``, `fitted_mean`,
        `fitted_deviation` on ``simulated_device``.
    verdict : tuple of Finding
        Sentences: good for what, not good for what.
    refitted : Refits
        The fits of parts of the measurement, for `compare_numbers`.
    """

    marginals: xr.Dataset
    distances: xr.Dataset
    autocorrelation: xr.Dataset
    correlations: xr.Dataset
    held_out: xr.Dataset
    devices: xr.Dataset
    verdict: tuple[Finding, ...]
    refitted: Refits

    def __post_init__(self) -> None:
        freeze(self)


@one_thread()
def validate(fit: Fit, *, seed: int = 0, progress: Progress | None = None, cancel: Cancel | None = None) -> Validation:
    """Compare a fitted device with its measurement.

    Parameters
    ----------
    fit : Fit
    seed : int
        Of the simulation and the resamples.
    progress, cancel : optional
        As for `simulate`.

    Returns
    -------
    Validation

    Raises
    ------
    Cancelled
        If `cancel` said so.
    """
    checks.instance("fit", fit, Fit, "give what fit returned")
    whole, fit = fit, replace(fit, device=without_runs(fit.device))
    work = Work(progress, cancel, "validate")
    part = _fewer(fit.features)
    panel = panel_of(part)
    repeats = stats.repeats_for(panel, SIMULATED)
    if repeats:
        made = repeated_measurement(fit.device, panel, repeats, seed)
        units = made.starts[:: panel.devices]
    else:
        made = simulated_measurement(fit.device, panel, SIMULATED, seed)
        units = stats.one_unit(made)
    work.done(0.2)
    borders, lags = stats.borders_of(panel), stats.lags_for(np.median(panel.counts))
    edges = stats.edges_of([panel, made])
    seen, drawn = stats.sums_of(panel, borders, edges, lags), stats.sums_of(made, units, edges, lags)
    work.done(0.3)
    names = [FEATURES[i].name for i in panel.features]
    more = np.sqrt(1 + panel.counts.sum() / made.counts.sum())  # the simulation is a sample, too
    compared = _Versions.of(seen, drawn, seed)
    marginals = _marginals(names, edges[0], compared, more)
    distances = stats.distances(names, seen, drawn, seed)
    autocorrelation = _over_lags(names, lags, compared, more)
    correlations = _matrices(names, seen, drawn, compared, seed)
    work.done(0.4)
    refitted = held_out.refits(fit, part, work)
    tests = held_out.held_out(refitted, part, seed, work)
    work.done(1.0)
    failed = steady.failed_share(made)
    verdict = findings(whole, marginals, distances, autocorrelation, correlations, tests, failed)
    if part is not fit.features:
        verdict = (*verdict[:-1], _of_a_part(verdict[-1], part, fit.features))
    return Validation(
        marginals, distances, autocorrelation, correlations, tests, _devices(names, seen, drawn), verdict, refitted
    )


def _fewer(features: xr.Dataset) -> xr.Dataset:
    """A part of the devices, spread over all of them, if all would be more than is needed."""
    total, devices = features.sizes["record"], features.sizes["device"]
    if total <= MOST_RECORDS:
        return features
    wanted = max(stats.FEW_DEVICES, devices * MOST_RECORDS // total)
    chosen = np.unique(np.linspace(0, devices - 1, wanted).round().astype(int))
    return select_records(features, np.isin(features["device_index"].values, chosen))


def _of_a_part(summary: Finding, part: xr.Dataset, features: xr.Dataset) -> Finding:
    said = (
        f"{part.sizes[dim]:,} of {features.sizes[dim]:,} {word}"
        for dim, word in (("device", "devices"), ("record", "cycles"))
    )
    return replace(summary, text=f"{summary.text} Compared: {', '.join(said)}.")


@dataclass(frozen=True)
class _Versions:
    """What `Sums.weighted` says of the measurement, of resamples of it or simulated repeats, and of the fit."""

    measured: tuple[F64, ...]
    again: tuple[F64, ...]
    fitted: tuple[F64, ...]
    simulated: bool

    @classmethod
    def of(cls, seen: stats.Sums, drawn: stats.Sums, seed: int) -> _Versions:
        units, repeats = seen.values.shape[0], drawn.values.shape[0]
        again = drawn.weighted(np.eye(repeats)) if repeats > 1 else seen.weighted(stats.weights_of(units, seed))
        return cls(seen.weighted(np.ones((1, units))), again, drawn.weighted(np.ones((1, repeats))), repeats > 1)

    def views(self, part: int, statistic: Callable[[F64], F64]) -> tuple[F64, F64, F64]:
        """A statistic of the measurement, replicates about it, and what is expected of the fit."""
        measured, again, fitted = (statistic(one[part]) for one in (self.measured, self.again, self.fitted))
        if self.simulated:
            expected = again.mean(axis=0)
            return measured[0], measured[0] + expected - again, expected
        return measured[0], again, fitted[0]


TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


def _band(replicates: F64) -> tuple[F64, F64]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all NaN where a resample holds no pair of cycles
        low, high = np.nanquantile(replicates, TAILS, axis=0)
    return low, high


def _band_of_curves(centre: F64, replicates: F64, more: float) -> tuple[F64, F64]:
    """A band along the last axis that holds 95 % of the resampled curves as a whole (sup-t), `more` times as wide."""
    error = replicates.std(axis=0)
    error = np.maximum(error, 1e-3 * error.max(axis=-1, keepdims=True)) + 1e-300
    farthest = np.nan_to_num(np.abs(replicates - centre) / error).max(axis=-1)  # NaN: a lag without a pair of cycles
    half = more * np.quantile(farthest, CONFIDENCE, axis=0)[:, None] * error
    return centre - half, centre + half


def _compared(dims: tuple[str, ...], coords: dict[str, Any], four: tuple[F64, F64, F64, F64]) -> xr.Dataset:
    words = ("measured", "lower end of the band", "upper end of the band", "fitted device, simulated")
    data = {
        name: (dims, values, {"long_name": long_name})
        for name, long_name, values in zip(("measured", "lower", "upper", "fitted"), words, four, strict=True)
    }
    return xr.Dataset(data, coords, attrs={"confidence": CONFIDENCE})


def _marginals(names: list[str], edges: F64, compared: _Versions, more: float) -> xr.Dataset:
    def quantiles(shares: F64) -> F64:
        return np.array(
            [
                [np.interp(PROBABILITIES, row[:-1], limits) for row, limits in zip(one, edges, strict=True)]
                for one in shares
            ]
        )

    coords = {"feature": names, "probability": list(PROBABILITIES)}
    centre, replicates, fitted = compared.views(0, quantiles)
    low, high = _band_of_curves(centre, replicates, more)
    # quantiles rise: a curve in the band lies in the part of it that rises, too
    bands = np.maximum.accumulate(low, axis=1), np.minimum.accumulate(high[:, ::-1], axis=1)[:, ::-1]
    return _compared(("feature", "probability"), coords, (centre, *bands, fitted))


def _over_lags(names: list[str], lags: NDArray[np.intp], compared: _Versions, more: float) -> xr.Dataset:
    def own(correlation: F64) -> F64:
        return np.moveaxis(np.diagonal(correlation, axis1=-2, axis2=-1), -1, -2)

    centre, replicates, fitted = compared.views(2, own)
    coords = {"feature": names, "lag": lags}
    band = _band_of_curves(centre, np.nan_to_num(replicates), more)
    return _compared(("feature", "lag"), coords, (centre, *band, fitted))


def _matrices(names: list[str], seen: stats.Sums, drawn: stats.Sums, compared: _Versions, seed: int) -> xr.Dataset:
    f, devices = len(names), seen.means.shape[0]
    four = [np.full((3, f, f), np.nan) for _ in range(4)]
    measured, again, fitted = compared.views(2, lambda correlation: correlation[:, :2])
    for target, cycles in zip(four, (measured, *_band(again), fitted), strict=True):
        target[:2] = cycles
    if devices >= stats.FEW_DEVICES and f > 1:
        weights = stats.weights_of(devices, seed)
        drawn_again = np.array([_correlation(seen.means, w) for w in weights])
        equal = np.ones(drawn.means.shape[0])
        values = (_correlation(seen.means, np.ones(devices)), *_band(drawn_again), _correlation(drawn.means, equal))
        for target, matrix in zip(four, values, strict=True):
            target[2] = matrix
    coords = {"kind": list(MATRICES), "feature": names, "feature_other": names}
    return _compared(("kind", "feature", "feature_other"), coords, (four[0], four[1], four[2], four[3]))


def _correlation(points: F64, weights: F64) -> F64:
    """Correlations of points, shape (n, f), of which each counts `weights` times."""
    away = points - np.average(points, axis=0, weights=weights)
    products = (away * weights[:, None]).T @ away
    spread = np.sqrt(np.diag(products))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(products / spread / spread[:, None])


def _devices(names: list[str], seen: stats.Sums, drawn: stats.Sums) -> xr.Dataset:
    words = {"mean": "mean over cycles", "deviation": "standard deviation over cycles"}
    data = {}
    for source, dim, sums in (("measured", "device", seen), ("fitted", "simulated_device", drawn)):
        for kind, values in (("mean", sums.means), ("deviation", sums.deviations)):
            data[f"{source}_{kind}"] = ((dim, "feature"), values, {"long_name": f"{words[kind]}, {source}"})
    return xr.Dataset(data, {"feature": names})
