"""Write disturb of an array: which cells a voltage switches, and how likely it is to do so in the next cycle."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.array.threads import each_block, of_block
from synaptogen_core.device.model import write_disturb
from synaptogen_core.device.model.float32 import constants

BLOCK = 65536  # cells; two threads wait for each other less often than with small ones


def switching_probability(cells: CellArray, u: ArrayLike) -> NDArray[np.float64]:
    """Probability that one pulse switches each cell, with the thresholds of its next cycle, which are not drawn yet.

    Given what the cell remembers: its own mu and sigma, its state (HRS, IRS or LRS) and the vectors of the cycles
    before. So this is what a pulse would do to the cell the next time that it stands in its present state; what it
    does now is certain, see `would_switch`. The law is in `synaptogen_core.device.model.write_disturb`.

    Parameters
    ----------
    cells : CellArray
        They stay as they are.
    u : float, or array of shape (rows, columns)
        Voltage [V]. A positive one RESETs cells in LRS, and goes on with those in IRS if it is above the last one (1
        or 0); a negative one SETs those in HRS and IRS.

    Returns
    -------
    ndarray of float64, shape (rows, columns)

    Raises
    ------
    ValueError, TypeError
        If `u` is not finite or its shape does not fit.

    Examples
    --------
    >>> import synaptogen_core as sc
    >>> from synaptogen_core.array.write_disturb import switching_probability
    >>> cells = sc.CellArray((2, 2), sc.load_device("hennen2024"), seed=7)
    >>> bool((switching_probability(cells, -0.9) > switching_probability(cells, -0.5)).all())
    True
    """
    volts, c = check_cells(cells).check_voltages(u), constants(cells.device)
    result = np.empty(cells.size)

    def work(block: slice) -> None:
        result[block] = write_disturb.switching_probability(cells.view(block), of_block(volts, block), c)

    each_block(cells.size, BLOCK, work)
    return result.reshape(cells.shape)


def would_switch(cells: CellArray, u: ArrayLike) -> NDArray[np.bool_]:
    """Whether one pulse would switch each cell now, with the thresholds in force: those that `apply_voltage` changes.

    Parameters
    ----------
    cells : CellArray
        They stay as they are.
    u : float, or array of shape (rows, columns)
        Voltage [V].

    Returns
    -------
    ndarray of bool, shape (rows, columns)

    Raises
    ------
    ValueError, TypeError
        If `u` is not finite or its shape does not fit.
    """
    volts = check_cells(cells).check_voltages(u)
    return write_disturb.would_switch(cells.view(slice(None)), volts).reshape(cells.shape)
