"""Text of instruments: its encoding, its separators, where its table begins; then block by block, never whole.

Encodings: UTF-8, UTF-16 with its mark, else Windows' Latin (cp1252). Cells are separated by tabs, semicolons, commas or
blanks; the decimal mark is a point or a comma. Of all ways to cut the first lines, that one is taken which makes most
of the cells numbers. Lines that are empty, or begin with #, % or !, are no rows.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.columns import unit_of

GZIP = b"\x1f\x8b"
COMMENTS = ("#", "%", "!")
GAPS = frozenset(("", "nan", "na", "n/a", "#n/a", "-", "--", "---", "none", "null"))
NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity)|[+-]?nan", re.ASCII | re.IGNORECASE)
SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", " ": "blanks"}
HEAD = 1 << 17  # characters in which the table must begin
BLOCK = 1 << 19  # characters read at once
MAX_LINE = 1 << 16
MAX_COLUMNS = 1000
MAX_BYTES = 500 * 10**6
MAX_TEXT = 4 * 10**9  # characters of an unpacked file
MAX_OTHER_LINES = 10**6  # and three a row: empty ones and comments
MAX_EXPANSION = 200  # times its size may a packed file grow; DEFLATE could 1,030 times, tables do 5 to 50 times
NEEDS = "give a CSV or text table, plain or as .gz, or NetCDF (.nc)"


@dataclass(frozen=True)
class Source:
    """Bytes or a file with measurements, which can be opened again and again."""

    name: str
    data: bytes | Path

    @property
    def size(self) -> int:
        """Bytes, as stored."""
        return len(self.data) if isinstance(self.data, bytes) else self.data.stat().st_size

    def raw(self) -> IO[bytes]:
        """The bytes as stored."""
        return io.BytesIO(self.data) if isinstance(self.data, bytes) else self.data.open("rb")

    def start(self) -> bytes:
        """The first bytes, unpacked: they tell the format."""
        with self.raw() as stream:
            start = stream.read(1024)
        return unpacked(self, 1024) if start.startswith(GZIP) else start


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

    lines: list[int]
    cells: list[list[str]]


def unpacked(source: Source, limit: int) -> bytes:
    """The first `limit` bytes of a packed file.

    Raises
    ------
    FileError
        If it is damaged.
    """
    try:
        with source.raw() as raw, gzip.GzipFile(fileobj=raw) as stream:
            return stream.read(limit)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(source.name, error) from None


def find_table(source: Source) -> Table:
    """Find the table in the first lines of a text.

    Raises
    ------
    FileError
        If there is none.
    """
    for encoding in _encodings(source):
        try:
            with _open(source, encoding) as stream:
                head = _read(stream, HEAD, source.name)
        except UnicodeDecodeError:
            continue
        lines = head.split("\n")
        if len(head) == HEAD and len(lines) > 1:
            lines.pop()  # cut off
        _check_lines(lines, 1, source.name)
        return replace(_best(lines, source.name), encoding=encoding)
    raise FileError(f"{source.name}: must be text in UTF-8, UTF-16 or Windows' Latin (got other bytes); {NEEDS}")


def blocks(source: Source, table: Table) -> Iterator[Block]:
    """All rows of the table, block by block.

    Raises
    ------
    FileError
        If a line has another number of cells than the table has columns, or is no text; with its number.
    """
    number = rows = total = 0
    allowed = min(MAX_TEXT, MAX_EXPANSION * max(source.size, BLOCK))
    rest = ""
    with _open(source, table.encoding) as stream:
        while True:
            try:
                text = _read(stream, BLOCK, source.name)
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
            _check_lines(lines, number + 1, source.name)
            if len(rest) > MAX_LINE:
                _check_lines([rest], number + len(lines) + 1, source.name)
            block = _cut(lines, number, table, source.name)
            if block.lines:
                yield block
            number += len(lines)
            rows += len(block.lines)
            if number - rows > MAX_OTHER_LINES + 3 * rows:
                raise FileError(
                    f"{source.name}: must be mostly rows (got {rows:,} in the first {number:,} lines); remove the others"
                )
            if not text:
                return


def to_number(cell: str, decimal: str) -> float | None:
    """The number in a cell; NaN for a gap and None for what is neither."""
    cell = cell.strip()
    if decimal == ",":
        cell = "!" if "." in cell or cell.endswith(",") else cell.replace(",", ".")
    if NUMBER.fullmatch(cell):
        return float(cell)
    return float("nan") if cell.lower() in GAPS else None


def _encodings(source: Source) -> tuple[str, ...]:
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
        try:
            piece = self._stream.read(len(buffer))
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged(self._name, error) from None
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _open(source: Source, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedReader(_Whole(source), 1 << 16), encoding=encoding, newline=None)


def _read(stream: io.TextIOWrapper, count: int, name: str) -> str:
    try:
        return stream.read(count)
    except UnicodeDecodeError:
        raise
    except UnicodeError as error:  # a UTF-16 text that breaks its own rules
        raise FileError(f"{name}: must be text (got a fault: {error}); save it as UTF-8") from None


def _damaged(name: str, error: Exception) -> FileError:
    return FileError(f"{name}: must be a whole .gz file (got a fault: {error}); is it cut off?")


def _check_lines(lines: list[str], first: int, name: str) -> None:
    if max(map(len, lines), default=0) > MAX_LINE:
        at = next(i for i, line in enumerate(lines) if len(line) > MAX_LINE)
        raise FileError(f"{name}: line {first + at} must have at most {MAX_LINE:,} characters (got more); {NEEDS}")
    at = next((i for i, line in enumerate(lines) if "\0" in line), -1)
    if at >= 0:
        raise FileError(f"{name}: line {first + at} must be text (got a zero byte); {NEEDS}, saved as UTF-8")


def _cut(lines: list[str], before: int, table: Table, name: str) -> Block:
    """Rows into columns of cells; `before` lines come before these."""
    width = len(table.columns)
    skip = max(0, table.first_line - 1 - before)
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
        rows = [_cells(line, delimiter) for line in texts]
        counts = list(map(len, rows))
        flat = [cell for row in rows for cell in row]
    if counts.count(width) != len(counts):
        at = next(i for i, count in enumerate(counts) if count != width)
        raise FileError(
            f"{name}: line {numbers[at]} must have {width} cells as the table has columns "
            f"(got {counts[at]}: {texts[at].strip()[:60]!r}); correct or remove the line"
        )
    return Block(numbers, [flat[column::width] for column in range(width)])


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line; a quoted cell that does not end makes none."""
    if delimiter == " ":
        return line.split()
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        return []


