"""A batch of vectors through the tiles of a layer: voltages, products, noise, ADC, partial sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from synaptogen_core.array.blas import one_thread
from synaptogen_core.array.threads import each_block
from synaptogen_core.crossbar.readout.batches import LineCurves
from synaptogen_core.crossbar.readout.line_noise import line_normals
from synaptogen_core.crossbar.readout.matrix_products import Place
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.device.model import read_noise
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.networks.digital.layers import Shape, Weighted
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.mapping import Layout
from synaptogen_core.types import F64, Ints

VECTORS = 512  # that are read together: their currents lie in the cache


class Driven(Protocol):
    """Voltages on the word lines, and what the tiles make of them."""

    def currents(self, tile: int) -> F64:
        """Currents of the bit lines of a tile [A]; shape (vectors, columns)."""

    def variances(self, tile: int, bandwidth: float, current: F64) -> F64:
        """Variances of their noise [A^2], without that of amplifiers; the same shape.

        Parameters
        ----------
        tile : int
        bandwidth : float
            [Hz].
        current : ndarray of float64, shape (vectors, columns)
            What `currents` gave for this tile [A].

        Returns
        -------
        ndarray of float64, shape (vectors, columns)
        """


class Source(Protocol):
    """Tiles that can be read: cells of whatever kind behind lines of whatever kind."""

    @property
    def places(self) -> Sequence[Place]:
        """The tiles."""

    def drive(self, volts: F64) -> Driven:
        """Put voltages on the word lines.

        Parameters
        ----------
        volts : ndarray of float64, shape (vectors, rows)
            [V].

        Returns
        -------
        Driven
        """


@dataclass(frozen=True, eq=False)
class Linear:
    """Tiles as matrices [S]: linear cells, or effective matrices with the lines in them.

    Parameters
    ----------
    places : sequence of Place
    matrices : sequence of ndarray of float64
        [S].
    totals : sequence of ndarray of float64, shape (columns,) each, optional
        Sums of the cells' own conductances, for the noise [S]; default: of the matrices.
    """

    places: Sequence[Place]
    matrices: Sequence[F64]
    totals: Sequence[F64] | None = None

    def drive(self, volts: F64) -> Driven:
        return _OnMatrices(self, volts)


@dataclass(frozen=True, eq=False)
class _OnMatrices:
    source: Linear
    volts: F64

    def currents(self, tile: int) -> F64:
        return np.asarray(self.volts[:, self.source.places[tile].rows] @ self.source.matrices[tile])

    def variances(self, tile: int, bandwidth: float, current: F64) -> F64:
        """From sums: exact for ideal lines, 5 % too high at 1 ohm and 15 % at 5 ohm."""
        johnson, shot = (float(factor) for factor in read_noise.noise_factors(bandwidth))
        matrix = self.source.matrices[tile]
        total = matrix.sum(axis=0) if self.source.totals is None else self.source.totals[tile]
        volts = self.volts[:, self.source.places[tile].rows]
        amount = current if volts.min() >= 0 else np.abs(volts) @ matrix  # of one sign: the product is there already
        found = shot * amount
        found += johnson * total
        return np.asarray(found)


@dataclass(frozen=True, eq=False)
class Curved:
    """Tiles of cells with their true I(r, U), and ideal lines.

    Parameters
    ----------
    places : sequence of Place
    device : DeviceParameters
    mixing : ndarray of float64, shape (rows, columns)
        r of all cells.
    """

    places: Sequence[Place]
    device: DeviceParameters
    mixing: F64

    def drive(self, volts: F64) -> Driven:
        return _OnCurves(self, LineCurves(self.device, volts))


@dataclass(frozen=True, eq=False)
class _OnCurves:
    source: Curved
    curves: LineCurves

    def _cells(self, tile: int) -> tuple[F64, slice]:
        place = self.source.places[tile]
        return np.ascontiguousarray(self.source.mixing[place.rows, place.columns]), place.rows

    def currents(self, tile: int) -> F64:
        return self.curves.currents(*self._cells(tile))

    def variances(self, tile: int, bandwidth: float, current: F64) -> F64:
        mixing, rows = self._cells(tile)
        return self.curves.variances(mixing, bandwidth, rows)


@dataclass(frozen=True, eq=False)
class ReadOut(Frozen):
    """What stands around the tiles of one layer.

    Parameters
    ----------
    outputs : int
        Of the layer.
    read_voltage : float
        Of the largest input [V].
    adc_bits, dac_bits : int or None
        None: ideal.
    bandwidth, density : float
        Of the noise [Hz], [A/sqrt(Hz)].
    seed, first_line : int
        Address of the noise: the lines of a chip are numbered through.
    ranges : ndarray of float64, shape (tiles, 2)
        First and last level of each tile's ADC [A].
    input_range : float
        The input that is driven with the read voltage; larger ones are clipped.
    gain : ndarray of float64, shape (outputs,)
        What outputs are multiplied with, digitally.
    """

    outputs: int
    read_voltage: float
    adc_bits: int | None
    dac_bits: int | None
    bandwidth: float
    density: float
    seed: int
    first_line: int
    ranges: F64
    input_range: float = 1.0
    gain: F64 = field(default_factory=lambda: np.ones(1))

    def __post_init__(self) -> None:
        freeze(self)


@dataclass(frozen=True, eq=False)
class Stage:
    """All that reading one layer takes: where its weights lie, what is read, and what stands around it."""

    layout: Layout
    source: Source
    readout: ReadOut


Watch = Callable[[int, F64], None]  # number of the tile, its currents [A]


def product(stage: Stage, vectors: F64, first_read: int = 0, watch: Watch | None = None) -> F64:
    """The products of vectors with the weights of a layer, as its tiles find them.

    Parameters
    ----------
    stage : Stage
    vectors : ndarray of float64, shape (vectors, inputs)
        Inputs of the layer, in the network's own units.
    first_read : int
        Number of the first vector; its reads have twice that number, and one more.
    watch : callable, optional
        Is shown what the ADCs see: the number of a tile and its currents.

    Returns
    -------
    ndarray of float64, shape (vectors, outputs)
        With the bias that lies on the array, without a digital one.
    """
    readout = stage.readout
    found = np.empty((len(vectors), stage.layout.outputs))
    phases = 2 if two_phases(stage, vectors) else 1

    def read(part: slice) -> None:
        drive = stage.layout.drive(_dac(np.clip(vectors[part] / readout.input_range, -1, 1), readout, phases))
        number = 2 * (first_read + np.arange(part.start, part.stop))
        if phases == 1:
            total = _read(stage, drive, number, watch)
        else:
            total = _read(stage, np.maximum(drive, 0), number, watch)
            total -= _read(stage, np.maximum(-drive, 0), number + 1, watch)
        found[part] = stage.layout.decode(total)

    with one_thread():
        each_block(len(vectors), VECTORS, read, threads=None if watch is None else 1)
    found *= stage.layout.scale * (readout.input_range / readout.read_voltage) * readout.gain
    return found


def two_phases(stage: Stage, vectors: F64) -> bool:
    """Whether positive and negative inputs are read one after the other: I(U) is not odd, and drivers end at 0 V.

    Parameters
    ----------
    stage : Stage
    vectors : ndarray of float64, shape (vectors, inputs)

    Returns
    -------
    bool
        Pairs in rows have voltages of both signs in any case, and need one read.
    """
    return stage.layout.mapping.pairs_in == "columns" and bool(vectors.min(initial=0.0) < 0)


def _dac(share: F64, readout: ReadOut, phases: int) -> F64:
    if readout.dac_bits is None:
        return share
    levels = 2**readout.dac_bits - 1
    if phases == 1 and share.min() < 0:  # levels on both sides of 0
        levels = max(2 ** (readout.dac_bits - 1) - 1, 1)
    return np.asarray(np.rint(share * levels) / levels)


def _read(stage: Stage, drive: F64, number: Ints, watch: Watch | None) -> F64:
    """Sums of the digitised currents over the tiles above each other [A]; shape (vectors, columns)."""
    readout, columns = stage.readout, stage.layout.columns
    driven = stage.source.drive(drive * readout.read_voltage)
    total = np.zeros((len(drive), columns))
    for k, place in enumerate(stage.source.places):
        current = driven.currents(k)
        if readout.bandwidth:
            sd = driven.variances(k, readout.bandwidth, current)
            sd += readout.density**2 * readout.bandwidth
            np.sqrt(sd, out=sd)
            line = readout.first_line + place.band * columns + np.arange(place.columns.start, place.columns.stop)
            sd *= line_normals(line, readout.seed, number)
            current += sd
        if watch is not None:
            watch(k, current)
        if readout.adc_bits is not None:
            _convert(current, float(readout.ranges[k, 0]), float(readout.ranges[k, 1]), readout.adc_bits)
        total[:, place.columns] += current
    return total


def _convert(current: F64, low: float, high: float, bits: int) -> None:
    """What a mid-tread ADC reports, in place; as `Adc.convert`."""
    step = (high - low) / (2**bits - 1)
    current -= low
    current /= step
    current += 0.5
    np.floor(current, out=current)
    np.clip(current, 0, 2**bits - 1, out=current)
    current *= step
    current += low


def run(network: Network, stages: Sequence[Stage], x: F64, first_read: int = 0) -> F64:
    """Outputs of the last layer, the weighted layers read from tiles.

    Parameters
    ----------
    network : Network
    stages : sequence of Stage
        One for each layer with weights.
    x : array, shape (images, ...)
    first_read : int
        Number of the first image. Noise is a function of the chip's seed, the line and the number of the vector, which
        is that of its image times the vectors an image.

    Returns
    -------
    ndarray of float64, shape (images, outputs)
    """
    each = vectors_an_image(network, np.shape(x)[1:])
    done = [first_read * n for n in each]

    def multiply(number: int, vectors: F64) -> F64:
        begin, done[number] = done[number], done[number] + len(vectors)
        y = product(stages[number], vectors, begin)
        return y - network.weighted[number].bias if stages[number].layout.biases else y

    return network.forward(x, multiply)


def vectors_an_image(network: Network, shape: Shape) -> list[int]:
    """How many vectors each layer with weights reads for an image.

    Parameters
    ----------
    network : Network
    shape : tuple of int
        Of an image.

    Returns
    -------
    list of int
    """
    found = []
    for layer in network.layers:
        shape = layer.shape_after(shape)
        if isinstance(layer, Weighted):
            found.append(int(np.prod(shape)) // layer.matrix.shape[1])
    return found
