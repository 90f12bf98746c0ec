"""Measured features -> DeviceParameters, every number with its interval; and the judgement of a fit.

The public face of the room (`sc.fitting`). The authors of the model published no fitting code; the recipe is ours:
each device is standardised with its own mean and deviation, shapes come from normal scores pooled over devices, the
autoregression from sums of products that never cross a device's border, the mixture from the devices' means and
deviations less their sampling error. What standardising does to the estimates is simulated and taken off (`cycle_fit`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.analysis import autoregression, cycle_fit, fit_assembly, fit_table, shape_fit
from synaptogen_core.analysis.curves import Curves, fit_curves, scaled_curves
from synaptogen_core.analysis.device_fit import FEWEST_MEMBERS, DeviceFit, SamplingError, fit_devices, sampling_error
from synaptogen_core.analysis.device_report import device_report, usable_records
from synaptogen_core.analysis.features import FeatureOptions, extract_features
from synaptogen_core.analysis.panel import Panel, panel_of
from synaptogen_core.analysis.resampling import bootstrap_weights, check_confidence
from synaptogen_core.array.measurement import from_simulation, is_measurement, select_records
from synaptogen_core.array.run import Cancel, Progress
from synaptogen_core.device import checks
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import Cancelled
from synaptogen_core.schema import DEVICE_STATES, FEATURES

Floats = NDArray[np.float64]

MOST_ORDER = 20
REPLICATES = 200
DEVICE_REPLICATES = 100
FEW_DEVICES = 8  # with fewer, resampling devices tells nothing: measurements are simulated instead
WINDOWS = 10  # of successive cycles for each coefficient
FEWEST_SIMULATED = 64  # devices
SIMULATED = 300_000  # cycles of the simulation that tells the bias
FEWEST_CYCLES = 10  # of a device
OUTLIER_WEIGHT = 0.1
BLURRED = 0.5  # of the variance between devices being sampling error: worth a warning


@dataclass(frozen=True, eq=False)
class Fit:
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
        On ``device``: what `device_report` says of all devices.
    device_points : xarray.Dataset
        On ``device`` and ``feature``: `mu` and `sigma` of each device that was used, as seen.
    curves : Curves
    assumed, warnings : tuple of str
        Sentences.
    data_hash : str
        Of the measurement as it was given.
    again : mapping
        Arguments with which `fit` treats another measurement in the same way.
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
    confidence: float = 0.95,
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
        Of the shape polynomials, 1 to 7; lowered, with a warning, where a polynomial would turn back.
    curves : Curves, optional
        Conduction; without it, fitted where there are loops, else the template's, scaled.
    confidence : float
        Probability of the intervals.
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
    if order is not None:
        checks.whole("order", order, 1, MOST_ORDER)
    checks.whole("max_order", max_order, 1, MOST_ORDER)
    checks.whole("degree", degree, 1, 7)
    _one_of("criterion", criterion, ("bic", "aic", "hannan_quinn"))
    _one_of("method", method, autoregression.METHODS)
    if components is not None:
        checks.whole("components", components, 1, checks.MAX_COMPONENTS)
    said, work = Said([], []), Work(progress, cancel, "fit")
    measured = ds if is_measurement(ds) else from_simulation(ds)
    loops = measured if "sample_count" in measured else None
    if loops is not None and not any(f.name in measured for f in FEATURES):
        measured = extract_features(measured)
    report = device_report(measured)
    work.done(0.1)
    used, panel = _usable(measured, report, said)
    longest = _longest(panel, order, max_order, said)
    recipe = cycle_fit.Recipe(longest, order, degree, method, criterion)
    work.done(0.2)
    cycles, rest, error = _learn_cycles(panel, recipe, template, seed, said, work)
    population = _learn_devices(panel, error, components, seed, said)
    work.done(0.9)
    if curves is None:
        curves = scaled_curves(template, used) if loops is None else fit_curves(loops, measured, confidence=confidence)
    said.assumed.extend(curves.assumed)
    said.warnings.extend(curves.warnings)
    device = _device(template, name, measured, panel, cycles, population, rest, curves, said)
    table = fit_table.Table(confidence)
    fit_table.add_cycles(table, cycles, panel.features, 0 if panel.devices < FEW_DEVICES else panel.borders.size - 1)
    fit_table.add_devices(table, population, panel.features)
    if population.points.shape[0] == 1:
        unknown = error.of(panel.counts.min(axis=1), population.points[:, len(panel.features) :])
        fit_table.add_single_device(table, population, unknown, panel.features)
    fit_table.add_curves(table, curves)
    work.done(1.0)
    return Fit(
        device, table.dataset(), _orders(cycles, recipe), _components(population), used, report,
        _points(population, panel.features), curves, tuple(said.assumed), tuple(said.warnings),
        str(measured.attrs.get("data_hash", "")),
        {"template": template, "name": name, "order": cycles.order, "method": method, "degree": degree,
         "components": components, "curves": curves, "seed": seed},
    )  # fmt: skip


class Said(NamedTuple):
    """Sentences that a fit collects."""

    assumed: list[str]
    warnings: list[str]


@dataclass
class Work:
    """Progress that never runs back, and the caller's wish to stop."""

    progress: Progress | None
    cancel: Cancel | None
    what: str

    def done(self, share: float) -> None:
        """Tell how much is done; end with `Cancelled` if that is wished."""
        if self.progress:
            self.progress(share)
        wished = self.cancel.is_set if isinstance(self.cancel, threading.Event) else self.cancel
        if wished and wished():
            raise Cancelled(f"{self.what}: cancelled at the caller's wish; nothing was changed")


