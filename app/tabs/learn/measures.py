"""The vocabulary of a lesson's numbers: `c2c_percent(r_lrs)`. Each is computed from the live run, with its unit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from app.look.theme import AXES
from app.settings.numbers import minus
from app.tabs.learn import array_measures, chips, forgetting
from app.work.cache import LruCache
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api
from synaptogen_core.durations import duration
from synaptogen_core.schema import FEATURE_NAMES

PLAIN = {"r_hrs": "HRS resistance", "u_set": "SET voltage", "r_lrs": "LRS resistance", "u_reset": "RESET voltage"}
FACTOR = {name: AXES[name][0] for name in FEATURE_NAMES}  # of values: as they stand on the axes of the pictures
UNIT = {name: AXES[name][1] for name in FEATURE_NAMES}
SPREAD_UNIT = UNIT | {"r_hrs": "decades"}  # its spread is taken of log10
COUNTED = ("cells", "levels")  # whole numbers
CALL = re.compile(r"\s*([a-z0-9_]+)\s*(?:\(([^()]*)\))?\s*")
NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Value:
    """A measured number in its unit; `low` and `high` are the 95 % interval where there is one."""

    name: str
    value: float
    unit: str
    low: float = math.nan
    high: float = math.nan
    problem: str = ""  # why there is no number: a sentence
    of: str = ""  # what it is a number of, if not of the run

    def __str__(self) -> str:
        if self.problem:
            return "–"
        number = f"{self.value:.0f}" if self.unit in COUNTED else digits(self.value)
        return f"{number}\u00a0{self.unit}".strip()

    @property
    def interval(self) -> str:
        """The 95 % interval in words; empty where there is none."""
        return "" if math.isnan(self.low) else f"{digits(self.low)} to {digits(self.high)}"


def digits(value: float) -> str:
    """Three significant digits, commas between thousands, a true minus sign."""
    whole = value == 0 or abs(value) >= 1000
    text = f"{value:,.0f}" if whole else f"{value:#.3g}".rstrip(".")
    return minus(text)


@dataclass(frozen=True)
class Call:
    """A measure with its arguments, as a lesson writes it."""

    name: str
    arguments: tuple[str | float, ...]

    def __str__(self) -> str:
        inside = ", ".join(a if isinstance(a, str) else f"{a:g}" for a in self.arguments)
        return f"{self.name}({inside})" if inside else self.name

    @property
    def unit(self) -> str:
        """Unit in which the measure comes."""
        return MEASURES[self.name].unit(*self.arguments)

    def title(self) -> str:
        """What is measured, in words."""
        return MEASURES[self.name].title(*self.arguments)


@dataclass(frozen=True)
class Measure:
    """One word of the vocabulary."""

    arguments: tuple[str, ...]  # kinds: "feature", "lag", "percent", "value"
    unit: Callable[..., str]
    title: Callable[..., str]
    compute: Callable[..., tuple[float, ...]]  # (numbers, *arguments) -> value, or (value, low, high)
    of: str = ""  # as in Value


class Numbers:
    """The statistics of one run, each computed once. `frame`: the runs whose pictures share their axes with its own."""

    def __init__(self, run: Run, frame: tuple[Run, ...] = ()):
        self.run, self.frame = run, frame or (run,)
        self._found: dict[Hashable, object] = {}

    def once(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        if key not in self._found:
            self._found[key] = compute()
        return self._found[key]

    def spread(self, feature: str, method: str = "memory") -> xr.Dataset:
        return self.once(
            (feature, method), lambda: statistics_api.spread(self.run.data, feature, method=method, replicates=200)
        )

    @cached_property
    def correlations(self) -> xr.Dataset:
        return statistics_api.correlations(self.run.data, replicates=200)

    @cached_property
    def window(self) -> xr.Dataset:
        return statistics_api.memory_window(self.run.data)

    def framed(self, feature: str) -> np.ndarray:
        """Values of all runs of the frame, in its order."""
        return np.concatenate([run.values(feature).reshape(-1) for run in self.frame])

    def scaled(self, feature: str) -> np.ndarray:
        """Values (cycle, cell) on the scale of the feature's spread."""
        values = self.run.values(feature).astype(np.float64)
        return np.log10(values) if SPREAD_UNIT[feature] == "decades" else FACTOR[feature] * values

    def mean_of_each_cell(self, feature: str) -> np.ndarray:
        return self.once((feature, "means"), lambda: self.scaled(feature).mean(axis=0))


