"""Accuracy over time: the cells of a chip forget, and nobody programs them again."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.device.retention.law import RetentionLaw
from synaptogen_core.errors import RangeWarning
from synaptogen_core.networks.hardware.analog import AnalogNetwork
from synaptogen_core.networks.scoring.evaluation import evaluate
from synaptogen_core.progress import Cancel, Work


def accuracy_over_time(
    analog: AnalogNetwork,
    law: RetentionLaw,
    times: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    *,
    cancel: Cancel | None = None,
) -> xr.Dataset:
    """Judge a network some times after it was programmed; it is left as it is.

    Parameters
    ----------
    analog : AnalogNetwork
        Taken as programmed just now.
    law : RetentionLaw
        What time does to its cells.
    times : array of shape (t,)
        Since then, rising from 0 [s].
    x : array, shape (images, ...)
        Test images.
    y : array, shape (images,)
        Their labels.
    cancel : callable or threading.Event, optional
        Asked between times.

    Returns
    -------
    xarray.Dataset
        ``accuracy`` over ``time``, its 95 % interval over (time, bound), and `float_accuracy`.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    Cancelled
        If `cancel` said so.
    """
    checks.instance("analog", analog, AnalogNetwork, "make one with program(...)")
    checks.instance("law", law, RetentionLaw, "use load_retention")
    ages = np.atleast_1d(checks.numeric("times", times, "times", "give seconds")).astype(float)
    if ages.ndim != 1 or not ages.size or not np.all(np.diff(ages, prepend=0.0) >= 0) or not np.isfinite(ages).all():
        raise ValueError("times: must be a row that rises from 0 s (got others); sort them")
    layers = []
    for layer in analog.layers:
        cells = CellArray.from_state({**layer.cells.to_state(), "retention": law.to_dict()}, layer.cells.engine)
        layers.append(replace(layer, cells=cells, matrix=layer.matrix.of_copy(cells)))
    aged = AnalogNetwork(analog.network, analog.chip, layers, analog.calibration, analog.meant)
    work, found, now = Work(None, cancel, "accuracy_over_time"), [], 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RangeWarning)  # the Dataset says it
        for age in ages:
            work.stop_if_asked()
            for layer in aged.layers:
                layer.cells.wait(age - now)
            now = float(age)
            found.append(evaluate(aged, x, y)[["accuracy", "accuracy_interval", "float_accuracy"]])
    time = xr.Variable("time", ages, {"units": "s", "long_name": "time since programming"})
    ds = xr.concat([one.drop_vars("float_accuracy") for one in found], dim=time)
    return ds.assign(float_accuracy=found[0]["float_accuracy"]).assign_attrs(
        title="Accuracy over time", retention=law.name, retention_hash=law.hash, retention_note=law.label
    )