def _usable(measured: xr.Dataset, report: xr.Dataset, said: Said) -> tuple[xr.Dataset, Panel]:
    """The records worth learning from, and their panel."""
    keep = usable_records(measured, report)
    for number, (code, words) in enumerate(DEVICE_STATES):
        count = int((report["state"].values == number).sum())
        if code != "healthy" and count:
            labels = [str(label) for label in report["device"].values[report["state"].values == number]]
            said.warnings.append(
                f"{count} of {report.sizes['device']} devices left out, {words}: {', '.join(labels[:8])}"
                + (" and others." if count > 8 else ".")
            )
    if not keep.any():
        raise ValueError("ds: must hold a device that switches (got none); see device_report for each device's state")
    used = measured if keep.all() else select_records(measured, keep)
    lasting = np.flatnonzero(panel_of(used).counts.min(axis=1) >= FEWEST_CYCLES)
    if lasting.size < used.sizes["device"]:
        if not lasting.size:
            raise ValueError(
                f"ds: must hold a device with at least {FEWEST_CYCLES} cycles of each feature (got none); measure more"
            )
        said.warnings.append(
            f"{used.sizes['device'] - lasting.size} devices left out with fewer than {FEWEST_CYCLES} cycles of a feature."
        )
        used = select_records(used, np.isin(used["device_index"].values, lasting))
    panel = panel_of(used)
    steady = (panel.moments[1] > 0).all(axis=1)
    if not steady.all():
        if not steady.any():
            raise ValueError("ds: must hold features that vary over cycles (got constants); is a column a setting?")
        said.warnings.append(f"{int((~steady).sum())} devices left out in which a feature never varies.")
        used = select_records(used, steady[used["device_index"].values])
        panel = panel_of(used)
    if panel.step != 1:
        said.assumed.append(
            f"Records lie {panel.step:,} cycles apart: a cycle of the fitted device stands for as many, and its memory "
            "is that from record to record."
        )
    return used, panel


def _longest(panel: Panel, order: int | None, max_order: int, said: Said) -> int:
    """The largest order for which there are windows enough: ten for each coefficient of a feature."""
    wanted = order or max_order
    whole = panel.present.all(axis=1)
    broken = np.flatnonzero(np.diff(np.concatenate([[False], whole, [False]]).astype(np.int8)))
    runs = broken[1::2] - broken[::2]
    for longest in range(wanted, 0, -1):
        windows = np.maximum(runs - longest, 0).sum()
        if windows >= WINDOWS * (longest * len(panel.features) + 1):
            break
    else:
        raise ValueError(
            f"ds: must hold at least {WINDOWS * (len(panel.features) + 1)} pairs of successive cycles with all features "
            f"(got {windows}); measure more cycles"
        )
    if longest < wanted:
        text = f"order {wanted} needs more successive cycles than were measured; up to order {longest} can be learnt."
        if order is not None:
            raise ValueError(f"order: must be at most {longest} for {windows} windows (got {order}); measure more cycles")
        said.warnings.append(f"Memory: {text}")
    return longest


