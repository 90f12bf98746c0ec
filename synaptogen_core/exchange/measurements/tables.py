"""Where in a text its table lies, and how it is cut: of all ways, the one that makes most of the cells numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from synaptogen_core.errors import FileError
from synaptogen_core.exchange.measurements.columns import unit_of
from synaptogen_core.exchange.measurements.reading import AS_IT_IS, Reading
from synaptogen_core.exchange.measurements.source import NEEDS, Source
from synaptogen_core.exchange.measurements.text import (
    COMMENTS,
    SEPARATORS,
    Table,
    cells_of,
    check_lines,
    encodings_of,
    open_text,
    read_text,
    to_number,
)

HEAD = 1 << 17  # characters in which the table must begin
MAX_COLUMNS = 1000
NAME_WITH_UNIT = re.compile(r"\S{1,60}?\s{0,9}[\[(][^\])\s]{0,20}[\])]|\S+")  # between blanks


def find_table(source: Source, reading: Reading = AS_IT_IS) -> Table:
    """Find the table in the first lines of a text.

    Parameters
    ----------
    source : Source
        Plain or packed with gzip.
    reading : Reading
        Separator, decimal mark, line of the header and first line, as far as they are told.

    Returns
    -------
    Table
        Of all ways to cut the text the one that makes most of the cells numbers.

    Raises
    ------
    FileError
        If there is none.
    """
    for encoding in encodings_of(source):
        try:
            with open_text(source, encoding) as stream:
                head = read_text(stream, HEAD, source.name)
        except UnicodeDecodeError:
            continue
        lines = head.split("\n")
        if len(head) == HEAD and len(lines) > 1:
            lines.pop()  # cut off
        check_lines(lines, 1, source.name)
        return replace(_best(lines, source.name, reading), encoding=encoding)
    raise FileError(f"{source.name}: must be text in UTF-8, UTF-16 or Windows' Latin (got other bytes); {NEEDS}")


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
    trailing: bool  # the last cell is empty throughout: rows end in a separator


def _best(lines: list[str], name: str, reading: Reading) -> Table:
    separators = [d for d, words in SEPARATORS.items() if reading.separator in ("", words)]
    decimals = {"": (".", ","), "point": (".",), "comma": (",",)}[reading.decimal]
    begin = max(reading.first_line, reading.header_line + 1) - 1
    told = [*([""] * begin), *lines[begin:]] if begin > 0 else lines
    guesses = [
        guess
        for delimiter in separators
        for decimal in decimals
        if delimiter != decimal and (guess := _likeliest(told, delimiter, decimal, begin > 0))
    ]
    if not guesses:
        raise FileError(f"{name}: must hold a table of numbers in its first lines (got none); {NEEDS}")
    best = max(guesses, key=lambda guess: (guess.share * guess.numbers, guess.share))
    if best.width > MAX_COLUMNS:
        raise FileError(f"{name}: must have at most {MAX_COLUMNS:,} columns (got {best.width:,}); one row a sample")
    if begin > 0:
        above = range(best.lines[0] - 1, -1, -1) if not reading.header_line else [reading.header_line - 1]
        headings = _headings(lines, best.lines[0], best.width, best.delimiter, best.decimal, best.trailing, above)
        best = replace(best, headings=headings)
        if reading.header_line and not headings:
            raise FileError(
                f"{name}: line {reading.header_line} must name {best.width} columns (got something else); say another "
                "header_line, or none"
            )
    return _table(lines, best, name)


def _likeliest(lines: list[str], delimiter: str, decimal: str, alone: bool = False) -> _Guess | None:
    """The longest run of lines with equally many cells, two or more, and a number in each; one with a heading first."""
    best: tuple[tuple[bool, int, int], _Guess] | None = None
    run: list[int] = []
    width = numbers = filled = 0
    trailing = True

    def ended() -> None:
        nonlocal best
        if not run:
            return
        headings = _headings(lines, run[0], width, delimiter, decimal, trailing)
        likely = (bool(headings) and not alone, len(run), numbers)
        if best is None or likely > best[0]:
            guess = _Guess(delimiter, decimal, (run[0], len(run)), width, numbers, numbers / filled, headings, trailing)
            best = likely, guess

    if not re.search(r"[^\S\n]" if delimiter == " " else re.escape(delimiter), "\n".join(lines)):
        return None  # no line has two cells

    for i, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith(COMMENTS):
            continue
        cells = cells_of(line, delimiter)
        values = [to_number(cell, decimal) for cell in cells]
        found = sum(value is not None and value == value for value in values)
        if not run or len(cells) != width or not found:
            ended()
            run, width, numbers, filled, trailing = [], len(cells), 0, 0, True
            if len(cells) < 2 or not found:
                continue
        run.append(i)
        trailing = trailing and not cells[-1].strip()
        numbers += found
        filled += sum(value is None or value == value for value in values)
    ended()
    return best[1] if best else None


def _headings(
    lines: list[str],
    first: int,
    width: int,
    delimiter: str,
    decimal: str,
    trailing: bool,
    places: Iterable[int] | None = None,
) -> tuple[int, ...]:
    """The lines with names and perhaps units above a table: the next ones but for comments and empty lines."""
    found: list[int] = []
    for i in range(first - 1, -1, -1) if places is None else places:
        cells = _heading(lines[i], width, delimiter, decimal, trailing)
        if cells:
            if found and not all(map(_looks_like_unit, _heading(lines[found[0]], width, delimiter, decimal, trailing))):
                break
            found.append(i)
        if len(found) == 2 or (not cells and lines[i].strip() and not lines[i].lstrip().startswith(COMMENTS)):
            break
    return tuple(found)


def _heading(line: str, width: int, delimiter: str, decimal: str, trailing: bool) -> list[str]:
    """The cells of a line that can be a heading: as many as columns, none of them a number; else nothing."""
    text = line.lstrip(" \ufeff")
    while text.lstrip().startswith(COMMENTS):
        text = text.lstrip()[1:].lstrip(" ")
    cells = cells_of(text, delimiter)
    if delimiter == " " and len(cells) > width:
        cells = NAME_WITH_UNIT.findall(text)
    if len(cells) == width - 1 and delimiter != " " and (len(cells) > 1 or trailing):
        # rows that end in a separator, or, as R writes them, rows that begin with a name of their own
        cells = [*cells, ""] if trailing else ["", *cells]
    if len(cells) != width:  # a heading may be cut otherwise than its rows
        others = [cells_of(text.strip(), other) for other in SEPARATORS if other != delimiter]
        cells = next((other for other in others if len(other) == width), [])
    if len(cells) != width or not any(cell.strip() for cell in cells):
        return []
    values = [to_number(cell, decimal) for cell in cells]
    return [] if any(value is not None and value == value for value in values) else cells


def _looks_like_unit(cell: str) -> bool:
    text = cell.strip().strip("[]()")
    return not text or text in ("-", "1", "#") or unit_of(text) is not None


def _table(lines: list[str], guess: _Guess, name: str) -> Table:
    first, count = guess.lines
    told = [_heading(lines[i], guess.width, guess.delimiter, guess.decimal, guess.trailing) for i in guess.headings]
    header = told[-1] if told else []
    stated = told[0] if len(told) == 2 else []
    before = [line for line in lines[:first] if line.strip()]
    if guess.delimiter == "," and not header and before:
        above = len(cells_of(before[-1], ","))
        if guess.width == 2 * above and above > 1:
            raise FileError(
                f"{name}: line {first + 1} must have {above} cells as the header has (got {guess.width}); "
                "decimal commas between commas are ambiguous: export it with semicolons or decimal points"
            )
    rows = [cells_of(line, guess.delimiter) for line in lines[first : first + count + 8]]
    return Table(
        encoding="",
        delimiter=guess.delimiter,
        decimal=guess.decimal,
        columns=_apart([cell.strip() or f"column {i}" for i, cell in enumerate(header or [""] * guess.width, 1)]),
        stated=tuple(cell.strip().strip("[]()") for cell in stated),
        header_line=guess.headings[-1] + 1 if header else 0,
        first_line=first + 1,
        rows=tuple(tuple(row) for row in rows if len(row) == guess.width)[:8],
    )


def _apart(names: list[str]) -> tuple[str, ...]:
    """Names that come again get a number: V, I, V (2), I (2)."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)
