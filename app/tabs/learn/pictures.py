"""The vocabulary of a lesson's pictures: `cycles(r_lrs)`. Each is a list of layers for the view, in SI units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.tabs.learn import array_measures, chips, forgetting
from app.tabs.learn.measures import PLAIN, Numbers
from app.work.binning import histogram, span
from synaptogen_core.analysis import statistics_api
from synaptogen_core.schema import FEATURE_NAMES, FEATURES

CALL = re.compile(r"\s*([a-z]+)\s*(?:\(([^()]*)\))?\s*")
CELLS, DOTS, POINTS, LAGS = 32, 50, 3000, 30  # drawn at most
FAR = 2e-4  # share of the values that may lie beyond an end of the window's axis
SCALE = {f.name: f.scale for f in FEATURES}


@dataclass(frozen=True)
class Side:
    """An axis: `quantity` is one of the theme's, or a whole label; SI units, or those of the label."""

    quantity: str
    scale: str  # "linear", "log" or "time"
    low: float
    high: float
    words: str = ""  # instead of the quantity's own name


@dataclass(frozen=True)
class Layer:
    """Something drawn: "line", "points", "bars" (x: edges) or "dashes".

    `look` names a feature, "ink", "cell0", "model", "quiet" or "before".
    """

    kind: str
    x: np.ndarray
    y: np.ndarray
    look: str
    says: str = ""  # in the legend
    thin: bool = False  # a line of a feature's colour that is many


@dataclass(frozen=True)
class Picture:
    title: str
    x: Side
    y: Side
    layers: tuple[Layer, ...]
    problem: str = ""  # why nothing is drawn: a sentence


@dataclass(frozen=True)
class Call:
    """A picture with its features, as a lesson writes it."""

    name: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})" if self.arguments else self.name


def parse(text: str) -> Call:
    """A picture from its text.

    Raises
    ------
    ValueError
        A sentence, if there is no such picture or a feature is wrong.
    """
    found = CALL.fullmatch(str(text))
    if not found or found.group(1) not in PICTURES:
        raise ValueError(f"must be one of {', '.join(usage(name) for name in PICTURES)} (got “{text}”)")
    given = tuple(part.strip() for part in (found.group(2) or "").split(",") if part.strip())
    if len(given) != PICTURES[found.group(1)][0] or any(name not in FEATURE_NAMES for name in given):
        raise ValueError(
            f"must be written {usage(found.group(1))} with features of {', '.join(FEATURE_NAMES)} (got “{text}”)"
        )
    return Call(found.group(1), given)


def usage(name: str) -> str:
    """How a picture is written: ``scatter(feature, feature)``."""
    count = PICTURES[name][0]
    return f"{name}({', '.join(['feature'] * count)})" if count else name


def compare(call: Call, numbers: Numbers, cells: tuple[tuple[int, int], ...], before: Numbers | None) -> Picture:
    """The picture of a run on axes that hold all runs of its frame, over the outline of the run before it."""
    shown = draw(call, numbers, cells)
    if shown.problem:
        return shown
    others = [draw(call, Numbers(run, numbers.frame), cells) for run in numbers.frame if run is not numbers.run]
    for other in others:
        if not other.problem:
            shown = replace(shown, x=both(shown.x, other.x), y=both(shown.y, other.y))
    past = draw(call, before, cells) if before is not None and before.run is not numbers.run else None
    return replace(shown, layers=(*shown.layers, *outline(past))) if past is not None else shown


def both(one: Side, other: Side) -> Side:
    """An axis that holds two."""
    return replace(one, low=min(one.low, other.low), high=max(one.high, other.high))


def outline(picture: Picture) -> tuple[Layer, ...]:
    """What stays of a picture when the next one is drawn over it: one line, and its points."""
    bars = [layer for layer in picture.layers if layer.kind == "bars"]
    lines = [(np.repeat(layer.x, 2), np.pad(np.repeat(layer.y, 2), 1)) for layer in bars]
    lines = (
        lines or [(layer.x, layer.y) for layer in picture.layers if layer.kind == "line" and layer.look != "quiet"][:1]
    )
    points = [layer for layer in picture.layers if layer.kind == "points"]
    if points:
        return tuple(replace(layer, look="before", says="before the experiment") for layer in points)
    gap = np.array([np.nan])
    x, y = (np.concatenate([part for line in lines for part in (line[i], gap)] or [gap]) for i in (0, 1))
    return (Layer("line", x, y, "before", "before the experiment"),)


