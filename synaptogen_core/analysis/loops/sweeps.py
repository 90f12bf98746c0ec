"""I-V loops side by side: padded to one length, smoothed, and split at the voltage extrema into four branches.

All signs are ours: SET is negative, RESET positive. A loop begins anywhere; one that begins at an extremum ends there
and turns at its end. The branches, by what the cell does on them:

===========  ============  ==================================
`before`     V < 0, going  high-resistance state, ends in SET
`after_set`  V < 0, back   low-resistance state
`rising`     V > 0, going  low-resistance state, then RESET
`falling`    V > 0, back   high-resistance state
===========  ============  ==================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from synaptogen_core.analysis.loops.turning import turning_points
from synaptogen_core.measurement import one_way, ways
from synaptogen_core.types import F64, Bools, Ints

LARGEST = 1e30  # instruments write 9.9e37 for "overflow": no number
JUMP = 0.25  # of the range of a sweep: a step as large parts it
FEWEST_BACK = 3  # samples of a way back
BLOCK = 1 << 16  # samples of a block: its arrays stay in the cache


@dataclass(frozen=True, eq=False)
class Loops:
    """Some loops as arrays (loops, samples); what lies behind a loop's end is zero and in no branch."""

    voltage: F64  # over the cell, V
    current: F64  # as measured, A
    smooth: F64  # A
    before: Bools
    after_set: Bools
    rising: Bools
    falling: Bools
    set_first: Bools  # (loops,)


@dataclass(frozen=True, eq=False)
class Samples:
    """All loops one after the other, without the samples that are no numbers."""

    voltage: F64  # over the cell, V
    current: F64  # A
    count: Ints  # samples of each loop (loops,)
    lost: Ints  # how many were no numbers (loops,)

    @property
    def start(self) -> Ints:
        """First sample of each loop, shape (loops,)."""
        return (np.cumsum(self.count) - self.count).astype(np.intp)

    def mirrored(self) -> Samples:
        """The same with both signs changed."""
        return Samples(-self.voltage, -self.current, self.count, self.lost)

    def taken(self, loops: Ints) -> Samples:
        """Some of the loops, by their positions."""
        count = self.count[loops]
        place = np.repeat(self.start[loops] - (np.cumsum(count) - count), count) + np.arange(count.sum())
        return Samples(self.voltage[place], self.current[place], count, self.lost[loops])


def samples(voltage: F64, current: F64, count: Ints, series_resistance: float) -> Samples:
    """The samples that are numbers, with the voltage over the cell: V - I R.

    Parameters
    ----------
    voltage, current : ndarray, shape (sample,)
        [V] and [A], one record after the other.
    count : ndarray of int, shape (record,)
        Samples of each record.
    series_resistance : float
        Between the terminals and the cell [ohm].

    Returns
    -------
    Samples
        With how many of each record are kept, and how many are not numbers.
    """
    good = (np.abs(voltage) < LARGEST) & (np.abs(current) < LARGEST)
    kept = np.diff(np.concatenate([[0], np.cumsum(good)])[np.concatenate([[0], np.cumsum(count)])])
    v, i = voltage[good], current[good]
    return Samples(v - series_resistance * i, i, kept.astype(np.intp), (count - kept).astype(np.intp))


def openings(data: Samples) -> tuple[F64, F64]:
    """How far each loop opens where V < 0 and where V > 0, from -1 to 1, shape (loops,) each; 0 without samples.

    The area between the way out and the way back over the area under both: positive where the current is larger on
    the way back (SET), negative where it is smaller (RESET). Noise averages out of it. Only voltages that were seen
    both ways count, as a record may begin or end in the middle of a sweep. A side that was recorded one way has no
    area: on a way out it is the growth of the conductance from its beginning to its end; a way back alone shows nothing
    of what was before, and has NaN.
    """
    first = np.repeat(data.start, data.count)
    inner = np.arange(data.voltage.size) > first  # a sample that follows another of its loop
    v, i = np.abs(data.voltage), np.abs(data.current)
    area = np.zeros(v.size)
    area[1:] = 0.5 * (i[1:] + i[:-1]) * (v[:-1] - v[1:]) * inner[1:]
    owner = np.repeat(np.arange(data.count.size), data.count)
    back, out = np.append(False, v[1:] < v[:-1]) & inner, np.append(False, v[1:] > v[:-1]) & inner
    found, counts = [], ways(data.voltage, data.count)
    for k, side in enumerate((data.voltage < 0, data.voltage > 0)):
        least = np.maximum(*(_least(v, owner, side & way, data.count.size) for way in (out, back)))
        part = np.where(side & (v >= least[owner]), area, 0.0)
        total = np.bincount(owner, np.abs(part), data.count.size)
        net = np.bincount(owner, part, data.count.size)
        opening = np.divide(net, total, out=np.zeros(total.size), where=total > 0)
        alone = counts[k].min(axis=0) < FEWEST_BACK
        if alone.any():
            opening = np.where(alone, _growth(v, i, side, owner, data.count.size), opening)
        found.append(np.where(one_way(counts)[k] < 0, np.nan, opening))
    return found[0], found[1]


