"""How the features are distributed, and what a read threshold makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np
import xarray as xr

from synaptogen_core import checks
from synaptogen_core.analysis import statistics_api as statistics
from synaptogen_core.analysis.columns import device_of, names_of
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.palette import COLORS
from synaptogen_core.plots.look import MODEL, axis, factor, is_log, scaled, sized, title
from synaptogen_core.schema import FEATURE_NAMES

KINDS = ("histogram", "cumulative", "probability")


def chosen(ds: xr.Dataset, features: str | Sequence[str] | None) -> list[str]:
    """The features to draw: those asked for, or all that the Dataset has.

    Parameters
    ----------
    ds : xarray.Dataset
    features : str or sequence of str, optional
        Names of variables.

    Raises
    ------
    TypeError, ValueError
        If `ds` is no Dataset, or has not what is asked for.
    """
    checks.instance("ds", ds, xr.Dataset, "give a Dataset of simulate, or one read back from a file")
    names = FEATURE_NAMES if features is None else names_of(features)
    found = [name for name in names if name in ds]
    missing = [name for name in names if name not in ds]
    if not found or (features is not None and missing):
        raise ValueError(
            f"features: must be variables of ds (got {', '.join(missing)}); choose from {', '.join(map(str, ds))}"
        )
    return found


def distributions(
    ds: xr.Dataset, features: str | Sequence[str] | None = None, *, kind: str = "histogram", bins: int = 80
) -> hv.Layout:
    """How each feature is distributed over all cells and cycles; the grey line is the model, exactly.

    Parameters
    ----------
    ds : xarray.Dataset
        Holds features on (cycle, row, column) or (cycle, cell). The model is drawn if its attributes know the device.
    features : str or sequence of str, optional
        By default all four that are there.
    kind : {"histogram", "cumulative", "probability"}
        Density per unit (per decade of R_HRS), share of values below, or normal scores: straight for a normal law.
    bins : int
        Of the histogram.

    Returns
    -------
    holoviews.Layout
        One picture per feature, two beside each other.

    Raises
    ------
    TypeError, ValueError
        For another kind, or features that `ds` has not.
    """
    if kind not in KINDS:
        raise ValueError(f"kind: must be one of {', '.join(KINDS)} (got {kind!r}); histogram is usual")
    names, device = chosen(ds, features), device_of(ds)
    draw = {"histogram": _histogram, "cumulative": _cumulative, "probability": _probability}[kind]
    return hv.Layout([draw(ds, name, device, bins) for name in names]).cols(2).opts(shared_axes=False)


def _density(name: str) -> hv.Dimension:
    unit = "1/decade" if is_log(name) else f"1/{axis(name).unit}"
    return hv.Dimension((f"{name}_density", "Probability density"), unit=unit)


def _histogram(ds: xr.Dataset, name: str, device: DeviceParameters | None, bins: int) -> Any:
    found = statistics.histogram(ds, name, bins)
    edges = scaled(name, np.append(found["lower"].values, found["upper"].values[-1]))
    per = 1.0 if is_log(name) else factor(name)
    x, y = axis(name), _density(name)
    picture = hv.Histogram((edges, found["density"].values / per), kdims=x, vdims=y)
    picture = sized(picture, color=COLORS.get(name, MODEL), line_alpha=0, fill_alpha=0.55, tools=["hover"])
    if device is not None and name in FEATURE_NAMES:
        curve = statistics.population_curve(device, name)
        line = hv.Curve((scaled(name, curve["value"].values), curve["density"].values / per), x, y)
        picture = picture * line.opts(color=MODEL, line_width=2)
    return picture.opts(title=_title(ds, name), logx=is_log(name), show_legend=False)


def _cumulative(ds: xr.Dataset, name: str, device: DeviceParameters | None, bins: int) -> Any:
    del bins
    found = statistics.cumulative(ds, name)
    x, y = axis(name), hv.Dimension(("cumulative", "Cumulative probability"))
    at, share = found["value"].values, found["cumulative_probability"].values
    picture = sized(hv.Curve((scaled(name, at), share), x, y), color=COLORS.get(name, MODEL), line_width=2)
    if device is not None and name in FEATURE_NAMES:
        curve = statistics.population_curve(device, name)
        model = hv.Curve((scaled(name, curve["value"].values), curve["cumulative_probability"].values), x, y)
        picture = picture * model.opts(color=MODEL, line_width=1, line_dash="dashed")
    return picture.opts(title=_title(ds, name), logx=is_log(name), show_legend=False)


def _probability(ds: xr.Dataset, name: str, device: DeviceParameters | None, bins: int) -> Any:
    del device, bins
    found = statistics.probability_plot(ds, name)
    x, y = axis(name), hv.Dimension(("score", "Normal score"), unit="σ")
    at, score = found["value"].values, found["normal_score"].values
    picture = sized(hv.Scatter((scaled(name, at), score), x, y), color=COLORS.get(name, MODEL), size=4, tools=["hover"])
    return picture.opts(title=_title(ds, name), logx=is_log(name))


def _title(ds: xr.Dataset, name: str) -> str:
    median = float(np.nanmedian(scaled(name, ds[name].values)))
    unit = axis(name).unit or ""
    return title(f"{axis(name).label}: median {median:.3g} {unit}".rstrip())


def memory_window(ds: xr.Dataset, *, high: str = "r_hrs", low: str = "r_lrs", confidence: float = 0.95) -> hv.Overlay:
    """Share of bits that a read would take for the other, against its threshold between the two states.

    Parameters
    ----------
    ds : xarray.Dataset
        Holds both features.
    high, low : str
        The features of the two states.
    confidence : float
        Probability of the band.

    Returns
    -------
    holoviews.Overlay
        Bit error rate with its band, and the best threshold.

    Raises
    ------
    TypeError, ValueError
        As `sc.statistics.memory_window` does.
    """
    chosen(ds, [high, low])
    found = statistics.memory_window(ds, high, low, confidence=confidence)
    x, y = axis("threshold"), hv.Dimension(("bit_error_rate", "Bit error rate"))
    at, rate = scaled("threshold", found["threshold"].values), found["bit_error_rate"].values
    lower, upper = found["bit_error_rate_interval"].values.T
    band = hv.Area((at, lower, upper), x, [y, "upper"]).opts(color=COLORS["r_hrs"], alpha=0.25, line_alpha=0)
    line = sized(hv.Curve((at, rate), x, y), color=COLORS["r_hrs"], line_width=2, tools=["hover"])
    best = float(found["best_threshold"]) * factor("threshold")
    mark = hv.VLine(best).opts(color=MODEL, line_dash="dashed", line_width=1)
    words = f"Best at {best:.3g} kΩ: bit error rate {float(found['best_bit_error_rate']):.2g}"
    return (band * line * mark).opts(title=words, logx=True, show_legend=False, width=420, height=320)
