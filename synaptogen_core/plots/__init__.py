"""Pictures of a Dataset as HoloViews elements: in a notebook, in a script, on a page.

=====================  =================================================================================
`distributions`        histogram, cumulative curve or probability plot of each feature, beside the model
`cycle_to_cycle`       trace of some cells, a cycle against an earlier one, autocorrelation over lags
`device_to_device`     cells in the plane of two features, with the components of the mixture
`correlations`         matrices within and between devices, beside the model
`iv_loops`             current against voltage
`array_map`            a quantity of each cell, as a map of the array
`memory_window`        bit error rate against the read threshold
`explore`              several pictures whose selections are linked
=====================  =================================================================================

Each takes a Dataset (from `simulate`, or read back from a file) and returns an object of HoloViews: ``*`` overlays it,
``+`` puts it beside another, ``hv.save(picture, "picture.html")`` writes it. In a notebook, ``hv.extension("bokeh")``
comes first.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synaptogen_core.plots.cells import array_map as array_map
    from synaptogen_core.plots.cells import device_to_device as device_to_device
    from synaptogen_core.plots.cycles import cycle_to_cycle as cycle_to_cycle
    from synaptogen_core.plots.explorer import explore as explore
    from synaptogen_core.plots.features import distributions as distributions
    from synaptogen_core.plots.features import memory_window as memory_window
    from synaptogen_core.plots.loops import iv_loops as iv_loops
    from synaptogen_core.plots.matrices import correlations as correlations

_HOMES = {
    "array_map": "cells",
    "correlations": "matrices",
    "cycle_to_cycle": "cycles",
    "device_to_device": "cells",
    "distributions": "features",
    "explore": "explorer",
    "iv_loops": "loops",
    "memory_window": "features",
}

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"synaptogen_core.plots.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'synaptogen_core.plots' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
