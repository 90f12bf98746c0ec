"""Numbers of a lesson that come from whole arrays: far ends, levels of partial RESETs, reads of a crossbar."""

from __future__ import annotations

import numpy as np
import xarray as xr

import synaptogen_core as sc
from app.work.cache import arrays_of
from app.work.runs import Run
from synaptogen_core import crossbar
from synaptogen_core.analysis import statistics_api
from synaptogen_core.crossbar.readout.converters import Adc

U_READ = 0.2  # V
TAIL = 0.05  # of a level, at each end
WORST = {"r_hrs": np.min, "u_set": np.min, "r_lrs": np.max, "u_reset": np.max}


def farthest(run: Run, feature: str) -> float:
    """The value of all cells and cycles that is hardest on a circuit."""
    return float(WORST[feature](run.values(feature)))


def current_above(run: Run, microampere: float) -> float:
    """Share of the cycles [%] whose RESET begins at more than this current."""
    current = run.values("u_reset").astype(np.float64) / run.values("r_lrs")
    return 100 * float((current > microampere * 1e-6).mean())


def levels(run: Run) -> xr.Dataset:
    """The conductance after each pulse of the train.

    Raises
    ------
    ValueError
        If the run has none.
    """
    if "conductance" not in run.data:
        raise ValueError("train: must leave partial states (got full cycles); choose the RESET staircase")
    if run.cells.size * run.cycles < 2:
        raise ValueError("array: must have at least 2 cells or cycles (got 1); take more rows")
    return run.keep(
        ("learn", "levels"),
        lambda: statistics_api.staircase_levels(run.data, probabilities=(TAIL, 1 - TAIL), replicates=100),
        arrays_of,
    )


def levels_apart(run: Run) -> float:
    """How many of the levels are distinguishable: their middle 90 % do not overlap."""
    return float(levels(run)["distinguishable"].sum())


def outputs(run: Run, ohm: float) -> tuple[np.ndarray, np.ndarray]:
    """Currents of the columns [A] through lines of so many ohm a segment, and through ideal ones."""
    if not ohm >= 0:
        raise ValueError(f"ohm: must be 0 or more (got {ohm:g}); give the resistance of a segment")

    def solved() -> np.ndarray:
        bias = crossbar.read_bias([U_READ] * run.cells.rows, run.cells.shape[1])
        return np.asarray(crossbar.solve_lines(run.cells, bias, crossbar.Lines(word=ohm, bit=ohm)).bit_current)

    found = run.keep(("learn", "outputs", ohm), solved, lambda array: [array])
    return found, np.asarray(sc.ideal_read(run.cells, U_READ))


def line_loss(run: Run, ohm: float) -> float:
    """Share [%] of the current of all columns that lines of so many ohm a segment take away."""
    found, ideal = outputs(run, ohm)
    return 100 * float(1 - found.sum() / ideal.sum())


def sneak(run: Run) -> float:
    """Share [%] of the current read at cell (0, 0) without selectors that came through other cells."""
    bias = crossbar.bias(run.cells.shape, "floating", U_READ, row=0, column=0, selector="none")
    solution = crossbar.solve_lines(run.cells, bias, crossbar.Lines(word=1.0, bit=1.0))
    return 100 * float(1 - solution.cell_current[0, 0] / solution.bit_current[0])


def adc_error(run: Run, bits: float) -> float:
    """Root mean square error [%] of the column currents after an ADC whose range holds an array all in LRS."""
    if not 1 <= bits <= 16:
        raise ValueError(f"bits: must be from 1 to 16 (got {bits:g}); choose another")
    current = np.asarray(sc.ideal_read(run.cells, U_READ))
    full = run.cells.rows * U_READ / float(run.values("r_lrs").mean(dtype=np.float64))
    seen = Adc(int(bits), 0.0, full).convert(current)
    return 100 * float(np.sqrt(np.mean((seen - current) ** 2)) / current.mean())
