"""The error of a crossbar's product, split by cause."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray, check_cells
from synaptogen_core.crossbar.circuit.lines import Lines
from synaptogen_core.crossbar.readout.matrix_products import Tile, differences, read_tiles
from synaptogen_core.crossbar.readout.read import (
    BARE,
    IDEAL,
    Periphery,
    are_ideal,
    as_voltages,
    check_circuit,
)
from synaptogen_core.crossbar.solver.cells import Given, LinearCells, as_cells
from synaptogen_core.device import averaged_laws, stationary
from synaptogen_core.device.parameters import DeviceParameters
from synaptogen_core.schema import HRS, LRS, R_HRS, R_LRS
from synaptogen_core.types import F64

NODES = 2001  # equally probable values of x; odd, so that its median is one of them
HALVINGS = 60


@dataclass(frozen=True)
class ErrorBudget:
    """RMS errors of a product [A] over vectors and columns, each with one cause alone; and with all together.

    Parameters
    ----------
    ideal : float
        RMS of the ideal product itself.
    variability : float
        The cells' actual conductances instead of the nominal ones.
    nonlinearity : float
        The true I(U) of cells of nominal conductance instead of G U.
    lines : float
        Resistances and faults of the lines.
    noise : float
        Of cells and amplifiers, as it came out in these reads.
    quantisation : float
        DAC, amplifier and ADC: their steps, ends and offset.
    together : float
        All of them: what the read-out reports.
    """

    ideal: float
    variability: float
    nonlinearity: float
    lines: float
    noise: float
    quantisation: float
    together: float

    def relative(self) -> dict[str, float]:
        """The errors by cause over the RMS of the ideal product; NaN where that is 0."""
        errors = asdict(self)
        ideal = errors.pop("ideal")
        return {cause: error / ideal if ideal else float("nan") for cause, error in errors.items()}


def error_budget(
    cells: Given,
    nominal: ArrayLike,
    voltages: ArrayLike,
    lines: Lines = IDEAL,
    periphery: Periphery = BARE,
    *,
    tile: Tile | None = None,
    pairs: bool = False,
    seed: int = 0,
    first_read: int = 0,
) -> ErrorBudget:
    """What each cause alone, and all together, do to the product ``voltages @ nominal``.

    Alone means: everything else is ideal. So lines, noise and quantisation are judged on linear cells of nominal
    conductance, and non-linearity on cells whose mixing variable r gives the nominal conductance at the voltage at
    which resistance is defined (`DeviceParameters.u_0`, where conductances are compared, too). All together is the
    real read. The squares of the parts need not add up to its square: causes meet each other (a smaller line current
    is quantised otherwise), and they may cancel.

    Parameters
    ----------
    cells : CellArray, or array of shape (rows, columns)
        The actual cells; given as conductances [S] they are linear.
    nominal : array, shape (rows, columns)
        The intended conductances [S]; see `nominal_conductances`.
    voltages : array, shape (rows,) or (vectors, rows)
        Of the word lines [V].
    lines, periphery, tile, seed, first_read
        As for `read_tiles`. What is switched off in them gives an error of 0.
    pairs : bool
        Judge the differences of neighbouring columns (signed weights) instead of the columns.

    Returns
    -------
    ErrorBudget

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule.
    """
    cells = as_cells(cells)
    intended = as_cells(nominal, "nominal")
    if isinstance(intended, CellArray):
        raise TypeError("nominal: must be numbers (got CellArray); give nominal_conductances(cells)")
    target = intended.siemens
    checks.shape("nominal", target, cells.shape)
    volts = as_voltages(voltages, cells.shape[0])
    check_circuit(lines, periphery)
    ideal = volts @ target
    circuits = replace(periphery, noise=None)

    def read(of: CellArray | LinearCells, lines: Lines, periphery: Periphery) -> F64:
        return read_tiles(of, volts, lines, periphery, tile=tile, seed=seed, first_read=first_read)

    def error(product: F64) -> float:
        return _rms(differences(product - ideal) if pairs else product - ideal)

    if isinstance(cells, CellArray):
        actual = cells.conductance(cells.device.u_0).astype(np.float64)
        nonlinear = _nonlinear(cells.device, target, volts)
    else:
        actual, nonlinear = cells.siemens, ideal
    return ErrorBudget(
        ideal=_rms(differences(ideal) if pairs else ideal),
        variability=error(volts @ actual),
        nonlinearity=error(nonlinear),
        lines=0.0 if are_ideal(lines) else error(read(intended, lines, BARE)),
        noise=0.0 if periphery.noise is None else error(read(intended, IDEAL, Periphery(noise=periphery.noise))),
        quantisation=0.0 if circuits == BARE else error(read(intended, IDEAL, circuits)),
        together=error(read(cells, lines, periphery)),
    )


def nominal_conductances(cells: CellArray) -> F64:
    """What cells were meant to be, from their states: conductances [S], shape (rows, columns).

    In HRS and LRS the inverse of the state's median resistance: over all devices and cycles, without the outlier
    population, which nobody intends. In IRS, where every level is meant, the cell's own conductance at `u_0`.

    Parameters
    ----------
    cells : CellArray
        Stays as it is.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        [S].

    Raises
    ------
    TypeError
        If they are something else.
    """
    conductance = check_cells(cells).conductance(cells.device.u_0).astype(np.float64)
    state = cells.state()
    conductance[state == HRS] = 1 / 10 ** median_feature(cells.device, R_HRS)
    conductance[state == LRS] = 1 / median_feature(cells.device, R_LRS)
    return conductance


def _rms(values: F64) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _nonlinear(device: DeviceParameters, conductance: F64, volts: F64) -> F64:
    """Products of cells with I(r, U), ideally connected [A]; the sum over cells of LLRS + r (HHRS - LLRS)."""
    r = (device.g_llrs - conductance) / (device.g_llrs - device.g_hhrs)
    low = np.polyval(device.llrs, volts)
    difference = np.polyval(device.hhrs, volts) - low
    return np.asarray(low.sum(axis=-1, keepdims=True) + difference @ r)


@lru_cache(maxsize=64)
def median_feature(device: DeviceParameters, feature: int) -> float:
    """Median of a feature on its own scale over devices and cycles, without outliers (of which alone: with them).

    Given x, and so z = gamma(x), a value mu + sigma z is a mixture of normals; its distribution function is averaged
    over x and its middle found by halving. The floor under sigma is left out: it touches 2e-4 of the cells.

    Parameters
    ----------
    device : DeviceParameters
    feature : int
        Position in `schema.FEATURES`.

    Returns
    -------
    float
        log10 of a high resistance in ohm; else in the feature's unit.
    """
    from scipy import special

    weights = device.weights.copy()
    weights[list(device.outliers)] = 0
    if not weights.sum() > 0:
        weights = device.weights
    if device.extension is not None:
        sd = float(np.sqrt(stationary.covariance(device)[feature, feature]))
        return averaged_laws.population_median(device, feature, weights, sd)
    used = weights > 0
    share = (weights[used] / weights.sum())[:, None]
    sd = np.sqrt(stationary.covariance(device)[feature, feature])
    z = np.polyval(device.gamma[feature], sd * special.ndtri((np.arange(NODES) + 0.5) / NODES))
    mu, sigma = (device.means[used][:, i, None] for i in (feature, feature + 4))
    along = device.factors[used][:, feature, :, None] + device.factors[used][:, feature + 4, :, None] * z
    middle, width = mu + sigma * z, np.maximum(np.sqrt((along**2).sum(axis=1)), 1e-12 * np.abs(mu))
    low, high = float(middle.min()), float(middle.max())
    for _ in range(HALVINGS):
        half = (low + high) / 2
        if (share * special.ndtr((half - middle) / width)).sum() / NODES < 0.5:
            low = half
        else:
            high = half
    return (low + high) / 2
