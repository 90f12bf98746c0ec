"""Text that says its own layout: recognised by its first lines and read by it, as a plain table of the same lines.

Each line of the file stays one line of the plain table, so that sentences name the lines of the file: a line that is no
row becomes a comment. What is added is a first column, `cycle`, the number of the sweep.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from synaptogen_core.counts import counted
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements.columns import role_of, shown, split_unit
from synaptogen_core.exchange.measurements.reading import Reading
from synaptogen_core.exchange.measurements.source import MAX_EXPANSION, Source
from synaptogen_core.exchange.measurements.text import (
    BLOCK,
    MAX_TEXT,
    SEPARATORS,
    Table,
    check_lines,
    encodings_of,
    open_text,
    read_text,
)

LVM = "LabVIEW Measurement"
END_OF_HEADER = "***End_of_Header***"
DATA_NAME, DATA_VALUE = "DataName", "DataValue"
TITLES = ("SetupTitle", "PrimitiveTest", "TestParameter", "MetaData", "AnalysisSetup", "Dimension1")
ITERATION = "TestRecord.IterationIndex"
MARKS = {"Tab": "\t", "Comma": ",", "Semicolon": ";", "Space": " "}
PLAIN_MOST = 16 * 2**20  # characters that are laid out anew


class Plain(NamedTuple):
    """A file as a plain table."""

    source: Source
    reading: Reading
    notes: list[str]


def plain(source: Source, reading: Reading) -> Plain | None:
    """The plain table in a file of an instrument that states its layout; None for any other text.

    Parameters
    ----------
    source : Source
        Text, plain or packed with gzip.
    reading : Reading
        What the caller said; a separator or line that is told is believed, and nothing is recognised.

    Returns
    -------
    Plain or None
        With what the layout says in its `reading`, and sentences about it.

    Raises
    ------
    FileError
        If the file contradicts its own layout.
    """
    if reading.separator or reading.first_line or reading.header_line:
        return None
    head = _head(source)
    if head.startswith(LVM):
        return _labview(source, reading)
    if any(line.startswith(f"{DATA_NAME},") for line in head.split("\n")) and head.startswith(TITLES):
        return _easyexpert(source, reading)
    return None


def sweeps_again(source: Source, table: Table, reading: Reading) -> Plain | None:
    """A table whose heading comes again, each time before another sweep; None where it does not.

    Parameters
    ----------
    source : Source
        Plain or packed with gzip.
    table : Table
        As `find_table` gives it.
    reading : Reading
        Goes on as it is.

    Returns
    -------
    Plain or None
        With the number of the sweep as a first column, unless there is a column of cycles.
    """
    if not table.header_line or source.size > PLAIN_MOST:
        return None
    heading, times, left = "", 0, table.header_line
    try:
        encoding = _encoding(source)
        for lines in _blocks(source, encoding):
            if 0 < left <= len(lines):
                heading = lines[left - 1].strip()
            if heading and heading in "\n".join(lines):
                times += sum(line.strip() == heading for line in lines[max(left - 1, 0) :])
            left -= len(lines)
    except FileError:  # the reader itself says what is wrong, and where
        return None
    if times < 2:
        return None
    numbered = any(role_of(split_unit(name)[0]) == "cycle" for name in table.columns)
    mark, sweep, rows = table.delimiter, 0, _Rows(source)
    for number, line in enumerate(_lines(source, encoding), 1):
        if number < table.header_line or not line.strip():
            rows.add(f"# {line}")
        elif line.strip() == heading:
            sweep += 1
            rows.add((line if numbered else f"cycle{mark}{line}") if sweep == 1 else "#")
        else:  # comments stay comments
            rows.add(line if numbered or line.lstrip().startswith(("#", "%", "!")) else f"{sweep - 1}{mark}{line}")
    return Plain(rows.table(), reading, [f"the heading comes {times} times: each begins a sweep"])


def _easyexpert(source: Source, reading: Reading) -> Plain:
    """Blocks of header lines, `DataName` and rows of `DataValue`, one below the other."""
    encoding = _encoding(source)
    kinds: list[tuple[str, str]] = []  # title and columns of each block
    index: list[str] = []
    title = iteration = ""
    for line in _lines(source, encoding):
        name, _, rest = line.partition(",")
        if name == "SetupTitle":
            title, iteration = rest.strip(), ""
        elif name == "MetaData" and rest.strip().startswith(ITERATION):
            iteration = rest.rpartition(",")[2].strip()
        elif name == DATA_NAME:
            kinds.append((title, ",".join(cell.strip() for cell in rest.split(","))))
            index.append(iteration)
    kept, count = Counter(kinds).most_common(1)[0]
    taken = [i for i, kind in enumerate(kinds) if kind == kept]
    told = [index[i] for i in taken]
    by_index = all(text.isdigit() for text in told) and len(set(told)) == len(told)
    numbers = {block: (told[k] if by_index else str(k)) for k, block in enumerate(taken)}
    block, rows = -1, _Rows(source)
    for line in _lines(source, encoding):
        name, _, rest = line.partition(",")
        if name == DATA_NAME:
            block += 1
            rows.add(f"cycle,{kept[1]}" if block == taken[0] else "#")
        elif name == DATA_VALUE and block in numbers:
            rows.add(f"{numbers[block]},{rest}")
        else:
            rows.add("#")
    how = "by IterationIndex" if by_index else "in order"
    notes = [f"EasyEXPERT: {counted(count, 'sweep')} of {shown(kept[0])}, each a cycle, numbered {how}"]
    others = Counter(kinds)
    del others[kept]
    notes += [
        f"left out: {counted(n, 'sweep')} of {shown(name)} with the columns {shown(columns)}"
        for (name, columns), n in others.items()
    ]
    return Plain(rows.table(), reading, notes)


def _labview(source: Source, reading: Reading) -> Plain:
    """Keys and values, twice `***End_of_Header***`, then names and rows, perhaps several times over."""
    encoding = _encoding(source)
    keys = {key: value for key, _, value in map(_pair, islice(_lines(source, encoding), 64))}
    mark = MARKS.get(keys.get("Separator", "Tab"), "\t")
    decimal = "comma" if keys.get("Decimal_Separator", ".") == "," else "point"
    rows, sweep, width, unnamed, heads, numbered = _Rows(source), 0, 0, False, 0, False
    state = "header"  # then "names", "rows"
    for number, line in enumerate(_lines(source, encoding), 1):
        if line.startswith(END_OF_HEADER):
            heads += 1
            state = "names" if heads > 1 else "header"
            rows.add("#")
        elif state == "names" and line.strip():
            names = line.rstrip(mark + " ").split(mark)
            if names[-1] == "Comment":
                names.pop()
            unnamed = names[0] == "X_Value" and keys.get("X_Columns", "No") == "No"
            kept = names[1:] if unnamed else names
            if sweep and len(kept) != width:
                raise FileError(
                    f"{source.name}: line {number} must name {width} columns as the first segment does (got "
                    f"{len(kept)}); split the file"
                )
            width, state = len(kept), "rows"
            if not sweep:
                numbered = any(role_of(split_unit(name)[0]) == "cycle" for name in kept)
                rows.add(mark.join(kept if numbered else ["cycle", *kept]))
            else:
                rows.add("#")
            sweep += 1
        elif state == "rows" and line.strip() and not line[:1].isalpha():
            cells = line.split(mark)[int(unnamed) :][:width]
            rows.add(mark.join(cells if numbered else [str(sweep - 1), *cells]))
        else:
            if state == "rows" and line[:1].isalpha():  # the header of a further segment
                state, heads = "header", 1
            rows.add("#")
    if not sweep:
        raise FileError(f"{source.name}: must have names of columns after {END_OF_HEADER} (got none); is it cut off?")
    notes = [f"LabVIEW: separator {SEPARATORS[mark]}, decimal {decimal}, as the file says"]
    notes += [f"{sweep} segments" + ("" if numbered else ", each a cycle")] if sweep > 1 else []
    told = Reading(**(vars(reading) | {"separator": SEPARATORS[mark], "decimal": decimal}))
    return Plain(rows.table(), told, notes)


def _pair(line: str) -> tuple[str, str, str]:
    """Key and value of a header line of LabVIEW, whatever separates them."""
    for mark in ("\t", ",", ";"):
        key, found, value = line.partition(mark)
        if found and key.replace("_", "").isalpha():
            return key, found, value.strip() or mark
    return line.strip(), "", ""


def _head(source: Source) -> str:
    for encoding in encodings_of(source):
        try:
            with open_text(source, encoding) as stream:
                return read_text(stream, 1 << 16, source.name)
        except UnicodeDecodeError:
            continue
    return ""


def _encoding(source: Source) -> str:
    """The first encoding in which all of the text is."""
    for encoding in encodings_of(source):
        try:
            with open_text(source, encoding) as stream:
                while read_text(stream, BLOCK, source.name):
                    pass
        except UnicodeDecodeError:
            continue
        return encoding
    raise FileError(
        f"{source.name}: must be text in UTF-8, UTF-16 or Windows' Latin (got other bytes); save it as UTF-8"
    )


def _lines(source: Source, encoding: str) -> Iterator[str]:
    """All lines, of which a few are in memory at once."""
    return chain.from_iterable(_blocks(source, encoding))


def _blocks(source: Source, encoding: str) -> Iterator[list[str]]:
    """All lines, some at a time; guarded as `text.blocks` is."""
    allowed = min(MAX_TEXT, PLAIN_MOST, MAX_EXPANSION * max(source.size, BLOCK))
    rest, total, number = "", 0, 1
    with open_text(source, encoding) as stream:
        while text := read_text(stream, BLOCK, source.name):
            total += len(text)
            if total > allowed:
                raise FileError(f"{source.name}: must have at most {allowed:,} characters (got more); split it")
            *lines, rest = (rest + text).split("\n")
            check_lines([*lines, rest], number, source.name)
            number += len(lines)
            yield lines
    yield [rest]


class _Rows:
    """The lines of a plain table, kept as bytes."""

    def __init__(self, source: Source) -> None:
        self._source, self._data = source, io.BytesIO()

    def add(self, row: str) -> None:
        self._data.write(row.encode() + b"\n")

    def table(self) -> Source:
        """The text, which counts as large as what it was made of."""
        return Source(self._source.name, self._data.getvalue(), stored=self._source.size)
