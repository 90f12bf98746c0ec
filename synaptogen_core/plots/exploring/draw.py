"""A picture in words -> a drawing: of all cells or cycles, and on top of them those that are chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from synaptogen_core.analysis.exploring.cell_table import CellTable
from synaptogen_core.analysis.exploring.selecting import Chosen
from synaptogen_core.plots.exploring import bars, clouds, places
from synaptogen_core.plots.exploring.drawing import Drawing, Layer, Spec

KINDS = {
    "scatter": ("Scatter plot", 2), "density": ("Density", 2), "histogram": ("Histogram", 1),
    "violin": ("Violins by component", 1), "map": ("Map of the array", 1), "trace": ("Trace over cycles", 1),
}  # fmt: skip
_BASES: dict[str, Callable[[CellTable, Spec, str], Drawing]] = {
    "scatter": clouds.scatter, "density": clouds.scatter, "histogram": bars.histogram, "violin": bars.violin,
    "map": places.array_map, "trace": places.trace,
}  # fmt: skip
_CHOSEN: dict[str, Callable[[CellTable, Drawing, Chosen], dict[str, Layer]]] = {
    "scatter": clouds.scatter_chosen, "density": clouds.scatter_chosen, "histogram": bars.histogram_chosen,
    "violin": bars.violin_chosen, "map": places.map_chosen, "trace": places.trace_chosen,
}  # fmt: skip


def read_spec(text: str, table: CellTable) -> Spec:
    """A picture from its words.

    Parameters
    ----------
    text : str
        Kind and quantities, with spaces between.
    table : CellTable
        Knows its quantities.

    Raises
    ------
    ValueError
        If there is no such picture of this table.
    """
    kind, *quantities = text.split() or [""]
    if kind not in KINDS or len(quantities) != KINDS[kind][1]:
        words = ", ".join(f"{name} and {count}" for name, (_, count) in KINDS.items())
        raise ValueError(f"pictures: must be a kind and its quantities: {words} (got {text[:60]!r}); name them so")
    for name in quantities:
        cycles = table.of_cycles(name)
        if (kind == "map" and cycles) or (kind == "trace" and not cycles):
            wanted = "a number of each cell, such as r_lrs.median" if kind == "map" else "of each cycle, such as r_lrs"
            raise ValueError(f"pictures: a {kind} must show {wanted} (got {name!r}); choose another quantity")
    return Spec(kind, tuple(quantities))


def draw(table: CellTable, spec: Spec, chosen: Chosen | None = None, color: str = "") -> Drawing:
    """A picture of a table, with what is chosen on top.

    Parameters
    ----------
    table : CellTable
    spec : Spec
    chosen : Chosen, optional
        None: nothing was asked for.
    color : str
        By what points are coloured: empty, ``component``, ``outlier``, ``state`` or ``quartile`` of the first quantity.

    Raises
    ------
    ValueError
        For another colour.
    """
    base: Drawing = table.keep(f"base {spec} {color}", lambda: _BASES[spec.kind](table, spec, color))
    if chosen is None:
        return base
    on_top = _CHOSEN[spec.kind](table, base, chosen)
    return replace(base, layers={**base.layers, **on_top})
