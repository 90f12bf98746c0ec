"""How two runs differ in numbers, each with the interval of its sampling error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from app.compare.beside import kept
from app.settings.numbers import number_text
from app.settings.sections import Choices, Request
from app.work.runs import Run
from app.work.tab import Tab
from synaptogen_core.analysis import statistics_api
from synaptogen_core.errors import Cancelled
from synaptogen_core.schema import FEATURES

GRID = 256  # bins in which the two laws are compared
REPLICATES = 100
CONFIDENCE = 0.95  # of all intervals
Ends = tuple[float, float]
Row = tuple[str, str, float, Ends]  # words, unit, number of a run, its interval
NONE: Ends = (np.nan, np.nan)


@dataclass(frozen=True)
class Number:
    """One number of both runs, in the unit of its words."""

    words: str
    unit: str
    a: float
    b: float
    interval: Ends  # 95 %, of the difference; NaN where none is known

    @property
    def difference(self) -> float:
        return self.b - self.a


@dataclass(frozen=True)
class Distance:
    """How far the values of a feature lie apart: the largest difference of the two cumulative curves."""

    name: str
    distance: float
    interval: tuple[float, float]  # 95 %, over cells
    chance: float  # what two runs of the same settings would show at most, in 95 of 100 cases


@dataclass(frozen=True)
class Differences:
    distances: tuple[Distance, ...]
    numbers: tuple[Number, ...]


NUMBERS = {
    "best_bit_error_rate": "Bit error rate at the best threshold", "best_threshold": "Best read threshold",
    "window_ratio": "Window ratio",
    **{f"memory.{k}": f"Correlation at lag 1 of {f.symbol}" for k, f in enumerate(FEATURES)},
    **{f"c2c.{k}": f"C2C spread of {f.symbol}" for k, f in enumerate(FEATURES)},
    **{f"d2d.{k}": f"D2D spread of {f.symbol}" for k, f in enumerate(FEATURES)},
    **{f"share.{k}": f"Share of variance between devices, {f.symbol}" for k, f in enumerate(FEATURES)},
}  # fmt: skip


def numbers_of(run: Run, key: str) -> tuple[float, Ends]:
    """One number of a run and its interval; NaN where the run has none."""
    make, words = _window, NUMBERS[key]
    if "." in key:
        make = _memory if key.startswith("memory") else _spreads
    try:
        found = {row[0]: row[2:] for row in make(run)}
    except (ValueError, KeyError):  # one cycle, or too few cells
        return np.nan, NONE
    return found.get(words, (np.nan, NONE))


def differences(a: Run, b: Run, cancel: threading.Event) -> Differences:
    """All numbers of the comparison.

    Raises
    ------
    synaptogen_core.Cancelled
        If `cancel` was set.
    """
    distances = tuple(distance(a, b, f.name, k) for k, f in enumerate(FEATURES) if not stop(cancel))
    numbers: list[Number] = []
    for make in (_spreads, _memory, _window):
        stop(cancel)
        numbers += _each(make, a, b)
    return Differences(distances, tuple(numbers))


def stop(cancel: threading.Event) -> bool:
    if cancel.is_set():
        raise Cancelled("comparison: cancelled")
    return False


def changed(a: Request, b: Request, tab: Tab) -> tuple[tuple[str, str, str], ...]:
    """The settings in which two pictures of a tab differ, by their names in a link: what each is in A and in B."""
    used = [part for part in ("read", "lines") if part in tab.results.USES]
    pairs = [("", one, other) for one, other in zip(a.simulation, b.simulation, strict=True)]
    pairs += [("", getattr(a, part), getattr(b, part)) for part in used]
    now = b.of_tab(tab.key)
    pairs.append((f"{tab.key}.", kept(tab, a.of_tab(tab.key), now), now))
    found = []
    for prefix, one, other in pairs:
        for name in sorted({*one, *other}):
            in_a, in_b = (_said(choices, name) for choices in (one, other))
            if in_a != in_b:
                found.append((f"{prefix}{name}", in_a, in_b))
    return tuple(found)


def _said(choices: Choices, name: str) -> str:
    value = choices.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return "–" if value is None else str(getattr(value, "name", value))


def distance(a: Run, b: Run, name: str, seed: int) -> Distance:
    """Kolmogorov and Smirnov's distance on a fine grid; cells are drawn anew with all their cycles, as cycles of a cell
    are not independent. `chance`: the same when both are drawn from both runs together.
    """
    values = [run.values(name) for run in (a, b)]
    pooled = np.concatenate([part.ravel()[:: max(1, part.size // 100_000)] for part in values])
    edges = np.unique(np.quantile(pooled, np.linspace(0, 1, GRID + 1)[1:-1]))
    counts = [_counts(part, edges) for part in values]  # (cells, bins) each
    random = np.random.Generator(np.random.PCG64(seed))
    drawn = np.array([_apart(*(_draw(random, part, len(part)) for part in counts)) for _ in range(REPLICATES)])
    both = np.concatenate(counts)
    same = np.array([_apart(*(_draw(random, both, len(part)) for part in counts)) for _ in range(REPLICATES)])
    found = _apart(*(part.sum(axis=0) for part in counts))
    # a distance cannot be negative, so drawing anew adds to it: the interval is that of the draws about what was found
    spread = np.std(drawn)
    return Distance(
        name, found, (max(0.0, found - 1.96 * spread), min(1.0, found + 1.96 * spread)),
        float(np.quantile(same, CONFIDENCE)),
    )  # fmt: skip


def _counts(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many cycles of each cell lie in each bin."""
    place = np.searchsorted(edges, values)
    cells, bins = values.shape[1], edges.size + 1
    flat = np.bincount((np.arange(cells) * bins + place).ravel(), minlength=cells * bins)
    return flat.reshape(cells, bins).astype(np.float32)


