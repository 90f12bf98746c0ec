"""The Fit tab's numbers: what each stage has found, as plain arrays and words for its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from app.tabs.d2d.compute import ONE_SIGMA, TWO_SIGMA, Ellipse
from app.tabs.fit.compute import Reading
from synaptogen_core.analysis.population.ellipses import device_ellipses
from synaptogen_core.measurement import device_starts, sample_starts
from synaptogen_core.report import summary
from synaptogen_core.report.summary import Device
from synaptogen_core.schema import FAILURES, FEATURE_NAMES, feature

Value = Callable[[str], Any]  # what a stage has found, by its key
if TYPE_CHECKING:
    from synaptogen_core.exchange.api import TableLayout

FAINT, SAMPLES = 40, 400  # other loops drawn behind the chosen one, and samples of each
LISTED = 300  # rows of a table of failures
U_READ = 0.2  # V: where resistances are marked


@dataclass(frozen=True)
class Read:
    """What was read."""

    name: str
    size: int
    devices: int
    cycles: int
    features: tuple[str, ...]
    loops: bool
    device: str  # name of a device file's device
    unclear: TableLayout | None
    said: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Failed:
    """A cycle without features."""

    device: str
    cycle: int
    why: str


@dataclass(frozen=True)
class Cycles:
    """The extraction as a whole."""

    devices: tuple[str, ...]
    counts: tuple[int, ...]  # cycles of each device
    loops: bool
    found: int
    failed: int
    reasons: tuple[tuple[str, int], ...]
    listed: tuple[Failed, ...]
    bad: tuple[tuple[int, int], ...]  # positions of device and cycle of the failed ones
    report: tuple[Device, ...]


@dataclass(frozen=True)
class Loop:
    """One loop with its extracted points, and others of its device behind it. [V], [A]."""

    device: str
    cycle: int
    of: int
    failure: str
    voltage: np.ndarray
    current: np.ndarray
    faint: tuple[np.ndarray, np.ndarray]  # NaN between loops
    thresholds: dict[str, tuple[float, float]]  # u_set, u_reset: voltage and current
    resistances: dict[str, float]
    reach: float
    confidence: dict[str, float]  # of each feature, 0 to 1


@dataclass(frozen=True)
class Scatter:
    """Devices by two of their eight numbers, on the features' own scales, with the fitted ellipses."""

    x: np.ndarray
    y: np.ndarray
    devices: tuple[str, ...]
    ellipses: tuple[Ellipse, ...]


def of_stage(key: str, values: Mapping[str, Any]) -> Any:
    """The pictures of a stage that has just been done."""
    from app.tabs.fit import compare

    makers: dict[str, Callable[[Mapping[str, Any]], Any]] = {
        "read": lambda found: of_reading(found["read"]),
        "screen": lambda found: of_cycles(found["extract"], found["screen"], "sample_count" in found["read"].data),
        "fit": lambda found: compare.of_fit(found["fit"]),
        "judge": lambda found: compare.of_validation(found["judge"]),
        "beside": compare.of_two,
        "numbers": lambda found: (tuple(summary.compared(found["numbers"])), str(found["numbers"].attrs["uses"])),
    }
    return makers[key](values) if key in makers else None


def of_reading(reading: Reading) -> Read:
    ds = reading.data
    return Read(
        reading.name, reading.size, *((0, 0) if ds is None else (ds.sizes["device"], ds.sizes["record"])),
        () if ds is None else tuple(n for n in FEATURE_NAMES if n in ds), ds is not None and "sample_count" in ds,
        reading.device.name if reading.device else "", reading.unclear, reading.said, reading.notes,
    )  # fmt: skip


def of_cycles(ds: xr.Dataset, report: xr.Dataset, loops: bool) -> Cycles:
    """The extraction and what the screening of the devices says."""
    failure = ds["failure"].values if "failure" in ds else np.zeros(ds.sizes["record"], np.int8)
    bad = np.flatnonzero(failure)
    labels, index, cycle = [str(v) for v in ds["device"].values], ds["device_index"].values, ds["cycle"].values
    starts = device_starts(ds)
    return Cycles(
        devices=tuple(labels), counts=tuple(int(n) for n in np.diff(starts)), loops=loops,
        found=int(failure.size - bad.size), failed=int(bad.size),
        reasons=tuple(summary.failures(ds)),
        listed=tuple(Failed(labels[index[i]], int(cycle[i]), FAILURES[failure[i]][1]) for i in bad[:LISTED]),
        bad=tuple((int(index[i]), int(i - starts[index[i]])) for i in bad),
        report=tuple(summary.devices(report)),
    )  # fmt: skip


