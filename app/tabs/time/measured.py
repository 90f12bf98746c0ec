"""A measured table of retention: what is shown of it, read once; its bytes are let go of after that."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np

from synaptogen_core.analysis.retention.fit import at_birth
from synaptogen_core.analysis.retention.validate import two_time
from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements.retention_table import table_from
from synaptogen_core.exchange.measurements.source import Source

MOST_MB = 20  # of a file
BIRTHS = 150  # of a level, drawn as dots
NEAR = 0.15  # of a level: which births are drawn beside it


@dataclass(frozen=True)
class Measured:
    """What the page shows of a table."""

    name: str
    said: str  # what it holds, or why it was not read
    good: bool
    time: np.ndarray  # s, of each read after birth
    conductance: np.ndarray  # S
    birth: np.ndarray  # to which it belongs
    born: np.ndarray  # S: conductance at that birth
    ratio_time: np.ndarray  # s
    ratio: np.ndarray  # (times, 3): value, low, high

    def near(self, level: float) -> tuple[np.ndarray, np.ndarray]:
        """Times [s] and conductances [S] of births that began near a level [S]: evenly chosen, if they are many."""
        births = np.unique(self.birth[np.abs(self.born / level - 1) <= NEAR])
        if births.size > BIRTHS:
            births = births[np.linspace(0, births.size - 1, BIRTHS).astype(int)]
        shown = np.isin(self.birth, births)
        return self.time[shown], self.conductance[shown]


class Upload:
    """A file as it came, for one page; equal to itself alone."""

    def __init__(self, name: str, data: bytes):
        self.name, self._data = name, data
        self._found: Measured | None = None
        self._lock = threading.Lock()

    def read(self) -> Measured:
        """What it holds; a sentence where it cannot be read."""
        with self._lock:
            if self._found is None:
                self._found, self._data = measured(self.name, self._data), b""
            return self._found


def measured(name: str, data: bytes) -> Measured:
    """Dots and two-time ratio of a table as text."""
    if len(data) > MOST_MB * 1_000_000:
        said = f"{name}: must have at most {MOST_MB} MB (got {len(data) / 1e6:.0f}); cut it"
        return _none(name, said)
    try:
        table = table_from(Source(name, data), name)
    except (FileError, ValueError, UnicodeError) as error:
        return _none(name, str(error))
    later = table.time > 0
    born = at_birth(table.wide()[0])[table.birth]
    found = two_time(table)
    said = f"{name}: {counted(table.time.size, 'read')} of {counted(table.births, 'birth')}"
    said += "".join(f"; {n}" for n in table.notes)
    ratio = found.values.reshape(-1, 3)
    if not ratio.size:
        said += ". It takes a read at birth and at two later times for the two-time ratio."
    times = found["time"].values if ratio.size else np.zeros(0)
    time, conductance, birth, own = (part[later] for part in (table.time, table.conductance, table.birth, born))
    return Measured(name, said, True, time, conductance, birth, own, times, ratio)


def _none(name: str, said: str) -> Measured:
    """A table that was not read, and why."""
    none = np.zeros(0)
    return Measured(name, said, False, none, none, none, none, none, np.zeros((0, 3)))
