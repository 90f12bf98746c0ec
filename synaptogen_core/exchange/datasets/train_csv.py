"""CSV: pulse trains, voltage by voltage."""

from __future__ import annotations

import os

import numpy as np

from synaptogen_core.array.trains.pulse_train import PulseTrain
from synaptogen_core.array.trains.records import MAX_PULSES
from synaptogen_core.errors import FileError
from synaptogen_core.exchange.datasets.feature_csv import ROWS_AT_ONCE, check_csv
from synaptogen_core.exchange.files import text
from synaptogen_core.exchange.files.atomic import replacing
from synaptogen_core.exchange.measurements.source import Source
from synaptogen_core.exchange.measurements.text import (
    COMMENTS,
    Block,
    Table,
    blocks,
    cells_of,
    encodings_of,
    open_text,
    read_text,
    to_number,
)

FLAGS = {"0": False, "1": True, "false": False, "true": True}
COLUMNS = ("voltage_V", "cycle_end", "width_s", "delay_s")
MAX_BYTES = 2**30
HEAD = 1 << 16  # characters in which the first row must begin


def load_train(path: str | os.PathLike[str]) -> PulseTrain:
    """Read a pulse train from a CSV file.

    Parameters
    ----------
    path : str or path
        Rows of one voltage [V] a pulse and, optionally, whether the pulse ends a cycle (0, 1, true or false; without
        this column the last pulse does). With a heading, the columns are found by their names: `voltage_V`,
        `cycle_end`, and for the clock `width_s` and `delay_s` [s]; without one, voltage and cycle end come in this
        order. Plain or packed with gzip. Separators are commas, semicolons or tabs; beside semicolons or tabs the
        decimal mark may be a comma. Empty lines and lines that begin with #, % or ! are skipped.

    Returns
    -------
    PulseTrain

    Raises
    ------
    FileError
        If there is no such file, or a line is not what it should be; the sentence names the line.
    """
    file = text.existing(path, "a CSV file of voltages")
    if file.stat().st_size > MAX_BYTES:
        raise FileError(f"{path}: must have at most {MAX_BYTES:,} bytes (got {file.stat().st_size:,}); split the file")
    return _train(Source(str(path), file))


def train_from_text(content: str, name: str) -> PulseTrain:
    """Return the pulse train in a CSV text, as `load_train` reads it; `name` is for error sentences.

    Parameters
    ----------
    content : str
        All of the table, as `load_train` describes it.
    name : str
        Of its file, for the errors.

    Returns
    -------
    PulseTrain
        Of the kind "table".

    Raises
    ------
    FileError
        If a line is not what it should be; the sentence names it.
    """
    return _train(Source(name, content.encode("utf-8", "replace")))


def save_train(train: PulseTrain, path: str | os.PathLike[str]) -> None:
    """Write the pulses of a train as a CSV file that `load_train` reads; all or nothing.

    Parameters
    ----------
    train : PulseTrain
        Without random voltages and read-only pulses. Widths and delays [s] are written where there are any.
    path : str or path
        File to write or to replace, with the suffix .csv.

    Raises
    ------
    ValueError
        If the train has random voltages or read-only pulses, which such a table cannot say.
    FileError
        If the name has another suffix than .csv, its folder does not exist, or the file system refuses the write.
    """
    check_csv(path)
    if train.sources or train.pulses.read.any():
        raise ValueError("train: must have neither random nor read-only pulses (got some); save its to_dict as JSON")
    columns = [train.pulses.voltage, train.pulses.cycle_end, *train.node.timing(len(train))]
    count = 4 if any(column.any() for column in columns[2:]) else 2
    line = ",".join(("%.9g", "%d", "%de-9", "%de-9")[:count]) + "\n"
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        stream.write(",".join(COLUMNS[:count]) + "\n")
        for start in range(0, len(train), ROWS_AT_ONCE):
            some = (column[start : start + ROWS_AT_ONCE].tolist() for column in columns[:count])
            stream.write("".join(map(line.__mod__, zip(*some, strict=True))))


