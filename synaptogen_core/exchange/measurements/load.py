"""Measured cycles out of files: tables of loops or of features as text, NetCDF, and both packed with gzip.

A table of loops has one row a sample: voltage, current, the number of the cycle and, if there are several, the device.
A table of features has one row a cycle: its number, the device, and any of the four features; a cell may be empty.
Names, units and marks are recognised as `columns` and `measured_text` say; what is unclear is asked for.

What is refused, and what is not: a cell that is neither a number nor a gap (empty, NaN, "-", "NA" ...), a resistance of
0 or below, a voltage of the other sign than the rest of its column, and a line of another length are refused with the
number of the line. Infinities and numbers beyond 1e30, which instruments write for an overflow, are gaps. Loops keep
the sign that was measured; the voltages of a table of features are turned so that SET is negative.

Reading takes at most 64 MB and ten times the size of the file as it is stored: what is packed more tightly is refused
before it is unpacked.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from synaptogen_core.counts import counted
from synaptogen_core.errors import ColumnsUnclear, FileError
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.measurements import pairs
from synaptogen_core.exchange.measurements.columns import (
    IN_ORDER,
    LABEL_ROLES,
    LOOP_ROLES,
    TableLayout,
    doubtful,
    shown,
    understand,
    with_guesses,
)
from synaptogen_core.exchange.measurements.doubts import ask, notes_of
from synaptogen_core.exchange.measurements.formats import collection, instruments, netcdf, workbook
from synaptogen_core.exchange.measurements.one_way import announced
from synaptogen_core.exchange.measurements.reading import Choice, Reading, reading_of
from synaptogen_core.exchange.measurements.records import COUNTED, OVERFLOW, Records, budget
from synaptogen_core.exchange.measurements.source import GZIP, MAX_BYTES, NEEDS, Source
from synaptogen_core.exchange.measurements.tables import find_table
from synaptogen_core.exchange.measurements.text import SEPARATORS, Table, blocks, numbers_of, to_number
from synaptogen_core.schema import FEATURE_NAMES

READ_VOLTAGE = Choice("read_voltage", "resistances are given as currents: at which voltage were they read?", (), "")
NOTES = 20  # of several files
COPIES = 3  # of the numbers, where several files are joined
WHAT = "measured cycles as text, a workbook or NetCDF"
OTHERS = (  # how files begin that are something else
    (b"\x93NUMPY", "a NumPy file"),
    (b"MATLAB", "a MATLAB file"),
    (b"PK\x03\x04", "a ZIP archive that is damaged or empty"),
    (b"PK\x05\x06", "a ZIP archive that is empty"),
    (b"CDF\x01", "an older NetCDF"),
    (b"CDF\x02", "an older NetCDF"),
    (b"CDF\x05", "an older NetCDF"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    *((b"\x80" + bytes([protocol]), "a pickle, which is never opened") for protocol in range(2, 6)),
)


def load_measurements(
    path: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    reading: Mapping[str, object] | None = None,
    explain: bool = False,
) -> xr.Dataset:
    """Read measured loops or features.

    Parameters
    ----------
    path : str or path, or a sequence of them
        Text (.csv, .txt ...), NetCDF, or either packed with gzip, or a workbook (.xlsx, .xls, .ods); what it is, is
        told by its first bytes. Several files, a folder, a ZIP archive or the sheets of a workbook are read as one
        measurement, each file a cycle or a device: asked, if not clear.
    columns : mapping of role to column name, optional
        Which column holds what, where their names do not tell: "voltage", "current", "cycle", "device", "row",
        "column", "r_hrs", "u_set", "r_lrs", "u_reset". An empty name: there is none. ``{"cycle": "in order"}``: cycles
        are not numbered; each full sweep, or each row of features, is one.
    units : mapping of role to unit, optional
        In which unit a column is, such as ``{"current": "uA"}``; resistances may be conductances.
    reading : mapping of str to str or number, optional
        How the file is cut, and answers to questions: "separator", "decimal", "header_line", "first_line", "sign",
        "repeats", "halves", "one_way", "files", "pairs", "sheet", "read_voltage", as `reading.WORDS` explains them.
    explain : bool
        Print in words how the file was read.

    Returns
    -------
    xarray.Dataset
        As `array.measurement` lays it out, in SI units; its attribute `notes` (a JSON list) says what was understood.

    Raises
    ------
    FileError
        If there is no such file, or it breaks a rule; the sentence names the line.
    ColumnsUnclear
        If columns or units cannot be told; its `layout` says what was understood.
    """
    told = reading_of(reading)
    if not isinstance(path, (str, os.PathLike)):
        if not isinstance(path, Sequence) or not all(isinstance(one, (str, os.PathLike)) for one in path):
            raise TypeError(f"path: must be a path or a list of paths (got {type(path).__name__}); give names of files")
        for one in path:
            text.existing(one, WHAT)
        ds = _load_all(collection.of_paths(path), columns, units, told)
    elif Path(path).is_dir():
        ds = _load_all(collection.of_folder(Path(path)), columns, units, told)
    else:
        file = text.existing(path, WHAT)
        try:
            ds = _load(Source(str(path), file), columns, units, told)
        except OSError as error:
            raise FileError(f"{path}: must be readable (got {error.strerror}); check the file") from error
        if ds.attrs["source"] == str(path):
            ds.attrs["source"] = file.name  # where it lies is nobody's business who gets the result
    ds = announced(ds, told.one_way)
    if explain:
        sys.stdout.write("".join(f"{note}\n" for note in json.loads(ds.attrs["notes"])))
    return ds


def measurements_from_bytes(
    data: bytes,
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    reading: Mapping[str, object] | None = None,
) -> xr.Dataset:
    """Read measured loops or features out of the bytes of a file, such as an uploaded one.

    Parameters
    ----------
    data : bytes
    name : str
        Of the file, for sentences and as the source of the data.
    columns, units, reading : mapping, optional
        As in `load_measurements`.

    Returns
    -------
    xarray.Dataset

    Raises
    ------
    FileError, ColumnsUnclear
        As `load_measurements`.
    """
    told = reading_of(reading)
    return announced(_load(Source(name, bytes(data)), columns, units, told), told.one_way)


def inspect_measurements(
    data: bytes | os.PathLike[str],
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    reading: Mapping[str, object] | None = None,
) -> TableLayout:
    """What the first lines of a file hold, as far as it is understood, with questions about the rest.

    Parameters
    ----------
    data : bytes or path
    name : str
        Of the file, for sentences.
    columns, units, reading : mapping, optional
        As in `load_measurements`.

    Returns
    -------
    TableLayout

    Raises
    ------
    FileError
        If there is no table in it.
    """
    source = Source(name, Path(data) if isinstance(data, (str, os.PathLike)) else bytes(data))
    if collection.is_archive(source) and not workbook.is_workbook(source):
        source = collection.of_archive(source)[0]
    return _inspected(source, columns, units, reading_of(reading))


def _inspected(
    source: Source, columns: Mapping[str, str] | None, units: Mapping[str, str] | None, reading: Reading
) -> TableLayout:
    if workbook.is_workbook(source):
        source = workbook.sheets(source, reading)[0][0]
    if _is_netcdf(source):
        return netcdf.inspect(source, columns, units)
    source, table, _, _ = _found(source, reading)
    return _layout(source, table, columns, units)


def _load(
    source: Source, columns: Mapping[str, str] | None, units: Mapping[str, str] | None, reading: Reading
) -> xr.Dataset:
    if source.size > MAX_BYTES:
        raise FileError(f"{source.name}: must be at most {MAX_BYTES:,} bytes (got {source.size:,}); split it")
    if workbook.is_workbook(source):
        return _load_workbook(source, columns, units, reading)
    if collection.is_archive(source):
        return _load_all(collection.of_archive(source), columns, units, reading)
    if reading.sheet and not source.title:
        raise FileError(f"{source.name}: sheet must stand with a workbook (got another file); leave it out")
    if _is_netcdf(source):
        return netcdf.load(source, columns, units)
    source, table, reading, notes = _found(source, reading)
    try:
        ds = _read_table(source, table, columns, units, reading)
    except UnicodeDecodeError:  # the head was ASCII, but not all of it
        ds = _read_table(source, replace(table, encoding="cp1252"), columns, units, reading)
    ds.attrs["notes"] = json.dumps([*notes, *json.loads(ds.attrs["notes"])], ensure_ascii=False)
    return ds


def _load_all(
    sources: Sequence[Source],
    columns: Mapping[str, str] | None,
    units: Mapping[str, str] | None,
    reading: Reading,
    what: str = "files",
) -> xr.Dataset:
    """Several files as one measurement; where cycles have no numbers, each full sweep of a file is one."""
    parts = []
    left = budget(sum(source.size for source in sources)) // COPIES
    for source in sources:
        if collection.is_archive(source) and not workbook.is_workbook(source):
            raise FileError(f"{source.name}: must not be an archive among others (got a .zip); unpack it")
        try:
            ds = _load(source, columns, units, reading)
        except ColumnsUnclear as unclear:
            only_cycle = all(question.startswith("cycle:") for question in unclear.layout.questions)
            if not only_cycle or "cycle" in (columns or {}):
                raise
            ds = _load(source, {**(columns or {}), "cycle": IN_ORDER}, units, reading)
        left -= ds.nbytes
        if left < 0:
            raise FileError(f"{source.name} and those before it: must need less memory (got too much); give fewer")
        parts.append((source.title or source.name, ds))
    ds, notes = collection.joined(parts, reading, lambda: _inspected(sources[0], columns, units, reading), what)
    single = all(part.sizes["record"] == 1 for _, part in parts)
    first = [note for note in json.loads(parts[0][1].attrs["notes"]) if not (single and note == COUNTED)]
    others: dict[str, list[str]] = {}
    for name, part in parts[1:]:
        for note in json.loads(part.attrs["notes"]):
            if note not in first and note != COUNTED:
                others.setdefault(note, []).append(name)
    told = [*first, *(f"{_some(names)}: {note}" for note, names in others.items())]
    more = [f"and {counted(len(told) - NOTES, 'note')} on single {what} more"] if len(told) > NOTES else []
    ds.attrs["notes"] = json.dumps([*notes, *told[:NOTES], *more], ensure_ascii=False)
    return ds


def _some(names: Sequence[str]) -> str:
    """The first of some files, and how many are not named."""
    return names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'other')}"


def _load_workbook(
    source: Source, columns: Mapping[str, str] | None, units: Mapping[str, str] | None, reading: Reading
) -> xr.Dataset:
    """The sheets of a workbook; those that Clarius calls Run1, Run2 ... are cycles."""
    found, left_out = workbook.sheets(source, reading)
    if len(found) > 1:
        runs = not reading.files and all(workbook.RUN.fullmatch(one.title) for one in found)
        ds = _load_all(found, columns, units, replace(reading, files="cycles") if runs else reading, "sheets")
    else:
        ds = _load(found[0], columns, units, reading)
    cut = f"cells separated by {SEPARATORS[workbook.MARK]}"  # ours, not the file's
    notes = [note for note in json.loads(ds.attrs["notes"]) if note != cut]
    if len(found) == 1:
        notes.insert(0, f"read from sheet {shown(found[0].title)}")
    ds.attrs |= {"source": source.name, "notes": json.dumps([*notes, *left_out], ensure_ascii=False)}
    return ds


def _found(source: Source, reading: Reading) -> tuple[Source, Table, Reading, list[str]]:
    """The table of a text, and how it is read: as an instrument says, or as it looks."""
    notes: list[str] = []
    stated = instruments.plain(source, reading)
    if stated is not None:
        source, reading, notes = stated
    table = find_table(source, reading)
    again = instruments.sweeps_again(source, table, reading) if stated is None else None
    if again is not None:
        source, reading, notes = again
        table = find_table(source, reading)
    return source, table, reading, notes


def _is_netcdf(source: Source) -> bool:
    """Whether it is NetCDF-4, not text; other formats are refused by their first bytes."""
    start = source.start()
    if not start:
        raise FileError(f"{source.name}: must not be empty (got 0 bytes); {NEEDS}")
    for magic, what in OTHERS:
        if start.startswith(magic):
            raise FileError(f"{source.name}: must be a table or NetCDF (got {what}); {NEEDS}")
    if start.startswith(GZIP):
        raise FileError(f"{source.name}: must be packed once (got a .gz in a .gz); unpack it")
    return start.startswith(netcdf.MAGIC)


def _layout(
    source: Source, table: Table, columns: Mapping[str, str] | None, units: Mapping[str, str] | None
) -> TableLayout:
    try:
        layout = understand(source.name, table.columns, table.stated, columns, units)
    except ValueError as error:
        raise FileError(f"{source.name}: {error}") from None
    layout = replace(
        layout,
        rows=table.rows,
        delimiter=table.delimiter,
        decimal=table.decimal,
        encoding=table.encoding,
        header_line=table.header_line,
        first_line=table.first_line,
    )
    doubts = []
    for role in (*LOOP_ROLES, *FEATURE_NAMES):
        position = layout.position(role)
        if position >= 0:
            cells = [to_number(row[position], table.decimal) for row in table.rows]
            sizes = [abs(value) for value in cells if value is not None and 0 < abs(value) < OVERFLOW]
            doubts.append(doubtful(layout, role, min(sizes, default=np.nan), max(sizes, default=np.nan)))
    return with_guesses(replace(layout, questions=(*layout.questions, *filter(None, doubts))), table.decimal)


def _read_table(
    source: Source,
    table: Table,
    columns: Mapping[str, str] | None,
    units: Mapping[str, str] | None,
    reading: Reading,
) -> xr.Dataset:
    layout = _layout(source, table, columns, units)
    wide = pairs.pairs_of(layout, table.decimal)
    _check_said(layout, wide, reading)
    if wide is not None and reading.pairs:
        found = ((block.cells, block.lines) for block in blocks(source, table))
        records, said = pairs.records_of(layout, wide, reading, source.size, found)
        return records.finish([*notes_of(records.layout, columns=0 if wide.by_size else 2), said])
    choices = [pairs.question(wide)] if wide is not None else []
    if layout.reads_currents and not reading.read_voltage:
        choices.append(READ_VOLTAGE)
    asked = () if wide is not None else layout.questions  # what pairs are answers what their columns are
    ask(layout if wide is None else pairs.with_guesses(layout, wide), asked, choices)
    records = Records(layout, source.size, (columns or {}).get("cycle") == IN_ORDER, reading=reading)
    numeric = [role for role in ("cycle", *records.roles) if role in layout.roles]
    labels = sorted(
        (i for i, role in enumerate(layout.roles) if role in LABEL_ROLES),
        key=lambda i: LABEL_ROLES.index(layout.roles[i]),
    )
    places = {role: layout.position(role) for role in numeric}
    for block in blocks(source, table):
        numbers = {
            role: numbers_of(block.cells[place], block.lines, layout.decimal, layout.name, layout.columns[place])
            for role, place in places.items()
        }
        records.add(numbers, [[cell.strip() for cell in block.cells[i]] for i in labels], block.lines)
    return records.finish(notes_of(layout))


def _check_said(layout: TableLayout, wide: pairs.Pairs | None, reading: Reading) -> None:
    """What was said of the file must be about something in it."""
    if reading.pairs and wide is None:
        raise FileError(f"{layout.name}: pairs must stand with pairs of columns (got none in it); leave it out")
    if reading.read_voltage and not layout.reads_currents:
        raise FileError(
            f"{layout.name}: read_voltage must stand with resistances given as currents (got none); leave it out"
        )
