"""The curves of another device, where there are no loops to fit them to, or none that shows them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis.conduction.curves import GRID, Curves, currents
from synaptogen_core.analysis.conduction.fit_curves import fit_curves
from synaptogen_core.analysis.loops.extraction import FeatureOptions
from synaptogen_core.counts import counted
from synaptogen_core.device.curve_rules import most_u_max
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.errors import CurvesUnknown
from synaptogen_core.progress import Cancel, Progress
from synaptogen_core.schema import FEATURES

LOWEST, HIGHEST = 0.4, 0.95  # of Umax: thresholds outside are those of another range of voltages
ABOVE = 1.1  # times nearly all thresholds: Umax, where nothing tells it


def curves_for(
    template: DeviceParameters,
    used: xr.Dataset,
    loops: xr.Dataset | None = None,
    features: xr.Dataset | None = None,
    *,
    confidence: float = 0.95,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Curves:
    """Curves fitted to loops, or those of another device where no loop shows them: a missing feature costs only itself.

    Parameters
    ----------
    template : DeviceParameters
    used : xarray.Dataset
        The cycles worth learning from, as a measurement: of these are the medians that another device is scaled to.
    loops, features : xarray.Dataset, optional
        As for `fit_curves`; without loops, those of another device are taken.
    confidence : float
        Probability of the intervals.
    progress, cancel : optional
        As for `simulate`.

    Returns
    -------
    Curves
        Those of another device with a warning, where there are loops.

    Raises
    ------
    ValueError, TypeError, Cancelled
        As `fit_curves`.
    """
    if loops is None or features is None:
        return scaled_curves(template, used)
    try:
        return fit_curves(loops, features, confidence=confidence, progress=progress, cancel=cancel)
    except CurvesUnknown as unknown:
        gaps = ((f.symbol, int(np.isnan(features[f.name].values).sum())) for f in FEATURES if f.name in features)
        missing = ", ".join(f"{count:,} have no {symbol}" for symbol, count in gaps if count)
        why = f"of {counted(features.sizes['record'], 'loop')} {missing}" if missing else str(unknown).split(";")[0]
        other = scaled_curves(template, used)
        return replace(other, warnings=(*other.warnings, f"I-V curves: not fitted, as {why}."))


def scaled_curves(
    template: DeviceParameters, features: xr.Dataset | None = None, *, u_0: float | None = None
) -> Curves:
    """The curves of another device, all currents multiplied so that its resistance is the measured one.

    Parameters
    ----------
    template : DeviceParameters
        Whose curves, eta and Umax are taken.
    features : xarray.Dataset, optional
        A measurement. The median of R_LRS, or without it of R_HRS, gives the factor on the currents; U_RESET raises
        Umax if it has to, and stretches the curves in voltage if the device switches in another range.
    u_0 : float, optional
        Voltage at which the resistances were read [V]; by default as the features say, else the template's.

    Returns
    -------
    Curves
        Without intervals; what was taken from where stands in `assumed`.

    Raises
    ------
    TypeError
        If `template` or `features` is something else.
    """
    checks.instance("template", template, DeviceParameters, "use load_device")
    if features is not None:
        checks.instance("features", features, xr.Dataset, "give a measurement")
    known = {} if features is None else {str(n): features[n].values for n in features.data_vars}
    if u_0 is None:
        extraction = None if features is None else FeatureOptions.of(features)
        u_0 = extraction.read_voltage if extraction else template.u_0
    assumed: list[str] = []
    mean = template.population_mean
    if template.extension is not None:  # of coordinates
        typical_values = [float(c.feature(mean[i])) for i, c in enumerate(template.extension.coordinates)]
        mean = np.array([np.log10(typical_values[0]), *typical_values[1:]])
    factor, name = 1.0, f"the device {template.name!r}"
    for feature, typical in (("r_lrs", mean[2]), ("r_hrs", 10.0 ** mean[0])):
        values = known.get(feature, np.empty(0))
        values = values[np.isfinite(values)]
        if values.size:
            factor = float(typical / np.median(values))
            assumed.append(
                f"I-V curves: those of {name}, all currents multiplied by {factor:.3g} so that its {feature} is the "
                "measured one; no loops to fit them to."
            )
            break
    else:
        assumed.append(f"I-V curves: those of {name} as they are; neither loops nor resistances to fit them to.")
    assumed.append(f"eta: {template.eta:g}, that of {name}; no loops to fit it to.")
    resets = known.get("u_reset", np.empty(0))
    resets = resets[np.isfinite(resets)]
    highest = float(np.quantile(resets, 0.999)) if resets.size else 0.0
    limit = most_u_max(template.hhrs, template.llrs)
    u_max, stretch = template.u_max, 1.0
    if resets.size and (highest > limit or highest < LOWEST * u_max):
        stretch = ABOVE * highest / u_max
        u_max *= stretch
        assumed.append(
            f"u_max: {u_max:.3g} V, above nearly all RESET thresholds measured; the I-V curves are stretched with it, "
            f"by {stretch:.3g} in voltage."
        )
        if u_0 >= u_max:
            raise ValueError(f"u_0: must be below the RESET voltage, {u_max:.3g} V (got {u_0:g}); lower it")
    elif highest > HIGHEST * u_max:
        u_max = min(limit, ABOVE * highest)
        assumed.append(f"u_max: {u_max:.3g} V, above nearly all RESET thresholds measured; its own value is unknown.")
    else:
        assumed.append(f"u_max: {u_max:g} V, that of {name}; no loops that show it.")
    size = max(template.hhrs.size, template.llrs.size)
    powers = np.arange(size)[::-1]
    hhrs, llrs = (
        factor * np.pad(c, (size - c.size, 0)) / stretch ** np.maximum(powers - 1, 0)
        for c in (template.hhrs, template.llrs)
    )
    reach = stretch * template.valid_range
    unknown = np.full((size, 2), np.nan)
    grid = np.linspace(-reach, reach, GRID)
    at = np.array([10.0 ** -mean[0], 1.0 / mean[2]]) * factor
    low, high = (float(np.polyval(c, u_0)) / u_0 for c in (llrs, hhrs))
    mixing = (low - at) / (low - high)
    fitted = np.polyval(llrs, grid) + mixing[:, None] * (np.polyval(hhrs, grid) - np.polyval(llrs, grid))
    nothing = np.full_like(fitted, np.nan)
    return Curves(
        hhrs, llrs, unknown, unknown.copy(), u_0, template.eta, (np.nan, np.nan), u_max, reach,
        currents(grid, at, ["HRS", "LRS"], nothing, fitted, nothing, nothing), np.nan, tuple(assumed),
    )  # fmt: skip
