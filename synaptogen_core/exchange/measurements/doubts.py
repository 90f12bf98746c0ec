"""What loops can be taken for in two ways: told by the data where that is safe, and said; asked where it is not.

Signs of the current, halves of loops as records of their own, cycle numbers that come back, names of files that name
cycles. Nothing here opens a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synaptogen_core.counts import counted
from synaptogen_core.errors import ColumnsUnclear
from synaptogen_core.exchange.measurements.columns import TableLayout, shown
from synaptogen_core.exchange.measurements.reading import Choice
from synaptogen_core.exchange.measurements.text import SEPARATORS
from synaptogen_core.measurement import SAMPLES, sample_blocks
from synaptogen_core.types import F64, Bools

I64 = NDArray[np.int64]
MOST = 0.9  # of the records must say the same
SEVERAL = 0.1  # of the records saying otherwise is a question
LARGE = 0.3  # of the largest voltage: there a sign is told
FEWEST = 4  # samples of each sign
NOISE = 5.0  # standard errors that a mean current must exceed to have a sign
FULL = 0.1  # of the other end: a sweep that goes so far to the other sign is of both
FILES = frozenset(("file", "filename"))


class Runs(NamedTuple):
    """Records in the order of the file; arrays (records,)."""

    device: I64
    cycle: I64
    samples: I64
    line: I64  # number of the first row

    def taken(self, order: NDArray[np.intp]) -> Runs:
        """Some of them, in another order."""
        return Runs(*(part[order] for part in self))


def merged(runs: Runs) -> Runs:
    """Neighbours of one device and cycle as one record."""
    first = np.flatnonzero(np.diff(runs.device, prepend=-1) | np.diff(runs.cycle, prepend=runs.cycle[0] - 1))
    return Runs(runs.device[first], runs.cycle[first], np.add.reduceat(runs.samples, first), runs.line[first])


def repeated(runs: Runs) -> int:
    """The first record whose device and cycle were there before, others between; -1 if none."""
    order = np.lexsort((runs.cycle, runs.device))  # what is equal stays in the order of the file
    again = order[1:][(np.diff(runs.device[order]) == 0) & (np.diff(runs.cycle[order]) == 0)]
    return int(again.min()) if again.size else -1


def gathered(runs: Runs, voltage: F64, current: F64) -> tuple[Runs, F64, F64]:
    """All records of one device and cycle as one, wherever they stand; sorted.

    Parameters
    ----------
    runs : Runs
        The records.
    voltage, current : ndarray, shape (samples,)
        [V] and [A], one record after the other.

    Returns
    -------
    runs : Runs
    voltage, current : ndarray, shape (samples,)
    """
    order = np.lexsort((runs.cycle, runs.device))
    starts = (np.cumsum(runs.samples) - runs.samples)[order]
    runs = runs.taken(order)
    take = np.repeat(starts - (np.cumsum(runs.samples) - runs.samples), runs.samples)
    take += np.arange(take.size)
    return merged(runs), voltage[take], current[take]


def returns(runs: Runs) -> I64:
    """How often the numbers of a device have begun again before each record, (records,)."""
    turn = np.zeros(runs.device.size, np.int64)
    seen: dict[int, set[int]] = {}
    times: dict[int, int] = {}
    for k, (device, cycle) in enumerate(zip(runs.device.tolist(), runs.cycle.tolist(), strict=True)):
        known = seen.setdefault(device, set())
        if cycle in known:
            times[device] = times.get(device, 0) + 1
            known.clear()
        known.add(cycle)
        turn[k] = times.get(device, 0)
    return turn


def ask_repeats(entry: str, line: int, cycle: int) -> Choice:
    """The question about a number that comes back.

    Parameters
    ----------
    entry : str
        How the file calls its lines.
    line, cycle : int
        Where a cycle begins again, and its number.

    Returns
    -------
    Choice
    """
    return Choice(
        "repeats", f"{entry} {line} begins cycle {cycle} again: is it another device, or a piece of the same loop?",
        ("devices", "pieces"), "devices",
    )  # fmt: skip


def ends(voltage: F64, count: I64) -> tuple[F64, F64]:
    """Lowest and highest voltage of each record, (records,); 0 where there is none.

    Parameters
    ----------
    voltage : ndarray, shape (samples,)
        [V], one record after the other.
    count : ndarray of int, shape (records,)
        Samples of each.

    Returns
    -------
    low, high : ndarray, shape (records,)
        [V]
    """
    starts = np.cumsum(count) - count
    known = np.nan_to_num(voltage)
    if not count.size:
        return np.zeros(0), np.zeros(0)
    return np.minimum.reduceat(known, starts), np.maximum.reduceat(known, starts)


def halves(voltage: F64, runs: Runs) -> NDArray[np.intp]:
    """First records of pairs of neighbours of opposite sign, where nearly all records are such; else none.

    Parameters
    ----------
    voltage : ndarray, shape (samples,)
        [V], one record after the other.
    runs : Runs
        The records.

    Returns
    -------
    ndarray of int
        Positions among the records.
    """
    low, high = ends(voltage, runs.samples)
    sign = np.where(high < -FULL * low, -1, np.where(-low < FULL * high, 1, 0))
    sign = np.where(np.maximum(-low, high) > 0, sign, 0)
    if sign.size < 2 or np.mean(sign != 0) < MOST or np.abs(sign.sum()) > SEVERAL * sign.size + 1:
        return np.zeros(0, np.intp)
    pairs, k = [], 0
    while k < sign.size - 1:
        if sign[k] * sign[k + 1] == -1 and runs.device[k] == runs.device[k + 1]:
            pairs.append(k)
            k += 2
        else:
            k += 1
    return np.array(pairs if 2 * len(pairs) >= MOST * sign.size else [], np.intp)


def whole(runs: Runs, voltage: F64, notes: list[str]) -> Runs:
    """SET and RESET halves as records of their own become loops.

    Parameters
    ----------
    runs : Runs
        The records.
    voltage : ndarray, shape (samples,)
        [V], one record after the other.
    notes : list of str
        A sentence is added where halves were joined.

    Returns
    -------
    Runs
    """
    pairs = halves(voltage, runs)
    if not pairs.size:
        return runs
    first = np.delete(np.arange(runs.samples.size), pairs + 1)
    count = np.add.reduceat(runs.samples, first)
    cycle = (runs.cycle[first] - runs.cycle.min()) // 2
    if len(set(zip(runs.device[first].tolist(), cycle.tolist(), strict=True))) < first.size:
        cycle = np.arange(first.size)
    notes.append(
        f"{2 * pairs.size:,} of {runs.samples.size:,} records have one sign of the voltage only: neighbours joined "
        f"to {counted(pairs.size, 'loop')}, numbered from 0"
    )
    return Runs(runs.device[first], cycle.astype(np.int64), count, runs.line[first])


class Signs(NamedTuple):
    """What the current's sign is, against that of the voltage: shares of the records that tell."""

    same: float
    opposite: float
    never_negative: float


