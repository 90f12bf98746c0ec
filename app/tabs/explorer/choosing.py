"""A box or lasso on the axes of a figure -> a step of the selection's rule; and what the buttons make of the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.settings.numbers import read_number
from synaptogen_core.analysis.exploring.selecting import Step, lasso, read_rule, write_rule
from synaptogen_core.plots.exploring.drawing import Drawing
from synaptogen_core.plots.exploring.quantities import Side, scale_of, unit_of

ENDS = "From, to"


def add(rule: str, drawing: Drawing, geometry: Mapping[str, Any], mode: str) -> str:
    """The rule after a box or lasso has been drawn in a picture; unchanged for any other shape."""
    step = step_of(drawing, geometry, mode if rule else "new")
    return rule if step is None else write_rule([*read_rule(rule), step])


def between(rule: str, name: str, text: str, mode: str) -> str:
    """The rule after two values of a quantity were typed, in the unit of its axis.

    Raises
    ------
    ValueError
        If they are no two numbers.
    """
    parts = text.split(";" if ";" in text else ",")
    if len(parts) != 2:
        raise ValueError(f"{ENDS}: must be two numbers (got “{text[:40]}”); put a comma or a semicolon between them")
    try:
        ends = sorted(scaled(name, [read_number(part, unit=unit_of(name)) for part in parts]))
    except ValueError as error:
        raise ValueError(f"{ENDS}: each {error}") from None
    return write_rule([*read_rule(rule), Step(mode if rule else "new", "range", (name,), tuple(ends))])


def inverted(rule: str) -> str:
    """Everything that was not selected; a second time the same as before."""
    steps = read_rule(rule)
    if not steps:
        return rule
    return write_rule(steps[:-1] if steps[-1].mode == "not" else [*steps, Step("not")])


def step_of(drawing: Drawing, geometry: Mapping[str, Any], mode: str) -> Step | None:
    """One step, in SI."""
    names = drawing.selectable
    kind = geometry.get("type")
    if kind == "poly" and len(names) == 2 and len(geometry["x"]) > 2:
        x, y = (scaled(name, geometry[key]) for name, key in zip(names, "xy", strict=True))
        return lasso(*names, x, y, mode)
    if kind not in ("rect", "poly"):
        return None
    if kind == "poly":  # of a picture of one quantity: what it covers across
        geometry = {f"{key}{end}": pick(geometry[key]) for key in "xy" for end, pick in (("0", min), ("1", max))}
    across = sorted(scaled(names[0], (geometry["x0"], geometry["x1"])))
    up = sorted((geometry["y0"], geometry["y1"]))
    if len(names) == 2:
        return Step(mode, "box", names, (*across, *sorted(scaled(names[1], up))))
    rows = range(len(drawing.rows))
    touched = [row for row in rows if up[0] <= row + 0.4 and up[1] >= row - 0.4]
    if len(rows) > 1 and len(touched) < len(rows):  # some of the violins
        ends = (touched[0], touched[-1]) if touched else (-1, -1)
        return Step(mode, "box", (names[0], "component"), (*across, float(ends[0]), float(ends[1])))
    return Step(mode, "range", names, tuple(across))


def scaled(name: str, values: Sequence[float]) -> list[float]:
    """Values on an axis in SI."""
    return [float(value) / scale_of(name) for value in values]


NEAR = 0.03  # of the axes: a click so far from a point still means it


def cell_at(drawing: Drawing, x: float, y: float) -> tuple[int, int] | None:
    """Row and column of the cell at a place on the axes of a figure; None where there is none."""
    if drawing.spec.kind == "map":
        image = {key: values[0] for key, values in drawing.layers["all"].columns.items()}
        inside = 0 <= x - image["x"] <= image["dw"] and 0 <= y - image["y"] <= image["dh"]
        return (round(y), round(x)) if inside else None
    points = drawing.layers["all"].columns
    if "row" not in points or not len(points["row"]):
        return None
    far = np.hypot(*(share(side, points[key]) - share(side, at)
                     for side, key, at in ((drawing.x, "x", x), (drawing.y, "y", y))))  # fmt: skip
    place = int(np.argmin(far))
    return (int(points["row"][place]), int(points["column"][place])) if far[place] < NEAR else None


def places_in(drawing: Drawing, cells: Sequence[tuple[int, int]]) -> list[tuple[float, float, int]]:
    """Where followed cells lie in a figure, each with its number; those that do not stand in it are left out."""
    if drawing.spec.kind == "map":
        return [(column, row, k) for k, (row, column) in enumerate(cells)]
    points = drawing.layers["all"].columns
    if "row" not in points:
        return []
    found = [(np.flatnonzero((points["row"] == row) & (points["column"] == column)), k)
             for k, (row, column) in enumerate(cells)]  # fmt: skip
    return [(float(points["x"][at[0]]), float(points["y"][at[0]]), k) for at, k in found if at.size]


def share(side: Side, values: Any) -> Any:
    """How far along an axis values lie: 0 at one end, 1 at the other."""
    low, high, at = (np.log(v) if side.log else np.asarray(v) for v in (side.low, side.high, values))
    return (at - low) / (high - low)
