"""Quantities of a table on an axis: their words, units and ends; and the colours that tell cells apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synaptogen_core.analysis.exploring.cell_table import CellTable, Column, is_log, on_scale
from synaptogen_core.palette import AXES
from synaptogen_core.schema import STATE_NAMES

# Each with a contrast of 3 or more to both grounds, the light and the dark one.
COMPONENT_COLORS = ("#0072B2", "#009E73", "#CC79A7", "#D55E00", "#8F6BC0", "#9A7B00", "#7f7f7f")
QUARTILE_COLORS = ("#0072B2", "#009E73", "#CC79A7", "#D55E00")
STATE_COLORS = ("#0072B2", "#CC79A7", "#D55E00")
PLAIN = "#0072B2"
COLORS_BY = {"": "One colour", "component": "Component", "outlier": "Outlier", "state": "State at the end",
             "quartile": "Quartile of x"}  # fmt: skip
WORDS = {"median": "Median", "mean": "Mean", "std": "C2C spread of", "last": "Last"}


@dataclass(frozen=True)
class Side:
    """An axis: of what, its words, whether it is logarithmic, and its ends in the unit of the axis."""

    quantity: str
    label: str
    unit: str
    log: bool
    low: float
    high: float

    @property
    def words(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, eq=False)
class Color:
    """Colours of cells, and what they mean: (colour, words) each."""

    of_cells: Column | None = None  # (cells,) of text
    legend: tuple[tuple[str, str], ...] = ()


def scale_of(name: str) -> float:
    """What the SI values of a quantity are multiplied by before they are drawn.

    Parameters
    ----------
    name : str
        Of a column of a table.
    """
    return AXES.get(name.partition(".")[0], (1.0,))[0]


def unit_of(name: str) -> str:
    """The unit on the axis of a quantity, or nothing.

    Parameters
    ----------
    name : str
        Of a column of a table.
    """
    return AXES.get(name.partition(".")[0], (1.0, ""))[1]


def name_of(name: str) -> str:
    """A quantity in words: ``Median LRS resistance``.

    Parameters
    ----------
    name : str
        Of a column of a table.
    """
    feature, _, number = name.partition(".")
    words = AXES[feature][2] if feature in AXES else feature.replace("_", " ").capitalize()
    return f"{WORDS[number]} {words}" if number else words


def side_of(name: str, values: Column, beyond: float = 2e-4) -> Side:
    """The axis of a quantity: from end to end of nearly all its values, with a margin.

    Parameters
    ----------
    name : str
        Of a column of a table.
    values : ndarray
        In SI.
    beyond : float
        Share of many values that may lie outside at each end; a few thousand are all inside.
    """
    some = np.asarray(on_scale(name, values.ravel()[:: max(1, values.size // 100_000)]), np.float64)
    some = some[np.isfinite(some)]
    if not some.size:
        some = np.array([0.0, 1.0])
    low, high = np.quantile(some, [beyond, 1 - beyond]) if some.size > 20_000 else (some.min(), some.max())
    margin = 0.04 * (high - low) or 0.05 * abs(low) or 0.5
    ends = np.array([low - margin, high + margin])
    ends = (10**ends if is_log(name) else ends) * scale_of(name)
    return Side(name, name_of(name), unit_of(name), is_log(name), float(ends[0]), float(ends[1]))


def colors_of(table: CellTable, by: str, quantity: str) -> Color:
    """The colour of each cell.

    Parameters
    ----------
    table : CellTable
    by : str
        Empty, ``component``, ``outlier``, ``state`` or ``quartile``.
    quantity : str
        Whose quartiles.

    Raises
    ------
    ValueError
        For another name.
    """
    if by not in COLORS_BY:
        raise ValueError(f"color: must be one of {', '.join(filter(None, COLORS_BY))} (got {by!r}); or leave it out")
    if by in ("component", "outlier", "state") and by not in table.names:
        return Color()  # measured cells have no component, and a run need not have recorded states
    if by == "component":
        codes = table.column(by).astype(int)
        words = [f"component {k + 1}" for k in range(int(codes.max()) + 1)]
        return _coded(codes, COMPONENT_COLORS, words)
    if by == "outlier":
        return _coded(table.column(by).astype(int), (PLAIN, "#D55E00"), ["main population", "outlier population"])
    if by == "state":
        return _coded(table.column(by).astype(int), STATE_COLORS, list(STATE_NAMES))
    if by == "quartile":
        values: Any = table.column(quantity)
        codes = np.searchsorted(np.nanquantile(values, [0.25, 0.5, 0.75]), values)
        return _coded(codes, QUARTILE_COLORS, [f"quartile {k}" for k in (1, 2, 3, 4)])
    return Color()


def _coded(codes: Column, palette: tuple[str, ...], words: list[str]) -> Color:
    hues = [palette[k % len(palette)] for k in range(len(words))]
    return Color(np.array(hues)[codes], tuple(zip(hues, words, strict=True)))
