"""Device to device: where each cell lies among its sisters, and how much of the variance is theirs."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import param

from app.settings.sections import Choices, Request, TabOptions
from app.work.binning import Density, density, span
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api
from synaptogen_core.analysis.statistics.autocorrelation import memory_of
from synaptogen_core.analysis.statistics.lag_products import mean_covariance
from synaptogen_core.schema import FEATURE_NAMES, feature

USES = frozenset({"cells"})
DRAWN = 5000  # devices drawn as points; more of the main population are a density, more outliers are thinned
PIXELS = 160
ONE_SIGMA, TWO_SIGMA = 0.393469, 0.864665  # shares of a bivariate normal inside its ellipses
LEAST_CELLS, LEAST_CYCLES = 3, 2
RESAMPLES = 40  # the fewest that there are: these intervals are not shown
QUANTITIES = {
    "HRS resistance": "r_hrs", "SET voltage": "u_set", "LRS resistance": "r_lrs", "RESET voltage": "u_reset",
}  # fmt: skip
NUMBERS = {"Median": "median", "C2C spread": "spread"}
MATRICES = {"Between devices": "device_to_device", "Within devices": "cycle_to_cycle", "All values": "population"}


class Options(TabOptions):
    x = param.Selector(default="r_lrs", objects=QUANTITIES, label="x axis", doc="Feature on the horizontal axis.")
    x_of = param.Selector(default="median", objects=NUMBERS, label="x statistic",
                          doc="Its median over the cycles, or their standard deviation.")  # fmt: skip
    y = param.Selector(default="u_reset", objects=QUANTITIES, label="y axis", doc="Feature on the vertical axis.")
    y_of = param.Selector(default="median", objects=NUMBERS, label="y statistic",
                          doc="Its median over the cycles, or their standard deviation.")  # fmt: skip
    matrix = param.Selector(default="device_to_device", objects=MATRICES, label="Correlations",
                            doc="Of the devices' true means, of the cycles of a device, or of all values.")  # fmt: skip
    anova = param.Boolean(False, label="One-way ANOVA", doc="Also show what the one-way analysis of variance gives.")


@dataclass(frozen=True)
class Cloud:
    """Devices as points; each coordinate on its feature's own scale (log10 ohm for r_hrs)."""

    x: np.ndarray
    y: np.ndarray
    row: np.ndarray
    column: np.ndarray


@dataclass(frozen=True)
class Ellipse:
    """Outline of a mixture component, in the coordinates of the cloud."""

    x: np.ndarray
    y: np.ndarray
    outlier: bool


@dataclass(frozen=True)
class Share:
    """Spread of one feature, cycle to cycle and device to device, on its own scale."""

    name: str
    c2c: float
    d2d: float
    c2c_model: float
    d2d_model: float
    share: float  # of device to device in the variance
    interval: tuple[float, float]
    share_model: float
    share_anova: float  # NaN if not asked for


