"""Tables of reads at times since programming, out of text files."""

from __future__ import annotations

import os
import re
from dataclasses import replace

import numpy as np

from synaptogen_core.counts import counted
from synaptogen_core.device.retention.table import RetentionTable
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.measurements.source import MAX_BYTES, Source
from synaptogen_core.exchange.measurements.tables import find_table
from synaptogen_core.exchange.measurements.text import blocks, to_number
from synaptogen_core.types import F64

SAME = 5.0  # K: what a room wanders
WHAT = "reads of retention as text"
ROLES = {
    "device": ("device", "cell", "address", "addr", "id"),
    "birth": ("birth", "write", "program", "cycle"),
    "time": ("time", "t", "delay", "age", "timepoint"),
    "conductance": ("conductance", "g", "gfinal", "cond"),
    "resistance": ("resistance", "r", "res"),
    "temperature": ("temperature", "temp"),
}
TIMES = {"": 1.0, "s": 1.0, "sec": 1.0, "seconds": 1.0, "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "min": 60.0}
TIMES |= {"h": 3600.0, "hours": 3600.0, "d": 86400.0, "days": 86400.0}
RESISTANCES = {"": 1.0, "ohm": 1.0, "kohm": 1e3, "mohm": 1e6}
KELVINS = {"k": 0.0, "kelvin": 0.0, "c": 273.15, "°c": 273.15, "degc": 273.15, "celsius": 273.15}  # what 0 of it is
CONDUCTANCES = {"": 1.0, "s": 1.0, "siemens": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def load_retention_table(path: str | os.PathLike[str]) -> RetentionTable:
    """Read a measured table: one row a read, with the device, the time since programming, and what was read.

    Parameters
    ----------
    path : str or path
        CSV or other text, plain or as .gz. Columns: device, [birth], time, conductance or resistance, [temperature],
        by their names, with units in the names (``time_h``, ``R [kohm]``, ``temperature_C``) or in SI units. Rows may
        come in any order.

    Returns
    -------
    RetentionTable

    Raises
    ------
    FileError
        If a column is missing, or a line holds a negative time, a conductance that is not above zero, or no number; or
        if one device is read twice at one time, or reads are of more than one temperature.
    """
    file = text.existing(path, WHAT)
    return table_from(Source(str(path), file), file.name)


def table_from(source: Source, name: str) -> RetentionTable:
    """The same out of a source, such as an uploaded file.

    Parameters
    ----------
    source : Source
    name : str
        For error sentences.

    Returns
    -------
    RetentionTable

    Raises
    ------
    FileError
        As for `load_retention_table`.
    """
    if source.size > MAX_BYTES:
        raise FileError(f"{name}: must be at most {MAX_BYTES:,} bytes (got {source.size:,}); split it")
    table = find_table(source)
    found = {}
    for position, column in enumerate(table.columns):
        role, unit = _role(column)
        if role and role not in found:
            found[role] = (position, unit, column)
    read = next((role for role in ("conductance", "resistance") if role in found), None)
    if "time" not in found or read is None:
        raise FileError(
            f"{name}: must have columns time, and conductance or resistance (got {', '.join(table.columns)[:200]}); "
            "rename them"
        )
    labels: list[str] = []
    times: list[F64] = []
    values: list[F64] = []
    kelvins: list[F64] = []
    lines: list[int] = []
    for block in blocks(source, table):
        parts = [block.cells[found[role][0]] for role in ("device", "birth") if role in found]
        labels += (
            ["\t".join(cell.strip() for cell in row) for row in zip(*parts, strict=True)]
            if parts
            else [""] * len(block.lines)
        )
        for role, into in (("time", times), (read, values), ("temperature", kelvins)):
            if role not in found:
                continue
            numbers = [to_number(cell, table.decimal) for cell in block.cells[found[role][0]]]
            for line, number in zip(block.lines, numbers, strict=True):
                if number is None:
                    raise FileError(f"{name}: line {line} must hold a {role} (got no number); correct it")
            scaled = np.array(numbers, dtype=np.float64)
            into.append(scaled + found[role][1] if into is kelvins else scaled * found[role][1])
        lines += block.lines
    time, value = np.concatenate(times), np.concatenate(values)
    keep = np.isfinite(time) & np.isfinite(value)
    for what, bad in (("a time from 0 s", keep & (time < 0)), (f"a {read} above zero", keep & (value <= 0))):
        if bad.any():
            raise FileError(
                f"{name}: line {lines[int(np.flatnonzero(bad)[0])]} must hold {what} (got none); correct it"
            )
    if not keep.any():
        raise FileError(f"{name}: must hold reads (got none); is it the right file?")
    g = value if read == "conductance" else 1 / np.where(keep, value, 1.0)
    notes = [f"{found[role][2]} was read as {role}" for role in found]
    if not keep.all():
        notes.append(f"left out: {counted(int(np.count_nonzero(~keep)), 'read')} with a gap")
    kept = np.array(lines)[keep]
    made = sorted_table(np.array(labels, dtype=str)[keep], time[keep], g[keep], kept, name, tuple(notes))
    return replace(made, temperature=_one_temperature(np.concatenate(kelvins)[keep], kept, name)) if kelvins else made


def _one_temperature(kelvin: F64, lines: np.ndarray, name: str) -> float | None:
    """The temperature of all reads [K]: those of another one are of another law."""
    stated = np.flatnonzero(np.isfinite(kelvin))
    if not stated.size:
        return None
    first = float(kelvin[stated[0]])
    other = stated[np.abs(kelvin[stated] - first) > SAME]
    if other.size:
        raise FileError(
            f"{name}: line {lines[other[0]]} must be of the same temperature as line {lines[stated[0]]} (got "
            f"{kelvin[other[0]]:g} and {first:g} K); fit the temperatures as tables of their own"
        )
    if first <= 0:
        raise FileError(
            f"{name}: line {lines[stated[0]]} must hold a temperature above 0 K (got {first:g}); correct it"
        )
    return first


def sorted_table(
    labels: np.ndarray, time: F64, g: F64, lines: np.ndarray, name: str, notes: tuple[str, ...]
) -> RetentionTable:
    """Reads in the order of births and times.

    Parameters
    ----------
    labels : ndarray of str, shape (n,)
        Of births.
    time, g : ndarray of float64, shape (n,)
        [s], [S].
    lines : ndarray of int, shape (n,)
        Of the file.
    name : str
    notes : tuple of str

    Returns
    -------
    RetentionTable

    Raises
    ------
    FileError
        If a birth is read twice at one time.
    """
    birth = np.unique(labels, return_inverse=True)[1]
    order = np.lexsort((time, birth))
    birth, time, g = birth[order], time[order], g[order]
    twice = np.flatnonzero((np.diff(birth) == 0) & (np.diff(time) == 0))
    if twice.size:
        line = lines[order[twice[0] + 1]]
        raise FileError(f"{name}: line {line} must not read a device again at the same time (got twice); drop one")
    return RetentionTable(birth.astype(np.int64), time, g, name, notes)


def _role(column: str) -> tuple[str, float]:
    """What a column holds, and how many SI units its unit is; an empty text for one that does not matter."""
    clean = column.strip().lower().replace("µ", "u").replace("μ", "u").replace("ω", "ohm").replace("Ω", "ohm")
    words = [word for word in re.split(r"[\s_\-\[\]()/,]+", clean) if word]
    role = next((r for r, names in ROLES.items() if words and words[0] in names), "")
    unit = words[-1] if len(words) > 1 else ""
    scales = {"conductance": CONDUCTANCES, "resistance": RESISTANCES, "temperature": KELVINS}.get(role, TIMES)
    if role in ("time", "conductance", "resistance", "temperature") and unit not in scales:
        raise FileError(
            f"{column[:80]}: must end in a unit that is known (got {unit[:20]!r}); use s, h, d, S, uS, ohm, K, C ..."
        )
    return role, scales.get(unit, 1.0)
