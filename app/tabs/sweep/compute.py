"""A sweep: one setting over five values, each run anew: small multiples of a distribution, and a number as a curve."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import param

from app.compare.numbers import NUMBERS, Ends, numbers_of
from app.settings.limits import reach_of
from app.settings.numbers import read_number
from app.settings.reach import RANGE, at_reach
from app.settings.sections import (
    ArraySettings,
    Choices,
    DeviceSettings,
    Request,
    Section,
    TabOptions,
    TrainSettings,
    unit_of,
)
from app.settings.segments import stretched_table
from app.work import runs
from app.work.binning import span
from app.work.runs import Run
from synaptogen_core.errors import Cancelled
from synaptogen_core.schema import FEATURES

USES: frozenset[str] = frozenset()
MOST = 5  # values
BINS = 60
AT_ONCE = 2.0  # seconds: sweeps estimated longer start by hand
SECTIONS: dict[str, type[Section]] = {"array": ArraySettings, "train": TrainSettings, "device": DeviceSettings}
SWEPT = {  # setting -> section, and the values that are usual
    "c2c": ("device", "0, 0.5, 1, 1.5, 2"), "d2d": ("device", "0, 0.5, 1, 1.4, 1.8"),
    "outlier_share": ("device", "0, 2, 4.2, 10, 20"), "order": ("device", "1, 2, 4, 7, 10"),
    "cycles": ("train", "10, 30, 100, 200, 400"), "u_set": ("train", "-1.5, -1.3, -1.1, -0.9, -0.7"),
    "u_reset": ("train", "1.5, 1.4, 1.2, 1, 0.8"), "rows": ("array", "8, 16, 32, 64, 128"),
    "seed": ("array", "1, 2, 3, 4, 5"),
}  # fmt: skip
LABELS = {name: SECTIONS[section].param[name].label for name, (section, _) in SWEPT.items()}


class Options(TabOptions):
    control = param.Selector(default="c2c", objects={words: name for name, words in LABELS.items()}, label="Sweep",
                             doc="The setting that takes several values.")  # fmt: skip
    at = param.String("", label="Values", doc="Up to five, with commas or semicolons between; empty: the usual ones.")
    number = param.Selector(default="best_bit_error_rate", objects={words: key for key, words in NUMBERS.items()},
                            label="Number", doc="What the curve shows, with its 95 % interval.")  # fmt: skip
    feature = param.Selector(default="r_hrs", objects={f.symbol: f.name for f in FEATURES}, label="Distributions of",
                             doc="What the small pictures show.")  # fmt: skip
    running = param.Boolean(False, label="Started", doc="Whether a long sweep has been started.")


@dataclass(frozen=True)
class Point:
    """One value of the setting, and what its run gave."""

    value: float
    number: float  # NaN: this run has no such number
    interval: Ends  # 95 %; NaN: none is known
    counts: np.ndarray  # share of the cycles in each bin
    edges: np.ndarray


@dataclass(frozen=True)
class Result:
    control: str  # its label
    unit: str
    number: str
    number_unit: str
    rate: bool  # whether it is a rate of errors
    feature: str
    points: tuple[Point, ...]
    now: float | None  # the value of the settings
    seconds: float  # expected of the whole sweep
    waiting: bool  # a long one that has not been started
    more: bool = False  # values are still to come


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """Each value in turn, of one that was started by hand one more at a time; what has been computed before stays with
    the run, so that a stopped sweep goes on.
    """
    section, usual = SWEPT[options.control]
    far = reach_of(request)
    if unit_of(SECTIONS[section].param[options.control]) == "V":
        usual = stretched_table(usual, far / RANGE)
    values = read_values(options.at or usual, options.control, far)
    requests = [changed(request, section, options.control, value) for value in values]
    kept = [run.kept.get(key_of(each, options)) for each in requests]
    seconds = sum(runs.estimate(each).seconds for each, point in zip(requests, kept, strict=True) if point is None)
    waiting = seconds > AT_ONCE and not options.running
    edges = edges_of(run, options.feature)
    points, left = [], 0 if waiting else 1 if options.running else len(values)  # so many are made now
    for value, each in zip(values, requests, strict=True):
        if cancel.is_set():
            raise Cancelled("sweep: cancelled")
        if run.kept.get(key_of(each, options)) is None:
            if not left:
                continue
            left -= 1
        points.append(
            run.keep(key_of(each, options), point_maker(each, value, options, edges, cancel), lambda p: [p.counts])
        )
    words, unit = next((w, u) for key, (w, u) in described().items() if key == options.number)
    now = getattr(request, section).get(options.control)
    control = SECTIONS[section].param[options.control]
    return Result(
        LABELS[options.control], unit_of(control), words, unit, options.number.endswith("rate"),
        options.feature, tuple(points),
        None if now is None else float(now), seconds, waiting, not waiting and len(points) < len(values),
    )  # fmt: skip


def described() -> dict[str, tuple[str, str]]:
    """Words and unit of each number."""
    units = {"best_threshold": "Ω", "share": "%"}
    return {key: (words, next((u for part, u in units.items() if part in key), "")) for key, words in NUMBERS.items()}


def key_of(request: Request, options: Choices) -> tuple[object, ...]:
    return ("sweep", request.simulation, options.number, options.feature)


def point_maker(
    request: Request, value: float, options: Choices, edges: np.ndarray, cancel: threading.Event
) -> Callable[[], Point]:
    """Makes the point of one value."""

    def make() -> Point:
        made = runs.RUNS.get(request.simulation) or runs.run(request, lambda done: None, cancel)
        number, interval = numbers_of(made, options.number)
        flat = on_scale(made.values(options.feature).ravel(), options.feature)
        counts, _ = np.histogram(flat, edges)
        return Point(value, number, interval, counts / flat.size, edges)

    return make


def edges_of(run: Run, name: str) -> np.ndarray:
    """Bins that all small pictures share: of the run that the page shows, and half its width more on both sides."""
    low, high = span(on_scale(run.values(name).ravel(), name))
    return np.linspace(low - 0.25 * (high - low), high + 0.25 * (high - low), BINS + 1)


def on_scale(values: np.ndarray, name: str) -> np.ndarray:
    return np.log10(values) if name == "r_hrs" else values


def read_values(text: str, control: str, far: float = RANGE) -> list[float]:
    """The values that a text lists, inside the bounds of the setting for a device whose pulses go so far [V].

    Raises
    ------
    ValueError
        If one cannot be read, or there are too many.
    """
    separator = ";" if ";" in text else ","
    parts = [part for part in text.split(separator) if part.strip()]
    if not 1 <= len(parts) <= MOST:
        raise ValueError(f"Values: must be 1 to {MOST} (got {len(parts)}); leave some out")
    section = SECTIONS[SWEPT[control][0]]
    parameter = section.param[control]
    low, high = at_reach(parameter, far)[0] if unit_of(parameter) == "V" else parameter.bounds
    whole = isinstance(parameter, param.Integer)
    found = []
    for part in parts:
        try:
            found.append(float(read_number(part, low, high, whole=whole, unit=unit_of(parameter))))
        except ValueError as error:
            raise ValueError(f"Values: each {error}") from None
    return sorted(set(found))


def changed(request: Request, section: str, name: str, value: float) -> Request:
    """The same settings with another value of one.

    Raises
    ------
    ValueError
        If the settings as they are have no such setting.
    """
    choices: Choices = getattr(request, section)
    if name not in choices:
        raise ValueError(
            f"Sweep: must be a setting of this pulse train (got {LABELS.get(name, name)}); choose another one"
        )
    new = int(value) if isinstance(choices[name], int) else value
    more = {"columns": int(value)} if name == "rows" else {}  # square arrays
    changed: dict[str, Any] = {section: Choices({**choices, name: new, **more})}
    return replace(request, **changed)