KNOWN = LruCache(4_000_000)  # values of the runs looked at last: a lesson asks for the same ones again and again


def measure(call: Call, numbers: Numbers) -> Value:
    """The number of a run, or a sentence that says why there is none."""
    key = (numbers.run.key, call)
    found = KNOWN.get(key)
    if found is None:
        found = computed(call, numbers)
        KNOWN.put(key, found, 1000)
    return found


def computed(call: Call, numbers: Numbers) -> Value:
    entry = MEASURES[call.name]
    try:
        found = entry.compute(numbers, *call.arguments)
    except ValueError as error:  # too few cells or cycles: the statistics say it in a sentence
        return Value(call.title(), math.nan, call.unit, problem=re.sub("^ds: ", "the run ", str(error)))
    value, low, high = found if len(found) == 3 else (found[0], math.nan, math.nan)
    if math.isnan(value):
        return Value(call.title(), math.nan, call.unit, problem="it is not defined for this array and pulse train")
    return Value(call.title(), value, call.unit, low, high, of=entry.of)


def parse(text: str) -> Call:
    """A measure from its text.

    Raises
    ------
    ValueError
        A sentence, if there is no such measure or an argument is wrong.
    """
    found = CALL.fullmatch(str(text))
    if not found or found.group(1) not in MEASURES:
        raise ValueError(f"must be one of {', '.join(usage(name) for name in MEASURES)} (got “{text}”)")
    name = found.group(1)
    kinds = MEASURES[name].arguments
    given = [part.strip() for part in (found.group(2) or "").split(",") if part.strip()]
    if len(given) != len(kinds):
        raise ValueError(f"must be written {usage(name)} (got “{text}”)")
    return Call(name, tuple(argument(kind, word) for kind, word in zip(kinds, given, strict=True)))


def argument(kind: str, text: str) -> str | float:
    if kind == "feature":
        if text not in FEATURE_NAMES:
            raise ValueError(f"must name one of {', '.join(FEATURE_NAMES)} (got “{text}”)")
        return text
    if not NUMBER.fullmatch(text):
        raise ValueError(f"must have a number for {kind} (got “{text}”)")
    value = float(text.replace("−", "-"))
    if kind == "lag" and (value < 1 or value != int(value)):
        raise ValueError(f"must have a lag of 1, 2, 3 ... cycles (got “{text}”)")
    if kind == "percent" and not 0 < value < 100:
        raise ValueError(f"must have a percentage between 0 and 100 (got “{text}”)")
    return value


def usage(name: str) -> str:
    """How a measure is written: ``autocorrelation(feature, lag)``."""
    kinds = MEASURES[name].arguments
    return f"{name}({', '.join(kinds)})" if kinds else name


# ------------------------------------------------------------------------------------------------ spread
def part(numbers: Numbers, feature: str, which: str, method: str = "memory") -> tuple[float, float, float]:
    found = numbers.spread(feature, method)
    low, high = found[f"{feature}_interval"].sel(part=which).values
    factor = 1.0 if SPREAD_UNIT[feature] == "decades" else FACTOR[feature]
    return factor * float(found[feature].sel(part=which)), factor * float(low), factor * float(high)


def c2c_percent(numbers: Numbers, feature: str) -> tuple[float, ...]:
    """Of the mean; for r_hrs, what one standard deviation of log10 multiplies by, less one."""
    spread = part(numbers, feature, "cycle_to_cycle")
    if SPREAD_UNIT[feature] == "decades":
        return tuple(100 * (10**v - 1) for v in spread)
    mean = abs(float(numbers.scaled(feature).mean()))
    return tuple(100 * v / mean for v in spread)


def d2d_share(numbers: Numbers, feature: str) -> tuple[float, ...]:
    found = numbers.spread(feature)
    low, high = found["device_share_interval"].sel(feature=feature).values
    return 100 * float(found["device_share"].sel(feature=feature)), 100 * float(low), 100 * float(high)


def c2c_share(numbers: Numbers, feature: str) -> tuple[float, ...]:
    value, low, high = d2d_share(numbers, feature)
    return 100 - value, 100 - high, 100 - low


def sd_ratio(numbers: Numbers, feature: str) -> tuple[float, ...]:
    within = part(numbers, feature, "cycle_to_cycle")[0]
    return (part(numbers, feature, "device_to_device")[0] / within if within > 0 else math.nan,)


