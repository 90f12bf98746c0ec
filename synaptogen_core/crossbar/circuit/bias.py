"""What the terminals of a crossbar are held at: the schemes in which one reads and writes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.device.frozen import Frozen
from synaptogen_core.types import F64

FLOATING = float("nan")
SCHEMES = ("all", "row", "half", "third", "floating")
SELECTORS = ("none", "transistor")


@dataclass(frozen=True, eq=False)
class Bias(Frozen):
    """Voltages of the terminals; a cell sees that of its word line minus that of its bit line.

    Parameters
    ----------
    word : array, shape (rows,) or (vectors, rows)
        Voltages of the word lines [V]; 0 is grounded, NaN floating.
    bit : array, shape (columns,)
        Voltages of the bit lines [V]; 0 is grounded, NaN floating.
    conducting : array of bool, shape (rows,), optional
        Rows whose select transistors are switched on; None where cells have no selector.

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit or a voltage is infinite.
    """

    word: F64
    bit: F64
    conducting: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        word, bit = _volts("word", self.word, (1, 2)), _volts("bit", self.bit, (1,))
        if np.isnan(word).any() and word.ndim == 2 and (np.isnan(word) != np.isnan(word[0])).any():
            raise ValueError("word: must float the same lines in every vector (got others); solve them one by one")
        object.__setattr__(self, "word", word)
        object.__setattr__(self, "bit", bit)
        if self.conducting is not None:
            rows = np.array(self.conducting)
            if rows.dtype != np.bool_:
                raise TypeError(
                    f"conducting: must be True or False for each row (got {rows.dtype.name}); give an array of bool"
                )
            if rows.shape != (word.shape[-1],):
                raise ValueError(
                    f"conducting: must have shape ({word.shape[-1]},) (got {rows.shape}); give one for each row"
                )
            rows.flags.writeable = False
            object.__setattr__(self, "conducting", rows)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.word.shape[-1], self.bit.size

    @property
    def amplitude(self) -> float:
        """Largest voltage between two driven lines [V]."""
        volts = np.concatenate([self.word.ravel(), self.bit, [0.0]])
        volts = volts[~np.isnan(volts)]
        return float(volts.max() - volts.min())


def bias(
    shape: tuple[int, int],
    scheme: str,
    voltage: float,
    *,
    row: int = 0,
    column: int = 0,
    selector: str = "none",
) -> Bias:
    """Voltages of all lines in a scheme.

    ======== ================ ================ =============== ===============
    Scheme   chosen word line other word lines chosen bit line other bit lines
    ======== ================ ================ =============== ===============
    all      V                V                0               0
    row      V                0                0               0
    half     V                V/2              0               V/2
    third    V                V/3              0               2V/3
    floating V                open             0               open
    ======== ================ ================ =============== ===============

    Parameters
    ----------
    shape : tuple of two int
        Rows and columns.
    scheme : {"all", "row", "half", "third", "floating"}
    voltage : float
        V, that the chosen cell is meant to see [V]: positive RESETs, negative SETs.
    row, column : int
        The chosen cell.
    selector : {"none", "transistor"}
        Transistors have their gates along the word lines: they are on in every row for "all", else in the chosen row.

    Returns
    -------
    Bias
        One vector.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme: must be one of {', '.join(SCHEMES)} (got {scheme!r}); choose one of them")
    if selector not in SELECTORS:
        raise ValueError(f"selector: must be 'none' or 'transistor' (got {selector!r}); choose one of them")
    rows, columns = checks.pair("shape", shape, 2**40)
    row, column = checks.whole("row", row, 0, rows - 1), checks.whole("column", column, 0, columns - 1)
    v = checks.number("voltage", voltage)
    others, beside = {
        "all": (v, 0.0),
        "row": (0.0, 0.0),
        "half": (v / 2, v / 2),
        "third": (v / 3, 2 * v / 3),
        "floating": (FLOATING, FLOATING),
    }[scheme]
    word, bit = np.full(rows, others), np.full(columns, beside)
    word[row], bit[column] = v, 0.0
    on = None
    if selector == "transistor":
        on = np.full(rows, scheme == "all")
        on[row] = True
    return Bias(word, bit, on)


def read_bias(voltages: ArrayLike, columns: int) -> Bias:
    """Read with one voltage for each word line [V]; shape (rows,) or (vectors, rows); all bit lines at 0 V.

    Parameters
    ----------
    voltages : array of float, shape (rows,) or (vectors, rows)
        Of the word lines [V]; NaN: floating.
    columns : int
        Number of bit lines.

    Returns
    -------
    Bias
        All transistors on, if there are any.

    Raises
    ------
    TypeError, ValueError
        If the voltages are no such numbers, or `columns` is not a whole number from 1 on.
    """
    return Bias(np.asarray(voltages), np.zeros(checks.whole("columns", columns, 1, 2**40)))


def _volts(name: str, given: ArrayLike, dimensions: tuple[int, ...]) -> F64:
    volts = np.array(checks.numeric(name, given, "numbers", "give volts"), dtype=np.float64)
    if volts.ndim not in dimensions or not volts.size:
        raise ValueError(f"{name}: must be one voltage a line (got shape {volts.shape}); give a vector")
    if np.isinf(volts).any():
        raise ValueError(f"{name}: must be finite, or NaN for a floating line (got infinity); correct the voltages")
    volts.flags.writeable = False
    return volts