def signs(voltage: F64, current: F64, count: I64) -> Signs | None:
    """How the signs of current and voltage go together; None where noise hides it, or there is one sign only.

    Parameters
    ----------
    voltage, current : ndarray, shape (samples,)
        [V] and [A], one record after the other.
    count : ndarray of int, shape (records,)
        Samples of each.

    Returns
    -------
    Signs or None
    """
    largest = np.maximum(*np.abs(ends(voltage, count)))
    sums = np.zeros((2, 4, count.size))
    for place, owner, records in sample_blocks(count):
        sums[..., records] += _sums(voltage[place], current[place], owner, largest[records])
    means = []
    for number, total, squares, rough in sums:
        mean = total / np.maximum(number, 1)
        spread = np.maximum(squares - number * mean * mean, 0.0)
        noise = np.sqrt(np.minimum(rough, spread) / np.maximum(number, 1) / np.maximum(number, 1))
        means.append(np.where((number >= FEWEST) & (np.abs(mean) > NOISE * noise), np.sign(mean), 0))
    told: Bools = (means[0] != 0) & (means[1] != 0)
    if not told.any():
        return None
    below, above = means[0][told], means[1][told]
    return Signs(
        float(np.mean((below < 0) & (above > 0))), float(np.mean((below > 0) & (above < 0))),
        float(np.mean((below > 0) & (above > 0))),
    )  # fmt: skip


