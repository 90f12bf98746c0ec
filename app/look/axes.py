"""Axes whose kind follows the data: linear, logarithmic, times, or normal scores with percents; what stands on them."""

from __future__ import annotations

import numpy as np
from bokeh.models import (
    BasicTicker,
    BasicTickFormatter,
    CustomJSTicker,
    CustomJSTickFormatter,
    FixedTicker,
    LinearScale,
    LogAxis,
    LogScale,
    Range1d,
    Ticker,
)
from bokeh.plotting import figure as Figure

from app.look import theme
from synaptogen_core.durations import MAIN, marks
from synaptogen_core.schema import feature

# normal scores of these cumulative probabilities
PERCENTS = {
    -4.264891: "0.001 %", -3.719016: "0.01 %", -3.090232: "0.1 %", -2.326348: "1 %", -1.281552: "10 %", 0.0: "50 %",
    1.281552: "90 %", 2.326348: "99 %", 3.090232: "99.9 %", 3.719016: "99.99 %", 4.264891: "99.999 %",
}  # fmt: skip

LOGARITHMIC = ("log", "time")
MARKS = marks()
TIME_TICKS = f"""
const {{start, end}} = cb_data
const inside = (ticks) => ticks.filter((t) => t >= start * 0.999 && t <= end * 1.001)
const all = inside({list(MARKS)})
return all.length > 8 ? inside({list(MAIN)}) : all
"""


def mark_times(axis: LogAxis) -> None:
    """Mark a logarithmic axis in seconds by times as people read them: 10 ms, 1 h, 10 years."""
    axis.ticker = CustomJSTicker(major_code=TIME_TICKS)
    axis.formatter, axis.major_label_overrides = BasicTickFormatter(), dict(MARKS)


def set_range(range_: Range1d, low: float, high: float) -> None:
    """Show this, and come back to it with the reset tool."""
    range_.update(start=low, end=high, reset_start=low, reset_end=high)


def steps(pulse: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of a stepped line (mode "after"): each pulse from half a number before its own to half a number after."""
    return {"x": np.append(pulse - 0.5, pulse[-1:] + 0.5), "y": np.append(values, values[-1:])}


class Axis:
    """One side of a figure, "x" or "y", that can change its kind."""

    def __init__(self, figure: Figure, side: str):
        self._figure, self._side = figure, side
        self._axis = figure.xaxis[0] if side == "x" else figure.yaxis[0]
        self._kind = ""
        setattr(figure, f"{side}_range", Range1d(0, 1))
        self.show("linear", 0, 1)

    def show(self, kind: str, low: float, high: float, label: str | None = None) -> None:
        """Draw this range as "linear", "log", "time" (in seconds, logarithmic) or "percent" (normal scores)."""
        if kind != self._kind:
            self._kind = kind
            setattr(self._figure, f"{self._side}_scale", LogScale() if kind in LOGARITHMIC else LinearScale())
            self._axis.ticker = ticker(kind)
            self._axis.formatter = (
                CustomJSTickFormatter(code=theme.LOG_LABEL) if kind == "log" else BasicTickFormatter()
            )
            self._axis.major_label_overrides = dict(PERCENTS) if kind == "percent" else {}
            if kind == "time":
                mark_times(self._axis)
        if label is not None:
            self._axis.axis_label = label
        set_range(getattr(self._figure, f"{self._side}_range"), low, high)

    def distance(self, values: np.ndarray, place: float) -> np.ndarray:
        """How far values lie from a place, as a share of the axis."""
        shown = getattr(self._figure, f"{self._side}_range")
        if self._kind in LOGARITHMIC:
            return np.log(np.maximum(values, 1e-300) / place) / np.log(shown.end / shown.start)
        return (values - place) / (shown.end - shown.start)


def ticker(kind: str) -> Ticker:
    if kind == "log":
        return CustomJSTicker(major_code=theme.LOG_TICKS)
    return FixedTicker(ticks=list(PERCENTS)) if kind == "percent" else BasicTicker()


def on_axis(values: np.ndarray, name: str, standard: bool) -> np.ndarray:
    """Numbers on a feature's own scale (log10 for r_hrs) in the handy unit of its axis; standardised ones stay."""
    if standard:
        return values
    return (10**values if feature(name).scale == "log" else values) * theme.factor(name)


def off_axis(value: float, name: str, standard: bool) -> float:
    """Back again."""
    if standard:
        return value
    own = value / theme.factor(name)
    return float(np.log10(max(own, 1e-300))) if feature(name).scale == "log" else own


def standard_label(name: str, more: str = "") -> str:
    """Axis label of a standardised feature: its distance from the cell's own mean in the cell's own spread."""
    return f"{theme.AXES[name][2]}{more} (σ of its cell)"
