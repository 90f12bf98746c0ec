"""What a run writes down, and when: one checked record, handed on as it is, and its timetable over a train's pulses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from synaptogen_core import checks
from synaptogen_core.array.cells import CellArray
from synaptogen_core.array.trains import composition
from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.checks import volts
from synaptogen_core.device.frozen import Frozen, freeze
from synaptogen_core.schema import RECORDABLE

ITEM_BYTES = {"features": 16, "conductance": 4, "current": 4, "state": 1, "cycle_count": 4, "voltage": 4}


@dataclass(frozen=True, eq=False)
class Recording(Frozen):
    """What to save, checked: each public function makes one of its keywords by `request`, and hands it on.

    Attributes
    ----------
    quantities : tuple of str
        Out of `schema.RECORDABLE`.
    every : "cycle" or int
        Quantities other than the features after the last pulse of each cycle, or after every so many pulses.
    select : ndarray of int64, shape (n,), or None
        Flat numbers of the cells that are recorded, ascending; None for all.
    read_voltage : float
        At which conductance is recorded [V].
    bandwidth : float
        Of the read noise on recorded conductances and currents [Hz]; 0 for none.
    """

    quantities: tuple[str, ...]
    every: str | int
    select: NDArray[np.int64] | None
    read_voltage: float
    bandwidth: float

    def __post_init__(self) -> None:
        freeze(self)

    @property
    def largest_voltage(self) -> float:
        """The |U| at which conductance is read [V]; 0 if it is not recorded."""
        return abs(self.read_voltage) if "conductance" in self.quantities else 0.0

    def settings(self) -> dict[str, Any]:
        """As plain data; the chosen cells stand in the Dataset's coordinate `cell`."""
        return {
            "record": list(self.quantities),
            "every": self.every,
            "select": "all" if self.select is None else "cell",
            "read_voltage": self.read_voltage,
            "bandwidth": self.bandwidth,
        }


def request(
    cells: CellArray,
    record: str | Iterable[str] = ("features",),
    every: str | int = "cycle",
    select: ArrayLike | None = None,
    read_voltage: float | None = None,
    bandwidth: float | None = None,
) -> Recording:
    """Check at the door what a caller of `simulate` wants of an array.

    Parameters
    ----------
    cells : CellArray
    record, every, select, read_voltage, bandwidth
        As of `simulate`.

    Returns
    -------
    Recording

    Raises
    ------
    ValueError, TypeError
        If an argument breaks its rule.
    """
    if not isinstance(record, Iterable):
        raise TypeError(f"record: must be names of quantities (got {record!r}); give for instance ['features']")
    wanted = (record,) if isinstance(record, str) else tuple(record)
    unknown = [name for name in wanted if name not in RECORDABLE]
    if unknown or not wanted:
        raise ValueError(
            f"record: must name some of {', '.join(RECORDABLE)} (got {repr(unknown[0]) if unknown else 'nothing'}); "
            "correct the list"
        )
    if every != "cycle":
        if isinstance(every, str):
            raise ValueError(f"every: must be 'cycle' or a number of pulses (got {every!r}); 1 records every pulse")
        every = checks.whole("every", every, 1, 2**31 - 1)
    return Recording(
        quantities=tuple(name for name in RECORDABLE if name in wanted),
        every=every,
        select=None if select is None else _chosen(cells.shape, select),
        read_voltage=volts("read_voltage", cells.device.u_0 if read_voltage is None else read_voltage),
        bandwidth=0.0 if bandwidth is None else checks.bandwidth(bandwidth),
    )


def _chosen(shape: tuple[int, int], select: ArrayLike) -> NDArray[np.int64]:
    """Flat cell numbers out of a mask, pairs of row and column, or flat numbers."""
    try:
        given = np.asarray(select)
    except ValueError:  # rows of unequal length
        given = np.empty(1, object)
    if given.size == 0:
        raise ValueError("select: must choose at least one cell (got none); leave it out for all cells")
    if given.dtype == np.bool_:
        if given.shape != shape:
            raise ValueError(f"select: a mask must have shape {shape} (got {given.shape}); give one flag a cell")
        flat = np.flatnonzero(given)
    elif given.dtype.kind not in "iu":
        raise TypeError(f"select: must be cell numbers, pairs or a mask (got {given.dtype}); give integers")
    elif given.ndim == 2 and given.shape[1] == 2:
        if np.any(given < 0) or np.any(given >= np.array(shape)):
            raise ValueError(
                f"select: rows and columns must lie in an array of {shape} (got others); correct the pairs"
            )
        flat = given[:, 0].astype(np.int64) * shape[1] + given[:, 1]
    elif given.ndim == 1:
        if np.any(given < 0) or np.any(given >= shape[0] * shape[1]):
            raise ValueError(f"select: cell numbers must be 0 to {shape[0] * shape[1] - 1} (got others); correct them")
        flat = given
    else:
        raise ValueError(f"select: must have shape (n,), (n, 2) or {shape} (got {given.shape}); reshape it")
    chosen = np.unique(flat.astype(np.int64))
    if chosen.size == 0:
        raise ValueError("select: must choose at least one cell (got none); leave it out for all cells")
    return chosen


def with_reads(train: PulseTrain, cells: CellArray) -> PulseTrain:
    """The train on these cells: where a read has no voltage, it has their device's `u_0`.

    Parameters
    ----------
    train : PulseTrain
    cells : CellArray

    Returns
    -------
    PulseTrain
        Itself, if every read has a voltage.
    """
    node = composition.read_at(train.node, cells.device.u_0)
    return train if node is train.node else PulseTrain(node)


class Timetable:
    """Which pulse of a train writes what where."""

    def __init__(self, train: PulseTrain, recording: Recording) -> None:
        pulses = train.pulses
        number = np.arange(len(train), dtype=np.int64)
        first = pulses.step == 0
        last = np.append(first[1:], True)
        self.cycles = int(pulses.cycle[-1]) + 1
        self.train = train
        self.by_cycle = recording.every == "cycle"
        ending = last if self.by_cycle else (number + 1) % int(recording.every) == 0
        self.features = "features" in recording.quantities
        self.values = tuple(q for q in recording.quantities if q != "features")
        self.times = int(ending.sum()) if self.values else 0
        if self.values and not self.times:
            raise ValueError(
                f"every: must be at most the train's {len(train)} pulses (got {recording.every}); record more often"
            )
        self.pulse = number[ending]  # (times,): the pulse after which a row of values is taken
        self.before = np.where(first & self.features, pulses.cycle, -1).astype(np.int32)
        self.after = np.where(ending & bool(self.values), np.cumsum(ending) - 1, -1).astype(np.int32)

    @cached_property
    def axis(self) -> str:
        """The dimension of the values: "cycle" or "pulse"."""
        return "cycle" if self.by_cycle or not self.values else "pulse"

    @cached_property
    def ends(self) -> NDArray[np.int64] | None:
        """Times from the train's beginning at which rows along `axis` are recorded [ns]; None where no time passes."""
        ends = self.train.ends
        if ends is None:
            return None
        if self.values:
            return np.asarray(ends[self.pulse])
        last = np.append(np.flatnonzero(np.diff(self.train.pulses.cycle)), len(self.train) - 1)
        return np.asarray(ends[last])

    def bytes_per_cell(self) -> int:
        """Memory of what one cell writes [bytes]."""
        features = ITEM_BYTES["features"] * self.cycles if self.features else 0
        return features + self.times * sum(ITEM_BYTES[q] for q in self.values)