@dataclass(frozen=True)
class Result:
    x: tuple[str, str]  # feature, number
    y: tuple[str, str]
    main: Cloud
    outliers: Cloud
    followed: Cloud
    density: Density | None  # instead of the main population's points
    ellipses: tuple[Ellipse, ...]
    devices: int
    spread_out: bool  # whether devices differ
    outlier_count: int
    kind: str  # of the correlations
    matrix: np.ndarray  # (4, 4)
    matrix_model: np.ndarray
    shares: tuple[Share, ...]
    anova: bool
    cycles: int
    trouble: str  # a sentence where there is too little to compare
    sample: str


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """All the pictures of the tab."""
    axes = (options.x, options.x_of), (options.y, options.y_of)
    values = [number_of(run, run.values(name), name, of) for name, of in axes]
    outlier = run.per_cell("outlier")
    unusual = np.flatnonzero(outlier)
    main = cloud(run, values, np.flatnonzero(~outlier))
    followed = [number_of(run, run.of_cells(request.cells, name), name, of) for name, of in axes]
    trouble = too_little(run)
    matrix, model = (np.full((4, 4), np.nan), np.full((4, 4), np.nan)) if trouble else correlations(run, options.matrix)
    return Result(
        x=axes[0], y=axes[1],
        main=main,
        outliers=cloud(run, values, unusual[:: max(1, -(-unusual.size // DRAWN))]),
        followed=Cloud(*followed, *(np.array(part) for part in zip(*request.cells, strict=True))),
        density=density_of(main) if main.x.size > DRAWN else None,
        ellipses=ellipses(run, axes), devices=outlier.size, spread_out=differ(run), outlier_count=unusual.size,
        kind=options.matrix, matrix=matrix, matrix_model=model,
        shares=() if trouble else shares(run, options.anova), anova=options.anova,
        cycles=run.cycles, trouble=trouble, sample=run.sample.text,
    )  # fmt: skip


def number_of(run: Run, values: np.ndarray, name: str, of: str) -> np.ndarray:
    """One number a device from (cycle, device): median or standard deviation on the feature's own scale."""
    own = np.log10(values) if feature(name).scale == "log" else values
    if of == "median":
        return np.asarray(np.median(own, axis=0), np.float64)
    if len(own) < 2:
        return np.zeros(own.shape[1])
    # about a mean of cycles with a memory, the mean square comes out smaller than N - 1 would put right
    i, times = FEATURE_NAMES.index(name), len(own)
    lowered = 1 - mean_covariance(memory_of(run.device, times)[:, i : i + 1, i : i + 1], times)[0, 0]
    return own.std(axis=0, dtype=np.float64) / np.sqrt(lowered)


def density_of(main: Cloud) -> Density:
    """Too many devices for points."""
    return density(main.x, main.y, PIXELS, PIXELS, span(main.x, 2e-4), span(main.y, 2e-4))


def cloud(run: Run, values: list[np.ndarray], chosen: np.ndarray) -> Cloud:
    """Some of the recorded devices."""
    cell = chosen * run.sample.step
    columns = run.request.array.columns
    return Cloud(values[0][chosen], values[1][chosen], cell // columns, cell % columns)


def too_little(run: Run) -> str:
    """Why devices cannot be compared, or nothing."""
    if run.sample.count < LEAST_CELLS or run.cycles < LEAST_CYCLES:
        return (
            f"Separating device-to-device from cycle-to-cycle spread takes at least {LEAST_CELLS} cells and "
            f"{LEAST_CYCLES} cycles; there are {run.sample.count} and {run.cycles}."
        )
    return ""


def differ(run: Run) -> bool:
    """Whether the model's devices have different means."""
    exact = statistics_api.population_moments(run.device)
    return bool(np.any(np.diag(exact.between) > 1e-9 * np.diag(exact.total)))


def ellipses(run: Run, axes: tuple[tuple[str, str], ...]) -> tuple[Ellipse, ...]:
    """Outlines of the components at one and two sigma; none where devices are points or the axes are the same."""
    (x, x_of), (y, y_of) = axes
    if axes[0] == axes[1]:
        return ()
    found = []
    for probability in (ONE_SIGMA, TWO_SIGMA):
        ds = statistics_api.device_ellipses(run.device, x, y, of=(x_of, y_of), probability=probability)
        for i in range(ds.sizes["component"]):
            outline = ds["x"].values[i], ds["y"].values[i]
            if min(np.ptp(side) for side in outline) > 0:
                found.append(Ellipse(*outline, bool(ds["outlier"].values[i])))
    return tuple(found)


def correlations(run: Run, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """The chosen matrix as estimated and as the model has it; NaN where devices do not differ enough to tell."""
    if kind == "device_to_device" and not differ(run):
        return np.full((4, 4), np.nan), np.full((4, 4), np.nan)
    ds = statistics_api.correlations(run.data, FEATURE_NAMES, device=run.device, replicates=RESAMPLES)
    estimate = ds[kind].values.copy()
    estimate[np.abs(estimate) > 1 + 1e-9] = np.nan  # a variance that came out near 0
    return estimate, ds[f"{kind}_model"].values


def shares(run: Run, anova: bool) -> tuple[Share, ...]:
    """Spreads of the four features."""
    memory = statistics_api.spread(run.data, FEATURE_NAMES, device=run.device)
    textbook = np.full(len(FEATURE_NAMES), np.nan)
    if anova:
        found = statistics_api.spread(run.data, FEATURE_NAMES, device=run.device, method="anova", replicates=RESAMPLES)
        textbook = found["device_share"].values
    return tuple(
        Share(
            name=name,
            c2c=float(memory[name][0]), d2d=float(memory[name][1]),
            c2c_model=float(memory[f"{name}_model"][0]),
            d2d_model=float(memory[f"{name}_model"][1]) if differ(run) else 0.0,
            share=float(memory["device_share"][i]),
            interval=(float(memory["device_share_interval"][i][0]), float(memory["device_share_interval"][i][1])),
            share_model=float(memory["device_share_model"][i]),
            share_anova=float(textbook[i]),
        )
        for i, name in enumerate(FEATURE_NAMES)
    )  # fmt: skip
