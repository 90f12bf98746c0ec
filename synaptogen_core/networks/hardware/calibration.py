"""Ranges and gains from training images: what an input of 1 is, where an ADC ends, the factor of an output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.analog import AnalogNetwork
from synaptogen_core.networks.hardware.inference import ReadOut, Stage, product
from synaptogen_core.types import F64

GAINS = ("layer", "column", "none")
IMAGES = 256
NARROWEST = 1e-3  # of the largest range of a layer: a tile whose currents are all alike still has a range


def calibrate(analog: AnalogNetwork, x: ArrayLike, *, images: int = IMAGES, gain: str = "layer") -> AnalogNetwork:
    """Set the ranges of a network's inputs and converters, and its gains, from training images.

    Layer by layer, each with the inputs that the calibrated chip gives it: the largest input is driven with the read
    voltage, the ADC of each tile reaches from the smallest to the largest of its currents, and the gain is that with
    which the outputs come closest to what the float weights make of the same inputs. Use training images: to calibrate
    on those that are judged would be cheating.

    Parameters
    ----------
    analog : AnalogNetwork
        Stays as it is.
    x : array, shape (images, ...)
        Training images.
    images : int
        So many of them are used, evenly spaced over `x`.
    gain : {"layer", "column", "none"}
        One gain for each layer, one for each of its outputs, or 1.

    Returns
    -------
    AnalogNetwork
        With cells of its own, in the same states.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """
    checks.instance("analog", analog, AnalogNetwork, "make one with program(...)")
    if gain not in GAINS:
        raise ValueError(f"gain: must be one of {', '.join(GAINS)} (got {gain!r}); choose one of them")
    given = analog.network.check_images(x)
    count = min(checks.whole("images", images, 1, 2**40), len(given))
    chosen = np.array(given[np.linspace(0, len(given) - 1, count).astype(np.intp)])
    readouts = calibrated(analog.network, analog.stages(), chosen, gain)
    return analog.with_readouts(readouts, chosen)


def calibrated(network: Network, stages: Sequence[Stage], x: F64, gain: str = "layer") -> list[ReadOut]:
    """The read-outs of `calibrate`, for whatever is read.

    Parameters
    ----------
    network : Network
    stages : sequence of Stage
    x : ndarray of float64, shape (images, ...)
        Checked images.
    gain : {"layer", "column", "none"}

    Returns
    -------
    list of ReadOut
    """
    found: list[ReadOut] = []

    def multiply(number: int, vectors: F64) -> F64:
        stage, layer = stages[number], network.weighted[number]
        driven = stage.readout.input_range if stage.layout.biases else float(np.abs(vectors).max()) or 1.0
        bare = replace(stage.readout, input_range=driven, adc_bits=None, gain=np.ones(stage.layout.outputs))
        ends = np.tile([np.inf, -np.inf], (len(stage.source.places), 1))

        def watch(tile: int, current: F64) -> None:
            ends[tile] = min(ends[tile, 0], current.min()), max(ends[tile, 1], current.max())

        product(replace(stage, readout=bare), vectors, 0, watch)
        ranged = replace(bare, adc_bits=stage.readout.adc_bits, ranges=_widened(ends))
        y = product(replace(stage, readout=ranged), vectors)
        wanted = vectors @ layer.matrix + (layer.bias if stage.layout.biases else 0.0)
        factor = _gain(y, wanted, gain)
        found.append(replace(ranged, gain=factor))
        return y * factor - (layer.bias if stage.layout.biases else 0.0)

    network.forward(x, multiply)
    return found


def _widened(ends: F64) -> F64:
    """Ranges that are not empty."""
    least = max(NARROWEST * float((ends[:, 1] - ends[:, 0]).max()), 1e-12)
    missing = np.maximum(least - (ends[:, 1] - ends[:, 0]), 0) / 2
    return np.stack([ends[:, 0] - missing, ends[:, 1] + missing], axis=1)


def _gain(y: F64, wanted: F64, gain: str) -> F64:
    """Least squares, for all outputs or for each; 1 where there is no signal."""
    if gain == "none":
        return np.ones(y.shape[1])
    power, shared = (y**2).sum(axis=0), (y * wanted).sum(axis=0)
    if gain == "layer":
        power, shared = np.full(y.shape[1], power.sum()), np.full(y.shape[1], shared.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(power > 0, shared / power, 1.0)
    return np.where(factor > 0, factor, 1.0)