def _sums(v: F64, i: F64, owner: I64, largest: F64) -> F64:
    """Of a block, V < 0 and V > 0: number of samples, sums of I, I^2 and noise^2 of each record, (2, 4, records)."""
    known = np.isfinite(v) & np.isfinite(i) & (np.abs(v) > LARGE * largest[owner])
    found = np.zeros((2, 4, largest.size))
    for side, told in enumerate((known & (v < 0), known & (v > 0))):
        # neighbours of a curve are alike; their differences are noise
        inner = np.flatnonzero(told[1:] & told[:-1] & (owner[1:] == owner[:-1]))
        own = np.flatnonzero(told[:SAMPLES])  # what is beyond comes again
        found[side, 0] = np.bincount(owner[own], minlength=largest.size)
        each = (own, i[own]), (own, i[own] ** 2), (inner, 0.5 * (i[inner + 1] - i[inner]) ** 2)
        for k, (at, weight) in enumerate(each, 1):
            found[side, k] = np.bincount(owner[at], weight, largest.size)
    return found


def sign_of(found: Signs | None, current: F64) -> tuple[str, str, Choice | None]:
    """What to do with the current, a note about it, and the question if the data do not tell.

    Parameters
    ----------
    found : Signs or None
    current : ndarray, shape (samples,)
        [A]

    Returns
    -------
    sign : {"measured", "turned", "magnitude", ""}
        Empty: it must be asked.
    note : str
    question : Choice or None
    """
    if found is None or found.same >= MOST:
        return "measured", "", None
    if found.opposite >= MOST:
        return "turned", "the current has the sign opposite to the voltage throughout: turned", None
    small = np.nanmin(current) >= -0.02 * np.nanmax(np.abs(current))
    if found.never_negative >= MOST and small:
        return "magnitude", "the current is never negative: a magnitude, its sign taken from the voltage", None
    return "", "", Choice(
        "sign",
        f"the current has the sign of the voltage in {found.same:.0%} of the records, the opposite one in "
        f"{found.opposite:.0%}: what is it?",
        ("measured", "turned", "magnitude"), "measured",
    )  # fmt: skip


def ask(layout: TableLayout, questions: Sequence[str], choices: Sequence[Choice] = ()) -> None:
    """Raise the questions, if there are some.

    Parameters
    ----------
    layout : TableLayout
        What was understood.
    questions : sequence of str
        About columns and units.
    choices : sequence of Choice
        About how the file is read.

    Raises
    ------
    ColumnsUnclear
        With the questions in its layout.
    """
    asked = [*questions, *(choice.sentence for choice in choices)]
    if asked:
        raise ColumnsUnclear(
            f"{layout.name}: must make clear what its columns hold (got doubts); {'; '.join(asked)}",
            replace(layout, questions=tuple(asked), choices=tuple(choices)),
        )


def notes_of(layout: TableLayout, columns: int | None = None) -> list[str]:
    """What was understood, in sentences.

    Parameters
    ----------
    layout : TableLayout
    columns : int, optional
        Say it of the last ones only, so many.
    """
    notes: list[str] = []
    every = list(zip(layout.columns, layout.roles, layout.units, layout.assumed, strict=True))
    for column, role, unit, assumed in every if columns is None else every[len(every) - columns :]:
        if role and role != "time":
            doubt = ", as it says nothing else" if assumed else ""
            notes.append(f"column {shown(column)} read as {role}" + (f" in {unit}{doubt}" if unit else ""))
    left_out = [
        shown(column) for column, role in zip(layout.columns, layout.roles, strict=True) if role in ("", "time")
    ]
    if left_out:
        notes.append(f"left out: {', '.join(left_out[:20])}")
    if layout.decimal == ",":
        notes.append("decimal commas")
    if layout.delimiter not in ("", ","):
        notes.append(f"cells separated by {SEPARATORS[layout.delimiter]}")
    skipped = (layout.header_line or layout.first_line) - 1
    if skipped > 0:
        notes.append(f"{counted(skipped, 'line')} before the table skipped")
    if layout.encoding not in ("", "utf-8-sig"):
        notes.append(f"encoding {layout.encoding}")
    return notes
