"""What a notebook shows of a fit: what was learnt from what, and the devices that it was learnt from."""

from __future__ import annotations

import numpy as np
import xarray as xr

from synaptogen_core.drawing import cards
from synaptogen_core.drawing.cards import Row
from synaptogen_core.drawing.picture import Dots, Picture, axis, number, prefix
from synaptogen_core.schema import feature

MOST = 500  # devices drawn
PREFERRED = ("r_lrs", "u_reset", "u_set", "r_hrs")  # for the two axes
MEDIAN = ", 50 %"


def html(name: str, rows: list[Row], points: xr.Dataset, estimates: xr.Dataset) -> str:
    """The card of a fit.

    Parameters
    ----------
    name : str
        Of the fitted device.
    rows : list of (str, str)
        What it was learnt from.
    points : xarray.Dataset
        `mu` and `sigma` on (device, feature).
    estimates : xarray.Dataset
        With their intervals.

    Returns
    -------
    str
        HTML.
    """
    known = [str(one) for one in PREFERRED if one in points["feature"].values]
    first, second = (known[0], "mu"), (known[1], "mu") if len(known) > 1 else (known[0], "sigma")
    part = points.isel(device=slice(0, MOST))
    x, y = (_handy(one, part[kind].sel(feature=one).values, kind) for one, kind in (first, second))
    dots = Dots("dot", x[0], y[0])
    picture = Picture("Each device that was used", axis(x[1], x[0]), axis(y[1], y[0]), [dots])
    confidence = f"{100 * float(estimates.attrs['confidence']):g} %"
    return cards.card("Fit", name, [*rows, *_medians(estimates, confidence)], picture)


def _medians(estimates: xr.Dataset, confidence: str) -> list[Row]:
    """Each feature's median over devices, or its mean where there is one device, with its interval."""
    columns = ("group", "label", "value", "lower", "upper", "units")
    table = list(zip(*(estimates[name].values.tolist() for name in columns), strict=True))
    several = any(group == "quantile" for group, *_ in table)
    rows = []
    for group, label, value, lower, upper, unit in table:
        if (group == "quantile" and label.endswith(MEDIAN)) if several else group == "mean":
            ends = f" ({confidence}: {number(lower)} to {number(upper)})" if np.isfinite(lower) else ""
            rows.append((label, f"{number(value)} {unit}{ends}"))
    return rows


def _handy(name: str, values: np.ndarray, kind: str) -> tuple[np.ndarray, str]:
    """Values of one axis, and its label."""
    one = feature(name)
    what = "mean" if kind == "mu" else "spread"
    if one.unit != "ohm" or one.scale == "log":
        return values, f"{what} of {one.symbol} ({f'log10 {one.unit}' if one.scale == 'log' else one.unit})"
    factor, unit = prefix(one.unit, values)
    return factor * values, f"{what} of {one.symbol} ({unit})"
