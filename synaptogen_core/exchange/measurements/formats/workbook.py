"""Workbooks (.xlsx, .xls, .ods): each sheet with a table is read as a file of its own; formulas are not computed."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements.columns import TableLayout, shown
from synaptogen_core.exchange.measurements.doubts import ask
from synaptogen_core.exchange.measurements.formats import workbook_child
from synaptogen_core.exchange.measurements.formats.apart import read_apart
from synaptogen_core.exchange.measurements.reading import Choice, Reading
from synaptogen_core.exchange.measurements.source import BROKEN, MAX_EXPANSION, Source
from synaptogen_core.exchange.measurements.tables import find_table

OLD = b"\xd0\xcf\x11\xe0"  # .xls
INSIDE = ("[Content_Types].xml", "content.xml")  # of .xlsx, of .ods
WHAT = "a workbook"
MARK = "\t"  # between the cells of the texts made of sheets
TEXT_BYTES, TIMES_FILE = 16 * 2**20, 3  # of text in its sheets, and so many times the file's size
CHILD_BYTES, CHILD_TIMES = 64 * 2**20, 10
LARGEST = 100 * 2**20
RUN = re.compile(r"run\s*\d+", re.IGNORECASE)  # what Clarius calls the sheets of one cycle each
FEWEST = 3  # rows of a table, where another sheet has more


def is_workbook(source: Source) -> bool:
    """Whether it is a workbook, by what is inside."""
    with source.raw() as stream:
        start = stream.read(4)
    if start == OLD:
        return True
    if start != b"PK\x03\x04":
        return False
    try:
        with source.raw() as raw, zipfile.ZipFile(raw) as archive:
            return any(name in INSIDE for name in archive.namelist())
    except (*BROKEN, ValueError):
        return False


def sheets(source: Source, reading: Reading) -> tuple[list[Source], list[str]]:
    """The sheets to read, as texts whose lines are the rows.

    Parameters
    ----------
    source : Source
        The workbook.
    reading : Reading
        `sheet` names the only one to read.

    Returns
    -------
    sources : list of Source
        Each with the title of its sheet.
    notes : list of str
        Which sheets were left out.

    Raises
    ------
    FileError
        If it is damaged, encrypted, declares too much, or holds no table.
    ColumnsUnclear
        If sheets hold different tables.
    """
    found = _texts(source)
    titles = [one.title for one in found]
    if reading.sheet and reading.sheet not in titles:
        raise FileError(
            f"{source.name}: sheet must be one of {', '.join(map(shown, titles[:20]))} (got {shown(reading.sheet)}); "
            "correct the title"
        )
    tables: dict[tuple[str, ...], list[Source]] = {}
    sizes: dict[tuple[str, ...], int] = {}
    for one in found:
        if reading.sheet not in ("", one.title):
            continue
        try:
            table = find_table(one, reading)
        except FileError:
            continue
        names = tuple(table.columns) if table.header_line else (str(len(table.columns)),)
        tables.setdefault(names, []).append(one)
        sizes[names] = max(sizes.get(names, 0), len(table.rows))
    if not tables:
        raise FileError(f"{source.name}: must hold a sheet with a table of numbers (got none); is it another file?")
    runs = {names: some for names, some in tables.items() if all(RUN.fullmatch(one.title) for one in some)}
    most = max(sizes.values())
    kept = runs if len(runs) == 1 else {n: some for n, some in tables.items() if sizes[n] >= min(FEWEST, most)}
    if len(kept) > 1:
        guess = max((some[0] for some in kept.values()), key=lambda one: one.size).title
        options = tuple(some[0].title for some in kept.values())
        layout = TableLayout(source.name, "unclear", (), (), (), (), (), ())
        ask(layout, [], [Choice("sheet", "its sheets hold different tables: which is it?", options, guess)])
    taken = next(iter(kept.values()))
    others = [title for title in titles if title not in {one.title for one in taken}]
    return taken, [f"sheets left out: {', '.join(map(shown, others[:20]))}"] if others else []


def _texts(source: Source) -> list[Source]:
    """All visible sheets, read by a process of its own."""
    if source.size > LARGEST:
        raise FileError(f"{source.name}: must be at most {LARGEST:,} bytes (got {source.size:,}); save it as CSV")
    with source.raw() as raw:
        if raw.read(2) == b"PK":
            with zipfile.ZipFile(raw) as archive:
                declared = sum(info.file_size for info in archive.infolist())
            if declared > MAX_EXPANSION * max(source.size, 1 << 16):
                raise FileError(
                    f"{source.name}: must unpack to at most {MAX_EXPANSION} times its size (got {declared:,} bytes); "
                    "save it as CSV"
                )
    text = TEXT_BYTES + TIMES_FILE * source.size
    memory = CHILD_BYTES + CHILD_TIMES * source.size
    found = []
    with read_apart(source, str(workbook_child.__file__), memory, [str(text)], WHAT) as answer:
        while line := answer.readline():
            told = json.loads(line)
            title = str(told["title"])
            data = answer.read(int(told["bytes"]))
            found.append(Source(f"{Path(source.name).name}, sheet {shown(title)}", data, title))
    return found
