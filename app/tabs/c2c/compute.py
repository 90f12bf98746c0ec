"""Cycle to cycle: series of chosen cells, lag plot, correlation over lags, and the scatter matrix of all cycles."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import param

from app.settings.sections import Choices, Request, TabOptions
from app.tabs.c2c.matrix import STANDARD_RANGE, Matrix, chosen_values, matrix_of, values_of
from app.work.binning import Density, density, span
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api
from synaptogen_core.counts import counted
from synaptogen_core.schema import FEATURE_NAMES

USES = frozenset({"cells"})
NAMES = {"HRS resistance": "r_hrs", "SET voltage": "u_set", "LRS resistance": "r_lrs", "RESET voltage": "u_reset"}
PIXELS = 150
ONE_CYCLE = "One cycle only: there is no cycle-to-cycle variation to see. Choose more cycles."
NO_CHANGE = "No cell changes from cycle to cycle: there is nothing to correlate."


class Options(TabOptions):
    feature = param.Selector(default="r_lrs", objects=NAMES, doc="What is followed from cycle to cycle.")
    other = param.Selector(default="itself", objects={"Itself": "itself", **NAMES}, label="Correlate with",
                           doc="Itself: autocorrelation. Another feature: cross-correlation.")  # fmt: skip
    lag = param.Integer(1, bounds=(1, 500), label="Lag", doc="Distance of the two cycles in the lag plot.")
    lags = param.Integer(50, bounds=(2, 500), label="Lags shown", doc="Largest lag of the correlation curve.")
    units = param.Selector(default="standard", label="Units of scatter plots",
                           objects={"Standardised": "standard", "True units": "true"},
                           doc="Standardised: each cell about its own mean, in its own spread.")  # fmt: skip
    brush = param.String("", label="Selected cycles", doc="A box drawn in the scatter matrix.")


@dataclass(frozen=True)
class Series:
    """One feature of the chosen cells against the cycle."""

    cells: tuple[tuple[int, int], ...]
    outlier: tuple[bool, ...]
    cycle: np.ndarray
    values: np.ndarray  # (cycle, chosen cell), SI


@dataclass(frozen=True)
class LagPlot:
    """Feature in cycle n against the other one in cycle n - lag: all cells as a density, the chosen ones as points."""

    lag: int
    density: Density
    points: list[tuple[np.ndarray, np.ndarray]]  # of each chosen cell: x, y
    measured: float  # correlation within cells at this lag
    expected: float
    model: float


@dataclass(frozen=True)
class Curve:
    """Correlation within cells over lags; negative lags: the other feature comes later."""

    lag: np.ndarray
    measured: np.ndarray
    interval: np.ndarray  # (n, 2)
    expected: np.ndarray  # as this estimator sees the model at this number of cycles
    model: np.ndarray  # of an endless run


@dataclass(frozen=True)
class Result:
    feature: str
    other: str
    units: str
    series: Series
    lag_plot: LagPlot | None
    curve: Curve | None
    matrix: Matrix | None
    rows: int
    columns: int
    cycles: int
    note: str  # instead of correlations
    sample: str
    clipped: str  # of what was asked for, what the run is too short for


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """All the pictures of the tab."""
    name = options.feature
    other = name if options.other == "itself" else options.other
    note = trouble(run, {name, other})
    series = series_of(run, request.cells, name)
    curve = None if note else curve_of(run, name, other, options.lags, options.lag)
    lag_plot = None if curve is None else lag_plot_of(run, request.cells, name, other, options, curve)
    matrix = None if trouble(run, set(FEATURE_NAMES)) else matrix_of(run, options.units, options.brush)
    shown = None if curve is None else upto(curve, min(options.lags, run.cycles - 1))
    return Result(
        name, other, options.units, series, lag_plot, shown, matrix, request.array.rows, request.array.columns,
        run.cycles, note, run.sample.text, "" if note else clipped(run.cycles, options.lag, options.lags),
    )  # fmt: skip


def clipped(cycles: int, lag: int, lags: int) -> str:
    """What a run of so many cycles cannot show of the lags that were asked for."""
    last = cycles - 1
    beyond = [f"{words} {asked}" for words, asked in (("lag", lag), ("lags up to", lags)) if asked > last]
    if not beyond:
        return ""
    return f"A run of {counted(cycles, 'cycle')} has lags up to {last}: shown instead of {' and of '.join(beyond)}."


def trouble(run: Run, names: set[str]) -> str:
    """Why there is nothing to correlate, or nothing."""
    if run.cycles < 2:
        return ONE_CYCLE
    changed = (np.any(run.values(name)[1:] != run.values(name)[:1]) for name in names)
    return "" if all(changed) else NO_CHANGE


def series_of(run: Run, cells: tuple[tuple[int, int], ...], name: str) -> Series:
    flat = [row * run.request.array.columns + column for row, column in cells]
    outlier = run.cells.outlier().ravel()[flat]
    return Series(cells, tuple(bool(o) for o in outlier), run.data["cycle"].values, run.of_cells(cells, name))


def curve_of(run: Run, name: str, other: str, lags: int, lag: int) -> Curve:
    """From lag 0 (or, between two features, from minus to plus) as far as the picture or the lag plot needs."""
    last = min(max(lags, lag), run.cycles - 1)
    if name == other:
        found = statistics_api.autocorrelation(run.data, name, max_lag=last, device=run.device)
        columns = ("autocorrelation", "autocorrelation_interval", "expected", "model")
        return Curve(found["lag"].values, *(found[column].values[:, 0] for column in columns))
    found = statistics_api.cross_correlation(run.data, [name, other], max_lag=last, device=run.device)
    columns = ("cross_correlation", "cross_correlation_interval", "expected", "model")
    # [k, i, j]: i in cycle n with j in cycle n - k; the other way round are the negative lags
    sides = [np.concatenate([v[:0:-1, 1, 0], v[:, 0, 1]]) for v in (found[column].values for column in columns)]
    return Curve(np.arange(-last, last + 1), *sides)


def upto(curve: Curve, last: int) -> Curve:
    """Without lag 0 of a feature with itself, which is 1 and would flatten the rest."""
    first = 0 if curve.lag[0] < 0 else 1
    inside = (np.abs(curve.lag) <= last) & (np.abs(curve.lag) >= first)
    return Curve(*(getattr(curve, part)[inside] for part in ("lag", "measured", "interval", "expected", "model")))


def lag_plot_of(
    run: Run, cells: tuple[tuple[int, int], ...], name: str, other: str, options: Choices, curve: Curve
) -> LagPlot:
    lag = min(options.lag, run.cycles - 1)
    standard = options.units == "standard"
    y, x = (values_of(run, n, standard) for n in (name, other))
    chosen_y, chosen_x = (chosen_values(run, cells, n, standard) for n in (name, other))
    across, up = (STANDARD_RANGE if standard else span(values, 2e-4) for values in (x, y))
    cloud = density(x[:-lag], y[lag:], PIXELS, PIXELS, across, up)
    points = [(chosen_x[:-lag, i], chosen_y[lag:, i]) for i in range(len(cells))]
    at = int(np.flatnonzero(curve.lag == lag)[0])
    return LagPlot(lag, cloud, points, float(curve.measured[at]), float(curve.expected[at]), float(curve.model[at]))