def _draw(random: np.random.Generator, counts: np.ndarray, size: int) -> np.ndarray:
    weights = np.bincount(random.integers(0, len(counts), size), minlength=len(counts)).astype(np.float32)
    return weights @ counts


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(np.cumsum(a) / a.sum() - np.cumsum(b) / b.sum()).max())


def _each(make: Callable[[Run], list[Row]], a: Run, b: Run) -> list[Number]:
    """The numbers that both runs have."""
    try:
        found = [make(run) for run in (a, b)]
    except (ValueError, KeyError):  # one cycle, or too few cells
        return []
    return [
        Number(words, unit, in_a, in_b, of_difference((in_a, ends_a), (in_b, ends_b)))
        for (words, unit, in_a, ends_a), (_, _, in_b, ends_b) in zip(*found, strict=True)
    ]


def of_difference(a: tuple[float, Ends], b: tuple[float, Ends]) -> Ends:
    """Interval of B - A for independent runs, of both numbers and their intervals (Zou and Donner, 2008): as uneven as
    these are, such as that of a rate of no error in so many reads.
    """
    (in_a, (low_a, high_a)), (in_b, (low_b, high_b)) = a, b
    down, up = np.hypot(in_b - low_b, high_a - in_a), np.hypot(high_b - in_b, in_a - low_a)
    return float(in_b - in_a - down), float(in_b - in_a + up)


def _ends(interval: np.ndarray, scale: float = 1.0) -> Ends:
    low, high = (scale * float(end) for end in interval)
    return low, high


def _spreads(run: Run) -> list[Row]:
    found = statistics_api.spread(run.data, device=run.device, replicates=100)
    rows = []
    for part, words in (("cycle_to_cycle", "C2C spread"), ("device_to_device", "D2D spread")):
        for f in FEATURES:
            unit = "decades" if f.scale == "log" else f.unit.replace("ohm", "Ω")
            value, interval = (found[name].sel(part=part).values for name in (f.name, f"{f.name}_interval"))
            rows.append((f"{words} of {f.symbol}", unit, float(value), _ends(interval)))
    for k, f in enumerate(FEATURES):
        value, interval = (found[name].values[k] for name in ("device_share", "device_share_interval"))
        rows.append((f"Share of variance between devices, {f.symbol}", "%", 100 * float(value), _ends(interval, 100)))
    return rows


def _memory(run: Run) -> list[Row]:
    found = statistics_api.autocorrelation(run.data, max_lag=1, device=run.device)
    lag = int(np.flatnonzero(found["lag"].values == 1)[0])
    return [
        (f"Correlation at lag 1 of {f.symbol}", "", float(found["autocorrelation"].values[lag, k]),
         _ends(found["autocorrelation_interval"].values[lag, k]))
        for k, f in enumerate(FEATURES)
    ]  # fmt: skip


def _window(run: Run) -> list[Row]:
    found: xr.Dataset = statistics_api.memory_window(run.data)
    rows = [("Best read threshold", "Ω", float(found["best_threshold"]), NONE)]
    for name, words in (
        ("best_bit_error_rate", "Bit error rate at the best threshold"),
        ("window_ratio", "Window ratio"),
    ):
        if name in found:
            interval = found.get(f"{name}_interval")
            rows.append((words, "", float(found[name]), NONE if interval is None else _ends(interval.values)))
    return rows