def sd_of_means(numbers: Numbers, feature: str) -> tuple[float, ...]:
    means = numbers.mean_of_each_cell(feature)
    if means.size < 2:
        raise ValueError("array: must have at least 2 cells for a spread between cells (got 1); take more rows")
    return (float(means.std(ddof=1)),)


def averaging_gain(numbers: Numbers, feature: str) -> tuple[float, ...]:
    means = sd_of_means(numbers, feature)[0]
    return (part(numbers, feature, "cycle_to_cycle")[0] / means if means > 0 else math.nan,)


# ------------------------------------------------------------------------------------------------ values
def quantile(numbers: Numbers, feature: str, percent: float) -> tuple[float, ...]:
    found = statistics_api.quantiles(numbers.run.data, feature, [percent / 100])
    values = float(found[feature][0]), *map(float, found[f"{feature}_interval"].values[0])
    return tuple(FACTOR[feature] * v for v in values)


def share_below(numbers: Numbers, feature: str, value: float) -> tuple[float, ...]:
    found = statistics_api.cumulative(numbers.run.data, feature, [value / FACTOR[feature], 1e30])
    low, high = found["cumulative_probability_interval"].values[0]
    return 100 * float(found["cumulative_probability"][0]), 100 * float(low), 100 * float(high)


def share_above(numbers: Numbers, feature: str, value: float) -> tuple[float, ...]:
    share, low, high = share_below(numbers, feature, value)
    return 100 - share, 100 - high, 100 - low


def reset_current_percent(numbers: Numbers) -> tuple[float, ...]:
    values = numbers.run.values("u_reset").astype(np.float64) / numbers.run.values("r_lrs")
    return (100 * float(values.std() / values.mean()),)


# ------------------------------------------------------------------------------------------------ dependence
def autocorrelation(numbers: Numbers, feature: str, lag: float) -> tuple[float, ...]:
    found = numbers.once(
        ("autocorrelation", feature, lag),
        lambda: statistics_api.autocorrelation(numbers.run.data, feature, max_lag=int(lag), replicates=200),
    ).isel(lag=-1, feature=0)
    low, high = found["autocorrelation_interval"].values
    return float(found["autocorrelation"]), float(low), float(high)


def correlation(which: str) -> Callable[..., tuple[float, ...]]:
    def compute(numbers: Numbers, first: str, second: str) -> tuple[float, ...]:
        found = numbers.correlations.sel(feature=first, feature_other=second)
        low, high = found[f"{which}_interval"].values
        return float(found[which]), float(low), float(high)

    return compute


def bit_error_rate(numbers: Numbers) -> tuple[float, ...]:
    low, high = numbers.window["best_bit_error_rate_interval"].values
    return 1e6 * float(numbers.window["best_bit_error_rate"]), 1e6 * float(low), 1e6 * float(high)


def window_ratio(numbers: Numbers) -> tuple[float, ...]:
    low, high = numbers.window["window_ratio_interval"].values
    return float(numbers.window["window_ratio"]), float(low), float(high)


# ------------------------------------------------------------------------------------------------ the vocabulary
def always(unit: str) -> Callable[..., str]:
    return lambda *arguments: unit


def spread_unit(feature: str) -> str:
    return SPREAD_UNIT[feature]


def value_unit(feature: str, *more: object) -> str:
    return UNIT[feature]


def about(words: str) -> Callable[..., str]:
    """A title with the features' names put in."""
    return lambda *a: words.format(*(PLAIN.get(x, x) if isinstance(x, str) else f"{x:g}" for x in a))


def timed(words: str, kinds: tuple[str, ...]) -> Callable[..., str]:
    """A title with times put in as people read them."""
    said = about(words)
    return lambda *a: said(*(duration(x) if kind == "seconds" else x for kind, x in zip(kinds, a, strict=True)))


def of_law(found: Callable[..., float]) -> Callable[..., tuple[float, ...]]:
    """A number of a retention law, in which the run plays no part."""
    return lambda numbers, *a: (found(*a),)


ONE = ("feature",)
TWO = ("feature", "feature")
VALUE = ("value",)


def share_title(word: str) -> Callable[..., str]:
    return lambda feature, value: f"share of cycles with {PLAIN[feature]} {word} {digits(value)} {UNIT[feature]}"


