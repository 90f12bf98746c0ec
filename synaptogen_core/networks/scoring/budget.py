"""Where the errors come from: accuracy with each cause alone, and with all together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.crossbar.readout.effective_matrix import EffectiveMatrix
from synaptogen_core.networks.hardware.analog import MAX_READS, AnalogLayer, AnalogNetwork
from synaptogen_core.networks.hardware.calibration import calibrated
from synaptogen_core.networks.hardware.inference import Curved, Linear, Source, Stage, run
from synaptogen_core.networks.scoring.evaluation import SAMPLE, layer_errors, wilson
from synaptogen_core.types import F64

UNCLIPPED = ("none", "programming", "lines")  # linear cells: the range of inputs is of no matter, but for its end
WIDE = 1e3
CAUSES = ("none", "programming", "nonlinearity", "lines", "noise", "converters", "together")


def accuracy_budget(analog: AnalogNetwork, x: ArrayLike, y: ArrayLike, *, first_read: int = 0) -> xr.Dataset:
    """What each cause alone, and all together, do to the accuracy.

    Alone means: everything else is ideal. Cells are then linear and exactly at what the weights ask for, or, for
    "programming", at the conductances that they were programmed to; for "nonlinearity" they have the true I(r, U) of
    that conductance. A calibrated network is calibrated anew for each cause, on the same images. Causes meet each
    other, so their losses do not add up.

    Parameters
    ----------
    analog : AnalogNetwork
    x : array, shape (images, ...)
        Test images.
    y : array, shape (images,)
        Their labels.
    first_read : int
        As for `AnalogNetwork.forward`.

    Returns
    -------
    xarray.Dataset
        Over ``cause`` (none: the float network as it lies on ideal cells; programming, nonlinearity, lines, noise,
        converters; together: the chip): ``accuracy``, its interval over ``bound``, ``loss`` against none, and
        ``layer_error`` over ``layer``.

    Raises
    ------
    TypeError, ValueError
        If images or labels do not fit the network.
    """
    checks.instance("analog", analog, AnalogNetwork, "make one with program(...)")
    network = analog.network
    images = network.check_images(x)
    labels = network.check_labels(y, len(images))
    first_read = checks.whole("first_read", first_read, 0, MAX_READS)
    accuracy, bounds, errors = [], [], []
    for cause in CAUSES:
        stages = stages_with(analog, cause)
        right = run(network, stages, images, first_read).argmax(axis=1) == labels
        accuracy.append(float(right.mean()))
        bounds.append(wilson(int(right.sum()), right.size))
        errors.append(layer_errors(network, stages, images[:SAMPLE], first_read))
    data = {
        "accuracy": ("cause", accuracy, {"long_name": "accuracy", "units": "1"}),
        "accuracy_interval": (("cause", "bound"), bounds, {"long_name": "interval of the accuracy", "units": "1"}),
        "loss": ("cause", accuracy[0] - np.array(accuracy), {"long_name": "loss of accuracy", "units": "1"}),
        "layer_error": (("cause", "layer"), errors, {"long_name": "RMS error of the layer's products", "units": "1"}),
    }
    coords = {"cause": list(CAUSES), "layer": np.arange(len(network.weighted))}
    about = {"title": "Accuracy by cause", "images": len(images), "interval": "Wilson, 95 %, over test images"}
    return xr.Dataset(data, coords, about)


def stages_with(analog: AnalogNetwork, cause: str) -> list[Stage]:
    """The layers of an analog network with one cause of errors alone.

    Parameters
    ----------
    analog : AnalogNetwork
    cause : str
        A name of `CAUSES`.

    Returns
    -------
    list of Stage
    """
    if cause == "together":
        return analog.stages()
    stages = []
    for layer in analog.layers:
        given = layer.readout
        readout = replace(
            given,
            gain=np.ones(layer.layout.outputs),
            bandwidth=given.bandwidth if cause == "noise" else 0.0,
            adc_bits=given.adc_bits if cause == "converters" else None,
            dac_bits=given.dac_bits if cause == "converters" else None,
        )
        stages.append(Stage(layer.layout, SOURCES.get(cause, _nominal)(analog, layer), readout))
    if analog.calibration is None:
        return stages
    readouts = calibrated(analog.network, stages, analog.calibration, "none" if cause == "none" else "layer")
    if cause in UNCLIPPED:
        readouts = [replace(readout, input_range=WIDE * readout.input_range) for readout in readouts]
    return [replace(stage, readout=readout) for stage, readout in zip(stages, readouts, strict=True)]


def wanted_conductances(analog: AnalogNetwork, layer: AnalogLayer) -> F64:
    """What the weights ask for, even where other targets were programmed [S]; shape (rows, columns).

    Parameters
    ----------
    analog : AnalogNetwork
    layer : AnalogLayer

    Returns
    -------
    ndarray of float64, shape (rows, columns)
    """
    weighted = analog.network.weighted[analog.layers.index(layer)]
    if not layer.layout.biases:
        return layer.layout.conductances(weighted.matrix)
    bias = weighted.bias / layer.readout.input_range
    return layer.layout.conductances(np.vstack([weighted.matrix, bias]))


def _of(layer: AnalogLayer, g: F64) -> Source:
    return Linear(layer.places, [np.ascontiguousarray(g[p.rows, p.columns]) for p in layer.places])


def _nominal(analog: AnalogNetwork, layer: AnalogLayer) -> Source:
    return _of(layer, wanted_conductances(analog, layer))


def _programmed(analog: AnalogNetwork, layer: AnalogLayer) -> Source:
    return _of(layer, layer.cells.conductance(layer.matrix.u).astype(np.float64))


def _curved(analog: AnalogNetwork, layer: AnalogLayer) -> Source:
    """The true curves of cells whose conductance at the read voltage is the wanted one."""
    device, u = layer.cells.device, layer.matrix.u
    low, high = (float(np.polyval(curve, u)) / u for curve in (device.llrs, device.hhrs))
    return Curved(layer.places, device, (low - wanted_conductances(analog, layer)) / (low - high))


def _lined(analog: AnalogNetwork, layer: AnalogLayer) -> Source:
    bands, stripes = layer.places[-1].band + 1, layer.places[-1].stripe + 1
    grid = [layer.matrix.lines[k * stripes : (k + 1) * stripes] for k in range(bands)]
    g = wanted_conductances(analog, layer)
    owner = EffectiveMatrix(g, grid, tile=analog.chip.tile)
    totals = [g[p.rows, p.columns].sum(axis=0) for p in layer.places]
    return Linear(layer.places, [block.matrix for block in owner.blocks()], totals)


SOURCES: dict[str, Callable[[AnalogNetwork, AnalogLayer], Source]] = {
    "programming": _programmed,
    "nonlinearity": _curved,
    "lines": _lined,
}
