"""Cells and cycles chosen by a rule: boxes and lassos in planes of two quantities, one after the other.

A rule is a text, so that a link and a line of Python can hold it::

    new,box,r_lrs.median,u_reset.median,2000,3000,0.5,0.9;and,range,r_hrs,1e5,1e6;not

Each step says how it joins what was chosen before (new, and, or, minus), its shape, its quantities and its numbers in
SI. ``not`` alone turns the choice around. A step in numbers of cells chooses cells with all their cycles, one in
numbers of cycles chooses cycles; a cell is chosen if any of its cycles is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synaptogen_core.analysis.exploring.cell_table import CellTable, Column, on_scale
from synaptogen_core.types import Bools

MODES = ("new", "and", "or", "minus")
SHAPES = {"range": (1, 2, 2), "box": (2, 4, 4), "lasso": (2, 6, 128)}  # quantities, fewest and most numbers
MOST_STEPS = 12
MOST_TEXT = 8000  # characters


@dataclass(frozen=True)
class Step:
    """One step of a rule. Numbers: low, high (range); left, right, bottom, top (box); x0, y0, x1, y1, ... (lasso)."""

    mode: str
    shape: str = ""  # empty for "not"
    quantities: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()

    def __str__(self) -> str:
        """The step as it stands in the text of a rule."""
        return ",".join([self.mode, *filter(None, [self.shape]), *self.quantities, *(f"{v:.5g}" for v in self.numbers)])


@dataclass(frozen=True)
class Chosen:
    """What a rule chooses of a table."""

    cells: Bools  # (cells,)
    cycles: Bools | None  # (cycles, cells), where not all cycles of the chosen cells are chosen

    @property
    def count(self) -> int:
        """How many cells."""
        return int(self.cells.sum())


def read_rule(text: str) -> tuple[Step, ...]:
    """The steps of a rule; none for an empty text.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of Step

    Raises
    ------
    ValueError
        If it is not a rule; the sentence names the step.
    """
    if len(text) > MOST_TEXT:
        raise ValueError(f"selection: must have at most {MOST_TEXT:,} characters (got {len(text):,}); select again")
    steps = tuple(_read_step(part) for part in text.split(";")) if text else ()
    if len(steps) > MOST_STEPS:
        raise ValueError(f"selection: must have at most {MOST_STEPS} steps (got {len(steps)}); select again")
    return steps


def _read_step(text: str) -> Step:
    mode, *parts = text.split(",")
    if mode == "not" and not parts:
        return Step("not")
    shape = parts[0] if parts else ""
    if mode in MODES and shape in SHAPES:
        count, fewest, most = SHAPES[shape]
        quantities, rest = tuple(parts[1 : count + 1]), parts[count + 1 :]
        try:
            numbers = tuple(float(part) for part in rest)
        except ValueError:
            numbers = ()
        if fewest <= len(numbers) <= most and len(numbers) % 2 == 0 and all(map(math.isfinite, numbers)):
            return Step(mode, shape, quantities, numbers)
    raise ValueError(
        f"selection: must be steps such as new,box,r_lrs.median,u_reset.median,2000,3000,0.5,0.9 (got {text[:40]!r}); "
        "draw the box again"
    )


def write_rule(steps: Sequence[Step]) -> str:
    """The text of a rule, without the steps before the last that begins anew.

    Parameters
    ----------
    steps : sequence of Step

    Returns
    -------
    str
    """
    begin = max((k for k, step in enumerate(steps) if step.mode == "new"), default=0)
    return ";".join(str(step) for step in steps[begin:])


def lasso(x: str, y: str, corners_x: Sequence[float], corners_y: Sequence[float], mode: str = "new") -> Step:
    """A lasso with as few corners as a rule may hold, evenly taken from those that a hand has drawn.

    Parameters
    ----------
    x, y : str
        Quantities across and up.
    corners_x, corners_y : sequence of float, each (corners,)
        In SI.
    mode : {"new", "and", "or", "minus"}

    Returns
    -------
    Step
    """
    most = SHAPES["lasso"][2] // 2
    places = np.unique(np.linspace(0, len(corners_x) - 1, min(most, len(corners_x))).round().astype(int))
    numbers = [float(value) for k in places for value in (corners_x[k], corners_y[k])]
    return Step(mode, "lasso", (x, y), tuple(numbers))


def choose(table: CellTable, steps: Sequence[Step]) -> Chosen | None:
    """What a rule chooses.

    Parameters
    ----------
    table : CellTable
    steps : sequence of Step

    Returns
    -------
    Chosen or None
        None without steps: nothing was asked for.

    Raises
    ------
    ValueError
        If a step names a quantity that the table has not.
    """
    if not steps:
        return None
    mask: Any = np.zeros(table.cells, bool)
    for step in steps:
        if step.mode == "not":
            mask = ~mask
            continue
        with np.errstate(over="ignore", invalid="ignore"):  # a corner may lie farther out than any float32
            inside = _inside(table, step)
        shape = np.broadcast_shapes(mask.shape, inside.shape)
        if step.mode == "new":
            mask = inside
        elif step.mode == "and":
            mask = mask & inside
        else:
            whole = np.broadcast_to(mask, shape)
            mask = whole | inside if step.mode == "or" else whole & ~inside
    return Chosen(mask, None) if mask.ndim == 1 else Chosen(mask.any(axis=0), mask)


def _inside(table: CellTable, step: Step) -> Bools:
    columns = [table.column(name) for name in step.quantities]
    if step.shape == "lasso":
        corners = [on_scale(name, step.numbers[k::2]) for k, name in enumerate(step.quantities)]
        return in_polygon(*(on_scale(n, c) for n, c in zip(step.quantities, columns, strict=True)), *corners)
    found: Any = True
    for k, column in enumerate(columns):
        low, high = step.numbers[2 * k : 2 * k + 2]
        found = found & (column >= min(low, high)) & (column <= max(low, high))
    return np.asarray(found)


def in_polygon(x: Column, y: Column, corners_x: Column, corners_y: Column) -> Bools:
    """Points inside a closed polygon, which may cross itself: those from which a ray meets it an odd number of times.

    The points in its bounding box are sorted by height once, so that each edge looks at those beside it only.

    Parameters
    ----------
    x, y : ndarray
        Of shapes that go together.
    corners_x, corners_y : ndarray, each (corners,)

    Returns
    -------
    ndarray of bool
        Of the shape of both.
    """
    x, y = np.broadcast_arrays(x, y)
    box = (x >= corners_x.min()) & (x <= corners_x.max()) & (y >= corners_y.min()) & (y <= corners_y.max())
    places = np.flatnonzero(box)
    height = np.asarray(y.ravel()[places], np.float64)
    order = np.argsort(height)
    places, height = places[order], height[order]
    across = np.asarray(x.ravel()[places], np.float64)
    odd = np.zeros(places.size, bool)
    for x0, y0, x1, y1 in zip(corners_x, corners_y, np.roll(corners_x, -1), np.roll(corners_y, -1), strict=True):
        low, high = np.searchsorted(height, [min(y0, y1), max(y0, y1)])  # a corner belongs to one of its two edges
        beside = slice(low, high)
        if high > low:
            odd[beside] ^= across[beside] < x0 + (height[beside] - y0) * ((x1 - x0) / (y1 - y0))
    found = np.zeros(x.size, bool)
    found[places] = odd
    return found.reshape(x.shape)
