"""Weights as conductances: how signed numbers lie on an array of cells, and what its currents then mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from synaptogen_core import checks
from synaptogen_core.crossbar.readout.matrix_products import Tile
from synaptogen_core.device.frozen import Frozen, freeze, read_only
from synaptogen_core.types import F64

SCHEMES = ("differential", "offset", "bit_sliced")
PAIRS_IN = ("columns", "rows")
SCALES = ("layer", "column")
BIASES = ("digital", "row")
MAX_WEIGHT_BITS = 16


@dataclass(frozen=True)
class Mapping:
    """How weights become conductances.

    Parameters
    ----------
    low, high : float
        Smallest and largest conductance [S]. The published device holds 20 to 200 uS well: above 250 uS many cells have
        no low-resistance state, and 10 uS takes a hundred pulses.
    scheme : {"differential", "offset", "bit_sliced"}
        A weight is the difference of two cells, one of which is at `low`; or one cell, from whose column the current of
        a reference column of its tile (halfway between `low` and `high`) is subtracted; or a pair of cells for each
        group of bits of its magnitude, weighted by powers of two after the read.
    pairs_in : {"columns", "rows"}
        Where the two cells of a pair lie: in neighbouring columns, which are subtracted after the read; or in
        neighbouring rows, driven with opposite voltages, so that currents cancel on the bit line itself.
    scale : {"layer", "column"}
        Whether the largest weight of the layer, or that of each output, uses the whole range.
    bias : {"digital", "row"}
        Added after the read, or on one more row of cells, which is driven with the largest input.
    headroom : float
        The weight for which a cell is at `high`, in parts of the largest: above 1 leaves room to learn.
    weight_bits, slice_bits : int
        Of bit slices: bits of a magnitude, and how many of them a cell holds.

    Raises
    ------
    TypeError, ValueError
        If a value breaks its rule.
    """

    low: float = 20e-6
    high: float = 200e-6
    scheme: str = "differential"
    pairs_in: str = "columns"
    scale: str = "layer"
    bias: str = "digital"
    headroom: float = 1.2
    weight_bits: int = 6
    slice_bits: int = 2

    def __post_init__(self) -> None:
        if checks.number("low", self.low) <= 0:
            raise ValueError(f"low: must be above 0 S (got {self.low:g}); a cell cannot conduct nothing")
        if not checks.number("high", self.high) > self.low:
            raise ValueError(f"high: must lie above low, {self.low:g} S (got {self.high:g}); swap or widen them")
        for name, allowed in (("scheme", SCHEMES), ("pairs_in", PAIRS_IN), ("scale", SCALES), ("bias", BIASES)):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name}: must be one of {', '.join(allowed)} (got {getattr(self, name)!r}); choose one of them"
                )
        if self.pairs_in == "rows" and self.scheme != "differential":
            raise ValueError(f"pairs_in: must be 'columns' for {self.scheme} (got 'rows'); take differential pairs")
        if not checks.number("headroom", self.headroom) >= 1:
            raise ValueError(f"headroom: must be 1 or more (got {self.headroom:g}); 1 leaves no room")
        checks.whole("weight_bits", self.weight_bits, 1, MAX_WEIGHT_BITS)
        checks.whole("slice_bits", self.slice_bits, 1, self.weight_bits)
        if self.scheme == "bit_sliced" and self.weight_bits % self.slice_bits:
            raise ValueError(
                f"slice_bits: must divide weight_bits, {self.weight_bits} (got {self.slice_bits}); change one of them"
            )

    @property
    def slices(self) -> int:
        """Pairs of cells a weight."""
        return self.weight_bits // self.slice_bits if self.scheme == "bit_sliced" else 1


@dataclass(frozen=True, eq=False)
class Layout(Frozen):
    """The weights of one layer on an array of cells.

    Parameters
    ----------
    mapping : Mapping
    inputs, outputs : int
        Of the layer.
    width : int
        Columns of a tile: each has a reference column in the offset scheme, its last one.
    largest : ndarray of float64, shape (outputs,)
        The weights for which a cell is at `high`.
    biases : int
        Rows of cells for the bias: 0 or 1.
    """

    mapping: Mapping
    inputs: int
    outputs: int
    width: int
    largest: F64
    biases: int = 0

    def __post_init__(self) -> None:
        freeze(self)

    @classmethod
    def of(cls, mapping: Mapping, weights: F64, tile: Tile, bias: F64 | None = None) -> Layout:
        """The layout of a matrix.

        Parameters
        ----------
        mapping : Mapping
        weights : ndarray of float64, shape (inputs, outputs)
        tile : tuple of two int
            Rows and columns of a tile.
        bias : ndarray of float64, shape (outputs,), optional
            What lies on a row of its own, in units of a weight.

        Returns
        -------
        Layout

        Raises
        ------
        ValueError
            If the layer fits no tile.
        """
        least = 1 if mapping.pairs_in == "rows" else 2
        if tile[1] < least:
            raise ValueError(
                f"tile: must have at least {least} columns for {mapping.scheme} weights in {mapping.pairs_in} "
                f"(got {tile[1]}); widen it"
            )
        if mapping.pairs_in == "rows" and tile[0] < 2:
            raise ValueError(f"tile: must have at least 2 rows for pairs in rows (got {tile[0]}); heighten it")
        size = np.abs(weights if bias is None else np.vstack([weights, bias]))
        largest = size.max(axis=0) if mapping.scale == "column" else np.full(weights.shape[1], size.max())
        largest = np.where(largest > 0, largest, size.max() or 1.0)
        return cls(
            mapping, weights.shape[0], weights.shape[1], tile[1], mapping.headroom * largest, 0 if bias is None else 1
        )

    @property
    def rows(self) -> int:
        """Word lines."""
        return (self.inputs + self.biases) * (2 if self.mapping.pairs_in == "rows" else 1)

    @property
    def columns(self) -> int:
        """Bit lines."""
        if self.mapping.scheme == "offset":
            return self.outputs + math.ceil(self.outputs / (self.width - 1))
        return self.outputs * self.mapping.slices * (1 if self.mapping.pairs_in == "rows" else 2)

    @property
    def scale(self) -> F64:
        """Weight for one siemens of what `decode` returns [1/S]; shape (outputs,)."""
        window = self.mapping.high - self.mapping.low
        found: F64 = read_only(self.largest * (2 / window if self.mapping.scheme == "offset" else 1 / window))
        return found

    # ---- weights to conductances, and back

    def conductances(self, weights: F64) -> F64:
        """Target conductances [S]; shape (rows, columns).

        Parameters
        ----------
        weights : ndarray of float64, shape (inputs + biases, outputs)
            What is larger than `largest` counts as that.

        Returns
        -------
        ndarray of float64, shape (rows, columns)
        """
        m, window = self.mapping, self.mapping.high - self.mapping.low
        share = np.clip(weights / self.largest, -1, 1)
        if m.scheme == "offset":
            middle = m.low + window / 2
            found = np.full((len(share), self.columns), middle)
            found[:, self.weight_columns()] = middle + share * window / 2
            return found
        if m.scheme == "bit_sliced":
            share = self._sliced(share)
        pair = m.low + window * np.stack([np.maximum(share, 0), np.maximum(-share, 0)], axis=-1)
        if m.pairs_in == "rows":
            return np.ascontiguousarray(pair.transpose(0, 2, 1)).reshape(self.rows, self.columns)
        return pair.reshape(self.rows, self.columns)

    def weights(self, conductances: F64) -> F64:
        """The weights that conductances, or effective ones, stand for; the bias's row is the last one.

        Parameters
        ----------
        conductances : ndarray of float64, shape (rows, columns)
            [S].

        Returns
        -------
        ndarray of float64, shape (inputs + biases, outputs)
        """
        found = self.decode(conductances) * self.scale
        return found[0::2] - found[1::2] if self.mapping.pairs_in == "rows" else found

    def differences(self, conductances: F64) -> F64:
        """Plus minus minus of each pair of cells [S].

        Parameters
        ----------
        conductances : ndarray of float64, shape (rows, columns)
            [S]; not of the offset scheme.

        Returns
        -------
        ndarray of float64, shape (rows, columns / 2), or (rows / 2, columns) of pairs in rows
        """
        if self.mapping.pairs_in == "rows":
            return np.asarray(conductances[0::2] - conductances[1::2])
        return np.asarray(conductances[:, 0::2] - conductances[:, 1::2])

    # ---- inputs to voltages, currents to outputs

    def drive(self, share: F64) -> F64:
        """What is put on the word lines, in parts of the read voltage.

        Parameters
        ----------
        share : ndarray of float64, shape (vectors, inputs)
            Inputs in parts of the largest, -1 to 1.

        Returns
        -------
        ndarray of float64, shape (vectors, rows)
        """
        if self.biases:
            share = np.hstack([share, np.ones((len(share), 1))])
        if self.mapping.pairs_in == "rows":
            return np.stack([share, -share], axis=-1).reshape(len(share), -1)
        return share

    def decode(self, currents: F64) -> F64:
        """Sums over the columns of an output: differences, references, powers of two.

        Parameters
        ----------
        currents : ndarray of float64, shape (..., columns)
            [A], or conductances [S].

        Returns
        -------
        ndarray of float64, shape (..., outputs)
            In the same unit.
        """
        m = self.mapping
        if m.pairs_in == "rows":
            return currents
        if m.scheme == "offset":
            columns = self.weight_columns()
            reference = np.minimum((columns // self.width + 1) * self.width, self.columns) - 1
            return np.asarray(currents[..., columns] - currents[..., reference])
        pairs = currents[..., 0::2] - currents[..., 1::2]
        if m.scheme == "bit_sliced":
            return np.asarray(pairs.reshape(*pairs.shape[:-1], self.outputs, m.slices) @ self._places())
        return np.asarray(pairs)

    def weight_columns(self) -> Any:
        """Columns of the outputs, the last one of each tile left out."""
        number = np.arange(self.outputs)
        return number + number // (self.width - 1)

    def _sliced(self, share: F64) -> F64:
        """Digits of rounded magnitudes in parts of the largest digit, with the weight's sign; most significant last."""
        base = 2**self.mapping.slice_bits
        rest = np.rint(np.abs(share) * (2**self.mapping.weight_bits - 1)).astype(np.int64)
        digits = np.stack([rest // base**k % base for k in range(self.mapping.slices)], axis=-1)
        signed = digits / (base - 1) * np.sign(share)[..., None]
        return np.asarray(signed.reshape(len(share), -1))

    def _places(self) -> F64:
        base = 2**self.mapping.slice_bits
        powers = np.array([(base - 1) * float(base) ** k for k in range(self.mapping.slices)])
        return np.asarray(powers / (2**self.mapping.weight_bits - 1))
