"""Reading a whole array at once: voltages on one family of lines, currents summed on the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.array.identity import MAX_SEED
from synaptogen_core.crossbar.circuit.bias import read_bias
from synaptogen_core.crossbar.circuit.lines import Faults, Lines
from synaptogen_core.crossbar.readout.batches import FEW, read_batch
from synaptogen_core.crossbar.readout.converters import Adc, Dac, TransimpedanceAmplifier
from synaptogen_core.crossbar.readout.line_noise import LineNoise, line_normals
from synaptogen_core.crossbar.solver.cells import Given, LinearCells, as_cells
from synaptogen_core.crossbar.solver.solve import LineSolution, effective_conductance, solve_lines
from synaptogen_core.types import F32, F64

SIDES = ("rows", "columns")
IDEAL = Lines(0.0, 0.0)
BATCH = 1 << 22  # cells times vectors that are solved at once: 32 MB an array


def ideal_read(cells: CellArray, voltages: ArrayLike, along: str = "rows") -> NDArray[np.float64]:
    """Line currents of an ideal crossbar: no line resistance, no noise; the cells stay as they are.

    ``I_j = sum_i I(r_ij, V_i)``: with voltages on the rows (word lines), the currents of the columns (bit lines).

    Parameters
    ----------
    cells : CellArray
    voltages : float or array
        One voltage for each driven line [V]; shape (rows,), or (columns,) for ``along="columns"``. Keep them so small
        that no cell switches.
    along : {"rows", "columns"}
        The family of lines that the voltages drive.

    Returns
    -------
    ndarray of float64
        Currents of the other family [A]; shape (columns,), or (rows,) for ``along="columns"``.

    Raises
    ------
    ValueError
        If the shape does not fit or a voltage is not finite.

    Examples
    --------
    >>> import numpy as np, synaptogen_core as sc
    >>> cells = sc.CellArray((3, 5), sc.load_device("hennen2024"), seed=1)
    >>> sc.ideal_read(cells, np.full(3, 0.2)).shape
    (5,)
    """
    if not isinstance(along, str) or along not in SIDES:
        raise ValueError(f"along: must be 'rows' or 'columns' (got {along!r}); name the driven lines")
    check_cells(cells)
    lines = cells.rows if along == "rows" else cells.columns
    volts = np.asarray(checks.numeric("voltages", voltages, "numbers", "give volts"), dtype=np.float64)
    if volts.ndim == 0:
        volts = np.full(lines, float(volts))
    if volts.shape != (lines,):
        raise ValueError(
            f"voltages: must have shape ({lines},) (got {volts.shape}); give one voltage for each of {along}"
        )
    with np.errstate(over="ignore"):  # cells see float32: what it does not hold becomes infinity
        if not np.isfinite(volts.astype(np.float32)).all():
            raise ValueError("voltages: must be finite (got NaN or infinity); correct the voltages")
    of_lines = volts[:, None] if along == "rows" else volts[None, :]
    return np.asarray(cells.current(of_lines).sum(axis=0 if along == "rows" else 1, dtype=np.float64))


@dataclass(frozen=True)
class Periphery:
    """What stands around an array; None for what is ideal.

    Parameters
    ----------
    dac : Dac, optional
        Drives the word lines.
    noise : LineNoise, optional
        Of the bit lines' currents.
    amplifier : TransimpedanceAmplifier, optional
        One for each bit line.
    adc : Adc, optional
        Converts the amplifiers' voltages [V], or, without amplifiers, the currents [A].

    Raises
    ------
    TypeError
        If one is something else.
    """

    dac: Dac | None = None
    noise: LineNoise | None = None
    amplifier: TransimpedanceAmplifier | None = None
    adc: Adc | None = None

    def __post_init__(self) -> None:
        for name, kind in (("dac", Dac), ("noise", LineNoise), ("amplifier", TransimpedanceAmplifier), ("adc", Adc)):
            part = getattr(self, name)
            if part is not None and not isinstance(part, kind):
                raise TypeError(
                    f"{name}: must be {kind.__name__} or None (got {type(part).__name__}); give {kind.__name__}(...)"
                )


BARE = Periphery()


def read_columns(
    cells: Given,
    voltages: ArrayLike,
    lines: Lines = IDEAL,
    periphery: Periphery = BARE,
    *,
    seed: int = 0,
    first_read: int = 0,
    first_line: int = 0,
) -> F64:
    """Read all columns: voltages, DAC, array, currents, noise, amplifier, ADC. The cells stay as they are.

    Parameters
    ----------
    cells : CellArray, or array of shape (rows, columns)
        Cells with their true I(U), or conductances of linear cells [S].
    voltages : array, shape (rows,) or (vectors, rows)
        Wanted voltages of the word lines [V], so small that no cell switches. Bit lines are held at 0 V. With ideal
        lines a batch of 8 vectors or more is one matrix product, equal to the sums cell by cell to 1e-6.
    lines : Lines
        Default: ideal lines.
    periphery : Periphery
        Default: ideal.
    seed : int
        Of the noise, 0 to 2**63 - 1.
    first_read, first_line : int
        Number of the first vector's read, and of the first bit line. Noise is a function of (seed, line, read): the
        same numbers give the same noise, so go on counting where noise is to be new.

    Returns
    -------
    ndarray of float64, shape (columns,) or (vectors, columns)
        Currents out of the array [A], as the read-out reports them: volts behind an amplifier are divided by its gain.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.

    Examples
    --------
    >>> periphery = Periphery(adc=Adc(bits=3, low=0.0, high=35e-6))
    >>> read_columns([[1e-4, 2e-4], [1e-4, 0.0]], [0.2, 0.1], periphery=periphery).round(9).tolist()
    [3e-05, 3.5e-05]
    """
    cells = as_cells(cells)
    wanted = as_voltages(voltages, cells.shape[0])
    check_circuit(lines, periphery)
    volts = np.atleast_2d(wanted) if periphery.dac is None else periphery.dac.convert(np.atleast_2d(wanted))
    seed = checks.whole("seed", seed, 0, MAX_SEED)
    first_read = checks.whole("first_read", first_read, 0, 2**32 - len(volts))
    first_line = checks.whole("first_line", first_line, 0, 2**62)
    if periphery.noise is None or not periphery.noise.bandwidth:
        currents = _currents(cells, volts, lines)
    else:
        currents, sd = _currents_with_noise(cells, volts, lines, periphery.noise)
        line = first_line + np.arange(cells.shape[1])
        currents += sd * line_normals(line, seed, first_read + np.arange(len(volts)))
    values = currents
    if periphery.amplifier is not None:
        values = periphery.amplifier.convert(values)
    if periphery.adc is not None:
        values = periphery.adc.convert(values)
    if periphery.amplifier is not None:
        values = values / periphery.amplifier.gain
    return values if wanted.ndim == 2 else values[0]


def check_circuit(lines: Lines, periphery: Periphery) -> None:
    """Refuse what stands in place of lines or of a periphery.

    Parameters
    ----------
    lines : Lines
        What was given for it.
    periphery : Periphery
        What was given for it.

    Raises
    ------
    TypeError
        If one is something else.
    """
    checks.instance("lines", lines, Lines, "give Lines(...)")
    checks.instance("periphery", periphery, Periphery, "give Periphery(...)")


def as_voltages(voltages: ArrayLike, rows: int) -> F64:
    """Checked voltages, shape (rows,) or (vectors, rows) [V].

    Parameters
    ----------
    voltages : array of float, shape (rows,) or (vectors, rows)
        [V].
    rows : int
        Number of word lines.

    Returns
    -------
    ndarray of float64, shape (rows,) or (vectors, rows)
        [V].

    Raises
    ------
    TypeError, ValueError
        If they are none.
    """
    volts = checks.numbers("voltages", voltages)
    if volts.ndim not in (1, 2) or volts.shape[-1] != rows or not volts.size:
        raise ValueError(
            f"voltages: must have shape ({rows},) or (vectors, {rows}) (got {volts.shape}); give one for each row"
        )
    return volts


def are_ideal(lines: Lines) -> bool:
    """Whether lines have neither resistance nor faults."""
    return not (lines.word or lines.bit or lines.source or lines.sense) and lines.faults == Faults()


def _currents(cells: CellArray | LinearCells, volts: F64, lines: Lines) -> F64:
    """Currents of the bit lines [A]; shape (vectors, columns)."""
    if are_ideal(lines):
        if isinstance(cells, CellArray) and len(volts) < FEW:
            return np.stack([ideal_read(cells, v) for v in volts])
        return read_batch(cells, volts, None)[0]
    if isinstance(cells, CellArray):
        return np.concatenate([part.bit_current for part in _solutions(cells, volts, lines)])
    if len(volts) < min(cells.shape):  # the matrix takes as many solutions as there are lines
        return np.concatenate([part.bit_current for part in _solutions(cells, volts, lines)])
    return volts @ effective_conductance(cells, lines)


def _currents_with_noise(cells: CellArray | LinearCells, volts: F64, lines: Lines, noise: LineNoise) -> tuple[F64, F64]:
    """Currents of the bit lines, and the standard deviations of their noise [A]; each (vectors, columns)."""
    currents, sds = [], []
    if are_ideal(lines):
        if len(volts) >= FEW:
            found, sd = read_batch(cells, volts, noise)
            return found, found * 0 if sd is None else sd
        for column in volts[:, :, None]:
            g, i = cells.conductance(column).astype(np.float64, copy=False), cells.current(column)
            currents.append(i.sum(axis=0, keepdims=True, dtype=np.float64))
            sds.append(noise.sd(i, g))
    else:
        for part in _solutions(cells, volts, lines):
            currents.append(part.bit_current)
            for u, i in zip(part.cell_voltage, part.cell_current, strict=True):
                dark = np.isnan(u)  # no path leads there
                g = _with_faults(cells.conductance(np.where(dark, 0.0, u)), lines.faults)
                sds.append(noise.sd(np.where(dark, 0.0, i), np.where(dark, 0.0, g)))
    return np.concatenate(currents), np.stack(sds)


def _solutions(cells: CellArray | LinearCells, volts: F64, lines: Lines) -> Iterator[LineSolution]:
    rows, columns = cells.shape
    batch = max(1, BATCH // (rows * columns))
    for begin in range(0, len(volts), batch):
        yield solve_lines(cells, read_bias(volts[begin : begin + batch], columns), lines)


def _with_faults(conductance: F32 | F64, faults: Faults) -> F64:
    found = conductance.astype(np.float64)
    for place in faults.shorted_cells:
        found[place] = 1 / faults.short
    for place in faults.open_cells:  # what is open, too, is open, as for the solver
        found[place] = 0.0
    return found