MEASURES: Mapping[str, Measure] = {
    "c2c_sd": Measure(ONE, spread_unit, about("C2C standard deviation of the {0}"),
                      lambda n, f: part(n, f, "cycle_to_cycle")),
    "d2d_sd": Measure(ONE, spread_unit, about("D2D standard deviation of the {0}"),
                      lambda n, f: part(n, f, "device_to_device")),
    "total_sd": Measure(ONE, spread_unit, about("standard deviation of the {0}, all cells and cycles"),
                        lambda n, f: part(n, f, "total")),
    "textbook_d2d_sd": Measure(ONE, spread_unit, about("D2D standard deviation of the {0} by the textbook"),
                               lambda n, f: part(n, f, "device_to_device", "anova")),
    "c2c_percent": Measure(ONE, always("%"), about("C2C spread of the {0}"), c2c_percent),
    "c2c_share": Measure(ONE, always("%"), about("C2C share of the variance of the {0}"), c2c_share),
    "d2d_share": Measure(ONE, always("%"), about("D2D share of the variance of the {0}"), d2d_share),
    "sd_ratio": Measure(ONE, always("×"), about("D2D over C2C standard deviation of the {0}"), sd_ratio),
    "sd_of_means": Measure(ONE, spread_unit, about("standard deviation of the cells' mean {0}"), sd_of_means),
    "averaging_gain": Measure(ONE, always("×"), about("C2C spread of the {0} over the spread of the cells' means"),
                              averaging_gain),
    "mean": Measure(ONE, value_unit, about("mean {0}"),
                    lambda n, f: (FACTOR[f] * float(n.run.values(f).mean(dtype=np.float64)),)),
    "quantile": Measure(("feature", "percent"), value_unit, about("{1} % quantile of the {0}"), quantile),
    "share_below": Measure(("feature", "value"), always("%"), share_title("below"), share_below),
    "share_above": Measure(("feature", "value"), always("%"), share_title("above"), share_above),
    "reset_current_percent": Measure((), always("%"), about("spread of the RESET current U_RESET / R_LRS"),
                                     reset_current_percent),
    "autocorrelation": Measure(("feature", "lag"), always(""), about("correlation of the {0} with lag {1}"),
                               autocorrelation),
    "correlation": Measure(TWO, always(""), about("correlation of {0} and {1}, all cells and cycles"),
                           correlation("population")),
    "c2c_correlation": Measure(TWO, always(""), about("correlation of {0} and {1} from cycle to cycle"),
                               correlation("cycle_to_cycle")),
    "d2d_correlation": Measure(TWO, always(""), about("correlation of {0} and {1} from device to device"),
                               correlation("device_to_device")),
    "bit_error_rate": Measure((), always("ppm"), about("bit error rate at the best read threshold"), bit_error_rate),
    "window_ratio": Measure((), always("×"), about("memory window, 1 % of HRS over 99 % of LRS"), window_ratio),
    "farthest": Measure(ONE, value_unit, about("{0} farthest out, of all cells and cycles"),
                        lambda n, f: (FACTOR[f] * array_measures.farthest(n.run, f),)),
    "current_above": Measure(VALUE, always("%"), about("share of RESETs that begin above {0} µA"),
                             lambda n, v: (array_measures.current_above(n.run, v),)),
    "levels_apart": Measure((), always("levels"), about("distinguishable levels"),
                            lambda n: (array_measures.levels_apart(n.run),)),
    "line_loss": Measure(VALUE, always("%"), about("current that lines of {0} Ω a segment take away"),
                         lambda n, v: (array_measures.line_loss(n.run, v),)),
    "sneak_percent": Measure((), always("%"), about("share of the current read at cell (0, 0) from other cells"),
                             lambda n: (array_measures.sneak(n.run),)),
    "adc_error": Measure(VALUE, always("%"), about("error of the column currents after an ADC of {0} bits"),
                         lambda n, v: (array_measures.adc_error(n.run, v),)),
    "outlier_count": Measure((), always("cells"), about("cells of the outlier population"),
                             lambda n: (float(n.run.per_cell("outlier").sum()),)),
    "outlier_percent": Measure((), always("%"), about("share of cells of the outlier population"),
                               lambda n: (100 * float(n.run.per_cell("outlier").mean()),)),
    **{name: Measure(kinds, always(unit), timed(title, kinds), of_law(found), forgetting.OF)
       for name, (kinds, unit, title, found) in forgetting.NUMBERS.items()},
    **{name: Measure(kinds, always(unit), title if callable(title) else about(title), compute, chips.OF)
       for name, (kinds, unit, title, compute) in chips.MEASURES.items()},
}  # fmt: skip