def _learn_cycles(
    panel: Panel, recipe: cycle_fit.Recipe, template: DeviceParameters, seed: int, said: Said, work: Work
) -> tuple[cycle_fit.CycleFit, fit_assembly.Remainder, SamplingError]:
    """Shapes and memory, what the template adds, and what the number of cycles leaves unknown of a device."""
    few = panel.devices < FEW_DEVICES
    weights = np.ones((1, panel.devices)) if few else bootstrap_weights(panel.borders.size - 1, REPLICATES, seed)
    first = cycle_fit.fit_cycles(panel, recipe, weights)
    work.done(0.5)
    rest = fit_assembly.remainder(template, panel.features, first.order)
    typical = cycle_fit.typical_cycles(panel, recipe.longest + 2)

    def made(fit: cycle_fit.CycleFit, devices: int, purpose: int) -> Panel:
        a, noise, _ = fit.models()[fit.order]
        return fit_assembly.standardised_panel(
            template, panel.features, np.array([s.polynomial for s in fit.shapes]), {fit.order: (a, noise)}, rest,
            devices=devices, cycles=typical, seed=seed + purpose,
        )  # fmt: skip

    simulated = made(first, max(FEWEST_SIMULATED, SIMULATED // typical), 1)
    work.done(0.6)
    found = cycle_fit.unbiased(first, simulated, recipe)
    found = replace(
        found,
        shapes=tuple(
            new if shape_fit.rises(new.polynomial) else old
            for new, old in zip(found.shapes, first.shapes, strict=True)
        ),
    )
    if few:
        many = made(found, panel.devices * REPLICATES, 2)
        found = cycle_fit.simulated_replicates(found, many, recipe, panel.devices)
        said.assumed.append(
            f"With {panel.devices} device{'s' * (panel.devices > 1)}, intervals of cycle-to-cycle numbers come from "
            "simulated measurements of the fitted device."
        )
    for i, shape in zip(panel.features, found.shapes, strict=True):
        if shape.degree < recipe.degree:
            said.warnings.append(
                f"The shape of {FEATURES[i].symbol} is a polynomial of degree {shape.degree} only: higher ones turn back."
            )
    drawn_in = [str(q) for q, (_, _, changed) in found.models().items() if changed]
    if drawn_in:
        said.warnings.append(
            f"Memory of order {', '.join(drawn_in)} came out unstable and was drawn in: does a feature drift?"
        )
    work.done(0.75)
    return found, rest, sampling_error(*simulated.moments, typical)


def _learn_devices(panel: Panel, error: SamplingError, components: int | None, seed: int, said: Said) -> DeviceFit:
    """The mixture over devices."""
    mean, sd = panel.moments
    cycles = panel.counts.min(axis=1).astype(np.float64)
    found = fit_devices(mean, sd, cycles, error, components=components, replicates=DEVICE_REPLICATES, seed=seed)
    devices, count = panel.devices, found.weights.size
    if devices == 1:
        said.assumed.append("One device was measured: device to device nothing is known, and no spread is assumed.")
    elif devices < 2 * FEWEST_MEMBERS:
        said.warnings.append(
            f"{devices} devices: their spread is one normal, known to about {100 / np.sqrt(2 * devices - 2):.0f} %."
        )
    if devices > 1:
        names = [f"{kind} of {FEATURES[i].symbol}" for kind in ("mean", "spread") for i in panel.features]
        blurred = [name for name, share in zip(names, found.blurred, strict=True) if share > BLURRED]
        if blurred:
            said.warnings.append(
                f"Device to device, more than half of what is seen of the {', '.join(blurred)} is sampling error of "
                "the cycles: more cycles a device would tell."
            )
    if count > 1:
        said.assumed.append(f"{count} components of devices, {'as asked for' if components else 'by BIC'}.")
    return found


def _device(
    template: DeviceParameters, name: str, measured: xr.Dataset, panel: Panel, cycles: cycle_fit.CycleFit,
    population: DeviceFit, rest: fit_assembly.Remainder, curves: Curves, said: Said,
) -> DeviceParameters:  # fmt: skip
    """The parameters, with their notes."""
    if rest.features:
        names = " and ".join(FEATURES[i].symbol for i in rest.features)
        said.assumed.append(
            f"{names} not measured: taken from {template.name}, independent of what was measured."
        )
    models = {q: (a, noise) for q, (a, noise, _) in cycles.models().items()}
    shapes = np.array([s.polynomial for s in cycles.shapes])
    fields: dict[str, Any] = fit_assembly.device_fields(
        panel.features, shapes, models, population.weights, population.means, population.covariances, rest
    )
    small = [k for k, w in enumerate(population.weights) if k and w < OUTLIER_WEIGHT]
    volume = np.linalg.slogdet(population.covariances)[1] if small else np.zeros(population.weights.size)
    source = measured.attrs.get("source") or "measured cycles"
    return DeviceParameters(
        **fields,
        name=name,
        hhrs=curves.hhrs,
        llrs=curves.llrs,
        u_0=curves.u_0,
        eta=curves.eta,
        u_max=curves.u_max,
        valid_range=curves.valid_range,
        outliers=tuple(k for k in small if volume[k] > volume[0]),
        source=f"fitted to {source} (data {measured.attrs.get('data_hash', '')}): {panel.devices} devices, "
        f"{int(panel.counts.max(axis=1).sum()):,} cycles",
        citation=template.citation,
        notes=(*said.warnings, *said.assumed),
    )


def _orders(fit: cycle_fit.CycleFit, recipe: cycle_fit.Recipe) -> xr.Dataset:
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


def _points(fit: DeviceFit, features: tuple[int, ...]) -> xr.Dataset:
    """Mu and sigma of each device that was used."""
    f = len(features)
    dims = ("device", "feature")
    return xr.Dataset(
        {
            "mu": (dims, fit.points[:, :f], {"long_name": "mean over cycles (log10 for r_hrs)"}),
            "sigma": (dims, fit.points[:, f:], {"long_name": "standard deviation over cycles (log10 for r_hrs)"}),
        },
        {"feature": ("feature", [FEATURES[i].name for i in features])},
    )


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{name}: must be one of {', '.join(known)} (got {value!r}); choose one of these")