def draw(call: Call, numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    """The picture of a run, drawn once; one that cannot be drawn says why."""
    key = "learn", call, cells, tuple(run.key for run in numbers.frame)
    return numbers.run.keep(key, lambda: _drawn(call, numbers, cells), arrays_of)


def arrays_of(picture: Picture) -> list[np.ndarray]:
    return [array for layer in picture.layers for array in (layer.x, layer.y)]


def _drawn(call: Call, numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    try:
        return PICTURES[call.name][1](numbers, cells, *call.arguments)
    except ValueError as error:
        nothing = Side(" ", "linear", 0.0, 1.0)
        return Picture("", nothing, nothing, (), re.sub("^ds: ", "the run ", str(error)))


def side(feature: str, values: np.ndarray) -> Side:
    """An axis of a feature that holds nearly all of some values."""
    if SCALE[feature] == "log":
        low, high = span(np.log10(values.reshape(-1)))
        return Side(feature, "log", 10**low, 10**high)
    return Side(feature, "linear", *span(values.reshape(-1)))


# ------------------------------------------------------------------------------------------------ the pictures
def cycles(numbers: Numbers, cells: tuple[tuple[int, int], ...], feature: str) -> Picture:
    values = numbers.run.of_cells(cells, feature)
    time = np.arange(len(values))
    layers = [Layer("line", time, values[:, i], f"cell{i}", f"cell {cell}") for i, cell in enumerate(cells)]
    # the axis holds all cells, so that what changes with the settings is not the axis
    axis = side(feature, numbers.run.values(feature))
    x = Side("cycle", "linear", -0.02 * len(values), 1.02 * len(values))
    return Picture(f"{PLAIN[feature]}, cycle by cycle", x, axis, tuple(layers))


def strip(numbers: Numbers, cells: tuple[tuple[int, int], ...], feature: str) -> Picture:
    values = numbers.run.values(feature)
    chosen = values[:, np.linspace(0, values.shape[1] - 1, min(CELLS, values.shape[1])).astype(int)]
    dots = chosen[:: max(1, len(chosen) // DOTS)]
    place = np.arange(chosen.shape[1]) + 1
    means = 10 ** np.log10(chosen).mean(axis=0) if SCALE[feature] == "log" else chosen.mean(axis=0)
    return Picture(
        f"{PLAIN[feature]} of {chosen.shape[1]} cells",
        Side("Cell (evenly spread over the array)", "linear", 0.0, chosen.shape[1] + 1.0), side(feature, values),
        (
            Layer("points", np.tile(place, len(dots)), dots.ravel(), feature, "cycles"),
            Layer("dashes", place, means, "ink", "mean of each cell"),
        ),
    )  # fmt: skip


def spread(numbers: Numbers, cells: tuple[tuple[int, int], ...], feature: str) -> Picture:
    values = numbers.run.values(feature)
    bars = histogram(values, log=SCALE[feature] == "log", within=numbers.framed(feature))
    share = 100 * bars.share
    return Picture(
        f"{PLAIN[feature]}, all cells and cycles",
        Side(feature, SCALE[feature], float(bars.edges[0]), float(bars.edges[-1])),
        Side("Share of cycles (%)", "linear", 0.0, 1.08 * float(share.max()) or 1.0),
        (Layer("bars", bars.edges, share, feature),),
    )


def lag(numbers: Numbers, cells: tuple[tuple[int, int], ...], feature: str) -> Picture:
    values = numbers.run.of_cells(cells[:1], feature)[:, 0]
    if values.size < 2:
        raise ValueError("the run must hold at least 2 cycles for this picture (got 1); simulate more cycles")
    axis = side(feature, values)
    return Picture(
        f"{PLAIN[feature]} of cell {cells[0]}",
        replace(axis, words=f"{PLAIN[feature]} one cycle before"), axis,
        (Layer("points", values[:-1], values[1:], feature, "its cycles"),),
    )  # fmt: skip


def memory(numbers: Numbers, cells: tuple[tuple[int, int], ...], feature: str) -> Picture:
    most = min(LAGS, numbers.run.cycles - 1)
    found = statistics_api.autocorrelation(numbers.run.data, feature, max_lag=most, replicates=40).isel(feature=0)
    lags = found["lag"].values
    measured = found["autocorrelation"].values
    layers = [
        Layer("points", lags, measured, feature, "your run"),
        Layer("line", lags, found["expected"].values, "model", "expected from so many cycles"),
        Layer("line", lags, found["model"].values, "quiet", "endless run, exact"),
    ]
    return Picture(
        f"{PLAIN[feature]}: autocorrelation", Side("lag", "linear", -0.5, most + 0.5),
        Side("Correlation", "linear", min(-0.1, float(np.nanmin(measured)) - 0.05), 1.05), tuple(layers),
    )  # fmt: skip


def scatter(numbers: Numbers, cells: tuple[tuple[int, int], ...], first: str, second: str) -> Picture:
    x, y = (numbers.run.values(name).ravel() for name in (first, second))
    step = max(1, x.size // POINTS)
    step += step % 2 == 0 and x.size > 1  # an odd stride visits all columns of an array of 2^n
    return Picture(
        f"{PLAIN[second]} against {PLAIN[first]}", side(first, x), side(second, y),
        (Layer("points", x[::step], y[::step], second, "cycles of all cells"),),
    )  # fmt: skip


def tail(numbers: Numbers, cells: tuple[tuple[int, int], ...], feature: str) -> Picture:
    values = numbers.run.values(feature)
    outlier = numbers.run.per_cell("outlier")
    away = 1 if feature == "u_set" else -1  # the far end of a SET voltage is the negative one
    layers = []
    for chosen, look, says in ((values, feature, "all cells"), (values[:, ~outlier], "model", "without outliers")):
        if chosen.size:
            ordered = away * np.sort(away * chosen.ravel())
            rank = np.unique(np.geomspace(1, ordered.size, 300).astype(int))
            layers.append(Layer("line", ordered[rank - 1], 100 * rank / ordered.size, look, says))
    end = float(away * (away * values).min())
    low, high = sorted((end + 0.02 * abs(end) * -away, float(np.median(values)) * 0.8))
    return Picture(
        f"Tail of the {PLAIN[feature]}", Side(feature, SCALE[feature], low, high),
        Side("Cycles at or beyond (%)", "log", 100 / values.size / 1.5, 130.0), tuple(layers),
    )  # fmt: skip


def window(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    low, high = (numbers.run.values(name) for name in ("r_lrs", "r_hrs"))
    ends = float(np.quantile(numbers.framed("r_lrs"), FAR)), float(np.quantile(numbers.framed("r_hrs"), 1 - FAR))
    edges = np.geomspace(0.8 * min(ends), 1.3 * max(ends), 121)
    layers, top = [], 0.0
    for values, name in ((low, "r_lrs"), (high, "r_hrs")):
        share = 100 * np.histogram(values, edges)[0] / values.size
        layers.append(Layer("bars", edges, share, name, PLAIN[name]))
        top = max(top, float(share.max()))
    at = float(numbers.window["best_threshold"])
    layers.append(Layer("line", np.array([at, at]), np.array([0.0, 1.1 * top]), "model", "best read threshold"))
    return Picture(
        "Both states on one axis", Side("resistance", "log", float(edges[0]), float(edges[-1])),
        Side("Share of cycles (%)", "linear", 0.0, 1.15 * top), tuple(layers),
    )  # fmt: skip


def forget(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    times, band, at, path = forgetting.staircases()
    return Picture(
        "Cells of 20 µS, law of technology C",
        Side("Time since programming", "time", 1e-2, forgetting.YEARS),
        Side("Conductance (µS)", "linear", 0.0, 40.0),
        (
            Layer("line", at, 1e6 * path, "r_lrs", f"{forgetting.PATHS} cells", thin=True),
            Layer("line", np.tile(np.append(times, np.nan), 2), 1e6 * np.insert(band, band.shape[1], np.nan, 1).ravel(),
                  "model", "90 % of all cells, exact"),
        ),
    )  # fmt: skip


def far(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    x, with_jumps, gaussian = forgetting.tails()
    return Picture(
        "One second after programming", Side("Moved by more than (µS)", "linear", 0.0, 14.0),
        Side("Share of the cells (%)", "log", 1e-4, 130.0),
        (
            Layer("line", 1e6 * x, with_jumps, "r_lrs", "jumps, as measured"),
            Layer("line", 1e6 * x, gaussian, "model", "a Gaussian walk of the same spread"),
        ),
    )  # fmt: skip


def levels(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    found = array_measures.levels(numbers.run)
    volts = found["voltage"].values if "voltage" in found.coords else np.full(found.sizes["step"], np.nan)
    resets = volts > 0
    if not resets.any():
        raise ValueError("train: must have RESET pulses (got none); choose the RESET staircase")
    x = volts[resets]
    low, middle, high = (found[name].values[resets] for name in ("lower", "median_level", "upper"))
    ends, gap = np.concatenate([low, [np.nan], high]), np.array([np.nan])
    return Picture(
        "Conductance after each RESET pulse", Side("voltage", "linear", float(x.min()) - 0.03, float(x.max()) + 0.03),
        Side("conductance", "linear", 0.0, 1.08 * float(high.max())),
        (Layer("line", x, middle, "r_lrs", "median"), Layer("points", x, middle, "r_lrs"),
         Layer("line", np.concatenate([x, gap, x]), ends, "quiet", "middle 90 % of cells and cycles")),
    )  # fmt: skip


def outputs(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    found, ideal = array_measures.outputs(numbers.run, 2.0)
    column = np.arange(found.size)
    return Picture(
        "What arrives of each column's current, 2 Ω a segment", Side("column", "linear", -1.0, float(found.size)),
        Side("Share of the ideal current (%)", "linear", 0.0, 105.0),
        (Layer("line", column, 100 * found / ideal, "r_lrs", "through the lines"),
         Layer("line", np.array([0.0, found.size - 1.0]), np.array([100.0, 100.0]), "quiet", "ideal lines")),
    )  # fmt: skip


def currents(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    found, edges = chips.currents(numbers.run.device), np.linspace(0, 100, 101)
    share = 100 * np.histogram(found, edges)[0] / found.size
    return Picture(
        "Currents of real images", Side("Current of a column (% of the largest possible)", "linear", 0, 100),
        Side("Share of the currents (%)", "linear", 0, 30), (Layer("bars", edges, share, "r_lrs", "200 images"),),
    )  # fmt: skip


def weights(of_lines: bool) -> Callable[..., Picture]:
    def draw(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
        wanted, found = chips.weights(numbers.run.device, of_lines)
        ends = np.array([-1.5, 1.5])
        layers = Layer("line", ends, ends, "quiet", "as intended"), Layer("points", wanted, found, "r_lrs", "weights")
        title = "Weights seen through lines of 20 Ω" if of_lines else "Weights of a chip programmed without verify"
        wanted_side, found_side = (Side(f"{words} weight", "linear", -1.5, 1.5) for words in ("Wanted", "Found"))
        return Picture(title, wanted_side, found_side, layers)

    return draw


def letters(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
    before, after = (1e6 * chips.letter_cells(numbers.run.device, epochs) for epochs in (0, 20))
    number = np.arange(len(before), dtype=float)
    layers = Layer("line", number, before, "quiet", "before"), Layer("points", number, after, "r_lrs", "after learning")
    sides = Side("Cell: ten of T, ten of L, ten of X", "linear", -1, 30), Side("Conductance (µS)", "linear", 0, 230)
    return Picture("Thirty cells", *sides, layers)


def contrast(*epochs: int) -> Callable[..., Picture]:
    def draw(numbers: Numbers, cells: tuple[tuple[int, int], ...]) -> Picture:
        layers = []
        for count in epochs:
            found = chips.xor_goodness(numbers.run.device, count).ravel()
            kind, look, says = ("points", "r_lrs", "after learning") if count else ("line", "quiet", "before")
            layers.append(Layer(kind, np.arange(8.0), found, look, says))
        words = "Input and answer: even numbers fit, odd ones do not"
        sides = Side(words, "linear", -1, 8), Side("Goodness", "linear", -0.5, 9)
        return Picture("How well an answer fits", *sides, tuple(layers))

    return draw


PICTURES: Mapping[str, tuple[int, Callable[..., Picture]]] = {
    "cycles": (1, cycles), "cells": (1, strip), "histogram": (1, spread), "lag": (1, lag), "memory": (1, memory),
    "scatter": (2, scatter), "tail": (1, tail), "window": (0, window),
    "levels": (0, levels), "outputs": (0, outputs), "forgetting": (0, forget), "far": (0, far),
    "currents": (0, currents), "weights": (0, weights(False)), "lined": (0, weights(True)), "letters": (0, letters),
    "chance": (0, contrast(0)), "contrast": (0, contrast(0, 40)),
}  # fmt: skip
