"""Text of instruments, plain or packed, as blocks of rows; it never stands in memory whole.

Encodings: UTF-8, UTF-16 with its mark, else Windows' Latin (cp1252). Cells are separated by tabs, semicolons, commas or
blanks; the decimal mark is a point or a comma. Lines that are empty, or begin with #, % or !, are no rows.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements.columns import shown
from synaptogen_core.exchange.measurements.source import GZIP, MAX_EXPANSION, NEEDS, Source, fill
from synaptogen_core.types import F64

COMMENTS = ("#", "%", "!")
GAPS = frozenset(
    (
        "", "nan", "na", "n/a", "n.a.", "#n/a", "-", "--", "---", "none", "null", "missing",
        "overflow", "ol", "#div/0!", "#value!", "#num!", "#ref!",  # of meters, of spreadsheets
        "nan(ind)", "-nan(ind)", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "1.#inf", "-1.#inf",  # of C on Windows
    )
)  # fmt: skip
NUMBER = re.compile(r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|inf|infinity)|[+-]?nan", re.ASCII | re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
MINUS = "\u2212"  # as people print it
SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", " ": "blanks"}
BLOCK = 1 << 19  # characters read at once
MAX_LINE = 1 << 16
MAX_TEXT = 4 * 10**9  # characters of an unpacked file
MAX_OTHER_LINES = 10**6  # and three a row: empty ones and comments


@dataclass(frozen=True)
class Table:
    """Where and how the table lies in a text."""

    encoding: str
    delimiter: str
    decimal: str
    columns: tuple[str, ...]
    stated: tuple[str, ...]  # units from a line of their own below the header; empty where there is none
    header_line: int  # 0: none
    first_line: int
    rows: tuple[tuple[str, ...], ...]  # the first of them


@dataclass(frozen=True)
class Block:
    """Some rows as columns of cells, with their line numbers."""

    lines: Sequence[int]
    cells: list[list[str]]


def blocks(source: Source, table: Table) -> Iterator[Block]:
    """All rows of the table, block by block.

    Parameters
    ----------
    source : Source
        Plain or packed with gzip.
    table : Table
        Encoding, separators and columns, as `find_table` gives them.

    Yields
    ------
    Block
        At least one row each.

    Raises
    ------
    FileError
        If a line has another number of cells than the table has columns, is too long or no text (with its number);
        or if the file unpacks to too much, or is mostly no rows.
    UnicodeDecodeError
        If the text is not in the encoding of the table, and another one may be tried.
    """
    number = rows = total = 0
    allowed = min(MAX_TEXT, MAX_EXPANSION * max(source.size, BLOCK))
    rest = ""
    with open_text(source, table.encoding) as stream:
        while True:
            try:
                text = read_text(stream, BLOCK, source.name)
            except UnicodeDecodeError:
                if table.encoding == "cp1252":
                    raise FileError(
                        f"{source.name}: must be text of one encoding (got bytes that are none after line {number}); "
                        "save it as UTF-8"
                    ) from None
                raise
            total += len(text)
            if total > allowed:
                raise FileError(
                    f"{source.name}: must unpack to at most {MAX_EXPANSION} times its size and {MAX_TEXT:,} characters "
                    "(got more); unpack it, or split it"
                )
            lines = (rest + text).split("\n")
            rest = lines.pop() if text else ""
            check_lines(lines, number + 1, source.name)
            if len(rest) > MAX_LINE:
                check_lines([rest], number + len(lines) + 1, source.name)
            block = _cut(lines, number, table, source.name)
            if block.lines:
                yield block
            number += len(lines)
            rows += len(block.lines)
            if number - rows > MAX_OTHER_LINES + 3 * rows:
                raise FileError(
                    f"{source.name}: must be mostly rows (got {rows:,} in {number:,} lines); remove the others"
                )
            if not text:
                return


def to_number(cell: str, decimal: str) -> float | None:
    """The number in a cell; NaN for a gap and None for what is neither.

    Parameters
    ----------
    cell : str
        Blanks around it do not count.
    decimal : {".", ","}
        The decimal mark; with the comma, a cell with a point is no number.

    Returns
    -------
    float or None
        In the unit of the column.
    """
    cell = cell.strip().replace(MINUS, "-")
    if decimal == ",":
        cell = "!" if "." in cell or cell.endswith(",") else cell.replace(",", ".")
    if NUMBER.fullmatch(cell):
        return float(cell)
    return float("nan") if cell.lower() in GAPS else None


def numbers_of(cells: list[str], lines: Sequence[int], decimal: str, name: str, column: str) -> F64:
    """A column as numbers, NaN for its gaps.

    Parameters
    ----------
    cells : list of str
        Of the column.
    lines : sequence of int
        Their numbers in the file.
    decimal : str
        The decimal mark.
    name, column : str
        Of the file and of the column, for the error.

    Returns
    -------
    ndarray of float64, shape (cells,)
        In the unit of the column.

    Raises
    ------
    FileError
        If a cell is neither a number nor a gap; with its line.
    """
    joined = "".join(cells)
    if decimal == "." and "_" not in joined and joined.isascii():
        try:
            found = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            pass  # there are gaps, or worse
        else:
            _no_thousands(cells, found, lines, decimal, name, column)
            return found
    values = [to_number(cell, decimal) for cell in cells]
    if None in values:
        at = values.index(None)
        raise FileError(
            f"{name}: line {lines[at]}, column {shown(column)} must be a number or empty "
            f"(got {cells[at].strip()[:40]!r}); correct it"
        )
    found = np.array(values, np.float64)
    _no_thousands(cells, found, lines, decimal, name, column)
    return found


def _no_thousands(cells: list[str], values: F64, lines: Sequence[int], decimal: str, name: str, column: str) -> None:
    """Refuse 1.250 beside 950, where it is the next step and no smaller number."""
    size = np.abs(values)
    parts = np.isfinite(size) & (size != np.floor(size))
    if not parts.any() or not (size >= 100).any() or not 1 <= size[parts].min() <= size[parts].max() < 1000:
        return
    marked = [k for k, cell in enumerate(cells) if decimal in cell]
    largest = max((size[k] for k, cell in enumerate(cells) if cell.strip().lstrip("+-").isdigit()), default=0.0)
    if largest >= 100 and all(THOUSANDS.fullmatch(cells[k].strip()) for k in marked):
        raise FileError(
            f"{name}: line {lines[marked[0]]}, column {shown(column)} must have no separators of thousands "
            f"(got {cells[marked[0]].strip()!r} beside {largest:g}); write the numbers without"
        )


def encodings_of(source: Source) -> tuple[str, ...]:
    """The encodings that come into question, the likeliest first."""
    start = source.start()
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    return ("utf-8-sig", "cp1252")


class _Whole(io.RawIOBase):
    """A packed or plain stream, read once; faults of the packing are sentences."""

    def __init__(self, source: Source) -> None:
        self._raw = source.raw()
        self._name = source.name
        packed = self._raw.read(2) == GZIP
        self._raw.seek(0)
        self._stream: Any = gzip.GzipFile(fileobj=self._raw) if packed else self._raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return fill(buffer, self._stream, self._name)

    def close(self) -> None:
        self._raw.close()
        super().close()


def open_text(source: Source, encoding: str) -> io.TextIOWrapper:
    """The text as a stream, unpacked; each line ends in one newline.

    Parameters
    ----------
    source : Source
        Plain or packed with gzip.
    encoding : str
        As Python names it.

    Returns
    -------
    io.TextIOWrapper
        At its beginning; the caller closes it.
    """
    return io.TextIOWrapper(io.BufferedReader(_Whole(source), 1 << 16), encoding=encoding, newline=None)


def read_text(stream: io.TextIOWrapper, count: int, name: str) -> str:
    """The next characters; bytes that are none of the encoding raise UnicodeDecodeError.

    Parameters
    ----------
    stream : io.TextIOWrapper
        From `open_text`.
    count : int
        Largest number of characters.
    name : str
        Of the file, for the error.

    Returns
    -------
    str
        Empty at the end.

    Raises
    ------
    FileError
        If a UTF-16 text breaks its own rules, or the packing is damaged.
    UnicodeDecodeError
        If the bytes are none of the encoding.
    """
    try:
        return stream.read(count)
    except UnicodeDecodeError:
        raise
    except UnicodeError:
        raise FileError(f"{name}: must be text (got UTF-16 that breaks its own rules); save it as UTF-8") from None


def check_lines(lines: list[str], first: int, name: str) -> None:
    """Refuse lines that are too long, or no text; `first` is the number of the first.

    Parameters
    ----------
    lines : list of str
        Without their newlines.
    first : int
        Number of the first line in the file, from 1.
    name : str
        Of the file, for the error.

    Raises
    ------
    FileError
        If a line has more than `MAX_LINE` characters, or a zero byte; with its number.
    """
    if max(map(len, lines), default=0) > MAX_LINE:
        at = next(i for i, line in enumerate(lines) if len(line) > MAX_LINE)
        raise FileError(f"{name}: line {first + at} must have at most {MAX_LINE:,} characters (got more); {NEEDS}")
    if "\0" in "".join(lines):
        at = next(i for i, line in enumerate(lines) if "\0" in line)
        raise FileError(f"{name}: line {first + at} must be text (got a zero byte); {NEEDS}, saved as UTF-8")


def _cut(lines: list[str], before: int, table: Table, name: str) -> Block:
    """Rows into columns of cells; `before` lines come before these."""
    width = len(table.columns)
    skip = max(0, table.first_line - 1 - before)
    if not skip and (flat := _plain_cells(lines, table.delimiter, width)):
        return Block(range(before + 1, before + len(lines) + 1), [flat[column::width] for column in range(width)])
    kept = [
        (number, line)
        for number, line in enumerate(lines[skip:], before + skip + 1)
        if line and not line.isspace() and not line.lstrip().startswith(COMMENTS)
    ]
    numbers = [number for number, _ in kept]
    texts = [line for _, line in kept]
    delimiter = table.delimiter
    if delimiter != " " and not any('"' in line for line in texts):
        counts = [line.count(delimiter) + 1 for line in texts]
        flat = delimiter.join(texts).split(delimiter) if texts else []
    else:
        rows = [cells_of(line, delimiter) for line in texts]
        counts = list(map(len, rows))
        flat = [cell for row in rows for cell in row]
    if counts.count(width) != len(counts):
        at = next(i for i, count in enumerate(counts) if count != width)
        raise FileError(
            f"{name}: line {numbers[at]} must have {width} cells as the table has columns "
            f"(got {counts[at]}: {texts[at].strip()[:60]!r}); correct or remove the line"
        )
    return Block(numbers, [flat[column::width] for column in range(width)])


def _plain_cells(lines: list[str], delimiter: str, width: int) -> list[str]:
    """All cells of lines that are rows throughout, without quotes; nothing if there are others. For speed."""
    text = "\n".join(lines)
    if delimiter == " " or '"' in text or any(mark in text for mark in COMMENTS):
        return []
    if "" in lines or any(map(str.isspace, lines)):
        return []
    marks = [line.count(delimiter) for line in lines]
    return text.replace("\n", delimiter).split(delimiter) if marks.count(width - 1) == len(marks) else []


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line; a quoted cell that does not end makes none.

    Parameters
    ----------
    line : str
        Without its newline.
    delimiter : str
        One character; a blank stands for any number of blanks.

    Returns
    -------
    list of str
        Without quotes around them.
    """
    if delimiter == " ":
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return []
