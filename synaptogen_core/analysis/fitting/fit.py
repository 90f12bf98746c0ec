"""Measured features -> DeviceParameters, every number with its interval.

The authors of the model published no fitting code; the recipe is ours: each device is standardised with its own mean
and deviation, shapes come from normal scores pooled over devices, the autoregression from sums of products that never
cross a device's border, the mixture from the devices' means and deviations less their sampling error. What
standardising does to the estimates is simulated and taken off (`cycle_fit`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.conduction.curves import Curves
from synaptogen_core.analysis.conduction.scaled_curves import curves_for
from synaptogen_core.analysis.fitting import assembly, autoregression, card, cycle_to_cycle, stages
from synaptogen_core.analysis.fitting import estimates as fit_table
from synaptogen_core.analysis.fitting.cycle_table import Panel
from synaptogen_core.analysis.fitting.device_to_device import DeviceFit
from synaptogen_core.analysis.fitting.usable import usable
from synaptogen_core.analysis.loops.extraction import extract_features
from synaptogen_core.analysis.loops.screening import screen_devices, with_drift
from synaptogen_core.analysis.resampling import check_confidence
from synaptogen_core.array.blas import one_thread
from synaptogen_core.counts import counted
from synaptogen_core.device import rules
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.measurement import data_hash, from_simulation, is_measurement
from synaptogen_core.progress import Cancel, Progress, Work
from synaptogen_core.schema import FEATURES
from synaptogen_core.types import F64

MOST_ORDER = 20
MOST_SOURCE = 1000  # characters of the measurement's own words on where it comes from
OUTLIER_WEIGHT = 0.1
MOST_CLIPPED = 0.01  # of drawn devices


@dataclass(frozen=True, eq=False)
class Fit(Frozen):
    """What was learnt from a measurement.

    Attributes
    ----------
    device : DeviceParameters
        With what was assumed, and what to be careful with, in its `notes`.
    estimates : xarray.Dataset
        On ``parameter``: `group`, `label`, `value`, `standard_error`, `lower`, `upper`, `units`, `origin`.
    orders : xarray.Dataset
        On ``order``: `aic`, `bic`, `hannan_quinn`; attributes `chosen` and `suggested`.
    components : xarray.Dataset
        On ``components``: `bic`; attribute `chosen`.
    features : xarray.Dataset
        The measurement that was used: usable records of the devices that work.
    devices : xarray.Dataset
        On ``device``: what `screen_devices` says of all devices.
    device_points : xarray.Dataset
        On ``device`` and ``feature``: `mu` and `sigma` of each device that was used, as seen.
    curves : Curves
    assumed, warnings : tuple of str
        Sentences.
    data_hash : str
        Of the measurement as it was given.
    again : mapping
        Arguments with which `fit`, or `fit_extended`, treats another measurement in the same way.
    parts : xarray.Dataset, optional
        From `fit_extended`, on ``part``: `name`, `feature`, `gain` a value on devices that did not choose it, its
        `error`, and whether it was `kept`.
    reason : str
        Why it is of its class, from `choose`.
    """

    device: DeviceParameters
    estimates: xr.Dataset
    orders: xr.Dataset
    components: xr.Dataset
    features: xr.Dataset
    devices: xr.Dataset
    device_points: xr.Dataset
    curves: Curves
    assumed: tuple[str, ...]
    warnings: tuple[str, ...]
    data_hash: str
    again: Mapping[str, Any]
    parts: xr.Dataset | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        freeze(self)

    def _repr_html_(self) -> str:
        rows = [
            ("Devices", f"{self.features.sizes['device']:,} of {self.devices.sizes['device']:,}"),
            ("Cycles", f"{self.features.sizes['record']:,}"),
            ("Memory", counted(self.orders.attrs["chosen"], "cycle")),
            ("Kinds of device", str(self.components.attrs["chosen"])),
            ("Be careful", f"{counted(len(self.warnings), 'warning')}: see .warnings" if self.warnings else ""),
        ]
        return card.html(self.device.name, rows, self.device_points, self.estimates)


@one_thread()
@stages.full_rank()
def fit(
    ds: xr.Dataset,
    template: DeviceParameters,
    *,
    name: str,
    order: int | None = None,
    max_order: int = 10,
    criterion: str = "bic",
    method: str = "ols",
    components: int | None = None,
    degree: int = 4,
    curves: Curves | None = None,
    devices: xr.Dataset | None = None,
    confidence: float = 0.95,
    intervals: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Fit:
    """Fit a device to measured cycles.

    Parameters
    ----------
    ds : xarray.Dataset
        A measurement (`load_measurements`, `extract_features`) or the features of a simulation. Loops without features
        are read with the default `FeatureOptions`.
    template : DeviceParameters
        Tells what was not measured: features without a value, curves without loops.
    name : str
        Of the device.
    order : int, optional
        Order of the autoregression; without it, the one that `criterion` suggests.
    max_order : int
        Largest order looked at, 1 to 20; lowered where there are too few successive cycles.
    criterion : {"bic", "aic", "hannan_quinn"}
    method : {"ols", "yule-walker"}
        Least squares, or the Yule-Walker equations.
    components : int, optional
        Components of the mixture of devices; without it, as many as the Bayesian information criterion says.
    degree : int
        Of the shape polynomials, 1 to 7; a polynomial that would turn back within ``|x| <= 4`` is
        held to rise, with a warning.
    curves : Curves, optional
        Conduction; without it, fitted where there are loops, else the template's, scaled.
    devices : xarray.Dataset, optional
        What `screen_devices` says of `ds`; without it, it is asked.
    confidence : float
        Probability of the intervals.
    intervals : bool
        False: no resampling and no tests for drift, only estimates.
    seed : int
        Of starts, resamples and simulations.
    progress, cancel : optional
        As for `simulate`.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule, or there is too little to learn from; the sentence says what is missing.
    Cancelled
        If `cancel` said so.
    """
    check_confidence(confidence)
    check_options(order, max_order, criterion, method, components, degree)
    checks.instance("template", template, DeviceParameters, "use load_device")
    said, work = stages.Said([], []), Work(progress, cancel, "fit")
    measured, loops, states, drifting = prepared(ds, devices, intervals)
    work.done(0.1)
    used, panel = usable(measured, states, said)
    longest = stages.longest_order(panel, order, max_order, said)
    stages.check_steady(panel)
    recipe = cycle_to_cycle.Recipe(longest, order, degree, method, criterion)
    work.done(0.2)
    cycles, rest, error = stages.learn_cycles(
        panel, recipe, template, stages.REPLICATES if intervals else 0, seed, said, work
    )
    population = stages.learn_devices(
        panel, error, components, stages.DEVICE_REPLICATES if intervals else 0, seed, said
    )
    work.done(0.9)
    if curves is None:
        curves = curves_for(template, used, loops, measured, confidence=confidence)
    said.assumed.extend(curves.assumed)
    said.warnings.extend(curves.warnings)
    device = _device(template, name, measured, panel, cycles, population, rest, curves, said)
    table = fit_table.Table(confidence)
    fit_table.add_cycles(
        table, cycles, panel.features, 0 if panel.devices < stages.FEW_DEVICES else panel.borders.size - 1
    )
    fit_table.add_devices(table, population, panel.features)
    if population.points.shape[0] == 1:
        unknown = error.of(panel.counts.min(axis=1), population.points[:, len(panel.features) :])
        fit_table.add_single_device(table, population, unknown, panel.features)
    fit_table.add_curves(table, curves)
    work.done(1.0)
    return Fit(
        device, table.dataset(), _orders(cycles, recipe), _components(population), used,
        drifting.result() if drifting else states,
        device_points(population.points, panel.features), curves, tuple(said.assumed), tuple(said.warnings),
        measured.attrs["data_hash"],
        {"template": template, "name": name, "order": cycles.order, "method": method, "degree": degree,
         "components": components, "curves": curves, "seed": seed},
    )  # fmt: skip


def check_options(
    order: int | None = None,
    max_order: int = 10,
    criterion: str = "bic",
    method: str = "ols",
    components: int | None = None,
    degree: int = 4,
) -> None:
    """What `fit` alone asks of its arguments, before anything is computed.

    Parameters
    ----------
    order, max_order, criterion, method, components, degree
        As for `fit`.

    Raises
    ------
    ValueError, TypeError
        If one breaks its rule.
    """
    if order is not None:
        checks.whole("order", order, 1, MOST_ORDER)
    checks.whole("max_order", max_order, 1, MOST_ORDER)
    checks.whole("degree", degree, 1, 7)
    _one_of("criterion", criterion, ("bic", "aic", "hannan_quinn"))
    _one_of("method", method, autoregression.METHODS)
    if components is not None:
        checks.whole("components", components, 1, rules.MAX_COMPONENTS)


def prepared(
    ds: xr.Dataset, devices: xr.Dataset | None, drift: bool
) -> tuple[xr.Dataset, xr.Dataset | None, xr.Dataset, Future[xr.Dataset] | None]:
    """What every fit begins with.

    Parameters
    ----------
    ds : xarray.Dataset
        A measurement, or the features of a simulation.
    devices : xarray.Dataset, optional
        What `screen_devices` says of it.
    drift : bool
        Also begin to test for drift, where devices were not screened yet.

    Returns
    -------
    measured : xarray.Dataset
        With features, and its hash.
    loops : xarray.Dataset or None
        The loops that it holds.
    states : xarray.Dataset
        Of the devices.
    drifting : Future or None
        The states with tests for drift.
    """
    measured = ds if is_measurement(ds) else from_simulation(ds)
    measured = measured.assign_attrs(data_hash=data_hash(measured))
    loops = measured if "sample_count" in measured else None
    if loops is not None and not any(f.name in measured for f in FEATURES):
        measured = extract_features(measured)
    states = screen_devices(measured, drift=False) if devices is None else devices
    drifting = aside(with_drift, measured, states) if drift and devices is None else None
    return measured, loops, states, drifting


def aside(job: Callable[..., xr.Dataset], *arguments: xr.Dataset) -> Future[xr.Dataset]:
    """Something computed on a thread of its own, meanwhile; it ends by itself if nobody asks for it.

    Parameters
    ----------
    job : callable
    *arguments : xarray.Dataset
    """
    pool = ThreadPoolExecutor(1, "drift")
    future = pool.submit(job, *arguments)
    pool.shutdown(wait=False)
    return future


def _device(
    template: DeviceParameters, name: str, measured: xr.Dataset, panel: Panel, cycles: cycle_to_cycle.CycleFit,
    population: DeviceFit, rest: assembly.Remainder, curves: Curves, said: stages.Said,
) -> DeviceParameters:  # fmt: skip
    """The parameters, with their notes."""
    if rest.features:
        names = " and ".join(FEATURES[i].symbol for i in rest.features)
        said.assumed.append(f"{names} not measured: taken from {template.name}, independent of what was measured.")
    models = {q: (a, noise) for q, (a, noise, _) in cycles.models().items()}
    shapes = np.array([s.polynomial for s in cycles.shapes])
    fields: dict[str, Any] = assembly.device_fields(
        panel.features, shapes, models, population.weights, population.means, population.covariances, rest
    )
    small = [k for k, w in enumerate(population.weights) if k and w < OUTLIER_WEIGHT]
    volume = np.linalg.slogdet(population.covariances)[1] if small else np.zeros(population.weights.size)
    source = str(measured.attrs.get("source") or "measured cycles")[:MOST_SOURCE]
    device = DeviceParameters(
        **fields,
        name=name,
        hhrs=curves.hhrs,
        llrs=curves.llrs,
        u_0=curves.u_0,
        eta=curves.eta,
        u_max=curves.u_max,
        valid_range=curves.valid_range,
        outliers=tuple(k for k in small if volume[k] > volume[0]),
        source=f"fitted to {source} (data {measured.attrs['data_hash']}): {counted(panel.devices, 'device')}, "
        f"{counted(int(panel.counts.max(axis=1).sum()), 'cycle')}",
        citation=template.citation,
    )
    if device.clipped_share() > MOST_CLIPPED:
        said.warnings.append(
            f"{100 * device.clipped_share():.1f} % of the devices drawn have a spread over cycles below the floor, "
            "and get the floor: the spread between devices is too large for normals."
        )
    return replace(device, notes=(*said.warnings, *said.assumed))


def _orders(fit: cycle_to_cycle.CycleFit, recipe: cycle_to_cycle.Recipe) -> xr.Dataset:
    words = {"aic": "Akaike information criterion", "bic": "Bayesian information criterion",
             "hannan_quinn": "Hannan-Quinn criterion"}  # fmt: skip
    data = {name: ("order", v, {"long_name": words[name], "units": "1"}) for name, v in fit.criteria.items()}
    order = np.arange(1, recipe.longest + 1)
    suggested = int(np.argmin(fit.criteria[recipe.criterion])) + 1
    coords = {"order": ("order", order, {"long_name": "order of the autoregression", "units": "1"})}
    return xr.Dataset(data, coords, attrs={"chosen": fit.order, "suggested": suggested, "criterion": recipe.criterion})


def _components(fit: DeviceFit) -> xr.Dataset:
    data = {"bic": ("components", fit.criteria, {"long_name": "Bayesian information criterion", "units": "1"})}
    count = np.arange(1, fit.criteria.size + 1)
    coords = {"components": ("components", count, {"long_name": "components of the mixture", "units": "1"})}
    return xr.Dataset(data, coords, attrs={"chosen": fit.weights.size})


def device_points(points: F64, features: tuple[int, ...]) -> xr.Dataset:
    """Mu and sigma of each device that was used.

    Parameters
    ----------
    points : ndarray, shape (devices, 2 f)
    features : tuple of f int
    """
    f = len(features)
    dims = ("device", "feature")
    return xr.Dataset(
        {
            "mu": (dims, points[:, :f], {"long_name": "mean over cycles (log10 for r_hrs)"}),
            "sigma": (dims, points[:, f:], {"long_name": "standard deviation over cycles (log10 for r_hrs)"}),
        },
        {"feature": ("feature", [FEATURES[i].name for i in features])},
    )


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name}: must be one of {', '.join(known)} (got {value!r}); choose one of these")
