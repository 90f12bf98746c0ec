"""Why a cell is unusual: its median and its spread of each feature beside those of all the other cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synaptogen_core.analysis.exploring.cell_table import CellTable, Column, on_scale
from synaptogen_core.types import F64, Ints

TO_SIGMA = 1.4826  # median absolute deviation of a normal law -> its standard deviation
UNUSUAL = 3.0  # robust standard deviations from which on a number is worth a word


@dataclass(frozen=True)
class Reason:
    """How far one number of a cell lies from those of the others."""

    quantity: str  # a column of the table, such as r_hrs.std
    score: float  # robust standard deviations from the median of all cells; positive above
    rank: int  # 1: the largest of all (or the smallest, where the score is negative)
    of: int  # cells


def scores(table: CellTable, quantity: str) -> F64:
    """Robust standard scores of all cells: distance from the median of all, by 1.4826 median absolute deviations.

    Medians are compared on the feature's own scale, spreads by their logarithm.

    Parameters
    ----------
    table : CellTable
    quantity : str
        A column of cells, such as ``r_hrs.median``.

    Returns
    -------
    ndarray of float64, shape (cells,)
        Zero where all cells are alike; NaN for a cell without a value. A cell that never changes has a spread of
        zero: minus infinity.

    Raises
    ------
    ValueError
        If the table has no such column.
    """
    return np.asarray(table.keep(f"score of {quantity}", lambda: _scores(table, quantity)))


def _scores(table: CellTable, quantity: str) -> Column:
    values = np.asarray(table.column(quantity), np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log10(values) if quantity.endswith(".std") else on_scale(quantity, values)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(values.size)
    middle = np.median(finite)
    sigma = TO_SIGMA * np.median(np.abs(finite - middle))
    if sigma > 0:
        return np.asarray((values - middle) / sigma)
    return np.where(values == middle, 0.0, np.sign(values - middle) * np.inf)


def judged(table: CellTable) -> tuple[str, ...]:
    """The numbers by which cells are judged: median and, over several cycles, spread of each feature.

    Parameters
    ----------
    table : CellTable

    Returns
    -------
    tuple of str
    """
    numbers = ("median", "std") if table.cycles > 1 else ("median",)
    return tuple(f"{feature}.{number}" for feature in table.features for number in numbers)


def reasons(table: CellTable, places: Ints, least: float = UNUSUAL) -> list[tuple[Reason, ...]]:
    """What is unusual in some cells, the most unusual number first; nothing for a cell like the others.

    Parameters
    ----------
    table : CellTable
    places : ndarray of int, shape (n,)
        Of the cells, row by row.
    least : float
        Robust standard deviations from which on a number counts.

    Returns
    -------
    list of n tuples of Reason
    """
    found: list[list[Reason]] = [[] for _ in places]
    for quantity in judged(table):
        all_scores = scores(table, quantity)
        ordered = np.sort(all_scores[~np.isnan(all_scores)])
        for k, place in enumerate(places):
            score = float(all_scores[place])
            if abs(score) >= least:
                side = np.searchsorted(ordered, score, "right" if score > 0 else "left")
                rank = ordered.size - int(side) + 1 if score > 0 else int(side) + 1
                found[k].append(Reason(quantity, score, rank, ordered.size))
    return [tuple(sorted(each, key=lambda reason: -abs(reason.score))) for each in found]


def worst(table: CellTable, quantity: str) -> Ints:
    """All cells, the one furthest from the others in a number first.

    Parameters
    ----------
    table : CellTable
    quantity : str
        A column of cells; empty: the furthest in any of the numbers by which cells are judged.

    Returns
    -------
    ndarray of int, shape (cells,)
        Places of the cells, row by row.

    Raises
    ------
    ValueError
        If the table has no such column.
    """
    names = (quantity,) if quantity else judged(table)
    distance = np.zeros(table.cells)
    for name in names:
        distance = np.maximum(distance, np.nan_to_num(np.abs(scores(table, name)), nan=0.0, posinf=np.inf))
    return np.argsort(-distance, kind="stable")