def loop(value: Value, device: int, cycle: int) -> Loop | None:
    """One loop of one device, by their positions; voltages as at the cell, in the data's own sign."""
    from synaptogen_core.analysis import fitting_api

    ds, reading = value("extract"), value("read")
    if ds is None or reading is None or reading.data is None or "sample_count" not in reading.data:
        return None
    loops = reading.data
    first, last = device_starts(ds)[device : device + 2]
    starts = sample_starts(loops)
    record = int(min(first + cycle, last - 1))
    extraction = fitting_api.FeatureOptions.of(ds)
    series = extraction.series_resistance if extraction else 0.0

    def samples(k: int, step: int = 1) -> tuple[np.ndarray, np.ndarray]:
        place = slice(starts[k], starts[k + 1], step)
        current = loops["current"].values[place]
        return loops["voltage"].values[place] - series * current, current

    behind = np.unique(np.linspace(first, last - 1, min(FAINT, last - first)).astype(int))
    parts = []
    for k in behind[behind != record]:
        step = max(1, int(starts[k + 1] - starts[k]) // SAMPLES)
        parts.append(np.stack([np.append(part, np.nan) for part in samples(int(k), step)]))
    faint = np.concatenate(parts, axis=1).astype(np.float32) if parts else np.zeros((2, 0), np.float32)
    sign = -int(ds.attrs.get("polarity", -1))
    numbers = {name: float(ds[name].values[record]) for name in FEATURE_NAMES if name in ds}
    thresholds = {
        name: (sign * numbers[name], float(ds[current].values[record]))
        for name, current in (("u_set", "set_current"), ("u_reset", "reset_current"))
        if np.isfinite(numbers.get(name, np.nan)) and current in ds
    }
    failure = int(ds["failure"].values[record]) if "failure" in ds else 0
    return Loop(
        str(ds["device"].values[device]), int(ds["cycle"].values[record]), int(last - first),
        FAILURES[failure][1] if failure else "", *samples(record), (faint[0], faint[1]), thresholds,
        {n: numbers[n] for n in ("r_hrs", "r_lrs") if np.isfinite(numbers.get(n, np.nan))}, sign * U_READ,
        {n: float(ds[f"{n}_confidence"].values[record]) for n in FEATURE_NAMES if f"{n}_confidence" in ds},
    )  # fmt: skip


def device_numbers(ds: xr.Dataset, name: str, of: str) -> np.ndarray:
    """Median or standard deviation of a feature over the cycles of each device, on the feature's own scale."""
    values = ds[name].values if name in ds else np.full(ds.sizes["record"], np.nan)
    if "failure" in ds:
        values = np.where(ds["failure"].values == 0, values, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = np.log10(values) if feature(name).scale == "log" else values
    found = np.full(ds.sizes["device"], np.nan)
    starts = device_starts(ds)
    for k in range(found.size):
        part = own[starts[k] : starts[k + 1]]
        part = part[np.isfinite(part)]
        if part.size > 1:
            found[k] = np.median(part) if of == "median" else part.std(ddof=1)
    return found


def scatter(value: Value, x: tuple[str, str], y: tuple[str, str]) -> Scatter | None:
    """Devices and the fitted components over two of their numbers."""
    found = value("fit")
    if found is None:
        return None
    ds = found.features
    across, up = device_numbers(ds, *x), device_numbers(ds, *y)
    kept = np.isfinite(across) & np.isfinite(up)
    outlines = []
    for probability in (ONE_SIGMA, TWO_SIGMA) if x != y else ():
        shapes = device_ellipses(found.device, x[0], y[0], of=(x[1], y[1]), probability=probability)
        for k in range(shapes.sizes["component"]):
            outline = shapes["x"].values[k], shapes["y"].values[k]
            if min(np.ptp(side) for side in outline) > 0:
                outlines.append(Ellipse(*outline, bool(shapes["outlier"].values[k])))
    labels = tuple(str(v) for v in ds["device"].values[kept])
    return Scatter(across[kept], up[kept], labels, tuple(outlines))


LOOKS: dict[str, Callable[..., Any]] = {"loop": loop, "scatter": scatter}
