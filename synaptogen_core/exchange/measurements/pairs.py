"""Wide tables: pairs of columns, each a loop (V, I, V, I) or a cycle (HRS, LRS, HRS, LRS)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements.columns import LOOP_ROLES, TableLayout
from synaptogen_core.exchange.measurements.reading import Choice, Reading
from synaptogen_core.exchange.measurements.records import SAMPLE_BYTES, Records
from synaptogen_core.exchange.measurements.text import numbers_of, to_number
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

RESISTANCES = ("r_hrs", "r_lrs")
FEWEST = 2
LEAST_OHM = 100.0  # numbers without a name are resistances from here on
SURE = 0.9  # of the first rows' pairs have the larger number on one side


class Pairs(NamedTuple):
    """Where pairs of columns lie, and what they hold."""

    roles: tuple[str, str]
    places: tuple[tuple[int, int], ...]
    label: int  # column that names the row; -1: none
    by_size: bool  # no names tell it, but the larger of two is the high resistance

    @property
    def loops(self) -> bool:
        """Whether each pair is a loop; else each is a cycle of a row."""
        return set(self.roles) == set(LOOP_ROLES)


def pairs_of(layout: TableLayout, decimal: str) -> Pairs | None:
    """The pairs in a table, by the names of its columns or, without names, by the sizes in its first rows.

    Parameters
    ----------
    layout : TableLayout
        With its first rows.
    decimal : str
        The decimal mark.

    Returns
    -------
    Pairs or None
    """
    told = [(place, role) for place, role in enumerate(layout.roles) if role in (*LOOP_ROLES, *FEATURE_NAMES)]
    roles = tuple(role for _, role in told[:2])
    if len(told) >= 2 * FEWEST and len(told) % 2 == 0 and set(roles) in (set(LOOP_ROLES), set(RESISTANCES)):
        if [role for _, role in told] == list(roles) * (len(told) // 2):
            places = tuple((told[k][0], told[k + 1][0]) for k in range(0, len(told), 2))
            names = [place for place, role in enumerate(layout.roles) if role in ("device", "group")]
            return Pairs((roles[0], roles[1]), places, names[0] if len(names) == 1 else -1, False)
        return None
    return _by_size(layout, decimal) if not told and not layout.header_line else None


def _by_size(layout: TableLayout, decimal: str) -> Pairs | None:
    """Rows of a label and pairs of resistances, of which one is always the larger."""
    rows = [[to_number(cell, decimal) for cell in row] for row in layout.rows]
    if not rows or len({len(row) for row in rows}) > 1:
        return None
    first = len(rows[0]) % 2
    label = 0 if first else -1
    if len(rows[0]) - first < 2 * FEWEST:
        return None
    values = np.array([[np.nan if v is None else v for v in row[first:]] for row in rows]).reshape(len(rows), -1, 2)
    known = np.isfinite(values).all(axis=2)
    if not known.any() or values[known].min() < LEAST_OHM:
        return None
    larger = float(np.mean(values[known][:, 0] > values[known][:, 1]))
    if 1 - SURE < larger < SURE:
        return None
    roles = ("r_hrs", "r_lrs") if larger >= SURE else ("r_lrs", "r_hrs")
    places = tuple((k, k + 1) for k in range(first, len(rows[0]), 2))
    return Pairs(roles, places, label, True)


def with_guesses(layout: TableLayout, pairs: Pairs) -> TableLayout:
    """The layout with what the columns of pairs are taken for.

    Parameters
    ----------
    layout : TableLayout
    pairs : Pairs
        Of it.
    """
    if not pairs.by_size:
        return layout
    guesses, reasons = list(layout.guesses or layout.roles), list(layout.reasons or ("",) * len(layout.columns))
    for pair in pairs.places:
        for place, role in zip(pair, pairs.roles, strict=True):
            guesses[place], reasons[place] = role, f"the {'larger' if role == 'r_hrs' else 'smaller'} of a pair"
    if pairs.label >= 0:
        guesses[pairs.label], reasons[pairs.label] = "device", "it names the row"
    return replace(layout, guesses=tuple(guesses), reasons=tuple(reasons))


def question(pairs: Pairs) -> Choice:
    """Whether pairs are cycles or devices.

    Parameters
    ----------
    pairs : Pairs

    Returns
    -------
    Choice
    """
    what = f"its columns are {len(pairs.places)} pairs of {pairs.roles[0]} and {pairs.roles[1]}"
    if pairs.loops:
        return Choice("pairs", f"{what}: is each a cycle of one device, or a device?", ("cycles", "devices"), "cycles")
    how = "by their sizes, " if pairs.by_size else ""
    return Choice("pairs", f"{how}{what}: are they the cycles of the device of each row, or devices, a cycle a row?",
                  ("cycles", "devices"), "cycles")  # fmt: skip


def records_of(
    layout: TableLayout,
    pairs: Pairs,
    reading: Reading,
    size: int,
    blocks: Iterable[tuple[list[list[str]], Sequence[int]]],
) -> tuple[Records, str]:
    """The records of a wide table.

    Parameters
    ----------
    layout : TableLayout
        Of the wide table.
    pairs : Pairs
    reading : Reading
        Its field `pairs` says what a pair is.
    size : int
        Bytes of the file.
    blocks : iterable of (list of list of str, sequence of int)
        Columns of cells, and the numbers of their lines, piece by piece.

    Returns
    -------
    records : Records
        To be finished.
    note : str
        What was done.

    Raises
    ------
    FileError
        If a cell is no number, or pairs are in different units.
    """
    how = reading.pairs
    units = [tuple(layout.units[place] for place in pair) for pair in pairs.places]
    if len(set(units)) > 1:
        raise FileError(f"{layout.name}: its pairs of columns must have the same units (got others); convert them")
    first = pairs.places[0]
    names = tuple(layout.columns[place] for place in first)
    narrow = replace(
        layout, kind="loops" if pairs.loops else "features", columns=("pair", "number", *names),
        roles=("device", "cycle", *pairs.roles), units=("", "", *units[0]),
        assumed=(False, False, *(layout.assumed[p] for p in first)),
        confirmed=(False, False, *(layout.confirmed[p] for p in first)), rows=(), questions=(),
    )  # fmt: skip
    number = layout.position("cycle")
    records = Records(narrow, size, cycle_in_order=pairs.loops and how == "devices" and number < 0, reading=reading)
    kept: list[list[tuple[dict[str, F64], list[int], list[str]]]] = [[] for _ in pairs.places]
    row = 0
    for cells, lines in blocks:
        rows = np.arange(row, row + len(lines))
        row += len(lines)
        if SAMPLE_BYTES * row * len(pairs.places) > records.allowed:
            raise FileError(f"{layout.name}: must need less memory (got too much in line {lines[-1]:,}); split it")

        def numbers_in(place: int, cells: list[list[str]] = cells, lines: Sequence[int] = lines) -> F64:
            return numbers_of(cells[place], lines, layout.decimal, layout.name, layout.columns[place])

        labels = [cell.strip() for cell in cells[pairs.label]] if pairs.label >= 0 else [str(n + 1) for n in rows]
        own = numbers_in(number) if number >= 0 else np.zeros(len(lines)) if pairs.loops else rows.astype(np.float64)
        for k, pair in enumerate(pairs.places):
            values = {role: numbers_in(place) for role, place in zip(pairs.roles, pair, strict=True)}
            there = np.flatnonzero(~np.all([np.isnan(one) for one in values.values()], axis=0)).tolist()
            numbers = {role: one[there] for role, one in values.items()}
            numbers["cycle"] = own[there] if how == "devices" else np.full(len(there), float(k))
            owner = str(k + 1) if how == "devices" else "1"
            owners = [labels[i] for i in there] if how == "cycles" and not pairs.loops else [owner] * len(there)
            kept[k].append((numbers, [lines[i] for i in there], owners))
    for part in (part for parts in kept for part in parts if part[1]):
        records.add(part[0], [part[2]], part[1])
    what = "loop" if pairs.loops else f"{pairs.roles[0]} and {pairs.roles[1]}"
    larger = "; of each pair, the larger is r_hrs" if pairs.by_size else ""
    each = "a device" if how == "devices" else "a cycle" if pairs.loops else "a cycle of the device of its row"
    return records, f"{counted(len(pairs.places), 'pair')} of columns: each {what} is {each}{larger}"
