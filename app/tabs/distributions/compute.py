"""Distributions: histogram, cumulative curve or probability plot of the features, beside the model's exact curve."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TypedDict

import numpy as np
import param
from scipy.special import ndtri

import synaptogen_core as sc
from app.settings.sections import Choices, Request, TabOptions
from app.tabs.distributions.levels import Levels, levels_of
from app.tabs.distributions.states import States, states_of
from app.work.binning import span
from app.work.runs import Run
from synaptogen_core.analysis import statistics_api
from synaptogen_core.errors import Cancelled
from synaptogen_core.schema import FEATURE_NAMES, feature

USES = frozenset({"read"})
TABLE = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
POINTS = 201  # of a smooth curve
SCORES = 800  # points of a probability plot: more cannot be told apart
REACH = {"histogram": 5e-4, "cumulative": 5e-4, "probability": 0.0}  # share of the values beyond each end of the axis
LOG_TAILS = 2e-5


class Options(TabOptions):
    what = param.Selector(default="features", label="Show",
                          objects={"Features": "features", "HRS and LRS": "states", "Levels": "levels"},
                          doc="What each cycle draws; the read window; or the levels after each pulse.")  # fmt: skip
    feature = param.Selector(default="all", doc="Which of the four features of a switching cycle.",
                             objects={"All four": "all", "HRS resistance": "r_hrs", "SET voltage": "u_set",
                                      "LRS resistance": "r_lrs", "RESET voltage": "u_reset"})  # fmt: skip
    kind = param.Selector(default="histogram", label="Plot type", doc="A straight probability plot means a normal law.",
                          objects={"Histogram": "histogram", "Cumulative": "cumulative",
                                   "Probability plot": "probability"})  # fmt: skip
    scale = param.Selector(default="own", label="Value axis", doc="Usual: HRS resistance logarithmic, others linear.",
                           objects={"Automatic": "own", "Linear": "linear", "Logarithmic": "log"})  # fmt: skip
    height = param.Selector(default="linear", label="Density axis", doc="Logarithmic shows the tails.",
                            objects={"Linear": "linear", "Logarithmic": "log"})  # fmt: skip
    bins = param.Integer(80, bounds=(10, 400), doc="Bins of the histogram.")
    states_as = param.Selector(default="resistance", label="Quantity",
                               doc="Static resistance, or what a read would give.",
                               objects={"Resistance": "resistance", "Read current": "current"})  # fmt: skip
    tail = param.Selector(default="1", label="Tails", doc="Windows and levels lie between these tails.",
                          objects={f"{t} %": t for t in ("0.1", "1", "5", "10")})  # fmt: skip
    model = param.Boolean(True, label="Model", doc="The exact law of the device's population beside the data.")

    def active(self) -> tuple[str, ...]:
        if self.what == "features":
            bars = ("height", "bins") if self.kind == "histogram" else ()
            return ("what", "feature", "kind", "scale", *bars, "model")
        return ("what", "states_as", "tail", "model") if self.what == "states" else ("what", "tail")


@dataclass(frozen=True)
class Curve:
    """What is drawn of one feature; values in SI, shares from 0 to 1, densities per SI unit or per decade."""

    name: str
    scale: str  # of the value axis
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    edges: np.ndarray  # (bins + 1,); empty unless a histogram
    x: np.ndarray  # where y is
    y: np.ndarray  # density, cumulative probability or normal score
    band: np.ndarray  # (n, 2): 95 % interval of y; empty in a probability plot
    model_x: np.ndarray
    model_y: np.ndarray
    outside: float  # share of the values beyond the axis
    skipped: int  # values that a logarithmic axis cannot show
    count: int
    quantiles: tuple[float, float, float]  # 5 %, 50 %, 95 %
    note: str  # instead of a picture


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of one feature beside the model's."""

    name: str
    probability: np.ndarray
    value: np.ndarray
    interval: np.ndarray  # (n, 2)
    model: np.ndarray


@dataclass(frozen=True)
class Features:
    """What is drawn of the features."""

    kind: str
    height: str
    curves: dict[str, Curve]
    quantiles: Quantiles | None  # of the chosen feature; None if all four are shown


@dataclass(frozen=True)
class Result:
    """What is shown: one of the three."""

    features: Features | None
    states: States | None
    levels: Levels | None
    sample: str


def compute(run: Run, request: Request, options: Choices, cancel: threading.Event) -> Result:
    """The pictures of the chosen kind."""
    features = features_of(run, options, cancel) if options.what == "features" else None
    states = states_of(run, request.read, options) if options.what == "states" else None
    levels = levels_of(run, options) if options.what == "levels" else None
    return Result(features, states, levels, run.sample.text)


def features_of(run: Run, options: Choices, cancel: threading.Event) -> Features:
    names = FEATURE_NAMES if options.feature == "all" else (options.feature,)
    curves = {}
    for name in names:
        if cancel.is_set():
            raise Cancelled
        curves[name] = curve_of(run, name, options)
    single = quantiles_of(run, names[0]) if len(names) == 1 and not curves[names[0]].note else None
    return Features(options.kind, options.get("height", "linear"), curves, single)


