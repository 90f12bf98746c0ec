"""A network that is programmed into cells: there is no other kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.readout.effective_matrix import EffectiveMatrix
from synaptogen_core.crossbar.readout.matrix_products import Place, tiles_of
from synaptogen_core.crossbar.readout.read import are_ideal, read_columns
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.networks.digital.network import Network
from synaptogen_core.networks.hardware.chip import Chip
from synaptogen_core.networks.hardware.inference import Curved, Driven, Linear, ReadOut, Source, Stage, run
from synaptogen_core.networks.hardware.mapping import Layout
from synaptogen_core.types import F64

MAX_READS = 2**40


@dataclass(frozen=True, eq=False)
class AnalogLayer(Frozen):
    """The weights of one layer on their tiles.

    Parameters
    ----------
    layout : Layout
    cells : CellArray
        All cells of the layer; its tiles are parts of it.
    matrix : EffectiveMatrix
        What they and their lines amount to.
    readout : ReadOut
    programming : xarray.Dataset
        Over (row, column): target, reached conductance, pulses, outcome ... of each cell.
    """

    layout: Layout
    cells: CellArray
    matrix: EffectiveMatrix
    readout: ReadOut
    programming: xr.Dataset

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def places(self) -> list[Place]:
        """Its tiles."""
        return self.matrix.places

    def source(self) -> Source:
        """What is read: the true curves of its cells behind ideal lines, or the effective matrices with lines."""
        if all(are_ideal(lines) for lines in self.matrix.lines):
            return Curved(self.places, self.cells.device, self.cells.mixing().astype(np.float64))
        g = self.cells.conductance(self.matrix.u).astype(np.float64)
        totals = [g[place.rows, place.columns].sum(axis=0) for place in self.places]
        return Linear(self.places, [block.matrix for block in self.matrix.blocks()], totals)

    def stage(self) -> Stage:
        """All that reading it takes."""
        return Stage(self.layout, self.source(), self.readout)

    def targets(self) -> F64:
        """Target conductances [S]; shape (rows, columns)."""
        return np.asarray(self.programming["target"].values, np.float64)

    def copy(self) -> AnalogLayer:
        """The same with cells of its own."""
        cells = self.cells.copy()
        return replace(self, cells=cells, matrix=self.matrix.of_copy(cells))


def places_and_lines(chip: Chip, number: int, layout: Layout) -> tuple[list[Place], list[list[Lines]]]:
    """Tiles of a layer, and the lines of each.

    Parameters
    ----------
    chip : Chip
    number : int
        Of the layer.
    layout : Layout

    Returns
    -------
    places : list of Place
    lines : list of list of Lines
    """
    places = list(tiles_of((layout.rows, layout.columns), chip.tile))
    return places, chip.lines_of(number, places[-1].band + 1, places[-1].stripe + 1)


def full_ranges(chip: Chip, layout: Layout, places: Sequence[Place]) -> F64:
    """ADC ranges to the largest current that each tile could give [A]; shape (tiles, 2).

    Parameters
    ----------
    chip : Chip
    layout : Layout
    places : sequence of Place

    Returns
    -------
    ndarray of float64, shape (tiles, 2)
    """
    most = np.array([place.shape[0] for place in places]) * chip.mapping.high * chip.read_voltage
    if layout.mapping.pairs_in == "rows":
        return np.stack([-most / 2, most / 2], axis=1)
    return np.stack([np.zeros(len(places)), most], axis=1)


class AnalogNetwork:
    """A network whose weights are cells of a chip, programmed; `program` makes it, `load_network` reads it.

    Parameters
    ----------
    network : Network
        The float network that was meant; its digital rest (biases, activations, pooling) is computed as it is.
    chip : Chip
    layers : sequence of AnalogLayer
        One for each layer with weights.
    calibration : ndarray of float64, shape (images, ...), optional
        The images that the ranges come from.
    meant : Network, optional
        The float network that it is compared with, where `network` has learnt in the loop since. Default: `network`.
    """

    def __init__(
        self,
        network: Network,
        chip: Chip,
        layers: Sequence[AnalogLayer],
        calibration: F64 | None = None,
        meant: Network | None = None,
    ) -> None:
        self.network, self.chip, self.layers, self.calibration = network, chip, tuple(layers), calibration
        self.meant = network if meant is None else meant

    def __repr__(self) -> str:
        cells = sum(layer.cells.size for layer in self.layers)
        return f"AnalogNetwork({self.network!r}, {cells:,} cells of {self.chip.device.name}, seed={self.chip.seed})"

    def stages(self) -> list[Stage]:
        """All that reading each layer takes; matrices are solved where cells have changed."""
        return [layer.stage() for layer in self.layers]

    def copy(self) -> AnalogNetwork:
        """An independent copy: the same cells from here on."""
        return AnalogNetwork(
            self.network, self.chip, [layer.copy() for layer in self.layers], self.calibration, self.meant
        )

    __copy__ = copy

    def become(self, other: AnalogNetwork) -> None:
        """Take over what another one is, in one step: its cells are this one's from now on.

        Parameters
        ----------
        other : AnalogNetwork
        """
        self.__dict__ = dict(other.__dict__)

    def with_readouts(self, readouts: Sequence[ReadOut], calibration: F64 | None) -> AnalogNetwork:
        """A copy with other converters.

        Parameters
        ----------
        readouts : sequence of ReadOut
        calibration : ndarray of float64, or None
            The images that they come from.

        Returns
        -------
        AnalogNetwork
        """
        layers = [replace(layer.copy(), readout=r) for layer, r in zip(self.layers, readouts, strict=True)]
        return AnalogNetwork(self.network, self.chip, layers, calibration, self.meant)

    def forward(self, x: ArrayLike, first_read: int = 0, *, exact: bool = False) -> F64:
        """Outputs of the last layer, as the chip finds them.

        Parameters
        ----------
        x : array, shape (images, ...)
        first_read : int
            Number of the first image: the same image with the same number has the same noise, so go on counting where
            noise is to be new.
        exact : bool
            Solve every vector with the true I-V curves behind the lines, instead of one matrix a tile: off by 0.2 to
            0.5 % of the signal, but some thousand times as fast. For a sample.

        Returns
        -------
        ndarray of float64, shape (images, outputs)

        Raises
        ------
        TypeError, ValueError
            If the images do not fit the network, or the number is none.
        """
        given = self.network.check_images(x)
        first_read = checks.whole("first_read", first_read, 0, MAX_READS)
        if exact:
            solved = [replace(stage, source=Solved(of)) for of, stage in zip(self.layers, self.stages(), strict=True)]
            return run(self.network, solved, given, first_read)
        return run(self.network, self.stages(), given, first_read)

    def predict(self, x: ArrayLike, first_read: int = 0) -> NDArray[Any]:
        """Label of the largest output of each image.

        Parameters
        ----------
        x : array, shape (images, ...)
        first_read : int
            As for `forward`.

        Returns
        -------
        ndarray, shape (images,)

        Raises
        ------
        TypeError, ValueError
            As `forward`.
        """
        return np.asarray(self.network.classes[self.forward(x, first_read).argmax(axis=1)])

    def weights(self, kind: str = "programmed") -> list[F64]:
        """Weights of each layer, as they are on the chip.

        Parameters
        ----------
        kind : {"target", "programmed", "effective"}
            What they were to be, what the cells hold, or what the read-out finds behind the lines, gain included.

        Returns
        -------
        list of ndarray of float64, shape (inputs, outputs) each

        Raises
        ------
        ValueError
            If the kind is another one.
        """
        found = []
        for layer in self.layers:
            if kind == "target":
                g = layer.targets()
            elif kind == "programmed":
                g = layer.cells.conductance(layer.matrix.u).astype(np.float64)
            elif kind == "effective":
                g = layer.matrix.matrix()
            else:
                raise ValueError(
                    f"kind: must be 'target', 'programmed' or 'effective' (got {kind!r}); choose one of them"
                )
            weights = layer.layout.weights(g)[: layer.layout.inputs]
            found.append(weights * layer.readout.gain if kind == "effective" else weights)
        return found

    @property
    def programming(self) -> tuple[xr.Dataset, ...]:
        """What programming came to, layer by layer."""
        return tuple(layer.programming for layer in self.layers)

    @property
    def pulses(self) -> int:
        """Pulses that programming has taken so far, all cells together."""
        return int(sum(int(layer.programming["pulses"].sum()) for layer in self.layers))


@dataclass(frozen=True, eq=False)
class Solved:
    """Tiles that are solved anew for every vector, with their true I-V curves behind their lines.

    Parameters
    ----------
    layer : AnalogLayer
    """

    layer: AnalogLayer

    @property
    def places(self) -> list[Place]:
        """The tiles."""
        return self.layer.places

    def drive(self, volts: F64) -> _OnCells:
        """Put voltages on the word lines; shape (vectors, rows) [V]."""
        return _OnCells(self.layer, volts, self.layer.source().drive(volts))


@dataclass(frozen=True, eq=False)
class _OnCells:
    layer: AnalogLayer
    volts: F64
    about: Driven  # for the noise the matrices will do

    def currents(self, tile: int) -> F64:
        place = self.layer.places[tile]
        cells = self.layer.cells.part(place.rows, place.columns)
        return read_columns(cells, self.volts[:, place.rows], self.layer.matrix.lines[tile])

    def variances(self, tile: int, bandwidth: float, current: F64) -> F64:
        return self.about.variances(tile, bandwidth, current)
