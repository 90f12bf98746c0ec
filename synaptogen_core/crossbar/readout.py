"""Reading a whole array at once: voltages on one family of lines, currents summed on the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.array.cells import CellArray

SIDES = ("rows", "columns")


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
    if along not in SIDES:
        raise ValueError(f"along: must be 'rows' or 'columns' (got {along!r}); name the driven lines")
    lines = cells.rows if along == "rows" else cells.columns
    try:
        volts = np.asarray(voltages, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"voltages: must be numbers (got {type(voltages).__name__}); give volts") from None
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
