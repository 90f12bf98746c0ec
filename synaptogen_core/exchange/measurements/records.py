"""From columns of numbers, block by block, to a measurement: labels, cycles, loops or features, and every check."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements import doubts
from synaptogen_core.exchange.measurements.columns import (
    LABEL_ROLES,
    LOOP_ROLES,
    TableLayout,
    doubtful,
    shown,
    unit_of,
    unlikely,
)
from synaptogen_core.exchange.measurements.doubts import ask
from synaptogen_core.exchange.measurements.reading import AS_IT_IS, Reading
from synaptogen_core.measurement import measurement
from synaptogen_core.schema import FEATURE_NAMES
from synaptogen_core.types import F64

I64 = NDArray[np.int64]
BASE_BYTES = 40 * 2**20
TIMES_FILE = 10
COUNTED = "cycles counted: each full sweep is one"
SAMPLE_BYTES, RUN_BYTES, LABEL_BYTES = 40, 260, 300  # what one of them takes at the peak
OVERFLOW = 1e30  # instruments write 9.9e37 for what they could not measure
FEWEST_FILES = 3  # names that differ from row to row
DEAD_BAND = 0.1  # of the largest voltage: nearer to 0 V no sign is told


def budget(size: int) -> int:
    """Bytes that the numbers of a file of `size` bytes may take, copies and all."""
    return BASE_BYTES + TIMES_FILE * size


class Records:
    """Collects the rows of one file.

    Parameters
    ----------
    layout : TableLayout
        What the columns are.
    size : int
        Bytes of the file: what may be kept follows from it.
    cycle_in_order : bool
        There is no column of cycles: full sweeps, or rows, are counted.
    entry : str
        What a row is called in sentences: "line" or "entry".
    reading : Reading
        What the caller said of the file.
    """

    def __init__(self, layout: TableLayout, size: int, cycle_in_order: bool = False, entry: str = "line",
                 reading: Reading = AS_IT_IS) -> None:  # fmt: skip
        self.layout, self.entry, self.in_order, self.reading = layout, entry, cycle_in_order, reading
        self.allowed = budget(size)
        self.labels: dict[tuple[str, ...], int] = {}
        self.widest = self.rows = self.runs = self.gaps = 0
        self.turns = False  # numbers that begin again are devices
        self.roles = [role for role in (*LOOP_ROLES, *FEATURE_NAMES) if role in layout.roles]
        self.loops = layout.kind == "loops"
        self.pieces: dict[str, list[Any]] = {name: [] for name in (*self.roles, "device", "cycle", "count", "line")}
        self.extremes = dict.fromkeys(self.roles, (np.inf, -np.inf))

    def fail(self, row: int, rule: str) -> FileError:
        """The sentence about one row.

        Parameters
        ----------
        row : int
            Of the file, as people count.
        rule : str
            What it breaks, and what to do.

        Returns
        -------
        FileError
        """
        return FileError(f"{self.layout.name}: {self.entry} {row}: {rule}")

    def add(self, numbers: dict[str, F64], labels: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        """Take some rows.

        Parameters
        ----------
        numbers : mapping of role to array
            In the units of the file; NaN where there is a gap.
        labels : sequence of sequences of str
            For each column that labels the device, its cells.
        lines : sequence of int
            Number of each row.

        Raises
        ------
        FileError
            If a number cannot be, or all of them take too much memory.
        """
        device = self._devices(labels, lines)
        cycle = self._cycles(numbers.get("cycle"), lines)
        for role in self.roles:
            self.pieces[role].append(self._si(role, numbers[role], lines))
        self.rows += len(lines)
        if self.loops:
            starts = np.flatnonzero(np.diff(device, prepend=-1) | np.diff(cycle, prepend=cycle[0] - 1))
            self.pieces["device"].append(device[starts])
            self.pieces["cycle"].append(cycle[starts])
            self.pieces["count"].append(np.diff(starts, append=len(lines)))
            self.pieces["line"].append(np.asarray(lines, np.int64)[starts])
            self.runs += len(starts)
            needed = SAMPLE_BYTES * self.rows + RUN_BYTES * self.runs
        else:
            self.pieces["device"].append(device)
            self.pieces["cycle"].append(cycle)
            self.pieces["line"].append(np.asarray(lines, np.int64))
            needed = self.rows * (16 * len(self.roles) + 64)
        needed += len(self.labels) * (LABEL_BYTES + 8 * self.widest)
        if needed > self.allowed:
            raise FileError(
                f"{self.layout.name}: must need at most {self.allowed:,} bytes of memory, {TIMES_FILE} times its size "
                f"and {BASE_BYTES:,} (got more in {self.entry} {lines[-1]:,}); unpack it, split it, or shorten labels"
            )

    def finish(self, notes: Sequence[str]) -> xr.Dataset:
        """The measurement, with what was understood as its attribute `notes`.

        Raises
        ------
        FileError
            If there are no rows; `ColumnsUnclear` if units are doubtful.
        """
        if not self.rows:
            raise FileError(f"{self.layout.name}: must hold at least one row (got none); is it cut off?")
        questions = [doubtful(self.layout, role, *self.extremes[role]) for role in self.roles]
        ask(self.layout, [question for question in questions if question])
        doubts = [(role, unlikely(self.layout, role, *self.extremes[role])) for role in self.roles]
        told = [*notes, *(f"{role}: {doubt}, though it was specified" for role, doubt in doubts if doubt)]
        told += [counted(self.gaps, "gap")] if self.gaps else []
        ds = self._make_loops(told) if self.loops else self._make_features(told)
        ds.attrs["notes"] = json.dumps(told, ensure_ascii=False)
        return ds

    # --------------------------------------------------------------------------------------------- rows as they come

    def _devices(self, labels: Sequence[Sequence[str]], lines: Sequence[int]) -> I64:
        if not labels:
            self.labels.setdefault((), 0)
            return np.zeros(len(lines), np.int64)
        known = self.labels
        before = len(known)
        codes = np.fromiter((known.setdefault(key, len(known)) for key in zip(*labels, strict=True)), np.int64)
        for key in islice(known, before, None):
            self.widest = max(self.widest, sum(map(len, key)) + len(key))
            if not all(key):
                raise self.fail(lines[int(np.argmax(codes == known[key]))], "must name the device (got an empty cell)")
        return codes

    def _cycles(self, cycle: F64 | None, lines: Sequence[int]) -> I64:
        if cycle is None:
            return np.zeros(len(lines), np.int64)
        wrong = ~(np.abs(cycle) < 2**53)  # NaN, too
        wrong[~wrong] = cycle[~wrong] != np.floor(cycle[~wrong])
        if wrong.any():
            at = int(np.argmax(wrong))
            raise self.fail(lines[at], f"cycle must be a whole number (got {cycle[at]:g}); number the cycles")
        return cycle.astype(np.int64)

    def _si(self, role: str, values: F64, lines: Sequence[int]) -> F64:
        unit, factor = unit_of(self.layout.units[self.layout.position(role)]) or ("", 1.0)
        found = np.where(np.abs(values) < OVERFLOW, values, np.nan)
        gaps = np.isnan(found)
        self.gaps += int(gaps.sum())
        read = unit == "A" and role in ("r_hrs", "r_lrs")  # a current at the read voltage, of either sign
        found = np.abs(found) if read else found
        if role in ("r_hrs", "r_lrs") and not read and (found <= 0).any():
            at = int(np.argmax(found <= 0))
            raise self.fail(
                lines[at], f"{role} must be above 0 (got {found[at]:g}); leave the cell empty where a cycle has none"
            )
        if not gaps.all():
            size = np.abs(found[~gaps])
            low, high = self.extremes[role]
            self.extremes[role] = min(low, float(size.min())), max(high, float(size.max()))
        with np.errstate(over="ignore", divide="ignore"):
            found = 1 / (found * factor) if unit == "S" else found * factor
            found = self.reading.read_voltage / found if read else found
        found[np.isinf(found)] = np.nan
        return found

    # ------------------------------------------------------------------------------------------------------ all of them

    def _joined(self, name: str) -> NDArray[Any]:
        pieces = self.pieces.pop(name)
        return np.concatenate(pieces) if pieces else np.zeros(0)

    def _texts(self) -> list[str]:
        """One label a device: groups of which there is only one are left out; row and column become "row,column"."""
        roles = [role for role in self.layout.roles if role in LABEL_ROLES]
        roles.sort(key=LABEL_ROLES.index)
        roles += ["group"] if self.turns else []
        keys = [[re.sub(r"^([+-]?\d+)[.,]0+$", r"\1", part.strip()) for part in key] for key in self.labels]
        used = [i for i, r in enumerate(roles) if r != "group" or len({key[i] for key in keys}) > 1]
        texts = []
        for key in keys:
            place = ",".join(key[i] for i in used if roles[i] in ("row", "column"))
            texts.append(
                " ".join([*(key[i] for i in used if roles[i] in ("group", "device")), *([place] * bool(place))])
            )
        if len(set(texts)) < len(texts):
            texts = [" | ".join(key) for key in self.labels]
        return texts if roles and any(texts) else ["1"] * len(texts)

    def _make_loops(self, notes: list[str]) -> xr.Dataset:
        device, cycle, count = (self._joined(name) for name in ("device", "cycle", "count"))
        voltage, current = self._joined("voltage"), self._joined("current")
        runs = doubts.merged(doubts.Runs(device, cycle, count, self._joined("line")))
        if self.in_order:
            runs, voltage, current = doubts.gathered(runs, voltage, current)
            cuts = [sweeps(v) for v in np.split(voltage, np.cumsum(runs.samples)[:-1])]
            device = np.repeat(runs.device, [len(cut) for cut in cuts])
            cycle = np.concatenate([np.arange(len(cut)) for cut in cuts])
            runs = doubts.Runs(device, cycle, np.concatenate(cuts), np.zeros(device.size, np.int64))
            notes.append(COUNTED)
        elif doubts.repeated(runs) >= 0:
            runs, voltage, current = self._again(runs, voltage, current, notes)
        if not self.in_order and self.reading.halves != "apart":
            runs = doubts.whole(runs, voltage, notes)
        current = self._signed(voltage, current, runs, notes)
        device, cycle = self._files(runs.device, runs.cycle, notes)
        return measurement(
            device, cycle, labels=self._texts(), loops=(voltage, current, runs.samples), source=self.layout.name
        )

    def _again(self, runs: doubts.Runs, voltage: F64, current: F64, notes: list[str]) -> tuple[doubts.Runs, F64, F64]:
        """Cycle numbers that come back after others: pieces of a loop, or another device; asked, if not clear."""
        how, at = self.reading.repeats, doubts.repeated(runs)
        gathered = doubts.gathered(runs, voltage, current)
        if not how:
            whole = all(len(sweeps(v)) < 2 for v in np.split(gathered[1], np.cumsum(gathered[0].samples)[:-1]))
            how = "pieces" if whole else ""
        if not how:
            ask(self.layout, [], [doubts.ask_repeats(self.entry, int(runs.line[at]), int(runs.cycle[at]))])
        if how == "pieces":
            notes.append(
                f"cycle {runs.cycle[at]} and others stand in pieces, from {self.entry} {runs.line[at]} on: joined"
            )
            return gathered
        turn = doubts.returns(runs)
        keys = list(self.labels)
        renamed: dict[tuple[str, ...], int] = {}
        device = np.empty_like(runs.device)
        for k, (own, times) in enumerate(zip(runs.device.tolist(), turn.tolist(), strict=True)):
            device[k] = renamed.setdefault((*keys[own], str(times + 1)), len(renamed))
        self.labels, self.turns = renamed, True
        notes.append(f"cycle numbers begin again in {self.entry} {runs.line[at]} and later: each time another device")
        return runs._replace(device=device), voltage, current

    def _signed(self, voltage: F64, current: F64, runs: doubts.Runs, notes: list[str]) -> F64:
        """The current with the sign that belongs to the voltage."""
        how, note = self.reading.sign, ""
        if not how:
            how, note, choice = doubts.sign_of(doubts.signs(voltage, current, runs.samples), current)
            if choice:
                ask(self.layout, [], [choice])
        if note:
            notes.append(note)
        if how == "turned":
            return -current
        return np.abs(current) * np.sign(voltage) if how == "magnitude" else current

    def _files(self, device: I64, cycle: I64, notes: list[str]) -> tuple[I64, I64]:
        """Names of files that differ from record to record name cycles, not devices."""
        named = [
            column for column, role in zip(self.layout.columns, self.layout.roles, strict=True) if role in LABEL_ROLES
        ]
        if len(named) != 1 or re.sub(r"[\W_]", "", named[0].casefold()) not in doubts.FILES:
            return device, cycle
        told = self.reading.files
        if told == "devices" or (not told and (len(self.labels) != device.size or device.size < FEWEST_FILES)):
            return device, cycle
        notes.append(f"{shown(named[0])} differs from cycle to cycle: taken as names of cycles of one device")
        self.labels = {("",): 0}
        distinct = np.unique(cycle).size == cycle.size
        return np.zeros_like(device), cycle if distinct else np.arange(cycle.size)

    def _make_features(self, notes: list[str]) -> xr.Dataset:
        device, cycle, line = (self._joined(name) for name in ("device", "cycle", "line"))
        features = {role: self._joined(role) for role in self.roles}
        if self.in_order and self.reading.files != "devices" and len(self.labels) == len(device):
            cycle = np.arange(len(device))
        device, cycle = self._files(device, cycle, notes)
        order = np.lexsort((cycle, device))
        if self.in_order:
            starts = np.searchsorted(device[order], np.arange(len(self.labels)))
            cycle[order] = np.arange(len(order)) - starts[device[order]]
            notes.append("cycles counted: each row is one")
        twice = np.flatnonzero((np.diff(device[order]) == 0) & (np.diff(cycle[order]) == 0))
        if twice.size:
            one, other = line[order[twice[0]]], line[order[twice[0] + 1]]
            raise self.fail(
                int(other),
                f"cycle {cycle[order[twice[0]]]} must be there once a device (got it in {self.entry} {one} too); "
                "number them anew, or name the column of the device",
            )
        if {"r_hrs", "r_lrs"} <= set(features):
            both = np.isfinite(features["r_hrs"]) & np.isfinite(features["r_lrs"])
            below = int((features["r_hrs"] < features["r_lrs"])[both].sum())
            if below and below >= doubts.MOST * both.sum():
                raise FileError(
                    f"{self.layout.name}: r_hrs must be above r_lrs (got it below in {below:,} of "
                    f"{counted(int(both.sum()), 'cycle')}); exchange the two columns"
                )
        self._turn(features, line, notes)
        return measurement(device, cycle, labels=self._texts(), features=features, source=self.layout.name)

    def _turn(self, features: dict[str, F64], line: I64, notes: list[str]) -> None:
        """Give SET the negative voltage and RESET the positive one; each of one sign throughout."""
        signs = {}
        for role in ("u_set", "u_reset"):
            values = features.get(role, np.zeros(0))
            known = values[~np.isnan(values)]
            if not known.size:
                continue
            signs[role] = 1 if np.median(known) > 0 else -1
            odd = values * signs[role] <= 0
            if odd.any():
                at = int(np.argmax(odd))
                raise self.fail(
                    int(line[at]),
                    f"{role} must have the sign of the others (got {values[at]:g} V); leave it empty if there is none",
                )
        set_sign, reset_sign = signs.get("u_set"), signs.get("u_reset")
        if set_sign == -1 and reset_sign == -1:
            raise FileError(
                f"{self.layout.name}: u_set, u_reset must have opposite signs, or be magnitudes (got both negative); "
                "the model is of bipolar switching"
            )
        if set_sign == 1:
            features["u_set"] *= -1
        if reset_sign == -1:
            features["u_reset"] *= -1
        if set_sign == 1 and reset_sign == 1:
            notes.append("SET and RESET voltages read as magnitudes: SET made negative")
        elif set_sign == 1 or reset_sign == -1:
            notes.append("mirrored: SET made negative and RESET positive")


def sweeps(voltage: F64) -> I64:
    """Samples of each full sweep, of one sign and then the other, in a record of many; cut nearest to 0 V.

    Parameters
    ----------
    voltage : array, shape (samples,)
        In V; NaN where it is missing.

    Returns
    -------
    array of int
        How many samples each sweep has; they sum to the samples there are.
    """
    size = np.where(np.isnan(voltage), 0, np.abs(voltage))
    told = np.flatnonzero(size > DEAD_BAND * size.max(initial=0))
    sign = np.sign(voltage[told])
    again = np.flatnonzero((sign[1:] != sign[:-1]) & (sign[1:] == sign[:1]))
    cuts = []
    for before, after in zip(told[again], told[again + 1], strict=True):
        between = size[before : after + 1][::-1]
        cuts.append(int(after - np.argmin(between)))
    return np.diff([0, *cuts, len(voltage)]).astype(np.int64)