# ------------------------------------------------------------------------------------------------ how the table is cut


@dataclass(frozen=True)
class _Guess:
    """A run of lines that could be the table."""

    delimiter: str
    decimal: str
    lines: tuple[int, int]  # index of the first one, and how many
    width: int
    numbers: int  # in its cells
    share: float  # of the cells that are numbers
    headings: tuple[int, ...]  # indices of the lines above it that name its columns, the nearest first


def _best(lines: list[str], name: str) -> Table:
    guesses = [
        guess
        for delimiter in SEPARATORS
        for decimal in (".", ",")
        if delimiter != decimal and (guess := _likeliest(lines, delimiter, decimal))
    ]
    if not guesses:
        raise FileError(f"{name}: must hold a table of numbers in its first lines (got none); {NEEDS}")
    best = max(guesses, key=lambda guess: (guess.share * guess.numbers, guess.share))
    if best.width > MAX_COLUMNS:
        raise FileError(f"{name}: must have at most {MAX_COLUMNS:,} columns (got {best.width:,}); one row a sample")
    return _table(lines, best, name)


def _likeliest(lines: list[str], delimiter: str, decimal: str) -> _Guess | None:
    """The longest run of lines with equally many cells, two or more, and a number in each; one with a heading first."""
    best: tuple[tuple[bool, int, int], _Guess] | None = None
    run: list[int] = []
    width = numbers = filled = 0

    def ended() -> None:
        nonlocal best
        if not run:
            return
        headings = _headings(lines, run[0], width, delimiter, decimal)
        likely = (bool(headings), len(run), numbers)
        if best is None or likely > best[0]:
            guess = _Guess(delimiter, decimal, (run[0], len(run)), width, numbers, numbers / filled, headings)
            best = likely, guess

    for i, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith(COMMENTS):
            continue
        cells = _cells(line, delimiter)
        values = [to_number(cell, decimal) for cell in cells]
        found = sum(value is not None and value == value for value in values)
        if not run or len(cells) != width or not found:
            ended()
            run, width, numbers, filled = [], len(cells), 0, 0
            if len(cells) < 2 or not found:
                continue
        run.append(i)
        numbers += found
        filled += sum(value is None or value == value for value in values)
    ended()
    return best[1] if best else None


def _headings(lines: list[str], first: int, width: int, delimiter: str, decimal: str) -> tuple[int, ...]:
    """The lines with names and perhaps units above a table: the next ones but for comments and empty lines."""
    found: list[int] = []
    for i in range(first - 1, -1, -1):
        cells = _heading(lines[i], width, delimiter, decimal)
        if cells:
            if found and not all(map(_looks_like_unit, _heading(lines[found[0]], width, delimiter, decimal))):
                break
            found.append(i)
        if len(found) == 2 or (not cells and lines[i].strip() and not lines[i].lstrip().startswith(COMMENTS)):
            break
    return tuple(found)


def _heading(line: str, width: int, delimiter: str, decimal: str) -> list[str]:
    """The cells of a line that can be a heading: as many as columns, none of them a number; else nothing."""
    text = line.lstrip()
    while text.startswith(COMMENTS):
        text = text[1:].lstrip()
    cells = _cells(text, delimiter)
    if len(cells) == width - 1 and delimiter != " ":
        cells.append("")  # the rows end in a separator, the header does not
    if len(cells) != width or not any(cell.strip() for cell in cells):
        return []
    values = [to_number(cell, decimal) for cell in cells]
    return [] if any(value is not None and value == value for value in values) else cells


def _looks_like_unit(cell: str) -> bool:
    text = cell.strip().strip("[]()")
    return not text or text in ("-", "1", "#") or unit_of(text) is not None


def _table(lines: list[str], guess: _Guess, name: str) -> Table:
    first, count = guess.lines
    told = [_heading(lines[i], guess.width, guess.delimiter, guess.decimal) for i in guess.headings]
    header = told[-1] if told else []
    stated = told[0] if len(told) == 2 else []
    before = [line for line in lines[:first] if line.strip()]
    if guess.delimiter == "," and not header and before:
        above = len(_cells(before[-1], ","))
        if guess.width == 2 * above and above > 1:
            raise FileError(
                f"{name}: line {first + 1} must have {above} cells as the header has (got {guess.width}); "
                "decimal commas between commas cannot be told apart: export it with semicolons or decimal points"
            )
    rows = [_cells(line, guess.delimiter) for line in lines[first : first + count + 8]]
    return Table(
        encoding="",
        delimiter=guess.delimiter,
        decimal=guess.decimal,
        columns=tuple(cell.strip() or f"column {i}" for i, cell in enumerate(header or [""] * guess.width, 1)),
        stated=tuple(cell.strip().strip("[]()") for cell in stated),
        header_line=guess.headings[-1] + 1 if header else 0,
        first_line=first + 1,
        rows=tuple(tuple(row) for row in rows if len(row) == guess.width)[:8],
    )