def curve_of(run: Run, name: str, options: Choices) -> Curve:
    values = run.values(name)
    low, high = float(values.min()), float(values.max())
    scale = feature(name).scale if options.scale == "own" else options.scale
    if scale == "log" and high <= 0:
        scale = "linear"  # SET voltages are negative
    if low == high:
        return empty(name, scale, low, values.size)
    log_height = options.get("height") == "log"
    beyond = LOG_TAILS if log_height else REACH[options.kind]
    shown = axis_range(values, scale, beyond)
    make = {"histogram": histogram, "cumulative": cumulative, "probability": probability}[options.kind]
    data = make(run, name, scale, shown, options)
    model_x, model_y = (
        model_curve(run.device, name, options.kind, scale, shown) if options.model else (np.empty(0), np.empty(0))
    )
    return Curve(
        name, scale, shown, y_range(data["y"], options.kind, log_height), data.get("edges", np.empty(0)), data["x"],
        data["y"], data.get("band", np.empty((0, 2))), model_x, model_y, data.get("outside", 0.0),
        data.get("skipped", 0), values.size, middle(values), "",
    )  # fmt: skip


def middle(values: np.ndarray) -> tuple[float, float, float]:
    low, median, high = (float(q) for q in np.quantile(values, [0.05, 0.5, 0.95]))
    return low, median, high


def axis_range(values: np.ndarray, scale: str, beyond: float) -> tuple[float, float]:
    """Ends of the value axis, SI."""
    if scale == "linear":
        return ends(values, beyond)
    low, high = ends(np.log10(values[values > 0]), beyond)
    return 10**low, 10**high


def ends(values: np.ndarray, beyond: float) -> tuple[float, float]:
    if beyond > 1e-4:
        return span(values, beyond)
    low, high = (float(q) for q in np.quantile(values, [beyond, 1 - beyond]))
    margin = 0.03 * (high - low) or abs(low) * 1e-3 or 1e-12
    return low - margin, high + margin


def y_range(y: np.ndarray, kind: str, log: bool) -> tuple[float, float]:
    if kind == "probability":
        reach = max(2.5, float(np.abs(y).max()) + 0.2)
        return -reach, reach
    if kind == "cumulative":
        return 0.0, 1.02
    top = float(y.max())
    return (float(y[y > 0].min()) * 0.5, top * 2) if log else (0.0, top * 1.12)


class Heights(TypedDict, total=False):
    """What a picture shows; `band` holds the two ends of an interval."""

    edges: np.ndarray
    x: np.ndarray
    y: np.ndarray
    band: np.ndarray
    outside: float
    skipped: int


def histogram(run: Run, name: str, scale: str, shown: tuple[float, float], options: Choices) -> Heights:
    found = statistics_api.histogram(run.data, name, options.bins, limits=shown, scale=scale)
    return {
        "edges": np.append(found["lower"].values, found["upper"].values[-1]), "x": found["centre"].values,
        "y": found["density"].values, "band": found["density_interval"].values,
        "outside": found.attrs["outside"] / found.attrs["used"], "skipped": found.attrs["skipped"],
    }  # fmt: skip


def cumulative(run: Run, name: str, scale: str, shown: tuple[float, float], options: Choices) -> Heights:
    at = points(shown, scale)
    found = statistics_api.cumulative(run.data, name, at, scale=scale)
    name = "cumulative_probability"
    return {"x": at, "y": found[name].values, "band": found[f"{name}_interval"].values}


def probability(run: Run, name: str, scale: str, shown: tuple[float, float], options: Choices) -> Heights:
    found = statistics_api.probability_plot(run.data, name, points=SCORES, scale=scale)
    return {"x": found["value"].values, "y": found["normal_score"].values, "skipped": found.attrs["skipped"]}


def points(shown: tuple[float, float], scale: str) -> np.ndarray:
    return (np.geomspace if scale == "log" else np.linspace)(*shown, POINTS)


def model_curve(
    device: sc.DeviceParameters, name: str, kind: str, scale: str, shown: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The exact law as it is drawn; values (SI) and densities, cumulative probabilities or normal scores."""
    found = statistics_api.population_curve(device, name, points(shown, scale), scale=scale)
    y = found["density" if kind == "histogram" else "cumulative_probability"].values
    if kind == "probability":
        y = ndtri(np.clip(y, 1e-7, 1 - 1e-7))
    return found["value"].values, y


def empty(name: str, scale: str, value: float, count: int) -> Curve:
    """A feature without any spread: a sentence instead of a picture."""
    none = np.empty(0)
    margin = abs(value) * 0.1 or 1.0
    note = "All values are equal: there is no distribution to draw."
    return Curve(
        name, scale, (value - margin, value + margin), (0.0, 1.0), none, none, none, np.empty((0, 2)), none, none, 0.0,
        0, count, (value, value, value), note,
    )  # fmt: skip


def quantiles_of(run: Run, name: str) -> Quantiles:
    found = statistics_api.quantiles(run.data, name, TABLE)
    return Quantiles(
        name, np.array(TABLE), found[name].values, found[f"{name}_interval"].values, model_quantiles(run.device, name)
    )


@lru_cache(maxsize=64)
def model_quantiles(device: sc.DeviceParameters, name: str) -> np.ndarray:
    return statistics_api.population_quantiles(device, name, TABLE).values