def _least(v: F64, owner: Ints, chosen: Bools, loops: int) -> F64:
    """Smallest of some voltages of each loop; 0 without any."""
    least = np.full(loops, np.inf)
    np.minimum.at(least, owner[chosen], v[chosen])
    return np.where(np.isfinite(least), least, 0.0)


def _growth(v: F64, i: F64, side: Bools, owner: Ints, loops: int) -> F64:
    """Of sides without a way back: how far the conductance at the end is above that at the beginning, -1 to 1."""
    largest = np.zeros(loops)  # of this side: the other may go much further
    np.maximum.at(largest, owner[side], v[side])
    means: list[F64] = []
    for low, high in ((0.1, 0.5), (0.9, 1.0)):
        share = np.where(side, v, 0.0) / np.maximum(largest[owner], 1e-300)
        chosen = side & (share >= low) & (share <= high)
        weight = np.bincount(owner, np.where(chosen, v, 0.0), largest.size)
        current = np.bincount(owner, np.where(chosen, i, 0.0), largest.size)
        with np.errstate(over="ignore"):
            means.append(np.divide(current, weight, out=np.zeros(largest.size), where=weight > 0))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        grown = (means[1] - means[0]) / (means[0] + means[1])
    return np.where((means[0] > 0) & (means[1] > 0) & np.isfinite(grown), grown, 0.0)


def blocks(data: Samples, smoothing: int) -> Iterator[tuple[slice, Loops]]:
    """Loops of neighbouring records, a few at a time.

    Parameters
    ----------
    data : Samples
    smoothing : int
        Samples of the running mean over the current, odd; 1 for none.

    Yields
    ------
    place : slice
        Of the records.
    loops : Loops
        These records side by side, padded to the longest of them.
    """
    begin, records = 0, data.count.size
    while begin < records:
        longest = np.maximum.accumulate(data.count[begin : begin + 4096])
        fitting = np.searchsorted(longest * np.arange(1, longest.size + 1), BLOCK, side="right")
        place = slice(begin, begin + max(1, int(fitting)))
        yield place, _side_by_side(data, place, smoothing)
        begin = place.stop


def _side_by_side(data: Samples, place: slice, smoothing: int) -> Loops:
    count, start = data.count[place, None], data.start[place, None]
    position = np.arange(max(2, int(count.max())))
    inside = position < count
    if data.voltage.size:
        take = np.minimum(start + position, data.voltage.size - 1)
        v, i = (np.where(inside, values[take], 0.0) for values in (data.voltage, data.current))
    else:
        v, i = np.zeros(inside.shape), np.zeros(inside.shape)
    lowest, highest = (turn[:, None] for turn in turning_points(v, i, data.count[place]))
    set_first = lowest < highest
    negative, positive = v < 0, v > 0
    # in a loop that SETs first, `before` has no beginning and `falling` no end; else `rising` and `after_set`
    before = negative & (position <= lowest) & (set_first | (position > highest))
    after_set = negative & (position > lowest) & (~set_first | (position < highest))
    rising = positive & (position <= highest) & (~set_first | (position > lowest))
    falling = positive & (position > highest) & (set_first | (position < lowest))
    return Loops(
        v, i, _smoothed(i, v, inside, (lowest, highest), smoothing), before, after_set, rising, falling, set_first[:, 0]
    )


def _smoothed(values: F64, voltage: F64, inside: Bools, turns: tuple[Ints, Ints], width: int) -> F64:
    """Running mean over `width` samples; over fewer at both ends, at the turns, and where the voltage jumps."""
    if width < 2:
        return values
    half = width // 2
    position = np.arange(values.shape[1])
    step = np.abs(np.diff(voltage, axis=1))
    ends = np.diff(inside.astype(np.int8), axis=1) != 0
    parted = ends | (step > JUMP * np.ptp(voltage, axis=1)[:, None])
    for turn in turns:  # what is behind a turn is another branch
        parted |= position[:-1] == turn
    edge = np.ones((len(values), 1), bool)
    first = np.maximum.accumulate(np.where(np.concatenate([edge, parted], axis=1), position, 0), axis=1)
    last = np.where(np.concatenate([parted, edge], axis=1), position, values.shape[1])
    last = np.minimum.accumulate(last[:, ::-1], axis=1)[:, ::-1]
    reach = np.minimum(half, np.minimum(position - first, last - position))  # the same to both sides
    total = np.pad(np.cumsum(values, axis=1), ((0, 0), (1, 0)))
    difference = np.take_along_axis(total, position + reach + 1, 1) - np.take_along_axis(total, position - reach, 1)
    return np.asarray(difference / (2 * reach + 1))