def _train(source: Source) -> PulseTrain:
    for encoding in encodings_of(source):
        try:
            found = _columns(source, encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise FileError(f"{source.name}: must be text in UTF-8, UTF-16 or Windows' Latin (got other bytes); save it so")
    clock = {name.removesuffix("_s"): np.array(found[name]) for name in COLUMNS[2:] if name in found}
    try:
        return PulseTrain.table(found["voltage_V"], found.get("cycle_end"), **clock)
    except (ValueError, TypeError) as error:
        raise FileError(f"{source.name}: must hold a pulse train; {error}") from error


def _columns(source: Source, encoding: str) -> dict[str, list[float]]:
    with open_text(source, encoding) as stream:
        table, places = _table(read_text(stream, HEAD, source.name), encoding, source.name)
    found: dict[str, list[float]] = {name: [] for name in places}
    for block in blocks(source, table):
        for column, place in places.items():
            read = _flags if column == "cycle_end" else _numbers
            found[column] += read(block, place, column, table.decimal, source.name)
        if len(found["voltage_V"]) > MAX_PULSES:
            raise FileError(f"{source.name}: must have at most {MAX_PULSES:,} pulses (got more); split the file")
    return found


def _table(head: str, encoding: str, name: str) -> tuple[Table, dict[str, int]]:
    """How the rows are cut, and where the columns are: what the first of them says, no guess."""
    lines = enumerate(head.split("\n"), 1)
    rows = [(number, line) for number, line in lines if line.strip() and not line.lstrip().startswith(COMMENTS)]
    if not rows:
        raise FileError(f"{name}: must hold at least one voltage (got no line of numbers); give one line a pulse")
    number, first = rows[0]
    separator = next((mark for mark in ("\t", ";") if mark in first), ",")
    cells = [cell.strip() for cell in cells_of(first, separator)]
    names = [cell.lower() for cell in cells]
    heading = "voltage_v" in names
    places = {name: names.index(name.lower()) for name in COLUMNS if name.lower() in names}
    if not heading:
        places = {name: place for place, name in enumerate(COLUMNS[: min(2, len(cells) or 1)])}
    voltages = [cells_of(line, separator)[places["voltage_V"] :][:1] for _, line in rows[heading:]]
    decimal = "," if separator != "," and any("," in cell for row in voltages for cell in row) else "."
    if not heading and (not cells or to_number(cells[0], decimal) is None):
        got = repr(cells[0][:40]) if cells else "a quote without its end"
        raise FileError(f"{name}: line {number} must have a voltage or the heading voltage_V (got {got}); add it")
    if not heading and len(cells) > 2:
        raise FileError(
            f"{name}: must have a heading where there are more than two columns (got {len(cells)}); add one"
        )
    begin = number + heading
    return Table(encoding, separator, decimal, tuple(cells), (), number * heading, begin, ()), places


def _numbers(block: Block, place: int, column: str, decimal: str, name: str) -> list[float]:
    found: list[float] = []
    for line, cell in zip(block.lines, block.cells[place], strict=True):
        value = to_number(cell, decimal)
        if value is None:
            what = "begin with a voltage" if column == "voltage_V" else f"have a number as {column}"
            raise FileError(f"{name}: line {line} must {what} (got {cell.strip()[:40]!r}); correct it")
        found.append(value)
    return found


def _flags(block: Block, place: int, column: str, decimal: str, name: str) -> list[bool]:
    for line, cell in zip(block.lines, block.cells[place], strict=True):
        if cell.strip().lower() not in FLAGS:
            raise FileError(
                f"{name}: line {line} must have a {column} of 0 or 1 (got {cell.strip()[:40]!r}); correct it"
            )
    return [FLAGS[cell.strip().lower()] for cell in block.cells[place]]
