"""Matrix-vector products on crossbars: signed weights in pairs of columns, and matrices larger than a tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.readout.read import (
    BARE,
    IDEAL,
    Periphery,
    are_ideal,
    as_voltages,
    check_circuit,
    read_columns,
)
from synaptogen_core.crossbar.solver.cells import Given, as_cells, read_voltage_of
from synaptogen_core.types import F64

Tile = tuple[int, int]
T = TypeVar("T")


@dataclass(frozen=True)
class DifferentialPairs:
    """Signed weights as differences of two conductances: each output has two neighbouring columns, plus and minus.

    One cell of a pair is at `low`, the other as much above it as the weight is large.

    Parameters
    ----------
    low, high : float
        Smallest and largest conductance [S].
    largest : float
        The weight for which a cell is at `high`.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.

    Examples
    --------
    >>> DifferentialPairs(low=1e-5, high=2e-4).conductances([[1.0, -0.5]]).tolist()
    [[0.0002, 1e-05, 1e-05, 0.000105]]
    """

    low: float
    high: float
    largest: float = 1.0

    def __post_init__(self) -> None:
        low = checks.number("low", self.low)
        if low < 0:
            raise ValueError(f"low: must be 0 S or more (got {low:g}); give the smallest conductance")
        if not checks.number("high", self.high) > low:
            raise ValueError(f"high: must lie above low, {low:g} S (got {self.high:g}); swap or widen them")
        if checks.number("largest", self.largest) <= 0:
            raise ValueError(f"largest: must be above 0 (got {self.largest:g}); give the largest absolute weight")

    @property
    def scale(self) -> float:
        """Weight for one siemens of difference [1/S]."""
        return self.largest / (self.high - self.low)

    def conductances(self, weights: ArrayLike) -> F64:
        """Target conductances [S], shape (inputs, 2 * outputs), of weights, shape (inputs, outputs).

        Parameters
        ----------
        weights : array of float, shape (inputs, outputs)
            From -`largest` to `largest`, without a unit.

        Returns
        -------
        ndarray of float64, shape (inputs, 2 * outputs)
            [S].

        Raises
        ------
        TypeError, ValueError
            If they are not such numbers, or one is larger than `largest`.
        """
        w = checks.numbers("weights", weights)
        if w.ndim != 2 or not w.size:
            raise ValueError(f"weights: must have shape (inputs, outputs) (got {w.shape}); give a matrix")
        if np.abs(w).max() > self.largest:
            raise ValueError(
                f"weights: must be from {-self.largest:g} to {self.largest:g} (got {np.abs(w).max():g}); "
                "scale them, or raise `largest`"
            )
        pairs = np.stack([np.maximum(w, 0), np.maximum(-w, 0)], axis=-1)
        return np.asarray(self.low + pairs.reshape(w.shape[0], -1) / self.scale)

    def weights(self, conductances: ArrayLike) -> F64:
        """Weights, shape (inputs, outputs), that conductances [S], shape (inputs, 2 * outputs), stand for.

        Parameters
        ----------
        conductances : array of float, shape (inputs, 2 * outputs)
            [S].

        Returns
        -------
        ndarray of float64, shape (inputs, outputs)
            Without a unit.

        Raises
        ------
        TypeError, ValueError
            If they are not such numbers.
        """
        return differences(checks.numbers("conductances", conductances)) * self.scale


def differences(values: ArrayLike) -> F64:
    """Plus minus minus: of values, shape (..., 2 * outputs), the differences of neighbours, shape (..., outputs).

    Raises
    ------
    ValueError
        If their number is odd.
    """
    of_columns = np.asarray(values, np.float64)
    if of_columns.ndim == 0 or of_columns.shape[-1] % 2:
        raise ValueError(f"columns: must come in pairs (got shape {of_columns.shape}); give two for each output")
    return np.asarray(of_columns[..., 0::2] - of_columns[..., 1::2])


def matvec(
    cells: Given,
    inputs: ArrayLike,
    pairs: DifferentialPairs,
    lines: Lines = IDEAL,
    periphery: Periphery = BARE,
    *,
    tile: Tile | None = None,
    read_voltage: float | None = None,
    two_phases: bool = False,
    seed: int = 0,
    first_read: int = 0,
) -> F64:
    """The product inputs @ weights, as the crossbar finds it.

    An input x is the voltage x * `read_voltage`; a negative one is a negative voltage, which a cell this far below its
    thresholds bears as well. But I(U) is not odd, and a DAC may end at 0 V: with `two_phases` the positive inputs are
    read first, then the negative ones, both with positive voltages, and the results subtracted. That costs twice the
    reads, and twice the variance of the noise.

    Parameters
    ----------
    cells : CellArray, or array of shape (inputs, 2 * outputs)
        Cells with their true I(U), or conductances of linear cells [S].
    inputs : array, shape (inputs,) or (vectors, inputs)
        -1 to 1.
    pairs : DifferentialPairs
        What the conductances stand for.
    lines : Lines
    periphery : Periphery
    tile : tuple of two int, optional
        Rows and columns of a tile, as for `read_tiles`.
    read_voltage : float, optional
        Voltage of the input 1 [V], above 0. Default: the device's `u_0`; of linear cells 0.2 V.
    two_phases : bool
    seed, first_read : int
        As for `read_columns`. Two phases take two reads for each vector: all positive ones, then all negative ones.

    Returns
    -------
    ndarray of float64, shape (outputs,) or (vectors, outputs)

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """
    cells = as_cells(cells)
    check_circuit(lines, periphery)
    checks.instance("pairs", pairs, DifferentialPairs, "give DifferentialPairs(...)")
    given = checks.numbers("inputs", inputs)
    if given.shape[-1:] != cells.shape[:1] or given.ndim > 2 or not given.size:
        rows = cells.shape[0]
        raise ValueError(
            f"inputs: must have shape ({rows},) or (vectors, {rows}) (got {given.shape}); give one for each row"
        )
    if np.abs(given).max() > 1:
        raise ValueError(f"inputs: must be from -1 to 1 (got {np.abs(given).max():g}); scale them")
    usual = read_voltage_of(cells)
    one = usual if read_voltage is None else checks.number("read_voltage", read_voltage)
    if one <= 0:
        raise ValueError(f"read_voltage: must be above 0 V (got {one:g}); a common one is {usual:g} V")
    x = np.atleast_2d(given)
    if two_phases:
        x = np.concatenate([np.maximum(x, 0), np.maximum(-x, 0)])
    elif periphery.dac is not None and periphery.dac.low >= 0 and x.min() < 0:
        raise ValueError(
            f"inputs: must be 0 or more for a DAC from {periphery.dac.low:g} V (got {x.min():g}); "
            "take one that goes below 0 V, or two_phases=True"
        )
    read = read_tiles(cells, x * one, lines, periphery, tile=tile, seed=seed, first_read=first_read)
    y = differences(read) * (pairs.scale / one)
    if two_phases:
        positive, negative = np.split(y, 2)
        y = positive - negative
    return y if given.ndim == 2 else np.asarray(y[0])


def read_tiles(
    cells: Given,
    voltages: ArrayLike,
    lines: Lines | Sequence[Sequence[Lines]] = IDEAL,
    periphery: Periphery | Sequence[Sequence[Periphery]] = BARE,
    *,
    tile: Tile | None = None,
    seed: int = 0,
    first_read: int = 0,
) -> F64:
    """Read a matrix that lies on several tiles: each has lines and a periphery of its own; partial sums are added.

    Parameters
    ----------
    cells, voltages, seed, first_read
        As for `read_columns`.
    lines, periphery : Lines and Periphery, or sequences of sequences of them
        One for all tiles, or one for each: a row of them for each band of tiles, from the top. So each tile may have
        faults and an ADC range of its own; faults that were given for all are refused where there are several tiles.
    tile : tuple of two int, optional
        Rows and columns of a tile; those at the lower and right edge are smaller where it does not fit. By default the
        whole matrix is one.

    Returns
    -------
    ndarray of float64, shape (columns,) or (vectors, columns)
        Sums of the digitised currents over the tiles above each other [A].

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Examples
    --------
    >>> read_tiles([[1e-4], [2e-4], [3e-4]], [0.1, 0.1, 0.1], tile=(2, 1)).round(9).tolist()
    [6e-05]
    """
    cells = as_cells(cells)
    rows, columns = cells.shape
    volts = as_voltages(voltages, rows)
    places = list(tiles_of(cells.shape, tile))
    if isinstance(lines, Lines) and are_ideal(lines) and isinstance(periphery, Periphery):
        places = list(tiles_of(cells.shape, (places[0].shape[0], columns)))  # side by side they are one wide tile
    of_lines = for_each_tile("lines", lines, Lines, places)
    of_periphery = for_each_tile("periphery", periphery, Periphery, places)
    if tile is None:
        return read_columns(cells, volts, of_lines[0], of_periphery[0], seed=seed, first_read=first_read)
    if isinstance(lines, Lines) and lines.faults != Faults() and len(places) > 1:
        raise ValueError(
            "lines: must be without faults where there are several tiles (got some); give Lines for each tile"
        )
    total = np.zeros((*volts.shape[:-1], columns))
    for place, wires, around in zip(places, of_lines, of_periphery, strict=True):
        total[..., place.columns] += read_columns(
            cells.part(place.rows, place.columns),
            volts[..., place.rows],
            wires,
            around,
            seed=seed,
            first_read=first_read,
            first_line=place.band * columns + place.columns.start,
        )
    return total


@dataclass(frozen=True)
class Place:
    """Where a tile lies in the matrix: its band from the top, its number from the left, and its rows and columns."""

    band: int
    stripe: int
    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the tile."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


def tiles_of(shape: tuple[int, int], tile: Tile | None) -> Iterator[Place]:
    """The tiles of a matrix, band by band from the top, each from the left.

    Parameters
    ----------
    shape : tuple of two int
        Rows and columns of the matrix.
    tile : tuple of two int, optional
        Rows and columns of a tile; None: the matrix is one.

    Returns
    -------
    iterator of Place

    Raises
    ------
    TypeError, ValueError
        If `tile` is no such pair.
    """
    rows, columns = shape
    height, width = shape if tile is None else checks.pair("tile", tile, 2**40)
    for band, top in enumerate(range(0, rows, height)):
        for stripe, left in enumerate(range(0, columns, width)):
            inside = slice(top, min(top + height, rows))
            yield Place(band, stripe, inside, slice(left, min(left + width, columns)))


def for_each_tile(name: str, given: T | Sequence[Sequence[T]], kind: type[T], places: list[Place]) -> list[T]:
    """One thing a tile, in the order of `tiles_of`: the same for all, or one of each row of a grid.

    Parameters
    ----------
    name : str
        Of the argument.
    given : object
        One of this kind, or a sequence of sequences of them.
    kind : type
    places : list of Place

    Returns
    -------
    list
        As long as `places`.

    Raises
    ------
    TypeError, ValueError
        If something is of another kind, or the grid does not fit the tiles.
    """
    if isinstance(given, kind):
        return [given] * len(places)
    bands, stripes = places[-1].band + 1, places[-1].stripe + 1
    if not isinstance(given, Sequence) or isinstance(given, str):
        checks.instance(name, given, kind, f"give {kind.__name__}(...), or one for each tile")
    grid = [list(row) if isinstance(row, Sequence) else [row] for row in given]  # type: ignore[union-attr]
    if [len(row) for row in grid] != [stripes] * bands:
        raise ValueError(
            f"{name}: must be one, or {bands} rows of {stripes} (got rows of {[len(row) for row in grid]}); "
            "give one for each tile"
        )
    return [checks.instance(name, one, kind, f"give {kind.__name__}(...)") for row in grid for one in row]
