"""How the features depend on each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import xarray as xr

from synaptogen_core.analysis import statistics_api as statistics
from synaptogen_core.plots.features import chosen
from synaptogen_core.plots.look import axis, sized

DEEP = 0.75  # correlations beyond are drawn so dark that their number is white
KINDS = {"cycle_to_cycle": "Cycle to cycle", "device_to_device": "Device to device", "population": "All values"}


def correlations(ds: xr.Dataset, features: str | Sequence[str] | None = None) -> hv.Layout:
    """Correlation matrices of the features: within devices, between devices, and of all values.

    Parameters
    ----------
    ds : xarray.Dataset
        Holds at least two features.
    features : sequence of str, optional
        By default all four that are there.

    Returns
    -------
    holoviews.Layout
        Three heat maps; hover shows the model's exact value where the attributes know the device.

    Raises
    ------
    TypeError, ValueError
        As `sc.statistics.correlations` does.
    """
    names = chosen(ds, features)
    found = statistics.correlations(ds, names)
    return hv.Layout([_matrix(found, names, kind, title) for kind, title in KINDS.items()])


def _matrix(found: xr.Dataset, names: list[str], kind: str, title: str) -> Any:
    labels = [axis(name).label for name in names]
    value = found[kind].values
    model = found[f"{kind}_model"].values if f"{kind}_model" in found else None
    rows = [
        (labels[j], labels[i], value[i, j], *(() if model is None else (model[i, j],)))
        for i in range(len(names))
        for j in range(len(names))
    ]
    vdims = [hv.Dimension(("correlation", "Correlation"), range=(-1, 1))]
    vdims += [] if model is None else [hv.Dimension(("model", "Model"))]
    heat = hv.HeatMap(rows, [hv.Dimension(("feature", " ")), hv.Dimension(("other", "  "))], vdims)
    heat = sized(heat, cmap="RdBu_r", clim=(-1, 1), colorbar=True, tools=["hover"], invert_yaxis=True, xrotation=30)
    pale, dark = ([(x, y, f"{v:.2f}") for x, y, v, *_ in rows if bool(abs(v) > DEEP) == deep] for deep in (False, True))
    numbers = hv.Overlay(
        [
            hv.Labels(texts, ["feature", "other"], "text").opts(text_font_size="9pt", text_color=color)
            for texts, color in ((pale, "#1f2933"), (dark, "#ffffff"))
        ]
    )
    return (heat * numbers).opts(title=title)
